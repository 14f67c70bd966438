"""Examinations: the same signs each time, in every recipe and phase, and not a bit of the training is changed."""

import copy
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from test_interventions import differing, going, snapshot, walk
from torch import Tensor

import tiny
from ganvas.coach.measurement.metric_names import METRICS
from ganvas.config import BalanceConfig, Config, DataConfig
from ganvas.data import PreparedDataset, prepare
from ganvas.data.split import split
from ganvas.event_log import from_json, to_json
from ganvas.events import HealthCheck, run_to_end
from ganvas.models.multiscale import MultiscaleGenerator
from ganvas.phases import PHASES
from ganvas.planning.schedule import phase_at
from ganvas.recipes import RECIPES
from ganvas.training.monitoring.health_check import HealthChecker
from ganvas.training.state import State, new_state

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
ALWAYS = {
    "dataset_size",
    "latent_dim",
    "finite",
    "feature_distance",
    "diversity",
    "near_copies",
    "generator_dead_units",
}
JUDGED = {
    "d_pair_accuracy",
    "logit_gap",
    "discriminator_update_ratio",
    "discriminator_lr_to_weight_ratio",
    "discriminator_gradient_rms",
}


@pytest.fixture
def data(pictures: Path) -> PreparedDataset:
    return tiny.prepared(pictures)


def begun(config: Config, data: PreparedDataset, until: int) -> tuple[State, dict[str, float]]:
    """Return a state after so many steps, and losses as the last one may have had them."""
    state = new_state(config, CPU)
    walk(state, config, data, until)
    return state, {name: average.fast_mean for name, average in state.counters.loss_averages.items()}


def examined(config: Config, data: PreparedDataset, until: int = 3) -> HealthCheck:
    state, losses = begun(config, data, until)
    return HealthChecker(config, data, CPU).check(state, config, phase_at(config, until - 1).phase, losses)


def check(found: HealthCheck) -> None:
    """Assert that every sign is known and finite, and that shares are shares."""
    assert found.metrics.keys() <= METRICS.keys(), found.metrics.keys() - METRICS.keys()
    odd = {name: value for name, value in found.metrics.items() if not isinstance(value, float)}
    assert not odd, f"no numbers: {odd}"
    assert all(math.isfinite(value) for value in found.metrics.values()), found.metrics
    for name in (
        "d_pair_accuracy",
        "d_train_vs_heldout",
        "near_copies",
        "modes_lost",
        "generator_dead_units",
        "finite",
        "real_blank",
    ):
        assert 0 <= found.metrics.get(name, 0) <= 1, name


def phases() -> list[tuple[str, int]]:
    return [(name, index) for name in RECIPES for index in range(len(tiny.config(name).phases))]


@pytest.mark.parametrize(("recipe", "phase"), phases())
def test_looking_gives_the_same_signs_and_changes_nothing(recipe: str, phase: int, data: PreparedDataset) -> None:
    config = going(recipe, steps=3, ema_half_life=0.1, held_out=4)
    state, losses = begun(config, data, 3 * phase + 2)
    now = phase_at(config, state.counters.step - 1).phase
    examiner = HealthChecker(config, data, CPU)
    before, drawn = snapshot(state), torch.get_rng_state()
    modes = [module.training for network in state.networks.by_name().values() for module in network.modules()]
    grads = [each.requires_grad for network in state.networks.by_name().values() for each in network.parameters()]
    averages = {name: replace(each) for name, each in state.counters.loss_averages.items()}
    one, two = (examiner.check(state, config, now, losses) for _ in range(2))
    assert to_json(one) == to_json(two)
    assert not differing(snapshot(state), before)
    assert torch.equal(torch.get_rng_state(), drawn), "random numbers of the training were drawn"
    assert modes == [module.training for network in state.networks.by_name().values() for module in network.modules()]
    assert grads == [
        each.requires_grad for network in state.networks.by_name().values() for each in network.parameters()
    ]
    assert averages == state.counters.loss_averages
    assert all(each.grad is None for network in state.networks.by_name().values() for each in network.parameters())

    check(one)
    assert (one.step, one.images_seen, one.phase) == (state.counters.step, state.counters.images_seen, now.name)
    assert 0 < one.progress <= 1
    assert one.metrics.keys() >= ALWAYS
    judged = "discriminator" in PHASES[now.name].optimizers
    assert (one.metrics.keys() >= JUDGED) == judged, "a discriminator that does not learn was judged, or the reverse"
    assert ("d_train_vs_heldout" in one.metrics) == judged
    assert one.metrics.get("batch_size", 0) == now.batch, "a phase without pictures has no batch"
    assert one.metrics["dataset_size"] == tiny.COUNT - 4
    assert from_json(to_json(one)) == one


