"""The diagnosis: any history gives a verdict, gross sicknesses have their names, and no verdict flickers."""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganvas.coach.diagnosis.diagnoses import DIAGNOSES, HEALTHY_VERDICTS
from ganvas.coach.diagnosis.history import is_promising
from ganvas.coach.diagnosis.verdict import diagnose
from ganvas.coach.measurement.metric_names import METRICS
from ganvas.events import (
    CheckpointSaved,
    Event,
    Evidence,
    HealthCheck,
    Note,
    Prescription,
    Score,
    Treatment,
    Verdict,
    from_json,
    to_json,
)
from ganvas.metrics.score_descriptions import SCORE_DESCRIPTIONS
from histories import BATCH, COLLAPSED, STEPS, Curve, health_check, health_checks, treatment, verdict, worsening

NAN, INF = math.nan, math.inf

# Histories of any kind. Numbers lie anywhere, and often where the rules look.
numbers = st.one_of(
    st.floats(), st.floats(0, 1), st.floats(0, 50), st.sampled_from([0.0, 0.5, 1.0, NAN, INF, -INF, 1e308, 5e-324])
)
signs = st.one_of(st.sampled_from(list(METRICS)), st.text(max_size=8))
values = st.one_of(
    st.dictionaries(signs, numbers, max_size=12), st.fixed_dictionaries(dict.fromkeys(METRICS, numbers)), st.just({})
)
steps = st.integers(0, 40)
phases = st.one_of(st.sampled_from(["adversarial", "autoencode", "prior", "sharpen"]), st.text(max_size=4))
names = st.sampled_from(list(DIAGNOSES))
examinations = st.builds(HealthCheck, steps, steps, numbers, phases, values)
evidence = st.builds(Evidence, signs, numbers, numbers, steps)
verdicts = st.builds(
    Verdict, steps, steps, names, numbers, st.tuples(evidence), st.text(), st.text(), st.none() | numbers
)
orders = st.builds(Prescription, st.sampled_from(["lr", "rollback", "stop", "of a later release"]), value=numbers)
treatments = st.builds(
    Treatment,
    steps,
    steps,
    names,
    st.lists(orders, max_size=3).map(tuple),
    st.sampled_from(["", "helped", "failed"]),
    st.text(max_size=5),
    st.integers(0, 9),
)
scores = st.builds(
    Score, steps, steps, st.sampled_from([SCORE_DESCRIPTIONS["frechet"][0], "KID"]), st.just("x"), numbers, steps
)
others = st.one_of(
    scores, st.builds(CheckpointSaved, steps, steps, st.just("x"), st.booleans()), st.just(Note("Hello."))
)
histories = st.lists(st.one_of(examinations, examinations, examinations, verdicts, treatments, others), max_size=12)


def check(found: Verdict) -> None:
    """Assert that a verdict is whole: a name that is known, a confidence that is one, and words."""
    assert found.name in DIAGNOSES
    assert 0 <= found.confidence <= 1, f"a confidence of {found.confidence}"
    assert (found.what, found.why) == (DIAGNOSES[found.name].what, DIAGNOSES[found.name].why)


@settings(max_examples=400, deadline=None)
@given(histories)
def test_any_history_gives_a_verdict_and_is_left_as_it_was(history: list[Event]) -> None:
    before = copy.deepcopy(history)
    check(diagnose(history))
    assert is_promising(history) in (True, False)
    assert repr(history) == repr(before), "the diagnosis changed what was measured"


@settings(max_examples=100, deadline=None)
@given(st.lists(values, min_size=1, max_size=10))
def test_any_measurements_one_after_the_other_give_verdicts(measured: list[dict[str, float]]) -> None:
    history: list[Event] = []
    for index, each in enumerate(measured):
        history.append(HealthCheck(index, index, index / 10, "adversarial", each))
        found = diagnose(history)
        check(found)
        assert (found.step, found.images_seen) == (index, index)
        history.append(found)


@settings(max_examples=100, deadline=None)
@given(st.lists(values, max_size=6), st.lists(names, max_size=3), st.randoms(use_true_random=False))
def test_the_order_of_the_events_does_not_matter(measured, told, chance) -> None:
    history: list[Event] = [HealthCheck(2 * at, at, at / 10, "adversarial", each) for at, each in enumerate(measured)]
    history += [Verdict(3 * at, at, name, 0.9, (), "", "") for at, name in enumerate(told)]
    history += [Treatment(3, 3, "stalled", (), outcome, "") for outcome in ("", "failed")]
    found = diagnose(history)
    chance.shuffle(history)
    assert repr(diagnose(history)) == repr(found)


