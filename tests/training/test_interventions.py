"""Treatments: what they put right, and what they leave alone to the last bit."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import tiny
from ganvas import checkpoint
from ganvas.coach.measurement.dead_units import dead_share, dead_units
from ganvas.coach.treatment.prescription import treated
from ganvas.config import ALONE, BalanceConfig, Config
from ganvas.data.loader import Loader
from ganvas.errors import GanvasError
from ganvas.events import Prescription
from ganvas.models.residual import Block
from ganvas.planning.schedule import position, with_steps
from ganvas.recipes import RECIPES
from ganvas.runs import Run
from ganvas.training.care.interventions import apply, begin_afresh, go_back, repack, revive
from ganvas.training.loop import _set_rates
from ganvas.training.phases import advance, enter
from ganvas.training.state import Average, State, fresh, pack, restored

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
    while state.step < until:
        at = position(config, state.step)
        enter(at, state, config, data)
        for name, value in advance(at.phase, state, config, loader).items():
            state.averages.setdefault(name, Average()).add(float(value))


def save(state: State, run: Run) -> None:
    checkpoint.save(run.checkpoints, state.step, *pack(state))


def snapshot(state: State) -> dict[str, Tensor]:
    return {key: tensor.clone() for key, tensor in pack(state)[0].items()}


def differing(one: dict[str, Tensor], two: dict[str, Tensor]) -> set[str]:
    """Return the names of tensors that are not the same in both."""
    return {
        key for key in one.keys() | two.keys() if not (key in one and key in two and torch.equal(one[key], two[key]))
    }


def same(one: Sequence[Tensor], two: Sequence[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("recipe", RECIPES)
def test_going_back_restores_every_tensor_and_counts_on(recipe: str, data, tmp_path: Path) -> None:
    config, run = going(recipe, ema=0.1), Run(tmp_path / "run")
    state = fresh(config, CPU)
    walk(state, config, data, config.steps - 3)
    save(state, run)
    then, averages = snapshot(state), {name: replace(each) for name, each in state.averages.items()}
    walk(state, config, data, config.steps)
    state.best, state.healthy, state.seconds = (1.5, 2), (3,), 9.0
    order = Prescription("noise", value=0.1)
    state.prescriptions = (order,)
    images = state.images
    assert differing(snapshot(state), then), "nothing was learned meanwhile: this test shows nothing"
    go_back(state, config, run, config.steps - 3)
    assert not differing(snapshot(state), then)
    assert state.averages == averages
    counters = (state.step, state.images, state.seconds, state.best, state.healthy, state.prescriptions)
    assert counters == (config.steps, images, 9.0, (1.5, 2), (3,), (order,)), "a counter went back"


def test_going_back_goes_on_as_the_checkpoint_would_have(data, tmp_path: Path) -> None:
    """The optimisers hold to the networks that were put back, not to those that were there."""
    config, run = going(steps=8), Run(tmp_path / "run")
    state = fresh(config, CPU)
    walk(state, config, data, 3)
    save(state, run)
    walk(state, config, data, 5)
    go_back(state, config, run, 3)
    other = restored(config, *checkpoint.load(checkpoint.path_of(run.checkpoints, 3)), CPU)
    other.step, other.images = state.step, state.images
    walk(state, config, data, 7)
    walk(other, config, data, 7)
    assert not differing(snapshot(state), snapshot(other))


def test_going_back_to_before_packing_keeps_the_packing(data, tmp_path: Path) -> None:
    config, run = going(steps=8), Run(tmp_path / "run")
    state = fresh(config, CPU)
    walk(state, config, data, 2)
    save(state, run)
    saved = snapshot(state)
    apply(state, config, [Prescription("pack", value=2)], run, data)
    packed = replace(config, balance=BalanceConfig(pack=2))
    walk(state, packed, data, 5)
    go_back(state, config, run, 2)
    first = "discriminator/layers.0.weight"
    now = snapshot(state)
    assert now[first].shape[1] == 6
    assert torch.equal(now[first], saved[first].repeat(1, 2, 1, 1) / 2)
    assert {key for key in differing(now, saved) if not key.startswith("optimiser")} == {first}
    walk(state, packed, data, 8)


def test_a_checkpoint_with_packing_is_restored_in_its_own_shape(data, tmp_path: Path) -> None:
    config, run = going(steps=8), Run(tmp_path / "run")
    state = fresh(config, CPU)
    apply(state, config, [Prescription("pack", value=2), Prescription("rate", "generator", 0.5)], run, data)
    walk(state, replace(config, balance=BalanceConfig(pack=2)), data, 3)
    save(state, run)
    other = restored(config, *checkpoint.load(checkpoint.path_of(run.checkpoints, 3)), CPU)
    assert not differing(snapshot(other), snapshot(state))
    assert other.prescriptions == state.prescriptions


def test_a_missing_or_damaged_checkpoint_is_told(data, tmp_path: Path) -> None:
    config, run = going(), Run(tmp_path / "run")
    state = fresh(config, CPU)
    with pytest.raises(GanvasError, match="cannot be read"):
        go_back(state, config, run, 4)
    walk(state, config, data, 2)
    save(state, run)
    (checkpoint.path_of(run.checkpoints, 2) / checkpoint.STATE).write_bytes(b"torn")
    before = snapshot(state)
    with pytest.raises(GanvasError, match="damaged"):
        go_back(state, config, run, 2)
    assert not differing(snapshot(state), before)


def test_back_takes_the_last_healthy_checkpoint_or_the_one_before(data, tmp_path: Path) -> None:
    config, run = going(steps=9), Run(tmp_path / "run")
    state = fresh(config, CPU)
    saved = {}
    for step in (2, 4):
        walk(state, config, data, step)
        save(state, run)
        saved[step] = snapshot(state)
        state.healthy = (*state.healthy, step)
    walk(state, config, data, 6)
    apply(state, config, [Prescription("back", value=1)], run, data)
    assert not differing(snapshot(state), saved[4])
    apply(state, config, [Prescription("back", value=2)], run, data)
    assert not differing(snapshot(state), saved[2])
    assert state.prescriptions == (), "what is done once is not in force"
    with pytest.raises(GanvasError, match="3 times back"):
        apply(state, config, [Prescription("back", value=3)], run, data)


def test_a_phase_is_begun_again_where_it_began(data, tmp_path: Path) -> None:
    config, run = going("quick", steps=6), Run(tmp_path / "run")
    state = fresh(config, CPU)
    walk(state, config, data, 6)
    state.healthy = (6,)
    save(state, run)
    then = snapshot(state)
    walk(state, config, data, 9)
    assert differing(snapshot(state), then)
    state.healthy = (6, 8)
    apply(state, config, [Prescription("again", step=9)], run, data)
    assert not differing(snapshot(state), then)
    assert (state.step, state.healthy) == (9, (6, 8)), "the best that there is must not be forgotten"
    now = treated(config, state.prescriptions)
    assert [(each.name, each.steps) for each in now.phases[1:3]] == [("prior", 3), ("prior", 4)]
    walk(state, now, data, now.steps)


PLACES = {  # what each phase redraws, and what it must leave
    ("dcgan", 0): ({"generator/", "discriminator/", "averaged/"}, set[str]()),
    ("quick", 0): ({"generator/", "averaged/", "encoder/", "discriminator/"}, set[str]()),
    ("quick", 1): (
        {"generator/prior", "averaged/prior", "discriminator/"},
        {"generator/decoder", "averaged/decoder", "encoder/"},
    ),
    ("quick", 2): ({"discriminator/"}, {"generator/", "averaged/", "encoder/"}),
}


@pytest.mark.parametrize(("recipe", "phase"), PLACES)
def test_beginning_afresh_draws_what_the_phase_trains_and_counts_on(recipe: str, phase: int, data) -> None:
    config = going(recipe, steps=4, ema=0.1)
    state = fresh(config, CPU)
    walk(state, config, data, 4 * phase + 2)
    before, images = snapshot(state), state.images
    state.best, state.healthy = (1.0, 1), (1,)
    begin_afresh(state, config, seed=7)
    now, new = snapshot(state), snapshot(fresh(replace(config, seed=7), CPU))
    drawn, left = PLACES[recipe, phase]
    for key in now:
        if key.startswith(tuple(drawn)):
            source = key.replace("averaged/", "generator/")
            assert torch.equal(now[key], new[source]), f"{key} was not drawn anew"
        if key.startswith(tuple(left)):
            assert torch.equal(now[key], before[key]), f"{key} was thrown away"
    assert not any(key.startswith("optimiser/") for key in now), "moments of weights that are gone"
    assert (state.step, state.images, state.best, state.healthy) == (4 * phase + 2, images, (1.0, 1), (1,))
    assert state.averages == {}
    walk(state, config, data, state.step + 2)


def test_afresh_does_not_need_the_run_that_was_begun_with(data, tmp_path: Path) -> None:
    config = going(origin=str(tmp_path / "moved away"))
    state = fresh(config, CPU)
    walk(state, config, data, 2)
    begin_afresh(state, config, seed=7)
    assert not differing(snapshot(state), snapshot(fresh(replace(config, seed=7), CPU)))


def test_afresh_leaves_frozen_layers_as_they_were_taken_over(data, tmp_path: Path) -> None:
    config = going("residual", origin=str(tmp_path / "moved away"), frozen=0.5)
    state = fresh(config, CPU)
    walk(state, config, data, 2)
    before = snapshot(state)
    begin_afresh(state, config, seed=7)
    stay = [name for name, each in fresh(config, CPU).discriminator.named_parameters() if not each.requires_grad]
    assert stay, "nothing is frozen"
    for name, now in snapshot(state).items():
        if name.startswith("discriminator/"):
            assert torch.equal(now, before[name]) == (name.removeprefix("discriminator/") in stay), name


def test_another_seed_draws_other_weights_and_the_same_seed_the_same(data) -> None:
    config = going()
    found = []
    for seed in (1, 1, 2):
        state = fresh(config, CPU)
        begin_afresh(state, config, seed)
        found.append(snapshot(state))
    assert not differing(found[0], found[1])
    assert differing(found[0], found[2])


@pytest.mark.parametrize("recipe", [name for name in tiny.GANS if going(name).discriminator.name not in ALONE])
@pytest.mark.parametrize("count", [2, 3])
def test_a_pack_of_equal_pictures_gets_the_logit_that_the_picture_got(recipe: str, count: int) -> None:
    config = going(recipe)
    state = fresh(config, CPU)
    pictures = torch.rand(4, *config.shape) * 2 - 1
    before = state.discriminator(pictures)
    drawn = torch.get_rng_state()
    repack(state, replace(config, balance=BalanceConfig(pack=count)))
    assert torch.equal(torch.get_rng_state(), drawn)
    torch.testing.assert_close(state.discriminator(pictures.repeat(1, count, 1, 1)), before)
    packed = state.discriminator
    repack(state, config)
    assert packed is not state.discriminator
    torch.testing.assert_close(state.discriminator(pictures), before)


def test_repacking_keeps_the_moments_of_what_did_not_change(data) -> None:
    config = going()
    state = fresh(config, CPU)
    walk(state, config, data, 3)
    before = snapshot(state)
    repack(state, replace(config, balance=BalanceConfig(pack=2)))
    now = snapshot(state)
    first = {f"optimiser/discriminator/0/{key}" for key in ("exp_avg", "exp_avg_sq", "step")}
    assert differing(now, before) == first | {"discriminator/layers.0.weight"}
    assert not first & now.keys(), "moments of other weights"
    same_network = state.discriminator
    repack(state, replace(config, balance=BalanceConfig(pack=2)))
    assert state.discriminator is same_network, "nothing was to be done"


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
    state = fresh(config, CPU)
    walk(state, config, data, 3)
    kill(state.generator.layers, 3, 4, [1, 6])
    latents = torch.randn(64, config.latent)
    assert dead_share(state.generator, latents) == 2 / 16
    before = snapshot(state)
    assert revive(state, config, "generator", data) == 2
    assert dead_share(state.generator, latents) == 0
    now = snapshot(state)
    touched = {"generator/layers.3.weight", *(f"generator/layers.4.{key}" for key in ("weight", "bias"))}
    touched |= {f"generator/layers.4.running_{key}" for key in ("mean", "var")}
    moments = {key for key in differing(now, before) if key.startswith("optimiser/generator/")}
    assert differing(now, before) == touched | moments
    living = torch.tensor([0, 2, 3, 4, 5, 7])
    for key in touched | moments:
        axis = 1 if now[key].dim() == 4 else 0
        assert torch.equal(now[key].index_select(axis, living), before[key].index_select(axis, living)), key
    state_of = state.optimisers["generator"].state[state.generator.layers[3].weight]
    assert not state_of["exp_avg"][:, [1, 6]].any()
    assert (state_of["exp_avg_sq"][:, [1, 6]] > 0).all(), "a second moment of 0 makes the first steps far too long"
    walk(state, config, data, 5)


@pytest.mark.parametrize("recipe", ["quick", "fc"])
@pytest.mark.parametrize("classes", [(), ("a", "b")], ids=["plain", "labels"])
def test_dead_units_of_the_discriminator_come_alive(recipe: str, classes: tuple[str, ...], data) -> None:
    data = replace(data, labels=(torch.arange(data.count) % 2).numpy())
    config = going(recipe, classes=classes, augment=("color",))
    state = fresh(config, CPU)
    inner = state.discriminator.network if classes else state.discriminator
    place = next(index for index, each in enumerate(inner.layers) if isinstance(each, nn.Conv2d | nn.Linear))
    kill(inner.layers, place, None, [2, 3])
    assert revive(state, config, "discriminator", data) == 2
    assert revive(state, config, "discriminator", data) == 0, "still dead"


def test_a_dense_layer_that_feeds_a_grid_is_drawn_for_the_dead_channel_only(data) -> None:
    config = going("quick")
    state = fresh(config, CPU)
    decoder = state.generator.decoder.layers
    kill(decoder, 0, 2, [5])
    before = decoder[0].weight.detach().clone()
    assert revive(state, config, "generator", data) == 1
    changed = (decoder[0].weight != before).any(1).view(8, -1)
    assert changed[5].all()
    assert not changed[[0, 1, 2, 3, 4, 6, 7]].any()


def test_what_is_silent_for_want_of_input_keeps_its_weights(data) -> None:
    config = going("fc")
    state = fresh(config, CPU)
    layers = state.discriminator.layers
    kill(layers, 1, None, range(8))
    later = layers[3].weight.detach().clone()
    assert all(mask.all() for mask in dead_units(state.discriminator, torch.randn(8, *config.shape)).values())
    assert revive(state, config, "discriminator", data) == 8
    assert torch.equal(layers[3].weight, later)


def test_a_unit_is_reached_past_the_shortcut_of_its_block(data) -> None:
    """The convolution of a shortcut runs before the block's first rectifier, but does not lead to it."""
    config = going("dcgan")
    state = fresh(config, CPU)
    grid = (nn.Linear(config.latent, 16), nn.Unflatten(1, (1, 4, 4)))
    last = (nn.LeakyReLU(), nn.Conv2d(8, 3, 1), nn.Tanh())
    state.generator = nn.Sequential(*grid, nn.Conv2d(1, 4, 1), Block(4, 8), *last)
    shortcut = state.generator[3].shortcut.weight.detach().clone()
    kill(state.generator, 2, None, [1])
    assert revive(state, config, "generator", data) == 1
    assert state.generator[2].weight[1].any(), "nothing came to the dead unit"
    assert torch.equal(state.generator[3].shortcut.weight, shortcut), "another layer lost its weights"


