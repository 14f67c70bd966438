"""Treatments: what they put right, and what they leave alone to the last bit."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import tiny
from ganvas import checkpoint
from ganvas.coach.measurement.averages import LossAverage
from ganvas.coach.measurement.dead_units import dead_unit_share, dead_units
from ganvas.coach.treatment.prescription import with_prescriptions
from ganvas.config import BalanceConfig, Config
from ganvas.data.loader import Loader
from ganvas.errors import GanvasError
from ganvas.events import Prescription
from ganvas.models import DISCRIMINATORS
from ganvas.models.residual import ResidualBlock
from ganvas.planning.budget import with_steps
from ganvas.planning.schedule import phase_at
from ganvas.recipes import RECIPES
from ganvas.runs import Run
from ganvas.training.monitoring.interventions import (
    apply_prescriptions,
    change_packing,
    reinit_dead_units,
    reinitialize,
    rollback,
)
from ganvas.training.phases import begin_step, set_learning_rates, take_step
from ganvas.training.state import BestCheckpoint, CoachState, Counters, State, new_state
from ganvas.training.state_io import load_state, state_to_tensors

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")


@pytest.fixture
def data(pictures: Path):
    return tiny.prepared(pictures)


def going(recipe: str = "dcgan", steps: int = 6, **changes: object) -> Config:
    """Return a configuration whose every phase has so many steps."""
    config = tiny.config(recipe, **changes)
    return with_steps(config, [steps] * len(config.phases), [1.0] * len(config.phases))


def walk(state: State, config: Config, data, until: int) -> None:
    """Take steps as the training does, until `until` have been taken."""
    loader = Loader(data, config.seed)
    while state.counters.step < until:
        position = phase_at(config, state.counters.step)
        begin_step(state, config, position, data)
        for name, value in take_step(position.phase, state, config, loader).items():
            state.counters.loss_averages.setdefault(name, LossAverage()).add(float(value))


def save(state: State, run: Run) -> None:
    checkpoint.save(run.checkpoints, state.counters.step, *state_to_tensors(state))


def snapshot(state: State) -> dict[str, Tensor]:
    return {key: tensor.clone() for key, tensor in state_to_tensors(state)[0].items()}


def differing(one: dict[str, Tensor], two: dict[str, Tensor]) -> set[str]:
    """Return the names of tensors that are not the same in both."""
    return {
        key for key in one.keys() | two.keys() if not (key in one and key in two and torch.equal(one[key], two[key]))
    }


def same(one: Sequence[Tensor], two: Sequence[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("recipe", RECIPES)
def test_going_back_restores_every_tensor_and_counts_on(recipe: str, data, tmp_path: Path) -> None:
    config, run = going(recipe, ema_half_life=0.1), Run(tmp_path / "run")
    state = new_state(config, CPU)
    walk(state, config, data, config.steps - 3)
    save(state, run)
    then, averages = snapshot(state), {name: replace(each) for name, each in state.counters.loss_averages.items()}
    walk(state, config, data, config.steps)
    state.counters.best, state.coach.healthy_checkpoints = BestCheckpoint(1.5, 2), (3,)
    state.counters.seconds, state.counters.ada_p, state.counters.n_microbatches = 9.0, 0.25, 2
    order = Prescription("instance_noise", value=0.1)
    state.coach.prescriptions = (order,)
    images = state.counters.images_seen
    assert differing(snapshot(state), then), "nothing was learned meanwhile: this test shows nothing"
    rollback(state, config, run, config.steps - 3)
    assert not differing(snapshot(state), then)
    assert state.counters.loss_averages == averages
    now = replace(state.counters, loss_averages={})
    kept = Counters(config.steps, images, 9.0, ada_p=0.25, n_microbatches=2, best=BestCheckpoint(1.5, 2))
    assert now == kept, "a counter went back"
    assert state.coach == CoachState((order,), (3,)), "the coach has forgotten something"


def test_going_back_goes_on_as_the_checkpoint_would_have(data, tmp_path: Path) -> None:
    """The optimisers hold to the networks that were put back, not to those that were there."""
    config, run = going(steps=8), Run(tmp_path / "run")
    state = new_state(config, CPU)
    walk(state, config, data, 3)
    save(state, run)
    walk(state, config, data, 5)
    rollback(state, config, run, 3)
    other = load_state(config, *checkpoint.load(checkpoint.checkpoint_path(run.checkpoints, 3)), CPU)
    other.counters.step, other.counters.images_seen = state.counters.step, state.counters.images_seen
    walk(state, config, data, 7)
    walk(other, config, data, 7)
    assert not differing(snapshot(state), snapshot(other))


def test_going_back_to_before_packing_keeps_the_packing(data, tmp_path: Path) -> None:
    config, run = going(steps=8), Run(tmp_path / "run")
    state = new_state(config, CPU)
    walk(state, config, data, 2)
    save(state, run)
    saved = snapshot(state)
    apply_prescriptions(state, config, [Prescription("pac", value=2)], run, data)
    packed = replace(config, balance=BalanceConfig(pac=2))
    walk(state, packed, data, 5)
    rollback(state, config, run, 2)
    first = "discriminator/layers.0.weight"
    now = snapshot(state)
    assert now[first].shape[1] == 6
    assert torch.equal(now[first], saved[first].repeat(1, 2, 1, 1) / 2)
    assert {key for key in differing(now, saved) if not key.startswith("optimizer")} == {first}
    walk(state, packed, data, 8)


def test_a_checkpoint_with_packing_is_restored_in_its_own_shape(data, tmp_path: Path) -> None:
    config, run = going(steps=8), Run(tmp_path / "run")
    state = new_state(config, CPU)
    apply_prescriptions(state, config, [Prescription("pac", value=2), Prescription("lr", "generator", 0.5)], run, data)
    walk(state, replace(config, balance=BalanceConfig(pac=2)), data, 3)
    save(state, run)
    other = load_state(config, *checkpoint.load(checkpoint.checkpoint_path(run.checkpoints, 3)), CPU)
    assert not differing(snapshot(other), snapshot(state))
    assert other.coach.prescriptions == state.coach.prescriptions


def test_a_missing_or_damaged_checkpoint_is_told(data, tmp_path: Path) -> None:
    config, run = going(), Run(tmp_path / "run")
    state = new_state(config, CPU)
    with pytest.raises(GanvasError, match="missing"):
        rollback(state, config, run, 4)
    walk(state, config, data, 2)
    save(state, run)
    (checkpoint.checkpoint_path(run.checkpoints, 2) / checkpoint.STATE).write_bytes(b"torn")
    before = snapshot(state)
    with pytest.raises(GanvasError, match="damaged"):
        rollback(state, config, run, 2)
    assert not differing(snapshot(state), before)


def test_back_takes_the_last_healthy_checkpoint_or_the_one_before(data, tmp_path: Path) -> None:
    config, run = going(steps=9), Run(tmp_path / "run")
    state = new_state(config, CPU)
    saved = {}
    for step in (2, 4):
        walk(state, config, data, step)
        save(state, run)
        saved[step] = snapshot(state)
        state.coach.healthy_checkpoints = (*state.coach.healthy_checkpoints, step)
    walk(state, config, data, 6)
    apply_prescriptions(state, config, [Prescription("rollback", value=1)], run, data)
    assert not differing(snapshot(state), saved[4])
    apply_prescriptions(state, config, [Prescription("rollback", value=2)], run, data)
    assert not differing(snapshot(state), saved[2])
    assert state.coach.prescriptions == (), "what is done once is not in force"
    with pytest.raises(GanvasError, match="number 3 from the end"):
        apply_prescriptions(state, config, [Prescription("rollback", value=3)], run, data)


def test_a_phase_is_begun_again_where_it_began(data, tmp_path: Path) -> None:
    config, run = going("quick", steps=6), Run(tmp_path / "run")
    state = new_state(config, CPU)
    walk(state, config, data, 6)
    state.coach.healthy_checkpoints = (6,)
    save(state, run)
    then = snapshot(state)
    walk(state, config, data, 9)
    assert differing(snapshot(state), then)
    state.coach.healthy_checkpoints = (6, 8)
    apply_prescriptions(state, config, [Prescription("restart_phase", step=9)], run, data)
    assert not differing(snapshot(state), then)
    assert (state.counters.step, state.coach.healthy_checkpoints) == (9, (6, 8)), (
        "the best that there is must not be forgotten"
    )
    now = with_prescriptions(config, state.coach.prescriptions)
    assert [(each.name, each.steps) for each in now.phases[1:3]] == [("prior", 3), ("prior", 4)]
    walk(state, now, data, now.steps)


PLACES = {  # what each phase redraws, and what it must leave
    ("dcgan", 0): ({"generator/", "discriminator/", "g_ema/"}, set[str]()),
    ("quick", 0): ({"generator/", "g_ema/", "encoder/", "discriminator/"}, set[str]()),
    ("quick", 1): (
        {"generator/prior", "g_ema/prior", "discriminator/"},
        {"generator/decoder", "g_ema/decoder", "encoder/"},
    ),
    ("quick", 2): ({"discriminator/"}, {"generator/", "g_ema/", "encoder/"}),
}


@pytest.mark.parametrize(("recipe", "phase"), PLACES)
def test_beginning_afresh_draws_what_the_phase_trains_and_counts_on(recipe: str, phase: int, data) -> None:
    config = going(recipe, steps=4, ema_half_life=0.1)
    state = new_state(config, CPU)
    walk(state, config, data, 4 * phase + 2)
    before, images = snapshot(state), state.counters.images_seen
    state.counters.best, state.coach.healthy_checkpoints = BestCheckpoint(1.0, 1), (1,)
    reinitialize(state, config, seed=7)
    now, new = snapshot(state), snapshot(new_state(replace(config, seed=7), CPU))
    drawn, left = PLACES[recipe, phase]
    for key in now:
        if key.startswith(tuple(drawn)):
            source = key.replace("g_ema/", "generator/")
            assert torch.equal(now[key], new[source]), f"{key} was not drawn anew"
        if key.startswith(tuple(left)):
            assert torch.equal(now[key], before[key]), f"{key} was thrown away"
    assert not any(key.startswith("optimizer/") for key in now), "moments of weights that are gone"
    counters = (state.counters.step, state.counters.images_seen, state.counters.best)
    assert counters == (4 * phase + 2, images, BestCheckpoint(1.0, 1))
    assert state.coach.healthy_checkpoints == (1,)
    assert state.counters.loss_averages == {}
    walk(state, config, data, state.counters.step + 2)


def test_afresh_does_not_need_the_run_that_was_begun_with(data, tmp_path: Path) -> None:
    config = going(init_from=str(tmp_path / "moved away"))
    state = new_state(config, CPU)
    walk(state, config, data, 2)
    (note,) = reinitialize(state, config, seed=7)
    assert "random weights" in note
    assert str(tmp_path / "moved away") in note
    assert not differing(snapshot(state), snapshot(new_state(replace(config, seed=7), CPU)))


def test_afresh_leaves_frozen_layers_as_they_were_taken_over(data, tmp_path: Path) -> None:
    config = going("residual", init_from=str(tmp_path / "moved away"), freeze_d=0.5)
    state = new_state(config, CPU)
    walk(state, config, data, 2)
    before = snapshot(state)
    reinitialize(state, config, seed=7)
    stay = [
        name
        for name, each in new_state(config, CPU).networks.discriminator.named_parameters()
        if not each.requires_grad
    ]
    assert stay, "nothing is frozen"
    for name, now in snapshot(state).items():
        if name.startswith("discriminator/"):
            assert torch.equal(now, before[name]) == (name.removeprefix("discriminator/") in stay), name


def test_another_seed_draws_other_weights_and_the_same_seed_the_same(data) -> None:
    config = going()
    found = []
    for seed in (1, 1, 2):
        state = new_state(config, CPU)
        reinitialize(state, config, seed)
        found.append(snapshot(state))
    assert not differing(found[0], found[1])
    assert differing(found[0], found[2])


@pytest.mark.parametrize(
    "recipe", [name for name in tiny.GANS if DISCRIMINATORS[going(name).discriminator.name].network.can_pack]
)
@pytest.mark.parametrize("count", [2, 3])
def test_a_pack_of_equal_pictures_gets_the_logit_that_the_picture_got(recipe: str, count: int) -> None:
    config = going(recipe)
    state = new_state(config, CPU)
    pictures = torch.rand(4, *config.shape) * 2 - 1
    before = state.networks.discriminator(pictures)
    drawn = torch.get_rng_state()
    change_packing(state, replace(config, balance=BalanceConfig(pac=count)))
    assert torch.equal(torch.get_rng_state(), drawn)
    torch.testing.assert_close(state.networks.discriminator(pictures.repeat(1, count, 1, 1)), before)
    packed = state.networks.discriminator
    change_packing(state, config)
    assert packed is not state.networks.discriminator
    torch.testing.assert_close(state.networks.discriminator(pictures), before)


def test_repacking_keeps_the_moments_of_what_did_not_change(data) -> None:
    config = going()
    state = new_state(config, CPU)
    walk(state, config, data, 3)
    before = snapshot(state)
    change_packing(state, replace(config, balance=BalanceConfig(pac=2)))
    now = snapshot(state)
    first = {f"optimizer/discriminator/0/{key}" for key in ("exp_avg", "exp_avg_sq", "step")}
    assert differing(now, before) == first | {"discriminator/layers.0.weight"}
    assert not first & now.keys(), "moments of other weights"
    same_network = state.networks.discriminator
    change_packing(state, replace(config, balance=BalanceConfig(pac=2)))
    assert state.networks.discriminator is same_network, "nothing was to be done"


def kill(network: nn.Module, layer: int, norm: int | None, units: Sequence[int]) -> None:
    """Make the units behind a layer of a Sequential say nothing."""
    with torch.no_grad():
        for unit in units:
            if norm is None:
                network[layer].weight[unit] = 0
            else:
                network[norm].weight[unit], network[norm].bias[unit] = 0, -1


def test_dead_rectifiers_come_alive_and_living_rows_are_untouched(data) -> None:
    config = going("dcgan")
    state = new_state(config, CPU)
    walk(state, config, data, 3)
    kill(state.networks.generator.layers, 3, 4, [1, 6])
    latents = torch.randn(64, config.z_dim)
    assert dead_unit_share(state.networks.generator, latents) == 2 / 16
    before = snapshot(state)
    assert reinit_dead_units(state, config, "generator", data) == 2
    assert dead_unit_share(state.networks.generator, latents) == 0
    now = snapshot(state)
    touched = {"generator/layers.3.weight", *(f"generator/layers.4.{key}" for key in ("weight", "bias"))}
    touched |= {f"generator/layers.4.running_{key}" for key in ("mean", "var")}
    moments = {key for key in differing(now, before) if key.startswith("optimizer/generator/")}
    assert differing(now, before) == touched | moments
    living = torch.tensor([0, 2, 3, 4, 5, 7])
    for key in touched | moments:
        axis = 1 if now[key].dim() == 4 else 0
        assert torch.equal(now[key].index_select(axis, living), before[key].index_select(axis, living)), key
    state_of = state.optimizers["generator"].state[state.networks.generator.layers[3].weight]
    assert not state_of["exp_avg"][:, [1, 6]].any()
    assert (state_of["exp_avg_sq"][:, [1, 6]] > 0).all(), "a second moment of 0 makes the first steps far too long"
    walk(state, config, data, 5)


@pytest.mark.parametrize("recipe", ["quick", "fc"])
@pytest.mark.parametrize("classes", [(), ("a", "b")], ids=["plain", "labels"])
def test_dead_units_of_the_discriminator_come_alive(recipe: str, classes: tuple[str, ...], data) -> None:
    data = replace(data, labels=(torch.arange(data.count) % 2).numpy())
    config = going(recipe, classes=classes, augment=("color",))
    state = new_state(config, CPU)
    inner = state.networks.discriminator.network if classes else state.networks.discriminator
    place = next(index for index, each in enumerate(inner.layers) if isinstance(each, nn.Conv2d | nn.Linear))
    kill(inner.layers, place, None, [2, 3])
    assert reinit_dead_units(state, config, "discriminator", data) == 2
    assert reinit_dead_units(state, config, "discriminator", data) == 0, "still dead"


def test_a_dense_layer_that_feeds_a_grid_is_drawn_for_the_dead_channel_only(data) -> None:
    config = going("quick")
    state = new_state(config, CPU)
    decoder = state.networks.generator.decoder.layers
    kill(decoder, 0, 2, [5])
    before = decoder[0].weight.detach().clone()
    assert reinit_dead_units(state, config, "generator", data) == 1
    changed = (decoder[0].weight != before).any(1).view(8, -1)
    assert changed[5].all()
    assert not changed[[0, 1, 2, 3, 4, 6, 7]].any()


def test_what_is_silent_for_want_of_input_keeps_its_weights(data) -> None:
    config = going("fc")
    state = new_state(config, CPU)
    layers = state.networks.discriminator.layers
    kill(layers, 1, None, range(8))
    later = layers[3].weight.detach().clone()
    assert all(mask.all() for mask in dead_units(state.networks.discriminator, torch.randn(8, *config.shape)).values())
    assert reinit_dead_units(state, config, "discriminator", data) == 8
    assert torch.equal(layers[3].weight, later)


def test_a_unit_is_reached_past_the_shortcut_of_its_block(data) -> None:
    """The convolution of a shortcut runs before the block's first rectifier, but does not lead to it."""
    config = going("dcgan")
    state = new_state(config, CPU)
    grid = (nn.Linear(config.z_dim, 16), nn.Unflatten(1, (1, 4, 4)))
    last = (nn.LeakyReLU(), nn.Conv2d(8, 3, 1), nn.Tanh())
    state.networks.generator = nn.Sequential(*grid, nn.Conv2d(1, 4, 1), ResidualBlock(4, 8), *last)
    shortcut = state.networks.generator[3].shortcut.weight.detach().clone()
    kill(state.networks.generator, 2, None, [1])
    assert reinit_dead_units(state, config, "generator", data) == 1
    assert state.networks.generator[2].weight[1].any(), "nothing came to the dead unit"
    assert torch.equal(state.networks.generator[3].shortcut.weight, shortcut), "another layer lost its weights"


