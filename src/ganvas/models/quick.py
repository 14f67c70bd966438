"""The networks of the `quick` recipe: a decoder that draws, a prior that decides what to draw, and their helpers.

The generator is two networks in a row. The *prior* turns z ~ N(0, I) into a code along a learned flow; it is a small
dense network, almost free. The *decoder* turns the code into an image by convolutions, nearly all of the cost. The
*encoder* is needed for training only: it gives the code of a real image.
"""

import math
from itertools import pairwise
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .base import Discriminator, Generator
from .batch_norm import BatchNorm1d, BatchNorm2d
from .layers import ResizeConv, Shape, TransposedConv, Widths, down_convs, resolutions

EARLY_LAYERS = 4  # of a decoder: the dense one as a map, its norm and activation


class Decoder(Generator):
    """Convolutions from codes to images that double the size, starting at about 4 x 4.

    Args:
        code_dim: length of a code.
        widths: channels from the coarsest resolution to the finest.
        shape: (C, H, W) of the images.
        up: the kind of convolution that doubles the size.
    """

    def __init__(
        self,
        code_dim: int,
        widths: Widths,
        shape: Shape,
        up: type[TransposedConv | ResizeConv] = TransposedConv,
    ) -> None:
        super().__init__()
        channels, height, width = shape
        (first_height, first_width), *finer = resolutions(height, width, len(widths) - 1)
        layers: list[nn.Module] = [
            nn.Linear(code_dim, widths[0] * first_height * first_width, bias=False),
            nn.Unflatten(1, (widths[0], first_height, first_width)),
            BatchNorm2d(widths[0]),
            nn.LeakyReLU(0.2),
        ]
        for (in_channels, out_channels), size in zip(pairwise(widths), finer, strict=True):
            layers += [up(in_channels, out_channels, size), BatchNorm2d(out_channels), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], channels, 3, 1, 1), nn.Tanh())

    def forward(self, codes: Tensor) -> Tensor:
        """Return images (B, C, H, W) in [-1, 1] for codes (B, code_dim)."""
        images: Tensor = self.layers(codes)
        return images

    def early_features(self, z: Tensor) -> Tensor:
        """Return the features (B, F) of the coarsest resolution."""
        features: Tensor = self.layers[:EARLY_LAYERS](z)
        return features.flatten(1)


class Encoder(nn.Module):
    """Strided convolutions from images to codes; over the images each dimension has mean 0 and variance 1.

    Args:
        code_dim: length of a code.
        widths: channels from the finest resolution to the coarsest.
        shape: (C, H, W) of the images.
    """

    def __init__(self, code_dim: int, widths: Widths, shape: Shape) -> None:
        super().__init__()
        self.layers = down_convs(widths, shape, code_dim, norm=True)
        self.norm = BatchNorm1d(code_dim, affine=False)

    def forward(self, images: Tensor) -> Tensor:
        """Return codes (B, code_dim) of images (B, C, H, W)."""
        codes: Tensor = self.norm(self.layers(images))
        return codes


