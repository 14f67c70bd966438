"""Options in place of a recipe's choice: networks, losses, penalties, augmentation, learning rates."""

from dataclasses import replace
from typing import Any

import pytest

from ganvas.config import DataConfig, TrainOptions
from ganvas.config.train_options import flag
from ganvas.errors import GanvasError
from ganvas.models import build_generator
from ganvas.recipes import RECIPES
from ganvas.recipes.overrides import apply_options


def data(width: int, height: int | None = None, channels: int = 3) -> DataConfig:
    return DataConfig("pictures", height or width, width, channels)


def test_options_take_the_place_of_the_recipes_choice() -> None:
    plain = RECIPES["dcgan"](data(32), 1000)
    assert apply_options(plain, TrainOptions()) == plain
    options = {"loss": "hinge", "penalty": "r1", "gamma": 3.0, "augment": ("color", "cutout"), "flip": "yes"}
    found = apply_options(plain, TrainOptions(**options))
    assert (found.loss, found.penalty.name, found.penalty.gamma) == ("hinge", "r1", 3.0)
    assert (found.augment, found.flip) == (("color", "cutout"), True)
    back = apply_options(found, TrainOptions(penalty="none", augment=("none",), flip="no"))
    assert (back.loss, back.penalty.name, back.augment, back.flip) == ("hinge", "none", (), False)


@pytest.mark.parametrize(
    "options", [{"loss": "hinge"}, {"penalty": "r1"}, {"gamma": 1.0}, {"penalty_interval": 4}, {"augment": ("color",)}]
)
def test_a_vae_has_nothing_that_a_discriminator_is_trained_by(options: dict[str, Any]) -> None:
    with pytest.raises(GanvasError, match="no discriminator") as caught:
        apply_options(RECIPES["vae"](data(32), 1000), TrainOptions(**options))
    assert flag(next(iter(options))) in caught.value.message
    assert apply_options(RECIPES["vae"](data(32), 1000), TrainOptions(ema_half_life=0.1)).ema_half_life == 0.1


def test_gamma_follows_from_penalty_size_and_batch() -> None:
    plain = RECIPES["dcgan"](data(64, 32), 1000)
    assert apply_options(plain, TrainOptions(penalty="gradient")).penalty.gamma == 10
    rule = 0.0002 * 64 * 32 / plain.phases[-1].batch
    assert apply_options(plain, TrainOptions(penalty="r1")).penalty.gamma == pytest.approx(rule)


@pytest.mark.parametrize(
    ("recipe", "penalty"), [("r3gan", "approximate_r1_r2"), ("multiscale", "r2"), ("r3gan", "r1_r2")]
)
def test_another_penalty_of_the_same_kind_is_as_heavy_as_the_recipes_own(recipe: str, penalty: str) -> None:
    plain = RECIPES[recipe](data(32), 1000)
    found = apply_options(plain, TrainOptions(penalty=penalty, batch=2 * plain.phases[-1].batch)).penalty
    assert (found.name, found.interval) == (penalty, plain.penalty.interval)
    assert found.gamma == pytest.approx(plain.penalty.gamma / 2), "with this weight it was tried"
    assert apply_options(plain, TrainOptions(penalty=penalty, penalty_interval=1)).penalty.interval == 1
    rule = 0.0002 * 32 * 32 / 16
    other = apply_options(RECIPES["progressive"](data(32), 1000), TrainOptions(penalty="r1"))
    assert other.penalty.gamma == pytest.approx(rule), "weights of another kind mean something else"


def test_wasserstein_brings_its_penalty() -> None:
    found = apply_options(RECIPES["dcgan"](data(32), 1000), TrainOptions(loss="wasserstein"))
    assert (found.penalty.name, found.penalty.gamma) == ("gradient", 10.0), "the critic would run away"


@pytest.mark.parametrize("options", [{"gamma": 5.0}, {"penalty_interval": 4}])
def test_a_weight_or_an_interval_needs_a_penalty(options: dict[str, Any]) -> None:
    with pytest.raises(GanvasError, match="no penalty to set") as caught:
        apply_options(RECIPES["dcgan"](data(32), 1000), TrainOptions(**options))
    assert "--penalty r1" in caught.value.hint


def test_wider_networks_are_wider_everywhere() -> None:
    for name, recipe in RECIPES.items():
        plain, wide = recipe(data(32), 1000), apply_options(recipe(data(32), 1000), TrainOptions(channel_mult=2.0))
        assert wide.channel_mult == 2.0
        pairs = [(plain.generator, wide.generator), (plain.discriminator, wide.discriminator)]
        pairs += [(plain.encoder, wide.encoder)] if plain.encoder and wide.encoder else []
        for before, after in pairs:
            assert after.widths == tuple(2 * each for each in before.widths), name
        assert build_generator(wide) is not None


