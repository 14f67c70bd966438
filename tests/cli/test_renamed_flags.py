"""Commands and flags of release 0.1 still work, and say what they are called now."""

import json
from pathlib import Path
from typing import Any

import pytest

import ganvas
import tiny
from ganvas.cli import main
from ganvas.cli.commands import COMMANDS
from ganvas.cli.old_names import COMMANDS as OLD_COMMANDS
from ganvas.cli.old_names import FLAGS, SPELLINGS, with_new_names
from ganvas.config.options import OPTIONS
from ganvas.config.train_options import flag

pytestmark = pytest.mark.usefixtures("narrow_recipes")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what `ganvas.train` is asked for; nothing is trained."""
    options: dict[str, Any] = {}

    def train(pictures: Path, out: Path, *, stop: object, **given: Any):  # type: ignore[no-untyped-def]
        options.update(given)
        yield from ()

    monkeypatch.setattr(ganvas, "train", train)
    return options


@pytest.mark.parametrize(
    ("old", "new", "option"),
    [
        (["--labels"], "--conditional", {"conditional": True}),
        (["--every", "8"], "--penalty-interval", {"penalty_interval": 8}),
        (["--ema", "0.1"], "--ema-half-life", {"ema_half_life": 0.1}),
        (["--ema=0.1"], "--ema-half-life", {"ema_half_life": 0.1}),
        (["--width", "2"], "--channel-mult", {"channel_mult": 2.0}),
    ],
)
def test_a_flag_of_0_1_works_and_says_its_new_name(
    old: list[str], new: str, option: dict[str, Any], asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "pictures", *old]) == 0
    assert asked == option
    out, err = capsys.readouterr()
    assert out == ""
    name = old[0].partition("=")[0]
    said = f"The option {name} is now called {new}; the old name is deprecated and will go in a later release."
    assert err.strip() == said
    asked.clear()
    assert main(["train", "pictures", new, *old[1:]] if "=" not in old[0] else ["train", "pictures", f"{new}=0.1"]) == 0
    assert asked == option
    assert not capsys.readouterr().err.strip(), "a new name needs no words"


def test_inspect_knows_them_too(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny.write_pictures(pictures, 40)
    words = ["inspect", str(pictures), "--recipe", "fc", "--size", "16", "--width", "0.5", "--minutes", "0.2"]
    assert main([*words, "--json"]) == 0
    out, err = capsys.readouterr()
    assert "--width is now called --channel-mult" in err
    decisions = {each["what"]: each["value"] for each in json.loads(out)["plan"]["choices"]}
    assert decisions["width"] == "0.5 times the recipe's"
    assert "--channel-mult 0.5" in err.split("Next:")[1], "the next command has today's name"


@pytest.mark.parametrize(("old", "new"), OLD_COMMANDS.items())
def test_a_command_of_0_1_works(old: str, new: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert new in COMMANDS
    with pytest.raises(SystemExit) as caught:
        main([old, "--help"])
    assert caught.value.code == 0
    out, err = capsys.readouterr()
    assert f"ganvas {new}" in out
    said = f"The command {old} is now called {new}; the old name is deprecated and will go in a later release.\n"
    assert err == ("" if old in SPELLINGS else said)


def test_slim_says_its_new_name_and_recolour_is_only_british(capsys: pytest.CaptureFixture[str]) -> None:
    assert with_new_names(["slim", "vgg.pth"]) == ["shrink-vgg", "vgg.pth"]
    assert "slim is now called shrink-vgg" in capsys.readouterr().err
    assert with_new_names(["recolour", "a.png", "--colours", "oklab"]) == ["recolor", "a.png", "--colors", "oklab"]
    words = ["style", "a.png", "b.png", "--colours=luma", "--optimiser", "adam"]
    assert with_new_names(words) == ["style", "a.png", "b.png", "--colors=luma", "--optimizer", "adam"]
    assert capsys.readouterr().err == ""


def test_british_spellings_of_a_painting_work_silently(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import ganvas.style.paint

    settings: list[Any] = []

    def stylize(content: Path, styles: object, out: Path, config: object, masks: object):  # type: ignore[no-untyped-def]
        settings.append(config)
        yield from ()

    monkeypatch.setattr(ganvas.style.paint, "stylize", stylize)
    for words in (["--colours", "luma", "--optimiser", "adam"], ["--colors", "luma", "--optimizer", "adam"]):
        assert main(["style", "content.png", "style.png", *words]) == 0
    assert settings[0] == settings[1]
    assert (settings[0].colors, settings[0].optimizer) == ("luma", "adam")
    assert not capsys.readouterr().err.strip()


def test_grey_is_gray(asked: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "pictures", "--channels", "grey"]) == 0
    assert asked == {"channels": "gray"}
    assert not capsys.readouterr().err.strip()


def test_old_names_are_no_names_of_today() -> None:
    flags = {flag(name) for name in OPTIONS}
    for command, names in FLAGS.items():
        assert command in COMMANDS
        assert not set(names) & flags, "an option of today would be taken for another"
    assert set(FLAGS["train"].values()) <= flags
    assert not set(OLD_COMMANDS) & set(COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        ["evaluate", "run", "--width", "2"],  # a flag of other commands is left alone
        ["train", "pictures", "--out", "--labels-of-mine"],
        ["train", "pictures", "--seed", "3"],
        ["train", "slim"],
        ["sample", "recolour"],
    ],
)
def test_what_only_looks_like_an_old_name_is_left_alone(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert with_new_names(words) == words
    assert capsys.readouterr().err == ""


def test_no_words_stay_none() -> None:
    assert with_new_names([]) == []


def test_a_wrong_flag_is_not_helped_to_an_old_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["train", "pictures", "--lables"])
    assert caught.value.code == 2
    assert "--labels" not in capsys.readouterr().err


def test_a_decay_by_its_old_flag_is_refused_with_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "pictures", "--ema", "0.999"]) == 1
    err = capsys.readouterr().err
    assert "looks like a decay" in err
    assert "Try: --ema-half-life 0.05" in err
