"""What strokes and colours are like, wherever they are: sums over places, and how far two of them are apart.

Sums can be added up block by block, so that no picture is too large; everything else is made of them. All distances are
relative to the target's own energy, so that one set of weights serves every network, layer and picture.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

TINY = 1e-12  # keeps a black target, which has no energy, from dividing by zero


class Sums(NamedTuple):
    """Hold what features (1, C, H, W) add up to over their places, each counted with its weight.

    Args:
        number: of the places, ().
        first: of the features, (C,).
        second: of their products, (C, C).
    """

    number: Tensor
    first: Tensor
    second: Tensor

    def plus(self, other: "Sums") -> "Sums":
        """Return the sums over both."""
        return Sums(self.number + other.number, self.first + other.first, self.second + other.second)

    def times(self, share: float) -> "Sums":
        """Return the sums with each place counting `share` times as much."""
        return Sums(self.number * share, self.first * share, self.second * share)

    def leaves(self) -> "Sums":
        """Return the sums as what gradients are taken by."""
        return Sums(*(part.detach().requires_grad_() for part in self))

    def slopes(self) -> "Sums":
        """Return the gradients that were gathered in the sums, 0 where there are none."""
        return Sums(*(torch.zeros_like(part) if part.grad is None else part.grad for part in self))

    def each(self) -> "Sums":
        """Return the sums as means over the places."""
        number = self.number + TINY
        return Sums(self.number / number, self.first / number, self.second / number)


def sums_of(features: Tensor, weights: Tensor | None = None) -> Sums:
    """Return the sums of features (1, C, H, W) over all places, each counted by `weights` (1, 1, H, W) if given."""
    places = features.shape[2] * features.shape[3]
    number = features.new_tensor(float(places)) if weights is None else weights.sum()
    return Sums(number, *_Added.apply(features, weights))


class _Added(torch.autograd.Function):
    """Add up features and their products over all places.

    The slope is written out: the products are symmetric, so that one multiplication does where autograd takes two, and
    it comes in the network's own order of memory, where autograd's would be copied into it at every layer below.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(features, weights)
        flat = _flat(features)
        counted = flat if weights is None else flat * _flat(weights)
        return counted.sum(0), counted.T @ flat

    @staticmethod
    def backward(ctx: Any, first: Tensor, second: Tensor) -> tuple[Tensor, None]:
        features, weights = ctx.saved_tensors
        slope = torch.addmm(first, _flat(features), second + second.T)
        if weights is not None:
            slope.mul_(_flat(weights))
        return slope.view(features.shape[2], features.shape[3], -1).permute(2, 0, 1)[None], None


def _flat(features: Tensor) -> Tensor:
    """Return features (1, C, H, W) as (H W, C), without a copy where channels lie together, as the network has them."""
    return features[0].permute(1, 2, 0).flatten(0, 1)


def mixed(parts: Sequence[Sums], shares: Sequence[float]) -> Sums:
    """Return the sums of a palette: so much of each part, whatever number of places it has; shares add up to 1."""
    whole = parts[0].each().times(shares[0])
    for part, share in zip(parts[1:], shares[1:], strict=True):
        whole = whole.plus(part.each().times(share))
    return whole


Distance = Callable[[Sums], Tensor]


def gram_distance(target: Sums) -> Distance:
    """Return a function from sums to |G - A|^2 / |A|^2, where G is how strongly each pair of channels fires together.

    Source: Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016; dividing by
    the target's energy, in place of 4 N^2 M^2, is ours.
    """
    aim = target.each().second
    energy = aim.square().sum() + TINY

    def distance(found: Sums) -> Tensor:
        return (found.each().second - aim).square().sum() / energy

    return distance


def moments_distance(target: Sums) -> Distance:
    """Return a function from sums to the squared 2-Wasserstein distance of two Gaussians over the target's energy.

    |m - n|^2 + tr(C + D - 2 (D^1/2 C D^1/2)^1/2), with means m, n and covariances C, D. The roots are taken in double
    precision: the smallest eigenvalues of a layer are a millionth of its largest.

    Source: Olkin and Pukelsheim, "The distance between two random vectors with given dispersion matrices", 1982.
    """
    mean, covariance = _moments(target)
    values, vectors = torch.linalg.eigh(covariance)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    energy = mean.square().sum() + covariance.trace() + TINY
    floor = 1e-10 * energy.square()  # the slope of a root at 0 is infinite

    def distance(found: Sums) -> Tensor:
        its_mean, its_covariance = _moments(found)
        inner = root @ its_covariance @ root
        if not torch.isfinite(inner).all():
            return found.first.sum() * math.nan  # which has no roots
        roots: Tensor = (torch.linalg.eigvalsh((inner + inner.T) / 2).clamp(min=0) + floor).sqrt() - floor.sqrt()
        apart = (its_mean - mean).square().sum() + its_covariance.trace() + covariance.trace() - 2 * roots.sum()
        relative: Tensor = apart / energy
        return relative.to(found.first)

    return distance


def _moments(sums: Sums) -> tuple[Tensor, Tensor]:
    """Return mean (C,) and covariance (C, C) in double precision."""
    _, mean, second = (_doubled(part) for part in sums.each())
    return mean, second - mean.outer(mean)


def _doubled(part: Tensor) -> Tensor:
    """Return a tensor in double precision, which Apple's GPUs do not have."""
    return (part.cpu() if part.device.type == "mps" else part).double()


DISTANCES: dict[str, Callable[[Sums], Distance]] = {"gram": gram_distance, "moments": moments_distance}
