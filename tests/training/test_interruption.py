"""However a training is interrupted, the end is that of an uninterrupted one, bit for bit."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import ganvas
import tiny
from ganvas import checkpoint
from ganvas.cli import main
from ganvas.coach.treatment.prescription import with_prescriptions
from ganvas.config import DataConfig
from ganvas.data.split import split
from ganvas.device import choose_device
from ganvas.event_log import replay
from ganvas.events import CheckpointSaved, Done, Prescription, SampleGrid, Started, Step, run_to_end
from ganvas.recipes import RECIPES
from ganvas.runs import Run
from ganvas.training.session import open_session

pytestmark = pytest.mark.slow


def assert_same_end(run: Run, expected: Run) -> None:
    """Compare checkpoint, model, sheets and record of two finished runs."""
    found, wanted = checkpoint.load_newest(run.checkpoints), checkpoint.load_newest(expected.checkpoints)
    assert found is not None
    assert wanted is not None
    prescribed = [Prescription(**each) for each in wanted[1]["coach"]["prescriptions"]]
    steps = with_prescriptions(expected.read_config(), prescribed).steps
    ours, theirs = found[1]["counters"], wanted[1]["counters"]
    assert ours["step"] == theirs["step"] == steps
    assert found[0].keys() == wanted[0].keys()
    different = [name for name, tensor in wanted[0].items() if not torch.equal(found[0][name], tensor)]
    assert not different, f"not bit for bit: {different[:5]}"
    assert ours["loss_averages"] == theirs["loss_averages"], "the losses' means are not those of an uninterrupted run"
    assert ours["images_seen"] == theirs["images_seen"]
    model, other = (each.model / "generator.safetensors" for each in (run, expected))
    watched = [each.read_config().coach != "off" for each in (run, expected)]
    if watched[0] == watched[1]:  # else only one says how healthy it is
        assert model.read_bytes() == other.read_bytes(), "another model"
    weights, others = load_file(model), load_file(other)
    assert all(torch.equal(weights[name], each) for name, each in others.items()), "another model"
    for sheet in expected.samples.iterdir():
        assert (run.samples / sheet.name).exists(), f"the sheet {sheet.name} is missing"
    events, wanted_events = (
        [each for each in replay(one.events_file) if isinstance(each, Step)] for one in (run, expected)
    )
    assert [each.step for each in events] == [each.step for each in wanted_events], "steps lost or told twice"
    assert [each.losses for each in events] == [each.losses for each in wanted_events]
    assert [each.loss_std for each in events] == [each.loss_std for each in wanted_events]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], tuple[Path, Run]]]:
    """Return a function from a recipe's name to pictures and an uninterrupted run on them."""
    folder = tmp_path_factory.mktemp("whole")
    pictures = tiny.write_pictures(folder / "pictures")
    done: dict[str, Run] = {}

    def run(recipe: str) -> tuple[Path, Run]:
        if recipe not in done:
            done[recipe] = Run(folder / recipe / "run")
            tiny.train(pictures, done[recipe].folder, recipe)
        return pictures, done[recipe]

    with pytest.MonkeyPatch.context() as patch:
        for name, recipe in tiny.NARROW.items():
            patch.setitem(RECIPES, name, recipe)
        yield run


def phases() -> list[tuple[str, int]]:
    data = DataConfig("pictures", 16, 16, 3)
    return [(name, index) for name, recipe in RECIPES.items() for index in range(len(recipe(data, 24).phases))]


