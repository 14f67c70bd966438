"""Tables of pictures as one sheet: sources along the edges, or names and numbers."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ..data.ownership import check_free
from ..errors import GanvasError, cannot_be_written
from ..image_io import check_suffix, check_writable, save_image, to_image
from ..limits import MAX_SHEET_PIXELS, MAX_SHEET_SIDE
from ..translation import _

GAP, SOURCE_GAP = 2, 8  # pixels between cells, and between the sources and what is made of them
LEAST_CELL = 64  # pixels; smaller pictures are enlarged by a whole number
TEXT_HEIGHT, TEXT_SIZE = 18, 12  # pixels


def draw_table(
    rows: Sequence[Callable[[], Tensor]],
    columns: int,
    row_names: Sequence[str] = (),
    column_names: Sequence[str] = (),
    has_sources: bool = False,
) -> Image.Image:
    """Return a table as one RGB picture, on white; what is transparent shows it.

    Args:
        rows: make the uint8 images (columns, C, H, W) of a row each; one row is in memory at a time.
        columns: cells of a row.
        row_names: texts left of the rows.
        column_names: texts above the columns.
        has_sources: whether the first row and the first column are set apart from the rest.

    Raises:
        GanvasError: the sheet would be too large.
    """
    sheet: Image.Image | None = None
    font = ImageFont.load_default(TEXT_SIZE)
    left = max((int(font.getlength(name)) + 3 * GAP for name in row_names), default=0)
    top = TEXT_HEIGHT if column_names else 0
    more = SOURCE_GAP if has_sources else 0
    for row, make in enumerate(rows):
        images = make()
        height, width = images.shape[2:]
        scale = max(1, -(-LEAST_CELL // min(height, width)))
        across, down = width * scale + GAP, height * scale + GAP
        if sheet is None:
            sheet = _blank(left + columns * across + GAP + more, top + len(rows) * down + GAP + more)
            _write_names(sheet, row_names, column_names, (left, top), (across, down))
        for column, image in enumerate(images):
            x = left + GAP + column * across + (more if column else 0)
            y = top + GAP + row * down + (more if row else 0)
            cell = to_image(image).convert("RGBA").resize((width * scale, height * scale), Image.Resampling.NEAREST)
            sheet.paste(cell, (x, y), cell)
    assert sheet is not None
    return sheet


def save_table(sheet: Image.Image, file: Path, metadata: dict[str, object]) -> None:
    """Write a sheet that `check_place` let through.

    Raises:
        GanvasError: it cannot be written.
    """
    try:
        save_image(sheet, file, metadata)
    except (OSError, ValueError) as error:
        hint = _("Free some disk space, or name another place: --out FILE")
        raise cannot_be_written(file, error, hint) from error


def check_place(file: Path) -> None:
    """Check that a sheet may go to a file, before time is spent on it.

    Raises:
        GanvasError: its name ends as no format does, it is somebody else's, or it cannot be written.
    """
    check_suffix(file)
    check_free(file)
    check_writable(file.parent, _("Name another place: --out FILE"))


def _blank(width: int, height: int) -> Image.Image:
    if max(width, height) > MAX_SHEET_SIDE or width * height > MAX_SHEET_PIXELS:
        raise GanvasError(
            _("A sheet of {width:,} x {height:,} pixels is too large.").format(width=width, height=height),
            _("Name fewer rows and columns."),
        )
    return Image.new("RGB", (width, height), "white")


def _write_names(
    sheet: Image.Image,
    rows: Sequence[str],
    columns: Sequence[str],
    corner: tuple[int, int],
    step: tuple[int, int],
) -> None:
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(TEXT_SIZE)
    for row, name in enumerate(rows):
        draw.text((GAP, corner[1] + int((row + 0.5) * step[1])), name, fill="black", font=font, anchor="lm")
    for column, name in enumerate(columns):
        draw.text((corner[0] + int((column + 0.5) * step[0]), GAP), name, fill="black", font=font, anchor="ma")
