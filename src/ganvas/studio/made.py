"""What was made: samples, mixes, films and paintings in a folder of the workspace, each with how in its own metadata.

What is deleted goes to a folder of its own in made/trash, and comes back from there, until that is emptied.
"""

import re
import secrets
import shutil
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from ..errors import GanvasError
from ..translation import _
from .workspace import NAME, NotHereError, Workspace

PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
}
FILMS = {".mp4": "video/mp4", ".webm": "video/webm"}
TYPES = PICTURES | FILMS  # what the page shows; nothing else is sent
BESIDE = ".free.png"  # a painting's copy in its own colors: PAINTING.png.free.png
TRASH_DAYS = 30
DELETED = re.compile(r"(\d{1,12})-[0-9a-f]{16}")  # a folder in the trash: when, and something that none other has

Kind = Literal["sample", "mix", "painting", "film", "other"]


@dataclass(frozen=True)
class Made:
    """One thing that was made."""

    path: Path
    kind: Kind
    facts: dict[str, str]
    """Its metadata."""

    @property
    def is_film(self) -> bool:
        """Whether it is a film in a container, which a picture's element does not show."""
        return self.path.suffix.lower() in FILMS


def all_made(workspace: Workspace) -> list[Made]:
    """Return everything that was made, the newest first."""
    found = [(path.stat().st_mtime, path) for path in workspace.made.iterdir() if _is_made(path)]
    return [_look(path) for _time, path in sorted(found, reverse=True)]


def find_made(workspace: Workspace, name: str) -> Made:
    """Return what was made under a name.

    Raises:
        NotHereError: there is nothing.
    """
    path = workspace.child(workspace.made, name)
    if not _is_made(path):
        raise NotHereError(_("There is no '{name}' here.").format(name=name[:80]))
    return _look(path)


def new_file(folder: Path, title: str, suffix: str) -> Path:
    """Return a new, empty file whose name begins with a title, as far as names may: nobody else takes it."""
    cleaned = re.sub(r"[^\w-]+", " ", title)[:48].strip(" -") or "ganvas"
    for number in range(1, 100_000):
        path = folder / f"{cleaned}{f' {number}' if number > 1 else ''}{suffix}"
        try:
            path.open("xb").close()
        except FileExistsError:
            continue
        return path
    raise GanvasError(_("There are too many of one name."), _("Delete some."))


def delete(workspace: Workspace, name: str) -> str:
    """Move what was made, and what belongs to it, to the trash, and return the id with which it comes back.

    Raises:
        NotHereError: there is nothing of that name.
    """
    found = find_made(workspace, name)
    remove_old(workspace)
    deleted = f"{int(time.time())}-{secrets.token_hex(8)}"
    folder = workspace.trash / deleted
    folder.mkdir(parents=True)
    for path in [*_beside(found.path), found.path]:
        path.rename(folder / path.name)
    return deleted


def restore(workspace: Workspace, deleted: str) -> str:
    """Bring back what was deleted, and return its name; it has another one if that is taken meanwhile.

    Raises:
        NotHereError: it is not in the trash any more.
    """
    folder = workspace.trash / deleted
    if not DELETED.fullmatch(deleted) or folder.is_symlink() or not folder.is_dir():
        raise NotHereError(_("It is not in the trash any more."))
    inside = [path for path in folder.iterdir() if _is_made(path)]
    if not inside:
        raise NotHereError(_("It is not in the trash any more."))
    old = inside[0]
    new = workspace.made / old.name
    if new.exists():
        new = new_file(workspace.made, old.stem, old.suffix)
    for path in _beside(old):
        path.rename(new.with_name(path.name.replace(old.name, new.name, 1)))
    old.replace(new)
    shutil.rmtree(folder)
    return new.name


def in_trash(workspace: Workspace) -> list[tuple[str, str]]:
    """Return id and name of what lies in the trash, what was deleted last first."""
    remove_old(workspace)
    folders = sorted(_deleted(workspace), key=lambda folder: folder.stat().st_mtime_ns, reverse=True)
    return [(folder.name, path.name) for folder in folders for path in folder.iterdir() if _is_made(path)]


def remove_old(workspace: Workspace, days: float = TRASH_DAYS) -> None:
    """Remove for good what was deleted so many days ago, or before; 0 empties the trash."""
    for folder in _deleted(workspace):
        if time.time() - int(folder.name.partition("-")[0]) >= days * 86_400:
            shutil.rmtree(folder)


def _deleted(workspace: Workspace) -> list[Path]:
    if not workspace.trash.is_dir():
        return []
    found = (path for path in workspace.trash.iterdir() if DELETED.fullmatch(path.name))
    return [path for path in found if path.is_dir() and not path.is_symlink()]


def _beside(path: Path) -> list[Path]:
    """Return the files that belong to something that was made: NAME.free.png, and what it is resumed from."""
    starts = (f"{path.name}.", f".{path.name}.")
    return [each for each in path.parent.iterdir() if each.name.startswith(starts) and each.is_file()]


def _is_made(path: Path) -> bool:
    """Return whether a file is something that was made; one that is only begun is empty."""
    return (
        path.suffix.lower() in TYPES
        and NAME.fullmatch(path.name) is not None
        and not path.name.endswith(BESIDE)
        and not path.is_symlink()
        and path.is_file()
        and path.stat().st_size > 0
    )


def _look(path: Path) -> Made:
    status = path.stat()
    facts = dict(_facts(path, status.st_mtime_ns, status.st_size))
    return Made(path, _kind(path, facts), facts)


@lru_cache(maxsize=4096)
def _facts(path: Path, time_ns: int, size: int) -> tuple[tuple[str, str], ...]:
    """Return the metadata of a file, read once for each state of it. The first call imports torch."""
    from ..image_io import parse_description, read_metadata
    from ..video.pyav import read_comment

    found = read_metadata(path) if path.suffix.lower() in PICTURES else parse_description(read_comment(path))
    return tuple(found.items())


def _kind(path: Path, facts: dict[str, str]) -> Kind:
    if "styles" in facts:
        return "painting"
    if path.suffix.lower() in FILMS or "fps" in facts:
        return "film"
    if {"rows", "columns", "corners"} & facts.keys() or '"mix"' in facts.get("point", ""):
        return "mix"
    return "sample" if {"seed", "latent"} & facts.keys() else "other"
