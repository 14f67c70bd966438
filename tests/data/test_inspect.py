"""What inspect counts is what was put there, and what it advises follows from it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from bad_files import encoded, good_folder, oriented, photograph, quarters, write_all
from hypothesis import given
from hypothesis import strategies as st

from ganvas.data import guess_channels, inspect, open_source
from ganvas.data.inspect import Inspection
from ganvas.data.overview import ReservoirSample
from ganvas.data.sizes import MAX_SIDE, quantiles
from ganvas.data.sources import SourceItem
from ganvas.errors import GanvasError


def said(found: Inspection, words: str) -> bool:
    return any(words in warning for warning in found.warnings)


def test_a_plain_folder(tmp_path: Path) -> None:
    (good_folder(tmp_path, 20) / "notes.txt").write_text("hello")
    found = inspect(tmp_path)
    assert (found.count, found.usable, found.broken, found.others) == (20, 20, (), {".txt": 1})
    assert found.formats == {"PNG": 20}
    assert found.modes == {"RGB": 20}
    assert found.widths == (64, 64, 64, 64, 64)
    assert found.heights.middle == 48
    assert found.shapes.middle == pytest.approx(1.33)
    assert (found.channels, found.width, found.height) == (3, 48, 32), "48 px high and 4:3: the nearest step is 3:2"
    assert said(found, "20 pictures are few")


def test_everything_bad_is_named_with_its_reason(tmp_path: Path) -> None:
    bad, good = write_all(tmp_path / "pics")
    found = inspect(tmp_path / "pics")
    assert found.count == len(bad) + len(good)
    assert {each.name for each in found.broken} == set(bad)
    assert all(each.reason for each in found.broken)
    assert found.broken_count == len(bad)
    assert found.rotated == 7
    assert found.animated == 4
    assert found.cmyk == 2
    assert found.deep == 3
    assert found.mislabelled == 2
    assert found.alpha == 5
    assert said(found, f"{len(bad)} files cannot be used")


def test_result_is_json_through_and_through(tmp_path: Path) -> None:
    write_all(tmp_path / "pics")
    record = inspect(tmp_path / "pics").to_dict()
    again = json.loads(json.dumps(record))
    assert again["usable"] == record["usable"]
    assert again["widths"]["middle"] == record["widths"]["middle"]
    assert again["broken"][0]["reason"]
    json.dumps(record, ensure_ascii=False).encode()  # no half characters from odd file names


def test_copies_are_found_and_named(tmp_path: Path) -> None:
    good_folder(tmp_path, 17)
    shutil.copy(tmp_path / "good0003.png", tmp_path / "other.png")
    shutil.copy(tmp_path / "good0003.png", tmp_path / "third.png")
    photograph(5, 640, 480).resize((64, 48)).save(tmp_path / "similar.webp", lossless=True)
    found = inspect(tmp_path)
    assert found.duplicates == 2
    assert found.duplicate_examples == (("good0003.png", "other.png", "third.png"),)
    assert found.look_alikes >= 3
    assert said(found, "2 pictures are exact copies")


def test_classes_and_their_sizes(tmp_path: Path) -> None:
    good_folder(tmp_path / "cats", 30)
    good_folder(tmp_path / "dogs", 2)
    found = inspect(tmp_path)
    assert found.classes == {"cats": 30, "dogs": 2}
    assert said(found, "'dogs' has 2 of 32")


def test_arrays_are_inspected_too(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).integers(0, 256, (40, 28, 28), np.uint8))
    found = inspect(tmp_path / "a.npy")
    assert (found.kind, found.count, found.channels, found.width) == ("npy", 40, 1, 32)
    assert found.formats == {"array": 40}


def test_orientation_turns_the_sizes(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(oriented(6))
    quarters().resize((100, 50)).save(tmp_path / "b.png")
    (tmp_path / "c.jpg").write_bytes(
        encoded(
            quarters().resize((100, 50)),
            "JPEG",
            exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0",
        )
    )
    found = inspect(tmp_path)
    assert found.rotated == 2
    assert found.heights.greatest == 100, "a portrait was counted as a landscape"


def test_no_pictures_is_an_error_that_names_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.heic").write_bytes(b"x")
    with pytest.raises(GanvasError, match=r"No pictures in .* \(1 .heic file\)"):
        inspect(tmp_path)


def test_it_tells_how_far_it_is(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((200, 8, 8), np.uint8))
    told: list[int] = []
    inspect(tmp_path / "a.npy", told.append)
    assert told == [64, 128, 192]


def test_channels_are_guessed_from_a_few(tmp_path: Path) -> None:
    good_folder(tmp_path / "colour", 3)
    assert guess_channels(open_source(tmp_path / "colour")) == 3
    grey = tmp_path / "grey"
    grey.mkdir()
    for number in range(3):
        photograph(number).convert("L").convert("RGB").save(grey / f"{number}.jpg")
    (grey / "broken.png").write_bytes(b"")
    assert guess_channels(open_source(grey)) == 1
    clear = photograph(1).convert("LA")
    clear.putalpha(100)
    clear.save(grey / "clear.png")
    assert guess_channels(open_source(grey)) == 3, "transparent grey lies on a background of any colour"
    (tmp_path / "empty").mkdir()
    assert guess_channels(open_source(tmp_path / "empty")) == 3


@given(st.lists(st.integers(0, MAX_SIDE - 1), min_size=1, max_size=60))
def test_spread_is_made_of_numbers_that_are_there(numbers: list[int]) -> None:
    spread = quantiles(np.bincount(numbers, minlength=MAX_SIDE))
    assert set(spread) <= set(numbers)
    assert list(spread) == sorted(spread)
    assert (spread.least, spread.greatest) == (min(numbers), max(numbers))
    assert spread.middle == sorted(numbers)[(len(numbers) - 1) // 2]


@given(st.integers(0, 300), st.integers(1, 50))
def test_a_few_are_as_many_as_there_are_and_no_more(count: int, most: int) -> None:
    few = ReservoirSample(most)
    for number in range(count):
        few.add(SourceItem(str(number), "", ""))
    assert len(few.items) == min(count, most)
    assert len({item.name for item in few.items}) == len(few.items)
