"""A sheet of a few frames before and after painting, written before the film is painted: hours follow."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ...image_io import save_image
from ...video.writer import Frame
from .flow import Floats

FRAMES = 6
CELL, GAP = 320, 4  # pixels: longer side of a frame, space between


def preview_path(out: Path) -> Path:
    """Return where the sheet of a film goes."""
    return out.with_name(f"{out.stem}.preview.jpg")


def write_preview(columns: Sequence[tuple[Floats, Floats]], path: Path, metadata: Mapping[str, object]) -> None:
    """Write a sheet: frames above, and as they are painted below; each (H, W, 3) in [0, 1]."""
    rows = list(zip(*columns, strict=True))
    cells = [[ImageOps.contain(Image.fromarray(to_bytes(frame)), (CELL, CELL)) for frame in row] for row in rows]
    width, height = cells[0][0].size
    sheet = Image.new("RGB", (len(columns) * (width + GAP) - GAP, 2 * height + GAP), "white")
    for down, row in enumerate(cells):
        for across, cell in enumerate(row):
            sheet.paste(cell, (across * (width + GAP), down * (height + GAP)))
    save_image(sheet, path, metadata)


def to_bytes(frame: Floats) -> Frame:
    """Return a frame in [0, 1] as bytes, rounded to nearest."""
    return (frame * 255).round().clip(0, 255).astype(np.uint8)
