"""Sets of pictures: folders and zips that were uploaded, or that lie on this machine and were named.

What is left out of one is a list; no picture is moved or deleted.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ..data.source import Source
from ..data.sources import open_source
from ..errors import GanvasError
from ..translation import _
from .workspace import NotHereError, Workspace, inside, read_record, write_record

MAX_LISTED = 500  # pictures of one answer


@dataclass(frozen=True)
class PictureSet:
    """One set: its name, where it lies, and the names of pictures that are left out of it."""

    name: str
    path: Path
    left_out: tuple[str, ...] = ()

    def source(self) -> Source:
        """Open it."""
        return open_source(self.path)

    def names(self, first: int, count: int) -> Iterator[str]:
        """Yield the names of some of its pictures, in order."""
        for item in islice(self.source().items(), first, first + min(count, MAX_LISTED)):
            yield item.name

    def content(self, name: str) -> Any:
        """Return one of its pictures, as `read_image` takes it.

        Raises:
            NotHereError: there is none of this name, or it is a link that leads out of the set.
        """
        source = self.source()
        if source.path.is_dir():
            path = inside(source.path, name)
            if not path.is_file():
                raise NotHereError(_("There is no '{name}' here.").format(name=name[:80]))
            return path
        try:
            return source.read(name)
        except (KeyError, IndexError, ValueError):
            raise NotHereError(_("There is no '{name}' here.").format(name=name[:80])) from None

    def stamp(self) -> str:
        """Return what changes when pictures are added or left out."""
        try:
            status = self.path.stat()
        except OSError:
            return ""
        return f"{status.st_mtime_ns}-{status.st_size}-{zlib.crc32(repr(self.left_out).encode())}"


def all_sets(workspace: Workspace) -> list[PictureSet]:
    """Return the sets of a workspace by name."""
    return [find_set(workspace, path.stem) for path in sorted(workspace.sets.glob("*.json"))]


def find_set(workspace: Workspace, name: str) -> PictureSet:
    """Return the set of this name.

    Raises:
        NotHereError: there is none.
    """
    record = read_record(_file(workspace, name))
    try:
        path = Path(record["path"])
        left_out = tuple(map(str, record["left_out"]))
    except (KeyError, TypeError):
        raise NotHereError(_("There is no set '{name}'.").format(name=name)) from None
    return PictureSet(name, workspace.folder / path, left_out)


def name_folder(workspace: Workspace, name: str, path: str) -> PictureSet:
    """Make a set of a folder or a zip that lies on this machine.

    Raises:
        GanvasError: there are no pictures, or there is a set of this name.
    """
    source = open_source(path)
    return _add(workspace, PictureSet(name, source.path.resolve()))


def new_upload(workspace: Workspace, name: str) -> PictureSet:
    """Make a set for pictures that are to be uploaded.

    Raises:
        GanvasError: there is a set of this name.
    """
    folder = workspace.child(workspace.pictures, name)
    added = _add(workspace, PictureSet(name, folder))
    folder.mkdir(parents=True, exist_ok=True)
    return added


def leave_out(workspace: Workspace, name: str, pictures: list[str], out: bool) -> PictureSet:
    """Leave pictures out of a set, or take them in again."""
    found = find_set(workspace, name)
    kept = [each for each in found.left_out if each not in pictures]
    changed = PictureSet(name, found.path, tuple(kept + pictures if out else kept))
    _write(workspace, changed)
    return changed


def forget(workspace: Workspace, name: str) -> None:
    """Take a set from the list; its pictures stay where they are."""
    find_set(workspace, name)
    _file(workspace, name).unlink()


def _add(workspace: Workspace, added: PictureSet) -> PictureSet:
    if _file(workspace, added.name).exists():
        raise GanvasError(
            _("There is a set '{name}' already.").format(name=added.name), _("Choose another name, or add to it.")
        )
    _write(workspace, added)
    return added


def _write(workspace: Workspace, changed: PictureSet) -> None:
    path = changed.path
    if workspace.folder in path.parents:  # a workspace may be moved
        path = path.relative_to(workspace.folder)
    write_record(_file(workspace, changed.name), {"path": str(path), "left_out": list(changed.left_out)})


def _file(workspace: Workspace, name: str) -> Path:
    return workspace.child(workspace.sets, name).with_name(f"{name}.json")
