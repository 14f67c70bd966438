"""From a user's wishes to a run, and what is refused on the way."""

import dataclasses
import errno
import json
import shlex
import sys
from pathlib import Path
from typing import TextIO

import numpy as np
import pytest
from PIL import Image
from stepping import Clock

import ganvas
import tiny
from ganvas.cli import parse
from ganvas.cli.commands import COMMANDS
from ganvas.cli.options import options_of
from ganvas.config import Config, PenaltyConfig, TrainOptions
from ganvas.config.keywords import OLD_NAMES
from ganvas.errors import GanvasError
from ganvas.events import Done, Note, Started, Step
from ganvas.recipes import RECIPES
from ganvas.runs import Run
from ganvas.training import calibrate
from ganvas.training.resume_checks import check_same_options

pytestmark = [pytest.mark.usefixtures("narrow_recipes"), pytest.mark.slow]


def begun(pictures: Path | None, out: Path, **options: object) -> Config:
    """Return the configuration of a run that stops before its first step."""
    events = tiny.train(pictures, out, stop=Run(out).exists, **options)  # type: ignore[arg-type]
    assert (events[-1].step, events[-1].reason) == (0, "interrupted")
    return Run(out).read_config()


def test_every_default_is_written_down(pictures: Path, tmp_path: Path) -> None:
    config = begun(pictures, tmp_path / "run", size="auto")
    assert config.recipe == "quick"
    assert config.shape == (3, 32, 32)
    assert config.total_images == tiny.IMAGES
    assert abs(config.images - tiny.IMAGES) <= 16
    assert config.fingerprint
    assert all(phase.steps > 0 for phase in config.phases)
    assert set(json.loads(Run(tmp_path / "run").config_file.read_text())) == set(Config.__dataclass_fields__)


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3)])
def test_grey_pictures_are_seen_to_be_grey(mode: str, channels: int, tmp_path: Path) -> None:
    folder = tiny.write_pictures(tmp_path / "some", mode=mode)
    assert begun(folder, tmp_path / "run").data.channels == channels


def test_size_channels_and_the_rest_reach_the_configuration(pictures: Path, tmp_path: Path) -> None:
    config = begun(
        pictures, tmp_path / "run", recipe="fc", size="24x16", channels="rgba", background="black", fit="pad", seed=5,
        loss="hinge", penalty="r1", gamma=2.0, penalty_interval=2, augment=("none", "cutout"), ema_half_life=0.2,
    )  # fmt: skip
    assert config.shape == (4, 16, 24)
    assert (config.data.background, config.data.fit, config.seed, config.recipe) == ("black", "pad", 5, "fc")
    assert (config.loss, config.augment, config.ema_half_life) == ("hinge", ("cutout",), 0.2)
    assert config.penalty == PenaltyConfig("r1", 2.0, 2)


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    for index, name in enumerate(("cats", "dogs")):
        tiny.write_pictures(tmp_path / "labelled" / name, 12, seed=index)
    return tmp_path / "labelled"


@pytest.mark.parametrize("recipe", RECIPES)
def test_labels_become_classes(recipe: str, classes: Path, tmp_path: Path) -> None:
    tiny.train(classes, tmp_path / "run", recipe, images=40, conditional=True)
    config = Run(tmp_path / "run").read_config()
    assert (config.classes, config.class_counts) == (("cats", "dogs"), (12, 12))
    assert ganvas.load(tmp_path / "run", "cpu").sample(2, label="dogs").shape == (2, 3, 16, 16)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"minutes": 1.0, "images": 100}, "Both --minutes and --images"),
        ({"images": 0}, "--images must be greater than 0, not 0"),
        ({"images": -5}, "--images must be greater than 0, not -5"),
        ({"images": None, "minutes": float("nan")}, "--minutes must be greater than 0, not nan"),
        ({"images": None, "minutes": float("inf")}, "--minutes must be greater than 0, not inf"),
        ({"seed": -1}, "--seed must be 0 or more, not -1"),
        ({"size": "2000"}, "not 2000x2000"),
        ({"size": "huge"}, "'huge' is not a size"),
        ({"recipe": "quikc"}, r"no recipe 'quikc'\. Did you mean 'quick'"),
        ({"channels": "grau"}, r"no --channels value 'grau'\. Did you mean 'gray'"),
        ({"background": "whit"}, r"background colou?r 'whit'\. Did you mean 'white'"),
        ({"fit": "crpo"}, r"no --fit value 'crpo'\. Did you mean 'crop'"),
        ({"conditional": True}, "has no classes"),
        ({"device": "tpu"}, "no device 'tpu'"),
        ({"loss": "bec"}, r"no --loss value 'bec'\. Did you mean 'bce'"),
    ],
)
def test_what_is_refused(options: dict[str, object], named: str, pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match=named) as caught:
        tiny.train(pictures, tmp_path / "run", **options)  # type: ignore[arg-type]
    assert caught.value.hint, "an error without a next step"
    assert not Run(tmp_path / "run").exists(), "a refused wish has left a run behind"


