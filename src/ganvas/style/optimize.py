"""Optimizers of pixels: L-BFGS needs the fewest steps, Adam the least memory."""

import math
from collections import deque
from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from .objective import Losses

Objective = Callable[[Tensor], tuple[Losses, Tensor]]

AVERAGE_DECAY = 0.9  # of the running mean of Adam's images; single ones are grainy
CONVERGED_GAIN, CONVERGENCE_STEPS = 0.01, 10  # a stage ends when so many steps lower the loss by less than this share


class PixelOptimizer:
    """An optimizer that minimises an objective over the pixels of an image, and keeps the best image.

    Args:
        objective: returns the losses and the gradient of an image (1, 3, H, W) in [-1, 1].
        start: the image to start from.
        state: the state of the same kind of optimizer, maybe at another size; empty to start fresh.
    """

    def __init__(self, objective: Objective, start: Tensor, state: Mapping[str, Tensor]) -> None:
        self.objective = objective
        self.image = start.detach().clone().contiguous()
        self.best = start
        self.lowest_losses: list[float] = []
        self.diverged = False

    @property
    def converged(self) -> bool:
        """Tell whether the last steps have hardly lowered the loss."""
        if len(self.lowest_losses) <= CONVERGENCE_STEPS:
            return False
        return self.lowest_losses[-1] > (1 - CONVERGED_GAIN) * self.lowest_losses[-1 - CONVERGENCE_STEPS]

    @property
    def state(self) -> dict[str, Tensor]:
        """Return the state that an optimizer at another size may start with."""
        return {}

    def step(self) -> Losses | None:
        """Take a step and return the losses before it. If the loss is not finite, change nothing and return None."""
        raise NotImplementedError

    def _evaluate(self) -> tuple[Losses, Tensor]:
        """Return the losses and the gradient at the current image."""
        losses, gradient = self.objective(self.image)
        self.diverged = not math.isfinite(losses.total)
        if not self.diverged:
            self.lowest_losses.append(min([losses.total, *self.lowest_losses[-1:]]))
        return losses, gradient

    def _clamp_gradient(self, gradient: Tensor) -> Tensor:
        """Return the gradient with zeros where a step along it would leave [-1, 1]."""
        outward = ((self.image >= 1) & (gradient < 0)).logical_or_((self.image <= -1) & (gradient > 0))
        return gradient.masked_fill(outward, 0.0)


class LBFGS(PixelOptimizer):
    """L-BFGS: few steps, but memory for two images per step of its history.

    There is no line search, since every trial would cost a pass of the network. Instead, the root mean square of a step
    is at most `MAX_STEP_RMS`, and when the loss rises by `RESTART_FACTOR`, it restarts at the best image.

    Source: Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", 1989.
    """

    HISTORY_SIZE, MAX_STEP_RMS, FIRST_STEP, RESTART_FACTOR = 10, 0.3, 0.02, 2.0

    def __init__(self, objective: Objective, start: Tensor, state: Mapping[str, Tensor]) -> None:
        super().__init__(objective, start, state)
        self.history: deque[tuple[Tensor, Tensor]] = deque(maxlen=self.HISTORY_SIZE)  # changes of image and gradient
        self.previous: tuple[Tensor, Tensor] | None = None  # image and gradient

    def step(self) -> Losses | None:
        """Take a step; `best` is the image with the lowest total loss."""
        losses, gradient = self._evaluate()
        if self.diverged:
            return None
        if losses.total <= self.lowest_losses[-1]:
            self.best = self.image.clone()
        elif losses.total > self.RESTART_FACTOR * self.lowest_losses[-1] and self.history:
            self.image, self.previous = self.best.clone(), None
            self.history.clear()
            return losses
        self._update_history(gradient)
        update = self._direction(self._clamp_gradient(gradient))
        rms = update.square().mean().sqrt()
        update *= (self.MAX_STEP_RMS / rms).clamp(max=1)
        self.previous = self.image, gradient
        self.image = (self.image + update).clamp_(-1, 1)
        return losses

    def _update_history(self, gradient: Tensor) -> None:
        """Remember how image and gradient changed in the last step, if the curvature along it is positive."""
        if self.previous is None:
            return
        image_change, gradient_change = self.image - self.previous[0], gradient - self.previous[1]
        if _dot(image_change, gradient_change) > 1e-6 * float(image_change.norm()) * float(gradient_change.norm()):
            self.history.append((image_change, gradient_change))

    def _direction(self, gradient: Tensor) -> Tensor:
        """Return the search direction of the two-loop recursion; the scaled negative gradient without a history."""
        if not self.history:
            return gradient * (-self.FIRST_STEP / (gradient.abs().mean() + 1e-20))
        direction, alphas = -gradient, []
        for s, y in reversed(self.history):  # the paper's names of the changes
            alpha = _dot(s, direction) / _dot(s, y)
            direction.sub_(y, alpha=alpha)
            alphas.append(alpha)
        s, y = self.history[-1]
        direction.mul_(_dot(s, y) / _dot(y, y))
        for (s, y), alpha in zip(self.history, reversed(alphas), strict=True):
            direction.add_(s, alpha=alpha - _dot(y, direction) / _dot(s, y))
        return direction


