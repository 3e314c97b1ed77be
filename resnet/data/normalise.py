"""Normalisation as a table: what to subtract from a crop, for each way to crop and flip it.

The per-pixel mean belongs to the image, not to the crop: it is padded, cropped and flipped with
it. There are only (2 pad + 1)^2 * 2 ways (162 at pad 4), so all of them are worked out once.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad as pad_edges

from resnet.data.order import Draw
from resnet.data.sets import Split
from resnet.errors import UserError, unknown

NORMALISATIONS = ("per-pixel mean", "channel", "imagenet")
PAD_VALUES = ("zero", "black")

# ImageNet's, which some CIFAR-10 code normalises with (torchvision's models' documentation).
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Normaliser:
    """x / 255 - offset, then / scale; pixels in 0 to 1 before the subtraction.

    Attributes:
        table: offsets, float32 [2 pad + 1, 2 pad + 1, 2, 3, H, W], by (dy, dx, flip).
        scale: float32 [3, 1, 1], or None for no scaling.
        pad: pixels of padding on each side.
    """

    table: Tensor
    scale: Tensor | None
    pad: int

    @classmethod
    def of(cls, split: Split, normalisation: str, pad: int, pad_value: str) -> "Normaliser":
        """The normaliser with the statistics of `split` (arguments as in `Pipeline`)."""
        _check(normalisation, pad_value)
        height, width = split.images.shape[2:]
        mean, scale = _statistics(split.images, normalisation)
        if pad_value == "zero":
            edged = pad_edges(mean, (pad,) * 4)
        else:
            edged = mean[:, :1, :1].expand(-1, height + 2 * pad, width + 2 * pad)
        return cls(_every_crop(edged, height, width), scale, pad)

    def to(self, device: torch.device) -> "Normaliser":
        """The same normaliser on `device`."""
        scale = None if self.scale is None else self.scale.to(device)
        return Normaliser(self.table.to(device), scale, self.pad)

    def crops(self, images: Tensor, draw: Draw) -> Tensor:
        """Normalise crops, uint8 [B, 3, H, W], made as `draw` says: float32 [B, 3, H, W]."""
        return self._scaled(images, self.table[draw.dy, draw.dx, draw.flip.long()])

    def whole(self, images: Tensor) -> Tensor:
        """Normalise images as they are, uint8 [B, 3, H, W]: float32 [B, 3, H, W]."""
        return self._scaled(images, self.table[self.pad, self.pad, 0])

    def _scaled(self, images: Tensor, offset: Tensor) -> Tensor:
        shifted = (images.float() / 255).sub_(offset)
        return shifted if self.scale is None else shifted.div_(self.scale)


def pixel_mean(images: Tensor) -> Tensor:
    """Mean image in 0 to 1, float32 [3, H, W]; summed in integers, so the same everywhere."""
    total = images.sum(0, dtype=torch.int64)
    return (total.double() / (255 * len(images))).float()


def channel_statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and (biased) standard deviation a channel in 0 to 1, float32 [3, 1, 1] each."""
    counts = torch.stack([plane.flatten().bincount(minlength=256) for plane in images.unbind(1)])
    values = torch.arange(256)
    n = counts.sum(1).double()
    mean = (counts * values).sum(1).double() / n
    variance = (counts * values**2).sum(1).double() / n - mean**2
    std = variance.clamp(min=1e-12).sqrt()
    return (mean / 255).float().view(3, 1, 1), (std / 255).float().view(3, 1, 1)


def _statistics(images: Tensor, normalisation: str) -> tuple[Tensor, Tensor | None]:
    """Mean, float32 [3, H, W], and scale."""
    if normalisation == "per-pixel mean":
        return pixel_mean(images), None
    if normalisation == "channel":
        mean, scale = channel_statistics(images)
    else:
        mean, scale = (torch.tensor(v).view(3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
    return mean.expand(-1, *images.shape[2:]), scale


def _every_crop(edged: Tensor, height: int, width: int) -> Tensor:
    crops = edged.unfold(1, height, 1).unfold(2, width, 1).permute(1, 2, 0, 3, 4)
    return torch.stack([crops, crops.flip(4)], dim=2).contiguous()


def _check(normalisation: str, pad_value: str) -> None:
    if normalisation not in NORMALISATIONS:
        raise unknown("normalisation", normalisation, NORMALISATIONS)
    if pad_value not in PAD_VALUES:
        raise unknown("pad value", pad_value, PAD_VALUES)
    if normalisation == "per-pixel mean" and pad_value == "black":
        raise UserError("per-pixel mean has no value outside the image: use pad value 'zero'")
