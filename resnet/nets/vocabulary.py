"""The words that residual nets are written in: shortcut, basic block, bottleneck, stage.

Feature maps are float tensors [N, C, H, W]. A block maps C channels to C' and divides H and W by
its stride. Keys of the state dict are torchvision's: `conv1`, `bn1`, …, `downsample.0`.

A rectification may overwrite the output of the batch normalisation before it: a hook that wants
that output must read it at once.
"""

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from resnet.nets.mixing import Chance, SqueezeExcitation, dropout, mixture
from resnet.nets.placements import PLACEMENTS, without_branch
from resnet.nets.plans import LAYERS, Stage, Style


def conv(size: int, n_in: int, n_out: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """A size×size convolution that keeps H and W (divides them by `stride`), without bias."""
    return nn.Conv2d(n_in, n_out, size, stride, size // 2, groups=groups, bias=False)


# ---- shortcuts: options A, B and C of He et al. 2015, section 3.3 -------------------------------


class Padding(nn.Module):
    """Every `stride`-th pixel, and zeros for the channels that are missing: no parameters."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.missing, self.stride = n_out - n_in, stride

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] to [N, C', H/stride, W/stride]."""
        return F.pad(x[..., :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.missing))


def projection(n_in: int, n_out: int, stride: int) -> nn.Sequential:
    """A 1×1 convolution and batch normalisation."""
    return nn.Sequential(conv(1, n_in, n_out, stride), nn.BatchNorm2d(n_out))


def shortcut(option: str, n_in: int, n_out: int, stride: int) -> nn.Module:
    """A: pad where the size changes. B: project where it changes. C: project everywhere."""
    same = n_in == n_out and stride == 1
    if option == "C" or (option == "B" and not same):
        return projection(n_in, n_out, stride)
    return nn.Identity() if same else Padding(n_in, n_out, stride)


def bypass(n_in: int, n_out: int, stride: int) -> nn.Module:
    """What stands for a layer that is taken out of a net without shortcuts: option A."""
    return shortcut("A", n_in, n_out, stride)


def reshapes(n_in: int, n_out: int, stride: int) -> bool:
    """Whether a layer or block changes the shape of what goes through it."""
    return n_in != n_out or stride != 1


# ---- blocks -------------------------------------------------------------------------------------


def convolutions(n_in: int, n_out: int, stride: int, style: Style) -> list[nn.Conv2d]:
    """The convolutions of a block's residual branch."""
    if style.unit == "1-layer-skip":
        return [conv(3, n_in, n_out, stride)]
    if style.unit == "basic":
        return [conv(3, n_in, n_out, stride), conv(3, n_out, n_out)]
    inner = n_out // 4 * style.base_width // 64 * style.groups
    first, second = (stride, 1) if style.v1 else (1, stride)
    return [
        conv(1, n_in, inner, first),
        conv(3, inner, inner, second, style.groups),
        conv(1, inner, n_out),
    ]


class Block(nn.Module):
    """A residual block, relu(F(x) + shortcut(x)), or a plain one, relu(F(x)).

    Args:
        n_in: channels of the input.
        n_out: channels of the output.
        stride: what H and W are divided by.
        style: what the net's blocks share.
        first: no pre-activation here, since the stem has activated already.
    """

    def __init__(
        self, n_in: int, n_out: int, stride: int, style: Style, first: bool = False
    ) -> None:
        super().__init__()
        self.style, self.first, self.size = style, first, LAYERS[style.unit]
        self.shape = (n_in, n_out, stride)
        self.survival, self.idle = 1.0, False
        preact = style.placement == "full-preact"
        for i, layer in enumerate(convolutions(n_in, n_out, stride, style), start=1):
            setattr(self, f"conv{i}", layer)
            if not (preact and first and i == 1):
                width = layer.in_channels if preact else layer.out_channels
                setattr(self, f"bn{i}", nn.BatchNorm2d(width))
        self.downsample = None if style.shortcut == "none" else _path(n_in, n_out, stride, style)
        self.mix = mixture(style.shortcut, n_in, n_out, stride)
        self.se = SqueezeExcitation(n_out) if style.se else None
        self.chance = Chance() if style.stochastic_depth or style.dropout else None

    @property
    def layers(self) -> list[tuple[Any, Any]]:
        """(convolution, BN) pairs in order; a pre-activated pair runs from right to left.

        The first BN of a net's first pre-activated block is None: the stem's stands for it.
        """
        pairs = range(1, self.size + 1)
        return [(getattr(self, f"conv{i}"), getattr(self, f"bn{i}", None)) for i in pairs]

    @property
    def projects(self) -> bool:
        """Whether the shortcut has weights of its own."""
        return isinstance(self.downsample, nn.Sequential)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] to [N, C', H/stride, W/stride]."""
        if self.training and self._dropped():
            return self.skip(x)
        return PLACEMENTS[self.style.placement](self, x)

    @property
    def reshapes(self) -> bool:
        """Whether C, H or W change here: where the net downsamples, mostly."""
        return reshapes(*self.shape)

    def skip(self, x: Tensor) -> Tensor:
        """The block without its F: shapes as of `forward`.

        A plain block has no shortcut to leave behind: the input goes on as it is, or, where the
        shape changes, as option A would hand it on.
        """
        return bypass(*self.shape)(x) if self.downsample is None else without_branch(self, x)

    def join(self, branch: Tensor | None, x: Tensor) -> Tensor:
        """F(x), as computed, and the shortcut of x, made one."""
        if branch is not None and self.se is not None:
            branch = self.se(branch)
        if self.downsample is None:
            assert branch is not None
            return branch
        straight = self.downsample(x)
        if branch is None:
            return straight if self.mix is None else self.mix(straight * 0, straight, x)
        if self.survival < 1 and not self.training:
            branch = branch * self.survival
        return branch + straight if self.mix is None else self.mix(branch, straight, x)

    def drop(self, x: Tensor) -> Tensor:
        """Dropout between the convolutions, where the style has it."""
        if not (self.style.dropout and self.training):
            return x
        assert self.chance is not None
        return dropout(x, self.style.dropout, self.chance)

    def _dropped(self) -> bool:
        if self.idle or not self.style.stochastic_depth:
            return self.idle
        assert self.chance is not None
        return float(self.chance.draw().random()) >= self.survival


def basic_block(n_in: int, n_out: int, stride: int = 1, option: str = "B") -> Block:
    """Two 3×3 convolutions (He et al. 2015, Figure 5 left)."""
    return Block(n_in, n_out, stride, Style("basic", option))


def bottleneck(n_in: int, n_out: int, stride: int = 1, option: str = "B") -> Block:
    """1×1, 3×3, 1×1 with a quarter of the channels inside (He et al. 2015, Figure 5 right)."""
    return Block(n_in, n_out, stride, Style("bottleneck", option))


def stage(n_in: int, of: Stage, style: Style, first: bool = False) -> nn.Sequential:
    """`of.blocks` blocks, the first of which changes width and stride."""
    head = Block(n_in, of.width, of.stride, style, first)
    rest = [Block(of.width, of.width, 1, style) for _ in range(of.blocks - 1)]
    return nn.Sequential(head, *rest)


def _path(n_in: int, n_out: int, stride: int, style: Style) -> nn.Module:
    """The shortcut's own path; He et al. 2016 vary what happens after it."""
    default = "A" if style.unit != "bottleneck" else "B"
    option = style.shortcut if style.shortcut in ("A", "B", "C") else default
    path = shortcut(option, n_in, n_out, stride)
    # A pre-activated projection sees a normalised input: the authors' code has no second one.
    pre = style.placement == "full-preact" and isinstance(path, nn.Sequential)
    return path[:1] if pre else path  # type: ignore[index]
