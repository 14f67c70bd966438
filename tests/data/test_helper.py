"""A helper gives the same results as this process, without torch or the user's program. How it ends is told apart."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from bad_files import good_folder

from ganvas.config import DataConfig
from ganvas.data.chunks import ChunkDecoder, ChunkResult, Job
from ganvas.data.helper import ANSWER, ONE_THREAD_ENV, Helper, HelperDiedError
from ganvas.data.index import CHUNK_SIZE, write_index
from ganvas.data.sources import open_source
from ganvas.errors import GanvasError

JOB = Job(DataConfig("pictures", 8, 8, 3), Path("index"), Path("target"), 0)


def answer(code: str, seconds: float = 20) -> ChunkResult:
    """Return what a helper that runs this code answers to chunk 2."""
    with closing(Helper(JOB, [sys.executable, "-c", code])) as helper:
        return helper.decode(2, 0, None, seconds)


@pytest.mark.slow
def test_a_helper_gives_the_same_results(tmp_path: Path) -> None:
    folder = good_folder(tmp_path / "pictures", CHUNK_SIZE + 5)
    (folder / "good0066.png").write_bytes(b"broken")
    config = DataConfig(str(folder), 8, 8, 3)
    index = write_index(open_source(folder), config, tmp_path / "index")
    (tmp_path / "target").touch()
    job = Job(config, index.path, tmp_path / "target", 0)
    with closing(ChunkDecoder(job)) as decoder:
        expected = [decoder.run(*chunk).to_json() for chunk in enumerate(index.starts)]
    pictures = job.target.read_bytes()
    job.target.write_bytes(b"")
    lines = [job.to_json(), *(f"[{chunk}, {start}]" for chunk, start in enumerate(index.starts))]
    command = "from ganvas.data.helper import serve; import sys; serve(); assert 'torch' not in sys.modules"
    helper = subprocess.run(
        [sys.executable, "-c", command], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    assert helper.stdout.splitlines() == [ANSWER + line for line in expected]
    assert job.target.read_bytes() == pictures


def test_a_helper_that_fails_is_an_error_with_its_last_words() -> None:
    with pytest.raises(GanvasError, match=r"died \(status 9\) at pictures 128 to 191\.\n"):
        answer("import os; input(); os._exit(9)")
    with pytest.raises(GanvasError, match="at pictures 128 to 191: OSError: No space left on device"):
        answer("input(); raise OSError('No space left on device')")


@pytest.mark.skipif(sys.platform == "win32", reason="it has no signals")
@pytest.mark.parametrize(("number", "advice"), [(11, ""), (6, ""), (9, "; to try again: ganvas cache --clear")])
def test_a_helper_that_is_killed_says_by_what(number: int, advice: str) -> None:
    with pytest.raises(HelperDiedError) as caught:
        answer(f"import os; input(); input(); os.kill(os.getpid(), {number})")
    assert str(caught.value) == f"its decoder died (signal {number}){advice}"


def test_a_helper_that_never_ends_is_ended() -> None:
    with pytest.raises(HelperDiedError, match=r"did not end \(in 0.5 seconds\); to try again"):
        answer("input(); input(); input()", 0.5)


def test_what_else_prints_in_a_helper_does_no_harm() -> None:
    result = ChunkResult(2, {130: "empty"})
    noise = (
        f"print('hello from site'); print(); input(); input(); print('a hook', 3); print({ANSWER + result.to_json()!r})"
    )
    assert answer(noise) == result


@pytest.mark.parametrize("nonsense", ["3", "[]", "no json", '{"a": 1}'])
def test_an_answer_of_another_kind_ends_the_wait(nonsense: str) -> None:
    with pytest.raises(GanvasError, match="A process that decodes pictures died"):
        answer(f"input(); input(); print({ANSWER + nonsense!r}); input()")


def test_the_next_chunk_starts_another_after_one_has_died() -> None:
    code = f"""
import os
input()
if input() == "[1, 0, null]":
    os.abort()
print({ANSWER + ChunkResult(2).to_json()!r})
"""
    with closing(Helper(JOB, [sys.executable, "-c", code])) as helper:
        with pytest.raises(HelperDiedError):
            helper.decode(1, 0, None, 20)
        assert helper.decode(2, 0, None, 20) == ChunkResult(2)


def test_a_cancelled_helper_starts_no_more() -> None:
    with closing(Helper(JOB, [sys.executable, "-c", "input()"])) as helper:
        helper.cancel()
        with pytest.raises(GanvasError, match="was ended"):
            helper.decode(1, 0, None, 20)


def test_threads_are_not_multiplied() -> None:
    assert ONE_THREAD_ENV["OMP_NUM_THREADS"] == "1"
    assert os.environ.get("GANVAS_CACHE")  # helpers inherit the rest
