"""ganvas project"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from .options import Device, Json, Run, optional


@dataclass(frozen=True)
class Project:
    """Flags of `ganvas project`."""

    run_folder: Run
    pictures: Annotated[Positional[Path], arg(metavar="PICTURES")]
    """A folder of pictures, or one picture, made to fit as the run's own were."""
    out: Annotated[Path | None, optional("FOLDER")] = None
    """Folder for latents, results and films; projected if left out."""
    label: Annotated[str | None, optional("CLASS")] = None
    """Class to look in, for a run trained with --conditional; all if left out."""
    tune: bool = False
    """Then move a copy of the generator until it draws the pictures: FOLDER/tuned, for sample and walk."""
    samples: int = 1_000
    """Random samples to begin with, and to compare with."""
    device: Device = "auto"
    json: Json = False

    def execute(self) -> dict[str, Any]:
        import ganvas

        from .terminal import interrupt_on_sigterm, render_until_done

        out = self.out or Path("projected")
        with interrupt_on_sigterm():
            return render_until_done(
                ganvas.project(
                    self.run_folder,
                    self.pictures,
                    out,
                    label=self.label,
                    tune=self.tune,
                    samples=self.samples,
                    device=self.device,
                )
            )
