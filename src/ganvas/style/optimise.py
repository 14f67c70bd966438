"""Change pixels until the objective is low: L-BFGS needs the fewest steps, Adam the least memory."""

import math
from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from .objective import Losses

Objective = Callable[[Tensor], tuple[Losses, Tensor]]

# What one pixel can do to a loss of the whole picture is tiny: below the least curvature that L-BFGS takes notice of.
GAIN = 1e5
# The first steps are short: a curvature that has hardly been measured throws L-BFGS far off, above all from noise.
WARM_UP = 5
AVERAGED = 0.9  # of Adam's pictures before the present one: single ones are grainy
SETTLED, GLANCE = 0.01, 10  # less gain than this in so many steps, and the scale is done


class Descent:
    """Lower an objective step by step, beginning at a picture (1, 3, H, W), and keep the best that was found.

    Args:
        objective: gives the losses and the gradient of a picture in [-1, 1].
        carried: the state of the same kind of descent at another size.
    """

    def __init__(self, objective: Objective, start: Tensor, carried: Mapping[str, Tensor]) -> None:
        self.objective = objective
        self.picture = start.detach().clone().contiguous()
        self.best = start
        self.lowest: list[float] = []
        self.diverged = False

    @property
    def settled(self) -> bool:
        """Tell whether the last steps have gained next to nothing."""
        if len(self.lowest) <= GLANCE:
            return False
        return self.lowest[-1] > (1 - SETTLED) * self.lowest[-1 - GLANCE]

    @property
    def state(self) -> dict[str, Tensor]:
        """Return what a descent at another size may begin with, each of the picture's shape."""
        return {}

    def step(self) -> Losses | None:
        """Take a step and return what was measured before it; None if that is no number, and nothing was changed."""
        raise NotImplementedError

    def _measure(self) -> tuple[Losses, Tensor]:
        """Return the losses of the picture within its range, and the slope, without what leads further out of it."""
        inside = self.picture.clamp(-1, 1)
        losses, slope = self.objective(inside)
        outwards = ((self.picture > 1) & (slope < 0)) | ((self.picture < -1) & (slope > 0))
        slope[outwards] = 0
        self.diverged = not math.isfinite(losses.total)
        if not self.diverged:
            self.lowest.append(min([losses.total, *self.lowest[-1:]]))
        return losses, slope


class LBFGS(Descent):
    """Follow curvature that is measured on the way: few steps, and memory for twice as many pictures as it looks back.

    Source: Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", 1989.
    """

    LOOKS_BACK = 20

    def __init__(self, objective: Objective, start: Tensor, carried: Mapping[str, Tensor]) -> None:
        super().__init__(objective, start, carried)
        self.picture.requires_grad_()
        self.steps = torch.optim.LBFGS(
            [self.picture], max_iter=1, history_size=self.LOOKS_BACK, tolerance_grad=0, tolerance_change=0
        )

    def step(self) -> Losses | None:
        """Take a step; the best is the picture with the lowest sum."""
        measured: list[Losses] = []

        def measure() -> float:
            losses, slope = self._measure()
            self.picture.grad = slope * GAIN
            measured.append(losses)
            return losses.total * GAIN

        before = self.picture.detach().clone()  # what is measured, since it measures and then moves
        self.steps.param_groups[0]["lr"] = min(1.0, (len(self.lowest) + 1) / WARM_UP)
        self.steps.step(measure)  # type: ignore[no-untyped-call]
        [losses] = measured
        if self.diverged:
            return None
        if losses.total <= self.lowest[-1]:
            self.best = before.clamp_(-1, 1)
        return losses


class Adam(Descent):
    """Give each pixel a rate of its own; the best is a running mean of the pictures on the way.

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015.
    """

    RATE, BETAS = 0.03, (0.9, 0.99)

    def __init__(self, objective: Objective, start: Tensor, carried: Mapping[str, Tensor]) -> None:
        super().__init__(objective, start, carried)
        self.moments = {"mean": torch.zeros_like(start), "square": torch.zeros_like(start)}
        if carried:
            # The loss is one of the whole picture, so that a pixel of a larger one has a slope smaller by its area.
            self.moments = {
                "mean": _resized(carried["mean"], start, 1),
                "square": _resized(carried["square"], start, 2),
            }
        self.warmed = bool(carried)
        self.mean = torch.zeros_like(start)

    @property
    def state(self) -> dict[str, Tensor]:
        """Return the running means of the slope and of its square."""
        return self.moments

    def step(self) -> Losses | None:
        """Take a step."""
        losses, slope = self._measure()
        if self.diverged:
            return None
        taken = len(self.lowest)
        mean, square = self.moments["mean"], self.moments["square"]
        mean.lerp_(slope, 1 - self.BETAS[0])
        square.lerp_(slope.square_(), 1 - self.BETAS[1])
        first, second = (1.0, 1.0) if self.warmed else (1 - beta**taken for beta in self.BETAS)
        move = (mean / first) / ((square / second).sqrt() + 1e-12)
        self.picture.sub_(move.mul_(self.RATE)).clamp_(-1, 1)
        self.mean.lerp_(self.picture, 1 - AVERAGED)
        self.best = self.mean / (1 - AVERAGED**taken)
        return losses


def _resized(moment: Tensor, like: Tensor, power: int) -> Tensor:
    """Return a moment of the slope at the size of another picture."""
    smaller = (moment[0, 0].numel() / like[0, 0].numel()) ** power
    return F.interpolate(moment, like.shape[2:], mode="bilinear", align_corners=False) * smaller


OPTIMISERS: dict[str, type[Descent]] = {"lbfgs": LBFGS, "adam": Adam}
