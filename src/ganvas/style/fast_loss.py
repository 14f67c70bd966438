"""What a network that repaints in one pass is trained for: the optimizer's aims, for many images and styles at once."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ..models.fast_style import STATISTICS_LAYERS
from ..models.vgg import VGG
from .painting import CONTENT_WEIGHT
from .statistics import TINY

CONTENT_LAYER = STATISTICS_LAYERS[-1]
SMOOTHNESS = 0.1  # weight of the total variation relative to the style, as StyleConfig has it
SHAPES_WEIGHT = 2.0  # of the content relative to the optimizer's: a small network blurs shapes more easily
LEAST_DISTANCE = 0.01  # below which a style is matched; the gradient of a root at 0 is infinite
RANGE_WEIGHT = 1.0  # of colors that no picture can have

Moments = Mapping[str, tuple[Tensor, Tensor]]  # by layer: mean (B, C) and second moment (B, C, C) of the features


@dataclass(frozen=True)
class Aims:
    """What a batch is to become.

    Args:
        shapes: the features of the images at `CONTENT_LAYER`.
        moments: those of the styles.
        strengths: how strong each style is, (B,) in [0, 1]; the weights of content and style follow from them.
    """

    shapes: Tensor
    moments: Moments
    strengths: Tensor


def moments_of(features: Mapping[str, Tensor]) -> Moments:
    """Return mean and second moment (the Gram matrix) of features (B, C, H, W) over all positions, by layer."""
    found = {}
    for layer in STATISTICS_LAYERS:
        flat = features[layer].flatten(2)
        mean = flat.mean(2)
        found[layer] = mean, flat @ flat.mT / flat.shape[2]
    return found


def training_loss(encoder: VGG, painted: Tensor, aims: Aims) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of painted images (B, 3, H, W), nearly in [0, 1], and the means of its parts for the log."""
    features = encoder(painted * 2 - 1)
    change = (features[CONTENT_LAYER] - aims.shapes).square().flatten(1).sum(1)
    content = change / (aims.shapes.square().flatten(1).sum(1) + TINY)
    style = moments_distances(moments_of(features), aims.moments)
    variation = 4 * sum(painted.diff(dim=dim).square().flatten(1).mean(1) for dim in (2, 3))
    outside = (painted - painted.clamp(0, 1)).abs().flatten(1).mean(1)
    content_weight = 4 * SHAPES_WEIGHT * CONTENT_WEIGHT * (1 - aims.strengths) ** 2
    style_weight = 4 * aims.strengths**2
    loss = content_weight * content + style_weight * (style + SMOOTHNESS * variation) + RANGE_WEIGHT * outside
    parts = {"content": content, "style": style, "variation": variation}
    return loss.mean(), {name: float(part.detach().mean()) for name, part in parts.items()}


def moments_distances(moments: Moments, targets: Moments) -> Tensor:
    """Return the distances (B,) of moments from targets', relative to the targets' size, the mean over layers.

    (|m - n|^2 / |n|^2 + |s - t|^2 / |t|^2 + |G - A|^2 / |A|^2)^1/2, with means m, n, standard deviations s, t and Gram
    matrices G, A. There is no matrix root, unlike in `statistics.moments_distance`, since that would cost more than the
    network does. The square root is taken so that styles of hardly any contrast do not outweigh all others.
    """
    distances = []
    for layer in STATISTICS_LAYERS:
        parts = zip(_described(*moments[layer]), _described(*targets[layer]), strict=True)
        distances.append((torch.stack([_relative(*pair) for pair in parts]).sum(0) + LEAST_DISTANCE**2).sqrt())
    return torch.stack(distances).mean(0)


def _described(mean: Tensor, second: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return means, standard deviations (B, C) and Gram matrices (B, C, C)."""
    variance = second.diagonal(dim1=1, dim2=2) - mean.square()
    return mean, (variance.clamp(min=0) + 1e-3).sqrt(), second


def _relative(values: Tensor, targets: Tensor) -> Tensor:
    """Return the squared distances (B,) of values (B, ...) from targets, relative to the targets' squares."""
    return (values - targets).square().flatten(1).sum(1) / (targets.square().flatten(1).sum(1) + TINY)
