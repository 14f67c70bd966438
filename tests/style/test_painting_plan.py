"""Stages go from coarse to fine, within the memory that there is."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ganvas.config import StyleConfig
from ganvas.errors import GanvasError
from ganvas.models.vgg import VGG, VGGWeights
from ganvas.style.load import Picture, SourcePictures
from ganvas.style.paint import plan_painting
from ganvas.style.plan import (
    COARSEST_MAX_SIZE,
    MemoryModel,
    Stage,
    build_memory_model,
    bytes_needed,
    plan_stages,
    scale_to,
)

PLENTY = 1 << 40
MODEL = MemoryModel(48, 1500.0, 12.0, 32.0)


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(16, 4096))
def test_scaled_keeps_the_shape(width: int, height: int, long_side: int) -> None:
    new = scale_to((width, height), long_side)
    assert max(new) == long_side
    assert min(new) >= 1
    assert abs(new[0] * height - new[1] * width) <= max(width, height)


@given(st.integers(16, 4096), st.integers(1, 100))
def test_stages_double_up_to_the_size_asked_and_take_fewer_steps(size: int, iterations: int) -> None:
    plan = plan_stages((300, 200), StyleConfig(size=size, iterations=iterations), PLENTY, MODEL)
    sizes = [stage.long_side for stage in plan]
    assert sizes[-1] == size
    assert sizes[0] <= COARSEST_MAX_SIZE
    assert all(coarse == fine // 2 for coarse, fine in itertools.pairwise(sizes))
    steps = [stage.iterations for stage in plan]
    assert steps == sorted(steps, reverse=True)
    assert min(steps) >= 1
    assert {stage.block_size for stage in plan} == {0}


def test_the_steps_asked_for_are_those_at_512() -> None:
    plan = plan_stages((4, 3), StyleConfig(size=1024, iterations=25), PLENTY, MODEL)
    assert [(stage.long_side, stage.iterations) for stage in plan][-3:] == [(256, 40), (512, 25), (1024, 16)]


@given(st.integers(64, 4096), st.floats(1.0, 16.0), st.sampled_from(["lbfgs", "adam"]))
def test_what_is_planned_fits_or_is_refused(size: int, gigabytes: float, optimizer: str) -> None:
    memory = int(gigabytes * 2**30)
    config = StyleConfig(size=size, optimizer=optimizer)
    if bytes_needed(Stage(scale_to((400, 300), size), 1, "adam", 128), MODEL) > memory:
        with pytest.raises(GanvasError, match="may be used"):
            plan_stages((400, 300), config, memory, MODEL)
        return
    for stage in plan_stages((400, 300), config, memory, MODEL):
        assert bytes_needed(stage, MODEL) <= memory
        whole = bytes_needed(replace(stage, optimizer=optimizer, block_size=0), MODEL)
        assert (stage.block_size == 0 and stage.optimizer == optimizer) == (whole <= memory), (
            "blocks only where they must be"
        )


def test_the_largest_square_fits_into_four_gigabytes() -> None:
    assert plan_stages((1, 1), StyleConfig(size=4096), 4 << 30, MODEL)[-1].optimizer == "adam"


def test_no_more_history_is_planned_for_than_there_are_steps() -> None:
    few, many, more = (bytes_needed(Stage((1000, 1000), steps, "lbfgs", 0), MODEL) for steps in (6, 10, 60))
    assert many - few == 12 * 2 * 4 * 1_000_000
    assert more == many, "the history has ten steps at most"


def test_more_that_is_kept_leaves_less_for_blocks() -> None:
    plans = [
        plan_stages((1, 1), StyleConfig(size=2048), 4 << 30, MemoryModel(48, 1500.0, kept, 0.0))
        for kept in (32.0, 256.0)
    ]
    assert plans[1][-1].block_size < plans[0][-1].block_size or plans[1][-1].optimizer != plans[0][-1].optimizer


def test_a_picture_that_fits_nowhere_is_refused_with_numbers() -> None:
    with pytest.raises(GanvasError, match=r"4096 x 4096 pixels needs \d+\.\d GB, but only 1\.0 GB may be used"):
        plan_stages((1, 1), StyleConfig(size=4096), 1 << 30, MODEL)


@pytest.fixture
def encoder(tiny: VGGWeights) -> VGG:
    return VGG(tiny, (*StyleConfig().content_layers, *StyleConfig().style_layers), "average")


def pictures(content: tuple[int, int], style: tuple[int, int]) -> SourcePictures:
    """Return a content and a style of such sizes."""
    one, other = (Picture("a.png", Image.new("RGB", size), None, ()) for size in (content, style))
    return SourcePictures(one, [other], [], None)


def test_a_square_style_of_a_long_content_is_counted_at_its_size(encoder: VGG) -> None:
    """Sixteen times as long as high, at 1,600 px it has 160,000 pixels, and a square style of that length 2,560,000."""
    config = StyleConfig(size=1600)
    least = [
        min(memory for memory in range(640, 1400, 2) if _fits((160, 10), style, config, encoder, memory << 20))
        for style in ((160, 10), (100, 100))
    ]
    assert (least[1] - least[0]) << 20 == pytest.approx(12 * 2_400_000, abs=6 << 20)


def _fits(content: tuple[int, int], style: tuple[int, int], config: StyleConfig, encoder: VGG, memory: int) -> bool:
    try:
        return bool(plan_painting(pictures(content, style), config, encoder, memory))
    except GanvasError:
        return False


@pytest.mark.slow
def test_pictures_that_are_held_leave_less_to_paint_with(encoder: VGG) -> None:
    small, large = (
        min(memory for memory in range(640, 1400, 2) if _fits(size, (40, 40), StyleConfig(), encoder, memory << 20))
        for size in ((400, 400), (4000, 4000))
    )
    assert (large - small) << 20 == pytest.approx(4 * (4000**2 - 400**2), abs=6 << 20)
    fine = Picture("b.tif", Image.new("RGB", (10, 10)), Image.new("F", (10, 10)), (), (Image.new("F", (10, 10)),) * 3)
    assert fine.nbytes == 100 * (4 + 3 * 4 + 4)


def test_layers_that_are_large_take_their_memory(tiny: VGGWeights, encoder: VGG) -> None:
    config = StyleConfig(style_layers=("relu1_1", "relu1_2"))
    more = VGG(tiny, (*config.content_layers, "relu1_1", "relu1_2"), "average")
    usual, other = (
        build_memory_model(config, encoder, config.content_layers, [1.0], False, 0)
        for config, encoder in ((StyleConfig(), encoder), (config, more))
    )
    assert other.block_pixel_bytes - usual.block_pixel_bytes == more.bytes_of(["relu1_2"])
