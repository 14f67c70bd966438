"""How good a painting is, by a network that did not paint it, and by what goes wrong in pixels.

No single number is a judge: the photograph itself has no content to lose, and the style itself no style. So both are
always measured beside a painting (`controls`), and a painting is good if it is well below the photograph in style and
well below the style in content.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..models.projected import Eye
from .statistics import TINY, moments_distance, sums_of

SHAPES = 2  # which of the eye's scales shapes are compared at: 1/16 of the picture
FINE = 1.0  # standard deviation, in pixels, of what counts as grain


@dataclass(frozen=True)
class Measures:
    """Hold what was measured of a painting.

    Args:
        content: distance of shapes from the photograph, relative to the photograph's own; 0 is the same.
        style: distance of statistics from the style, the mean over four scales; 0 is the same.
        together: (1 + content) (1 + style), after ArtFID; less is better, and a copy of either is never good.
        grain: share of the painting's variation that is finer than a pixel or two.
        border: how much rougher the outermost pixels are than the rest; 1 is no rougher.
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
def measure(painting: Tensor, content: Tensor, styles: Sequence[Tensor]) -> Measures:
    """Return the measures of a painting (1, 3, H, W), given its content of the same size and its styles, in [-1, 1].

    The network is EfficientNet-lite0, which painted nothing; style statistics are compared as in `moments_distance`.

    Source: Wright and Ommer, "ArtFID: Quantitative Evaluation of Neural Style Transfer", 2022, for the product.
    """
    eye = Eye()
    its, photograph = eye(painting), eye(content)
    shapes = (its[SHAPES] - photograph[SHAPES]).square().sum() / (photograph[SHAPES].square().sum() + TINY)
    apart = [
        moments_distance(sums_of(target.double()))(sums_of(mine.double()))
        for style in styles
        for mine, target in zip(its, eye(style), strict=True)
    ]
    near, like = float(shapes), float(torch.stack(apart).mean())
    return Measures(near, like, (1 + near) * (1 + like), grain(painting), border(painting))


def controls(content: Tensor, styles: Sequence[Tensor]) -> dict[str, Measures]:
    """Return the measures of the photograph itself and of the first style, which no painting should be taken for."""
    copy = F.interpolate(styles[0], content.shape[2:], mode="bicubic", align_corners=False).clamp(-1, 1)
    return {"the photograph": measure(content, content, styles), "the style": measure(copy, content, styles)}


def grain(picture: Tensor) -> float:
    """Return the share of a picture's variance that a slight blur takes away."""
    reach = torch.arange(-3, 4, dtype=picture.dtype)
    line = torch.exp(-(reach**2) / (2 * FINE**2))
    kernel = (line.outer(line) / line.sum() ** 2).expand(3, 1, 7, 7)
    blurred = F.conv2d(F.pad(picture, (3, 3, 3, 3), mode="replicate"), kernel, groups=3)
    return float((picture - blurred).var() / (picture.var() + TINY))


def border(picture: Tensor, width: int = 2) -> float:
    """Return how large steps between neighbours are in the outermost pixels, as a multiple of those elsewhere."""
    down, right = (picture.diff(dim=dim).abs().mean(1)[0] for dim in (2, 3))
    edges = torch.cat(
        [down[:width].flatten(), down[-width:].flatten(), right[:, :width].flatten(), right[:, -width:].flatten()]
    )
    return float(edges.mean() / (torch.cat([down.flatten(), right.flatten()]).mean() + TINY))


def seams(picture: Tensor, side: int) -> float:
    """Return how large steps are across the edges of blocks of `side` pixels, as a multiple of those beside them.

    Of the two directions the worse; 1 is no seam, and a picture without such an edge has 1.
    """
    found = []
    for dim in (2, 3):
        steps = picture.diff(dim=dim).abs().mean(1)[0]
        steps = steps if dim == 3 else steps.T  # steps lie along the last dimension
        across = torch.tensor(range(side - 1, steps.shape[1], side))
        if len(across):
            beside = torch.cat([across - 3, across - 2, across + 2, across + 3]).clamp(0, steps.shape[1] - 1)
            found.append(float(steps[:, across].mean() / (steps[:, beside].mean() + TINY)))
    return max(found, default=1.0)
