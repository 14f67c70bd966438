"""The cache is listed and removed, the longest unused first, and never what a process works with."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from bad_files import good_folder

from ganvas.cli import main
from ganvas.config import DataConfig
from ganvas.data import PreparedDataset, prepare
from ganvas.data.cached_sets import cached_sets, parse_bytes, release_locks, remove_beyond
from ganvas.errors import GanvasError
from ganvas.events import Event, Note, run_to_end

DAY = 86_400
SIDE = 16


def prepared_set(folder: Path, side: int = SIDE) -> None:
    run_to_end(prepare(DataConfig(str(folder), side, side), workers=1))


@pytest.fixture
def sets(tmp_path: Path, cache: Path) -> list[Path]:
    """Return three prepared sets of one folder, the first used last, the last unused for ten days."""
    folder = good_folder(tmp_path / "pictures", 20)
    for side in (SIDE, 2 * SIDE, 3 * SIDE):
        prepared_set(folder, side)
    release_locks()
    found = sorted((each.path for each in cached_sets(cache)), key=lambda path: (path / "pictures").stat().st_size)
    for age, path in enumerate(found):
        when = time.time() - 5 * DAY * age
        os.utime(path / "record.json", (when, when))
    return found


def test_what_is_there_is_listed_the_last_used_first(sets: list[Path], cache: Path, tmp_path: Path) -> None:
    listed = cached_sets(cache)
    assert [each.path for each in listed] == sets
    assert [each.unused_days for each in listed] == [0, 5, 10]
    assert listed[0].content == f"20 pictures of {SIDE}x{SIDE} from {tmp_path / 'pictures'}"
    assert all(each.size > 20 * 3 * SIDE * SIDE for each in listed)
    assert not any(each.is_used for each in listed)


def test_the_longest_unused_go_first_until_the_rest_fits(sets: list[Path], cache: Path) -> None:
    sizes = [each.size for each in cached_sets(cache)]
    assert [each.path for each in remove_beyond(cache, sum(sizes))] == []
    assert [each.path for each in remove_beyond(cache, sum(sizes) - 1)] == sets[:1:-1]
    assert [each.path for each in cached_sets(cache)] == sets[:2]
    assert [each.path for each in remove_beyond(cache, 0)] == sets[1::-1]


def test_what_this_process_uses_stays(sets: list[Path], cache: Path, tmp_path: Path) -> None:
    prepared_set(tmp_path / "pictures", 3 * SIDE)  # from the cache
    assert cached_sets(cache)[0].path == sets[2], "it is used now"
    assert cached_sets(cache)[0].is_used
    remove_beyond(cache, 0)
    assert [each.path for each in cached_sets(cache)] == [sets[2]]
    release_locks()


def test_what_another_process_uses_stays(sets: list[Path], cache: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from ganvas.data.cached_sets import mark_used;"
        "mark_used(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(sets[1])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        remove_beyond(cache, 0)
        assert [each.path for each in cached_sets(cache)] == [sets[1]]
        other.communicate("")
    remove_beyond(cache, 0)
    assert not cached_sets(cache)


def test_old_sets_go_by_themselves_above_a_limit(
    sets: list[Path],
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    finish: Callable[..., tuple[list[Event], object]],
) -> None:
    monkeypatch.setenv("GANVAS_CACHE_LIMIT", str(sum(each.size for each in cached_sets(cache))))
    events, _ = finish(prepare(DataConfig(str(tmp_path / "pictures"), 8, 8), workers=1))
    assert sets[2] not in [each.path for each in cached_sets(cache)]
    assert any("were removed that were not used for long" in event.text for event in events if isinstance(event, Note))
    release_locks()


def test_what_was_not_prepared_to_the_end_and_features_are_listed_too(cache: Path) -> None:
    name = "0123456789abcdef" * 2
    (cache / f"{name}.partial").mkdir(parents=True)
    (cache / f"{name}.partial" / "pictures").write_bytes(bytes(100))
    (cache / "features").mkdir()
    (cache / "features" / f"{name}.safetensors").write_bytes(bytes(50))
    assert {each.content: each.size for each in cached_sets(cache)} == {
        "pictures that were not prepared to the end": 100,
        "features of real pictures, for scores": 50,
    }
    remove_beyond(cache, 0)
    assert not cached_sets(cache)


def killed_index(cache: Path, name: str = "index-k1ll3d_x", days: float = 0) -> Path:
    """Return a folder that a killed process has left in the cache."""
    folder = cache / name
    folder.mkdir()
    for file in ("index.jsonl", "lock"):
        (folder / file).write_bytes(b"")
    when = time.time() - days * DAY
    os.utime(folder, (when, when))
    return folder


def test_what_killed_runs_left_is_listed_and_removed(cache: Path) -> None:
    killed_index(cache)
    (cache / f"{'0' * 32}.partial").mkdir()
    assert sorted(each.content for each in cached_sets(cache)) == [
        "a list of pictures to prepare",
        "pictures that were not prepared to the end",
    ]
    assert main(["cache", "--clear"]) == 0
    assert not list(cache.iterdir())


def test_what_a_running_process_prepares_stays(
    tmp_path: Path, cache: Path, finish: Callable[..., tuple[list[Event], PreparedDataset]]
) -> None:
    preparing = prepare(DataConfig(str(good_folder(tmp_path / "pictures", 20)), SIDE, SIDE), workers=1)
    next(preparing)
    assert len([each for each in cached_sets(cache) if each.is_used]) == 2, "its list of pictures, and the set"
    assert not remove_beyond(cache, 0)
    assert finish(preparing)[1].count == 20
    release_locks()


def test_what_was_left_long_ago_goes_by_itself(tmp_path: Path, cache: Path) -> None:
    old, new = killed_index(cache, days=1.5), killed_index(cache, "index-abcdefgh")
    prepared_set(good_folder(tmp_path / "pictures", 20))
    assert not old.exists()
    assert new.exists(), "it might belong to a process that runs"
    release_locks()


def test_locks_go_with_their_sets(sets: list[Path], cache: Path) -> None:
    remove_beyond(cache, sum(each.size for each in cached_sets(cache)) - 1)
    assert {file.name.partition(".")[0] for file in (cache / "locks").iterdir()} == {path.name for path in sets[:2]}
    remove_beyond(cache, 0)
    assert not list((cache / "locks").iterdir())


def test_other_files_in_the_folder_are_left_alone(cache: Path) -> None:
    for mine in ("mine/pictures", "features/mine.npy", "mine.partial/pictures", "index-pictures/a.png", "locks/mine"):
        (cache / mine).parent.mkdir(parents=True, exist_ok=True)
        (cache / mine).write_bytes(b"mine")
    np.save(cache / "mine" / "a.npy", np.zeros(3))
    (cache / "note.txt").write_text("mine")
    assert not cached_sets(cache)
    remove_beyond(cache, 0)
    assert (cache / "mine" / "a.npy").exists()
    assert (cache / "features" / "mine.npy").exists()
    assert (cache / "index-pictures" / "a.png").exists()
    assert (cache / "locks" / "mine").exists()


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert cached_sets(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5GB", 5 * 10**9), ("500 mb", 5 * 10**8), ("1.5g", 15 * 10**8), ("0", 0), ("12", 12), ("2TB", 2 * 10**12)],
)
def test_sizes_are_read(text: str, expected: int) -> None:
    assert parse_bytes(text) == expected


@pytest.mark.parametrize("text", ["", "GB", "five", "-1GB", "5 apples", "1e3"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(GanvasError, match="is not a size"):
        parse_bytes(text)


def test_the_command(sets: list[Path], cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache"]) == 0
    listed = capsys.readouterr().err
    assert "20 pictures of" in listed
    assert "10 days ago" in listed
    assert main(["cache", "--keep", "1KB"]) == 0
    assert "Removed: 3" in capsys.readouterr().err
    assert main(["cache", "--clear", "--keep", "1GB"]) == 1
    assert main(["cache", "--json"]) == 0
    assert '"sets": []' in capsys.readouterr().out