def test_another_batch_takes_penalty_and_bounds_along() -> None:
    config = RECIPES["r3gan"](data(32), 1000)
    twice = apply_options(config, TrainOptions(batch=2 * config.phases[0].batch))
    assert twice.penalty.gamma == pytest.approx(config.penalty.gamma / 2)
    quick = RECIPES["quick"](data(32), 1000)
    half = apply_options(quick, TrainOptions(batch=16))
    assert [phase.batch for phase in half.phases] == [16, 0, 16]
    assert half.phases[2].max_steps == 2 * quick.phases[2].max_steps, "a picture is seen as often"
    assert half.phases[1].max_steps == quick.phases[1].max_steps


def test_colors_of_a_pyramid_cannot_be_changed() -> None:
    for augment in (("color",), ("ada",)):
        with pytest.raises(GanvasError, match="multiscale cannot") as caught:
            apply_options(RECIPES["multiscale"](data(32), 1000), TrainOptions(augment=augment))
        assert caught.value.hint
    assert apply_options(RECIPES["multiscale"](data(32), 1000), TrainOptions(augment=("translation",))).augment


def test_adaptive_augmentations_adapt_and_others_do_not() -> None:
    for augment, adapts in ((("ada",), True), (("apa",), True), (("color",), False), (("none",), False)):
        config = apply_options(RECIPES["stylegan2"](data(32), 100_000), TrainOptions(augment=augment))
        assert (config.ada is not None) == adapts, augment


def test_the_penalty_of_a_recipe_can_have_another_weight() -> None:
    config = RECIPES["r3gan"](data(32), 1000)
    other = apply_options(config, TrainOptions(gamma=3.0))
    assert (other.penalty.name, other.penalty.gamma, other.penalty.interval) == ("r1_r2", 3.0, config.penalty.interval)
    lazy = apply_options(config, TrainOptions(penalty_interval=8))
    assert (lazy.penalty.gamma, lazy.penalty.interval) == (config.penalty.gamma, 8)
    assert apply_options(config, TrainOptions(penalty_interval=1)).penalty.interval == 1, "given, and not left out"
    with pytest.raises(GanvasError, match="no penalty to set"):
        apply_options(RECIPES["dcgan"](data(32), 1000), TrainOptions(gamma=3.0))


def test_a_batch_that_is_asked_for_leaves_the_passes_as_they_are() -> None:
    """Of keen, whose steps do not all take as many pictures; the prior yields to steps of the autoencoder."""
    usual = RECIPES["keen"](data(32), 1000)
    asked = apply_options(usual, TrainOptions(batch=8))
    assert [phase.batch for phase in asked.phases] == [8, 0, 8]
    assert asked.phases[1].max_steps == usual.phases[1].max_steps, "its steps take codes"
    per_picture = [
        [phase.relative_step_cost / phase.batch for phase in config.phases if phase.batch] for config in (usual, asked)
    ]
    assert per_picture[0] == per_picture[1], "a picture costs what it did"
    assert asked.phases[1].max_steps_until == usual.phases[1].max_steps_until * usual.phases[0].batch / 8
    pixels = RECIPES["quick"](data(32), 1000)
    assert apply_options(pixels, TrainOptions(batch=64)).phases[2].max_steps == pixels.phases[2].max_steps / 2


@pytest.mark.parametrize(
    ("option", "recipe", "optimizer"),
    [
        *(("g_lr", recipe, "generator") for recipe in ("dcgan", "quick", "keen")),
        ("g_lr", "vae", "autoencoder"),
        *(("d_lr", recipe, "discriminator") for recipe in RECIPES if recipe != "vae"),
    ],
)
def test_a_learning_rate_reaches_its_optimizer(option: str, recipe: str, optimizer: str) -> None:
    plain = RECIPES[recipe](data(32), 1000)
    config = apply_options(plain, TrainOptions(**{option: 0.125}))
    assert config.optimizers == plain.optimizers | {optimizer: replace(plain.optimizers[optimizer], lr=0.125)}
    assert replace(config, optimizers=plain.optimizers) == plain, "something else has changed"


def test_a_learning_rate_needs_its_optimizer() -> None:
    with pytest.raises(GanvasError, match=r"vae has no discriminator.*--d-lr") as caught:
        apply_options(RECIPES["vae"](data(32), 1000), TrainOptions(d_lr=0.001))
    assert "Leave it out" in caught.value.hint


def test_an_average_of_the_weights_and_none() -> None:
    config = RECIPES["r3gan"](data(32), 1000)
    assert apply_options(config, TrainOptions(ema_half_life=0.25)).ema_half_life == 0.25
    assert apply_options(config, TrainOptions(ema_half_life=0)).ema_half_life == 0, "none was asked for"
    assert apply_options(config, TrainOptions()).ema_half_life == config.ema_half_life > 0


@pytest.mark.parametrize("options", [{"gamma": 5.0}, {"penalty_interval": 16}])
def test_without_a_penalty_nothing_is_weighed(options: dict[str, float]) -> None:
    with pytest.raises(GanvasError, match="no penalty"):
        apply_options(RECIPES["r3gan"](DataConfig("pictures", 32, 32), 1000), TrainOptions(penalty="none", **options))  # type: ignore[arg-type]
