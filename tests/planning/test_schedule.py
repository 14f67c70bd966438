"""The arithmetic of budgets: totals, order, and what is due when."""

import contextlib
import itertools
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tiny
from ganvas.coach.treatment.prescription import with_prescriptions
from ganvas.config import Config, PhaseConfig
from ganvas.errors import GanvasError
from ganvas.events import Prescription
from ganvas.planning.request import parse_size
from ganvas.planning.schedule import (
    is_due,
    ends_phase,
    phase_start,
    phase_at,
    progress,
    lr_factor,
    last_phase_progress,
    with_images,
    with_seconds,
)

shares = st.floats(0.01, 1)
phases = st.lists(
    st.builds(
        PhaseConfig,
        name=st.sampled_from(["a", "b"]),
        share=shares,
        batch=st.integers(1, 64),
        cost=st.floats(0.1, 10),
        ramp=st.integers(0, 20),
        floor=st.floats(0, 1),
        steps=st.integers(1, 60),
    ),
    min_size=1,
    max_size=4,
).map(tuple)


def plan(phases: tuple[PhaseConfig, ...]) -> Config:
    return replace(tiny.config("fc"), phases=phases)


@given(phases)
def test_every_step_has_its_place(phases: tuple[PhaseConfig, ...]) -> None:
    config = plan(phases)
    places = [phase_at(config, step) for step in range(config.steps)]
    expected = [(phase, step) for phase in phases for step in range(phase.steps)]
    assert [(each.phase, each.step) for each in places] == expected
    with pytest.raises(IndexError):
        phase_at(config, config.steps)


@given(phases)
def test_progress_rises_from_nothing_to_all(phases: tuple[PhaseConfig, ...]) -> None:
    config = plan(phases)
    values = [progress(config, step) for step in range(config.steps + 1)]
    assert values[0] == 0
    assert values[-1] == 1
    assert all(before < after for before, after in itertools.pairwise(values)), "not rising"
    first = phases[0].time_share / sum(phase.time_share for phase in phases)
    assert values[phases[0].steps] == pytest.approx(first), "a phase takes its share of the budget"


@given(phases, st.integers(0, 30))
def test_due_fires_as_often_as_told(phases: tuple[PhaseConfig, ...], times: int) -> None:
    config = plan(phases)
    values = [progress(config, step) for step in range(config.steps + 1)]
    fired = [is_due(before, after, times) for before, after in itertools.pairwise(values)]
    longest = max(after - before for before, after in itertools.pairwise(values))
    assert sum(fired) <= times
    if longest * times <= 1:
        assert sum(fired) == times, "an occasion was missed or came twice"
    if times:
        assert fired[-1], "the last occasion is at the end"


def test_due_is_evenly_spread() -> None:
    fired = [step for step in range(1, 101) if is_due((step - 1) / 100, step / 100, 4)]
    assert fired == [25, 50, 75, 100]


@given(phases)
def test_rates_stay_between_floor_and_one(phases: tuple[PhaseConfig, ...]) -> None:
    config = plan(phases)
    for step in range(config.steps):
        at = phase_at(config, step)
        factor = lr_factor(at)
        assert 0 < factor <= 1 or at.phase.final_lr_factor == 0
        if at.step >= at.phase.warmup_steps:
            assert factor >= at.phase.final_lr_factor


def test_rates_ramp_up_and_fall() -> None:
    phase = PhaseConfig("a", time_share=1, batch=1, warmup_steps=4, final_lr_factor=0.1, steps=100)
    config = plan((phase,))
    factors = [lr_factor(phase_at(config, step)) for step in range(100)]
    assert factors[0] == pytest.approx(0.25)
    assert factors[3] == max(factors) == pytest.approx(0.97)
    assert factors[50] == pytest.approx(0.5)
    assert factors[95] == pytest.approx(0.1)
    flat = plan((replace(phase, warmup_steps=0, final_lr_factor=1.0),))
    assert {lr_factor(phase_at(flat, step)) for step in range(100)} == {1.0}


@given(phases, st.integers(1, 10**7))
def test_with_images_comes_within_half_a_batch_of_each_phase(phases: tuple[PhaseConfig, ...], images: int) -> None:
    config = with_images(plan(phases), images)
    assert all(phase.steps >= 1 for phase in config.phases)
    batches = sum(phase.batch for phase in phases)
    assert images - batches / 2 - 1 <= config.images <= images + batches
    whole = sum(Fraction(phase.time_share) / Fraction(phase.relative_step_cost) * phase.batch for phase in phases)
    for phase, planned in zip(phases, config.phases, strict=True):
        wished = Fraction(images) / whole * Fraction(phase.time_share) / Fraction(phase.relative_step_cost)
        assert abs(planned.steps - wished) <= 1, "a phase has not its share"
    assert sum(phase.time_share for phase in config.phases) == pytest.approx(1)


