"""Both optimisers lower the objective, keep the best, and stop at what is no number."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ganvas.config import StyleConfig
from ganvas.style.objective import Losses
from ganvas.style.optimise import OPTIMISERS, Stroke, optimise

GOAL = torch.linspace(-0.9, 0.9, 48).reshape(1, 3, 4, 4)


class Bowl:
    """An objective whose lowest point is GOAL; from measurement `broken_at` on, its loss is `broken`."""

    def __init__(self, broken_at: int = 10**9, broken: float = math.nan) -> None:
        self.calls, self.broken_at, self.broken = 0, broken_at, broken

    def __call__(self, picture: Tensor) -> Losses:
        self.calls += 1
        total = (picture - GOAL).square().mean() * (self.broken if self.calls >= self.broken_at else 1.0)
        return Losses(total, total, total, total)


def strokes(objective: Bowl, optimiser: str, iterations: int, **settings: float) -> list[Stroke]:
    config = replace(StyleConfig(optimiser=optimiser), **settings)
    return list(optimise(objective, torch.zeros(1, 3, 4, 4), config, iterations))


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_the_lowest_point_is_found(optimiser: str) -> None:
    made = strokes(Bowl(), optimiser, 60)
    assert made[-1].loss < 0.01 * made[0].loss
    torch.testing.assert_close(made[-1].best, GOAL, atol=0.05, rtol=0)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_a_step_measures_once_and_the_first_measures_the_start(optimiser: str) -> None:
    bowl = Bowl()
    made = strokes(bowl, optimiser, 7)
    assert bowl.calls == len(made) == 7, "each step should cost one pass of the network"
    assert made[0].loss == pytest.approx(GOAL.square().mean().item())
    assert torch.equal(made[0].best, torch.zeros(1, 3, 4, 4)), "a step's picture is not the one its loss belongs to"


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_it_with_the_last_good_picture(optimiser: str, broken: float) -> None:
    made = strokes(Bowl(broken_at=4, broken=broken), optimiser, 9)
    assert len(made) == 3
    assert all(math.isfinite(stroke.loss) and stroke.best.isfinite().all() for stroke in made)
    assert strokes(Bowl(broken_at=1), optimiser, 9) == []


def test_a_wild_step_does_not_lose_the_best_picture() -> None:
    made = strokes(Bowl(), "adam", 5, learning_rate=5.0)
    losses = [stroke.loss for stroke in made]
    assert losses[-1] > min(losses), "this was meant to overshoot"
    assert made[-1].best.abs().max() <= 1, "colours left [-1, 1]"
    kept = (made[-1].best - GOAL).square().mean().item()
    assert kept <= min(losses) + 1e-6, "the best picture was not the one kept"
