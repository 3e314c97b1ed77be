"""The training step: the one plain definition that anything faster is checked against."""

import math
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet.recipes import Recipe
from resnet.training.freeze import parameter_groups

WINDOW = 50  # steps over which the until-error warm-up looks at the training error


def sgd(net: nn.Module, recipe: Recipe) -> torch.optim.SGD:
    """SGD with momentum as the recipe has it: weights decay, the rest only under `decay_all`."""
    groups = parameter_groups(net, recipe)
    cuda = next(net.parameters()).is_cuda
    kind: dict[str, Any] = {"fused": True} if cuda else {"foreach": True}
    return torch.optim.SGD(
        groups, lr=recipe.lr, momentum=recipe.momentum, nesterov=recipe.nesterov, **kind
    )


def load_momenta(optimizer: torch.optim.SGD, state: dict[str, Any]) -> None:
    """Go on from a state_dict, but with this device's kernels, not with those that it names."""
    kept = ("fused", "foreach")
    own = [{name: group[name] for name in kept} for group in optimizer.param_groups]
    optimizer.load_state_dict(state)
    for group, kernels in zip(optimizer.param_groups, own, strict=True):
        group.update(kernels)


def set_precision(precision: str) -> None:
    """Let a GPU round the factors of float32 products to TF32 where the recipe says so, only there.

    cuDNN would do so by default.
    """
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"


def choose_kernels(by_trial: bool = False, repeatable: bool = False) -> None:
    """How cuDNN chooses its kernels: by trying them, or those alone that add in a fixed order.

    Kernels that win a trial today may lose it tomorrow, and then round otherwise.
    """
    torch.backends.cudnn.benchmark = by_trial
    torch.backends.cudnn.deterministic = repeatable


def autocast(precision: str, device: torch.device) -> AbstractContextManager:
    """Where a net runs in bfloat16 if the recipe says so; weights and sums stay float32."""
    # No cache of casts: a CUDA graph must hold the casts of its own weights.
    low = precision == "bfloat16"
    return torch.autocast(device.type, torch.bfloat16, enabled=low, cache_enabled=False)


def seed_forward(seed: int) -> None:
    """Set torch's own generators, from which nets of torchvision draw.

    `torch.manual_seed` would do so too, but where CUDA has not begun it notes the call with its
    whole stack for later: 1.4 ms a step, and memory that is never given back.
    """
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)


def plain_step(
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: Tensor,
    y: Tensor,
    lr: float | Tensor,
    label_smoothing: float = 0.0,
    precision: str = "float32",
) -> tuple[Tensor, Tensor]:
    """One update on images x [B, 3, H, W], labels y [B]: (mean loss, number wrong) on device.

    Where images were mixed, y holds the shares of the classes [B, classes]; an image is wrong then
    when its largest share is not the one recognised. A rate that is a tensor is read on its device.
    """
    for group in optimizer.param_groups:
        group["lr"] = lr * group["factor"] if "factor" in group else lr
    with autocast(precision, x.device):
        logits = net(x)
    logits = logits.float()
    loss = F.cross_entropy(logits, y, label_smoothing=label_smoothing)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    labels = y if y.ndim == 1 else y.argmax(1)
    return loss.detach(), (logits.detach().argmax(1) != labels).sum()


def scores(logits: Tensor, y: Tensor, top5: bool = False) -> Tensor:
    """[summed loss, number wrong, number of images] in float64, on the logits' device.

    With `top5` a fourth: how many have their class among none of the five largest logits.
    """
    loss = F.cross_entropy(logits, y, reduction="sum").double()
    wrong = (logits.argmax(1) != y).sum().double()
    found = [loss, wrong, torch.full_like(loss, len(y))]
    if top5:
        five = logits.topk(min(5, logits.shape[1])).indices
        found.append((five != y[:, None]).all(1).sum().double())
    return torch.stack(found)


def means(sums: Tensor) -> dict[str, float]:
    """Mean loss (nats) and errors (percent) from summed `scores`."""
    loss, wrong, count, *five = sums.tolist()
    found = {"loss": loss / count, "error": 100 * wrong / count}
    return found | {"error_top5": 100 * five[0] / count} if five else found


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


def learning_rate(
    recipe: Recipe, depth: int, step: int, warm_until: int | None, cuts: int = 0
) -> float:
    """The rate for step number `step` (from 0).

    `warm_until` is the step at which the until-error warm-up ended, None while it lasts; `cuts`
    how often the error's plateau has cut the rate.
    """
    rate = scheduled(recipe, step)
    if cuts:
        rate *= recipe.gamma**cuts
    if recipe.warmup == "none" or depth < recipe.warmup_min_depth:
        return rate
    if recipe.warmup == "linear":
        return min(recipe.lr * (step + 1) / (recipe.warmup_steps + 1), rate)
    if recipe.warmup == "steps":
        return recipe.warmup_lr if step < recipe.warmup_steps else rate
    if recipe.warmup == "stays":
        return rate * recipe.warmup_lr / recipe.lr
    return recipe.warmup_lr if warm_until is None else rate
