"""Examinations: the same signs each time, in every recipe and phase, and not a bit of the training is changed."""

import copy
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from test_interventions import differing, going, snapshot, walk

import tiny
from ganvas.coach.measurement.metric_names import SIGNS
from ganvas.coach.sides import MOVED
from ganvas.config import BalanceConfig, Config, DataConfig
from ganvas.data import Prepared, prepare
from ganvas.data.split import split
from ganvas.events import Signs, drain, from_json, to_json
from ganvas.models.multiscale import MultiscaleGenerator
from ganvas.planning.schedule import position
from ganvas.recipes import RECIPES
from ganvas.training.care import health_check
from ganvas.training.care.health_check import Examiner
from ganvas.training.state import State, fresh
from ganvas.training.steps.batch import Draw

CPU = torch.device("cpu")
ALWAYS = {"pictures", "latent", "finite", "distance", "diversity", "near_copies", "generator_dead"}
JUDGED = {"told_apart", "logit_gap", "discriminator_update", "discriminator_reach", "discriminator_gradient"}


@pytest.fixture
def data(pictures: Path) -> Prepared:
    return tiny.prepared(pictures)


def begun(config: Config, data: Prepared, until: int) -> tuple[State, dict[str, float]]:
    """Return a state after so many steps, and losses as the last one may have had them."""
    state = fresh(config, CPU)
    walk(state, config, data, until)
    return state, {name: average.fast for name, average in state.averages.items()}


def examined(config: Config, data: Prepared, until: int = 3) -> Signs:
    state, losses = begun(config, data, until)
    return Examiner(config, data, CPU).examine(state, config, position(config, until - 1).phase, losses)


def check(found: Signs) -> None:
    """Assert that every sign is known and finite, and that shares are shares."""
    assert found.values.keys() <= SIGNS.keys(), found.values.keys() - SIGNS.keys()
    odd = {name: value for name, value in found.values.items() if not isinstance(value, float)}
    assert not odd, f"no numbers: {odd}"
    assert all(math.isfinite(value) for value in found.values.values()), found.values
    for name in ("told_apart", "remembered", "near_copies", "modes_lost", "generator_dead", "finite", "real_blank"):
        assert 0 <= found.values.get(name, 0) <= 1, name


def phases() -> list[tuple[str, int]]:
    return [(name, index) for name in RECIPES for index in range(len(tiny.config(name).phases))]


@pytest.mark.parametrize(("recipe", "phase"), phases())
def test_looking_gives_the_same_signs_and_changes_nothing(recipe: str, phase: int, data: Prepared) -> None:
    config = going(recipe, steps=3, ema=0.1, held_out=4)
    state, losses = begun(config, data, 3 * phase + 2)
    now = position(config, state.step - 1).phase
    examiner = Examiner(config, data, CPU)
    before, drawn = snapshot(state), torch.get_rng_state()
    modes = [module.training for network in state.networks().values() for module in network.modules()]
    grads = [each.requires_grad for network in state.networks().values() for each in network.parameters()]
    averages = {name: replace(each) for name, each in state.averages.items()}
    one, two = (examiner.examine(state, config, now, losses) for _ in range(2))
    assert to_json(one) == to_json(two)
    assert not differing(snapshot(state), before)
    assert torch.equal(torch.get_rng_state(), drawn), "random numbers of the training were drawn"
    assert modes == [module.training for network in state.networks().values() for module in network.modules()]
    assert grads == [each.requires_grad for network in state.networks().values() for each in network.parameters()]
    assert averages == state.averages
    assert all(each.grad is None for network in state.networks().values() for each in network.parameters())

    check(one)
    assert (one.step, one.images, one.phase) == (state.step, state.images, now.name)
    assert 0 < one.progress <= 1
    assert one.values.keys() >= ALWAYS
    judged = "discriminator" in MOVED[now.name]
    assert (one.values.keys() >= JUDGED) == judged, "a discriminator that does not learn was judged, or the reverse"
    assert ("remembered" in one.values) == judged
    assert one.values.get("batch", 0) == now.batch, "a phase without pictures has no batch"
    assert one.values["pictures"] == tiny.COUNT - 4
    assert from_json(to_json(one)) == one


def test_a_new_examiner_sees_the_same(data: Prepared) -> None:
    """A run that goes on builds another one."""
    config = going()
    assert examined(config, data) == examined(config, data)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("channels", [1, 4])
