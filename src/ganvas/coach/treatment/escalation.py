"""Escalation: a ladder of remedies for each diagnosis, the mildest first.

One remedy is tried at a time, and judged before the next one. A problem that comes back in the same phase continues
above the level of its last remedy, and the treatments of a training are limited. So nothing is tried for ever. At the
top of the ladder the training ends, with its best checkpoint.
"""

import math
from collections.abc import Collection, Iterator, Sequence

from ...config import Config
from ...events import Event, HealthCheck, Prescription, Treatment, Verdict
from ..diagnosis.diagnoses import HEALTHY_VERDICTS
from ..diagnosis.history import (
    MIN_STEPS_APART,
    PhaseHistory,
    first_check_of_phase,
    last_treated_at,
    present_phase,
    value_of,
)
from ..diagnosis.rules import CERTAIN, MIN_LATENT_DIM, SURE
from ..diagnosis.verdict import PLATEAU_CHECKS
from .describe import describe_outcome, describe_prescriptions, describe_stop
from .prescription import KINDS
from .remedies import (
    Remedy,
    RemedyContext,
    double_grad_accum,
    halve_g_lr,
    halve_lr_for_restart,
    instance_noise,
    larger_batch,
    less_momentum,
    lower_lr,
    lower_lr_for_restart,
    lower_lr_if_too_high,
    more_d_steps,
    no_momentum,
    non_saturating_loss,
    packing,
    raise_lr,
    reinit_dead_units,
    reinitialize_large_weights,
    relativistic_loss,
    restart_if_units_died,
    restart_with,
    skip_d_steps,
    stronger_augmentation,
    stronger_penalty,
    weaker_penalty,
)

MIN_CHECKS = 3  # health checks before a treatment is judged
MAX_CHECKS = 6  # health checks after which a treatment that has not helped has failed
MAX_TREATMENTS = 8  # in one training
CONVERGED_TEXT = "Stopped: the training has converged. More of it would not make the samples better."
RESTARTS = {"rollback", "restart_phase", "reinitialize"}
MADE_WORSE = 1.25  # times the feature distance before the treatment
MIN_IMPROVEMENT = 0.05  # of the feature distance, for a training to be worth continuing


# Mild remedies come first, after those for causes that are plain to see: dead units, a saturating loss, learning rates
# far too high. How far too high is hard to tell from weights that have blown up, so some remedies are there twice.
CAUSES: tuple[Remedy, ...] = (
    restart_if_units_died,
    restart_if_units_died,
    reinit_dead_units,
    reinitialize_large_weights,
    restart_with(non_saturating_loss),
    restart_with(lower_lr_if_too_high),
    restart_with(less_momentum),
)
LADDERS: dict[str, tuple[Remedy, ...]] = {
    "mode collapse": (
        *CAUSES,
        restart_with(lower_lr_for_restart),
        restart_with(relativistic_loss),
        restart_with(packing),
    ),
    "partial mode collapse": (
        halve_g_lr,
        relativistic_loss,
        restart_with(packing),
        restart_with(lower_lr_for_restart),
    ),
    "discriminator wins": (
        *CAUSES,
        skip_d_steps,
        stronger_penalty,
        restart_with(relativistic_loss),
        restart_with(lower_lr_for_restart),
        instance_noise,
    ),
    "generator wins": (
        restart_with(weaker_penalty),
        weaker_penalty,
        restart_with(lower_lr_if_too_high),
        more_d_steps,
        restart_with(lower_lr_for_restart),
        restart_with(relativistic_loss),
    ),
    "discriminator memorises": (
        stronger_augmentation(0.5),
        stronger_augmentation(0.8),
        stronger_penalty,
        stronger_augmentation(1.0),
        instance_noise,
    ),
    "diverging": (
        restart_with(lower_lr_if_too_high),
        restart_with(less_momentum),
        restart_with(halve_lr_for_restart),
        restart_with(lower_lr_for_restart),
        stronger_penalty,
        restart_with(relativistic_loss),
    ),
    "oscillating": (
        larger_batch,
        restart_with(lower_lr_if_too_high),
        less_momentum,
        lower_lr,
        no_momentum,
        double_grad_accum,
        restart_with(relativistic_loss),
    ),
    "stalled": (
        *CAUSES,
        larger_batch,
        raise_lr,
        lower_lr,
        relativistic_loss,
        restart_with(lower_lr_for_restart),
    ),
}


