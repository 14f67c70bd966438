"""What a network that repaints in one pass is trained for: the optimizer's aims, for many images and styles at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..models.fast_style import STATISTICS_LAYERS
from ..models.vgg import VGG
from .painting import CONTENT_WEIGHT
from .statistics import TINY

CONTENT_LAYER = STATISTICS_LAYERS[-1]
SMOOTHNESS = 0.1  # weight of the total variation relative to the style, as StyleConfig has it
IDENTITY_WEIGHT, IDENTITY_POWER = 2.0, 12  # at strength 0 pixels stay as they are; at 0.4 that counts for nothing
RANGE_WEIGHT = 1.0  # of colors that no picture can have

Moments = Mapping[str, tuple[Tensor, Tensor]]  # by layer: mean (B, C) and covariance (B, C, C) of the features


@dataclass(frozen=True)
class Aims:
    """What a batch is to become.

    Args:
        contents: the images, (B, 3, H, W) in [0, 1].
        shapes: their features at `CONTENT_LAYER`.
        moments: those of the styles.
        strengths: how strong each style is, (B,) in [0, 1]; the weights of content and style follow from them.
    """

    contents: Tensor
    shapes: Tensor
    moments: Moments
    strengths: Tensor


def moments_of(features: Mapping[str, Tensor]) -> Moments:
    """Return mean and covariance of features (B, C, H, W) over all positions, by layer."""
    found = {}
    for layer in STATISTICS_LAYERS:
        flat = features[layer].flatten(2)
        mean = flat.mean(2)
        found[layer] = mean, flat @ flat.mT / flat.shape[2] - mean[:, :, None] * mean[:, None]
    return found


def training_loss(encoder: VGG, painted: Tensor, aims: Aims) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of painted images (B, 3, H, W), nearly in [0, 1], and the means of its parts for the log."""
    features = encoder(painted * 2 - 1)
    change = (features[CONTENT_LAYER] - aims.shapes).square().flatten(1).sum(1)
    content = change / (aims.shapes.square().flatten(1).sum(1) + TINY)
    style = moments_distances(moments_of(features), aims.moments)
    variation = 4 * sum(painted.diff(dim=dim).square().flatten(1).mean(1) for dim in (2, 3))
    moved = (painted - aims.contents).abs().flatten(1).mean(1)
    outside = (painted - painted.clamp(0, 1)).abs().flatten(1).mean(1)
    content_weight = 4 * CONTENT_WEIGHT * (1 - aims.strengths) ** 2
    style_weight = 4 * aims.strengths**2
    identity_weight = IDENTITY_WEIGHT * (1 - aims.strengths) ** IDENTITY_POWER
    loss = content_weight * content + style_weight * (style + SMOOTHNESS * variation)
    loss = loss + identity_weight * moved + RANGE_WEIGHT * outside
    parts = {"content": content, "style": style, "variation": variation, "moved": moved}
    return loss.mean(), {name: float(part.detach().mean()) for name, part in parts.items()}


def moments_distances(moments: Moments, targets: Moments) -> Tensor:
    """Return the distances (B,) of moments from targets', relative to the targets' energy, the mean over layers.

    |m - n|^2 / |n|^2 + |C - D|^2 / |D|^2, with means m, n and covariances C, D. There is no matrix root, unlike in
    `statistics.moments_distance`, since that would cost more than the network does.
    """
    distances: Sequence[Tensor] = [
        (mean - target_mean).square().sum(1) / (target_mean.square().sum(1) + TINY)
        + (covariance - target_covariance).square().sum((1, 2)) / (target_covariance.square().sum((1, 2)) + TINY)
        for (mean, covariance), (target_mean, target_covariance) in (
            (moments[layer], targets[layer]) for layer in STATISTICS_LAYERS
        )
    ]
    return torch.stack(list(distances)).mean(0)
