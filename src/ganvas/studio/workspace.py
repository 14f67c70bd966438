"""The studio's folder: where what is uploaded, trained and made lies; and the one place that turns names into paths.

WORKSPACE/sets/NAME.pictures  a set of pictures: where they lie, and which are left out
WORKSPACE/pictures/NAME/      pictures that were uploaded
WORKSPACE/runs/NAME/          run folders, as the command line writes them
WORKSPACE/trainings/NAME.json what was asked for, and NAME.log what the training printed
WORKSPACE/made/               what was made; in `trash`, what was deleted from it
WORKSPACE/sources/            pictures that were chosen to paint from; in `masks`, where each style goes
WORKSPACE/jobs/ID.json        what else was asked for, ID.jsonl its events, and ID.log what it printed
WORKSPACE/settings.json       the language of the page
WORKSPACE/.studio.lock        of the studio that is open
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..atomic_write import write_atomically
from ..errors import GanvasError
from ..file_lock import try_lock
from ..runs import Run
from ..translation import _
from ..typed_json import read_json_object

NAME = re.compile(r"\w(?:[\w .-]{0,62}\w)?")  # of a set or a run: no separators, no leading dot, no trailing one
MAX_PATH, MAX_PART = 2000, 255  # characters, and bytes of a part
RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)  # devices of Windows


class NotHereError(GanvasError):
    """There is no such thing in this workspace, or it lies outside of it."""


class Workspace:
    """Paths of one workspace."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self.sets = self.folder / "sets"
        self.pictures = self.folder / "pictures"
        self.runs = self.folder / "runs"
        self.trainings = self.folder / "trainings"
        self.made = self.folder / "made"
        self.trash = self.made / "trash"
        self.sources = self.folder / "sources"
        self.masks = self.sources / "masks"
        self.jobs = self.folder / "jobs"
        self.settings_file = self.folder / "settings.json"
        self.lock_file = self.folder / ".studio.lock"

    @contextmanager
    def open(self, address: str) -> Iterator[None]:
        """Create the folders, and hold the lock for the studio at `address`.

        Raises:
            GanvasError: another studio has it open, or it cannot be written.
        """
        try:
            for folder in (self.folder, self.sets, self.pictures, self.runs, self.trainings, self.trash, self.masks):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.jobs.mkdir(mode=0o700, exist_ok=True)
            file = self.lock_file.open("a+")
        except OSError as error:
            raise GanvasError(
                _("Cannot write to {folder}: {reason}").format(folder=self.folder, reason=error.strerror),
                _("Choose another folder for the studio: ganvas studio FOLDER"),
            ) from error
        with file:
            if try_lock(file) is False:
                file.seek(0)
                raise GanvasError(
                    _("Another studio has {folder} open: {owner}.").format(
                        folder=self.folder, owner=file.read().strip() or _("another process")
                    ),
                    _("Use that one, or choose another folder: ganvas studio FOLDER"),
                )
            file.truncate(0)
            file.write(f"process {os.getpid()}, {address}")
            file.flush()
            yield

    def run(self, name: str) -> Run:
        """Return the run of this name, which may not be there yet.

        Raises:
            NotHereError: it is no name, or its folder is a link.
        """
        return Run(self.child(self.runs, name))

    def existing_run(self, name: str) -> Run:
        """Return the run of this name.

        Raises:
            NotHereError: there is none.
        """
        run = self.run(name)
        if not run.exists():
            raise NotHereError(_("There is no run '{name}'.").format(name=name))
        return run

    def child(self, folder: Path, name: str) -> Path:
        """Return the path of what is called `name` in a folder of the workspace.

        Raises:
            NotHereError: it is no name, or leads elsewhere.
        """
        if not NAME.fullmatch(name) or RESERVED.fullmatch(name):
            raise NotHereError(_("'{name}' is not a name.").format(name=name), _("Letters, digits, spaces, - and _."))
        return inside(folder, name)

    def settings(self) -> dict[str, Any]:
        """Return what was set in the page; what cannot be read counts as not set."""
        return read_record(self.settings_file)

    def change_settings(self, **values: Any) -> None:
        """Keep these settings."""
        write_record(self.settings_file, self.settings() | values)


def inside(folder: Path, name: str) -> Path:
    """Return the path of `name` in or below `folder`, links resolved.

    Raises:
        NotHereError: it leads out of the folder.
    """
    error = NotHereError(_("There is no '{name}' here.").format(name=name[:80]))
    parts = name.split("/")
    if "\0" in name or "\\" in name or ":" in parts[0] or len(name) > MAX_PATH:
        raise error
    if any(part in ("", ".", "..") or len(part.encode("utf-8", "surrogateescape")) > MAX_PART for part in parts):
        raise error
    try:
        root, path = folder.resolve(), (folder / name).resolve()
    except (OSError, RuntimeError, ValueError):
        raise error from None
    if root not in path.parents:
        raise error
    return path


def read_record(path: Path) -> dict[str, Any]:
    """Return a small record of the studio's own; empty if there is none or it is damaged."""
    try:
        return read_json_object(path)
    except (OSError, ValueError):
        return {}


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write a small record of the studio's own, whole or not at all."""
    write_atomically(path, (json.dumps(record, indent=1) + "\n").encode())
