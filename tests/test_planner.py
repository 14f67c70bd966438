"""The planner's rules: what it chooses by pictures, machine and budget, and that users' wishes come first."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganvas.config import DataConfig
from ganvas.models import build_discriminator, build_generator
from ganvas.recipes import RECIPES, Wishes, choose_recipe, with_wishes
from ganvas.recipes.planner import (
    Circumstances,
    choose_recipe_name,
    choose_size,
    choose_wishes,
    estimated_bytes,
    explained,
    fitting_batch,
)  # fmt: skip

LAPTOP = Circumstances(1000, 256, 256, False, "cpu", 8 << 30, 10.0)
GPU = replace(LAPTOP, device="cuda:0", memory=16 << 30, minutes=120.0)


def data(width: int, height: int | None = None, channels: int = 3) -> DataConfig:
    return DataConfig("pictures", height or width, width, channels)


@pytest.mark.parametrize(
    ("around", "size"),
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
        (replace(GPU, minutes=600), (256, 256)),
    ],
)
def test_the_size_follows_budget_device_and_pictures(around: Circumstances, size: tuple[int, int]) -> None:
    assert choose_size(around)[:2] == size


def test_the_recipe_follows_device_size_number_and_time() -> None:
    assert choose_recipe_name(LAPTOP, data(32))[0] == "quick"
    assert choose_recipe_name(replace(LAPTOP, minutes=600), data(128))[0] == "quick"
    assert choose_recipe_name(LAPTOP, data(256))[0] == "r3gan", "quick makes no such pictures"
    assert choose_recipe_name(replace(GPU, minutes=5), data(64))[0] == "quick"
    assert choose_recipe_name(GPU, data(64))[0] == "projected"
    assert choose_recipe_name(replace(GPU, grey=True), data(64))[0] == "r3gan"
    assert choose_recipe_name(replace(GPU, count=50_000), data(64))[0] == "r3gan"


def test_memory_makes_the_batch_smaller_and_says_so() -> None:
    config = RECIPES["stylegan2"](data(256), 1000)
    small = replace(LAPTOP, memory=256 << 20)
    wishes, reasons = choose_wishes(small, config, Wishes())
    assert wishes.batch is not None
    assert 4 <= wishes.batch < config.phases[-1].batch
    told = next(each for each in reasons if each.what == "batch")
    assert "0.2 GiB" in told.why
    assert choose_wishes(replace(LAPTOP, memory=64 << 30), config, Wishes())[0].batch is None
    assert estimated_bytes(with_wishes(config, Wishes(batch=8))) < estimated_bytes(config)


def test_what_a_user_asks_for_is_left_alone() -> None:
    config = RECIPES["r3gan"](data(32), 500)
    asked = Wishes(width=0.5, batch=16, augment=("color",))
    around = replace(GPU, count=500, memory=1 << 20)
    assert choose_wishes(around, config, asked) == (asked, [])


def test_few_pictures_are_augmented_where_nothing_else_guards_them() -> None:
    few = replace(LAPTOP, count=500)
    assert choose_wishes(few, RECIPES["r3gan"](data(32), 500), Wishes())[0].augment == ("ada",)
    assert choose_wishes(few, RECIPES["multiscale"](data(32), 500), Wishes())[0].augment == ("translation",)
    for name in ("quick", "projected", "vae"):
        assert choose_wishes(few, RECIPES[name](data(32), 500), Wishes())[0].augment == (), name
    assert choose_wishes(replace(few, count=5000), RECIPES["r3gan"](data(32), 5000), Wishes())[0].augment == ()


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_explained(name: str) -> None:
    told = {each.what: each for each in explained(RECIPES[name](data(32), 1000))}
    assert set(told) | {"penalty"} == {"batch", "penalty", "augmentation", "schedule"}
    assert ("penalty" in told) == (name != "vae"), "a vae has nothing to penalise"
    assert all(each.value and each.why for each in told.values())


@settings(max_examples=60, deadline=None)
@given(
    st.integers(32, 200_000),
    st.sampled_from([(32, 32), (64, 64), (128, 256), (256, 256), (384, 256), (32, 64)]),
    st.booleans(),
    st.sampled_from(["cpu", "cuda:0", "mps"]),
    st.floats(0.25, 80),
    st.floats(1, 600),
)
def test_every_plan_can_be_carried_out(
    count: int, size: tuple[int, int], grey: bool, device: str, gigabytes: float, minutes: float
) -> None:
    around = Circumstances(count, *size, grey, device, int(gigabytes * 2**30), minutes)
    width, height, _ = choose_size(around)
    pictures = data(width, height, 1 if grey else 3)
    name, _ = choose_recipe_name(around, pictures)
    config = choose_recipe(name)(pictures, count)
    wishes, _ = choose_wishes(around, config, Wishes())
    planned = with_wishes(config, wishes)
    assert planned.phases[-1].batch <= config.phases[-1].batch
    if wishes.width == 1 and planned.phases[-1].batch > 4:
        assert fitting_batch(planned, around.memory) == planned.phases[-1].batch, "what is planned does not fit"


@pytest.mark.parametrize(("width", "height"), [(32, 32), (48, 32), (64, 128), (128, 128)])
def test_networks_can_be_built_at_planned_sizes(width: int, height: int) -> None:
    for around in (LAPTOP, GPU):
        name, _ = choose_recipe_name(around, data(width, height))
        config = RECIPES[name](data(width, height), 1000)
        assert build_generator(config) is not None
        assert build_discriminator(config) is not None
