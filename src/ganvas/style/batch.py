"""Many paintings: folders of pictures times styles, or one setting after the other, with a sheet of all of them."""

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, fields, replace
from itertools import product
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageOps

from ..config import StyleConfig
from ..data.decode import SUFFIXES
from ..errors import GanvasError, UnfitPictureError, pick
from ..events import Done, Event, Iteration, Note, drain
from ..image_io import read_origin, save_image
from ..models.vgg import VGGWeights
from .check import check_config, check_masks
from .load import read
from .paint import check_places, network_for, paint
from .painting import Sources, is_free_copy
from .resume import mark_of
from .reuse import recipe_in, recolour

CELL, LABEL, GAP = 256, 18, 4  # pixels of the sheet: a picture's longer side, a line of text, and between pictures
SHEET, MOST = "sheet.jpg", 100  # rows or columns of one
PARSERS: dict[object, Callable[[str], Any]] = {  # of a swept setting's values; what is several is told apart by :
    int: int,
    float: float,
    str: str,
    tuple[float, ...]: lambda text: tuple(float(each) for each in text.split(":")),
    tuple[str, ...]: lambda text: tuple(text.split(":")),
}


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

    What is there already, painted from the same pictures with the same settings, is not painted again; where only its
    colours are other ones, these are changed. A picture that cannot be painted is named and left out.

    Args:
        content: a picture, or a folder of them.
        styles: pictures, whose manners are mixed; or with a folder among them, each picture for itself.
        sweep: one setting and its values, such as "strength=0.3,0.5,0.7".

    Raises:
        GanvasError: there is nothing to paint, a setting makes no sense, or the disk does not take it.
    """
    _check_folder(out, (content, *styles))
    rows, columns = _pictures(content), _columns(styles, config, sweep)
    used = {style for column in columns for style in column.styles}
    for style in (picture for each in styles if each.is_dir() for picture in _pictures(each)):
        if style not in used:
            yield Note(f"{style.name} is left out: it cannot be read.")
    for each in (*masks, *(style for style in styles if not style.is_dir())):
        read(each)  # says what is wrong with one that all paintings need
    for column in columns:
        check_config(column.config, len(column.styles))
        check_masks(masks, len(column.styles), column.config.blend)
    names, whole = _names(rows), len(rows) * len(columns)
    networks: dict[tuple[str, str | None], VGGWeights] = {}
    cells: dict[tuple[int, int], Path] = {}
    seconds = 0.0
    for number, (down, across) in enumerate(product(range(len(rows)), range(len(columns)))):
        row, column = rows[down], columns[across]
        path = out / f"{names[down]}--{column.name}.png"
        yield Note(f"{number + 1} of {whole}: {path.name}")
        sources = Sources(row, column.styles, tuple(masks), column.config.start_picture)
        asked = column.config.network, column.config.vgg19_weights
        if asked not in networks:
            networks[asked] = yield from network_for(column.config)
        reason = "finished"
        try:
            known = _known(path, sources, column.config, networks[asked].name)
            if known is not None and _coloured(path, row, known, column.config.colours):
                yield Note("It is there already.")
                cells[down, across] = path
                continue
            check_places(path, sources, column.config)
            with closing(paint(sources, path, column.config, networks[asked])) as events:
                for event in events:
                    if isinstance(event, Done):
                        seconds, reason, cells[down, across] = seconds + event.seconds, event.reason, path
                    elif isinstance(event, Iteration):
                        yield replace(event, progress=(number + event.progress) / whole)
                    else:
                        yield event
        except UnfitPictureError as error:
            yield Note(f"{row.name} is left out: {error.message}")
        if reason == "interrupted":
            yield Done(str(out), len(cells), 0, seconds, reason)
            return
    if not cells:
        raise GanvasError(
            f"None of the {len(rows)} pictures in {content} can be painted.", f"Try: ganvas inspect {content}"
        )
    write_sheets(rows, columns, cells, out)
    yield Done(str(out / SHEET), len(cells), 0, seconds, "finished")


def _check_folder(out: Path, sources: Sequence[Path]) -> None:
    """Refuse a place that paintings of `sources` and their sheet cannot go to.

    Raises:
        GanvasError: it is a file, one of the sources, or holds another's sheet.
    """
    if out.exists() and not out.is_dir():
        raise GanvasError(f"{out} is a file.", "Several paintings need a folder: give --out another name.")
    if any(out.exists() and each.is_dir() and out.samefile(each) for each in sources):
        raise GanvasError(f"{out} is a folder to paint from.", "Give --out another name.")
    if (out / SHEET).exists() and not _is_sheet(out / SHEET):
        raise GanvasError(f"{out / SHEET} is not ours, and would be written over.", "Give --out another name.")


def write_sheets(
    rows: Sequence[Path], columns: Sequence[Column], cells: dict[tuple[int, int], Path], out: Path
) -> None:
    """Write all paintings side by side into the folder `out`: sheet.jpg; where they are many sheet-2.jpg and so on."""
    shown = sorted({down for down, _ in cells})
    parts = product(_chunks(shown), _chunks(range(len(columns))))
    for number, (some, across) in enumerate(parts, start=1):
        name = SHEET if number == 1 else f"{Path(SHEET).stem}-{number}.jpg"
        write_sheet(
            [(rows[down], [cells.get((down, place)) for place in across]) for down in some],
            [columns[place] for place in across],
            out / name,
        )


def write_sheet(rows: Sequence[tuple[Path, Sequence[Path | None]]], columns: Sequence[Column], path: Path) -> None:
    """Write a sheet: each row a content and its paintings, those that are there, and above them styles or settings."""
    width, height = CELL + GAP, CELL + LABEL + GAP
    sheet = Image.new("RGB", (width * (1 + len(columns)) + GAP, height * (1 + len(rows)) + GAP), "white")

    def put(picture: Path, name: str, down: int, across: int) -> None:
        left, top = GAP + across * width, GAP + down * height
        image = ImageOps.contain(read(picture).on_white(), (CELL, CELL))
        sheet.paste(image, (left + (CELL - image.width) // 2, top + LABEL))
        ImageDraw.Draw(sheet).text((left, top + 2), name, fill="black")

    for across, column in enumerate(columns, start=1):
        put(column.styles[0], column.name, 0, across)
    for down, (content, paintings) in enumerate(rows, start=1):
        put(content, content.stem, down, 0)
        for across, painting in enumerate(paintings, start=1):
            if painting is not None:
                with suppress(UnfitPictureError):  # it may be larger than pictures that are read may be
                    put(painting, "", down, across)
    save_image(sheet, path, {"contents": len(rows), "columns": len(columns)})


def _chunks(places: Sequence[int]) -> list[Sequence[int]]:
    """Return places in parts that a sheet can hold; no JPEG is longer than 65,500 pixels."""
    return [places[first : first + MOST] for first in range(0, len(places), MOST)]


def _is_sheet(path: Path) -> bool:
    """Tell whether a picture is a sheet of paintings."""
    return {"contents", "columns"} <= read_origin(path).keys()


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
    parsers = {field.name: PARSERS.get(field.type) for field in fields(StyleConfig)}
    parser = pick(parsers, name, "setting")
    if parser is None or not values:
        raise GanvasError(f"'{sweep}' is no setting with values.", "Try: --sweep strength=0.3,0.5,0.7")
    swept = []
    for column in columns:
        for value in values.split(","):
            try:
                changed = replace(config, **{name: parser(value)})
            except ValueError as error:
                raise GanvasError(f"{name} cannot be '{value}'.", "Try: --sweep strength=0.3,0.5,0.7") from error
            told = value.translate(str.maketrans("/\\:", "---"))
            swept.append(Column(f"{column.name}-{name}-{told}", column.styles, changed))
    names = _numbered([column.name for column in swept])
    return [replace(column, name=name) for column, name in zip(swept, names, strict=True)]


def _pictures(where: Path) -> list[Path]:
    """Return the pictures in a folder, in the order of their names, or the one picture.

    Sheets of paintings and their copies in free colours are left out.
    """
    if not where.is_dir():
        return [where]
    found = sorted(path for path in where.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    found = [each for each in found if not is_free_copy(each)]
    found = [each for each in found if not (each.stem.startswith(Path(SHEET).stem) and _is_sheet(each))]
    if not found:
        raise GanvasError(f"There are no pictures in {where}.", "Name a folder with pictures, or one picture.")
    return found


def _names(pictures: Sequence[Path]) -> list[str]:
    """Return a name for each picture that no other has; most keep theirs when a picture is added."""
    stems = Counter(picture.stem for picture in pictures)
    return _numbered([each.stem if stems[each.stem] == 1 else each.name.replace(".", "-") for each in pictures])


def _numbered(names: Sequence[str]) -> list[str]:
    """Return names of which those that were there before have a number."""
    before = [names[:place].count(name) for place, name in enumerate(names)]
    return [f"{name}-{count + 1}" if count else name for name, count in zip(names, before, strict=True)]


def _is_picture(path: Path) -> bool:
    try:
        read(path)
    except GanvasError:
        return False
    return True


def _known(path: Path, sources: Sources, config: StyleConfig, network: str) -> StyleConfig | None:
    """Return the settings of this very painting if it lies there, finished; its colours may be other ones."""
    told = read_origin(path)
    try:
        if told.get("reason") != "finished" or told.get("mark") != mark_of(config, sources.paths, network):
            return None
        known = recipe_in(told, path).config
    except (OSError, GanvasError):  # a source is gone, or another release wrote it: painting it says what is wrong
        return None
    return known if known.depth == config.depth else None


def _coloured(path: Path, content: Path, known: StyleConfig, colours: str) -> bool:
    """Give a painting of `content` other colours if it needs them; tell whether it has them now."""
    if known.colours == colours:
        return True
    try:
        drain(recolour(path, colours, path, content))
    except GanvasError:
        return False
    return True
