"""Phases that enlarge: what they train, what stands still, and whole runs that go through them."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from stepping import CPU

import ganvas
import tiny
from ganvas.checkpoint import load_newest
from ganvas.config import Config, DataConfig
from ganvas.data.loader import Loader
from ganvas.data.prepare import PreparedDataset
from ganvas.events import Done, SampleGrid, Step
from ganvas.image_io import to_float
from ganvas.models.upsampling import UpsampledGenerator, downsample
from ganvas.planning.budget import with_images
from ganvas.planning.schedule import PhasePosition, config_at_step, level_at
from ganvas.recipes import RECIPES
from ganvas.training.phases import begin_step, take_step
from ganvas.training.state import State, new_state
from ganvas.training.steps.batch import Batch
from ganvas.training.steps.upsample import MAX_NOISE_STD, PairedBatch, crop_window, degrade, pair


def pictures(config: Config, count: int = 32) -> PreparedDataset:
    random = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, *config.shape), dtype=torch.uint8, generator=random)
    return PreparedDataset(images.numpy(), None, (), (), (), "noise")


def stepped(config: Config, phase: str, steps: int = 2) -> tuple[State, dict[str, torch.Tensor], dict[str, float]]:
    """Return a state after steps of a phase, its weights before them, and the last losses."""
    state, data = new_state(config, CPU), pictures(config)
    which = next(each for each in config.phases if each.name == phase)
    begin_step(state, config, PhasePosition(which, 0), data)
    before = {name: each.clone() for name, each in weights(state).items()}
    for _ in range(steps):
        losses = take_step(which, state, config, Loader(data, 0))
    return state, before, {name: float(each) for name, each in losses.items()}


def weights(state: State) -> dict[str, torch.Tensor]:
    networks = {"generator": state.networks.generator, "discriminator": state.networks.discriminator}
    return {f"{name}.{key}": each for name, net in networks.items() for key, each in net.named_parameters()}


@pytest.mark.parametrize(
    ("phase", "trained"),
    [
        ("autoencode", ("generator.small.decoder",)),
        ("sharpen", ("generator.small.decoder", "discriminator.small")),
        ("upsample", ("generator.upsampler",)),
        ("refine", ("generator.upsampler", "discriminator.large")),
    ],
)
def test_each_phase_moves_its_own_weights(phase: str, trained: tuple[str, ...]) -> None:
    config = tiny.upsampled("keen")
    state, before, losses = stepped(config, phase)
    moved = {name for name, each in weights(state).items() if not torch.equal(each, before[name])}
    assert moved
    assert all(name.startswith(trained) for name in moved)
    assert all(any(name.startswith(part) for name in moved) for part in trained)
    assert all(value == value for value in losses.values())


def test_large_images_have_their_own_loss_and_augmentation() -> None:
    config = tiny.upsampled("quick")
    config = with_images(config, 3000)
    first_large = sum(phase.steps for phase in config.phases if not phase.level)
    assert config_at_step(config, first_large - 1) == config
    at_full_size = config_at_step(config, first_large)
    assert config.upsampling is not None
    assert at_full_size.loss == config.upsampling.loss != config.loss
    assert at_full_size.augment == config.upsampling.augment != config.augment
    assert config_at_step(config, config.steps) == at_full_size, "at the end too"
    assert level_at(PhasePosition(config.phases[-1], 0)) == 1


def test_the_upsampler_learns_from_real_images_made_small() -> None:
    images = torch.rand(16, 3, 32, 32) * 2 - 1
    small = degrade(downsample(images, 4), torch.Generator().manual_seed(0))
    assert small.shape == (16, 3, 8, 8)
    difference = (small - downsample(images, 4)).abs().mean((1, 2, 3))
    assert float(difference.min()) > 0
    assert float(difference.max()) < 0.2
    assert torch.equal(small, degrade(downsample(images, 4), torch.Generator().manual_seed(0)))
    flat = degrade(torch.zeros(64, 1, 16, 16), torch.Generator().manual_seed(0))
    assert float(flat.std()) < MAX_NOISE_STD


def test_the_small_generator_stands_as_it_is_sampled_from_then_on() -> None:
    config = tiny.upsampled("projected", ema_half_life=0.3)
    state, data = new_state(config, CPU), pictures(config)
    for phase in config.phases[:2]:
        begin_step(state, config, PhasePosition(phase, 0), data)
        for _ in range(3):
            take_step(phase, state, config, Loader(data, 0))
    generator, average = state.networks.generator, state.networks.g_ema
    assert isinstance(generator, UpsampledGenerator)
    for name, each in generator.base.named_parameters():
        assert torch.equal(each, dict(average.base.named_parameters())[name]), name


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["quick", "projected"])
def test_a_run_goes_through_them_and_is_resumed_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str
) -> None:
    monkeypatch.setattr("ganvas.recipes.upsampling.BLOCK_WIDTHS", (8, 8))
    monkeypatch.setattr("ganvas.training.after_step.STEPS_PER_REPORT", 1)
    monkeypatch.setitem(RECIPES, recipe, tiny.NARROW[recipe])
    folder = tiny.write_pictures(tmp_path / "pictures", size=32)
    options = {"recipe": recipe, "size": "32", "upsample": 2, "images": 120, "coach": "watch"}
    whole = tiny.train(folder, tmp_path / "whole", **options)  # type: ignore[arg-type]
    assert isinstance(whole[-1], Done)
    assert whole[-1].reason == "finished"
    assert any(isinstance(event, SampleGrid) for event in whole)
    reported = [event.phase for event in whole if isinstance(event, Step)]
    assert {"upsample", "refine"} <= set(reported)
    for phase in ("upsample", "refine"):  # stopped in each
        stop = tiny.stop_after(reported.index(phase) + 2)
        tiny.train(folder, tmp_path / phase, stop=stop, **options)  # type: ignore[arg-type]
        tiny.train(folder, tmp_path / phase, **options)  # type: ignore[arg-type]
        one, other = (load_newest(tmp_path / name / "checkpoints") for name in ("whole", phase))
        assert one is not None
        assert other is not None
        assert [name for name in one[0] if not torch.equal(one[0][name], other[0][name])] == []
    assert ganvas.load(tmp_path / "whole").sample(2).shape == (2, 3, 32, 32)


def test_reals_and_samples_have_one_range(tmp_path: Path) -> None:
    config = tiny.upsampled("quick")
    state, _, _ = stepped(config, "refine")
    images = state.networks.generator(torch.randn(4, config.z_dim))
    reals = to_float(torch.from_numpy(pictures(config).images[:4].copy()))
    assert images.shape == reals.shape


def cropping(recipe: str, crop: int, size: int = 32, factor: int = 2) -> Config:
    config = tiny.upsampled(recipe, size, factor)
    assert config.upsampling is not None
    return replace(config, upsampling=replace(config.upsampling, crop=crop))


def paired(config: Config, with_samples: bool = True, step: int = 0) -> tuple[State, PairedBatch]:
    state, data = new_state(config, CPU), pictures(config)
    state.counters.step = step
    real = to_float(torch.from_numpy(data.images[:8].copy()))
    rng = torch.Generator().manual_seed(1)
    batch = Batch(real, torch.randn((8, config.z_dim), generator=rng), None, rng)
    return state, pair(state, config, batch, with_samples)


@pytest.mark.slow
@pytest.mark.parametrize("crop", [16, 64])
def test_crops_of_small_and_large_images_show_the_same_place(crop: int) -> None:
    """Real ones, made small and enlarged smoothly, are near their large crop and far from others."""
    config = cropping("projected", crop)
    places = set()
    for step in range(12):
        state, batch = paired(config, with_samples=False, step=step)
        side = min(crop, 32)
        assert batch.real.shape == (8, 3, side, side)
        assert batch.small.shape == (8, 3, side // 2, side // 2)
        assert float((downsample(batch.real, 2) - batch.small).abs().mean()) < 0.25
        places.add(tuple(crop_window(state, config)))
    assert len(places) == (1 if crop == 64 else len(places))
    assert crop == 64 or len(places) > 3, "crops are taken from one place"


def test_every_other_image_is_the_generators_own() -> None:
    config = cropping("quick", 64)
    state, batch = paired(config)
    assert batch.is_sample.tolist() == [False, True] * 4
    drawn = state.networks.generator.base.eval().sample(batch.z[1::2], None)
    assert torch.equal(batch.small[1::2], drawn)
    _, plain = paired(config, with_samples=False)
    assert not plain.is_sample.any()


def test_microbatches_keep_pairs_together() -> None:
    _, batch = paired(cropping("quick", 64))
    parts = list(batch.microbatches(3))
    for name in ("real", "small", "is_sample", "z"):
        assert torch.equal(torch.cat([getattr(part, name) for part in parts]), getattr(batch, name))


@pytest.mark.slow
@pytest.mark.parametrize("phase", ["upsample", "refine"])
@pytest.mark.parametrize(("recipe", "classes", "channels"), [("keen", 0, 4), ("projected", 2, 3), ("quick", 2, 1)])
def test_steps_of_any_kind_of_image(phase: str, recipe: str, classes: int, channels: int) -> None:
    config = tiny.upsampled(recipe, classes=tuple("ab"[:classes]), data=DataConfig("pictures", 30, 41, channels))
    assert config.upsampling is not None
    config = replace(config, upsampling=replace(config.upsampling, crop=24))
    state, data = new_state(config, CPU), pictures(config)
    if classes:
        data = replace(data, labels=(torch.arange(data.count) % classes).numpy())
    which = next(each for each in config.phases if each.name == phase)
    begin_step(state, config, PhasePosition(which, 0), data)
    state.counters.n_microbatches = 2
    losses = take_step(which, state, config, Loader(data, 0))
    assert all(torch.isfinite(value) for value in losses.values())
