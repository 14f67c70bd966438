"""What has to be computed in float32, also in mixed precision."""

import torch
from torch import Tensor


def at_least_float32(features: Tensor) -> Tensor:
    """Return features in float32 at least: squares and small sums do not fit into less."""
    return features.float() if features.dtype in (torch.float16, torch.bfloat16) else features
