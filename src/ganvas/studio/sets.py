"""Sets of pictures: folders and zips that were uploaded, or that lie on this machine and were named.

A set is a .pictures file, which names where they lie and what is left out. No picture is moved or deleted.
"""

import json
import os
import zlib
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from ..atomic_write import write_atomically
from ..data.image_file import ImageInput
from ..data.selected_source import SUFFIX, read_selection
from ..data.source import Source
from ..data.sources import open_source
from ..errors import GanvasError
from ..translation import _
from .workspace import NAME, NotHereError, Workspace, inside

MAX_LISTED = 500  # pictures of one answer
MAX_FOLDERS = 1000  # that are looked at to see whether something was added


@dataclass(frozen=True)
class PictureSet:
    """One set: its file, where its pictures lie, and the names of those that are left out."""

    file: Path
    path: Path
    left_out: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the name of the set."""
        return self.file.stem

    @property
    def selected(self) -> Path:
        """Return what is trained on: the set's file if something is left out, else the pictures themselves."""
        return self.file if self.left_out else self.path

    def names(self, first: int, count: int) -> list[str]:
        """Return the names of some of its pictures, in order, those that are left out too."""
        return [item.name for item in islice(open_source(self.path).items(), first, first + min(count, MAX_LISTED))]

    def content(self, name: str) -> ImageInput:
        """Return one of its pictures, as `read_image` takes it.

        Raises:
            NotHereError: there is none of this name, or it is a link that leads out of the set.
        """
        source: Source = open_source(self.path)
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
        """Return what changes when pictures are added, removed or left out."""
        times = [self.path.stat().st_mtime_ns] if self.path.exists() else []
        for root, folders, _files in islice(os.walk(self.path), MAX_FOLDERS):
            times += [(Path(root) / folder).stat().st_mtime_ns for folder in folders]
        return f"{zlib.crc32(repr((times, self.left_out)).encode()):x}"


def all_sets(workspace: Workspace) -> list[PictureSet]:
    """Return the sets of a workspace by name."""
    names = sorted(path.stem for path in workspace.sets.glob(f"*{SUFFIX}"))
    return [find_set(workspace, name) for name in names if NAME.fullmatch(name)]


def find_set(workspace: Workspace, name: str) -> PictureSet:
    """Return the set of this name.

    Raises:
        NotHereError: there is none.
    """
    file = _file(workspace, name)
    if not file.is_file():
        raise NotHereError(_("There is no set '{name}'.").format(name=name))
    path, left_out = read_selection(file)
    return PictureSet(file, Path(os.path.normpath(path)), tuple(sorted(left_out)))


def name_folder(workspace: Workspace, name: str, path: str) -> PictureSet:
    """Make a set of a folder or a zip that lies on this machine.

    Raises:
        GanvasError: there is nothing to train on at this path, or there is a set of this name.
    """
    # Nothing is fetched for the page, and a zero byte is part of no path.
    if "://" in path or "\0" in path or not (found := open_source(path).path).exists():
        raise GanvasError(_("Name a folder or a file on this machine."))
    return _add(PictureSet(_file(workspace, name), found.resolve()))


def new_upload(workspace: Workspace, name: str) -> PictureSet:
    """Make a set for pictures that are to be uploaded.

    Raises:
        GanvasError: there is a set of this name.
    """
    folder = workspace.child(workspace.pictures, name)
    added = _add(PictureSet(_file(workspace, name), folder))
    folder.mkdir(parents=True, exist_ok=True)
    return added


def leave_out(workspace: Workspace, name: str, pictures: list[str], out: bool) -> PictureSet:
    """Leave pictures out of a set, or take them in again."""
    found = find_set(workspace, name)
    others = set(found.left_out).difference(pictures)
    changed = replace(found, left_out=tuple(sorted(others.union(pictures) if out else others)))
    write_selection(changed.file, changed)
    return changed


def forget(workspace: Workspace, name: str) -> None:
    """Take a set from the list; its pictures stay where they are."""
    find_set(workspace, name).file.unlink()


def write_selection(file: Path, selected: PictureSet) -> None:
    """Write a set as a .pictures file; what lies in the same workspace is named as seen from there, so it may move."""
    path, workspace = selected.path, file.parent.parent
    shown = f"../{path.relative_to(workspace).as_posix()}" if workspace in path.parents else str(path)
    write_atomically(file, (json.dumps({"path": shown, "left_out": selected.left_out}) + "\n").encode())


def _add(added: PictureSet) -> PictureSet:
    if added.file.exists():
        raise GanvasError(_("There is a set '{name}' already.").format(name=added.name), _("Choose another name."))
    write_selection(added.file, added)
    return added


def _file(workspace: Workspace, name: str) -> Path:
    return workspace.child(workspace.sets, name).with_name(f"{name}{SUFFIX}")
