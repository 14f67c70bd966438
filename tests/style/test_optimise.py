"""Both optimisers lower the objective, keep the best, and stop at what is no number."""

import math

import pytest
import torch
from torch import Tensor

from ganvas.style.objective import Losses
from ganvas.style.optimise import CONVERGENCE_STEPS, OPTIMIZERS, PixelOptimizer

GOAL = torch.linspace(-0.9, 0.9, 48).reshape(1, 3, 4, 4)


class Bowl:
    """An objective whose lowest point is `goal`; from measurement `broken_at` on, its loss is `broken`."""

    def __init__(self, goal: Tensor = GOAL, broken_at: int = 10**9, broken: float = math.nan) -> None:
        self.goal, self.broken_at, self.broken = goal, broken_at, broken
        self.seen: list[Tensor] = []

    def __call__(self, picture: Tensor) -> tuple[Losses, Tensor]:
        self.seen.append(picture.detach().clone())
        factor = self.broken if len(self.seen) >= self.broken_at else 1.0
        total = (picture - self.goal).square().mean().item() * factor
        return Losses(total, total, total, total), 2 * (picture.detach() - self.goal) / picture.numel()


def descend(bowl: Bowl, optimiser: str, steps: int) -> tuple[PixelOptimizer, list[Losses]]:
    descent = OPTIMIZERS[optimiser](bowl, torch.zeros(1, 3, 4, 4), {})
    told = [losses for _ in range(steps) if (losses := descent.step()) is not None]
    return descent, told


@pytest.mark.parametrize("optimiser", OPTIMIZERS)
def test_the_lowest_point_is_found(optimiser: str) -> None:
    descent, told = descend(Bowl(), optimiser, 90)
    assert told[-1].total < 0.01 * told[0].total
    torch.testing.assert_close(descent.best, GOAL, atol=0.05, rtol=0)


@pytest.mark.parametrize("optimiser", OPTIMIZERS)
def test_colours_end_at_black_and_white_and_what_is_measured_lies_between(optimiser: str) -> None:
    bowl = Bowl(3 * GOAL)
    descent, _ = descend(bowl, optimiser, 90)
    assert max(seen.abs().max() for seen in bowl.seen) <= 1
    assert descent.best.abs().max() <= 1 + 1e-6
    torch.testing.assert_close(descent.best, (3 * GOAL).clamp(-1, 1), atol=0.05, rtol=0)


@pytest.mark.parametrize("optimiser", OPTIMIZERS)
def test_a_step_measures_once_and_the_first_measures_the_start(optimiser: str) -> None:
    bowl = Bowl()
    _, told = descend(bowl, optimiser, 7)
    assert len(bowl.seen) == len(told) == 7, "each step should cost one pass of the network"
    assert told[0].total == pytest.approx(GOAL.square().mean().item())


def test_the_best_is_the_picture_that_was_measured() -> None:
    bowl = Bowl()
    descent, told = descend(bowl, "lbfgs", 6)
    lowest = min(range(6), key=lambda index: told[index].total)
    torch.testing.assert_close(descent.best, bowl.seen[lowest])


@pytest.mark.parametrize("optimiser", OPTIMIZERS)
@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_a_loss_that_is_no_number_leaves_the_last_good_picture(optimiser: str, broken: float) -> None:
    descent, told = descend(Bowl(broken_at=4, broken=broken), optimiser, 4)
    assert len(told) == 3
    assert descent.diverged
    assert descent.best.isfinite().all()
    assert descend(Bowl(broken_at=1), optimiser, 1)[1] == []


@pytest.mark.parametrize("optimiser", OPTIMIZERS)
def test_it_has_settled_when_nothing_more_is_gained(optimiser: str) -> None:
    flat = OPTIMIZERS[optimiser](Bowl(torch.zeros(1, 3, 4, 4)), torch.full((1, 3, 4, 4), 0.5), {})
    flat.lowest_losses = [1.0] * CONVERGENCE_STEPS
    assert not flat.converged, "too few steps to tell"
    flat.lowest_losses = [1.0 - 0.0005 * step for step in range(CONVERGENCE_STEPS + 1)]
    assert flat.converged
    flat.lowest_losses = [1.0 - 0.01 * step for step in range(CONVERGENCE_STEPS + 1)]
    assert not flat.converged


def test_adam_goes_on_with_what_it_knew_at_another_size() -> None:
    small, _ = descend(Bowl(), "adam", 20)
    bowl = Bowl(torch.nn.functional.interpolate(GOAL, (8, 8)))
    large = OPTIMIZERS["adam"](bowl, torch.nn.functional.interpolate(small.best, (8, 8)), small.state)
    assert large.state["square"].mean() == pytest.approx(small.state["square"].mean().item() / 16, rel=0.1)
    before = large.best.clone()
    large.step()
    moved = (large.image - before).abs().max().item()
    assert 0 < moved < 0.1, "what is carried makes no leap"


def test_adams_moments_are_those_of_the_steps_before_a_stop_too() -> None:
    whole, _ = descend(Bowl(), "adam", 5)
    begun, _ = descend(Bowl(), "adam", 3)
    resumed = OPTIMIZERS["adam"](Bowl(), begun.image, begun.state)
    resumed.step()
    resumed.step()
    torch.testing.assert_close(resumed.image, whole.image)
