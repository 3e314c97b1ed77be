"""Batch normalisation over fewer images than the batch, or over images on several devices.

He et al. normalised over the images of one GPU: 256 on 8 make statistics over 32 images. The
recipe says over how many (`bn_group`), and the number of processes does not: one process takes its
groups one after the other ("ghost" batches, Hoffer et al. 2017), several share the groups out, and
with `bn_group` 0 all of them together make the statistics of the whole batch.

At test a net has moving averages of these statistics. Those of He et al. on ImageNet had exact
averages over training images, taken after training (their README).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm


def set_statistics(net: nn.Module, group: int, batch: int, world: int) -> None:
    """Let BN in `net` take its statistics over `group` images (0: over the whole `batch`).

    `batch` is the global batch, of which each of `world` processes has an equal part.
    """
    whole = group in (0, batch)
    if whole and world == 1:
        return
    kinds = _ACROSS if whole else _GROUPED
    for norm in [m for m in net.modules() if isinstance(m, _BatchNorm)]:
        norm.__class__ = kinds[type(norm)]  # in place, as torch's parametrisations do
        norm.images, norm.world = group, world  # type: ignore[assignment]


def running(net: nn.Module) -> Iterator[Tensor]:
    """The running means and variances that the ranks must average: those over groups."""
    for module in net.modules():
        if isinstance(module, _Grouped):
            assert module.running_mean is not None
            assert module.running_var is not None
            yield from (module.running_mean, module.running_var)


class _Kept(_BatchNorm):
    """What both kinds have in common: the same names, weights and buffers as torch's own."""

    images: int
    world: int

    def keep(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics towards those of this batch (variance unbiased)."""
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.momentum is not None
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)


class _Grouped(_Kept):
    """Statistics over `images` at a time; the running ones follow the mean over the groups."""

    def forward(self, x: Tensor) -> Tensor:
        """x [N, C, ...] to the same, group by group along N."""
        if not self.training:
            return super().forward(x)
        outputs, means, variances = [], [], []
        for part in x.split(self.images):
            # With a momentum of 1 the kernel hands the group's own statistics out.
            mean, variance = x.new_zeros(2, x.shape[1], dtype=self.weight.dtype)
            weight, bias = self.weight, self.bias
            outputs.append(F.batch_norm(part, mean, variance, weight, bias, True, 1.0, self.eps))
            means.append(mean)
            variances.append(variance)
        self.keep(torch.stack(means).mean(0), torch.stack(variances).mean(0))
        return torch.cat(outputs)


class _Across(_Kept):
    """Statistics over the images of all ranks."""

    def forward(self, x: Tensor) -> Tensor:
        """x [N / world, C, ...] to the same."""
        if not self.training:
            return super().forward(x)
        y, mean, variance = _Normalise.apply(x, self.weight, self.bias, self.eps, self.world)
        n = x.numel() // x.shape[1] * self.world
        self.keep(mean, variance * (n / (n - 1)))
        return y


class _Normalise(torch.autograd.Function):
    """torch's SyncBatchNorm in its formulas, on any device: that one runs on a GPU alone.

    Feature maps in bfloat16 are computed with in the precision of the weights, and go back to it.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, world: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """(y, mean, biased variance) over all ranks."""
        dims, shape = _around(x)
        wide = x.to(weight.dtype)
        own = torch.stack(torch.var_mean(wide, dims, correction=0))
        every = [torch.empty_like(own) for _ in range(world)]
        dist.all_gather(every, own)
        variances, means = torch.stack(every).unbind(1)
        mean = means.mean(0)
        variance = (variances + (means - mean) ** 2).mean(0)  # each rank has as many images
        scale = torch.rsqrt(variance + eps)
        ctx.save_for_backward(x, weight, mean, scale)
        ctx.world = world
        ctx.mark_non_differentiable(mean, variance)
        y = (wide - mean.view(shape)) * (scale * weight).view(shape) + bias.view(shape)
        return y.to(x.dtype), mean, variance

    @staticmethod
    def backward(ctx: Any, dy: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the sum of all ranks' losses; weight's and bias's share of this rank."""
        x, weight, mean, scale = ctx.saved_tensors
        dims, shape = _around(x)
        dy = dy.to(weight.dtype)
        straight = (x.to(weight.dtype) - mean.view(shape)) * scale.view(shape)
        own = torch.stack([dy.sum(dims), (dy * straight).sum(dims)])
        every = own.clone()
        dist.all_reduce(every)
        along, across = every / (x.numel() // x.shape[1] * ctx.world)
        centred = dy - along.view(shape) - straight * across.view(shape)
        dx = centred * (scale * weight).view(shape)
        return dx.to(x.dtype), own[1], own[0], None, None


def _around(x: Tensor) -> tuple[list[int], list[int]]:
    """All dimensions but the channels', and the shape that lays a [C] along them."""
    return [0, *range(2, x.ndim)], [1, -1] + [1] * (x.ndim - 2)


class _Grouped1d(_Grouped, nn.BatchNorm1d):
    pass


class _Grouped2d(_Grouped, nn.BatchNorm2d):
    pass


class _Across1d(_Across, nn.BatchNorm1d):
    pass


class _Across2d(_Across, nn.BatchNorm2d):
    pass


_GROUPED = {nn.BatchNorm1d: _Grouped1d, nn.BatchNorm2d: _Grouped2d}
_ACROSS = {nn.BatchNorm1d: _Across1d, nn.BatchNorm2d: _Across2d}
