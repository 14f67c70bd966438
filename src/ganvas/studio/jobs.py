"""Jobs: paintings, films, directions and reports, each a process of its own that outlives the studio.

As with trainings, nothing is stored but what was asked for. What became of it follows from the process, from the events
that it writes, and from the file that it makes.
"""

import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import GanvasError
from ..event_log import from_json
from ..events import DirectionFound, Done, Event, Iteration, Note, Progress
from ..translation import _
from . import processes
from .processes import Identity
from .workspace import NotHereError, Workspace, read_record, write_record

AT_ONCE = 2  # jobs; each takes the cores from the others
KEPT = 40  # records of jobs that are over
TAIL = 1 << 15  # bytes of the events, and of what was printed, that are looked at
ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, kw_only=True)
class Job:
    """What was asked for.

    kind: "painting", "walk", "directions", "evaluation" or "report".
    arguments: of `ganvas`.
    result: the file that it makes, under the workspace; "" if none.
    about: name of the run, or of the picture that is painted.
    again: what the page shows when it is opened with the same settings.
    stopped: time at which it was asked to end; 0 if not.
    """

    id: str
    kind: str
    arguments: tuple[str, ...]
    result: str = ""
    about: str = ""
    again: dict[str, Any] = field(default_factory=dict)
    asked: float = 0.0
    process: Identity
    stopped: float = 0.0


class Jobs:
    """The jobs of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def start(
        self,
        kind: str,
        arguments: Sequence[str],
        result: Path | None = None,
        about: str = "",
        again: dict[str, Any] | None = None,
    ) -> Job:
        """Start a job.

        Raises:
            GanvasError: others are at work.
        """
        self._forget_old()
        if len(self.at_work()) >= AT_ONCE:
            raise GanvasError(
                _("{count} things are being made already.").format(count=AT_ONCE), _("Wait, or stop one.")
            )
        name = secrets.token_hex(8)
        process = processes.start(arguments, self._file(name, ".log"), self._file(name, ".jsonl"))
        job = Job(
            id=name,
            kind=kind,
            arguments=tuple(arguments),
            result=str(result.relative_to(self._workspace.folder)) if result else "",
            about=about,
            again=again or {},
            asked=time.time(),
            process=process,
        )
        self._write(job)
        return job

    def find(self, name: str) -> Job:
        """Return a job by its id.

        Raises:
            NotHereError: there is none.
        """
        record = read_record(self._file(name, ".json")) if ID.fullmatch(name) else {}
        try:
            process = Identity(int(record["process"]["pid"]), str(record["process"]["started"]))
            return Job(**(record | {"id": name, "process": process, "arguments": tuple(record["arguments"])}))
        except (KeyError, TypeError, ValueError):
            raise NotHereError(_("This is not known any more.")) from None

    def stop(self, name: str) -> None:
        """Let a job end, with what it has."""
        job = self.find(name)
        if self.is_alive(job):
            job.process.stop()
            self._write(Job(**(vars(job) | {"stopped": time.time()})))

    def of_kind(self, *kinds: str) -> list[Job]:
        """Return the jobs of these kinds, the newest first."""
        return sorted((job for job in self._all() if job.kind in kinds), key=lambda job: job.asked, reverse=True)

    def at_work(self) -> list[Job]:
        """Return the jobs that are not over."""
        return [job for job in self._all() if self.is_alive(job)]

    @staticmethod
    def is_alive(job: Job) -> bool:
        """Return whether it is at work."""
        return job.process.is_alive()

    def look(self, job: Job) -> dict[str, Any]:
        """Return how a job is, as the page gets it.

        state: "running", "stopping", "finished", "stopped" (with or without a result) or "failed".
        share: of its work that is done, in [0, 1]; None before that is known.
        """
        is_alive = self.is_alive(job)  # before its events are read: what it wrote last is then among them
        events = self._last_events(job)
        found: dict[str, Any] = {"id": job.id, "kind": job.kind, "about": job.about, "again": job.again}
        found |= {"share": _share(events), "notes": [each.text for each in events if isinstance(each, Note)]}
        found |= self._result(job)
        done = next((each for each in reversed(events) if isinstance(each, Done)), None)
        if is_alive:
            return found | {"state": "stopping" if job.stopped else "running"}
        if done is not None:
            return found | {"state": "finished" if done.reason != "interrupted" else "stopped"}
        if job.stopped:
            return found | {"state": "stopped"}
        if job.kind in ("report", "evaluation") and found["version"]:
            return found | {"state": "finished"}
        return found | {"state": "failed", "message": self._message(job)}

    def _result(self, job: Job) -> dict[str, Any]:
        """Return the name of what was made, and a version that changes when it is written; both "" before it is."""
        if not job.result:
            return {"name": "", "version": ""}
        path = self._workspace.folder / job.result
        try:
            status = path.stat()
        except OSError:
            return {"name": "", "version": ""}
        is_there = bool(status.st_size) and status.st_mtime >= job.asked - 1
        return {"name": path.name if is_there else "", "version": str(status.st_mtime_ns) if is_there else ""}

    def _last_events(self, job: Job) -> list[Event]:
        events = []
        for line in _tail(self._file(job.id, ".jsonl")).splitlines():
            try:
                events.append(from_json(line))
            except GanvasError:  # the first one, cut off
                continue
        return events

    def _message(self, job: Job) -> str:
        """Return what a failed job said last."""
        text = _tail(self._file(job.id, ".log")).strip()
        *_before, message = text.rpartition(_("Error: {message}").format(message=""))
        return message[-1000:] or _("It ended unexpectedly.")

    def _all(self) -> list[Job]:
        found = []
        for path in self._workspace.jobs.glob("*.json"):
            try:
                found.append(self.find(path.stem))
            except NotHereError:
                continue
        return found

    def _forget_old(self) -> None:
        """Remove what is left of jobs that are over: empty files of those that made nothing, and the oldest records."""
        over = [job for job in self._all() if not self.is_alive(job)]
        for result in (self._workspace.folder / job.result for job in over if job.result):
            if result.is_file() and not result.stat().st_size:
                result.unlink()
        for job in sorted(over, key=lambda job: job.asked)[:-KEPT]:
            own = [self._file(job.id, suffix) for suffix in (".json", ".jsonl", ".log")]
            given = [Path(word) for word in job.arguments if Path(word).parent == self._workspace.jobs]  # latents
            for path in (*own, *given):
                path.unlink(missing_ok=True)

    def _write(self, job: Job) -> None:
        write_record(self._file(job.id, ".json"), asdict(job))

    def _file(self, name: str, suffix: str) -> Path:
        return self._workspace.jobs / f"{name}{suffix}"


def _share(events: Sequence[Event]) -> float | None:
    for event in reversed(events):
        if isinstance(event, Iteration):
            return event.progress
        if isinstance(event, Progress) and event.total:
            return event.done / event.total
        if isinstance(event, DirectionFound):
            return 1.0
    return None


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
