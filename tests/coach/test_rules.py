"""The rules: plain problems are found by their names, and nothing is found in healthy trainings."""

from dataclasses import replace

import pytest

from ganvas.coach.diagnosis.diagnoses import HEALTHY_VERDICTS
from ganvas.coach.diagnosis.verdict import diagnose
from ganvas.coach.measurement.metric_names import METRICS
from ganvas.events import Event, HealthCheck, Prescription
from histories import BATCH, COLLAPSED, GROSS, STEPS, Curve, health_check, health_checks, live, treatment


@pytest.mark.parametrize("name", GROSS)
def test_a_plain_problem_has_its_name(name: str) -> None:
    found = live(health_checks(40, **GROSS[name]))
    assert name in [each.name for each in found[:8]] or name in HEALTHY_VERDICTS, f"not noticed: {found[7]}"
    assert found[-1].name == name
    assert found[-1].confidence >= 0.6
    metrics = {each.metric for each in found[-1].evidence}
    assert metrics, "a verdict without evidence"
    assert metrics <= METRICS.keys()


@pytest.mark.parametrize("facts", [{"real_near_copies": 1.0}, {"real_blank": 0.5}, {"dataset_size": 12.0}])
def test_wrong_data_is_found_at_once(facts: dict[str, float]) -> None:
    assert live(health_checks(1, **facts))[0].name == "wrong data"
    assert diagnose(health_checks(3, **facts, **COLLAPSED)).name == "wrong data", (
        "copies learned from copies are not a collapse"
    )


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
def test_values_that_are_not_finite_are_diverging_at_once(share: float) -> None:
    found = diagnose(health_checks(1, finite=share))
    assert (found.name, found.confidence) == ("diverging", 1.0)
    assert [(each.metric, each.now) for each in found.evidence] == [("finite", share)]


@pytest.mark.parametrize("slope", [0.98, 0.9, 0.7])
@pytest.mark.parametrize("start", [0.5, 3.0, 30.0])
def test_samples_that_get_better_never_have_a_problem(slope: float, start: float) -> None:
    found = live(health_checks(40, feature_distance=lambda index: start * slope**index))
    assert {each.name for each in found} <= HEALTHY_VERDICTS, [each.name for each in found]


def test_a_collapse_says_what_is_lost_and_its_evidence_before_and_after() -> None:
    history = health_checks(5, near_copies=0.02) + health_checks(4, start=5, **COLLAPSED)
    found = live(history)[-1]
    assert (found.name, found.modes_lost) == ("mode collapse", 0.9)
    copies = next(each for each in found.evidence if each.metric == "near_copies")
    assert (copies.before, copies.now, copies.since) == (0.02, 0.95, history[4].images_seen)


def test_the_blur_of_a_variational_autoencoder_is_not_stalled() -> None:
    def history(phase: str) -> list[Event]:
        return [health_check(index, phase, feature_distance=1.2) for index in range(20)]

    assert diagnose(history("adversarial")).name == "stalled"
    assert diagnose(history("vae")).name in HEALTHY_VERDICTS


@pytest.mark.parametrize(
    ("name", "metrics"),
    [
        ("stalled", {"feature_distance": 2.0}),
        ("generator wins", {"feature_distance": 2.0, "d_pair_accuracy": 0.6, "logit_gap": 0.2}),
        ("generator wins", {"feature_distance": 2.0, "d_pair_accuracy": 0.1, "logit_gap": -1.0}),
        ("discriminator wins", {"feature_distance": 2.0, "d_pair_accuracy": 1.0, "logit_gap": 12.0}),
    ],
)
def test_networks_that_start_slowly_are_given_time(name: str, metrics: dict[str, float]) -> None:
    seen = BATCH * STEPS
    slow = health_checks(12, slow_start_images=seen * 10.0, **metrics)  # until the tenth check
    assert [diagnose(slow[:n]).name for n in range(1, 10)] == ["warming up"] * 9
    assert diagnose(slow).name == name, "it waits for ever"
    assert name in {diagnose(health_checks(n, **metrics)).name for n in range(3, 8)}, "quick networks wait too"


def test_plain_problems_are_found_in_networks_that_start_slowly() -> None:
    for name, metrics in (("collapsed", {"diversity": 0.02, "near_copies": 1.0}), ("not finite", {"finite": 0.5})):
        plain, slow = health_checks(6, **metrics), health_checks(6, slow_start_images=1e9, **metrics)
        assert diagnose(slow).name == diagnose(plain).name, name
        assert diagnose(slow).name not in HEALTHY_VERDICTS


def checks_apart(count: int, gap: int, after: int = 0, **metrics: float) -> list[HealthCheck]:
    """Return `count` health checks, `gap` steps apart, the first one after `after` and `gap` steps."""
    steps = [after + gap * (index + 1) for index in range(count)]
    return [
        replace(each, step=step, images_seen=BATCH * step)
        for each, step in zip(health_checks(count, **metrics), steps, strict=True)
    ]


