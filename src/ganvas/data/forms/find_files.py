"""Folders that hold no pictures of their own, but files with pictures in them: parquet, TFRecords, or one array."""

from collections.abc import Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from ..file_kinds import HEAD_BYTES, is_image_file
from ..walk import walk

MOST_SEEN = 10_000  # files that are looked at


def files_instead(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """Return the files with these suffixes in a folder and below it; none if there is a picture, which comes first.

    Of Hugging Face's data sets ("train-00000-of-00002.parquet"), those of the training are taken.
    """
    found = []
    for name, status, problem in islice(walk(folder), MOST_SEEN):
        path = folder / name
        if status is None or problem:
            continue
        if path.suffix.lower() in suffixes:
            found.append(path)
        elif is_image_file(name, partial(_head, path)):
            return []
    kinds = {path.suffix.lower() for path in found}
    same = [path for path in found if path.suffix.lower() == min(kinds)]
    train = [path for path in same if path.name.lower().startswith("train") or path.parent.name.lower() == "train"]
    return train or same


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return b""
