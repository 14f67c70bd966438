"""The exponential moving average (EMA) of the generator's weights, and how it is made ready to sample from."""

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from ...config import Config
from ...device import seeded_rng
from ...models.base import Generator
from ..state import State
from .batch import generate

MEAN_W_COUNT = 512  # latents over which the mean of w is measured
BATCH_NORM_BATCHES, BATCH_NORM_BATCH = 8, 64  # of latents, over which batch-norm statistics are measured


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


@torch.no_grad()
def prepare_for_sampling(state: State, config: Config, device: torch.device) -> Generator:
    """Return the averaged generator with its batch-norm statistics measured afresh, ready to sample from.

    The running statistics of training belong to weights that are gone; with them an averaged generator paints gray
    backgrounds. The latents are the same each time. Without an average it is a copy of the present generator.
    """
    network = state.networks.g_ema
    if config.ema_half_life == 0:
        network.load_state_dict(state.networks.generator.state_dict())
    rng = seeded_rng(config.seed, "settle", device=device)
    z = torch.randn((MEAN_W_COUNT, config.z_dim), generator=rng, device=device)
    network.update_statistics(z, _labels(config, MEAN_W_COUNT, rng, device))
    if not network.batch_norm_is_frozen:
        _recalibrate_batch_norm(network.base, config, device)
    return network.eval()


def _recalibrate_batch_norm(network: Generator, config: Config, device: torch.device) -> None:
    """Measure the statistics of batch norms over some batches of latents; `network` is in training mode afterwards."""
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    network.train()
    rng = seeded_rng(config.seed, "settle", device=device)
    for _ in range(BATCH_NORM_BATCHES):
        z = torch.randn((BATCH_NORM_BATCH, config.z_dim), generator=rng, device=device)
        generate(network, z, _labels(config, BATCH_NORM_BATCH, rng, device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def _labels(config: Config, count: int, rng: torch.Generator, device: torch.device) -> torch.Tensor | None:
    if not config.classes:
        return None
    return torch.randint(len(config.classes), (count,), generator=rng, device=device)
