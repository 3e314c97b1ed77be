"""What may happen where branch and shortcut meet: He et al. 2016, Table 1; SE; draws by counter.

Shapes: branch and straight are [N, C', H', W'], x is the block's input [N, C, H, W].
"""

import numpy as np
import torch
from torch import Tensor, nn

from resnet.randomness import generator


class Chance(nn.Module):
    """Draws by counter: (seed, module's name, number of the draw) decides, and nothing else.

    The number is part of the state dict, so a resumed run draws what an undisturbed one would.
    `replay` repeats the last draw: activation checkpointing runs a block twice.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seed, self.name, self.count, self.replay = 0, "", 0, False

    def draw(self) -> np.random.Generator:
        """A numpy generator for the next draw."""
        self.count += not self.replay
        return generator(self.seed, "chance", self.name, self.count)

    def get_extra_state(self) -> Tensor:
        """How many draws were made."""
        return torch.tensor(self.count)

    def set_extra_state(self, state: Tensor) -> None:
        """Go on after that many draws."""
        self.count = int(state)


def dropout(x: Tensor, p: float, chance: Chance) -> Tensor:
    """Inverted dropout: zero with probability p, the rest divided by 1 − p."""
    source = torch.Generator(x.device).manual_seed(int(chance.draw().integers(2**63)))
    kept = torch.rand(x.shape, generator=source, device=x.device) >= p
    return x * kept.to(x.dtype) / (1 - p)


class Scaled(nn.Module):
    """λ·shortcut + μ·F: constant scaling."""

    def __init__(self, straight: float, branch: float) -> None:
        super().__init__()
        self.straight, self.branch = straight, branch

    def forward(self, branch: Tensor, straight: Tensor, x: Tensor) -> Tensor:
        """The scaled sum."""
        return branch * self.branch + straight * self.straight


class Gate(nn.Conv2d):
    """g = sigmoid(1×1 convolution with C' outputs); its bias starts at `start`, not at zero."""

    def __init__(self, n_in: int, n_out: int, stride: int, start: float) -> None:
        super().__init__(n_in, n_out, 1, stride)
        self.start = start

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] to [N, C', H', W'] in (0, 1)."""
        return torch.sigmoid(super().forward(x))


class ExclusiveGating(nn.Module):
    """(1 − g)·shortcut + g·F, as in Highway nets."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.gate = gate

    def forward(self, branch: Tensor, straight: Tensor, x: Tensor) -> Tensor:
        """The gated sum."""
        return torch.lerp(straight, branch, self.gate(x))


class ShortcutGating(ExclusiveGating):
    """(1 − g)·shortcut + F."""

    def forward(self, branch: Tensor, straight: Tensor, x: Tensor) -> Tensor:
        """The gated sum."""
        return branch + (1 - self.gate(x)) * straight


class DropoutShortcut(nn.Module):
    """dropout(shortcut) + F; inverted dropout, so the shortcut's mean stays what it was."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p, self.chance = p, Chance()

    def forward(self, branch: Tensor, straight: Tensor, x: Tensor) -> Tensor:
        """The sum."""
        return branch + (dropout(straight, self.p, self.chance) if self.training else straight)


def mixture(kind: str, n_in: int, n_out: int, stride: int) -> nn.Module | None:
    """What the word of a `Style.shortcut` puts in place of the addition; None for the addition."""
    word, _, numbers = kind.partition("-")
    if kind == "dropout-shortcut":
        return DropoutShortcut()
    if word == "scaled":
        straight, branch = numbers.split("-")
        return Scaled(float(straight), float(branch))
    if word in ("exclusive", "shortcut"):
        gate = Gate(n_in, n_out, stride, -float(numbers.rpartition("-")[2]))
        return (ExclusiveGating if word == "exclusive" else ShortcutGating)(gate)
    return None


class SqueezeExcitation(nn.Module):
    """Channels weighted by what the whole map holds (Hu et al. 2018, Figure 3), reduction 16."""

    def __init__(self, width: int, reduction: int = 16) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(width, width // reduction, 1)
        self.fc2 = nn.Conv2d(width // reduction, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] to the same."""
        weights = self.fc2(torch.relu(self.fc1(x.mean((2, 3), keepdim=True))))
        return x * torch.sigmoid(weights)
