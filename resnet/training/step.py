"""The training step: the one plain definition that anything faster is checked against."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet.recipes import Recipe

WINDOW = 50  # steps over which the until-error warm-up looks at the training error


def sgd(net: nn.Module, recipe: Recipe) -> torch.optim.SGD:
    """SGD with momentum as the recipe has it: weights decay, the rest only under `decay_all`."""
    named = list(net.named_parameters())
    decayed = [p for _, p in named if recipe.decay_all or p.ndim > 1]
    plain = [p for _, p in named if not (recipe.decay_all or p.ndim > 1)]
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}]
    if plain:
        groups.append({"params": plain, "weight_decay": 0.0})
    return torch.optim.SGD(
        groups, lr=recipe.lr, momentum=recipe.momentum, nesterov=recipe.nesterov, foreach=True
    )


def plain_step(
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: Tensor,
    y: Tensor,
    lr: float,
    label_smoothing: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """One update on images x [B, 3, H, W], labels y [B]: (mean loss, number wrong) on device.

    Where images were mixed, y holds the shares of the classes [B, classes]; an image is wrong then
    when its largest share is not the one recognised.
    """
    for group in optimizer.param_groups:
        group["lr"] = lr
    logits = net(x)
    loss = F.cross_entropy(logits, y, label_smoothing=label_smoothing)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    labels = y if y.ndim == 1 else y.argmax(1)
    return loss.detach(), (logits.detach().argmax(1) != labels).sum()


def scores(logits: Tensor, y: Tensor) -> Tensor:
    """[summed loss, number wrong, number of images] in float64, on the logits' device."""
    loss = F.cross_entropy(logits, y, reduction="sum").double()
    wrong = (logits.argmax(1) != y).sum().double()
    return torch.stack([loss, wrong, torch.full_like(loss, len(y))])


def means(sums: Tensor) -> dict[str, float]:
    """Mean loss (nats) and error (percent) from summed `scores`."""
    loss, wrong, count = sums.tolist()
    return {"loss": loss / count, "error": 100 * wrong / count}


@torch.no_grad()
def evaluate(net: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> dict[str, float]:
    """Loss (nats) and error (percent) of the net in evaluation mode; its mode is restored."""
    training = net.training
    net.eval()
    sums = torch.stack([scores(net(x), y) for x, y in batches]).sum(0)
    net.train(training)
    return means(sums)


def scheduled(recipe: Recipe, step: int) -> float:
    """The rate for step number `step` (from 0) without warm-up.

    The cosine begins after a linear warm-up and ends at zero (Loshchilov & Hutter 2017, no
    restarts).
    """
    if recipe.schedule == "steps":
        return recipe.lr * recipe.gamma ** sum(step >= m for m in recipe.milestones)
    start = recipe.warmup_steps if recipe.warmup == "linear" else 0
    share = max(step - start, 0) / (recipe.steps - start)
    return recipe.lr * (1 + math.cos(math.pi * share)) / 2


def learning_rate(recipe: Recipe, depth: int, step: int, warm_until: int | None) -> float:
    """The rate for step number `step` (from 0).

    `warm_until` is the step at which the until-error warm-up ended, None while it lasts.
    """
    rate = scheduled(recipe, step)
    if recipe.warmup == "none" or depth < recipe.warmup_min_depth:
        return rate
    if recipe.warmup == "linear":
        return min(recipe.lr * (step + 1) / (recipe.warmup_steps + 1), rate)
    if recipe.warmup == "steps":
        return recipe.warmup_lr if step < recipe.warmup_steps else rate
    if recipe.warmup == "stays":
        return rate * recipe.warmup_lr / recipe.lr
    return recipe.warmup_lr if warm_until is None else rate
