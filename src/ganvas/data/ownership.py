"""Whose a file is: results never take the place of what Ganvas did not write."""

import os
import shlex
from itertools import count
from pathlib import Path

from ..errors import GanvasError, cannot_be_read_now
from ..image_io import parse_description, read_metadata
from ..translation import _
from ..video.pyav import read_comment
from .folder_source import FolderSource


def check_free(place: Path, option: str = "--out") -> None:
    """Check that results may go to a file or a folder: it holds nothing that is somebody else's.

    A picture or a film may be replaced if Ganvas wrote it, in any release: its metadata says so. A folder is judged by
    its first picture, since a set of pictures is no place for results.

    Args:
        option: with which another place is named.

    Raises:
        GanvasError: there is something else, or it cannot be read now.
    """
    if place.is_dir():
        first = next((item.name for item in FolderSource(place).items() if not item.problem), None)
        if first is not None and not _is_ours(place / first):
            raise GanvasError(
                _("{place} holds pictures that Ganvas did not write: {first}.").format(place=place, first=first),
                _("Try: {option}").format(option=another(place, option)),
            )
    elif place.exists() and not _is_ours(place):
        raise not_ours(place, option)


def not_ours(file: Path, option: str = "--out") -> GanvasError:
    """Return the error for a file that Ganvas did not write, and would overwrite."""
    return GanvasError(
        _("{file} was not written by ganvas, and would be overwritten.").format(file=file),
        _("Try: {option}").format(option=another(file, option)),
    )


def another(place: Path, option: str) -> str:
    """Return the option with another place beside this one, where nothing is yet."""
    place = place.resolve() if place.name in ("", "..") else place
    names = (f"{str(place).removesuffix(place.suffix)}-{number}{place.suffix}" for number in count(2))
    free = next(name for name in names if not os.path.lexists(name))
    return f"{option} {shlex.quote(free)}"


def _is_ours(file: Path) -> bool:
    """Return whether Ganvas wrote a picture or a film; an empty file is nobody's."""
    try:
        if file.is_file() and not file.stat().st_size:
            return True
        facts = read_metadata(file) or parse_description(read_comment(file))
        return facts.get("software", "").startswith("ganvas ")
    except OSError as error:
        raise cannot_be_read_now(file, error) from error
