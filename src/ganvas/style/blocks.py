"""Encode images of any size block by block, with exactly the features that the whole image would have.

Each block is encoded together with a margin as wide as the receptive field of the network's deepest layer. Only the
features of the block's core are used. So nothing is approximated, and there can be no seams.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor

from ..models.vgg import VGG, stride

Window = tuple[int, int, int, int]  # top, bottom, left, right


@dataclass(frozen=True)
class Block:
    """A rectangle of an image.

    Args:
        core: the pixels that belong to this block; the cores of all blocks cover the image once.
        window: the core and a margin around it, which the network sees to compute the core's features.
    """

    core: Window
    window: Window

    def crop(self, image: Tensor) -> Tensor:
        """Return the pixels of the window (..., h, w), as a view of `image` (..., H, W)."""
        top, bottom, left, right = self.window
        return image[..., top:bottom, left:right]

    def core_features(self, features: Tensor, layer: str) -> Tensor:
        """Return the core's part of the window's features (1, C, h, w)."""
        if self.core == self.window:
            return features  # a slice would cost a copy of the gradient
        top, bottom, left, right = _to_feature_map(self.core, stride(layer))
        above, to_left = self.window[0] // stride(layer), self.window[2] // stride(layer)
        return features[..., top - above : bottom - above, left - to_left : right - to_left]

    def core_view(self, features: Tensor, layer: str) -> Tensor:
        """Return the core's part of a feature map (1, C, H', W') of the whole image, as a view."""
        top, bottom, left, right = _to_feature_map(self.core, stride(layer))
        return features[..., top:bottom, left:right]

    @staticmethod
    def empty_feature_map(features: Tensor, layer: str, size: tuple[int, int]) -> Tensor:
        """Return an uninitialised feature map of a whole image of (height, width), with the channels of `features`."""
        return features.new_empty(1, features.shape[1], *feature_map_size(layer, size))


def feature_map_size(layer: str, size: tuple[int, int]) -> tuple[int, int]:
    """Return the (height, width) of a layer's feature map for an image of (height, width)."""
    _, rows, _, columns = _to_feature_map((0, size[0], 0, size[1]), stride(layer))
    return rows, columns


def split_into_blocks(size: tuple[int, int], block_size: int, encoder: VGG) -> Iterator[Block]:
    """Yield blocks that cover an image of (height, width).

    Args:
        block_size: side of a block in pixels, a multiple of the encoder's coarsest stride; 0 for a single block.
    """
    (height, width), halo = size, encoder.halo
    block_size = block_size or max(size)
    for top in range(0, height, block_size):
        for left in range(0, width, block_size):
            bottom, right = min(top + block_size, height), min(left + block_size, width)
            window = max(0, top - halo), min(height, bottom + halo), max(0, left - halo), min(width, right + halo)
            yield Block((top, bottom, left, right), window)


def encode_blocks(encoder: VGG, image: Tensor, block_size: int) -> Iterator[tuple[Block, Mapping[str, Tensor]]]:
    """Yield each block of an image (1, 3, H, W) with the features of its window, by layer."""
    for block in split_into_blocks((image.shape[2], image.shape[3]), block_size, encoder):
        yield block, encoder(block.crop(image))


def _to_feature_map(window: Window, step: int) -> Window:
    """Return a window of pixels in the coordinates of a feature map of stride `step`; partial cells count as cells."""
    top, bottom, left, right = window
    return top // step, -(-bottom // step), left // step, -(-right // step)
