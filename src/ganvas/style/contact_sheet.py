"""Contact sheets of many paintings: a column for each style, a row for each content."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import product
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from ..errors import UnusableImageError
from ..image_io import read_metadata, save_image
from .load import load_picture

CELL_SIZE, LABEL_HEIGHT, GAP = 256, 18, 4  # pixels: longer side of a picture, a line of text, the space between
SHEET_NAME, MAX_CELLS = "sheet.jpg", 100  # rows or columns of one sheet

Header = tuple[str, Path]  # name and style picture of a column


def write_sheets(
    rows: Sequence[Path], columns: Sequence[Header], cells: Mapping[tuple[int, int], Path], out: Path
) -> None:
    """Write contact sheets of all paintings into the folder `out`: sheet.jpg, and sheet-2.jpg ... if they are many."""
    painted_rows = sorted({row for row, _ in cells})
    parts = product(_chunks(painted_rows), _chunks(range(len(columns))))
    for number, (row_indices, column_indices) in enumerate(parts, start=1):
        name = SHEET_NAME if number == 1 else f"{Path(SHEET_NAME).stem}-{number}.jpg"
        write_sheet(
            [(rows[row], [cells.get((row, column)) for column in column_indices]) for row in row_indices],
            [columns[column] for column in column_indices],
            out / name,
        )


def write_sheet(rows: Sequence[tuple[Path, Sequence[Path | None]]], columns: Sequence[Header], path: Path) -> None:
    """Write a sheet: a header of styles, and a row for each content with its paintings, those that exist."""
    width, height = CELL_SIZE + GAP, CELL_SIZE + LABEL_HEIGHT + GAP
    sheet = Image.new("RGB", (width * (1 + len(columns)) + GAP, height * (1 + len(rows)) + GAP), "white")

    def put(picture: Path, label: str, row: int, column: int) -> None:
        left, top = GAP + column * width, GAP + row * height
        image = ImageOps.contain(load_picture(picture).on_white(), (CELL_SIZE, CELL_SIZE))
        sheet.paste(image, (left + (CELL_SIZE - image.width) // 2, top + LABEL_HEIGHT))
        ImageDraw.Draw(sheet).text((left, top + 2), label, fill="black")

    for across, (name, style) in enumerate(columns, start=1):
        put(style, name, 0, across)
    for down, (content, paintings) in enumerate(rows, start=1):
        put(content, content.stem, down, 0)
        for across, painting in enumerate(paintings, start=1):
            if painting is not None:
                with suppress(UnusableImageError):  # a painting may be larger than pictures that can be read
                    put(painting, "", down, across)
    save_image(sheet, path, {"contents": len(rows), "columns": len(columns)})


def _chunks(indices: Sequence[int]) -> list[Sequence[int]]:
    """Split indices into parts that fit on a sheet; a JPEG has at most 65,500 pixels per side."""
    return [indices[first : first + MAX_CELLS] for first in range(0, len(indices), MAX_CELLS)]


def is_sheet(path: Path) -> bool:
    """Tell whether a picture is a contact sheet of paintings."""
    return {"contents", "columns"} <= read_metadata(path).keys()
