"""ganvas sample"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from .options import Device, Json, Run, optional
from .output import echo


@dataclass(frozen=True)
class Sample:
    """Flags of `ganvas sample`."""

    run_folder: Run
    count: int = 64
    """How many pictures."""
    seed: int = 0
    """The same seed gives the same pictures."""
    out: Annotated[Path | None, optional("FOLDER")] = None
    """Folder for the pictures, 000000.png and so on; RUN/sampled if neither this nor --grid is given."""
    grid: Annotated[Path | None, optional("FILE")] = None
    """File for one sheet of all pictures instead of single files."""
    truncation: float = 1.0
    """1 draws from all that was learned; towards 0 pictures become safer and more alike."""
    label: Annotated[str | None, optional("CLASS")] = None
    """Class to draw, for a run trained with --conditional."""
    device: Device = "auto"
    json: Json = False

    def execute(self) -> dict[str, Any]:
        import ganvas

        from ..latents.write import left_from_earlier, write_grid, write_pictures
        from .doctor import warn_if_ill

        model = ganvas.load(self.run_folder, self.device)
        if self.grid is not None:
            path = write_grid(model, self.grid, self.count, self.seed, self.truncation, self.label)
        else:
            out = self.out or self.run_folder / "sampled"
            path = write_pictures(model, out, self.count, self.seed, self.truncation, self.label)
            if older := left_from_earlier(out, self.count):
                rest = f"{len(older):,} pictures of an earlier, longer sampling, from {older[0].name} on"
                echo(f"Beside them lie {rest}. For the new ones alone: --out NEW_FOLDER")
        echo(f"{self.count} pictures: {path}")
        warn_if_ill(self.run_folder)
        return {"count": self.count, "seed": self.seed, "path": str(path)}
