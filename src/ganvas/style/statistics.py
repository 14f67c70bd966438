"""Style statistics: moments of features over all positions, and the distances between them.

Moments are kept as sums, so they can be added up block by block and no image is too large. All distances are relative
to the target's own energy, so that one set of weights serves every network, layer and image.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

TINY = 1e-12  # avoids a division by zero for a black target, which has no energy


class FeatureMoments(NamedTuple):
    """Weighted sums over the positions of features (1, C, H, W).

    Args:
        total_weight: sum of the weights, (); the number of positions if they all count 1.
        first: sum of the features, (C,).
        second: sum of the outer products of the features with themselves, (C, C).
    """

    total_weight: Tensor
    first: Tensor
    second: Tensor

    def plus(self, other: "FeatureMoments") -> "FeatureMoments":
        """Return the sums over the positions of both."""
        return FeatureMoments(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def times(self, factor: float) -> "FeatureMoments":
        """Return the sums with all weights multiplied by `factor`."""
        return FeatureMoments(*(part * factor for part in self))

    def as_leaves(self) -> "FeatureMoments":
        """Return the sums as leaf tensors, detached from the graph, that collect gradients."""
        return FeatureMoments(*(part.detach().requires_grad_() for part in self))

    def grads(self) -> "FeatureMoments":
        """Return the gradients that these leaves have collected, 0 where there are none."""
        return FeatureMoments(*(torch.zeros_like(part) if part.grad is None else part.grad for part in self))

    def mean(self) -> "FeatureMoments":
        """Return the sums divided by the total weight."""
        total = self.total_weight + TINY
        return FeatureMoments(self.total_weight / total, self.first / total, self.second / total)


def feature_moments(features: Tensor, weights: Tensor | None = None) -> FeatureMoments:
    """Return the moments of features (1, C, H, W), each position counted by `weights` (1, 1, H, W) if given."""
    positions = features.shape[2] * features.shape[3]
    total_weight = features.new_tensor(float(positions)) if weights is None else weights.sum()
    return FeatureMoments(total_weight, *_WeightedSums.apply(features, weights))


class _WeightedSums(torch.autograd.Function):
    """Weighted sums of features and of their outer products over all positions.

    The backward pass is written out for two reasons. The products are symmetric, so it needs one matrix multiplication
    where autograd takes two. And the gradient comes in the network's memory format (channels last), where autograd's
    would be copied into it at every layer below.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(features, weights)
        flat = _flatten_positions(features)
        weighted = flat if weights is None else flat * _flatten_positions(weights)
        return weighted.sum(0), weighted.T @ flat

    @staticmethod
    def backward(ctx: Any, first: Tensor, second: Tensor) -> tuple[Tensor, None]:
        features, weights = ctx.saved_tensors
        gradient = torch.addmm(first, _flatten_positions(features), second + second.T)
        if weights is not None:
            gradient.mul_(_flatten_positions(weights))
        return gradient.view(features.shape[2], features.shape[3], -1).permute(2, 0, 1)[None], None


def _flatten_positions(features: Tensor) -> Tensor:
    """Return features (1, C, H, W) as (H W, C); no copy is made if they are in channels-last memory format."""
    return features[0].permute(1, 2, 0).flatten(0, 1)


def blend_moments(moments: Sequence[FeatureMoments], shares: Sequence[float]) -> FeatureMoments:
    """Return the mean moments of several styles, mixed by `shares`, which add up to 1; their sizes do not matter."""
    blended = moments[0].mean().times(shares[0])
    for style, share in zip(moments[1:], shares[1:], strict=True):
        blended = blended.plus(style.mean().times(share))
    return blended


Distance = Callable[[FeatureMoments], Tensor]


def gram_distance(target: FeatureMoments) -> Distance:
    """Return a function from moments to |G - A|^2 / |A|^2, where G is their Gram matrix and A that of the target.

    Source: Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016. Dividing by
    the target's energy, instead of 4 N^2 M^2, is ours.
    """
    target_gram = target.mean().second
    energy = target_gram.square().sum() + TINY

    def distance(moments: FeatureMoments) -> Tensor:
        return (moments.mean().second - target_gram).square().sum() / energy

    return distance


def moments_distance(target: FeatureMoments) -> Distance:
    """Return a function from moments to the squared 2-Wasserstein distance of two Gaussians over the target's energy.

    |m - n|^2 + tr(C + D - 2 (D^1/2 C D^1/2)^1/2), with means m, n and covariances C, D. The roots are taken in double
    precision, since the smallest eigenvalues of a layer are a millionth of its largest.

    Source: Olkin and Pukelsheim, "The distance between two random vectors with given dispersion matrices", 1982.
    """
    mean, covariance = _mean_and_covariance(target)
    values, vectors = torch.linalg.eigh(covariance)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    energy = mean.square().sum() + covariance.trace() + TINY
    floor = 1e-10 * energy.square()  # the gradient of a root at 0 is infinite

    def distance(moments: FeatureMoments) -> Tensor:
        its_mean, its_covariance = _mean_and_covariance(moments)
        product = root @ its_covariance @ root
        if not torch.isfinite(product).all():
            return moments.first.sum() * math.nan  # eigvalsh would raise
        roots: Tensor = (torch.linalg.eigvalsh((product + product.T) / 2).clamp(min=0) + floor).sqrt() - floor.sqrt()
        total = (its_mean - mean).square().sum() + its_covariance.trace() + covariance.trace() - 2 * roots.sum()
        relative: Tensor = total / energy
        return relative.to(moments.first)

    return distance


def _mean_and_covariance(moments: FeatureMoments) -> tuple[Tensor, Tensor]:
    """Return mean (C,) and covariance (C, C) in double precision."""
    _, mean, second = (_to_double(part) for part in moments.mean())
    return mean, second - mean.outer(mean)


def _to_double(tensor: Tensor) -> Tensor:
    """Return a tensor in double precision; on the CPU if it is on an Apple GPU, which has none."""
    return (tensor.cpu() if tensor.device.type == "mps" else tensor).double()


DISTANCES: dict[str, Callable[[FeatureMoments], Distance]] = {"gram": gram_distance, "moments": moments_distance}
