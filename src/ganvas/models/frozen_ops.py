"""Memory-saving autograd functions for frozen networks: they store almost nothing for the backward pass.

PyTorch stores whatever any gradient may need. For a network that sees a large picture this is most of the memory.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


class FrozenConvReLU(torch.autograd.Function):
    """Convolution with frozen weights, and a ReLU after it if asked for.

    The input is not stored, since the weights need no gradient. The incoming gradient is masked in place; no other node
    uses it. The mask is the output itself if the caller keeps it anyway, else one byte for each feature.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: Tensor, bias: Tensor, relu: bool, output_is_kept: bool) -> Tensor:
        output = F.conv2d(features, weight, bias)
        ctx.weight, ctx.relu = weight, relu
        if relu:
            output.relu_()
            ctx.save_for_backward(output if output_is_kept else output > 0)
        return output

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None, None, None, None]:
        if ctx.relu:
            (positive,) = ctx.saved_tensors
            if 0 in grad_output.stride():  # an expanded tensor cannot be masked in place
                grad_output = grad_output.contiguous(memory_format=torch.channels_last)
            grad_output.masked_fill_(positive.logical_not(), 0.0)
        return F.conv_transpose2d(grad_output, ctx.weight), None, None, None, None


class AvgPool2x2(torch.autograd.Function):
    """Average pooling over 2 x 2 pixels that stores no tensor."""

    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        ctx.shape = features.shape
        return F.avg_pool2d(features, 2, ceil_mode=True)

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Tensor:
        unread = _shape_only(ctx.shape, grad_output)
        gradient: Tensor = torch.ops.aten.avg_pool2d_backward(
            grad_output, unread, [2, 2], [2, 2], [0, 0], True, True, None
        )
        return gradient


class ReflectPad1(torch.autograd.Function):
    """Reflection padding by one pixel that stores no tensor."""

    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        ctx.shape = features.shape
        return F.pad(features, (1, 1, 1, 1), mode="reflect")

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Tensor:
        unread = _shape_only(ctx.shape, grad_output)
        gradient: Tensor = torch.ops.aten.reflection_pad2d_backward(grad_output, unread, [1, 1, 1, 1])
        return gradient


def _shape_only(shape: torch.Size, like: Tensor) -> Tensor:
    """Return a tensor of which only the shape is read; memory that nobody touches is not taken."""
    return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=torch.channels_last)


def _average_pool(features: Tensor) -> Tensor:
    pooled: Tensor = AvgPool2x2.apply(features)
    return pooled


def _max_pool(features: Tensor) -> Tensor:
    return F.max_pool2d(features, 2, ceil_mode=True)


# How features are pooled, and the gain of each pooling, shallow to deep. Half a window at the edge still counts, so no
# picture is too thin. Averages are smaller than maxima, and the biases after them were learned for maxima. The gains
# make up for that: medians over 14 photographs and paintings at 128 and 256 px with VGG-16, which lay between 1.14 and
# 1.45, 1.58 and 1.82, 1.76 and 1.94. The fourth pooling, which only VGG-19 has, gets the third's gain.
POOLINGS: dict[str, tuple[Callable[[Tensor], Tensor], Sequence[float]]] = {
    "average": (_average_pool, (1.36, 1.76, 1.86, 1.86)),
    "max": (_max_pool, (1.0, 1.0, 1.0, 1.0)),
}
