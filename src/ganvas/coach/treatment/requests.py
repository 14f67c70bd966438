"""Requests to the coach of a training: take back what it did last, or give more of it.

A request is a file in the run folder, so that it reaches the training from wherever it is made, also one that is paused
now. The training answers it at a health check of its own, and records the answer as a treatment.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from ...atomic_write import write_atomically
from ...config import Config
from ...errors import GanvasError, cannot_be_read_now, ganvas_command
from ...event_log import read_events
from ...events import Done, Event, Prescription, Treatment, Verdict
from ...runs import Run
from ...translation import N_, _
from .describe import describe_prescriptions

UNDO, MORE = "undo", "more"
DOUBLE_NOISE_UP_TO, MORE_AUGMENTATION = 0.4, 0.2
UNDONE_TEXT = N_("Undone, as you asked.")
MORE_TEXT = N_("As you asked, more of it: {what}")
NOT_ENOUGH_TEXT = N_("More of it was asked for.")

# By the kind of a prescription, its value if there is to be more of it, with the configuration before it. Other kinds
# have no more: what was drawn anew or begun anew cannot be so twice.
_MORE: dict[str, Callable[[Prescription, Config], float]] = {
    "lr": lambda it, before: it.value,
    "beta1": lambda it, before: it.value / 2,
    "penalty": lambda it, before: it.value * _change(it.value, before.penalty.gamma, 2.0),
    "augment": lambda it, before: min(1.0, it.value + MORE_AUGMENTATION),
    "instance_noise": lambda it, before: min(DOUBLE_NOISE_UP_TO, 2 * it.value),
    "n_critic": lambda it, before: it.value + 1,
    "grad_accum": lambda it, before: 2 * it.value,
}


def ask_coach(run: Run, request: str) -> None:
    """Ask the coach of a run to undo its last treatment, or for more of it; it does so at its next health check.

    Args:
        request: `UNDO` or `MORE`.

    Raises:
        GanvasError: there is nothing to undo or to have more of, the training is over, or its coach does not act.
    """
    config = run.read_config()
    run.refuse_links(run.request_file)
    events = read_events(run.events_file)[0] if run.events_file.is_file() else []
    if config.coach != "act":
        problem = _("The coach of {run} changes nothing (--coach {coach}).").format(run=run.folder, coach=config.coach)
        raise GanvasError(
            problem,
            _("Let it act: {command}").format(command=ganvas_command("train", "--out", run.folder, "--coach", "act")),
        )
    treatment = last_in_force(events)
    if treatment is None:
        raise GanvasError(
            _("The coach has done nothing in {run} that is in force.").format(run=run.folder),
            _("What it found: {command}").format(command=ganvas_command("doctor", run.folder)),
        )
    if request == MORE and not has_more(treatment):
        raise GanvasError(
            _("There is no more of this: {what}").format(what=describe_prescriptions(treatment.prescriptions)),
            _("Or undo it: {command}").format(command=ganvas_command("doctor", run.folder, "--undo")),
        )
    if isinstance(events[-1], Done) and events[-1].reason != "interrupted":
        raise GanvasError(
            _("The training of {run} is over.").format(run=run.folder),
            _("Give it more time first: {command}").format(
                command=ganvas_command("train", "--out", run.folder, "--minutes", 10)
            ),
        )
    write_atomically(run.request_file, request.encode())


def asked_for(run: Run) -> str:
    """Return what is asked for, "" if nothing.

    Raises:
        GanvasError: the file is there, and cannot be read now.
    """
    try:
        run.refuse_links(run.request_file)
        with run.request_file.open("rb") as file:
            request = file.read(len(UNDO) + 1).decode("ascii", "replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise cannot_be_read_now(run.request_file, error) from error
    return request if request in (UNDO, MORE) else ""


def has_more(treatment: Treatment) -> bool:
    """Return whether there can be more of a treatment."""
    return any(each.kind in _MORE for each in treatment.prescriptions)


def last_in_force(events: Sequence[Event]) -> Treatment | None:
    """Return the last treatment, unless it was undone or ended the training."""
    treatments = [event for event in events if isinstance(event, Treatment)]
    if not treatments or treatments[-1].outcome == "undone" or treatments[-1].prescriptions[-1].kind == "stop":
        return None
    return next((each for each in reversed(treatments) if not each.outcome), None)


def answer(last: Treatment, verdict: Verdict, request: str, before: Config, is_open: bool) -> tuple[Treatment, ...]:
    """Return what answers a request at the health check of `verdict`; nothing if there is no more of the treatment.

    Args:
        last: the treatment in force.
        before: the configuration as it was without it.
        is_open: whether it was not judged yet.
    """
    now = replace(last, step=verdict.step, images_seen=verdict.images_seen, distance=None)
    if request == UNDO:
        return (replace(now, outcome="undone", text=_(UNDONE_TEXT)),)
    more = tuple(
        replace(each, value=_MORE[each.kind](each, before)) for each in last.prescriptions if each.kind in _MORE
    )
    if not more:
        return ()
    given = replace(now, prescriptions=more, text=_(MORE_TEXT).format(what=describe_prescriptions(more)))
    return (replace(now, outcome="failed", text=_(NOT_ENOUGH_TEXT)), given) if is_open else (given,)


def _change(now: float, before: float, otherwise: float) -> float:
    """Return the factor from `before` to `now`; `otherwise` where there was none."""
    return now / before if before > 0 and now > 0 and now != before else otherwise
