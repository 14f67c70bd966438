"""The planner's rules: what it chooses by pictures, machine and budget, and that users' wishes come first."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganvas.config import Config, DataConfig
from ganvas.models import build_discriminator, build_generator
from ganvas.planning.planner import (  # fmt: skip
    FEW,
    FLOATS,
    GPU_MINUTES,
    KEEN_COUNTS,
    KEEN_MINUTES,
    PlanInputs,
    choose_recipe_name,
    choose_size,
    choose_wishes,
    estimated_bytes,
    recipe_decisions,
    fitting_batch,
    largest_batch,
)
from ganvas.recipes import RECIPES, Wishes, choose_recipe, with_wishes

LAPTOP = PlanInputs(1000, 256, 256, False, True, "cpu", 8 << 30, 10.0)
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
        (replace(GPU, width=320, height=64), (255, 51)),
        (replace(LAPTOP, width=288, height=32), (252, 28)),
        (replace(GPU, minutes=600), (256, 256)),
    ],
)
def test_the_size_follows_budget_device_and_pictures(around: PlanInputs, size: tuple[int, int]) -> None:
    assert choose_size(around)[:2] == size


def test_the_recipe_follows_device_size_number_and_time() -> None:
    assert choose_recipe_name(LAPTOP, data(32))[0] == "keen"
    assert choose_recipe_name(replace(LAPTOP, minutes=600), data(128))[0] == "keen"
    for count in (KEEN_COUNTS[0] - 1, KEEN_COUNTS[-1] + 1):
        assert choose_recipe_name(replace(LAPTOP, count=count), data(32))[0] == "quick"
    assert choose_recipe_name(replace(LAPTOP, minutes=KEEN_MINUTES - 1), data(32))[0] == "quick"
    assert choose_recipe_name(LAPTOP, data(32, channels=4))[0] == "quick", "transparent ones were not compared"
    assert choose_recipe_name(replace(LAPTOP, grey=True), data(32))[0] == "quick"
    assert choose_recipe_name(LAPTOP, data(32, channels=1))[0] == "quick", "grey, as asked"
    assert choose_recipe_name(replace(LAPTOP, drawn=False), data(64))[0] == "projected"
    assert choose_recipe_name(replace(LAPTOP, drawn=False, grey=True), data(64))[0] == "quick", "it sees colours"
    assert choose_recipe_name(LAPTOP, data(256))[0] == "r3gan", "quick makes no such pictures"
    assert choose_recipe_name(replace(GPU, minutes=5), data(64))[0] == "quick"
    assert choose_recipe_name(GPU, data(64))[0] == "projected"
    assert choose_recipe_name(replace(GPU, grey=True), data(64))[0] == "r3gan"
    assert choose_recipe_name(replace(GPU, count=50_000), data(64))[0] == "r3gan"


def test_dense_layers_keep_a_number_a_unit_and_not_one_a_place() -> None:
    config = RECIPES["fc"](data(64), 1000)
    pixels, batch = 3 * 64 * 64, config.phases[-1].batch
    weights = (256 * 512 + 512 * 1024 + 1024 * pixels) + (512 * 256 + 512 * pixels)
    kept = 4 * FLOATS * batch * (pixels + 256 + 512 + 1024 + 512 + 256)
    assert estimated_bytes(config) == kept + 16 * weights


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
    told = {each.what: each for each in recipe_decisions(RECIPES[name](data(32), 1000))}
    assert set(told) | {"penalty"} == {"batch", "penalty", "augmentation", "schedule"}
    assert ("penalty" in told) == (name != "vae"), "a vae has nothing to penalise"
    assert all(each.value and each.why for each in told.values())


@settings(max_examples=60, deadline=None)
@given(
    st.integers(32, 200_000),
    st.sampled_from([(32, 32), (64, 64), (128, 256), (256, 256), (384, 256), (32, 64)]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["cpu", "cuda:0", "mps"]),
    st.floats(0.25, 80),
    st.floats(1, 600),
)
def test_every_plan_can_be_carried_out(
    count: int, size: tuple[int, int], grey: bool, drawn: bool, device: str, gigabytes: float, minutes: float
) -> None:
    around = PlanInputs(count, *size, grey, drawn, device, int(gigabytes * 2**30), minutes)
    width, height, _ = choose_size(around)
    pictures = data(width, height, 1 if grey else 3)
    name, _ = choose_recipe_name(around, pictures)
    config = choose_recipe(name)(pictures, count)
    wishes, _ = choose_wishes(around, config, Wishes())
    planned = with_wishes(config, wishes)
    assert planned.phases[-1].batch <= config.phases[-1].batch
    if wishes.width == 1 and planned.phases[-1].batch > 4:
        assert fitting_batch(planned, around.memory) == largest_batch(planned), "what is planned does not fit"


SHAPES = [
    (short * long // 2, short) if wide else (short, short * long // 2)
    for short in (32, 64, 128, 256)
    for long in (2, 3, 4, 5, 8)  # halves of a side: what `advice.fitting` returns, up to 1 : 4
    for wide in (True, False)
]
arounds = st.builds(
    lambda count, shape, grey, drawn, device, gigabytes, minutes: PlanInputs(
        count, *shape, grey, drawn, device, int(gigabytes * 2**30), minutes
    ),
    st.integers(32, 200_000),
    st.sampled_from(SHAPES),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["cpu", "cuda:0", "cuda:1", "mps"]),
    st.floats(0.5, 80),
    st.floats(1, 600),
)


@settings(deadline=None)
@given(arounds)
def test_a_size_is_no_more_than_pictures_have_and_of_their_shape(around: PlanInputs) -> None:
    width, height, why = choose_size(around)
    assert width <= around.width
    assert height <= around.height
    assert width * around.height == height * around.width
    assert min(width, height) >= 32
    assert max(width, height) <= 256
    assert why


@settings(deadline=None)
@given(arounds, st.sampled_from([(320, 32), (64, 320), (512, 64), (640, 64), (96, 1152), (2048, 256)]))
def test_very_oblong_pictures_get_a_size_that_recipes_make(around: PlanInputs, shape: tuple[int, int]) -> None:
    around = replace(around, width=shape[0], height=shape[1])
    width, height, _ = choose_size(around)
    assert width <= around.width
    assert height <= around.height
    assert min(width, height) >= 16
    assert max(width, height) <= 256
    assert width / height == pytest.approx(around.width / around.height, rel=0.05)
    choose_recipe(choose_recipe_name(around, data(width, height))[0])(data(width, height), around.count)


@settings(deadline=None)
@given(arounds, st.floats(1, 10))
def test_more_minutes_never_make_smaller_pictures(around: PlanInputs, times: float) -> None:
    longer = replace(around, minutes=times * around.minutes)
    assert choose_size(around)[:2] <= choose_size(longer)[:2]


def test_a_size_says_why() -> None:
    assert choose_size(replace(LAPTOP, width=32, height=32))[2] == "most of the pictures have no more"
    assert "10 minutes on a processor" in choose_size(LAPTOP)[2]
    assert "5 minutes on a GPU" in choose_size(replace(GPU, minutes=5))[2]


def test_a_recipe_says_why() -> None:
    for around in (LAPTOP, GPU, replace(GPU, minutes=5), replace(GPU, grey=True)):
        for side in (64, 256):
            assert choose_recipe_name(around, data(side))[1]
    assert "not measured" in choose_recipe_name(GPU, data(64))[1], "what is said of GPUs is what authors say"


@pytest.mark.parametrize(
    ("around", "name"),
    [
        (replace(GPU, count=FEW - 1), "projected"),
        (replace(GPU, count=FEW), "r3gan"),
        (replace(GPU, minutes=GPU_MINUTES), "projected"),
        (replace(GPU, minutes=GPU_MINUTES - 1), "quick"),
        (replace(GPU, device="mps"), "projected"),
    ],
)
def test_where_a_recipe_gives_way_to_the_next(around: PlanInputs, name: str) -> None:
    assert choose_recipe_name(around, data(128))[0] == name
    large = "projected" if around.count < FEW else "r3gan"
    assert choose_recipe_name(around, data(129))[0] == large
    assert choose_recipe_name(around, data(64, 256))[0] == large, "the longer side counts"
    assert choose_recipe_name(replace(LAPTOP, drawn=False), data(256))[0] == "projected", "it makes those too"


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("gigabytes", [0.01, 0.05, 0.25, 1.0, 80.0])
def test_a_batch_is_the_largest_half_that_fits(name: str, gigabytes: float) -> None:
    config = RECIPES[name](data(64), 5000)
    memory = int(gigabytes * 2**30)
    batch, usual = fitting_batch(config, memory), largest_batch(config)
    assert batch in {usual >> halvings for halvings in range(9)}
    fits = [estimated_bytes(of_batch(config, each)) <= memory / 2 for each in (batch, 2 * batch)]
    assert fits[0] or batch <= 4, "it does not fit, and could be less"
    assert batch == usual or not fits[1], "a larger one fits"


def of_batch(config: Config, batch: int) -> Config:
    return replace(config, phases=tuple(replace(phase, batch=batch) for phase in config.phases))


def test_less_memory_never_makes_a_larger_batch() -> None:
    config = RECIPES["stylegan2"](data(256), 5000)
    batches = [fitting_batch(config, 2**power) for power in range(20, 38)]
    assert batches == sorted(batches)
    assert batches[0] < batches[-1] == largest_batch(config)


def test_a_processor_gets_no_wider_networks() -> None:
    config = RECIPES["r3gan"](data(32), 5000)
    for around, width in ((replace(LAPTOP, minutes=600), None), (GPU, 2.0), (replace(GPU, minutes=5), None)):
        wishes, reasons = choose_wishes(around, config, Wishes())
        assert wishes.width == width
        assert [each.what for each in reasons].count("width") == (width is not None)
    assert choose_wishes(GPU, config, Wishes(width=1.0))[0].width == 1, "as asked"


@settings(max_examples=60, deadline=None)
@given(
    arounds,
    st.sampled_from(sorted(RECIPES)),
    st.sampled_from([0.5, 2.0, 4.0]),
    st.sampled_from([2, 16, 100]),
    st.sampled_from([("translation",), ("cutout", "translation"), ("apa",), ("none",)]),
)
def test_wishes_win_over_the_plan(
    around: PlanInputs, name: str, width: float, batch: int, augment: tuple[str, ...]
) -> None:
    side = 32
    config = RECIPES[name](data(side), around.count)
    for asked in (Wishes(width=width), Wishes(batch=batch), Wishes(augment=augment)):
        if asked.augment and config.discriminator.name == "none":
            continue  # nothing that they could be about
        wishes, reasons = choose_wishes(around, config, asked)
        planned = with_wishes(config, wishes)
        told = {each.what for each in reasons}
        if asked.width is not None:
            assert planned.channel_mult == width
            assert "width" not in told
        if asked.batch is not None:
            assert {phase.batch for phase in planned.phases} <= {0, batch}
            assert "batch" not in told
        if asked.augment:
            assert planned.augment == tuple(each for each in augment if each != "none")
            assert "augmentation" not in told


@pytest.mark.parametrize("name", ["r3gan", "stylegan2", "quick"])
@pytest.mark.parametrize("asked", [Wishes(), Wishes(width=4.0), Wishes(width=0.5)])
def test_the_width_is_reckoned_with_when_a_batch_is_fitted(name: str, asked: Wishes) -> None:
    around = replace(GPU, count=5000, memory=2 << 30)
    config = RECIPES[name](data(128), 5000)
    wishes, _ = choose_wishes(around, config, asked)
    planned = with_wishes(config, wishes)
    assert planned.channel_mult == (asked.width or 2)
    assert estimated_bytes(planned) <= around.memory / 2 or planned.phases[-1].batch <= 4


@settings(max_examples=30, deadline=None)
@given(arounds, st.sampled_from([1, 3, 4]))
def test_every_planned_configuration_is_whole(around: PlanInputs, channels: int) -> None:
    width, height, _ = choose_size(around)
    pictures = data(width, height, channels)
    name, _ = choose_recipe_name(around, pictures)
    config = choose_recipe(name)(pictures, around.count)
    wishes, reasons = choose_wishes(around, config, Wishes())
    planned = with_wishes(config, wishes)
    assert planned.recipe == name
    assert planned.shape == (channels, height, width)
    if (
        wishes.batch is not None or name != "keen"
    ):  # whose autoencoder takes more pictures, unless a number is asked for
        assert all(phase.batch in {0, planned.phases[-1].batch} for phase in planned.phases)
    assert planned.phases[-1].batch >= 2
    assert (planned.ada is not None) == bool({"ada", "apa"} & set(planned.augment))
    assert all(each.value and each.why for each in (*reasons, *recipe_decisions(planned)))
    if planned.channel_mult == 1 and width * height <= 64 * 64:  # the larger ones take their time
        assert sum(each.numel() for each in build_generator(planned).parameters()) > 0


@pytest.mark.parametrize(("width", "height"), [(32, 32), (48, 32), (64, 128), (128, 128)])
def test_networks_can_be_built_at_planned_sizes(width: int, height: int) -> None:
    for around in (LAPTOP, GPU):
        name, _ = choose_recipe_name(around, data(width, height))
        config = RECIPES[name](data(width, height), 1000)
        assert build_generator(config) is not None
        assert build_discriminator(config) is not None
