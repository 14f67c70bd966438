"""Remedies: each prescribes something for a training, or nothing where it does not apply."""

import math
from collections.abc import Callable

from ...events import Prescription
from ...models import can_pack
from ...phases import side_of
from ..diagnosis.rules import LATE_PROGRESS, MIN_BATCH_SIZE, weights_too_large
from .remedy_context import SAFE_RATIO, RemedyContext, one_digit

LOW_RATIO = 0.002  # below this, training makes no progress
WANTED_REACH = 10.0  # learning rate relative to the weights, times the steps: trainings of so much came far
EARLY_PROGRESS = 0.1  # share of the budget that is quickly repeated
GAMMA = 1.0  # of R1: it kept every pair of networks stable at 16 to 32 px
SMALLER_BATCH = 32.0  # images: with fewer, a large network's steps become noise
LARGER_BATCH = 16.0  # with more, a small budget would have too few steps


Remedy = Callable[[RemedyContext], tuple[Prescription, ...]]


def restart_with(remedy: Remedy) -> Remedy:
    """Return the remedy that restarts and then applies `remedy`, where that applies."""

    def restart(context: RemedyContext) -> tuple[Prescription, ...]:
        prescriptions = remedy(context)
        return (*context.restart(), *prescriptions) if prescriptions and context.can_restart(prescriptions) else ()

    return restart


def _needs_d(remedy: Remedy) -> Remedy:
    """Return the remedy for phases with a discriminator only; elsewhere it would do nothing, or harm later phases."""

    def with_discriminator(context: RemedyContext) -> tuple[Prescription, ...]:
        return remedy(context) if "discriminator" in context.optimizers else ()

    return with_discriminator


def halve_g_lr(context: RemedyContext) -> tuple[Prescription, ...]:
    """Halve the learning rates of the generator's side."""
    return tuple(Prescription("lr", name, 0.5) for name in context.optimizers if side_of(name) == "generator")


def lower_lr(context: RemedyContext) -> tuple[Prescription, ...]:
    """Lower the learning rates that are too high now, or all of them."""
    return context.lower_lr(context.history.checks[-1:])


def lower_lr_if_too_high(context: RemedyContext) -> tuple[Prescription, ...]:
    """Lower the learning rates for a restart, if they are plainly too high."""
    prescriptions = context.lower_lr_for_restart(default_factor=1.0)
    return prescriptions if any(prescription.value < 1 for prescription in prescriptions) else ()


def lower_lr_for_restart(context: RemedyContext) -> tuple[Prescription, ...]:
    """Lower the learning rates for a restart."""
    return context.lower_lr_for_restart()


def halve_lr_for_restart(context: RemedyContext) -> tuple[Prescription, ...]:
    """Lower the learning rates for a restart: those that are too high, or else halve all of them."""
    return context.lower_lr_for_restart(default_factor=0.5)


def smaller_batch(context: RemedyContext) -> tuple[Prescription, ...]:
    """Halve a large batch until the steps that are left take the weights far enough: as many images make more steps."""
    batch = wanted = context.history.last_value("batch_size")
    while wanted >= 2 * SMALLER_BATCH and _reach_left(context) * batch / wanted < WANTED_REACH:
        wanted /= 2
    step = context.history.last.step
    return (Prescription("batch_size", value=float(round(wanted)), step=step),) if wanted < batch else ()


def _reach_left(context: RemedyContext) -> float:
    """Return how far the weights can come in the steps that are left; NaN if that is not known."""
    ratio = context.history.last_value("generator_lr_to_weight_ratio")
    return math.nan if context.steps_left is None else ratio * context.steps_left


def rates_for_steps_left(context: RemedyContext) -> tuple[Prescription, ...]:
    """Raise all learning rates by one factor, so that the weights can move far enough in the steps that are left."""
    reach, ratio = _reach_left(context), context.history.last_value("generator_lr_to_weight_ratio")
    if not (reach > 0 and ratio > 0):
        return ()
    factor = min(WANTED_REACH / reach, SAFE_RATIO / ratio)
    if factor < 1.5:
        return ()
    return tuple(Prescription("lr", name, one_digit(min(factor, 16.0))) for name in context.optimizers)


def raise_lr(context: RemedyContext) -> tuple[Prescription, ...]:
    """Raise learning rates that are too low for any progress."""
    ratios = {name: context.history.last_value(f"{side_of(name)}_lr_to_weight_ratio") for name in context.optimizers}
    return tuple(Prescription("lr", name, 4.0) for name, ratio in ratios.items() if 0 < ratio < LOW_RATIO)


@_needs_d
def relativistic_loss(context: RemedyContext) -> tuple[Prescription, ...]:
    """Switch to the relativistic loss with R1 and R2 (R3GAN, Huang et al. 2024)."""
    if context.config.loss == "relativistic" and context.config.penalty.name == "r1_r2":
        return ()
    gamma = max(GAMMA, min(context.config.penalty.gamma, 10 * GAMMA))
    return Prescription("loss", name="relativistic"), Prescription("penalty", name="r1_r2", value=gamma)


@_needs_d
def non_saturating_loss(context: RemedyContext) -> tuple[Prescription, ...]:
    """Switch from the saturating loss, whose gradient vanishes where the discriminator is confident."""
    return (Prescription("loss", name="bce"),) if context.config.loss == "saturating" else ()


