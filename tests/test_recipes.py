"""Recipes are complete configurations that can be built, and say what they cannot make."""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ganvas.phases import PHASES
from ganvas.config import DataConfig, OptimizerConfig
from ganvas.errors import GanvasError
from ganvas.losses import LOSSES, PENALTIES
from ganvas.models import DISCRIMINATORS, GENERATORS, build_discriminator, build_encoder, build_generator
from ganvas.planning.schedule import with_images, with_seconds
from ganvas.recipes import RECIPES, Wishes, choose_recipe, with_wishes
from ganvas.training.phases import PHASES


def data(width: int, height: int | None = None, channels: int = 3) -> DataConfig:
    return DataConfig("pictures", height or width, width, channels)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_names_only_what_exists(name: str) -> None:
    config = RECIPES[name](data(32), 1000)
    assert config.recipe == name
    assert config.generator.name in GENERATORS
    assert config.discriminator.name in DISCRIMINATORS
    assert config.loss in LOSSES
    assert config.penalty.name in {"none", *PENALTIES}
    assert {phase.name for phase in config.phases} <= set(PHASES)
    moved = {each for phase in config.phases for each in PHASES[phase.name].optimizers}
    assert moved == set(config.optimizers), "an optimiser that nothing moves, or a step without one"
    assert all(phase.time_share > 0 and phase.relative_step_cost > 0 for phase in config.phases)


EXACT = {"progressive", "multiscale", "stylegan2"}  # recipes whose grids are doubled exactly


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize(("width", "height"), [(16, 16), (28, 28), (32, 32), (64, 48), (33, 17), (64, 64)])
def test_what_a_recipe_accepts_it_can_make(name: str, width: int, height: int) -> None:
    if name in EXACT and (width, height) == (33, 17):
        with pytest.raises(GanvasError) as caught:
            RECIPES[name](data(width, height), 1000)
        assert "--size 32x16" in caught.value.hint, "the nearest that it can make"
        width, height = 32, 16
    config = RECIPES[name](data(width, height), 1000)
    generator, discriminator = build_generator(config).eval(), build_discriminator(config).eval()
    with torch.no_grad():
        pictures = generator(torch.randn(2, config.z_dim))
        assert pictures.shape == (2, 3, height, width)
        encoder = build_encoder(config)
        codes = () if encoder is None else encoder.eval()(pictures)
        if name == "vae":
            assert [each.shape for each in codes] == [(2, config.z_dim)] * 2
        else:
            assert discriminator(pictures).shape[0] == 2
            assert discriminator(pictures).ndim == (2 if name in ("projected", "keen") else 1)
            assert encoder is None or codes.shape == (2, config.z_dim)


@pytest.mark.parametrize("name", RECIPES)
def test_a_batch_is_never_larger_than_the_pictures(name: str) -> None:
    if name not in ("quick", "keen"):
        assert all(phase.batch <= 20 for phase in RECIPES[name](data(32), 20).phases)


@pytest.mark.parametrize("wishes", [Wishes(loss="hinge"), Wishes(penalty="r1"), Wishes(augment=("color",))])
def test_a_vae_has_nothing_that_a_discriminator_is_trained_by(wishes: Wishes) -> None:
    with pytest.raises(GanvasError, match="no discriminator"):
        with_wishes(RECIPES["vae"](data(32), 1000), wishes)
    assert with_wishes(RECIPES["vae"](data(32), 1000), Wishes(ema=0.1)).ema_half_life == 0.1


def test_fc_is_the_lesson() -> None:
    config = RECIPES["fc"](data(28, channels=1), 60_000)
    assert (config.z_dim, config.generator.widths, config.discriminator.widths) == (100, (256, 512, 1024), (512, 256))
    assert config.optimizers["generator"] == OptimizerConfig(2e-4, 0.5, 0.999) == config.optimizers["discriminator"]
    assert (config.phases[0].batch, config.loss, config.penalty.name, config.augment) == (256, "bce", "none", ())


@pytest.mark.parametrize("side", [28, 32])
def test_dcgan_is_the_lesson_up_to_32_px(side: int) -> None:
    config = RECIPES["dcgan"](data(side, channels=1), 60_000)
    assert (config.generator.widths, config.discriminator.widths) == ((256, 128, 64), (64, 128, 256))
    assert config.optimizers["generator"] == OptimizerConfig(2e-4, 0.5, 0.999) == config.optimizers["discriminator"]
    assert (config.z_dim, config.phases[0].batch, config.loss, config.flip) == (100, 256, "bce", False)


