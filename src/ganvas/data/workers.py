"""Decoding by several processes: this one and helpers, which take chunks from one queue and write to one file.

Helpers are plain interpreters that are told chunk numbers over a pipe. So nothing of the user's program is imported
again (no `if __name__ == "__main__"` is asked of anybody), and torch is never loaded in them.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ..config import DataConfig
from ..errors import GanvasError
from .decode import BadPicture, fit, read_picture, to_array
from .index import CHUNK, read_entries
from .sources import open_source

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass
class Result:
    """Report one chunk: which pictures of the list were skipped and why, and how often each thing was done."""

    chunk: int
    skipped: dict[int, str] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> str:
        return json.dumps([self.chunk, list(self.skipped.items()), self.notes])

    @staticmethod
    def from_json(line: str | bytes) -> "Result":
        chunk, skipped, notes = json.loads(line)
        return Result(chunk, dict(skipped), Counter(notes))


class Decoder:
    """Decode chunks of the list at `index` into `target`, a file of pictures (C, H, W) uint8 in the list's order."""

    def __init__(self, config: DataConfig, index: Path, target: Path) -> None:
        self._config = config
        self._source = open_source(config.path)
        self._index = index
        self._target = target.open("r+b")

    def run(self, chunk: int, start: int) -> Result:
        """Decode the chunk whose list begins at the byte `start`, write its pictures, and report."""
        config = self._config
        result = Result(chunk)
        pixels = np.zeros((CHUNK, config.channels, config.height, config.width), np.uint8)
        count = 0
        for count, entry in enumerate(islice(read_entries(self._index, start), CHUNK), 1):
            try:
                if entry.problem:
                    raise BadPicture(entry.problem)
                # Twice the size is enough for the filter to work on, and lets a JPEG be decoded small.
                decoded = read_picture(self._source.read(entry.name), entry.name, (2 * config.width, 2 * config.height))
                pixels[count - 1] = to_array(fit(decoded.image, config))
                result.notes.update(decoded.notes)
            except BadPicture as error:
                result.skipped[chunk * CHUNK + count - 1] = error.reason
        self._target.seek(chunk * pixels.nbytes)
        self._target.write(pixels[:count].data)
        self._target.flush()
        return result

    def close(self) -> None:
        self._target.close()


def serve() -> None:
    """Be a helper: read the job and then chunk numbers from standard input, answer each with a line, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asked; our input ends with it
    job = json.loads(sys.stdin.readline())
    decoder = Decoder(DataConfig(**job["config"]), Path(job["index"]), Path(job["target"]))
    for line in sys.stdin:
        chunk, start = json.loads(line)
        sys.stdout.write(decoder.run(chunk, start).to_json() + "\n")
        sys.stdout.flush()
    decoder.close()


def decode_all(config: DataConfig, index: Path, starts: dict[int, int], target: Path, workers: int) -> Iterator[Result]:
    """Decode the chunks in `starts` (chunk -> where its list begins) with `workers` processes; yield as they are done.

    This process is one of them, so small sets do not wait for others to start.

    Raises:
        GanvasError: a helper died.
    """
    todo: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
    for each in starts.items():
        todo.put(each)
    done: queue.SimpleQueue[Result | GanvasError] = queue.SimpleQueue()
    decoder = Decoder(config, index, target)
    job = json.dumps({"config": asdict(config), "index": str(index), "target": str(target)})
    try:
        with _helpers(min(workers, len(starts)) - 1, job, todo, done):
            for _ in starts:
                if (mine := _next(todo)) is not None:
                    done.put(decoder.run(*mine))
                result = done.get()
                if isinstance(result, GanvasError):
                    raise result
                yield result
    finally:
        decoder.close()


def _next(todo: "queue.SimpleQueue[tuple[int, int]]") -> tuple[int, int] | None:
    try:
        return todo.get_nowait()
    except queue.Empty:
        return None


@contextmanager
def _helpers(
    count: int,
    job: str,
    todo: "queue.SimpleQueue[tuple[int, int]]",
    done: "queue.SimpleQueue[Result | GanvasError]",
) -> Iterator[None]:
    """Run helpers beside the body, each with a thread here that hands it chunks; end them with the body."""
    command = [sys.executable, "-P", "-c", "from ganvas.data.workers import serve; serve()"]
    environment = os.environ | ONE_THREAD | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    helpers = [subprocess.Popen(command, env=environment, text=True, **pipes) for _ in range(count)]
    threads = [threading.Thread(target=_feed, args=(each, job, todo, done), daemon=True) for each in helpers]
    try:
        for thread in threads:
            thread.start()
        yield
    finally:
        while _next(todo) is not None:
            pass
        for helper, thread in zip(helpers, threads, strict=True):
            helper.terminate()
            thread.join()
            helper.communicate()


def _feed(
    helper: "subprocess.Popen[str]",
    job: str,
    todo: "queue.SimpleQueue[tuple[int, int]]",
    done: "queue.SimpleQueue[Result | GanvasError]",
) -> None:
    """Hand chunks to one helper and pass on what it answers, until there are no more or it dies."""
    assert helper.stdin is not None
    assert helper.stdout is not None
    chunk: tuple[int, int] | None = None
    try:
        helper.stdin.write(job + "\n")
        while (chunk := _next(todo)) is not None:
            helper.stdin.write(json.dumps(chunk) + "\n")
            helper.stdin.flush()
            done.put(Result.from_json(helper.stdout.readline()))
    except (OSError, ValueError):
        status = helper.wait()
        done.put(
            GanvasError(
                f"A process that decodes pictures died (status {status}) at pictures {_span(chunk)} of the list.",
                "Run the same command again: it goes on there. With one worker the cause shows.",
            )
        )


def _span(chunk: tuple[int, int] | None) -> str:
    first = chunk[0] * CHUNK if chunk else 0
    return f"{first:,} to {first + CHUNK - 1:,}"
