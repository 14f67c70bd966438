"""A finished run is given more: its last phase is taken once again, from where everything stands."""

import math

from ..coach.treatment.prescription import with_prescriptions
from ..config import Config, TrainOptions
from ..errors import GanvasError
from ..event_log import read_events
from ..events import Note, Prescription, Treatment
from ..runs import Run
from .state import State


def without_extension(options: TrainOptions, is_new: bool, names_pictures: bool) -> tuple[TrainOptions, TrainOptions]:
    """Return the options that must be those of the run, and the budget that it is to be given besides.

    A budget that is asked for without PICTURES is more for a finished run; beside PICTURES it is the same command.
    """
    given = options.given()
    budget = (
        {} if is_new or names_pictures else {name: given.pop(name) for name in ("minutes", "images") & given.keys()}
    )
    return TrainOptions(**given), TrainOptions(**budget)


def has_stop(treatment: Treatment) -> bool:
    """Return whether a treatment ends the run."""
    return any(each.kind == "stop" for each in treatment.prescriptions)


def extend(state: State, config: Config, more: TrainOptions, run: Run) -> Note | None:
    """Plan more steps of the last phase for a finished run; return what that means, or None if it is not finished.

    The learning rates rise anew and fall to the end, as they did in that phase. Networks, optimizers, averages and
    the coach's memory stay.

    Args:
        config: of the run, without prescriptions.
        more: minutes or images.

    Raises:
        GanvasError: the run is not finished, and another budget than its own was asked for; or its budget is of the
            other kind.
    """
    now, counters = with_prescriptions(config, state.coach.prescriptions), state.counters
    asked = more.minutes if more.minutes is not None else more.images
    if asked is None:
        return None
    kind, own = ("minutes", config.minutes) if more.minutes is not None else ("images", config.total_images)
    if own is None:
        other = "--minutes 10" if kind == "images" else "--images 10000"
        raise GanvasError(
            f"{run.folder} has a budget of {'minutes' if kind == 'images' else 'images'}.",
            f"Give it more of these: ganvas train --out {run.folder} {other}",
        )
    if counters.step < now.steps:
        last_given = next((each.name for each in reversed(state.coach.prescriptions) if each.kind == "extend"), "")
        if asked == own or f"{asked:g}" == last_given:
            return None
        if any(isinstance(event, Treatment) and has_stop(event) for event in read_events(run.events_file)[0]):
            raise GanvasError(
                f"The coach ended {run.folder}: more of the same would not help.",
                f"See why: ganvas doctor {run.folder}",
            )
        raise GanvasError(
            f"{run.folder} is not finished yet: it can be given more when it is.",
            f"Go on with it first: ganvas train --out {run.folder}",
        )
    last = now.phases[-1]
    if kind == "images":
        steps = math.ceil(asked / last.batch)
    else:  # about; the pace is measured while it trains
        share = last.time_share / sum(phase.time_share for phase in now.phases)
        steps = max(1, round(60 * asked / (counters.seconds * share / last.steps)))
        counters.budget_seconds = max(counters.wall_seconds, counters.seconds) + 60 * asked
    state.coach.prescriptions += (Prescription("extend", value=steps, step=counters.step, name=f"{asked:g}"),)
    rates = "rise anew and fall until the end" if last.final_lr_factor < 1 else "stay as they are"
    amount = f"{asked:g} minutes" if kind == "minutes" else f"{asked:,} pictures"
    return Note(f"Goes on for {amount} more: phase {last.name} once again; its learning rates {rates}.")
