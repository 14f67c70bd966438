"""The command that repeats a run: read again by the command line, it plans and trains the same."""

import shlex
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import tiny
from any_options import any_options
from ganvas.cli import main, parse
from ganvas.cli.commands import COMMANDS
from ganvas.cli.options import options_of
from ganvas.config import Config, TrainOptions
from ganvas.config.train_options import to_flags
from ganvas.errors import GanvasError
from ganvas.planning.inputs import PlanInputs
from ganvas.planning.plan import make_plan
from ganvas.recipes import RECIPES
from ganvas.report.summary import train_command
from ganvas.runs import Run

pytestmark = pytest.mark.slow

LAPTOP = PlanInputs(count=1500, width=64, height=48, gray=False, drawn=True, device="cpu", memory=8 << 30, minutes=10.0)
GPU = replace(LAPTOP, device="cuda:0", memory=1 << 30)
NIGHT = replace(GPU, width=256, height=256, drawn=False, minutes=600.0, memory=80 << 30)
RELEASE_0_1 = Path(__file__).resolve().parent / "fixtures" / "release_0_1"


def repeated(config: Config, folder: Path = Path("run")) -> TrainOptions:
    """Return the options that the repeating command gives."""
    program, name, *words = shlex.split(train_command(config, folder))
    assert (program, name) == ("ganvas", "train")
    parsed = parse(name, COMMANDS[name], words)
    assert str(parsed.pictures) == config.data.path
    assert parsed.out == Path(f"{folder}-again"), "in the same folder it would go on"
    return options_of(parsed)


def planned(options: TrainOptions, inputs: PlanInputs) -> Config:
    """Return the configuration for these options."""
    minutes = inputs.minutes if options.minutes is None else options.minutes
    return make_plan("pictures", options, replace(inputs, minutes=minutes)).config


def comparable(config: Config, other: Config) -> Config:
    """Return `config` with what a repeated run may have otherwise from `other`."""
    data = replace(config.data, path=other.data.path)
    known = {"requested": other.requested, "fingerprint": other.fingerprint, "content": other.content}
    return replace(config, data=data, **known)  # type: ignore[arg-type]


@settings(max_examples=80)
@given(any_options, st.sampled_from([LAPTOP, GPU, NIGHT]), st.booleans())
def test_any_options_are_repeated(options: TrainOptions, inputs: PlanInputs, recorded: bool) -> None:
    """Once with what was asked for on record, and once, as of a run of 0.1, without."""
    options = replace(options, init_from=None, freeze=None, device=None)
    try:
        config = planned(options, inputs)
    except GanvasError:  # an option does not suit the recipe
        assume(False)
    if config.penalty.name == "none":  # whose weight and interval nobody asks for again
        assume((config.penalty.gamma, config.penalty.interval) == (0, 1))
    again = repeated(config if recorded else replace(config, requested=None))
    assert comparable(planned(again, inputs), config) == config


@pytest.mark.parametrize("inputs", [LAPTOP, GPU, NIGHT], ids=["laptop", "gpu", "night"])
@pytest.mark.parametrize("other", [LAPTOP, GPU, NIGHT], ids=["laptop", "gpu", "night"])
@pytest.mark.parametrize("recipe", [None, *RECIPES])
def test_another_machine_repeats_the_same(recipe: str | None, inputs: PlanInputs, other: PlanInputs) -> None:
    """What the plan of one machine filled in is stated: width, batch, augmentation, size and recipe."""
    size = None if recipe is None else "32"
    config = planned(TrainOptions(recipe=recipe, size=size, images=4000), inputs)
    assert comparable(planned(repeated(config), other), config) == config


def test_of_a_run_only_that_is_stated_which_was_asked_for_or_could_come_out_differently() -> None:
    config = planned(TrainOptions(minutes=12), LAPTOP)
    asked = repeated(config).given()
    assert set(asked) == {
        "size", "channels", "minutes", "recipe", "upsample", "augment", "flip", "turn", "seed",
    }, "keen has no one batch"  # fmt: skip
    config = planned(TrainOptions(recipe="r3gan", size="32", penalty="r1", fit="crop", compile=True), LAPTOP)
    asked = repeated(config).given()
    assert set(asked) == {
        "size", "channels", "fit", "recipe", "batch", "upsample", "penalty", "augment", "flip", "turn", "seed",
        "compile",
    }  # fmt: skip
    unrecorded = repeated(replace(config, requested=None)).given()
    assert set(unrecorded) > set(asked)
    assert {"loss", "gamma", "penalty_interval", "g_lr", "d_lr", "ema_half_life", "channel_mult"} <= set(unrecorded)


