"""Parallel decoding: this process and workers take chunks from one queue and write to one file.

Workers are plain Python interpreters that receive chunk numbers through a pipe. They import nothing of the user's
program (so it needs no `if __name__ == "__main__"`), and never load torch.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..config import DataConfig
from ..errors import GanvasError
from .decode import read_image, resize_to, to_chw_array
from .duplicates import content_hash
from .image_file import UnreadableImageError
from .index import CHUNK_SIZE, read_entries
from .sources import open_source

ANSWER = "ganvas: "  # begins a worker's answer; the rest is of what else prints in its interpreter
ONE_THREAD_ENV = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass
class ChunkResult:
    """Result of one chunk.

    skipped: the reason for each skipped picture, by its index.
    notes: how often each note occurred.
    hashes: of the content of each other picture, by its index.
    unread: indices of those skipped pictures that may be readable later.
    """

    chunk: int
    skipped: dict[int, str] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)
    hashes: dict[int, int] = field(default_factory=dict)
    unread: list[int] = field(default_factory=list)

    def to_json(self) -> str:
        return json.dumps([self.chunk, list(self.skipped.items()), self.notes, list(self.hashes.items()), self.unread])

    @staticmethod
    def from_json(line: str | bytes) -> "ChunkResult":
        chunk, skipped, notes, hashes, unread = json.loads(line)
        return ChunkResult(chunk, dict(skipped), Counter(notes), dict(hashes), unread)


class ChunkDecoder:
    """Decoder of chunks of the index at `index`, to the file `target`: images (C, H, W) uint8, in the index's order."""

    def __init__(self, config: DataConfig, index: Path, target: Path) -> None:
        self._config = config
        self._source = open_source(config.path, config.value_range)
        self._index = index
        self._images_file = target.open("r+b")

    def run(self, chunk: int, start: int) -> ChunkResult:
        """Decode the chunk whose lines start at byte `start` of the index, write its images, and return the result."""
        config = self._config
        result = ChunkResult(chunk)
        pixels = np.zeros((CHUNK_SIZE, config.channels, config.height, config.width), np.uint8)
        count = 0
        for count, entry in enumerate(islice(read_entries(self._index, start), CHUNK_SIZE), 1):
            try:
                if entry.problem:
                    raise UnreadableImageError(entry.problem)
                # Twice the target size is enough for the resize filter, and lets a JPEG be decoded small.
                content = self._source.read(entry.name)
                enough = (2 * config.width, 2 * config.height)
                decoded = read_image(content, entry.name, enough, config.value_range)
                pixels[count - 1] = to_chw_array(resize_to(decoded.image, config))
                result.notes.update(decoded.notes)
                result.hashes[chunk * CHUNK_SIZE + count - 1] = content_hash(content)
            except UnreadableImageError as error:
                result.skipped[chunk * CHUNK_SIZE + count - 1] = error.reason
                if error.temporary:
                    result.unread.append(chunk * CHUNK_SIZE + count - 1)
        self._images_file.seek(chunk * pixels.nbytes)
        self._images_file.write(pixels[:count].data)
        self._images_file.flush()
        return result

    def close(self) -> None:
        self._images_file.close()


def serve() -> None:
    """Run as a worker: read the job, then chunks, from standard input; answer each chunk with one line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent process; when it ends, so does our input
    job = json.loads(sys.stdin.readline())
    decoder = ChunkDecoder(DataConfig(**job["config"]), Path(job["index"]), Path(job["target"]))
    for line in sys.stdin:
        chunk, start = json.loads(line)
        sys.stdout.write(f"{ANSWER}{decoder.run(chunk, start).to_json()}\n")
        sys.stdout.flush()
    decoder.close()


def decode_all(
    config: DataConfig, index: Path, starts: dict[int, int], target: Path, workers: int
) -> Iterator[ChunkResult]:
    """Decode the chunks in `starts` (chunk -> byte offset in the index) with `workers` processes; yield each result.

    This process is one of them, so small sets need not wait for others to start.

    Raises:
        GanvasError: a worker died.
    """
    todo: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
    for chunk in starts.items():
        todo.put(chunk)
    results: queue.SimpleQueue[ChunkResult | GanvasError] = queue.SimpleQueue()
    decoder = ChunkDecoder(config, index, target)
    job = json.dumps({"config": asdict(config), "index": str(index), "target": str(target)})
    try:
        with _worker_processes(min(workers, len(starts)) - 1, job, todo, results):
            for _ in starts:
                if (own_chunk := _next_chunk(todo)) is not None:
                    results.put(decoder.run(*own_chunk))
                result = results.get()
                if isinstance(result, GanvasError):
                    raise result
                yield result
    finally:
        decoder.close()


def _next_chunk(todo: "queue.SimpleQueue[tuple[int, int]]") -> tuple[int, int] | None:
    try:
        return todo.get_nowait()
    except queue.Empty:
        return None


@contextmanager
def _worker_processes(
    count: int,
    job: str,
    todo: "queue.SimpleQueue[tuple[int, int]]",
    results: "queue.SimpleQueue[ChunkResult | GanvasError]",
) -> Iterator[None]:
    """Run `count` workers beside the body of the `with`, each fed by a thread; end them with the body."""
    command = [sys.executable, "-P", "-c", "from ganvas.data.workers import serve; serve()"]
    environment = os.environ | ONE_THREAD_ENV | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with ExitStack() as stack:
        errors = [stack.enter_context(tempfile.TemporaryFile("w+", errors="replace")) for _ in range(count)]
        workers = [subprocess.Popen(command, env=environment, text=True, stderr=each, **pipes) for each in errors]
        threads = [
            threading.Thread(target=_feed_worker, args=(worker, each, job, todo, results), daemon=True)
            for worker, each in zip(workers, errors, strict=True)
        ]
        try:
            for thread in threads:
                thread.start()
            yield
        finally:
            while _next_chunk(todo) is not None:
                pass
            for worker, thread in zip(workers, threads, strict=True):
                worker.terminate()
                thread.join()
                worker.communicate()


def _feed_worker(
    worker: "subprocess.Popen[str]",
    errors: IO[str],
    job: str,
    todo: "queue.SimpleQueue[tuple[int, int]]",
    results: "queue.SimpleQueue[ChunkResult | GanvasError]",
) -> None:
    """Send chunks to one worker and pass on its results, until there are no more or it dies."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    chunk: tuple[int, int] | None = None
    try:
        worker.stdin.write(job + "\n")
        while (chunk := _next_chunk(todo)) is not None:
            worker.stdin.write(json.dumps(chunk) + "\n")
            worker.stdin.flush()
            results.put(ChunkResult.from_json(_next_answer(worker.stdout)))
    except Exception:  # whatever it is: the other side waits for an answer
        worker.terminate()
        status = worker.wait()
        errors.seek(0)
        last_words = errors.read().strip().rpartition("\n")[2]
        results.put(
            GanvasError(
                f"A process that decodes pictures died (status {status}) at pictures {_picture_range(chunk)}"
                f"{f': {last_words}' if last_words else ''}.",
                "Run the same command again: it continues there.",
            )
        )


def _next_answer(lines: IO[str]) -> str:
    """Return a worker's next answer.

    Raises:
        EOFError: it has ended.
    """
    for line in lines:
        _, found, answer = line.partition(ANSWER)
        if found:
            return answer
    raise EOFError


def _picture_range(chunk: tuple[int, int] | None) -> str:
    first = chunk[0] * CHUNK_SIZE if chunk else 0
    return f"{first:,} to {first + CHUNK_SIZE - 1:,}"
