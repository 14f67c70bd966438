"""The ladders: the mildest first, each rung judged before the next, and an end with words."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_rules import histories, names, numbers

import tiny
from ganvas.coach.diagnosis.diagnoses import DIAGNOSES, HEALTHY_VERDICTS
from ganvas.coach.diagnosis.history import MIN_STEPS_APART, present_phase
from ganvas.coach.diagnosis.verdict import diagnose
from ganvas.coach.treatment.escalation import LADDERS, MAX_TREATMENTS, RESTARTS, prescribe
from ganvas.coach.treatment.prescription import KINDS, with_prescriptions
from ganvas.coach.treatment.remedies import LARGER_BATCH, RemedyContext
from ganvas.config import AdaConfig, BalanceConfig, Config, PenaltyConfig
from ganvas.events import Event, Prescription, Treatment, Verdict
from ganvas.losses import LOSSES, PENALTIES
from ganvas.models import build_discriminator
from ganvas.recipes import RECIPES
from histories import HEALTHY_METRICS, Curve, health_check, verdict

CONFIGS: list[Config] = [
    replace(tiny.config(recipe), **changes)
    for recipe in RECIPES
    for changes in (
        {},
        {"classes": ("a", "b")},
        {"loss": "saturating", "penalty": PenaltyConfig("r1", 1000.0, 1)},
        {"loss": "relativistic", "penalty": PenaltyConfig("r1_r2", 1e-6, 2)},
        {"loss": "wasserstein", "penalty": PenaltyConfig("gradient", 10.0, 1), "augment": ("color",)},
        {"balance": BalanceConfig(2, 0.3, 0.5, 0.2, 4, 2)},
        {"z_dim": 1},
    )
]


class Clinic:
    """Play a training that is examined and treated; `name` tells the verdict at each examination.

    The samples do not get better, since what gets better by itself is left alone.
    """

    def __init__(
        self,
        config: Config | None = None,
        healthy: Sequence[int] = (50,),
        left: bool = True,
        rooted: bool = False,
        **signs: Curve,
    ) -> None:
        self.config, self.healthy, self.left, self.signs = config or tiny.config(), healthy, left, signs
        self.rooted, self.phase = rooted, "adversarial"
        self.history: list[Event] = []
        self.now = self.config
        self.index = 0

    @property
    def given(self) -> list[Treatment]:
        return [event for event in self.history if isinstance(event, Treatment) and not event.outcome]

    @property
    def outcomes(self) -> list[Treatment]:
        return [event for event in self.history if isinstance(event, Treatment) and event.outcome]

    @property
    def stopped(self) -> bool:
        return any(order.kind == "stop" for event in self.given for order in event.prescriptions)

    def visit(self, name: str, confidence: float = 0.9) -> list[Treatment]:
        """Examine once, with the verdict `name`, and return what was done."""
        signs = {key: each(self.index) if callable(each) else each for key, each in self.signs.items()}
        seen = health_check(self.index, self.phase, **signs)
        self.index += 1
        found = verdict(seen, name, confidence)
        self.history += [seen, found]
        done = []
        for event in prescribe(self.history, found, self.now, self.healthy, self.rooted, self.left):
            done.append(event)
            self.history.append(event)
        self.now = with_prescriptions(self.config, (order for event in self.given for order in event.prescriptions))
        return done

    def until(self, name: str, over: Callable[[], bool], most: int = 200) -> None:
        """Be ill with `name` until something is over."""
        for _ in range(most):
            if over():
                return
            self.visit(name)
        raise AssertionError(f"after {most} examinations: {[event.text for event in self.given]}")


@pytest.mark.parametrize("name", LADDERS)
@pytest.mark.parametrize("config", CONFIGS[:7], ids=range(7))
def test_the_incurable_is_climbed_rung_by_rung_and_ends_with_words(name: str, config: Config) -> None:
    clinic = Clinic(config)
    clinic.until(name, lambda: clinic.stopped)
    *tried, last = clinic.given
    assert len(tried) <= MAX_TREATMENTS
    rungs = [event.level for event in tried]
    assert rungs == sorted(set(rungs)), "a rung was taken again"
    assert [event.outcome for event in clinic.outcomes] == ["failed"] * len(tried), "what was not judged, or helped"
    assert [event.level for event in clinic.outcomes] == rungs
    assert last.prescriptions[-1].kind == "stop"
    assert DIAGNOSES[name].advice in last.text
    for event in tried:
        assert event.text.rstrip(".").lower() in last.text.lower(), "it does not say what it tried"
    assert len({event.prescriptions for event in tried}) >= len(tried) - 1 or name == "mode collapse"


def test_every_sickness_has_a_ladder_unless_it_is_sound_or_the_pictures_fault() -> None:
    assert LADDERS.keys() == DIAGNOSES.keys() - HEALTHY_VERDICTS - {"wrong data"}


@pytest.mark.parametrize("name", [*HEALTHY_VERDICTS, "wrong data"])
def test_what_has_no_ladder_is_left_alone(name: str) -> None:
    clinic = Clinic()
    for _ in range(20):
        assert clinic.visit(name, confidence=0.8) == []


def test_a_training_that_has_certainly_converged_is_ended() -> None:
    (end,) = Clinic().visit("converged", confidence=1.0)
    assert [order.kind for order in end.prescriptions] == ["stop"]
    assert "converged" in end.text


@pytest.mark.parametrize("name", LADDERS)
def test_the_mildest_comes_first(name: str) -> None:
    clinic = Clinic()
    (first,) = clinic.visit(name)
    course = present_phase(clinic.history)
    assert course is not None
    patient = RemedyContext(course, clinic.config, (50,), 0, False, 0)
    would = [rung(patient) for rung in LADDERS[name][: first.level]]
    assert not any(would[:-1]), "a milder rung was passed over"
    assert first.prescriptions == would[-1]
    assert (first.diagnosis, first.outcome) == (name, "")
    kinds = {order.kind for order in first.prescriptions}
    assert "reinitialize" not in kinds, "weights were thrown away though there was a healthy checkpoint"
    assert "stop" not in kinds


def test_a_supposition_is_not_treated() -> None:
    clinic = Clinic()
    for _ in range(20):
        assert clinic.visit("stalled", confidence=0.5) == []


def test_a_rung_is_judged_before_the_next() -> None:
    clinic = Clinic()
    clinic.until("oscillating", lambda: clinic.stopped)
    at = [index for index, event in enumerate(clinic.history) if event in clinic.given]
    for start, end in pairwise(at):
        between = clinic.history[start + 1 : end]
        examined = [event for event in between if isinstance(event, Verdict)]
        judged = [event for event in between if isinstance(event, Treatment)]
        assert len(examined) >= 2, "no time was left for it to work"
        assert [event.outcome for event in judged] == ["failed"]


def test_what_helped_is_told_once_and_nothing_more_is_done() -> None:
    clinic = Clinic()
    clinic.visit("mode collapse")
    done = [event for _ in range(20) for event in clinic.visit("healthy")]
    assert [event.outcome for event in done] == ["helped"]
    assert done[0].prescriptions == clinic.given[0].prescriptions
    assert done[0].text.endswith("the treatment helped.")


def test_what_made_the_samples_worse_has_failed_though_no_sickness_is_left() -> None:
    clinic = Clinic(feature_distance=lambda index: 1.0 if index == 0 else 1.5)
    (first,) = clinic.visit("oscillating")
    assert not RESTARTS & {order.kind for order in first.prescriptions}, "the ladder changed; this needs a milder one"
    done = [event for _ in range(6) for event in clinic.visit("healthy")]
    assert [event.outcome for event in done] == ["failed"]


def test_what_comes_back_is_treated_above_the_rung_that_it_was_treated_with() -> None:
    clinic = Clinic()
    (first,) = clinic.visit("mode collapse")
    for _ in range(10):
        clinic.visit("healthy")
    (again,) = clinic.visit("mode collapse")
    assert again.level > first.level


def test_another_sickness_begins_at_the_foot_of_its_own_ladder() -> None:
    clinic = Clinic()
    clinic.until("mode collapse", lambda: len(clinic.given) == 3)
    fresh = Clinic().visit("partial mode collapse")[0]
    clinic.until("partial mode collapse", lambda: len(clinic.given) == 4)
    assert clinic.given[-1].level == fresh.level < clinic.given[-2].level


def test_there_is_an_upper_bound_however_the_sicknesses_follow_each_other() -> None:
    clinic = Clinic()
    for index in range(400):
        if clinic.stopped:
            break
        name = "healthy" if index % 13 > 8 else list(LADDERS)[index // 13 % len(LADDERS)]
        clinic.visit(name)
    assert len([event for event in clinic.given if event.prescriptions[-1].kind != "stop"]) <= MAX_TREATMENTS


def test_nothing_new_is_begun_with_little_budget_left_but_what_was_is_judged() -> None:
    late = Clinic(left=False)
    assert [event for _ in range(20) for event in late.visit("mode collapse")] == []
    clinic = Clinic()
    clinic.visit("mode collapse")
    clinic.left = False
    done = [event for _ in range(20) for event in clinic.visit("mode collapse")]
    assert [event.outcome for event in done] == ["failed"]


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("healthy", [(), (50,)], ids=["reinitialize", "rollback"])
def test_what_is_no_number_is_treated_at_once_however_late(healthy: Sequence[int], left: bool) -> None:
    clinic = Clinic(healthy=healthy, left=left, finite=0.5)
    for _ in range(3 * MAX_TREATMENTS):
        done = clinic.visit("diverging", confidence=1.0)
        assert done, "the training went on with weights that are no numbers"
        assert not done[-1].outcome
        assert RESTARTS & {order.kind for order in done[-1].prescriptions}, done[-1].text
        if clinic.stopped:
            break
    assert clinic.stopped, "it goes on for ever"
    kinds = {order.kind for order in clinic.given[-1].prescriptions}
    assert RESTARTS & kinds, "an end with weights that are no numbers"


def test_without_a_healthy_checkpoint_it_begins_afresh_by_another_seed_each_time() -> None:
    clinic = Clinic(healthy=())
    clinic.until("diverging", lambda: clinic.stopped)
    seeds = [order.step for event in clinic.given for order in event.prescriptions if order.kind == "reinitialize"]
    assert len(seeds) > 1
    assert len(set(seeds)) == len(seeds)
    assert clinic.config.seed not in seeds, "the same weights again"
    assert not any(order.kind == "rollback" for event in clinic.given for order in event.prescriptions)


@pytest.mark.parametrize("healthy", [(30,), (30, 50)])
def test_it_goes_back_further_each_time_and_never_beyond_what_there_is(healthy: tuple[int, ...]) -> None:
    clinic = Clinic(healthy=healthy)
    clinic.until("mode collapse", lambda: clinic.stopped)
    backs = [order for event in clinic.given for order in event.prescriptions if order.kind == "rollback"]
    assert [order.value for order in backs] == [1.0, 2.0][: len(healthy)], "to where it had failed from before"
    assert [order.name for order in backs] == [f"step {step}" for step in reversed(healthy)], "it tells another step"
    assert any(order.kind == "reinitialize" for event in clinic.given for order in event.prescriptions), (
        "and nothing then"
    )


def test_without_a_healthy_checkpoint_it_begins_a_later_phase_again_rather_than_afresh() -> None:
    clinic = Clinic(healthy=(), rooted=True)
    (first,) = clinic.visit("diverging")
    (restart,) = (order for order in first.prescriptions if order.kind in RESTARTS)
    assert (restart.kind, restart.step) == ("restart_phase", clinic.history[0].step)


def test_another_phase_is_another_game_and_climbs_anew() -> None:
    clinic = Clinic()
    (first,) = clinic.visit("oscillating")
    clinic.phase = "sharpen"
    judged, again = clinic.visit("oscillating")
    assert (judged.outcome, again.outcome) == ("failed", ""), "it waited for what came of a phase that is over"
    assert again.level == first.level


def test_weights_that_were_too_large_from_the_beginning_are_drawn_anew() -> None:
    clinic = Clinic(saturated=0.3, generator_lr_to_weight_ratio=0.001)
    for _ in range(2):
        clinic.visit("warming up")
    (first,) = clinic.visit("stalled")
    assert [order.kind for order in first.prescriptions] == ["reinitialize"], (
        "it went back to weights that were as large"
    )


@pytest.mark.parametrize("name", LADDERS)
def test_where_no_discriminator_takes_part_nothing_is_done_about_one(name: str) -> None:
    clinic = Clinic(tiny.config("vae"))
    clinic.phase = "vae"
    clinic.until(name, lambda: clinic.stopped)
    kinds = {order.kind for event in clinic.given for order in event.prescriptions}
    assert not kinds & {"loss", "penalty", "pac", "d_skip", "n_critic", "augment", "instance_noise"}
    assert {order.network for event in clinic.given for order in event.prescriptions} <= {
        "",
        "autoencoder",
        "generator",
    }


def test_augmentation_is_never_lowered() -> None:
    clinic = Clinic(replace(tiny.config(), augment=("color",)))
    (first,) = clinic.visit("discriminator memorises")
    assert "augment" not in {order.kind for order in first.prescriptions}


def test_an_adaptive_augmentation_is_raised_once_to_each_height() -> None:
    clinic = Clinic(replace(tiny.config(), augment=("ada",), ada=AdaConfig(max_p=0.8)))
    clinic.until("discriminator memorises", lambda: clinic.stopped)
    heights = [each.value for event in clinic.given for each in event.prescriptions if each.kind == "augment"]
    assert heights == [0.5, 0.8], "more than it may be would change nothing"


def test_a_batch_too_small_becomes_a_larger_one() -> None:
    clinic = Clinic(batch_size=2.0)
    (first,) = clinic.visit("oscillating")
    assert [order.kind for order in first.prescriptions] == ["reinitialize", "batch_size"]
    config = replace(clinic.config, phases=(replace(clinic.config.phases[0], batch=2, steps=1000),))
    now = with_prescriptions(config, first.prescriptions)
    assert [(phase.steps, phase.batch) for phase in now.phases] == [(100, 2), (112, LARGER_BATCH)]


def test_treatments_do_not_depend_on_when_they_are_noted() -> None:
    clinic = Clinic(healthy=(30, 50))
    while not clinic.stopped:
        before = [*clinic.history]
        at_once = clinic.visit("mode collapse")
        seen, found = clinic.history[len(before) : len(before) + 2]
        config = with_prescriptions(clinic.config, (order for event in before for order in orders_of(event)))
        later = list(prescribe([*before, seen, found], found, config, clinic.healthy))
        assert later == at_once


def orders_of(event: Event) -> tuple[Prescription, ...]:
    """Return what an event prescribes."""
    return event.prescriptions if isinstance(event, Treatment) and not event.outcome else ()


courses = st.dictionaries(
    st.sampled_from([*HEALTHY_METRICS, "feature_distance"]), st.one_of(st.floats(), st.floats(0, 1)), max_size=8
)
checkpoints = st.sampled_from([(), (30,), (30, 50)])


@settings(max_examples=60, deadline=None)
@given(courses, checkpoints, st.booleans(), st.integers(0, MAX_TREATMENTS), st.sampled_from(CONFIGS))
def test_every_rung_prescribes_what_can_be_done(
    signs: dict[str, float], healthy: tuple[int, ...], rooted: bool, nth: int, config: Config
) -> None:
    course = present_phase([health_check(0, **signs)])
    assert course is not None
    patient = RemedyContext(course, config, healthy, 0, rooted, nth)
    for name, ladder in LADDERS.items():
        for rung in ladder:
            orders = rung(patient)
            now = with_prescriptions(config, orders)
            assert {order.kind for order in orders} <= KINDS.keys(), name
            assert (now.loss in LOSSES, now.penalty.name in {"none", *PENALTIES}) == (True, True), name
            assert all(order.network in ("", "generator", "discriminator") for order in orders), name
            assert all(math.isfinite(order.value) for order in orders), f"{name}: {orders}"
            assert all(0 < each.lr < 1 for each in now.optimizers.values()), f"{name}: {orders}"
            assert all(0 <= each.beta1 < 1 for each in now.optimizers.values())
            balance = now.balance
            assert min(balance.n_critic, balance.grad_accum_steps, balance.pac) >= 1, f"{name}: {orders}"
            assert 0 <= balance.augment_p <= 1


@settings(max_examples=300, deadline=None)
@given(histories, st.sampled_from(CONFIGS), checkpoints, st.booleans(), st.booleans(), names, numbers)
def test_any_history_gets_treatments_or_none(
    history: list[Event],
    config: Config,
    healthy: tuple[int, ...],
    rooted: bool,
    left: bool,
    name: str,
    confidence: float,
) -> None:
    before = repr(history)
    for found in (diagnose(history), Verdict(9, 9, name, confidence, (), "", "")):
        done = list(prescribe(history, found, config, healthy, rooted, left))
        assert len(done) <= 2
        assert all(event.outcome in ("", "helped", "failed") for event in done)
        assert [event.outcome for event in done[1:]] == [""] * len(done[1:]), "an outcome after what is new"
        for event in done:
            if not event.outcome:
                assert event.prescriptions, "nothing was prescribed, and told"
                with_prescriptions(config, event.prescriptions)
    assert repr(history) == before


@pytest.mark.parametrize("config", CONFIGS, ids=range(len(CONFIGS)))
def test_what_is_packed_can_be_built(config: Config) -> None:
    clinic = Clinic(config)
    clinic.until("mode collapse", lambda: clinic.stopped)
    build_discriminator(clinic.now)


def test_nothing_has_failed_before_it_could_work() -> None:
    """Examinations may lie a dozen steps apart; in so few, hardly a weight has moved."""
    clinic = Clinic(near_copies=1.0, diversity=0.02)
    clinic.until("mode collapse", lambda: bool(clinic.given))
    begun = clinic.given[0].step
    for nth in range(1, 12):
        seen = replace(
            health_check(0, near_copies=1.0, diversity=0.02), step=begun + 12 * nth, images_seen=64 * (begun + 12 * nth)
        )
        found = verdict(seen, "mode collapse")
        clinic.history += [seen, found]
        done = list(prescribe(clinic.history, found, clinic.now, clinic.healthy, False, True))
        assert bool(done) == (12 * nth >= MIN_STEPS_APART), f"{12 * nth} steps after it"
        if done:
            assert done[0].outcome == "failed"
            return
