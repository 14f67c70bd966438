"""Run folder: all files of one training, and the lock for writing to it.

RUN/config.json     the complete configuration
RUN/events.jsonl    what happened, one event per line
RUN/samples/        sample grids of fixed latents
RUN/checkpoints/    the newest few and the best; in `aside`, the state before a treatment that is on trial
RUN/model/          the EMA generator, for sampling, and its model card
RUN/evaluation/     scores, and grids of samples, real pictures and closest pairs
RUN/directions/     ways through the latents that have names, and their sheets
RUN/exported/       the network for other programs
RUN/report.html     everything on one page
RUN/tensorboard/    what TensorBoard shows, of a run that is logged to it
RUN/wandb/          what Weights & Biases keeps on this machine
RUN/skipped.txt     pictures that could not be read, and why
RUN/request.txt     what the coach is asked to do, until it does
"""

import json
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from .atomic_write import remove_half_written, write_atomically
from .config import FORMAT, Config, from_dict, to_dict
from .config.old_format import upgrade
from .config.ranges import check_config
from .data.cache import cache_folder
from .data.place import is_elsewhere
from .errors import GanvasError, cannot_be_read_now, ganvas_command
from .event_log import append_event
from .events import Event
from .file_lock import try_lock
from .formatting import printable
from .hub_client import fetch_run, is_hub
from .translation import _
from .typed_json import read_json_object

# What may lie in the folder of a new run: what an earlier attempt has left, and what systems put everywhere.
MAY_BE_THERE = frozenset(
    {".lock", "skipped.txt", ".DS_Store", "Thumbs.db", "desktop.ini", ".gitkeep", ".gitignore", "lost+found"}
)
HUB = "hub"  # folder in the cache, with the runs that were fetched
HALF_WRITTEN = re.compile(r"\.(config\.json|skipped\.txt)\.[0-9a-f]+\.tmp")


