"""States survive a checkpoint exactly, and checkpoints of release 0.1 are read under the names of today."""

from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from stepping import CPU, prepared
from torch import Tensor

import tiny
from ganvas import checkpoint
from ganvas.checkpoint import Facts, Tensors
from ganvas.coach.measurement.averages import LossAverage
from ganvas.coach.treatment.wager import Aside
from ganvas.config import BalanceConfig, Config
from ganvas.data.loader import Loader
from ganvas.errors import GanvasError
from ganvas.events import Prescription
from ganvas.planning.schedule import PhasePosition
from ganvas.recipes import RECIPES
from ganvas.training.phases import begin_step, take_step
from ganvas.training.state import BestCheckpoint, CoachState, Counters, State, new_state
from ganvas.training.state_io import (
    load_state,
    load_tensors,
    newest_checkpoint,
    read_checkpoint,
    state_to_tensors,
    with_prefix,
)

COUNTERS = Counters(
    step=7,
    images_seen=56,
    seconds=1.5,
    wall_seconds=2.5,
    budget_seconds=60.0,
    ada_p=0.25,
    n_microbatches=2,
    best=BestCheckpoint(3.5, 4),
    loss_averages={"generator": LossAverage(0.75, 0.5, 7, 0.625), "real_sign": LossAverage()},
)
COUNTERS_0_1 = replace(COUNTERS, wall_seconds=0.0, budget_seconds=0.0)  # which 0.1 did not know
COACH = CoachState(
    prescriptions=(Prescription("d_skip", value=0.5), Prescription("instance_noise", value=0.1)),
    healthy_checkpoints=(2, 4),
    aside=Aside(3, 12.5, 400),
)
COACH_0_1 = replace(COACH, aside=None)


def trained(config: Config, counters: Counters = COUNTERS, coach: CoachState = COACH) -> State:
    """Return a state with moments after two steps of each phase, and gradients where these are accumulated."""
    state, data = new_state(config, CPU), prepared(config)
    data = replace(data, labels=(torch.arange(data.count) % 2).numpy() if config.classes else None)
    for phase in config.phases:
        begin_step(state, config, PhasePosition(replace(phase, steps=2), 0), data)
        for _ in range(2):
            take_step(phase, state, config, Loader(data, 0))
    state.counters, state.coach = replace(counters), replace(coach)
    return state


def assert_equal(one: Tensors, other: Tensors) -> None:
    assert one.keys() == other.keys()
    assert [name for name, tensor in one.items() if not torch.equal(tensor, other[name])] == []


def accumulating(recipe: str, **changes: object) -> Config:
    """Return a configuration that accumulates gradients, so that some are in a checkpoint."""
    return tiny.config(recipe, ema_half_life=0.1, balance=BalanceConfig(grad_accum_steps=3), **changes)


def test_counters_that_are_tested_differ_from_new_ones() -> None:
    for values in (COUNTERS, COACH):
        new = type(values)()
        alike = [field.name for field in fields(values) if getattr(values, field.name) == getattr(new, field.name)]
        assert not alike, "a field that is added has to be tested too"


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_state_comes_back_from_its_checkpoint(recipe: str, tmp_path: Path) -> None:
    config = accumulating(recipe)
    state = trained(config)
    path = checkpoint.save(tmp_path, 7, *state_to_tensors(state))
    tensors, facts = read_checkpoint(config, path)
    again = load_state(config, tensors, facts, CPU)
    assert_equal(state_to_tensors(again)[0], state_to_tensors(state)[0])
    assert (again.counters, again.coach) == (COUNTERS, COACH)
    assert again.counters.loss_averages["generator"] is not again.counters.loss_averages["real_sign"]
    found = newest_checkpoint(config, tmp_path)
    assert found is not None
    assert_equal(found[0], tensors)
    assert found[1:] == (facts, ())


@pytest.mark.parametrize("recipe", RECIPES)
def test_tensors_are_named_by_network_optimizer_or_gradient(recipe: str) -> None:
    state = trained(accumulating(recipe))
    networks, tensors = state.networks.by_name(), state_to_tensors(state)[0]
    assert (
        {"generator", "discriminator", "g_ema"} <= set(networks) <= {"generator", "discriminator", "g_ema", "encoder"}
    )
    kinds = {name.split("/")[0] for name in tensors}
    assert kinds <= {*networks, "optimizer", "gradient"}
    for name, network in networks.items():
        assert_equal(with_prefix(tensors, f"{name}/"), network.state_dict())
    gradients = {
        f"{name}/{key}"
        for name, network in networks.items()
        for key, parameter in network.named_parameters()
        if parameter.grad is not None
    }
    assert with_prefix(tensors, "gradient/").keys() == gradients
    moments = {name.split("/")[0] for name in with_prefix(tensors, "optimizer/")}
    assert moments == {name for name, optimizer in state.optimizers.items() if optimizer.state}
    assert gradients or moments, "nothing was learned: this test shows little"


