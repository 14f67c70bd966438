"""Generators that draw small and enlarge, discriminators for either size."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

import tiny
from ganvas.config import Config, DataConfig
from ganvas.models import build_discriminator, build_generator, packing
from ganvas.models.layers import ResizeConv
from ganvas.models.upsampling import FULL_LEVEL, UpsampledGenerator, Upsampler, downsample, view_factor
from ganvas.recipes import RECIPES
from ganvas.recipes.upsampling import FACTORS, small_data, upsampled


def any_config(recipe: str, width: int, height: int, channels: int, factor: int, classes: int = 0) -> Config:
    data = DataConfig("pictures", height, width, channels)
    plain = upsampled(RECIPES[recipe](small_data(data, factor), 500), data, factor)
    return replace(tiny.narrow(plain), classes=tuple(f"class {index}" for index in range(classes)))


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [name for name, spec in RECIPES.items() if spec.upsamples])
@pytest.mark.parametrize(
    ("width", "height", "factor"), [(64, 64, 2), (128, 128, 4), (256, 256, 8), (131, 97, 4), (65, 129, 2)]
)
@pytest.mark.parametrize(("channels", "classes"), [(1, 0), (3, 3), (4, 0)])
def test_any_shape_is_drawn_at_full_size(
    recipe: str, width: int, height: int, factor: int, channels: int, classes: int
) -> None:
    config = any_config(recipe, width, height, channels, factor, classes)
    generator, discriminator = build_generator(config), build_discriminator(config)
    z, labels = torch.randn(2, config.z_dim), torch.tensor([0, 1]) if classes else None
    rng = torch.Generator().manual_seed(0)
    assert generator.sample(z, labels).shape == (2, channels, height, width)
    reals = torch.rand(2, channels, height, width) * 2 - 1
    for level, shape in ((0, config.small_shape), (FULL_LEVEL, config.shape)):
        generator.set_level(level)
        discriminator.set_level(level)
        fakes = generator.fakes(z, labels, rng)
        assert fakes.shape == generator.match_reals(reals).shape == (2, *shape)
        logits = discriminator(fakes) if labels is None else discriminator(fakes, labels)
        assert len(logits) == 2
    assert config.upsampling is not None
    for view in range(config.upsampling.views):  # whichever judges, it takes views of its size
        discriminator.set_level(FULL_LEVEL + view)
        viewed = downsample(reals, view_factor(0, config.upsampling.views))
        assert len(discriminator(viewed) if labels is None else discriminator(viewed, labels)) == 2
    assert packing(config) == 1


def test_an_upsampler_that_has_learned_nothing_enlarges_smoothly() -> None:
    for factor in FACTORS[1:]:
        upsampler = Upsampler((8, 8, 4, 4)[: factor.bit_length()], (3, 32, 32), factor)
        small = torch.rand(2, 3, 32 // factor, 32 // factor)
        assert torch.equal(upsampler(small), F.interpolate(small, (32, 32), mode="bilinear"))


def test_its_work_is_done_at_the_small_size() -> None:
    """All convolutions but the last ones see the small size."""
    upsampler, sides = Upsampler((8, 8, 4), (3, 32, 32), 4), []
    for module in upsampler.modules():
        if isinstance(module, torch.nn.Conv2d | ResizeConv):
            module.register_forward_hook(lambda _, inputs, __: sides.append(inputs[0].shape[2]))
    upsampler(torch.rand(1, 3, 8, 8))
    assert sides == [8] * 6 + [16]


def test_it_draws_no_grid_into_flat_areas() -> None:
    upsampler = Upsampler((8, 8, 4), (3, 128, 128), 4)
    for parameter in upsampler.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    drawn = upsampler(torch.full((1, 3, 32, 32), 0.5))[:, :, 56:72, 56:72].detach()
    assert float(drawn.std((2, 3)).max()) < 1e-4 * float(drawn.abs().mean())


def test_what_is_enlarged_and_made_small_again_keeps_its_size_and_its_means() -> None:
    images = torch.rand(2, 3, 12, 20)
    assert torch.allclose(downsample(images, 4).mean((2, 3)), images.mean((2, 3)), atol=1e-6)
    assert downsample(torch.rand(2, 3, 13, 21), 4).shape == (2, 3, 4, 6)
    assert torch.allclose(downsample(torch.ones(1, 1, 13, 13), 4), torch.ones(1, 1, 4, 4)), "an edge is no border"


def test_each_part_has_the_parameters_of_its_optimizer() -> None:
    config = tiny.upsampled("quick")
    generator = build_generator(config)
    assert isinstance(generator, UpsampledGenerator)
    parts = {
        name: generator.parameters_of(name) for name in ("generator", "autoencoder", "prior", "upsampler", "refiner")
    }
    assert parts["generator"] == parts["autoencoder"]
    assert parts["refiner"] == [*parts["upsampler"], *parts["generator"]]
    together = [id(each) for name in ("generator", "prior", "upsampler") for each in parts[name]]
    assert sorted(together) == sorted(id(each) for each in generator.parameters())
    assert generator.base is not generator
    assert generator.base.base is generator.base


def test_only_the_small_discriminator_is_frozen_in_part() -> None:
    discriminator = build_discriminator(tiny.upsampled("quick"))
    small = {id(each) for each in discriminator.get_submodule("small").parameters()}
    assert {id(each) for each in discriminator.freezable_parameters()} == small


def test_of_large_images_the_whole_is_judged() -> None:
    config = tiny.upsampled("quick")
    assert config.upsampling is not None
    config = replace(config, upsampling=replace(config.upsampling, views=2))
    discriminator = build_discriminator(config).eval()
    images = torch.rand(2, 3, 32, 32)
    for level in (FULL_LEVEL, 0):
        discriminator.set_level(level)
        reduced = discriminator(downsample(images, 2))
        assert reduced.shape == ((2, 64) if level else (2,))
        if level:
            assert torch.equal(discriminator(images), reduced)
