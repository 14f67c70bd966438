"""The next window, prepared by another process while this one trains on the last."""

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path

from ..config import DataConfig
from ..events import run_to_end
from .cache import cache_folder
from .cached_sets import mark_used
from .helper import ANSWER
from .prepare import PreparedDataset, load_prepared, prepare

COMMAND = (sys.executable, "-P", "-c", "from ganvas.data.background import serve; serve()")


class Preparation:
    """A window that is being prepared; `result` is there once `is_done`."""

    def __init__(self, config: DataConfig, workers: int) -> None:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        self._process = subprocess.Popen(COMMAND, env=environment, text=True, stdin=pipe, stdout=pipe, stderr=nowhere)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([asdict(config), workers]) + "\n")
        self._process.stdin.flush()

    @property
    def is_done(self) -> bool:
        """Whether it has ended, well or not."""
        return self._process.poll() is not None

    def result(self) -> PreparedDataset | None:
        """Wait for the end, and return the window; None if it could not be prepared, which tells nothing of why."""
        assert self._process.stdout is not None
        answer = self._process.stdout.read().rpartition(ANSWER)[2].strip()
        self.end()
        if self._process.returncode or not answer:
            return None
        folder = cache_folder() / Path(answer).name
        mark_used(folder)
        return load_prepared(folder)

    def end(self) -> None:
        """Wait for its end; where nobody wants it any more, it ends at once."""
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process.wait()


def serve() -> None:
    """Prepare the window that standard input names, and print its fingerprint; end if the input does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the training; when it ends, so does our input
    config, workers = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    prepared = run_to_end(prepare(DataConfig(**config), workers))
    sys.stdout.write(f"{ANSWER}{prepared.fingerprint}\n")


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(1)  # what is half done stays, and is gone on with