def test_scales_of_float16_come_back() -> None:
    config = tiny.config("fc", precision="float16")
    state = trained(config)
    for power, scaler in enumerate(state.scalers.values(), 3):
        scaler.update(2.0**power)
    again = load_state(config, *state_to_tensors(state), CPU)
    assert [each.get_scale() for each in again.scalers.values()] == [8.0, 16.0]


def test_a_checkpoint_of_other_networks_is_refused() -> None:
    tensors, facts = state_to_tensors(trained(tiny.config("dcgan")))
    for config in (tiny.config("fc"), tiny.config("dcgan", size=32), tiny.config("quick")):
        with pytest.raises(GanvasError, match="not of this run's networks") as caught:
            load_state(config, tensors, facts, CPU)
        assert "--out" in caught.value.hint


def test_a_checkpoint_whose_moments_are_of_other_parameters_is_refused() -> None:
    """The fused Adam would read and write beyond the end of the shorter ones."""
    config = tiny.config("fc")
    tensors, facts = state_to_tensors(trained(config))
    first = next(name for name in tensors if name.endswith("/exp_avg"))
    for change in (
        {first: torch.zeros(7)},
        {first: tensors[first].reshape(-1)},
        {first.replace("exp_avg", "step"): torch.zeros(7)},
        {first.replace("exp_avg", "other"): torch.zeros(tensors[first].shape)},
        {"optimizer/generator/99/exp_avg": torch.zeros(1)},
        {"optimizer/generator/x/exp_avg": torch.zeros(1)},
        {f"optimizer/generator/{'1' * 5000}/exp_avg": torch.zeros(1)},
    ):
        with pytest.raises(GanvasError, match="not of this run's networks"):
            load_state(config, tensors | change, facts, CPU)
    with pytest.raises(GanvasError, match="not of this run's networks"):
        load_state(config, {name: each for name, each in tensors.items() if name != first}, facts, CPU)


def test_a_full_memory_is_no_fault_of_the_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    config = tiny.config("fc")
    tensors, facts = state_to_tensors(trained(config))
    monkeypatch.setattr(torch.nn.Module, "load_state_dict", full)
    with pytest.raises(torch.OutOfMemoryError):
        load_state(config, tensors, facts, CPU)


def test_a_checkpoint_that_says_too_little_is_refused() -> None:
    config = tiny.config("fc")
    state = trained(config)
    tensors, facts = state_to_tensors(state)
    for name in ("counters", "coach", "scalers"):
        with pytest.raises(GanvasError):
            load_tensors(new_state(config, CPU), tensors, {key: each for key, each in facts.items() if key != name})


# What the weights of networks were called in 0.1, by the recipe: parts of today's names and of those.
OLD_WEIGHT_NAMES = {
    "fc": {"/label_maps.": "/planes."},
    "dcgan": {"/label_maps.": "/planes."},
    "quick": {
        "/prior.in_proj.": "/prior.enter.", "/prior.out_proj.": "/prior.leave.",
        "/prior.label_embedding.": "/prior.label.", "/label_maps.": "/planes.",
    },
    "stylegan2": {
        "/mapping_layers.": "/mapping.", "/const": "/constant", "/rgb_bias": "/background", "/w_avg": "/mean_style",
        "/pl_mean": "/path_mean", "generator/to_rgb.": "generator/colours.", "g_ema/to_rgb.": "g_ema/colours.",
        ".conv.": ".convolution.", ".noise_const": ".noise", ".noise_strength": ".strength", ".conv0.": ".keep.",
        ".conv1.": ".halve.", ".skip.": ".shortcut.", "/epilogue.": "/gather.", "/head.linear.": "/verdict.score.",
        "/head.": "/verdict.", "/conditional_latent.": "/latents.",
    },
    "r3gan": {
        ".conv_in.": ".widen.", ".conv_group.": ".mix.", ".conv_out.": ".narrow.", "/global_depthwise.": "/gather.",
        "/head.linear.": "/verdict.score.", "/head.": "/verdict.", "/conditional_latent.": "/latents.",
    },
    "projected": {
        "/input_block.": "/beginning.", "/conditional_latent.": "/latents.", ".logit.": ".verdict.",
        "/projection.ccm": "/mixing.channels", "/projection.csm": "/mixing.scales",
    },
    "multiscale": {
        "/input_block.": "/beginning.", "/epilogue.": "/ending.", "/head.linear.": "/verdict.score.",
        "/head.": "/verdict.", "/conditional_latent.": "/labelled.",
    },
}  # fmt: skip
OLD_KINDS = {"d_skip": "skip", "instance_noise": "noise"}


def old_name(name: str, recipe: str) -> str:
    """Return what 0.1 called a tensor of a checkpoint."""
    kind, _, rest = name.partition("/")
    if kind == "optimizer":
        return f"optimiser/{rest}"
    for new, old in OLD_WEIGHT_NAMES[recipe].items():
        name = name.replace(new, old)
    return name.replace("g_ema/", "averaged/").replace("gradient/", "gathered/")


