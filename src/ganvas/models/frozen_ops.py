"""Layers that are looked through and never taught: they keep next to nothing for the way back.

torch keeps whatever a gradient may be taken by, which for a network that sees a large picture is most of all memory.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


class Frozen(torch.autograd.Function):
    """Convolve with weights that are not learned, and cut off what is negative if told to.

    What came in is not kept, since the weights have no gradient. The slope is cut where it lies, since it comes to
    nobody else; what is kept for that are the features if somebody asked for them, else one byte for each.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: Tensor, bias: Tensor, cuts: bool, asked: bool) -> Tensor:
        found = F.conv2d(features, weight, bias)
        ctx.weight, ctx.cuts = weight, cuts
        if cuts:
            found.relu_()
            ctx.save_for_backward(found if asked else found > 0)
        return found

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None, None, None]:
        if ctx.cuts:
            (kept,) = ctx.saved_tensors
            if 0 in slope.stride():  # one number for many places
                slope = slope.contiguous(memory_format=torch.channels_last)
            slope.masked_fill_(kept.logical_not(), 0.0)
        return F.conv_transpose2d(slope, ctx.weight), None, None, None, None


class Averaged(torch.autograd.Function):
    """Take averages of 2 x 2 places, and keep nothing of them."""

    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        ctx.shape = features.shape
        return F.avg_pool2d(features, 2, ceil_mode=True)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        unread = _unread(ctx.shape, slope)
        averaged: Tensor = torch.ops.aten.avg_pool2d_backward(slope, unread, [2, 2], [2, 2], [0, 0], True, True, None)
        return averaged


class Mirrored(torch.autograd.Function):
    """Mirror features beyond their edges, by one, and keep nothing of them."""

    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        ctx.shape = features.shape
        return F.pad(features, (1, 1, 1, 1), mode="reflect")

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        mirrored: Tensor = torch.ops.aten.reflection_pad2d_backward(slope, _unread(ctx.shape, slope), [1, 1, 1, 1])
        return mirrored


def _unread(shape: torch.Size, like: Tensor) -> Tensor:
    """Return a tensor that is asked for its shape alone; what nobody writes or reads takes no memory."""
    return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=torch.channels_last)
