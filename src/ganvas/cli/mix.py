"""ganvas mix"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from ..translation import _
from .options import Device, Json, Run, optional
from .output import echo


@dataclass(frozen=True)
class Mix:
    """Flags of `ganvas mix`."""

    run_folder: Run
    rows: Annotated[tuple[str, ...], optional("SEEDS|FILE ...")] = ()
    """What stands left of the table: seeds such as 3,7,20-29, pictures of this run, or files of latents."""
    columns: Annotated[tuple[str, ...], optional("SEEDS|FILE ...")] = ()
    """What stands above it."""
    layers: Annotated[str | None, optional("LAYERS")] = None
    """What each picture takes from its column: coarse (the default), middle, fine, or numbers such as 0-3,5."""
    corners: Annotated[tuple[str, ...], optional("SEEDS|FILE ...")] = ()
    """Four pictures, instead of a table: the grid shows what lies between them."""
    steps: int = 7
    """Pictures along an edge of that grid."""
    out: Annotated[Path | None, optional("FILE")] = None
    """The sheet; RUN/sampled/mix.png if left out."""
    truncation: float = 1.0
    """1 draws from all that was learned; towards 0 the pictures by seed become safer and more alike."""
    label: Annotated[str | None, optional("CLASS")] = None
    """Class of the pictures by seed, for a run trained with --conditional."""
    device: Device = "auto"
    json: Json = False

    def execute(self) -> dict[str, Any]:
        import ganvas

        from ..coach.model_health import notes
        from ..latents.model_file import read_health
        from ..runs import Run as RunFolder

        path = ganvas.mix(
            self.run_folder,
            self.out,
            rows=self.rows,
            columns=self.columns,
            layers=self.layers,
            corners=self.corners,
            steps=self.steps,
            truncation=self.truncation,
            label=self.label,
            device=self.device,
        )
        echo(_("Mixed pictures: {path}").format(path=path))
        for note in notes(read_health(RunFolder(self.run_folder))):
            echo(note.text)
        return {"path": str(path)}
