"""Run summary: a run in plain words, and the command that repeats it."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import example_runs
import pytest
from PIL import Image

import tiny
from ganvas.cli import parse
from ganvas.cli.commands import COMMANDS
from ganvas.cli.options import options_of
from ganvas.config import Config, DataConfig, TrainOptions
from ganvas.events import Done
from ganvas.image_io import save_image
from ganvas.recipes import RECIPES
from ganvas.recipes.overrides import apply_options
from ganvas.report import write_card, write_report
from ganvas.report.summary import skipped_files, summary_sentences, train_command, versions


def test_the_summary_says_what_on_what_how_long_and_how_good(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")
    first, score, more = summary_sentences(example_runs.summary_of(run, example_runs.write_evaluation(run)))
    assert first.replace("\u00a0", " ") == (
        "Trained with the quick recipe to generate pictures like those in “pictures” (16×16, colour). "
        "It saw 480 pictures, repeats included, in 2 min on cpu."
    )
    assert score == "Frechet distance on efficientnet-lite0: 448 (431 to 466); real pictures get 12.3."
    assert more == "The samples are paler than real pictures."


def test_without_an_evaluation_the_last_score_during_training_is_given(tmp_path: Path) -> None:
    _, score = summary_sentences(example_runs.summary_of(example_runs.write_run(tmp_path / "run")))
    assert score == "Frechet distance on efficientnet-lite0 at step 60 of the training: 15 (512 samples)."


def test_without_any_score_it_says_so(tmp_path: Path) -> None:
    _, score = summary_sentences(
        example_runs.summary_of(
            example_runs.write_run(tmp_path / "run", [example_runs.step(5, "adversarial", {"generator": 1.0})])
        )
    )
    assert "not been measured" in score


@pytest.mark.parametrize(("ending", "words"), [(None, "still training"), ("interrupted", "interrupted at step 60")])
def test_an_unfinished_run_is_called_so(ending: str | None, words: str, tmp_path: Path) -> None:
    events = example_runs.two_phase_events()[:-1] + ([] if ending is None else [Done("run", 60, 480, 120.0, ending)])
    assert words in summary_sentences(example_runs.summary_of(example_runs.write_run(tmp_path / "run", events)))[0]


@pytest.mark.parametrize(
    ("evaluation", "key", "words"),
    [(None, "unknown", "Not checked"), ({"memorisation": {"verdict": "much"}}, "much", "near-copies"),
     ({"memorisation": {"verdict": "of a later release"}}, "unknown", "Not checked"), ({}, "unknown", "Not checked"),
     ({"memorisation": {"verdict": "none"}}, "none", "No sign of copying")],
)  # fmt: skip
def test_the_verdict(evaluation: dict[str, Any] | None, key: str, words: str, tmp_path: Path) -> None:
    verdict_key, symbol, words_shown = example_runs.summary_of(
        example_runs.write_run(tmp_path / "run"), evaluation
    ).copying_verdict
    assert verdict_key == key
    assert symbol
    assert words in words_shown


@pytest.mark.parametrize("name", ["scores", "summary", "memorisation"])
@pytest.mark.parametrize("value", [5, "x", True, None, {"a": 1}, [5], [[]], float("nan")], ids=str)
def test_a_part_of_the_evaluation_of_another_type_is_left_out(name: str, value: Any, tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")
    evaluation = example_runs.write_evaluation(run) | {name: value}
    assert summary_sentences(example_runs.summary_of(run, evaluation))
    write_card(run, evaluation)
    write_report(run, evaluation)


COLOR = DataConfig("/a/my pictures", 32, 48)
ODD = DataConfig("p", 32, 32, 4, "#ffeedd", "pad", conditional=True)
GRAY = DataConfig("<script>'", 28, 28, 1)
COUNT = 100  # pictures
ODD_OPTIONS = {"background": "#ffeedd", "fit": "pad", "conditional": True}
MANY_OPTIONS = {
    "loss": "relativistic", "penalty": "r1_r2", "gamma": 0.3, "penalty_interval": 4, "augment": ("color",),
    "ema_half_life": 0.1,
}  # fmt: skip


def configured(recipe: str, data: DataConfig, options: TrainOptions) -> Config:
    """Return the configuration that a training with these options has."""
    return replace(
        apply_options(RECIPES[recipe](data, COUNT), options),
        seed=options.seed or 0,
        minutes=options.minutes,
        total_images=options.images,
        init_from=options.init_from or "",
        precision=options.precision or "float32",
        compile=bool(options.compile),
    )


@pytest.mark.slow
@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize(
    ("recipe", "data", "given"),
    [
        ("quick", COLOR, {"minutes": 2.5}),
        ("quick", ODD, {"minutes": 1.0, "flip": "no"} | ODD_OPTIONS),
        ("quick", GRAY, {"minutes": 1.0, "penalty": "r1", "gamma": 1e-9, "penalty_interval": 16}),
        ("dcgan", COLOR, {"images": 4000}),
        ("dcgan", COLOR, {"images": 4000} | MANY_OPTIONS),
        ("dcgan", GRAY, {"minutes": 1.0, "loss": "wasserstein", "flip": "yes"}),
        ("fc", GRAY, {"minutes": 1.0, "penalty": "none"}),
        ("dcgan", GRAY, {"minutes": 1.0, "channel_mult": 0.5, "batch": 24}),
        ("dcgan", COLOR, {"minutes": 1.0, "batch": 256}),
        ("dcgan", COLOR, {"minutes": 1.0, "loss": "wasserstein", "penalty": "none"}),
        ("stylegan2", COLOR, {"minutes": 1.0, "augment": ("none",)}),
        ("vae", COLOR, {"minutes": 1.0, "batch": 16}),
        ("keen", COLOR, {"minutes": 1.0, "init_from": "/runs/an earlier one", "batch": 8, "freeze": 0.25}),
        ("fc", GRAY, {"minutes": 1.0, "precision": "bfloat16", "compile": True, "channel_mult": 2}),
    ],
)
def test_the_command_makes_the_same_configuration(
    recipe: str, data: DataConfig, given: dict[str, Any], recorded: bool, tmp_path: Path
) -> None:
    options = TrainOptions(recipe=recipe, seed=7, **given)
    config = configured(recipe, data, options)
    command = train_command(replace(config, requested=options if recorded else None), tmp_path / "a run")
    program, name, *flags = shlex.split(command)
    assert (program, name) == ("ganvas", "train")
    parsed = parse(name, COMMANDS[name], flags)
    assert parsed.out == tmp_path / "a run-again", "in the same folder it would go on, not start again"
    assert str(parsed.pictures) == data.path
    again = options_of(parsed)
    assert (again.size, again.channels) == (
        f"{data.width}x{data.height}",
        {1: "gray", 3: "rgb", 4: "rgba"}[data.channels],
    )
    assert (again.background or "white", again.fit or "crop") == (data.background, data.fit)
    assert bool(again.conditional) == data.conditional
    assert again.recipe == recipe
    assert configured(recipe, data, again) == config


def test_a_run_that_started_from_another_states_its_channel_multiplier(tmp_path: Path) -> None:
    options = TrainOptions(init_from="/wide")
    command = train_command(replace(tiny.config(), init_from="/wide", requested=options), tmp_path)
    assert "--channel-mult 1 " in command
    assert "--from /wide" in command
    assert "--channel-mult" not in train_command(replace(tiny.config(), requested=TrainOptions()), tmp_path)


def test_a_run_of_an_unknown_recipe_states_everything(tmp_path: Path) -> None:
    command = train_command(replace(tiny.config(), recipe="tomorrow", ema_half_life=0.25), tmp_path)
    assert "--recipe tomorrow" in command
    assert "--ema-half-life 0.25 --loss bce --penalty none --augment none" in command


def test_versions_say_who_trained(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")

    save_image(Image.new("RGB", (4, 4)), run.samples / "000000060.png", {})
    releases = versions(example_runs.summary_of(run, {"version": "9.9"}))
    assert releases["trained with"].startswith("ganvas ")
    assert releases["evaluated with"] == "ganvas 9.9"
    assert "torch" in releases["reported with"]


def test_versions_without_sample_grids(tmp_path: Path) -> None:
    releases = versions(
        example_runs.summary_of(
            example_runs.write_run(tmp_path / "run", [example_runs.step(5, "adversarial", {"generator": 1.0})])
        )
    )
    assert set(releases) == {"reported with"}


def test_skipped_files_are_read_back(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")
    assert skipped_files(run) == []
    run.skipped_file.write_bytes(b"a.png\tis cut off\n\xff.png\tempty\nno reason\n\n")
    assert skipped_files(run) == [("a.png", "is cut off"), ("\ufffd.png", "empty"), ("no reason", "")]
