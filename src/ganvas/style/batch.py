"""Many paintings at once: folders of pictures times styles, or several values of a setting, with a contact sheet."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_origin, get_type_hints

from ..config import StyleConfig
from ..config.style import OLD_NAMES
from ..data import open_source
from ..data.file_kinds import left_out
from ..data.ownership import not_ours
from ..errors import GanvasError, UnusableImageError, ganvas_command, lookup
from ..events import Done, Event, Iteration, Note, run_to_end
from ..image_io import read_metadata
from ..signature import load_signature
from ..translation import N_, _
from .cells import Cell, Column, numbered, plan_cells, unique_names
from .check import check_config, check_masks
from .contact_sheet import SHEET_NAME, is_sheet, sheet_paths, write_sheets
from .load import load_picture
from .output import SIGNED_WITH, is_original_colors_copy
from .paint import Networks, check_outputs
from .resume import compute_fingerprint
from .reuse import parse_settings, recolor
from .trained_style import painting_of

PARSERS: dict[object, Callable[[str], Any]] = {  # for the values of a swept setting, by type; ":" separates parts
    int: int,
    float: float,
    str: str,
    tuple[float, ...]: lambda text: tuple(float(part) for part in text.split(":")),
    tuple[str, ...]: lambda text: tuple(text.split(":")),
}
SWEEP_HINT = N_("Try: --sweep strength=0.3,0.5,0.7")


def is_batch(content: Path, styles: Sequence[Path], sweep: str) -> bool:
    """Tell whether more than one painting is asked for."""
    return bool(sweep) or content.is_dir() or any(painting_of(style).is_dir() for style in styles)


def paint_many(
    content: Path, styles: Sequence[Path], out: Path, config: StyleConfig, masks: Sequence[Path] = (), sweep: str = ""
) -> Generator[Event, None, None]:
    """Paint each picture in each style into the folder `out`, and write a contact sheet of all paintings.

    A painting that exists already, from the same pictures with the same settings, is not painted again; if only its
    colours differ, they are changed. A picture that cannot be painted is named and left out.

    Args:
        content: a picture, or a folder of them.
        styles: pictures, whose styles are blended; or if a folder is among them, each picture is a style of its own.
        sweep: one setting and its values, such as "strength=0.3,0.5,0.7".

    Raises:
        GanvasError: there is nothing to paint, a setting makes no sense, or a file cannot be written.
    """
    styles = [*map(painting_of, styles)]
    _check_folder(out, (content, *styles))
    rows, columns = _list_pictures(content, out), _plan_columns(styles, config, sweep, out)
    for folder in (path for path in (content, *styles) if path.is_dir()):
        if text := left_out(open_source(folder).other_files()):
            yield Note(text)
    yield from _unreadable_style_notes(styles, columns, out)
    _check_inputs(styles, masks, columns)
    planned = plan_cells(rows, columns, masks, out)
    _check_places(planned, sheet_paths(len(rows), len(columns), out))
    networks = Networks()
    painted: dict[tuple[int, int], Path] = {}
    seconds = 0.0
    for number, cell in enumerate(planned):
        yield Note(_("{number} of {count}: {file}").format(number=number + 1, count=len(planned), file=cell.path.name))
        yield from networks.load(cell.config)
        try:
            done = yield from _paint_cell(cell, networks, number, len(planned))
        except UnusableImageError as error:
            yield Note(
                _("{picture} is left out: {message}").format(picture=cell.sources.content.name, message=error.message)
            )
            continue
        painted[cell.row, cell.column] = cell.path
        seconds += done.seconds
        if done.reason == "interrupted":
            yield Done(str(out), len(painted), 0, seconds, done.reason)
            return
    if not painted:
        raise GanvasError(
            _("None of the {count} pictures in {content} can be painted.").format(count=len(rows), content=content),
            _("Try: {command}").format(command=ganvas_command("inspect", content)),
        )
    for problem in write_sheets(rows, [(column.name, column.styles[0]) for column in columns], painted, out):
        yield Note(_("A place on the sheet is empty: {problem}").format(problem=problem))
    yield Done(str(out / SHEET_NAME), len(painted), 0, seconds, "finished")


def _check_places(cells: Sequence[Cell], sheets: Sequence[Path]) -> None:
    """Check that all paintings and sheets can be written, before the first is painted.

    Raises:
        GanvasError: one cannot, or would take the place of what ganvas did not write.
    """
    for cell in cells:
        check_outputs(cell.path, cell.sources, cell.config)
    for sheet in sheets:
        if sheet.exists() and not is_sheet(sheet):
            raise not_ours(sheet)


def _paint_cell(cell: Cell, networks: Networks, number: int, count: int) -> Generator[Event, None, Done]:
    """Paint number `number` of `count` unless it exists; return its last event, with progress events of the batch."""
    finished = _finished_config(cell, networks.name(cell.sources, cell.config))
    done = Done(str(cell.path), 0, 0, 0.0, "finished")
    if finished is not None:
        problem = _ensure_look(cell, finished)
        yield Note(_("It is painted anew: {problem}").format(problem=problem) if problem else _("Already painted."))
        if not problem:
            return done
    with closing(networks.paint(cell.sources, cell.path, cell.config)) as events:
        for event in events:
            if isinstance(event, Done):
                done = event
            elif isinstance(event, Iteration):
                yield replace(event, progress=(number + event.progress) / count)
            else:
                yield event
    return done


def _unreadable_style_notes(
    styles: Sequence[Path], columns: Sequence[Column], out: Path
) -> Generator[Event, None, None]:
    """Yield which pictures in the folders of styles are left out, since they are in no column."""
    used = {style for column in columns for style in column.styles}
    for style in (picture for path in styles if path.is_dir() for picture in _list_pictures(path, out)):
        if style not in used:
            yield Note(_("{picture} is left out: {problem}").format(picture=style.name, problem=_problem(style)))


def _check_inputs(styles: Sequence[Path], masks: Sequence[Path], columns: Sequence[Column]) -> None:
    """Check what all paintings need: the masks, the styles that are files, and the settings of every column.

    Raises:
        GanvasError: a picture cannot be read, or a setting makes no sense.
    """
    for path in (*masks, *(style for style in styles if not style.is_dir())):
        load_picture(path)
    for column in columns:
        check_config(column.config, len(column.styles))
        check_masks(masks, len(column.styles), column.config.blend)


def _check_folder(out: Path, sources: Sequence[Path]) -> None:
    """Check that paintings of `sources` can go to the folder `out`.

    Raises:
        GanvasError: it is a file, or one of the sources.
    """
    if out.exists() and not out.is_dir():
        raise GanvasError(
            _("{out} is a file.").format(out=out), _("Several paintings need a folder: give --out another name.")
        )
    if any(out.exists() and source.is_dir() and out.samefile(source) for source in sources):
        raise GanvasError(
            _("{out} is one of the folders to paint from.").format(out=out), _("Give --out another name.")
        )


def _plan_columns(styles: Sequence[Path], config: StyleConfig, sweep: str, out: Path) -> list[Column]:
    """Return the columns of the sheet: one per style, or one for all styles blended, times the values of a sweep."""
    if any(style.is_dir() for style in styles):
        pictures = [picture for style in styles for picture in _list_pictures(style, out)]
        readable = [picture for picture in pictures if not _problem(picture)]
        if not readable:
            raise GanvasError(
                _("None of the style pictures can be read."),
                _("Try: {command}").format(command=ganvas_command("inspect", styles[0])),
            )
        names = unique_names(readable)
        columns = [Column(name, (picture,), config) for name, picture in zip(names, readable, strict=True)]
    else:
        columns = [Column("-".join(style.stem for style in styles), tuple(styles), config)]
    return _sweep_columns(columns, config, sweep) if sweep else columns


def _sweep_columns(columns: Sequence[Column], config: StyleConfig, sweep: str) -> list[Column]:
    """Return each column once for each value of a sweep."""
    label, values = sweep.partition("=")[::2]
    label = label.replace("-", "_")
    name = OLD_NAMES.get(label, label)
    parsers = {field: _value_parser(kind) for field, kind in get_type_hints(StyleConfig).items()}
    parser = lookup(parsers, name, N_("setting"))
    if parser is None or not values:
        raise GanvasError(_("'{sweep}' is not a setting with values.").format(sweep=sweep), _(SWEEP_HINT))
    swept = []
    for column in columns:
        for value in values.split(","):
            try:
                changed = replace(config, **{name: parser(value)})
            except ValueError as error:
                raise GanvasError(
                    _("{name} cannot be '{value}'.").format(name=name, value=value), _(SWEEP_HINT)
                ) from error
            value_name = value.translate(str.maketrans("/\\:", "---"))
            swept.append(Column(f"{column.name}-{label}-{value_name}", column.styles, changed))
    names = numbered([column.name for column in swept])
    return [replace(column, name=name) for column, name in zip(swept, names, strict=True)]


def _value_parser(kind: Any) -> Callable[[str], Any] | None:
    """Return what turns the text of a swept value into a setting's type; None if the setting cannot be swept."""
    return str if get_origin(kind) is Literal else PARSERS.get(kind)


