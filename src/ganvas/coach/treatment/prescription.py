"""Kinds of prescription: each is a small change of the configuration, or a one-time change of the networks.

The configuration and the prescriptions together give the configuration that is trained with. So the two are enough to
read, repeat and resume a run.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ...config import Config, OptimizerConfig, PenaltyConfig, PhaseConfig
from ...errors import lookup
from ...events import Prescription, Treatment
from ...models import DISCRIMINATORS
from ...planning.budget import scale_remaining
from ...translation import N_

DEFAULT_AUGMENT = ("translation",)  # where the recipe has no augmentation; others would also slow learning down
Change = Callable[[Config, Prescription], Config]


@dataclass(frozen=True)
class Kind:
    """What a kind of prescription does.

    change: of the configuration.
    once: whether networks are changed too.
    divides_budget: whether steps or batches to come are planned anew, which stays so when a treatment is undone.
    """

    change: Change | None
    once: bool = False
    divides_budget: bool = False


def _lr(config: Config, prescription: Prescription) -> Config:
    """Multiply the learning rate of `network` (an optimizer) by `value`."""
    old = lookup(config.optimizers, prescription.network, N_("optimizer"))
    return _with_optimizer(config, prescription, replace(old, lr=old.lr * prescription.value))


def _beta1(config: Config, prescription: Prescription) -> Config:
    """Set Adam's beta1 to `value` for `network` (an optimizer)."""
    return _with_optimizer(
        config,
        prescription,
        replace(lookup(config.optimizers, prescription.network, N_("optimizer")), beta1=prescription.value),
    )


def _with_optimizer(config: Config, prescription: Prescription, new: OptimizerConfig) -> Config:
    """Return `config` with a new setting of the optimizer that the prescription names."""
    return replace(config, optimizers=config.optimizers | {prescription.network: new})


def _d_skip(config: Config, prescription: Prescription) -> Config:
    """Skip discriminator steps while the running mean of its loss is below `value`."""
    return replace(config, balance=replace(config.balance, d_skip_below_loss=prescription.value))


def _n_critic(config: Config, prescription: Prescription) -> Config:
    """Take `value` discriminator steps per generator step."""
    return replace(config, balance=replace(config.balance, n_critic=round(prescription.value)))


def _penalty(config: Config, prescription: Prescription) -> Config:
    """Set the penalty to `name` with gamma `value`; keep its interval, or use a cheap one for a new penalty."""
    usual = DISCRIMINATORS[config.discriminator.name].network.penalty_interval
    every = usual if config.penalty.name == "none" else config.penalty.interval
    penalty = PenaltyConfig(prescription.name, prescription.value, every)
    return replace(
        config, penalty=penalty, upsampling=config.upsampling and replace(config.upsampling, penalty=penalty)
    )


def _loss(config: Config, prescription: Prescription) -> Config:
    """Set the loss to `name`."""
    upsampling = config.upsampling and replace(config.upsampling, loss=prescription.name)
    return replace(config, loss=prescription.name, upsampling=upsampling)


def _augment(config: Config, prescription: Prescription) -> Config:
    """Augment the discriminator's inputs with probability `value`, or at least `value` if it is adaptive.

    Adaptive pseudo augmentation (APA) is switched off: with many fakes passed off as real, the discriminator would
    hardly see a real picture.
    """
    config = replace(config, anneal=config.anneal and replace(config.anneal, ramps_augment_p=False))
    augment = tuple(name for name in config.augment if name != "apa") or DEFAULT_AUGMENT
    if config.ada and "ada" in augment:
        min_p = min(config.ada.max_p, prescription.value)
        return replace(config, augment=augment, ada=replace(config.ada, min_p=min_p))
    balance = replace(config.balance, augment_p=prescription.value)
    return replace(config, ada=None, augment=augment, balance=balance)


def _instance_noise(config: Config, prescription: Prescription) -> Config:
    """Add Gaussian noise of standard deviation `value` to the discriminator's inputs."""
    return replace(config, balance=replace(config.balance, instance_noise_std=prescription.value))


def _grad_accum(config: Config, prescription: Prescription) -> Config:
    """Accumulate the gradients of `value` steps before each update."""
    return replace(config, balance=replace(config.balance, grad_accum_steps=round(prescription.value)))


