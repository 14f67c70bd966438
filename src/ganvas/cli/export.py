"""ganvas export"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from ..translation import _
from .options import Json, Run, optional
from .output import echo


@dataclass(frozen=True)
class Export:
    """Flags of `ganvas export`."""

    run_folder: Run
    to: Literal["onnx", "torchscript", "safetensors", "web"] = "onnx"
    """onnx and torchscript for other programs, safetensors for the weights alone, web for a page that draws."""
    out: Annotated[Path | None, optional("FILE")] = None
    """The file, which ends in .onnx, .pt, .safetensors or .html; in RUN/exported if left out."""
    precision: Literal["float32", "float16", "int8"] = "float32"
    """Of the weights in the file: float16 halves its size, int8 quarters it; what that costs is measured."""
    json: Json = False

    def execute(self) -> dict[str, Any]:
        from ..interop.exporting.export import export
        from .terminal import render_events

        done = render_events(export(self.run_folder, self.to, self.out, self.precision))
        for file in done.files:
            echo(_("Written: {file} ({size:,.1f} MB)").format(file=file, size=file.stat().st_size / 1e6))
        if self.to == "web":
            echo(_("Open it in a browser; no network is needed."))
        return {
            "files": [str(file) for file in done.files],
            "format": done.format,
            "precision": done.precision,
            "difference": done.difference,
            "distance": done.cost and done.cost.distance,
            "between_samplings": done.cost and done.cost.between_samplings,
        }
