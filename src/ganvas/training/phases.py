"""The kinds of step that a phase may be made of, by the phase's name; what must be ready, and how one is taken."""

from collections.abc import Callable

from ..config import Config, PhaseConfig
from ..data.loader import Loader
from ..data.prepare import Prepared
from ..device import random_at
from ..errors import pick
from .state import State
from .steps import Draw, Losses, adversarial_step, draw, update_average
from .vae import vae_step
from .warm_start import autoencode_step, encode_all, prior_step, sharpen_step

PHASES: dict[str, Callable[[State, Config, Draw], Losses]] = {
    "adversarial": adversarial_step,
    "autoencode": autoencode_step,
    "prior": prior_step,
    "sharpen": sharpen_step,
    "vae": vae_step,
}


def enter(phase: PhaseConfig, state: State, config: Config, data: Prepared) -> None:
    """Make ready what the phase's steps rely on: for the prior, the codes of the pictures."""
    if config.warm_start and phase.name == "prior" and state.codes is None:
        state.codes = encode_all(state, config, data, config.warm_start.most_codes)


def advance(phase: PhaseConfig, state: State, config: Config, loader: Loader) -> Losses:
    """Take one step of `phase` on the pictures and random numbers that are its own, count it, and return its losses."""
    device = next(state.generator.parameters()).device
    pictures, labels = loader.batch(state.images, phase.batch)
    random = random_at(config.seed, state.step, "step", device=device)
    material = draw(config, pictures, labels if config.classes else None, random, device)
    losses = pick(PHASES, phase.name, "phase")(state, config, material)
    state.step += 1
    state.images += phase.batch
    if config.ema > 0:
        update_average(state, config.ema, phase.batch)
    return losses
