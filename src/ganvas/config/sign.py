"""How pictures are signed."""

from dataclasses import dataclass
from typing import Literal

Position = Literal[
    "bottom-right", "bottom-left", "top-right", "top-left", "bottom", "top", "left", "right", "center", "random"
]
OWN, FROM_PICTURE = "own", "picture"  # colors that are no names of colors


@dataclass(frozen=True)
class SignConfig:
    """How pictures are signed."""

    sign: str = ""
    """A picture of your signature, stamped on each picture: transparent around it, or ink on plain paper."""
    sign_position: Position = "bottom-right"
    """Where it goes; random is one of the corners, by the seed."""
    sign_size: float = 0.2
    """Its longer side, as a share of the picture's shorter side."""
    sign_margin: float = 0.04
    """Its distance from the edges, as a share of the picture's shorter side."""
    sign_opacity: float = 1.0
    """1 covers what is below it, 0.5 half."""
    sign_rotation: float = 0.0
    """Degrees by which it is turned, counter-clockwise."""
    sign_color: str = OWN
    """own, picture (a color of the picture that stands out where it is put), or a color: a name, or #ffeedd."""
    sign_vary: float = 0.0
    """How much angle, size and place differ from picture to picture, by the seed: 0 not at all, 1 as if in a hurry."""
