"""A trained backbone under a new head: held as it is, or trained at a rate of its own."""

from collections.abc import Iterator

from torch import nn

from resnet.errors import UserError
from resnet.recipes import Recipe

HEAD = "fc"


def backbone(net: nn.Module) -> Iterator[nn.Module]:
    """Everything but the classifier.

    Raises:
        UserError: for a net whose classifier is not called `fc`, as in some of torchvision's.
    """
    if not isinstance(getattr(net, HEAD, None), nn.Linear):
        raise UserError(f"a recipe for backbone and head needs a net with a classifier '{HEAD}'")
    return (child for name, child in net.named_children() if name != HEAD)


def freeze(net: nn.Module, frozen: bool) -> None:
    """Hold the backbone as it is, or let it go.

    Held, its weights get no gradients, and so neither decay nor momentum; its batch normalisation
    takes the running statistics and leaves them as they are.
    """
    for module in backbone(net):
        module.train(not frozen).requires_grad_(not frozen)


def set_backbone(net: nn.Module, recipe: Recipe, step: int) -> None:
    """Make `net` ready for step number `step` (from 0); nothing for a recipe that never freezes."""
    if recipe.freezes:
        freeze(net, recipe.frozen_at(step))


def parameter_groups(net: nn.Module, recipe: Recipe) -> list[dict]:
    """The groups of SGD: what decays and what does not; twice where the backbone has a rate.

    `factor` in a group is what the step's rate is multiplied by.
    """
    if recipe.backbone_lr == 1:
        return _by_decay(list(net.parameters()), recipe)
    head = list(getattr(net, HEAD).parameters())
    rest = [p for module in backbone(net) for p in module.parameters()]
    slow = [{**group, "factor": recipe.backbone_lr} for group in _by_decay(rest, recipe)]
    return slow + _by_decay(head, recipe)


def _by_decay(parameters: list[nn.Parameter], recipe: Recipe) -> list[dict]:
    decayed = [p for p in parameters if recipe.decay_all or p.ndim > 1]
    plain = [p for p in parameters if not (recipe.decay_all or p.ndim > 1)]
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}]
    return groups + [{"params": plain, "weight_decay": 0.0}] * bool(plain)