@settings(max_examples=100, deadline=None)
@given(histories)
def test_a_history_that_was_written_and_read_gives_the_same_verdict(history: list[Event]) -> None:
    assert repr(diagnose([from_json(to_json(event)) for event in history])) == repr(diagnose(history))


def test_a_verdict_of_a_later_release_is_no_obstacle() -> None:
    unknown = Verdict(1, 1, "a sickness not known yet", 0.9, (), "", "")
    for history in (
        [unknown, *health_checks(1)],
        [unknown, *health_checks(5)],
        [unknown, *health_checks(3, **COLLAPSED)],
    ):
        check(diagnose(history))


def test_before_the_first_examination_it_is_warming_up() -> None:
    found = diagnose([])
    assert (found.name, found.step, found.images_seen, found.evidence) == ("warming up", 0, 0, ())


def live(history: Sequence[Event]) -> list[Verdict]:
    """Return the verdict at each examination, each change told as a training tells it."""
    told: list[Event] = []
    found: list[Verdict] = []
    for event in history:
        told.append(event)
        if isinstance(event, HealthCheck):
            found.append(diagnose(told))
            if len(found) < 2 or found[-1].name != found[-2].name:
                told.append(found[-1])
    return found


GROSS: dict[str, dict[str, Curve]] = {
    "mode collapse": COLLAPSED,
    "partial mode collapse": {"near_copies": 0.35, "diversity": 0.4, "modes_lost": 0.6, "feature_distance": 0.5},
    "discriminator wins": {
        "d_pair_accuracy": 1.0,
        "logit_gap": 40.0,
        "logit_magnitude": 20.0,
        "generator_loss": 15.0,
        "generator_loss_slow": 15.0,
        "discriminator_loss": 1e-6,
        "discriminator_loss_slow": 1e-6,
        "fake_accepted": 0.0,
        "real_accepted": 1.0,
        "generator_update_ratio": 1e-8,
        "generator_gradient_rms": 1e-9,
        "feature_distance": 1.0,
    },
    "generator wins": {
        "d_pair_accuracy": 0.5,
        "logit_gap": 0.0,
        "logit_magnitude": 1e-3,
        "generator_loss": 0.69,
        "discriminator_loss": 1.39,
        "feature_distance": 1.2,
    },
    "discriminator memorises": {
        "dataset_size": 400.0,
        "d_pair_accuracy": 1.0,
        "d_train_vs_heldout": 0.99,
        "logit_gap": 6.0,
    },
    "diverging": {
        "feature_distance": worsening([1.0, 0.3, 3.0, 9.0, 27.0, 80.0]),
        "generator_loss": worsening([1.0, 1.0, 1e3, 1e5, 1e7]),
        "discriminator_loss": worsening([1.0, 1.0, 1e3, 1e5, 1e7]),
        "generator_loss_std": worsening([0.1, 0.1, 1e3, 1e5, 1e7]),
    },
    "oscillating": {
        "generator_loss_std": 8.0,
        "discriminator_loss_std": 8.0,
        "generator_update_ratio": 0.2,
        "discriminator_update_ratio": 0.2,
        "d_pair_accuracy": lambda index: (0.95, 0.3)[index % 2],
        "feature_distance": 1.0,
    },
    "stalled": {"generator_dead_units": 0.9, "generator_update_ratio": 1e-4, "feature_distance": 1.2},
    "wrong data": {"real_near_copies": 1.0, "near_copies": 0.9},
    "converged": {"feature_distance": 0.05},
}


@pytest.mark.parametrize("name", GROSS)
def test_what_is_grossly_wrong_has_its_name(name: str) -> None:
    found = live(health_checks(40, **GROSS[name]))
    assert name in [each.name for each in found[:8]] or name in HEALTHY_VERDICTS, f"not noticed: {found[7]}"
    assert found[-1].name == name
    assert found[-1].confidence >= 0.6
    known = {each.metric for each in found[-1].evidence}
    assert known, "a verdict without evidence"
    assert known <= METRICS.keys()


@pytest.mark.parametrize("facts", [{"real_near_copies": 1.0}, {"real_blank": 0.5}, {"dataset_size": 12.0}])
def test_wrong_pictures_are_told_at_once(facts: dict[str, float]) -> None:
    assert live(health_checks(1, **facts))[0].name == "wrong data"
    assert diagnose(health_checks(3, **facts, **COLLAPSED)).name == "wrong data", (
        "copies drawn from copies are no collapse"
    )


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
def test_what_is_no_number_is_diverging_at_once(share: float) -> None:
    found = diagnose(health_checks(1, finite=share))
    assert (found.name, found.confidence) == ("diverging", 1.0)
    assert [(each.metric, each.now) for each in found.evidence] == [("finite", share)]


