"""The cards: how the recipe differs from the paper's, what it cost, where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.elements import Table, element
from reports.words import NONE, data_words, duration, number, row, scope, short
from resnet.data.names import PHOTOGRAPHS
from resnet.recipes import CUT
from resnet.terminal import count

if TYPE_CHECKING:
    from reports.report import Report
    from resnet.recipes import Recipe


UNKNOWN = "not known"


@element
def recipe_card(report: Report) -> Table:
    """Where the runs' recipe departs from the paper's, field by field, made from the two."""
    from resnet.recipes import Recipe, differences

    if not report.recipe:
        return Table("No runs, and so no recipe.")
    recipe = Recipe.from_json(report.recipe)
    found, name = differences(recipe), recipe.name
    paper = f"He et al. 2015, section {'3.4' if recipe.photographs else '4.2'}"
    if not found:
        return Table(f"Recipe {name}: it differs in nothing from {paper}.{_tested(recipe)}")
    caption = (
        f"Recipe {name}: where it differs from {paper}, "
        f"{count(len(found), 'field')}. All others are as this suite reads the paper. BN averages "
        f"over {f'{recipe.bn_group} images' if recipe.bn_group else 'the whole batch'} here; the "
        f"paper's batch lay on {'eight' if recipe.photographs else 'two'} GPUs.{_tested(recipe)}"
    )
    rows = tuple(row(field, ours, theirs) for field, ours, theirs in found)
    return Table(caption, ("Field", "These runs", "The paper"), rows, "lrr")


def _tested(recipe: Recipe) -> str:
    """What BN does at test otherwise than the authors', where they say what theirs did."""
    if not recipe.photographs:
        return ""
    return (
        " At test BN has moving averages of the statistics of training batches; the authors' had "
        "exact averages over training images, taken after training."
    )


@element
def cost_card(report: Report) -> Table:
    """Hardware, time, run-hours on a GPU, restarts and energy, by net and device."""
    import pandas as pd

    if len(report.runs) and report.runs["seconds"].isna().all():
        cut = CUT in report.recipe_name
        whole = " They are other runs as they once stood: see there." if cut else ""
        return Table(f"How long these runs took is not on record.{whole}")
    runs = report.runs.assign(
        hardware=[_hardware(p) for p in report.provenance],
        gpu=[p.get("device") == "cuda" for p in report.provenance],
        restarts=pd.Series([_restarts(p) for p in report.provenance], dtype="float64"),
        joules=pd.Series([p.get("joules") for p in report.provenance], dtype="float64"),
    )
    rows = [
        row(net, hardware, *_cost(part))
        for (net, hardware), part in runs.groupby(["net", "hardware"], sort=False)
    ]
    if len(rows) > 1:
        rows.append(row("all", "", *_cost(pd.DataFrame(runs))))
    caption = (
        f"Cost: time of training by the clock, over all attempts of the finished runs. "
        f"Scope: {scope(report)}. Runs that share a GPU or a processor are each counted in full. "
        f"A restart is an attempt after the first.{_before(report)}"
    )
    columns = ("Net", "Hardware", "Runs", "A run", "In all", "GPU run-hours", "Restarts", "Energy")
    return Table(caption, columns, tuple(rows), "llrrrrrr") if rows else Table("No runs, no cost.")


def _before(report: Report) -> str:
    """What is not counted of runs that others start from; '' for none."""
    n = len(report.origins)
    return f" Not counted: {count(n, 'run')} that others start from." if n else ""


def _hardware(provenance: dict[str, Any]) -> str:
    """The device's name, and how many threads a processor used."""
    name = provenance.get("name") or UNKNOWN
    threads = int(provenance.get("threads") or 0)
    return f"{name}, {count(threads, 'thread')}" if provenance.get("device") == "cpu" else str(name)


def _restarts(provenance: dict[str, Any]) -> int | None:
    attempts = provenance.get("attempts")
    return max(int(attempts) - 1, 0) if attempts else None


def _cost(part: Any) -> tuple[Any, ...]:
    """Runs, mean time, total time, run-hours on a GPU, restarts, energy of some runs."""
    known, joules, restarts = (part[name].dropna() for name in ("seconds", "joules", "restarts"))
    hours = float(part.loc[part["gpu"], "seconds"].sum()) / 3600
    energy = f"{joules.sum() / 3.6e6:.2f}\u00a0kWh" if len(joules) else "not measured"
    each = duration(float(known.mean())) if len(known) else NONE
    total = duration(float(known.sum())) if len(known) else NONE
    again = int(restarts.sum()) if len(restarts) else NONE
    return len(known), each, total, number(hours) if part["gpu"].any() else NONE, again, energy


@element
def provenance(report: Report) -> Table:
    """Commit, versions, data and dates: what it takes to make these runs again."""
    if report.runs.empty:
        return Table("No runs, and so no provenance.")
    first, known = report.runs.iloc[0], report.provenance
    files = first["dataset"] in PHOTOGRAPHS
    digested = "digest of files' names and sizes" if files else "pixels' digest"
    dates = sorted(p["started"][:10] for p in known if p.get("started"))
    rows = [
        row("Commit", _all(f"{short(p['commit'])}{' with changes' * p['changed']}"
                           for p in known if p.get("commit"))),
        row("Runs started", _all(dates[:1] + dates[-1:])),
        row("Data", f"{data_words(first)}; {digested} {first['dataset_digest'][:16]}"),
        *_recipes(report),
        row("Hardware", _all(_hardware(p) for p in known if p.get("name"))),
        row("Version of the numerics", first["numerics"]),
        row("Seeds", _all(str(seed) for seed in sorted(report.runs["seed"].unique()))),
    ]  # fmt: skip
    packages = sorted({name for p in known for name in p.get("versions") or {}})
    rows += [
        row(name, _all((p.get("versions") or {}).get(name, NONE) for p in known))
        for name in packages
    ]
    return Table("Provenance of the runs.", ("What", "Value"), tuple(rows), "ll")


def _recipes(report: Report) -> list[Any]:
    """A row a recipe: arms may have their own."""
    pairs = zip(report.runs["recipe"], report.runs["recipe_digest"], strict=True)
    every = dict.fromkeys((str(name), str(digest)[:16]) for name, digest in pairs)
    return [row("Recipe", f"{name}; digest {digest}") for name, digest in every]


def _all(values: Any) -> str:
    """The different values, in order of first sight; 'not known' for none."""
    found = list(dict.fromkeys(values))
    shown = ", ".join(found[:12]) + (f" and {len(found) - 12} more" if len(found) > 12 else "")
    return shown or UNKNOWN