def _list_pictures(path: Path, out: Path) -> list[Path]:
    """Return the pictures in a folder and its sub-folders, sorted by name, or the one picture.

    Those in `out`, paintings in sub-folders, contact sheets and paintings' copies in their own colours are left out.
    """
    if not path.is_dir():
        return [path]
    pictures = [path / item.name for item in open_source(path).items()]
    if out.resolve().is_relative_to(path.resolve()):
        pictures = [picture for picture in pictures if not picture.resolve().is_relative_to(out.resolve())]
    # A painting in a sub-folder is an earlier result; one beside the pictures was put there by somebody.
    pictures = [picture for picture in pictures if picture.parent == path or not _is_painting(picture)]
    pictures = [picture for picture in pictures if not is_original_colors_copy(picture)]
    sheet_stem = Path(SHEET_NAME).stem
    pictures = [picture for picture in pictures if not (picture.stem.startswith(sheet_stem) and is_sheet(picture))]
    if not pictures:
        hint = left_out(open_source(path).other_files()) or _("Name a folder with pictures, or one picture.")
        raise GanvasError(_("There are no pictures in {path}.").format(path=path), hint)
    return pictures


def _is_painting(path: Path) -> bool:
    """Return whether Ganvas has painted a picture; of what cannot be read, it is told later."""
    try:
        return "mark" in read_metadata(path)
    except OSError:
        return False


