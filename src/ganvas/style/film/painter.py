"""What paints a film's frames: the fast network, with what it measured held from frame to frame."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ...models.fast_style import Norm
from ..color import COLOR_MODES
from ..fast import FastStyle, PictureStatistics, StyleStatistics
from .flow import Floats
from .steady import Held

KEPT = 0.9  # of the running mean of what instance norms measure, at each frame


class FilmPainter:
    """The fast network with a style, a strength and a way of colouring.

    Args:
        network: the network, with its weights.
        style: what it knows of the painting, on its device.
        strength: how strong the style is, in [0, 1].
        colors: a key of `color.COLOR_MODES`.
        device: where it paints.
    """

    def __init__(
        self, network: FastStyle, style: StyleStatistics, strength: float, colors: str, device: torch.device
    ) -> None:
        self.network, self.style, self.strength = network, style, strength
        self.recolor, self.device = COLOR_MODES[colors], device

    def __call__(self, frame: Floats, held: Held | None) -> tuple[Floats, Held]:
        """Return a frame (H, W, 3) in [0, 1] as it is painted, and the running mean of what was measured."""
        picture = torch.from_numpy(np.ascontiguousarray(frame)).permute(2, 0, 1)[None].to(self.device)
        known = None if held is None else from_tensors(held, self.device)
        painted, statistics = self.network.paint_next(picture, self.style, self.strength, known, KEPT)
        if self.recolor is not COLOR_MODES["free"]:
            painted = (self.recolor(painted * 2 - 1, picture * 2 - 1, None) + 1) / 2
        pixels: Floats = painted[0].permute(1, 2, 0).cpu().numpy()
        return pixels, to_tensors(statistics)


def to_tensors(statistics: PictureStatistics) -> dict[str, Tensor]:
    """Return statistics as tensors by name, for a file."""
    norms = {
        f"{number}.{name}": value
        for number, norm in enumerate(statistics.norms)
        for name, value in norm._asdict().items()
    }
    return {"color_mean": statistics.color_mean, "color_covariance": statistics.color_covariance} | norms


def from_tensors(tensors: Held, device: torch.device) -> PictureStatistics:
    """Return the statistics that `to_tensors` gave as tensors."""
    count = (len(tensors) - 2) // len(Norm._fields)
    norms: Sequence[Norm] = [
        Norm(*(tensors[f"{number}.{name}"].to(device) for name in Norm._fields)) for number in range(count)
    ]
    return PictureStatistics(tensors["color_mean"].to(device), tensors["color_covariance"].to(device), norms)
