"""Style targets of one region of the painting at each style layer."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..models.vgg import stride
from .blocks import Block, feature_map_size
from .patches import MAX_PATCHES, StylePatches
from .statistics import DISTANCES, TINY, Distance, FeatureMoments, blend_moments, feature_moments

Features = Mapping[str, Tensor]


class EncodedImage(NamedTuple):
    """An image that a network can encode block by block.

    Args:
        encode_blocks: returns the blocks and the features of their windows, by layer.
        size: (height, width).
        opacity: for each layer, the opacity of its positions (1, 1, H, W) in [0, 1]; empty if all are opaque.
    """

    encode_blocks: Callable[[], Iterable[tuple[Block, Features]]]
    size: tuple[int, int]
    opacity: Mapping[str, Tensor] = MappingProxyType({})


class StyleTargets:
    """Distance of features from those of the styles: by moments over all positions, or patch by patch.

    Args:
        statistics: one of `STATISTICS`.
        shares: share of each style; they add up to 1.
        layers: weight of each layer; they add up to 1.
        masks: for each layer, how much its positions belong to the region, (1, 1, H, W); empty if all do.
        seed: seed of the random choice of patches, where a style has more than are kept.
    """

    def __init__(
        self,
        statistics: str,
        styles: Sequence[EncodedImage],
        shares: Sequence[float],
        layers: Mapping[str, float],
        masks: Mapping[str, Tensor],
        seed: int = 0,
    ) -> None:
        self.layers, self.masks = layers, masks
        self.distances: dict[str, Distance] = {}
        self.patches: dict[str, StylePatches] = {}
        self.matches: dict[str, Tensor] = {}
        if statistics in DISTANCES:
            all_moments = [_image_moments(style, layers) for style in styles]
            for layer in layers:
                target = blend_moments([moments[layer] for moments in all_moments], shares)
                self.distances[layer] = DISTANCES[statistics](target)
        else:
            counts = {layer: _patch_counts(styles, shares, layer) for layer in layers}
            samples = [
                _sample_patches(style, {layer: counts[layer][index] for layer in layers}, seed)
                for index, style in enumerate(styles)
            ]
            for layer in layers:
                self.patches[layer] = StylePatches(torch.cat([sample[layer] for sample in samples]))

    def match(self, content: EncodedImage) -> None:
        """Find the style's nearest patch for each position of the content; does nothing without patches."""
        if not self.patches:
            return
        means = _mean_features(content, self.patches)
        for block, features in content.encode_blocks():
            for layer, patches in self.patches.items():
                if layer not in self.matches:
                    feature_map = block.empty_feature_map(features[layer][:, :1], layer, content.size)
                    self.matches[layer] = torch.zeros_like(feature_map, dtype=torch.long)
                matches = patches.match(block.core_features(features[layer], layer), means[layer])
                block.core_view(self.matches[layer], layer).copy_(matches)

    def block_moments(self, block: Block, layer: str, features: Tensor) -> FeatureMoments:
        """Return the moments of the features (1, C, H, W) of a block's core at a layer."""
        return feature_moments(features, self._block_mask(block, layer))

    def distance(self, moments: Mapping[str, FeatureMoments]) -> Tensor:
        """Return the distance of moments over the whole image, by layer, from the target; 0 with patches."""
        return _sum([self.layers[layer] * distance(moments[layer]) for layer, distance in self.distances.items()])

    def block_distance(self, block: Block, layer: str, features: Tensor, size: tuple[int, int]) -> Tensor:
        """Return a block's part of the mean distance of features from their matched patches.

        Args:
            features: of the block's core at the layer, (1, C, H, W).
            size: (height, width) of the whole image.
        """
        mask = self._block_mask(block, layer)
        positions = position_count(layer, size) if mask is None else self.masks[layer].sum() + TINY
        weights = torch.ones_like(features[:, :1]) if mask is None else mask
        matches = block.core_view(self.matches[layer], layer)
        return self.layers[layer] * self.patches[layer].distance(features, matches, weights) / positions

    def _block_mask(self, block: Block, layer: str) -> Tensor | None:
        """Return the part of a layer's mask that belongs to a block's core; None if there is no mask."""
        return block.core_view(self.masks[layer], layer) if layer in self.masks else None


