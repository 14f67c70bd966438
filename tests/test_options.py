"""One declaration per option: flags, keywords, help, ranges and command lines follow from it."""

import contextlib
import inspect
import re
import sys
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ganvas
from any_options import any_options, options_of
from ganvas.cli import main, parse
from ganvas.cli import options as cli_options
from ganvas.cli.commands import COMMANDS
from ganvas.config import TrainOptions, from_dict, to_dict
from ganvas.config.options import GROUPS, OPTIONS, RunOptions
from ganvas.config.train_options import AUTO, choices, flag, help_texts, parse_size, to_flags
from ganvas.errors import GanvasError
from ganvas.losses import LOSSES, PENALTIES
from ganvas.recipes import RECIPES

NAMES = [field.name for field in fields(TrainOptions)]
ROOT = Path(__file__).resolve().parents[1]
IN_INSPECT = {
    name: option for name, option in OPTIONS.items() if name not in {field.name for field in fields(RunOptions)}
}


def help_of(command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what --help prints, without frames and line breaks."""
    monkeypatch.setenv("COLUMNS", "400")
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    return re.sub(r"[\s│╭╮╰╯─]+", " ", capsys.readouterr().out)


def test_every_option_is_in_one_group() -> None:
    grouped = [field.name for group in GROUPS for field in fields(group)]
    assert list(OPTIONS) == grouped
    assert sorted(grouped) == sorted(set(grouped)) == sorted(NAMES)
    assert [group.__doc__ for group in GROUPS] == ["Data", "Budget", "Model", "Regularization", "Run"]


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_described(name: str) -> None:
    assert OPTIONS[name].default, "nobody knows what is in force without it"
    assert re.fullmatch(r"\S.*\.", help_texts()[name], re.DOTALL), "no sentence"
    assert set(help_texts()) == set(NAMES)
    if OPTIONS[name].minimum > -float("inf"):
        assert OPTIONS[name].example
        assert OPTIONS[name].metavar


@pytest.mark.parametrize("command", ["train", "inspect"])
def test_every_option_is_a_flag(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = help_of(command, capsys, monkeypatch)
    for name in OPTIONS if command == "train" else IN_INSPECT:
        option = OPTIONS[name]
        assert re.search(rf"{flag(name)}(?![\w-])", text), name
        assert f"{help_texts()[name]} (default: {option.default})" in text, name
        assert option.metavar in text
        for word in choices(name):
            assert word in text
    assert all(recipe in text for recipe in RECIPES)
    assert "None" not in text, "talk of None means nothing to a user"
    assert not re.search(r"--(data|budget|model|regularization|run)\.", text), "the groups are no part of the flags"


@pytest.mark.parametrize("function", [ganvas.train, ganvas.plan])
def test_every_option_is_a_keyword(function: Any) -> None:
    parameters = inspect.signature(function).parameters
    for name in NAMES:
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
        assert parameters[name].default is None
        assert "Option(" not in str(parameters[name]), "a type for people"
    own = {"train": ["pictures", "out", "stop"], "plan": ["pictures"]}[function.__name__]
    assert [name for name in parameters if name not in NAMES] == own
    assert not any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values())


def test_the_page_of_options_is_that_of_this_release(monkeypatch: pytest.MonkeyPatch) -> None:
    if not (ROOT / "scripts" / "write_options.py").is_file():
        pytest.skip("not in a checkout")
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import write_options

    text = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
    assert text == write_options.page(), "type: python scripts/write_options.py"
    assert all(f"| `{flag(name)}" in text for name in NAMES)
    sys.modules.pop("write_options")


def test_the_choices_are_those_that_exist() -> None:
    assert set(choices("loss")) == {AUTO, *LOSSES}
    assert set(choices("penalty")) == {AUTO, "none", *PENALTIES}
    assert choices("size") == choices("batch") == ()


@pytest.mark.slow
@settings(max_examples=60)
@given(any_options)
def test_words_of_a_command_line_are_read_back(options: TrainOptions) -> None:
    parsed = parse("train", COMMANDS["train"], ["pictures", *to_flags(options.given())])
    assert cli_options.options_of(parsed) == options
    assert parsed.pictures == "pictures"


@pytest.mark.slow
@settings(max_examples=30)
@given(options_of(IN_INSPECT))
def test_inspect_reads_them_too(options: TrainOptions) -> None:
    parsed = parse("inspect", COMMANDS["inspect"], ["pictures", *to_flags(options.given())])
    assert cli_options.options_of(parsed) == options


@pytest.mark.slow
@given(any_options)
def test_options_survive_json(options: TrainOptions) -> None:
    record = to_dict(options)
    assert from_dict(TrainOptions, {name: value for name, value in record.items() if value is not None}) == options
    assert from_dict(TrainOptions, options.to_record()) == options
    assert None not in options.to_record().values(), "only what was given is recorded"


def test_numbers_are_typed_without_a_loss_and_no_longer_than_need_be() -> None:
    for value, text in ((0.0002, "0.0002"), (1e-9, "1e-09"), (2.0, "2"), (0.1 + 0.2, "0.30000000000000004")):
        assert to_flags({"gamma": value}) == ["--gamma", text]
        assert float(text) == value


def test_a_flag_that_is_off_is_not_typed() -> None:
    assert to_flags({"conditional": True, "compile": False, "seed": None, "ema_half_life": 0.0}) == [
        "--conditional", "--ema-half-life", "0",
    ]  # fmt: skip
    assert to_flags({"init_from": "a run", "augment": ("color", "cutout")}) == [
        "--from", "a run", "--augment", "color", "cutout",
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_auto_is_the_same_as_leaving_it_out(name: str) -> None:
    assert TrainOptions(**{name: AUTO}) == TrainOptions()
    assert TrainOptions(**{name: None}).given() == {}


def test_options_have_one_form() -> None:
    assert TrainOptions(size="64") == TrainOptions(size="64x64")
    assert TrainOptions(size=" 96X64 ").size == "96x64"
    assert TrainOptions(channels="grey") == TrainOptions(channels="gray")
    assert TrainOptions(init_from=Path("runs/old")) == TrainOptions(init_from="runs/old")  # type: ignore[arg-type]
    assert TrainOptions(augment=["color", "cutout"]).augment == ("color", "cutout")  # type: ignore[arg-type]
    assert TrainOptions(augment="ada").augment == ("ada",)  # type: ignore[arg-type]
    assert TrainOptions(augment=()) == TrainOptions(), "nothing was named, so nothing was asked for"
    assert TrainOptions(seed=0).given() == {"seed": 0}, "a zero is not nothing"
    assert TrainOptions(conditional=False).given() == {"conditional": False}
    with pytest.raises(FrozenInstanceError):
        TrainOptions().seed = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        TrainOptions("64")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"minutes": 1.0, "images": 100}, "Both --minutes and --images"),
        ({"images": 0}, "--images must be greater than 0, not 0"),
        ({"images": -5}, "--images must be greater than 0, not -5"),
        ({"minutes": 0}, "--minutes must be greater than 0, not 0"),
        ({"minutes": float("nan")}, "--minutes must be greater than 0, not nan"),
        ({"minutes": float("inf")}, "--minutes must be greater than 0, not inf"),
        ({"seed": -1}, "--seed must be 0 or more, not -1"),
        ({"size": "huge"}, "'huge' is not a size"),
        ({"channels": "grau"}, r"no --channels value 'grau'\. Did you mean 'gra"),
        ({"fit": "crpo"}, r"no --fit value 'crpo'\. Did you mean 'crop'"),
        ({"loss": "hingy"}, r"no --loss value 'hingy'\. Did you mean 'hinge'"),
        ({"loss": "bec"}, r"no --loss value 'bec'\. Did you mean 'bce'"),
        ({"loss": "none"}, "no --loss value 'none'"),
        ({"penalty": "r3"}, "no --penalty value 'r3'"),
        ({"augment": ("colour",)}, r"no --augment value 'colour'\. Did you mean 'color'"),
        ({"augment": ("adda",)}, r"no --augment value 'adda'\. Did you mean 'ada'"),
        ({"augment": "colour"}, r"no --augment value 'colour'\. Did you mean 'color'"),
        ({"flip": "maybe"}, "no --flip value 'maybe'"),
        ({"flip": "none"}, "no --flip value 'none'"),
        ({"coach": "ask"}, "no --coach value 'ask'"),
        ({"precision": "float8"}, "no --precision value 'float8'"),
        ({"gamma": -1.0}, "--gamma must be 0 or more, not -1"),
        ({"gamma": float("inf")}, "--gamma must be 0 or more, not inf"),
        ({"penalty_interval": 0}, "--penalty-interval must be 1 or more, not 0"),
        ({"channel_mult": 0}, "--channel-mult must be between 0.1 and 16, not 0"),
        ({"channel_mult": 17}, "--channel-mult must be between 0.1 and 16, not 17"),
        ({"batch": 1}, "--batch must be between 2 and 4096, not 1"),
        ({"batch": 5000}, "--batch must be between 2 and 4096, not 5000"),
        ({"freeze": 1.0}, "--freeze must be between 0 and 0.99, not 1"),
        ({"g_lr": -0.1}, "--g-lr must be between 0 and 1, not -0.1"),
        ({"d_lr": 2}, "--d-lr must be between 0 and 1, not 2"),
        ({"d_lr": float("nan")}, "--d-lr must be between 0 and 1, not nan"),
        ({"ema_half_life": 2.0}, "--ema-half-life must be between 0 and 0.5, not 2"),
        ({"ema_half_life": -0.1}, "--ema-half-life must be between 0 and 0.5, not -0.1"),
    ],
)
def test_what_is_out_of_range_or_no_choice_is_refused(options: dict[str, Any], named: str) -> None:
    with pytest.raises(GanvasError, match=named) as caught:
        TrainOptions(**options)
    assert caught.value.hint, "an error without a next step"


@pytest.mark.parametrize("name", [name for name, option in OPTIONS.items() if option.example])
def test_the_example_of_a_hint_is_valid(name: str) -> None:
    number = float(OPTIONS[name].example)
    value = int(number) if number == int(number) and name != "minutes" else number
    assert TrainOptions(**{name: value}).given() == {name: value}


@pytest.mark.parametrize("decay", [0.999, 0.9999, 0.99, 0.9, 0.51, 1.0])
def test_a_decay_is_not_taken_for_a_half_life(decay: float) -> None:
    with pytest.raises(GanvasError, match="looks like a decay") as caught:
        ganvas.plan("nowhere", ema_half_life=decay)
    assert caught.value.hint == "Try: --ema-half-life 0.05"
    with pytest.warns(DeprecationWarning, match="ema="), pytest.raises(GanvasError, match="looks like a decay"):
        ganvas.train("nowhere", "run", ema=decay)
    for half_life in (0, 0.05, 0.5):
        assert TrainOptions(ema_half_life=half_life).ema_half_life == half_life


@given(st.integers(0, 9999), st.integers(0, 9999), st.sampled_from(["x", "X"]))
def test_sizes(width: int, height: int, cross: str) -> None:
    assert parse_size(f"{width}{cross}{height}") == (width, height)
    assert parse_size(f" {width} ") == (width, width)


@given(st.text())
def test_anything_else_is_an_error_and_never_a_crash(text: str) -> None:
    with contextlib.suppress(GanvasError):
        assert min(parse_size(text)) >= 0


@pytest.mark.parametrize("text", ["", "x", "64x", "x64", "64 x 64", "-3", "64.0", "1e3", "99999", "64x64x3", "big"])
def test_not_a_size(text: str) -> None:
    with pytest.raises(GanvasError, match="is not a size"):
        parse_size(text)


def test_a_keyword_that_does_not_exist_suggests_the_right_one() -> None:
    with pytest.raises(TypeError, match=r"no option 'minuts'\. Did you mean 'minutes'"):
        ganvas.train("pictures", "run", minuts=3)
    with pytest.raises(TypeError, match=r"no option 'recpie'\. Did you mean 'recipe'"):
        ganvas.plan("pictures", recpie="fc")


@pytest.fixture
def returned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `ganvas.train` and `ganvas.plan` return the options that they were given; nothing is trained."""
    import ganvas.training.forecast
    import ganvas.training.start

    monkeypatch.setattr(ganvas.training.start, "train", lambda pictures, out, options, stop, began: options)
    monkeypatch.setattr(ganvas, "stop_on_interrupt", lambda begin, stop: begin(stop))
    monkeypatch.setattr(ganvas.training.forecast, "forecast", lambda pictures, options: options)


@pytest.mark.parametrize(
    ("old", "value", "new", "means"),
    [
        ("labels", True, "conditional", True),
        ("labels", False, "conditional", None),
        ("every", 8, "penalty_interval", 8),
        ("every", None, "penalty_interval", None),
        ("ema", 0.1, "ema_half_life", 0.1),
        ("ema", 0, "ema_half_life", 0),
        ("width", 2, "channel_mult", 2),
        ("origin", "runs/old", "init_from", "runs/old"),
        ("compiled", True, "compile", True),
        ("compiled", False, "compile", None),
    ],
)
@pytest.mark.usefixtures("returned")
def test_a_keyword_of_0_1_works_and_warns_where_it_is_used(old: str, value: Any, new: str, means: Any) -> None:
    with pytest.warns(DeprecationWarning, match=f"{old}= is now called {new}=") as caught:
        options = ganvas.train("pictures", "run", **{old: value})
    assert [each.filename for each in caught] == [__file__]
    assert getattr(options, new) == means
    assert options == TrainOptions(**{new: means}), "something else was given"
    with pytest.warns(DeprecationWarning, match=f"{old}= is now called {new}=") as caught:
        assert ganvas.plan("pictures", **{old: value}) == options
    assert [each.filename for each in caught] == [__file__]


@pytest.mark.usefixtures("returned")
def test_what_0_1_took_for_not_given_is_not_given() -> None:
    options: Any = ganvas.train(
        "pictures", "run", recipe="auto", size="auto", channels="auto", loss="auto", penalty="auto", augment=(),
        flip="auto", precision="auto", coach="auto", device="auto",
    )  # fmt: skip
    assert options == TrainOptions()


def test_a_british_gray_needs_no_warning(recwarn: pytest.WarningsRecorder) -> None:
    assert TrainOptions(channels="grey").channels == "gray"
    assert not recwarn


def test_whole_numbers_stay_whole() -> None:
    assert TrainOptions(images=1e5).images == 100_000  # type: ignore[arg-type]
    assert isinstance(TrainOptions(images=1e5).images, int)  # type: ignore[arg-type]
    with pytest.raises(GanvasError, match="whole number"):
        TrainOptions(batch=2.5)  # type: ignore[arg-type]
    assert TrainOptions(size=64).size == "64x64"  # type: ignore[arg-type]
