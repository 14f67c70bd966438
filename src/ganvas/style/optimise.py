"""Change pixels until the objective is low: L-BFGS needs the fewest steps, Adam the least memory."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ..config import StyleConfig
from .objective import Losses, Objective

# What one pixel can do to a loss of the whole picture is tiny: below the least curvature that L-BFGS takes notice of.
GAIN = 1e5

# The first steps are short: a curvature that has hardly been measured throws L-BFGS far off, above all from noise.
WARM_UP = 20


@dataclass(frozen=True)
class Stroke:
    """Tell of one step: what was measured, and the best picture so far, (1, 3, H, W) within [-1, 1]."""

    loss: float
    content: float
    style: float
    variation: float
    best: Tensor


def lbfgs(picture: Tensor, config: StyleConfig) -> torch.optim.Optimizer:
    """Return L-BFGS that evaluates the objective once a step; ten steps of memory do as well here as a hundred."""
    return torch.optim.LBFGS([picture], max_iter=1, history_size=10, tolerance_grad=0, tolerance_change=0)


def adam(picture: Tensor, config: StyleConfig) -> torch.optim.Optimizer:
    """Return Adam with the learning rate of `config`."""
    return torch.optim.Adam([picture], lr=config.learning_rate, betas=(0.9, 0.99))


OPTIMISERS: dict[str, Callable[[Tensor, StyleConfig], torch.optim.Optimizer]] = {"lbfgs": lbfgs, "adam": adam}


def optimise(objective: Objective, start: Tensor, config: StyleConfig, iterations: int) -> Iterator[Stroke]:
    """Lower `objective`, beginning at `start` (1, 3, H, W), and yield each of at most `iterations` steps.

    Ends early at a loss that is not finite, which is not yielded: the last `Stroke` has the last good picture.
    """
    picture = start.detach().clone().contiguous().requires_grad_()
    optimiser = OPTIMISERS[config.optimiser](picture, config)
    best, lowest = start, math.inf
    measured: list[Losses] = []

    def measure() -> float:
        optimiser.zero_grad()
        losses = objective(picture)
        measured.append(losses)
        total = losses.total * GAIN
        torch.autograd.backward(total)
        return total.item()

    rate = optimiser.param_groups[0]["lr"]
    for step in range(iterations):
        optimiser.param_groups[0]["lr"] = rate * min(1.0, (step + 1) / WARM_UP)
        before = picture.detach().clone()  # what is measured, since both optimisers measure and then move
        optimiser.step(measure)
        losses = measured.pop()
        loss = losses.total.item()
        if not math.isfinite(loss):
            return
        if loss < lowest:
            best, lowest = before.clamp_(-1, 1), loss
        yield Stroke(loss, losses.content.item(), losses.style.item(), losses.variation.item(), best)