@pytest.mark.parametrize(("recipe", "phase"), phases())
@pytest.mark.parametrize("where", ["first step", "middle", "last step"])
def test_stopping_in_any_phase(
    recipe: str, phase: int, where: str, whole: Callable[[str], tuple[Path, Run]], tmp_path: Path
) -> None:
    pictures, expected = whole(recipe)
    config = expected.read_config()
    length = config.phases[phase].steps
    before = sum(each.steps for each in config.phases[:phase])
    stop = before + {"first step": 1, "middle": (length + 1) // 2, "last step": length}[where]
    run = Run(tmp_path / "run")
    events = tiny.train(pictures, run.folder, recipe, stop=tiny.stop_after(stop))
    if stop < config.steps:
        assert events[-1].reason == "interrupted"
        assert (events[-1].step, events[-1].command) == (stop, f"ganvas train --out {run.folder}")
        events = tiny.train(pictures, run.folder, recipe)
        assert next(each for each in events if isinstance(each, Started)).step == stop
    assert events[-1].reason == "finished"
    assert_same_end(run, expected)


def test_stopping_at_every_step(whole: Callable[[str], tuple[Path, Run]], tmp_path: Path) -> None:
    pictures, expected = whole("dcgan")
    run = Run(tmp_path / "run")
    tries = 1
    while tiny.train(pictures, run.folder, "dcgan", stop=tiny.stop_after(1))[-1].reason == "interrupted":
        tries += 1
    assert tries == expected.read_config().steps
    assert_same_end(run, expected)


@pytest.mark.parametrize("kind", [Started, Step, SampleGrid, CheckpointSaved, Done])
def test_leaving_the_loop(kind: type, whole: Callable[[str], tuple[Path, Run]], tmp_path: Path) -> None:
    pictures, expected = whole("dcgan")
    run = Run(tmp_path / "run")
    stream = ganvas.train(pictures, run.folder, recipe="dcgan", size="16", images=tiny.IMAGES, device="cpu")
    left_at = 0
    for event in stream:
        left_at = getattr(event, "step", 0)
        if isinstance(event, kind):
            break
    stream.close()  # type: ignore[attr-defined]
    events = tiny.train(pictures, run.folder, "dcgan")
    assert next(each for each in events if isinstance(each, Started)).step == left_at, "work was lost on leaving"
    assert_same_end(run, expected)


def test_an_averaged_generator_goes_on_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = tiny.write_pictures(tmp_path / "pictures")
    monkeypatch.setitem(RECIPES, "dcgan", tiny.changed("dcgan", ema_half_life=0.1))
    expected, run = Run(tmp_path / "whole" / "run"), Run(tmp_path / "run")
    tiny.train(pictures, expected.folder, "dcgan")
    for stop in (3, 4, 9):
        tiny.train(pictures, run.folder, "dcgan", stop=tiny.stop_after(stop))
    tiny.train(pictures, run.folder, "dcgan")
    assert_same_end(run, expected)


@pytest.mark.usefixtures("narrow_recipes")
@pytest.mark.parametrize("recipe", ["quick", "dcgan"])
def test_held_out_pictures_are_never_seen_also_after_an_interruption(recipe: str, tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (640, 16, 16, 3), np.uint8)
    np.save(tmp_path / "pictures.npy", pictures)
    expected, run = Run(tmp_path / "whole" / "run"), Run(tmp_path / "run")
    tiny.train(tmp_path / "pictures.npy", expected.folder, recipe, images=1000, keep_copies=True)
    hidden = split(640, 32).held_out
    pictures[hidden] = 0  # whoever looks at them trains another network
    np.save(tmp_path / "blackened.npy", pictures)
    for stop in (3, 9):
        tiny.train(
            tmp_path / "blackened.npy", run.folder, recipe, images=1000, keep_copies=True, stop=tiny.stop_after(stop)
        )
    tiny.train(tmp_path / "blackened.npy", run.folder, recipe, images=1000, keep_copies=True)
    assert run.read_config().held_out == 32
    assert_same_end(run, expected)


def test_the_same_seed_gives_the_same_run_and_another_seed_another(
    whole: Callable[[str], tuple[Path, Run]], tmp_path: Path
) -> None:
    pictures, expected = whole("dcgan")
    torch.manual_seed(123)
    tiny.train(pictures, tmp_path / "run", "dcgan")
    assert_same_end(Run(tmp_path / "run"), expected)
    tiny.train(pictures, tmp_path / "other", "dcgan", seed=1)
    model = "model/generator.safetensors"
    assert (tmp_path / "other" / model).read_bytes() != (expected.folder / model).read_bytes()


def test_a_model_lost_between_checkpoint_and_model_comes_back(
    whole: Callable[[str], tuple[Path, Run]], tmp_path: Path
) -> None:
    pictures, expected = whole("dcgan")
    run = Run(tmp_path / "run")
    tiny.train(pictures, run.folder, "dcgan")
    (run.model / "generator.safetensors").unlink()
    tiny.train(pictures, run.folder, "dcgan")
    assert_same_end(run, expected)


def test_a_checkpoint_of_another_memory_layout_goes_on(
    whole: Callable[[str], tuple[Path, Run]], tmp_path: Path
) -> None:
    """The fused Adam walks through memory without looking at strides: moments must lie as their parameters do."""
    pictures, _ = whole("dcgan")
    run = Run(tmp_path / "run")
    tiny.train(pictures, run.folder, "dcgan", stop=tiny.stop_after(3))
    data = tiny.prepared(pictures)
    session = run_to_end(open_session(run.read_config(), run, data, choose_device("cpu"), lambda: False))
    session.run_step()
    for optimizer in session.state.optimizers.values():
        assert optimizer.state, "nothing was loaded"
        for parameter, moments in optimizer.state.items():
            assert moments["exp_avg"].stride() == parameter.stride() == moments["exp_avg_sq"].stride()


def test_twenty_kills_at_random_moments(tmp_path: Path) -> None:
    """Kill -9, ten times anywhere and ten times in the middle of a save; see killing.py."""
    driver = Path(__file__).with_name("killing.py")
    pictures = tiny.write_pictures(tmp_path / "pictures")
    environment = os.environ | {"PYTHONPATH": str(driver.parents[1]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(driver), str(pictures), str(tmp_path)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    kills = [json.loads(line) for line in (tmp_path / "kills.jsonl").read_text().splitlines()]
    assert len(kills) == 20
    assert sum(kill["saving"] for kill in kills) >= 8, "too few kills in the middle of a save"
    assert len({kill["step"] for kill in kills}) >= 4, "the kills were all in the same place"
    assert_same_end(Run(tmp_path / "killed" / "run"), Run(tmp_path / "whole" / "run"))
    litter = [path for path in (tmp_path / "killed").rglob("*.tmp") if "checkpoints" in path.parts]
    assert not litter, "what crashed processes left was not cleared away"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_saves_and_says_how_to_go_on(number: signal.Signals, pictures: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    command = [sys.executable, "-m", "ganvas", "train", str(pictures), "--out", str(run.folder)]
    command += ["--recipe", "fc", "--size", "16", "--images", "4000", "--device", "cpu"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        while not run.events_file.exists() or '"event":"Step"' not in run.events_file.read_text():
            assert process.poll() is None, "it ended too soon"
            time.sleep(0.05)
        process.send_signal(number)
        _, told = process.communicate()
    assert process.returncode == 130
    assert f"ganvas train --out {run.folder}" in told.replace("\n", "")
    assert "Traceback" not in told
    config = run.read_config()
    stopped = checkpoint.load_newest(run.checkpoints)
    assert stopped is not None
    assert 0 < stopped[1]["counters"]["step"] < config.steps
    assert main(command[3:]) == 0
    finished = checkpoint.load_newest(run.checkpoints)
    assert finished is not None
    assert finished[1]["counters"]["step"] == config.steps