def test_a_collapse_in_the_first_steps_is_none() -> None:
    alike = {"near_copies": 1.0, "diversity": 0.3, "feature_distance": 3.0}
    early = checks_apart(14, 14, **alike)
    assert {diagnose(early[:n]).name for n in range(1, 15)} == {"warming up"}, (
        "every DCGAN begins with the same blot for every z"
    )
    assert diagnose([*early, *checks_apart(3, 14, after=300, **alike)]).name == "mode collapse", (
        "in time it should draw more"
    )
    restart = treatment(early[-1], Prescription("reinitialize", "", 0.0))
    young = [*early, restart, *checks_apart(5, 14, after=300, **alike)]
    assert diagnose(young).name == "warming up", "new weights get their first steps again"
    old = [*early, treatment(early[-1]), *checks_apart(5, 14, after=300, **alike)]
    assert diagnose(old).name == "mode collapse", "these are the old weights"


def test_good_samples_that_become_all_alike_are_a_collapse_however_early() -> None:
    good = checks_apart(3, 30, feature_distance=0.3)
    assert diagnose([*good, *checks_apart(3, 14, after=90, near_copies=1.0, diversity=0.02)]).name == "mode collapse"


def test_no_progress_is_expected_between_checks_that_are_close_together() -> None:
    slow = {"feature_distance": 2.0}
    assert diagnose(checks_apart(8, 12, after=400, **slow)).name == "warming up"
    assert diagnose(checks_apart(8, 40, after=400, **slow)).name == "stalled"


def test_learning_rates_in_their_warmup_are_not_too_low() -> None:
    saturated = {"saturated": 0.3, "generator_lr_to_weight_ratio": 0.0036, "feature_distance": 1.5}
    assert diagnose(checks_apart(8, 12, **saturated)).name == "warming up"
    assert diagnose(checks_apart(8, 12, after=200, **saturated)).name == "stalled"


SLOW: dict[str, Curve] = {"generator_lr_to_weight_ratio": 0.0003, "feature_distance": lambda index: 2 * 0.99**index}


def test_rates_too_low_for_the_steps_are_found_early_though_the_samples_improve() -> None:
    """Health checks of these histories are a hundredth of the budget apart, a hundred steps: 10,000 in all."""
    found = live(health_checks(6, **SLOW))
    assert [each.name for each in found] == ["warming up"] + ["too slow"] * 5
    assert {each.metric for each in found[-1].evidence} == {"generator_lr_to_weight_ratio", "feature_distance"}


@pytest.mark.parametrize(
    "changes",
    [
        {"generator_lr_to_weight_ratio": 0.001},
        {"generator_lr_to_weight_ratio": lambda index: 0.00003 * (index + 1)},
        {"feature_distance": 0.3},
        {"slow_start_images": 300_000.0},
    ],
    ids=["fast enough", "still warming up", "good already", "another scale"],
)
def test_a_training_is_not_too_slow(changes: dict[str, Curve]) -> None:
    assert "too slow" not in [each.name for each in live(health_checks(6, **(SLOW | changes)))]


def test_a_high_learning_rate_is_no_problem_while_the_samples_come_nearer() -> None:
    wild = {"generator_lr_to_weight_ratio": 0.3, "discriminator_lr_to_weight_ratio": 0.3}
    assert {each.name for each in live(health_checks(20, **wild))} <= HEALTHY_VERDICTS
    flat = live(health_checks(20, **wild, feature_distance=2.0))
    assert "oscillating" in [each.name for each in flat[:6]], "a wild rate without any progress was not found"


def test_nothing_is_sick_while_the_samples_come_nearer_unless_they_are_all_alike() -> None:
    for name in ("discriminator wins", "generator wins", "oscillating", "partial mode collapse"):
        nearer = live(health_checks(20, **(GROSS[name] | {"feature_distance": lambda index: 3 * 0.85**index})))
        assert {each.name for each in nearer} <= HEALTHY_VERDICTS, name
    assert live(health_checks(20, near_copies=1.0, diversity=0.02))[-1].name == "mode collapse"


def test_no_progress_is_judged_by_what_doubling_the_images_brought() -> None:
    """A distance that falls with the root of the images improves ever less from check to check, and is healthy."""
    stuck = {"d_pair_accuracy": 0.5, "logit_gap": 0.0}
    slowing = live(health_checks(60, **stuck, feature_distance=lambda index: 3 / (index + 1) ** 0.3))
    assert {each.name for each in slowing} <= HEALTHY_VERDICTS
    flat = live(health_checks(60, **stuck, feature_distance=lambda index: max(1.2, 3 / (index + 1) ** 0.3)))
    assert "generator wins" in [each.name for each in flat]


def test_weights_that_could_not_come_far_yet_are_not_expected_to_have_made_progress() -> None:
    stuck = {"d_pair_accuracy": 0.5, "logit_gap": 0.0, "feature_distance": 1.2}
    names = [
        [each.name for each in live(health_checks(60, **stuck, generator_lr_to_weight_ratio=rate))]
        for rate in (0.004, 0.002)
    ]
    assert names[0].index("generator wins") < names[1].index("generator wins")
