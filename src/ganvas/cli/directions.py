"""ganvas directions"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import arg

from .options import Device, Json, Run, optional


@dataclass(frozen=True)
class Directions:
    """Flags of `ganvas directions`."""

    run_folder: Run
    name: Annotated[str | None, optional("NAME")] = None
    """What to call the direction between two folders of pictures, such as smile; goes with --from and --to."""
    from_folder: Annotated[Path | None, arg(name="from", metavar="FOLDER", help_behavior_hint="")] = None
    """Pictures at its beginning, such as serious ones. Those that ganvas sample drew are known at once."""
    to_folder: Annotated[Path | None, arg(name="to", metavar="FOLDER", help_behavior_hint="")] = None
    """Pictures at its end, such as smiling ones."""
    method: Literal["pca", "sefa"] = "pca"
    """Without --name: pca finds what varies most; sefa, for stylegan2, what changes its styles most."""
    count: int = 10
    """How many directions to find without --name."""
    layers: Annotated[str, optional("LAYERS")] = "all"
    """Layers that a direction moves: coarse, middle, fine, or numbers such as 0-3,5; all if left out."""
    device: Device = "auto"
    json: Json = False

    def execute(self) -> dict[str, Any]:
        import ganvas

        from .terminal import interrupt_on_sigterm, render_until_done

        with interrupt_on_sigterm():
            return render_until_done(
                ganvas.directions(
                    self.run_folder,
                    name=self.name,
                    from_folder=self.from_folder,
                    to_folder=self.to_folder,
                    method=self.method,
                    count=self.count,
                    layers=self.layers,
                    device=self.device,
                )
            )
