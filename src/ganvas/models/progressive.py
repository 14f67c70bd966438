"""ProGAN's pair: it starts with coarse images and grows level by level (Karras et al. 2018, section 2).

Both networks work with full-size images at every level: the generator upsamples what it draws, the discriminator
averages down what it gets. So nothing around them (augmentation, penalties, scores) needs to know about growth.

A penalty's gradient is with respect to full-size images too. This keeps the metric of WGAN-GP the same through the
growth, unlike in the paper. Two images that are upsampled s times are s times as far apart as the small ones, and the
discriminator's gradient is measured against that distance at every level.
"""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

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


def at_level(images: Tensor, level: float, levels: int) -> Tensor:
    """Return what real images look like at a level: without the detail that the generator cannot draw there.

    Args:
        images: (B, C, H, W).
        level: from 0 to levels - 1; between two, images are blended as the generator's are.
        levels: number of levels of the networks.

    Raises:
        ValueError: `level` is out of range, or the images cannot be halved so often.
    """
    _check_level(level, levels)
    coarsest_size(images.shape[2], images.shape[3], levels)
    top, alpha = math.ceil(level), level % 1
    factor = 2 ** (levels - 1 - top)
    images = downsample_mean(images, factor)
    if alpha:
        images = torch.lerp(upsample_nearest(downsample_mean(images, 2), 2), images, alpha)
    return upsample_nearest(images, factor)


class GrowingNetwork(nn.Module):
    """Base of networks with a level, at first the highest, which is saved and loaded with the weights.

    The buffer `level` is a scalar: 0 is the coarsest level alone; 1.3 means that level 2 is faded in by 0.3. Change it
    by `set_level` or `load_state_dict`. Forward reads a copy on the CPU, since reading a number from a GPU would stall
    every step.

    Args:
        levels: number of levels.
    """

    level: Tensor

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels
        self.register_buffer("level", torch.tensor(levels - 1.0))
        self._level = levels - 1.0

    def set_level(self, level: float) -> None:
        """Set the level in place.

        Args:
            level: from 0 to the number of levels - 1.

        Raises:
            ValueError: `level` is out of range.
        """
        _check_level(level, self.levels)
        self.level.fill_(level)
        self._level = float(self.level)

    def current_level(self) -> tuple[int, float]:
        """Return the highest level that is computed, and how far it is faded in: 0 < alpha <= 1."""
        top = math.ceil(self._level)
        return top, 1 - (top - self._level)

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        super()._load_from_state_dict(state_dict, prefix, *rest)
        self._level = float(self.level)


def _check_level(level: float, levels: int) -> None:
    if not 0 <= level <= levels - 1:
        raise ValueError(f"Level {level} is not between 0 and {levels - 1}.")


class ProgressiveGenerator(GrowingNetwork, ClassConditionalGenerator):
    """Generator that draws at its current level and upsamples to full size.

    Args:
        z_dim: length of z.
        widths: channels from the coarsest level to the finest.
        shape: (C, H, W) of the images; the coarsest level has H and W halved len(widths) - 1 times.
        num_classes: 0, or their number.

    Raises:
        ValueError: H or W cannot be halved so often.
    """

    def __init__(self, z_dim: int, widths: Widths, shape: Shape, num_classes: int = 0) -> None:
        super().__init__(len(widths))
        channels, height, width = shape
        self.conditional_latent = ClassConditionalLatent(z_dim, num_classes)
        coarsest = coarsest_size(height, width, len(widths))
        self.input_block = input_block(self.conditional_latent.dim, widths[0], coarsest)
        self.blocks = nn.ModuleList([up_block(*pair) for pair in pairwise(widths)])
        self.to_rgb = nn.ModuleList([EqualConv2d(features, channels, 1) for features in widths])  # by level

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return images (B, C, H, W), about [-1, 1], for latents (B, z_dim) and labels (B,), if there are classes.

        Between two levels they are alpha * new + (1 - alpha) * upsampled old (figure 2).
        """
        top, alpha = self.current_level()
        coarser = features = self.input_block(self.conditional_latent(z, labels))
        for block in self.blocks[:top]:
            coarser, features = features, block(features)
        images = self.to_rgb[top](features)
        if alpha < 1:
            images = torch.lerp(upsample_nearest(self.to_rgb[top - 1](coarser), 2), images, alpha)
        return upsample_nearest(images, 2 ** (self.levels - 1 - top))

    def early_features(self, z: Tensor) -> Tensor:
        """Return the features (B, F) of the coarsest level."""
        features: Tensor = self.input_block(z)
        return features.flatten(1)

    def match_reals(self, images: Tensor) -> Tensor:
        """Return real images (B, C, H, W) without the detail that the generator cannot draw at its level."""
        return at_level(images, self._level, self.levels)


class ProgressiveDiscriminator(GrowingNetwork, Discriminator):
    """Discriminator of full-size images that sees only the detail of its current level.

    Args:
        widths: channels from the finest level to the coarsest.
        shape: (C, H, W) of the images.
        num_classes: 0, or their number.

    Raises:
        ValueError: H or W cannot be halved so often.
    """

    def __init__(self, widths: Widths, shape: Shape, num_classes: int = 0) -> None:
        super().__init__(len(widths))
        channels, height, width = shape
        # All lists are finest first.
        self.from_rgb = nn.ModuleList([from_rgb(channels, features) for features in widths])
        self.blocks = nn.ModuleList([down_block(fine, fine, coarse) for fine, coarse in pairwise(widths)])
        self.epilogue = epilogue(widths[-1], widths[-1], coarsest_size(height, width, len(widths)))
        self.head = ProjectionHead(widths[-1], num_classes)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return logits (B,) for images (B, C, H, W) and labels (B,), if there are classes.

        Between two levels the features are alpha * new + (1 - alpha) * those of the averaged images (figure 2).
        """
        top, alpha = self.current_level()
        first = self.levels - 1 - top
        images = downsample_mean(images, 2**first)
        features = self.from_rgb[first](images)
        if alpha < 1:
            features = self.blocks[first](features)
            first += 1
            features = torch.lerp(self.from_rgb[first](downsample_mean(images, 2)), features, alpha)
        for block in self.blocks[first:]:
            features = block(features)
        logits: Tensor = self.head(self.epilogue(features), labels)
        return logits