def test_a_hopeless_wish_costs_no_preparation(pictures: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with pytest.raises(GanvasError, match="2048"):
        tiny.train(pictures, tmp_path / "run", size="2048")
    assert not cache.exists() or not list(cache.rglob("*.npy")), "pictures were prepared for nothing"
    begun(pictures, tmp_path / "run")
    assert list(cache.rglob("*.npy")), "prepared pictures lie elsewhere; this test shows nothing"


def test_nothing_to_go_on_with(tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="is not a run to go on with"):
        tiny.train(None, tmp_path / "run")


def test_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(GanvasError, match=path.name):
            tiny.train(path, tmp_path / "run")


@pytest.fixture
def stopped(pictures: Path, tmp_path: Path) -> Path:
    """Return a run that was stopped on its way."""
    events = tiny.train(pictures, tmp_path / "run", "dcgan", stop=tiny.stop_after(3), seed=2)
    assert events[-1].reason == "interrupted"
    return tmp_path / "run"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"recipe": "fc"}, "was begun with --recipe dcgan, not fc"),
        ({"size": "32"}, "was begun with --size 16x16, not 32x32"),
        ({"images": 999}, f"was begun with --images {tiny.IMAGES}, not 999"),
        ({"images": None, "minutes": 3.0}, "was begun without --minutes, not 3"),
        ({"seed": 1}, "was begun with --seed 2, not 1"),
        ({"conditional": True}, "was begun with --conditional no, not yes"),
        ({"channels": "gray"}, "was begun with --channels rgb, not gray"),
        ({"background": "black"}, "was begun with --background white, not black"),
        ({"fit": "pad"}, "was begun with --fit crop, not pad"),
        ({"loss": "hinge"}, "was begun with --loss bce, not hinge"),
        ({"penalty": "r1"}, "was begun with --penalty none, not r1"),
        ({"augment": ("cutout",)}, "was begun with --augment"),
    ],
)
def test_other_orders_on_the_way_are_refused(
    options: dict[str, object], named: str, stopped: Path, pictures: Path
) -> None:
    with pytest.raises(GanvasError, match=named) as caught:
        tiny.train(pictures, stopped, **({"recipe": "auto", "size": "auto"} | options))  # type: ignore[arg-type]
    assert "--out" in caught.value.hint


def test_an_augmentation_is_not_left_out_on_the_way(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "run", "dcgan", augment=("ada",), stop=tiny.stop_after(2))
    with pytest.raises(GanvasError, match="was begun with --augment"):
        tiny.train(pictures, tmp_path / "run", "dcgan", augment=("none",))
    assert tiny.train(pictures, tmp_path / "run", "dcgan")[-1].reason == "finished", "nothing was asked for"


def test_other_pictures_are_refused(stopped: Path, tmp_path: Path) -> None:
    other = tiny.write_pictures(tmp_path / "other", seed=1)
    with pytest.raises(GanvasError, match="was begun with PICTURES"):
        tiny.train(other, stopped)


def test_a_new_run_is_coached_unless_told_otherwise(pictures: Path, tmp_path: Path) -> None:
    for name, options in (("acts", {}), ("watches", {"coach": "watch"})):
        tiny.train(pictures, tmp_path / name, "fc", **options)  # type: ignore[arg-type]
    assert Run(tmp_path / "acts").read_config().coach == "act"
    assert Run(tmp_path / "watches").read_config().coach == "watch"


