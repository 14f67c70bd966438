"""One step: who learns from what, and who is left alone."""

from dataclasses import replace

import pytest
import torch
from stepping import CPU, material, same, weights
from torch import Tensor, nn

import tiny
from ganvas.config import BalanceConfig, Config, PenaltyConfig
from ganvas.losses import LOSSES, PENALTIES, zero_centered_gradient_penalty
from ganvas.models import build_generator
from ganvas.models.efficientnet import frozen_efficientnet_lite0
from ganvas.models.projected import ProjectedDiscriminator
from ganvas.recipes import RECIPES
from ganvas.training.state import State, new_state
from ganvas.training.steps import autoencoder
from ganvas.training.steps.adversarial import adversarial_step, d_step
from ganvas.training.steps.batch import Batch, generate, make_batch
from ganvas.training.steps.d_input import d_logits
from ganvas.training.steps.ema import prepare_for_sampling, update_ema


def test_draw_makes_floats_and_latents() -> None:
    config = tiny.config()
    found = material(config, 5)
    assert found.real.shape == (5, *config.shape)
    assert -1 <= found.real.min() < -0.9
    assert 0.9 < found.real.max() <= 1
    assert found.z.shape == (5, config.z_dim)


def test_draw_mirrors_only_when_told() -> None:
    pictures = torch.arange(16, dtype=torch.uint8).expand(64, 3, 16, 16)

    def mirrored(flip: bool) -> int:
        config = tiny.config(flip=flip)
        real = make_batch(config, pictures, None, torch.Generator().manual_seed(0), CPU).real
        return int((real[:, 0, 0, 0] > real[:, 0, 0, -1]).sum())

    assert mirrored(False) == 0
    assert 16 < mirrored(True) < 48


def test_discriminator_step_moves_only_the_discriminator() -> None:
    config = tiny.config()
    state, drawn = new_state(config, CPU), material(config)
    fake = generate(state.networks.generator, drawn.z, None)
    generator, discriminator = weights(state.networks.generator), weights(state.networks.discriminator)
    losses = d_step(state, config, drawn, fake)
    assert same(state.networks.generator, generator)
    assert not same(state.networks.discriminator, discriminator)
    assert all(each.grad is None for each in state.networks.generator.parameters()), "the fakes were not cut off"
    assert {"discriminator", "real_logits", "fake_logits"} == set(losses)


def test_the_discriminator_is_frozen_in_the_generators_step() -> None:
    config = tiny.config()
    state, drawn = new_state(config, CPU), material(config)
    generator, discriminator = state.networks.generator, state.networks.discriminator
    first, learned = weights(generator), list[Tensor]()
    turns: list[str] = []

    def after_discriminator(*_: object) -> None:
        turns.append("discriminator")
        learned[:] = weights(discriminator)
        assert same(generator, first)

    def before_generator(*_: object) -> None:
        turns.append("generator")
        assert all(each.grad is None for each in discriminator.parameters()), "gradient for nothing"

    state.optimizers["discriminator"].register_step_post_hook(after_discriminator)
    state.optimizers["generator"].register_step_pre_hook(before_generator)
    adversarial_step(state, config, drawn)
    assert turns == ["discriminator", "generator"]
    assert same(discriminator, learned)
    assert not same(generator, first)
    assert all(each.requires_grad for each in discriminator.parameters()), "left frozen"


