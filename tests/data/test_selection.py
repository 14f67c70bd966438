"""Only some pictures of a source: those of a shape, and a random number of them."""

import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bad_files import good_folder, oriented, photograph

import ganvas
from ganvas.config import DataConfig
from ganvas.data import inspect, open_source, prepare, read_overview
from ganvas.data.image_file import UnreadableImageError, read_header
from ganvas.data.prepare import fingerprint_of
from ganvas.data.selection import within_limit
from ganvas.data.shape_filter import check_shape, has_shape
from ganvas.errors import GanvasError
from ganvas.events import Note

Finish = Callable[..., tuple[list[Any], Any]]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Return a folder of 20 pictures of 4:3, 10 squares, and 6 that are tall."""
    folder = good_folder(tmp_path / "pics", 20)
    for number in range(16):
        size = (48, 48) if number < 10 else (20, 60)
        photograph(100 + number, *size).save(folder / f"other{number:02d}.png")
    return folder


def chosen(folder: Path, limit: int, seed: int = 0, aspect: tuple[float, float] | None = None) -> set[str]:
    source = open_source(folder)
    is_used = within_limit(source, DataConfig(str(folder), aspect=aspect, limit=limit, limit_seed=seed))
    return {item.name for item in source.items() if is_used(item.name)}


def test_a_shape_is_that_of_the_upright_picture(tmp_path: Path) -> None:
    photograph(0, 80, 100).save(tmp_path / "exact.png")
    header = read_header(tmp_path / "exact.png")
    assert has_shape(header, (0.8, 1.25))
    assert has_shape(header, None)
    assert not has_shape(header, (0.81, 1.25))
    wide = tmp_path / "turned.jpg"
    photograph(0, 100, 50).save(wide, exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0")
    with pytest.raises(UnreadableImageError, match=r"of a shape that is left out \(50x100 px\)"):
        check_shape(wide, "turned.jpg", (1.5, 3))
    check_shape(wide, "turned.jpg", (0.4, 0.6))
    check_shape(oriented(6), "square.jpg", (1, 1))


def test_other_shapes_are_left_out_and_named(pictures: Path, finish: Finish) -> None:
    config = DataConfig(str(pictures), 16, 16, aspect=(0.9, 1.4))
    events, prepared = finish(prepare(config, 1))
    assert prepared.count == 30
    assert {file.name for file in prepared.skipped} == {f"other{number}.png" for number in range(10, 16)}
    assert prepared.skipped[0].reason == "of a shape that is left out (20x60 px)"
    assert "6 of 36 files were skipped: 6 of a shape that is left out." in [
        event.text for event in events if isinstance(event, Note)
    ]
    inspection = inspect(pictures, aspect=(0.9, 1.4))
    assert (inspection.usable, inspection.other_shapes, inspection.broken_count) == (30, 6, 0)
    assert inspection.heights.greatest == 48, "what is left out is not measured"
    assert any("6 pictures of other shapes will be left out" in warning for warning in inspection.warnings)
    assert inspection.overview == read_overview(open_source(pictures), (0.9, 1.4))
    assert inspection.overview.count == 30


def test_a_limit_leaves_so_many_good_ones(pictures: Path, finish: Finish) -> None:
    for number in range(8):
        (pictures / f"broken{number}.png").write_bytes(b"no picture")
    events, prepared = finish(prepare(DataConfig(str(pictures), 16, 16, limit=18, aspect=(0.9, 1.4)), 1))
    assert prepared.count == 18, "broken ones and other shapes do not count"
    texts = [event.text for event in events if isinstance(event, Note)]
    assert texts[-2 if prepared.skipped else -1].startswith("Of 44 pictures, 18 were chosen at random, by seed 0")
    assert len(prepared.skipped) < 14, "what is not chosen is not named picture by picture"
    again, found = finish(prepare(DataConfig(str(pictures), 16, 16, limit=18, aspect=(0.9, 1.4)), 1))
    assert np.array_equal(found.images, prepared.images)
    assert [event.text for event in again if isinstance(event, Note)] == texts, "a set from the cache says it too"
    inspection = inspect(pictures, aspect=(0.9, 1.4), limit=18)
    assert (inspection.usable, inspection.not_chosen, inspection.overview.count) == (18, 12, 18)


def test_the_choice_is_by_seed_and_name_alone(pictures: Path, tmp_path: Path) -> None:
    first = chosen(pictures, 12)
    assert len(first) == 12
    assert chosen(pictures, 12, seed=1) != first
    shutil.copytree(pictures, tmp_path / "copy")
    with zipfile.ZipFile(tmp_path / "pics.zip", "w") as archive:
        for path in sorted(pictures.iterdir(), reverse=True):
            archive.write(path, path.name)
    assert chosen(tmp_path / "copy", 12) == chosen(tmp_path / "pics.zip", 12) == first
    good_folder(tmp_path / "copy" / "more", 3)
    assert len(first & chosen(tmp_path / "copy", 12)) >= 9, "three more pictures replace three at most"
    assert chosen(pictures, 13) > first, "a greater limit adds to them"
    assert len(chosen(pictures, 36)) == len(chosen(pictures, 1000)) == 36


def test_every_picture_has_the_same_chance(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((40, 4, 4), np.uint8))
    counts = np.zeros(40, int)
    for seed in range(200):
        counts[[int(name) for name in chosen(tmp_path / "a.npy", 10, seed)]] += 1
    assert counts.sum() == 2000
    assert counts.min() > 25, "each is chosen 50 times, give or take 6"
    assert counts.max() < 75


def test_sets_that_differ_in_shape_or_limit_are_kept_apart(pictures: Path, finish: Finish) -> None:
    plain = DataConfig(str(pictures), 16, 16)
    configs = [
        plain, replace(plain, aspect=(0.9, 1.4)), replace(plain, aspect=(0.9, 1.5)), replace(plain, limit=20),
        replace(plain, limit=21), replace(plain, limit=20, limit_seed=1), replace(plain, fit="top"),
        replace(plain, fit="entropy"),
    ]  # fmt: skip
    prepared = [finish(prepare(config, 1))[1] for config in configs]
    assert len({each.fingerprint for each in prepared}) == len(configs)
    assert [each.fingerprint for each in prepared] == [*map(fingerprint_of, configs)]
    assert len({each.content for each in prepared[:2]}) == 2, "other pictures are another set"
    assert prepared[0].content == prepared[-1].content, "cropped elsewhere, they are the same pictures"


def test_too_few_are_left(pictures: Path, finish: Finish) -> None:
    with pytest.raises(GanvasError, match=r"only 10 of 36 .* can be used: 26 of a shape that is left out") as caught:
        finish(prepare(DataConfig(str(pictures), 16, 16, aspect=(1, 1)), 1))
    assert "--aspect" in caught.value.hint
    assert inspect(pictures, aspect=(5, 6)).usable == 0
    assert read_overview(open_source(pictures), (5, 6)).count == 0


def test_few_of_a_shape_are_looked_for_in_more_headers(tmp_path: Path) -> None:
    for number in range(400):
        photograph(number, *((8, 8) if number % 4 == 0 else (8, 16))).save(tmp_path / f"{number:03d}.png")
    overview = read_overview(open_source(tmp_path), (1, 1))
    assert overview.count == 100
    assert (overview.width, overview.height) == (32, 32)


def test_from_python(pictures: Path) -> None:
    assert ganvas.inspect(pictures, aspect="0.9-1.4", limit=20).usable == 20
    assert ganvas.plan(
        pictures, recipe="fc", size="16", aspect="0.9-1.4", limit=20, images=100
    ).config.data == DataConfig(str(pictures), 16, 16, drop_copies=True, aspect=(0.9, 1.4), limit=20)
    for options, message in (
        ({"aspect": "1.25-0.8"}, "'1.25-0.8' is no range of shapes"),
        ({"aspect": "1"}, "no range of shapes"),
        ({"aspect": "0-1"}, "no range of shapes"),
        ({"aspect": "-1-2"}, "no range of shapes"),
        ({"limit": 15}, "--limit must be 16 or more, not 15"),
        ({"limit": 20.5}, "--limit must be a whole number"),
    ):
        with pytest.raises(GanvasError, match=message) as caught:
            ganvas.inspect(pictures, **options)
        assert caught.value.hint
