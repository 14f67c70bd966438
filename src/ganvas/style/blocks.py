"""Pictures of any size, a block at a time, with the very features that the whole picture would have.

A block is looked at with as much around it as the network's deepest layer can see, and only its own features are
counted; so nothing is approximated, and no seam can come from it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor

from ..models.vgg import VGG, stride

Window = tuple[int, int, int, int]  # top, bottom, left, right


@dataclass(frozen=True)
class Block:
    """Say which pixels are a block's own, and which are looked at to know its features."""

    own: Window
    seen: Window

    def cut(self, picture: Tensor) -> Tensor:
        """Return the pixels (..., h, w) that are looked at, as a view of `picture` (..., H, W)."""
        top, bottom, left, right = self.seen
        return picture[..., top:bottom, left:right]

    def inner(self, features: Tensor, layer: str) -> Tensor:
        """Return the part of features (1, C, h, w) of what is looked at that is the block's own."""
        if self.own == self.seen:
            return features  # and no slice, whose slope would be copied
        top, bottom, left, right = _on_grid(self.own, stride(layer))
        above, before = self.seen[0] // stride(layer), self.seen[2] // stride(layer)
        return features[..., top - above : bottom - above, left - before : right - before]

    def place(self, features: Tensor, layer: str) -> Tensor:
        """Return the block's own part of features (1, C, H', W') of the whole picture, as a view."""
        top, bottom, left, right = _on_grid(self.own, stride(layer))
        return features[..., top:bottom, left:right]

    @staticmethod
    def room(features: Tensor, layer: str, size: tuple[int, int]) -> Tensor:
        """Return room for such features of a whole picture of (height, width)."""
        return features.new_empty(1, features.shape[1], *grid(layer, size))


def grid(layer: str, size: tuple[int, int]) -> tuple[int, int]:
    """Return how many rows and columns of features a layer has in a picture of (height, width)."""
    _, rows, _, columns = _on_grid((0, size[0], 0, size[1]), stride(layer))
    return rows, columns


def blocks(size: tuple[int, int], side: int, encoder: VGG) -> Iterator[Block]:
    """Yield blocks that cover a picture of (height, width).

    Args:
        side: pixels of a block's side, a multiple of the encoder's coarsest stride; 0 for one block.
    """
    (height, width), halo = size, encoder.halo
    side = side or max(size)
    for top in range(0, height, side):
        for left in range(0, width, side):
            bottom, right = min(top + side, height), min(left + side, width)
            seen = max(0, top - halo), min(height, bottom + halo), max(0, left - halo), min(width, right + halo)
            yield Block((top, bottom, left, right), seen)


def look(encoder: VGG, picture: Tensor, side: int) -> Iterator[tuple[Block, Mapping[str, Tensor]]]:
    """Yield each block of a picture (1, 3, H, W) with what the encoder sees of it."""
    for block in blocks((picture.shape[2], picture.shape[3]), side, encoder):
        yield block, encoder(block.cut(picture))


def _on_grid(window: Window, step: int) -> Window:
    """Return a window of pixels on a grid `step` times as coarse; half a cell at the picture's edge is a cell."""
    top, bottom, left, right = window
    return top // step, -(-bottom // step), left // step, -(-right // step)
