"""Contact sheets of many paintings: a column for each style, a row for each content."""

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from ..errors import GanvasError
from ..image_io import read_metadata, save_image
from .load import load_picture

CELL_SIZE, LABEL_HEIGHT, GAP = 256, 18, 4  # pixels: longer side of a picture, a line of text, the space between
SHEET_NAME, MAX_CELLS = "sheet.jpg", 100  # rows or columns of one sheet

Header = tuple[str, Path]  # name and style picture of a column


def write_sheets(
    rows: Sequence[Path], columns: Sequence[Header], cells: Mapping[tuple[int, int], Path], out: Path
) -> list[str]:
    """Write contact sheets of all paintings into the folder `out`: sheet.jpg, and sheet-2.jpg ... if they are many.

    Returns:
        what is wrong with each picture whose place is empty.
    """
    painted_rows, problems = sorted({row for row, _ in cells}), []
    parts = product(_chunks(painted_rows), _chunks(range(len(columns))))
    for path, (row_indices, column_indices) in zip(sheet_paths(len(rows), len(columns), out), parts, strict=False):
        problems += write_sheet(
            [(rows[row], [cells.get((row, column)) for column in column_indices]) for row in row_indices],
            [columns[column] for column in column_indices],
            path,
        )
    return problems


def sheet_paths(row_count: int, column_count: int, out: Path) -> list[Path]:
    """Return the paths of the sheets if all are painted; there are fewer where whole rows are left out."""
    count = len(_chunks(range(row_count))) * len(_chunks(range(column_count)))
    stem, suffix = Path(SHEET_NAME).stem, Path(SHEET_NAME).suffix
    return [out / SHEET_NAME, *(out / f"{stem}-{number}{suffix}" for number in range(2, count + 1))]


def write_sheet(rows: Sequence[tuple[Path, Sequence[Path | None]]], columns: Sequence[Header], path: Path) -> list[str]:
    """Write a sheet: a header of styles, and a row for each content with its paintings, those that exist.

    Returns:
        what is wrong with each picture whose place is empty: it may be larger than pictures that can be read.
    """
    problems: list[str] = []
    width, height = CELL_SIZE + GAP, CELL_SIZE + LABEL_HEIGHT + GAP
    sheet = Image.new("RGB", (width * (1 + len(columns)) + GAP, height * (1 + len(rows)) + GAP), "white")

    def put(picture: Path, label: str, row: int, column: int) -> None:
        left, top = GAP + column * width, GAP + row * height
        ImageDraw.Draw(sheet).text((left, top + 2), label, fill="black")
        try:
            image = ImageOps.contain(load_picture(picture).on_white(), (CELL_SIZE, CELL_SIZE))
        except GanvasError as error:
            problems.append(error.message)
        else:
            sheet.paste(image, (left + (CELL_SIZE - image.width) // 2, top + LABEL_HEIGHT))

    for across, (name, style) in enumerate(columns, start=1):
        put(style, name, 0, across)
    for down, (content, paintings) in enumerate(rows, start=1):
        put(content, content.stem, down, 0)
        for across, painting in enumerate(paintings, start=1):
            if painting is not None:
                put(painting, "", down, across)
    save_image(sheet, path, {"contents": len(rows), "columns": len(columns)})
    return problems


def _chunks(indices: Sequence[int]) -> list[Sequence[int]]:
    """Split indices into parts that fit on a sheet; a JPEG has at most 65,500 pixels per side."""
    return [indices[first : first + MAX_CELLS] for first in range(0, len(indices), MAX_CELLS)]


def is_sheet(path: Path) -> bool:
    """Tell whether a picture is a contact sheet of paintings."""
    return {"contents", "columns"} <= read_metadata(path).keys()
