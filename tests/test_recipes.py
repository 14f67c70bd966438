"""Recipes are complete configurations that can be built, and say what they cannot make."""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ganvas.config import DataConfig, OptimizerConfig
from ganvas.errors import GanvasError
from ganvas.losses import LOSSES, PENALTIES
from ganvas.models import DISCRIMINATORS, GENERATORS, build_discriminator, build_encoder, build_generator
from ganvas.phases import PHASES
from ganvas.planning.budget import with_images, with_seconds
from ganvas.recipes import RECIPES


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
    assert moved == set(config.optimizers), "an optimizer that takes no step, or a step without one"
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


def test_residual_is_kept_stable_by_r1_alone() -> None:
    config = RECIPES["residual"](data(16), 1000)
    assert (config.loss, config.penalty.name, config.augment) == ("bce", "r1", ())
    assert config.optimizers["generator"] == config.optimizers["discriminator"] == OptimizerConfig(1e-3, 0.0, 0.99)
    assert (config.generator.widths, config.discriminator.widths) == ((64, 32), (32, 64))
    assert max(RECIPES["residual"](data(128), 1000).generator.widths) == 128, "too wide for a CPU"


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


@pytest.mark.parametrize("shape", [(96, 24), (128, 16), (16, 128), (100, 31), (65, 16), (16, 16), (28, 28)])
@pytest.mark.parametrize("name", ["quick", "dcgan", "residual"])
def test_long_and_thin_pictures(name: str, shape: tuple[int, int]) -> None:
    config = RECIPES[name](data(*shape), 1000)
    pictures = build_generator(config)(torch.randn(2, config.z_dim))
    assert pictures.shape == (2, *config.shape), "the generator misses the shape"
    assert build_discriminator(config)(pictures).shape == (2,), "the short side was halved to nothing"


def test_keen_is_quick_with_discriminators_that_memorize_few_pictures_later() -> None:
    quick, keen = RECIPES["quick"](data(32, 32), 1000), RECIPES["keen"](data(32, 32), 1000)
    for part in ("generator", "z_dim", "autoencoder", "flip"):
        assert getattr(keen, part) == getattr(quick, part), part
    assert keen.discriminator == RECIPES["projected"](data(32, 32), 1000).discriminator
    assert keen.phases[1].max_steps == round(1.5 * quick.phases[1].max_steps), "it leaves fewer copies"
    assert 0 < keen.phases[1].max_steps_until < quick.phases[1].max_steps_until, "until it draws well"
    sharpened = [[with_seconds(each, minutes * 60, [0.1, 0.01, 0.1]).phases[2].steps for minutes in (10, 40)]
                 for each in (quick, keen)]  # fmt: skip
    assert sharpened[0][0] == sharpened[0][1], "the pixels of a thousand pictures are memorized before long"
    assert sharpened[1][1] > 3.5 * sharpened[1][0]
    with pytest.raises(GanvasError, match="Recipe keen makes pictures of 16 to 128 px"):
        RECIPES["keen"](data(256, 256), 1000)
