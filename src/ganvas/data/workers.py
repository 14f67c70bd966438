"""Parallel decoding: this process and helpers take chunks from one queue and write to one file.

A picture that kills its decoder, or never lets it end, is found and left out: a chunk at which a helper died is decoded
picture by picture, each in a process of its own. So is a chunk at which this process died when it was here last.
"""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from ..config import DataConfig
from ..device import free_memory
from .cache import file_lock
from .chunks import ChunkDecoder, ChunkResult, Job
from .helper import PICTURE_SECONDS, Helper, HelperDiedError
from .index import CHUNK_SIZE, read_entries

CHUNK_SECONDS = 600.0  # after which a helper is taken for dead; then each picture of its chunk has time of its own
MEMORY_PART = 2  # half of what is free is shared out; the other half is for one larger picture, and all else

Chunk = tuple[int, int]  # its number, and the byte offset of its first line in the index


def decode_all(
    config: DataConfig, index: Path, starts: dict[int, int], target: Path, workers: int
) -> Iterator[ChunkResult]:
    """Decode the chunks in `starts` (chunk -> byte offset in the index) with `workers` processes; yield each result.

    This process is one of them, so small sets need not wait for others to start.

    Raises:
        GanvasError: a helper failed, and not because of a picture.
    """
    workers = max(1, min(workers, len(starts)))
    job = Job(config, index, target, free_memory("cpu") // (MEMORY_PART * workers))
    begun = target.with_name("begun")
    suspects = _begun_before(begun) & starts.keys()
    todo: queue.SimpleQueue[Chunk] = queue.SimpleQueue()
    for chunk in starts.items():
        if chunk[0] not in suspects:
            todo.put(chunk)
    results: queue.SimpleQueue[ChunkResult | Exception] = queue.SimpleQueue()
    decoder = ChunkDecoder(job)
    try:
        with _helpers(workers - 1, job, todo, results), closing(Helper(job)) as helper:
            for number in sorted(suspects):
                yield decode_in_helper(helper, job, (number, starts[number]))
            for _ in range(len(starts) - len(suspects)):
                if (own_chunk := _next_chunk(todo)) is not None:
                    begun.write_text(json.dumps([*suspects, own_chunk[0]]))
                    results.put(decoder.run(*own_chunk))
                result = results.get()
                if isinstance(result, Exception):
                    raise result
                yield result
    finally:
        decoder.close()
        begun.unlink(missing_ok=True)


def _begun_before(path: Path) -> set[int]:
    """Return the chunks that this process was at when it died; none if it did not."""
    try:
        return set(json.loads(path.read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return set()


def decode_in_helper(helper: Helper, job: Job, chunk: Chunk) -> ChunkResult:
    """Decode a chunk in a helper. If it dies, decode picture by picture, and leave out those that kill a helper alone.

    Meanwhile no other picture is decoded that needs much memory: another one's need is no fault of this one.
    """
    number, start = chunk
    with suppress(HelperDiedError):
        return helper.decode(number, start, None, CHUNK_SECONDS)
    result = ChunkResult(number)
    for place in range(len(list(read_entries(job.index, start, CHUNK_SIZE)))):
        try:
            with file_lock(job.lock):
                result.add(helper.decode(number, start, place, PICTURE_SECONDS))
        except HelperDiedError as death:
            result.skipped[number * CHUNK_SIZE + place] = str(death)
        helper.stop()
    return result


def _next_chunk(todo: "queue.SimpleQueue[Chunk]") -> Chunk | None:
    try:
        return todo.get_nowait()
    except queue.Empty:
        return None


@contextmanager
def _helpers(
    count: int, job: Job, todo: "queue.SimpleQueue[Chunk]", results: "queue.SimpleQueue[ChunkResult | Exception]"
) -> Iterator[None]:
    """Run `count` helpers beside the body of the `with`, each fed by a thread; end them with the body."""
    helpers = [Helper(job) for _ in range(count)]
    threads = [threading.Thread(target=_feed, args=(each, job, todo, results), daemon=True) for each in helpers]
    try:
        for helper, thread in zip(helpers, threads, strict=True):
            helper.start()
            thread.start()
        yield
    finally:
        while _next_chunk(todo) is not None:
            pass
        for helper in helpers:
            helper.cancel()
        for helper, thread in zip(helpers, threads, strict=True):
            if thread.ident is not None:  # it was started
                thread.join()
            helper.close()


def _feed(
    helper: Helper,
    job: Job,
    todo: "queue.SimpleQueue[Chunk]",
    results: "queue.SimpleQueue[ChunkResult | Exception]",
) -> None:
    """Let one helper decode chunks, and pass on the results, until there are no more or it fails."""
    try:
        while (chunk := _next_chunk(todo)) is not None:
            results.put(decode_in_helper(helper, job, chunk))
    except Exception as error:  # whatever it is: the other side waits for an answer
        results.put(error)
