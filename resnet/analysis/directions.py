"""Directions in the space of weights: filter-normalised random ones, and those of a trajectory.

A direction is a tensor a parameter, by its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from resnet.randomness import generator

Direction = dict[str, Tensor]


def parameters(net: nn.Module) -> Direction:
    """A copy of the net's parameters, by name."""
    return {name: p.detach().clone() for name, p in net.named_parameters()}


def random_direction(net: nn.Module, seed: int, axis: int) -> Direction:
    """A Gaussian direction, each filter of which is as long as the net's (Li et al. 2018).

    A filter is what makes one output: a slice [C, k, k] of a convolution, a row of a linear layer.
    Biases and BN's scales and shifts stay where they are, as in the authors' code
    (`xignore=biasbn`). Two nets with a tensor of one name and shape start from the same draw.

    Args:
        net: gives names, shapes and lengths.
        seed: of the draw, with `axis`.
        axis: 0 or 1, the first or the second direction of a plane.
    """
    found = {}
    for name, p in net.named_parameters():
        if p.ndim < 2:
            found[name] = torch.zeros_like(p)
            continue
        numbers = generator(seed, "direction", axis, name).standard_normal(tuple(p.shape))
        drawn = torch.from_numpy(numbers).flatten(1)
        lengths = p.detach().double().cpu().flatten(1).norm(dim=1, keepdim=True)
        scaled = drawn * (lengths / drawn.norm(dim=1, keepdim=True))
        found[name] = scaled.view(p.shape).to(p)
    return found


def principal(
    points: Sequence[Mapping[str, Tensor]],
) -> tuple[list[Direction], list[list[float]], list[float]]:
    """The plane through the last of `points` that holds most of their differences from it.

    The principal directions of the matrix of rows θ_k − θ_n (Li et al. 2018), not centred: about
    the end, through which the plane goes. The authors' code takes scikit-learn's PCA, which
    subtracts the rows' mean first, so these shares are not comparable with the paper's.

    Args:
        points: parameters along a trajectory, the end last; three or more.

    Returns:
        Two directions of length 1, orthogonal; each point's place [x, y] in the plane, the last
        one's [0, 0]; and the shares of the squared distance that each direction explains.
    """
    end = points[-1]
    rows = [{name: point[name].double() - end[name].double() for name in end} for point in points]
    gram = torch.stack([torch.stack([_dot(one, other) for other in rows]) for one in rows])
    # The directions are weighted sums of the rows: n × n numbers stand for n × millions.
    values, vectors = torch.linalg.eigh(gram.cpu())
    values, vectors = values.flip(0).clamp(min=0), vectors.flip(1)
    directions, places = [], []
    for k in range(2):
        weights = vectors[:, k] * (1 if float(vectors[0, k]) >= 0 else -1)
        length = max(float(values[k].sqrt()), 1e-30)
        directions.append({name: _sum(weights / length, rows, name).to(end[name]) for name in end})
        places.append([float(w) * length for w in weights])
    shares = (values / values.sum().clamp(min=1e-30)).tolist()
    return directions, [[x, y] for x, y in zip(*places, strict=True)], shares[:2]


def _dot(one: Direction, other: Direction) -> Tensor:
    return torch.stack([(one[name] * other[name]).sum() for name in one]).sum()


def _sum(weights: Tensor, rows: Sequence[Direction], name: str) -> Tensor:
    return torch.stack([float(w) * row[name] for w, row in zip(weights, rows, strict=True)]).sum(0)
