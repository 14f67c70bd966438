"""The escalation: the mildest remedy first, each judged before the next, and an end with an explanation."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from any_history import histories, names, numbers
from clinic import CONFIGS, STEPS_LEFT, Clinic
from hypothesis import given, settings
from hypothesis import strategies as st

from ganvas.coach.diagnosis.diagnoses import DIAGNOSES, HEALTHY_VERDICTS
from ganvas.coach.diagnosis.history import MIN_STEPS_APART, present_phase
from ganvas.coach.diagnosis.verdict import diagnose
from ganvas.coach.treatment.escalation import MAX_TREATMENTS, Situation, prescribe
from ganvas.coach.treatment.ladders import LADDERS
from ganvas.coach.treatment.prescription import with_prescriptions
from ganvas.coach.treatment.remedy_context import RemedyContext
from ganvas.coach.treatment.wager import RESTARTS
from ganvas.config import Config
from ganvas.events import Event, Prescription, Treatment, Verdict
from histories import health_check, verdict

checkpoints = st.sampled_from([(), (30,), (30, 50)])


@pytest.mark.parametrize("name", LADDERS)
@pytest.mark.parametrize("config", CONFIGS[:7], ids=range(7))
def test_the_incurable_goes_up_the_ladder_and_ends_with_an_explanation(name: str, config: Config) -> None:
    clinic = Clinic(config)
    clinic.until(name, lambda: clinic.stopped)
    *tried, last = clinic.given
    assert len(tried) <= MAX_TREATMENTS
    levels = [event.level for event in tried]
    assert levels == sorted(set(levels)), "a remedy was tried again"
    assert [event.outcome for event in clinic.outcomes] == ["failed"] * len(tried), "one was not judged, or helped"
    assert [event.level for event in clinic.outcomes] == levels
    assert last.prescriptions[-1].kind == "stop"
    assert DIAGNOSES[name].advice in last.text
    for event in tried:
        assert event.text.rstrip(".").lower() in last.text.lower(), "it does not say what it tried"
    assert len({event.prescriptions for event in tried}) >= len(tried) - 1 or name == "mode collapse"


def test_every_problem_has_a_ladder_unless_it_is_in_the_data() -> None:
    assert LADDERS.keys() == DIAGNOSES.keys() - HEALTHY_VERDICTS - {"wrong data"}


@pytest.mark.parametrize("name", [*sorted(HEALTHY_VERDICTS), "wrong data"])
def test_a_verdict_without_a_ladder_is_not_treated(name: str) -> None:
    clinic = Clinic()
    for _ in range(20):
        assert clinic.visit(name, confidence=0.8) == []


def test_a_training_that_has_certainly_converged_is_ended() -> None:
    (end,) = Clinic().visit("converged", confidence=1.0)
    assert [each.kind for each in end.prescriptions] == ["stop"]
    assert "converged" in end.text


@pytest.mark.parametrize("name", LADDERS)
def test_the_mildest_comes_first(name: str) -> None:
    clinic = Clinic(generator_lr_to_weight_ratio=0.002) if name == "too slow" else Clinic()
    (first,) = clinic.visit(name)
    phase = present_phase(clinic.history)
    assert phase is not None
    context = RemedyContext(phase, clinic.config, (50,), 0, False, frozenset(), STEPS_LEFT)
    so_far = [remedy(context) for remedy in LADDERS[name][: first.level]]
    assert not any(so_far[:-1]), "a milder remedy was passed over"
    assert first.prescriptions == so_far[-1]
    assert (first.diagnosis, first.outcome) == (name, "")
    kinds = {each.kind for each in first.prescriptions}
    assert "reinitialize" not in kinds, "weights were thrown away though there was a healthy checkpoint"
    assert "stop" not in kinds


def test_an_unsure_verdict_is_not_treated() -> None:
    clinic = Clinic()
    for _ in range(20):
        assert clinic.visit("stalled", confidence=0.5) == []


def test_a_treatment_is_judged_before_the_next() -> None:
    clinic = Clinic()
    clinic.until("oscillating", lambda: clinic.stopped)
    indices = [index for index, event in enumerate(clinic.history) if event in clinic.given]
    for start, end in pairwise(indices):
        between = clinic.history[start + 1 : end]
        verdicts = [event for event in between if isinstance(event, Verdict)]
        outcomes = [event for event in between if isinstance(event, Treatment)]
        assert len(verdicts) >= 2, "no time was left for it to work"
        assert [event.outcome for event in outcomes] == ["failed"]


def test_a_success_is_reported_once_and_nothing_more_is_done() -> None:
    clinic = Clinic()
    clinic.visit("mode collapse")
    done = [event for _ in range(20) for event in clinic.visit("healthy")]
    assert [event.outcome for event in done] == ["helped"]
    assert done[0].prescriptions == clinic.given[0].prescriptions
    assert done[0].text.endswith("the treatment helped.")


def test_a_treatment_that_made_the_samples_worse_has_failed_even_without_a_problem() -> None:
    clinic = Clinic(feature_distance=lambda index: 1.0 if index == 0 else 1.5)
    (first,) = clinic.visit("oscillating")
    assert not RESTARTS & {each.kind for each in first.prescriptions}, "this test needs a milder remedy"
    done = [event for _ in range(6) for event in clinic.visit("healthy")]
    assert [event.outcome for event in done] == ["failed"]


def test_a_problem_that_comes_back_is_treated_on_a_higher_level() -> None:
    clinic = Clinic()
    (first,) = clinic.visit("mode collapse")
    for _ in range(10):
        clinic.visit("healthy")
    (again,) = clinic.visit("mode collapse")
    assert again.level > first.level


def test_another_problem_starts_at_the_bottom_of_its_own_ladder() -> None:
    clinic = Clinic()
    clinic.until("mode collapse", lambda: len(clinic.given) == 3)
    fresh = Clinic().visit("partial mode collapse")[0]
    clinic.until("partial mode collapse", lambda: len(clinic.given) == 4)
    assert clinic.given[-1].level == fresh.level < clinic.given[-2].level


def test_the_number_of_treatments_is_limited_whatever_the_problems() -> None:
    clinic = Clinic()
    for index in range(400):
        if clinic.stopped:
            break
        name = "healthy" if index % 13 > 8 else list(LADDERS)[index // 13 % len(LADDERS)]
        clinic.visit(name)
    assert len([event for event in clinic.given if event.prescriptions[-1].kind != "stop"]) <= MAX_TREATMENTS


def test_with_little_budget_left_nothing_new_is_tried_but_the_last_is_judged() -> None:
    late = Clinic(enough_budget=False)
    assert [event for _ in range(20) for event in late.visit("mode collapse")] == []
    clinic = Clinic()
    clinic.visit("mode collapse")
    clinic.enough_budget = False
    done = [event for _ in range(20) for event in clinic.visit("mode collapse")]
    assert [event.outcome for event in done] == ["failed"]


@pytest.mark.parametrize("enough_budget", [True, False])
@pytest.mark.parametrize("healthy", [(), (50,)], ids=["reinitialize", "rollback"])
def test_nan_weights_are_treated_at_once_however_late(healthy: Sequence[int], enough_budget: bool) -> None:
    clinic = Clinic(healthy=healthy, enough_budget=enough_budget, finite=0.5)
    for _ in range(3 * MAX_TREATMENTS):
        done = clinic.visit("diverging", confidence=1.0)
        assert done, "the training went on with weights that are not finite"
        assert not done[-1].outcome
        assert RESTARTS & {each.kind for each in done[-1].prescriptions}, done[-1].text
        if clinic.stopped:
            break
    assert clinic.stopped, "it goes on for ever"
    kinds = {each.kind for each in clinic.given[-1].prescriptions}
    assert RESTARTS & kinds, "it ended with weights that are not finite"


def test_without_a_healthy_checkpoint_it_starts_with_other_weights_each_time() -> None:
    clinic = Clinic(healthy=())
    clinic.until("diverging", lambda: clinic.stopped)
    seeds = [each.step for each in clinic.prescriptions if each.kind == "reinitialize"]
    assert len(seeds) > 1
    assert len(set(seeds)) == len(seeds)
    assert clinic.config.seed not in seeds, "the same weights again"
    assert not any(each.kind == "rollback" for each in clinic.prescriptions)


@pytest.mark.parametrize("healthy", [(30,), (30, 50)])
def test_it_rolls_back_further_each_time_while_there_are_checkpoints(healthy: tuple[int, ...]) -> None:
    clinic = Clinic(healthy=healthy)
    clinic.until("mode collapse", lambda: clinic.stopped)
    rollbacks = [each for each in clinic.prescriptions if each.kind == "rollback"]
    assert [each.value for each in rollbacks] == [1.0, 2.0][: len(healthy)], "it went back to where it had failed"
    assert [each.name for each in rollbacks] == [f"step {step}" for step in reversed(healthy)], "another step is named"
    assert any(each.kind == "reinitialize" for each in clinic.prescriptions), "it gave up then"


def test_without_a_healthy_checkpoint_a_later_phase_is_restarted_from_its_beginning() -> None:
    clinic = Clinic(healthy=(), can_restart_phase=True)
    (first,) = clinic.visit("diverging")
    (restart,) = (each for each in first.prescriptions if each.kind in RESTARTS)
    assert (restart.kind, restart.step) == ("restart_phase", clinic.history[0].step)


def test_another_phase_starts_at_the_bottom_of_the_ladder() -> None:
    clinic = Clinic()
    (first,) = clinic.visit("oscillating")
    clinic.phase = "sharpen"
    judged, again = clinic.visit("oscillating")
    assert (judged.outcome, again.outcome) == ("failed", ""), "it waited for the outcome in a phase that is over"
    assert again.level == first.level


def test_treatments_do_not_depend_on_when_they_are_recorded() -> None:
    clinic = Clinic(healthy=(30, 50))
    while not clinic.stopped:
        before = [*clinic.history]
        at_once = clinic.visit("mode collapse")
        check, found = clinic.history[len(before) : len(before) + 2]
        config = with_prescriptions(clinic.config, (each for event in before for each in prescribed(event)))
        later = list(prescribe([*before, check, found], found, Situation(config, tuple(clinic.healthy))))
        assert later == at_once


def prescribed(event: Event) -> tuple[Prescription, ...]:
    """Return what an event prescribes."""
    return event.prescriptions if isinstance(event, Treatment) and not event.outcome else ()


@pytest.mark.slow
@settings(max_examples=300)
@given(histories, st.sampled_from(CONFIGS), checkpoints, st.booleans(), st.booleans(), names, numbers)
def test_any_history_gets_treatments_or_none(
    history: list[Event],
    config: Config,
    healthy: tuple[int, ...],
    can_restart_phase: bool,
    enough_budget: bool,
    name: str,
    confidence: float,
) -> None:
    before = repr(history)
    for found in (diagnose(history), Verdict(9, 9, name, confidence, (), "", "")):
        done = list(
            prescribe(history, found, Situation(config, healthy, can_restart_phase, enough_budget=enough_budget))
        )
        assert len(done) <= 2
        assert all(event.outcome in ("", "helped", "failed", "undone") for event in done)
        assert [event.outcome for event in done[1:]] == [""] * len(done[1:]), "an outcome after a new treatment"
        for event in done:
            if not event.outcome:
                assert event.prescriptions, "a treatment without prescriptions"
                with_prescriptions(config, event.prescriptions)
    assert repr(history) == before


def test_a_treatment_has_not_failed_before_it_could_work() -> None:
    """Health checks may be a dozen steps apart; weights hardly move in so few."""
    clinic = Clinic(near_copies=1.0, diversity=0.02)
    clinic.until("mode collapse", lambda: bool(clinic.given))
    treated_at = clinic.given[0].step
    for nth in range(1, 12):
        step = treated_at + 12 * nth
        check = replace(health_check(0, near_copies=1.0, diversity=0.02), step=step, images_seen=64 * step)
        found = verdict(check, "mode collapse")
        clinic.history += [check, found]
        done = list(prescribe(clinic.history, found, clinic.situation()))
        assert bool(done) == (12 * nth >= MIN_STEPS_APART), f"{12 * nth} steps after it"
        if done:
            assert done[0].outcome == "failed"
            return


@pytest.mark.parametrize("name", LADDERS)
def test_a_remedy_that_cannot_be_carried_out_is_passed_over(name: str) -> None:
    history: list[Event] = []
    for index in range(60):
        check = health_check(index)
        history += [check, found := verdict(check, name)]
        history += prescribe(history, found, Situation(CONFIGS[0], kinds=frozenset({"lr", "reinitialize"})))
    *tried, last = (event for event in history if isinstance(event, Treatment) and not event.outcome)
    assert {each.kind for event in tried for each in event.prescriptions if each.kind != "stop"} <= {
        "lr",
        "reinitialize",
    }
    assert last.prescriptions[-1].kind == "stop", "what is left at the end of the ladder was not said"
