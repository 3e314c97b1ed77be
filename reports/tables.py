"""The tables of results: verdicts and arms, and what a reader must know before them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reports.elements import BREAK, Cell, Table, Text, element, plain
from reports.words import METRICS, NONE, SAID, TONE, aim, ids, interval, number, row, scope
from resnet.terminal import count

if TYPE_CHECKING:
    import pandas as pd

    from reports.report import Report
    from resnet.claims.model import Claim, Source
    from resnet.claims.verdicts import PartVerdict, Verdict


def looks(report: Report) -> str:
    """Whose intervals allow for several looks, where seeds were bought in waves; '' for none."""
    waved = {v.claim.id: v.waves for v in report.verdicts if v.waves}
    asked = {v.claim.id for v in report.verdicts if v.word != "not run"}
    if not waved:
        return ""
    whose = "They" if asked <= waved.keys() else f"Those of {breakable(', '.join(waved))}"
    waves = sorted({wave for some in waved.values() for wave in some})
    seeds = f"{', '.join(map(str, waves[:-1]))} and {waves[-1]}" if waves[1:] else str(waves[0])
    return f" {whose} allow for looks at {seeds} seeds: seeds were bought while they were needed."


@element
def verdicts(report: Report) -> Table:
    """The answer to each claim: the word, the effect that it hangs on, its interval, the seeds."""
    caption = (
        f"Verdicts. Scope: {scope(report)}. {UNITS}; of a claim's contrasts, the effect is that of "
        f"the one least in favour. {INTERVALS}{looks(report)}"
        f"{IN_PART * any(map(_partly, report.verdicts))}"
    )
    rows = tuple(
        row(f"{breakable(v.claim.id)}: {sentence(report, v)}", word(v), effect(v),
            interval(v.low, v.high, signed=True), holds_if(v), v.n, source(v.claim.source))
        for v in report.verdicts
    )  # fmt: skip
    columns = ("Claim", "Verdict", "Effect", "Interval", "Holds if", "Seeds", "Source")
    return Table(caption, columns, rows, "lcrrrrl", (29, 14, 13, 14, 10, 6, 14))


INTERVALS = (
    "Intervals are Student's t over paired seeds, at 95 %; where one speaks against its claim, at "
    "95 % for all of the claim's contrasts together."
)
IN_PART = " In part (m of n): of the claim's n contrasts, m could be asked of these nets."
UNITS = (
    "Effects have their unit beside them: points are percentage points of error, decades powers "
    "of ten, a number without a unit is a correlation, a ratio or a standard deviation; what a % "
    "is of, such as the gradient or the way to guessing, the contrast says"
)
KINDS = {"train_error": "training", "test_error": "test"}


def breakable(text: object) -> str:
    """The text, with leave to break a line within ids and what a repository is called."""
    words = str(text)
    for sign in "_/@-":
        words = words.replace(sign, f"{sign}{BREAK}")
    return words


def sentence(report: Report, verdict: Verdict) -> str:
    """The claim's sentence, with the nets that it was put to and what was left out."""
    claim = verdict.claim
    whole = stated(report, claim)
    without = [METRICS[name] for name in whole.metrics if name not in claim.metrics]
    missing = f"; not asked: {', '.join(without)}" if without else ""
    return claim.sentence + (f" (asked {claim.asked}{missing})" if claim.asked else "")


def stated(report: Report, claim: Claim) -> Claim:
    """The claim as it was declared, before it was moved to the nets at hand."""
    declared = {one.id: one for one in report.experiment.claims}
    return declared.get(claim.id) or declared.get(claim.id.partition("@")[0], claim)


def source(where: Source) -> str:
    """Where a claim or figure stands, and what was not read there."""
    known = {"VERIFIED-2ND": "; read at second hand", "COMPUTED": "; worked out from it"}
    return breakable(f"{where}{known.get(where.status, '')}")


def word(verdict: Verdict | PartVerdict) -> Cell:
    """The verdict's word in its colour, paler for a part."""
    said = getattr(verdict, "said", verdict.word)
    tone = TONE["reproduced in part" if said == "reproduced in part" else verdict.word]
    return Cell(said.replace("not ", "not\u00a0"), tone)


def effect(verdict: Verdict) -> str:
    """The effect that the word hangs on, with its unit and the kind of error; a dash for none."""
    hung = verdict.decisive
    kind = KINDS.get(hung.contrast.metric) if hung else None
    return measured(verdict.effect, verdict.unit) + (f" ({kind})" if kind else "")


def _partly(verdict: Verdict) -> bool:
    return verdict.claim.asked_in_part is not None


def holds_if(verdict: Verdict) -> str:
    """On which side of the margin that effect has to lie; a dash for none."""
    return aim(verdict.decisive.contrast) if verdict.decisive else NONE


def measured(value: float | None, unit: str) -> str:
    """A signed number with its unit; a dash for none."""
    text = number(value, signed=True)
    return text if text == NONE or not unit else f"{text} {unit}"


