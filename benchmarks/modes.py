"""How many modes of a distribution do samples hit, and how evenly? The counting that the papers share.

A set with known modes (the thousand triples of stacked digits, the Gaussians of a ring or a grid) shows what a sheet of
samples hides: which modes a generator has dropped, and which it favours.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.floating] | npt.NDArray[np.integer]


@dataclass(frozen=True)
class Coverage:
    """Hold how many modes have at least one sample, and the divergence of the samples' modes from the true ones."""

    modes: int
    kl: float


def coverage(counts: Counts, true: Numbers) -> Coverage:
    """Return the modes that are hit, and D_KL(samples || truth) in nats (VEEGAN, Srivastava et al. 2017, section 4).

    A perfect generator scores about (modes - 1) / (2 samples), not 0, since it too is drawn from: 0.019 for 1,000 modes
    and 26,000 samples.

    Args:
        counts: samples in each mode (M,).
        true: how often each mode is to come (M,), in any unit. A hit where none is to come is an infinite divergence.

    Raises:
        ValueError: the shapes differ, or nothing was counted.
    """
    if counts.shape != true.shape:
        raise ValueError(f"{len(counts)} modes were counted, {len(true)} exist")
    if counts.sum() == 0 or true.sum() == 0:
        raise ValueError("nothing was counted")
    hit = counts > 0
    share, wanted = counts[hit] / counts.sum(), true[hit] / true.sum()
    with np.errstate(divide="ignore"):
        return Coverage(int(hit.sum()), float((share * np.log(share / wanted)).sum()))


def stack_modes(digits: npt.NDArray[np.integer]) -> Counts:
    """Return how often each three-digit number (1000,) comes among digits (N, 3), red, green and blue."""
    return np.bincount(digits.astype(np.int64) @ np.array([100, 10, 1]), minlength=1000)


def ring(modes: int = 8) -> npt.NDArray[np.float64]:
    """Return the centres (modes, 2) of Gaussians evenly spread on the unit circle."""
    angles = 2 * np.pi * np.arange(modes) / modes
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def square(side: int = 5) -> npt.NDArray[np.float64]:
    """Return the centres (side^2, 2) of Gaussians on a square lattice with a spacing of 2 about the origin."""
    ticks = 2.0 * np.arange(side) - (side - 1)
    return np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2)


def nearest_modes(points: Numbers, centres: Numbers, radius: float) -> Counts:
    """Return how many points (N, D) are nearest to each centre (M, D) and within `radius` of it; others have no mode.

    With three standard deviations for a radius these are the "high quality" samples of VEEGAN and PacGAN (Lin et al.
    2018), and a mode with one of them is found. In two dimensions 1.1 % of true samples lie outside.
    """
    distances = np.linalg.norm(points[:, None] - centres[None], axis=2)
    near = distances.min(axis=1) <= radius
    return np.bincount(distances.argmin(axis=1)[near], minlength=len(centres))