@pytest.mark.parametrize(
    ("loss", "apa", "passes"), [("hinge", False, 2), ("relativistic", False, 2), ("hinge", True, 3)]
)
def test_a_frozen_network_sees_once_what_both_turns_judge(
    loss: str, apa: bool, passes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny.config("projected", loss=loss, augment=("apa",) if apa else ())
    moved, seen = list[list[Tensor]](), list[int]()
    for shared in (True, False):
        monkeypatch.setattr(ProjectedDiscriminator, "judges_features", shared)
        state = new_state(config, CPU)
        stem: nn.Module = frozen_efficientnet_lite0().conv_stem
        handle = stem.register_forward_hook(lambda *_: seen.append(1))
        try:
            adversarial_step(state, config, material(config))
        finally:
            handle.remove()
        moved.append([*weights(state.networks.generator), *weights(state.networks.discriminator)])
        if shared:
            assert len(seen) == passes, "reals once and fakes once, but where fakes go among the reals of one turn"
    for one, other in zip(*moved, strict=True):
        torch.testing.assert_close(one, other, msg="sharing the features has changed the step")


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_moves_both_networks(loss: str) -> None:
    config = tiny.config(loss=loss)
    state = new_state(config, CPU)
    generator, discriminator = weights(state.networks.generator), weights(state.networks.discriminator)
    losses = adversarial_step(state, config, material(config))
    assert not same(state.networks.generator, generator)
    assert not same(state.networks.discriminator, discriminator)
    assert all(torch.isfinite(value) for value in losses.values())
    assert all(not value.requires_grad for value in losses.values()), "a loss that holds on to its graph"


@pytest.mark.parametrize("classes", [(), ("a", "b")], ids=["plain", "labels"])
@pytest.mark.parametrize("augment", [(), ("color", "translation", "cutout")], ids=["bare", "augmented"])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_penalties_go_with_labels_and_augmentation(
    penalty: str, augment: tuple[str, ...], classes: tuple[str, ...]
) -> None:
    config = tiny.config(penalty=PenaltyConfig(penalty, 1.0), augment=augment, classes=classes)
    state, drawn = new_state(config, CPU), material(config)
    found = float(adversarial_step(state, config, drawn)["penalty"])
    assert 0 <= found < 1000, "a penalty that compares two augmentations sees differences that are none of its business"


def test_a_lazy_penalty_is_taken_in_its_turn_and_scaled_up(monkeypatch: pytest.MonkeyPatch) -> None:
    config = tiny.config(penalty=PenaltyConfig("gradient", 3.0, interval=4))
    state, drawn = new_state(config, CPU), material(config)
    alone = nn.Parameter(torch.zeros(()))  # moved by the penalty and nothing else
    state.optimizers["discriminator"] = torch.optim.SGD([alone], 1.0)  # type: ignore[assignment]
    monkeypatch.setitem(PENALTIES, "gradient", lambda d, real, fake, random: 2.0 * alone)
    fake, extra = generate(state.networks.generator, drawn.z, None), []
    for state.counters.step in range(9):
        before = float(alone.detach())
        losses = d_step(state, config, drawn, fake)
        extra.append(before - float(alone.detach()))
        assert ("penalty" in losses) == (state.counters.step % 4 == 0)
    assert extra == [24.0, 0, 0, 0, 24.0, 0, 0, 0, 24.0], "gamma 3 times every 4 times penalty 2"


@pytest.mark.parametrize("name", ["r1", "r2", "r1_r2"])
@pytest.mark.parametrize("pack", [1, 2])
def test_penalties_of_logits_that_are_there_are_those_of_a_pass_of_their_own(name: str, pack: int) -> None:
    config = tiny.config("residual", augment=("translation",), balance=BalanceConfig(pac=pack))
    config = replace(config, penalty=PenaltyConfig(name, 1.0))
    state, drawn = new_state(config, CPU), material(config)
    start = drawn.rng.get_state()
    fake = generate(state.networks.generator, drawn.z, None).detach()

    def shown(pictures: Tensor) -> Tensor:
        return d_logits(state.networks.discriminator, config, drawn, pictures.reshape(-1, *config.shape))

    wanted = 0.0
    for on, pictures in ((name != "r2", drawn.real), (name != "r1", fake)):  # reals are judged first, then fakes
        packs = pictures.reshape(-1, pack * config.shape[0], *config.shape[1:])
        if on:
            wanted += float(zero_centered_gradient_penalty(shown, packs).detach())
        else:
            shown(packs)
    drawn.rng.set_state(start)
    found = float(d_step(state, config, drawn, fake)["penalty"])
    assert found == pytest.approx(wanted, rel=1e-5)


def test_the_average_forgets_by_half_in_its_half_life() -> None:
    config = tiny.config(ema_half_life=0.5)
    state = new_state(config, CPU)
    old = weights(state.networks.g_ema)
    with torch.no_grad():
        for parameter in state.networks.generator.parameters():
            parameter.add_(1)
    state.counters.images_seen = 1000
    update_ema(state, half_life=0.5, batch=100)
    decay = 0.5 ** (100 / 500)
    for averaged, before, present in zip(
        state.networks.g_ema.parameters(), old, state.networks.generator.parameters(), strict=True
    ):
        torch.testing.assert_close(averaged, decay * before + (1 - decay) * present.detach())
    for _ in range(4):
        update_ema(state, half_life=0.5, batch=100)
    for averaged, before in zip(state.networks.g_ema.parameters(), old, strict=True):
        torch.testing.assert_close(averaged, before + 0.5, msg="half of it is younger than 500 pictures")


def test_the_averaged_generator_is_never_taught() -> None:
    state = new_state(tiny.config(), CPU)
    assert not any(each.requires_grad for each in state.networks.g_ema.parameters())


def test_settled_statistics_are_those_of_the_averaged_weights() -> None:
    """A generator whose batch norm lags behind its weights paints grey where white was learned."""
    config = tiny.config("dcgan", ema_half_life=0.1)
    state = new_state(config, CPU)
    norms = [module for module in state.networks.g_ema.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.running_mean.fill_(7)
        norm.running_var.fill_(50)
    last = next(
        module for module in reversed(list(state.networks.g_ema.modules())) if isinstance(module, nn.BatchNorm2d)
    )
    with torch.no_grad():  # a ground that is white if, and only if, the last norm's output is about N(3, 0.1)
        last.weight.fill_(0.1)
        last.bias.fill_(3)
        state.networks.g_ema.layers[-2].weight.fill_(0.05)
    network = prepare_for_sampling(state, config, CPU)
    assert not network.training
    inputs: list[Tensor] = []
    last.register_forward_hook(lambda module, given, output: inputs.append(output))
    with torch.no_grad():
        pictures = network(torch.randn(256, config.z_dim))
    assert float(inputs[0].mean()) == pytest.approx(3, abs=0.02)
    assert float((inputs[0] - 3).std()) == pytest.approx(0.1, rel=0.1)
    assert pictures[:, :, 4:12, 4:12].min() > 0.9, "the white ground is grey"
    assert all(norm.momentum == 0.1 for norm in norms), "the momentum was not put back"


def test_settling_is_the_same_each_time_and_leaves_the_weights_alone() -> None:
    config = tiny.config("quick", ema_half_life=0.1)
    state = new_state(config, CPU)
    before = weights(state.networks.g_ema)
    first = {key: value.clone() for key, value in prepare_for_sampling(state, config, CPU).state_dict().items()}
    second = prepare_for_sampling(state, config, CPU).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert same(state.networks.g_ema, before)


def test_without_an_average_the_present_generator_is_shown() -> None:
    config = tiny.config("dcgan", ema_half_life=0.0)
    state = new_state(config, CPU)
    adversarial_step(state, config, material(config))
    assert same(prepare_for_sampling(state, config, CPU), weights(state.networks.generator))


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_fresh_state_follows_from_the_seed_alone(recipe: str) -> None:
    def state(seed: int, disturb: int) -> dict[str, Tensor]:
        torch.manual_seed(disturb)
        found = new_state(tiny.config(recipe, seed=seed), CPU)
        return {
            f"{name}/{key}": value
            for name, each in found.networks.by_name().items()
            for key, value in each.state_dict().items()
        }

    one, again, other = state(3, 1), state(3, 2), state(4, 1)
    assert all(torch.equal(one[key], again[key]) for key in one)
    assert any(not torch.equal(one[key], other[key]) for key in one)


def warm(config: Config) -> tuple[State, Batch]:
    state, drawn = new_state(config, CPU), material(config)
    return state, drawn


def test_autoencode_moves_decoder_and_encoder_and_learns() -> None:
    config = tiny.config("quick", flip=False)
    state, drawn = warm(config)
    prior, decoder = weights(state.networks.generator.prior), weights(state.networks.generator.decoder)
    encoder, discriminator = weights(state.networks.encoder), weights(state.networks.discriminator)
    losses = [float(autoencoder.autoencode_step(state, config, drawn)["reconstruction"]) for _ in range(30)]
    assert losses[-1] < 0.9 * losses[0]
    assert not same(state.networks.generator.decoder, decoder)
    assert not same(state.networks.encoder, encoder)
    assert same(state.networks.generator.prior, prior)
    assert same(state.networks.discriminator, discriminator)


def test_prior_moves_only_the_prior_and_learns() -> None:
    config = tiny.config("quick")
    state, drawn = warm(config)
    random = torch.Generator().manual_seed(0)
    state.encoder_codes = (torch.randn(64, config.z_dim, generator=random) * 0.1 + 2, None)
    decoder = weights(state.networks.generator.decoder)
    losses = [float(autoencoder.prior_step(state, config, drawn)["prior"]) for _ in range(60)]
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10])
    assert same(state.networks.generator.decoder, decoder)


