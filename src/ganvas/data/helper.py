"""A helper: a process that decodes chunks for this one, and may die of a picture without harm.

Helpers are plain Python interpreters that receive chunk numbers through a pipe. They import nothing of the user's
program (so it needs no `if __name__ == "__main__"`), and never load torch.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import IO

from ..errors import GanvasError
from ..translation import N_, _
from .chunks import ChunkDecoder, ChunkResult, Job
from .image_file import TRY_AGAIN
from .index import CHUNK_SIZE

ANSWER = "ganvas: "  # begins a helper's answer; the rest is of what else prints in its interpreter
ONE_THREAD_ENV = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
COMMAND = (sys.executable, "-P", "-c", "from ganvas.data.helper import serve; serve()")
PICTURE_SECONDS = 120.0  # for one picture alone; the slowest known takes 11 s (178 million pixels of 16 bits)
KILLED = 9  # SIGKILL, which Windows does not have
FIRST_CRASH_CODE = 0xC0000000  # on Windows, a process that crashed has an exit status from here on


class HelperDiedError(Exception):
    """A helper died of what it decoded, or did not end. Its argument says so of a picture, without a full stop."""


class Helper:
    """A helper that is started when it is needed, and anew after it has died.

    Args:
        command: starts it.
    """

    def __init__(self, job: Job, command: Sequence[str] = COMMAND) -> None:
        self._job, self._command = job, command
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[str] = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        self._is_cancelled, self._starting = False, threading.Lock()

    def start(self) -> "subprocess.Popen[str]":
        """Return its process; start it, if there is none."""
        with self._starting:
            if self._is_cancelled:
                raise GanvasError(_("Decoding was ended."))
            if self._process is None:
                environment = os.environ | ONE_THREAD_ENV | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
                pipe = subprocess.PIPE
                self._process = subprocess.Popen(
                    self._command, env=environment, text=True, stdin=pipe, stdout=pipe, stderr=self._errors
                )
                assert self._process.stdin is not None
                self._process.stdin.write(f"{self._job.to_json()}\n")
            return self._process

    def decode(self, chunk: int, start: int, only: int | None, seconds: float) -> ChunkResult:
        """Return the result of `ChunkDecoder.run`.

        Raises:
            HelperDiedError: it was killed by a signal, or gave no answer for so many seconds.
            GanvasError: it ended otherwise; the message has its last words.
        """
        process, since = self.start(), time.monotonic()
        assert process.stdin is not None
        assert process.stdout is not None
        timer = threading.Timer(seconds, process.kill)
        timer.daemon = True
        timer.start()
        try:
            process.stdin.write(json.dumps((chunk, start, only)) + "\n")
            process.stdin.flush()
            return ChunkResult.from_json(_next_answer(process.stdout))
        except Exception as error:  # whatever it is: the other side waits for an answer
            has_ended = isinstance(error, EOFError | OSError)
            if not has_ended:
                process.terminate()  # what it said makes no sense
            status = process.wait()
            is_late = time.monotonic() - since >= seconds
            self.stop()
            if has_ended and (is_late or status < 0 or status >= FIRST_CRASH_CODE):
                raise HelperDiedError(_cause(status, seconds if is_late else None)) from error
            raise self._failure(chunk, status) from error
        finally:
            timer.cancel()

    def stop(self) -> None:
        """End its process; the next chunk starts another."""
        with self._starting:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def cancel(self) -> None:
        """End its process for good, while another thread waits for its answer."""
        with self._starting:
            self._is_cancelled = True
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """End its process and close its files."""
        self.stop()
        self._errors.close()

    def _failure(self, chunk: int, status: int) -> GanvasError:
        self._errors.seek(0)
        last_words = self._errors.read().strip().rpartition("\n")[2]
        first = chunk * CHUNK_SIZE
        return GanvasError(
            _(
                "A process that decodes pictures died (status {status}) at pictures {first:,} to {last:,}{words}."
            ).format(
                status=status,
                first=first,
                last=first + CHUNK_SIZE - 1,
                words=f": {last_words}" if last_words else "",
            ),
            _("Run the same command again: it continues there."),
        )


def serve() -> None:
    """Run as a helper: read the job, then chunks, from standard input; answer each chunk with one line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent process; when it ends, so does our input
    decoder = ChunkDecoder(Job.from_json(sys.stdin.readline()))
    for line in sys.stdin:
        sys.stdout.write(f"{ANSWER}{decoder.run(*json.loads(line)).to_json()}\n")
        sys.stdout.flush()
    decoder.close()


def _next_answer(lines: IO[str]) -> str:
    """Return a helper's next answer.

    Raises:
        EOFError: it has ended.
    """
    for line in lines:
        found, answer = line.partition(ANSWER)[1:]
        if found:
            return answer
    raise EOFError


def _cause(status: int, seconds: float | None) -> str:
    """Return in plain words what happened to a helper that was killed after `seconds`, or died by itself (None)."""
    if seconds is not None:
        return N_("its decoder did not end") + f" (in {seconds:g} seconds); {TRY_AGAIN}"
    number = -status if status < 0 else status
    # That signal comes from outside, from the system where memory is short.
    return N_("its decoder died") + f" (signal {number})" + (f"; {TRY_AGAIN}" if number == KILLED else "")
