"""Parameters and multiply-adds of a net, and where they are: on the meta device, in no time.

Multiply-adds are those of convolutions and linear layers, as in the papers' tables, counted by
`torch.utils.flop_counter.FlopCounterMode`, which counts two operations to a multiply-add.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from resnet.nets.construct import CLASSES, architecture
from resnet.nets.grammar import parse
from resnet.nets.net import ResNet
from resnet.nets.plans import plan

SIZES = {"cifar": 32, "imagenet": 224, "torchvision": 224}


@dataclass(frozen=True)
class Row:
    """One stage of a net. `output` is C×H×W; `blocks` says how many and of what."""

    stage: str
    output: str
    blocks: str
    parameters: int
    multiply_adds: int


def parameters(module: nn.Module) -> int:
    """How many weights."""
    return sum(p.numel() for p in module.parameters())


def image_size(name: str) -> int:
    """The side of the square images that the name's paper has in mind, in pixels."""
    return 299 if name == "torchvision:inception_v3" else SIZES[parse(name).images]


def totals(name: str) -> tuple[int, int]:
    """(parameters, multiply-adds for one image) of a net by name.

    A stage's blocks after its first are alike: two of them are built, and the second counted as
    often as there are more. So depth 1202 costs no more than depth 20.
    """
    spec = parse(name)
    if spec.images == "torchvision" or spec.family == "vgg":
        whole = stages(name)[-1]
        return whole.parameters, whole.multiply_adds
    full = plan(spec)
    short = replace(full, stages=tuple(replace(s, blocks=min(s.blocks, 2)) for s in full.stages))
    with torch.device("meta"):
        net = ResNet(short, CLASSES[spec.images]).eval()
    work = _multiply_adds(net, _image(name))
    weights, macs = parameters(net), work["Global"]
    for i, (stage, layer) in enumerate(zip(full.stages, net.stages, strict=True), start=1):
        weights += max(stage.blocks - 2, 0) * parameters(layer[-1])
        macs += max(stage.blocks - 2, 0) * work.get(f"layer{i}.1", 0)
    return weights, macs


def stages(name: str) -> list[Row]:
    """The net from input to output: a row for each stage, stem and head; the last for all."""
    net = architecture(name).eval()
    shapes = _record_shapes(net)
    work = _multiply_adds(net, _image(name))
    rows: list[Row] = []
    for child, module in net.named_children():
        row = Row(child, shapes[child], _blocks(module), parameters(module), _work(work, child))
        if child.startswith("bn"):  # belongs to the layer before it
            before = rows.pop()
            row = replace(before, parameters=before.parameters + row.parameters)
        rows.append(row)
    return [*rows, Row("all", shapes[""], "", parameters(net), work["Global"])]


def _multiply_adds(net: nn.Module, image: Tensor) -> dict[str, int]:
    """Multiply-adds of each module, by its path ("Global" for all)."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(image)
    counts = counter.get_flop_counts()
    return {path.partition(".")[2] or path: sum(c.values()) // 2 for path, c in counts.items()}


def _work(work: dict[str, int], child: str) -> int:
    """A child's multiply-adds; our own stages run block by block, so theirs are their blocks'."""
    if child in work:
        return work[child]
    return sum(n for path, n in work.items() if path.rpartition(".")[0] == child)


def _record_shapes(net: nn.Module) -> dict[str, str]:
    """Filled while the net runs: child's name ("" for the net) to the shape that it hands on."""
    shapes: dict[str, str] = {}

    def hook(name: str, module: nn.Module) -> None:
        def record(_: nn.Module, __: object, output: Tensor) -> None:
            shapes[name] = "×".join(str(n) for n in output.shape[1:])

        module.register_forward_hook(record)

    hook("", net)
    for name, child in net.named_children():
        # A stage of our own nets runs block by block, never as a whole.
        hook(name, child[-1] if isinstance(child, nn.Sequential) else child)
    return shapes


def _blocks(module: nn.Module) -> str:
    """What a stage is made of: "3 × (1×1, 64; 3×3, 64; 1×1, 256)"."""
    if isinstance(module, nn.Conv2d):
        return _layer(module)
    if not isinstance(module, nn.Sequential):
        return ""
    convs = [m for m in module[-1].children() if isinstance(m, nn.Conv2d)]
    return f"{len(module)} × ({'; '.join(map(_layer, convs))})" if convs else ""


def _layer(conv: nn.Conv2d) -> str:
    size, groups = conv.kernel_size[0], conv.groups
    return f"{size}×{size}, {conv.out_channels}" + (f", C={groups}" if groups > 1 else "")


def _image(name: str) -> Tensor:
    size = image_size(name)
    return torch.empty(1, 3, size, size, device="meta")
