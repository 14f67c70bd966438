"""Convolutions that a penalty goes back through twice, in less time than torch takes for it.

A penalty of gradients needs the gradient of a convolution's gradient. torch takes it by turning pictures into channels
and copying, group by group. By formula it is nothing but a convolution, and the gradient of one by its weights, for
which there are quick ones: the numbers are the same. (NVIDIA's `conv2d_gradfix` does so on GPUs.)
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.overrides import TorchFunctionMode

Pair = int | tuple[int, ...] | list[int]


class Geometry(NamedTuple):
    """Hold how a convolution goes over its pictures: stride, padding and dilation in both directions, and groups."""

    stride: list[int]
    padding: list[int]
    dilation: list[int]
    groups: int


class FastDoubleBackward(TorchFunctionMode):
    """Do the convolutions that are called under it so that gradients of their gradients come fast.

    Only on processors, where it was measured, and where weights are learned. Where nothing goes back twice, it costs
    a little.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Do what was called, convolutions by `convolved`."""
        if func is torch.conv2d:
            return conv2d(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Return what `torch.conv2d` does, (B, after, H', W') for (B, before, H, W)."""
    own = input.device.type == "cpu" and input.requires_grad and weight.requires_grad and torch.is_grad_enabled()
    if not own or input.dim() < 4 or isinstance(padding, str) or torch.is_autocast_enabled("cpu"):
        return torch.conv2d(input, weight, bias, stride, padding, dilation, groups)
    how = Geometry(_both(stride), _both(padding), _both(dilation), groups)
    found: Tensor = ConvInput.apply(input, weight, bias, ConvWeights.apply(input.detach(), weight, bias, how), how)
    return found


class ConvInput(torch.autograd.Function):
    """Convolve; the way back leads to the features by `Slope`, and to what is learned by `Learned`."""

    @staticmethod
    def forward(
        ctx: Any, features: Tensor, weight: Tensor, bias: Tensor | None, learned: Tensor, how: Geometry
    ) -> Tensor:
        ctx.save_for_backward(features, weight)
        ctx.how = how
        return torch.conv2d(features, weight, bias, *how)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None, Tensor, None]:
        features, weight = ctx.saved_tensors
        return ConvInputGrad.apply(slope, features.detach(), weight, ctx.how), None, None, slope, None


class ConvWeights(torch.autograd.Function):
    """Be the part of a convolution's graph that leads to its weights and its bias, and to nothing else.

    As a part of its own, torch leaves it out where gradients are asked for by the pictures alone, as penalties do. What
    it returns takes no memory: it stands for the convolution's output, in its shape. Gradients by weights have no
    gradient themselves; no penalty asks for one.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: Tensor, bias: Tensor | None, how: Geometry) -> Tensor:
        ctx.save_for_backward(features, weight)
        ctx.how, ctx.bias = how, None if bias is None else list(bias.shape)
        sides = zip(features.shape[2:], weight.shape[2:], how.stride, how.padding, how.dilation, strict=True)
        grid = [(side + 2 * around - apart * (size - 1) - 1) // step + 1 for side, size, step, around, apart in sides]
        return features.new_zeros(()).expand(len(features), len(weight), *grid)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[None, Tensor, Tensor | None, None]:
        features, weight = ctx.saved_tensors
        _, by_weight, by_bias = _back(slope, features, weight, ctx.bias, ctx.how, (False, True, ctx.bias is not None))
        return None, by_weight, by_bias, None


class ConvInputGrad(torch.autograd.Function):
    """Lead a slope back through a convolution. Its own gradients are a convolution, and one by the weights."""

    @staticmethod
    def forward(ctx: Any, slope: Tensor, features: Tensor, weight: Tensor, how: Geometry) -> Tensor:
        ctx.save_for_backward(slope, weight)
        ctx.how = how
        return _back(slope, features, weight, None, how, (True, False, False))[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, change: Tensor) -> tuple[Tensor, None, Tensor, None]:
        slope, weight = ctx.saved_tensors
        by_weight = _back(slope, change, weight, None, ctx.how, (False, True, False))[1]
        return torch.conv2d(change, weight, None, *ctx.how), None, by_weight, None


def _back(
    slope: Tensor, features: Tensor, weight: Tensor, bias: list[int] | None, how: Geometry, wanted: tuple[bool, ...]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients by features, weight and bias that are wanted."""
    stride, padding, dilation, groups = how
    found: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.convolution_backward(
        slope, features, weight, bias, stride, padding, dilation, False, [0, 0], groups, wanted
    )
    return found


def _both(length: Pair) -> list[int]:
    """Return a length in both directions."""
    lengths = [length] if isinstance(length, int) else [*length]
    return lengths * (2 // len(lengths))
