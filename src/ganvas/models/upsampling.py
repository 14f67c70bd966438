"""Small images made large: an upsampler behind a generator that draws small, and a discriminator for either size.

Shapes are learned at the small size, where a step is cheap. Detail is local, so that few pictures teach it. The same is
done by StackGAN (Zhang et al. 2017), progressive growing (Karras et al. 2018) and cascades of diffusion models (Ho et
al. 2022) in their ways.
"""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .base import Discriminator, Generator
from .equalized import LEAKY_SLOPE
from .layers import ResizeConv, Shape, Widths

FULL_LEVEL = 1  # level of the full size; below, networks draw and judge the small one


def downsample(images: Tensor, factor: int) -> Tensor:
    """Return images (B, C, h, w) whose pixels are means over `factor` x `factor` of images (B, C, H, W)."""
    return F.avg_pool2d(images, factor, ceil_mode=True)


def view_factor(view: int, views: int) -> int:
    """Return how many times view `view` of a large image is reduced: view 0 is the whole, the last a crop at full size.

    Each view shows half as much as the one before, twice as large, so that all have about the same number of pixels.
    """
    return 1 << (views - 1 - view)


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

    Nearly all of its work is done at the small size. Nearest neighbours and convolutions lead to the large one; behind
    pixel shuffles (Shi et al. 2016) flat areas would get a grid.

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
            layers += [nn.LeakyReLU(LEAKY_SLOPE), ResizeConv(before, width)]
            before = width
        to_pixels = ResizeConv(before, channels)
        nn.init.zeros_(to_pixels.weight)
        self.layers = nn.Sequential(*layers, nn.LeakyReLU(LEAKY_SLOPE), to_pixels)

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
        self.register_buffer("has_frozen_norms", torch.tensor(False))
        self._at_full_size = False

    @property
    def base(self) -> Generator:
        """The generator of the small images."""
        return self.small

    @property
    def batch_norm_is_frozen(self) -> bool:
        """Whether the small generator keeps its batch-norm statistics."""
        return bool(self.has_frozen_norms)

    def freeze_batch_norm(self) -> None:
        """Keep the small generator's batch-norm statistics as they are from now on."""
        self.get_buffer("has_frozen_norms").fill_(True)

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

    @property
    def has_mapping(self) -> bool:
        """Whether the small generator has."""
        return self.small.has_mapping

    def map(self, z: Tensor, labels: Tensor | None, truncation: float = 1.0) -> Tensor:
        """Return w (B, num_ws, w_dim), from which the small generator draws."""
        return self.small.map(z, labels, truncation)

    def synthesize(self, w: Tensor) -> Tensor:
        """Return images (B, C, H, W) drawn small from w (B, num_ws, w_dim), and enlarged."""
        images: Tensor = self.upsampler(self.small.synthesize(w))
        return images

    def match_reals(self, images: Tensor) -> Tensor:
        """Return real images (B, C, H, W) at the size of the fakes."""
        return images if self._at_full_size else downsample(images, self.upsampler.factor)

    def early_features(self, z: Tensor) -> Tensor | None:
        """Return those of the small generator."""
        return self.small.early_features(z)

    def style_weights(self) -> list[Tensor]:
        """Return those of the small generator."""
        return self.small.style_weights()

    def update_statistics(self, z: Tensor, labels: Tensor | None) -> None:
        """Measure what the small generator needs."""
        self.small.update_statistics(z, labels)

    def parameters_of(self, part: str) -> list[nn.Parameter]:
        """Return the upsampler's for "upsampler", with those that draw for "refiner", else the small generator's."""
        if part == "refiner":
            return [*self.upsampler.parameters(), *self.small.parameters_of("generator")]
        return list(self.upsampler.parameters()) if part == "upsampler" else self.small.parameters_of(part)

    def compile_parts(self) -> list[nn.Module]:
        """Return the parts of the small generator that can be compiled, and the upsampler."""
        return [*self.small.compile_parts(), self.upsampler]


class UpsampledDiscriminator(Discriminator):
    """A discriminator of small images; and at the full level others that take its place, one a view of large images.

    Args:
        small: judges small images.
        large: judge views, the whole image first; see `view_factor`.
        shape: (C, H, W) of large images.
    """

    def __init__(self, small: Discriminator, large: Iterable[Discriminator], shape: Shape) -> None:
        super().__init__()
        self.small, self.large = small, nn.ModuleList(large)
        _, self.height, self.width = shape
        self._level = 0

    def set_level(self, level: float) -> None:
        """Set which one judges: the small one below the full level; from there on that of view `level - FULL_LEVEL`."""
        self._level = int(level)

    @property
    def judge(self) -> Discriminator:
        """The one that judges now."""
        judge = self.large[self._level - FULL_LEVEL] if self._level >= FULL_LEVEL else self.small
        assert isinstance(judge, Discriminator)
        return judge

    def freezable_parameters(self) -> list[nn.Parameter]:
        """Return those of the small one: the large ones begin anew with each size."""
        return self.small.freezable_parameters()

    @property
    def judges_features(self) -> bool:
        """Whether the one that judges now does."""
        return self.judge.judges_features

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the logits of the one that judges now, for images of its size; of large ones, it sees the whole."""
        images = self._view(images)
        logits: Tensor = self.judge(images) if labels is None else self.judge(images, labels)
        return logits

    def features_of(self, images: Tensor) -> list[Tensor]:
        """Return the features that the one that judges now has of images."""
        return self.judge.features_of(self._view(images))

    def logits_of(self, features: list[Tensor], labels: Tensor | None) -> Tensor:
        """Return the logits of the one that judges now."""
        return self.judge.logits_of(features, labels)

    def _view(self, images: Tensor) -> Tensor:
        """Return images as the one that judges now sees them."""
        if self._level == FULL_LEVEL and images.shape[2:] == (self.height, self.width):
            return downsample(images, view_factor(0, len(self.large)))
        return images