def test_reviving_is_the_same_each_time_and_another_at_another_step(data) -> None:
    def revived(step: int) -> dict[str, Tensor]:
        config = going()
        state = new_state(config, CPU)
        state.counters.step = step
        kill(state.networks.generator.layers, 3, 4, [1])
        reinit_dead_units(state, config, "generator", data)
        return snapshot(state)

    assert not differing(revived(2), revived(2))
    assert differing(revived(2), revived(3))


def test_applying_sets_what_is_in_force(data, tmp_path: Path) -> None:
    config, run = going(), Run(tmp_path / "run")
    state = new_state(config, CPU)
    walk(state, config, data, 2)
    orders = [
        Prescription("beta1", "generator", 0.0),
        Prescription("reinit_dead_units", "generator"),
        Prescription("instance_noise", value=0.2),
        Prescription("stop"),
    ]
    apply_prescriptions(state, config, orders, run, data)
    assert state.coach.prescriptions == (orders[0], orders[2])
    set_learning_rates(state, with_prescriptions(config, state.coach.prescriptions), 1.0)
    assert state.optimizers["generator"].param_groups[0]["betas"] == (0.0, 0.999)
    assert state.optimizers["discriminator"].param_groups[0]["betas"] == (0.5, 0.999)
    assert state.counters.loss_averages
    apply_prescriptions(state, config, [Prescription("loss", name="hinge")], run, data)
    assert state.counters.loss_averages == {}, "the average of one loss, read as that of another"
    save(state, run)
    other = load_state(config, *checkpoint.load(checkpoint.checkpoint_path(run.checkpoints, 2)), CPU)
    assert other.optimizers["generator"].param_groups[0]["betas"] == (0.0, 0.999), "forgotten on resuming"


def test_a_prescription_nobody_knows_changes_nothing(data, tmp_path: Path) -> None:
    config, run = going(), Run(tmp_path / "run")
    state = new_state(config, CPU)
    with pytest.raises(GanvasError, match="noise"):
        apply_prescriptions(
            state, config, [Prescription("d_skip", value=0.1), Prescription("instance_noize")], run, data
        )
    assert state.coach.prescriptions == ()


def test_gathered_gradients_do_not_outlive_a_treatment(data, tmp_path: Path) -> None:
    config, run = going(balance=BalanceConfig(grad_accum_steps=4)), Run(tmp_path / "run")
    state = new_state(config, CPU)
    walk(state, config, data, 2)
    assert state.networks.discriminator.layers[0].weight.grad is not None
    save(state, run)
    rollback(state, config, run, 2)
    assert state.networks.discriminator.layers[0].weight.grad is None
    walk(state, config, data, 3)
    apply_prescriptions(state, config, [Prescription("grad_accum", value=1)], run, data)
    assert state.networks.discriminator.layers[0].weight.grad is None
