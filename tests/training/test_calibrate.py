"""A budget of minutes is kept by arithmetic: steps, sheets, checkpoints and scores together fit into it."""

import math
from pathlib import Path

import pytest
from stepping import CPU, Clock

import tiny
from ganvas.coach.diagnosis.check_times import planned_checks
from ganvas.config import Config
from ganvas.data import PreparedDataset
from ganvas.device import choose_device
from ganvas.training import calibrate as module
from ganvas.training.calibrate import (
    MIN_SECONDS_TO_SCORE,
    SCORED_IMAGES,
    Seconds,
    calibrate,
    seconds_to_score,
    seconds_to_write,
    with_budget,
)
from ganvas.training.monitoring.checkpoint_scores import COUNT
from ganvas.training.state import new_state
from ganvas.training.steps.batch import make_loader

STEP, SHEET, SAVE, EXAMINATION = 0.01, 0.5, 0.2, 0.1  # seconds


@pytest.fixture
def data(pictures: Path) -> PreparedDataset:
    return tiny.prepared(pictures)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Measure by a clock that only moves when it is told to."""
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def budgeted(seconds: float, evaluation: float) -> Config:
    """Return what a budget gives where everything takes the time that is said."""
    return with_budget(tiny.config("dcgan"), seconds, [STEP], Seconds(SHEET, SAVE, evaluation, EXAMINATION))


@pytest.mark.parametrize("minutes", [6, 10, 30, 60, 600])
@pytest.mark.parametrize("evaluation", [0.1, 2, 9, 60, 500])
def test_scores_take_less_than_a_twentieth(minutes: int, evaluation: float) -> None:
    config = budgeted(60 * minutes, evaluation)
    scoring = (1 + config.evaluations) * evaluation if config.evaluations else 0
    assert 0 <= config.evaluations <= minutes
    assert scoring <= 0.05 * 60 * minutes, "scores cost more than a twentieth of the time"
    looks = planned_checks(config.health_checks, [1.0])
    looking = looks * EXAMINATION
    assert looking <= 0.024 * 60 * minutes, "the coach costs more than it may"
    used = (
        looks * SAVE + looking + config.steps * STEP + config.sample_grids * SHEET + config.checkpoints * SAVE + scoring
    )
    assert 0.9 * 60 * minutes < used <= 60 * minutes, "the budget is not kept, or not used"


@pytest.mark.parametrize(
    ("seconds", "evaluation", "expected"), [(600, 9, 2), (3600, 9, 17), (3600, 0.1, 59), (3600, math.inf, 0)]
)
def test_scores_are_taken_where_there_is_time(seconds: float, evaluation: float, expected: int) -> None:
    assert budgeted(seconds, evaluation).evaluations == expected, "ten minutes pay for two; one a minute is enough"


def test_a_short_run_is_not_scored(data: PreparedDataset, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    clock.tick = 0.5
    monkeypatch.setattr(module, "CheckpointScorer", lambda *_: pytest.fail("time was spent on measuring it"))
    config = calibrate(tiny.config("dcgan"), data, choose_device("cpu"), lambda: MIN_SECONDS_TO_SCORE)
    assert config.evaluations == 0
    assert config.health_checks > 0


def test_a_budget_that_measuring_used_up_still_gives_a_run() -> None:
    config = budgeted(-5, 9)
    assert config.steps >= 1
    assert config.health_checks == 0
    assert (config.evaluations, config.sample_grids, config.checkpoints) == (0, 2, 1)


def test_a_whole_evaluation_is_foreseen_from_a_part(
    data: PreparedDataset, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []

    class Slow:
        def __init__(self, config: Config, data: PreparedDataset, device: object, count: int) -> None:
            counts.append(count)
            clock.now += 2

        def score(self, *_: object) -> None:
            clock.now += 3

    monkeypatch.setattr(module, "load_network", lambda *_: setattr(clock, "now", clock.now + 100))
    monkeypatch.setattr(module, "CheckpointScorer", Slow)
    config = tiny.config("dcgan")
    found = seconds_to_score(new_state(config, CPU), config, data, CPU)
    assert counts == [SCORED_IMAGES]
    assert found == 3 * COUNT / SCORED_IMAGES, "loading counts, or the rest of the pictures does not"


def test_a_sheet_comes_with_its_logits_and_a_checkpoint_with_its_model(data: PreparedDataset, clock: Clock) -> None:
    config = tiny.config("dcgan")
    state = new_state(config, CPU)

    def costs(seconds: float) -> object:
        return lambda *_: setattr(clock, "now", clock.now + seconds)

    state.networks.discriminator.register_forward_hook(costs(1))  # logits are its
    state.networks.g_ema.register_state_dict_post_hook(costs(100))  # checkpoint and model hold it
    sheet, save = seconds_to_write(state, config, make_loader(config, data), choose_device("cpu"))
    assert 0 < sheet < 100, "logits do not count as part of a sheet, or saving does"
    assert save == 200, "a checkpoint or a model is not counted in full, or logits are"
