"""The training as a stream of events, and the folder that it leaves."""

import errno
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import ganvas
import tiny
from ganvas import checkpoint
from ganvas.coach.measurement.averages import LossAverage
from ganvas.config import AdaConfig
from ganvas.errors import GanvasError
from ganvas.event_log import replay
from ganvas.events import CheckpointSaved, Done, Event, LogitHistograms, Note, SampleGrid, Score, Started, Step
from ganvas.phases import PHASES
from ganvas.planning.schedule import ends_level, phase_at
from ganvas.recipes import RECIPES
from ganvas.runs import Run
from ganvas.training import after_step, phases, session
from ganvas.training.state import State

pytestmark = [pytest.mark.usefixtures("narrow_recipes"), pytest.mark.slow]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_run_from_beginning_to_end(recipe: str, pictures: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    events = tiny.train(pictures, run.folder, recipe)
    config = run.read_config()
    started = next(event for event in events if isinstance(event, Started))
    assert (started.recipe, started.step, started.resumed) == (recipe, 0, False)
    assert started.device.startswith("cpu (")
    assert started.total_images == config.images
    steps = [event for event in events if isinstance(event, Step)]
    assert [event.step for event in steps] == sorted({*range(10, config.steps + 1, 10), config.steps})
    assert steps[-1].progress == 1
    assert steps[-1].images_seen == config.images
    assert {event.phase for event in steps} <= {phase.name for phase in config.phases}
    assert all(event.losses.keys() == event.loss_std.keys() for event in steps)
    assert all(math.isfinite(value) for event in steps for value in event.losses.values())
    stages = {step for step in range(1, config.steps + 1) if ends_level(config, step)}
    sheets = [event.step for event in events if isinstance(event, SampleGrid)]
    assert stages <= set(sheets), "each stage ends with a sheet"
    assert config.sample_grids <= len(sheets) <= config.sample_grids + len(stages)
    judged = [step for step in sheets if PHASES[phase_at(config, step - 1).phase.name].has_discriminator]
    assert [event.step for event in events if isinstance(event, LogitHistograms)] == judged, "no logits with a sheet"
    assert [type(event) for event in events].count(CheckpointSaved) == config.checkpoints
    command = f"ganvas sample {run.folder}"
    assert events[-1] == Done(str(run.folder), config.steps, config.images, steps[-1].seconds, "finished", command)
    assert list(replay(run.events_file)) == events[events.index(started) :], "the record is what the listener heard"
    for event in events:
        if isinstance(event, SampleGrid):
            assert (run.folder / event.path).is_file()
    assert (run.folder / [event for event in events if isinstance(event, CheckpointSaved)][-1].path).is_dir()
    assert len(checkpoint.list_checkpoints(run.checkpoints)) == after_step.KEEP
    sampled = ganvas.load(run.folder, "cpu").sample(3)
    assert sampled.shape == (3, *config.shape)


def test_oscillation_is_measured() -> None:
    steady, swinging = LossAverage(), LossAverage()
    for step in range(1000):
        steady.add(3.0)
        swinging.add(5 + 2 * (-1) ** step)
    assert (steady.mean, steady.std) == (pytest.approx(3.0), pytest.approx(0, abs=0.3))
    assert swinging.mean == pytest.approx(5, abs=0.05)
    assert swinging.std == pytest.approx(2, abs=0.1)


def test_nan_is_an_error_and_the_last_good_checkpoint_stays(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path / "run")
    tiny.train(pictures, run.folder, "dcgan", coach="off", stop=tiny.stop_after(3))
    before = {
        path.name: (path / checkpoint.STATE).read_bytes() for path in checkpoint.list_checkpoints(run.checkpoints)
    }
    real = phases.STEPS["adversarial"]

    def breaking(state, config, material):  # type: ignore[no-untyped-def]
        losses = real(state, config, material)
        return losses | {"discriminator": torch.tensor(math.nan)} if state.counters.step == 5 else losses

    monkeypatch.setitem(phases.STEPS, "adversarial", breaking)
    with pytest.raises(GanvasError, match="Training broke at step 6: the discriminator is nan") as caught:
        tiny.train(pictures, run.folder, "dcgan")
    assert "last good checkpoint is kept" in caught.value.hint
    after = {path.name: (path / checkpoint.STATE).read_bytes() for path in checkpoint.list_checkpoints(run.checkpoints)}
    assert after == before, "a broken state was saved, or a good one lost"
    monkeypatch.setitem(phases.STEPS, "adversarial", real)
    assert tiny.train(pictures, run.folder, "dcgan")[-1].reason == "finished"


def test_nan_in_the_weights_is_not_saved(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path / "run")
    real = phases.STEPS["adversarial"]

    def poisoning(state, config, material):  # type: ignore[no-untyped-def]
        losses = real(state, config, material)
        with torch.no_grad():
            next(state.networks.generator.parameters()).fill_(math.nan)
        return {name: torch.tensor(1.0) for name in losses}

    monkeypatch.setitem(phases.STEPS, "adversarial", poisoning)
    with pytest.raises(GanvasError, match="weights are NaN"):
        tiny.train(pictures, run.folder, "dcgan", coach="off")
    assert checkpoint.list_checkpoints(run.checkpoints) == []
    assert not (run.model / "generator.safetensors").exists(), "a broken model was written"


def test_a_damaged_newest_checkpoint_is_passed_over_with_a_note(pictures: Path, tmp_path: Path) -> None:
    run, whole = Run(tmp_path / "run"), Run(tmp_path / "whole")
    tiny.train(pictures, run.folder, "dcgan", stop=tiny.stop_after(20))
    newest = checkpoint.list_checkpoints(run.checkpoints)[-1]
    content = bytearray((newest / checkpoint.STATE).read_bytes())
    content[len(content) // 2] ^= 1
    (newest / checkpoint.STATE).write_bytes(content)
    events = tiny.train(pictures, run.folder, "dcgan")
    notes = [event.text for event in events if isinstance(event, ganvas.events.Note)]
    assert any(newest.name in text and "older one was taken" in text for text in notes)
    started = next(event for event in events if isinstance(event, Started))
    assert 0 < started.step < 20
    tiny.train(pictures, whole.folder, "dcgan")
    assert not any(path.name.startswith(".") for path in run.checkpoints.iterdir())
    mine, theirs = (checkpoint.load_newest(each.checkpoints)[0] for each in (run, whole))
    assert all(torch.equal(mine[key], theirs[key]) for key in theirs)


def test_a_checkpoint_of_another_network_is_named(pictures: Path, tmp_path: Path) -> None:
    one, other = Run(tmp_path / "one"), Run(tmp_path / "other")
    tiny.train(pictures, one.folder, "dcgan")
    tiny.train(pictures, other.folder, "fc", stop=tiny.stop_after(2))
    for path in checkpoint.list_checkpoints(other.checkpoints):
        for file in path.iterdir():
            file.unlink()
        path.rmdir()
    checkpoint.list_checkpoints(one.checkpoints)[-1].rename(other.checkpoints / "000000009")
    with pytest.raises(GanvasError, match="are of another training"):
        tiny.train(pictures, other.folder, "fc")


@pytest.mark.parametrize(
    ("module", "writer"), [(checkpoint, "save_file"), (after_step, "save_sample_grid"), (after_step, "save_network")]
)
def test_a_full_disk_anywhere_is_an_error_and_the_same_command_goes_on(
    module: ModuleType, writer: str, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, real, calls = tmp_path / "run", getattr(module, writer), list[int]()

    def full_for_the_second(*given: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*given)

    monkeypatch.setattr(module, writer, full_for_the_second)
    with pytest.raises(GanvasError, match="No space left on device"):
        tiny.train(pictures, run, "dcgan")
    events = tiny.train(pictures, run, "dcgan")
    assert next(event for event in events if isinstance(event, Started)).resumed
    assert events[-1].reason == "finished"


class FakeScorer:
    """Give the scores in turn, but no rank to those, counted from 0, that are in `alike`; remember their steps."""

    def __init__(self) -> None:
        self.distances = [10.0, 30.0, 20.0, 40.0, 25.0, 35.0, 28.0, 50.0]
        self.alike: set[int] = set()
        self.steps: list[int] = []

    def score(self, state: State, network: torch.nn.Module) -> dict[str, Score]:
        distance = self.distances[len(self.steps)]
        self.steps.append(state.counters.step)
        score = Score(state.counters.step, state.counters.images_seen, "Frechet distance, plain", "a fake", distance, 1)
        return {"frechet_plain": score}

    def rank(self, scores: dict[str, Score]) -> float | None:
        return None if len(self.steps) - 1 in self.alike else scores["frechet_plain"].value


def evaluate_every(monkeypatch: pytest.MonkeyPatch, images: int) -> None:
    """Let runs of dcgan be scored each time that so many pictures were seen."""
    monkeypatch.setitem(RECIPES, "dcgan", tiny.changed("dcgan", images_per_evaluation=images))


@pytest.fixture
def scorer(monkeypatch: pytest.MonkeyPatch) -> FakeScorer:
    """Let runs of `tiny.IMAGES` pictures be scored eight times, without a network."""
    scorer = FakeScorer()
    monkeypatch.setattr(session, "CheckpointScorer", lambda *_: scorer)
    evaluate_every(monkeypatch, tiny.IMAGES // 8)
    return scorer


def scores(events: list[Event]) -> list[Score]:
    return [event for event in events if isinstance(event, Score) and event.score == "Frechet distance, plain"]


def assert_model_is_of(run: Run, step: int) -> None:
    tensors, _ = checkpoint.load(checkpoint.checkpoint_path(run.checkpoints, step))
    model = load_file(run.model / "generator.safetensors")
    assert all(torch.equal(tensors[f"g_ema/{name}"], tensor) for name, tensor in model.items()), "another's model"


def test_scores_are_taken_as_often_as_was_decided(pictures: Path, tmp_path: Path, scorer: FakeScorer) -> None:
    events = tiny.train(pictures, tmp_path / "run", "dcgan")
    config = Run(tmp_path / "run").read_config()
    assert config.evaluations == len(scores(events)) == 8
    steps = [event.step for event in scores(events)]
    assert steps == sorted(set(steps)), "one step was scored twice"
    assert steps[-1] == config.steps, "the last state is not scored"
    saved = [event.step for event in events if isinstance(event, CheckpointSaved)]
    assert set(steps) <= set(saved), "what was scored cannot be gone back to"
    assert len(saved) == len(set(saved)), "a step was saved twice"


def test_a_run_of_few_pictures_is_not_scored(
    pictures: Path, tmp_path: Path, scorer: FakeScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate_every(monkeypatch, tiny.IMAGES + 1)
    events = tiny.train(pictures, tmp_path / "run", "dcgan")
    assert not scores(events)
    assert Run(tmp_path / "run").read_config().evaluations == 0
    assert not any(isinstance(event, Note) and "best at" in event.text for event in events)


def test_the_model_is_that_of_the_best_checkpoint(pictures: Path, tmp_path: Path, scorer: FakeScorer) -> None:
    events = tiny.train(pictures, tmp_path / "run", "dcgan")
    run, best = Run(tmp_path / "run"), scores(events)[0].step
    kept = [path.name for path in checkpoint.list_checkpoints(run.checkpoints)]
    assert f"{best:09d}" in kept, "the best checkpoint was thrown away"
    assert len(kept) == after_step.KEEP + 1
    assert any(isinstance(event, Note) and f"best at step {best:,}" in event.text for event in events)
    assert_model_is_of(run, best)


def test_where_samples_are_always_alike_the_last_are_the_best(
    pictures: Path, tmp_path: Path, scorer: FakeScorer
) -> None:
    scorer.alike = set(range(8))
    events = tiny.train(pictures, tmp_path / "run", "dcgan")
    assert not any(isinstance(event, Note) and "best at" in event.text for event in events)
    assert_model_is_of(Run(tmp_path / "run"), events[-1].step)


def test_the_last_one_may_be_the_best(pictures: Path, tmp_path: Path, scorer: FakeScorer) -> None:
    scorer.distances[-1] = 1.0
    events = tiny.train(pictures, tmp_path / "run", "dcgan")
    assert not any(isinstance(event, Note) and "best at" in event.text for event in events), "nothing was gone back to"
    assert_model_is_of(Run(tmp_path / "run"), events[-1].step)


def test_the_best_is_remembered_over_an_interruption(pictures: Path, tmp_path: Path, scorer: FakeScorer) -> None:
    run = tmp_path / "run"
    first = scores(tiny.train(pictures, run, "dcgan", stop=tiny.stop_after(14)))
    assert 0 < len(first) < 8
    second = scores(tiny.train(pictures, run, "dcgan"))
    assert len(first) + len(second) == 8, "scores were taken twice, or left out"
    assert_model_is_of(Run(run), first[0].step)
    assert len(scores(list(replay(Run(run).events_file)))) == 8
    tiny.train(pictures, run, "dcgan")
    assert_model_is_of(Run(run), first[0].step)


def test_weights_that_break_at_a_sheet_are_an_error_with_a_hint(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last update may break the weights while the losses before it are sound: the sheet must not fall over that."""
    real = phases.STEPS["adversarial"]

    def poisoning(state, config, material):  # type: ignore[no-untyped-def]
        losses = real(state, config, material)
        with torch.no_grad():
            next(state.networks.generator.parameters()).fill_(math.nan)
        return losses

    monkeypatch.setitem(phases.STEPS, "adversarial", poisoning)
    monkeypatch.setitem(RECIPES, "dcgan", tiny.changed("dcgan", sample_grids=100))
    with pytest.raises(GanvasError):
        tiny.train(pictures, tmp_path / "run", "dcgan")


def test_the_average_follows_the_generator_through_every_phase(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "run", "quick", ema_half_life=0.05)
    tensors, _ = checkpoint.load(checkpoint.list_checkpoints(Run(tmp_path / "run").checkpoints)[-1])
    prior = [name for name in tensors if name.startswith("g_ema/prior") and name.endswith("in_proj.weight")]
    assert prior
    for name in prior:
        present = tensors[name.replace("g_ema/", "generator/")]
        assert torch.allclose(tensors[name], present, atol=1e-5), "the average never followed the prior"


def test_multiscale_sheets_show_every_scale_in_a_row_of_its_own(pictures: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    events = tiny.train(pictures, run.folder, "multiscale")
    config = run.read_config()
    sheet = next(event for event in events if isinstance(event, SampleGrid))
    levels = len(config.generator.widths)
    with Image.open(run.folder / sheet.path) as image:
        shown = np.asarray(image).astype(int)
    assert shown.shape == ((8 + levels) * 18 + 2, 8 * 18 + 2, 3)
    coarse = shown[2:18, 2:18].reshape(4, 4, 4, 4, 3)
    assert (coarse == coarse[:, :1, :, :1]).all(), "the first row is the coarsest grid, enlarged"


def test_an_alarm_is_raised_where_augmentation_can_get_no_stronger(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    always_too_sure = AdaConfig(target=-1.0, speed_images=40, max_p=0.85)
    monkeypatch.setitem(RECIPES, "stylegan2", tiny.changed("stylegan2", augment=("ada",), ada=always_too_sure))
    events = tiny.train(pictures, tmp_path / "run", "stylegan2")
    told = [event.text for event in events if isinstance(event, Note) and "as strong as it may be" in event.text]
    assert len(told) == 1, "once, not at every step"
    shown = [event.losses["augmented"] for event in events if isinstance(event, Step)]
    assert shown[-1] == pytest.approx(0.85)
    assert all(each <= 0.85 + 1e-6 for each in shown)
