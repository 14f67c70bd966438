"""The kinds of step that a phase may be made of, by the phase's name."""

from collections.abc import Callable

from ..config import Config
from .schedule import Position
from .state import State
from .steps import Draw, Losses, adversarial_step

PHASES: dict[str, Callable[[State, Config, Position, Draw], Losses]] = {
    "adversarial": lambda state, config, position, material: adversarial_step(state, config, material),
}
