"""Tables that set side by side: ours and the paper's, every source's, and the recipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.elements import Table, element
from reports.report import family, order
from reports.tables import done_on, paper_figure, word
from reports.words import NONE, number, row, scope

if TYPE_CHECKING:
    from reports.report import Report


@element
def ladder(report: Report, metric: str = "test_error") -> Table:
    """A row a kind of net, a column a depth: our mean, and the printed figure in brackets."""
    if report.done.empty:
        return Table("No finished run, and so no table of errors by depth.")
    names: dict[str, dict[int, str]] = {}
    for net in _with_printed(report):
        names.setdefault(kind(net), {})[family(net)[1]] = net
    depths = sorted({depth for nets in names.values() for depth in nets})
    rows = tuple(
        row(name, *(_both(report, nets[d], metric) if d in nets else "" for d in depths))
        for name, nets in names.items()
    )
    caption = (
        f"{metric.replace('_', ' ').replace('train ', 'training ').capitalize()} in percent by "
        "layers, mean over seeds; in brackets what the net's own source prints, of its own recipe "
        f"on the original data, with or without runs here. Scope: {scope(report)}."
    )
    columns = ("Net", *(f"{depth} layers" for depth in depths))
    return Table(caption, columns, rows, "l" + "r" * len(depths))


def _with_printed(report: Report) -> tuple[str, ...]:
    """The arms at hand, and those of the paper's preset that a figure is printed of."""
    from resnet.claims import paper

    printed = (net for net in report.experiment.nets if "@" not in net and paper.figure(net))
    return tuple(dict.fromkeys((*report.nets, *printed)))


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
    figure = paper_figure(net, done_on(report), metric)
    ours = number(float(values.mean())) if len(values) else ""
    return f"{ours} ({figure:g})".strip() if figure is not None else ours or NONE


@element
def sources(report: Report) -> Table:
    """Every figure that papers and reproductions print of these nets, beside ours."""
    from resnet.claims import paper
    from resnet.claims.arms import split

    rows = []
    for net in sorted({split(arm)[0] for arm in _with_printed(report)}, key=order):
        values = report.done.loc[report.done["net"] == net, "test_error"].dropna()
        every = (*paper.printed(net), *paper.reproduced(net))
        printed = {(one.source.paper, one.value): one for one in reversed(every)}
        if len(values) and printed:
            rows.append(row(net, number(float(values.mean())), "these runs", ""))
        rows += [row(net, str(one), one.source, one.protocol) for one in reversed(printed.values())]
    if not rows:
        return Table("No paper or reproduction known here prints a figure of these nets.")
    caption = (
        "Every side: test errors in percent that papers and reproductions print of these nets and "
        "those of the paper preset, with what differs in their protocol. Scope of these runs: "
        f"{scope(report)}."
    )
    columns = ("Net", "Test error", "Source", "Protocol")
    return Table(caption, columns, tuple(rows), "lrll", (24, 13, 33, 30))


@element
def disputes(report: Report) -> Table:
    """Claims on which sources disagree: what each says, and what these runs say."""
    words = {verdict.claim.id: word(verdict) for verdict in report.verdicts}
    rows = tuple(
        row(claim.id, side, words.get(claim.id, "not asked") if place == 0 else "")
        for claim in report.experiment.claims
        for place, side in enumerate(claim.disputes)
    )
    if not rows:
        return Table("On none of these claims do the sources disagree.")
    caption = f"Where the literature disagrees. Our word is of this scope: {scope(report)}."
    return Table(caption, ("Claim", "What is said", "Here"), rows, "llc", (16, 66, 18))


@element
def recipes(report: Report) -> Table:
    """The recipes of the arms, field by field where any of them departs from the paper's."""
    import json

    from resnet.recipes import PAPER, Recipe, differences

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
    caption = (
        f"Recipes, where any differs from {PAPER.name} (He et al. 2015, section 4.2); = means as "
        "there. A recipe whose name begins with quick, small or smoke is cut down to that scale: "
        "its images, steps, batch and cuts are not its source's."
    )
    columns = ("Field", PAPER.name, *(one.name for one in found))
    return Table(caption, columns, rows, "l" + "r" * (len(found) + 1))
