"""What can be seen in the pixels themselves, without any network: clipping, colour, fine detail, checkerboards.

A network that was trained to name things looks past faults that a person sees at once. Each measure is taken of every
picture, to be compared with what real pictures have.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .features import to_rgb, to_tensor

BATCH = 256
LITTLE = 0.01  # of the mean energy: less than this around the finest frequencies is none


def measure_pixels(pictures: Tensor | npt.NDArray[np.uint8]) -> dict[str, Tensor]:
    """Return the pixel measures of uint8 pictures (N, C, H, W) of at least 8 px, each (N,) in double precision.

    clipped: share of values that are 0 or 255.
    brightness: mean, in 0..255.
    colour: mean difference of the largest and smallest channel, in 0..255; 0 is grey.
    detail: share of the spectrum's energy in the upper half of the frequencies; blur lowers it, noise raises it.
    checkerboard: energy at the finest frequencies of all, those of a pattern of two pixels, over that of their
        surroundings; transposed convolutions leave such patterns (Odena et al. 2016).
    """
    parts = list(_measured(pictures))
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def _measured(pictures: Tensor | npt.NDArray[np.uint8]) -> Iterator[dict[str, Tensor]]:
    for start in range(0, len(pictures), BATCH):
        raw = to_rgb(to_tensor(pictures[start : start + BATCH]))
        rgb = raw.double()
        detail, checkerboard = _spectrum(rgb.mean(1))
        yield {
            "clipped": ((raw == 0) | (raw == 255)).double().mean((1, 2, 3)),
            "brightness": rgb.mean((1, 2, 3)),
            "colour": (rgb.amax(1) - rgb.amin(1)).mean((1, 2)),
            "detail": detail,
            "checkerboard": checkerboard,
        }


def _spectrum(grey: Tensor) -> tuple[Tensor, Tensor]:
    """Return the share of energy in the upper half of the frequencies, and the energy of patterns of two pixels.

    A window fades the borders out: the jump from one border to the opposite one would count as detail.
    """
    height, width = grey.shape[1:]
    window = torch.hann_window(height, False).double()[:, None] * torch.hann_window(width, False).double()
    level = (grey * window).sum((1, 2), keepdim=True) / window.sum()
    power = torch.fft.fft2((grey - level) * window).abs().square()
    vertical, horizontal = (torch.fft.fftfreq(side).double().abs() for side in (height, width))
    radius = torch.maximum(vertical[:, None], horizontal)  # 0 to 0.5 cycles a pixel
    total = power.sum((1, 2)) + 1e-9
    finest = _finest(vertical)[:, None], _finest(horizontal)
    spots = (finest[0] & finest[1]) | (finest[0] & (horizontal < 0.1)) | ((vertical < 0.1)[:, None] & finest[1])
    around = (radius > 0.3) & ~spots
    peak = (power * spots).sum((1, 2)) / spots.sum()
    ground = (power * around).sum((1, 2)) / around.sum()
    floor = LITTLE * total / radius.numel()  # a picture without any detail has no checkerboard either
    return (power * (radius > 0.25)).sum((1, 2)) / total, peak / (ground + floor)


def _finest(frequencies: Tensor) -> Tensor:
    """Tell which frequencies are those of two pixels, give or take what the window spreads: three, or four if odd."""
    return frequencies > 0.5 - 1.6 / len(frequencies)  # between the steps of odd and even sizes, clear of rounding
