"""The cache is where the user wants it, detects damage, and admits one process at a time."""

import errno
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from ganvas.data import cache
from ganvas.data.cache import (
    cache_folder,
    checksums,
    checksums_match,
    file_lock,
    is_unlocked,
    make_cache_folder,
    read_record,
    record_bytes,
    remove_lock,
)
from ganvas.errors import GanvasError


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GANVAS_CACHE", "/one")
    monkeypatch.setenv("XDG_CACHE_HOME", "/two")
    monkeypatch.setenv("HOME", "/three")
    assert cache_folder() == Path("/one")
    monkeypatch.delenv("GANVAS_CACHE")
    assert cache_folder() == Path("/two/ganvas")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path("/three/.cache/ganvas")


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    for name in ("GANVAS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(GanvasError, match="no home folder") as caught:
        cache_folder()
    assert "GANVAS_CACHE" in caught.value.hint


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such modes")
def test_the_folder_is_made_for_this_user_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Prepared pictures are copies of what may lie in a private folder."""
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "new" / "cache"))
    assert make_cache_folder().stat().st_mode & 0o777 == 0o700
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o755)
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "shared"))
    assert make_cache_folder().stat().st_mode & 0o777 == 0o755, "what is the user's own was changed"


def test_one_changed_byte_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "BLOCK_BYTES", 100)
    path = tmp_path / "data"
    content = bytearray(np.random.default_rng(0).bytes(950))
    path.write_bytes(content)
    sums = list(checksums(path, 950))
    assert len(sums) == 10
    assert checksums_match(path, 950, sums)
    for offset in (0, 500, 949):
        path.write_bytes(content[:offset] + bytes([content[offset] ^ 1]) + content[offset + 1 :])
        assert not checksums_match(path, 950, sums), f"byte {offset} was changed"
    path.write_bytes(content[:-1])
    assert not checksums_match(path, 950, sums), "a byte is missing"
    path.write_bytes(content + b"more")
    assert checksums_match(path, 950, sums), "bytes after the pictures do not matter"


def test_of_a_large_file_only_a_part_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "BLOCK_BYTES", 100)
    monkeypatch.setattr(cache, "CHECKED_BYTES", 300)
    path = tmp_path / "data"
    path.write_bytes(np.random.default_rng(0).bytes(950))
    sums = list(checksums(path, 950))
    assert checksums_match(path, 950, sums)
    assert not checksums_match(path, 950, [0, *sums[1:]])
    assert checksums_match(path, 950, [sums[0], 0, *sums[2:]]), "only every third block is verified"


@pytest.mark.parametrize("content", [None, "", "{", "[]", '"text"', "\udc80"])
def test_a_damaged_record_is_empty(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "record.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    assert read_record(tmp_path / "record.json") == {}


def test_a_record_comes_back_and_every_changed_byte_of_it_is_noticed(tmp_path: Path) -> None:
    path, record = tmp_path / "record.json", {"shape": [24, 3, 8, 8], "classes": ["cats", "dogs"], "unread": ["\udcff"]}
    path.write_bytes(record_bytes(record))
    assert read_record(path) == record
    written = path.read_bytes()
    for place in range(len(written)):
        path.write_bytes(written[:place] + bytes([written[place] ^ 1]) + written[place + 1 :])
        found = read_record(path)
        assert not found or all(found.get(key) == record[key] for key in record), f"byte {place} was changed"
    for old, new in (("24, 3, 8, 8", "24, 192"), ("24", "23"), (', "dogs"', "")):
        path.write_text(written.decode().replace(old, new))
        assert read_record(path) == {}


def test_a_record_of_an_earlier_release_has_no_checksum(tmp_path: Path) -> None:
    (tmp_path / "record.json").write_text('{"shape": [24, 3, 8, 8]}')
    assert read_record(tmp_path / "record.json") == {"shape": [24, 3, 8, 8]}


def test_a_lock_that_is_removed_while_another_waits_is_held_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise that one would hold a file that nobody sees, and a third process the new one."""
    path, is_waiting, is_held, is_over = tmp_path / "lock", threading.Event(), threading.Event(), threading.Event()
    sleep = time.sleep

    def sleep_and_tell(_: float) -> None:
        is_waiting.set()
        sleep(0.01)

    def wait_for_it() -> None:
        with file_lock(path):
            is_held.set()
            is_over.wait(10)

    monkeypatch.setattr(time, "sleep", sleep_and_tell)
    other = threading.Thread(target=wait_for_it)
    with file_lock(path):
        other.start()
        assert is_waiting.wait(10)
        remove_lock(path)
        assert path.exists(), "it is held"
        path.unlink()
    assert is_held.wait(10)
    is_seen = path.exists() and not is_unlocked(path)
    is_over.set()
    other.join()
    assert is_seen, "two processes would hold it"
    remove_lock(path)
    assert not path.exists()


@pytest.mark.slow
def test_a_lock_is_held_by_one_and_ends_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert is_unlocked(path)
    with file_lock(path):
        assert not is_unlocked(path)
    assert is_unlocked(path)
    hold = f"from ganvas.data.cache import *\nwith file_lock(Path({str(path)!r})): print('held', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert not is_unlocked(path)
        holder.kill()
        holder.wait()
    assert is_unlocked(path), "the lock of a dead process would block everybody"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has its own locks")
def test_a_drive_without_locks_is_worked_on_without_and_nothing_there_counts_as_unused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    assert is_unlocked(tmp_path / "lock")
    monkeypatch.setattr("fcntl.flock", failing)
    with file_lock(tmp_path / "lock"):
        assert not is_unlocked(tmp_path / "lock")
    remove_lock(tmp_path / "lock")
    assert (tmp_path / "lock").exists()