def _restart_phase(config: Config, prescription: Prescription) -> Config:
    """Restart the phase of the step before `step`; it and later phases share the rest of the budget.

    The learning rate schedule restarts with the phase. Otherwise a phase that went wrong near its end would be left
    with the low learning rates of its end.
    """
    done = prescription.step
    before: list[PhaseConfig] = []
    phases = list(config.phases)
    while len(phases) > 1 and done > phases[0].steps:
        done -= phases[0].steps
        before.append(phases.pop(0))
    if len(phases) > 1 and done == phases[0].steps and phases[1].continues(phases[0]):
        return config  # it was already restarted at this step
    if done <= 0 or (done >= phases[0].steps and len(phases) == 1):  # nothing to repeat, or nothing left
        return config
    planned, done_share = sum(phase.time_share for phase in phases), done / phases[0].steps
    left = planned - done_share * phases[0].time_share
    before.append(replace(phases[0], steps=done, time_share=done_share * phases[0].time_share))
    return replace(config, phases=(*before, *(_scale_phase(phase, left / planned) for phase in phases)))


def _scale_phase(phase: PhaseConfig, factor: float) -> PhaseConfig:
    """Return a phase with its steps and its share of the time multiplied by `factor`."""
    return replace(phase, steps=max(1, round(factor * phase.steps)), time_share=factor * phase.time_share)


def _batch_size(config: Config, prescription: Prescription) -> Config:
    """Set the batch size to `value` from `step` on, with so many steps that as many pictures are seen in all."""
    config = _restart_phase(config, prescription)
    phases, begin = [], 0
    for phase in config.phases:
        if begin >= prescription.step and phase.batch and prescription.value >= 1:
            steps = max(1, round(phase.steps * phase.batch / prescription.value))
            phases.append(replace(phase, batch=round(prescription.value), steps=steps))
        else:
            phases.append(phase)
        begin += phase.steps
    return replace(config, phases=tuple(phases))


def _pac(config: Config, prescription: Prescription) -> Config:
    """Show the discriminator `value` pictures at a time (PacGAN), in a training without labels."""
    return replace(config, balance=replace(config.balance, pac=round(prescription.value)))


def _pace(config: Config, prescription: Prescription) -> Config:
    """Give the steps after `step` `value` times as much time."""
    return scale_remaining(config, prescription.step, prescription.value)


def _extend(config: Config, prescription: Prescription) -> Config:
    """Add `value` steps of the last phase from `step` on, where all phases are over.

    They were asked for, so no bound holds. A network that grows has its full size, and is not faded in again.
    """
    last = config.phases[-1]
    more = replace(
        last,
        steps=round(prescription.value),
        time_share=last.time_share * prescription.value / last.steps,
        max_steps=0,
        max_steps_until=0,
        min_max_steps=0,
        fade_in=0.0,
    )
    return replace(config, phases=(*config.phases, more))


KINDS: dict[str, Kind] = {
    "lr": Kind(_lr),
    "beta1": Kind(_beta1),
    "d_skip": Kind(_d_skip),
    "n_critic": Kind(_n_critic),
    "penalty": Kind(_penalty),
    "loss": Kind(_loss),
    "augment": Kind(_augment),
    "instance_noise": Kind(_instance_noise),
    "batch_size": Kind(_batch_size, divides_budget=True),
    "grad_accum": Kind(_grad_accum),
    # not the coach's: it keeps a budget of minutes
    "pace": Kind(_pace, divides_budget=True),
    # not the coach's either: a finished run is given more
    "extend": Kind(_extend, divides_budget=True),
    # widens the discriminator's first layer
    "pac": Kind(_pac, once=True),
    # draws new weights for the dead units of `network`
    "reinit_dead_units": Kind(None, once=True),
    # to the `value`-th last healthy checkpoint of this phase (1: the last)
    "rollback": Kind(None, once=True),
    # at `step`, from the checkpoint of the phase's beginning
    "restart_phase": Kind(_restart_phase, once=True, divides_budget=True),
    # at `step`, with new weights for what the phase trains
    "reinitialize": Kind(_restart_phase, once=True, divides_budget=True),
    # ends the training with its best checkpoint
    "stop": Kind(None, once=True),
}


def with_prescriptions(config: Config, prescriptions: Iterable[Prescription]) -> Config:
    """Return `config` with the prescriptions applied in order; of two for the same setting, the later counts.

    Raises:
        GanvasError: a kind or an optimizer is unknown.
    """
    for prescription in prescriptions:
        change = lookup(KINDS, prescription.kind, N_("prescription")).change
        config = change(config, prescription) if change else config
    return config


def before_treatment(prescriptions: Sequence[Prescription], last: Treatment) -> tuple[Prescription, ...]:
    """Return what was prescribed before a treatment; all of it where nothing of the treatment is in force."""
    given = [each for each in last.prescriptions if KINDS[each.kind].change]
    for start in range(len(prescriptions) - len(given), -1, -1):
        if given and list(prescriptions[start : start + len(given)]) == given:
            return tuple(prescriptions[:start])
    return tuple(prescriptions)
