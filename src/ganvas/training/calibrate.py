"""How long things take on this machine: each phase's step, a sample grid, a checkpoint, a score, a health check.

From there follow the steps that a budget of minutes has room for.
"""

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import torch

from .. import checkpoint
from ..coach.diagnosis.check_times import most_gaps, planned_checks
from ..config import Config
from ..data.loader import Loader
from ..data.prepare import PreparedDataset
from ..device import DeviceChoice, torch_device
from ..distributed import process_count
from ..latents.sample import save_network
from ..metrics import DEFAULT_NETWORK
from ..metrics.networks import load_network
from ..planning.budget import with_seconds
from ..planning.schedule import PhasePosition, config_in_phase, level_at
from ..planning.short_run import with_more_steps
from ..runs import Run
from .monitoring.checkpoint_scores import COUNT, CheckpointScorer
from .monitoring.health_check import HealthChecker
from .monitoring.logit_histograms import logit_histograms
from .monitoring.sample_grids import save_sample_grid
from .phases import set_level, take_step
from .state import State, new_state
from .state_io import state_to_tensors
from .steps.autoencoder import encode_dataset
from .steps.batch import make_loader
from .steps.ema import prepare_for_sampling
from .steps.optimize import Losses

WARMUP_TRIALS = 3  # first steps of a phase: memory is allocated and convolutions choose their algorithm
TRIALS = 12
MAX_TRIAL_SECONDS = 1.5  # a phase, at most (after at least one trial)
ENCODED_IMAGES = 512  # encoded to see how long all would take
WRITING_SHARE = 0.08  # of the budget that sample grids and checkpoints may take
MARGIN = 0.96  # machines are noisy; a budget is better kept than used to the last second
SCORING_SHARE = 0.045  # of the budget that scores may take: under 5 % also where they turn out a little slower
HEALTH_SHARE = 0.024  # of the budget that health checks may take: what they look with has to be loaded, too
CLOSING_SHARE = 0.1  # of the budget that is kept for what follows the last step: what was just loaded looks slow
MAX_HEALTH_CHECKS = 240
MAX_SAMPLE_GRIDS = 24
MIN_SECONDS_TO_SCORE = 300.0  # in a shorter run the last checkpoint is the best, since its learning rates end with it
SCORED_IMAGES = 64  # scored to see how long all would take


class Seconds(NamedTuple):
    """What one sample grid, checkpoint, score and health check take; infinite if there are to be none."""

    grid: float
    checkpoint: float
    score: float
    health_check: float


def calibrate(config: Config, data: PreparedDataset, choice: DeviceChoice, left: Callable[[], float]) -> Config:
    """Return `config` with the steps, sample grids, checkpoints, scores and health checks that fit a budget.

    What was learned meanwhile is thrown away. The result depends on the clock, hence it is recorded in config.json.

    Args:
        left: asked for the seconds that are left of the budget.
    """
    device = torch_device(choice)
    loader = make_loader(config, data)
    state = new_state(config, device)
    step_seconds, encoding = seconds_per_step(config, data, state, loader)
    grid, save = seconds_to_write(state, config, loader, choice)
    score = seconds_to_score(state, config, data, device) if left() > MIN_SECONDS_TO_SCORE else math.inf
    check = seconds_to_check(state, config, data, device) if config.coach != "off" else math.inf
    seconds = Seconds(grid, save, score, check)
    planned = with_budget(config, left() - encoding, step_seconds, seconds)
    smaller = with_more_steps(config, planned)
    if smaller is config:
        return planned
    step_seconds, encoding = seconds_per_step(smaller, data, state, loader)  # fewer images a step, but not as much less
    return with_budget(smaller, left() - encoding, step_seconds, seconds)