def prescribe(
    history: Sequence[Event],
    verdict: Verdict,
    config: Config,
    healthy_steps: Sequence[int] = (),
    can_restart_phase: bool = False,
    enough_budget: bool = True,
    kinds: Collection[str] = KINDS,
) -> Iterator[Treatment]:
    """Yield the outcome of the last treatment once it can be judged, and then the next treatment if one is due.

    Args:
        history: the run's events, with the health check that the verdict is of.
        config: what is trained with now.
        healthy_steps: steps of the present phase's healthy checkpoints, oldest first.
        can_restart_phase: whether there is a checkpoint of the phase's beginning, after healthy phases.
        enough_budget: whether enough is left for a treatment to work.
        kinds: of prescription that can be carried out; a remedy that needs another one is passed over.
    """
    phase = present_phase(history)
    if phase is None:
        return
    not_finite, phase_start = phase.last_value("finite") < 1, first_check_of_phase(history)
    treatments = [event for event in history if isinstance(event, Treatment)]
    prescribed = [event for event in treatments if not event.outcome]
    if 2 * len(prescribed) > len(treatments):  # the last one was not judged yet
        last = prescribed[-1]
        outcome = _outcome(history, phase, verdict, last, phase_over=last.step < phase_start)
        if not outcome:
            return
        text = describe_outcome(last.diagnosis, outcome)
        treatments.append(
            Treatment(verdict.step, verdict.images_seen, last.diagnosis, last.prescriptions, outcome, text, last.level)
        )
        yield treatments[-1]
    if not (enough_budget or not_finite):
        return
    if verdict.name == "converged" and verdict.confidence >= CERTAIN:
        yield Treatment(verdict.step, verdict.images_seen, verdict.name, (Prescription("stop"),), "", CONVERGED_TEXT)
    if verdict.name not in LADDERS or verdict.confidence < SURE:
        return
    failed = [event for event in treatments if event.outcome == "failed"]
    failed_rollbacks = sum(each.kind == "rollback" for event in failed for each in event.prescriptions)
    left = tuple(healthy_steps)[: max(0, len(healthy_steps) - failed_rollbacks)]
    context = RemedyContext(phase, config, left, failed_rollbacks, can_restart_phase, len(prescribed))
    of_phase = [event for event in prescribed if event.step >= phase_start]  # other phases have other problems
    prescriptions, level = _next_remedy(verdict.name, of_phase, context, not_finite, kinds)
    if not prescriptions and not not_finite and _may_still_improve(phase, config):
        return
    text = describe_prescriptions(prescriptions) if prescriptions else describe_stop(verdict.name, prescribed)
    prescriptions = prescriptions or context.stop(not_finite)
    yield Treatment(verdict.step, verdict.images_seen, verdict.name, prescriptions, "", text, level)


def _may_still_improve(phase: PhaseHistory, config: Config) -> bool:
    """Tell whether a training that no remedy cures may improve by itself, so that it should not be ended.

    A discriminator that memorizes, for example, may still lead the samples closer to the real pictures.
    """
    if config.z_dim < MIN_LATENT_DIM:
        return False
    improvement = phase.improvement("feature_distance", PLATEAU_CHECKS)
    return len(phase.checks) <= PLATEAU_CHECKS or improvement >= MIN_IMPROVEMENT


def _outcome(history: Sequence[Event], phase: PhaseHistory, verdict: Verdict, last: Treatment, phase_over: bool) -> str:
    """Return "helped", "failed", or nothing if it is too early to tell.

    Args:
        last: the treatment that is judged.
        phase_over: whether its phase has ended, so that there will be no more health checks of it.
    """
    if phase.last_value("finite") < 1 or _made_worse(history, phase, last):
        return "failed"
    treated_at = last_treated_at(history)
    checks = sum(isinstance(event, HealthCheck) and event.step > treated_at for event in history)
    checks = max(checks, MIN_CHECKS) if phase_over else checks
    if verdict.name in HEALTHY_VERDICTS:
        return "helped" if checks >= MIN_CHECKS else ""
    if not phase_over and verdict.step - last.step < MIN_STEPS_APART:
        return ""
    failed = checks >= MIN_CHECKS and verdict.confidence >= SURE
    return "failed" if failed or checks >= MAX_CHECKS else ""


def _made_worse(history: Sequence[Event], phase: PhaseHistory, last: Treatment) -> bool:
    """Tell whether the samples are further from the real pictures than before the last treatment.

    A restart makes them worse for a while, so it is judged by the verdict alone.
    """
    if RESTARTS & {prescription.kind for prescription in last.prescriptions} or len(phase.checks) < MIN_CHECKS:
        return False
    before = [event for event in history if isinstance(event, HealthCheck) and event.step == last.step]
    limit = MADE_WORSE * value_of(before[0], "feature_distance") if before else math.inf
    return phase.recent_median("feature_distance") > limit


def _next_remedy(
    name: str, prescribed: Sequence[Treatment], context: RemedyContext, not_finite: bool, kinds: Collection[str]
) -> tuple[tuple[Prescription, ...], int]:
    """Return what the next remedy that applies prescribes, and its level from 1; nothing at the top of the ladder."""
    level_so_far = max((event.level for event in prescribed if event.diagnosis == name), default=0)
    if context.treatments < MAX_TREATMENTS and context.config.z_dim >= MIN_LATENT_DIM:
        for level, remedy in enumerate(LADDERS[name][level_so_far:], level_so_far + 1):
            prescriptions = remedy(context)
            if prescriptions and not_finite and not RESTARTS & {each.kind for each in prescriptions}:
                prescriptions = (*context.restart(), *prescriptions)  # only a restart gets rid of NaN weights
            if prescriptions and all(each.kind in kinds for each in prescriptions):
                return prescriptions, level
    return (), level_so_far
