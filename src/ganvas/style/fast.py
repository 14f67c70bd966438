"""Paint in one pass of a small network, in the style of any painting: a first look, and a beginning for more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from .. import builtin
from ..config import StyleConfig
from ..models import vgg
from ..models.fast_style import (
    COARSENESS,
    FULL_STRENGTH,
    STATISTICS_LAYERS,
    FastStyleNetwork,
    Norm,
)
from ..models.vgg import VGG
from .style_targets import masks_on_layers

DEFAULT_STRENGTH = StyleConfig.strength
COLOR_NOISE = 0.1  # standard deviation added to all colours, so that what is nearly gray is not blown up


@dataclass(frozen=True)
class StyleStatistics:
    """What is known of a painting, or of several that are mixed.

    Args:
        features: means and standard deviations of its VGG features, (1, STATISTICS_SIZE).
        color_mean, color_covariance: of its RGB colours in [0, 1], (1, 3) and (1, 3, 3).
    """

    features: Tensor
    color_mean: Tensor
    color_covariance: Tensor


@dataclass(frozen=True)
class PictureStatistics:
    """What is measured of whole pictures as they are painted; held still, parts or a film's frames fit together.

    Args:
        color_mean, color_covariance: of their RGB colours in [0, 1], (B, 3) and (B, 3, 3).
        norms: what the network's instance norms measured; with B = 1, they serve any number of images.
    """

    color_mean: Tensor
    color_covariance: Tensor
    norms: Sequence[Norm]


class FastStyle:
    """A network that paints in one pass, with what it needs to see paintings.

    Args:
        network: trained or not.
    """

    def __init__(self, network: FastStyleNetwork) -> None:
        self.network = network.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # a quarter faster
        self.encoder: VGG | None = None

    @classmethod
    def load(cls, path: Path | None = None) -> "FastStyle":
        """Return the packaged network, or the one in a file of weights."""
        network = FastStyleNetwork()
        network.load_state_dict(load_file(path or builtin.fast_style()))
        return cls(network)

    @torch.inference_mode()
    def prepare(self, painting: Tensor, opacity: Tensor | None = None) -> StyleStatistics:
        """Return the statistics of a painting (1, 3, H, W) in [0, 1]; the only time that VGG looks at it.

        Args:
            opacity: how much each pixel counts, (1, 1, H, W) in [0, 1]; None if all do.
        """
        if self.encoder is None:
            self.encoder = VGG(vgg.packaged_vgg16(), STATISTICS_LAYERS).to(painting.device)
        weights = None if opacity is None or not opacity.any() else opacity.to(painting.device)
        features = feature_statistics(self.encoder(painting * 2 - 1), weights)
        return StyleStatistics(features, *color_statistics(painting, weights))

    @torch.inference_mode()
    def measure(self, parts: Tensor, style: StyleStatistics, strength: float = DEFAULT_STRENGTH) -> PictureStatistics:
        """Return the statistics of one whole picture, given as parts (B, 3, H, W) in [0, 1]."""
        mean, covariance = color_statistics(parts.transpose(0, 1).flatten(2)[None])
        return self._pass(parts, style, strength, mean, covariance, pooled=True)[1]

    @torch.inference_mode()
    def paint(
        self,
        pictures: Tensor,
        style: StyleStatistics,
        strength: float = DEFAULT_STRENGTH,
        statistics: PictureStatistics | None = None,
    ) -> Tensor:
        """Return pictures (B, 3, H, W) in [0, 1] painted in a style.

        Args:
            strength: how strong the style is, in [0, 1].
            statistics: those of the whole that the pictures are parts of; by default each one's own.
        """
        if statistics is None:
            return self._pass(pictures, style, strength, *color_statistics(pictures))[0]
        mean, covariance, norms = statistics.color_mean, statistics.color_covariance, statistics.norms
        return self._pass(pictures, style, strength, mean, covariance, norms)[0]

    @torch.inference_mode()
    def paint_next(
        self, frame: Tensor, style: StyleStatistics, strength: float, held: PictureStatistics | None, kept: float
    ) -> tuple[Tensor, PictureStatistics]:
        """Return a film's frame (1, 3, H, W) in [0, 1] as it is painted, and the running mean of the statistics.

        Args:
            held: that mean as of the frame before; None begins it anew.
            kept: weight of `held`; the rest is what this frame has.
        """
        mean, covariance = color_statistics(frame)
        if held is None:
            return self._pass(frame, style, strength, mean, covariance)
        mean = torch.lerp(mean, held.color_mean, kept)
        covariance = torch.lerp(covariance, held.color_covariance, kept)
        return self._pass(frame, style, strength, mean, covariance, held.norms, given_share=kept)

    def _pass(
        self,
        pictures: Tensor,
        style: StyleStatistics,
        strength: float,
        mean: Tensor,
        covariance: Tensor,
        norms: Sequence[Norm] = (),
        pooled: bool = False,
        given_share: float = 1.0,
    ) -> tuple[Tensor, PictureStatistics]:
        """Return pictures as they are painted, and their statistics."""
        strengths = torch.full((1,), strength, device=pictures.device)
        recolored = move_colors(pictures, mean, covariance, style, strengths)
        painted, norms = self.network(
            pad_to_stride(recolored).contiguous(memory_format=torch.channels_last),
            self.network.modulate(style.features, strengths),
            norms,
            pooled,
            given_share,
        )
        height, width = pictures.shape[2:]
        return painted[..., :height, :width].clamp(0, 1), PictureStatistics(mean, covariance, norms)


def blend_statistics(styles: Sequence[StyleStatistics], shares: Sequence[float]) -> StyleStatistics:
    """Return the statistics of several paintings mixed by `shares`, which add up to 1."""

    def mixed(parts: Sequence[Tensor]) -> Tensor:
        return torch.stack([part * share for part, share in zip(parts, shares, strict=True)]).sum(0)

    mean = mixed([style.color_mean for style in styles])
    second = mixed([style.color_covariance + _outer(style.color_mean) for style in styles])
    return StyleStatistics(mixed([style.features for style in styles]), mean, second - _outer(mean))


def feature_statistics(features: Mapping[str, Tensor], weights: Tensor | None = None) -> Tensor:
    """Return the means and standard deviations of VGG features (B, C, H, W) by layer: (B, STATISTICS_SIZE).

    Args:
        weights: how much each pixel of the images counts, (B, 1, H, W); None if all count the same.
    """
    masks = None if weights is None else masks_on_layers(weights, STATISTICS_LAYERS)
    found = []
    for layer in STATISTICS_LAYERS:
        mean, variance = _weighted(features[layer], None if masks is None else masks[layer])
        found += [mean, (variance + 1e-6).sqrt()]
    return torch.cat(found, 1)


def _weighted(features: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the means and variances (B, C) of features (B, C, H, W) over all positions, counted by weights."""
    if weights is None:
        variance, mean = torch.var_mean(features, (2, 3), correction=0)
        return mean, variance
    shares = weights / weights.sum((2, 3), keepdim=True)
    mean = (features * shares).sum((2, 3), keepdim=True)
    return mean[..., 0, 0], ((features - mean).square() * shares).sum((2, 3))


