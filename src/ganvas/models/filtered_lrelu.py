"""Leaky ReLU at a higher sampling rate, between two low-pass filters (Karras et al. 2021, section 3.2)."""

import torch.nn.functional as F
from torch import Tensor

Filter = tuple[Tensor | None, int]  # its taps, (T,) or (T, T), or None for the identity; and by what it resamples


def filtered_lrelu(
    features: Tensor, up: Filter, down: Filter, padding: tuple[int, int], gain: float, slope: float, clamp: float
) -> Tensor:
    """Return features (B, C, H', W') for features (B, C, H, W).

    Args:
        features: with their bias.
        up, down: filters before and after the leaky ReLU. The first is separable.
        padding: zeros before and after each row and column at the higher rate; negative numbers cut off.
        gain, slope: of the leaky ReLU.
        clamp: bound of what it gives; 0 for none.
    """
    fine = _upsample(_upsample(features, up, padding, 3), up, padding, 2)
    fine = F.leaky_relu(fine, slope) * gain
    if clamp:
        fine = fine.clamp(-clamp, clamp)
    return _downsample(fine, down)


def _upsample(features: Tensor, up: Filter, padding: tuple[int, int], dim: int) -> Tensor:
    """Return features `factor` times as long in a dimension: zeros put in between, then the filter times the factor.

    A transposed convolution does both at once, and gives what reaches over the ends as well: that is cut to `padding`.
    """
    taps, factor = up
    length, channels = features.shape[dim], features.shape[1]
    size = 1 if taps is None else len(taps)
    if taps is not None:
        kernel = (taps * factor).to(features.dtype).expand(channels, 1, size)
        kernel = kernel[:, :, None] if dim == 3 else kernel[..., None]
        stride = (1, factor) if dim == 3 else (factor, 1)
        features = F.conv_transpose2d(features, kernel, stride=stride, groups=channels)
    before, after = padding
    ends = (before - (size - 1), length * factor + after - features.shape[dim])
    return F.pad(features, ends if dim == 3 else (0, 0, *ends))


def _downsample(features: Tensor, down: Filter) -> Tensor:
    """Return features that are filtered, and of which each `factor`-th is taken in both directions."""
    taps, factor = down
    if taps is None:
        return features
    channels, size = features.shape[1], len(taps)
    flipped = taps.flip(tuple(range(taps.ndim))).to(features.dtype)
    if taps.ndim == 2:
        return F.conv2d(features, flipped.expand(channels, 1, size, size), stride=factor, groups=channels)
    line = flipped.expand(channels, 1, size)
    rows = F.conv2d(features, line[:, :, None], stride=(1, factor), groups=channels)
    return F.conv2d(rows, line[..., None], stride=(factor, 1), groups=channels)
