"""Configurations go to plain data and back, and what is wrong in them is named."""

import json
import math
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tiny
from any_options import any_options
from ganvas.config import Config, DataConfig, StyleConfig, TrainOptions, from_dict, to_dict
from ganvas.errors import GanvasError, did_you_mean
from ganvas.recipes import RECIPES


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipes_survive_json(recipe: str) -> None:
    config = RECIPES[recipe](DataConfig("here", 32, 32), 500)
    assert from_dict(Config, json.loads(json.dumps(to_dict(config)))) == config


@given(
    st.builds(DataConfig, st.text(), st.integers(), st.integers(), st.integers(), st.text(), st.text(), st.booleans()),
    st.lists(st.text()).map(tuple),
    st.one_of(st.none(), st.floats()),
    st.one_of(st.none(), st.integers()),
    st.floats(),
)
def test_round_trip(
    data: DataConfig, names: tuple[str, ...], minutes: float | None, images: int | None, ema: float
) -> None:
    config = replace(
        tiny.config("quick"), data=data, classes=names, minutes=minutes, total_images=images, ema_half_life=ema
    )
    assert repr(from_dict(Config, json.loads(json.dumps(to_dict(config))))) == repr(config)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, sys.float_info.max, -sys.float_info.max])
def test_extreme_numbers_survive(number: float) -> None:
    config = replace(tiny.config("quick"), ema_half_life=number)
    assert repr(from_dict(Config, json.loads(json.dumps(to_dict(config)))).ema_half_life) == repr(number)


@pytest.mark.slow
@given(any_options)
def test_what_was_asked_for_is_kept(options: TrainOptions) -> None:
    config = replace(tiny.config(), requested=options)
    record = json.loads(json.dumps(to_dict(config)))
    assert record["requested"] == json.loads(json.dumps(options.given())), "only what was given is recorded"
    assert from_dict(Config, record) == config


def test_nothing_is_known_of_what_0_1_was_asked_for() -> None:
    record = to_dict(tiny.config())
    assert record["requested"] is None
    assert from_dict(Config, record).requested is None
    assert from_dict(Config, record | {"requested": {}}).requested == TrainOptions(), "nothing was asked for"


def test_style_survives_json() -> None:
    config = replace(StyleConfig(), blend=(2.0, 1.0), vgg19_weights="here")
    assert from_dict(StyleConfig, json.loads(json.dumps(to_dict(config)))) == config


def test_a_whole_number_serves_as_a_float() -> None:
    found = from_dict(Config, to_dict(tiny.config()) | {"ema_half_life": 1, "minutes": 5})
    assert (found.ema_half_life, found.minutes) == (1.0, 5.0)
    assert isinstance(found.minutes, float)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"recpie": "quick"}, "Did you mean 'recipe'"),
        ({"z_dim": "100"}, "config.z_dim should be int, not '100'"),
        ({"z_dim": True}, "config.z_dim should be int"),
        ({"z_dim": 1.5}, "config.z_dim should be int"),
        ({"flip": 1}, "config.flip should be bool"),
        ({"ema_half_life": False}, "config.ema_half_life should be float"),
        ({"classes": "abc"}, "config.classes should be"),
        ({"classes": ["a", 3]}, r"config.classes\[1\] should be str"),
        ({"data": []}, "config.data should be an object, not list"),
        ({"data": {"path": "x", "heigth": 3}}, "config.data has no field 'heigth'. Did you mean 'height'"),
        ({"optimizers": {"generator": {"lr": "fast"}}}, "config.optimizers.generator.lr"),
        ({"requested": {"minuts": 3}}, "config.requested has no field 'minuts'. Did you mean 'minutes'"),
        ({"requested": {"minutes": "long"}}, "config.requested.minutes should be float, not 'long'"),
        ({"requested": {"augment": ["colour"]}}, r"config.requested.augment\[0\] should be"),
        ({"requested": []}, "config.requested should be an object, not list"),
        ({"generator": {"name": "fc"}}, "config.generator is incomplete: .*widths"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, object], named: str) -> None:
    with pytest.raises(GanvasError, match=named):
        from_dict(Config, to_dict(tiny.config()) | change)


def test_not_an_object() -> None:
    with pytest.raises(GanvasError, match="should be an object, not list"):
        from_dict(Config, [1])


def test_steps_images_and_shape_add_up() -> None:
    config = tiny.config("quick", size=32)
    phases = tuple(replace(phase, steps=steps) for phase, steps in zip(config.phases, (5, 3, 7, 2), strict=False))
    config = replace(config, phases=phases)
    assert config.steps == sum(phase.steps for phase in phases)
    assert config.images == sum(phase.steps * phase.batch for phase in phases)
    assert config.shape == (3, 32, 32)


def test_did_you_mean() -> None:
    assert did_you_mean("quikc", ["quick", "fc"]) == " Did you mean 'quick'?"
    assert did_you_mean("zzzz", ["quick", "fc"]) == ""


def test_an_error_shows_its_hint() -> None:
    assert str(GanvasError("It broke.", "Mend it.")) == "It broke.\nMend it."
    assert str(GanvasError("It broke.")) == "It broke."