def test_dcgan_is_the_paper_at_64_px() -> None:
    config = RECIPES["dcgan"](data(64), 60_000)
    assert (config.generator.widths, config.discriminator.widths) == ((512, 256, 128, 64), (64, 128, 256, 512))
    assert config.phases[0].batch == 128


def test_residual_is_held_by_r1_alone() -> None:
    config = RECIPES["residual"](data(16), 1000)
    assert (config.loss, config.penalty.name, config.augment) == ("bce", "r1", ())
    assert config.optimizers["generator"] == config.optimizers["discriminator"] == OptimizerConfig(1e-3, 0.0, 0.99)
    assert (config.generator.widths, config.discriminator.widths) == ((64, 32), (32, 64))
    assert max(RECIPES["residual"](data(128), 1000).generator.widths) == 128, "too wide for a processor"


@pytest.mark.parametrize(
    ("name", "width", "height", "nearest"),
    [
        ("quick", 8, 8, "--size 16"),
        ("quick", 512, 512, "--size 128"),
        ("quick", 96, 8, "--size 96x16"),
        ("fc", 65, 65, "--size 64"),
        ("fc", 4, 200, "--size 8x64"),
        ("dcgan", 300, 300, "--size 256"),
        ("dcgan", 15, 15, "--size 16"),
        ("residual", 130, 16, "--size 128x16"),
        ("stylegan2", 36, 31, "--size 36x28, or take: --recipe quick"),
        ("progressive", 63, 72, "--size 56x72, or take: --recipe quick"),
        ("multiscale", 255, 255, "--size 256, or take: --recipe r3gan"),
    ],
)
def test_a_size_that_cannot_be_made_names_the_nearest(name: str, width: int, height: int, nearest: str) -> None:
    with pytest.raises(GanvasError, match=f"{width}x{height}") as caught:
        RECIPES[name](data(width, height), 1000)
    assert caught.value.hint == f"Nearest: {nearest}"


def test_unknown_recipe() -> None:
    with pytest.raises(GanvasError, match=r"no recipe 'dcgann'\. Did you mean 'dcgan'") as caught:
        choose_recipe("dcgann")
    assert all(name in caught.value.hint for name in RECIPES)
    assert choose_recipe("auto") is RECIPES["quick"]


def test_wishes() -> None:
    plain = RECIPES["dcgan"](data(32), 1000)
    assert with_wishes(plain, Wishes()) == plain
    wishes = {"loss": "hinge", "penalty": "r1", "gamma": 3.0, "augment": ("color", "cutout"), "flip": "yes"}
    found = with_wishes(plain, Wishes(**wishes))
    assert (found.loss, found.penalty.name, found.penalty.gamma) == ("hinge", "r1", 3.0)
    assert (found.augment, found.flip) == (("color", "cutout"), True)
    back = with_wishes(found, Wishes(penalty="none", augment=("none",), flip="no"))
    assert (back.loss, back.penalty.name, back.augment, back.flip) == ("hinge", "none", (), False)


def test_gamma_follows_from_penalty_size_and_batch() -> None:
    plain = RECIPES["dcgan"](data(64, 32), 1000)
    assert with_wishes(plain, Wishes(penalty="gradient")).penalty.gamma == 10
    rule = 0.0002 * 64 * 32 / plain.phases[-1].batch
    assert with_wishes(plain, Wishes(penalty="r1")).penalty.gamma == pytest.approx(rule)


@pytest.mark.parametrize(("count", "passes"), [(1000, 40), (2000, 40), (100, 159)])
def test_however_long_it_draws_the_prior_learns_something(count: int, passes: int) -> None:
    config = with_images(RECIPES["quick"](data(32), count), 3_000 * count)
    assert config.phases[1].steps * 256 / (2 * count) == pytest.approx(passes, rel=0.02)


@settings(max_examples=60)
@given(st.sampled_from(sorted(RECIPES)), st.integers(1, 300), st.integers(1, 300))
def test_the_nearest_size_can_be_made(name: str, width: int, height: int) -> None:
    refused = ""
    try:
        RECIPES[name](data(width, height), 1000)
    except GanvasError as error:
        refused = error.hint
    for across, down in re.findall(r"--size (\d+)(?:x(\d+))?", refused):
        RECIPES[name](data(int(across), int(down or across)), 1000)
    assert not refused or "--size" in refused


