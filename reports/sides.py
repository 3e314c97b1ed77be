"""Tables that set side by side: ours and the paper's, every source's, and the recipes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reports.elements import Cell, Table, element
from reports.scopes import family, order
from reports.tables import done_on, source, word
from reports.words import METRICS, NONE, number, row, scope
from resnet.claims.arms import listed

if TYPE_CHECKING:
    from reports.report import Report
    from resnet.claims.verdicts import Verdict


@element
def ladder(report: Report, metric: str = "test_error") -> Table:
    """A row a kind of net, a column a depth: our mean, and the printed figure in brackets."""
    if report.done.empty:
        return Table("No finished run, and so no table of errors by depth.")
    names: dict[str, dict[int, str]] = {}
    for net in _with_printed(report, metric):
        names.setdefault(kind(net), {})[family(net)[1]] = net
    depths = sorted({depth for nets in names.values() for depth in nets})
    rows = tuple(
        row(name, *(_both(report, nets[d], metric) if d in nets else "" for d in depths))
        for name, nets in names.items()
    )
    shown = "".join(cell.text for cells in rows for cell in cells[1:])
    said = {
        "; in brackets what the net's own source prints, of its own recipe on the original data, "
        "with or without runs here": "(" in shown,
        "; > or < where it prints a bound alone": ">" in shown or "<" in shown,
        f"; {NONE} where no run is finished": NONE in shown,
    }
    caption = (
        f"{METRICS[metric].capitalize()} in percent by layers, mean over seeds"
        f"{''.join(clause for clause, true in said.items() if true)}. Scope: {scope(report)}."
    )
    columns = ("Net", *(f"{depth} layers" for depth in depths))
    return Table(caption, columns, rows, "l" + "r" * len(depths))


def _with_printed(report: Report, metric: str = "test_error") -> tuple[str, ...]:
    """The arms at hand, and those of the paper's preset that a figure or bound is printed of."""
    theirs = (net for net in report.experiment.nets if "@" not in net)
    printed = (net for net in theirs if _printed(net, "cifar10", metric))
    return tuple(dict.fromkeys((*report.nets, *printed)))


def _printed(net: str, dataset: str, metric: str) -> str:
    """What the arm's own source prints, or the loosest bound in print, which none denies."""
    from resnet.claims import paper
    from resnet.claims.arms import split
    from resnet.recipes import PAPER, full_length

    if (figure := paper.of_arm(net, paper.stood_for(dataset), metric)) is not None:
        return str(replace(figure, spread=None))
    bare, recipe = split(net)
    if full_length(recipe) not in ("", PAPER.name):
        return ""
    every = paper.printed(bare, paper.stood_for(dataset), metric)
    bounds = [one for one in every if one.relation != "=" and one.source.status == "VERIFIED"]
    bounds.sort(key=lambda one: one.value if one.relation == ">" else -one.value)
    return str(bounds[0]) if bounds else ""


def kind(net: str) -> str:
    """The arm's name without its depth: 'resnet-bn-after-addition'."""
    from resnet.claims.arms import depth, split
    from resnet.errors import UserError

    name, recipe = split(net)
    try:
        bare = name.replace(str(depth(name)), "", 1).replace("--", "-")
    except UserError:
        return net
    return f"{bare}@{recipe}" if recipe else bare


def _both(report: Report, net: str, metric: str) -> str:
    values = report.done.loc[report.done["net"] == net, metric].dropna()
    printed = _printed(net, done_on(report), metric)
    ours = number(float(values.mean())) if len(values) else ""
    return f"{ours} ({printed})".strip() if printed else ours or NONE


