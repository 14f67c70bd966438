"""The kinds of step that a phase may be made of, by the phase's name, and what must be ready before."""

from collections.abc import Callable

from ..config import Config, PhaseConfig
from ..data.prepare import Prepared
from .state import State
from .steps import Draw, Losses, adversarial_step
from .warm_start import autoencode_step, encode_all, prior_step, sharpen_step

PHASES: dict[str, Callable[[State, Config, Draw], Losses]] = {
    "adversarial": adversarial_step,
    "autoencode": autoencode_step,
    "prior": prior_step,
    "sharpen": sharpen_step,
}


def enter(phase: PhaseConfig, state: State, config: Config, data: Prepared) -> None:
    """Make ready what the phase's steps rely on: for the prior, the codes of the pictures."""
    if config.warm_start and phase.name == "prior" and state.codes is None:
        state.codes = encode_all(state, config, data, config.warm_start.most_codes)