def test_the_coach_may_be_told_otherwise_on_the_way(stopped: Path) -> None:
    stop = tiny.stop_after(1)
    tiny.train(None, stopped, images=None, size="auto", coach="off", stop=stop)
    assert Run(stopped).read_config().coach == "off", "config.json tells how the rest of the run is looked after"
    tiny.train(None, stopped, images=None, size="auto")
    assert Run(stopped).read_config().coach == "off", "not being told anything changes nothing"


def test_an_unknown_way_to_coach_is_refused(stopped: Path, pictures: Path, tmp_path: Path) -> None:
    for out in (stopped, tmp_path / "new"):
        with pytest.raises(GanvasError, match="Did you mean 'watch'") as caught:
            tiny.train(pictures, out, coach="wacth")
        assert "act, watch, off" in caught.value.hint
    assert not Run(tmp_path / "new").exists()


def test_a_budget_of_pictures_says_how_often_health_is_examined(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "run", "fc")
    config = Run(tmp_path / "run").read_config()
    assert config.health_checks == tiny.IMAGES // config.images_per_health_check


@pytest.mark.parametrize("again", ["the same command", "out alone"])
def test_going_on(again: str, stopped: Path, pictures: Path) -> None:
    if again == "out alone":
        events = tiny.train(None, stopped, images=None, size="auto")
    else:
        events = tiny.train(pictures, stopped, "dcgan", seed=2)
    started = next(event for event in events if isinstance(event, Started))
    assert (started.resumed, started.step) == (True, 3)
    assert events[-1].reason == "finished"


def test_a_batch_that_was_not_asked_for_is_not_taken_for_the_recipes(tmp_path: Path) -> None:
    config = tiny.config("keen")
    config = dataclasses.replace(config, phases=(*config.phases[:2], dataclasses.replace(config.phases[2], batch=4)))
    for batch in (4, 8):
        with pytest.raises(GanvasError, match=f"was begun without --batch, not {batch}"):
            check_same_options(config, TrainOptions(batch=batch), Run(tmp_path))
    check_same_options(tiny.config("keen"), TrainOptions(batch=8), Run(tmp_path))


@pytest.mark.parametrize(
    ("options", "other", "refused"),
    [
        (
            {"augment": ("none",), "penalty": "none", "loss": "bce", "channels": "rgb", "flip": "no", "seed": 3},
            {"seed": 4},
            "--seed 3, not 4",
        ),
        (
            {"augment": ["none", "color"], "penalty": "r1", "gamma": 5.0, "penalty_interval": 2, "loss": "hinge"},
            {"gamma": 6.0},
            "--gamma 5, not 6",
        ),
        ({"ema_half_life": 0.2}, {"ema_half_life": 0.1}, "--ema-half-life 0.2, not 0.1"),
    ],
    ids=["defaults", "wishes", "average"],
)
def test_the_same_command_goes_on_and_another_is_refused(
    options: dict[str, object], other: dict[str, object], refused: str, pictures: Path, tmp_path: Path
) -> None:
    tiny.train(pictures, tmp_path / "run", "fc", stop=tiny.stop_after(2), **options)
    with pytest.raises(GanvasError, match=refused):
        tiny.train(pictures, tmp_path / "run", "fc", **options | other)
    assert tiny.train(pictures, tmp_path / "run", "fc", **options)[-1].reason == "finished"


def test_a_finished_run_just_says_so(pictures: Path, tmp_path: Path) -> None:
    first = tiny.train(pictures, tmp_path / "run", "fc")
    again = tiny.train(pictures, tmp_path / "run", "fc")
    assert again[-1] == first[-1], "not of the same step after the same seconds"
    assert not any(isinstance(event, Step) for event in again)


def test_pictures_that_changed_are_said_and_gone_on_with(stopped: Path, pictures: Path) -> None:
    Image.new("RGB", (16, 16), "red").save(pictures / "new.png")
    events = tiny.train(pictures, stopped, "dcgan", seed=2)
    assert any("pictures have changed" in event.text for event in events if isinstance(event, Note))
    assert events[-1].reason == "finished"


def test_classes_that_changed_are_refused(classes: Path, tmp_path: Path) -> None:
    tiny.train(classes, tmp_path / "run", "dcgan", conditional=True, stop=tiny.stop_after(2))
    tiny.write_pictures(classes / "birds", 4)
    with pytest.raises(GanvasError, match=r"classes have changed .*birds"):
        tiny.train(classes, tmp_path / "run", "dcgan", conditional=True)


