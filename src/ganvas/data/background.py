"""Windows that are prepared by another process, while this one trains."""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict

from ..config import DataConfig
from ..errors import GanvasError
from ..events import run_to_end
from .cache import cache_folder
from .cached_sets import mark_used, release_locks
from .helper import ANSWER
from .prepare import PreparedDataset, load_prepared, prepare

COMMAND = (sys.executable, "-P", "-c", "from ganvas.data.background import serve; serve()")


class Background:
    """A process that prepares one window after the other; it is started when it is needed, and anew after it died.

    Args:
        workers: processes that decode.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._answer = ""

    def begin(self, config: DataConfig) -> None:
        """Have a window prepared; what was begun before has to have its result."""
        if self._process is None:
            environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
            self._process = subprocess.Popen(
                COMMAND, env=environment, text=True, stdin=pipe, stdout=pipe, stderr=nowhere
            )
        process = self._process
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # it has died: then there is no answer
            process.stdin.write(json.dumps([asdict(config), self._workers]) + "\n")
            process.stdin.flush()
        self._reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._reader.start()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self._answer = next((line for line in process.stdout if line.startswith(ANSWER)), "")

    @property
    def is_done(self) -> bool:
        """Whether what was begun last has ended, well or not."""
        return self._reader is None or not self._reader.is_alive()

    def result(self) -> PreparedDataset | None:
        """Wait for the window, and return it; None if it could not be prepared, which tells nothing of why."""
        if self._reader is not None:
            self._reader.join()
        fingerprint, died = self._answer.removeprefix(ANSWER).strip(), not self._answer
        self._answer = ""
        if died:
            self.close()
        if not fingerprint:
            return None
        mark_used(cache_folder() / fingerprint)
        return load_prepared(cache_folder() / fingerprint)

    def close(self) -> None:
        """End the process at once: what is half prepared stays, and is gone on with."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if self._reader is not None:
                self._reader.join()
            for stream in (process.stdin, process.stdout):
                assert stream is not None
                with suppress(BrokenPipeError):
                    stream.close()


def serve() -> None:
    """Prepare the windows that standard input names, and answer each with its fingerprint, or nothing if it failed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the training; when it ends, so does our input
    for line in sys.stdin:
        config, workers = json.loads(line)
        fingerprint = ""
        with suppress(GanvasError):  # the training will prepare the same, and tell
            fingerprint = run_to_end(prepare(DataConfig(**config), workers)).fingerprint
        release_locks()
        sys.stdout.write(f"{ANSWER}{fingerprint}\n")
        sys.stdout.flush()