@given(phases, st.floats(1, 1e5), st.lists(st.floats(1e-3, 1), min_size=4, max_size=4))
def test_with_seconds_fills_the_time(phases: tuple[PhaseConfig, ...], seconds: float, paces: list[float]) -> None:
    total = sum(phase.time_share for phase in phases)
    phases = tuple(replace(phase, time_share=phase.time_share / total) for phase in phases)
    config = with_seconds(plan(phases), seconds, paces[: len(phases)])
    assert all(phase.steps >= 1 for phase in config.phases)
    taken = sum(phase.steps * pace for phase, pace in zip(config.phases, paces, strict=False))
    assert abs(taken - seconds) <= sum(paces[: len(phases)])
    for phase, pace in zip(config.phases, paces, strict=False):
        assert phase.time_share == pytest.approx(phase.steps * pace / taken), "progress would not be that of the clock"


def test_a_bounded_phase_leaves_the_rest_of_its_time_to_the_others() -> None:
    bounded = PhaseConfig("b", time_share=0.5, batch=0, relative_step_cost=0.1, max_steps=100)
    config = plan((PhaseConfig("a", time_share=0.25, batch=8), bounded, PhaseConfig("c", time_share=0.25, batch=8)))
    found = with_seconds(config, 1000, [1.0, 0.1, 1.0])
    assert [phase.steps for phase in found.phases] == [495, 100, 495]
    assert [phase.steps for phase in with_seconds(config, 10, [1.0, 0.1, 1.0]).phases] == [2, 50, 2]
    assert with_images(config, 16_000).phases[1].steps == 100
    assert with_images(config, 16_000).images == 16_000


@given(st.integers(0, 9999), st.integers(0, 9999), st.sampled_from(["x", "X"]))
def test_sizes(width: int, height: int, cross: str) -> None:
    assert parse_size(f"{width}{cross}{height}") == (width, height)
    assert parse_size(f" {width} ") == (width, width)


@given(st.text())
def test_anything_else_is_an_error_and_never_a_crash(text: str) -> None:
    with contextlib.suppress(GanvasError):
        assert min(parse_size(text)) >= 0


@pytest.mark.parametrize("text", ["", "x", "64x", "x64", "64 x 64", "-3", "64.0", "1e3", "99999", "64x64x3", "big"])
def test_not_a_size(text: str) -> None:
    with pytest.raises(GanvasError, match="is not a size"):
        parse_size(text)


def test_a_bound_falls_with_the_root_of_the_steps_before_but_not_to_nothing() -> None:
    phases = (
        PhaseConfig("autoencode", time_share=0.5, batch=4),
        PhaseConfig("prior", time_share=0.5, batch=0, max_steps=120, max_steps_until=400, min_max_steps=40),
    )
    config = tiny.config("dcgan", phases=phases)
    steps = {seconds: with_seconds(config, seconds, [1.0, 0.01]).phases[1].steps for seconds in (400, 800, 3200, 12800)}
    assert steps == {400: 120, 800: 120, 3200: 60, 12800: 40}, "400, 1,600 and 6,400 steps before; 40 are left"


def test_samples_ripen_in_the_last_phase() -> None:
    phases = (
        PhaseConfig("autoencode", time_share=0.5, batch=4, steps=90),
        PhaseConfig("sharpen", time_share=0.5, batch=4, steps=40),
    )
    config = tiny.config("dcgan", phases=phases)
    assert [last_phase_progress(config, step) for step in (0, 90, 100, 130, 140)] == [0, 0, 0.25, 1, 1]
    scored = [step for step in range(1, 131) if is_due(last_phase_progress(config, step - 1), last_phase_progress(config, step), 4)]
    assert scored == [100, 110, 120, 130], "scores belong to the last phase, the last of them to the last step"


def test_scores_are_spread_over_the_whole_of_a_last_phase_that_was_begun_again() -> None:
    config = with_images(tiny.config("dcgan"), 4000)
    again = with_prescriptions(config, [Prescription("reinitialize", step=config.steps // 2)])
    assert len(again.phases) == 2
    for step in range(config.steps + 1):
        assert last_phase_progress(again, step) == pytest.approx(step / config.steps)


def test_a_phase_that_was_begun_again_begins_where_it_first_began() -> None:
    config = with_images(tiny.config("quick"), 4000)
    first, second = config.phases[0].steps, config.phases[1].steps
    again = with_prescriptions(config, [Prescription("restart_phase", step=first + second // 2)])
    assert len(again.phases) == 4
    for step in range(1, again.steps + 1):
        name = phase_at(again, step - 1).phase.name
        begin = {"autoencode": 0, "prior": first}.get(name, first + again.phases[1].steps + again.phases[2].steps)
        assert phase_start(again, step) == begin
        assert ends_phase(again, step) == (step in (first, first + again.phases[1].steps + again.phases[2].steps))
