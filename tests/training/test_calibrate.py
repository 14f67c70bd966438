"""A budget of minutes is kept by arithmetic: steps, sheets, checkpoints and scores together fit into it."""

from pathlib import Path
from types import SimpleNamespace

import pytest

import tiny
from ganvas.config import Config
from ganvas.data import PreparedDataset
from ganvas.device import choose_device
from ganvas.training import calibrate as module
from ganvas.training.calibrate import MIN_SECONDS_TO_SCORE, SCORED_IMAGES, calibrate
from ganvas.training.monitoring.checkpoint_scores import COUNT

STEP, SHEET, SAVE, EXAMINATION = 0.01, 0.5, 0.2, 0.1  # seconds


@pytest.fixture
def data(pictures: Path) -> PreparedDataset:
    return tiny.prepared(pictures)


def calibrated(data: PreparedDataset, monkeypatch: pytest.MonkeyPatch, seconds: float, evaluation: float) -> Config:
    """Return what a budget gives where everything takes the time that is said."""
    monkeypatch.setattr(module, "_mean_seconds", lambda *_: STEP)
    monkeypatch.setattr(module, "_seconds_to_write", lambda *_: (SHEET, SAVE))
    monkeypatch.setattr(module, "_seconds_to_score", lambda *_: evaluation)
    monkeypatch.setattr(module, "_seconds_to_check", lambda *_: EXAMINATION)
    return calibrate(tiny.config("dcgan"), data, choose_device("cpu"), lambda: seconds)


@pytest.mark.slow
@pytest.mark.parametrize("minutes", [6, 10, 30, 60, 600])
@pytest.mark.parametrize("evaluation", [0.1, 2, 9, 60, 500])
def test_scores_take_less_than_a_twentieth(
    minutes: int, evaluation: float, data: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = calibrated(data, monkeypatch, 60 * minutes, evaluation)
    scoring = (1 + config.evaluations) * evaluation if config.evaluations else 0
    assert 0 <= config.evaluations <= minutes
    assert scoring <= 0.05 * 60 * minutes, "scores cost more than a twentieth of the time"
    looking = config.health_checks * EXAMINATION
    assert looking <= 0.03 * 60 * minutes, "the coach costs more than it may"
    used = (
        config.health_checks * SAVE
        + looking
        + config.steps * STEP
        + config.sample_grids * SHEET
        + config.checkpoints * SAVE
        + scoring
    )
    assert 0.9 * 60 * minutes < used <= 60 * minutes, "the budget is not kept, or not used"


def test_scores_are_taken_where_there_is_time(data: PreparedDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    assert calibrated(data, monkeypatch, 600, 9).evaluations == 2, "ten minutes should pay for two looks"
    assert calibrated(data, monkeypatch, 3600, 9).evaluations == 17
    assert calibrated(data, monkeypatch, 3600, 0.1).evaluations == 59, "once a minute is often enough"


def test_a_short_run_is_not_scored(data: PreparedDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    config = calibrated(data, monkeypatch, MIN_SECONDS_TO_SCORE, 0.01)
    assert config.evaluations == 0
    monkeypatch.setattr(module, "_seconds_to_score", lambda *_: pytest.fail("time was spent on measuring it"))
    assert calibrate(tiny.config("dcgan"), data, choose_device("cpu"), lambda: 60.0).evaluations == 0


def test_a_budget_that_measuring_used_up_still_gives_a_run(
    data: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = calibrated(data, monkeypatch, -5, 9)
    assert config.steps >= 1
    assert config.health_checks == 0
    assert (config.evaluations, config.sample_grids, config.checkpoints) == (0, 2, 1)


class Clock:
    """Be a clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


def test_a_whole_evaluation_is_foreseen_from_a_part(data: PreparedDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(module, "load_network", lambda *_: setattr(clock, "now", clock.now + 100))
    counts = []

    class Slow:
        def __init__(self, config: Config, data: PreparedDataset, device: object, count: int) -> None:
            counts.append(count)
            clock.now += 2

        def score(self, *_: object) -> None:
            clock.now += 3

    monkeypatch.setattr(module, "CheckpointScorer", Slow)
    state = SimpleNamespace(networks=SimpleNamespace(g_ema=None))
    found = module._seconds_to_score(state, tiny.config("dcgan"), data, None)  # type: ignore[arg-type]
    assert counts == [SCORED_IMAGES]
    assert found == 3 * COUNT / SCORED_IMAGES, "loading counts, or the rest of the pictures does not"


def test_a_sheet_comes_with_its_logits(data: PreparedDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    for name, seconds in {"save_sample_grid": 1, "logit_histograms": 2, "save_network": 4}.items():
        monkeypatch.setattr(module, name, lambda *_, seconds=seconds: setattr(clock, "now", clock.now + seconds))
    config = tiny.config("dcgan")
    state = module.new_state(config, module.torch_device(choose_device("cpu")))
    found = module._seconds_to_write(state, config, None, choose_device("cpu"))  # type: ignore[arg-type]
    assert found == (3, 4), "what is done at a sheet is not counted in full"