def _problem(path: Path) -> str:
    """Return why a picture cannot be used; empty if it can."""
    try:
        load_picture(path)
    except GanvasError as error:
        return error.message
    return ""


def _finished_config(cell: Cell, network: str) -> StyleConfig | None:
    """Return the settings of this painting if it exists and is finished, maybe in other colours; else None.

    Raises:
        OSError: it is there, but cannot be read now: it is not to be painted again.
    """
    metadata = read_metadata(cell.path)
    if metadata.get("reason") != "finished":
        return None
    try:
        if metadata.get("mark") != compute_fingerprint(cell.config, cell.sources.all_paths, network):
            return None
        finished = parse_settings(metadata, cell.path).config
    except (OSError, GanvasError):  # a source is missing, or another release wrote it: painting says what is wrong
        return None
    return finished if finished.depth == cell.config.depth else None


def _ensure_look(cell: Cell, finished: StyleConfig) -> str:
    """Give a finished painting other colours or another signature, if it needs them; return why it cannot have them."""
    colors, sign_config = cell.config.colors, cell.config.signature
    signature = load_signature(sign_config)
    signed_with = read_metadata(cell.path).get(SIGNED_WITH)
    if (finished.colors, finished.signature, signed_with) == (colors, sign_config, signature and signature.digest):
        return ""
    try:
        run_to_end(recolor(cell.path, colors, cell.path, cell.sources.content, sign_config))
    except GanvasError as error:
        return error.message
    return ""
