"""Escalation: a ladder of remedies for each diagnosis, the mildest first.

One remedy is tried at a time, and judged before the next one. One that made the samples worse is undone. A problem that
comes back in the same phase continues above the level of its last remedy, and the treatments of a training are limited.
So nothing is tried for ever. At the top of the ladder the training ends, with its best checkpoint.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from ...config import Config
from ...events import Event, Prescription, Treatment, Verdict
from ...translation import N_, _
from ..diagnosis.diagnoses import HEALTHY_VERDICTS
from ..diagnosis.history import PhaseHistory, first_check_of_phase, present_phase
from ..diagnosis.rules import CERTAIN, MIN_LATENT_DIM, SURE
from ..diagnosis.verdict import PLATEAU_CHECKS
from .describe import describe_outcome, describe_prescriptions, describe_stop
from .ladders import LADDERS
from .prescription import KINDS
from .remedy_context import RemedyContext
from .wager import Wager, is_restart, judge

MAX_TREATMENTS = 8  # in one training
WORTHWHILE = 0.08  # of the budget: with less left, no prescription could work
CONVERGED_TEXT = N_("Stopped: the training has converged. More of it would not make the samples better.")
MIN_IMPROVEMENT = 0.05  # of the feature distance, for a training to be worth continuing


@dataclass(frozen=True)
class Situation:
    """What a treatment is chosen and judged by, beside the history and the verdict.

    config: what is trained with now.
    healthy_steps: steps of the present phase's healthy checkpoints, oldest first.
    can_restart_phase: whether there is a checkpoint of the phase's beginning, after healthy phases.
    steps_left: of the present phase; None if that is not known.
    enough_budget: whether enough is left for a treatment to work.
    wager: what the last treatment is judged by.
    kinds: of prescription that can be carried out; a remedy that needs another one is passed over.
    """

    config: Config
    healthy_steps: tuple[int, ...] = ()
    can_restart_phase: bool = False
    steps_left: int | None = None
    enough_budget: bool = True
    wager: Wager = field(default_factory=Wager)
    kinds: frozenset[str] = frozenset(KINDS)


def prescribe(history: Sequence[Event], verdict: Verdict, situation: Situation) -> Iterator[Treatment]:
    """Yield the outcome of the last treatment once it can be judged, and then the next treatment if one is due.

    An outcome is "helped", "failed" or "undone". Nothing follows the last of these: the state that was put aside has to
    be looked at first.

    Args:
        history: the run's events, with the health check that the verdict is of.
    """
    phase = present_phase(history)
    if phase is None:
        return
    wager = situation.wager
    treatments = [event for event in history if isinstance(event, Treatment)]
    last = next((event for event in reversed(treatments) if not event.outcome), None)
    is_open = last is not None and not treatments[-1].outcome
    outcome = judge(history, phase, verdict, last, wager) if last is not None and is_open else ""
    is_settled = wager.is_settled(history, phase)
    if is_open and not (outcome or is_settled):
        return
    following = _next_treatment(history, phase, verdict, situation, outcome)
    is_sick = verdict.name not in HEALTHY_VERDICTS and (not is_open or outcome == "failed")
    gives_up = is_sick and (following is None or following.prescriptions[-1].kind == "stop")
    not_finite = phase.last_value("finite") < 1
    if last is not None and (is_settled or gives_up) and wager.aside and (not_finite or wager.is_behind()):
        yield _judged(last, verdict, "undone", wager)
        return
    if last is not None and is_open:
        if not outcome and not (is_restart(last.prescriptions) or wager.phase_ends):
            return  # it is as good as before, and may still become better
        yield _judged(last, verdict, outcome or "failed", wager)
    if following is not None:
        yield following


def _judged(last: Treatment, verdict: Verdict, outcome: str, wager: Wager) -> Treatment:
    """Return the event of an outcome."""
    text = describe_outcome(last.diagnosis, outcome, wager.aside.step if wager.aside else 0)
    return Treatment(
        verdict.step, verdict.images_seen, last.diagnosis, last.prescriptions, outcome, text, last.level
    )  # fmt: skip


def _next_treatment(
    history: Sequence[Event], phase: PhaseHistory, verdict: Verdict, situation: Situation, outcome: str
) -> Treatment | None:
    """Return the next treatment, if one is due.

    Args:
        outcome: of the last treatment, which is not part of the history yet.
    """
    not_finite, config = phase.last_value("finite") < 1, situation.config
    if not (situation.enough_budget or not_finite):
        return None
    if verdict.name == "converged" and verdict.confidence >= CERTAIN:
        stop = (Prescription("stop"),)
        return Treatment(verdict.step, verdict.images_seen, verdict.name, stop, "", _(CONVERGED_TEXT))
    if verdict.name not in LADDERS or verdict.confidence < SURE:
        return None
    treatments = [event for event in history if isinstance(event, Treatment)]
    prescribed = [event for event in treatments if not event.outcome]
    failed = [event for event in treatments if event.outcome in ("failed", "undone")]
    failed += prescribed[-1:] if outcome == "failed" else []
    failed_rollbacks = sum(each.kind == "rollback" for event in failed for each in event.prescriptions)
    left = situation.healthy_steps[: max(0, len(situation.healthy_steps) - failed_rollbacks)]
    tried = frozenset(each.kind for event in prescribed for each in event.prescriptions)
    context = RemedyContext(
        phase, config, left, failed_rollbacks, situation.can_restart_phase, tried, situation.steps_left
    )
    phase_start = first_check_of_phase(history)
    of_phase = [event for event in prescribed if event.step >= phase_start]  # other phases have other problems
    prescriptions, level = (
        _next_remedy(verdict.name, of_phase, context, not_finite, situation.kinds)
        if len(prescribed) < MAX_TREATMENTS
        else ((), 0)
    )
    if not prescriptions and not not_finite and _may_still_improve(phase, config):
        return None
    text = describe_prescriptions(prescriptions) if prescriptions else describe_stop(verdict.name, prescribed)
    prescriptions = prescriptions or context.stop(not_finite)
    return Treatment(verdict.step, verdict.images_seen, verdict.name, prescriptions, "", text, level)


def _may_still_improve(phase: PhaseHistory, config: Config) -> bool:
    """Tell whether a training that no remedy cures may improve by itself, so that it should not be ended.

    A discriminator that memorizes, for example, may still lead the samples closer to the real pictures.
    """
    if config.z_dim < MIN_LATENT_DIM:
        return False
    improvement = phase.improvement("feature_distance", PLATEAU_CHECKS)
    return len(phase.checks) <= PLATEAU_CHECKS or improvement >= MIN_IMPROVEMENT


def _next_remedy(
    name: str, prescribed: Sequence[Treatment], context: RemedyContext, not_finite: bool, kinds: Collection[str]
) -> tuple[tuple[Prescription, ...], int]:
    """Return what the next remedy that applies prescribes, and its level from 1; nothing at the top of the ladder."""
    level_so_far = max((event.level for event in prescribed if event.diagnosis == name), default=0)
    if context.config.z_dim >= MIN_LATENT_DIM:
        for level, remedy in enumerate(LADDERS[name][level_so_far:], level_so_far + 1):
            prescriptions = remedy(context)
            if prescriptions and not_finite and not is_restart(prescriptions):
                prescriptions = (*context.restart(), *prescriptions)  # only a restart gets rid of NaN weights
            if prescriptions and all(each.kind in kinds for each in prescriptions):
                return prescriptions, level
    return (), level_so_far
