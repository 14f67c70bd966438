"""What the coach can prescribe: each kind a small change of the configuration, or something done to the networks once.

A configuration with its prescriptions gives the configuration that is trained with, so that a run can be read,
repeated and resumed from the two.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ...config import Config, OptimiserConfig, PenaltyConfig, PhaseConfig
from ...errors import pick
from ...events import Prescription

POLICIES = ("translation",)  # augmentation where the recipe has none: the others slow learning down as well
LAZY = 4  # steps from one penalty to the next: it then costs an eighth of the time
LAZIER = 16  # through a network of photographs: a fifth of the time, where every fourth step would double it
Change = Callable[[Config, Prescription], Config]


@dataclass(frozen=True)
class Kind:
    """Say what a kind of prescription changes in the configuration, and whether networks are changed too, `once`."""

    change: Change | None
    once: bool = False


def _rate(config: Config, order: Prescription) -> Config:
    """Multiply the learning rate of `network` (an optimiser) by `value`."""
    old = pick(config.optimisers, order.network, "optimiser")
    return _with_optimiser(config, order, replace(old, learning_rate=old.learning_rate * order.value))


def _beta1(config: Config, order: Prescription) -> Config:
    """Set Adam's first decay to `value` for `network` (an optimiser)."""
    return _with_optimiser(
        config, order, replace(pick(config.optimisers, order.network, "optimiser"), beta1=order.value)
    )


def _with_optimiser(config: Config, order: Prescription, new: OptimiserConfig) -> Config:
    return replace(config, optimisers=config.optimisers | {order.network: new})


def _skip(config: Config, order: Prescription) -> Config:
    """Let the discriminator rest while the average of its loss is below `value`."""
    return replace(config, balance=replace(config.balance, skip_below=order.value))


def _critic(config: Config, order: Prescription) -> Config:
    """Take `value` steps of the discriminator to one of the generator."""
    return replace(config, balance=replace(config.balance, n_critic=round(order.value)))


def _penalty(config: Config, order: Prescription) -> Config:
    """Set the penalty to `name` with gamma `value`, as lazily as it was; a new one so that it costs little."""
    usual = LAZIER if config.discriminator.name == "projected" else LAZY
    every = usual if config.penalty.name == "none" else config.penalty.every
    return replace(config, penalty=PenaltyConfig(order.name, order.value, every))


def _loss(config: Config, order: Prescription) -> Config:
    """Set the loss to `name`."""
    return replace(config, loss=order.name)


def _augment(config: Config, order: Prescription) -> Config:
    """Augment what the discriminator sees with probability `value`; where that is adapted, at least so much.

    Fakes are no longer passed off as real: with many of them, the discriminator would see nothing real.
    """
    config = replace(config, anneal=config.anneal and replace(config.anneal, augments=False))
    augment = tuple(name for name in config.augment if name != "apa") or POLICIES
    if config.adapt and "ada" in augment:
        least = min(config.adapt.most, order.value)
        return replace(config, augment=augment, adapt=replace(config.adapt, least=least))
    balance = replace(config.balance, augmented=order.value)
    return replace(config, adapt=None, augment=augment, balance=balance)


def _noise(config: Config, order: Prescription) -> Config:
    """Put noise of standard deviation `value` on what the discriminator sees."""
    return replace(config, balance=replace(config.balance, noise=order.value))


def _accumulate(config: Config, order: Prescription) -> Config:
    """Gather the gradients of `value` steps before the weights move."""
    return replace(config, balance=replace(config.balance, accumulate=round(order.value)))


def _begun_again(config: Config, order: Prescription) -> Config:
    """Begin the phase of the step before `step` again: it and those to come share what is left of the budget.

    Rates begin with the phase. A phase that went wrong near its end would otherwise be left with its last, short steps.
    """
    done = order.step
    before: list[PhaseConfig] = []
    phases = list(config.phases)
    while len(phases) > 1 and done > phases[0].steps:
        done -= phases[0].steps
        before.append(phases.pop(0))
    if len(phases) > 1 and done == phases[0].steps and phases[1].continues(phases[0]):
        return config  # it was begun again at this very step
    if done <= 0 or (done >= phases[0].steps and len(phases) == 1):  # nothing was done, or nothing is left to do
        return config
    wanted, part = sum(phase.share for phase in phases), done / phases[0].steps
    left = wanted - part * phases[0].share
    before.append(replace(phases[0], steps=done, share=part * phases[0].share))
    return replace(config, phases=(*before, *(_scaled(phase, left / wanted) for phase in phases)))


def _scaled(phase: PhaseConfig, factor: float) -> PhaseConfig:
    return replace(phase, steps=max(1, round(factor * phase.steps)), share=factor * phase.share)


def _batch(config: Config, order: Prescription) -> Config:
    """Show `value` pictures at a time from `step` on, and as many in all: the steps become fewer."""
    config = _begun_again(config, order)
    phases, begin = [], 0
    for phase in config.phases:
        if begin >= order.step and 0 < phase.batch < order.value:
            steps = max(1, round(phase.steps * phase.batch / order.value))
            phases.append(replace(phase, batch=round(order.value), steps=steps))
        else:
            phases.append(phase)
        begin += phase.steps
    return replace(config, phases=tuple(phases))


def _pack(config: Config, order: Prescription) -> Config:
    """Let the discriminator judge `value` pictures together, where they have no labels."""
    return replace(config, balance=replace(config.balance, pack=round(order.value)))


KINDS: dict[str, Kind] = {
    "rate": Kind(_rate),
    "beta1": Kind(_beta1),
    "skip": Kind(_skip),
    "critic": Kind(_critic),
    "penalty": Kind(_penalty),
    "loss": Kind(_loss),
    "augment": Kind(_augment),
    "noise": Kind(_noise),
    "batch": Kind(_batch),
    "accumulate": Kind(_accumulate),
    "pack": Kind(_pack, once=True),  # the discriminator's first layer becomes wider
    "revive": Kind(None, once=True),  # draw the dead units of `network` anew
    "back": Kind(None, once=True),  # go back to the `value`-th last healthy checkpoint (1: the last) of this phase
    "again": Kind(_begun_again, once=True),  # go back to where this phase began, at `step`
    "afresh": Kind(_begun_again, once=True),  # draw the weights of what the phase trains anew, at `step`
    "stop": Kind(None, once=True),  # end here, with the best checkpoint
}


def treated(config: Config, prescriptions: Iterable[Prescription]) -> Config:
    """Return `config` with all that was prescribed, in order; of two that set the same, the later counts.

    Raises:
        GanvasError: a kind or an optimiser is unknown.
    """
    for order in prescriptions:
        change = pick(KINDS, order.kind, "prescription").change
        config = change(config, order) if change else config
    return config
