"""A picture that kills the process that looks at it is proved to be one the next time, remembered, and passed over."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from bad_files import good_folder

from ganvas.cli import main
from ganvas.config import DataConfig
from ganvas.data import open_source, read_overview
from ganvas.data.index import read_entries, write_index
from ganvas.data.killers import KILLERS, Killers
from ganvas.data.looking import looking
from ganvas.data.source import Source, SourceItem

REASON = "its decoder died (signal 11)"


def items_of(source: Source) -> dict[str, SourceItem]:
    return {item.name: item for item in source.items()}


def notes(cache: Path) -> list[Path]:
    return [*(cache / KILLERS).glob("*")]  # none where the folder has gone too


def note_death_at(source: Source, item: SourceItem) -> None:
    """Leave what a process leaves that dies while it looks at an item."""
    killers = Killers(source)
    killers.path.parent.mkdir(exist_ok=True)
    killers.path.write_bytes(killers.to_bytes(item))


def test_nothing_is_left_when_nobody_dies(tmp_path: Path, cache: Path) -> None:
    source = open_source(good_folder(tmp_path / "pictures", 3))
    for item in source.items():
        with looking(source) as begin:
            assert begin(item) == item
            assert Killers(source).looked_at == [item.name, item.stamp]
        assert not cache.exists() or list(cache.iterdir()) == [], "not even a folder"


@pytest.mark.slow
def test_what_was_killed_from_outside_is_no_killer(tmp_path: Path, cache: Path) -> None:
    source = open_source(good_folder(tmp_path / "pictures", 3))
    item = items_of(source)["good0001.png"]
    note_death_at(source, item)
    with looking(source) as begin:
        assert begin(item) == item
    assert notes(cache) == []


def test_a_killer_is_passed_over_until_it_changes(tmp_path: Path) -> None:
    folder = good_folder(tmp_path / "pictures", 18)
    source = open_source(folder)
    item = items_of(source)["good0001.png"]
    killers = Killers(source)
    killers.proved[item.name] = [item.stamp, REASON]
    killers.path.parent.mkdir()
    killers.path.write_bytes(killers.to_bytes())
    with looking(source) as begin:
        assert begin(item).problem == REASON
    index = write_index(source, DataConfig(str(folder), 8, 8, 3), tmp_path / "index")
    assert {entry.name: entry.problem for entry in read_entries(index.path, 0)}[item.name] == REASON
    os.utime(folder / item.name, (1, 1))
    with looking(source) as begin:
        assert not begin(items_of(source)[item.name]).problem


@pytest.mark.parametrize("content", [b"", b"{", b'[0, {"proved": 3}]'])
def test_a_damaged_note_is_none(tmp_path: Path, content: bytes) -> None:
    source = open_source(good_folder(tmp_path / "pictures", 3))
    Killers(source).path.parent.mkdir()
    Killers(source).path.write_bytes(content)
    with looking(source) as begin:
        assert not any(begin(item).problem for item in source.items())


def test_where_no_cache_can_be_kept_pictures_are_looked_at_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "file"))
    assert read_overview(open_source(good_folder(tmp_path / "pictures", 3))).count == 3


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="it has no signals")
def test_a_command_that_died_of_a_picture_passes_it_over_the_next_time(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(f"""
import os
from ganvas.data import chunks, decode, overview
real = decode.read_image
def read_image(content, name, *rest):
    if name == "good0007.png":
        os.kill(os.getpid(), {int(signal.SIGSEGV)})
    return real(content, name, *rest)
chunks.read_image = overview.read_image = read_image
""")
    monkeypatch.syspath_prepend(tmp_path / "site")
    folder = good_folder(tmp_path / "pictures", 20)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    program = f"""
from ganvas.config import DataConfig
from ganvas.data import inspect, open_source, prepare, read_overview
from ganvas.events import run_to_end
folder, found = {str(folder)!r}, [("good0007.png", {REASON!r})]
read_overview(open_source(folder))
assert [*inspect(folder).broken] == found
assert [*run_to_end(prepare(DataConfig(folder, 8, 8, 3), 1)).skipped] == found
"""
    command = [sys.executable, "-c", program]
    codes = [subprocess.run(command, env=environment, check=False).returncode for _ in range(2)]
    assert codes == [-signal.SIGSEGV, 0], "the same command dies at the same picture each time"
    assert main(["cache", "--clear"]) == 0
    assert notes(cache) == []
