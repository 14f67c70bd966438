"""StyleGAN2's generator to the letter, as NVIDIA's and rosinality's code have it, for networks that come from there.

Beside ours (`stylegan2`): RGB images are enlarged by the filter [1, 3, 3, 1] over zeros outside of the picture, and
each level has its own bias; the mapping has any depth and its labels an embedding as long as w; w may be longer than z;
what a layer gives may be clamped.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from .base import Generator
from .layers import Shape, Widths
from .style_mapping import MAPPING_LR_MULTIPLIER, StyleMapping
from .stylegan2 import Blur, ModulatedConv2d, StyleGAN2Generator, SynthesisLayer

SETTINGS = frozenset({"w_dim", "mapping_layers", "mapping_lr_multiplier", "clamp"})


class OriginalStyleGAN2Generator(StyleGAN2Generator):
    """Synthesis from a learned constant of 4 x 4, as in Karras et al. 2020 (architecture "skip").

    Args:
        z_dim: length of z.
        widths: channels from the coarsest resolution to the finest.
        shape: (C, H, W) of the images.
        num_classes: 0, or their number.
        w_dim: length of w.
        mapping_layers, mapping_lr_multiplier: of the `StyleMapping`.
        clamp: the most that a layer gives; 0 for no bound.
    """

    def __init__(
        self,
        z_dim: int,
        widths: Widths,
        shape: Shape,
        num_classes: int = 0,
        w_dim: float = 512,
        mapping_layers: float = 8,
        mapping_lr_multiplier: float = MAPPING_LR_MULTIPLIER,
        clamp: float = 0,
    ) -> None:
        Generator.__init__(self)
        channels, height, width = shape
        halvings, w_dim = len(widths) - 1, int(w_dim)
        sizes = [(height >> halvings - level, width >> halvings - level) for level in range(len(widths))]
        self.style_mapping = StyleMapping(z_dim, w_dim, int(mapping_layers), num_classes, mapping_lr_multiplier)
        self.const = nn.Parameter(torch.randn(widths[0], *sizes[0]))
        layers = [SynthesisLayer(widths[0], widths[0], sizes[0], w_dim, upsample=False, clamp=clamp)]
        for (coarse, fine), size in zip(pairwise(widths), sizes[1:], strict=True):
            layers.append(SynthesisLayer(coarse, fine, size, w_dim, upsample=True, clamp=clamp))
            layers.append(SynthesisLayer(fine, fine, size, w_dim, upsample=False, clamp=clamp))
        self.layers = nn.ModuleList(layers)
        self.to_rgb = nn.ModuleList(
            ModulatedConv2d(features, channels, 1, w_dim, demodulate=False) for features in widths
        )
        self.rgb_biases = nn.Parameter(torch.zeros(len(widths), channels, 1, 1))
        self.enlarge = Enlarge()
        self.clamp = clamp
        self.register_buffer("w_avg", torch.zeros(w_dim))
        self.register_buffer("pl_mean", torch.zeros(()))

    @property
    def sample_batch(self) -> int:
        """Few: these networks are large, and one image keeps all cores busy."""
        return 1

    def mapping(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return styles w (B, w_dim) for latents (B, z_dim) and labels (B,)."""
        w: Tensor = self.style_mapping(z, labels)
        return w

    def with_label(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """Return z: the mapping takes the labels."""
        return z

    def synthesis(self, ws: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """Return images (B, C, H, W), about in [-1, 1], for styles (B, num_ws, w_dim).

        Args:
            ws: one style for each layer.
            rng: source of the noise; without it, the noise is always the same.
        """
        features = self.const.expand(len(ws), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        images: Tensor | None = None
        for level, (to_rgb, bias) in enumerate(zip(self.to_rgb, self.rgb_biases, strict=True)):
            for index in (2 * level - 1, 2 * level) if level else (0,):
                features = self.layers[index](features, ws[:, index], rng)
            rgb = to_rgb(features, ws[:, 2 * level + 1]) + bias
            if self.clamp:
                rgb = rgb.clamp(-self.clamp, self.clamp)
            images = rgb if images is None else rgb + self.enlarge(images)
        return rgb if images is None else images


class Enlarge(Blur):
    """Doubles the size by the filter [1, 3, 3, 1], with zeros outside of the image."""

    def __init__(self) -> None:
        super().__init__(4.0)

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, C, 2H, 2W) for (B, C, H, W)."""
        channels = features.shape[1]
        kernel = self.kernel.expand(channels, 1, 4, 4)
        return nn.functional.conv_transpose2d(features, kernel, None, 2, 1, groups=channels)
