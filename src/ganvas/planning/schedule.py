"""Where a step stands in the whole: its phase, its learning rate, and what is due at it. Pure arithmetic."""

import math
from dataclasses import dataclass, replace

from ..config import Config, PhaseConfig


@dataclass(frozen=True)
class PhasePosition:
    """Name the phase of a step, and which step of the phase it is (from 0)."""

    phase: PhaseConfig
    step: int


def phase_at(config: Config, step: int) -> PhasePosition:
    """Return where `step` (from 0) stands.

    Raises:
        IndexError: the training has no such step.
    """
    for phase in config.phases:
        if step < phase.steps:
            return PhasePosition(phase, step)
        step -= phase.steps
    raise IndexError("past the last step")


def phase_start(config: Config, step: int) -> int:
    """Return how many steps came before the phase of the last of `step` steps, however often it was begun again."""
    last = max(0, step - 1)
    begin, before = 0, 0
    for number, phase in enumerate(config.phases):
        if number == 0 or not phase.continues(config.phases[number - 1]):
            begin = before
        before += phase.steps
        if last < before:
            break
    return begin


def steps_left_in_phase(config: Config, step: int) -> int:
    """Return how many steps of the phase of the last of `step` steps are left, however often it was begun again."""
    last, end = max(0, step - 1), 0
    for number, phase in enumerate(config.phases):
        if end > last and not phase.continues(config.phases[number - 1]):
            break
        end += phase.steps
    return max(0, end - step)


def ends_phase(config: Config, step: int) -> bool:
    """Tell whether after `step` steps a phase is over, and another one comes."""
    return 0 < step < config.steps and not phase_at(config, step).phase.continues(phase_at(config, step - 1).phase)


def ends_level(config: Config, step: int) -> bool:
    """Tell whether after `step` steps a growing network is about to grow."""
    if not 0 < step < config.steps:
        return False
    return phase_at(config, step).phase.level != phase_at(config, step - 1).phase.level


def config_at_step(config: Config, step: int) -> Config:
    """Return `config` with what its settings have become at `step`, if they change on the way."""
    config = config_in_phase(config, phase_at(config, min(step, config.steps - 1)).phase)
    if config.anneal is None:
        return config
    done = (1 - math.cos(math.pi * progress(config, step))) / 2
    rate, forgetting, gamma = (
        1 + done * (end - 1)
        for end in (config.anneal.lr_factor, config.anneal.one_minus_beta2_factor, config.anneal.gamma_factor)
    )
    optimisers = {
        name: replace(each, lr=rate * each.lr, beta2=1 - forgetting * (1 - each.beta2))
        for name, each in config.optimizers.items()
    }
    return replace(
        config,
        optimizers=optimisers,
        penalty=replace(config.penalty, gamma=gamma * config.penalty.gamma),
        balance=replace(
            config.balance, augment_p=(done if config.anneal.ramps_augment_p else 1) * config.balance.augment_p
        ),
    )


def config_in_phase(config: Config, phase: PhaseConfig) -> Config:
    """Return `config` with what holds in a phase: large images have their own loss, penalty and augmentation."""
    settings = config.upsampling
    if settings is None or not phase.level:
        return config
    return replace(
        config,
        loss=settings.loss,
        penalty=settings.penalty,
        augment=settings.augment,
        balance=replace(config.balance, augment_p=1.0),
        ada=None,
        anneal=None,
    )


def lr_factor(position: PhasePosition) -> float:
    """Return what the learning rates are multiplied by: up along the phase's ramp, then linearly down to its floor."""
    phase = position.phase
    rise = min(1.0, (position.step + 1) / phase.warmup_steps) if phase.warmup_steps else 1.0
    return rise * max(phase.final_lr_factor, 1 - position.step / phase.steps)


def progress(config: Config, step: int) -> float:
    """Return the share of the budget, in [0, 1], that is used up after `step` steps."""
    if step >= config.steps:
        return 1.0
    used, left = 0.0, step
    for phase in config.phases:
        used += phase.time_share * min(left, phase.steps) / phase.steps
        left = max(0, left - phase.steps)
    return used / sum(phase.time_share for phase in config.phases)


def last_phase_progress(config: Config, step: int) -> float:
    """Return the share of the last phase, in [0, 1], that is done after `step` steps.

    Only there samples are what they will be; a score taken while an autoencoder learns to draw tells nothing.
    """
    begin = phase_start(config, config.steps)
    return min(1.0, max(0.0, (step - begin) / (config.steps - begin)))


def is_due(before: float, after: float, times: int) -> bool:
    """Tell whether one of `times` occasions, evenly spread over (0, 1] with the last at 1, lies in (before, after]."""
    return math.floor(after * times) > math.floor(before * times)


def level_at(position: PhasePosition) -> float:
    """Return the level of a growing network: 1.3 when the second resolution after the coarsest is faded in by 0.3."""
    phase = position.phase
    fading = phase.fade_in * phase.steps if phase.level else 0.0
    return phase.level - 1 + min(1.0, (position.step + 1) / fading) if fading else float(phase.level)
