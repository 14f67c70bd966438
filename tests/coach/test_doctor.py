"""The doctor: a diagnosis from nothing but a training's events."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import ganvas
from ganvas.coach.diagnosis.diagnoses import DIAGNOSES
from ganvas.coach.diagnosis.verdict import diagnose
from ganvas.coach.doctor import doctor, examine, fresh_verdicts, spans_of, treatment_results
from ganvas.errors import GanvasError
from ganvas.event_log import to_json
from ganvas.events import Done, Event, HealthCheck, Note, Prescription, Step, Treatment, Verdict


def check(step: int, near_copies: float = 0.0) -> HealthCheck:
    metrics = {"near_copies": near_copies, "d_pair_accuracy": 0.8, "feature_distance": 0.3}
    return HealthCheck(step, 8 * step, step / 100, "adversarial", metrics)


def treatment(step: int, outcome: str = "", diagnosis: str = "mode collapse") -> Treatment:
    text = f"It {outcome}." if outcome else "Halved the generator's rate."
    return Treatment(step, 8 * step, diagnosis, (Prescription("lr", "generator", 0.5),), outcome, text)


COLLAPSED = [
    *(check(10), check(20), check(30, 0.6), check(40, 0.9), treatment(41)),
    *(check(50, 0.9), treatment(50, "helped"), check(60)),
]


def test_recorded_verdicts_are_ignored() -> None:
    false, later = Verdict(10, 80, "diverging", 1.0, (), "", ""), replace(check(20), phase="sharpen")
    assert diagnose([check(10), false, later]).name == "diverging", "it is not kept at the first check of a phase"
    assert doctor([check(10), false, later]).spans == doctor([check(10), later]).spans


def test_verdicts_become_stretches() -> None:
    found = doctor(COLLAPSED)
    assert [(span.name, span.start, span.end) for span in found.spans] == [
        ("healthy", (10, 80), (40, 320)), ("mode collapse", (40, 320), (60, 480)), ("healthy", (60, 480), (60, 480))
    ]  # fmt: skip
    assert found.spans[1].verdict.step == 50, "the last evidence of a stretch is the strongest"
    assert found.verdict.name == "healthy"
    assert found.advice == DIAGNOSES["healthy"].advice
    assert found.health_checks == 6


def test_a_treatment_has_its_outcome() -> None:
    (each,) = doctor(COLLAPSED).treatments
    assert (each.treatment.step, each.outcome, each.judged_at, each.text) == (41, "helped", (50, 400), "It helped.")


def test_outcomes_go_to_the_last_treatment_of_the_same_diagnosis() -> None:
    events = [
        treatment(1),
        treatment(2),
        treatment(3, diagnosis="stalled"),
        treatment(4, "failed"),
        treatment(5, "helped", "gone"),
    ]
    assert [each.outcome for each in treatment_results(events)] == ["", "failed", ""]


def test_a_treatment_that_had_been_judged_may_be_undone_later() -> None:
    found = treatment_results([treatment(1), treatment(2, "failed"), treatment(3, "undone")])
    assert [(each.outcome, each.judged_at) for each in found] == [("undone", (3, 24))]


def test_no_verdicts_make_no_spans() -> None:
    assert spans_of([], (5, 40)) == []


def test_any_metrics_give_a_verdict() -> None:
    found = doctor([check(10, math.nan), check(20, math.inf), HealthCheck(30, 240, math.nan, "", {})])
    assert found.health_checks == 3
    assert found.verdict.name in DIAGNOSES


def test_findings_are_plain_data() -> None:
    plain = json.loads(json.dumps(doctor(COLLAPSED).to_dict()))
    assert plain["verdict"]["name"] == "healthy"
    assert plain["spans"][1]["verdict"]["evidence"][0]["metric"] == "near_copies"
    assert plain["treatments"][0]["treatment"]["prescriptions"][0]["kind"] == "lr"


def write(file: Path, events: Sequence[Event]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(to_json(each) + "\n" for each in events))
    return file


def test_a_run_or_its_events_alone(tmp_path: Path) -> None:
    file = write(tmp_path / "run" / "events.jsonl", COLLAPSED)
    expected = repr(doctor(COLLAPSED))  # its evidence has NaN, which equals nothing since Python 3.13
    assert repr(examine(file.parent)) == repr(examine(file)) == expected
    assert repr(ganvas.doctor(str(file))) == expected


def test_damaged_lines_are_counted_and_passed_over(tmp_path: Path) -> None:
    file = write(tmp_path / "events.jsonl", COLLAPSED)
    file.write_bytes(b"\x89PNG\n" + file.read_bytes() + b'{"event":"HealthCheck","step":"x"}\n' + b'{"event":"Si')
    found = examine(file)
    assert (found.unreadable_lines, found.health_checks) == (2, 6)


@pytest.mark.parametrize(
    ("path", "message"),
    [("nowhere", "nowhere does not exist"), ("empty", r"empty is not a run \(no events.jsonl\)"),
     ("photo.png", r"holds no events of a training \(1 lines of something else\)"), ("void.jsonl", "holds no events")],
)  # fmt: skip
def test_what_is_not_a_run_is_refused(path: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\n\x00\x01")
    (tmp_path / "void.jsonl").touch()
    with pytest.raises(GanvasError, match=message) as caught:
        examine(tmp_path / path)
    assert "ganvas doctor RUN" in caught.value.hint


STEP = Step(10, 80, 800, 0.1, 3.0, "adversarial", {"generator": 1.0})


@pytest.mark.parametrize(
    ("events", "run", "hint"),
    [([STEP, Done("run", 100, 800, 9.0, "finished")], True, "ganvas train PICTURES --coach watch --out OTHER"),
     ([STEP, Done("run", 50, 400, 9.0, "interrupted")], True, "ganvas train --out '{}' --coach watch"),
     ([STEP], True, "ganvas train --out '{}' --coach watch"),
     ([STEP], False, "ganvas train PICTURES --coach watch --out OTHER"),
     ([Note("hello")], True, "ganvas train --out '{}' --coach watch")],
)  # fmt: skip
def test_a_run_without_health_checks_gets_a_hint(events: list[Event], run: bool, hint: str, tmp_path: Path) -> None:
    folder = tmp_path / "a run"
    write(folder / "events.jsonl", events)
    if run:
        (folder / "config.json").touch()
    with pytest.raises(GanvasError, match="has no health checks") as caught:
        examine(folder)
    assert hint.format(folder) in caught.value.hint


@pytest.mark.slow
def test_a_long_record_is_not_diagnosed_at_each_check() -> None:
    """Each verdict looks at all that went before: a stranger's file of 20,000 checks would take minutes."""
    history = [check(step) for step in range(1, 20_001)]
    verdicts = fresh_verdicts(history)
    assert 90 <= len(verdicts) <= 250
    assert verdicts[-1].step == history[-1].step, "the last one counts"
    assert len(fresh_verdicts(history[:300])) == 300


def test_many_treatments_are_judged_one_by_one() -> None:
    given = [treatment(1) for _ in range(3)]
    judged = [replace(given[0], outcome="helped", text=f"{number}") for number in range(2)]
    results = treatment_results([*given, *judged])
    assert [each.text for each in results] == ["", "1", "0"], "the last open one first"