def test_grey_and_transparent_pictures(recipe: str, channels: int, tmp_path: Path) -> None:
    folder = tiny.write_pictures(tmp_path / "pictures", mode={1: "L", 4: "RGBA"}[channels])
    data = drain(prepare(DataConfig(str(folder), 16, 16, channels), workers=1))
    config = tiny.config(recipe, channels=channels)
    config = replace(config, phases=tuple(replace(phase, steps=2) for phase in config.phases))
    check(examined(config, data, config.steps))


@pytest.mark.parametrize("recipe", ["dcgan", "quick"])
def test_with_labels_each_sample_has_that_of_its_picture(recipe: str, data: Prepared) -> None:
    labelled = replace(data, labels=np.arange(data.count) % 2)
    config = going(recipe, steps=2, classes=("a", "b"), held_out=4)
    check(examined(config, labelled, config.steps))


@pytest.mark.parametrize("balance", [BalanceConfig(pack=2), BalanceConfig(noise=0.3), BalanceConfig(accumulate=2)])
def test_with_everything_that_may_be_prescribed(balance: BalanceConfig, data: Prepared) -> None:
    config = going("dcgan", balance=balance, held_out=4, augment=("color", "cutout"))
    check(examined(config, data))


@pytest.mark.parametrize("count", [16, 24, 80])
def test_with_few_pictures_and_none_held_out(count: int, tmp_path: Path) -> None:
    data = tiny.prepared(tiny.write_pictures(tmp_path / "pictures", count))
    found = examined(going("dcgan"), data)
    check(found)
    assert found.values["pictures"] == count
    assert "remembered" not in found.values, "there is nothing that it never saw"


def test_held_out_pictures_are_not_what_samples_are_compared_with(data: Prepared) -> None:
    config = going("dcgan", held_out=4)
    state, losses = begun(config, data, 3)
    black = np.array(data.pictures)
    black[split(data.count, 4).held_out] = 0
    one, two = (
        Examiner(config, each, CPU).examine(state, config, config.phases[0], losses).values
        for each in (data, replace(data, pictures=black))
    )
    assert {name for name in one if one[name] != two[name]} == {"remembered"}


def test_what_the_training_moves_is_seen(data: Prepared) -> None:
    config = going("dcgan")
    state, losses = begun(config, data, 3)
    examiner, phase = Examiner(config, data, CPU), config.phases[0]
    before = examiner.examine(state, config, phase, losses).values
    with torch.no_grad():
        for each in state.generator.parameters():
            each.zero_()
    after = examiner.examine(state, config, phase, losses).values
    assert after["near_copies"] == 1
    assert after["diversity"] < 0.01 < before["diversity"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_broken_state_is_examined_too(recipe: str, data: Prepared) -> None:
    config = going(recipe, steps=2, held_out=4)
    state, losses = begun(config, data, config.steps)
    with torch.no_grad():
        for network in (state.generator, state.discriminator):
            for each in network.parameters():
                each.fill_(math.nan)
    losses = dict.fromkeys(losses, math.nan)
    found = Examiner(config, data, CPU).examine(state, config, config.phases[-1], losses)
    assert found.values["finite"] < 1
    assert found.values.keys() <= SIGNS.keys()
    assert to_json(from_json(to_json(found))) == to_json(found)


def test_coarse_scales_are_judged_as_they_are_drawn(data: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture made smaller is not what the generator draws there, and the discriminator has never seen it."""
    config = going("multiscale", steps=3, held_out=4)
    state, losses = begun(config, data, 2)
    seen: list[torch.Tensor] = []
    judged = health_check.d_logits

    def watching(state: State, config: Config, material: Draw, pictures: torch.Tensor) -> torch.Tensor:
        seen.append(pictures)
        return judged(state, config, material, pictures)

    monkeypatch.setattr(health_check, "d_logits", watching)
    examiner = Examiner(config, data, CPU)
    examiner.examine(state, config, position(config, 1).phase, losses)
    material = examiner._material(config, examiner._shown)
    network = copy.deepcopy(state.generator)
    assert isinstance(network, MultiscaleGenerator)
    drawn = network.pyramid(material.latents, None)
    assert any(each.shape == drawn.shape and torch.equal(each, drawn) for each in seen)
    assert all(each.shape[1:] == drawn.shape[1:] for each in seen), "reals too, at all scales"