@pytest.mark.parametrize("slope", [0.98, 0.9, 0.7])
@pytest.mark.parametrize("start", [0.5, 3.0, 30.0])
def test_samples_that_get_better_are_never_sick(slope: float, start: float) -> None:
    found = live(health_checks(40, feature_distance=lambda index: start * slope**index))
    assert {each.name for each in found} <= HEALTHY_VERDICTS, [each.name for each in found]


def test_a_healthy_training_warms_up_and_is_healthy_then() -> None:
    found = [each.name for each in live(health_checks(16))]
    assert found[0] == "warming up"
    assert found[-1] == "healthy"
    assert found == sorted(found, reverse=True), "it went back and forth"


def test_a_collapse_tells_what_is_lost_and_from_what_to_what() -> None:
    history = health_checks(5, near_copies=0.02) + health_checks(4, start=5, **COLLAPSED)
    found = live(history)[-1]
    assert (found.name, found.modes_lost) == ("mode collapse", 0.9)
    copies = next(each for each in found.evidence if each.metric == "near_copies")
    assert (copies.before, copies.now, copies.since) == (0.02, 0.95, history[4].images_seen)


@pytest.mark.parametrize("index", [3, 6, 11])
@pytest.mark.parametrize(
    "bad",
    [COLLAPSED, {"feature_distance": 9.0}, {"d_pair_accuracy": 1.0, "logit_gap": 99.0}, {"d_pair_accuracy": 0.3}, {}],
)
def test_one_bad_examination_alone_is_no_sickness(index: int, bad: dict[str, float]) -> None:
    history = health_checks(12)
    history[index] = health_check(index, **bad)
    assert {each.name for each in live(history)} <= HEALTHY_VERDICTS


def test_a_sickness_does_not_end_with_one_good_examination_but_with_two() -> None:
    sick, good = health_checks(4, **COLLAPSED), health_checks(2, start=4, feature_distance=0.3)
    names = [each.name for each in live(sick + good)]
    assert names[3:] == ["mode collapse", "mode collapse", "healthy"]


def test_a_sickness_that_is_only_supposed_to_be_there_still_is_not_sure() -> None:
    found = live(health_checks(4, **COLLAPSED) + health_checks(1, start=4, feature_distance=0.3))
    assert found[-1].confidence < 0.6 < found[-2].confidence, "it would be treated again"


def test_the_sicker_for_longer_the_surer() -> None:
    found = [each.confidence for each in live(health_checks(9, **COLLAPSED)) if each.name == "mode collapse"]
    assert len(found) > 4
    assert found == sorted(found)
    assert found[0] < found[-1] < 1


def test_after_a_treatment_nothing_of_before_counts() -> None:
    sick = health_checks(6, **COLLAPSED)
    told = [*sick, verdict(sick[-1], "mode collapse"), treatment(sick[-1])]
    one = [*told, *health_checks(1, start=6, **COLLAPSED)]
    assert diagnose(one).confidence < diagnose(sick).confidence, "it was judged by what was before the treatment"
    well = [*told, *health_checks(2, start=6, feature_distance=0.3)]
    assert diagnose(well).name in HEALTHY_VERDICTS


def test_two_sicknesses_at_a_time_do_not_take_turns() -> None:
    both: dict[str, Curve] = {"generator_dead_units": 0.9} | GROSS["oscillating"]
    found = [each.name for each in live(health_checks(20, **both))]
    changes = [now for before, now in pairwise(found) if now != before]
    assert found[-1] not in HEALTHY_VERDICTS
    assert len(changes) == len(set(changes)), f"it went back and forth: {changes}"


def scored(count: int, course: Callable[[int], float]) -> list[Event]:
    """Return a score at every fifth examination."""
    name = SCORE_DESCRIPTIONS["frechet"][0]
    return [
        Score(each.step, each.images_seen, name, "x", course(index), 512)
        for index, each in enumerate(health_checks(count)[::5])
    ]


def test_it_has_certainly_converged_when_the_scores_say_so_too() -> None:
    history = health_checks(60, feature_distance=0.05)
    supposed = diagnose(history)
    certain = diagnose(history + scored(60, lambda index: 20.0))
    better = diagnose(history + scored(60, lambda index: 20 * 0.8**index))
    assert (supposed.name, certain.name, better.name) == ("converged", "converged", "healthy")
    assert supposed.confidence < certain.confidence


