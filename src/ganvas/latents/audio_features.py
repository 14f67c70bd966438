"""What of a sound can be seen: how loud it is, and where notes and beats begin, for each frame of a film."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RATE = 22_050  # samples a second: enough for all that makes a rhythm
WINDOW, HOP = 1024, 256  # samples of a spectrum, and from one to the next: 46 ms and 12 ms
QUIETEST_DB = -50.0  # relative to the loudest; what is quieter counts as silence
SMOOTHING_SECONDS = 0.12  # of loudness, so that it does not tremble
DECAY_SECONDS = 0.25  # in which the effect of an onset falls to a third
NEIGHBORHOOD_SECONDS = 0.4  # around a moment, whose mean an onset has to exceed
BLOCK = 4096  # spectra computed at once
SILENCE = 1e-5  # of full scale: -100 dB


def loudness(samples: npt.NDArray[np.float32], frames: int, fps: float) -> Floats:
    """Return how loud a sound is at each frame: (frames,) in [0, 1], by decibels; 1 is the loudest moment.

    Args:
        samples: (N,), `RATE` a second, in [-1, 1]. Where they end, silence begins.
        frames: of the film.
        fps: frames a second.
    """
    half = max(1, round(RATE / fps))
    centers = ((np.arange(frames) + 0.5) * RATE / fps).astype(int)
    begins, ends = ((centers + shift).clip(0, len(samples)) for shift in (-half, half))
    power = (_energy_before(samples, ends) - _energy_before(samples, begins)).clip(0) / (ends - begins).clip(1)
    if not frames or power.max() < SILENCE**2:
        return np.zeros(frames)
    decibels = 10 * np.log10(power / power.max() + 1e-12)
    return _smooth((1 - decibels / QUIETEST_DB).clip(0, 1), SMOOTHING_SECONDS * fps)


def onsets(samples: npt.NDArray[np.float32], frames: int, fps: float) -> Floats:
    """Return how much a note or a beat that has just begun is felt at each frame: (frames,) in [0, 1].

    Spectral flux: how much louder each frequency has become since the spectrum before, in logarithms. What exceeds its
    surroundings is an onset; it fades within a quarter of a second. The strongest one in the sound is 1.

    Args:
        samples, frames, fps: as in `loudness`.
    """
    flux = _spectral_flux(samples)
    if not len(flux) or not frames:
        return np.zeros(frames)
    excess = (flux - _smooth(flux, NEIGHBORHOOD_SECONDS * RATE / HOP)).clip(0)
    times = ((np.arange(len(flux)) * HOP - WINDOW / 4) / RATE).clip(0)  # a window sees three quarters of what it has
    strongest = np.zeros(frames)
    numbers = np.floor(times * fps).astype(int)
    inside = numbers < frames
    np.maximum.at(strongest, numbers[inside], excess[inside])
    if not strongest.max():
        return strongest
    felt, fading = np.zeros(frames), np.exp(-1 / (DECAY_SECONDS * fps))
    now = 0.0
    for number, strength in enumerate(strongest / strongest.max()):
        now = max(float(strength), now * fading)
        felt[number] = now
    return felt


def _energy_before(samples: npt.NDArray[np.float32], positions: npt.NDArray[np.int_]) -> Floats:
    """Return the sum of squares of the samples before each of `positions`, which rise; it is taken in pieces."""
    energy, total, piece = np.zeros(len(positions)), 0.0, BLOCK * HOP
    for start in range(0, len(samples), piece):
        sums = total + np.concatenate([[0.0], np.cumsum(np.square(samples[start : start + piece], dtype=np.float64))])
        inside = slice(*np.searchsorted(positions, [start, start + piece + 1]))
        energy[inside] = sums[(positions[inside] - start).clip(max=len(sums) - 1)]
        total = float(sums[-1])
    return energy


def _spectral_flux(samples: npt.NDArray[np.float32]) -> Floats:
    """Return by how much the spectrum has risen at each hop; the window of the first ends where the sound begins.

    Empty for silence.
    """
    peak = float(max(samples.max(initial=0.0), -samples.min(initial=0.0)))
    if peak < SILENCE:
        return np.zeros(0)
    padded = np.pad(samples, WINDOW)
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    shape, before, flux = np.hanning(WINDOW) / peak, np.zeros(WINDOW // 2 + 1), []
    for start in range(0, len(windows), BLOCK):
        heights = np.log1p(100 * np.abs(np.fft.rfft(windows[start : start + BLOCK] * shape)))
        rises = np.diff(heights, axis=0, prepend=before[None])
        flux.append(rises.clip(0).mean(1))
        before = heights[-1]
    return np.concatenate(flux)


def _smooth(values: Floats, width: float) -> Floats:
    """Return the mean of about `width` neighbours of each value (Hann's window), those at the ends repeated."""
    half = max(1, round(width))
    window = np.hanning(2 * half + 1)
    padded = np.pad(values, half, "edge")
    return np.convolve(padded, window / window.sum(), "valid")
