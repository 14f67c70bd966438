"""The balance between the networks: who takes a step, by which gradients, and what the discriminator is shown."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from stepping import CPU, material, same, weights
from torch import Tensor, nn

import tiny
from ganvas import checkpoint
from ganvas.coach.measurement.averages import LossAverage
from ganvas.config import BalanceConfig, Config, PenaltyConfig
from ganvas.data.augment import diff_augment
from ganvas.losses import PENALTIES
from ganvas.models import build_discriminator, packing
from ganvas.models.base import Discriminator
from ganvas.training.state import State, new_state
from ganvas.training.state_io import load_state, load_tensors, state_to_tensors
from ganvas.training.steps.adversarial import adversarial_step, d_step
from ganvas.training.steps.autoencoder import sharpen_step
from ganvas.training.steps.batch import generate
from ganvas.training.steps.d_input import d_input, d_logits, pack, unpack

pytestmark = pytest.mark.slow

STEPS = {"dcgan": adversarial_step, "fc": adversarial_step, "quick": sharpen_step}


def balanced(recipe: str = "dcgan", **balance: object) -> Config:
    return tiny.config(recipe, balance=BalanceConfig(**balance))  # type: ignore[arg-type]


def moves(recipe: str, config: Config, count: int) -> tuple[list[bool], list[bool], list[set[str]]]:
    """Take `count` steps; tell for each whether generator and discriminator moved, and which losses were told."""
    state = new_state(config, CPU)
    moved: tuple[list[bool], list[bool], list[set[str]]] = ([], [], [])
    for step in range(count):
        generator, discriminator = weights(state.networks.generator), weights(state.networks.discriminator)
        losses = STEPS[recipe](state, config, material(config, seed=step))
        state.counters.step += 1
        moved[0].append(not same(state.networks.generator, generator))
        moved[1].append(not same(state.networks.discriminator, discriminator))
        moved[2].append(set(losses))
    return moved


@pytest.mark.parametrize("recipe", STEPS)
def test_the_generator_waits_for_its_turn(recipe: str) -> None:
    generator, discriminator, losses = moves(recipe, balanced(recipe, n_critic=3), 7)
    assert generator == [False, False, True, False, False, True, False]
    assert all(discriminator)
    assert [("generator" in each) for each in losses] == generator


@pytest.mark.parametrize("recipe", STEPS)
def test_the_weights_move_at_every_so_many_gradients(recipe: str) -> None:
    generator, discriminator, losses = moves(recipe, balanced(recipe, grad_accum_steps=2), 5)
    assert generator == discriminator == [False, True, False, True, False]
    assert all({"generator", "discriminator"} <= each for each in losses)


def test_turns_and_gathered_gradients_go_together() -> None:
    generator, discriminator, _ = moves("dcgan", balanced(n_critic=2, grad_accum_steps=2), 8)
    assert [index for index, each in enumerate(discriminator) if each] == [1, 3, 5, 7]
    assert [index for index, each in enumerate(generator) if each] == [3, 7], "at every second turn of its own"


def plain(config: Config) -> State:
    """Return a state whose networks have no batch norm, so that a batch is no more than its pictures."""
    state = new_state(config, CPU)

    def without(network: nn.Module) -> None:
        for name, child in network.named_children():
            if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d):
                setattr(network, name, nn.Identity())
            without(child)

    without(state.networks.generator)
    without(state.networks.discriminator)
    for name in ("generator", "discriminator"):
        each = config.optimizers[name]
        network = state.networks.by_name()[name]
        state.optimizers[name] = torch.optim.Adam(network.parameters(), each.lr, (each.beta1, each.beta2))
    return state


@pytest.mark.parametrize("recipe", ["fc", "r3gan"])
def test_gathered_gradients_are_those_of_a_batch_as_large(recipe: str) -> None:
    config = replace(tiny.config(recipe), penalty=PenaltyConfig(), augment=())
    one = material(config, 12)
    state = plain(config)
    fake = generate(state.networks.generator, one.z, None)
    d_step(state, config, one, fake)

    parts = replace(config, balance=BalanceConfig(grad_accum_steps=3))
    gathered = plain(parts)
    for part in range(3):
        some = slice(4 * part, 4 * part + 4)
        drawn = replace(one, real=one.real[some], z=one.z[some])
        d_step(gathered, parts, drawn, generate(gathered.networks.generator, drawn.z, None))
        gathered.counters.step += 1
    for large, small in zip(
        state.networks.discriminator.parameters(), gathered.networks.discriminator.parameters(), strict=True
    ):
        first = state.optimizers["discriminator"].state[large]["exp_avg"]
        second = gathered.optimizers["discriminator"].state[small]["exp_avg"]
        torch.testing.assert_close(second, first, msg="the mean of the gradients is not that of the whole batch")
        assert gathered.optimizers["discriminator"].state[small]["step"] == 1


@pytest.mark.parametrize("recipe", STEPS)
@pytest.mark.parametrize("at", [1, 2, 4])
def test_going_on_in_the_middle_of_an_accumulation_is_exact(recipe: str, at: int, tmp_path: Path) -> None:
    config = balanced(recipe, grad_accum_steps=3, n_critic=2)

    def walk(state: State, until: int) -> None:
        while state.counters.step < until:
            STEPS[recipe](state, config, material(config, seed=state.counters.step))
            state.counters.step += 1

    state = new_state(config, CPU)
    walk(state, at)
    path = checkpoint.save(tmp_path, at, *state_to_tensors(state))
    walk(state, 9)
    other = load_state(config, *checkpoint.load(path), CPU)
    walk(other, 9)
    ours, theirs = state_to_tensors(state)[0], state_to_tensors(other)[0]
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_nothing_is_gathered_where_every_step_moves() -> None:
    config = tiny.config()
    state = new_state(config, CPU)
    adversarial_step(state, config, material(config))
    assert not any(key.startswith("gradient/") for key in state_to_tensors(state)[0]), (
        "a checkpoint twice as large for nothing"
    )


@pytest.mark.parametrize("recipe", STEPS)
def test_a_discriminator_far_ahead_rests(recipe: str) -> None:
    config = tiny.config(recipe, balance=BalanceConfig(d_skip_below_loss=0.4), penalty=PenaltyConfig("r1", 1.0))
    state = new_state(config, CPU)
    found = []
    for fast in (0.39, 0.41):
        state.counters.loss_averages["discriminator"] = LossAverage(mean=1.0 - fast, count=200, fast_mean=fast)
        discriminator, generator = weights(state.networks.discriminator), weights(state.networks.generator)
        losses = STEPS[recipe](state, config, material(config))
        found.append(not same(state.networks.discriminator, discriminator))
        assert {"discriminator", "real_logits", "fake_logits", "generator"} <= set(losses)
        assert not same(state.networks.generator, generator), "the other one goes on"
    assert found == [False, True]


def test_nobody_rests_before_there_is_an_average_or_without_being_told() -> None:
    for config, averages in (
        (balanced(d_skip_below_loss=9.0), {}),
        (balanced(), {"discriminator": LossAverage(-5.0, count=200, fast_mean=-5.0)}),
    ):
        state = new_state(config, CPU)
        state.counters.loss_averages = averages
        before = weights(state.networks.discriminator)
        adversarial_step(state, config, material(config))
        assert not same(state.networks.discriminator, before)


def test_a_resting_discriminator_forgets_what_it_gathered() -> None:
    config = balanced(d_skip_below_loss=0.4, grad_accum_steps=2)
    state = new_state(config, CPU)
    adversarial_step(state, config, material(config))
    assert state.networks.discriminator.layers[0].weight.grad is not None
    state.counters.step, state.counters.loss_averages["discriminator"] = 1, LossAverage(count=9)
    before = weights(state.networks.discriminator)
    adversarial_step(state, config, material(config))
    assert same(state.networks.discriminator, before)
    assert state.networks.discriminator.layers[0].weight.grad is None


def test_the_fast_average_follows_in_ten_steps_and_the_slow_one_in_a_hundred() -> None:
    average = LossAverage()
    for _ in range(300):
        average.add(1.0)
    assert (average.mean, average.fast_mean) == (pytest.approx(1), pytest.approx(1))
    for _ in range(10):
        average.add(0.0)
    assert average.fast_mean == pytest.approx(0.9**10)
    assert average.mean == pytest.approx(0.99**10)


def test_averages_are_restored() -> None:
    config = tiny.config()
    state = new_state(config, CPU)
    for value in (1.0, 3.0, 2.0):
        state.counters.loss_averages.setdefault("discriminator", LossAverage()).add(value)
    tensors, facts = state_to_tensors(state)
    other = new_state(config, CPU)
    load_tensors(other, tensors, facts)
    assert other.counters.loss_averages == state.counters.loss_averages


def test_noise_lies_on_all_that_the_discriminator_sees() -> None:
    config = balanced(instance_noise_std=0.3)
    shown: list[Tensor] = []
    state = new_state(config, CPU)
    state.networks.discriminator.register_forward_pre_hook(lambda module, given: shown.append(given[0].detach()))
    drawn = material(config, 64)
    fake = generate(state.networks.generator, drawn.z, None).detach()
    adversarial_step(state, config, drawn, lambda *given: fake.clone().requires_grad_(True))
    assert len(shown) == 3
    noises = [each - clean for each, clean in zip(shown, (drawn.real, fake, fake), strict=True)]
    for noise in noises:
        assert float(noise.std()) == pytest.approx(0.3, rel=0.02)
        assert float(noise.mean()) == pytest.approx(0, abs=0.01)
    assert not torch.equal(noises[1], noises[2]), "the same noise twice"


def test_without_noise_and_with_every_picture_augmented_nothing_more_is_drawn() -> None:
    config = tiny.config(augment=("color", "translation", "cutout"))
    drawn = material(config)
    before = drawn.rng.get_state()
    shown = d_input(config, drawn, drawn.real)
    after = drawn.rng.get_state()
    drawn.rng.set_state(before)
    expected = diff_augment(drawn.real, config.augment, drawn.rng)
    assert torch.equal(shown, expected)
    assert torch.equal(drawn.rng.get_state(), after)
    plain = tiny.config()
    assert d_input(plain, drawn, drawn.real) is drawn.real
    assert torch.equal(drawn.rng.get_state(), after)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_a_share_of_the_pictures_is_augmented(share: float) -> None:
    config = tiny.config(augment=("color",), balance=BalanceConfig(augment_p=share))
    drawn = material(config, 400)
    shown = d_input(config, drawn, drawn.real)
    changed = (shown != drawn.real).flatten(1).any(1).float().mean()
    assert float(changed) == pytest.approx(share, abs=0.07)


def test_a_share_without_policies_draws_nothing() -> None:
    config = balanced(augment_p=0.5)
    drawn = material(config)
    assert d_input(config, drawn, drawn.real) is drawn.real


def test_packs_are_pictures_side_by_side_in_channels() -> None:
    pictures = torch.arange(5 * 3 * 4 * 4.0).reshape(5, 3, 4, 4)
    packs = pack(pictures, 2)
    assert packs.shape == (2, 6, 4, 4)
    assert torch.equal(packs[1, :3], pictures[2])
    assert torch.equal(packs[1, 3:], pictures[3])
    assert pack(pictures, 1) is pictures
    assert torch.equal(unpack(packs, 2), pictures[:4])


@pytest.mark.parametrize("recipe", STEPS)
def test_a_packing_discriminator_gives_a_logit_a_pack_and_both_learn(recipe: str) -> None:
    config = balanced(recipe, pac=3)
    state, drawn = new_state(config, CPU), material(config, 8)
    assert d_logits(state.networks.discriminator, config, drawn, drawn.real).shape == (2,)
    generator, discriminator = weights(state.networks.generator), weights(state.networks.discriminator)
    losses = STEPS[recipe](state, config, drawn)
    assert all(torch.isfinite(each) for each in losses.values())
    assert not same(state.networks.generator, generator)
    assert not same(state.networks.discriminator, discriminator)


def test_packs_are_no_larger_than_a_batch_and_of_one_where_there_are_labels() -> None:
    assert packing(balanced(pac=4)) == 4
    assert packing(balanced(pac=40)) == 8, "batches of 8 have no pack of 40"
    labelled = replace(balanced(pac=4), classes=("a", "b"))
    assert packing(labelled) == 1
    drawn = material(labelled)
    assert build_discriminator(labelled)(drawn.real, drawn.labels).shape == (8,)


def quadratic(config: Config) -> State:
    """Return a state whose discriminator gives half the squared length of what it sees."""

    class Half(Discriminator):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))

        def forward(self, seen: Tensor) -> Tensor:
            return self.scale * seen.square().flatten(1).sum(1) / 2

    state = new_state(config, CPU)
    state.networks.discriminator = Half()
    state.optimizers["discriminator"] = torch.optim.Adam(state.networks.discriminator.parameters())
    return state


@pytest.mark.parametrize("batch", [8, 9], ids=["even", "one left over"])
def test_penalties_are_those_of_the_pack(batch: int) -> None:
    """The gradient of |pack|^2 / 2 is the pack: R1 is half its squared length, the gradient penalty (length - 1)^2."""
    values = {}
    for name in PENALTIES:
        config = tiny.config(penalty=PenaltyConfig(name, 1.0), balance=BalanceConfig(pac=2))
        drawn = material(config, batch)
        values[name] = float(d_step(quadratic(config), config, drawn, drawn.real)["penalty"])
    lengths = drawn.real[:8].reshape(4, -1).square().sum(1)
    half = float(lengths.mean() / 2)
    assert values["r1"] == pytest.approx(half, rel=1e-5)
    assert values["r2"] == pytest.approx(half, rel=1e-5)
    assert values["r1_r2"] == pytest.approx(2 * half, rel=1e-5)
    assert values["gradient"] == pytest.approx(float((lengths.sqrt() - 1).square().mean()), rel=1e-5)
    assert 0.05 < values["approximate_r1"] / half < 5, "a few packs, one draw each"
    assert 0.05 < values["approximate_r1_r2"] / (2 * half) < 5


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("classes", [(), ("a", "b")], ids=["plain", "labels"])
def test_all_at_once_takes_a_step(penalty: str, classes: tuple[str, ...]) -> None:
    balance = BalanceConfig(
        n_critic=1, d_skip_below_loss=0.01, augment_p=0.5, instance_noise_std=0.1, grad_accum_steps=2, pac=2
    )
    config = tiny.config(
        penalty=PenaltyConfig(penalty, 1.0), balance=balance, classes=classes, augment=("color", "cutout")
    )
    state = new_state(config, CPU)
    found = adversarial_step(state, config, material(config))
    assert 0 <= float(found["penalty"]) < 1000, "a penalty that compares two noises sees what is none of its business"
