"""The diagnosis: any history gives a verdict, and verdicts do not flicker."""

import copy
from collections.abc import Callable
from itertools import pairwise

import pytest
from any_history import histories, metrics, names
from hypothesis import given, settings
from hypothesis import strategies as st

from ganvas.coach.diagnosis.diagnoses import DIAGNOSES, HEALTHY_VERDICTS
from ganvas.coach.diagnosis.history import is_promising
from ganvas.coach.diagnosis.verdict import diagnose
from ganvas.event_log import from_json, to_json
from ganvas.events import Event, HealthCheck, Score, Treatment, Verdict
from ganvas.metrics.score_descriptions import SCORE_DESCRIPTIONS
from histories import COLLAPSED, GROSS, Curve, health_check, health_checks, live, treatment, verdict


def check(found: Verdict) -> None:
    """Assert that a verdict is complete: a known name, a confidence in [0, 1], and its texts."""
    assert found.name in DIAGNOSES
    assert 0 <= found.confidence <= 1, f"a confidence of {found.confidence}"
    assert (found.what, found.why) == (DIAGNOSES[found.name].what, DIAGNOSES[found.name].why)


@pytest.mark.slow
@settings(max_examples=400)
@given(histories)
def test_any_history_gives_a_verdict_and_is_left_as_it_was(history: list[Event]) -> None:
    before = copy.deepcopy(history)
    check(diagnose(history))
    assert is_promising(history) in (True, False)
    assert repr(history) == repr(before), "the diagnosis changed what was measured"


@pytest.mark.slow
@settings(max_examples=100)
@given(st.lists(metrics, min_size=1, max_size=10))
def test_any_metrics_one_after_the_other_give_verdicts(measured: list[dict[str, float]]) -> None:
    history: list[Event] = []
    for index, each in enumerate(measured):
        history.append(HealthCheck(index, index, index / 10, "adversarial", each))
        found = diagnose(history)
        check(found)
        assert (found.step, found.images_seen) == (index, index)
        history.append(found)


@pytest.mark.slow
@settings(max_examples=100)
@given(st.lists(metrics, max_size=6), st.lists(names, max_size=3), st.randoms(use_true_random=False))
def test_the_order_of_the_events_does_not_matter(measured, given_names, random) -> None:
    history: list[Event] = [HealthCheck(2 * at, at, at / 10, "adversarial", each) for at, each in enumerate(measured)]
    history += [Verdict(3 * at, at, name, 0.9, (), "", "") for at, name in enumerate(given_names)]
    history += [Treatment(3, 3, "stalled", (), outcome, "") for outcome in ("", "failed")]
    found = diagnose(history)
    random.shuffle(history)
    assert repr(diagnose(history)) == repr(found)


@settings(max_examples=100)
@given(histories)
def test_a_history_that_was_written_and_read_gives_the_same_verdict(history: list[Event]) -> None:
    assert repr(diagnose([from_json(to_json(event)) for event in history])) == repr(diagnose(history))


def test_a_verdict_of_a_later_release_is_no_obstacle() -> None:
    unknown = Verdict(1, 1, "a problem not known yet", 0.9, (), "", "")
    for history in (
        [unknown, *health_checks(1)],
        [unknown, *health_checks(5)],
        [unknown, *health_checks(3, **COLLAPSED)],
    ):
        check(diagnose(history))


def test_before_the_first_health_check_it_is_warming_up() -> None:
    found = diagnose([])
    assert (found.name, found.step, found.images_seen, found.evidence) == ("warming up", 0, 0, ())


def test_a_healthy_training_warms_up_and_is_healthy_then() -> None:
    found = [each.name for each in live(health_checks(16))]
    assert found[0] == "warming up"
    assert found[-1] == "healthy"
    assert found == sorted(found, reverse=True), "it went back and forth"


@pytest.mark.parametrize("index", [3, 6, 11])
@pytest.mark.parametrize(
    "bad",
    [COLLAPSED, {"feature_distance": 9.0}, {"d_pair_accuracy": 1.0, "logit_gap": 99.0}, {"d_pair_accuracy": 0.3}, {}],
)
def test_one_bad_health_check_alone_is_no_problem(index: int, bad: dict[str, float]) -> None:
    history = health_checks(12)
    history[index] = health_check(index, **bad)
    assert {each.name for each in live(history)} <= HEALTHY_VERDICTS


def test_a_problem_ends_with_two_good_health_checks_not_with_one() -> None:
    sick, good = health_checks(4, **COLLAPSED), health_checks(2, start=4, feature_distance=0.3)
    names = [each.name for each in live(sick + good)]
    assert names[3:] == ["mode collapse", "mode collapse", "healthy"]


def test_a_problem_that_may_be_over_is_no_longer_sure() -> None:
    found = live(health_checks(4, **COLLAPSED) + health_checks(1, start=4, feature_distance=0.3))
    assert found[-1].confidence < 0.6 < found[-2].confidence, "it would be treated again"


def test_the_longer_a_problem_lasts_the_surer_it_is() -> None:
    found = [each.confidence for each in live(health_checks(9, **COLLAPSED)) if each.name == "mode collapse"]
    assert len(found) > 4
    assert found == sorted(found)
    assert found[0] < found[-1] < 1


def test_after_a_treatment_earlier_health_checks_do_not_count() -> None:
    sick = health_checks(6, **COLLAPSED)
    treated = [*sick, verdict(sick[-1], "mode collapse"), treatment(sick[-1])]
    one = [*treated, *health_checks(1, start=6, **COLLAPSED)]
    assert diagnose(one).confidence < diagnose(sick).confidence, "it was judged by checks from before the treatment"
    well = [*treated, *health_checks(2, start=6, feature_distance=0.3)]
    assert diagnose(well).name in HEALTHY_VERDICTS


def test_two_problems_at_a_time_do_not_take_turns() -> None:
    both: dict[str, Curve] = {"generator_dead_units": 0.9} | GROSS["oscillating"]
    found = [each.name for each in live(health_checks(20, **both))]
    changes = [now for before, now in pairwise(found) if now != before]
    assert found[-1] not in HEALTHY_VERDICTS
    assert len(changes) == len(set(changes)), f"it went back and forth: {changes}"


def scored(count: int, curve: Callable[[int], float]) -> list[Event]:
    """Return a score at every fifth health check."""
    name = SCORE_DESCRIPTIONS["frechet"][0]
    return [
        Score(each.step, each.images_seen, name, "x", curve(index), 512)
        for index, each in enumerate(health_checks(count)[::5])
    ]


def test_it_has_certainly_converged_when_the_scores_say_so_too() -> None:
    history = health_checks(60, feature_distance=0.05)
    uncertain = diagnose(history)
    certain = diagnose(history + scored(60, lambda index: 20.0))
    better = diagnose(history + scored(60, lambda index: 20 * 0.8**index))
    assert (uncertain.name, certain.name, better.name) == ("converged", "converged", "healthy")
    assert uncertain.confidence < certain.confidence


def test_each_diagnosis_has_its_texts() -> None:
    for name, diagnosis in DIAGNOSES.items():
        assert name == name.lower()
        for text in (diagnosis.title, diagnosis.what, diagnosis.why, diagnosis.advice):
            assert text[0].isupper(), text
        assert all(text.endswith(".") for text in (diagnosis.what, diagnosis.why, diagnosis.advice)), name
    assert {"healthy", "warming up", "converged"} == HEALTHY_VERDICTS
