"""The weights of 0.1 under their names of today."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import tiny
from ganvas.config import Config
from ganvas.models import build_discriminator, build_encoder, build_generator
from ganvas.models.old_names import RENAMED, translate
from ganvas.recipes import RECIPES

# recipe[-labels]: network: every key and shape that 0.1 wrote, of narrow networks for 32 px pictures
WRITTEN: dict[str, dict[str, dict[str, list[int]]]] = json.loads(
    Path(__file__).with_name("state_keys_0_1.json").read_text()
)


def config(case: str) -> Config:
    recipe, _, labels = case.partition("-")
    return replace(tiny.of_0_1(tiny.config(recipe, 32)), classes=("a", "b") if labels else ())


def built(config: Config) -> dict[str, nn.Module]:
    """Return the networks by their place in a checkpoint."""
    networks = {"generator": build_generator(config), "discriminator": build_discriminator(config)}
    encoder = build_encoder(config)
    return networks if encoder is None else networks | {"encoder": encoder}


def written(case: str, place: str) -> dict[str, Tensor]:
    return {key: torch.empty(shape) for key, shape in WRITTEN[case][place].items()}


def name_of(case: str, place: str) -> str:
    """Return the name in the configuration of the network at `place`."""
    chosen = config(case)
    return {"generator": chosen.generator.name, "discriminator": chosen.discriminator.name}.get(place, "quick")


def test_every_recipe_of_0_1_still_exists() -> None:
    assert {case.partition("-")[0] for case in WRITTEN} <= set(RECIPES)


@pytest.mark.slow
@pytest.mark.parametrize("case", WRITTEN)
def test_weights_of_0_1_fit_todays_networks_in_the_same_order(case: str) -> None:
    """Optimizers keep their moments by index, so the order counts as much as the names."""
    networks = built(config(case))
    assert networks.keys() == WRITTEN[case].keys()
    for place, network in networks.items():
        name = name_of(case, place)
        now = [(key, tensor.shape) for key, tensor in network.state_dict().items()]
        assert [(key, tensor.shape) for key, tensor in translate(written(case, place), name).items()] == now
        assert [(key, tensor.shape) for key, tensor in translate(written(case, place)).items()] == now


@pytest.mark.slow
@pytest.mark.parametrize("case", WRITTEN)
def test_todays_names_stay(case: str) -> None:
    for place, network in built(config(case)).items():
        tensors = network.state_dict()
        assert list(translate(tensors, name_of(case, place))) == list(translate(tensors)) == list(tensors)


def test_tensors_are_passed_on_untouched() -> None:
    tensors = written("stylegan2", "generator")
    assert all(new is old for new, old in zip(translate(tensors, "stylegan2").values(), tensors.values(), strict=True))


def test_unknown_networks_keep_their_names() -> None:
    tensors = {"verdict.score.weight": torch.zeros(1)}
    assert translate(tensors, "fastgan") == translate(tensors, "of a plugin") == tensors


@pytest.mark.parametrize("name", RENAMED)
def test_every_rule_is_needed(name: str) -> None:
    """A pattern that matches nothing of its network is a mistake."""
    keys = [
        key
        for case in WRITTEN
        for place, network in WRITTEN[case].items()
        if name == name_of(case, place)
        for key in network
    ]
    for old in RENAMED[name]:
        assert any(re.search(old, key) for key in keys), old
