"""From a budget of images or seconds to the steps of each phase."""

from dataclasses import replace
from fractions import Fraction

import pytest
from any_phases import any_phases, with_phases
from hypothesis import given
from hypothesis import strategies as st

import tiny
from ganvas.config import PhaseConfig
from ganvas.planning.budget import scale_remaining, with_images, with_seconds


@given(any_phases, st.integers(1, 10**7))
def test_with_images_comes_within_half_a_batch_of_each_phase(phases: tuple[PhaseConfig, ...], images: int) -> None:
    config = with_images(with_phases(phases), images)
    assert all(phase.steps >= 1 for phase in config.phases)
    batches = sum(phase.batch for phase in phases)
    assert images - batches / 2 - 1 <= config.images <= images + batches
    whole = sum(Fraction(phase.time_share) / Fraction(phase.relative_step_cost) * phase.batch for phase in phases)
    for phase, planned in zip(phases, config.phases, strict=True):
        wished = Fraction(images) / whole * Fraction(phase.time_share) / Fraction(phase.relative_step_cost)
        assert abs(planned.steps - wished) <= 1, "a phase has not its share"
    assert sum(phase.time_share for phase in config.phases) == pytest.approx(1)


@given(any_phases, st.floats(1, 1e5), st.lists(st.floats(1e-3, 1), min_size=4, max_size=4))
def test_with_seconds_fills_the_time(phases: tuple[PhaseConfig, ...], seconds: float, paces: list[float]) -> None:
    total = sum(phase.time_share for phase in phases)
    phases = tuple(replace(phase, time_share=phase.time_share / total) for phase in phases)
    config = with_seconds(with_phases(phases), seconds, paces[: len(phases)])
    assert all(phase.steps >= 1 for phase in config.phases)
    taken = sum(phase.steps * pace for phase, pace in zip(config.phases, paces, strict=False))
    assert abs(taken - seconds) <= sum(paces[: len(phases)])
    for phase, pace in zip(config.phases, paces, strict=False):
        assert phase.time_share == pytest.approx(phase.steps * pace / taken), "progress would not be that of the clock"


def test_a_bounded_phase_leaves_the_rest_of_its_time_to_the_others() -> None:
    bounded = PhaseConfig("b", time_share=0.5, batch=0, relative_step_cost=0.1, max_steps=100)
    config = with_phases(
        (PhaseConfig("a", time_share=0.25, batch=8), bounded, PhaseConfig("c", time_share=0.25, batch=8))
    )
    found = with_seconds(config, 1000, [1.0, 0.1, 1.0])
    assert [phase.steps for phase in found.phases] == [495, 100, 495]
    assert [phase.steps for phase in with_seconds(config, 10, [1.0, 0.1, 1.0]).phases] == [2, 50, 2]
    assert with_images(config, 16_000).phases[1].steps == 100
    assert with_images(config, 16_000).images == 16_000


def test_a_bound_falls_with_the_root_of_the_steps_before_but_not_to_nothing() -> None:
    phases = (
        PhaseConfig("autoencode", time_share=0.5, batch=4),
        PhaseConfig("prior", time_share=0.5, batch=0, max_steps=120, max_steps_until=400, min_max_steps=40),
    )
    config = tiny.config("dcgan", phases=phases)
    steps = {seconds: with_seconds(config, seconds, [1.0, 0.01]).phases[1].steps for seconds in (400, 800, 3200, 12800)}
    assert steps == {400: 120, 800: 120, 3200: 60, 12800: 40}, "400, 1,600 and 6,400 steps before; 40 are left"


@given(any_phases, st.integers(10, 10**5), st.floats(0, 1), st.sampled_from([0.0, 0.05, 0.5, 1.0, 3.0]))
def test_what_is_left_is_scaled_and_what_is_done_stays(
    phases: tuple[PhaseConfig, ...], images: int, share: float, factor: float
) -> None:
    config = with_images(with_phases(phases), images)
    step = int(share * (config.steps - 1))
    scaled = scale_remaining(config, step, factor)
    begin = 0
    for before, after in zip(config.phases, scaled.phases, strict=True):
        done = min(max(step - begin, 0), before.steps)
        assert after.steps >= done, "steps that were taken are gone"
        assert after.steps == before.steps or done < before.steps, "a phase that is over has changed"
        begin += before.steps
    assert scaled.steps > step, "a run comes to its end by a step, which saves it"
    assert sum(phase.time_share for phase in scaled.phases) == pytest.approx(1)


def test_a_bound_holds_when_there_is_more_time() -> None:
    bounded = PhaseConfig("sharpen", 0.5, 8, max_steps=50)
    config = with_seconds(with_phases((PhaseConfig("autoencode", 0.5, 8), bounded)), 10, [0.1, 0.1])
    scaled = scale_remaining(config, 10, 4.0)
    assert [phase.steps for phase in config.phases] == [50, 50]
    assert [phase.steps for phase in scaled.phases] == [10 + 4 * 90 - 50, 50]