def test_a_coach_that_was_asked_for_is_asked_for_again() -> None:
    config = planned(TrainOptions(recipe="fc", size="32", coach="watch"), LAPTOP)
    assert repeated(config).coach == "watch"
    assert repeated(replace(config, requested=None)).coach == "watch"
    assert repeated(planned(TrainOptions(recipe="fc", size="32"), LAPTOP)).coach is None


def test_a_wider_plan_of_a_gpu_stays_wide() -> None:
    config = planned(TrainOptions(images=1000, minutes=None), replace(GPU, minutes=60))
    assert config.channel_mult == 2, "nobody has asked for it"
    assert repeated(config).channel_mult == 2


def same_run(first: Path, pictures: Path) -> TrainOptions:
    """Repeat a finished run by its command, and return the options; the configuration has to be the same."""
    config = Run(first).read_config()
    words = shlex.split(train_command(config, first))[1:]
    words[1] = str(pictures)
    assert main(words) == 0
    again = Run(first.with_name(f"{first.name}-again")).read_config()
    assert comparable(again, config) == config
    assert again.fingerprint == config.fingerprint, "other pictures"
    assert again.requested is not None
    return again.requested


@pytest.mark.usefixtures("narrow_recipes")
@pytest.mark.parametrize(
    ("recipe", "options"),
    [
        (None, {"size": None}),
        ("quick", {"seed": 5, "flip": "no"}),
        ("fc", {"background": "black", "fit": "stretch", "channels": "rgba", "ema_half_life": 0.25}),
        ("dcgan", {"loss": "wasserstein", "g_lr": 0.0003, "d_lr": 0.00015}),
        ("dcgan", {"penalty": "r1", "gamma": 1e-9, "penalty_interval": 3, "augment": ["color", "cutout"]}),
        ("r3gan", {"batch": 4, "channel_mult": 0.5, "coach": "off"}),
        ("stylegan2", {"augment": "none"}),
        ("progressive", {}),
        ("vae", {"batch": 16, "g_lr": 0.001}),
    ],
)
def test_a_finished_run_is_repeated(
    recipe: str | None, options: dict[str, Any], pictures: Path, tmp_path: Path
) -> None:
    tiny.train(pictures, tmp_path / "a run", **({"recipe": recipe, "images": 60} | options))
    asked = same_run(tmp_path / "a run", pictures)
    for name, value in options.items():
        if value is not None:
            assert getattr(asked, name) == getattr(TrainOptions(**{name: value}), name)


@pytest.mark.usefixtures("narrow_recipes")
def test_a_run_that_began_with_another_is_repeated(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "old", "residual", images=16, channel_mult=0.5)
    tiny.train(pictures, tmp_path / "new", "auto", images=24, init_from=tmp_path / "old", freeze=0.25)
    config = Run(tmp_path / "new").read_config()
    assert (config.recipe, config.channel_mult, config.augment) == ("residual", 0.5, ("ada",)), "as planned"
    asked = same_run(tmp_path / "new", pictures)
    assert (asked.init_from, asked.freeze) == (str(tmp_path / "old"), 0.25)
    assert (asked.recipe, asked.channel_mult, asked.augment) == ("residual", 0.5, ("ada",))


@pytest.mark.parametrize("name", ["dcgan", "stylegan2"])
def test_a_run_of_0_1_is_repeated(name: str, tmp_path: Path) -> None:
    first = Path(shutil.copytree(RELEASE_0_1 / name, tmp_path / name))
    assert Run(first).read_config().requested is None
    asked = same_run(first, RELEASE_0_1 / "pictures.zip")
    assert asked.seed == 1
    assert asked.channel_mult == 0.1


def test_the_words_are_those_of_the_options() -> None:
    options = TrainOptions(recipe="fc", size="32", images=100, seed=2)
    config = planned(options, LAPTOP)
    words = shlex.split(train_command(config, Path("a run")))
    assert words[:5] == ["ganvas", "train", config.data.path, "--out", "a run-again"]
    assert words[5:] == to_flags(repeated(config, Path("a run")).given())
