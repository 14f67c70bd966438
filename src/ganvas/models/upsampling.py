"""Small images made large: an upsampler behind a generator that draws small, and a discriminator for either size.

Shapes are learned at the small size, where a step is cheap. Detail is local, so that few pictures teach it. The same is
done by StackGAN (Zhang et al. 2017), progressive growing (Karras et al. 2018) and cascades of diffusion models (Ho et
al. 2022) in their ways.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .base import Discriminator, Generator
from .equalized import LEAKY_SLOPE
from .layers import Shape, Widths

FULL_LEVEL = 1  # level of the full size; below, networks draw and judge the small one


def downsample(images: Tensor, factor: int) -> Tensor:
    """Return images (B, C, h, w) whose pixels are means over `factor` x `factor` of images (B, C, H, W)."""
    return F.avg_pool2d(images, factor, ceil_mode=True)


class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut, without norms (Lim et al. 2017, EDSR); it adds nothing at first."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LeakyReLU(LEAKY_SLOPE),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.LeakyReLU(LEAKY_SLOPE),
            nn.Conv2d(channels, channels, 3, padding=1),
        )
        nn.init.zeros_(self.layers[-1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.layers[-1].bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        """Return features (B, C, H, W) for features (B, C, H, W)."""
        output: Tensor = features + self.layers(features)
        return output


def split_widths(widths: Widths, factor: int) -> tuple[Widths, Widths]:
    """Return the widths of an upsampler's residual blocks, and those after each doubling but the last."""
    blocks = len(widths) - factor.bit_length() + 2
    return widths[:blocks], widths[blocks:]


class Upsampler(nn.Module):
    """Learned detail added to the bilinear enlargement; it adds nothing at first.

    Nearly all of its work is done at the small size; pixel shuffles (Shi et al. 2016) lead to the large one.

    Args:
        widths: channels of the residual blocks, one width a block, and after each doubling but the last.
        shape: (C, H, W) of the large images.
        factor: how many times larger than the small ones they are: 2, 4 or 8.
    """

    def __init__(self, widths: Widths, shape: Shape, factor: int) -> None:
        super().__init__()
        blocks, narrowing = split_widths(widths, factor)
        channels, self.height, self.width = shape
        self.factor = factor
        layers: list[nn.Module] = [nn.Conv2d(channels, blocks[0], 3, padding=1), *map(ResidualBlock, blocks)]
        before = blocks[-1]
        for width in narrowing:
            layers += [nn.LeakyReLU(LEAKY_SLOPE), nn.Conv2d(before, 4 * width, 3, padding=1), nn.PixelShuffle(2)]
            before = width
        to_pixels = nn.Conv2d(before, 4 * channels, 3, padding=1)
        nn.init.zeros_(to_pixels.weight)
        nn.init.zeros_(to_pixels.bias)  # type: ignore[arg-type]
        self.layers = nn.Sequential(*layers, nn.LeakyReLU(LEAKY_SLOPE), to_pixels, nn.PixelShuffle(2))

    def forward(self, images: Tensor) -> Tensor:
        """Return images (B, C, H, W), about [-1, 1], for small ones (B, C, h, w) in [-1, 1]."""
        enlarged: Tensor = F.interpolate(images, scale_factor=self.factor, mode="bilinear") + self.layers(images)
        return enlarged[:, :, : self.height, : self.width]  # crops of small images give crops of large ones


class UpsampledGenerator(Generator):
    """Generator that draws small, with an upsampler behind it. What it samples has the full size from the beginning.

    Below `FULL_LEVEL` it is trained at the small size: its fakes are small, and the reals that it is matched with.

    Args:
        base: draws small images.
        upsampler: makes them large.
    """

    fakes_are_images = False

    def __init__(self, base: Generator, upsampler: Upsampler) -> None:
        super().__init__()
        self.small, self.upsampler = base, upsampler
        self._at_full_size = False

    @property
    def base(self) -> Generator:
        """The generator of the small images."""
        return self.small

    def set_level(self, level: float) -> None:
        """Set whether fakes are small or of the full size."""
        self._at_full_size = level >= FULL_LEVEL

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return images (B, C, H, W), about [-1, 1], for latents (B, z_dim) and labels (B,), if there are classes."""
        images: Tensor = self.upsampler(self.small._images(z, labels))
        return images

    def fakes(self, z: Tensor, labels: Tensor | None, rng: torch.Generator, style_mixing: float = 0.0) -> Tensor:
        """Return small images, or large ones at the full level."""
        small = self.small.fakes(z, labels, rng, style_mixing)
        return self.upsampler(small) if self._at_full_size else small

    def sample(self, z: Tensor, labels: Tensor | None, truncation: float = 1.0) -> Tensor:
        """Return images (B, C, H, W) for those who sample."""
        images: Tensor = self.upsampler(self.small.sample(z, labels, truncation))
        return images

    def match_reals(self, images: Tensor) -> Tensor:
        """Return real images (B, C, H, W) at the size of the fakes."""
        return images if self._at_full_size else downsample(images, self.upsampler.factor)

    def update_statistics(self, z: Tensor, labels: Tensor | None) -> None:
        """Measure what the small generator needs."""
        self.small.update_statistics(z, labels)

    def parameters_of(self, part: str) -> list[nn.Parameter]:
        """Return the upsampler's parameters for "upsampler", else those of the small generator."""
        return list(self.upsampler.parameters()) if part == "upsampler" else self.small.parameters_of(part)

    def compile_parts(self) -> list[nn.Module]:
        """Return the parts of the small generator that can be compiled, and the upsampler."""
        return [*self.small.compile_parts(), self.upsampler]


class UpsampledDiscriminator(Discriminator):
    """A discriminator of small images, and one of crops of large images that takes its place at the full level.

    Args:
        small: judges small images.
        large: judges crops of images of the full size.
        shape: (C, H, W) of the crops.
    """

    def __init__(self, small: Discriminator, large: Discriminator, shape: Shape) -> None:
        super().__init__()
        self.small, self.large = small, large
        _, self.height, self.width = shape
        self._at_full_size = False

    def set_level(self, level: float) -> None:
        """Set which of the two judges."""
        self._at_full_size = level >= FULL_LEVEL

    def freezable_parameters(self) -> list[nn.Parameter]:
        """Return those of the small one: the large one begins anew with each size."""
        return self.small.freezable_parameters()

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the logits of the one that judges now; of images that are larger than a crop, it sees the middle."""
        judge = self.large if self._at_full_size else self.small
        if self._at_full_size:
            top, left = (images.shape[2] - self.height) // 2, (images.shape[3] - self.width) // 2
            images = images[:, :, top : top + self.height, left : left + self.width]
        logits: Tensor = judge(images) if labels is None else judge(images, labels)
        return logits
