"""The run folder: where everything of one training lies, and who may write there.

RUN/config.json     the complete configuration
RUN/events.jsonl    what happened, one event a line
RUN/samples/        sheets of the fixed latents
RUN/checkpoints/    the newest few states and the best
RUN/model/          the averaged generator, for sampling, and its model card
RUN/evaluation/     how good it is: scores, and sheets of samples, real pictures and closest pairs
RUN/report.html     all of it on one page
RUN/skipped.txt     pictures that could not be read, and why
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .config import FORMAT, Config, from_dict, to_dict
from .errors import GanvasError
from .events import Event, to_json
from .image_io import write_atomically


class Run:
    """Paths of one run folder, and reading and writing what lies there."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.config_file = self.folder / "config.json"
        self.events_file = self.folder / "events.jsonl"
        self.samples = self.folder / "samples"
        self.checkpoints = self.folder / "checkpoints"
        self.model = self.folder / "model"
        self.evaluation = self.folder / "evaluation"
        self.skipped_file = self.folder / "skipped.txt"

    def exists(self) -> bool:
        """Tell whether a run was begun here."""
        return self.config_file.is_file()

    def read_config(self) -> Config:
        """Return the run's configuration.

        Raises:
            GanvasError: there is no run here, or its config.json is damaged or of a later release.
        """
        if not self.exists():
            what = "is not a run (no config.json)" if self.folder.is_dir() else "does not exist"
            raise GanvasError(f"{self.folder} {what}.", f"Try: ganvas train PICTURES --out {self.folder}")
        try:
            record = json.loads(self.config_file.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            raise GanvasError(
                f"{self.config_file} is damaged: {error}", "Start a new run in another folder."
            ) from error
        written = record.get("format") if isinstance(record, dict) else None
        if isinstance(written, int) and written > FORMAT:
            raise GanvasError(
                f"{self.config_file} was written by a later ganvas (format {written}, this one reads {FORMAT}).",
                "Try: pip install --upgrade ganvas",
            )
        return from_dict(Config, _translated(record), str(self.config_file))

    def write_config(self, config: Config) -> None:
        """Write the complete configuration."""
        write_atomically(self.config_file, (json.dumps(to_dict(config), indent=2) + "\n").encode())

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for this process; the system lets go of it however the process ends.

        Raises:
            GanvasError: another process is writing here; it is named.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = (self.folder / ".lock").open("a+")
        except OSError as error:
            raise GanvasError(f"Cannot write to {self.folder}: {error.strerror}", "Choose another --out.") from error
        with file:
            if not _try_lock(file):
                file.seek(0)
                owner = file.read().strip() or "another process"
                raise GanvasError(
                    f"{self.folder} is being written by {owner}.", "Wait for it or stop it, or choose another --out."
                )
            file.truncate(0)
            file.write(f"process {os.getpid()}")
            file.flush()
            yield

    def append_event(self, event: Event) -> None:
        """Add `event` to events.jsonl."""
        with self.events_file.open("a", encoding="utf-8") as file:
            file.write(to_json(event) + "\n")

    def events_size(self) -> int:
        """Return the length of events.jsonl in bytes, to be handed to `cut_events` by whoever goes on from here."""
        return self.events_file.stat().st_size if self.events_file.exists() else 0

    def sweep(self) -> None:
        """Remove what a killed process left half-written; nobody else writes here, since the folder is locked."""
        for folder in (self.folder, self.samples, self.model):
            for path in folder.glob(".*.tmp"):
                path.unlink(missing_ok=True)

    def cut_events(self, size: int) -> None:
        """Forget events after the first `size` bytes: they tell of steps that were lost and will be taken again.

        A line that a power cut left unfinished goes too.
        """
        if not self.events_file.exists():
            return
        with self.events_file.open("r+b") as file:
            kept = file.read(size)
            file.truncate(kept.rfind(b"\n") + 1)


def _translated(record: object) -> object:
    """Return what an older release wrote as this one would have written it."""
    if isinstance(record, dict) and record.get("format") == 1:  # scored at each checkpoint or never
        scored = record.pop("scored", False)
        return record | {"format": FORMAT, "evaluations": record.get("checkpoints", 0) if scored else 0}
    return record


def _try_lock(file: IO[str]) -> bool:
    """Take the system's exclusive lock on `file` without waiting; return whether it was free."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
