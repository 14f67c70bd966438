"""The generator of lucidrains' stylegan2-pytorch, for networks that come from there.

A StyleGAN2 of plain layers: no equalized learning rates, styles that are added to one, bilinear enlarging, and one
image of noise whose corner each layer sees. That is drawn once here and kept, so that a latent has one image; the
images are in [0, 1] there.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .base import Generator
from .equalized import LEAKY_SLOPE
from .layers import Shape, Widths
from .lightweight_gan import blur

SETTINGS = frozenset({"mapping_layers", "mapping_lr_multiplier"})


class StyledConv2d(nn.Module):
    """Convolution whose input channels are scaled by a style; demodulated, as in StyleGAN2.

    Args:
        in_channels, out_channels: channels.
        kernel: its side.
        w_dim: length of w.
        noisy: whether noise is added, and a leaky ReLU follows; else it gives RGB, without demodulation.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int, w_dim: int, noisy: bool) -> None:
        super().__init__()
        self.to_style = nn.Linear(w_dim, in_channels)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel, kernel))
        self.to_noise = nn.Linear(1, out_channels) if noisy else None

    def forward(self, features: Tensor, w: Tensor, noise: Tensor) -> Tensor:
        """Return (B, out_channels, H, W) for (B, in_channels, H, W), w (B, w_dim) and noise (H, W)."""
        styles = self.to_style(w) + 1
        drawn = F.conv2d(features * styles[:, :, None, None], self.weight, padding=self.weight.shape[2] // 2)
        if self.to_noise is None:
            return drawn
        factors = (styles.square() @ self.weight.square().sum((2, 3)).T + 1e-8).rsqrt()
        noises = self.to_noise(noise[..., None]).permute(2, 1, 0)  # they turn the noise over, and so does this
        return F.leaky_relu(drawn * factors[:, :, None, None] + noises, LEAKY_SLOPE)


class PlainBlock(nn.Module):
    """Two convolutions and their RGB.

    Args:
        in_channels, out_channels: channels.
        image_channels: of the images.
        w_dim: length of w.
    """

    def __init__(self, in_channels: int, out_channels: int, image_channels: int, w_dim: int) -> None:
        super().__init__()
        self.conv1 = StyledConv2d(in_channels, out_channels, 3, w_dim, noisy=True)
        self.conv2 = StyledConv2d(out_channels, out_channels, 3, w_dim, noisy=True)
        self.to_rgb = StyledConv2d(out_channels, image_channels, 1, w_dim, noisy=False)

    def forward(self, features: Tensor, w: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (B, out_channels, H, W) and their RGB (B, C, H, W)."""
        corner = noise[: features.shape[2], : features.shape[3]]
        for convolution in (self.conv1, self.conv2):
            features = convolution(features, w, corner)
        return features, self.to_rgb(features, w, corner)


class PlainStyleGAN2Generator(Generator):
    """Blocks from a learned constant of 4 x 4 on.

    Args:
        z_dim: length of z and w.
        widths: channels of each block.
        shape: (C, H, W) of the images, which are square.
        num_classes: 0, since these networks have none.
        mapping_layers: dense layers from z to w.
        mapping_lr_multiplier: how many times smaller these act than they are stored.
    """

    w_avg: Tensor
    noise_const: Tensor

    def __init__(
        self,
        z_dim: int,
        widths: Widths,
        shape: Shape,
        num_classes: int = 0,
        mapping_layers: float = 8,
        mapping_lr_multiplier: float = 0.1,
    ) -> None:
        super().__init__()
        self.lr_multiplier = mapping_lr_multiplier
        self.mapping_layers = nn.ModuleList(nn.Linear(z_dim, z_dim) for _index in range(int(mapping_layers)))
        self.const = nn.Parameter(torch.randn(1, widths[0], 4, 4))
        self.first = nn.Conv2d(widths[0], widths[0], 3, padding=1)
        ins = (widths[0], *widths[:-1])
        self.blocks = nn.ModuleList(
            PlainBlock(before, after, shape[0], z_dim) for before, after in zip(ins, widths, strict=True)
        )
        self.register_buffer("noise_const", torch.rand(shape[1:]))
        self.register_buffer("w_avg", torch.zeros(z_dim))

    @property
    def has_mapping(self) -> bool:
        """It has."""
        return True

    def mapping(self, z: Tensor) -> Tensor:
        """Return styles w (B, z_dim) for latents (B, z_dim)."""
        w = F.normalize(z, dim=1)
        for layer in self.mapping_layers:
            w = F.leaky_relu(layer(w) * self.lr_multiplier, LEAKY_SLOPE)
        return w

    def forward(self, z: Tensor, labels: Tensor | None = None, truncation: float = 1.0) -> Tensor:
        """Return images (B, C, H, W), about in [-1, 1], for latents (B, z_dim), truncated in w."""
        return self.synthesize(self.map(z, labels, truncation))

    def map(self, z: Tensor, labels: Tensor | None, truncation: float = 1.0) -> Tensor:
        """Return styles w (B, num_ws, z_dim), truncated in w."""
        w = torch.lerp(self.w_avg, self.mapping(z), truncation)
        return w[:, None].expand(-1, len(self.blocks), -1)

    def synthesize(self, w: Tensor) -> Tensor:
        """Return images (B, C, H, W) drawn from styles w (B, num_ws, z_dim)."""
        features = self.first(self.const.expand(len(w), -1, -1, -1))
        images: Tensor | None = None
        for index, block in enumerate(self.blocks):
            if images is not None:
                features = F.interpolate(features, scale_factor=2, mode="bilinear")
            features, rgb = block(features, w[:, index], self.noise_const)
            images = rgb if images is None else rgb + blur(F.interpolate(images, scale_factor=2, mode="bilinear"))
        return 2 * (rgb if images is None else images) - 1

    def style_weights(self) -> list[Tensor]:
        """Return the weights (styles, w_dim) of each block's styles: as many as `num_ws`."""
        parts = ("conv1", "conv2", "to_rgb")
        return [torch.cat([each.get_submodule(part).to_style.weight for part in parts]) for each in self.blocks]  # type: ignore[union-attr, misc]

    @torch.no_grad()
    def update_statistics(self, z: Tensor, labels: Tensor | None) -> None:
        """Set the mean of w, toward which sampling truncates."""
        self.w_avg.copy_(self.mapping(z).mean(0))