@element
def sources(report: Report) -> Table:
    """Every figure that papers and reproductions print of these nets, beside ours."""
    from resnet.claims import paper
    from resnet.claims.arms import split

    rows: list[tuple[Cell, ...]] = []
    # After a fraction of the training there is little to compare: of the nets at hand alone.
    arms, others = report.nets, ""
    if not report.short:
        arms, others = _with_printed(report), " and those of the paper preset"
    asked = dict.fromkeys(split(arm)[0] for arm in arms)
    declared = dict.fromkeys(split(arm)[0] for arm in report.experiment.every_net)
    # Sorting keeps what ties in its order: the unchanged net, then its variants as declared.
    names = [*(net for net in declared if net in asked), *(n for n in asked if n not in declared)]
    for net in sorted(names, key=order):
        every = (*paper.printed(net), *paper.reproduced(net))
        printed = {(one.source.paper, one.value): one for one in reversed(every)}
        if printed:
            rows += _of_these_runs(report, net)
        rows += [
            row(net, str(one), source(one.source), one.protocol)
            for one in reversed(printed.values())
        ]
    if not rows:
        return Table("No paper or reproduction known here prints a figure of these nets.")
    caption = (
        "Every side: test errors in percent that papers and reproductions print of these nets"
        f"{others}, with what differs in their protocol. Scope of these runs: "
        f"{scope(report)}."
    )
    columns = ("Net", "Test error", "Source", "Protocol")
    return Table(caption, columns, tuple(rows), "lrll", (24, 13, 33, 30))


def _of_these_runs(report: Report, net: str) -> list[tuple[Cell, ...]]:
    """A row for each recipe that the net was trained under here, the report's first."""
    from resnet.claims.arms import split

    done = report.done[report.done["test_error"].notna()]
    mine = sorted((arm for arm in report.nets if split(arm)[0] == net), key=lambda arm: "@" in arm)
    means = [(arm, done[done["net"] == arm]) for arm in mine]
    return [
        row(net, number(float(runs["test_error"].mean())), "these runs",
            f"recipe {runs['recipe'].iloc[0]}")
        for _, runs in means if len(runs)
    ]  # fmt: skip


@element
def disputes(report: Report) -> Table:
    """Claims on which sources disagree: what each says, and what these runs say."""
    words = {verdict.claim.id: _here(verdict) for verdict in report.verdicts}
    rows = tuple(
        row(claim.id, side, words.get(claim.id, "not asked") if place == 0 else "")
        for claim in report.experiment.claims
        for place, side in enumerate(claim.disputes)
    )
    if not rows:
        return Table("On none of these claims do the sources disagree.")
    caption = f"Where the literature disagrees. Our word is of this scope: {scope(report)}."
    return Table(caption, ("Claim", "What is said", "Here"), rows, "llc", (16, 66, 18))


def _here(verdict: Verdict) -> Cell:
    """The word, with the nets that it is about where those are not the source's."""
    said = word(verdict)
    asked = verdict.claim.asked_of
    return replace(said, text=f"{said.text} (of {listed(asked)})") if asked else said


@element
def recipes(report: Report) -> Table:
    """The recipes of the arms, field by field where any of them departs from the paper's."""
    import json

    from resnet.recipes import PAPER, Recipe, differences, is_short, scales

    fields = report.runs.drop_duplicates("recipe_digest")["recipe_fields"]
    found = [Recipe.from_json(json.loads(text)) for text in fields if text]
    found.sort(key=lambda recipe: recipe.name != report.recipe_name)
    if not found:
        return Table("No runs, and so no recipes.")
    theirs = {name: paper for one in found for name, _, paper in differences(one)}
    said = [{name: ours for name, ours, _ in differences(one)} for one in found]
    rows = tuple(
        row(name, theirs[name], *(ours.get(name, "=") for ours in said)) for name in theirs
    )
    short = scales()
    cut = (
        f" A recipe whose name begins with {', '.join(short[:-1])} or {short[-1]} is cut down to "
        "that scale: its images, steps, batch, rate and cuts are not its source's."
    )
    caption = (
        f"Recipes, where any differs from {PAPER.name} (He et al. 2015, section 4.2); = means as "
        f"there.{cut if any(is_short(one.name) for one in found) else ''}"
    )
    columns = ("Field", PAPER.name, *(one.name for one in found))
    return Table(caption, columns, rows, "l" + "r" * (len(found) + 1))
