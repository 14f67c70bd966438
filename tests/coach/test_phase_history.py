"""The history of a phase: which health checks belong together, and what is read from them."""

import math
import random

import pytest

from ganvas.coach.diagnosis.history import (
    PhaseHistory,
    above,
    all_of,
    below,
    is_promising,
    last_treated_at,
    last_verdict,
    present_phase,
    value_of,
)
from ganvas.events import CheckpointSaved, HealthCheck, Note
from histories import curve_of, health_check, health_checks, treatment, verdict

NAN, INF = math.nan, math.inf


def steps(phase: PhaseHistory | None) -> list[int]:
    assert phase is not None
    return [check.step for check in phase.checks]


def of(*values: float) -> PhaseHistory:
    """Return the history of a phase in which the distance takes these values."""
    return PhaseHistory(tuple(health_checks(len(values), feature_distance=curve_of(values))))


def test_without_health_checks_there_is_no_phase() -> None:
    assert present_phase([]) is None
    assert present_phase([Note("Hello."), verdict(health_check(0), "healthy"), treatment(health_check(0))]) is None


def test_health_checks_are_put_in_order() -> None:
    history = health_checks(6)
    shuffled = list(history)
    random.Random(1).shuffle(shuffled)
    assert present_phase(shuffled) == present_phase(history) == PhaseHistory(tuple(history))


def test_a_history_begins_with_its_phase() -> None:
    warm = [health_check(index, "autoencode") for index in range(4)]
    sharp = [health_check(index, "sharpen") for index in range(4, 6)]
    assert steps(present_phase(warm + sharp)) == [each.step for each in sharp]
    again = [health_check(6, "autoencode")]
    assert steps(present_phase(warm + sharp + again)) == [again[0].step], "a phase of the same name long ago"


def test_a_history_begins_after_the_last_treatment() -> None:
    history = health_checks(6)
    after = [*history, treatment(history[1]), treatment(history[3])]
    assert steps(present_phase(after)) == [history[4].step, history[5].step]
    assert last_treated_at(after) == history[3].step
    assert last_treated_at(history) == -1


def test_after_a_treatment_at_the_last_check_that_check_remains() -> None:
    history = health_checks(3)
    assert steps(present_phase([*history, treatment(history[2])])) == [history[2].step], "a history is never empty"


def test_an_outcome_is_no_treatment() -> None:
    history = health_checks(4)
    judged = treatment(history[2]).__class__(history[2].step, 0, "stalled", (), "helped", "It helped.")
    assert last_treated_at([*history, judged]) == -1
    assert steps(present_phase([*history, judged])) == [each.step for each in history]


def test_values_that_are_missing_or_not_numbers_are_nan() -> None:
    assert value_of(health_check(0, near_copies=0.25), "near_copies") == 0.25
    odd = HealthCheck(1, 1, 0.0, "adversarial", {"feature_distance": "far", "batch_size": None})  # type: ignore[dict-item]
    assert all(math.isnan(value_of(odd, metric)) for metric in ("feature_distance", "batch_size", "missing"))


def test_last_value_recent_median_and_minimum() -> None:
    phase = of(5.0, 1.0, 9.0, 2.0, 3.0)
    assert (
        phase.last_value("feature_distance"),
        phase.recent_median("feature_distance"),
        phase.minimum("feature_distance"),
    ) == (3.0, 3.0, 1.0)
    assert phase.recent_median("feature_distance", checks=4) == 2.5
    assert of(1.0, NAN, 4.0).recent_median("feature_distance") == 2.5, "NaN was counted"
    assert of(NAN, -INF, 7.0).minimum("feature_distance") == 7.0
    assert math.isnan(of(NAN, NAN).recent_median("feature_distance"))
    assert of(NAN).minimum("feature_distance") == INF
    assert math.isnan(of(1.0).last_value("no such metric"))


def test_streaks() -> None:
    phase = of(9.0, 1.0, 5.0, 6.0, 7.0)
    assert phase.streak(above("feature_distance", 4.0)) == 3, "a break in between was not seen"
    assert phase.streak(above("feature_distance", 0.0)) == 5
    assert phase.streak(below("feature_distance", 4.0)) == 0
    assert phase.streak(all_of(above("feature_distance", 4.0), below("feature_distance", 6.5))) == 0
    assert of(9.0, NAN, 9.0).streak(above("feature_distance", 4.0)) == 1, "NaN is not above"
    assert of(NAN).streak(below("feature_distance", 4.0)) == 0


def test_improvement_compares_the_minimum_before_with_the_minimum_since() -> None:
    assert of(4.0, 8.0, 3.0, 2.0).improvement("feature_distance", 2) == pytest.approx(0.5)
    assert of(4.0, 5.0, 9.0).improvement("feature_distance", 1) == pytest.approx(-1.25)
    assert of(4.0, 1.0, 9.0, 9.0, 1.0).improvement("feature_distance", 3) == pytest.approx(0.0), (
        "one bad check is not a trend"
    )
    assert of(NAN, 4.0, INF, 1.0).improvement("feature_distance", 2) == pytest.approx(0.75)
    for few in (of(1.0), of(1.0, 2.0), of(NAN, NAN, NAN, 1.0), of(0.0, 1.0, 1.0)):
        assert math.isnan(few.improvement("feature_distance", 2))


def test_evidence_is_the_value_before_and_now() -> None:
    phase = of(1.0, 2.0, 3.0, 4.0)
    found = phase.evidence("feature_distance", 2)
    assert (found.metric, found.before, found.now, found.since) == (
        "feature_distance",
        2.0,
        4.0,
        phase.checks[1].images_seen,
    )
    assert phase.evidence("feature_distance", 99).before == 1.0, "there is nothing before the first check"


def test_the_last_verdict_is_that_of_the_latest_step() -> None:
    first, last = verdict(health_check(0), "healthy"), verdict(health_check(3), "stalled")
    assert last_verdict([last, CheckpointSaved(1, 1, "x"), first]) == last
    assert last_verdict([]) is None


def test_promising_is_a_good_part_of_the_way_or_close() -> None:
    assert is_promising(health_checks(5)), "the distance has halved"
    assert not is_promising(health_checks(4, feature_distance=1.0))
    assert not is_promising(health_checks(4, feature_distance=curve_of([1.0, 0.2, 0.5, 3.0])))
    assert not is_promising(health_checks(4, feature_distance=curve_of([4.0, 3.5, 3.2, 3.0]))), (
        "a little better is not a good part of the way"
    )
    assert is_promising(health_checks(4, feature_distance=curve_of([0.3, 0.3, 0.3, 0.3]))), "close from the beginning"
    assert not is_promising(health_checks(1))
    assert not is_promising([])
    assert not is_promising(health_checks(4, feature_distance=NAN))
