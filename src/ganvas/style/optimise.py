"""Change pixels until the objective is low: L-BFGS needs the fewest steps, Adam the least memory."""

import math
from collections import deque
from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from .objective import Losses

Objective = Callable[[Tensor], tuple[Losses, Tensor]]

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
        """Return what a descent at another size may begin with."""
        return {}

    def step(self) -> Losses | None:
        """Take a step and return what was measured before it; None if that is no number, and nothing was changed."""
        raise NotImplementedError

    def _measure(self) -> tuple[Losses, Tensor]:
        """Return the losses of the picture, and the slope at it."""
        losses, slope = self.objective(self.picture)
        self.diverged = not math.isfinite(losses.total)
        if not self.diverged:
            self.lowest.append(min([losses.total, *self.lowest[-1:]]))
        return losses, slope

    def _inwards(self, slope: Tensor) -> Tensor:
        """Return the slope without what would lead out of black and white."""
        outwards = ((self.picture >= 1) & (slope < 0)).logical_or_((self.picture <= -1) & (slope > 0))
        return slope.masked_fill(outwards, 0.0)


class LBFGS(Descent):
    """Follow curvature that is measured on the way: few steps, and memory for twice as many pictures as it looks back.

    There is no search along a line, which would cost a look of the network each; a step is no longer than `FARTHEST`
    in place of it, and after one that did harm it begins anew at the best picture.

    Source: Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", 1989.
    """

    LOOKS_BACK, FARTHEST, FIRST, HARM = 10, 0.3, 0.02, 2.0

    def __init__(self, objective: Objective, start: Tensor, carried: Mapping[str, Tensor]) -> None:
        super().__init__(objective, start, carried)
        self.moves: deque[tuple[Tensor, Tensor]] = deque(maxlen=self.LOOKS_BACK)  # of the picture and of its slope
        self.before: tuple[Tensor, Tensor] | None = None

    def step(self) -> Losses | None:
        """Take a step; the best is the picture with the lowest sum."""
        losses, slope = self._measure()
        if self.diverged:
            return None
        if losses.total <= self.lowest[-1]:
            self.best = self.picture.clone()
        elif losses.total > self.HARM * self.lowest[-1] and self.moves:
            self.picture, self.before = self.best.clone(), None
            self.moves.clear()
            return losses
        self._remember(slope)
        move = self._direction(self._inwards(slope))
        length = move.square().mean().sqrt()
        move *= (self.FARTHEST / length).clamp(max=1)
        self.before = self.picture, slope
        self.picture = (self.picture + move).clamp_(-1, 1)
        return losses

    def _remember(self, slope: Tensor) -> None:
        """Keep how the slope has changed with the last move, if it tells of a valley and not of a hill."""
        if self.before is None:
            return
        move, change = self.picture - self.before[0], slope - self.before[1]
        if _dot(move, change) > 1e-6 * float(move.norm()) * float(change.norm()):
            self.moves.append((move, change))

    def _direction(self, slope: Tensor) -> Tensor:
        """Return the way down: the slope as it is, or bent by what is known of the curvature (two loops)."""
        if not self.moves:
            return slope * (-self.FIRST / (slope.abs().mean() + 1e-20))
        way, shares = -slope, []
        for move, change in reversed(self.moves):
            share = _dot(move, way) / _dot(move, change)
            way.sub_(change, alpha=share)
            shares.append(share)
        move, change = self.moves[-1]
        way.mul_(_dot(move, change) / _dot(change, change))
        for (move, change), share in zip(self.moves, reversed(shares), strict=True):
            way.add_(move, alpha=share - _dot(change, way) / _dot(move, change))
        return way


class Adam(Descent):
    """Give each pixel a rate of its own; the best is a running mean of the pictures on the way.

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015.
    """

    RATE, BETAS = 0.03, (0.9, 0.99)

    def __init__(self, objective: Objective, start: Tensor, carried: Mapping[str, Tensor]) -> None:
        super().__init__(objective, start, carried)
        self.moments = {"mean": torch.zeros_like(start), "square": torch.zeros_like(start)}
        self.taken = 0  # steps that the moments are of
        if carried:
            # The loss is one of the whole picture, so that a pixel of a larger one has a slope smaller by its area.
            self.moments = {
                "mean": _resized(carried["mean"], start, 1),
                "square": _resized(carried["square"], start, 2),
            }
            self.taken = int(carried["taken"])
        self.mean = torch.zeros_like(start)

    @property
    def state(self) -> dict[str, Tensor]:
        """Return the running means of the slope and of its square, and of how many steps they are."""
        return {**self.moments, "taken": torch.tensor(self.taken)}

    def step(self) -> Losses | None:
        """Take a step."""
        losses, slope = self._measure()
        if self.diverged:
            return None
        self.taken += 1
        mean, square = self.moments["mean"], self.moments["square"]
        mean.lerp_(slope, 1 - self.BETAS[0])
        square.lerp_(slope.square_(), 1 - self.BETAS[1])
        first, second = (1 - beta**self.taken for beta in self.BETAS)
        move = torch.sqrt(square).div_(second**0.5).add_(1e-12)  # in place, since pictures may be as large as memory
        torch.div(mean, move, out=move)
        self.picture.sub_(move, alpha=self.RATE / first).clamp_(-1, 1)
        self.mean.lerp_(self.picture, 1 - AVERAGED)
        self.best = self.mean / (1 - AVERAGED ** len(self.lowest))
        return losses


def _dot(one: Tensor, other: Tensor) -> float:
    """Return the product of two pictures."""
    return float(torch.dot(one.flatten(), other.flatten()))


def _resized(moment: Tensor, like: Tensor, power: int) -> Tensor:
    """Return a moment of the slope at the size of another picture."""
    smaller = (moment[0, 0].numel() / like[0, 0].numel()) ** power
    return F.interpolate(moment, like.shape[2:], mode="bilinear", align_corners=False) * smaller


OPTIMISERS: dict[str, type[Descent]] = {"lbfgs": LBFGS, "adam": Adam}
