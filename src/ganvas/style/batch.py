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
from ..data.decode import FORMAT_OF_SUFFIX
from ..errors import GanvasError, UnusableImageError, lookup
from ..events import Done, Event, Iteration, Note, run_to_end
from ..image_io import read_metadata, save_image
from ..models.vgg import VGGWeights
from .check import check_config, check_masks
from .load import load_picture
from .paint import check_outputs, load_weights, paint
from .painting import SourcePaths, is_original_colors_copy
from .resume import compute_fingerprint
from .reuse import parse_settings, recolor

CELL_SIZE, LABEL_HEIGHT, GAP = 256, 18, 4  # pixels of the sheet: a picture's longer side, a line of text, and between pictures
SHEET_NAME, MAX_CELLS = "sheet.jpg", 100  # rows or columns of one
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


def is_batch(content: Path, styles: Sequence[Path], sweep: str) -> bool:
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
    rows, columns = _list_pictures(content), _plan_columns(styles, config, sweep)
    used = {style for column in columns for style in column.styles}
    for style in (picture for each in styles if each.is_dir() for picture in _list_pictures(each)):
        if style not in used:
            yield Note(f"{style.name} is left out: it cannot be read.")
    for each in (*masks, *(style for style in styles if not style.is_dir())):
        load_picture(each)  # says what is wrong with one that all paintings need
    for column in columns:
        check_config(column.config, len(column.styles))
        check_masks(masks, len(column.styles), column.config.blend)
    names, whole = _unique_names(rows), len(rows) * len(columns)
    networks: dict[tuple[str, str | None], VGGWeights] = {}
    cells: dict[tuple[int, int], Path] = {}
    seconds = 0.0
    for number, (down, across) in enumerate(product(range(len(rows)), range(len(columns)))):
        row, column = rows[down], columns[across]
        path = out / f"{names[down]}--{column.name}.png"
        yield Note(f"{number + 1} of {whole}: {path.name}")
        sources = SourcePaths(row, column.styles, tuple(masks), column.config.start_path)
        asked = column.config.network, column.config.vgg19_weights
        if asked not in networks:
            networks[asked] = yield from load_weights(column.config)
        reason = "finished"
        try:
            known = _finished_config(path, sources, column.config, networks[asked].name)
            if known is not None and _ensure_colors(path, row, known, column.config.colors):
                yield Note("It is there already.")
                cells[down, across] = path
                continue
            check_outputs(path, sources, column.config)
            with closing(paint(sources, path, column.config, networks[asked])) as events:
                for event in events:
                    if isinstance(event, Done):
                        seconds, reason, cells[down, across] = seconds + event.seconds, event.reason, path
                    elif isinstance(event, Iteration):
                        yield replace(event, progress=(number + event.progress) / whole)
                    else:
                        yield event
        except UnusableImageError as error:
            yield Note(f"{row.name} is left out: {error.message}")
        if reason == "interrupted":
            yield Done(str(out), len(cells), 0, seconds, reason)
            return
    if not cells:
        raise GanvasError(
            f"None of the {len(rows)} pictures in {content} can be painted.", f"Try: ganvas inspect {content}"
        )
    write_sheets(rows, columns, cells, out)
    yield Done(str(out / SHEET_NAME), len(cells), 0, seconds, "finished")


def _check_folder(out: Path, sources: Sequence[Path]) -> None:
    """Refuse a place that paintings of `sources` and their sheet cannot go to.

    Raises:
        GanvasError: it is a file, one of the sources, or holds another's sheet.
    """
    if out.exists() and not out.is_dir():
        raise GanvasError(f"{out} is a file.", "Several paintings need a folder: give --out another name.")
    if any(out.exists() and each.is_dir() and out.samefile(each) for each in sources):
        raise GanvasError(f"{out} is a folder to paint from.", "Give --out another name.")
    if (out / SHEET_NAME).exists() and not _is_sheet(out / SHEET_NAME):
        raise GanvasError(f"{out / SHEET_NAME} is not ours, and would be written over.", "Give --out another name.")


def write_sheets(
    rows: Sequence[Path], columns: Sequence[Column], cells: dict[tuple[int, int], Path], out: Path
) -> None:
    """Write all paintings side by side into the folder `out`: sheet.jpg; where they are many sheet-2.jpg and so on."""
    shown = sorted({down for down, _ in cells})
    parts = product(_chunks(shown), _chunks(range(len(columns))))
    for number, (some, across) in enumerate(parts, start=1):
        name = SHEET_NAME if number == 1 else f"{Path(SHEET_NAME).stem}-{number}.jpg"
        write_sheet(
            [(rows[down], [cells.get((down, place)) for place in across]) for down in some],
            [columns[place] for place in across],
            out / name,
        )