@pytest.mark.parametrize(
    ("recipe", "penalty"), [("r3gan", "approximate_r1_r2"), ("multiscale", "r2"), ("r3gan", "r1_r2")]
)
def test_another_penalty_of_the_same_kind_is_as_heavy_as_the_recipes_own(recipe: str, penalty: str) -> None:
    plain = RECIPES[recipe](data(32), 1000)
    found = with_wishes(plain, Wishes(penalty=penalty, batch=2 * plain.phases[-1].batch)).penalty
    assert (found.name, found.interval) == (penalty, plain.penalty.interval)
    assert found.gamma == pytest.approx(plain.penalty.gamma / 2), "with this weight it was tried"
    assert with_wishes(plain, Wishes(penalty=penalty, every=1)).penalty.interval == 1
    rule = 0.0002 * 32 * 32 / 16
    other = with_wishes(RECIPES["progressive"](data(32), 1000), Wishes(penalty="r1"))
    assert other.penalty.gamma == pytest.approx(rule), "weights of another kind mean something else"


def test_wasserstein_brings_its_penalty() -> None:
    found = with_wishes(RECIPES["dcgan"](data(32), 1000), Wishes(loss="wasserstein"))
    assert (found.penalty.name, found.penalty.gamma) == ("gradient", 10.0), "the critic would run away"


@pytest.mark.parametrize("shape", [(96, 24), (128, 16), (16, 128), (100, 31), (65, 16), (16, 16), (28, 28)])
@pytest.mark.parametrize("name", ["quick", "dcgan", "residual"])
def test_long_and_thin_pictures(name: str, shape: tuple[int, int]) -> None:
    config = RECIPES[name](data(*shape), 1000)
    pictures = build_generator(config)(torch.randn(2, config.z_dim))
    assert pictures.shape == (2, *config.shape), "the generator misses the shape"
    assert build_discriminator(config)(pictures).shape == (2,), "the short side was halved to nothing"


@pytest.mark.parametrize(
    ("wish", "named"),
    [
        ({"loss": "hingy"}, r"no loss 'hingy'\. Did you mean 'hinge'"),
        ({"penalty": "r3"}, "no penalty 'r3'"),
        ({"augment": ("colour",)}, r"no augmentation 'colour'\. Did you mean 'color'"),
        ({"flip": "maybe"}, "no flip 'maybe'"),
        ({"loss": "none"}, "no loss 'none'"),
        ({"flip": "none"}, "no flip 'none'"),
        ({"gamma": 5.0}, "no penalty to weigh"),
        ({"penalty": "r1", "gamma": -1.0}, "cannot weigh -1"),
        ({"penalty": "r1", "every": 0}, "every 0 steps"),
        ({"ema": 2.0}, "half-life of 2"),
    ],
)
def test_wishes_that_do_not_exist(wish: dict[str, object], named: str) -> None:
    with pytest.raises(GanvasError, match=named):
        with_wishes(RECIPES["dcgan"](data(32), 1000), Wishes(**wish))


def test_wider_networks_are_wider_everywhere() -> None:
    for name, recipe in RECIPES.items():
        plain, wide = recipe(data(32), 1000), with_wishes(recipe(data(32), 1000), Wishes(width=2.0))
        assert wide.channel_mult == 2.0
        pairs = [(plain.generator, wide.generator), (plain.discriminator, wide.discriminator)]
        pairs += [(plain.encoder, wide.encoder)] if plain.encoder and wide.encoder else []
        for before, after in pairs:
            assert after.widths == tuple(2 * each for each in before.widths), name
        assert build_generator(wide) is not None


def test_another_batch_takes_penalty_and_bounds_along() -> None:
    config = RECIPES["r3gan"](data(32), 1000)
    twice = with_wishes(config, Wishes(batch=2 * config.phases[0].batch))
    assert twice.penalty.gamma == pytest.approx(config.penalty.gamma / 2)
    quick = RECIPES["quick"](data(32), 1000)
    half = with_wishes(quick, Wishes(batch=16))
    assert [phase.batch for phase in half.phases] == [16, 0, 16]
    assert half.phases[2].max_steps == 2 * quick.phases[2].max_steps, "a picture is seen as often"
    assert half.phases[1].max_steps == quick.phases[1].max_steps