class ConvDiscriminator(Discriminator):
    """Strided convolutions without normalization.

    Args:
        widths: channels from the finest resolution to the coarsest.
        shape: (C, H, W) of the images.
    """

    def __init__(self, widths: Widths, shape: Shape) -> None:
        super().__init__()
        self.layers = down_convs(widths, shape, 1, norm=False)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B,) for images (B, C, H, W)."""
        logits: Tensor = self.layers(images).squeeze(1)
        return logits


class RectifiedFlow(nn.Module):
    """Learned velocity field that carries noise to codes (Liu et al. 2023; Lipman et al. 2023).

    Args:
        code_dim: length of a code and of z.
        width: units of the dense layers.
        num_classes: 0, or the number of classes that codes depend on.
    """

    HEUN_STEPS = 8  # steps of Heun's method from noise at t = 0 to codes at t = 1
    TIME_FREQUENCIES = 8  # sines and cosines that encode t

    def __init__(self, code_dim: int, width: int, num_classes: int) -> None:
        super().__init__()
        self.in_proj = nn.Linear(code_dim + 1 + 2 * self.TIME_FREQUENCIES, width)
        self.label_embedding = nn.Embedding(num_classes, width) if num_classes else None
        self.blocks = nn.ModuleList([_ResidualMLP(width), _ResidualMLP(width)])
        self.out_proj = nn.Linear(width, code_dim)

    def velocity(self, x: Tensor, t: Tensor, labels: Tensor | None) -> Tensor:
        """Return the velocity (B, code_dim) at x (B, code_dim) and time t (B, 1) in [0, 1]."""
        angles = t * math.pi * 2.0 ** torch.arange(self.TIME_FREQUENCIES, device=t.device)
        hidden: Tensor = self.in_proj(torch.cat([x, t, angles.sin(), angles.cos()], dim=1))
        if self.label_embedding is not None and labels is not None:
            hidden = hidden + self.label_embedding(labels)
        for block in self.blocks:
            hidden = block(hidden)
        velocity: Tensor = self.out_proj(F.silu(hidden))
        return velocity

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the codes (B, code_dim) where z (B, code_dim) arrives."""
        x = z
        for step in range(self.HEUN_STEPS):
            t = torch.full((z.shape[0], 1), step / self.HEUN_STEPS, device=z.device, dtype=z.dtype)
            first = self.velocity(x, t, labels)
            second = self.velocity(x + first / self.HEUN_STEPS, t + 1 / self.HEUN_STEPS, labels)
            x = x + (first + second) / (2 * self.HEUN_STEPS)
        return x


class _ResidualMLP(nn.Module):
    """Small dense network beside a shortcut; it adds nothing at first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        nn.init.zeros_(self.layers[-1].weight)  # type: ignore[arg-type]

    def forward(self, hidden: Tensor) -> Tensor:
        """Return (B, width) for (B, width)."""
        output: Tensor = hidden + self.layers(hidden)
        return output


class AutoencoderGenerator(Generator):
    """Prior from z to a code, then the autoencoder's decoder from the code to an image.

    Args:
        z_dim: length of z and of a code.
        widths: channels of the decoder.
        shape: (C, H, W) of the images.
        num_classes: 0, or the number of classes that the prior knows.
    """

    PRIOR_WIDTH = 256
    up: ClassVar[type[TransposedConv | ResizeConv]] = ResizeConv

    def __init__(self, z_dim: int, widths: Widths, shape: Shape, num_classes: int = 0) -> None:
        super().__init__()
        self.prior = RectifiedFlow(z_dim, self.PRIOR_WIDTH, num_classes)
        self.decoder = Decoder(z_dim, widths, shape, self.up)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return images (B, C, H, W) in [-1, 1] for latents (B, z_dim) and labels (B,), if there are classes."""
        images: Tensor = self.decoder(self.prior(z, labels))
        return images

    def map(self, z: Tensor, labels: Tensor | None, truncation: float = 1.0) -> Tensor:
        """Return the codes (B, 1, z_dim) that the prior makes of latents, truncated, and labels (B,)."""
        codes: Tensor = self.prior(truncation * z, labels)
        return codes[:, None]

    def synthesize(self, w: Tensor) -> Tensor:
        """Return images (B, C, H, W) that the decoder draws from codes w (B, 1, z_dim)."""
        images: Tensor = self.decoder(w[:, 0])
        return images

    def parameters_of(self, part: str) -> list[nn.Parameter]:
        """Return the decoder's parameters for "autoencoder" and "generator", the prior's for "prior"."""
        parts: dict[str, nn.Module] = {"autoencoder": self.decoder, "generator": self.decoder, "prior": self.prior}
        return list(parts[part].parameters())

    def compile_parts(self) -> list[nn.Module]:
        """Return the decoder, which is nearly all of the cost."""
        return [self.decoder]


class TransposedAutoencoderGenerator(AutoencoderGenerator):
    """The same with free 4 x 4 kernels, as runs of 0.1 have it. They draw a grid, which enlarging makes plain."""

    up = TransposedConv
