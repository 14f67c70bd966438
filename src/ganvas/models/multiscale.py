"""MSG-GAN's pair: images of every size at once, so that gradients reach every level (Karnewar and Wang 2020).

The networks are ProGAN's, with all levels from the start. The generator draws an image at each level. The discriminator
gets each image where its features have that size. The images of all levels travel as one tensor, a *pyramid*
(B, levels * C, H, W): coarsest first, upsampled by nearest neighbour, stacked along channels. So augmentation moves all
of them alike, and penalties and detaching treat them as one.

Of the paper's ways to combine an image with features (section 2) this is lin-cat: a 1 x 1 convolution of the image,
concatenated to the features. The image itself (simple) would be C of C + width channels. Equalized layers weight all
channels alike, so its share in the next layer would be as small: 3 of 67. Here its share is fixed.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from .base import Discriminator
from .conditional import ClassConditionalGenerator, ClassConditionalLatent, ProjectionHead
from .equalized import EqualConv2d
from .layers import Shape, Widths
from .progan_layers import (
    coarsest_size,
    down_block,
    downsample_mean,
    epilogue,
    from_rgb,
    input_block,
    up_block,
    upsample_nearest,
)

FEATURES_PER_IMAGE_CHANNEL = 4  # feature channels for each channel that comes from the image


def pyramid(images: Tensor, levels: int) -> Tensor:
    """Return real images at all levels, averaged down.

    Args:
        images: (B, C, H, W).
        levels: their number.

    Returns:
        (B, levels * C, H, W), the last C channels the images themselves.

    Raises:
        ValueError: the images cannot be halved so often.
    """
    coarsest_size(images.shape[2], images.shape[3], levels)
    return _stack(_downsampled(images, levels))


def _downsampled(images: Tensor, levels: int) -> list[Tensor]:
    """Return the images at the size of each level, finest first."""
    scales = [images]
    for _ in range(levels - 1):
        scales.append(downsample_mean(scales[-1], 2))
    return scales


def _stack(scales: list[Tensor]) -> Tensor:
    """Return the pyramid of images that are given finest first."""
    return torch.cat([upsample_nearest(images, 2**halvings) for halvings, images in enumerate(scales)][::-1], 1)


class MultiscaleGenerator(ClassConditionalGenerator):
    """Generator with an image at every level.

    Args:
        z_dim: length of z.
        widths: channels from the coarsest level to the finest.
        shape: (C, H, W) of the finest images; the coarsest level has H and W halved len(widths) - 1 times.
        num_classes: 0, or their number.

    Raises:
        ValueError: H or W cannot be halved so often.
    """

    fakes_are_images = False

    def __init__(self, z_dim: int, widths: Widths, shape: Shape, num_classes: int = 0) -> None:
        super().__init__()
        channels, height, width = shape
        self.levels = len(widths)
        self.conditional_latent = ClassConditionalLatent(z_dim, num_classes)
        coarsest = coarsest_size(height, width, len(widths))
        self.input_block = input_block(self.conditional_latent.dim, widths[0], coarsest)
        self.blocks = nn.ModuleList([up_block(*pair) for pair in pairwise(widths)])
        self.to_rgb = nn.ModuleList([EqualConv2d(features, channels, 1) for features in widths])

    def features(self, z: Tensor, labels: Tensor | None) -> list[Tensor]:
        """Return the features of each level, coarsest first."""
        levels = [self.input_block(self.conditional_latent(z, labels))]
        for block in self.blocks:
            levels.append(block(levels[-1]))
        return levels

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the finest images (B, C, H, W) for latents (B, z_dim) and labels (B,), if there are classes."""
        images: Tensor = self.to_rgb[-1](self.features(z, labels)[-1])
        return images

    def early_features(self, z: Tensor) -> Tensor:
        """Return the features (B, F) of the coarsest level."""
        features: Tensor = self.input_block(z)
        return features.flatten(1)

    def pyramid(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the images of all levels (B, levels * C, H, W); the last C channels are what forward returns."""
        scales = [to_rgb(features) for to_rgb, features in zip(self.to_rgb, self.features(z, labels), strict=True)]
        return _stack(scales[::-1])

    def fakes(self, z: Tensor, labels: Tensor | None, rng: torch.Generator, style_mixing: float = 0.0) -> Tensor:
        """Return the pyramid (B, levels * C, H, W)."""
        return self.pyramid(z, labels)

    def match_reals(self, images: Tensor) -> Tensor:
        """Return the pyramid (B, levels * C, H, W) of real images (B, C, H, W)."""
        return pyramid(images, self.levels)

    def scales(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """Return the images of all levels (B, levels, C, H, W), coarsest first."""
        stacked = self.pyramid(z, labels)
        return stacked.reshape(len(z), self.levels, -1, *stacked.shape[2:])

    def compile_parts(self) -> list[nn.Module]:
        """Return the blocks, which are nearly all of the cost."""
        return [self.input_block, *self.blocks]


class MultiscaleDiscriminator(Discriminator):
    """Discriminator that sees an image at all its sizes.

    Args:
        widths: channels from the finest level to the coarsest.
        shape: (C, H, W) of the finest images.
        num_classes: 0, or their number.

    Raises:
        ValueError: H or W cannot be halved so often.
    """

    can_pack = False
    augments_color = False  # a pyramid's channels are those of all scales

    def __init__(self, widths: Widths, shape: Shape, num_classes: int = 0) -> None:
        super().__init__()
        self.channels, height, width = shape
        finest, *coarser = widths
        extra = [0] + [-(-features // FEATURES_PER_IMAGE_CHANNEL) for features in coarser]  # channels from the images
        self.from_rgb = from_rgb(self.channels, finest)
        self.combine = nn.ModuleList([EqualConv2d(self.channels, added, 1) for added in extra[1:]])
        self.blocks = nn.ModuleList(
            [
                down_block(fine + added, fine, coarse)
                for (fine, coarse), added in zip(pairwise(widths), extra[:-1], strict=True)
            ]
        )
        last = widths[-1]
        self.epilogue = epilogue(last + extra[-1], last, coarsest_size(height, width, len(widths)))
        self.head = ProjectionHead(last, num_classes)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return logits (B,) of plain images or pyramids.

        Args:
            images: (B, C, H, W), whose coarser levels are their averages; or a pyramid (B, levels * C, H, W).
            labels: (B,), if there are classes.

        Raises:
            ValueError: the number of channels is neither.
        """
        finest, *coarser = self._scales(images)
        features = self.from_rgb(finest)
        for block, combine, image in zip(self.blocks, self.combine, coarser, strict=True):
            features = torch.cat([combine(image), block(features)], 1)
        logits: Tensor = self.head(self.epilogue(features), labels)
        return logits

    def _scales(self, images: Tensor) -> list[Tensor]:
        """Return the images of each level at their own size, finest first."""
        levels = len(self.blocks) + 1
        if images.shape[1] == self.channels:
            return _downsampled(images, levels)
        if images.shape[1] != levels * self.channels:
            raise ValueError(
                f"{images.shape[1]} channels are neither an image's {self.channels} nor {levels} levels of them."
            )
        stacked = images.chunk(levels, 1)[::-1]
        return [downsample_mean(scale, 2**halvings) for halvings, scale in enumerate(stacked)]
