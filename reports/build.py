"""From runs to a PDF: load, execute the notebook on them, set the pages, attach the data."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reports import attach, render
from reports.execute import execute
from reports.opening import narrowed
from reports.report import Report
from reports.source import Sources, load
from resnet.errors import UserError

if TYPE_CHECKING:
    from resnet.experiment import Experiment

NOTEBOOKS = Path(__file__).resolve().parent


def make(
    experiment: str | Experiment,
    source: Sources,
    output_dir: Path,
    scope: Sequence[Any] | None = None,
    wanted: Sequence[str] | None = None,
) -> Path:
    """See `reports.make`."""
    report = narrowed(experiment, load(source), scope, wanted)
    files = attach.attachments(attach.data(report))
    return written(output_dir / f"{report.experiment.name}.pdf", pdf(report, files))


def pdf(report: Report, files: list[render.Attachment]) -> bytes:
    """The report as a PDF whose data are `files`."""
    return rendered(report, files, executed(report, files))


def executed(report: Report, files: list[render.Attachment]) -> Any:
    """The experiment's notebook, executed on the very data that will be attached."""
    with tempfile.TemporaryDirectory(prefix="report-data-") as folder:
        for file in files:
            (Path(folder) / file.name).write_bytes(file.content)
        parameters = {
            "experiment": report.experiment.name,
            "source": folder,
            "scope": report.scope,
            "wanted": list(report.wanted) if report.wanted is not None else None,
        }
        return execute(NOTEBOOKS / f"{report.experiment.name}.ipynb", parameters)


def rendered(report: Report, files: list[render.Attachment], notebook: Any) -> bytes:
    """The pages of an executed notebook with data and manifest attached.

    The pages are set twice: the manifest holds their words, and attaching it moves none of them.
    """
    pages = render.pages(notebook)
    head = {name: render.escaped(text) for name, text in attach.head(report).items()}
    words = attach.page_words(render.pdf(pages, head, []))
    manifest = attach.manifest(report, pages.records, files, words, pages.foreign)
    return render.pdf(pages, head, [*files, manifest])


def written(path: Path, content: bytes) -> Path:
    """Put `content` at `path`, whole or not at all."""
    from resnet.runs.files import write_atomic

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, lambda file: file.write(content))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        elsewhere = f"python -m reports {path.stem} --output DIR"
        raise UserError(f"cannot write {path}: {why}; elsewhere: {elsewhere}") from None
    path.chmod(0o644)
    return path
