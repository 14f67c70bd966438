"""A residual pair without normalisation (Mescheder et al. 2018): what the penalty holds together alone."""

from itertools import pairwise

from torch import Tensor, nn

from .layers import grids

SLOPE = 0.2
BRANCH = 0.1  # of a block's convolutions beside its shortcut, so that it starts as little more than that


def kaiming_init(module: nn.Module) -> None:
    """Draw weights so that features keep their size from layer to layer (He et al. 2015): no norm will see to it."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, SLOPE)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Block(nn.Module):
    """Add what two convolutions make of features to the features themselves, or to a 1x1 mix of them.

    Args:
        before, after: channels.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.shortcut = nn.Identity() if before == after else nn.Conv2d(before, after, 1, bias=False)
        narrow = min(before, after)
        self.branch = nn.Sequential(
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(before, narrow, 3, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(narrow, after, 3, padding=1),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return features (B, after, H, W) for (B, before, H, W)."""
        added: Tensor = self.shortcut(features) + BRANCH * self.branch(features)
        return added


class ResidualGenerator(nn.Module):
    """Grow pictures from latents: a block at each grid, then the nearest pixels repeated up to the next.

    Args:
        latent: length of z.
        widths: channels from the coarsest grid to the finest.
        shape: (C, H, W) of the pictures.
    """

    def __init__(self, latent: int, widths: tuple[int, ...], shape: tuple[int, int, int]) -> None:
        super().__init__()
        channels, height, width = shape
        (high, wide), *finer = grids(height, width, len(widths))
        layers: list[nn.Module] = [
            nn.Linear(latent, widths[0] * high * wide),
            nn.Unflatten(1, (widths[0], high, wide)),
            Block(widths[0], widths[0]),
        ]
        for (before, after), grid in zip(pairwise(widths), finer, strict=False):
            layers += [nn.Upsample(grid), Block(before, after)]
        last = nn.Conv2d(widths[-1], channels, 3, padding=1)
        self.layers = nn.Sequential(*layers, nn.Upsample(finer[-1]), nn.LeakyReLU(SLOPE), last, nn.Tanh())
        self.apply(kaiming_init)

    def forward(self, z: Tensor) -> Tensor:
        """Return pictures (B, C, H, W) in [-1, 1] for latents (B, latent)."""
        pictures: Tensor = self.layers(z)
        return pictures


class ResidualDiscriminator(nn.Module):
    """Judge pictures by the same blocks the other way: each side halved by averages, and a dense layer on the rest.

    Args:
        widths: channels from the finest grid to the coarsest.
        shape: (C, H, W) of the pictures.
    """

    def __init__(self, widths: tuple[int, ...], shape: tuple[int, int, int]) -> None:
        super().__init__()
        channels, height, width = shape
        layers: list[nn.Module] = [nn.Conv2d(channels, widths[0], 3, padding=1), nn.LeakyReLU(SLOPE), nn.AvgPool2d(2)]
        for before, after in pairwise(widths):
            layers += [Block(before, after), nn.AvgPool2d(2)]
        left = widths[-1] * (height >> len(widths)) * (width >> len(widths))
        judge = nn.Linear(left, 1)
        self.layers = nn.Sequential(*layers, Block(widths[-1], widths[-1]), nn.LeakyReLU(SLOPE), nn.Flatten(), judge)
        self.apply(kaiming_init)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return logits (B,) for pictures (B, C, H, W)."""
        logits: Tensor = self.layers(pictures).squeeze(1)
        return logits
