"""Quality of a painting: distances by a network that did not paint it, and typical faults of the pixels.

No single number is enough: the photograph itself has a perfect content distance, and the style itself a perfect style
distance. So both are always measured as well (`measure_controls`). A painting is good if its style distance is well
below the photograph's, and its content distance well below the style's.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..models.projected import FrozenFeatures
from .statistics import TINY, feature_moments, moments_distance

CONTENT_SCALE = 2  # index of the feature scale where shapes are compared: 1/16 of the image
GRAIN_STD = 1.0  # standard deviation in pixels of the blur that removes grain


@dataclass(frozen=True)
class PaintingQuality:
    """Measurements of a painting.

    Args:
        content: distance of features from the photograph's, relative to their energy; 0 is the same.
        style: distance of style statistics from the style's, the mean over four scales; 0 is the same.
        together: (1 + content) (1 + style), after ArtFID; less is better, and a copy of either is never good.
        grain: share of the painting's variance that is finer than a pixel or two.
        border: roughness of the outermost pixels relative to the rest; 1 is the same.
    """

    content: float
    style: float
    together: float
    grain: float
    border: float

    def to_dict(self) -> dict[str, float]:
        """Return everything as plain numbers."""
        return asdict(self)


@torch.inference_mode()
def measure_quality(painting: Tensor, content: Tensor, styles: Sequence[Tensor]) -> PaintingQuality:
    """Measure a painting (1, 3, H, W), given its content of the same size and its styles, all in [-1, 1].

    The network is EfficientNet-lite0, which does not paint. Style statistics are compared by `moments_distance`.

    Source: Wright and Ommer, "ArtFID: Quantitative Evaluation of Neural Style Transfer", 2022, for the product.
    """
    encoder = FrozenFeatures()
    features, content_features = encoder(painting), encoder(content)
    shapes, target_shapes = features[CONTENT_SCALE], content_features[CONTENT_SCALE]
    content_distance = float((shapes - target_shapes).square().sum() / (target_shapes.square().sum() + TINY))
    style_distances = [
        moments_distance(feature_moments(target.double()))(feature_moments(painted.double()))
        for style in styles
        for painted, target in zip(features, encoder(style), strict=True)
    ]
    style_distance = float(torch.stack(style_distances).mean())
    together = (1 + content_distance) * (1 + style_distance)
    return PaintingQuality(content_distance, style_distance, together, grain(painting), border(painting))


def measure_controls(content: Tensor, styles: Sequence[Tensor]) -> dict[str, PaintingQuality]:
    """Measure the photograph itself and the first style, as controls: a painting should be unlike both."""
    copy = F.interpolate(styles[0], content.shape[2:], mode="bicubic", align_corners=False).clamp(-1, 1)
    return {
        "the photograph": measure_quality(content, content, styles),
        "the style": measure_quality(copy, content, styles),
    }


def grain(image: Tensor) -> float:
    """Return the share of an image's variance that a slight Gaussian blur removes."""
    offsets = torch.arange(-3, 4, dtype=image.dtype)
    gaussian = torch.exp(-(offsets**2) / (2 * GRAIN_STD**2))
    kernel = (gaussian.outer(gaussian) / gaussian.sum() ** 2).expand(3, 1, 7, 7)
    blurred = F.conv2d(F.pad(image, (3, 3, 3, 3), mode="replicate"), kernel, groups=3)
    return float((image - blurred).var() / (image.var() + TINY))


def border(image: Tensor, width: int = 2) -> float:
    """Return the mean difference between neighbours in the outermost pixels, as a multiple of the mean everywhere."""
    down, right = (image.diff(dim=dim).abs().mean(1)[0] for dim in (2, 3))
    edges = torch.cat(
        [down[:width].flatten(), down[-width:].flatten(), right[:, :width].flatten(), right[:, -width:].flatten()]
    )
    return float(edges.mean() / (torch.cat([down.flatten(), right.flatten()]).mean() + TINY))


def seams(image: Tensor, block_size: int) -> float:
    """Return the mean difference across block edges, as a multiple of that beside them, in the worse direction.

    1 means no seams; an image without block edges has 1.
    """
    ratios = []
    for dim in (2, 3):
        differences = image.diff(dim=dim).abs().mean(1)[0]
        differences = differences if dim == 3 else differences.T  # they are along the last dimension
        across = torch.tensor(range(block_size - 1, differences.shape[1], block_size))
        if len(across):
            beside = torch.cat([across - 3, across - 2, across + 2, across + 3]).clamp(0, differences.shape[1] - 1)
            ratios.append(float(differences[:, across].mean() / (differences[:, beside].mean() + TINY)))
    return max(ratios, default=1.0)
