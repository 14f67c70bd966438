"""Closed paths through latents: where a film is at each frame, and what lies there.

A position runs from 0 to K along K latents, and K is where it began. Weights are computed for all frames at once, in
float64, and latents by sums and products of single numbers: so a frame is the same to the bit in whatever batch it is
drawn.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Floats = npt.NDArray[np.float64]

NEARLY_PARALLEL = 1e-4  # radians, below which a great circle cannot be told from a line


def even_positions(frames: int, count: int) -> Floats:
    """Return positions (frames,) in [0, count) along `count` latents, of which each is met by a frame.

    One frame further would be `count`, which is where the path began. There are as many frames as latents at least.
    """
    starts = np.array([latent * frames // count for latent in range(count + 1)])
    numbers = np.arange(frames)
    latents = np.searchsorted(starts, numbers, side="right") - 1
    positions: Floats = latents + (numbers - starts[latents]) / (starts[latents + 1] - starts[latents])
    return positions


def paced_positions(pace: Floats, count: int) -> Floats:
    """Return positions (frames,) in [0, count): each frame moves on in proportion to `pace` (frames,), positive."""
    moved = np.concatenate([[0.0], np.cumsum(pace)])
    positions: Floats = moved[:-1] / moved[-1] * count
    return positions


def ease(positions: Floats, easing: str) -> Floats:
    """Return positions that are slow near each latent ("smooth", a cubic: 3 t^2 - 2 t^3), or as they are ("linear")."""
    if easing == "linear":
        return positions
    whole = np.floor(positions)
    t = positions - whole
    return whole + t * t * (3 - 2 * t)


def along(latents: Tensor, positions: Sequence[float] | Floats, spherical: bool) -> Tensor:
    """Return latents (N, ...) at positions (N,) along the closed path through `latents` (K, ...).

    At a whole number it is the latent itself, to the bit.

    Args:
        latents: (K, ...), at least one.
        positions: any numbers; the path repeats after K.
        spherical: along great circles, with the length in proportion (Shoemake 1985), and not along lines.
    """
    count = len(latents)
    angles = [_angle(latents[index], latents[(index + 1) % count]) if spherical else 0.0 for index in range(count)]
    places = []
    for position in positions:
        whole = math.floor(position)
        begin, end, t = whole % count, (whole + 1) % count, position - whole
        places.append(_between(latents[begin], latents[end], t, angles[begin]))
    return torch.stack(places)


def _between(begin: Tensor, end: Tensor, t: float, angle: float) -> Tensor:
    """Return what lies at `t` in [0, 1] from one latent to another that are `angle` apart; 0 stands for a line."""
    if t == 0:
        return begin
    if angle < NEARLY_PARALLEL or angle > math.pi - NEARLY_PARALLEL:
        return (1 - t) * begin + t * end
    begin_length, end_length = _length(begin), _length(end)
    length = (1 - t) * begin_length + t * end_length
    first = math.sin((1 - t) * angle) / math.sin(angle) * length / begin_length
    second = math.sin(t * angle) / math.sin(angle) * length / end_length
    return first * begin + second * end


def _length(latent: Tensor) -> float:
    return float(latent.double().norm())


def _angle(first: Tensor, second: Tensor) -> float:
    """Return the angle between two latents in radians, 0 if one has no length."""
    lengths = _length(first) * _length(second)
    if not lengths:
        return 0.0
    cosine = float((first.double() * second.double()).sum()) / lengths
    return math.acos(max(-1.0, min(1.0, cosine)))


def noise_loop(waves: Tensor, positions: Sequence[float] | Floats) -> Tensor:
    """Return latents (N, Z) at positions (N,) of a closed path that wanders: smooth noise on a circle.

    It is a Gaussian process whose covariance depends on the distance along the circle alone. Each latent by itself is
    distributed as those that the generator was trained with, N(0, I), which simplex noise is not.

    Args:
        waves: (H, 2, Z), N(0, I): for each number of waves on the circle, from 1 to H, the cosines and the sines.
        positions: any numbers; the path repeats after 1.
    """
    count = len(waves)
    share = 1 / math.sqrt(count)
    places = []
    for position in positions:
        turn = 2 * math.pi * (position - math.floor(position))
        z = torch.zeros_like(waves[0, 0])
        for number, (cosines, sines) in enumerate(waves, 1):
            z = z + share * math.cos(number * turn) * cosines + share * math.sin(number * turn) * sines
        places.append(z)
    return torch.stack(places)
