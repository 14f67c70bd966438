"""Size and recipe by pictures, machine and budget."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_inputs import GPU, LAPTOP, any_inputs, data_config

from ganvas.config import DataConfig
from ganvas.models import build_discriminator, build_generator
from ganvas.planning.choose import (
    FEW,
    GPU_MINUTES,
    KEEN_COUNTS,
    KEEN_MINUTES,
    choose_factor,
    choose_recipe,
    choose_size,
    largest_size,
)
from ganvas.planning.inputs import PlanInputs
from ganvas.recipes import RECIPES
from ganvas.recipes.upsampling import small_data


@pytest.mark.parametrize(
    ("inputs", "size"),
    [
        (LAPTOP, (32, 32)),
        (replace(LAPTOP, minutes=20), (64, 64)),
        (replace(LAPTOP, minutes=600), (128, 128)),
        (replace(LAPTOP, minutes=600, width=64, height=64), (64, 64)),
        (replace(LAPTOP, width=384, height=256), (48, 32)),
        (replace(LAPTOP, minutes=20, width=64, height=128), (64, 128)),
        (replace(GPU, minutes=5), (64, 64)),
        (GPU, (128, 128)),
        (replace(GPU, minutes=600, width=384), (192, 128)),
        (replace(GPU, width=320, height=64), (255, 51)),
        (replace(LAPTOP, width=288, height=32), (252, 28)),
        (replace(GPU, minutes=600), (256, 256)),
    ],
)
def test_the_size_follows_budget_device_and_pictures(inputs: PlanInputs, size: tuple[int, int]) -> None:
    assert choose_size(inputs, upsamples=False)[:2] == size


@pytest.mark.parametrize(
    ("minutes", "pictures", "size", "factor"),
    [
        (2, (256, 256), (64, 64), 2),
        (10, (256, 256), (128, 128), 4),
        (30, (256, 256), (256, 256), 8),
        (30, (1024, 1024), (256, 256), 8),
        (240, (1024, 1024), (512, 512), 8),
        (10, (128, 192), (128, 192), 4),
        (30, (300, 200), (300, 200), 8),
        (10, (64, 64), (64, 64), 2),
        (10, (40, 40), (40, 40), 1),
        (10, (28, 28), (28, 28), 1),
        (10, (640, 64), (250, 25), 1),
        (30, (250, 120), (250, 120), 4),
    ],
)
def test_where_small_ones_are_enlarged_the_size_is_the_pictures_own_sooner(
    minutes: float, pictures: tuple[int, int], size: tuple[int, int], factor: int
) -> None:
    inputs = replace(LAPTOP, minutes=minutes, width=pictures[0], height=pictures[1])
    assert choose_size(inputs, upsamples=True)[:2] == size
    assert choose_factor(data_config(*size), minutes) == factor


@pytest.mark.parametrize(("size", "factor"), [((384, 384), 8), ((1024, 1024), 8), ((40, 320), 1), ((100, 300), 4)])
def test_a_large_size_that_was_asked_for_is_drawn_as_small_as_can_be(size: tuple[int, int], factor: int) -> None:
    assert choose_factor(data_config(*size), 10) == factor


@given(any_inputs, st.booleans())
def test_a_size_is_no_larger_than_the_pictures_and_of_their_shape(inputs: PlanInputs, upsamples: bool) -> None:
    width, height, why = choose_size(inputs, upsamples)
    assert width <= inputs.width
    assert height <= inputs.height
    assert width * inputs.height == height * inputs.width
    assert min(width, height) >= 32
    assert max(width, height) <= (1024 if upsamples else 256)
    assert why


@given(any_inputs, st.sampled_from([(320, 32), (64, 320), (512, 64), (640, 64), (96, 1152), (2048, 256)]))
def test_very_oblong_pictures_get_a_size_that_recipes_make(inputs: PlanInputs, shape: tuple[int, int]) -> None:
    inputs = replace(inputs, width=shape[0], height=shape[1])
    for upsamples in (False, True):
        width, height, _ = choose_size(inputs, upsamples)
        assert width <= inputs.width
        assert height <= inputs.height
        assert min(width, height) >= 16
        assert width / height == pytest.approx(inputs.width / inputs.height, rel=0.05)
        data = data_config(width, height)
        factor = choose_factor(data, inputs.minutes) if upsamples else 1
        drawn = small_data(data, factor)
        RECIPES[choose_recipe(inputs, drawn, factor > 1)[0]](drawn, inputs.count)


@given(any_inputs, st.floats(1, 10))
def test_more_minutes_never_make_smaller_images(inputs: PlanInputs, times: float) -> None:
    longer = replace(inputs, minutes=times * inputs.minutes)
    assert choose_size(inputs, False)[:2] <= choose_size(longer, False)[:2]
    assert choose_size(inputs, True)[:2] <= choose_size(longer, True)[:2]


def test_a_size_says_why() -> None:
    assert choose_size(replace(LAPTOP, width=32, height=32), True)[2] == "most of the pictures are no larger"
    assert "10 minutes on a CPU" in choose_size(LAPTOP, True)[2]
    assert "5 minutes on a GPU" in choose_size(replace(GPU, minutes=5), False)[2]


@pytest.mark.parametrize(
    ("name", "shape", "largest"),
    [
        ("fc", (128, 128), (64, 64)),
        ("fc", (256, 128), (64, 32)),
        ("quick", (256, 192), (128, 96)),
        ("quick", (64, 48), (64, 48)),
        ("r3gan", (256, 256), (256, 256)),
        ("stylegan2", (300, 300), (256, 256)),
        ("quick", (400, 4), (400, 4)),  # at no size of this shape are both sides long enough
    ],
)
def test_the_largest_size_that_a_recipe_makes(name: str, shape: tuple[int, int], largest: tuple[int, int]) -> None:
    data = largest_size(data_config(*shape), RECIPES[name])
    assert (data.width, data.height) == largest


def test_the_recipe_follows_device_size_number_and_time() -> None:
    assert choose_recipe(LAPTOP, data_config(32))[0] == "keen"
    assert choose_recipe(replace(LAPTOP, minutes=600), data_config(128))[0] == "keen"
    for count in (KEEN_COUNTS[0] - 1, KEEN_COUNTS[-1] + 1):
        assert choose_recipe(replace(LAPTOP, count=count), data_config(32))[0] == "quick"
    assert choose_recipe(replace(LAPTOP, minutes=KEEN_MINUTES - 1), data_config(32))[0] == "quick"
    assert choose_recipe(LAPTOP, data_config(32, channels=4))[0] == "quick", "transparent ones were not compared"
    assert choose_recipe(replace(LAPTOP, gray=True), data_config(32))[0] == "quick"
    assert choose_recipe(LAPTOP, data_config(32, channels=1))[0] == "quick", "gray, as asked"
    photographs = replace(LAPTOP, drawn=False)
    assert choose_recipe(photographs, data_config(64))[0] == "projected"
    assert choose_recipe(photographs, data_config(32), enlarged=True)[0] == "keen"
    for others in (replace(photographs, minutes=KEEN_MINUTES - 1), replace(photographs, count=50_000)):
        assert choose_recipe(others, data_config(32), enlarged=True)[0] == "projected", "not compared"
    assert choose_recipe(replace(LAPTOP, drawn=False, gray=True), data_config(64))[0] == "quick", "projected sees color"
    assert choose_recipe(LAPTOP, data_config(256))[0] == "r3gan", "quick makes no such images"
    assert choose_recipe(replace(GPU, minutes=5), data_config(64))[0] == "quick"
    assert choose_recipe(GPU, data_config(64))[0] == "projected"
    assert choose_recipe(replace(GPU, gray=True), data_config(64))[0] == "r3gan"
    assert choose_recipe(replace(GPU, count=50_000), data_config(64))[0] == "r3gan"


@pytest.mark.parametrize(
    ("inputs", "name"),
    [
        (replace(GPU, count=FEW - 1), "projected"),
        (replace(GPU, count=FEW), "r3gan"),
        (replace(GPU, minutes=GPU_MINUTES), "projected"),
        (replace(GPU, minutes=GPU_MINUTES - 1), "quick"),
        (replace(GPU, device="mps"), "projected"),
    ],
)
def test_where_a_recipe_gives_way_to_the_next(inputs: PlanInputs, name: str) -> None:
    assert choose_recipe(inputs, data_config(128))[0] == name
    large = "projected" if inputs.count < FEW else "r3gan"
    assert choose_recipe(inputs, data_config(129))[0] == large
    assert choose_recipe(inputs, data_config(64, 256))[0] == large, "the longer side counts"
    assert choose_recipe(replace(LAPTOP, drawn=False), data_config(256))[0] == "projected", "it makes those too"


def test_a_recipe_says_why() -> None:
    for inputs in (LAPTOP, GPU, replace(GPU, minutes=5), replace(GPU, gray=True)):
        for side in (64, 256):
            assert choose_recipe(inputs, data_config(side))[1]
    assert "not measured" in choose_recipe(GPU, data_config(64))[1], "what is said of GPUs is what authors say"


@pytest.mark.parametrize(("width", "height"), [(32, 32), (48, 32), (64, 128), (128, 128)])
def test_networks_can_be_built_at_planned_sizes(width: int, height: int) -> None:
    data: DataConfig = data_config(width, height)
    for inputs in (LAPTOP, GPU):
        config = RECIPES[choose_recipe(inputs, data)[0]](data, 1000)
        assert build_generator(config) is not None
        assert build_discriminator(config) is not None