def color_statistics(pictures: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return the mean (B, 3) and covariance (B, 3, 3) of the colours of pictures (B, 3, ...), counted by weights."""
    colors = pictures.flatten(2)
    shares = torch.ones_like(colors[:, :1]) if weights is None else weights.flatten(2)
    shares = shares / shares.sum(2, keepdim=True)
    mean = (colors * shares).sum(2)
    centered = colors - mean[..., None]
    return mean, (centered * shares) @ centered.mT


def move_colors(
    pictures: Tensor, mean: Tensor, covariance: Tensor, style: StyleStatistics, strengths: Tensor
) -> Tensor:
    """Return pictures (B, 3, H, W) whose colours are moved to those of a style, as far as strengths (B,) say.

    It is the affine map between two Gaussians that moves colours least, as in `color.gaussian_transport`.

    Args:
        mean, covariance: of the pictures' colours, (B, 3) and (B, 3, 3).
    """
    noise = COLOR_NOISE**2 * torch.eye(3, dtype=torch.float64, device=pictures.device)
    source, target = covariance.double() + noise, style.color_covariance.double() + noise
    root, inverse = _matrix_power(source, 0.5), _matrix_power(source, -0.5)
    whole = inverse @ _matrix_power(root @ target @ root, 0.5) @ inverse
    share = (strengths.double() / FULL_STRENGTH).clamp(max=1)[:, None]
    matrix = torch.lerp(torch.eye(3, dtype=torch.float64, device=pictures.device), whole, share[..., None])
    shift = torch.lerp(mean.double(), style.color_mean.double(), share) - (matrix @ mean.double()[..., None])[..., 0]
    moved = matrix.to(pictures) @ pictures.flatten(2) + shift.to(pictures)[..., None]
    return moved.view(pictures.shape)


def pad_to_stride(pictures: Tensor) -> Tensor:
    """Return pictures (B, 3, H, W) with their last rows and columns repeated, so that the network can take them."""
    height, width = (max(8, -(-side // COARSENESS) * COARSENESS) for side in pictures.shape[2:])
    return F.pad(pictures, (0, width - pictures.shape[3], 0, height - pictures.shape[2]), mode="replicate")


def _matrix_power(matrices: Tensor, exponent: float) -> Tensor:
    """Return a power of symmetric positive matrices (B, 3, 3)."""
    values, vectors = torch.linalg.eigh(matrices)
    powered: Tensor = (vectors * values.clamp(min=1e-9)[..., None, :] ** exponent) @ vectors.mT
    return powered


def _outer(vectors: Tensor) -> Tensor:
    return vectors[..., None] * vectors[..., None, :]
