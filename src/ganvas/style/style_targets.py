"""What a part of the painting is to be painted like: the targets of one region at every style layer."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..models.vgg import stride
from .blocks import Block, grid
from .patches import MOST, Patches
from .statistics import DISTANCES, TINY, Distance, Sums, mixed, sums_of

Seen = Mapping[str, Tensor]


class Style(NamedTuple):
    """Hold a way to look at a style block by block, its (height, width), and how opaque places are if not all are."""

    looks: Callable[[], Iterable[tuple[Block, Seen]]]
    size: tuple[int, int]
    opaque: Mapping[str, Tensor] = MappingProxyType({})


class Manner:
    """Tell how far features are from those of some styles: by sums over all places, or place by place.

    Args:
        statistics: a name of `STATISTICS`.
        shares: how much of each; add up to 1.
        layers: how much each layer counts; add up to 1.
        masks: how much each place of a layer belongs to the region, (1, 1, H, W); none for all places.
        seed: of what is left out where there is too much.
    """

    def __init__(
        self,
        statistics: str,
        styles: Sequence[Style],
        shares: Sequence[float],
        layers: Mapping[str, float],
        masks: Mapping[str, Tensor],
        seed: int = 0,
    ) -> None:
        self.layers, self.masks = layers, masks
        self.distances: dict[str, Distance] = {}
        self.patches: dict[str, Patches] = {}
        self.matches: dict[str, Tensor] = {}
        if statistics in DISTANCES:
            sums = [_summed(style, layers) for style in styles]
            for layer in layers:
                self.distances[layer] = DISTANCES[statistics](mixed([each[layer] for each in sums], shares))
        else:
            quotas = {layer: _quotas(styles, shares, layer) for layer in layers}
            kept = [
                _some(style, {layer: quota[place] for layer, quota in quotas.items()}, seed)
                for place, style in enumerate(styles)
            ]
            for layer in layers:
                self.patches[layer] = Patches(torch.cat([some[layer] for some in kept]))

    def match(self, content: Style) -> None:
        """Settle which features of the styles answer to each place of the content."""
        if not self.patches:
            return
        middles = _middles(content, self.patches)
        for block, seen in content.looks():
            for layer, patches in self.patches.items():
                if layer not in self.matches:
                    room = block.room(seen[layer][:, :1], layer, content.size)
                    self.matches[layer] = torch.zeros_like(room, dtype=torch.long)
                found = patches.match(block.inner(seen[layer], layer), middles[layer])
                block.place(self.matches[layer], layer).copy_(found)

    def sums(self, block: Block, layer: str, inner: Tensor) -> Sums:
        """Return what a block's own features (1, C, H, W) of a layer add to the sums that `far` takes."""
        return sums_of(inner, self._mask(block, layer))

    def far(self, sums: Mapping[str, Sums]) -> Tensor:
        """Return how far the sums over the whole picture are from the styles'."""
        return _total([self.layers[layer] * distance(sums[layer]) for layer, distance in self.distances.items()])

    def local(self, block: Block, layer: str, inner: Tensor, size: tuple[int, int]) -> Tensor:
        """Return a block's share of how far its own features (1, C, H, W) of a layer are from the styles' nearest.

        Args:
            size: height and width of the whole picture.
        """
        mask = self._mask(block, layer)
        places = places_of(layer, size) if mask is None else self.masks[layer].sum() + TINY
        counted = torch.ones_like(inner[:, :1]) if mask is None else mask
        matches = block.place(self.matches[layer], layer)
        return self.layers[layer] * self.patches[layer].distance(inner, matches, counted) / places

    def _mask(self, block: Block, layer: str) -> Tensor | None:
        return block.place(self.masks[layer], layer) if layer in self.masks else None


STATISTICS = (*DISTANCES, "patches")


def on_layers(mask: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
    """Return a mask (1, 1, H, W) on the grids of layers: the part of each place that belongs to the region."""
    return {layer: F.avg_pool2d(mask, stride(layer), ceil_mode=True) for layer in layers}


def places_of(layer: str, size: tuple[int, int]) -> int:
    """Return how many places a layer has in a picture of (height, width)."""
    return math.prod(grid(layer, size))


def _summed(style: Style, layers: Iterable[str]) -> dict[str, Sums]:
    """Return the sums over all blocks of a style."""
    found: dict[str, Sums] = {}
    for block, seen in style.looks():
        for layer in layers:
            opaque = block.place(style.opaque[layer], layer) if layer in style.opaque else None
            part = sums_of(block.inner(seen[layer], layer), opaque)
            found[layer] = found[layer].plus(part) if layer in found else part
    return found


def _middles(content: Style, layers: Iterable[str]) -> dict[str, Tensor]:
    """Return the mean feature (C,) of each layer over all blocks."""
    found: dict[str, list[Tensor]] = {layer: [] for layer in layers}
    for block, seen in content.looks():
        for layer, sums in found.items():
            sums.append(block.inner(seen[layer], layer).flatten(2)[0].sum(1))
    return {layer: torch.stack(sums).sum(0) / places_of(layer, content.size) for layer, sums in found.items()}


def _quotas(styles: Sequence[Style], shares: Sequence[float], layer: str) -> list[int]:
    """Return how many places of each style are kept: as `shares` say, and as many as every style has for that."""
    there = [int((~_hidden(layer, style)).sum()) for style in styles]
    whole = min(MOST, *(count / share for count, share in zip(there, shares, strict=True) if share))
    return [max(1, math.floor(whole * share)) if share else 0 for share in shares]


def _hidden(layer: str, style: Style) -> Tensor:
    """Return which places of a layer are not seen, (H * W,) on the processor; none if all would be."""
    height, width = grid(layer, style.size)
    if layer not in style.opaque:
        return torch.zeros(height * width, dtype=torch.bool)
    hidden = (style.opaque[layer].flatten() < 0.5).cpu()
    return hidden & ~hidden.all()


def _some(style: Style, most: Mapping[str, int], seed: int) -> dict[str, Tensor]:
    """Return so many features (M, C) of a style on each layer, the same ones whatever its blocks are."""
    found: dict[str, list[Tensor]] = {layer: [] for layer in most}
    chosen = {layer: _chosen(layer, style, count, seed) for layer, count in most.items()}
    for block, seen in style.looks():
        for layer, kept in found.items():
            inner, among = block.inner(seen[layer], layer), block.place(chosen[layer], layer)
            kept.append(inner.flatten(2)[0].T[among.flatten().to(inner.device)])
    return {layer: torch.cat(kept) for layer, kept in found.items()}


def _chosen(layer: str, style: Style, most: int, seed: int) -> Tensor:
    """Return which places of a layer are kept, (1, 1, H, W): of those that are seen, if any are."""
    hidden = _hidden(layer, style)
    order = torch.randperm(len(hidden), generator=torch.Generator().manual_seed(seed))
    order = (order + hidden * len(order)).argsort().argsort()
    return (order < most).view(1, 1, *grid(layer, style.size))


def _total(parts: Sequence[Tensor]) -> Tensor:
    return torch.stack(tuple(parts)).sum() if parts else torch.zeros(())
