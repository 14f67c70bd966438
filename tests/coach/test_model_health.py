"""Health of a model: which verdict belongs to its weights, and what is said of it."""

from typing import Any

import pytest

from ganvas.coach.diagnosis.diagnoses import DIAGNOSES
from ganvas.coach.model_health import Health, ending, from_metadata, health_at, health_of, notes, to_metadata
from ganvas.events import Evidence, Verdict
from histories import BATCH

WELL, ILL = Health("healthy", 0.8), Health("mode collapse", 0.9)


def verdict(step: int, name: str, since: int | None = None) -> Verdict:
    """Return the verdict `name` at a step, resting on what was seen after step `since`."""
    evidence = () if since is None else (Evidence("near_copies", 0.0, 0.9, BATCH * since),)
    return Verdict(step, BATCH * step, name, 0.9, evidence, "What.", "Why.")


def test_weights_have_the_verdict_of_their_time() -> None:
    history = [verdict(100, "warming up"), verdict(300, "healthy"), verdict(900, "mode collapse")]
    found = [health_at(history, step, BATCH * step) for step in (50, 100, 299, 300, 899, 900, 2000)]
    names = [None if each is None else each.name for each in found]
    assert names == [None, "warming up", "warming up", "healthy", "healthy", "mode collapse", "mode collapse"]
    assert health_at(history[::-1], 899, BATCH * 899) == found[4], "it depends on the order of the events"


def test_a_problem_was_there_before_it_was_named() -> None:
    history = [verdict(100, "healthy"), verdict(900, "mode collapse", since=700), verdict(1500, "healthy", since=100)]
    found = [health_at(history, step, BATCH * step) for step in (700, 701, 1400, 1500)]
    names = [each and each.name for each in found]
    assert names == ["healthy", "mode collapse", "mode collapse", "healthy"], "recovery does not reach back"


def test_verdicts_of_a_later_release_are_passed_over() -> None:
    history = [verdict(100, "healthy"), verdict(200, "of the year 3000", since=1)]
    assert health_at(history, 150, BATCH * 150) == health_at(history, 250, BATCH * 250) == Health("healthy", 0.9)
    assert health_of(history[1]) is None
    assert health_of(None) is None


def test_a_bad_end_is_told_with_what_can_be_done() -> None:
    text = ending(ILL, ILL)
    assert text.startswith("Not healthy at its end: mode collapse. The generator draws the same picture again")
    assert DIAGNOSES["mode collapse"].advice in text
    assert "The model is from before that." not in text
    assert ending(ILL, WELL).endswith("The model is from before that.")
    assert "The model" not in ending(ILL, None), "nothing is known of the model"
    assert ending(ILL, ILL, is_over=False).startswith("Not healthy so far: ")
    assert ending(WELL, ILL).startswith("The model is from a time when the training was not healthy: mode collapse.")
    assert [ending(end, kept) for end in (WELL, None) for kept in (WELL, None)] == [""] * 4


@pytest.mark.parametrize("name", DIAGNOSES)
def test_only_the_unhealthy_are_warned_of(name: str) -> None:
    health = Health(name, 0.7)
    said = [note.text for note in notes(health)]
    assert len(said) == (not health.is_healthy) == (not DIAGNOSES[name].healthy)
    assert all("\n" not in text and DIAGNOSES[name].what in text for text in said)
    assert from_metadata(to_metadata(health)) == health


def test_nothing_known_says_nothing() -> None:
    assert list(notes(None)) == []
    assert to_metadata(None) == {}


@pytest.mark.parametrize(
    "record",
    [None, 5, "mode collapse", [], {}, {"name": "mode collapse"}, {"name": "\x1b[31mred", "confidence": 1}]
    + [{"name": ["mode collapse"], "confidence": 1.0}, {"confidence": 1.0}]
    + [{"name": "mode collapse", "confidence": each} for each in ("1", None, True, float("nan"), 1e400, -1, 2, [1])],
    ids=repr,
)
def test_damaged_metadata_says_nothing(record: Any) -> None:
    assert from_metadata({"health": record}) is None
    assert from_metadata({}) is None
