"""ganvas style-train"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from .options import Device, Json, optional


@dataclass(frozen=True)
class StyleTrain:
    """Flags of `ganvas style-train`."""

    painting: Annotated[Positional[Path], arg(metavar="PAINTING")]
    """The painting whose style is learned."""
    photos: Annotated[Path | None, optional("PHOTOS")] = None
    """A folder or an archive of photographs like those that will be repainted; four packaged ones if left out."""
    minutes: float = 10.0
    """How long to train, in all."""
    out: Annotated[Path | None, optional("STYLE")] = None
    """Folder for the style; the painting's name if left out. Then: ganvas style PHOTOGRAPH STYLE --fast."""
    style_scale: float = 1.0
    """Size of the strokes: 0.5 half as large as in the painting, 2 twice."""
    seed: int = 0
    """Seed of the random numbers."""
    device: Device = "auto"
    json: Json = False

    def execute(self) -> dict[str, Any]:
        import ganvas

        from .terminal import interrupt_on_sigterm, render_until_done

        out = self.out or Path(self.painting.stem)
        with interrupt_on_sigterm():
            return render_until_done(
                ganvas.train_style(
                    self.painting,
                    out,
                    photos=self.photos,
                    minutes=self.minutes,
                    style_scale=self.style_scale,
                    seed=self.seed,
                    device=self.device,
                )
            )