def write_sheet(rows: Sequence[tuple[Path, Sequence[Path | None]]], columns: Sequence[Column], path: Path) -> None:
    """Write a sheet: each row a content and its paintings, those that are there, and above them styles or settings."""
    width, height = CELL_SIZE + GAP, CELL_SIZE + LABEL_HEIGHT + GAP
    sheet = Image.new("RGB", (width * (1 + len(columns)) + GAP, height * (1 + len(rows)) + GAP), "white")

    def put(picture: Path, name: str, down: int, across: int) -> None:
        left, top = GAP + across * width, GAP + down * height
        image = ImageOps.contain(load_picture(picture).on_white(), (CELL_SIZE, CELL_SIZE))
        sheet.paste(image, (left + (CELL_SIZE - image.width) // 2, top + LABEL_HEIGHT))
        ImageDraw.Draw(sheet).text((left, top + 2), name, fill="black")

    for across, column in enumerate(columns, start=1):
        put(column.styles[0], column.name, 0, across)
    for down, (content, paintings) in enumerate(rows, start=1):
        put(content, content.stem, down, 0)
        for across, painting in enumerate(paintings, start=1):
            if painting is not None:
                with suppress(UnusableImageError):  # it may be larger than pictures that are read may be
                    put(painting, "", down, across)
    save_image(sheet, path, {"contents": len(rows), "columns": len(columns)})


def _chunks(places: Sequence[int]) -> list[Sequence[int]]:
    """Return places in parts that a sheet can hold; no JPEG is longer than 65,500 pixels."""
    return [places[first : first + MAX_CELLS] for first in range(0, len(places), MAX_CELLS)]


def _is_sheet(path: Path) -> bool:
    """Tell whether a picture is a sheet of paintings."""
    return {"contents", "columns"} <= read_metadata(path).keys()


def _plan_columns(styles: Sequence[Path], config: StyleConfig, sweep: str) -> list[Column]:
    """Return what is painted of each picture."""
    if any(style.is_dir() for style in styles):
        each = [picture for style in styles for picture in _list_pictures(style)]
        good = [picture for picture in each if _is_readable(picture)]
        if not good:
            raise GanvasError("None of the styles is a picture that can be read.", f"Try: ganvas inspect {styles[0]}")
        columns = [Column(name, (picture,), config) for name, picture in zip(_unique_names(good), good, strict=True)]
    else:
        columns = [Column("-".join(style.stem for style in styles), tuple(styles), config)]
    if not sweep:
        return columns
    name, _, values = sweep.partition("=")
    name = name.replace("-", "_")
    parsers = {field.name: PARSERS.get(field.type) for field in fields(StyleConfig)}
    parser = lookup(parsers, name, "setting")
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


def _list_pictures(path: Path) -> list[Path]:
    """Return the pictures in a folder, in the order of their names, or the one picture.

    Sheets of paintings and their copies in free colours are left out.
    """
    if not path.is_dir():
        return [path]
    found = sorted(path for path in path.iterdir() if path.suffix.lower() in FORMAT_OF_SUFFIX and path.is_file())
    found = [each for each in found if not is_original_colors_copy(each)]
    found = [each for each in found if not (each.stem.startswith(Path(SHEET_NAME).stem) and _is_sheet(each))]
    if not found:
        raise GanvasError(f"There are no pictures in {path}.", "Name a folder with pictures, or one picture.")
    return found


def _unique_names(pictures: Sequence[Path]) -> list[str]:
    """Return a name for each picture that no other has; most keep theirs when a picture is added."""
    stems = Counter(picture.stem for picture in pictures)
    return _numbered([each.stem if stems[each.stem] == 1 else each.name.replace(".", "-") for each in pictures])


def _numbered(names: Sequence[str]) -> list[str]:
    """Return names of which those that were there before have a number."""
    before = [names[:place].count(name) for place, name in enumerate(names)]
    return [f"{name}-{count + 1}" if count else name for name, count in zip(names, before, strict=True)]


def _is_readable(path: Path) -> bool:
    try:
        load_picture(path)
    except GanvasError:
        return False
    return True


def _finished_config(path: Path, sources: SourcePaths, config: StyleConfig, network: str) -> StyleConfig | None:
    """Return the settings of this very painting if it lies there, finished; its colours may be other ones."""
    metadata = read_metadata(path)
    try:
        if metadata.get("reason") != "finished" or metadata.get("mark") != compute_fingerprint(config, sources.all_paths, network):
            return None
        known = parse_settings(metadata, path).config
    except (OSError, GanvasError):  # a source is gone, or another release wrote it: painting it says what is wrong
        return None
    return known if known.depth == config.depth else None


def _ensure_colors(path: Path, content: Path, known: StyleConfig, colors: str) -> bool:
    """Give a painting of `content` other colours if it needs them; tell whether it has them now."""
    if known.colors == colors:
        return True
    try:
        run_to_end(recolor(path, colors, path, content))
    except GanvasError:
        return False
    return True
