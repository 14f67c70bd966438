"""Trainings: asked for, waiting, at work or over. Nothing of that is stored but what was asked for.

What a training is doing follows from its run folder: its lock, its events, its checkpoints. So it does not matter
whether the studio, the page or the machine went away meanwhile.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import GanvasError
from ..events import Done
from ..runs import Run
from ..translation import N_, _
from . import processes
from .event_tail import last_event
from .processes import Identity
from .workspace import NAME, NotHereError, Workspace, read_record, write_record

SILENT_SECONDS = 180.0  # without an event or a sign of life, of a training at work
LOG_TAIL = 4000  # bytes of what a training printed that are shown when it failed
STATES = {
    "waiting": N_("Waits for its turn"),
    "starting": N_("Starting"),
    "running": N_("Training"),
    "silent": N_("Training, but without a sign of life for minutes"),
    "stopping": N_("Saving, then pausing"),
    "paused": N_("Paused"),
    "broken": N_("Ended unexpectedly; goes on from its last save"),
    "finished": N_("Finished"),
    "failed": N_("Could not start"),
}
BUSY = ("starting", "running", "silent", "stopping")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked for.

    arguments: of `ganvas`.
    pictures: name of the set.
    asked: time in seconds since 1970.
    process: that was started for it; None while it waits.
    stopped: time at which it was asked to save and end; 0 if not.
    """

    arguments: tuple[str, ...]
    pictures: str = ""
    asked: float = 0.0
    process: Identity | None = None
    stopped: float = 0.0

    @staticmethod
    def from_record(record: dict[str, Any]) -> "Request | None":
        """Return a request from its file; None if that is damaged."""
        try:
            process = record["process"]
            return Request(
                arguments=tuple(map(str, record["arguments"])),
                pictures=str(record["pictures"]),
                asked=float(record["asked"]),
                process=Identity(int(process["pid"]), str(process["started"])) if process else None,
                stopped=float(record["stopped"]),
            )
        except (KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True, kw_only=True)