def test_a_new_examiner_sees_the_same(data: PreparedDataset) -> None:
    """A run that goes on builds another one."""
    config = going()
    assert examined(config, data) == examined(config, data)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("channels", [1, 4])
def test_grey_and_transparent_pictures(recipe: str, channels: int, tmp_path: Path) -> None:
    folder = tiny.write_pictures(tmp_path / "pictures", mode={1: "L", 4: "RGBA"}[channels])
    data = run_to_end(prepare(DataConfig(str(folder), 16, 16, channels), workers=1))
    config = tiny.config(recipe, channels=channels)
    config = replace(config, phases=tuple(replace(phase, steps=2) for phase in config.phases))
    check(examined(config, data, config.steps))


@pytest.mark.parametrize("recipe", ["dcgan", "quick"])
def test_with_labels_each_sample_has_that_of_its_picture(recipe: str, data: PreparedDataset) -> None:
    labelled = replace(data, labels=np.arange(data.count) % 2)
    config = going(recipe, steps=2, classes=("a", "b"), held_out=4)
    check(examined(config, labelled, config.steps))


@pytest.mark.parametrize(
    "balance", [BalanceConfig(pac=2), BalanceConfig(instance_noise_std=0.3), BalanceConfig(grad_accum_steps=2)]
)
def test_with_everything_that_may_be_prescribed(balance: BalanceConfig, data: PreparedDataset) -> None:
    config = going("dcgan", balance=balance, held_out=4, augment=("color", "cutout"))
    check(examined(config, data))


@pytest.mark.parametrize("count", [16, 24, 80])
def test_with_few_pictures_and_none_held_out(count: int, tmp_path: Path) -> None:
    data = tiny.prepared(tiny.write_pictures(tmp_path / "pictures", count))
    found = examined(going("dcgan"), data)
    check(found)
    assert found.metrics["dataset_size"] == count
    assert "d_train_vs_heldout" not in found.metrics, "there is nothing that it never saw"


def test_held_out_pictures_are_not_what_samples_are_compared_with(data: PreparedDataset) -> None:
    config = going("dcgan", held_out=4)
    state, losses = begun(config, data, 3)
    black = np.array(data.images)
    black[split(data.count, 4).held_out] = 0
    one, two = (
        HealthChecker(config, each, CPU).check(state, config, config.phases[0], losses).metrics
        for each in (data, replace(data, images=black))
    )
    assert {name for name in one if one[name] != two[name]} == {"d_train_vs_heldout"}


def test_what_the_training_moves_is_seen(data: PreparedDataset) -> None:
    config = going("dcgan")
    state, losses = begun(config, data, 3)
    examiner, phase = HealthChecker(config, data, CPU), config.phases[0]
    before = examiner.check(state, config, phase, losses).metrics
    with torch.no_grad():
        for each in state.networks.generator.parameters():
            each.zero_()
    after = examiner.check(state, config, phase, losses).metrics
    assert after["near_copies"] == 1
    assert after["diversity"] < 0.01 < before["diversity"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_broken_state_is_examined_too(recipe: str, data: PreparedDataset) -> None:
    config = going(recipe, steps=2, held_out=4)
    state, losses = begun(config, data, config.steps)
    with torch.no_grad():
        for network in (state.networks.generator, state.networks.discriminator):
            for each in network.parameters():
                each.fill_(math.nan)
    losses = dict.fromkeys(losses, math.nan)
    found = HealthChecker(config, data, CPU).check(state, config, config.phases[-1], losses)
    assert found.metrics["finite"] < 1
    assert found.metrics.keys() <= METRICS.keys()
    assert to_json(from_json(to_json(found))) == to_json(found)


def test_coarse_scales_are_judged_as_they_are_drawn(data: PreparedDataset) -> None:
    """A picture made smaller is not what the generator draws there, and the discriminator has never seen it."""
    config = going("multiscale", steps=3, held_out=4, augment=(), ada=None)
    state, losses = begun(config, data, 2)
    latents: list[Tensor] = []
    judged: list[Tensor] = []
    state.networks.generator.register_forward_pre_hook(lambda module, given: latents.append(given[0]))
    state.networks.discriminator.register_forward_pre_hook(lambda module, given: judged.append(given[0]))
    HealthChecker(config, data, CPU).check(state, config, phase_at(config, 1).phase, losses)
    network = copy.deepcopy(state.networks.generator)
    assert isinstance(network, MultiscaleGenerator)
    drawn = network.pyramid(latents[0], None)
    assert any(each.shape == drawn.shape and torch.equal(each, drawn) for each in judged)
    assert all(each.shape[1:] == drawn.shape[1:] for each in judged), "reals too, at all scales"