def _own_share(config: Config) -> Config:
    """Return `config` with the part of each batch that one of several processes takes."""
    count = process_count()
    return replace(config, phases=tuple(replace(each, batch=each.batch // count) for each in config.phases))


def with_budget(config: Config, left: float, step_seconds: list[float], seconds: Seconds) -> Config:
    """Return `config` with everything that fits into `left` seconds, each kind of work its share.

    Args:
        step_seconds: of each phase.
        seconds: of everything else.
    """
    scores = min(round(left / 60), int(SCORING_SHARE * left / seconds.score))  # one of them of the real images
    # With each health check comes, in health, a checkpoint to go back to.
    affordable = min(
        MAX_HEALTH_CHECKS,
        int(HEALTH_SHARE * left / seconds.health_check),
        int(WRITING_SHARE / 2 * left / seconds.checkpoint),
    )
    shares = [phase.time_share for phase in config.phases]
    shares = [share / sum(shares) for share in shares]
    config = replace(
        config,
        evaluations=max(0, scores - 1),
        sample_grids=max(2, min(MAX_SAMPLE_GRIDS, int(WRITING_SHARE / 2 * left / seconds.grid))),
        checkpoints=max(1, min(round(left / 60), int(WRITING_SHARE / 2 * left / seconds.checkpoint))),
        health_checks=most_gaps(max(0, affordable), shares),
    )
    closing = seconds.grid + seconds.checkpoint
    closing += (seconds.score if config.evaluations else 0.0) + (seconds.health_check if config.health_checks else 0.0)
    config = replace(config, closing_seconds=max(0.0, min(closing, CLOSING_SHARE * left)))
    left -= config.sample_grids * seconds.grid + config.checkpoints * seconds.checkpoint
    checks = planned_checks(config.health_checks, shares) if config.health_checks else 0
    left -= checks * (seconds.health_check + seconds.checkpoint) if checks else 0.0
    left -= scores * seconds.score if config.evaluations else 0.0
    return with_seconds(config, max(MARGIN * left, 1.0), step_seconds)


def seconds_per_step(config: Config, data: PreparedDataset, state: State, loader: Loader) -> tuple[list[float], float]:
    """Return the seconds that a step of each phase takes, and those that encoding all images takes.

    What `state` learns meanwhile is of no use.
    """
    config, step_seconds, encoding = _own_share(config), list[float](), 0.0
    if config.ada is not None:
        state.counters.ada_p = config.ada.max_p  # what augmentation costs at most
    for phase in config.phases:
        set_level(state, level_at(PhasePosition(phase, 0)))
        if config.autoencoder and phase.name == "prior":
            began = time.perf_counter()
            state.encoder_codes = encode_dataset(state, config, data, ENCODED_IMAGES)
            count = data.count - config.held_out
            encoded = min(count, ENCODED_IMAGES)
            encoding = (time.perf_counter() - began) * min(count, config.autoencoder.max_codes) / encoded
        settings = config_in_phase(config, phase)
        step_seconds.append(_mean_seconds(state, settings, partial(take_step, phase, state, settings, loader)))
    return step_seconds, encoding


def _mean_seconds(state: State, config: Config, step: Callable[[], Losses]) -> float:
    """Return the mean of a step's seconds where some cost more: a lazy penalty comes every so many steps.

    Each kind of step is tried by setting the step's number, and counts as often as it comes.
    """
    lazy = {config.penalty.interval} if config.penalty.name != "none" else set()
    lazy |= {config.stylegan.pl_interval} if config.stylegan else set()
    numbers = [1, *sorted(lazy - {1})]  # at the first nothing is due, at a later one what divides it
    times: dict[int, list[float]] = {number: [] for number in numbers}
    began = time.perf_counter()
    for trial in range(WARMUP_TRIALS + TRIALS * len(numbers)):
        state.counters.step = numbers[trial % len(numbers)]
        start = time.perf_counter()
        [float(loss) for loss in step().values()]  # waits for the device
        if trial >= WARMUP_TRIALS:
            times[numbers[trial % len(numbers)]].append(time.perf_counter() - start)
        if all(times.values()) and time.perf_counter() - began > MAX_TRIAL_SECONDS:
            break
    medians = {number: statistics.median(several) for number, several in times.items()}
    cycle = math.lcm(*numbers)
    kinds = (max((number for number in numbers if place % number == 0), default=1) for place in range(cycle))
    return statistics.fmean(medians[kind] for kind in kinds)


def seconds_to_score(state: State, config: Config, data: PreparedDataset, device: torch.device) -> float:
    """Return the seconds that a score takes at most; measuring the real images takes no longer.

    Found with a part of the images, since few budgets could spare a whole score to be thrown away.
    """
    load_network(DEFAULT_NETWORK, None)  # not to be counted: it stays loaded
    scorer = CheckpointScorer(config, data, device, SCORED_IMAGES)
    began = time.perf_counter()
    scorer.score(state, state.networks.g_ema)
    return COUNT / SCORED_IMAGES * (time.perf_counter() - began)


def seconds_to_check(state: State, config: Config, data: PreparedDataset, device: torch.device) -> float:
    """Return the seconds that a health check takes, once the real images have been measured."""
    probe = HealthChecker(config, data, device)
    began = time.perf_counter()
    probe.check(state, config, config.phases[-1], {})
    return time.perf_counter() - began


def seconds_to_write(state: State, config: Config, loader: Loader, choice: DeviceChoice) -> tuple[float, float]:
    """Return the seconds that a sample grid with its logits and that a checkpoint with its model take."""
    device, counters = torch_device(choice), state.counters
    with TemporaryDirectory() as folder:
        run = Run(Path(folder))
        began = time.perf_counter()
        save_sample_grid(run, state, config, device)
        if "discriminator" in config.optimizers:
            logit_histograms(state, config, loader, device)
        written = time.perf_counter()
        checkpoint.save(run.checkpoints, counters.step, *state_to_tensors(state))
        network = prepare_for_sampling(state, config, device)
        save_network(run, network, counters.step, counters.images_seen)
        return written - began, time.perf_counter() - written
