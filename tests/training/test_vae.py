"""The variational autoencoder: its bound against formulas written out, and that it learns."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

import ganvas
import tiny
from ganvas.errors import GanvasError
from ganvas.events import Done, LogitHistograms
from ganvas.models.vae import GaussianEncoder
from ganvas.training import calibrate
from ganvas.training.state import new_state
from ganvas.training.steps.batch import make_batch
from ganvas.training.steps.vae import divergence_from_normal, vae_step

CPU = torch.device("cpu")


def test_the_divergence_is_the_one_of_two_gaussians() -> None:
    torch.manual_seed(0)
    mean, log_variance = torch.randn(5, 7, dtype=torch.float64), torch.randn(5, 7, dtype=torch.float64)
    ours = torch.distributions.Normal(mean, (log_variance / 2).exp())
    expected = torch.distributions.kl_divergence(ours, torch.distributions.Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(divergence_from_normal(mean, log_variance), expected)
    assert float(divergence_from_normal(torch.zeros(1, 3), torch.zeros(1, 3))) == 0


def test_a_step_goes_down_the_bound_with_the_best_noise() -> None:
    config = tiny.config("vae", flip=False)
    state = new_state(config, CPU)
    material = make_batch(config, torch.randint(0, 256, (8, *config.shape), dtype=torch.uint8), None, generator(1), CPU)
    twin = new_state(config, CPU)
    mean, log_variance = twin.networks.encoder(material.real)  # type: ignore[misc]
    seen = generator(1)
    make_batch(
        config, torch.zeros(8, *config.shape, dtype=torch.uint8), None, seen, CPU
    )  # what is drawn before the noise
    pictures = twin.networks.generator(mean + torch.randn(mean.shape, generator=seen) * (log_variance / 2).exp())
    squares, numbers = (pictures - material.real).square().flatten(1), material.real[0].numel()
    variance = float(squares.mean().detach())
    likelihood = 0.5 * squares.sum(1) / variance + 0.5 * numbers * math.log(2 * math.pi * variance)
    divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1)
    ((likelihood + divergence).mean() / numbers).backward()  # type: ignore[no-untyped-call]
    gradients = [each.grad for each in [*twin.networks.generator.parameters(), *twin.networks.encoder.parameters()]]  # type: ignore[union-attr]
    moved = [*state.networks.generator.parameters(), *state.networks.encoder.parameters()]  # type: ignore[union-attr]
    found: list[torch.Tensor] = []
    state.optimizers["autoencoder"].register_step_pre_hook(
        lambda *_: found.extend(each.grad.clone() for each in moved if each.grad is not None)
    )
    losses = vae_step(state, config, material)
    assert float(losses["reconstruction"]) == pytest.approx(math.sqrt(variance), rel=1e-5)
    assert float(losses["divergence"]) == pytest.approx(float(divergence.detach().mean()), rel=1e-5)
    for ours, expected in zip(found, gradients, strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-7)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.slow
def test_it_learns_to_give_pictures_back_and_codes_stay_near_the_normal() -> None:
    config = tiny.config("vae", flip=False)
    state = new_state(config, CPU)
    pictures = torch.randint(0, 2, (8, 3, 1, 1), dtype=torch.uint8).mul(255).expand(-1, -1, 16, 16).contiguous()
    told = []
    for step in range(150):
        material = make_batch(config, pictures, None, generator(step), CPU)
        told.append({name: float(each) for name, each in vae_step(state, config, material).items()})
    assert told[-1]["reconstruction"] < 0.5 * told[0]["reconstruction"]
    assert 1 < told[-1]["divergence"] < 60, "codes say nothing, or lie anywhere"


def test_labels_and_variances_of_any_size(tmp_path) -> None:  # type: ignore[no-untyped-def]
    config = replace(tiny.config("vae"), classes=("a", "b"))
    state = new_state(config, CPU)
    labels = torch.randint(0, 2, (8,))
    material = make_batch(
        config, torch.randint(0, 256, (8, *config.shape), dtype=torch.uint8), labels, generator(1), CPU
    )
    assert isinstance(state.networks.encoder, GaussianEncoder)
    nn.init.constant_(state.networks.encoder.layers[-1].bias, 1e4)  # type: ignore[arg-type]
    assert all(math.isfinite(float(each)) for each in vae_step(state, config, material).values())


def test_a_recipe_without_an_encoder_is_told() -> None:
    config = tiny.config("dcgan")
    material = make_batch(config, torch.zeros(8, *config.shape, dtype=torch.uint8), None, generator(1), CPU)
    with pytest.raises(GanvasError, match="no encoder"):
        vae_step(new_state(config, CPU), config, material)


@pytest.mark.slow
@pytest.mark.usefixtures("narrow_recipes")
def test_minutes_and_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate, "TRIALS", 1)
    for name in ("a", "b"):
        tiny.write_pictures(tmp_path / "pictures" / name, seed=ord(name))
    events = tiny.train(tmp_path / "pictures", tmp_path / "run", "vae", images=None, minutes=0.05, conditional=True)
    assert isinstance(events[-1], Done)
    assert events[-1].reason == "finished"
    assert not any(isinstance(event, LogitHistograms) for event in events), "there is nobody to judge"
    assert ganvas.load(tmp_path / "run", "cpu").sample(3, label="b").shape == (3, 3, 16, 16)
