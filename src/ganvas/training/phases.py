"""The kinds of step that a phase may be made of, by the phase's name; what must be ready, and how one is taken."""

from collections.abc import Callable
from dataclasses import replace

import torch

from ..config import AdaptConfig, Config, PhaseConfig
from ..data.ada import adapted
from ..data.loader import Loader
from ..data.prepare import Prepared
from ..device import is_out_of_memory, mixed_precision, random_at
from ..errors import GanvasError, pick
from ..planning.schedule import Position
from .growth import grow
from .state import State
from .steps.adversarial import Losses, adversarial_step, unfreeze, update_average
from .steps.autoencoder import autoencode_step, encode_all, prior_step, sharpen_step
from .steps.batch import Draw, draw, effective
from .steps.vae import vae_step

PHASES: dict[str, Callable[[State, Config, Draw], Losses]] = {
    "adversarial": adversarial_step,
    "grow": adversarial_step,
    "autoencode": autoencode_step,
    "prior": prior_step,
    "sharpen": sharpen_step,
    "vae": vae_step,
}


def enter(at: Position, state: State, config: Config, data: Prepared) -> None:
    """Make ready what a step relies on: codes of the pictures for the prior, networks grown so far."""
    if config.warm_start and at.phase.name == "prior" and state.codes is None:
        state.codes = encode_all(state, config, data, config.warm_start.most_codes)
    grow(state, at)


def advance(phase: PhaseConfig, state: State, config: Config, loader: Loader) -> Losses:
    """Take one step of `phase` on the pictures and random numbers that are its own, count it, and return its losses.

    A batch that does not fit into memory is taken in parts whose gradients are gathered: half of it, a quarter, and so
    on, from then on (`steps.in_turns`).

    Raises:
        GanvasError: not even two pictures fit.
    """
    device = next(state.generator.parameters()).device
    if config.adapt is not None:
        adapt(state, config.adapt, phase.batch)
    if phase.batch:  # parts that a larger batch was taken in would be of less than two pictures
        state.parts = min(state.parts, max(1, phase.batch // 2))
    while True:
        try:
            losses = _step(phase, state, config, loader, device)
            break
        except (MemoryError, RuntimeError) as error:  # torch.OutOfMemoryError is a RuntimeError
            if not is_out_of_memory(error):
                raise
            if 2 * state.parts > max(1, phase.batch // 2):  # a single picture has no mean and no pair
                raise GanvasError(
                    f"The memory of {device} is full.",
                    "Try a smaller --size or --width 0.5, in another folder: --out OTHER",
                ) from error
        state.parts *= 2
        if "discriminator" in state.optimisers:
            unfreeze(state)  # it may have been the generator's turn
        for name, optimiser in state.optimisers.items():  # what was gathered is of half a step
            if name != "discriminator" or state.taught is None:
                optimiser.zero_grad(set_to_none=True)
        if device.type == "cuda":
            torch.cuda.empty_cache()
    if config.adapt is not None:
        losses["augmented"] = torch.tensor(state.augmented, device=device)
    state.step += 1
    state.images += phase.batch
    if config.ema > 0:
        update_average(state, config.ema, phase.batch)
    return losses


def _step(phase: PhaseConfig, state: State, config: Config, loader: Loader, device: torch.device) -> Losses:
    """Draw the step's batch and learn from it."""
    pictures, labels = loader.batch(state.images, phase.batch)
    random = random_at(config.seed, state.step, "step", device=device)
    material = draw(config, pictures, labels if config.classes else None, random, device)
    material = replace(material, augmented=effective(state, config))
    with mixed_precision(device, config.precision):
        return pick(PHASES, phase.name, "phase")(state, config, material)


def adapt(state: State, config: AdaptConfig, batch: int) -> None:
    """Move the probability of augmentation by how surely the discriminator knew its pictures in the last ten steps."""
    sign = state.averages.get("real_sign")
    if sign is not None:
        probability = adapted(state.augmented, sign.fast, batch, config.target, config.images, config.most)
        state.augmented = max(config.least, probability)
