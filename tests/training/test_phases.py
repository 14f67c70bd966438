"""Phases: what is known of each is true of its step, in every recipe."""

import math
from dataclasses import replace

import pytest
import torch
from stepping import CPU, prepared, same, weights

import tiny
from ganvas.config import Config, PenaltyConfig
from ganvas.data.loader import Loader
from ganvas.errors import GanvasError
from ganvas.phases import PHASES, side_of
from ganvas.planning.schedule import PhasePosition
from ganvas.recipes import RECIPES
from ganvas.training.phases import STEPS, add_to_averages, begin_step, set_learning_rates, take_step
from ganvas.training.state import State, new_state

UNCHARTED = {"real_sign", "augmented", "path"}  # losses of some recipes that have no chart


def recipe_phases() -> list[tuple[str, int]]:
    return [(name, index) for name in RECIPES for index in range(len(tiny.config(name).phases))]


def stepped(config: Config, index: int) -> tuple[State, set[str]]:
    """Return a state after a step of a phase, and the losses that it reports."""
    state, data = new_state(config, CPU), prepared(config)
    phase = replace(config.phases[index], steps=2)
    begin_step(state, config, PhasePosition(phase, 0), data)
    return state, set(take_step(phase, state, config, Loader(data, 0)))


def test_every_phase_has_a_step_and_is_described() -> None:
    assert STEPS.keys() == PHASES.keys()
    used = {phase.name for name in RECIPES for phase in (*tiny.config(name).phases, *tiny.upsampled().phases)}
    assert used == STEPS.keys(), "nobody trains by it"


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_has_the_optimizers_of_its_phases_and_no_others(recipe: str) -> None:
    config = tiny.config(recipe)
    needed = {name for phase in config.phases for name in PHASES[phase.name].optimizers}
    assert config.optimizers.keys() == needed
    assert new_state(config, CPU).optimizers.keys() == needed


@pytest.mark.parametrize(("recipe", "index"), recipe_phases())
def test_a_step_moves_by_the_optimizers_of_its_phase(recipe: str, index: int) -> None:
    config = tiny.config(recipe)
    state, _ = stepped(config, index)
    moved = {name for name, optimizer in state.optimizers.items() if optimizer.state}
    assert moved == set(PHASES[config.phases[index].name].optimizers)


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "index"), recipe_phases())
def test_a_step_reports_the_losses_of_its_charts(recipe: str, index: int) -> None:
    config = tiny.config(recipe)
    if config.discriminator.name != "none":
        config = replace(config, penalty=PenaltyConfig("r1", 1.0))
    spec, (_, losses) = PHASES[config.phases[index].name], stepped(config, index)
    charted = {loss for chart in spec.charts for loss in chart.losses}
    assert losses - UNCHARTED == charted - ({"d_reconstruction"} if recipe != "fastgan" else set())
    assert set(spec.progress) <= charted


@pytest.mark.parametrize(("recipe", "index"), recipe_phases())
def test_what_a_restart_draws_anew_is_there(recipe: str, index: int) -> None:
    config = tiny.config(recipe)
    networks = new_state(config, CPU).networks.by_name()
    for place in PHASES[config.phases[index].name].resets:
        name, _, part = place.partition(".")
        assert list(networks[name].get_submodule(part).parameters()) or config.discriminator.name == "none"


def test_sides_are_two() -> None:
    names = {name for spec in PHASES.values() for name in spec.optimizers}
    assert {name for name in names if side_of(name) == "discriminator"} == {"discriminator"}
    assert {side_of(name) for name in names} == {"generator", "discriminator"}
    assert all(spec.has_discriminator == ("discriminator" in spec.optimizers) for spec in PHASES.values())


def test_learning_rates_and_betas_are_those_of_the_configuration() -> None:
    config = tiny.config("dcgan")
    state = new_state(config, CPU)
    generator = replace(config.optimizers["generator"], lr=0.5, beta1=0.25, beta2=0.75)
    config = replace(config, optimizers=config.optimizers | {"generator": generator})
    set_learning_rates(state, config, 0.1)
    (group,) = state.optimizers["generator"].param_groups
    assert (group["lr"], group["betas"]) == (pytest.approx(0.05), (0.25, 0.75))
    (group,) = state.optimizers["discriminator"].param_groups
    assert group["lr"] == pytest.approx(0.1 * config.optimizers["discriminator"].lr)


def test_losses_that_are_no_numbers_are_reported_and_not_averaged() -> None:
    state = new_state(tiny.config(), CPU)
    for value in (1.0, math.nan, 1.0):
        values = add_to_averages(state, {"generator": torch.tensor(value), "discriminator": torch.tensor(2.0)})
        assert values == pytest.approx({"generator": value, "discriminator": 2.0}, nan_ok=True)
    averages = state.counters.loss_averages
    assert (averages["generator"].count, averages["discriminator"].count) == (2, 3)
    assert math.isfinite(averages["generator"].mean)


@pytest.mark.parametrize("half_life", [0.0, 0.1])
def test_a_step_counts_and_the_average_follows_if_there_is_one(half_life: float) -> None:
    config = tiny.config(ema_half_life=half_life)
    state, data = new_state(config, CPU), prepared(config)
    before = weights(state.networks.g_ema)
    take_step(config.phases[0], state, config, Loader(data, 0))
    assert (state.counters.step, state.counters.images_seen) == (1, config.phases[0].batch)
    assert same(state.networks.g_ema, before) == (half_life == 0)


def test_codes_are_made_once_before_the_prior_learns() -> None:
    config = tiny.config("quick")
    state, data = new_state(config, CPU), prepared(config)
    begin_step(state, config, PhasePosition(config.phases[0], 0), data)
    assert state.encoder_codes is None
    begin_step(state, config, PhasePosition(config.phases[1], 0), data)
    codes = state.encoder_codes
    assert codes is not None
    begin_step(state, config, PhasePosition(config.phases[1], 1), data)
    assert state.encoder_codes is codes


def test_a_phase_of_an_unknown_name_is_named() -> None:
    config = tiny.config()
    with pytest.raises(GanvasError, match=r"phase 'adverserial'\. Did you mean 'adversarial'"):
        take_step(
            replace(config.phases[0], name="adverserial"), new_state(config, CPU), config, Loader(prepared(config), 0)
        )
