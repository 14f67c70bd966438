"""Measures on the pixels themselves, without any network: clipping, colour, fine detail, checkerboards.

A network trained for classification ignores faults that a person sees at once. Each measure is computed per image, so
that samples can be compared with real images.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .features import to_rgb, to_tensor

BATCH_IMAGES = 256
RELATIVE_ENERGY_FLOOR = 0.01  # share of the mean energy below which the highest frequencies count as empty


def measure_pixels(images: Tensor | npt.NDArray[np.uint8]) -> dict[str, Tensor]:
    """Return the pixel measures of uint8 images (N, C, H, W) of at least 8 px per side, each (N,) in double precision.

    clipped: share of values that are 0 or 255.
    brightness: mean value, in 0..255.
    colour: mean difference between the largest and the smallest channel, in 0..255; 0 is gray.
    detail: share of the spectrum's energy in the upper half of the frequencies; blur lowers it, noise raises it.
    checkerboard: energy at the highest frequencies, those of a pattern with a period of two pixels, over the energy at
        nearby frequencies. Transposed convolutions leave such patterns (Odena et al. 2016).
    """
    batches = list(_measure_batches(images))
    return {name: torch.cat([batch[name] for batch in batches]) for name in batches[0]}


def _measure_batches(images: Tensor | npt.NDArray[np.uint8]) -> Iterator[dict[str, Tensor]]:
    for start in range(0, len(images), BATCH_IMAGES):
        raw = to_rgb(to_tensor(images[start : start + BATCH_IMAGES]))
        rgb = raw.double()
        detail, checkerboard = _detail_and_checkerboard(rgb.mean(1))
        yield {
            "clipped": ((raw == 0) | (raw == 255)).double().mean((1, 2, 3)),
            "brightness": rgb.mean((1, 2, 3)),
            "colour": (rgb.amax(1) - rgb.amin(1)).mean((1, 2)),
            "detail": detail,
            "checkerboard": checkerboard,
        }


def _detail_and_checkerboard(gray: Tensor) -> tuple[Tensor, Tensor]:
    """Return `detail` and `checkerboard` (see `measure_pixels`) of gray images (N, H, W).

    A Hann window fades out the borders; otherwise the jump between opposite borders would count as detail.
    """
    height, width = gray.shape[1:]
    window = torch.hann_window(height, False).double()[:, None] * torch.hann_window(width, False).double()
    mean = (gray * window).sum((1, 2), keepdim=True) / window.sum()
    power = torch.fft.fft2((gray - mean) * window).abs().square()
    vertical, horizontal = (torch.fft.fftfreq(side).double().abs() for side in (height, width))
    radius = torch.maximum(vertical[:, None], horizontal)  # 0 to 0.5 cycles per pixel
    total = power.sum((1, 2)) + 1e-9
    highest = _is_highest_frequency(vertical)[:, None], _is_highest_frequency(horizontal)
    pattern = (highest[0] & highest[1]) | (highest[0] & (horizontal < 0.1)) | ((vertical < 0.1)[:, None] & highest[1])
    surroundings = (radius > 0.3) & ~pattern
    pattern_energy = (power * pattern).sum((1, 2)) / pattern.sum()
    surrounding_energy = (power * surroundings).sum((1, 2)) / surroundings.sum()
    floor = RELATIVE_ENERGY_FLOOR * total / radius.numel()  # so that an image without detail has no checkerboard
    detail = (power * (radius > 0.25)).sum((1, 2)) / total
    return detail, pattern_energy / (surrounding_energy + floor)


def _is_highest_frequency(frequencies: Tensor) -> Tensor:
    """Return which frequencies have a period of two pixels, including leakage by the window: three, or four if odd."""
    return frequencies > 0.5 - 1.6 / len(frequencies)  # between the steps of odd and even sizes, clear of rounding
