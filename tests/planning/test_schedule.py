"""The arithmetic of budgets: totals, order, and what is due when."""

import itertools
from dataclasses import replace

import pytest
from any_phases import any_phases, with_phases
from hypothesis import given
from hypothesis import strategies as st

import tiny
from ganvas.coach.treatment.prescription import with_prescriptions
from ganvas.config import PhaseConfig
from ganvas.events import Prescription
from ganvas.planning.budget import with_images
from ganvas.planning.schedule import (
    ends_phase,
    is_due,
    last_phase_progress,
    lr_factor,
    phase_at,
    phase_start,
    progress,
)


@given(any_phases)
def test_every_step_has_its_place(phases: tuple[PhaseConfig, ...]) -> None:
    config = with_phases(phases)
    places = [phase_at(config, step) for step in range(config.steps)]
    expected = [(phase, step) for phase in phases for step in range(phase.steps)]
    assert [(each.phase, each.step) for each in places] == expected
    with pytest.raises(IndexError):
        phase_at(config, config.steps)


@given(any_phases)
def test_progress_rises_from_nothing_to_all(phases: tuple[PhaseConfig, ...]) -> None:
    config = with_phases(phases)
    values = [progress(config, step) for step in range(config.steps + 1)]
    assert values[0] == 0
    assert values[-1] == 1
    assert all(before < after for before, after in itertools.pairwise(values)), "not rising"
    first = phases[0].time_share / sum(phase.time_share for phase in phases)
    assert values[phases[0].steps] == pytest.approx(first), "a phase takes its share of the budget"


@pytest.mark.slow
@given(any_phases, st.integers(0, 30))
def test_due_fires_as_often_as_told(phases: tuple[PhaseConfig, ...], times: int) -> None:
    config = with_phases(phases)
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


@given(any_phases)
def test_rates_stay_between_floor_and_one(phases: tuple[PhaseConfig, ...]) -> None:
    config = with_phases(phases)
    for step in range(config.steps):
        at = phase_at(config, step)
        factor = lr_factor(at)
        assert 0 < factor <= 1 or at.phase.final_lr_factor == 0
        if at.step >= at.phase.warmup_steps:
            assert factor >= at.phase.final_lr_factor


def test_rates_ramp_up_and_fall() -> None:
    phase = PhaseConfig("a", time_share=1, batch=1, warmup_steps=4, final_lr_factor=0.1, steps=100)
    config = with_phases((phase,))
    factors = [lr_factor(phase_at(config, step)) for step in range(100)]
    assert factors[0] == pytest.approx(0.25)
    assert factors[3] == max(factors) == pytest.approx(0.97)
    assert factors[50] == pytest.approx(0.5)
    assert factors[95] == pytest.approx(0.1)
    flat = with_phases((replace(phase, warmup_steps=0, final_lr_factor=1.0),))
    assert {lr_factor(phase_at(flat, step)) for step in range(100)} == {1.0}


def test_samples_ripen_in_the_last_phase() -> None:
    phases = (
        PhaseConfig("autoencode", time_share=0.5, batch=4, steps=90),
        PhaseConfig("sharpen", time_share=0.5, batch=4, steps=40),
    )
    config = tiny.config("dcgan", phases=phases)
    assert [last_phase_progress(config, step) for step in (0, 90, 100, 130, 140)] == [0, 0, 0.25, 1, 1]
    scored = [
        step
        for step in range(1, 131)
        if is_due(last_phase_progress(config, step - 1), last_phase_progress(config, step), 4)
    ]
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
