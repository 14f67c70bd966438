"""MSG-GAN's pair: pictures of every size at once, so that gradients reach every level (Karnewar and Wang 2020).

The networks are ProGAN's, all levels from the start. The generator draws a picture of its own at each level, and the
discriminator is shown each where its features have that size. The pictures of all levels travel as one tensor, a
*pyramid* (B, levels * C, H, W): coarsest first, the coarse ones enlarged by nearest neighbour, stacked along channels.
So augmentation moves all alike, and penalties and detaching treat them as one.

Of the paper's ways to combine a picture with features (section 2) this is lin-cat, a 1 x 1 convolution of the picture
beside the features. With the picture itself there (simple) C of C + width channels would tell of it, and as equalised
layers weigh all channels alike, its say in the next layer would be as small: 3 of 67. Here it has a fixed part.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from .conditional import LabelledLatent, Verdict, Widths
from .equalized import EqualConv2d
from .layers import Shape
from .progressive import beginning, coarsest, ending, enlarged, enlarging, from_rgb, shrinking, shrunk

PART = 4  # one channel from the picture goes with as many of features


def pyramid(pictures: Tensor, levels: int) -> Tensor:
    """Return real pictures at all levels, averaged down.

    Args:
        pictures: (B, C, H, W).
        levels: their number.

    Returns:
        (B, levels * C, H, W), the last C channels the pictures themselves.

    Raises:
        ValueError: the pictures cannot be halved so often.
    """
    coarsest(pictures.shape[2], pictures.shape[3], levels)
    return _stacked(_averaged(pictures, levels))


def _averaged(pictures: Tensor, levels: int) -> list[Tensor]:
    """Return the pictures at the size of each level, finest first."""
    sizes = [pictures]
    for _ in range(levels - 1):
        sizes.append(shrunk(sizes[-1], 2))
    return sizes


def _stacked(sizes: list[Tensor]) -> Tensor:
    """Return the pyramid of pictures that are given finest first."""
    return torch.cat([enlarged(each, 2**halvings) for halvings, each in enumerate(sizes)][::-1], 1)


class MultiscaleGenerator(nn.Module):
    """Draw a picture of its own at every level.

    Args:
        latent: length of z.
        widths: channels from the coarsest grid to the finest, one for each level.
        shape: (C, H, W) of the finest pictures; the coarsest grid is H and W halved len(widths) - 1 times.
        classes: 0, or their number.

    Raises:
        ValueError: H or W cannot be halved so often.
    """

    def __init__(self, latent: int, widths: Widths, shape: Shape, classes: int = 0) -> None:
        super().__init__()
        channels, height, width = shape
        self.levels = len(widths)
        self.labelled = LabelledLatent(latent, classes)
        self.beginning = beginning(self.labelled.length, widths[0], coarsest(height, width, len(widths)))
        self.blocks = nn.ModuleList([enlarging(before, after) for before, after in pairwise(widths)])
        self.to_rgb = nn.ModuleList([EqualConv2d(each, channels, 1) for each in widths])

    def features(self, z: Tensor, labels: Tensor | None) -> list[Tensor]:
        """Return what pictures are made of at each level, coarsest first."""
        found = [self.beginning(self.labelled(z, labels))]
        for block in self.blocks:
            found.append(block(found[-1]))
        return found

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the finest pictures (B, C, H, W) for latents (B, latent) and labels (B,), if there are classes."""
        pictures: Tensor = self.to_rgb[-1](self.features(z, labels)[-1])
        return pictures

    def pyramid(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the pictures of all levels (B, levels * C, H, W); the last C channels are what forward returns."""
        sizes = [draw(each) for draw, each in zip(self.to_rgb, self.features(z, labels), strict=True)]
        return _stacked(sizes[::-1])


class MultiscaleDiscriminator(nn.Module):
    """Judge pictures by all their sizes together.

    Args:
        widths: channels from the finest grid to the coarsest, one for each level.
        shape: (C, H, W) of the finest pictures.
        classes: 0, or their number.

    Raises:
        ValueError: H or W cannot be halved so often.
    """

    def __init__(self, widths: Widths, shape: Shape, classes: int = 0) -> None:
        super().__init__()
        self.channels, height, width = shape
        finest, *coarser = widths
        seen = [0] + [-(-each // PART) for each in coarser]  # channels that the picture adds to the features
        self.from_rgb = from_rgb(self.channels, finest)
        self.combine = nn.ModuleList([EqualConv2d(self.channels, each, 1) for each in seen[1:]])
        self.blocks = nn.ModuleList(
            [
                shrinking(before + more, before, after)
                for (before, after), more in zip(pairwise(widths), seen[:-1], strict=True)
            ]
        )
        self.ending = ending(widths[-1] + seen[-1], widths[-1], coarsest(height, width, len(widths)))
        self.verdict = Verdict(widths[-1], classes)

    def forward(self, pictures: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return logits (B,) of plain pictures or pyramids.

        Args:
            pictures: (B, C, H, W), whose coarser levels are their averages; or a pyramid (B, levels * C, H, W).
            labels: (B,), if there are classes.

        Raises:
            ValueError: the number of channels is neither.
        """
        sizes = self._sizes(pictures)
        features = self.from_rgb(sizes[0])
        for block, combine, picture in zip(self.blocks, self.combine, sizes[1:], strict=True):
            features = torch.cat([combine(picture), block(features)], 1)
        logits: Tensor = self.verdict(self.ending(features), labels)
        return logits

    def _sizes(self, pictures: Tensor) -> list[Tensor]:
        """Return the pictures of each level at their own size, finest first."""
        levels = len(self.blocks) + 1
        if pictures.shape[1] == self.channels:
            return _averaged(pictures, levels)
        if pictures.shape[1] != levels * self.channels:
            raise ValueError(
                f"{pictures.shape[1]} channels are neither a picture's {self.channels} nor {levels} levels of them."
            )
        stacked = pictures.chunk(levels, 1)[::-1]
        return [shrunk(each, 2**halvings) for halvings, each in enumerate(stacked)]
