"""How far a growing network is grown at a step (Karras et al. 2018, ProGAN)."""

from ..models.progressive import ProgressiveGenerator, set_level
from ..planning.schedule import Position
from .state import State


def grow(state: State, at: Position) -> None:
    """Let the networks draw and judge up to the level of the phase, which is faded in during the phase's first part."""
    if isinstance(state.generator, ProgressiveGenerator):
        level = reached(at)
        for network in (state.generator, state.averaged, state.discriminator):
            set_level(network, level)


def reached(at: Position) -> float:
    """Return the level in a step: 1.3 when the grid after the first but one is faded in by 0.3."""
    fading = at.phase.fade * at.phase.steps if at.phase.level else 0.0
    return at.phase.level - 1 + min(1.0, (at.step + 1) / fading) if fading else float(at.phase.level)
