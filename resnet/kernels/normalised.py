"""A map after BN, addition and ReLU, with what the backward pass needs of it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Normalised:
    """A map that BN, addition and ReLU have made.

    Attributes:
        y: the map before BN.
        out: the map after BN, addition and ReLU.
        stats: float32 [4, C]: mean, 1 / deviation, scale, shift.
    """

    y: Tensor
    out: Tensor
    stats: Tensor


class Receipt:
    """Handed on with a map: whoever alone reads it may take its gradient through the ReLU too.

    `grad` is that gradient, `sums` its sums as `convolution.backward` gives them. The map's own
    backward pass takes them if the gradient that reaches it is that very tensor.
    """

    def __init__(self) -> None:
        self.y: Tensor | None = None
        self.stats: Tensor | None = None
        self.grad: Tensor | None = None
        self.sums: Tensor | None = None

    def issue(self, of: Normalised) -> None:
        """Say what made the map; not the map itself, which will hold this receipt."""
        self.y, self.stats = of.y, of.stats

    def of(self, out: Tensor) -> Normalised:
        """The map `out`, and what made it."""
        assert self.y is not None
        assert self.stats is not None
        return Normalised(self.y, out, self.stats)

    def settle(self, grad: Tensor, sums: Tensor) -> None:
        """Leave the gradient and its sums."""
        self.grad, self.sums = grad, sums

    def redeem(self, g: Tensor) -> Tensor | None:
        """The sums, if they are those of `g`; they are given once."""
        grad, sums = self.grad, self.sums
        self.y = self.stats = self.grad = self.sums = None
        # Held here, the tensor cannot have been added to in place.
        same = grad is not None and grad.data_ptr() == g.data_ptr() and grad.shape == g.shape
        return sums if same else None
