"""Processes that outlive the studio: started apart from it, and found again by number and time of start."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..event_log import EVENTS_VARIABLE
from ..file_lock import try_lock
from ..runs import Run


@dataclass(frozen=True)
class Identity:
    """A process: its number, and when it started, in the system's own unit; "" where the system does not say.

    Numbers are given again to other processes after a while; with the start they are not mistaken.
    """

    pid: int
    started: str

    def is_alive(self) -> bool:
        """Return whether it is still there."""
        return self.pid > 0 and started_at(self.pid) == self.started and _exists(self.pid)

    def stop(self) -> None:
        """Let it save and end, as Ctrl-C does in a terminal."""
        if self.is_alive():
            os.kill(self.pid, signal.SIGTERM)


def start(arguments: Sequence[str], log: Path, events: Path | None = None) -> Identity:
    """Start `ganvas` with these arguments, apart from this process.

    Args:
        log: where what it prints goes.
        events: where its events go, if it has no run folder to write them to.
    """
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "ganvas", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ if events is None else os.environ | {EVENTS_VARIABLE: str(events)},
            close_fds=True,
        )
    _children.append(process)
    return Identity(process.pid, started_at(process.pid))


def started_at(pid: int) -> str:
    """Return when a process started, "" where that is not known: it is gone, or the system has no /proc."""
    reap()
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()  # the name in brackets may hold anything
    return "" if fields[0] == "Z" else fields[19]  # a zombie has ended


def owner_of(run: Run) -> Identity | None:
    """Return the process that holds a run's lock; None if nobody does."""
    if run.lock_file.is_symlink():
        return None
    with suppress(OSError, ValueError), run.lock_file.open("r+") as file:
        pid = int(file.read(40).removeprefix("process "))
        # The lock is tried only where its owner may be alive: else a training that starts would find it taken.
        if _exists(pid) and try_lock(file) is False:
            return Identity(pid, started_at(pid))
    return None


_children: list[subprocess.Popen[bytes]] = []


def reap() -> None:
    """Take note of children that have ended."""
    _children[:] = [child for child in _children if child.poll() is None]


def _exists(pid: int) -> bool:
    if sys.platform == "win32":  # there is no signal that asks only
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True
