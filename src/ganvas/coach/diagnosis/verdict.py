"""Diagnosis: from the history of a training to a verdict, with a confidence and the metrics that say so.

It is a pure function: the same events give the same verdict, live, after a resume, or read from a file years later.
"""

import math
from collections.abc import Sequence

from ...events import Event, Score, Verdict
from .diagnoses import DIAGNOSES, HEALTHY_VERDICTS
from .history import CLOSE, PhaseHistory, last_verdict, present_phase
from .rules import CERTAIN, Finding, find_problems

PLATEAU_CHECKS = 12  # health checks without improvement, after as many with some: it would have improved by then


def diagnose(history: Sequence[Event]) -> Verdict:
    """Return the verdict on a training from its events so far, in any order.

    A problem is reported when its symptoms last. It is over when two health checks in a row find none. After a
    treatment the verdict stays until a new health check.
    """
    phase = present_phase(history)
    if phase is None:
        return _verdict(0, 0, Finding("warming up", 0.5, ()))
    findings, before = _findings(phase, _scores(history, phase)), last_verdict(history)
    if before is None or before.name in HEALTHY_VERDICTS:
        chosen = findings[0]
    else:
        same = next((finding for finding in findings if finding.name == before.name), None)
        chosen = findings[0] if same is None or findings[0].confidence >= CERTAIN else same
        if chosen.name in HEALTHY_VERDICTS and not _recovered(phase):
            chosen = Finding(before.name, 0.5, before.evidence, before.modes_lost)
    return _verdict(phase.last.step, phase.last.images_seen, chosen)


def _findings(phase: PhaseHistory, scores: Sequence[float] = ()) -> list[Finding]:
    """Return what the rules are sure of, the most important first; never empty."""
    return find_problems(phase) or [_healthy(phase, scores)]


def _scores(history: Sequence[Event], phase: PhaseHistory) -> list[float]:
    """Return the Frechet distances since the phase began; they rest on many more samples than a health check."""
    scores = [event for event in history if isinstance(event, Score) and event.score == "Frechet distance"]
    since = [event for event in scores if event.step >= phase.checks[0].step and math.isfinite(event.value)]
    return [event.value for event in sorted(since, key=lambda event: event.step)]


def _recovered(phase: PhaseHistory) -> bool:
    """Tell whether the health check before the last one found no problem either."""
    return len(phase.checks) > 1 and _findings(PhaseHistory(phase.checks[:-1]))[0].name in HEALTHY_VERDICTS


def _verdict(step: int, images_seen: int, finding: Finding) -> Verdict:
    """Return a finding as a verdict, with its explanation."""
    diagnosis = DIAGNOSES[finding.name]
    return Verdict(
        step,
        images_seen,
        finding.name,
        min(1.0, max(0.0, finding.confidence)),
        finding.evidence,
        diagnosis.what,
        diagnosis.why,
        finding.modes_lost,
    )


def _healthy(phase: PhaseHistory, scores: Sequence[float]) -> Finding:
    """Return which healthy verdict it is: warming up, healthy, or converged.

    A training has converged when the second half of its health checks found nothing better than the first half. That
    is certain only if its scores say the same.
    """
    distance = phase.recent_median("feature_distance")
    evidence = (phase.evidence("feature_distance", len(phase.checks)),)
    if math.isnan(distance) or distance > 1.5 * CLOSE:
        return Finding("warming up", 0.7, evidence)
    half = len(phase.checks) // 2
    if half >= PLATEAU_CHECKS and distance < CLOSE and phase.improvement("feature_distance", half) < 0.03:
        before, since = scores[: len(scores) // 2], scores[len(scores) // 2 :]
        if len(before) < 3:
            return Finding("converged", 0.7, evidence)
        if min(since) > 0.98 * min(before):
            return Finding("converged", CERTAIN, evidence)
    return Finding("healthy", 0.8, evidence)
