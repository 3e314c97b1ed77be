"""What lies inside a report besides its pages: the data, and a manifest of all that it says."""

from __future__ import annotations

import hashlib
import io
import json
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reports.frames import HISTORY, RUNS, Frames, packed
from reports.render import Attachment
from resnet.errors import UserError

if TYPE_CHECKING:
    from reports.report import Report

MANIFEST = "manifest.json"
FORMAT = "resnet-claims report 1"
MADE_WITH = ("typst", "pypandoc-binary", "matplotlib", "pandas", "pyarrow", "scipy", "pypdf")


def data(report: Report) -> Frames:
    """The part of the frames that the report needs: its runs with their history, and the rows
    of those that they start from or that it names as left out."""
    import pandas as pd

    parts = (report.runs, report.origins, report.others, report.corrupt)
    named = pd.concat([part["id"] for part in parts])
    runs = report.frames.runs
    kept = runs[runs["id"].isin(named)].reset_index(drop=True)
    return Frames(kept, report.history.reset_index(drop=True))


def attachments(frames: Frames) -> list[Attachment]:
    """The data as files to attach."""
    runs, history = packed(frames)
    about_runs = "A row a run: what it was, how it ended, where it ran"
    about_history = "Every logged number: run_id, net, seed, step, epoch, key, value"
    return [
        Attachment(RUNS, runs, "text/csv", "data", about_runs),
        Attachment(HISTORY, history, "application/vnd.apache.parquet", "data", about_history),
    ]


def head(report: Report) -> dict[str, str]:
    """What stands over the pages: title, question, scope, and the newest run's date and commit."""
    from reports.words import scope, short

    newest = report.newest
    date = (newest.get("started") or "")[:10] or "date not known"
    commit = short(newest["commit"]) if newest.get("commit") else "commit not known"
    if report.runs.empty:
        running = "no runs"
    else:
        running = f"newest run {date} · commit {commit}{'+' if newest.get('changed') else ''}"
    named = report.runs[["dataset_digest", "recipe_digest"]]
    many = report.scope is None and len(named.drop_duplicates()) > 1
    return {
        "title": report.experiment.title,
        "subtitle": report.experiment.question,
        "scope": "all runs, scope by scope" if many else scope(report),
        "running": running,
    }


def verdict_records(report: Report) -> list[dict[str, Any]]:
    """The verdicts as JSON: numbers to six digits, which outlast a change of libraries."""
    return [
        {
            "claim": v.claim.id,
            "word": v.word,
            "effect": _six(v.effect),
            "low": _six(v.low),
            "high": _six(v.high),
            "unit": v.unit,
            "n": v.n,
            "scope": v.scope,
            "runs": list(v.run_ids),
        }
        for v in report.verdicts
    ]


def _six(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"


def manifest(
    report: Report,
    records: list[dict[str, Any]],
    files: list[Attachment],
    pages: list[list[str]],
    foreign: int = 0,
) -> Attachment:
    """Everything that the report says, to be compared with what its data says.

    `pages` are the words of each page, as read back from the PDF; `foreign` outputs among them
    are not of ours.
    """
    said = {
        "format": FORMAT,
        "experiment": report.experiment.name,
        "scope": list(report.scope) if report.scope else None,
        "wanted": sorted(report.wanted) if report.wanted is not None else None,
        "head": head(report),
        "verdicts": verdict_records(report),
        "elements": records,
        "foreign": foreign,
        "commits": sorted({p["commit"] for p in report.provenance if p.get("commit")}),
        "versions": {name: metadata.version(name) for name in MADE_WITH},
        "files": {a.name: hashlib.sha256(a.content).hexdigest() for a in files},
        "pages": pages,
    }
    text = json.dumps(said, indent=1, ensure_ascii=False, sort_keys=True)
    about = "All that the pages say, for python -m reports verify"
    return Attachment(MANIFEST, text.encode(), "application/json", "supplement", about)


def page_words(content: bytes) -> list[list[str]]:
    """The words on each page of a PDF, in the order in which they are drawn."""
    import pypdf

    reader = pypdf.PdfReader(io.BytesIO(content))
    return [page.extract_text().split() for page in reader.pages]


def contents(path: Path) -> dict[str, bytes]:
    """The attached files of a report by name.

    Raises:
        UserError: when there is no such file, or it is not a report of ours.
    """
    import logging

    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        attached = pypdf.PdfReader(io.BytesIO(path.read_bytes())).attachments
        found = {name: attached[name][0] for name in (RUNS, HISTORY, MANIFEST)}
    except OSError as error:
        raise UserError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None
    except KeyError as error:
        raise UserError(f"{path} is not one of our reports: no {error.args[0]} in it") from None
    except Exception:  # pypdf raises a dozen kinds for one broken file
        raise UserError(f"{path} is not one of our reports: not a PDF that can be read") from None
    return found
