"""The run folder: configuration, events, and the lock."""

import errno
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import tiny
from ganvas.config import FORMAT
from ganvas.errors import GanvasError
from ganvas.event_log import replay
from ganvas.events import Note
from ganvas.runs import Run


def test_config_comes_back(tmp_path: Path) -> None:
    run, config = Run(tmp_path / "run"), tiny.config("quick")
    assert not run.exists()
    run.write_config(config)
    assert run.exists()
    assert run.read_config() == config


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="does not exist") as caught:
        Run(tmp_path / "run").read_config()
    assert "ganvas train" in caught.value.hint
    with pytest.raises(GanvasError, match=r"is not a run \(it has no config.json\)"):
        Run(tmp_path).read_config()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"recipe": 3}'])
def test_damaged_config_is_named(content: bytes, tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.config_file.write_bytes(content)
    with pytest.raises(GanvasError, match=r"config\.json"):
        run.read_config()


def test_config_of_a_later_release(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.write_config(tiny.config())
    record = json.loads(run.config_file.read_text()) | {"format": FORMAT + 1, "novelty": True}
    run.config_file.write_text(json.dumps(record))
    with pytest.raises(GanvasError, match="written by a later ganvas") as caught:
        run.read_config()
    assert "upgrade" in caught.value.hint


@pytest.mark.parametrize(("scored", "evaluations"), [(True, 4), (False, 0), (None, 0)])
def test_a_run_of_the_first_release_opens(scored: bool | None, evaluations: int, tmp_path: Path) -> None:
    """It was scored at each checkpoint or never, and had no held-out pictures."""
    run, config = Run(tmp_path), tiny.config("quick", checkpoints=4)
    run.write_config(config)
    record = json.loads(run.config_file.read_text()) | {"format": 1, "scored": scored}
    for name in ["evaluations", "held_out", *(["scored"] if scored is None else [])]:
        del record[name]
    run.config_file.write_text(json.dumps(record))
    assert run.read_config() == replace(config, evaluations=evaluations, held_out=0)
    run.write_config(run.read_config())
    assert json.loads(run.config_file.read_text())["format"] == FORMAT, "written anew, it should be of this release"


def test_a_field_of_the_first_release_is_unknown_in_this_one(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.write_config(tiny.config())
    record = json.loads(run.config_file.read_text()) | {"scored": True}
    run.config_file.write_text(json.dumps(record))
    with pytest.raises(GanvasError, match="has no field 'scored'"):
        run.read_config()


def test_events_can_be_truncated(tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert run.events_size() == 0
    run.append_event(Note("kept"))
    size = run.events_size()
    run.append_event(Note("lost"))
    run.truncate_events(size)
    run.append_event(Note("again"))
    assert list(replay(run.events_file)) == [Note("kept"), Note("again")]
    run.truncate_events(10**18)  # memory for as much would be taken
    assert run.events_size() > size, "truncating beyond the end must not lengthen the file"


HOLD = """
import sys
from ganvas.runs import Run
with Run(sys.argv[1]).lock():
    sys.stdout.write("held\\n")
    sys.stdout.flush()
    sys.stdin.read()
"""


@pytest.mark.slow
def test_a_second_process_learns_who_writes_here_until_it_is_killed(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    command = [sys.executable, "-c", HOLD, str(run.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(GanvasError, match=rf"is in use by process {other.pid}\.") as caught, run.lock():
            pass
        assert "--out" in caught.value.hint
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    with run.lock():
        assert f"process {os.getpid()}" in (run.folder / ".lock").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has its own locks")
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_drive_without_locks_is_written_to_without(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with Run(tmp_path).lock() as is_locked:
        assert is_locked
    monkeypatch.setattr("fcntl.flock", failing)
    with Run(tmp_path).lock() as is_locked:
        assert not is_locked


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has its own locks")
def test_a_lock_that_fails_for_another_reason_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("fcntl.flock", failing)
    with pytest.raises(OSError, match="Input/output"), Run(tmp_path).lock():
        pass


def test_lock_is_released_after_an_error(tmp_path: Path) -> None:
    run = Run(tmp_path)
    with pytest.raises(RuntimeError), run.lock():
        raise RuntimeError
    with run.lock():
        pass


def test_an_unwritable_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GanvasError, match="Cannot write to"), Run(tmp_path / "file" / "run").lock():
        pass


@pytest.mark.parametrize("name", ["notes.txt", "photo.jpg", "model", ".notes.tmp", "events.jsonl"])
def test_a_folder_that_holds_something_else_is_no_place_for_a_run(tmp_path: Path, name: str) -> None:
    (tmp_path / "skipped.txt").write_text("of an earlier attempt")
    (tmp_path / ".DS_Store").write_bytes(b"")
    (tmp_path / ".config.json.123.tmp").write_bytes(b"half")
    Run(tmp_path).check_free()
    Run(tmp_path / "not there").check_free()
    (tmp_path / name).write_text("somebody's")
    with pytest.raises(GanvasError, match="is not a run, and not empty") as caught:
        Run(tmp_path).check_free()
    assert name in caught.value.message
    assert caught.value.hint.endswith(f"--out {tmp_path}-run"), "not inside: there may be the pictures"


def test_checkpoints_without_their_configuration_are_not_taken_for_another_run(tmp_path: Path) -> None:
    (tmp_path / "checkpoints" / "000000020").mkdir(parents=True)
    with pytest.raises(GanvasError, match="has checkpoints, but no"):
        Run(tmp_path).check_free()


def test_what_a_training_removes_meanwhile_is_no_reason_not_to_read_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, real = Run(tmp_path / "run"), os.scandir
    run.write_config(tiny.config())
    (run.checkpoints / "000000001").mkdir(parents=True)

    def scandir(folder: str) -> object:
        if Path(folder).name == "000000001":
            Path(folder).rmdir()
        return real(folder)

    monkeypatch.setattr("os.scandir", scandir)
    assert run.read_config()
    assert not (run.checkpoints / "000000001").exists(), "nothing was removed"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("place", ["checkpoints/000000001/facts.json", "model/generator.safetensors", "samples/1.png"])
def test_a_pipe_in_a_run_is_not_waited_for(place: str, linked: bool, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.write_config(tiny.config())
    run.read_config()
    path = run.folder / place
    path.parent.mkdir(parents=True)
    pipe = tmp_path / "pipe" if linked else path
    os.mkfifo(pipe)
    if linked:
        path.symlink_to(pipe)
    with pytest.raises(GanvasError, match="is a pipe or a device"):
        run.read_config()


@pytest.mark.parametrize("name", ["config.json", ".lock", "events.jsonl", "samples", "checkpoints", "sampled", "model"])
def test_a_link_among_the_files_of_a_run_is_refused_and_not_followed(tmp_path: Path, name: str) -> None:
    run, private = Run(tmp_path / "run"), tmp_path / "private"
    run.write_config(tiny.config())
    private.write_text("do not touch")
    (run.folder / name).unlink(missing_ok=True)
    (run.folder / name).symlink_to(private)
    with pytest.raises(GanvasError, match="is a link"), run.lock():
        pass
    if name in ("model", "sampled"):  # what is read from, or written into, without the lock
        with pytest.raises(GanvasError, match="is a link"):
            run.read_config()
    assert private.read_text() == "do not touch"
