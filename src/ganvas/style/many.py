"""Many paintings: folders of pictures times styles, or one setting after the other, with a sheet of all of them."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from ..config import StyleConfig
from ..data.decode import SUFFIXES
from ..errors import GanvasError, pick
from ..events import Done, Event, Note
from ..pictures import read_origin, save_image
from .canvas import Sources
from .check import check_config
from .paint import stylize
from .read import read
from .unfinished import mark_of

CELL, LABEL, GAP = 256, 18, 4  # pixels of the sheet: a picture's longer side, a line of text, and between pictures
SHEET = "sheet.jpg"


@dataclass(frozen=True)
class Column:
    """Say what the paintings below each other have in common."""

    name: str
    styles: tuple[Path, ...]
    config: StyleConfig


def is_many(content: Path, styles: Sequence[Path], sweep: str) -> bool:
    """Tell whether more than one painting is asked for."""
    return bool(sweep) or content.is_dir() or any(style.is_dir() for style in styles)


def paint_many(
    content: Path, styles: Sequence[Path], out: Path, config: StyleConfig, masks: Sequence[Path] = (), sweep: str = ""
) -> Generator[Event, None, None]:
    """Paint each picture in each manner into the folder `out`, and a sheet of all of them.

    What is there already, painted from the same pictures with the same settings, is not painted again. A picture that
    cannot be read is named and left out.

    Args:
        content: a picture, or a folder of them.
        styles: pictures, whose manners are mixed; or with a folder among them, each picture for itself.
        sweep: one setting and its values, such as "strength=0.3,0.5,0.7".

    Raises:
        GanvasError: there is nothing to paint, a setting makes no sense, or the disk does not take it.
    """
    if out.exists() and not out.is_dir():
        raise GanvasError(f"{out} is a file.", "Several paintings need a folder: give --out another name.")
    if any(out.exists() and each.is_dir() and out.samefile(each) for each in (content, *styles)):
        raise GanvasError(f"{out} is a folder to paint from.", "Give --out another name.")
    rows, columns = _pictures(content), _columns(styles, config, sweep)
    used = {style for column in columns for style in column.styles}
    for style in (picture for each in styles if each.is_dir() for picture in _pictures(each)):
        if style not in used:
            yield Note(f"{style.name} is left out: it cannot be read.")
    for column in columns:
        check_config(column.config, len(column.styles))
    names = _names(rows)
    cells: dict[tuple[int, int], Path] = {}
    seconds, reason = 0.0, "finished"
    for down, row in enumerate(rows):
        for across, column in enumerate(columns):
            path = out / f"{names[down]}--{column.name}.png"
            yield Note(f"{down * len(columns) + across + 1} of {len(rows) * len(columns)}: {path.name}")
            if _is_done(path, row, column, masks):
                yield Note("It is there already.")
                cells[down, across] = path
                continue
            try:
                for event in stylize(row, column.styles, path, column.config, masks):
                    if not isinstance(event, Done):
                        yield event
                        continue
                    seconds, reason, cells[down, across] = seconds + event.seconds, event.reason, path
            except GanvasError as error:
                if not _is_of_picture(error, row):
                    raise
                yield Note(f"{row.name} is left out: {error.message}")
                break
            if reason == "interrupted":
                yield Done(str(out), len(cells), 0, seconds, reason)
                return
    if not cells:
        raise GanvasError(
            f"None of the {len(rows)} pictures in {content} can be painted.", f"Try: ganvas inspect {content}"
        )
    write_sheet(rows, columns, cells, out / SHEET)
    yield Done(str(out / SHEET), len(cells), 0, seconds, "finished")


def write_sheet(
    rows: Sequence[Path], columns: Sequence[Column], cells: dict[tuple[int, int], Path], path: Path
) -> None:
    """Write all paintings side by side: contents at the left, styles or settings above."""
    shown = sorted({down for down, _ in cells})
    width, height = CELL + GAP, CELL + LABEL + GAP
    sheet = Image.new("RGB", (width * (1 + len(columns)) + GAP, height * (1 + len(shown)) + GAP), "white")

    def put(picture: Path, name: str, down: int, across: int) -> None:
        left, top = GAP + across * width, GAP + down * height
        image = ImageOps.contain(read(picture).colours, (CELL, CELL))
        sheet.paste(image, (left + (CELL - image.width) // 2, top + LABEL))
        ImageDraw.Draw(sheet).text((left, top + 2), name, fill="black")

    for across, column in enumerate(columns, start=1):
        put(column.styles[0], column.name, 0, across)
    for place, down in enumerate(shown, start=1):
        put(rows[down], rows[down].stem, place, 0)
        for across in range(len(columns)):
            if (down, across) in cells:
                put(cells[down, across], "", place, 1 + across)
    save_image(sheet, path, {"contents": len(shown), "columns": len(columns)})


def _columns(styles: Sequence[Path], config: StyleConfig, sweep: str) -> list[Column]:
    """Return what is painted of each picture."""
    if any(style.is_dir() for style in styles):
        each = [picture for style in styles for picture in _pictures(style)]
        good = [picture for picture in each if _is_picture(picture)]
        if not good:
            raise GanvasError("None of the styles is a picture that can be read.", f"Try: ganvas inspect {styles[0]}")
        columns = [Column(name, (picture,), config) for name, picture in zip(_names(good), good, strict=True)]
    else:
        columns = [Column("-".join(style.stem for style in styles), tuple(styles), config)]
    if not sweep:
        return columns
    name, _, values = sweep.partition("=")
    name = name.replace("-", "_")
    kinds = {field.name: type(getattr(config, field.name)) for field in fields(StyleConfig)}
    kind = pick(kinds, name, "setting")
    if kind not in (int, float, str) or not values:
        raise GanvasError(f"'{sweep}' is no setting with values.", "Try: --sweep strength=0.3,0.5,0.7")
    swept = []
    for column in columns:
        for value in values.split(","):
            try:
                changed = replace(config, **{name: kind(value)})
            except ValueError as error:
                raise GanvasError(f"{name} cannot be '{value}'.", "Try: --sweep strength=0.3,0.5,0.7") from error
            swept.append(Column(f"{column.name}-{name}-{value}", column.styles, changed))
    return swept


def _pictures(where: Path) -> list[Path]:
    """Return the pictures in a folder, in the order of their names, or the one picture."""
    if not where.is_dir():
        return [where]
    found = sorted(path for path in where.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise GanvasError(f"There are no pictures in {where}.", "Name a folder with pictures, or one picture.")
    return found


def _names(pictures: Sequence[Path]) -> list[str]:
    """Return a name for each picture that no other has."""
    stems = [picture.stem for picture in pictures]
    if len(set(stems)) == len(stems):
        return stems
    full = [picture.name.replace(".", "-") for picture in pictures]
    before = [full[:place].count(name) for place, name in enumerate(full)]
    return [f"{name}-{count + 1}" if count else name for name, count in zip(full, before, strict=True)]


def _is_picture(path: Path) -> bool:
    try:
        read(path)
    except GanvasError:
        return False
    return True


def _is_done(path: Path, content: Path, column: Column, masks: Sequence[Path]) -> bool:
    """Tell whether this very painting lies there, finished."""
    told = read_origin(path)
    try:
        mark = mark_of(column.config, Sources(content, column.styles, tuple(masks), column.config.start_picture).paths)
    except OSError:
        return False
    return told.get("reason") == "finished" and told.get("mark") == mark


def _is_of_picture(error: GanvasError, picture: Path) -> bool:
    """Tell whether an error is about a picture that cannot be read, so that others may be."""
    return error.message.startswith(f"{picture} cannot be used")
