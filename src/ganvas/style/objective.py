"""What a good painting is, as numbers: three distances and their weighted sum, with its slope at every pixel.

Where the whole picture would not fit into memory, the network is shown a block at a time: the sums over the whole are
gathered first, without gradients, and then each block's gradient is taken against them. It is the very gradient of the
whole picture, to the last rounding.

Source: Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..models.vgg import VGG
from .blocks import Block, blocks, look
from .statistics import TINY, Sums
from .style_targets import Manner, Style, on_layers

Shares = Mapping[str, float]
LARGE = 512  # pixels of a block's side, where a style is larger than the painting


@dataclass(frozen=True)
class Region:
    """Hold a part of the painting, and what it is painted like.

    Args:
        styles: each (1, 3, any, any) in [-1, 1], or (1, 4, any, any) with how opaque it is; only what is seen counts.
        shares: how much of each; add up to 1.
        mask: how much each pixel belongs to it, (1, 1, H, W) in [0, 1]; None if all do.
    """

    styles: Sequence[Tensor]
    shares: Sequence[float]
    mask: Tensor | None = None


@dataclass(frozen=True)
class Aims:
    """Say what counts, and how much.

    Args:
        content, style, variation: weights of the three distances.
        content_layers, style_layers: how much each layer counts; of each kind they add up to 1.
        statistics: how styles are compared, a name of `manner.STATISTICS`.
        seed: of what is left out where there is too much.
    """

    content: float
    style: float
    variation: float
    content_layers: Shares
    style_layers: Shares
    statistics: str = "gram"
    seed: int = 0


@dataclass(frozen=True)
class Losses:
    """Hold the sum that is minimised, and its three parts before weighting."""

    total: float
    content: float
    style: float
    variation: float


def content_distance(features: Tensor, target: Tensor, energy: Tensor) -> Tensor:
    """Return the distance of shapes: |F - P|^2 over an energy, which is |P|^2 of the whole picture."""
    return (features - target).square().sum() / (energy + TINY)


def total_variation(picture: Tensor, gradient: Tensor | None = None, weight: float = 0.0) -> float:
    """Return the roughness of (1, C, H, W): the mean of (x[i+1] - x[i])^2, downwards plus to the right.

    Its slope, `weight` times, is added to `gradient`. It is written out, since autograd takes six pictures for it.
    """
    rough = 0.0
    for dim in (2, 3):
        steps = picture.diff(dim=dim)
        if steps.numel():  # a single pixel has no neighbour
            rough += float(torch.linalg.vector_norm(steps)) ** 2 / steps.numel()
            if gradient is not None:
                along, size = 2 * weight / steps.numel(), picture.shape[dim]
                gradient.narrow(dim, 1, size - 1).add_(steps, alpha=along)
                gradient.narrow(dim, 0, size - 1).sub_(steps, alpha=along)
    return rough


class Objective:
    """Say how far a picture (1, 3, H, W) in [-1, 1] is from a painting of `content`, and which way it is nearer.

    Args:
        encoder: must see the layers that `aims` names.
        content: (1, 3, H, W) in [-1, 1], of the size to be painted.
        regions: what is painted where; together they cover the picture.
        side: pixels of a block's side, a multiple of `encoder.coarsest`; 0 for the whole picture at once.
    """

    def __init__(self, encoder: VGG, content: Tensor, regions: Sequence[Region], aims: Aims, side: int = 0) -> None:
        self.encoder, self.aims = encoder, aims
        self.size = _size(content)
        self.side = side
        self.blocks = tuple(blocks(self.size, side, encoder))
        self.content = content
        self.shapes: Mapping[str, Tensor] = {}  # of the content, if one block is all of it
        with torch.no_grad():
            self.energy = {layer: content.new_zeros(()) for layer in aims.content_layers}
            for block in self.blocks:
                shapes = self._shapes(block)
                for layer, features in shapes.items():
                    self.energy[layer] += features.square().sum()
                if len(self.blocks) == 1:
                    self.shapes = shapes
            self.manners = [self._manner(region) for region in regions]
            for manner in self.manners:
                manner.match(self._style(content))
            areas = [1.0 if region.mask is None else float(region.mask.mean()) for region in regions]
        self.areas = [area / (sum(areas) + TINY) for area in areas]

    def __call__(self, picture: Tensor) -> tuple[Losses, Tensor]:
        """Return the losses, and the gradient of their sum (1, 3, H, W)."""
        several = len(self.blocks) > 1
        like, slopes = self._slopes(picture) if several else (0.0, [])
        near, gradient = 0.0, torch.zeros_like(picture)
        for block in self.blocks:
            part = block.cut(picture).detach().clone().requires_grad_()
            content, style, sums = self._shares(block, part)
            far = _leaning(sums, slopes) if several else self._far(sums)
            weighted = self.aims.content * content + self.aims.style * (style + far)
            block.cut(gradient).add_(torch.autograd.grad(weighted, part)[0])
            near += content.item()
            like += style.item() + (0.0 if several else far.item())
        parts = near, like, total_variation(picture, gradient, self.aims.variation)
        weights = self.aims.content, self.aims.style, self.aims.variation
        return Losses(sum(weight * part for weight, part in zip(weights, parts, strict=True)), *parts), gradient

    def _shapes(self, block: Block) -> Mapping[str, Tensor]:
        """Return the content's features that are a block's own.

        Those of a large picture would take more memory than all else, so they are looked at anew each time.
        """
        if self.shapes:
            return self.shapes
        with torch.no_grad():
            seen = self.encoder.walk(block.cut(self.content))
            return {layer: block.inner(each, layer).clone() for layer, each in seen if layer in self.energy}

    def _manner(self, region: Region) -> Manner:
        """Return a region's targets."""
        masks = {} if region.mask is None else on_layers(region.mask, self.aims.style_layers)
        styles = [self._style(each) for each in region.styles]
        return Manner(self.aims.statistics, styles, region.shares, self.aims.style_layers, masks, self.aims.seed)

    def _style(self, picture: Tensor) -> Style:
        """Return a picture as what is looked at block by block."""
        larger = picture[0, 0].numel() > self.size[0] * self.size[1]  # than what was planned for
        side = self.side or (LARGE if larger else 0)
        colours, alpha = picture[:, :3], picture[:, 3:]
        opaque = on_layers(alpha.add(1).div(2), self.aims.style_layers) if alpha.numel() else {}
        return Style(lambda: look(self.encoder, colours, side), _size(picture), opaque)

    def _slopes(self, picture: Tensor) -> tuple[float, list[dict[str, Sums]]]:
        """Return the distance of the sums over all blocks, and for each region and layer its slopes by them."""
        whole: list[dict[str, Sums]] = [{} for _ in self.manners]
        with torch.no_grad():
            for block in self.blocks if any(manner.distances for manner in self.manners) else ():
                for layer, features in self.encoder.walk(block.cut(picture)):
                    for sums, manner in zip(whole, self.manners, strict=True):
                        if layer in manner.distances:
                            part = manner.sums(block, layer, block.inner(features, layer))
                            sums[layer] = sums[layer].plus(part) if layer in sums else part
        leaves = [{layer: part.leaves() for layer, part in sums.items()} for sums in whole]
        far = self._far(leaves)
        if far.requires_grad:
            torch.autograd.backward(far)
        return far.item(), [{layer: part.slopes() for layer, part in sums.items()} for sums in leaves]

    def _far(self, sums: Sequence[Mapping[str, Sums]]) -> Tensor:
        """Return how far sums are from the styles', regions counting by their area."""
        each = zip(self.areas, self.manners, sums, strict=True)
        return torch.stack([area * manner.far(its) for area, manner, its in each]).sum()

    def _shares(self, block: Block, part: Tensor) -> tuple[Tensor, Tensor, list[dict[str, Sums]]]:
        """Return a block's shares of the distances of shapes and of patches, and what it adds to each region's sums."""
        content, style = torch.zeros(()), torch.zeros(())
        whole: list[dict[str, Sums]] = [{} for _ in self.manners]
        shapes = self._shapes(block)
        for layer, features in self.encoder.walk(part):
            inner = block.inner(features, layer)
            if layer in shapes:
                share = self.aims.content_layers[layer]
                content = content + share * content_distance(inner, shapes[layer], self.energy[layer])
            for area, manner, sums in zip(self.areas, self.manners, whole, strict=True):
                if layer in manner.distances:
                    sums[layer] = manner.sums(block, layer, inner)
                if layer in manner.patches:
                    style = style + area * manner.local(block, layer, inner, self.size)
        return content, style, whole


def _size(picture: Tensor) -> tuple[int, int]:
    return picture.shape[2], picture.shape[3]


def _leaning(sums: Sequence[Mapping[str, Sums]], slopes: Sequence[Mapping[str, Sums]]) -> Tensor:
    """Return a number whose gradient is a block's share of that of the sums' distance."""
    parts = [
        (slope * part).sum()
        for its, theirs in zip(sums, slopes, strict=True)
        for layer in its
        for part, slope in zip(its[layer], theirs[layer], strict=True)
    ]
    return torch.stack(parts).sum() if parts else torch.zeros(())
