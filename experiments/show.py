"""The plan: what an experiment prints before anything happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.here import at_a_time, processes_of
from resnet.console import duration, finish_time, say
from resnet.data.imagenet.decode import chosen as decoder
from resnet.data.names import split
from resnet.planning import estimate
from resnet.planning.data import TITLES
from resnet.planning.options import Options
from resnet.planning.plan import Plan
from resnet.planning.seeds import told
from resnet.recipes import differences, get, left_out, rivalry
from resnet.terminal import count
from sweeps.mps import GAIN, GAIN_OWN, offered

if TYPE_CHECKING:
    from resnet.data import Dataset
    from resnet.recipes import Recipe
    from resnet.training.speed import Speed


def plan(plan: Plan, options: Options, dataset: Dataset, device: str) -> float:
    """Print what will happen before anything does; returns the expected seconds."""
    recipe, todo = plan.recipe, plan.pending
    title = plan.experiment.title
    if dataset.name.startswith("synthetic"):
        real = TITLES[split(plan.experiment.dataset)[0]]
        title += f"  (SYNTHETIC data: nothing here is about {real})"
    say(f"\n{title}\n{plan.experiment.question}\n")
    nets = count(len(plan.nets), "net")
    runs = f"{len(plan.specs)}: {nets} × {told(plan.seeds)}"
    say(f"  runs      {runs}; {plan.count('done')} done, {_to_do(plan)}{_trouble(plan)}")
    say(f"  nets      {', '.join(plan.nets)}")
    if plan.awaited:
        before = dict.fromkeys(f"{spec.net} on {spec.dataset}" for spec in plan.awaited)
        say(f"  before    {len(plan.awaited)} that others start from: {', '.join(before)}")
    first = plan.specs[0]
    say(f"  data      {first.dataset}, {first.dataset_copy}, digest {first.dataset_digest[:12]}")
    say(f"            {dataset.source}")
    say(
        f"  recipe    {recipe.name}: {recipe.train_images:,} images, {recipe.steps:,} steps of "
        f"{recipe.batch_size} ({recipe.epochs} epochs), learning rate {recipe.lr:g}"
    )
    for name, ours, papers in differences(recipe):
        say(f"            {name}: {ours} (paper: {papers})")
    for other in dict.fromkeys(s.recipe for s in plan.specs if s.recipe != recipe):
        said = [f"{name} {ours}" for name, ours, _ in differences(other, recipe)]
        say(f"  recipe    {other.name}: {recipe.name} but for {', '.join(said)}")
    for line in filter(None, map(_left_out, dict.fromkeys(plan.asked))):
        say(f"            {line}")
    if options.launcher != "slurm":  # which trains on a device of its own
        say(f"  device    {_device_name(device)}")
    if caution := _caution(options, device):
        say(f"            {caution}")
    say(f"  output    {options.output_dir}/")
    seconds = 0.0
    if todo and options.launcher == "local":
        workers, threads = at_a_time(plan, options, device)
        each = f" of {count(threads, 'thread')}" if device == "cpu" else ""
        say(f"  at a time {count(workers, 'run')}{each}")
        loading = estimate.loading(dataset, recipe, device, threads) if recipe.photographs else 0.0
        left = plan.training, plan.measuring
        how = options.speed, processes_of(options)
        times = estimate.times(todo, device, threads, *left, loading, *how)
        seconds = estimate.seconds(times, workers, _pace(workers, device, recipe, *how))
        if recipe.photographs:
            _costs([spec.net for spec in todo], times, loading, device, how[1])
        say(f"  time      about {duration(seconds)}, done at {finish_time(seconds)}")
    say("")
    return seconds


def _left_out(name: str) -> str:
    """What a rival does otherwise and its cut-down recipe does not, in a line; '' for nothing."""
    if (both := rivalry(name)) is None:
        return ""
    lost = [f"{field} {its} ({both[1].name}: {ours})" for field, its, ours in left_out(*both)]
    said = [f"leaves out: {', '.join(lost)}"] if lost else []
    said += [f"is {both[1].name} itself"] if get(name) == both[1] else []
    return f"{name} {', and so '.join(said)}" if said else ""


def _pace(workers: int, device: str, recipe: Recipe, speed: Speed, processes: int = 1) -> float:
    """How many times as much gets done with so many runs at a time as with one."""
    if device == "cpu":
        return workers
    import torch

    from resnet.training.hasten import own_kernels

    gain = GAIN_OWN if own_kernels(speed, recipe) else GAIN
    places = torch.cuda.device_count() // processes
    return min(workers, places * (gain if offered() else 1.0))


def _costs(
    nets: list[str], times: list[float], loading: float, device: str, processes: int
) -> None:
    """What each arm costs, on the hardware at hand: from a few steps, and a few images loaded.

    A run that lasts an hour on so many processes costs as many hours.
    """
    unit = "GPU-hours" if device == "cuda" else "hours of this CPU"
    pairs = list(zip(nets, times, strict=True))
    hours = {net: processes / 3600 * sum(t for n, t in pairs if n == net) for net in nets}
    said = [f"{net} {spent:,.2f}" for net, spent in hours.items()]
    say(f"  cost      {sum(hours.values()):,.2f} {unit}: {', '.join(said)}")
    say(f"            loading {processes / loading:,.0f} images/s a run, by {decoder()}")


def _to_do(plan: Plan) -> str:
    measures = plan.count("unmeasured")
    training = f"{len(plan.pending) - measures} to train"
    return f"{training}, {measures} to measure" if measures else training


def _trouble(plan: Plan) -> str:
    counts = {status: plan.count(status) for status in ("partial", "failed", "corrupt")}
    words = {"partial": "cut short, to go on", "failed": "failed before", "corrupt": "corrupt"}
    return "".join(f", {count} {words[status]}" for status, count in counts.items() if count)


def _caution(options: Options, device: str) -> str:
    """What speaks against the flags on the device that trains; SLURM's is not known here."""
    if options.compile and device == "cpu" and options.launcher != "slurm":
        return "--compile slows a CPU down: ResNet-20 was 0.80 times as fast (2 threads, float32)"
    return ""


def _device_name(device: str) -> str:
    from resnet.runs.provenance import hardware

    found = hardware(device)
    return f"{device}: {found['name']}, {count(found['threads'], 'thread')}"
