"""Run summary: a run in plain words, and the command that repeats it."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import example_runs
import pytest
import tyro
from PIL import Image

import tiny
from ganvas.cli import Command, Train
from ganvas.config import DataConfig
from ganvas.events import Done
from ganvas.image_io import save_image
from ganvas.recipes import RECIPES, Wishes, with_wishes
from ganvas.report.summary import skipped_files, summary_sentences, train_command, versions


def test_the_summary_says_what_on_what_how_long_and_how_good(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")
    first, score, more = summary_sentences(example_runs.summary_of(run, example_runs.write_evaluation(run)))
    assert first.replace("\u00a0", " ") == (
        "Trained with the quick recipe to generate pictures like those in pictures (16×16, colour). "
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


COLOUR = DataConfig("/a/my pictures", 32, 48)
ODD = DataConfig("p", 32, 32, 4, "#ffeedd", "pad", conditional=True)
GREY = DataConfig("<script>'", 28, 28, 1)
COUNT = 100  # pictures
MUCH = {"loss": "relativistic", "penalty": "r1_r2", "gamma": 0.3, "every": 4, "augment": ("color",), "ema": 0.1}


@pytest.mark.parametrize(
    ("recipe", "data", "budget", "wishes"),
    [
        ("quick", COLOUR, {"minutes": 2.5}, {}),
        ("quick", ODD, {"minutes": 1.0}, {"flip": "no"}),
        ("quick", GREY, {"minutes": 1.0}, {"penalty": "r1", "gamma": 1e-9, "every": 16}),
        ("dcgan", COLOUR, {"asked_images": 4000}, {}),
        ("dcgan", COLOUR, {"asked_images": 4000}, MUCH),
        ("dcgan", GREY, {"minutes": 1.0}, {"loss": "wasserstein", "flip": "yes"}),
        ("fc", GREY, {"minutes": 1.0}, {"penalty": "none"}),
        ("dcgan", GREY, {"minutes": 1.0}, {"width": 0.5, "batch": 24}),
        ("dcgan", COLOUR, {"minutes": 1.0}, {"batch": 256}),
        ("dcgan", COLOUR, {"minutes": 1.0}, {"loss": "wasserstein", "penalty": "none"}),
        ("stylegan2", COLOUR, {"minutes": 1.0}, {"augment": ("none",)}),
        ("vae", COLOUR, {"minutes": 1.0}, {"batch": 16}),
        ("keen", COLOUR, {"minutes": 1.0, "origin": "/runs/an earlier one"}, {"batch": 8, "freeze": 0.25}),
        ("fc", GREY, {"minutes": 1.0, "precision": "bfloat16", "compiled": True}, {"width": 2}),
    ],
)
def test_the_command_makes_the_same_configuration(
    recipe: str, data: DataConfig, budget: dict[str, Any], wishes: dict[str, Any], tmp_path: Path
) -> None:
    config = replace(with_wishes(RECIPES[recipe](data, COUNT), Wishes(**wishes)), seed=7, **budget)
    words = shlex.split(train_command(config, tmp_path / "a run"))
    assert words.pop(0) == "ganvas"
    parsed = tyro.cli(Command, args=words, config=(tyro.conf.FlagCreatePairsOff,))
    assert isinstance(parsed, Train)
    assert parsed.out == tmp_path / "a run-again", "in the same folder it would go on, not begin anew"
    assert (str(parsed.pictures), parsed.size) == (data.path, f"{data.width}x{data.height}")
    assert (parsed.background, parsed.fit, parsed.labels) == (data.background, data.fit, data.conditional)
    assert (parsed.minutes, parsed.images, parsed.seed) == (config.minutes, config.asked_images, 7)
    again = with_wishes(
        RECIPES[parsed.recipe](data, COUNT),
        Wishes(
            parsed.loss, parsed.penalty, parsed.gamma, parsed.every, parsed.augment, parsed.flip, parsed.ema,
            parsed.width, parsed.batch, parsed.freeze,
        ),
    )  # fmt: skip
    assert replace(again, seed=7, **budget) == config
    assert str(parsed.origin or "") == config.init_from
    assert (parsed.precision.replace("auto", "float32"), parsed.compiled) == (config.precision, config.compile)


def test_a_run_begun_with_a_wider_one_keeps_its_width(tmp_path: Path) -> None:
    assert "--width 1.0 --from /wide" in train_command(replace(tiny.config(), init_from="/wide"), tmp_path)
    assert "--width" not in train_command(tiny.config(), tmp_path)


def test_a_recipe_that_is_not_known_here_is_spelt_out(tmp_path: Path) -> None:
    command = train_command(replace(tiny.config(), recipe="tomorrow", ema_half_life=0.25), tmp_path)
    assert "--recipe tomorrow" in command
    assert "--loss bce --penalty none --augment none --ema 0.25" in command


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
