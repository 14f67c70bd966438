"""A finished run is given more: its last phase is taken once again, from where everything stands."""

import math

from ..coach.treatment.prescription import with_prescriptions
from ..config import Config, TrainOptions
from ..errors import GanvasError, ganvas_command
from ..events import Note, Prescription
from ..runs import Run
from ..translation import _, ngettext
from .checkpoint_facts import newest_facts
from .state import State


def split_extension(options: TrainOptions, run: Run) -> tuple[TrainOptions, TrainOptions]:
    """Return the options that have to be those of a run, and the budget that it is given besides if it is finished.

    Args:
        options: given without PICTURES, to go on with the run.

    Raises:
        GanvasError: the run is finished, and its budget is of the other kind.
    """
    given = options.given()
    budget = {name: given[name] for name in ("minutes", "images") if name in given}
    if not budget or not run.exists():
        return options, TrainOptions()
    config, ((kind, asked),) = run.read_config(), budget.items()
    facts = newest_facts(config, run.checkpoints)
    if facts is None:
        return options, TrainOptions()
    rest = TrainOptions(**{name: value for name, value in given.items() if name not in budget})
    prescriptions = facts.coach.prescriptions
    if facts.counters.step < with_prescriptions(config, prescriptions).steps:
        last_given = next((each.name for each in reversed(prescriptions) if each.kind == "extend"), "")
        return (rest if f"{asked:g}" == last_given else options), TrainOptions()
    if (config.minutes if kind == "minutes" else config.total_images) is None:
        flag = "--images 10000" if kind == "minutes" else "--minutes 10"
        problem = _("{run} has a budget of images.") if kind == "minutes" else _("{run} has a budget of minutes.")
        command = ganvas_command("train", "--out", run.folder, *flag.split())
        raise GanvasError(problem.format(run=run.folder), _("Give it more of these: {command}").format(command=command))
    return rest, TrainOptions(**budget)


def extend(state: State, config: Config, more: TrainOptions) -> Note | None:
    """Plan more steps of the last phase for a finished run; return what that means, or None if nothing is given.

    The learning rates rise anew and fall to the end, as they did in that phase. Networks, optimizers, averages and
    the coach's memory stay.

    Args:
        config: of the run, without prescriptions.
        more: minutes or images.
    """
    now, counters = with_prescriptions(config, state.coach.prescriptions), state.counters
    asked = more.minutes if more.minutes is not None else more.images
    if asked is None or counters.step < now.steps:
        return None
    last = now.phases[-1]
    if more.minutes is None:
        steps = math.ceil(asked / last.batch)
        amount = ngettext("{count:,} picture", "{count:,} pictures", int(asked)).format(count=asked)
    else:  # about so many steps; the pace is measured while it trains
        share = last.time_share / sum(phase.time_share for phase in now.phases)
        steps = max(1, round(60 * asked / (counters.seconds * share / last.steps)))
        amount = ngettext("{minutes:g} minute", "{minutes:g} minutes", 1 if asked == 1 else 2).format(minutes=asked)
        counters.budget_seconds = max(counters.wall_seconds, counters.seconds) + 60 * asked
    order = Prescription("extend", value=steps, step=counters.step, name=f"{asked:g}")
    state.coach.prescriptions += (order,)
    text = (
        _("Goes on for {amount} more: phase {phase} once again; its learning rates rise anew and fall until the end.")
        if last.final_lr_factor < 1
        else _("Goes on for {amount} more: phase {phase} once again; its learning rates stay as they are.")
    )
    return Note(text.format(amount=amount, phase=last.name))
