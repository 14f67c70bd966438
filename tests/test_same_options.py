"""A run goes on under the options that it was begun with, and refuses others, whether they are defaults or not."""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import ganvas
import tiny
from ganvas.cli import main
from ganvas.config import Config, TrainOptions
from ganvas.config.options import OPTIONS
from ganvas.config.train_options import AUTO, flag, recorded, to_flags
from ganvas.errors import GanvasError
from ganvas.events import Done, Started
from ganvas.runs import Run
from ganvas.training.resume_checks import check_same_options

pytestmark = pytest.mark.slow

# What the run of these tests was begun with, and of each option another value.
BEGUN: dict[str, Any] = {
    "recipe": "dcgan", "size": "24x16", "channels": "rgb", "background": "black", "fit": "pad", "conditional": True,
    "images": 120, "channel_mult": 0.5, "batch": 4, "g_lr": 0.0003, "d_lr": 0.0001, "ema_half_life": 0.1,
    "loss": "hinge", "penalty": "r1", "gamma": 2.0, "penalty_interval": 4, "augment": ("translation",), "flip": "yes",
    "seed": 3, "coach": "watch", "precision": "bfloat16",
}  # fmt: skip
OTHERS: dict[str, Any] = {
    "recipe": "residual", "size": "16", "channels": "gray", "background": "red", "fit": "stretch",
    "conditional": False, "keep_copies": True, "upsample": 2, "value_range": "0-4095", "turn": "yes",
    "aspect": "0.5-2", "limit": 20, "labels_by": "(.+)_",
    "minutes": 3, "images": 121, "channel_mult": 2, "batch": 8, "g_lr": 0.0002, "d_lr": 0.0002,
    "ema_half_life": 0.2, "init_from": "another run", "freeze": 0.75, "loss": "bce", "penalty": "r2", "gamma": 1.0,
    "penalty_interval": 8, "augment": ("cutout",), "flip": "no", "seed": 4, "precision": "float32", "compile": True,
}  # fmt: skip
DEFAULTS: dict[str, Any] = {
    "background": "white", "fit": "crop", "conditional": False, "channel_mult": 1, "freeze": 0, "seed": 0,
    "precision": "float32", "ema_half_life": 0, "compile": False, "minutes": 10,
}  # fmt: skip
COMPARED = [name for name, option in OPTIONS.items() if option.read is not None and not option.may_change]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run that was begun with an earlier one and many options, and stopped on its way."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("begun")
        patch.setenv("GANVAS_CACHE", str(folder / "cache"))
        for name, recipe in tiny.NARROW.items():
            patch.setitem(tiny.RECIPES, name, recipe)
        for index, name in enumerate(("cats", "dogs")):
            tiny.write_pictures(folder / "pictures" / name, 12, seed=index)
        tiny.train(folder / "pictures", folder / "old", **(BEGUN | {"images": 8}))
        begin = BEGUN | {"init_from": folder / "old", "freeze": 0.25}
        events = tiny.train(folder / "pictures", folder / "run", **begin, stop=tiny.stop_after(2))
        assert isinstance(events[-1], Done)
        assert (events[-1].reason, events[-1].step) == ("interrupted", 2)
    return folder


@pytest.fixture
def run(begun: Path, tmp_path: Path) -> Path:
    """Return a copy of it."""
    return Path(shutil.copytree(begun / "run", tmp_path / "run"))


def resume(run: Path, **options: Any) -> None:
    """Go on with a run, but stop before its next step."""
    for _ in ganvas.train(None, run, stop=lambda: True, **({"device": "cpu"} | options)):
        pass


def config_of(run: Path, **changes: Any) -> Config:
    """Return a run's configuration, and write it with changes."""
    config = replace(Run(run).read_config(), **changes)
    Run(run).write_config(config)
    return config


def refused(run: Path, name: str, value: Any) -> str:
    """Return what is said when a run is to go on with this value."""
    with pytest.raises(GanvasError, match=re.escape(f" {flag(name)}")) as caught:
        resume(run, **{name: value})
    assert caught.value.message.startswith(f"{run} was begun with")
    assert f"Leave {flag(name)} out" in caught.value.hint
    return caught.value.message


def test_every_option_is_compared_but_those_that_may_change() -> None:
    assert set(COMPARED) == set(OPTIONS) - {"coach", "device", "log"}
    assert set(OTHERS) == set(COMPARED), "this test has to know another value of each option"


