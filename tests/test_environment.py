"""environment.yml, for conda's users, asks for what pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]


def test_conda_gets_what_pip_gets() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [part["pip"] for part in environment["dependencies"] if isinstance(part, dict)]
    assert sorted(pip) == sorted([*wanted, "-e ."])
    (python,) = [p for p in environment["dependencies"] if str(p).startswith("python")]
    assert python == f"python{project['project']['requires-python']}"


def test_no_file_of_the_project_names_a_package_host() -> None:
    tracked = [ROOT / "pyproject.toml", ROOT / "environment.yml", ROOT / ".ci" / "run"]
    for path in tracked:
        assert not re.search(r"https?://", path.read_text()), path
