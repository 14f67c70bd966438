"""Files are written whole or not at all, whatever fails on the way."""

import errno
import os
import secrets
import stat
from contextlib import nullcontext
from pathlib import Path
from typing import IO

import pytest

from ganvas import atomic_write
from ganvas.atomic_write import remove_half_written, write_atomically
from ganvas.file_lock import try_lock


@pytest.mark.parametrize("stage", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_and_no_litter(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    write_atomically(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if stage == "fsync" else (Path, "replace")), fail)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_write_replaces_and_makes_folders(tmp_path: Path) -> None:
    path = tmp_path / "x" / "y"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_link_where_the_temporary_file_goes_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("precious")
    monkeypatch.setattr(secrets, "token_hex", lambda size: "0" * size)
    (tmp_path / ".a.json.00000000.tmp").symlink_to(mine)
    with pytest.raises(FileExistsError):
        write_atomically(tmp_path / "a.json", b"{}")
    assert mine.read_text() == "precious"


def test_two_writers_with_one_process_number_do_not_mix_their_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes of containers all have number 1, and may write into one folder."""
    path, fsync, written = tmp_path / "a.json", os.fsync, []

    def meanwhile(descriptor: int) -> None:
        if not written:
            written.append(b"of the other")
            write_atomically(path, written[0])
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", meanwhile)
    write_atomically(path, b"of the first")
    assert path.read_bytes() == b"of the first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", [1, os.getpid()], ids=["1", "own"])
def test_what_a_killed_process_left_does_not_block_the_next_write(number: int, tmp_path: Path) -> None:
    (tmp_path / f".a.json.{number}.tmp").write_bytes(b"half")
    write_atomically(tmp_path / "a.json", b"whole")
    assert (tmp_path / "a.json").read_bytes() == b"whole"


@pytest.mark.parametrize("character", ["a", "ä", "画"])
def test_a_name_of_as_many_bytes_as_the_system_takes_can_be_written(character: str, tmp_path: Path) -> None:
    path = tmp_path / (character * (255 // len(character.encode())))
    write_atomically(path, b"x")
    assert path.read_bytes() == b"x"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such links")
@pytest.mark.parametrize("name", ["a.png", ".a.png.unfinished", "[1] of 2.png", "n" * 40])
def test_what_killed_writes_left_is_removed_and_nothing_else(name: str, tmp_path: Path) -> None:
    left = [tmp_path / f".{each}.{16 * '0'}.tmp" for each in (name, "b.png")]
    being_written = tmp_path / f".{name}.{16 * 'a'}.tmp"
    others = [tmp_path / each for each in (f".{name}.tmp", f".{name}.0.tmp", f"x{name}.{16 * '0'}.tmp")]
    link, folder = tmp_path / f".{name}.{16 * 'b'}.tmp", tmp_path / f".{name}.{16 * 'c'}.tmp"
    for file in (*left, being_written, *others):
        file.write_bytes(b"half")
    link.symlink_to(others[0])
    folder.mkdir()
    with being_written.open("r+b") as file:
        assert try_lock(file)
        remove_half_written(tmp_path)
    assert set(tmp_path.iterdir()) == {being_written, link, folder, *others}


def test_the_first_write_into_a_folder_removes_what_killed_ones_left(tmp_path: Path) -> None:
    left = tmp_path / f".a.json.{16 * '0'}.tmp"
    left.write_bytes(b"half")
    write_atomically(tmp_path / "b.json", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["b.json"]


def test_what_is_being_written_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    monkeypatch.setattr(os, "fsync", lambda descriptor: remove_half_written(tmp_path))
    write_atomically(path, b"whole")
    assert path.read_bytes() == b"whole", "a writer's file was taken for one that a killed process left"


def test_what_is_taken_for_left_before_it_is_locked_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []

    def late(file: IO[bytes]) -> bool | None:
        if not taken:
            taken.append(file.name)
            remove_half_written(tmp_path)
        return try_lock(file)

    remove_half_written(tmp_path)
    monkeypatch.setattr(atomic_write, "try_lock", late)
    write_atomically(tmp_path / "a.png", b"whole")
    assert taken
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.png", b"whole")]


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot open folders")
def test_the_folder_is_flushed_after_the_file_is_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a power cut leaves neither the old config.json nor the new one."""
    path, flushed = tmp_path / "a.json", []
    fsync = os.fsync

    def spy(descriptor: int) -> None:
        flushed.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), path.exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", spy)
    write_atomically(path, b"x")
    assert flushed == [(False, False), (True, True)]


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot open folders")
@pytest.mark.parametrize(("number", "is_error"), [(errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)])
def test_a_drive_that_cannot_flush_folders_is_no_error(
    number: int, is_error: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="error") if is_error else nullcontext():
        write_atomically(tmp_path / "a.json", b"x")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_private_file_stays_private(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b"")
    file.chmod(0o600)
    write_atomically(file, b"{}")
    assert file.stat().st_mode & 0o777 == 0o600
