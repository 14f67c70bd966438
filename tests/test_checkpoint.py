"""Checkpoints are complete or absent, and loading cannot run code."""

import errno
import hashlib
import io
import json
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ganvas import checkpoint
from ganvas.checkpoint import FACTS, MANIFEST, STATE, list_checkpoints, load, load_newest, prune, put_aside, save
from ganvas.errors import GanvasError


def state(value: float) -> dict[str, Tensor]:
    return {
        "a/weight": torch.full((3, 5, 2, 2), float(value)).to(memory_format=torch.channels_last),
        "a/count": torch.tensor(7),
        "b": torch.tensor([1.5, -0.0]),
    }


def write(folder: Path, step: int) -> Path:
    return save(folder, step, state(step), {"step": step, "nested": {"x": [1.5, 2]}})


def test_folders_that_are_no_checkpoints_are_passed_over(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        save(tmp_path, step, {"a": torch.zeros(1)}, {})
    (tmp_path / "999999999").mkdir()
    (tmp_path / "2 copy").mkdir()
    assert [path.name for path in list_checkpoints(tmp_path)] == ["000000001", "000000002", "000000003"]
    newest = load_newest(tmp_path)
    assert newest is not None
    assert newest[2] == (), "an empty folder is no damage"
    (tmp_path / "999999999" / "state.safetensors").write_bytes(b"half")
    newest = load_newest(tmp_path)
    assert newest is not None
    assert [each.path.name for each in newest[2]] == ["999999999"]
    prune(tmp_path, keep=2)
    whole = [path.name for path in list_checkpoints(tmp_path)]
    assert whole == ["000000002", "000000003", "999999999"], "the damaged one takes the place of none"


def test_everything_comes_back(tmp_path: Path) -> None:
    tensors, facts = load(write(tmp_path, 12))
    assert facts == {"step": 12, "nested": {"x": [1.5, 2]}}
    assert tensors.keys() == state(12).keys()
    for name, expected in state(12).items():
        assert torch.equal(tensors[name], expected)
        assert tensors[name].dtype == expected.dtype
    assert [path.name for path in tmp_path.iterdir()] == ["000000012"]


def test_newest_of_none(tmp_path: Path) -> None:
    assert load_newest(tmp_path) is None
    assert load_newest(tmp_path / "nowhere") is None


def test_newest_is_by_number_of_steps(tmp_path: Path) -> None:
    for step in (9, 1000, 100):
        write(tmp_path, step)
    newest = load_newest(tmp_path)
    assert newest is not None
    assert newest[1]["step"] == 1000
    assert newest[2] == ()
    assert [int(path.name) for path in list_checkpoints(tmp_path)] == [9, 100, 1000]


class Crash(BaseException):
    """Stands for the end of the process: nothing catches it."""


def count_calls(action: Any) -> list[str]:
    """Return the names of the functions that write, in the order in which `action` calls them."""
    calls: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in WRITERS:
            real = getattr(owner, name)

            def spy(*args: Any, _real: Any = real, _name: str = name, **kwargs: Any) -> Any:
                calls.append(_name)
                return _real(*args, **kwargs)

            patch.setattr(owner, name, spy)
        action()
    return calls


WRITERS = [
    (checkpoint, "save_file"),
    (Path, "mkdir"),
    (Path, "write_text"),
    (Path, "rename"),
    (os, "fsync"),
    (shutil, "rmtree"),
]


def crash_at(number: int, error: BaseException, patch: pytest.MonkeyPatch, after: bool, writers: Any = None) -> None:
    """Have the `number`-th writing call fail, before or after it has done its work; all later ones fail too."""
    left = [number]
    for owner, name in writers or WRITERS:
        real = getattr(owner, name)

        def failing(*args: Any, _real: Any = real, **kwargs: Any) -> Any:
            left[0] -= 1
            if left[0] == 0 and after:
                _real(*args, **kwargs)
            if left[0] <= 0:
                raise error
            return _real(*args, **kwargs)

        patch.setattr(owner, name, failing)


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
def test_a_crash_at_any_stage_leaves_a_valid_checkpoint(after: bool, tmp_path: Path) -> None:
    write(tmp_path / "dry", 1)
    calls = count_calls(lambda: write(tmp_path / "dry", 2))
    assert calls.count("fsync") >= 4, "files, manifest and folder are synced"
    assert calls.index("rename") > max(index for index, name in enumerate(calls) if name == "write_text")
    for number in range(1, len(calls) + 1):
        folder = tmp_path / f"{number}"
        write(folder, 1)
        with pytest.MonkeyPatch.context() as patch:
            crash_at(number, Crash(), patch, after)
            with pytest.raises(Crash):
                write(folder, 2)
        newest = load_newest(folder)
        assert newest is not None, f"nothing is left after a crash at {calls[number - 1]}"
        tensors, facts, damaged = newest
        assert not damaged, f"a partial checkpoint was visible after a crash at {calls[number - 1]}"
        assert torch.equal(tensors["a/weight"], state(facts["step"])["a/weight"])
        write(folder, 2)
        prune(folder, 3)
        assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == [], "litter of the crash"
        again = load_newest(folder)
        assert again is not None
        assert again[1]["step"] == 2


def test_a_full_disk_is_an_error_and_the_older_one_stays(tmp_path: Path) -> None:
    write(tmp_path / "dry", 1)
    calls = [name for name in count_calls(lambda: write(tmp_path / "dry", 2)) if name != "rmtree"]  # needs no space
    write(tmp_path / "run", 1)
    for number in range(1, len(calls) + 1):
        with pytest.MonkeyPatch.context() as patch:
            crash_at(number, OSError(28, "No space left on device"), patch, after=False, writers=WRITERS[:-1])
            with pytest.raises(GanvasError) as caught:
                write(tmp_path / "run", 2)
        assert "No space left" in caught.value.message
        assert "disk space" in caught.value.hint
        newest = load_newest(tmp_path / "run")
        assert newest is not None, f"the older checkpoint is gone after a full disk at {calls[number - 1]}"
        assert not newest[2]
        shutil.rmtree(tmp_path / "run" / "000000002", ignore_errors=True)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_nan_and_infinity_are_never_written(bad: float, tmp_path: Path) -> None:
    write(tmp_path, 1)
    tensors = state(2)
    tensors["a/weight"][2, 4, 1, 0] = bad
    with pytest.raises(GanvasError, match="a/weight has NaN or infinity after step 2"):
        save(tmp_path, 2, tensors, {})
    assert [path.name for path in tmp_path.iterdir()] == ["000000001"]


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


class Bomb:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, ("exploded",)


def bomb() -> bytes:
    buffer = io.BytesIO()
    torch.save({"a": Bomb()}, buffer)
    return buffer.getvalue()


def promise(path: Path) -> None:
    """Make the manifest agree with the files, as an attacker would."""
    hashes = {name: hashlib.sha256((path / name).read_bytes()).hexdigest() for name in (STATE, FACTS)}
    (path / MANIFEST).write_text(json.dumps(hashes))


DAMAGES = {
    "first byte": lambda path: flip(path / STATE, 0),
    "middle byte": lambda path: flip(path / STATE, (path / STATE).stat().st_size // 2),
    "last byte": lambda path: flip(path / STATE, -1),
    "fact": lambda path: flip(path / FACTS, 3),
    "manifest": lambda path: flip(path / MANIFEST, 30),
    "truncated": lambda path: os.truncate(path / STATE, 100),
    "empty": lambda path: os.truncate(path / STATE, 0),
    "no state": lambda path: (path / STATE).unlink(),
    "no facts": lambda path: (path / FACTS).unlink(),
    "no manifest": lambda path: (path / MANIFEST).unlink(),
    "manifest is a list": lambda path: (path / MANIFEST).write_text("[]"),
    "manifest is text": lambda path: (path / MANIFEST).write_text("hello"),
    "manifest is bytes": lambda path: (path / MANIFEST).write_bytes(b"\xff\xfe\x00"),
    "pickle bomb": lambda path: (path / STATE).write_bytes(bomb()),
    "promised pickle bomb": lambda path: ((path / STATE).write_bytes(bomb()), promise(path)),
    "promised bare pickle": lambda path: ((path / STATE).write_bytes(pickle.dumps(Bomb())), promise(path)),
    "promised pickle as facts": lambda path: ((path / FACTS).write_bytes(pickle.dumps(Bomb())), promise(path)),
    "promised rubbish": lambda path: ((path / STATE).write_bytes(b"rubbish" * 99), promise(path)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_an_error_nothing_is_executed_and_the_next_older_is_used(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "checkpoints"
    write(folder, 1)
    path = write(folder, 2)
    DAMAGES[damage](path)
    with pytest.raises(GanvasError, match="000000002") as caught:
        load(path)
    assert "older checkpoint" in caught.value.hint
    newest = load_newest(folder)
    assert newest is not None
    assert newest[1]["step"] == 1
    assert [damaged.path for damaged in newest[2]] == [path]
    assert "000000002" in newest[2][0].reason
    assert not (tmp_path / "exploded").exists(), "a pickle was executed"


def test_all_damaged_is_an_error_and_not_a_fresh_start(tmp_path: Path) -> None:
    for step in (1, 2):
        DAMAGES["middle byte"](write(tmp_path, step))
    with pytest.raises(GanvasError, match=r"All 2 checkpoints in .* are damaged"):
        load_newest(tmp_path)


def test_prune_keeps_the_newest_few_and_the_best(tmp_path: Path) -> None:
    for step in range(1, 8):
        write(tmp_path, step)
    (tmp_path / ".000000009.123.tmp").mkdir()
    prune(tmp_path, 3, {2})
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{step:09d}" for step in (2, 5, 6, 7)]
    prune(tmp_path, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{step:09d}" for step in (5, 6, 7)]


def test_a_damaged_one_of_the_same_step_is_replaced_and_a_valid_one_never_removed(tmp_path: Path) -> None:
    path = write(tmp_path, 3)
    DAMAGES["middle byte"](path)
    write(tmp_path, 3)
    assert load(path)[1]["step"] == 3
    before = (path.stat(), (path / STATE).stat())
    assert write(tmp_path, 3) == path
    assert (path.stat(), (path / STATE).stat()) == before, "the only valid checkpoint was removed"


def test_what_cannot_be_read_now_is_not_taken_for_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = write(tmp_path, 1), write(tmp_path, 2)
    real = Path.open

    def failing(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.parent == new:
            raise OSError(errno.EIO, "Input/output error", str(path))
        return real(path, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", failing)
        with pytest.raises(GanvasError, match="cannot be read now: Input/output error"):
            load_newest(tmp_path)
    newest = load_newest(tmp_path)
    assert newest is not None
    assert newest[1]["step"] == 2
    assert old.is_dir()


def test_damaged_checkpoints_are_put_aside_and_nothing_is_deleted(tmp_path: Path) -> None:
    for number in range(2):
        path = write(tmp_path, 7)
        (path / STATE).write_bytes(b"damaged")
        put_aside(path)
        assert not list_checkpoints(tmp_path)
        assert (tmp_path / f"000000007.damaged{number or ''}" / STATE).read_bytes() == b"damaged"
