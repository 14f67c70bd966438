"""Both optimizers lower the objective, keep the best image, and stop when the loss is not finite."""

import math

import pytest
import torch
from torch import Tensor

from ganvas.style.objective import Losses
from ganvas.style.optimize import CONVERGENCE_STEPS, OPTIMIZERS, PixelOptimizer

GOAL = torch.linspace(-0.9, 0.9, 48).reshape(1, 3, 4, 4)


class Bowl:
    """An objective with its minimum at `goal`; from evaluation `broken_at` on, its loss is multiplied by `broken`."""

    def __init__(self, goal: Tensor = GOAL, broken_at: int = 10**9, broken: float = math.nan) -> None:
        self.goal, self.broken_at, self.broken = goal, broken_at, broken
        self.images: list[Tensor] = []

    def __call__(self, image: Tensor) -> tuple[Losses, Tensor]:
        self.images.append(image.detach().clone())
        factor = self.broken if len(self.images) >= self.broken_at else 1.0
        total = (image - self.goal).square().mean().item() * factor
        return Losses(total, total, total, total), 2 * (image.detach() - self.goal) / image.numel()


def optimize(bowl: Bowl, name: str, steps: int) -> tuple[PixelOptimizer, list[Losses]]:
    optimizer = OPTIMIZERS[name](bowl, torch.zeros(1, 3, 4, 4), {})
    steps_taken = (optimizer.step() for _ in range(steps))
    losses = [step for step in steps_taken if step is not None]
    return optimizer, losses


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_minimum_is_found(name: str) -> None:
    optimizer, losses = optimize(Bowl(), name, 90)
    assert losses[-1].total < 0.01 * losses[0].total
    torch.testing.assert_close(optimizer.best, GOAL, atol=0.05, rtol=0)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_pixels_stay_between_black_and_white(name: str) -> None:
    bowl = Bowl(3 * GOAL)
    optimizer, _ = optimize(bowl, name, 90)
    assert max(image.abs().max() for image in bowl.images) <= 1
    assert optimizer.best.abs().max() <= 1 + 1e-6
    torch.testing.assert_close(optimizer.best, (3 * GOAL).clamp(-1, 1), atol=0.05, rtol=0)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_evaluates_once_and_the_first_evaluates_the_start(name: str) -> None:
    bowl = Bowl()
    _, losses = optimize(bowl, name, 7)
    assert len(bowl.images) == len(losses) == 7, "each step should cost one pass of the network"
    assert losses[0].total == pytest.approx(GOAL.square().mean().item())


def test_the_best_is_an_image_that_was_evaluated() -> None:
    bowl = Bowl()
    optimizer, losses = optimize(bowl, "lbfgs", 6)
    lowest = min(range(6), key=lambda index: losses[index].total)
    torch.testing.assert_close(optimizer.best, bowl.images[lowest])


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_leaves_the_last_good_image(name: str, broken: float) -> None:
    optimizer, losses = optimize(Bowl(broken_at=4, broken=broken), name, 4)
    assert len(losses) == 3
    assert optimizer.diverged
    assert optimizer.best.isfinite().all()
    assert optimize(Bowl(broken_at=1), name, 1)[1] == []


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_has_converged_when_the_loss_hardly_falls(name: str) -> None:
    flat = OPTIMIZERS[name](Bowl(torch.zeros(1, 3, 4, 4)), torch.full((1, 3, 4, 4), 0.5), {})
    flat.lowest_losses = [1.0] * CONVERGENCE_STEPS
    assert not flat.converged, "too few steps to tell"
    flat.lowest_losses = [1.0 - 0.0005 * step for step in range(CONVERGENCE_STEPS + 1)]
    assert flat.converged
    flat.lowest_losses = [1.0 - 0.01 * step for step in range(CONVERGENCE_STEPS + 1)]
    assert not flat.converged


def test_adam_continues_with_its_state_at_another_size() -> None:
    small, _ = optimize(Bowl(), "adam", 20)
    bowl = Bowl(torch.nn.functional.interpolate(GOAL, (8, 8)))
    large = OPTIMIZERS["adam"](bowl, torch.nn.functional.interpolate(small.best, (8, 8)), small.state)
    assert large.state["square"].mean() == pytest.approx(small.state["square"].mean().item() / 16, rel=0.1)
    before = large.best.clone()
    large.step()
    moved = (large.image - before).abs().max().item()
    assert 0 < moved < 0.1, "the state causes no leap"


def test_adam_resumes_with_its_moments() -> None:
    whole, _ = optimize(Bowl(), "adam", 5)
    partial, _ = optimize(Bowl(), "adam", 3)
    resumed = OPTIMIZERS["adam"](Bowl(), partial.image, partial.state)
    resumed.step()
    resumed.step()
    torch.testing.assert_close(resumed.image, whole.image)
