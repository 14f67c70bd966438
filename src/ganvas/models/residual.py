"""A residual pair without normalization (Mescheder et al. 2018): stable by its gradient penalty alone."""

from itertools import pairwise

from torch import Tensor, nn

from .base import Discriminator, Generator
from .layers import Shape, Widths, resolutions

LEAKY_SLOPE = 0.2
BRANCH_SCALE = 0.1  # factor of a block's convolutions, so that at first it is little more than its shortcut
EARLY_LAYERS = 3  # the dense one as a map, and its residual block


def kaiming_init(module: nn.Module) -> None:
    """Draw weights so that features keep their size from layer to layer (He et al. 2015): there are no norms."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, LEAKY_SLOPE)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut, which is a 1x1 convolution where the channels change.

    Args:
        in_channels, out_channels: channels.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        same = in_channels == out_channels
        self.shortcut = nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 1, bias=False)
        mid_channels = min(in_channels, out_channels)
        self.branch = nn.Sequential(
            nn.LeakyReLU(LEAKY_SLOPE),
            nn.Conv2d(in_channels, mid_channels, 3, padding=1),
            nn.LeakyReLU(LEAKY_SLOPE),
            nn.Conv2d(mid_channels, out_channels, 3, padding=1),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return features (B, out_channels, H, W) for (B, in_channels, H, W)."""
        output: Tensor = self.shortcut(features) + BRANCH_SCALE * self.branch(features)
        return output


class ResidualGenerator(Generator):
    """A residual block at each resolution, with nearest-neighbour upsampling between them.

    Args:
        z_dim: length of z.
        widths: channels from the coarsest resolution to the finest.
        shape: (C, H, W) of the images.
    """

    def __init__(self, z_dim: int, widths: Widths, shape: Shape) -> None:
        super().__init__()
        channels, height, width = shape
        (first_height, first_width), *finer = resolutions(height, width, len(widths))
        layers: list[nn.Module] = [
            nn.Linear(z_dim, widths[0] * first_height * first_width),
            nn.Unflatten(1, (widths[0], first_height, first_width)),
            ResidualBlock(widths[0], widths[0]),
        ]
        for (in_channels, out_channels), size in zip(pairwise(widths), finer, strict=False):
            layers += [nn.Upsample(size), ResidualBlock(in_channels, out_channels)]
        to_rgb = nn.Conv2d(widths[-1], channels, 3, padding=1)
        self.layers = nn.Sequential(*layers, nn.Upsample(finer[-1]), nn.LeakyReLU(LEAKY_SLOPE), to_rgb, nn.Tanh())
        self.apply(kaiming_init)

    def forward(self, z: Tensor) -> Tensor:
        """Return images (B, C, H, W) in [-1, 1] for latents (B, z_dim)."""
        images: Tensor = self.layers(z)
        return images

    def early_features(self, z: Tensor) -> Tensor:
        """Return the features (B, F) of the coarsest resolution."""
        features: Tensor = self.layers[:EARLY_LAYERS](z)
        return features.flatten(1)


class ResidualDiscriminator(Discriminator):
    """The generator's blocks in reverse: average pooling between them, and a dense layer at the end.

    Args:
        widths: channels from the finest resolution to the coarsest.
        shape: (C, H, W) of the images.
    """

    def __init__(self, widths: Widths, shape: Shape) -> None:
        super().__init__()
        channels, height, width = shape
        from_rgb = nn.Conv2d(channels, widths[0], 3, padding=1)
        layers: list[nn.Module] = [from_rgb, nn.LeakyReLU(LEAKY_SLOPE), nn.AvgPool2d(2)]
        for in_channels, out_channels in pairwise(widths):
            layers += [ResidualBlock(in_channels, out_channels), nn.AvgPool2d(2)]
        logit = nn.Linear(widths[-1] * (height >> len(widths)) * (width >> len(widths)), 1)
        last_block = ResidualBlock(widths[-1], widths[-1])
        self.layers = nn.Sequential(*layers, last_block, nn.LeakyReLU(LEAKY_SLOPE), nn.Flatten(), logit)
        self.apply(kaiming_init)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B,) for images (B, C, H, W)."""
        logits: Tensor = self.layers(images).squeeze(1)
        return logits
