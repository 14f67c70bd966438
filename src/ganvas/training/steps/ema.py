"""The exponential moving average (EMA) of the generator's weights."""

import torch
from torch import Tensor

from ..state import State


@torch.no_grad()
def update_ema(state: State, half_life: float, batch: int) -> None:
    """Move the averaged generator towards the present one; half of it is younger than `half_life` of all images seen.

    A half-life that is a share of the images seen forgets the blind beginning by itself (the ramp-up of Karras et al.
    2020 does the same). Batch-norm statistics are not averaged: they are measured when they are needed.
    """
    # A phase without images moves the prior only: the average follows at once.
    decay = 0.5 ** (batch / (half_life * state.counters.images_seen)) if batch else 0.0
    averaged: list[Tensor] = list(state.networks.g_ema.parameters())
    present: list[Tensor] = list(state.networks.generator.parameters())
    torch._foreach_lerp_(averaged, present, 1 - decay)
