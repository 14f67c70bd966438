"""Back to the recipe's own settings: what is far from them is set back, and nothing else."""

from dataclasses import replace

import pytest

import tiny
from ganvas.coach.diagnosis.history import PhaseHistory
from ganvas.coach.treatment.prescription import with_prescriptions
from ganvas.coach.treatment.recipe_settings import (
    FAR_BETA1,
    FAR_GAMMA,
    FAR_RATE,
    begin_with_recipe_settings,
    recipe_settings,
)
from ganvas.coach.treatment.remedy_context import RemedyContext
from ganvas.config import Config, OptimizerConfig, PenaltyConfig
from ganvas.recipes import RECIPES
from histories import health_check

COUNT = 5000


def context(config: Config, phase: str = "adversarial", tried: frozenset[str] = frozenset()) -> RemedyContext:
    """Return what a remedy is chosen by in a training of so many pictures."""
    history = PhaseHistory((health_check(0, phase, dataset_size=float(COUNT)),))
    return RemedyContext(history, config, (), 0, False, tried)


def recipe(name: str) -> Config:
    return RECIPES[name](tiny.config(name).data, COUNT)


def with_rates(config: Config, factor: float, beta1: float | None = None) -> Config:
    """Return `config` with all learning rates multiplied, and perhaps another beta1."""
    optimizers = {
        name: OptimizerConfig(each.lr * factor, each.beta1 if beta1 is None else beta1, each.beta2)
        for name, each in config.optimizers.items()
    }
    return replace(config, optimizers=optimizers)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_as_it_is_needs_nothing(name: str) -> None:
    config = recipe(name)
    for phase in {each.name for each in config.phases}:
        assert recipe_settings(context(config, phase)) == ()


@pytest.mark.parametrize("name", ["dcgan", "residual", "r3gan", "stylegan2"])
@pytest.mark.parametrize("factor", [FAR_RATE * 1.1, 25.0, 1 / 60])
def test_rates_far_from_the_recipes_are_set_back(name: str, factor: float) -> None:
    usual, config = recipe(name), with_rates(recipe(name), factor, beta1=0.95)
    now = with_prescriptions(config, recipe_settings(context(config)))
    for optimizer, each in usual.optimizers.items():
        assert now.optimizers[optimizer].lr == pytest.approx(each.lr)
        assert now.optimizers[optimizer].beta1 == each.beta1
        assert 0.95 - each.beta1 > FAR_BETA1, "this test needs a momentum further away"


def test_rates_that_are_only_a_little_higher_are_a_matter_of_taste() -> None:
    assert recipe_settings(context(with_rates(recipe("dcgan"), 0.9 * FAR_RATE))) == ()


def test_what_the_coach_has_lowered_is_not_raised_again() -> None:
    config = with_rates(recipe("dcgan"), 0.01)
    assert recipe_settings(context(config, tried=frozenset({"lr"}))) == ()


def test_loss_and_penalty_are_the_recipes_again_for_the_batch_that_is_trained_with() -> None:
    usual = recipe("residual")
    batch = 4 * usual.phases[0].batch
    phases = tuple(replace(phase, batch=batch) for phase in usual.phases)
    config = replace(usual, loss="hinge", penalty=PenaltyConfig(), phases=phases)
    now = with_prescriptions(config, recipe_settings(context(config)))
    assert (now.loss, now.penalty.name) == (usual.loss, usual.penalty.name)
    assert now.penalty.gamma == pytest.approx(usual.penalty.gamma / 4), "a larger batch needs less of it"
    again = recipe_settings(context(config, tried=frozenset({"loss", "penalty"})))
    assert again == (), "the coach chose these itself"


def test_a_penalty_within_an_order_of_magnitude_stays() -> None:
    usual = recipe("residual")
    for factor, kept in ((0.5 * FAR_GAMMA, True), (2 * FAR_GAMMA, False)):
        config = replace(usual, penalty=replace(usual.penalty, gamma=factor * usual.penalty.gamma))
        assert (recipe_settings(context(config)) == ()) == kept


def test_what_later_phases_train_with_is_set_back_before_it_does_harm() -> None:
    config = with_rates(recipe("quick"), 25)
    orders = recipe_settings(context(config, "autoencode"))
    assert {order.network for order in orders if order.kind == "lr"} == config.optimizers.keys()


def test_a_recipe_without_a_discriminator_gets_no_loss_for_one() -> None:
    config = replace(recipe("vae"), loss="hinge", penalty=PenaltyConfig("r1", 5.0))
    assert recipe_settings(context(config, "vae")) == ()


def test_what_was_trained_with_strange_settings_is_begun_again_in_the_first_half() -> None:
    config = with_rates(recipe("dcgan"), 25)
    early, late = (
        replace(context(config), history=PhaseHistory((replace(check, progress=progress),)), healthy_steps=(50,))
        for check in [health_check(0, dataset_size=float(COUNT))]
        for progress in (0.3, 0.7)
    )
    assert begin_with_recipe_settings(early)[0].kind == "reinitialize", "it went back to what was trained so"
    assert begin_with_recipe_settings(late) == ()
    assert begin_with_recipe_settings(replace(early, steps_left=20)) == (), "new weights cannot come far any more"


@pytest.mark.parametrize("count", [float("nan"), float("inf"), 0.0])
def test_a_history_that_does_not_say_how_many_pictures_there_are_gets_nothing(count: float) -> None:
    config = with_rates(recipe("dcgan"), 25)
    history = PhaseHistory((health_check(0, dataset_size=count),))
    assert recipe_settings(RemedyContext(history, config, (), 0, False, frozenset())) == ()
