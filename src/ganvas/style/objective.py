"""The objective of style transfer: content, style and total variation losses, their weighted sum, and its gradient.

Where the whole image does not fit into memory, it is encoded block by block, in two passes. The first gathers the
moments of the whole image, without gradients. The second takes each block's gradient, given those moments. The result
is exactly the gradient of the whole image, up to rounding.

Source: Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..models.vgg import VGG
from .blocks import Block, encode_blocks, split_into_blocks
from .statistics import TINY, FeatureMoments
from .style_targets import EncodedImage, StyleTargets, masks_on_layers

LayerWeights = Mapping[str, float]
STYLE_BLOCK_SIZE = 512  # block size in pixels for styles that are larger than the painting


@dataclass(frozen=True)
class Region:
    """A part of the painting, and its styles.

    Args:
        styles: each (1, 3, any, any) in [-1, 1], or (1, 4, any, any) with its opacity; only opaque pixels count.
        shares: share of each style; they add up to 1.
        mask: how much each pixel belongs to the region, (1, 1, H, W) in [0, 1]; None if all do.
    """

    styles: Sequence[Tensor]
    shares: Sequence[float]
    mask: Tensor | None = None


@dataclass(frozen=True)
class LossConfig:
    """Weights of the losses, and how styles are compared.

    Args:
        content_weight, style_weight, tv_weight: weights of the three losses; tv is total variation.
        content_layers, style_layers: weight of each layer; those of each kind add up to 1.
        statistics: how styles are compared, one of `style_targets.STATISTICS`.
        seed: seed of the random choice of patches, where a style has more than are kept.
    """

    content_weight: float
    style_weight: float
    tv_weight: float
    content_layers: LayerWeights
    style_layers: LayerWeights
    statistics: str = "gram"
    seed: int = 0


@dataclass(frozen=True)
class Losses:
    """The weighted sum that is minimised, and its three parts before weighting."""

    total: float
    content: float
    style: float
    variation: float


def content_distance(features: Tensor, target: Tensor, energy: Tensor) -> Tensor:
    """Return the content distance |F - P|^2 / energy, where the energy is |P|^2 of the whole image."""
    return (features - target).square().sum() / (energy + TINY)


def total_variation(image: Tensor, gradient: Tensor | None = None, weight: float = 0.0) -> float:
    """Return the total variation of (1, C, H, W): the mean of (x[i+1] - x[i])^2 down the columns plus along the rows.

    Its gradient times `weight` is added to `gradient`; written out, since autograd takes the memory of six images.
    """
    total = 0.0
    for dim in (2, 3):
        differences = image.diff(dim=dim)
        if differences.numel():  # a single pixel has no neighbour
            total += float(torch.linalg.vector_norm(differences)) ** 2 / differences.numel()
            if gradient is not None:
                scale, size = 2 * weight / differences.numel(), image.shape[dim]
                gradient.narrow(dim, 1, size - 1).add_(differences, alpha=scale)
                gradient.narrow(dim, 0, size - 1).sub_(differences, alpha=scale)
    return total


class Objective:
    """The losses of an image (1, 3, H, W) in [-1, 1] as a painting of `content`, and their gradient.

    Args:
        encoder: a network that returns the layers that `config` names.
        content: (1, 3, H, W) in [-1, 1], of the size to be painted.
        regions: the styles of each part of the painting; together they cover it.
        block_size: side of a block in pixels, a multiple of the encoder's coarsest stride; 0 for the whole image.
    """

    def __init__(
        self, encoder: VGG, content: Tensor, regions: Sequence[Region], config: LossConfig, block_size: int = 0
    ) -> None:
        self.encoder, self.config = encoder, config
        self.size = _image_size(content)
        self.block_size = block_size
        self.blocks = tuple(split_into_blocks(self.size, block_size, encoder))
        self.content = content
        self.cached_features: Mapping[str, Tensor] = {}  # of the content, if it is a single block
        with torch.no_grad():
            self.content_energy = {layer: content.new_zeros(()) for layer in config.content_layers}
            for block in self.blocks:
                content_features = self._content_features(block)
                for layer, features in content_features.items():
                    self.content_energy[layer] += features.square().sum()
                if len(self.blocks) == 1:
                    self.cached_features = content_features
            self.targets = [self._style_targets(region) for region in regions]
            for target in self.targets:
                target.match(self._encoded(content))
            areas = [1.0 if region.mask is None else float(region.mask.mean()) for region in regions]
        self.areas = [area / (sum(areas) + TINY) for area in areas]

    def __call__(self, image: Tensor) -> tuple[Losses, Tensor]:
        """Return the losses, and the gradient (1, 3, H, W) of their weighted sum."""
        in_blocks = len(self.blocks) > 1
        style_loss, moment_gradients = self._moment_gradients(image) if in_blocks else (0.0, [])
        content_loss, gradient = 0.0, torch.zeros_like(image)
        for block in self.blocks:
            pixels = block.crop(image).detach().clone().requires_grad_()
            content, style, moments = self._block_losses(block, pixels)
            if in_blocks:
                moment_loss = _linearized_distance(moments, moment_gradients)
            else:
                moment_loss = self._moment_distance(moments)
            loss = self.config.content_weight * content + self.config.style_weight * (style + moment_loss)
            block.crop(gradient).add_(torch.autograd.grad(loss, pixels)[0])
            content_loss += content.item()
            style_loss += style.item() + (0.0 if in_blocks else moment_loss.item())
        parts = content_loss, style_loss, total_variation(image, gradient, self.config.tv_weight)
        weights = self.config.content_weight, self.config.style_weight, self.config.tv_weight
        return Losses(sum(weight * part for weight, part in zip(weights, parts, strict=True)), *parts), gradient

    def _content_features(self, block: Block) -> Mapping[str, Tensor]:
        """Return the content's features of a block's core, by layer.

        With several blocks they are computed again each time: kept, they would take more memory than all else.
        """
        if self.cached_features:
            return self.cached_features
        with torch.no_grad():
            return {
                layer: block.core_features(features, layer).clone()
                for layer, features in self.encoder.iter_features(block.crop(self.content))
                if layer in self.content_energy
            }

    def _style_targets(self, region: Region) -> StyleTargets:
        """Return the style targets of a region."""
        config = self.config
        masks = {} if region.mask is None else masks_on_layers(region.mask, config.style_layers)
        styles = [self._encoded(style) for style in region.styles]
        return StyleTargets(config.statistics, styles, region.shares, config.style_layers, masks, config.seed)

    def _encoded(self, image: Tensor) -> EncodedImage:
        """Return an image (1, 3 or 4, H, W) to be encoded block by block."""
        larger = image[0, 0].numel() > self.size[0] * self.size[1]  # than the image that memory was planned for
        block_size = self.block_size or (STYLE_BLOCK_SIZE if larger else 0)
        colors, alpha = image[:, :3], image[:, 3:]
        opacity = masks_on_layers(alpha.add(1).div(2), self.config.style_layers) if alpha.numel() else {}
        return EncodedImage(lambda: encode_blocks(self.encoder, colors, block_size), _image_size(image), opacity)

    def _moment_gradients(self, image: Tensor) -> tuple[float, list[dict[str, FeatureMoments]]]:
        """Return the distance of the whole image's moments, and its gradients by them for each region and layer."""
        image_moments: list[dict[str, FeatureMoments]] = [{} for _ in self.targets]
        with torch.no_grad():
            for block in self.blocks if any(target.distances for target in self.targets) else ():
                for layer, features in self.encoder.iter_features(block.crop(image)):
                    for moments, target in zip(image_moments, self.targets, strict=True):
                        if layer in target.distances:
                            part = target.block_moments(block, layer, block.core_features(features, layer))
                            moments[layer] = moments[layer].plus(part) if layer in moments else part
        leaves = [{layer: sums.as_leaves() for layer, sums in moments.items()} for moments in image_moments]
        distance = self._moment_distance(leaves)
        if distance.requires_grad:
            torch.autograd.backward(distance)
        return distance.item(), [{layer: sums.grads() for layer, sums in moments.items()} for moments in leaves]

    def _moment_distance(self, moments: Sequence[Mapping[str, FeatureMoments]]) -> Tensor:
        """Return the distance of the whole image's moments from their targets, regions weighted by area."""
        regions = zip(self.areas, self.targets, moments, strict=True)
        return torch.stack([area * target.distance(its_moments) for area, target, its_moments in regions]).sum()

    def _block_losses(self, block: Block, pixels: Tensor) -> tuple[Tensor, Tensor, list[dict[str, FeatureMoments]]]:
        """Return a block's parts of the content loss, of the patch loss, and of the moments of each region."""
        content, style = torch.zeros(()), torch.zeros(())
        block_moments: list[dict[str, FeatureMoments]] = [{} for _ in self.targets]
        content_features = self._content_features(block)
        for layer, features in self.encoder.iter_features(pixels):
            core = block.core_features(features, layer)
            if layer in content_features:
                weight = self.config.content_layers[layer]
                content = content + weight * content_distance(core, content_features[layer], self.content_energy[layer])
            for area, target, moments in zip(self.areas, self.targets, block_moments, strict=True):
                if layer in target.distances:
                    moments[layer] = target.block_moments(block, layer, core)
                if layer in target.patches:
                    style = style + area * target.block_distance(block, layer, core, self.size)
        return content, style, block_moments


def _image_size(image: Tensor) -> tuple[int, int]:
    """Return the (height, width) of an image (1, C, H, W)."""
    return image.shape[2], image.shape[3]


def _linearized_distance(
    moments: Sequence[Mapping[str, FeatureMoments]], gradients: Sequence[Mapping[str, FeatureMoments]]
) -> Tensor:
    """Return a block's moments times the gradients by them: its gradient is the block's part of the distance's."""
    terms = [
        (gradient * part).sum()
        for of_region, region_gradients in zip(moments, gradients, strict=True)
        for layer in of_region
        for part, gradient in zip(of_region[layer], region_gradients[layer], strict=True)
    ]
    return torch.stack(terms).sum() if terms else torch.zeros(())
