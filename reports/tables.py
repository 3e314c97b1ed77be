"""The tables of results: verdicts and arms, and what a reader must know before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.elements import BREAK, Cell, Table, Text, element, plain
from reports.words import NONE, TONE, count, data_words, ids, interval, number, row, scope

if TYPE_CHECKING:
    import pandas as pd

    from reports.report import Report
    from resnet.claims.verdicts import PartVerdict, Verdict


def looks(report: Report) -> str:
    """What the intervals allow for where seeds were added in waves; '' for one look."""
    if report.waves is None:
        return ""
    return f" over looks at {', '.join(map(str, report.waves))} seeds, at most"


@element
def verdicts(report: Report) -> Table:
    """The answer to each claim: the word, the effect that it hangs on, its interval, the seeds."""
    caption = (
        f"Verdicts. Scope: {scope(report)}. {UNITS}; of a claim's contrasts, the effect is that of "
        "the one least in favour. Intervals are Student's t over paired seeds and hold together "
        f"at 95 % within a claim{looks(report)}."
    )
    rows = tuple(
        row(f"{v.claim.id}: {sentence(v)}", word(v), effect(v),
            interval(v.low, v.high, signed=True), v.n, breakable(v.claim.source))
        for v in report.verdicts
    )  # fmt: skip
    columns = ("Claim", "Verdict", "Effect", "Interval", "Seeds", "Source")
    return Table(caption, columns, rows, "lcrrrl", (36, 14, 11, 14, 7, 18))


UNITS = (
    "Effects have their unit beside them: points are percentage points of error, decades powers "
    "of ten, a number without a unit is a correlation, a ratio or a standard deviation"
)


def breakable(text: object) -> str:
    """The text, with leave to break a line in the middle of what a repository is called."""
    return str(text).replace("_", f"_{BREAK}").replace("/", f"/{BREAK}")


def sentence(verdict: Verdict) -> str:
    """The claim's sentence, and the nets that it was put to where those are not the paper's."""
    asked = verdict.claim.asked
    return verdict.claim.sentence + (f" (asked {asked})" if asked else "")


def word(verdict: Verdict | PartVerdict) -> Cell:
    """The verdict's word in its colour."""
    said = getattr(verdict, "said", verdict.word)
    return Cell(said.replace("not ", "not\u00a0"), TONE[verdict.word])


def effect(verdict: Verdict) -> str:
    """The effect that the word hangs on, with its unit; a dash for none."""
    return measured(verdict.effect, verdict.unit)


def measured(value: float | None, unit: str) -> str:
    """A signed number with its unit; a dash for none."""
    text = number(value, signed=True)
    return text if text == NONE or not unit else f"{text} {unit}"


@element
def summary(report: Report) -> Text:
    """One sentence: how many claims went which way, on what."""
    words = [v.said for v in report.verdicts]
    told = [said for word in TONE for said in (word, f"{word} in part") if said in words]
    tally = [f"{words.count(said)} {said}" for said in told]
    if not len(report.runs):
        return Text(f"No runs of {', '.join(report.planned)} were found: nothing is decided.")
    loud = data_words(report.runs.iloc[0])
    done = (
        f"{count(len(report.done), 'finished run')} of {count(report.done['net'].nunique(), 'net')}"
    )
    claims = f"Of {count(len(words), 'claim')}: {', '.join(tally)}." if words else "No claim asked."
    return Text(f"{claims} This rests on {done} on {loud}, and holds for that scope alone.")


def place(verdict: Verdict) -> str:
    """The verdict's data and recipe; nets and seeds have columns of their own."""
    return verdict.scope.partition(", n =")[0].partition(", asked of")[0] or NONE


def paper_figure(net: str, dataset: str, metric: str = "test_error") -> float | None:
    """The figure that the arm's own source prints, if it was read there; else None.

    For a synthetic stand-in: the figure for the real set, which captions name as the paper's.
    """
    from resnet.claims import paper

    found = paper.of_arm(net, paper.stood_for(dataset), metric)
    return None if found is None or found.value is None else float(found.value)


TRAINING = (
    "The training error is that of the last epoch's batches as the net was trained on them, the "
    "test error that of the net after the last step."
)


@element
def arms(report: Report) -> Table:
    """Training and test error of each arm: mean and t interval over seeds, beside the paper's."""
    rows = []
    for net in report.nets:
        done = report.done[report.done["net"] == net]
        figure = paper_figure(net, done_on(report))
        rows.append(
            row(net, len(done), *mean(done["train_error"]), *mean(done["test_error"]),
                NONE if figure is None else f"{figure:g}")
        )  # fmt: skip
    caption = (
        f"Arms: error in percent, mean over seeds and 95 % t interval. {TRAINING} "
        f"Scope: {scope(report)}; {ids(report.done)}. The paper prints test errors only, of its "
        "own recipe on the original data."
    )
    columns = (
        "Net",
        "Seeds",
        "Training error",
        "Interval",
        "Test error",
        "Interval",
        "Paper, test",
    )
    return Table(caption, columns, tuple(rows), "lrrrrrr")


def done_on(report: Report) -> str:
    """The data set that the report's runs are on."""
    return str(report.runs["dataset"].iloc[0])


def mean(values: pd.Series) -> tuple[str, str]:
    """The mean and its 95 % t interval over seeds; dashes where there are too few."""
    from resnet.claims.statistics import t_interval

    known = values.dropna().to_numpy(float)
    if not len(known):
        return NONE, NONE
    if len(known) == 1:
        return number(float(known[0])), NONE
    found = t_interval(known, 0.95)
    return number(found.estimate), interval(found.low, found.high)


@element
def caution(report: Report) -> Text:
    """What a reader must know before anything else: data that is not CIFAR-10 as published."""
    if report.runs.empty:
        return Text("")
    first = report.runs.iloc[0]
    if first["dataset"].startswith("synthetic"):
        real = "ImageNet" if first["dataset"] == "synthetic-photographs" else "CIFAR-10"
        return Text(
            "SYNTHETIC DATA: these runs are on built-in synthetic images. Nothing here is about "
            f"{real}, and no verdict speaks of the paper's own result.",
            loud=True,
        )
    if first["dataset_copy"] != "original":
        words = (
            "These runs are on a copy of the data set that is not the original one "
            f"({first['dataset_copy']}): error rates do not compare with the paper's, orders may."
        )
        return Text(plain(words), loud=True)
    return Text("")