def test_sharpen_moves_decoder_and_discriminator_and_nothing_else() -> None:
    config = tiny.config("quick")
    state, drawn = warm(config)
    prior, encoder = weights(state.networks.generator.prior), weights(state.networks.encoder)
    statistics = {key: value.clone() for key, value in state.networks.encoder.state_dict().items()}
    decoder, discriminator = weights(state.networks.generator.decoder), weights(state.networks.discriminator)
    losses = autoencoder.sharpen_step(state, config, drawn)
    assert {"discriminator", "generator"} <= set(losses)
    assert not same(state.networks.generator.decoder, decoder)
    assert not same(state.networks.discriminator, discriminator)
    assert same(state.networks.generator.prior, prior)
    assert same(state.networks.encoder, encoder)
    assert all(torch.equal(value, statistics[key]) for key, value in state.networks.encoder.state_dict().items())
    assert all(each.requires_grad for each in state.networks.discriminator.parameters())


def test_labels_reach_every_step_of_the_warm_start() -> None:
    config = tiny.config("quick", classes=("a", "b", "c"))
    state, drawn = warm(config)
    autoencoder.autoencode_step(state, config, drawn)
    state.encoder_codes = (torch.randn(9, config.z_dim), torch.arange(9) % 3)
    before = state.networks.generator.prior.label_embedding.weight.detach().clone()
    autoencoder.prior_step(state, config, drawn)
    assert not torch.equal(state.networks.generator.prior.label_embedding.weight, before)
    autoencoder.sharpen_step(state, config, drawn)


@pytest.mark.parametrize("recipe", ["dcgan", "fc"])
def test_a_network_of_odd_shape_takes_a_step(recipe: str) -> None:
    config = tiny.config(recipe)
    config = replace(config, data=replace(config.data, height=19, width=26, channels=4))
    adversarial_step(new_state(config, CPU), config, material(config))
    assert build_generator(config)(torch.randn(2, config.z_dim)).shape == (2, 4, 19, 26)
