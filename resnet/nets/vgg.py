"""VGG with BN for 32×32 images: the net without shortcuts that lesions compare with.

Thirteen convolutions and two linear layers make the 15 of Veit et al. 2016's control. Each
convolution is a block of its own, pooling stands between the stages, so that a block that keeps
its width can be taken out.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from resnet.nets.net import Net
from resnet.nets.placements import relu
from resnet.nets.plans import VGG_CONVOLUTIONS
from resnet.nets.vocabulary import bypass, conv, reshapes

WIDTHS = (64, 128, 256, 512, 512)


class Layer(nn.Module):
    """relu(BN(conv(x))): [N, C, H, W] to [N, C', H, W]."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.shape = (n_in, n_out, 1)
        self.conv1, self.bn1 = conv(3, n_in, n_out), nn.BatchNorm2d(n_out)

    @property
    def reshapes(self) -> bool:
        """Whether the width changes here."""
        return reshapes(*self.shape)

    def skip(self, x: Tensor) -> Tensor:
        """What stands for the layer once it is taken out: see `Block.skip`."""
        return bypass(*self.shape)(x)

    def forward(self, x: Tensor) -> Tensor:
        """One layer."""
        return relu(self.bn1(self.conv1(x)))


class Vgg(Net):
    """Simonyan & Zisserman 2015, Table 1, with BN and one hidden linear layer of 512."""

    def __init__(self, depth: int, num_classes: int) -> None:
        super().__init__()
        n_in = 3
        stages = zip(VGG_CONVOLUTIONS[depth], WIDTHS, strict=True)
        for i, (count, width) in enumerate(stages, start=1):
            inputs = [n_in] + [width] * (count - 1)
            setattr(self, f"layer{i}", nn.Sequential(*(Layer(n, width) for n in inputs)))
            n_in = width
        self.fc1, self.bn1 = nn.Linear(512, 512, bias=False), nn.BatchNorm1d(512)
        self.fc = nn.Linear(512, num_classes)

    def joint(self, x: Tensor) -> Tensor:
        """Pooling: H and W of the images are multiples of 32."""
        return F.max_pool2d(x, 2)

    def head(self, x: Tensor) -> Tensor:
        """The two linear layers."""
        return self.fc(relu(self.bn1(self.fc1(x.mean((2, 3))))))
