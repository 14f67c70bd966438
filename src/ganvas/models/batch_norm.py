"""Batch norms whose batch is the whole one, also where several processes share it."""

import torch
from torch import Tensor, nn

from ..distributed import mean_over_processes, world_size
from .precision import at_least_float32


class BatchNorm1d(nn.BatchNorm1d):
    """`torch.nn.BatchNorm1d` over the images of all processes; these have as many each."""

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, C) for (B, C)."""
        return normalize_over_processes(self, features) if is_shared(self) else super().forward(features)


class BatchNorm2d(nn.BatchNorm2d):
    """`torch.nn.BatchNorm2d` over the images of all processes; these have as many each."""

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, C, H, W) for (B, C, H, W)."""
        return normalize_over_processes(self, features) if is_shared(self) else super().forward(features)


def is_shared(norm: nn.Module) -> bool:
    """Return whether a norm measures a batch of which this process has only a part."""
    return norm.training and world_size() > 1


def normalize_over_processes(norm: nn.BatchNorm1d | nn.BatchNorm2d, features: Tensor) -> Tensor:
    """Return features with mean 0 and variance 1 over the batch of all processes, scaled and shifted.

    torch's own SyncBatchNorm works on GPUs only, and cannot be differentiated twice. Mean and variance are exchanged
    one after the other: the mean of squares less the square of the mean is too coarse in float32.
    """
    values = at_least_float32(features)
    dims = [0, *range(2, values.ndim)]
    shape = [1, -1, *[1] * (values.ndim - 2)]
    mean = mean_over_processes(values.mean(dims))
    centered = values - mean.view(shape)
    variance = mean_over_processes(centered.square().mean(dims))
    _update_running_statistics(norm, mean.detach(), variance.detach(), world_size() * values.numel() // len(mean))
    normalized = centered * (variance + norm.eps).rsqrt().view(shape)
    if norm.affine:
        normalized = normalized * norm.weight.view(shape) + norm.bias.view(shape)
    return normalized.to(features.dtype)


@torch.no_grad()
def _update_running_statistics(norm: nn.BatchNorm1d | nn.BatchNorm2d, mean: Tensor, variance: Tensor, n: int) -> None:
    """Move the running statistics as torch does: the variance is that of n values, less one degree of freedom."""
    if norm.running_mean is None or norm.running_var is None or norm.num_batches_tracked is None:
        return
    norm.num_batches_tracked += 1
    weight = 1 / float(norm.num_batches_tracked) if norm.momentum is None else norm.momentum
    norm.running_mean.lerp_(mean.to(norm.running_mean.dtype), weight)
    norm.running_var.lerp_((variance * n / max(1, n - 1)).to(norm.running_var.dtype), weight)
