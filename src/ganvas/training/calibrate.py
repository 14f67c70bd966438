"""From a budget of minutes to a number of steps: try each phase for a moment and count."""

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from .. import checkpoint
from ..config import Config
from ..data.loader import Loader
from ..data.prepare import Prepared
from ..device import Choice, use
from ..latents.sample import save_network
from ..metrics.features import DEFAULT
from ..metrics.networks import load_network
from ..planning.schedule import Position, with_seconds
from ..runs import Run
from .care.checkpoint_scores import COUNT, Appraiser
from .care.health_check import Examiner
from .care.logit_histograms import logit_histograms
from .care.sample_grids import save_sheet, settle
from .growth import grow
from .phases import advance
from .state import State, fresh, pack
from .steps.adversarial import Losses
from .steps.autoencoder import encode_all
from .steps.batch import loader_for

WARM_UP = 3  # first steps of a phase: memory is taken and convolutions choose their algorithm
TRIALS = 12
PATIENCE = 1.5  # seconds a phase, at most (after at least one trial)
FEW = 512  # pictures that are encoded to see how long all would take
SHARE = 0.08  # of the budget that sheets and checkpoints may take
MARGIN = 0.96  # machines are noisy; a budget is better kept than used to the last second
EVALUATION_SHARE = 0.045  # of the budget that scores may take: under 5 % also where they turn out a little slower
EXAMINATION_SHARE = 0.024  # of the budget that the coach may take to look: some looks come more often than planned
MOST_EXAMINATIONS = 240
WORTH_SCORING = 300.0  # seconds; in a shorter run the last checkpoint is the best, since its rates end with the budget
TRIED = 64  # pictures that are scored to see how long all would take


def calibrate(config: Config, data: Prepared, device: Choice, seconds: Callable[[], float]) -> Config:
    """Return `config` with the steps, sheets and checkpoints that fit a budget, on this machine as it is now.

    What was learned meanwhile is thrown away. The result depends on the clock, hence it is recorded in config.json.

    Args:
        seconds: what is left of the budget, asked when the measuring is over.
    """
    where = use(device)
    loader = loader_for(config, data)
    state = fresh(config, where)
    each_step, encoding = seconds_per_step(config, data, state, loader)
    sheet, save = _seconds_to_write(state, config, loader, device)
    evaluation = _seconds_to_score(state, config, data, where) if seconds() > WORTH_SCORING else math.inf
    examination = _seconds_to_examine(state, config, data, where) if config.coach != "off" else math.inf
    left = seconds() - encoding
    examinations = EXAMINATION_SHARE * left / examination, SHARE / 2 * left / save  # a healthy moment is saved
    looks = min(round(left / 60), int(EVALUATION_SHARE * left / evaluation))  # one of them at the real pictures
    config = replace(
        config,
        evaluations=max(0, looks - 1),
        sheets=max(2, min(24, int(SHARE / 2 * left / sheet))),
        checkpoints=max(1, min(round(left / 60), int(SHARE / 2 * left / save))),
        examinations=max(0, min(MOST_EXAMINATIONS, *(int(each) for each in examinations))),
    )
    left -= config.sheets * sheet + config.checkpoints * save
    left -= config.examinations * (examination + save) if config.examinations else 0.0
    left -= looks * evaluation if config.evaluations else 0.0
    return with_seconds(config, max(MARGIN * left, 1.0), each_step)


def seconds_per_step(config: Config, data: Prepared, state: State, loader: Loader) -> tuple[list[float], float]:
    """Return the seconds that a step of each phase takes, and those that encoding all pictures takes.

    What `state` learns meanwhile is of no use.
    """
    each_step, encoding = [], 0.0
    if config.adapt is not None:
        state.augmented = config.adapt.most  # what augmentation costs at most
    for phase in config.phases:
        grow(state, Position(phase, 0))
        if config.warm_start and phase.name == "prior":
            began = time.perf_counter()
            state.codes = encode_all(state, config, data, FEW)
            shown = data.count - config.held_out
            encoding = (time.perf_counter() - began) * min(shown, config.warm_start.most_codes) / min(shown, FEW)
        each_step.append(_mean_seconds(state, config, partial(advance, phase, state, config, loader)))
    return each_step, encoding


def _mean_seconds(state: State, config: Config, step: Callable[[], Losses]) -> float:
    """Return the mean of a step's seconds where some are dearer: a lazy penalty comes every so many steps.

    Each kind of step is tried by setting the step's number, and counts as often as it comes.
    """
    lazy = {config.penalty.every} if config.penalty.name != "none" else set()
    lazy |= {config.styles.path_every} if config.styles else set()
    numbers = [1, *sorted(lazy - {1})]  # the first is due for nothing, a later one for those that divide it
    times: dict[int, list[float]] = {number: [] for number in numbers}
    began = time.perf_counter()
    for trial in range(WARM_UP + TRIALS * len(numbers)):
        state.step = numbers[trial % len(numbers)]
        start = time.perf_counter()
        [float(loss) for loss in step().values()]  # waits for the device
        if trial >= WARM_UP:
            times[numbers[trial % len(numbers)]].append(time.perf_counter() - start)
        if all(times.values()) and time.perf_counter() - began > PATIENCE:
            break
    each = {number: statistics.median(several) for number, several in times.items()}
    cycle = math.lcm(*numbers)
    kinds = (max((number for number in numbers if place % number == 0), default=1) for place in range(cycle))
    return statistics.fmean(each[kind] for kind in kinds)


def _seconds_to_score(state: State, config: Config, data: Prepared, device: torch.device) -> float:
    """Return the seconds that an evaluation takes at most; the first look at the real pictures takes no longer.

    Found with a part of the pictures, since few budgets could spare a whole evaluation to be thrown away.
    """
    load_network(DEFAULT, None)  # not to be counted: it is kept
    appraiser = Appraiser(config, data, device, TRIED)
    began = time.perf_counter()
    appraiser.score(state, state.averaged)
    return COUNT / TRIED * (time.perf_counter() - began)


def _seconds_to_examine(state: State, config: Config, data: Prepared, device: torch.device) -> float:
    """Return the seconds that an examination takes, once the real pictures have been looked at."""
    examiner = Examiner(config, data, device)
    began = time.perf_counter()
    examiner.examine(state, config, config.phases[-1], {})
    return time.perf_counter() - began


def _seconds_to_write(state: State, config: Config, loader: Loader, device: Choice) -> tuple[float, float]:
    """Return the seconds that a sheet with its logits and that a checkpoint with its model take."""
    where = use(device)
    with TemporaryDirectory() as folder:
        run = Run(Path(folder))
        began = time.perf_counter()
        save_sheet(run, state, config, where)
        if "discriminator" in config.optimisers:
            logit_histograms(state, config, loader, where)
        written = time.perf_counter()
        checkpoint.save(run.checkpoints, state.step, *pack(state))
        save_network(run, settle(state, config, where), state.step, state.images)
        return written - began, time.perf_counter() - written
