"""Masks: which style is painted where. A mask is white where its style belongs, and its edges are made soft."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .load import Picture


def region_masks(
    masks: Sequence[Picture], style_count: int, size: tuple[int, int], softness: float, threshold: float = 0.0
) -> list[Tensor]:
    """Return one weight map (1, 1, H, W) per style; they add up to 1 at every pixel. Empty without masks.

    What no mask claims belongs to the last style.

    Args:
        masks: one for each style, or one fewer; white pixels belong to the style, black ones do not.
        size: (width, height).
        softness: width of the edges, as a share of the longer side.
        threshold: brightness in (0, 1] from which a mask counts as white, and below as black; 0 keeps grays.
    """
    if not masks:
        return []
    whiteness = [_mask_whiteness(mask, size) for mask in masks]
    claims = [_box_blur((white >= threshold).float() if threshold else white, softness) for white in whiteness]
    total_claim = torch.stack(claims).sum(0)
    claims = [claim / total_claim.clamp(min=1) for claim in claims]
    rest = (1 - torch.stack(claims).sum(0)).clamp(min=0)
    return [*claims, rest] if len(masks) < style_count else [*claims[:-1], claims[-1] + rest]


def _box_blur(mask: Tensor, softness: float) -> Tensor:
    """Return a mask (1, 1, H, W) where each pixel is the mean of the pixels around it."""
    radius = round(softness * max(mask.shape[2:]) / 2)
    padded = F.pad(mask, (radius, radius, radius, radius), mode="replicate")
    blurred_rows = F.avg_pool2d(padded, (2 * radius + 1, 1), stride=1)
    return F.avg_pool2d(blurred_rows, (1, 2 * radius + 1), stride=1)


def _mask_whiteness(mask: Picture, size: tuple[int, int]) -> Tensor:
    """Return the brightness of a mask, (1, 1, H, W) in [0, 1]; transparent pixels count as black."""
    white = (mask.tensor(size, torch.device("cpu")).mean(1, keepdim=True) + 1) / 2
    opacity = mask.opacity(size)
    return white if opacity is None else white * opacity