class Adam(PixelOptimizer):
    """Adam; `best` is a running mean of the images on the way.

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015.
    """

    LR, BETAS = 0.03, (0.9, 0.99)

    def __init__(self, objective: Objective, start: Tensor, state: Mapping[str, Tensor]) -> None:
        super().__init__(objective, start, state)
        self.moments = {"mean": torch.zeros_like(start), "square": torch.zeros_like(start)}
        self.steps = 0  # that went into the moments
        if state:
            # The loss is a mean over the image, so in a larger image the gradient of a pixel is smaller, by the area.
            self.moments = {
                "mean": _resize_moment(state["mean"], start, 1),
                "square": _resize_moment(state["square"], start, 2),
            }
            self.steps = int(state["taken"])
        self.average = torch.zeros_like(start)

    @property
    def state(self) -> dict[str, Tensor]:
        """Return the running means of the gradient and of its square, and the number of steps they come from."""
        return {**self.moments, "taken": torch.tensor(self.steps)}

    def step(self) -> Losses | None:
        """Take a step; everything is in place, since an image may be as large as memory."""
        losses, gradient = self._evaluate()
        if self.diverged:
            return None
        self.steps += 1
        mean, square = self.moments["mean"], self.moments["square"]
        mean.lerp_(gradient, 1 - self.BETAS[0])
        square.lerp_(gradient.square_(), 1 - self.BETAS[1])
        bias_correction1, bias_correction2 = (1 - beta**self.steps for beta in self.BETAS)
        update = torch.sqrt(square).div_(bias_correction2**0.5).add_(1e-12)
        torch.div(mean, update, out=update)
        self.image.sub_(update, alpha=self.LR / bias_correction1).clamp_(-1, 1)
        self.average.lerp_(self.image, 1 - AVERAGE_DECAY)
        self.best = self.average / (1 - AVERAGE_DECAY ** len(self.lowest_losses))
        return losses


def _dot(one: Tensor, other: Tensor) -> float:
    """Return the inner product of two images."""
    return float(torch.dot(one.flatten(), other.flatten()))


def _resize_moment(moment: Tensor, like: Tensor, power: int) -> Tensor:
    """Return Adam's first or second moment (`power` 1 or 2) at the size of the image `like`."""
    factor = (moment[0, 0].numel() / like[0, 0].numel()) ** power
    return F.interpolate(moment, like.shape[2:], mode="bilinear", align_corners=False) * factor


OPTIMIZERS: dict[str, type[PixelOptimizer]] = {"lbfgs": LBFGS, "adam": Adam}
