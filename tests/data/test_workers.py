"""Workers decode the same as this process, without torch or the user's program, and may die."""

import json
import os
import queue
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bad_files import good_folder

from ganvas.config import DataConfig
from ganvas.data import workers
from ganvas.data.index import CHUNK_SIZE, Index, write_index
from ganvas.data.sources import open_source
from ganvas.data.workers import ANSWER, ChunkResult, decode_all
from ganvas.errors import GanvasError


@pytest.fixture
def work(tmp_path: Path) -> tuple[DataConfig, Index, Path]:
    """Return a configuration, an index of 2.5 chunks with one broken file, and an empty target."""
    folder = good_folder(tmp_path / "pics", CHUNK_SIZE * 5 // 2)
    (folder / "good0070.png").write_bytes(b"broken")
    config = DataConfig(str(folder), 8, 8, 3)
    (tmp_path / "target").touch()
    return config, write_index(open_source(folder), config, tmp_path / "index"), tmp_path / "target"


def starts(index: Index) -> dict[int, int]:
    return dict(enumerate(index.starts))


def test_result_goes_to_json_and_back() -> None:
    result = ChunkResult(3, {200: "truncated", 201: "empty"})
    result.notes.update(["turned", "turned"])
    assert ChunkResult.from_json(result.to_json()) == result


def test_chunks_lie_where_they_belong(work: tuple[DataConfig, Index, Path]) -> None:
    config, index, target = work
    results = list(decode_all(config, index.path, starts(index), target, 1))
    assert [result.chunk for result in results] == [0, 1, 2]
    assert [list(result.skipped) for result in results] == [[], [70], []]
    pictures = np.fromfile(target, np.uint8).reshape(-1, 3, 8, 8)
    assert len(pictures) == index.count
    assert [number for number, picture in enumerate(pictures) if not picture.any()] == [70]
    again = target.with_name("again")
    again.touch()
    list(decode_all(config, index.path, {2: index.starts[2]}, again, 1))
    assert np.array_equal(np.fromfile(again, np.uint8).reshape(-1, 3, 8, 8)[128:], pictures[128:])


@pytest.mark.slow
def test_a_worker_gives_the_same_results(work: tuple[DataConfig, Index, Path]) -> None:
    config, index, target = work
    expected = [result.to_json() for result in decode_all(config, index.path, starts(index), target, 1)]
    pictures = target.read_bytes()
    target.write_bytes(b"")
    job = {"config": asdict(config), "index": str(index.path), "target": str(target)}
    lines = [json.dumps(message) for message in (job, *starts(index).items())]
    command = "from ganvas.data.workers import serve; import sys; serve(); assert 'torch' not in sys.modules"
    worker = subprocess.run(
        [sys.executable, "-c", command], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    assert worker.stdout.splitlines() == [ANSWER + line for line in expected]
    assert target.read_bytes() == pictures


@pytest.mark.slow
def test_several_share_the_work(work: tuple[DataConfig, Index, Path]) -> None:
    config, index, target = work
    results = list(decode_all(config, index.path, starts(index), target, 3))
    assert sorted(result.chunk for result in results) == [0, 1, 2]
    together = target.read_bytes()
    list(decode_all(config, index.path, starts(index), target, 1))
    assert target.read_bytes() == together


def children() -> set[str]:
    """Return the processes that this one has started and that are not over."""
    file = Path(f"/proc/self/task/{os.getpid()}/children")
    if not file.exists():
        pytest.skip("this system does not list the children of a process")
    return set(file.read_text().split())


def test_closing_early_ends_the_workers(work: tuple[DataConfig, Index, Path]) -> None:
    config, index, target = work
    before = children()
    results = decode_all(config, index.path, starts(index), target, 2)
    next(results)
    assert len(children() - before) == 1
    results.close()
    assert children() == before, "a worker outlived the work"


def fed(code: str) -> ChunkResult | GanvasError:
    """Return what a worker that runs this code answers to chunk 2."""
    todo: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
    results: queue.SimpleQueue[ChunkResult | GanvasError] = queue.SimpleQueue()
    todo.put((2, 0))
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with tempfile.TemporaryFile("w+") as errors:
        with subprocess.Popen([sys.executable, "-c", code], stderr=errors, **pipes) as worker:
            workers._feed_worker(worker, errors, "{}", todo, results)
            worker.communicate()
        return results.get_nowait()


def test_the_death_of_a_worker_is_an_error_with_its_last_words() -> None:
    error = fed("import os; input(); os._exit(9)")
    assert isinstance(error, GanvasError)
    assert "died (status 9) at pictures 128 to 191." in error.message
    error = fed("input(); raise OSError('No space left on device')")
    assert isinstance(error, GanvasError)
    assert error.message.endswith("at pictures 128 to 191: OSError: No space left on device.")


def test_what_else_prints_in_a_worker_does_no_harm() -> None:
    answer = ChunkResult(2, {130: "empty"})
    noise = (
        f"print('hello from site'); print(); input(); input(); print('a hook', 3); print({ANSWER + answer.to_json()!r})"
    )
    assert fed(noise) == answer


def test_an_answer_of_another_kind_ends_the_wait() -> None:
    for nonsense in ("3", "[]", "no json", '{"a": 1}'):
        error = fed(f"input(); input(); print({ANSWER + nonsense!r}); input()")
        assert isinstance(error, GanvasError), "it would be waited for, for ever"


def test_no_more_workers_than_chunks(work: tuple[DataConfig, Index, Path]) -> None:
    config, index, target = work
    before = children()
    results = decode_all(config, index.path, {0: index.starts[0]}, target, 8)
    next(results)
    assert children() == before, "a worker for work that this process does"
    assert not list(results), "there was one chunk"


def test_threads_are_not_multiplied() -> None:
    assert workers.ONE_THREAD_ENV["OMP_NUM_THREADS"] == "1"
    assert os.environ.get("GANVAS_CACHE")  # workers inherit the rest