class Run:
    """Paths of one run folder, and methods that read and write its files.

    A run on the hub (`hub:owner/name`) is fetched into the cache first, and is a folder there from then on.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = fetch_run(folder, cache_folder() / HUB) if is_hub(folder) else Path(folder)
        self.config_file = self.folder / "config.json"
        self.events_file = self.folder / "events.jsonl"
        self.samples = self.folder / "samples"
        self.checkpoints = self.folder / "checkpoints"
        self.aside = self.checkpoints / "aside"
        self.model = self.folder / "model"
        self.evaluation = self.folder / "evaluation"
        self.skipped_file = self.folder / "skipped.txt"
        self.lock_file = self.folder / ".lock"
        self.sampled = self.folder / "sampled"
        self.directions = self.folder / "directions"
        self.exported = self.folder / "exported"
        self.tensorboard = self.folder / "tensorboard"
        self.wandb = self.folder / "wandb"
        self.report_file = self.folder / "report.html"
        self.request_file = self.folder / "request.txt"

    def exists(self) -> bool:
        """Return whether there is a run in this folder."""
        return self.config_file.is_file()

    def check_free(self) -> None:
        """Check that a new run may begin in this folder: it holds nothing that is somebody else's.

        Raises:
            GanvasError: there are files in it, or checkpoints of a run whose configuration is gone.
        """
        try:
            found = sorted(path.name for path in self.folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return
        if self.checkpoints.name in found:
            raise GanvasError(
                _("{folder} has checkpoints, but no {file} to say of what.").format(
                    folder=self.folder, file=self.config_file.name
                ),
                _("Put {file} back to go on with them, or begin in another folder: --out OTHER").format(
                    file=self.config_file.name
                ),
            )
        others = [name for name in found if name not in MAY_BE_THERE and not HALF_WRITTEN.fullmatch(name)]
        if others:
            more = _(" and {count:,} more").format(count=len(others) - 3) if len(others) > 3 else ""
            raise GanvasError(
                _("{folder} is not a run, and not empty: {names}{more}.").format(
                    folder=self.folder, names=", ".join(map(printable, others[:3])), more=more
                ),
                _("Begin in a folder of its own: --out {folder}").format(folder=shlex.quote(f"{self.folder}-run")),
            )

    def refuse_links(self, *paths: Path) -> None:
        """Check that files of the run lie in it. Archives and clouds keep links, also to private files.

        Raises:
            GanvasError: one of `paths` is a link.
        """
        for path in paths:
            if path != self.folder and path.is_symlink():
                raise GanvasError(
                    _("{path} is a link. The files of a run have to lie in its folder.").format(path=path),
                    _("If the run is yours, put there what the link points to."),
                )

    def refuse_pipes(self) -> None:
        """Check that there are only files and folders in the run: to read from a pipe would mean to wait for ever.

        Raises:
            GanvasError: there is something else.
        """
        for path in _entries(self.folder):
            if _is_there(str(path)) and not (path.is_file() or path.is_dir()):
                raise GanvasError(
                    _("{path} is a pipe or a device, not a file of a run.").format(path=path), _("Remove it.")
                )

    def read_config(self) -> Config:
        """Return the run's configuration. Its `relative_path` is set only if the pictures were found by it.

        Raises:
            GanvasError: there is no run here, or its config.json is damaged or from a later release.
        """
        if not self.exists():
            problem = (
                _("{folder} is not a run (it has no config.json).")
                if self.folder.is_dir()
                else _("{folder} does not exist.")
            )
            raise GanvasError(
                problem.format(folder=self.folder),
                _("Try: {command}").format(command=ganvas_command("train", "PICTURES", "--out", self.folder)),
            )
        self.refuse_links(
            self.config_file,
            self.model,
            self.evaluation,
            self.sampled,
            self.directions,
            self.exported,
            self.report_file,
        )
        self.refuse_pipes()
        try:
            record = read_json_object(self.config_file)
        except OSError as error:
            raise cannot_be_read_now(self.config_file, error) from error
        except ValueError as error:
            raise GanvasError(
                _("{file} is damaged: {error}").format(file=self.config_file, error=error),
                _("Start a new run in another folder."),
            ) from error
        format_version = record.get("format")
        if isinstance(format_version, int) and format_version > FORMAT:
            raise GanvasError(
                _("{file} was written by a later ganvas (format {format_version}, this one reads {format}).").format(
                    file=self.config_file, format_version=format_version, format=FORMAT
                ),
                _("Try: pip install --upgrade ganvas"),
            )
        config = from_dict(Config, upgrade(record, FORMAT), str(self.config_file))
        check_config(config, str(self.config_file))
        beside = os.path.normpath(self.folder.resolve() / config.relative_path) if config.relative_path else ""
        if beside and _is_there(beside) and not _is_there(config.data.path):  # moved together with the run
            return replace(config, data=replace(config.data, path=beside))
        return replace(config, relative_path="")

    def write_config(self, config: Config) -> None:
        """Write the complete configuration, and where the pictures lie as seen from the run."""
        with suppress(ValueError):  # on another drive of Windows
            relative = Path(os.path.relpath(config.data.path, self.folder.resolve())).as_posix()
            config = replace(config, relative_path="" if is_elsewhere(config.data.path) else relative)
        write_atomically(self.config_file, (json.dumps(to_dict(config), indent=2) + "\n").encode())

    @contextmanager
    def lock(self) -> Iterator[bool]:
        """Lock the folder for this process; the system releases the lock however the process ends.

        Yields whether it could be locked: some network drives have no locks.

        Raises:
            GanvasError: another process is writing here; the message names it.
        """
        self.refuse_links(*vars(self).values())
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = self.lock_file.open("a+")
        except OSError as error:
            raise GanvasError(
                _("Cannot write to {folder}: {reason}").format(folder=self.folder, reason=error.strerror),
                _("Choose another --out."),
            ) from error
        with file:
            is_free = try_lock(file)
            if is_free is False:
                file.seek(0)
                owner = file.read().strip() or _("another process")
                raise GanvasError(
                    _("{folder} is in use by {owner}.").format(folder=self.folder, owner=owner),
                    _("Wait for it or stop it, or choose another --out."),
                )
            file.truncate(0)
            file.write(f"process {os.getpid()}")
            file.flush()
            yield is_free is not None

    def append_event(self, event: Event) -> None:
        """Append `event` to events.jsonl."""
        append_event(self.events_file, event)

    def events_size(self) -> int:
        """Return the length of events.jsonl in bytes; pass it to `truncate_events` to resume from here."""
        return self.events_file.stat().st_size if self.events_file.exists() else 0

    def remove_temp_files(self) -> None:
        """Remove files that killed processes have left half-written."""
        for folder in (
            self.folder,
            self.samples,
            self.model,
            self.evaluation,
            self.sampled,
            self.directions,
            self.exported,
        ):
            remove_half_written(folder)

    def truncate_events(self, size: int) -> None:
        """Remove events after the first `size` bytes: their steps were lost and will be repeated.

        An unfinished last line, left by a power cut, is removed too.
        """
        if not self.events_file.exists():
            return
        with self.events_file.open("r+b") as file:
            kept = file.read(min(size, self.events_size()))  # memory for as much as is asked for would be taken first
            file.truncate(kept.rfind(b"\n") + 1)


def _entries(folder: str | Path) -> Iterator[Path]:
    """Yield the paths of what is in a folder and below it, but for usual files. Links to folders are not followed."""
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except (FileNotFoundError, PermissionError):  # a training has just removed it; what is not let in on is not read
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(entry.path)
        elif not entry.is_file(follow_symlinks=False):
            yield Path(entry.path)


def _is_there(path: str) -> bool:
    """Return whether there is something at `path`; where that cannot be told, it is not needed for now."""
    try:
        return Path(path).exists()
    except OSError:
        return False