@element
def summary(report: Report) -> Text:
    """One sentence: how many claims went which way, and which, on what."""
    which = {word: [v.claim.id for v in report.verdicts if v.said == word] for word in SAID}
    tally = [f"{len(of)} {said} ({', '.join(of)})" for said, of in which.items() if of]
    more = len(report.not_asked)
    if not len(report.runs):
        return Text(f"No runs of {', '.join(report.planned)} were found: nothing is decided.")
    used = {run for verdict in report.verdicts for run in verdict.run_ids}
    arms = report.runs.loc[report.runs["id"].isin(used), "net"]
    kind = "arm" if arms.str.contains("@").any() else "net"
    rest = f"{count(len(used), 'finished run')} of {count(arms.nunique(), kind)}"
    if not tally:
        return Text(f"No claim was asked of these runs: {scope(report)}.")
    others = f"; {more} more could not be asked" if more else ""
    said = f"Of {count(len(report.verdicts), 'claim')}: {', '.join(tally)}{others}."
    if not used:
        return Text(f"{said} No claim could be decided on these runs: {scope(report)}.")
    return Text(f"{said} This rests on {rest}, {scope(report)}, and holds for that scope alone.")


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


def paper_mark(report: Report, net: str, metric: str = "test_error") -> float | None:
    """The paper's figure where one belongs beside ours in a drawing: not of a short recipe.

    After a fraction of the training errors lie so far above it that the axes would show little
    else.
    """
    return None if report.short else paper_figure(net, done_on(report), metric)


TRAINING = (
    "The training error is that of the last epoch's batches as the net was trained on them, the "
    "test error that of the net after the last step."
)


PAIRED = (
    "Contrasts are of the seeds that all their arms have, and need not equal differences of these "
    "means."
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
                number(figure))
        )  # fmt: skip
    caption = (
        f"Arms: error in percent, mean over seeds and 95 % t interval. {TRAINING} "
        f"Scope: {scope(report)}; {ids(report.done)}. Paper, test: errors that the paper prints, "
        f"of its own recipe on the original data. {PAIRED}"
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
    """What a reader must know before anything else: of data and recipe that are not the paper's."""
    if report.runs.empty:
        return Text("")
    return Text(" ".join(filter(None, [_of_data(report), _of_recipe(report)])), loud=True)


def _of_data(report: Report) -> str:
    """What to know of data that are not the original ones; '' for those."""
    sets = list(dict.fromkeys(report.runs["dataset"]))
    if drawn := [name for name in sets if name.startswith("synthetic")]:
        real = "ImageNet" if drawn[0] == "synthetic-photographs" else "CIFAR-10"
        return (
            "SYNTHETIC DATA: these runs are on built-in synthetic images. Nothing here is about "
            f"{real}, and no verdict speaks of the paper's own result."
        )
    copies = sorted(set(report.runs["dataset_copy"]) - {"original"})
    if not copies:
        return ""
    return plain(
        "These runs are on a copy of the data set that is not the original one, "
        f"{'; '.join(copies)}: error rates do not compare with the paper's, orders may."
    )


def _of_recipe(report: Report) -> str:
    """What to know of a recipe that is shorter than the paper's; '' for another, or for several."""
    from resnet.data.names import split
    from resnet.recipes import CUT, Recipe, is_short
    from resnet.recipes.compare import papers

    if report.experiment.name == "summary":
        return _of_recipes(report)
    if not report.recipe:
        return ""
    recipe = Recipe.from_json(report.recipe)
    name, _, epoch = recipe.name.partition(CUT)
    if epoch:
        return (
            f"Recipe {recipe.name}: runs of {name} as they stood after epoch {epoch} "
            f"({recipe.steps:,} steps), and no other runs than those."
        )
    if not is_short(name, json.dumps(report.recipe)):
        return ""
    whole = papers(recipe)
    part = split(report.runs["dataset"].iloc[0])[1]  # a part has fewer images than the whole set
    of_its = "" if part else f" of its {whole.train_images:,}"
    batch = f" of {recipe.batch_size} images each, not {whole.batch_size}"
    small = batch if 2 * recipe.steps >= whole.steps else ""  # what it is short by
    return (
        f"Recipe {name}: {recipe.steps:,} of the paper's {whole.steps:,} steps{small}, "
        f"{recipe.train_images:,}{of_its} images. No verdict here speaks of "
        "training as long as the paper's."
    )


def _of_recipes(report: Report) -> str:
    """What to know of the recipes of several that are shorter than the paper's; '' for none."""
    from resnet.recipes import PAPER, is_short, parts

    runs, length = report.runs.drop_duplicates("recipe"), {}
    for name, text in zip(runs["recipe"], runs["recipe_fields"], strict=True):
        if is_short(name, text or ""):
            fields = json.loads(text or "{}")
            length[parts(name)[0] or name] = fields.get("steps") or 0, fields.get("batch_size")
    if not length:
        return ""
    cut = [
        f"{name} {n:,}{f' of {batch} images' if 2 * n >= PAPER.steps else ''}"
        for name, (n, batch) in sorted(length.items(), key=lambda pair: -pair[1][0])
    ]
    return (
        f"Of the paper's {PAPER.steps:,} steps, recipes whose names begin with these words have: "
        f"{', '.join(cut)}. No verdict under them speaks of training as long as the paper's."
    )
