"""Which words of a name go together."""

from resnet.errors import UserError
from resnet.nets.depths import root
from resnet.nets.plans import Spec, blocks


def check_words(name: str, words: dict[str, str], spec: Spec) -> None:
    """UserError for words that do not go together, with the reason.

    Args:
        name: as the user wrote it.
        words: what the grammar found in it, by the name of the group.
        spec: what they come to.
    """
    style, kind = spec.style, root(spec.family)
    imagenet, said = spec.images == "imagenet", set(words)
    preact = style.placement == "full-preact"
    changed = style.shortcut not in ("none", "A", "B", "C")
    moved = style.placement != "original"
    refusals = {
        "a net without shortcuts takes no word about them": kind in ("plain", "vgg")
        and bool(said & {"shortcut", "placement", "stochastic_depth", "active"}),
        "a pre-activated net takes no other placement": preact and "placement" in said,
        "only a net with the original placement takes this shortcut": changed and moved,
        "stochastic depth goes with the original placement and options A, B, C": (changed or moved)
        and style.stochastic_depth,
        "-k-of-n goes with options A, B, C and without stochastic depth": "active" in said
        and (changed or style.stochastic_depth),
        "-k-of-n: k is 1 or more": words.get("active", "1").startswith("0"),
        "only CIFAR nets plainD and resnetD choose their block": "unit" in said
        and (imagenet or kind not in ("plain", "resnet")),
        "-v1 is for ImageNet bottlenecks": "v1" in said
        and not (imagenet and style.unit == "bottleneck"),
        "-dropoutP is for wrn, with P below 1": "dropout" in said
        and not (kind == "wrn" and style.dropout < 1),
        "-xk is for CIFAR nets plainD and resnetD": "times" in said
        and (imagenet or kind not in ("plain", "resnet")),
    }
    for reason, refused in refusals.items():
        if refused:
            raise UserError(f"net '{name}': {reason}")
    if style.active:
        k, n = (int(word) for word in words["active"].split("-of-"))
        if n != blocks(spec) or k > n:
            has = f"it has {blocks(spec)} blocks: -k-of-{blocks(spec)}, k at most that"
            raise UserError(f"net '{name}': {has}")