STATISTICS = (*DISTANCES, "patches")


def masks_on_layers(mask: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
    """Return a mask (1, 1, H, W) at the resolution of each layer: the mean over the pixels of each position."""
    return {layer: F.avg_pool2d(mask, stride(layer), ceil_mode=True) for layer in layers}


def position_count(layer: str, size: tuple[int, int]) -> int:
    """Return the number of positions of a layer's feature map, for an image of (height, width)."""
    return math.prod(feature_map_size(layer, size))


def _image_moments(image: EncodedImage, layers: Iterable[str]) -> dict[str, FeatureMoments]:
    """Return the moments of a whole image at each layer, weighted by opacity."""
    moments: dict[str, FeatureMoments] = {}
    for block, features in image.encode_blocks():
        for layer in layers:
            opacity = block.core_view(image.opacity[layer], layer) if layer in image.opacity else None
            part = feature_moments(block.core_features(features[layer], layer), opacity)
            moments[layer] = moments[layer].plus(part) if layer in moments else part
    return moments


def _mean_features(image: EncodedImage, layers: Iterable[str]) -> dict[str, Tensor]:
    """Return the mean feature vector (C,) of a whole image at each layer."""
    block_sums: dict[str, list[Tensor]] = {layer: [] for layer in layers}
    for block, features in image.encode_blocks():
        for layer, sums in block_sums.items():
            sums.append(block.core_features(features[layer], layer).flatten(2)[0].sum(1))
    return {layer: torch.stack(sums).sum(0) / position_count(layer, image.size) for layer, sums in block_sums.items()}


def _patch_counts(styles: Sequence[EncodedImage], shares: Sequence[float], layer: str) -> list[int]:
    """Return how many patches to take from each style: in the ratio of `shares`, and as many as all styles allow."""
    available = [int((~_hidden_positions(layer, style)).sum()) for style in styles]
    total = min(MAX_PATCHES, *(count / share for count, share in zip(available, shares, strict=True) if share))
    return [max(1, math.floor(total * share)) if share else 0 for share in shares]


def _hidden_positions(layer: str, image: EncodedImage) -> Tensor:
    """Return which positions of a layer are transparent, (H * W,) on the CPU; none if all of them are."""
    height, width = feature_map_size(layer, image.size)
    if layer not in image.opacity:
        return torch.zeros(height * width, dtype=torch.bool)
    hidden = (image.opacity[layer].flatten() < 0.5).cpu()
    return hidden & ~hidden.all()


def _sample_patches(image: EncodedImage, counts: Mapping[str, int], seed: int) -> dict[str, Tensor]:
    """Return `counts` feature vectors (M, C) of an image at each layer; the choice does not depend on the blocks."""
    patches: dict[str, list[Tensor]] = {layer: [] for layer in counts}
    selection = {layer: _select_positions(layer, image, count, seed) for layer, count in counts.items()}
    for block, features in image.encode_blocks():
        for layer, layer_patches in patches.items():
            core, selected = block.core_features(features[layer], layer), block.core_view(selection[layer], layer)
            layer_patches.append(core.flatten(2)[0].T[selected.flatten().to(core.device)])
    return {layer: torch.cat(layer_patches) for layer, layer_patches in patches.items()}


def _select_positions(layer: str, image: EncodedImage, count: int, seed: int) -> Tensor:
    """Return which positions of a layer are taken, (1, 1, H, W): at random, opaque ones before transparent ones."""
    hidden = _hidden_positions(layer, image)
    rank = torch.randperm(len(hidden), generator=torch.Generator().manual_seed(seed))
    rank = (rank + hidden * len(rank)).argsort().argsort()
    return (rank < count).view(1, 1, *feature_map_size(layer, image.size))


def _sum(parts: Sequence[Tensor]) -> Tensor:
    """Return the sum of scalars, 0 if there are none."""
    return torch.stack(tuple(parts)).sum() if parts else torch.zeros(())
