"""From a budget of minutes to a number of steps: try each phase for a moment and count."""

import statistics
import time

import torch

from ..config import Config
from ..data.loader import Loader
from ..data.prepare import Prepared
from ..device import Choice, random_at, use
from .phases import PHASES
from .schedule import Position
from .state import fresh
from .steps import draw, update_average

WARM_UP = 3  # first steps of a phase: memory is taken and convolutions choose their algorithm
TRIALS = 12
PATIENCE = 2.0  # seconds a phase, at most (after at least one trial)


def seconds_per_step(config: Config, data: Prepared, device: Choice) -> list[float]:
    """Return the median seconds of a step of each phase, on this machine as it is now.

    What was learned meanwhile is thrown away. The result depends on the clock, hence the steps that are derived from it
    are recorded in config.json.
    """
    where = use(device)
    loader = Loader(data, config.seed)
    state = fresh(config, where)
    medians = []
    for phase in config.phases:
        times: list[float] = []
        began = time.perf_counter()
        while len(times) < WARM_UP + TRIALS:
            start = time.perf_counter()
            pictures, labels = loader.batch(state.images, phase.batch)
            random = random_at(config.seed, state.step, "calibrate", device=where)
            material = draw(config, pictures, labels if config.classes else None, random, where)
            losses = PHASES[phase.name](state, config, Position(phase, len(times)), material)
            state.step += 1
            state.images += phase.batch
            update_average(state, config.ema, phase.batch)
            sum(losses.values(), torch.zeros(())).item()  # waits for the device
            times.append(time.perf_counter() - start)
            if len(times) > WARM_UP and time.perf_counter() - began > PATIENCE:
                break
        medians.append(statistics.median(times[WARM_UP:]))
    return medians