def test_reviving_is_the_same_each_time_and_another_at_another_step(data) -> None:
    def revived(step: int) -> dict[str, Tensor]:
        config = going()
        state = fresh(config, CPU)
        state.step = step
        kill(state.generator.layers, 3, 4, [1])
        revive(state, config, "generator", data)
        return snapshot(state)

    assert not differing(revived(2), revived(2))
    assert differing(revived(2), revived(3))


def test_applying_sets_what_is_in_force(data, tmp_path: Path) -> None:
    config, run = going(), Run(tmp_path / "run")
    state = fresh(config, CPU)
    walk(state, config, data, 2)
    orders = [
        Prescription("beta1", "generator", 0.0),
        Prescription("revive", "generator"),
        Prescription("noise", value=0.2),
        Prescription("stop"),
    ]
    apply(state, config, orders, run, data)
    assert state.prescriptions == (orders[0], orders[2])
    _set_rates(state, treated(config, state.prescriptions), 1.0)
    assert state.optimisers["generator"].param_groups[0]["betas"] == (0.0, 0.999)
    assert state.optimisers["discriminator"].param_groups[0]["betas"] == (0.5, 0.999)
    assert state.averages
    apply(state, config, [Prescription("loss", name="hinge")], run, data)
    assert state.averages == {}, "the average of one loss, read as that of another"
    save(state, run)
    other = restored(config, *checkpoint.load(checkpoint.path_of(run.checkpoints, 2)), CPU)
    assert other.optimisers["generator"].param_groups[0]["betas"] == (0.0, 0.999), "forgotten on resuming"


def test_a_prescription_nobody_knows_changes_nothing(data, tmp_path: Path) -> None:
    config, run = going(), Run(tmp_path / "run")
    state = fresh(config, CPU)
    with pytest.raises(GanvasError, match="noise"):
        apply(state, config, [Prescription("skip", value=0.1), Prescription("noize")], run, data)
    assert state.prescriptions == ()


def test_gathered_gradients_do_not_outlive_a_treatment(data, tmp_path: Path) -> None:
    config, run = going(balance=BalanceConfig(accumulate=4)), Run(tmp_path / "run")
    state = fresh(config, CPU)
    walk(state, config, data, 2)
    assert state.discriminator.layers[0].weight.grad is not None
    save(state, run)
    go_back(state, config, run, 2)
    assert state.discriminator.layers[0].weight.grad is None
    walk(state, config, data, 3)
    apply(state, config, [Prescription("accumulate", value=1)], run, data)
    assert state.discriminator.layers[0].weight.grad is None