class Training:
    """A run as it is now.

    state: a key of STATES.
    pictures: name of the set.
    ended: the reason of its last Done.
    log: the end of what it printed, where it failed.
    sheet: file of its newest sheet of samples; "" before the first.
    """

    name: str
    state: str
    pictures: str = ""
    ended: str = ""
    log: str = ""
    sheet: str = ""
    request: Request | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return what the page is told."""
        record = asdict(self) | {"words": _(STATES[self.state])}
        del record["request"]
        return record


class Trainings:
    """The trainings of a workspace."""

    def __init__(self, workspace: Workspace, at_once: int = 1) -> None:
        self._workspace, self._at_once = workspace, at_once

    def ask(self, name: str, arguments: Sequence[str], pictures: str = "") -> None:
        """Put a training at the end of the queue.

        Raises:
            GanvasError: it is at work or waits already.
        """
        if self.look(name).state in (*BUSY, "waiting"):
            raise GanvasError(_("'{name}' is being trained already.").format(name=name))
        known = self._request(name)
        pictures = pictures or (known.pictures if known else "")
        self._write(name, Request(arguments=tuple(arguments), pictures=pictures, asked=time.time()))

    def pause(self, name: str) -> None:
        """Let a training save and end; one that waits is taken from the queue."""
        training, request = self.look(name), self._request(name)
        if training.state == "waiting":
            self._file(name).unlink(missing_ok=True)
        owner = processes.owner_of(self._workspace.run(name)) or (request.process if request else None)
        if owner is not None and training.state in BUSY and training.state != "stopping":
            owner.stop()
            if request is not None:
                self._write(name, Request(**(vars(request) | {"stopped": time.time()})))

    def start_waiting(self) -> None:
        """Start the trainings whose turn it is."""
        waiting = [(each.asked, name, each) for name, each in self._requests().items() if each.process is None]
        if not waiting:
            return
        free = self._at_once - sum(each.state in BUSY for each in self.all())
        for _asked, name, request in sorted(waiting)[: max(0, free)]:
            log = self._workspace.trainings / f"{name}.log"
            log.unlink(missing_ok=True)
            process = processes.start(request.arguments, log)
            self._write(name, Request(**(vars(request) | {"process": process})))

    def all(self) -> list[Training]:
        """Return all runs and requests, those first that were last asked for or written."""
        names = {run.name for run in self._workspace.runs.iterdir() if self._is_ours(run)}
        return sorted((self.look(name) for name in names | set(self._requests())), key=self._newest, reverse=True)

    def _is_ours(self, folder: Path) -> bool:
        """Return whether there is a run in this folder that the page can name; others may have put anything there."""
        try:
            return self._workspace.run(folder.name).exists()
        except NotHereError:
            return False

    def look(self, name: str) -> Training:
        """Return a run as it is now."""
        run, request = self._workspace.run(name), self._request(name)
        pictures = request.pictures if request else ""
        state, ended, log = self._state(name, run, request)
        sheet = max((path.name for path in run.samples.glob("*.png")), default="")
        return Training(name=name, state=state, pictures=pictures, ended=ended, log=log, sheet=sheet, request=request)

    def _state(self, name: str, run: Run, request: Request | None) -> tuple[str, str, str]:
        """Return state, the reason of the last Done, and the end of the log where it failed."""
        if processes.owner_of(run) is not None:
            if request is not None and request.stopped:
                return "stopping", "", ""
            return ("running" if self._shows_life(name, run) else "silent"), "", ""
        if request is not None and request.process is None:
            return "waiting", "", ""
        if request is not None and request.process is not None and request.process.is_alive():
            at_work = "running" if self._was_written(run, request.asked) else "starting"  # on a drive without locks
            return ("stopping" if request.stopped else at_work), "", ""
        if request is not None and not request.stopped and not self._was_written(run, request.asked):
            return "failed", "", self._log(name)
        last = last_event(run.events_file, Done) if run.exists() else None
        if last is not None:
            return ("paused" if last.reason == "interrupted" else "finished"), last.reason, ""
        if run.exists() and run.events_file.is_file():
            return "broken", "", ""
        if request is not None and request.stopped:
            return "paused", "interrupted", ""
        return "failed", "", self._log(name)

    def _was_written(self, run: Run, since: float) -> bool:
        """Return whether a run has had events since that time."""
        return run.events_file.is_file() and run.events_file.stat().st_mtime >= since

    def _shows_life(self, name: str, run: Run) -> bool:
        """Return whether a training has written or printed something of late: the heartbeat."""
        times = []
        for path in (run.events_file, self._workspace.trainings / f"{name}.log", run.lock_file):
            try:
                times.append(path.stat().st_mtime)
            except OSError:
                continue
        return not times or time.time() - max(times) < SILENT_SECONDS

    def _newest(self, training: Training) -> float:
        asked = training.request.asked if training.request else 0.0
        file = self._workspace.run(training.name).config_file
        return max(asked, file.stat().st_mtime if file.is_file() else 0.0)

    def _log(self, name: str) -> str:
        try:
            with (self._workspace.trainings / f"{name}.log").open("rb") as file:
                file.seek(max(0, file.seek(0, 2) - LOG_TAIL))
                return file.read().decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def _requests(self) -> dict[str, Request]:
        names = (path.stem for path in self._workspace.trainings.glob("*.json") if NAME.fullmatch(path.stem))
        return {name: request for name in names if (request := self._request(name)) is not None}

    def _request(self, name: str) -> Request | None:
        return Request.from_record(read_record(self._file(name)))

    def _file(self, name: str) -> Path:
        return self._workspace.child(self._workspace.trainings, name).with_name(f"{name}.json")

    def _write(self, name: str, request: Request) -> None:
        write_record(self._file(name), asdict(request))