def as_of_0_1(state: State, recipe: str) -> tuple[Tensors, Facts]:
    """Return a state as release 0.1 put it into a checkpoint."""
    counters = state.counters
    facts = {
        "step": counters.step,
        "images": counters.images_seen,
        "seconds": counters.seconds,
        "best": counters.best and [counters.best.distance, counters.best.step],
        "augmented": counters.ada_p,
        "parts": counters.n_microbatches,
        "scalers": {name: scaler.state_dict() for name, scaler in state.scalers.items()},
        "averages": {
            name: [each.mean, each.variance, each.count, each.fast_mean]
            for name, each in counters.loss_averages.items()
        },
        "prescriptions": [asdict(each) | {"kind": OLD_KINDS[each.kind]} for each in state.coach.prescriptions],
        "healthy": list(state.coach.healthy_checkpoints),
    }
    return {old_name(name, recipe): tensor for name, tensor in state_to_tensors(state)[0].items()}, facts


def upgraded(folder: Path, config: Config, tensors: Tensors, facts: dict[str, Any]) -> tuple[Tensors, Facts]:
    """Return what is read of a checkpoint that holds this."""
    return read_checkpoint(config, checkpoint.save(folder, 7, tensors, facts))


@pytest.mark.slow
@pytest.mark.parametrize("classes", [(), ("a", "b")], ids=["plain", "labels"])
@pytest.mark.parametrize("recipe", OLD_WEIGHT_NAMES)
def test_a_checkpoint_of_0_1_goes_on_exactly(recipe: str, classes: tuple[str, ...], tmp_path: Path) -> None:
    config = tiny.of_0_1(accumulating(recipe, classes=classes))
    state = trained(config)
    tensors, facts = as_of_0_1(state, recipe)
    new = state_to_tensors(state)[0]
    unlike = {name.split("/", 1)[1] for name in tensors} - {name.split("/", 1)[1] for name in new}
    assert unlike or (recipe in ("fc", "dcgan") and not classes), "no weight had another name: this shows little"
    found, told = upgraded(tmp_path, config, tensors, facts | {"events": 9})
    assert_equal(found, new)
    assert told["events"] == 9, "the events that were written until then are not known"
    again = load_state(config, found, told, CPU)
    assert (again.counters, again.coach) == (COUNTERS_0_1, COACH_0_1)
    again.coach = state.coach = CoachState()
    for each in (state, again):
        data = replace(prepared(config), labels=(torch.arange(24) % 2).numpy() if classes else None)
        begin_step(each, config, PhasePosition(replace(config.phases[-1], steps=2), 0), data)
        for optimizer in each.optimizers.values():
            optimizer.param_groups[0]["lr"] = 0.001
        take_step(config.phases[-1], each, config, Loader(data, 0))
    assert_equal(state_to_tensors(again)[0], state_to_tensors(state)[0])


def test_the_newest_checkpoint_is_upgraded_too(tmp_path: Path) -> None:
    config = tiny.of_0_1(accumulating("quick", classes=("a", "b")))
    state = trained(config)
    checkpoint.save(tmp_path, 7, *as_of_0_1(state, "quick"))
    found = newest_checkpoint(config, tmp_path)
    assert found is not None
    assert_equal(found[0], state_to_tensors(state)[0])
    assert load_state(config, *found[:2], CPU).counters == COUNTERS_0_1


def test_the_oldest_checkpoints_know_of_no_coach_and_of_no_fast_mean(tmp_path: Path) -> None:
    config = tiny.config("dcgan")
    tensors, facts = as_of_0_1(trained(config, Counters(7, 56, 1.5), CoachState()), "dcgan")
    old = {key: facts[key] for key in ("step", "images", "seconds", "best")}
    old["averages"] = {"discriminator": [0.7, 0.1, 500]}
    state = load_state(config, *upgraded(tmp_path, config, tensors, old), CPU)
    average = LossAverage(0.7, 0.1, 500, 0.7)  # from 0 on, the discriminator would be skipped for nothing
    assert state.counters == Counters(7, 56, 1.5, loss_averages={"discriminator": average})
    assert state.coach == CoachState()


def test_scales_of_float16_are_those_of_0_1(tmp_path: Path) -> None:
    config = tiny.config("fc", precision="float16")
    state = trained(config)
    for scaler in state.scalers.values():
        scaler.update(4.0)
    again = load_state(config, *upgraded(tmp_path, config, *as_of_0_1(state, "fc")), CPU)
    assert {each.get_scale() for each in again.scalers.values()} == {4.0}


def test_a_checkpoint_of_today_is_left_as_it_is(tmp_path: Path) -> None:
    config = tiny.config("stylegan2")
    tensors, facts = state_to_tensors(trained(config))
    found, told = upgraded(tmp_path, config, tensors, facts | {"events": 9})
    assert_equal(found, tensors)
    assert told.keys() == {*facts, "events"}


def test_names_are_taken_by_their_prefix() -> None:
    tensors: dict[str, Tensor] = {
        "g_ema/a": torch.zeros(1),
        "g_ema/b/c": torch.ones(1),
        "gradient/g_ema/a": torch.ones(1),
    }
    assert with_prefix(tensors, "g_ema/").keys() == {"a", "b/c"}
