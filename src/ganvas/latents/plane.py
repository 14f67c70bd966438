"""The plane between two kinds of latents: logistic regression, and how well it tells latents that it has not seen."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .axes import coordinates

FOLDS = 5  # parts that are left out in turn to see how well the others tell them
PENALTIES = (0.01, 0.1, 1.0, 10.0)  # of the normal's square, beside the mean loss; the best for latents not seen
LBFGS_STEPS = 100
NARROWEST = 0.01  # least variance of an axis, as a share of their mean: what hardly varies is not blown up


@dataclass(frozen=True)
class Whitening:
    """Mean and principal axes of the latents that a generator draws from, to measure others in standard deviations.

    Args:
        mean: (D,).
        axes: (D, D), rows as long as a standard deviation.
    """

    mean: Tensor
    axes: Tensor

    @classmethod
    def of(cls, latents: Tensor) -> "Whitening":
        """Return the whitening of latents (N, D)."""
        latents = latents.double()
        values, vectors = torch.linalg.eigh(latents.T.cov(correction=0).reshape(latents.shape[1], -1))
        values = values.clamp_min(max(NARROWEST * float(values.mean()), torch.finfo(torch.float64).tiny))
        return cls(latents.mean(0), vectors.T * values.sqrt()[:, None])

    def measure(self, latents: Tensor) -> Tensor:
        """Return latents (N, D) in standard deviations along each axis, (N, D)."""
        return coordinates(latents.double() - self.mean, self.axes)

    def step(self, normal: Tensor) -> Tensor:
        """Return the way (D,) of one standard deviation toward `normal` (D,), which is given in measured axes."""
        way: Tensor = normal / normal.norm() @ self.axes
        return way


@dataclass(frozen=True)
class Plane:
    """The plane between two kinds: logits are points @ weights + offset, positive for the second kind.

    Args:
        weights: (D,).
        offset: ().
        told: share of points that planes fitted without them put on the right side, both kinds counting alike.
    """

    weights: Tensor
    offset: Tensor
    told: float


def separate(first: Tensor, second: Tensor) -> Plane:
    """Return the plane between two kinds of latents, (N, D) and (M, D), measured in standard deviations.

    Each kind weighs as much as the other, however many latents it has. How strongly the normal is held back is chosen
    by latents that were left out.
    """
    points = torch.cat([first, second]).double()
    is_second = torch.arange(len(points)) >= len(first)
    losses, told = zip(*(_left_out(points, is_second, penalty) for penalty in PENALTIES), strict=True)
    best = min(range(len(PENALTIES)), key=losses.__getitem__)
    return Plane(*_fit(points, is_second, PENALTIES[best]), told[best])


def _fit(points: Tensor, is_second: Tensor, penalty: float) -> tuple[Tensor, Tensor]:
    """Return normal (D,) and offset () of a logistic regression: mean log loss of each kind, and the penalty."""
    parameters = torch.zeros(points.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([parameters], max_iter=LBFGS_STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = _mean_loss(points @ parameters[:-1] + parameters[-1], is_second)
        loss = loss + penalty * parameters[:-1].square().sum() / 2
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    found = parameters.detach()
    return found[:-1], found[-1]


def _mean_loss(logits: Tensor, is_second: Tensor) -> Tensor:
    return (F.softplus(logits[~is_second]).mean() + F.softplus(-logits[is_second]).mean()) / 2


def _left_out(points: Tensor, is_second: Tensor, penalty: float) -> tuple[float, float]:
    """Return log loss and share told right of latents, each by a plane that was fitted without it."""
    within = torch.cat([torch.arange(int((~is_second).sum())), torch.arange(int(is_second.sum()))])
    logits = torch.zeros(len(points), dtype=torch.float64)
    for fold in range(FOLDS):
        out = within % FOLDS == fold
        normal, offset = _fit(points[~out], is_second[~out], penalty)
        logits[out] = points[out] @ normal + offset
    right = ((logits > 0) == is_second).double()
    return float(_mean_loss(logits, is_second)), float(right[~is_second].mean() + right[is_second].mean()) / 2
