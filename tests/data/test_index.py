"""The index can be read chunk by chunk, and its fingerprint changes with everything that matters."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bad_files import good_folder, odd_names, quarters

from ganvas.config import DataConfig
from ganvas.data.index import CHUNK_SIZE, read_entries, write_index
from ganvas.data.source import Source, SourceItem
from ganvas.data.sources import open_source


def fingerprint(folder: Path, scratch: Path, **changes: object) -> str:
    config = replace(DataConfig(str(folder)), **changes)
    return write_index(open_source(folder), config, scratch / "index").fingerprint


def test_every_chunk_begins_where_it_says(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((2 * CHUNK_SIZE + 5, 4, 4), np.uint8))
    index = write_index(open_source(tmp_path / "a.npy"), DataConfig(""), tmp_path / "index")
    assert (index.count, index.chunk_count) == (2 * CHUNK_SIZE + 5, 3)
    for chunk, start in enumerate(index.starts):
        assert next(read_entries(index.path, start)).name == f"{chunk * CHUNK_SIZE:06d}"
    assert len(list(index.entries(2))) == 5


class FixedSource(Source):
    """A source whose items never change."""

    kind = "folder"

    def items(self) -> Iterator[SourceItem]:
        yield SourceItem("cats/01.png", "cats", "1234-5678")
        yield SourceItem("dogs/02.png", "dogs", "99-1")
        yield SourceItem("dogs/03.png", "dogs", "", "cannot be read (permission denied)")

    def read(self, name: str) -> Path:
        return self.path / name


def test_fingerprint_is_the_same_in_every_release(tmp_path: Path) -> None:
    config = DataConfig("anywhere", 24, 32, 1, "black", "pad")
    written = write_index(FixedSource(Path("anywhere")), config, tmp_path / "index")
    assert written.fingerprint == "2ba3861d408e6d22a7ee78427e4ab85f", "every cached dataset would be decoded again"


def test_odd_names_come_back(tmp_path: Path) -> None:
    names = [os.fsdecode(name) for name in odd_names()]
    (tmp_path / "pics").mkdir()
    for name in names:
        quarters().save(tmp_path / "plain.png")
        (tmp_path / "plain.png").rename(tmp_path / "pics" / name)
    index = write_index(open_source(tmp_path / "pics"), DataConfig(""), tmp_path / "index")
    assert sorted(entry.name for entry in index.entries()) == sorted(names)


@pytest.mark.parametrize(
    "change", [{"height": 33}, {"width": 33}, {"channels": 1}, {"background": "black"}, {"fit": "pad"}]
)
def test_fingerprint_changes_with_the_pixel_settings(tmp_path: Path, change: dict[str, object]) -> None:
    folder = good_folder(tmp_path / "pics", 2)
    assert fingerprint(folder, tmp_path, **change) != fingerprint(folder, tmp_path)


def test_fingerprint_stays_when_nothing_that_matters_changes(tmp_path: Path) -> None:
    folder = good_folder(tmp_path / "pics", 2)
    before = fingerprint(folder, tmp_path)
    assert fingerprint(folder, tmp_path, conditional=True) == before
    (folder / "notes.txt").write_text("not a picture")
    assert fingerprint(folder, tmp_path) == before
    folder.rename(tmp_path / "moved")
    assert fingerprint(tmp_path / "moved", tmp_path) == before


def test_fingerprint_changes_with_the_files(tmp_path: Path) -> None:
    folder = good_folder(tmp_path / "pics", 2)
    fingerprints = {fingerprint(folder, tmp_path)}
    os.utime(folder / "good0000.png", (1, 1))
    fingerprints.add(fingerprint(folder, tmp_path))
    (folder / "good0000.png").rename(folder / "other.png")
    fingerprints.add(fingerprint(folder, tmp_path))
    (folder / "other.png").unlink()
    fingerprints.add(fingerprint(folder, tmp_path))
    assert len(fingerprints) == 4, "a changed folder would be taken from the cache"