def test_a_run_goes_on_from_another_folder(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny.train(Path("pictures"), Path("run"), "fc", stop=tiny.stop_after(2))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert tiny.train(None, tmp_path / "run", images=None, size="auto")[-1].reason == "finished"


def test_two_trainings_cannot_write_one_run(pictures: Path, tmp_path: Path) -> None:
    stream = ganvas.train(pictures, tmp_path / "run", recipe="fc", size="16", images=tiny.IMAGES, device="cpu")
    next(stream)
    try:
        with pytest.raises(GanvasError, match="is in use by process"):
            tiny.train(pictures, tmp_path / "run", "fc")
    finally:
        stream.close()  # type: ignore[attr-defined]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has its own locks")
def test_a_drive_without_locks_is_trained_on_with_a_word_of_it(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(file: TextIO, _: int) -> None:
        if Path(file.name).parent == tmp_path / "run":
            raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", failing)
    events = tiny.train(pictures, tmp_path / "run", "fc")
    assert isinstance(events[0], Note)
    assert "has no locks" in events[0].text
    assert isinstance(events[-1], Done)
    assert events[-1].reason == "finished"


@pytest.mark.parametrize(
    ("error", "told", "hint"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "run cannot go on: Too many open files", "Once that is mended"),
        (OSError(errno.ENOSPC, "Disk full", "/tmp/x"), "/tmp/x cannot be read or written: Disk full", "Free some disk"),
        (OSError(errno.EIO, "I/O error", "/data/y"), "/data/y cannot be read or written: I/O", "Once that is mended"),
    ],
)
def test_what_the_system_refuses_is_told_as_it_is(
    error: OSError, told: str, hint: str, pictures: Path, tmp_path: Path
) -> None:
    def failing() -> bool:
        if (tmp_path / "run" / "samples").exists():
            raise error
        return False

    with pytest.raises(GanvasError) as caught:
        tiny.train(pictures, tmp_path / "run", "fc", stop=failing)
    assert told in caught.value.message
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize("recipe", RECIPES)
def test_minutes_become_steps_that_are_recorded(
    recipe: str, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrate, "time", Clock(0.05))  # whatever is measured takes as long
    config = begun(pictures, tmp_path / "run", recipe=recipe, images=None, minutes=10.0)
    assert (config.minutes, config.total_images) == (10.0, None)
    assert all(phase.steps >= 1 for phase in config.phases)
    assert 300 < 0.05 * config.steps < 600, "ten minutes, less start-up, sheets, scores and looks"
    assert config.evaluations >= 1
    assert config.health_checks >= 1
    assert config.sample_grids >= 2
    assert config.checkpoints >= 1


def test_stopped_before_the_first_step_it_says_how_to_go_on(pictures: Path, tmp_path: Path) -> None:
    origin = tmp_path / "an earlier run"
    tiny.train(pictures, origin, "fc")
    asked = {"flip": "no", "channel_mult": 0.5, "batch": 6, "augment": ("color", "cutout"), "init_from": str(origin)}
    asked |= {"coach": "watch", "seed": 3, "ema_half_life": 1e-07, "fit": "pad", "freeze": 0.25, "compile": True}
    events = tiny.train(pictures, tmp_path / "run", "fc", stop=lambda: True, **asked)
    assert events[-1].reason == "interrupted"
    words = shlex.split(events[-1].command)
    assert words[:2] == ["ganvas", "train"]
    typed = parse("train", COMMANDS["train"], words[2:])
    assert (typed.pictures, typed.out) == (str(pictures), tmp_path / "run")
    asked |= {"recipe": "fc", "size": "16", "images": tiny.IMAGES, "device": "cpu"}
    assert options_of(typed) == TrainOptions(**asked), "nothing of it is recorded yet"
    assert not any(isinstance(event, Started) for event in events), "it trained on although it was told to stop"
    assert tiny.train(pictures, tmp_path / "run", "fc")[-1].reason == "finished"


def test_pictures_that_moved_are_found_again(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "run", "fc", stop=tiny.stop_after(2))
    pictures.rename(tmp_path / "moved")
    assert tiny.train(tmp_path / "moved", tmp_path / "run", "fc")[-1].reason == "finished"
    assert Run(tmp_path / "run").read_config().data.path == str(tmp_path / "moved")


def test_a_config_of_unknown_names_is_named(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "run", "fc", stop=tiny.stop_after(2))
    file = tmp_path / "run" / "config.json"
    file.write_text(file.read_text().replace('"loss": "bce"', '"loss": "bcee"'))
    with pytest.raises(GanvasError, match=r"no loss 'bcee'\. Did you mean 'bce'"):
        tiny.train(pictures, tmp_path / "run", "fc")


def test_files_that_cannot_be_read_are_listed_until_they_are_gone(pictures: Path, tmp_path: Path) -> None:
    (pictures / "broken.png").write_bytes(b"\x89PNG rubbish")
    tiny.train(pictures, tmp_path / "run", "fc", stop=tiny.stop_after(2))
    listed = Run(tmp_path / "run").skipped_file
    assert listed.read_text().startswith("broken.png\t")
    (pictures / "broken.png").unlink()
    tiny.train(pictures, tmp_path / "run", "fc")
    assert not listed.exists()


def test_half_written_files_of_a_killed_process_are_swept(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "run", "fc", stop=tiny.stop_after(2))
    left = tmp_path / "run" / "model" / f".generator.safetensors.{16 * '0'}.tmp"
    left.write_bytes(b"half")
    tiny.train(pictures, tmp_path / "run", "fc")
    assert not left.exists()


def test_enough_pictures_have_some_held_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    counted = tiny.with_config("fc", lambda data, count: counts.append(count) or tiny.NARROW["fc"](data, count))
    monkeypatch.setitem(RECIPES, "fc", counted)
    assert begun(tiny.write_pictures(tmp_path / "few"), tmp_path / "run", recipe="fc").held_out == 0
    array = np.random.default_rng(0).integers(0, 256, (700, 16, 16, 3), np.uint8)
    np.save(tmp_path / "many.npy", array)
    assert begun(tmp_path / "many.npy", tmp_path / "other", recipe="fc").held_out == 35
    assert counts[-1] == 665, "the recipe's bounds must follow from the pictures that are trained on"


def test_a_finished_run_has_a_model_card(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "run", "fc")
    card = (Run(tmp_path / "run").model / "README.md").read_text(encoding="utf-8")
    assert "library_name: ganvas" in card
    assert "fc" in card


FULL = (GanvasError, r"memory of cpu is full\.\n.*--size")


@pytest.mark.parametrize(
    ("error", "expected", "told"),
    [
        (MemoryError(), *FULL),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes"), *FULL),
        (RuntimeError("shapes do not match"), RuntimeError, "shapes do not match"),
        (IndexError("of a list"), IndexError, "of a list"),
    ],
)
def test_memory_that_ends_anywhere_is_said_and_other_errors_are_left_alone(
    error: Exception, expected: type[Exception], told: str, pictures: Path, tmp_path: Path
) -> None:
    def failing() -> bool:
        if run.samples.exists():
            raise error
        return False

    run = Run(tmp_path / "run")
    with pytest.raises(expected, match=told):
        tiny.train(pictures, run.folder, "fc", stop=failing)


def test_names_of_release_0_1_are_understood_and_warned_of(classes: Path, tmp_path: Path) -> None:
    tiny.train(classes, tmp_path / "old", "dcgan", conditional=True, channel_mult=0.5, images=8)
    old = {"labels": True, "every": 2, "ema": 0.2, "width": 0.5, "origin": tmp_path / "old", "compiled": False}
    assert old.keys() == OLD_NAMES.keys()
    with pytest.warns(DeprecationWarning, match="is now called") as warned:
        tiny.train(classes, tmp_path / "run", "dcgan", penalty="r1", images=16, **old)
    assert {str(each.message) for each in warned} == {f"{name}= is now called {OLD_NAMES[name]}=" for name in old}
    config = Run(tmp_path / "run").read_config()
    assert (config.data.conditional, config.penalty.interval, config.ema_half_life) == (True, 2, 0.2)
    assert (config.channel_mult, config.init_from) == (0.5, str(tmp_path / "old"))
    assert config.requested == TrainOptions(
        recipe="dcgan", size="16", device="cpu", penalty="r1", images=16, conditional=True, penalty_interval=2,
        ema_half_life=0.2, channel_mult=0.5, init_from=str(tmp_path / "old"),
    )  # fmt: skip
