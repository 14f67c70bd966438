"""Layers of StyleGAN2's generator (Karras et al. 2020): modulated convolutions, the filter between sizes, noise.

A modulated convolution is scaled input, one shared convolution, scaled output. That is a convolution per image
(section 2.2 there), in a fraction of the time on a CPU.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..distributed import own_rows
from .equalized import LEAKY_SLOPE, SQRT2, EqualLinear
from .precision import at_least_float32

NOISE_LR_MULTIPLIER = 0.1


def binomial_filter(gain: float) -> Tensor:
    """Return the filter [1, 3, 3, 1] in both directions, (4, 4), whose sum is `gain`."""
    line = torch.tensor([1.0, 3.0, 3.0, 1.0])
    return line[:, None] * line * gain / 64


class Blur(nn.Module):
    """Convolution of each channel with [1, 3, 3, 1], zero-padded.

    Args:
        gain: sum of the filter.
        padding: zeros on each side.
        stride: 2 halves the size.
    """

    kernel: Tensor

    def __init__(self, gain: float = 1.0, padding: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.register_buffer("kernel", binomial_filter(gain), persistent=False)
        self.padding, self.stride = padding, stride

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, C, H', W') for (B, C, H, W)."""
        channels = features.shape[1]
        kernel = self.kernel.expand(channels, 1, 4, 4)
        return F.conv2d(features, kernel, None, self.stride, self.padding, groups=channels)


class ModulatedConv2d(nn.Module):
    """Convolution whose input channels are scaled by a style, and whose output keeps its size (demodulation).

    w'_ijk = s_i w_ijk, divided by sqrt(sum_ik w'_ijk^2 + 1e-8) if it demodulates (eq. 1 and 3).

    Args:
        in_channels, out_channels: channels.
        kernel_size: side of the kernel, odd.
        w_dim: length of w.
        upsample: whether the size is doubled, by a transposed convolution and the filter [1, 3, 3, 1].
        demodulate: whether the output's standard deviation is brought back to 1; not for RGB.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        w_dim: int,
        upsample: bool = False,
        demodulate: bool = True,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel_size, kernel_size))
        self.affine = EqualLinear(w_dim, in_channels, bias=1.0)
        self.scale = 1 / (in_channels * kernel_size**2) ** 0.5
        self.blur = Blur(4.0) if upsample else None
        self.demodulate = demodulate

    def forward(self, features: Tensor, w: Tensor) -> Tensor:
        """Return (B, out_channels, H', W') for features (B, in_channels, H, W) and styles (B, w_dim)."""
        styles, weight = self.affine(w), self.weight * self.scale
        factors = self._factors(weight, styles) if self.demodulate else None
        is_single = _may_scale_weights(features)
        if is_single:
            weight = weight * styles[0][None, :, None, None]
            weight = weight if factors is None else weight * factors[0][:, None, None, None]
        else:
            features = features * styles[:, :, None, None]
        output: Tensor
        if self.blur is None:
            output = F.conv2d(features, weight, padding=weight.shape[2] // 2)
        else:
            output = self.blur(F.conv_transpose2d(features, weight.transpose(0, 1), stride=2))
        return output if factors is None or is_single else output * factors[:, :, None, None].to(output.dtype)

    @staticmethod
    def _factors(weight: Tensor, styles: Tensor) -> Tensor:
        """Return what brings each output channel of each image back to a standard deviation of 1, (B, out_channels)."""
        with torch.autocast(weight.device.type, enabled=False):
            energy = at_least_float32(weight).square().sum((2, 3))
            factors: Tensor = (at_least_float32(styles).square() @ energy.T + 1e-8).rsqrt()
        return factors


def _may_scale_weights(features: Tensor) -> bool:
    """Return whether weights are scaled in place of features (B, C, H, W): of a single image, whose are larger.

    Not in training, and not where what is done becomes a graph that has to serve any number of images.
    """
    is_traced = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    is_recorded = torch.is_grad_enabled() or is_traced or torch.compiler.is_compiling()
    return not is_recorded and len(features) == 1


class SynthesisLayer(nn.Module):
    """Modulated convolution, noise of learned strength, bias and leaky ReLU.

    The strength learns at a tenth of the learning rate. At the full rate, short trainings drew nothing but noise.

    Args:
        in_channels, out_channels: channels.
        size: (H, W) of the output.
        w_dim: length of w.
        upsample: whether the input has half that size.
        clamp: the most that it gives; 0 for no bound.
    """

    noise_const: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        size: tuple[int, int],
        w_dim: int,
        upsample: bool,
        clamp: float = 0,
    ) -> None:
        super().__init__()
        self.conv = ModulatedConv2d(in_channels, out_channels, 3, w_dim, upsample)
        self.register_buffer("noise_const", torch.randn(size))
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(out_channels, 1, 1))
        self.activation = nn.LeakyReLU(LEAKY_SLOPE)
        self.clamp = clamp

    def forward(self, features: Tensor, w: Tensor, rng: torch.Generator | None) -> Tensor:
        """Return (B, out_channels, *size); the noise is drawn from `rng`, or is always the same without it."""
        features = self.conv(features, w)
        noise = self.noise_const
        if rng is not None:
            shape = (len(features), 1, *noise.shape)
            noise = own_rows(torch.randn, shape, generator=rng, device=noise.device, dtype=noise.dtype)
        noise = noise * (NOISE_LR_MULTIPLIER * self.noise_strength)
        output: Tensor = self.activation(features + (noise + self.bias)) * SQRT2
        return output.clamp(-self.clamp, self.clamp) if self.clamp else output
