"""Which folders are classes."""

from collections.abc import Iterable, Mapping
from itertools import takewhile
from pathlib import PurePosixPath

MAX_LOOSE = 0.1  # share of pictures that may lie beside the class folders


def classes_of_folders(folders: Mapping[str, int]) -> dict[str, str]:
    """Return the class of each folder that has one; an empty dict when folders make no classes.

    Folders that all pictures share are dropped, and the next one in the path is the class. There are at least two
    classes, or none; none too if more than a few pictures lie beside the class folders.

    Args:
        folders: number of pictures in each, by its path ("pets/cats").
    """
    paths = {folder: PurePosixPath(folder).parts for folder in folders}
    while (shared := _shared_folders(paths.values())) in paths.values():  # pictures beside the class folders
        paths = {folder: path for folder, path in paths.items() if path != shared}
    classes = {folder: path[len(shared)] for folder, path in paths.items()}
    return unless_many_are_loose(classes, folders)


def unless_many_are_loose(classes: dict[str, str], groups: Mapping[str, int]) -> dict[str, str]:
    """Return `classes`, or an empty dict if more than a few pictures are in groups without a class."""
    loose = sum(count for group, count in groups.items() if group not in classes)
    return classes if loose <= MAX_LOOSE * sum(groups.values()) else {}


def _shared_folders(paths: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the folders that all paths begin with."""
    return tuple(level[0] for level in takewhile(lambda level: len(set(level)) == 1, zip(*paths, strict=False)))
