"""Minutes are kept, on a clock of our own: whatever a step, a hook or another program costs."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import tiny
from ganvas.coach.treatment.prescription import with_prescriptions
from ganvas.config import Config
from ganvas.event_log import replay
from ganvas.events import Done, Prescription, Replanned
from ganvas.planning.budget import with_seconds
from ganvas.planning.schedule import phase_at
from ganvas.runs import Run
from ganvas.training import pace as module
from ganvas.training.pace import Pace
from ganvas.training.state import Counters


class Clock:
    """A clock that stands still unless it is moved."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now

    perf_counter = monotonic


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def planned(recipe: str, seconds: float, step_seconds: float) -> Config:
    """Return a run whose calibration took each step of each phase to take `step_seconds`."""
    config = tiny.upsampled(recipe) if recipe in ("quick", "keen", "projected") else tiny.config(recipe)
    config = replace(config, minutes=seconds / 60, phases=tuple(replace(each, max_steps=0) for each in config.phases))
    return with_seconds(config, seconds, [step_seconds] * len(config.phases))


def run(
    config: Config,
    clock: Clock,
    cost: dict[str, float],
    hook: float = 0.0,
    start_up: float = 0.0,
    closing: float = 0.0,
    steps: dict[str, int] | None = None,
) -> float:
    """Let a training pass on the clock, and return the seconds that it took.

    Args:
        cost: seconds of a step, by phase; a phase may have another one after half of the budget: "late NAME".
        hook: seconds of a hook that comes at every hundredth of the budget.
        closing: seconds of what comes after the last step.
        steps: is filled with the steps that each phase came to.
    """
    began, counters, prescriptions = clock.now, Counters(), list[Prescription]()
    clock.now += start_up
    pace, now, hooks = Pace(config.minutes, counters, began), config, 0
    while counters.step < now.steps:
        name = phase_at(now, counters.step).phase.name
        late = clock.now - began > 30 * (config.minutes or 0)
        seconds = cost.get(f"late {name}", cost[name]) if late else cost[name]
        clock.now += seconds
        counters.step += 1
        counters.seconds += seconds
        if 100 * counters.step // now.steps > hooks:
            hooks = 100 * counters.step // now.steps
            with pace.timing("hook"):
                clock.now += hook
        factor = pace.correction(config, now, counters)
        if factor is not None:
            prescriptions.append(Prescription("pace", value=factor, step=counters.step))
            now = with_prescriptions(config, prescriptions)
    if steps is not None:
        steps.update({phase.name: phase.steps for phase in now.phases})
    return clock.now + closing - began


def test_time_is_left_for_what_comes_after_the_last_step(clock: Clock) -> None:
    config = replace(planned("quick", 60, 0.05), closing_seconds=6.0)
    cost = dict.fromkeys((phase.name for phase in config.phases), 0.05)
    assert run(config, clock, cost, closing=6.0) == pytest.approx(60, rel=0.02)
    assert run(replace(config, closing_seconds=0.0), clock, cost, closing=6.0) > 65, "the test could not fail"


@pytest.mark.parametrize("recipe", ["dcgan", "quick", "projected", "progressive"])
@pytest.mark.parametrize("factor", [0.3, 0.7, 1.0, 1.6, 4.0])
def test_a_wrong_calibration_is_corrected(clock: Clock, recipe: str, factor: float) -> None:
    config = planned(recipe, 300, 0.05)
    cost = dict.fromkeys((phase.name for phase in config.phases), factor * 0.05)
    assert run(config, clock, cost) == pytest.approx(300, rel=0.02)


def test_phases_that_were_measured_wrongly_against_each_other(clock: Clock) -> None:
    config = planned("keen", 300, 0.05)
    cost = {"autoencode": 0.02, "prior": 0.1, "sharpen": 0.2, "upsample": 0.03, "refine": 0.3}
    assert run(config, clock, cost) == pytest.approx(300, rel=0.03)


def test_a_short_phase_that_was_measured_wrongly_is_not_cut_for_the_long_ones(clock: Clock) -> None:
    """It says little about what the long ones will take, and with half of its steps it has not learned its part."""
    config = planned("keen", 300, 0.05)
    phases = [replace(each, time_share=0.01, steps=1000) if each.name == "prior" else each for each in config.phases]
    config = replace(config, phases=tuple(phases))
    cost = {each.name: 300 * each.time_share / each.steps for each in config.phases}
    steps: dict[str, int] = {}
    assert run(config, clock, cost | {"prior": 3 * cost["prior"]}, steps=steps) == pytest.approx(300, rel=0.03)
    assert steps["prior"] >= 900


@pytest.mark.parametrize("slower", [0.5, 2.0])
def test_another_program_that_comes_or_goes_at_half_of_the_time(clock: Clock, slower: float) -> None:
    config = planned("dcgan", 300, 0.05)
    cost = {"adversarial": 0.05, "late adversarial": slower * 0.05}
    assert run(config, clock, cost) == pytest.approx(300, rel=0.03)


def test_start_up_and_hooks_count(clock: Clock) -> None:
    config = planned("dcgan", 300, 0.05)
    assert run(config, clock, {"adversarial": 0.05}, hook=0.6, start_up=40) == pytest.approx(300, rel=0.03)


def test_a_budget_of_images_is_left_alone(clock: Clock) -> None:
    config = replace(planned("dcgan", 100, 0.05), minutes=None)
    assert run(config, clock, {"adversarial": 0.5}) == pytest.approx(1000)


def test_sessions_add_up(clock: Clock) -> None:
    """What earlier sessions used of the budget is used, and so is the start-up of the one that goes on."""
    counters = Counters(step=10, seconds=60, wall_seconds=100)
    pace = Pace(5.0, counters, clock.now)
    clock.now += 20
    assert pace.elapsed() == 120
    assert Pace(5.0, Counters(step=10, seconds=60), clock.now).elapsed() == 60, "of a release that did not tell"


@pytest.mark.slow
def test_a_run_records_its_corrections_and_goes_on_by_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECKS", 200)
    monkeypatch.setattr(module, "MIN_SECONDS", 0.02)
    monkeypatch.setattr(module, "TOLERANCE", 0.0)
    folder = tiny.write_pictures(tmp_path / "pictures")
    stop = tiny.stop_after(40)
    events = tiny.train(folder, tmp_path / "run", "dcgan", None, stop, minutes=0.1, batch=4, coach="off")
    replanned = [event for event in events if isinstance(event, Replanned)]
    assert replanned
    assert all(event.factor > 0 for event in replanned)
    events = tiny.train(folder, tmp_path / "run", "auto", None)
    assert isinstance(events[-1], Done)
    assert events[-1].reason == "finished"
    recorded = list(replay(Run(tmp_path / "run").events_file))
    kept = [event for event in recorded if isinstance(event, Replanned)]
    assert kept[: len(replanned)] == replanned, "what was corrected before the interruption still holds"
