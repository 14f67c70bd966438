"""Which part of a painting is painted like which style: masks, white where a style belongs, with soft edges."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .load import Picture


def parts(
    masks: Sequence[Picture], styles: int, size: tuple[int, int], softness: float, threshold: float = 0.0
) -> list[Tensor]:
    """Return how much each pixel belongs to each style, (1, 1, H, W), adding up to 1 everywhere; none without masks.

    What no mask claims belongs to the last style.

    Args:
        masks: one for each style, or one fewer; white is all of it, black none.
        size: (width, height).
        softness: how wide edges are, as a part of the long side.
        threshold: from which brightness on a mask is white, and below it black; 0 for greys as they are.
    """
    if not masks:
        return []
    whites = [_whiteness(mask, size) for mask in masks]
    claims = [_softened((white >= threshold).float() if threshold else white, softness) for white in whites]
    together = torch.stack(claims).sum(0)
    claims = [claim / together.clamp(min=1) for claim in claims]
    rest = (1 - torch.stack(claims).sum(0)).clamp(min=0)
    return [*claims, rest] if len(masks) < styles else [*claims[:-1], claims[-1] + rest]


def _softened(mask: Tensor, softness: float) -> Tensor:
    """Return a mask (1, 1, H, W) with each pixel the mean of those around it."""
    reach = round(softness * max(mask.shape[2:]) / 2)
    padded = F.pad(mask, (reach, reach, reach, reach), mode="replicate")
    lines = F.avg_pool2d(padded, (2 * reach + 1, 1), stride=1)
    return F.avg_pool2d(lines, (1, 2 * reach + 1), stride=1)


def _whiteness(mask: Picture, size: tuple[int, int]) -> Tensor:
    """Return how white a mask is, (1, 1, H, W) in [0, 1]; what is transparent is not."""
    white = (mask.tensor(size, torch.device("cpu")).mean(1, keepdim=True) + 1) / 2
    seen = mask.seen(size)
    return white if seen is None else white * seen