@_needs_d
def packing(context: RemedyContext) -> tuple[Prescription, ...]:
    """Show the discriminator two pictures at a time (PacGAN), where the networks allow it."""
    if not can_pack(context.config) or context.config.balance.pac > 1:
        return ()
    return (Prescription("pac", value=2.0),)


@_needs_d
def skip_d_steps(context: RemedyContext) -> tuple[Prescription, ...]:
    """Skip discriminator steps while it wins, where the loss has a fixed scale, and lower its learning rate."""
    if context.config.loss not in ("bce", "saturating", "relativistic"):
        return (Prescription("lr", "discriminator", 0.3),)
    return Prescription("d_skip", value=0.4), Prescription("lr", "discriminator", 0.3)


@_needs_d
def stronger_penalty(context: RemedyContext) -> tuple[Prescription, ...]:
    """Add R1, or strengthen the present penalty."""
    penalty = context.config.penalty
    if penalty.name == "none":
        return (Prescription("penalty", name="r1", value=GAMMA),)
    stronger = one_digit(max(GAMMA, 5 * penalty.gamma))
    return (Prescription("penalty", name=penalty.name, value=stronger),) if penalty.gamma < 10 * GAMMA else ()


@_needs_d
def weaker_penalty(context: RemedyContext) -> tuple[Prescription, ...]:
    """Weaken a penalty that may keep the discriminator from learning."""
    penalty = context.config.penalty
    if penalty.name == "none" or penalty.gamma < 0.01 * GAMMA:
        return ()
    weaker = GAMMA if penalty.gamma > 3 * GAMMA else one_digit(penalty.gamma / 30)
    return (Prescription("penalty", name=penalty.name, value=weaker),)


@_needs_d
def more_d_steps(context: RemedyContext) -> tuple[Prescription, ...]:
    """Take two discriminator steps per generator step, and halve the generator's learning rate."""
    return Prescription("n_critic", value=2.0), *halve_g_lr(context)


@_needs_d
def instance_noise(context: RemedyContext) -> tuple[Prescription, ...]:
    """Add noise to the discriminator's inputs."""
    return (Prescription("instance_noise", value=0.1),) if context.config.balance.instance_noise_std < 0.1 else ()


def stronger_augmentation(probability: float) -> Remedy:
    """Return the remedy that augments with this probability, unless it is as high already."""

    @_needs_d
    def augment(context: RemedyContext) -> tuple[Prescription, ...]:
        config = context.config
        if config.ada and "ada" in config.augment:  # adaptive, so it may be as high already: two levels are enough
            wanted = min(probability, config.ada.max_p) if probability <= 0.5 else config.ada.max_p
            enough = config.ada.min_p >= wanted
        else:
            wanted = probability
            enough = bool(config.augment) and not config.ada and config.balance.augment_p >= probability
        return () if enough else (Prescription("augment", value=wanted),)

    return augment


def larger_batch(context: RemedyContext) -> tuple[Prescription, ...]:
    """Raise a batch size so small that gradients and batch statistics are mostly noise.

    Early enough, start again as well: the weights have learned from that noise.
    """
    check = context.history.last
    if not 1 <= context.history.last_value("batch_size") < MIN_BATCH_SIZE:
        return ()
    restart = context.reinitialize() if check.progress < LATE_PROGRESS else ()
    return (*restart, Prescription("batch_size", value=LARGER_BATCH, step=check.step))


def double_grad_accum(context: RemedyContext) -> tuple[Prescription, ...]:
    """Accumulate gradients over twice as many steps."""
    return (Prescription("grad_accum", value=2.0 * context.config.balance.grad_accum_steps),)


def less_momentum(context: RemedyContext) -> tuple[Prescription, ...]:
    """Lower Adam's beta1 where it is above 0.5, and the learning rates with it."""
    high_beta1 = [name for name in context.optimizers if context.config.optimizers[name].beta1 > 0.5]
    prescriptions = tuple(Prescription("beta1", name, 0.5) for name in high_beta1)
    return (*prescriptions, *context.lower_lr(context.history.checks[-1:])) if high_beta1 else ()


def no_momentum(context: RemedyContext) -> tuple[Prescription, ...]:
    """Set Adam's beta1 to 0."""
    names = (name for name in context.optimizers if context.config.optimizers[name].beta1 > 0)
    return tuple(Prescription("beta1", name, 0.0) for name in names)


def restart_if_units_died(context: RemedyContext) -> tuple[Prescription, ...]:
    """Go back to before units died, or start again while little is lost, with lower learning rates if too high."""
    little_is_lost = (
        context.healthy_steps or context.can_restart_phase or context.history.last.progress < EARLY_PROGRESS
    )
    return (*context.restart(), *lower_lr_if_too_high(context)) if _with_dead_units(context) and little_is_lost else ()


def reinitialize_large_weights(context: RemedyContext) -> tuple[Prescription, ...]:
    """Start with new weights if they are so large that no step moves them: they were so from the beginning."""
    return context.reinitialize() if weights_too_large(context.history) else ()


def reinit_dead_units(context: RemedyContext) -> tuple[Prescription, ...]:
    """Draw new weights for dead units."""
    return tuple(Prescription("reinit_dead_units", side) for side in _with_dead_units(context))


def _with_dead_units(context: RemedyContext) -> list[str]:
    """Return the networks of which more than a tenth of the units are dead."""
    return [side for side in ("generator", "discriminator") if context.history.last_value(f"{side}_dead_units") > 0.1]
