"""Configurations go to plain data and back, and what is wrong in them is named."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tiny
from ganvas.config import Config, DataConfig, StyleConfig, from_dict, to_dict
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
    config = replace(tiny.config("quick"), data=data, classes=names, minutes=minutes, total_images=images, ema_half_life=ema)
    assert repr(from_dict(Config, json.loads(json.dumps(to_dict(config))))) == repr(config)


def test_style_survives_json() -> None:
    config = replace(StyleConfig(), blend=(2.0, 1.0), vgg19_weights="here")
    assert from_dict(StyleConfig, json.loads(json.dumps(to_dict(config)))) == config


def test_a_whole_number_serves_as_a_float() -> None:
    found = from_dict(Config, to_dict(tiny.config()) | {"ema": 1, "minutes": 5})
    assert (found.ema_half_life, found.minutes) == (1.0, 5.0)
    assert isinstance(found.minutes, float)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"recpie": "quick"}, "Did you mean 'recipe'"),
        ({"latent": "100"}, "config.latent should be int, not '100'"),
        ({"latent": True}, "config.latent should be int"),
        ({"latent": 1.5}, "config.latent should be int"),
        ({"flip": 1}, "config.flip should be bool"),
        ({"ema": False}, "config.ema should be float"),
        ({"classes": "abc"}, "config.classes should be"),
        ({"classes": ["a", 3]}, r"config.classes\[1\] should be str"),
        ({"data": []}, "config.data should be an object, not list"),
        ({"data": {"path": "x", "heigth": 3}}, "config.data has no field 'heigth'. Did you mean 'height'"),
        ({"optimisers": {"generator": {"learning_rate": "fast"}}}, "config.optimisers.generator.learning_rate"),
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
