"""Examine a training after the fact, from nothing but its events: how it went, what was done, how it ended."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from ..errors import GanvasError
from ..events import CheckpointSaved, Done, Event, HealthCheck, Score, Treatment, Verdict, read_events
from .diagnosis.diagnoses import DIAGNOSES
from .diagnosis.verdict import diagnose

EVENTS_READ = (HealthCheck, Verdict, Treatment, CheckpointSaved, Score)  # what the coach goes by
USAGE = "Try: ganvas doctor RUN, a folder that ganvas train wrote, or its events.jsonl"
Moment = tuple[int, int]  # step, pictures seen


@dataclass(frozen=True)
class Span:
    """Say how the training was from one moment to another; `verdict` is the last one of them, with its evidence."""

    name: str
    start: Moment
    end: Moment
    verdict: Verdict


@dataclass(frozen=True)
class TreatmentResult:
    """Say what was done against a sickness, and, once it was `judged`, whether it helped and in which words."""

    treatment: Treatment
    outcome: str = ""
    judged_at: Moment | None = None
    text: str = ""


@dataclass(frozen=True)
class Findings:
    """Hold what an examination has found.

    spans: the verdicts one after the other, first to last.
    treatments: what was done, and whether it helped.
    by_hand: what a person can do about the last verdict.
    examinations: how many the verdicts rest on.
    unreadable: lines that were passed over.
    """

    spans: tuple[Span, ...]
    treatments: tuple[TreatmentResult, ...]
    advice: str
    health_checks: int
    unreadable_lines: int = 0

    @property
    def verdict(self) -> Verdict:
        """Return the last verdict."""
        return self.spans[-1].verdict

    def to_dict(self) -> dict[str, Any]:
        """Return the findings as plain data."""
        return {"verdict": asdict(self.verdict)} | asdict(self)


def doctor(events: Iterable[Event]) -> Findings:
    """Return what the events of a training tell about its health: the diagnosis is made anew from the signs in them.

    Raises:
        GanvasError: there are no signs among them.
    """
    history = [event for event in events if isinstance(event, EVENTS_READ)]
    verdicts = fresh_verdicts(history)
    if not verdicts:
        raise GanvasError("There is no examination of its health among the events of this training.")
    last_verdict = verdicts[-1]
    diagnosis = DIAGNOSES.get(last_verdict.name)
    return Findings(
        tuple(spans_of(verdicts, (last_verdict.step, last_verdict.images_seen))),
        tuple(treatment_results(history)),
        diagnosis.advice if diagnosis else "",
        len(verdicts),
    )


def fresh_verdicts(events: Iterable[Event]) -> list[Verdict]:
    """Return the verdict at each examination by the rules of today; what was told then plays no part in it."""
    history: list[Event] = []
    verdicts: list[Verdict] = []
    for event in events:
        if not isinstance(event, Verdict):
            history.append(event)
        if isinstance(event, HealthCheck):
            verdict = diagnose(history)
            if not verdicts or verdicts[-1].name != verdict.name:  # as they are told while it trains
                history.append(verdict)
            verdicts.append(verdict)
    return verdicts


def spans_of(verdicts: Sequence[Verdict], end: Moment) -> list[Span]:
    """Return verdicts as stretches of the same name, the last of which lasts until `end`."""
    groups = [list(group) for _, group in groupby(verdicts, key=lambda verdict: verdict.name)]
    edges = [*((group[0].step, group[0].images_seen) for group in groups[1:]), end]
    return [
        Span(group[0].name, (group[0].step, group[0].images_seen), edge, group[-1])
        for group, edge in zip(groups, edges, strict=False)  # without verdicts only the end is there
    ]


def treatment_results(events: Iterable[Event]) -> list[TreatmentResult]:
    """Return what was prescribed, each with what came of it: the next judgement on the same sickness."""
    results: list[TreatmentResult] = []
    for event in events:
        if not isinstance(event, Treatment):
            continue
        if not event.outcome:
            results.append(TreatmentResult(event))
        elif unjudged := [each for each in results if not each.outcome and each.treatment.diagnosis == event.diagnosis]:
            index = results.index(unjudged[-1])
            results[index] = TreatmentResult(
                unjudged[-1].treatment, event.outcome, (event.step, event.images_seen), event.text
            )
    return results


def examine(path: Path) -> Findings:
    """Return what lies in a run, or in an events.jsonl alone, about the training's health.

    Raises:
        GanvasError: nothing is there, it is no run, or its health was never examined.
    """
    events, unreadable = _read(path)
    if not any(isinstance(event, HealthCheck) for event in events):
        raise GanvasError(
            f"The health of {path} was never examined: it was trained without the coach, by an older release, or not "
            "for long enough.",
            _how_to_check(path, events),
        )
    return replace(doctor(events), unreadable_lines=unreadable)


def _how_to_check(path: Path, events: Sequence[Event]) -> str:
    """Return how the health of such a training can be known."""
    run = path if path.is_dir() else path.parent
    ended = any(isinstance(event, Done) and event.reason != "interrupted" for event in events)
    if ended or not (run / "config.json").is_file():
        return "Train again, in another folder: ganvas train PICTURES --coach watch --out OTHER"
    return f"Go on with it under the coach's eyes: ganvas train --out {shlex.quote(str(run))} --coach watch"


def _read(path: Path) -> tuple[list[Event], int]:
    """Return the events of a run or of a file, and how many lines of it cannot be read."""
    file = path / "events.jsonl" if path.is_dir() else path
    if not file.is_file():
        raise GanvasError(f"{path} {'is not a run (no events.jsonl)' if path.is_dir() else 'does not exist'}.", USAGE)
    events, unreadable = read_events(file)
    if not events:
        told = f" ({unreadable:,} lines of something else)" if unreadable else ""
        raise GanvasError(f"{file} holds no events of a training{told}.", USAGE)
    return events, unreadable
