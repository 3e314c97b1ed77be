"""One real notebook is executed once; every test that needs pages shares it."""

from pathlib import Path

import factory
import pytest
from made_report import Made

from reports import attach, build
from reports.opening import narrowed
from reports.source import load


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve finished runs, one that failed, one half done, and some of another recipe."""
    root = tmp_path_factory.mktemp("data") / "runs"
    factory.write_all(root)
    factory.write(root, factory.spec("plain20", 7), "failed")
    factory.write(root, factory.spec("resnet20", 7), "partial")
    factory.write_all(root, seeds=range(1), recipe="small")
    return root


@pytest.fixture(scope="session")
def made(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The report on `runs`."""
    report = narrowed("degradation", load(runs))
    files = attach.attachments(attach.data(report))
    notebook = build.executed(report, files)
    content = build.rendered(report, files, notebook)
    path = build.written(tmp_path_factory.mktemp("pdf") / "degradation.pdf", content)
    return Made(runs, report, files, notebook, content, path)
