"""Pictures are packed whole, fairly dealt, and an interruption leaves nothing half-written."""

import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from tar_shards import png, write_set

from ganvas.data.shard_list import MANIFEST, read_manifest
from ganvas.data.sources import open_source
from ganvas.data.windows import read_shards
from ganvas.data.write_shards import Written, write_shards
from ganvas.errors import GanvasError
from ganvas.events import Progress, run_to_end

SIZE = 30_000  # bytes: some 20 pictures


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(100):
        path = tmp_path / "pics" / ("cats" if number < 50 else "dogs") / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(number))
    return tmp_path / "pics"


def shard(pictures: Path, out: Path, size: int = SIZE) -> Written:
    return run_to_end(write_shards(pictures, out, size))


def contents(place: Path) -> dict[str, bytes]:
    source = open_source(place)
    found = {item.name.partition(".tar/")[2] or item.name: source.read(item.name) for item in source.items()}
    return {name: each if isinstance(each, bytes) else Path(str(each)).read_bytes() for name, each in found.items()}


def test_all_pictures_are_there_once_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    written = shard(folder, tmp_path / "out")
    assert written.shards > 3
    assert written.pictures == 100
    assert contents(tmp_path / "out") == contents(folder)
    assert sum(1 for _ in open_source(tmp_path / "out").items()) == 100, "a picture is there twice"


def test_each_shard_is_a_fair_sample(folder: Path, tmp_path: Path) -> None:
    shard(folder, tmp_path / "out")
    for path in (tmp_path / "out").glob("*.tar"):
        groups = Counter(item.group for item in open_source(path).items())
        assert abs(groups["cats"] - groups["dogs"]) <= 2, groups


def test_webdataset_and_tarfile_can_read_them(folder: Path, tmp_path: Path) -> None:
    shard(folder, tmp_path / "out")
    with tarfile.open(tmp_path / "out" / "shard-00000.tar") as tar:
        names = tar.getnames()
    assert names == sorted(names)
    assert all(name.startswith(("cats/", "dogs/")) for name in names)


def test_what_is_said_of_the_shards_is_true(folder: Path, tmp_path: Path) -> None:
    shard(folder, tmp_path / "out")
    told = read_shards(str(tmp_path / "out"))
    (tmp_path / "out" / MANIFEST).unlink()
    assert told == read_shards(str(tmp_path / "out"))


def test_an_interruption_leaves_whole_shards_and_the_same_command_goes_on(folder: Path, tmp_path: Path) -> None:
    shard(folder, tmp_path / "whole")
    out = tmp_path / "out"
    events = write_shards(folder, out, SIZE)
    for event in events:
        if isinstance(event, Progress) and len(list(out.glob("*.tar"))) == 2:
            break
    events.close()
    there = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    assert {name.rpartition(".")[2] for name in there} == {"tar", "json"}, "something half-written is left"
    with pytest.raises(GanvasError, match="are not complete"):
        open_source(out)
    shard(folder, out)
    assert {path.name for path in out.iterdir()} == {path.name for path in (tmp_path / "whole").iterdir()}
    for path in out.iterdir():
        assert path.read_bytes() == (tmp_path / "whole" / path.name).read_bytes()
        assert path.suffix == ".json" or path.stat().st_mtime_ns == there.get(path.name, path.stat().st_mtime_ns)


def test_nothing_of_others_is_overwritten(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(GanvasError, match="holds something else"):
        shard(folder, tmp_path / "mine")
    shard(folder, tmp_path / "out")
    with pytest.raises(GanvasError, match="of other pictures, or of another --size"):
        shard(folder, tmp_path / "out", 2 * SIZE)


def test_zips_arrays_and_other_shards_are_packed_too(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in sorted(folder.rglob("*.png")):
            archive.write(path, path.relative_to(folder))
    shard(tmp_path / "a.zip", tmp_path / "from-zip")
    assert contents(tmp_path / "from-zip") == contents(folder)
    np.save(tmp_path / "a.npy", np.random.default_rng(0).integers(0, 255, (20, 16, 16, 3), np.uint8))
    assert shard(tmp_path / "a.npy", tmp_path / "from-npy").pictures == 20
    write_set(tmp_path / "set", 2, 30, ("x", "y"))
    assert shard(tmp_path / "set", tmp_path / "again").pictures == 60
    assert sorted(contents(tmp_path / "again").values()) == sorted(contents(tmp_path / "set").values())
    assert Counter(item.group for item in open_source(tmp_path / "again").items()) == {"x": 30, "y": 30}


def test_pictures_that_cannot_be_read_are_counted(folder: Path, tmp_path: Path) -> None:
    (folder / "cats" / "gone.png").symlink_to(tmp_path / "nowhere")
    written = shard(folder, tmp_path / "out")
    assert (written.pictures, written.skipped) == (100, 1)


@pytest.mark.parametrize("name", ["../a.tar", "/etc/a.tar", "a.png", ""])
def test_a_strangers_list_names_nothing_elsewhere(folder: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / MANIFEST).write_text(f'{{"of": "x", "complete": true, "shards": [["{name}", 1, 1]]}}')
    assert read_manifest(str(tmp_path)) is None
