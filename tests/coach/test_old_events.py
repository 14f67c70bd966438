"""The names of release 0.1, in events.jsonl and in checkpoints, are understood as before."""

import json
from pathlib import Path

import pytest

from ganvas import old_events
from ganvas.coach.doctor import examine
from ganvas.coach.measurement.metric_names import METRICS
from ganvas.coach.treatment.prescription import KINDS
from ganvas.errors import GanvasError
from ganvas.event_log import EVENTS, from_json, prescription_from, read_events, to_json
from ganvas.events import (
    CheckpointSaved,
    Done,
    HealthCheck,
    LogitHistograms,
    Prescription,
    SampleGrid,
    Score,
    Started,
    Step,
    Treatment,
    Verdict,
)

FILE = (
    Path(__file__).parent / "events_0_1.jsonl"
)  # of dcgan with learning rates 60 times too high, which the coach mended


def test_doctor_comes_to_the_findings_of_0_1() -> None:
    found = examine(FILE)
    assert (found.unreadable_lines, found.health_checks) == (0, 8)
    assert [(span.name, span.start, span.end) for span in found.spans] == [
        ("warming up", (40, 640), (1250, 20000)),
        ("healthy", (1250, 20000), (1250, 20000)),
    ]
    (treatment,) = found.treatments
    assert (treatment.treatment.diagnosis, treatment.treatment.step, treatment.outcome) == ("oscillating", 40, "helped")
    assert treatment.judged_at == (244, 3904)
    assert treatment.treatment.prescriptions == (
        Prescription("reinitialize", step=40),
        Prescription("lr", "generator", 0.07),
        Prescription("lr", "discriminator", 0.07),
    )


def test_every_kind_of_event_is_read_whole() -> None:
    events, unreadable = read_events(FILE)
    kinds = {Started, Step, SampleGrid, LogitHistograms, CheckpointSaved, HealthCheck, Verdict, Treatment, Done}
    assert ({type(event) for event in events}, unreadable) == (kinds, 0)
    for event, line in zip(events, FILE.read_text().splitlines(), strict=True):
        new, old = json.loads(to_json(event)), json.loads(line)
        assert new["images_seen" if "images_seen" in new else "step"] == old.get("images", old["step"])
        added = {"distance"} if isinstance(event, Treatment) else set[str]()
        assert len(new.keys() - added) == len(old), "a field was left out"
        assert from_json(to_json(event)) == event
    step = next(event for event in events if isinstance(event, Step))
    assert step.loss_std["discriminator"] == 2.5412176832077567


def test_metrics_of_0_1_have_todays_names_and_the_same_values() -> None:
    events, _ = read_events(FILE)
    checks = [event for event in events if isinstance(event, HealthCheck)]
    old = [json.loads(line)["values"] for line in FILE.read_text().splitlines() if '"Signs"' in line]
    assert [list(map(str, check.metrics.values())) for check in checks] == [list(map(str, it.values())) for it in old]
    named = {name for check in checks for name in check.metrics}
    named |= {item.metric for event in events if isinstance(event, Verdict) for item in event.evidence}
    assert named <= set(METRICS)


def test_a_score_of_0_1() -> None:
    line = '{"event":"Scored","step":9,"images":80,"score":"Frechet distance","network":"n","value":3.0,"count":512}'
    assert from_json(line) == Score(9, 80, "Frechet distance", "n", 3.0, 512)


def test_any_loss_of_a_loop_of_ones_own() -> None:
    line = '{"event":"Signs","step":1,"images":1,"progress":"nan","phase":"adversarial","values":{"cycle_swing":0.5}}'
    event = from_json(line)
    assert isinstance(event, HealthCheck)
    assert event.metrics == {"cycle_loss_std": 0.5}


def test_todays_names_are_left_alone() -> None:
    event = HealthCheck(1, 1, 0.1, "adversarial", {"distance": 1.0, "my_swing": 2.0})
    assert from_json(to_json(event)) == event


def test_a_prescription_in_a_checkpoint() -> None:
    old = {"kind": "rate", "network": "generator", "value": 0.5, "name": "", "step": 0}
    assert prescription_from(old) == prescription_from({**old, "kind": "lr"}) == Prescription("lr", "generator", 0.5)
    assert prescription_from({"kind": "stop"}) == Prescription("stop")


def test_the_table_leads_to_names_that_exist_and_from_none() -> None:
    """An old name that means something else today could not be told from it."""
    for table, today in (
        (old_events.EVENTS, EVENTS),
        (old_events.METRICS, METRICS),
        (old_events.PRESCRIPTIONS, KINDS),
    ):
        assert set(table.values()) <= set(today)
        assert not set(table) & set(today)


@pytest.mark.parametrize("line", ['{"event":"Samples","step":1,"images":1}', '{"event":"Scored","images":{}}'])
def test_what_is_of_no_release_is_no_event(line: str) -> None:
    with pytest.raises(GanvasError, match="Not an event"):
        from_json(line)
