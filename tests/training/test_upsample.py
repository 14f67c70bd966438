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
from ganvas.training.steps.ema import prepare_for_sampling
from ganvas.training.steps.upsample import (
    MADE_SMALL,
    MAX_NOISE_STD,
    RECONSTRUCTED,
    SAMPLED,
    PairedBatch,
    degrade,
    draw_small,
    enlarge,
    pair,
)


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
    losses = dict[str, torch.Tensor]()
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
        ("refine", ("generator.upsampler", "generator.small.decoder", "discriminator.large.0")),
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


@pytest.mark.parametrize("recipe", ["projected", "quick"])
def test_the_small_generator_goes_on_from_how_it_is_sampled(recipe: str) -> None:
    """Weights are those of the average, and batch-norm statistics stay, though both learn from there on."""
    config = tiny.upsampled(recipe, ema_half_life=0.3)
    state, data = new_state(config, CPU), pictures(config)
    generator, average = state.networks.generator, state.networks.g_ema
    assert isinstance(generator, UpsampledGenerator)
    for phase in config.phases:
        begin_step(state, config, PhasePosition(phase, 0), data)
        if phase.name == "upsample":
            for name, each in generator.base.named_parameters():
                assert torch.equal(each, dict(average.base.named_parameters())[name]), name
            frozen = {name: each.clone() for name, each in generator.base.named_buffers()}
        for _ in range(3):
            take_step(phase, state, config, Loader(data, 0))
    prepare_for_sampling(state, config, CPU)
    for network in (generator.base, average.base):
        for name, each in network.named_buffers():
            assert torch.equal(each, frozen[name]), name


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


def viewing(recipe: str, views: int, size: int = 32, factor: int = 2, **changes: object) -> Config:
    config = tiny.upsampled(recipe, size, factor, **changes)
    assert config.upsampling is not None
    return replace(config, upsampling=replace(config.upsampling, views=views))


def paired(config: Config, view: int = 0, with_samples: bool = True, step: int = 0) -> tuple[State, PairedBatch]:
    state, data = new_state(config, CPU), pictures(config)
    state.counters.step = step
    real = to_float(torch.from_numpy(data.images[:8].copy()))
    rng = torch.Generator().manual_seed(1)
    batch = Batch(real, torch.randn((8, config.z_dim), generator=rng), None, rng)
    return state, pair(state, config, batch, view, with_samples)


@pytest.mark.slow
@pytest.mark.parametrize(("view", "reduced", "side"), [(0, 4, 8), (1, 2, 8), (2, 1, 8)])
def test_a_view_shows_a_part_as_large_as_its_place_allows(view: int, reduced: int, side: int) -> None:
    """What is enlarged, which an upsampler that has learned nothing does smoothly, shows the same place as the real."""
    config = viewing("projected", 3)
    places = set()
    for step in range(12):
        state, batch = paired(config, view, with_samples=False, step=step)
        assert batch.real.shape == (8, 3, side, side)
        assert batch.factor == reduced
        enlarged = enlarge(state, config, batch, draw_small(state, config, batch)).detach()
        assert enlarged.shape == batch.real.shape
        others = batch.real.roll(1, 0)
        assert float((enlarged - batch.real).abs().mean()) < 0.9 * float((enlarged - others).abs().mean())
        places.add((batch.rows, batch.columns))
    assert len(places) == 1 if view == 0 else len(places) > 3


def test_a_part_is_drawn_as_the_whole_image_would_be() -> None:
    config = viewing("projected", 4, size=128)
    state, batch = paired(config, view=3)
    generator = state.networks.generator
    assert isinstance(generator, UpsampledGenerator)
    for parameter in generator.upsampler.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    small = draw_small(state, config, batch)
    top, left, side = 2 * batch.rows.begin, 2 * batch.columns.begin, 2 * batch.rows.length
    whole = generator.upsampler(small)[:, :, top : top + side, left : left + side]
    part = enlarge(state, config, batch, small)
    assert part.shape == (8, 3, 16, 16)
    assert float((part - whole).detach().abs().max()) < 0.02 * float(whole.detach().std())


@pytest.mark.parametrize(
    ("recipe", "origins"),
    [("quick", [RECONSTRUCTED, SAMPLED, MADE_SMALL, SAMPLED]), ("projected", [MADE_SMALL, SAMPLED] * 2)],
)
def test_half_of_a_batch_is_the_generators_own(recipe: str, origins: list[int]) -> None:
    config = viewing(recipe, 1)
    state, batch = paired(config)
    assert batch.origin.tolist() == origins * 2
    small = draw_small(state, config, batch)
    drawn = state.networks.generator.base.eval().sample(batch.z[1::2], None)
    assert torch.allclose(small[1::2], drawn, atol=1e-6)
    assert torch.equal(small[2::4], batch.small[2::4])
    assert torch.equal(small[::4], batch.small[::4]) == (recipe == "projected")
    _, plain = paired(config, with_samples=False)
    assert not (plain.origin == SAMPLED).any()


def test_microbatches_keep_pairs_together() -> None:
    _, batch = paired(viewing("quick", 2), view=1)
    parts = list(batch.microbatches(3))
    for name in ("real", "small", "codes", "origin", "z"):
        assert torch.equal(torch.cat([getattr(part, name) for part in parts]), getattr(batch, name))
    assert {(part.rows, part.columns, part.factor) for part in parts} == {(batch.rows, batch.columns, batch.factor)}


def test_every_view_has_a_judge_that_learns() -> None:
    config = viewing("projected", 2)
    _, before, _ = stepped(config, "refine", steps=0)
    state, _, _ = stepped(config, "refine", steps=8)
    after = weights(state)
    for judge in ("discriminator.large.0", "discriminator.large.1"):
        assert any(name.startswith(judge) and not torch.equal(each, before[name]) for name, each in after.items())


@pytest.mark.slow
@pytest.mark.parametrize("phase", ["upsample", "refine"])
@pytest.mark.parametrize(("recipe", "classes", "channels"), [("keen", 0, 4), ("projected", 2, 3), ("quick", 2, 1)])
def test_steps_of_any_kind_of_image(phase: str, recipe: str, classes: int, channels: int) -> None:
    config = tiny.upsampled(recipe, classes=tuple("ab"[:classes]), data=DataConfig("pictures", 30, 41, channels))
    assert config.upsampling is not None
    config = replace(config, upsampling=replace(config.upsampling, views=2))
    state, data = new_state(config, CPU), pictures(config)
    if classes:
        data = replace(data, labels=(torch.arange(data.count) % classes).numpy())
    which = next(each for each in config.phases if each.name == phase)
    begin_step(state, config, PhasePosition(which, 0), data)
    state.counters.n_microbatches = 2
    for _ in range(4):  # whole and part
        losses = take_step(which, state, config, Loader(data, 0))
    assert all(torch.isfinite(value) for value in losses.values())
