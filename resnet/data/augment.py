"""Pad, crop, flip and normalise a whole batch at once, on the device that trains.

The usual pipeline does this an image at a time in Python. Here the training split lies on the
device once, padded, and a batch is one gather from it and one subtraction from a small table:
no worker processes, no copy from the host, no synchronisation, and so fit for a CUDA graph.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import pad as pad_edges

from resnet.data.normalise import Normaliser
from resnet.data.order import Draw
from resnet.data.sets import Split


class Pipeline:
    """Batches of normalised images from a training split.

    Args:
        split: the training split; its statistics are the ones that normalise.
        normalisation: 'per-pixel mean' (He et al. 2015, section 4.2: subtracted before the
            padding), 'channel' (mean and standard deviation a channel) or 'imagenet' (ImageNet's).
        pad: pixels of padding on each side.
        device: where the images lie and the batches are made.
        memory_format: of the batches.
        pad_value: 'zero' (padding is 0 after normalisation) or 'black' (0 before it).
        classes: how many classes the labels are of.

    Raises:
        UserError: unknown normalisation or pad_value, or a pair of them that has no meaning.
    """

    def __init__(
        self,
        split: Split,
        normalisation: str = "per-pixel mean",
        pad: int = 4,
        device: torch.device | str = "cpu",
        memory_format: torch.memory_format = torch.contiguous_format,
        pad_value: str = "zero",
        classes: int = 10,
    ) -> None:
        self.pad, self.device, self.memory_format = pad, torch.device(device), memory_format
        self.size = (split.images.shape[2], split.images.shape[3])
        self.normaliser = Normaliser.of(split, normalisation, pad, pad_value).to(self.device)
        padded = pad_edges(split.images.to(self.device), (pad,) * 4)
        # Rows of whole pixels when channels come last: the gather then copies long runs.
        self._last = memory_format == torch.channels_last
        self._padded = padded.permute(0, 2, 3, 1).contiguous() if self._last else padded
        self._labels = split.labels.to(self.device)
        self.classes = classes
        # Every crop of every image as a view: [N, 2 pad + 1, 2 pad + 1, ...], no memory of its own.
        y, x = (1, 2) if self._last else (2, 3)
        windows = self._padded.unfold(y, self.size[0], 1).unfold(x, self.size[1], 1)
        order = (0, 1, 2, 4, 5, 3) if self._last else (0, 2, 3, 1, 4, 5)
        self._crops = windows.permute(order)

    def train(self, draw: Draw) -> Tensor:
        """The drawn images, cropped, flipped and normalised: float32 [B, 3, H, W]."""
        draw = draw.to(self.device)
        crop = self._crops[draw.index, draw.dy, draw.dx]
        flip = draw.flip.view(-1, 1, 1, 1)
        crop = torch.where(flip, crop.flip(2 if self._last else 3), crop)
        crop = crop.permute(0, 3, 1, 2) if self._last else crop
        return self.normaliser.crops(crop, draw)

    def labels(self, draw: Draw) -> Tensor:
        """The drawn images' labels: int64 [B]."""
        return self._labels[torch.as_tensor(draw.index).to(self.device)]

    def test(self, split: Split, batch: int = 1000) -> Iterator[tuple[Tensor, Tensor]]:
        """All of `split` in order, whole and upright: (float32 [B, 3, H, W], int64 [B])."""
        there = split.to(self.device)
        for start in range(0, len(there), batch):
            part = slice(start, start + batch)
            images = there.images[part].contiguous(memory_format=self.memory_format)
            yield self.normaliser.whole(images), there.labels[part]
