"""Faster double backward of conv2d on the CPU, for gradient penalties.

PyTorch computes the gradient of a convolution's gradient with one slow grouped convolution per image. The closed form
is an ordinary convolution and an ordinary weight gradient: the numbers are the same. (NVIDIA's `conv2d_gradfix` does so
on GPUs.)
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.overrides import TorchFunctionMode

Pair = int | tuple[int, ...] | list[int]


class Geometry(NamedTuple):
    """Geometry of a convolution: stride, padding and dilation in both directions, and groups."""

    stride: list[int]
    padding: list[int]
    dilation: list[int]
    groups: int


class FastDoubleBackward(TorchFunctionMode):
    """Mode under which conv2d has a fast double backward.

    Only on the CPU, where it was measured, and where weights are trained. Without a double backward it costs a little.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call the function, with `conv2d` of this module for torch's."""
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
    """Return what `torch.conv2d` does: (B, out_channels, H', W') for (B, in_channels, H, W)."""
    is_ours = input.device.type == "cpu" and input.requires_grad and weight.requires_grad and torch.is_grad_enabled()
    if not is_ours or input.dim() < 4 or isinstance(padding, str) or torch.is_autocast_enabled("cpu"):
        return torch.conv2d(input, weight, bias, stride, padding, dilation, groups)
    geometry = Geometry(_both(stride), _both(padding), _both(dilation), groups)
    weight_branch = ConvWeights.apply(input.detach(), weight, bias, geometry)
    output: Tensor = ConvInput.apply(input, weight, bias, weight_branch, geometry)
    return output


class ConvInput(torch.autograd.Function):
    """Convolution whose gradient goes to the input by `ConvInputGrad`, and to weights and bias by `ConvWeights`."""

    @staticmethod
    def forward(
        ctx: Any, features: Tensor, weight: Tensor, bias: Tensor | None, weight_branch: Tensor, geometry: Geometry
    ) -> Tensor:
        ctx.save_for_backward(features, weight)
        ctx.geometry = geometry
        return torch.conv2d(features, weight, bias, *geometry)

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None, None, Tensor, None]:
        features, weight = ctx.saved_tensors
        return ConvInputGrad.apply(grad_output, features.detach(), weight, ctx.geometry), None, None, grad_output, None


class ConvWeights(torch.autograd.Function):
    """Autograd branch that carries only the gradients of weights and bias.

    As a branch of its own, torch leaves it out where gradients are taken with respect to the images alone, as penalties
    do. What it returns takes no memory: it stands for the convolution's output, in its shape. Gradients of weights have
    no gradient themselves; no penalty asks for one.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry) -> Tensor:
        ctx.save_for_backward(features, weight)
        ctx.geometry, ctx.bias = geometry, None if bias is None else list(bias.shape)
        sides = zip(
            features.shape[2:], weight.shape[2:], geometry.stride, geometry.padding, geometry.dilation, strict=True
        )
        grid = [(side + 2 * around - apart * (size - 1) - 1) // step + 1 for side, size, step, around, apart in sides]
        return features.new_zeros(()).expand(len(features), len(weight), *grid)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[None, Tensor, Tensor | None, None]:
        features, weight = ctx.saved_tensors
        _, weight_grad, bias_grad = _conv_backward(
            grad_output, features, weight, ctx.bias, ctx.geometry, (False, True, ctx.bias is not None)
        )
        return None, weight_grad, bias_grad, None


class ConvInputGrad(torch.autograd.Function):
    """Gradient of a convolution in its input. Its own gradients are a convolution and a weight gradient."""

    @staticmethod
    def forward(ctx: Any, grad_output: Tensor, features: Tensor, weight: Tensor, geometry: Geometry) -> Tensor:
        ctx.save_for_backward(grad_output, weight)
        ctx.geometry = geometry
        return _conv_backward(grad_output, features, weight, None, geometry, (True, False, False))[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_grad: Tensor) -> tuple[Tensor, None, Tensor, None]:
        grad_output, weight = ctx.saved_tensors
        weight_grad = _conv_backward(grad_output, grad_grad, weight, None, ctx.geometry, (False, True, False))[1]
        return torch.conv2d(grad_grad, weight, None, *ctx.geometry), None, weight_grad, None


def _conv_backward(
    grad_output: Tensor,
    features: Tensor,
    weight: Tensor,
    bias: list[int] | None,
    geometry: Geometry,
    wanted: tuple[bool, ...],
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients with respect to input, weight and bias that are wanted."""
    stride, padding, dilation, groups = geometry
    gradients: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.convolution_backward(
        grad_output, features, weight, bias, stride, padding, dilation, False, [0, 0], groups, wanted
    )
    return gradients


def _both(length: Pair) -> list[int]:
    """Return a length in both directions."""
    lengths = [length] if isinstance(length, int) else [*length]
    return lengths * (2 // len(lengths))
