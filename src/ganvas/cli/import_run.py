"""ganvas import"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from ..errors import ganvas_command
from ..translation import _
from .options import Json
from .output import echo


@dataclass(frozen=True)
class Import:
    """Flags of `ganvas import`."""

    file: Annotated[Positional[Path], arg(metavar="FILE")]
    """A network of another program: .pkl, .pt, .pth or .h5."""
    out: Annotated[Path, arg(metavar="RUN")]
    """Folder for the run."""
    json: Json = False

    def execute(self) -> dict[str, Any]:
        from ..interop.importing import import_run

        done = import_run(self.file, self.out)
        network = done.network
        channels, height, width = network.shape
        echo(
            _(
                "Imported: {origin}, {width}x{height} px, {count:,} parameters. Nothing in the file was executed."
            ).format(origin=network.origin, width=width, height=height, count=done.parameters)
        )
        echo(_("Next: {command}").format(command=ganvas_command("sample", self.out)))
        return {
            "path": str(done.folder),
            "origin": network.origin,
            "network": network.generator.name,
            "shape": [channels, height, width],
            "classes": network.num_classes,
            "parameters": done.parameters,
        }
