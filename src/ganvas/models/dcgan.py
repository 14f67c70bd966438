"""DCGAN: convolutions all the way (Radford et al. 2016)."""

from itertools import pairwise

from torch import Tensor, nn

from .layers import doubling, grids


def normal_init(module: nn.Module) -> None:
    """Draw convolution weights from N(0, 0.02) and batch-norm scales from N(1, 0.02), as the paper does."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


class DCGANGenerator(nn.Module):
    """Grow pictures from latents by transposed convolutions, each doubling height and width.

    Args:
        latent: length of z.
        widths: channels from the coarsest stage on; n widths make pictures about 2^n times the first grid.
        shape: (C, H, W) of the pictures.
    """

    def __init__(self, latent: int, widths: tuple[int, ...], shape: tuple[int, int, int]) -> None:
        super().__init__()
        channels, height, width = shape
        coarse, *finer = grids(height, width, len(widths))
        self.latent = latent
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(latent, widths[0], coarse, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(),
        ]
        for (before, after), grid in zip(pairwise(widths), finer, strict=False):
            layers += [doubling(before, after, grid), nn.BatchNorm2d(after), nn.ReLU()]
        self.layers = nn.Sequential(*layers, doubling(widths[-1], channels, finer[-1]), nn.Tanh())
        self.apply(normal_init)

    def forward(self, z: Tensor) -> Tensor:
        """Return pictures (B, C, H, W) in [-1, 1] for latents (B, latent)."""
        pictures: Tensor = self.layers(z[:, :, None, None])
        return pictures


class DCGANDiscriminator(nn.Module):
    """Judge pictures by strided convolutions, each halving height and width.

    Args:
        widths: channels from the finest stage on.
        shape: (C, H, W) of the pictures.
    """

    def __init__(self, widths: tuple[int, ...], shape: tuple[int, int, int]) -> None:
        super().__init__()
        channels, height, width = shape
        layers: list[nn.Module] = [nn.Conv2d(channels, widths[0], 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]
        coarse = (height >> len(widths), width >> len(widths))
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, coarse, bias=False))
        self.apply(normal_init)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return logits (B,) for pictures (B, C, H, W)."""
        logits: Tensor = self.layers(pictures).flatten()
        return logits
