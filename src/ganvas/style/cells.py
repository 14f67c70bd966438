"""The cells of a contact sheet: which paintings there are, and the names of their files."""

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from ..config import StyleConfig
from .load import SourcePaths

MAX_NAME_BYTES = 200  # of the 255 that file systems take; endings and names of unfinished files need some


@dataclass(frozen=True)
class Cell:
    """One painting: its row and column on the sheet, where it goes, and what it is made from."""

    row: int
    column: int
    path: Path
    sources: SourcePaths
    config: StyleConfig


@dataclass(frozen=True)
class Column:
    """What the paintings in one column of the sheet have in common."""

    name: str
    styles: tuple[Path, ...]
    config: StyleConfig


def plan_cells(rows: Sequence[Path], columns: Sequence[Column], masks: Sequence[Path], out: Path) -> list[Cell]:
    """Return all paintings, row by row."""
    cells = []
    for (row, name), (number, column) in product(enumerate(unique_names(rows)), enumerate(columns)):
        path = out / f"{shortened(f'{name}--{column.name}')}.png"
        sources = SourcePaths(rows[row], column.styles, tuple(masks), column.config.start_path)
        cells.append(Cell(row, number, path, sources, column.config))
    return cells


def unique_names(pictures: Sequence[Path]) -> list[str]:
    """Return a unique name for each picture; most keep theirs when a picture is added."""
    stems, files = Counter(picture.stem for picture in pictures), Counter(picture.name for picture in pictures)

    def name(picture: Path) -> str:
        if stems[picture.stem] == 1:
            return picture.stem
        folder = f"{picture.parent.name}-" if files[picture.name] > 1 else ""
        return folder + picture.name.replace(".", "-")

    return numbered([name(picture) for picture in pictures])


def shortened(name: str) -> str:
    """Return a name that file systems take: of a longer one the beginning, and a hash that tells it from others."""
    encoded = os.fsencode(name)
    if len(encoded) <= MAX_NAME_BYTES:
        return name
    digest = hashlib.blake2b(encoded, digest_size=4).hexdigest()
    return f"{encoded[: MAX_NAME_BYTES - 9].decode('utf-8', 'ignore')}-{digest}"


def numbered(names: Sequence[str]) -> list[str]:
    """Return names with a number added to those that occurred before."""
    earlier = [names[:index].count(name) for index, name in enumerate(names)]
    return [f"{name}-{count + 1}" if count else name for name, count in zip(names, earlier, strict=True)]