def test_each_verdict_has_its_words() -> None:
    for name, known in DIAGNOSES.items():
        assert name == name.lower()
        for words in (known.title, known.what, known.why, known.advice):
            assert words[0].isupper(), words
        assert all(words.endswith(".") for words in (known.what, known.why, known.advice)), name
    assert {"healthy", "warming up", "converged"} == HEALTHY_VERDICTS


def test_the_blur_of_a_variational_autoencoder_is_no_standstill() -> None:
    def course(phase: str) -> list[Event]:
        return [health_check(index, phase, feature_distance=1.2) for index in range(20)]

    assert diagnose(course("adversarial")).name == "stalled"
    assert diagnose(course("vae")).name in HEALTHY_VERDICTS


@pytest.mark.parametrize(
    ("name", "signs"),
    [
        ("stalled", {"feature_distance": 2.0}),
        ("generator wins", {"feature_distance": 2.0, "d_pair_accuracy": 0.6, "logit_gap": 0.2}),
        ("generator wins", {"feature_distance": 2.0, "d_pair_accuracy": 0.1, "logit_gap": -1.0}),
        ("discriminator wins", {"feature_distance": 2.0, "d_pair_accuracy": 1.0, "logit_gap": 12.0}),
    ],
)
def test_slow_learning_is_no_sickness_of_networks_that_begin_slowly(name: str, signs: dict[str, float]) -> None:
    seen = BATCH * STEPS
    patient = health_checks(12, slow_start_images=seen * 10.0, **signs)  # until the tenth look
    assert [diagnose(patient[:n]).name for n in range(1, 10)] == ["warming up"] * 9
    assert diagnose(patient).name == name, "there is an end to patience"
    assert name in {diagnose(health_checks(n, **signs)).name for n in range(3, 8)}, "others are not waited for"


def test_what_is_gross_is_found_whatever_the_patience() -> None:
    for name, signs in (("collapsed", {"diversity": 0.02, "near_copies": 1.0}), ("broken", {"finite": 0.5})):
        plain, patient = health_checks(6, **signs), health_checks(6, slow_start_images=1e9, **signs)
        assert diagnose(patient).name == diagnose(plain).name, name
        assert diagnose(patient).name not in HEALTHY_VERDICTS


def hurried(count: int, gap: int, after: int = 0, **signs: float) -> list[HealthCheck]:
    """Return so many examinations that are `gap` steps apart, the first `after` that many steps."""
    steps = [after + gap * (index + 1) for index in range(count)]
    return [
        replace(each, step=step, images_seen=BATCH * step)
        for each, step in zip(health_checks(count, **signs), steps, strict=True)
    ]


def test_nothing_is_said_of_what_was_drawn_in_the_first_steps() -> None:
    alike = {"near_copies": 1.0, "diversity": 0.3, "feature_distance": 3.0}
    early = hurried(14, 14, **alike)
    assert {diagnose(early[:n]).name for n in range(1, 15)} == {"warming up"}, (
        "every DCGAN begins with one blot for all"
    )
    assert diagnose([*early, *hurried(3, 14, after=300, **alike)]).name == "mode collapse", (
        "in time it should draw more"
    )
    anew = treatment(early[-1], Prescription("reinitialize", "", 0.0))
    young = [*early, anew, *hurried(5, 14, after=300, **alike)]
    assert diagnose(young).name == "warming up", "new weights begin anew"
    old = [*early, treatment(early[-1]), *hurried(5, 14, after=300, **alike)]
    assert diagnose(old).name == "mode collapse", "these are the old ones"


def test_what_was_good_and_became_all_alike_is_a_collapse_however_early() -> None:
    good = hurried(3, 30, feature_distance=0.3)
    assert diagnose([*good, *hurried(3, 14, after=90, near_copies=1.0, diversity=0.02)]).name == "mode collapse"


def test_no_gain_is_asked_for_between_looks_that_lie_close_together() -> None:
    slow = {"feature_distance": 2.0}
    assert diagnose(hurried(8, 12, after=400, **slow)).name == "warming up"
    assert diagnose(hurried(8, 40, after=400, **slow)).name == "stalled"


def test_rates_that_are_still_rising_are_not_too_short() -> None:
    drowned = {"saturated": 0.3, "generator_lr_to_weight_ratio": 0.001, "feature_distance": 1.5}
    assert diagnose(hurried(8, 12, **drowned)).name == "warming up"
    assert diagnose(hurried(8, 12, after=200, **drowned)).name == "stalled"
