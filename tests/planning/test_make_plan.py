"""The plan's rules: what is filled in by pictures, machine and budget, and that what a user asks for comes first."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_inputs import GPU, LAPTOP, any_inputs, data_config

from ganvas.config import TrainOptions
from ganvas.models import build_generator
from ganvas.planning.choose import choose_recipe, choose_size
from ganvas.planning.explain import recipe_decisions
from ganvas.planning.inputs import AS_ASKED, PlanInputs
from ganvas.planning.memory import estimated_bytes, fitting_batch, largest_batch
from ganvas.planning.plan import Plan, make_plan
from ganvas.recipes import RECIPES
from ganvas.recipes.overrides import apply_options
from ganvas.recipes.upsampling import small_data


def plan_with(recipe: str, inputs: PlanInputs, size: int = 32, **options: Any) -> Plan:
    """Return the plan for options that do not name a recipe, with this one in the place of what the rules choose."""
    chosen, _ = choose_recipe(inputs, data_config(size))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RECIPES, chosen, RECIPES[recipe])
        return make_plan("pictures", TrainOptions(size=str(size), upsample=1, **options), inputs)


def test_memory_makes_the_batch_smaller_and_says_so() -> None:
    small = replace(LAPTOP, memory=256 << 20)
    batch = plan_with("stylegan2", small, 256).config.phases[-1].batch
    assert 4 <= batch < RECIPES["stylegan2"](data_config(256), 1000).phases[-1].batch
    decision = next(each for each in plan_with("stylegan2", small, 256).decisions if each.what == "batch")
    assert decision.value == f"{batch}"
    assert "0.2 GiB" in decision.why
    roomy = plan_with("stylegan2", replace(LAPTOP, memory=64 << 30), 256)
    assert roomy.config.phases == RECIPES["stylegan2"](data_config(256), 1000).phases
    assert "batch" not in {each.what for each in roomy.decisions}


@pytest.mark.parametrize("options", [{}, {"batch": 256}, {"batch": 256, "g_lr": 1e-4}])
def test_learning_rates_follow_neither_processes_nor_the_batch(options: dict[str, Any]) -> None:
    one = plan_with("r3gan", LAPTOP, **({"g_lr": 1e-4} if "g_lr" in options else {})).config
    usual = largest_batch(one)
    many = plan_with("r3gan", replace(LAPTOP, processes=64), **options)
    assert largest_batch(many.config) == 256 > usual
    assert many.config.processes == 64
    assert many.config.optimizers == one.optimizers
    told = {each.what: each.value for each in many.open_decisions}
    assert told.get("learning rates") == (None if "g_lr" in options else f"as with a batch of {usual}")
    few = plan_with("r3gan", replace(LAPTOP, processes=2), **options)
    assert largest_batch(few.config) == options.get("batch", usual), "as many pictures a step as one process has"


def test_what_a_user_asks_for_is_left_alone() -> None:
    inputs = replace(GPU, count=500, memory=1 << 20)
    options = TrainOptions(channel_mult=0.5, batch=16, augment=("color",))
    made = plan_with("r3gan", inputs, **options.given())
    expected = apply_options(RECIPES["r3gan"](made.config.data, 500), options)
    assert replace(made.config, minutes=None, requested=None) == expected
    assert {each.what for each in made.open_decisions} == {"recipe"}
    assert {(each.what, each.value) for each in made.decisions if each.why == AS_ASKED} == {
        ("size", "32x32"),
        ("width", "0.5 times the recipe's"),
        ("batch", "16"),
    }


def test_few_pictures_are_augmented_where_nothing_else_guards_them() -> None:
    few = replace(LAPTOP, count=500)
    assert plan_with("r3gan", few).config.augment == ("ada",)
    assert plan_with("r3gan", few).config.ada is not None
    assert plan_with("multiscale", few).config.augment == ("translation",)
    for name in ("quick", "projected", "vae"):
        made = plan_with(name, few)
        assert made.config.augment == RECIPES[name](made.config.data, 500).augment, name
        assert "augmentation" not in {each.what for each in made.decisions}, name
    assert plan_with("r3gan", replace(few, count=5000)).config.augment == ()
    assert plan_with("r3gan", few, augment=("none",)).config.augment == (), "as asked"


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_explained(name: str) -> None:
    decisions = {each.what: each for each in recipe_decisions(RECIPES[name](data_config(32), 1000))}
    assert set(decisions) | {"penalty"} == {"batch", "penalty", "augmentation", "schedule"}
    assert ("penalty" in decisions) == (name != "vae"), "a vae has nothing to penalize"
    assert all(each.value and each.why for each in decisions.values())


@settings(max_examples=60)
@given(any_inputs)
def test_every_plan_fits_the_memory(inputs: PlanInputs) -> None:
    made = make_plan("pictures", TrainOptions(), inputs)
    config = made.config
    drawn = small_data(config.data, config.upsampling.factor if config.upsampling else 1)
    assert config.phases[-1].batch <= RECIPES[config.recipe](drawn, inputs.count).phases[-1].batch
    if config.channel_mult == 1 and config.phases[-1].batch > 4:
        assert fitting_batch(config, inputs.memory) == largest_batch(config), "what is planned does not fit"


def test_a_cpu_gets_no_wider_networks() -> None:
    for inputs, channel_mult in ((replace(LAPTOP, minutes=600), 1.0), (GPU, 2.0), (replace(GPU, minutes=5), 1.0)):
        made = plan_with("r3gan", inputs)
        assert made.config.channel_mult == channel_mult
        assert [each.what for each in made.decisions].count("width") == (channel_mult != 1)
    asked = plan_with("r3gan", GPU, channel_mult=1.0)
    assert asked.config.channel_mult == 1, "as asked"
    assert "width" not in {each.what for each in asked.open_decisions}


def test_a_recipe_that_was_named_is_taken_as_it_is() -> None:
    inputs = replace(GPU, count=500, memory=1 << 20)
    for name in RECIPES:
        made = make_plan("pictures", TrainOptions(recipe=name, size="32"), inputs)
        plain = RECIPES[name](made.config.data, 500)
        assert replace(made.config, minutes=None, requested=None) == plain
        assert made.open_decisions == ()


@settings(max_examples=60)
@given(
    any_inputs,
    st.sampled_from(sorted(RECIPES)),
    st.sampled_from([0.5, 2.0, 4.0]),
    st.sampled_from([2, 16, 100]),
    st.sampled_from([("translation",), ("cutout", "translation"), ("apa",), ("none",)]),
)
def test_options_win_over_the_plan(
    inputs: PlanInputs, name: str, channel_mult: float, batch: int, augment: tuple[str, ...]
) -> None:
    made = plan_with(name, inputs, channel_mult=channel_mult)
    assert made.config.channel_mult == channel_mult
    assert "width" not in {each.what for each in made.open_decisions}
    made = plan_with(name, inputs, batch=batch)
    assert {phase.batch for phase in made.config.phases} <= {0, batch}
    assert "batch" not in {each.what for each in made.open_decisions}
    if name != "vae":  # which has nothing to augment for
        made = plan_with(name, inputs, augment=augment)
        assert made.config.augment == tuple(each for each in augment if each != "none")
        assert "augmentation" not in {each.what for each in made.open_decisions}


@pytest.mark.parametrize("name", ["r3gan", "stylegan2", "quick"])
@pytest.mark.parametrize("asked", [None, 4.0, 0.5])
def test_the_width_counts_when_a_batch_is_fitted(name: str, asked: float | None) -> None:
    inputs = replace(GPU, count=5000, memory=2 << 30)
    config = plan_with(name, inputs, 128, channel_mult=asked).config
    assert config.channel_mult == (asked or 2)
    assert estimated_bytes(config) <= inputs.memory / 2 or config.phases[-1].batch <= 4


@settings(max_examples=30)
@given(any_inputs, st.sampled_from(["gray", "rgb", "rgba"]))
def test_every_planned_configuration_is_complete(inputs: PlanInputs, channels: str) -> None:
    width, height, _ = choose_size(inputs, not inputs.gpu)
    made = make_plan("pictures", TrainOptions(channels=channels), inputs)  # type: ignore[arg-type]
    config = made.config
    drawn = small_data(config.data, config.upsampling.factor if config.upsampling else 1)
    assert config.recipe == choose_recipe(inputs, drawn, config.upsampling is not None)[0]
    assert drawn == config.data or not inputs.gpu, "on a GPU nothing was compared"
    assert config.shape == ({"gray": 1, "rgb": 3, "rgba": 4}[channels], height, width)
    decided = {each.what for each in made.decisions}
    if "batch" in decided:  # else phases may differ
        assert all(phase.batch in {0, config.phases[-1].batch} for phase in config.phases)
    assert config.phases[-1].batch >= 2
    assert (config.ada is not None) == bool({"ada", "apa"} & set(config.augment))
    assert all(each.value and each.why for each in (*made.decisions, *recipe_decisions(config)))
    if config.channel_mult == 1 and width * height <= 64 * 64:  # the larger ones take their time
        assert sum(each.numel() for each in build_generator(config).parameters()) > 0


def test_options_reach_the_configuration() -> None:
    options = TrainOptions(
        recipe="fc", size="48x32", channels="rgba", background="#102030", fit="pad", conditional=True, images=500,
        coach="watch", seed=9, precision="bfloat16", compile=True,
    )  # fmt: skip
    config = make_plan("pictures", options, LAPTOP).config
    assert config.shape == (4, 32, 48)
    assert (config.data.background, config.data.fit, config.data.conditional) == ("#102030", "pad", True)
    assert (config.coach, config.seed, config.precision, config.compile) == ("watch", 9, "bfloat16", True)
    assert (config.minutes, config.total_images) == (None, 500)
    assert config.requested == options
    assert config.data.path == str(Path("pictures").resolve()), "a run goes on from any folder"


def test_what_is_in_force_without_options() -> None:
    config = make_plan("pictures", TrainOptions(), LAPTOP).config
    assert (config.data.background, config.data.fit, config.data.conditional) == ("white", "crop", False)
    assert (config.coach, config.seed, config.precision, config.compile) == ("act", 0, "float32", False)
    assert (config.minutes, config.total_images, config.init_from, config.freeze_d) == (10.0, None, "", 0.0)
    assert config.data.channels == 3
    assert make_plan("pictures", TrainOptions(), replace(LAPTOP, gray=True)).config.data.channels == 1


def test_a_plan_for_other_pictures_is_made_anew_and_for_as_many_is_the_same() -> None:
    made = make_plan("pictures", TrainOptions(size="32"), LAPTOP)
    assert made.for_count(LAPTOP.count, TrainOptions(size="32"), "pictures") is made
    other = made.for_count(50, TrainOptions(size="32"), "pictures")
    assert (made.config.recipe, other.config.recipe) == ("keen", "quick")
    assert other.inputs == replace(LAPTOP, count=50)
    assert other == make_plan("pictures", TrainOptions(size="32"), replace(LAPTOP, count=50))
