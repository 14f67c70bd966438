"""Helpers decode the same as this process. A picture that kills its decoder is found, and only that one left out."""

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from bad_files import good_folder

from ganvas.config import DataConfig
from ganvas.data.chunks import ChunkResult, Job
from ganvas.data.helper import Helper
from ganvas.data.index import CHUNK_SIZE, Index, write_index
from ganvas.data.sources import open_source
from ganvas.data.workers import decode_all, decode_in_helper


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


def test_no_more_workers_than_chunks(work: tuple[DataConfig, Index, Path]) -> None:
    config, index, target = work
    before = children()
    results = decode_all(config, index.path, {0: index.starts[0]}, target, 8)
    next(results)
    assert children() == before, "a worker for work that this process does"
    assert not list(results), "there was one chunk"


def two_chunks(tmp_path: Path) -> tuple[DataConfig, Index]:
    """Write the pictures and the index of a chunk and four more, and an empty target."""
    folder = good_folder(tmp_path / "pictures", CHUNK_SIZE + 4)
    config = DataConfig(str(folder), 8, 8, 3)
    index = write_index(open_source(folder), config, tmp_path / "index")
    (tmp_path / "target").touch()
    return config, index


@pytest.fixture
def killer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let good0066.png kill each process that decodes it, as a fault in a decoder does. This one is spared."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(f"""
import json
import os
from ganvas.data import chunks
real = chunks.read_image
def read_image(content, name, *rest):
    if name == "good0066.png":
        os.kill(os.getpid(), {int(signal.SIGSEGV)})
    return real(content, name, *rest)
chunks.read_image = read_image
""")
    monkeypatch.syspath_prepend(tmp_path / "site")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="it has no signals")
def test_a_picture_that_kills_its_decoder_is_named_and_the_others_are_kept(tmp_path: Path, killer: None) -> None:
    config, index = two_chunks(tmp_path)
    program = f"""
import sys
from array import array
from pathlib import Path
from ganvas.config import DataConfig
from ganvas.data.workers import decode_all
starts = {{0: {index.starts[0]}, 1: {index.starts[1]}}}
for result in decode_all({config!r}, Path({str(index.path)!r}), starts, Path({str(tmp_path / "target")!r}), 1):
    print(result.to_json(), flush=True)
"""
    command = [sys.executable, "-c", program]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    first = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert first.returncode == -signal.SIGSEGV, "it was decoded in the main process"
    second = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert second.returncode == 0, f"the same command dies at the same picture each time: {second.stderr}"
    results = {result.chunk: result for result in map(ChunkResult.from_json, second.stdout.splitlines())}
    assert results[1].skipped == {66: "its decoder died (signal 11)"}
    assert sorted(results[1].hashes) == [64, 65, 67]
    assert not results[0].skipped
    assert not (tmp_path / "begun").exists(), "the next attempt would be cautious without a reason"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="it has no signals")
def test_a_helper_that_dies_costs_one_picture(tmp_path: Path, killer: None) -> None:
    config, index = two_chunks(tmp_path)
    with closing(Helper(Job(config, index.path, tmp_path / "target", 0))) as helper:
        result = decode_in_helper(helper, Job(config, index.path, tmp_path / "target", 0), (1, index.starts[1]))
    assert result.skipped == {66: "its decoder died (signal 11)"}
    assert sorted(result.hashes) == [64, 65, 67]


def test_two_suspects_are_both_remembered(work: tuple[DataConfig, Index, Path]) -> None:
    """Otherwise two pictures that kill would take turns for ever."""
    config, index, target = work
    target.with_name("begun").write_text("[2, 7]")
    results = decode_all(config, index.path, starts(index), target, 1)
    assert next(results).chunk == 2, "what this process died at comes first, in a helper"
    assert next(results).chunk == 0
    assert json.loads(target.with_name("begun").read_text()) == [2, 0]
    assert [result.chunk for result in results] == [1]
    assert not target.with_name("begun").exists()


@pytest.mark.parametrize("content", ["", "{", "3", "[[]]", '{"a": []}'])
def test_a_torn_note_of_what_was_begun_is_none(work: tuple[DataConfig, Index, Path], content: str) -> None:
    config, index, target = work
    target.with_name("begun").write_text(content)
    assert [result.chunk for result in decode_all(config, index.path, starts(index), target, 1)] == [0, 1, 2]
