"""The doctor: a diagnosis of a recorded training from its events alone, by the rules of this release."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from ..errors import GanvasError, ganvas_command
from ..event_log import read_events
from ..events import CheckpointSaved, Done, Event, HealthCheck, Score, Started, Treatment, Verdict
from ..translation import N_, _
from .describe import in_words
from .diagnosis.diagnoses import DIAGNOSES
from .diagnosis.verdict import diagnose
from .treatment.describe import words_of

EVENTS_READ = (HealthCheck, Verdict, Treatment, CheckpointSaved, Score)
USAGE = N_("Try: ganvas doctor RUN, a folder that ganvas train wrote, or its events.jsonl")
MAX_CHECKS, MANY_CHECKS = 1000, 100  # all are diagnosed up to the first; beyond, about as many as the second
Moment = tuple[int, int]  # step, pictures seen


@dataclass(frozen=True)
class Span:
    """A stretch of the training with the same verdict name; `verdict` is its last verdict."""

    name: str
    start: Moment
    end: Moment
    verdict: Verdict


@dataclass(frozen=True)
class TreatmentResult:
    """A treatment and, once it was judged, its outcome in a word and in a sentence."""

    treatment: Treatment
    outcome: str = ""
    judged_at: Moment | None = None
    text: str = ""


@dataclass(frozen=True)
class Findings:
    """What the doctor has found, told in the reader's language.

    spans: the stretches of the training, first to last.
    treatments: what was done, and whether it helped.
    advice: what a person can do about the last verdict.
    health_checks: how many there are.
    is_over: whether the training has ended, and not for the time being.
    unreadable_lines: lines of events.jsonl that were passed over.
    """

    spans: tuple[Span, ...]
    treatments: tuple[TreatmentResult, ...]
    advice: str
    health_checks: int
    is_over: bool = False
    unreadable_lines: int = 0

    @property
    def verdict(self) -> Verdict:
        """Return the last verdict."""
        return self.spans[-1].verdict

    def to_dict(self) -> dict[str, Any]:
        """Return the findings as plain data."""
        return {"verdict": asdict(self.verdict)} | asdict(self)


def doctor(events: Iterable[Event]) -> Findings:
    """Return the findings about a training from its events: each of its health checks is diagnosed afresh.

    Raises:
        GanvasError: there are no health checks among them.
    """
    events = list(events)
    history = [event for event in events if isinstance(event, EVENTS_READ)]
    verdicts = [in_words(verdict) for verdict in fresh_verdicts(history)]
    if not verdicts:
        raise GanvasError(_("The events of this training contain no health checks."))
    last_verdict = verdicts[-1]
    diagnosis = DIAGNOSES.get(last_verdict.name)
    return Findings(
        tuple(spans_of(verdicts, (last_verdict.step, last_verdict.images_seen))),
        tuple(
            replace(each, treatment=replace(each.treatment, text=words_of(each.treatment)))
            for each in treatment_results(history)
        ),
        _(diagnosis.advice) if diagnosis else "",
        sum(isinstance(event, HealthCheck) for event in history),
        is_over(events),
    )


def is_over(events: Iterable[Event]) -> bool:
    """Return whether a training has ended: it was neither interrupted nor begun again since."""
    last = [event for event in events if isinstance(event, Started | Done)][-1:]
    return any(isinstance(event, Done) and event.reason != "interrupted" for event in last)


def fresh_verdicts(events: Iterable[Event]) -> list[Verdict]:
    """Return the verdict at each health check by the rules of this release; recorded verdicts are ignored.

    A verdict looks at all that went before. Of more checks than a training of days has, some are therefore passed over.
    """
    events = list(events)
    checks = [index for index, event in enumerate(events) if isinstance(event, HealthCheck)]
    every = 1 if len(checks) <= MAX_CHECKS else len(checks) // MANY_CHECKS
    diagnosed = {*checks[::-every]}  # the last one always
    history: list[Event] = []
    verdicts: list[Verdict] = []
    for index, event in enumerate(events):
        if not isinstance(event, Verdict):
            history.append(event)
        if index in diagnosed:
            verdict = diagnose(history)
            if not verdicts or verdicts[-1].name != verdict.name:  # as during a training
                history.append(verdict)
            verdicts.append(verdict)
    return verdicts


def spans_of(verdicts: Sequence[Verdict], end: Moment) -> list[Span]:
    """Return the stretches of verdicts with the same name; the last one lasts until `end`."""
    groups = [list(group) for _name, group in groupby(verdicts, key=lambda verdict: verdict.name)]
    edges = [*((group[0].step, group[0].images_seen) for group in groups[1:]), end]
    return [
        Span(group[0].name, (group[0].step, group[0].images_seen), edge, group[-1])
        for group, edge in zip(groups, edges, strict=False)  # without verdicts there is only the end
    ]


def treatment_results(events: Iterable[Event]) -> list[TreatmentResult]:
    """Return the treatments with their outcomes; an outcome belongs to the last open treatment of the diagnosis.

    A treatment that had been judged before may be undone later, with those after it.
    """
    results: list[TreatmentResult] = []
    unjudged: dict[str, list[int]] = {}  # by diagnosis, indices of open treatments
    last: dict[str, int] = {}  # by diagnosis, index of the last treatment
    for event in events:
        if not isinstance(event, Treatment):
            continue
        if not event.outcome:
            unjudged.setdefault(event.diagnosis, []).append(len(results))
            last[event.diagnosis] = len(results)
            results.append(TreatmentResult(event))
        elif unjudged.get(event.diagnosis) or (event.outcome == "undone" and event.diagnosis in last):
            index = unjudged[event.diagnosis].pop() if unjudged.get(event.diagnosis) else last[event.diagnosis]
            judged_at = event.step, event.images_seen
            results[index] = TreatmentResult(results[index].treatment, event.outcome, judged_at, event.text)
    return results


def examine(path: Path) -> Findings:
    """Return the findings about a run, or about an events.jsonl alone.

    Raises:
        GanvasError: the path does not exist, is not a run, or holds no health checks.
    """
    events, unreadable = _read(path)
    if not any(isinstance(event, HealthCheck) for event in events):
        raise GanvasError(
            _(
                "{path} has no health checks: it was trained without the coach, by an older release, "
                "or not for long enough."
            ).format(path=path),
            _how_to_check(path, events),
        )
    return replace(doctor(events), unreadable_lines=unreadable)


def _how_to_check(path: Path, events: Sequence[Event]) -> str:
    """Return a hint on how to get health checks for such a training."""
    run = path if path.is_dir() else path.parent
    if is_over(events) or not (run / "config.json").is_file():
        return _("Train again into another folder: ganvas train PICTURES --coach watch --out OTHER")
    command = ganvas_command("train", "--out", run, "--coach", "watch")
    return _("Continue it with the coach: {command}").format(command=command)


def _read(path: Path) -> tuple[list[Event], int]:
    """Return the events of a run or of a file, and how many of its lines cannot be read."""
    file = path / "events.jsonl" if path.is_dir() else path
    if not file.is_file():
        problem = _("{path} is not a run (no events.jsonl).") if path.is_dir() else _("{path} does not exist.")
        raise GanvasError(problem.format(path=path), _(USAGE))
    events, unreadable = read_events(file)
    if not events:
        problem = (
            _("{file} holds no events of a training ({lines:,} lines of something else).")
            if unreadable
            else _("{file} holds no events of a training.")
        )
        raise GanvasError(problem.format(file=file, lines=unreadable), _(USAGE))
    return events, unreadable
