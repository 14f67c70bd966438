"""One step of training: the step functions by the phases that are made of them, and what surrounds each step."""

import math
from collections.abc import Callable
from dataclasses import replace

import torch

from ..coach.measurement.averages import LossAverage
from ..config import Config, PhaseConfig
from ..data.ada import update_probability
from ..data.prepare import PreparedDataset
from ..device import mixed_precision, seeded_rng
from ..distributed import mean_over_processes
from ..errors import lookup
from ..planning.schedule import PhasePosition, config_at_step, level_at, lr_factor, phase_at
from ..translation import N_
from .state import State
from .steps.adversarial import adversarial_step
from .steps.autoencoder import autoencode_step, encode_dataset, prior_step, sharpen_step
from .steps.batch import Batch, Batches, augment_probability, make_batch
from .steps.ema import update_ema
from .steps.optimize import Losses
from .steps.upsample import freeze_base, refine_step, upsample_step
from .steps.vae import vae_step

# What else is to be known of a phase (its optimizers, losses, charts) stands in `ganvas.phases`, by the same names.
STEPS: dict[str, Callable[[State, Config, Batch], Losses]] = {
    "adversarial": adversarial_step,
    "grow": adversarial_step,
    "autoencode": autoencode_step,
    "prior": prior_step,
    "sharpen": sharpen_step,
    "vae": vae_step,
    "upsample": upsample_step,
    "refine": refine_step,
}


def set_learning_rates(state: State, config: Config, factor: float) -> None:
    """Set the learning rate of every optimizer to `factor` times that of `config`, and its betas."""
    for name, optimizer in state.optimizers.items():
        for group in optimizer.param_groups:
            group["lr"] = config.optimizers[name].lr * factor
            group["betas"] = (config.optimizers[name].beta1, config.optimizers[name].beta2)


def run_step(state: State, config: Config, loader: Batches, data: PreparedDataset) -> tuple[PhasePosition, Losses]:
    """Take the next step at its learning rates; return which step of which phase it was, and its losses.

    Args:
        config: with everything that was prescribed.
    """
    step = state.counters.step
    at_step, position = config_at_step(config, step), phase_at(config, step)
    set_learning_rates(state, at_step, lr_factor(position))
    if position.step == 0:  # gradients that wait for an optimizer step are of another phase
        state.zero_grad()
    begin_step(state, at_step, position, data)
    return position, take_step(position.phase, state, at_step, loader)


def add_to_averages(state: State, losses: Losses) -> dict[str, float]:
    """Return the losses of a step as numbers, and add those that are finite to their averages."""
    means = mean_over_processes(torch.stack(list(losses.values())))
    values = dict(zip(losses, means.tolist(), strict=True))  # one wait for the device
    for name, value in values.items():
        average = state.counters.loss_averages.setdefault(name, LossAverage())
        if math.isfinite(value):
            average.add(value)
    return values


def begin_step(state: State, config: Config, position: PhasePosition, data: PreparedDataset) -> None:
    """Make ready what a step relies on: codes of the pictures for the prior, the level of growing networks."""
    if config.autoencoder and position.phase.name == "prior" and state.encoder_codes is None:
        state.encoder_codes = encode_dataset(state, config, data, config.autoencoder.max_codes)
    set_level(state, level_at(position))
    if position.phase.name == "upsample" and position.step == 0:
        freeze_base(state, config)


def set_level(state: State, level: float) -> None:
    """Let growing networks draw and judge up to this level; others ignore it."""
    for network in (state.networks.generator, state.networks.g_ema, state.networks.discriminator):
        network.set_level(level)


def take_step(phase: PhaseConfig, state: State, config: Config, loader: Batches) -> Losses:
    """Take one step of `phase` on the images and random numbers that are its own, count it, and return its losses.

    Raises:
        GanvasError: memory is full, whatever the microbatch.
    """
    counters, device = state.counters, state.device
    if config.ada is not None:
        update_ada_p(state, config, phase.batch)
    if phase.batch:  # the microbatches of a larger batch would be of less than two images
        counters.n_microbatches = min(counters.n_microbatches, max(1, phase.batch // 2))
    images, labels = loader.share(counters.images_seen, phase.batch)
    rng = seeded_rng(config.seed, counters.step, "step", device=device)
    batch = make_batch(config, images, labels if config.classes else None, rng, device)
    real = state.networks.generator.match_reals(batch.real)
    batch = replace(batch, real=real, augment_p=augment_probability(state, config))
    with mixed_precision(device, config.precision):
        losses = lookup(STEPS, phase.name, N_("phase"))(state, config, batch)
    if config.ada is not None:
        losses["augmented"] = torch.tensor(counters.ada_p, device=device)
    counters.step += 1
    counters.images_seen += phase.batch
    if config.ema_half_life > 0:
        # Nothing is averaged in a prior, which sees no images, and of what is learned from real images alone.
        update_ema(state, config.ema_half_life, 0 if phase.name == "upsample" else phase.batch)
    return losses


def update_ada_p(state: State, config: Config, batch: int) -> None:
    """Move the probability of augmentation by how surely the discriminator knew its images in the last ten steps."""
    sign, ada = state.counters.loss_averages.get("real_sign"), config.ada
    if sign is not None and ada is not None:
        probability = update_probability(
            state.counters.ada_p, sign.fast_mean, batch, ada.target, ada.speed_images, ada.max_p
        )
        state.counters.ada_p = max(ada.min_p, probability)
