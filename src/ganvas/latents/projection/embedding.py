"""How far apart two pictures look, as a squared distance between two vectors.

Half of it are the pixels, half the features of the packaged network at four scales. Features of each place are scaled
to length 1 (Zhang et al. 2018, eq. 1, without learned weights). No weights are downloaded.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ...models.layers import resize_bilinear
from ...models.projected import FrozenFeatures, to_rgb_on_checkerboard

MIN_SIDE, MAX_SIDE = 64, 128  # pixels of the short side that the network gets
PIXEL_WEIGHT = 4.0  # of the mean squared difference of pixels in [-1, 1]


class Embedding:
    """Vectors of images, whose squared distance says how far apart the images look: 0 for the same, about 1 for others.

    Args:
        shape: (C, H, W) of the images.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        _, height, width = shape
        factor = min(max(MIN_SIDE, min(height, width)), MAX_SIDE) / min(height, width)
        self.size = round(factor * height), round(factor * width)
        self.features = FrozenFeatures()

    def __call__(self, images: Tensor) -> Tensor:
        """Return vectors (B, D) of images (B, C, H, W) in [-1, 1]."""
        scales = self.features(resize_bilinear(to_rgb_on_checkerboard(images), self.size))
        parts = [F.normalize(each, dim=1).flatten(1) / (len(scales) * each[0, 0].numel()) ** 0.5 for each in scales]
        pixels = visible(images).flatten(1)
        return torch.cat([*parts, pixels * (PIXEL_WEIGHT / pixels.shape[1]) ** 0.5], 1)


def as_shown(images: Tensor) -> Tensor:
    """Return images clamped to [-1, 1], as they are written; gradients pass, so that what is beyond can come back."""
    return images + (images.clamp(-1, 1) - images).detach()


def visible(images: Tensor) -> Tensor:
    """Return images (B, C, H, W) in [-1, 1] with colours as strong as they are opaque: below nothing none is seen."""
    if images.shape[1] < 4:
        return images
    alpha = (images[:, 3:] + 1) / 2
    return torch.cat([images[:, :3] * alpha, images[:, 3:]], 1)


def distances(vectors: Tensor, target: Tensor) -> Tensor:
    """Return the squared distances (B,) of vectors (B, D) from one (D,), or from one each (B, D)."""
    return (vectors - target).square().sum(1)
