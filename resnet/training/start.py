"""Where training starts: at weights drawn from the seed, or at the last ones of another run."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from resnet.errors import UserError
from resnet.nets import build
from resnet.nets.identity import insert_identities
from resnet.nets.initialisation import covers, initialise
from resnet.nets.net import Net
from resnet.nets.start import split
from resnet.runs.folder import CorruptRun, RunFolder, read_result, read_spec
from resnet.runs.spec import RunSpec

Weights = Mapping[str, Tensor]
HEAD = "fc."


class Orphan(UserError):
    """The run that this one starts from is not trained."""


def starting_net(
    spec: RunSpec,
    num_classes: int,
    root: Path,
    share: Callable[[Callable[[], Weights]], Weights] = lambda read: read(),
) -> Net:
    """The net of `spec` on the CPU, with the weights that its first step finds.

    Args:
        spec: the run.
        num_classes: of the data set.
        root: where the folder of the run that it starts from lies.
        share: calls its argument, which reads the inherited weights; one process may do so for
            several.

    Raises:
        Orphan: when the run that it starts from is not trained.
        UserError: when that one's weights are missing or not those of its result.
    """
    net = build(spec.net, num_classes=num_classes, seed=spec.seed)
    if covers(net):  # else it is torchvision's, which draws its own weights
        initialise(net, spec.seed, spec.recipe.init)
    if spec.start is not None:
        net.load_state_dict(share(lambda: inherited(net, spec, parent(spec, root))))
    return net


def parent(spec: RunSpec, root: Path) -> RunFolder:
    """The folder of the trained run that `spec` starts from; Orphan when there is none."""
    assert spec.start is not None
    path = root / spec.start.run
    try:
        found, _ = read_spec(path)
        if read_result(path) is not None:
            return RunFolder(root, found)
        why = f"{found.title} is not trained to its end"
    except CorruptRun as error:
        why = str(error)
    raise Orphan(
        f"run {spec.id} ({spec.title}) starts from run {spec.start.run}: {why}; "
        "train that one first, as the plan does"
    )


def inherited(net: Net, spec: RunSpec, folder: RunFolder) -> dict[str, Tensor]:
    """The weights for `net` out of the trained run in `folder`.

    A shallower net is made deeper by identities. A net trained on other data hands on all but its
    classifier: that one stays as drawn.
    """
    source = trained_net(folder)
    if split(source.name)[0] != split(net.name)[0]:
        source = insert_identities(source, net.name, spec.seed, spec.recipe.init)
    weights: dict[str, Tensor] = dict(source.state_dict())
    if folder.spec.dataset_digest != spec.dataset_digest:
        weights = {name: w for name, w in weights.items() if not name.startswith(HEAD)}
    return {**net.state_dict(), **weights}


def trained_net(folder: RunFolder) -> Net:
    """The net of a done run, checked against the digest in its result."""
    spec, result = folder.spec, folder.result()
    weights = folder.load_weights(spec.recipe.steps)
    net = build(spec.net, num_classes=len(weights[f"{HEAD}weight"]), seed=spec.seed)
    net.load_state_dict(weights)
    if result is None or weights_sha256(net) != result["weights_sha256"]:
        raise UserError(
            f"run {spec.id} ({spec.title}): its weights are not those of its result; "
            "remove the run's folder to train it again"
        )
    return net


def weights_sha256(net: nn.Module) -> str:
    """SHA-256 over every parameter and buffer with its name, in the order of the names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(net.state_dict().items()):
        digest.update(name.encode())
        digest.update(_bytes(tensor))
    return digest.hexdigest()


def _bytes(tensor: Any) -> bytes:
    return tensor.detach().cpu().contiguous().numpy().tobytes()
