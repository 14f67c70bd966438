"""What a good painting is, as numbers: three distances, each one short function, and their weighted sum.

All are relative (to the target's own energy), so that one set of weights serves every network, layer and picture.
Source: Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016; the division by
the target's energy, in place of its 4 N^2 M^2, is ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..config import StyleConfig
from ..models.backbones import VGG

TINY = 1e-12  # keeps a black target, which has no energy, from dividing by zero


def gram(features: Tensor) -> Tensor:
    """Return how strongly each pair of channels fires together: F F^T / M, (1, C, H, W) to (C, C), M = H W.

    It knows no places, and so it holds strokes and colours but no shapes.
    """
    flat = features.flatten(2)[0]  # (C, M)
    return flat @ flat.T / flat.shape[1]


def content_loss(features: Tensor, target: Tensor) -> Tensor:
    """Return the distance of shapes: |F - P|^2 / |P|^2, of features (1, C, H, W); 0 when they are the same."""
    return (features - target).square().sum() / (target.square().sum() + TINY)


def style_loss(features: Tensor, target: Tensor) -> Tensor:
    """Return the distance of strokes: |G - A|^2 / |A|^2, of features (1, C, H, W) and a target Gram matrix (C, C)."""
    return (gram(features) - target).square().sum() / (target.square().sum() + TINY)


def total_variation(picture: Tensor) -> Tensor:
    """Return the roughness of (1, C, H, W): the mean of (x[i+1] - x[i])^2, downwards plus to the right."""
    down = picture[:, :, 1:] - picture[:, :, :-1]
    right = picture[..., 1:] - picture[..., :-1]
    return sum((step.square().mean() for step in (down, right) if step.numel()), picture.new_zeros(()))


@dataclass(frozen=True)
class Losses:
    """Hold the sum that is minimised and its three parts before weighting; each of shape ()."""

    total: Tensor
    content: Tensor
    style: Tensor
    variation: Tensor


class Objective:
    """Say how far a picture (1, 3, H, W) in [-1, 1] is from a painting of `content` in the manner of `styles`.

    Args:
        encoder: must see the layers that `config` names.
        content: (1, 3, H, W) in [-1, 1], of the size to be painted.
        styles: each (1, 3, any, any) in [-1, 1].
        blend: how much of each style; adds up to 1. Gram matrices blend as colours do on a palette.
    """

    def __init__(
        self, encoder: VGG, content: Tensor, styles: Sequence[Tensor], blend: Sequence[float], config: StyleConfig
    ) -> None:
        self.encoder, self.config = encoder, config
        with torch.no_grad():
            seen = encoder(content)
            self.content = {layer: seen[layer] for layer in config.content_layers}
            self.style = self._blended(styles, blend)

    def __call__(self, picture: Tensor) -> Losses:
        """Return the losses, with gradients to `picture`, from one pass of the encoder."""
        seen = self.encoder(picture)
        content = _mean([content_loss(seen[layer], target) for layer, target in self.content.items()])
        style = _mean([style_loss(seen[layer], target) for layer, target in self.style.items()])
        variation = total_variation(picture)
        total = (
            self.config.content_weight * content
            + self.config.style_weight * style
            + self.config.variation_weight * variation
        )
        return Losses(total, content, style, variation)

    def _blended(self, styles: Sequence[Tensor], blend: Sequence[float]) -> Mapping[str, Tensor]:
        """Return the target Gram matrix of each style layer."""
        targets: dict[str, Tensor] = {}
        for share, picture in zip(blend, styles, strict=True):
            seen = self.encoder(picture)
            for layer in self.config.style_layers:
                part = share * gram(seen[layer])
                targets[layer] = targets[layer] + part if layer in targets else part
        return targets


def _mean(losses: Sequence[Tensor]) -> Tensor:
    return torch.stack(tuple(losses)).mean()
