"""Losses against their formulas, penalties against finite differences."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import tiny
from ganvas.losses import (
    LOSSES,
    PENALTIES,
    approximate_gradient_penalty,
    wgan_gradient_penalty,
    zero_centered_gradient_penalty,
)
from ganvas.models import build_discriminator


def log_sigmoid(x: np.ndarray) -> np.ndarray:
    return -np.logaddexp(0, -x)


FORMULAS = {
    "bce": (
        lambda r, f: -log_sigmoid(r).mean() - np.log1p(-1 / (1 + np.exp(-f))).mean(),
        lambda r, f: -log_sigmoid(f).mean(),
    ),
    "saturating": (
        lambda r, f: -log_sigmoid(r).mean() - np.log1p(-1 / (1 + np.exp(-f))).mean(),
        lambda r, f: np.log1p(-1 / (1 + np.exp(-f))).mean(),
    ),
    "hinge": (
        lambda r, f: np.maximum(0, 1 - r).mean() + np.maximum(0, 1 + f).mean(),
        lambda r, f: -f.mean(),
    ),
    "least_squares": (
        lambda r, f: ((r - 1) ** 2).mean() / 2 + (f**2).mean() / 2,
        lambda r, f: ((f - 1) ** 2).mean() / 2,
    ),
    "wasserstein": (
        lambda r, f: f.mean() - r.mean() + 0.001 * (r**2).mean(),
        lambda r, f: -f.mean(),
    ),
    "relativistic": (
        lambda r, f: -log_sigmoid(r - f).mean(),
        lambda r, f: -log_sigmoid(f - r).mean(),
    ),
    "relativistic_hinge": (
        lambda r, f: np.maximum(0, 1 - r + f.mean()).mean() + np.maximum(0, 1 + f - r.mean()).mean(),
        lambda r, f: np.maximum(0, 1 + r - f.mean()).mean() + np.maximum(0, 1 - f + r.mean()).mean(),
    ),
}


def test_every_loss_has_a_formula_here() -> None:
    assert set(FORMULAS) == set(LOSSES), "a loss without a test of its equation"


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("side", [0, 1], ids=["discriminator", "generator"])
def test_loss_is_its_formula(name: str, side: int) -> None:
    random = np.random.default_rng(0)
    real, fake = random.normal(1, 2, 64), random.normal(-1, 2, 64)
    actual = LOSSES[name][side](torch.from_numpy(real), torch.from_numpy(fake))
    assert actual.dtype == torch.float64
    np.testing.assert_allclose(float(actual), FORMULAS[name][side](real, fake), rtol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_stay_finite_at_extreme_logits(name: str) -> None:
    real, fake = torch.tensor([1e4, -1e4]), torch.tensor([-1e4, 1e4])
    for loss in LOSSES[name]:
        assert torch.isfinite(loss(real, fake)), f"{name} overflows"


@pytest.mark.parametrize("name", LOSSES)
def test_losses_pull_logits_the_right_way(name: str) -> None:
    real, fake = torch.zeros(4, requires_grad=True), torch.zeros(4, requires_grad=True)
    LOSSES[name][0](real, fake).backward()
    assert (real.grad <= 0).all(), "the discriminator should raise real logits"
    assert (fake.grad >= 0).all(), "the discriminator should lower fake logits"
    fake = torch.zeros(4, requires_grad=True)
    LOSSES[name][1](torch.zeros(4), fake).backward()
    assert (fake.grad < 0).all(), "the generator should raise fake logits"


def test_the_saturating_loss_has_no_gradient_where_the_discriminator_wins() -> None:
    def gradient(name: str, logit: float) -> float:
        fake = torch.tensor([logit], requires_grad=True)
        LOSSES[name][1](torch.zeros(1), fake).backward()
        return float(-fake.grad)

    assert gradient("saturating", 0.0) == pytest.approx(gradient("bce", 0.0)), "they agree at a logit of 0"
    assert gradient("saturating", -12.0) < 1e-5 < 0.99 < gradient("bce", -12.0)


@pytest.fixture
def smooth() -> nn.Module:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Tanh(), nn.Flatten(), nn.Linear(3 * 2 * 3, 1), nn.Flatten(0))
    return network.double()


def batch(seed: int, count: int = 3) -> Tensor:
    return torch.randn(count, 2, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def by_differences(network: nn.Module, images: Tensor, step: float = 1e-5) -> Tensor:
    """Return the gradient of each image's logit by central differences, of the images' shape."""
    gradient = torch.zeros_like(images)
    with torch.no_grad():
        for place in np.ndindex(*images.shape[1:]):
            moved = torch.zeros_like(images)
            moved[(slice(None), *place)] = step
            gradient[(slice(None), *place)] = (network(images + moved) - network(images - moved)) / (2 * step)
    return gradient


def test_the_zero_centered_penalty_is_half_the_squared_gradient(smooth: nn.Module) -> None:
    images = batch(1)
    expected = 0.5 * by_differences(smooth, images).square().sum(dim=(1, 2, 3)).mean()
    torch.testing.assert_close(zero_centered_gradient_penalty(smooth, images), expected, rtol=1e-6, atol=0)


def assert_gradient(network: nn.Module, value: Callable[[], Tensor], step: float = 1e-8) -> None:
    """Assert that the gradient of a value with respect to all weights agrees with central differences.

    They are taken along random directions, with a step so small that no LeakyReLU changes sides.
    """
    weights = [each for each in network.parameters() if each.requires_grad]
    actual = torch.autograd.grad(value(), weights, allow_unused=True)
    for seed in range(3):
        random = torch.Generator().manual_seed(seed)
        direction = [torch.randn(each.shape, generator=random, dtype=each.dtype) for each in weights]
        values = []
        for factor in (1, -2, 1):  # one step there, one to the other side, and back
            with torch.no_grad():
                torch._foreach_add_(weights, direction, alpha=factor * step)
            values.append(float(value().detach()))
        expected = (values[0] - values[1]) / (2 * step)
        products = (grad * part for grad, part in zip(actual, direction, strict=True) if grad is not None)
        along = sum(float(product.sum()) for product in products)
        assert expected != 0
        assert along == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_have_the_right_gradient_for_the_weights(name: str, smooth: nn.Module) -> None:
    real, fake = batch(1), batch(2)
    assert_gradient(smooth, lambda: PENALTIES[name](smooth, real, fake, torch.Generator().manual_seed(0)))


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["r3gan", "stylegan2", "multiscale", "progressive", "residual", "dcgan"])
@pytest.mark.parametrize("name", ["r1_r2", "gradient"])
def test_penalties_have_the_right_gradient_for_the_weights_of_real_networks(recipe: str, name: str) -> None:
    config = tiny.config(recipe)
    network = build_discriminator(config).double().train(False)
    random = torch.Generator().manual_seed(0)
    shape = (4, 3 * (len(config.generator.widths) if recipe == "multiscale" else 1), 16, 16)
    real, fake = (torch.randn(shape, generator=random, dtype=torch.float64) for _ in range(2))
    assert_gradient(network, lambda: PENALTIES[name](network, real, fake, torch.Generator().manual_seed(0)))


def test_gradient_penalty_is_the_distance_of_the_gradient_from_one(smooth: nn.Module) -> None:
    real, fake = batch(1), batch(2)
    actual = wgan_gradient_penalty(smooth, real, fake, torch.Generator().manual_seed(5))
    mix = torch.rand((3, 1, 1, 1), dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    between = mix * real + (1 - mix) * fake
    norms = by_differences(smooth, between).square().sum(dim=(1, 2, 3)).sqrt()
    torch.testing.assert_close(actual, (norms - 1).square().mean(), rtol=1e-6, atol=0)


def test_gradient_penalty_of_a_unit_gradient_is_zero() -> None:
    direction = batch(3, 1)
    direction /= direction.norm()
    actual = wgan_gradient_penalty(lambda x: (x * direction).sum(dim=(1, 2, 3)), batch(1), batch(2), torch.Generator())
    assert float(actual.detach()) == pytest.approx(0, abs=1e-20)


def test_r1_is_on_reals_and_r2_on_fakes(smooth: nn.Module) -> None:
    real, fake, random = batch(1), batch(2), torch.Generator()
    r1, r2 = PENALTIES["r1"](smooth, real, fake, random), PENALTIES["r2"](smooth, real, fake, random)
    torch.testing.assert_close(r1, zero_centered_gradient_penalty(smooth, real))
    torch.testing.assert_close(r2, zero_centered_gradient_penalty(smooth, fake))
    torch.testing.assert_close(PENALTIES["r1_r2"](smooth, real, fake, random), r1 + r2)


@pytest.mark.parametrize("kind", ["linear", "smooth"])
def test_approximate_r1_is_near_the_exact_one(kind: str, smooth: nn.Module) -> None:
    direction = batch(3, 1)
    network = smooth if kind == "smooth" else lambda x: (x * direction).sum(dim=(1, 2, 3))
    images = batch(1).repeat(4000, 1, 1, 1)
    actual = approximate_gradient_penalty(network, images, torch.Generator().manual_seed(0), sigma=0.01)
    assert float(actual.detach()) == pytest.approx(
        float(zero_centered_gradient_penalty(network, batch(1)).detach()), rel=0.04
    )


def test_approximate_r1_r2_is_the_sum_over_reals_and_fakes(smooth: nn.Module) -> None:
    real, fake = batch(1).repeat(4000, 1, 1, 1), batch(2).repeat(4000, 1, 1, 1)
    actual = PENALTIES["approximate_r1_r2"](smooth, real, fake, torch.Generator().manual_seed(0))
    assert float(actual.detach()) == pytest.approx(
        float((zero_centered_gradient_penalty(smooth, real) + zero_centered_gradient_penalty(smooth, fake)).detach()),
        rel=0.04,
    )


@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_reach_the_discriminator_and_not_the_generator(name: str, smooth: nn.Module) -> None:
    fake = batch(2).requires_grad_(True)
    PENALTIES[name](smooth, batch(1), fake, torch.Generator().manual_seed(0)).backward()
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in smooth.parameters()), "no gradient"
    assert fake.grad is None, "a penalty on the discriminator has leaked into the generator's graph"


def test_gradient_penalty_of_a_flat_discriminator_has_a_finite_gradient() -> None:
    flat = nn.Linear(12, 1)
    nn.init.zeros_(flat.weight)
    images = torch.randn(4, 3, 2, 2)
    penalty = PENALTIES["gradient"](lambda x: flat(x.flatten(1)).squeeze(1), images, -images, torch.Generator())
    penalty.backward()
    assert torch.isfinite(flat.weight.grad).all(), "a gradient of 0 became NaN"