@pytest.mark.parametrize("name", COMPARED)
def test_another_value_is_refused_by_name_and_the_recorded_one_goes_on(name: str, run: Path) -> None:
    before = Run(run).config_file.read_bytes()
    was = recorded(Run(run).read_config())[name]
    if name in BEGUN:
        assert was == TrainOptions(**{name: BEGUN[name]}).given()[name], "another value was recorded than was given"
    if was is not None:
        resume(run, **{name: was})
    message = refused(run, name, OTHERS[name])
    if was is None:
        assert f"was begun without {flag(name)}, not " in message
    assert Run(run).config_file.read_bytes() == before


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_default_is_an_option_like_another(name: str, run: Path) -> None:
    """Release 0.1 could not tell `seed=0` from no seed, and went on with the run's own."""
    config = config_of(run, compile=True)
    assert recorded(config)[name] != DEFAULTS[name]
    refused(run, name, DEFAULTS[name])
    resume(run)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("seed", 0, "was begun with --seed 3, not 0."),
        ("fit", "crop", "was begun with --fit pad, not crop."),
        ("background", "white", "was begun with --background black, not white."),
        ("conditional", False, "was begun with --conditional yes, not no."),
        ("size", "16", "was begun with --size 24x16, not 16x16."),
        ("augment", ("none",), "was begun with --augment translation, not none."),
        ("augment", ("color", "cutout"), "was begun with --augment translation, not color cutout."),
        ("minutes", 5, "was begun without --minutes, not 5."),
        ("g_lr", 0.001, "was begun with --g-lr 0.0003, not 0.001."),
    ],
)
def test_what_is_said(name: str, value: Any, message: str, run: Path) -> None:
    assert refused(run, name, value) == f"{run} {message}"


def test_flags_are_refused_like_keywords(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = Run(run).config_file.read_bytes()
    for words, named in ((["--seed", "0"], "--seed 3, not 0"), (["--fit", "crop"], "--fit pad, not crop")):
        assert main(["train", "--out", str(run), *words]) == 1
        assert named in capsys.readouterr().err
    assert Run(run).config_file.read_bytes() == before


@pytest.mark.usefixtures("narrow_recipes")
def test_the_same_command_goes_on_to_the_end(begun: Path, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = TrainOptions(**BEGUN, init_from=str(begun / "old"), freeze=0.25, device="cpu")
    words = ["train", str(begun / "pictures"), "--out", str(run), *to_flags(options.given())]
    assert main(words) == 0
    assert "Resuming at 8 pictures" in capsys.readouterr().err
    assert Run(run).read_config().requested == options
    assert main(words) == 0, "finished, and still the same"


@pytest.mark.usefixtures("narrow_recipes")
def test_all_recorded_values_at_once_go_on(begun: Path, run: Path) -> None:
    values = {name: value for name, value in recorded(Run(run).read_config()).items() if value is not None}
    events = tiny.train(begun / "pictures", run, **values)
    started = next(event for event in events if isinstance(event, Started))
    assert started.resumed
    assert isinstance(events[-1], Done)
    assert events[-1].reason == "finished"


def test_auto_is_whatever_the_run_has(run: Path) -> None:
    for name in COMPARED:
        resume(run, **{name: AUTO})


def test_the_coach_and_the_device_may_change(begun: Path, run: Path) -> None:
    config = Run(run).read_config()
    assert (config.coach, config.requested and config.requested.coach) == ("watch", "watch")
    tiny.train(begun / "pictures", run, AUTO, None, size=AUTO, coach="off", device="cpu", stop=tiny.stop_after(1))
    changed = Run(run).read_config()
    assert (changed.coach, changed.requested and changed.requested.coach) == ("off", "off")
    assert replace(changed, coach="watch", requested=config.requested) == config
    tiny.train(begun / "pictures", run, AUTO, None, size=AUTO, stop=tiny.stop_after(1))
    assert Run(run).read_config() == changed, "it was not asked for another"


@pytest.mark.parametrize(
    ("recipe", "options"),
    [
        ("vae", {"loss": "bce", "penalty": "none", "augment": ("none",), "gamma": 1.0, "d_lr": 0.1}),
        ("quick", {"gamma": 1.0, "penalty_interval": 2, "init_from": "x", "freeze": 0.5, "minutes": 1}),
        ("keen", {"batch": 32}),  # its phases differ, so nobody has asked for one
    ],
)
def test_what_a_recipe_does_not_have_is_refused(recipe: str, options: dict[str, Any], tmp_path: Path) -> None:
    config = tiny.config(recipe, 32)
    if recipe == "keen":
        config = tiny.RECIPES["keen"](config.data, 1000)
    for name, value in options.items():
        with pytest.raises(GanvasError, match=f"was begun without {flag(name)}, not"):
            check_same_options(config, TrainOptions(**{name: value}), Run(tmp_path))
    check_same_options(config, TrainOptions(freeze=0, gamma=0), Run(tmp_path))


def test_none_beside_other_augmentations_says_nothing(tmp_path: Path) -> None:
    config = tiny.config("dcgan", augment=("color",))
    check_same_options(config, TrainOptions(augment=("color", "none")), Run(tmp_path))
    check_same_options(tiny.config("dcgan"), TrainOptions(augment=("none",)), Run(tmp_path))