@pytest.mark.parametrize("wishes", [Wishes(width=0), Wishes(batch=1), Wishes(freeze=1.0), Wishes(augment=("adda",))])
def test_wishes_that_make_no_sense_name_what_would(wishes: Wishes) -> None:
    with pytest.raises(GanvasError) as caught:
        with_wishes(RECIPES["r3gan"](data(32), 1000), wishes)
    assert caught.value.hint


def test_colours_of_a_pyramid_cannot_be_turned() -> None:
    for augment in (("color",), ("ada",)):
        with pytest.raises(GanvasError, match="multiscale cannot"):
            with_wishes(RECIPES["multiscale"](data(32), 1000), Wishes(augment=augment))
    assert with_wishes(RECIPES["multiscale"](data(32), 1000), Wishes(augment=("translation",))).augment


def test_adaptive_augmentations_follow_and_others_do_not() -> None:
    for augment, follows in ((("ada",), True), (("apa",), True), (("color",), False), (("none",), False)):
        config = with_wishes(RECIPES["stylegan2"](data(32), 100_000), Wishes(augment=augment))
        assert (config.ada is not None) == follows, augment


def test_the_penalty_of_a_recipe_can_be_weighed_alone() -> None:
    config = RECIPES["r3gan"](data(32), 1000)
    weighed = with_wishes(config, Wishes(gamma=3.0))
    assert (weighed.penalty.name, weighed.penalty.gamma, weighed.penalty.interval) == ("r1_r2", 3.0, config.penalty.interval)
    lazy = with_wishes(config, Wishes(every=8))
    assert (lazy.penalty.gamma, lazy.penalty.interval) == (config.penalty.gamma, 8)
    assert with_wishes(config, Wishes(every=1)).penalty.interval == 1, "a wish, and not the lack of one"
    with pytest.raises(GanvasError, match="no penalty to weigh"):
        with_wishes(RECIPES["dcgan"](data(32), 1000), Wishes(gamma=3.0))


def test_keen_is_quick_with_eyes_that_few_pictures_do_not_tire() -> None:
    quick, keen = RECIPES["quick"](data(32, 32), 1000), RECIPES["keen"](data(32, 32), 1000)
    for part in ("generator", "latent", "warm_start", "flip"):
        assert getattr(keen, part) == getattr(quick, part), part
    assert keen.discriminator == RECIPES["projected"](data(32, 32), 1000).discriminator
    assert keen.phases[1].max_steps == round(1.5 * quick.phases[1].max_steps), "it leaves fewer copies"
    assert 0 < keen.phases[1].max_steps_until < quick.phases[1].max_steps_until, "until it draws well"
    sharpened = [[with_seconds(each, minutes * 60, [0.1, 0.01, 0.1]).phases[2].steps for minutes in (10, 40)]
                 for each in (quick, keen)]  # fmt: skip
    assert sharpened[0][0] == sharpened[0][1], "pixels of a thousand pictures are known by heart before long"
    assert sharpened[1][1] > 3.5 * sharpened[1][0]
    with pytest.raises(GanvasError, match="Recipe keen makes pictures of 16 to 128 px"):
        RECIPES["keen"](data(256, 256), 1000)


def test_a_batch_that_is_asked_for_leaves_the_passes_as_they_are() -> None:
    """Of keen, whose steps do not all take as many pictures; the prior yields to steps of the autoencoder."""
    usual = RECIPES["keen"](data(32), 1000)
    asked = with_wishes(usual, Wishes(batch=8))
    assert [phase.batch for phase in asked.phases] == [8, 0, 8]
    assert asked.phases[1].max_steps == usual.phases[1].max_steps, "its steps take codes"
    per_picture = [[phase.relative_step_cost / phase.batch for phase in config.phases if phase.batch] for config in (usual, asked)]
    assert per_picture[0] == per_picture[1], "a picture costs what it did"
    assert asked.phases[1].max_steps_until == usual.phases[1].max_steps_until * usual.phases[0].batch / 8
    pixels = RECIPES["quick"](data(32), 1000)
    assert with_wishes(pixels, Wishes(batch=64)).phases[2].max_steps == pixels.phases[2].max_steps / 2
