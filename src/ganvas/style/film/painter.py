"""What paints a film's frames: the fast network, with what it measured held from frame to frame."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...config import StyleConfig
from ...models.fast_style import Norm
from ..color import COLOR_MODES
from ..fast import FastStyle, PictureStatistics, StyleStatistics
from ..fast_paint import FastPainter, mixed_layers
from ..load import load_picture
from .flow import Floats
from .steady import Held

KEPT = 0.9  # of the running mean of what instance norms measure, at each frame


class FilmPainter:
    """Networks that paint in one pass, with a style each; their paintings are mixed.

    Args:
        layers: networks, what they know of their style, and their shares, which add up to 1.
        strength: how strong the styles are, in [0, 1].
        colors: a key of `color.COLOR_MODES`.
        device: where they are.
    """

    def __init__(
        self,
        layers: Sequence[tuple[FastStyle, StyleStatistics, float]],
        strength: float,
        colors: str,
        device: torch.device,
    ) -> None:
        self.layers, self.strength, self.colors, self.device = layers, strength, colors, device

    @classmethod
    def load(
        cls, painter: FastPainter, styles: Sequence[Path], config: StyleConfig, device: torch.device
    ) -> "FilmPainter":
        """Return what paints in these styles.

        Raises:
            GanvasError: one cannot be read.
        """
        shares = config.blend or (1.0,) * len(styles)
        pictures = [(path, load_picture(path)) for path in styles]
        layers = mixed_layers(pictures, [share / sum(shares) for share in shares], config, painter, device)
        return cls(layers, config.strength, config.colors, device)

    def __call__(self, frame: Floats, held: Held | None) -> tuple[Floats, Held]:
        """Return a frame (H, W, 3) in [0, 1] as it is painted, and the running mean of what was measured."""
        picture = torch.from_numpy(np.ascontiguousarray(frame)).permute(2, 0, 1)[None].to(self.device)
        whole = torch.zeros_like(picture)
        measured: dict[str, Tensor] = {}
        for number, (network, style, share) in enumerate(self.layers):
            known = None if held is None else from_tensors(held, f"{number}.", self.device)
            part, statistics = network.paint_next(picture, style, self.strength, known, KEPT)
            whole += share * part
            measured |= to_tensors(statistics, f"{number}.")
        if self.colors != "free":
            whole = (COLOR_MODES[self.colors](whole * 2 - 1, picture * 2 - 1, None) + 1) / 2
        pixels: Floats = whole[0].permute(1, 2, 0).cpu().numpy()
        return pixels, measured


def to_tensors(statistics: PictureStatistics, prefix: str) -> dict[str, Tensor]:
    """Return statistics as tensors by name, for a file."""
    colors = {"color_mean": statistics.color_mean, "color_covariance": statistics.color_covariance}
    norms = {
        f"{number}.{name}": value
        for number, norm in enumerate(statistics.norms)
        for name, value in norm._asdict().items()
    }
    return {prefix + name: value for name, value in (colors | norms).items()}


def from_tensors(tensors: Held, prefix: str, device: torch.device) -> PictureStatistics:
    """Return the statistics that `to_tensors` gave as tensors."""
    known = {name.removeprefix(prefix): value.to(device) for name, value in tensors.items() if name.startswith(prefix)}
    count = (len(known) - 2) // len(Norm._fields)
    norms = [Norm(*(known[f"{number}.{name}"] for name in Norm._fields)) for number in range(count)]
    return PictureStatistics(known["color_mean"], known["color_covariance"], norms)
