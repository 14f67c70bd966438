"""Restarts of a training: from an earlier checkpoint, from the state that was put aside, or with new weights.

Counters never go back: steps and images go on. So the budget is kept, and the images and random numbers that come now
are others than those before the accident.
"""

from dataclasses import replace

from ... import checkpoint
from ...coach.treatment.prescription import KINDS, before_treatment, with_prescriptions
from ...config import Config
from ...errors import GanvasError
from ...events import Prescription, Treatment
from ...phases import PHASES
from ...planning.schedule import phase_at
from ...recipes.upsampling import is_upsampling_alone
from ...runs import Run
from ...translation import _
from ..state import State, new_state
from ..state_io import load_state, load_tensors, read_checkpoint, state_to_tensors
from ..transfer import transfer_weights
from .repacking import change_packing


def rollback(state: State, config: Config, run: Run, step: int) -> None:
    """Put networks, moments and loss averages back to the checkpoint of `step`; all counters go on.

    What is prescribed now stays in force.

    Args:
        config: the run's, without prescriptions.

    Raises:
        GanvasError: the checkpoint is missing or damaged.
    """
    tensors, facts = read_checkpoint(config, checkpoint.checkpoint_path(run.checkpoints, step))
    earlier = load_state(config, tensors, facts, state.device)
    change_packing(earlier, with_prescriptions(config, state.coach.prescriptions))
    _put_back(state, earlier)


def undo(state: State, config: Config, run: Run) -> list[str]:
    """Go back to the state that was put aside, as it was before the treatments since; all counters go on.

    Their prescriptions are withdrawn, but for those that have divided the budget anew. Healthy checkpoints of the road
    that is left are forgotten.

    Returns what the user has to know besides, in words: the state may be gone.

    Args:
        config: the run's, without prescriptions.
    """
    aside = state.coach.aside
    if aside is None:
        return []
    state.coach.aside = None
    try:
        tensors, facts = read_checkpoint(config, checkpoint.checkpoint_path(run.aside, aside.step))
    except checkpoint.DamagedCheckpointError as error:
        return [_("The treatment could not be undone: {reason}").format(reason=error.message)]
    earlier = load_state(config, tensors, facts, state.device)
    before, step = earlier.coach.prescriptions, earlier.counters.step
    state.coach.prescriptions = _without_those_since(state, config, before, step)
    healthy = [step for step in state.coach.healthy_checkpoints if step <= aside.step]
    state.coach.healthy_checkpoints = tuple(healthy)
    change_packing(state, with_prescriptions(config, state.coach.prescriptions))
    _put_back(state, earlier)
    return []


def withdraw(state: State, config: Config, treatment: Treatment) -> list[str]:
    """Take back the settings of a treatment, and of those after it; the weights go on as they are.

    Returns what the user has to know besides, in words: what was drawn or begun anew stays so.

    Args:
        config: the run's, without prescriptions.
    """
    before = before_treatment(state.coach.prescriptions, treatment)
    if before == state.coach.prescriptions:
        return [_("The weights of before the treatment are no longer kept, so they stay as they are now.")]
    state.coach.prescriptions = _without_those_since(state, config, before, treatment.step)
    change_packing(state, with_prescriptions(config, state.coach.prescriptions))
    state.counters.loss_averages = {}
    return []


def _without_those_since(
    state: State, config: Config, before: tuple[Prescription, ...], began: int
) -> tuple[Prescription, ...]:
    """Return what is prescribed without what came after `before`; steps and batches to come are planned from here on.

    Args:
        config: the run's, without prescriptions.
        began: the step from which on there was more.
    """
    step = state.counters.step
    since = state.coach.prescriptions[len(before) :]
    kept = (*before, *(order for order in since if KINDS[order.kind].divides_budget))
    batch = phase_at(with_prescriptions(config, before), max(0, began - 1)).phase.batch
    now = with_prescriptions(config, kept)
    is_other = step < now.steps and phase_at(now, step).phase.batch != batch
    return (*kept, Prescription("batch_size", value=float(batch), step=step)) if batch and is_other else kept


def _put_back(state: State, earlier: State) -> None:
    """Put the networks, moments and loss averages of an earlier state into `state`. Counters and orders stay.

    Codes are dropped: they follow from the encoder, and are made anew.
    """
    earlier.zero_grad()
    now = state_to_tensors(state)[1]
    load_tensors(state, state_to_tensors(earlier)[0], now)
    state.counters.loss_averages = earlier.counters.loss_averages
    state.encoder_codes = None


def reinitialize(state: State, config: Config, seed: int) -> list[str]:
    """Draw the weights of what the present phase trains anew, by `seed`; all counters go on.

    In a later phase, what the earlier ones have learned stays: a decoder that draws well is not thrown away for the
    sake of its discriminator. Moments and loss averages are dropped with the weights, the decoder's too: they belong to
    a game that is over. A run whose weights were taken from another run begins with those again. Where they are gone,
    it begins with random ones, and that is returned in words.

    Args:
        config: with everything that was prescribed.
    """
    new = new_state(replace(config, seed=seed), state.device)
    notes: list[str] = []
    if config.init_from:
        try:
            transfer_weights(new, config.init_from, enlarges=is_upsampling_alone(config))
        except GanvasError as error:  # a run does not need another one to go on
            text = _("The new beginning has random weights, not those of {run}: {reason}")
            notes.append(text.format(run=config.init_from, reason=error.message))
    new_networks, networks = new.networks.by_name(), state.networks.by_name()
    for place in PHASES[phase_at(config, max(0, state.counters.step - 1)).phase.name].resets:
        name, _dot, part = place.partition(".")
        source = new_networks[name].get_submodule(part)
        weights = source.state_dict()
        if name == "discriminator":  # frozen layers have not moved since they were taken over
            for key in [key for key, parameter in source.named_parameters() if not parameter.requires_grad]:
                del weights[key]
        for target in (name, "g_ema") if name == "generator" else (name,):
            module = networks[target].get_submodule(part)
            module.load_state_dict(module.state_dict() | weights)
    for optimizer in state.optimizers.values():
        optimizer.state.clear()
    state.zero_grad()
    state.counters.loss_averages = {}
    return notes


def healthy_checkpoint(state: State, which: int) -> int:
    """Return the step of the `which`-th last healthy checkpoint, counted from 1.

    Raises:
        GanvasError: there are not so many.
    """
    if not 0 < which <= len(state.coach.healthy_checkpoints):
        raise GanvasError(
            _("There is no healthy checkpoint so far back (asked for number {number} from the end).").format(
                number=which
            ),
            _("Train again with another seed: --seed 1 --out OTHER"),
        )
    return state.coach.healthy_checkpoints[-which]
