"""The settings of a walk through the latents of a generator."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["pictures", "noise"]
Easing = Literal["smooth", "linear"]


@dataclass(frozen=True)
class WalkConfig:
    """Settings of a walk: the flags of `ganvas walk`."""

    seconds: float = 0.0
    """Length of the film; if left out, that of the sound, or 20 seconds."""
    fps: int = 30
    """Frames a second."""
    size: int = 0
    """Pixels on each picture's longer side; if left out, its own size, but 256 at least."""
    kind: Kind = "pictures"
    """pictures (from one picture to the next, and back to the first) or noise (it wanders, and stops nowhere)."""
    open: bool = False
    """It ends at the last picture, and does not go back to the first."""
    easing: Easing = "smooth"
    """smooth (slow at each picture, fast between two) or linear (always as fast)."""
    pace: float = 2.0
    """Seconds from one random picture to the next; noise is as fast."""
    grid: str = "1x1"
    """Several walks side by side: columns x rows, such as 3x2."""
    seed: int = 0
    """Chooses the pictures, or the noise: those of ganvas sample with the same seed."""
    truncation: float = 1.0
    """1 draws from all that was learned; towards 0 pictures become safer and more alike."""
    label: str = ""
    """Class to draw, for a run trained with --conditional."""
    device: str = "auto"
    """cpu, cuda, cuda:1, mps, or auto."""
