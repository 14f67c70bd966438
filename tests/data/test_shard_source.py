"""Shards are read as a stream of pictures, with classes, and what is wrong with one is told with its name."""

import os
from collections import Counter
from pathlib import Path

import pytest
from tar_shards import png, write_set, write_tar

from ganvas.config import DataConfig
from ganvas.data import prepare
from ganvas.data.image_file import UnreadableImageError
from ganvas.data.shard_source import ShardSource
from ganvas.data.sources import FolderSource, open_source
from ganvas.errors import GanvasError, UnreadableNowError
from ganvas.events import Note, run_to_end


def names(place: str | Path) -> list[str]:
    return [item.name for item in open_source(place).items()]


def test_pictures_are_read_with_their_folders_as_classes(tmp_path: Path) -> None:
    source = open_source(write_set(tmp_path / "set", 2, 4, ("cats", "dogs")))
    found = list(source.items())
    assert [item.name for item in found][:2] == ["s-00.tar/cats/0000.png", "s-00.tar/dogs/0001.png"]
    assert source.read("s-01.tar/cats/0006.png") == png(6)
    assert source.classes(Counter(item.group for item in found)) == {"cats": "cats", "dogs": "dogs"}


def test_labels_of_webdataset_are_classes(tmp_path: Path) -> None:
    files = {"000.cls": b"1", "000.png": png(0), "001.png": png(1), "001.cls": b"7\n", "001.txt": b"a caption"}
    source = open_source(write_tar(tmp_path / "a.tar", files))
    groups = Counter(item.group for item in source.items())
    assert source.classes(groups) == {"1": "1", "7": "7"}
    assert source.other_files() == {".txt": 1}


def test_where_a_shard_ends_too_early_is_told_and_what_comes_before_is_used(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", 2, 20)
    broken = folder / "s-01.tar"
    broken.write_bytes(broken.read_bytes()[:9000])
    notes: list[str] = []
    prepared = run_to_end(
        prepare(DataConfig(str(folder), 16, 16), 1), lambda e: notes.append(e.text) if isinstance(e, Note) else None
    )
    assert 20 < prepared.count < 40
    assert [each.name for each in prepared.skipped] == ["s-01.tar"]
    assert any(text.startswith("Shard s-01.tar: truncated") for text in notes), notes


def test_a_shard_that_cannot_be_read_now_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_set(tmp_path / "set", 1, 3)
    source = open_source(folder)
    open_file = Path.open

    def failing(path: Path, *args: object, **kwargs: object) -> object:
        if path.suffix == ".tar":
            raise OSError(5, "Input/output error", str(path))
        return open_file(path, *args, **kwargs)  # type: ignore[arg-type, call-overload]

    monkeypatch.setattr(Path, "open", failing)
    with pytest.raises(UnreadableNowError, match=r"s-00.tar cannot be read now: Input/output error"):
        list(source.items())
    monkeypatch.undo()
    assert len(list(source.items())) == 3
    monkeypatch.setattr(Path, "open", failing)
    with pytest.raises(UnreadableImageError) as caught:
        source.read("s-00.tar/0001.png")
    assert caught.value.temporary


def test_a_shard_is_read_anew_when_it_has_changed(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", {"a.png": png(0)})
    stamp = next(open_source(path).items()).stamp
    os.utime(path, (1, 1))
    assert next(open_source(path).items()).stamp != stamp


def test_patterns_name_shards(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", 3, 1)
    assert names(f"{folder}/s-{{01..02}}.tar") == ["s-01.tar/0001.png", "s-02.tar/0002.png"]
    assert names(f"{folder}/s-*.tar") == names(folder) == names(f"{folder}/s-{{00,01,02}}.tar")
    assert names(f"{folder}/s-01.tar") == ["s-01.tar/0001.png"]
    with pytest.raises(GanvasError, match=r"There is no shard .*s-03.tar"):
        open_source(f"{folder}/s-{{02..03}}.tar")
    with pytest.raises(GanvasError, match=r"does not name \.tar files"):
        open_source(f"{folder}/*.jpg")


def test_shards_of_one_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_set(tmp_path / name, 1, 2)
    found = names(f"{tmp_path}/{{a,b}}/s-00.tar")
    assert len(set(found)) == 4, found


def test_a_tar_among_pictures_makes_no_shards_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(png(0))
    write_tar(tmp_path / "old.tar", {"a.png": png(1)})
    assert isinstance(open_source(tmp_path), FolderSource)
    assert isinstance(open_source(write_set(tmp_path / "set", 1, 1)), ShardSource)
