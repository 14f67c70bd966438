"""An inspection counts what is there, its recommendations follow, and its overview is that of `read_overview`."""

import json
import os
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bad_files import broken_files, encoded, good_folder, oriented, photograph, quarters, write_all
from hypothesis import given
from hypothesis import strategies as st

from ganvas.data import inspect, open_source, overview, read_overview
from ganvas.data.inspect import Inspection
from ganvas.data.overview import ReservoirSample
from ganvas.data.size_histograms import MAX_SIDE, quantiles
from ganvas.errors import GanvasError

inspecting = sys.modules["ganvas.data.inspect"]  # the module; the package's attribute of that name is the function


def warns(inspection: Inspection, text: str) -> bool:
    return any(text in warning for warning in inspection.warnings)


def test_a_plain_folder(tmp_path: Path) -> None:
    (good_folder(tmp_path, 20) / "notes.txt").write_text("hello")
    inspection = inspect(tmp_path)
    assert (inspection.count, inspection.usable, inspection.broken, inspection.others) == (20, 20, (), {".txt": 1})
    assert inspection.formats == {"PNG": 20}
    assert inspection.modes == {"RGB": 20}
    assert inspection.widths == (64, 64, 64, 64, 64)
    assert inspection.heights.middle == 48
    assert inspection.shapes.middle == pytest.approx(1.33)
    assert (inspection.channels, inspection.width, inspection.height) == (3, 48, 32), (
        "48 px high and 4:3: the nearest step is 3:2"
    )
    assert warns(inspection, "20 pictures are few")


@pytest.mark.slow
def test_everything_bad_is_named_with_its_reason(tmp_path: Path) -> None:
    bad, good = write_all(tmp_path / "pics")
    inspection = inspect(tmp_path / "pics")
    assert inspection.count == len(bad) + len(good)
    assert {file.name for file in inspection.broken} == set(bad)
    assert all(file.reason for file in inspection.broken)
    assert inspection.broken_count == len(bad)
    assert inspection.rotated == 7
    assert inspection.animated == 4
    assert inspection.cmyk == 2
    assert inspection.deep == 3
    assert inspection.mislabelled == 2
    assert inspection.alpha == 5
    assert warns(inspection, f"{len(bad)} files cannot be used")


@pytest.mark.slow
def test_the_record_is_json_throughout(tmp_path: Path) -> None:
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
    inspection = inspect(tmp_path)
    assert inspection.duplicates == 2
    assert inspection.duplicate_examples == (("good0003.png", "other.png", "third.png"),)
    assert inspection.look_alikes >= 3
    assert warns(inspection, "Exact copies of others: 2 pictures")


def test_classes_and_their_sizes(tmp_path: Path) -> None:
    good_folder(tmp_path / "cats", 30)
    good_folder(tmp_path / "dogs", 2)
    inspection = inspect(tmp_path)
    assert inspection.classes == {"cats": 30, "dogs": 2}
    assert warns(inspection, "'dogs' has 2 of 32")


def test_arrays_are_inspected_too(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).integers(0, 256, (40, 28, 28), np.uint8))
    inspection = inspect(tmp_path / "a.npy")
    assert (inspection.kind, inspection.count, inspection.channels, inspection.width) == ("npy", 40, 1, 32)
    assert inspection.formats == {"array": 40}


def test_sizes_are_upright(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(oriented(6))
    quarters().resize((100, 50)).save(tmp_path / "b.png")
    (tmp_path / "c.jpg").write_bytes(
        encoded(
            quarters().resize((100, 50)),
            "JPEG",
            exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0",
        )
    )
    inspection = inspect(tmp_path)
    assert inspection.rotated == 2
    assert inspection.heights.greatest == 100, "a portrait was counted as a landscape"


def test_no_pictures_is_an_error_that_names_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.psd").write_bytes(b"x")
    with pytest.raises(GanvasError, match=r"No pictures in .* \(1 .psd file\)"):
        inspect(tmp_path)


def test_progress_is_reported(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((200, 8, 8), np.uint8))
    counts: list[int] = []
    inspect(tmp_path / "a.npy", counts.append)
    assert counts == [64, 128, 192]


def test_channels_are_guessed_from_a_sample(tmp_path: Path) -> None:
    good_folder(tmp_path / "colour", 3)
    assert not read_overview(open_source(tmp_path / "colour")).gray
    grey = tmp_path / "grey"
    grey.mkdir()
    for number in range(3):
        photograph(number).convert("L").convert("RGB").save(grey / f"{number}.jpg")
    (grey / "broken.png").write_bytes(b"")
    assert read_overview(open_source(grey)).gray
    clear = photograph(1).convert("LA")
    clear.putalpha(100)
    clear.save(grey / "clear.png")
    assert not read_overview(open_source(grey)).gray, "transparent grey lies on a background of any colour"
    (tmp_path / "empty").mkdir()
    assert not read_overview(open_source(tmp_path / "empty")).gray


@given(st.lists(st.integers(0, MAX_SIDE - 1), min_size=1, max_size=60))
def test_quantiles_are_values_that_occur(numbers: list[int]) -> None:
    values = quantiles(np.bincount(numbers, minlength=MAX_SIDE))
    assert set(values) <= set(numbers)
    assert list(values) == sorted(values)
    assert (values.least, values.greatest) == (min(numbers), max(numbers))
    assert values.middle == sorted(numbers)[(len(numbers) - 1) // 2]


@given(st.integers(0, 300), st.integers(1, 50))
def test_a_reservoir_sample_is_full_and_has_no_repeats(count: int, capacity: int) -> None:
    sample = ReservoirSample[int](capacity)
    for number in range(count):
        sample.add(number)
    assert len(sample.items) == min(count, capacity)
    assert len(set(sample.items)) == len(sample.items)


def mixed_folder(folder: Path, seed: int) -> Path:
    """Fill `folder` with 60 pictures: grey, colour or transparent, of several shapes, some broken or truncated."""
    folder.mkdir()
    random = np.random.default_rng(seed)
    broken = list(broken_files().values())
    for number in range(60):
        width, height = (int(side) for side in random.integers(20, 200, 2))
        mode = str(random.choice(["L", "RGB", "RGBA"], p=[0.8, 0.1, 0.1]))
        content = encoded(photograph(number, width, height).convert(mode), "PNG")
        kind = random.choice(["good", "truncated", "broken"], p=[0.7, 0.2, 0.1])
        if kind == "truncated":
            content = encoded(photograph(number, width, height), "JPEG")[:-100]  # its header can be read
        elif kind == "broken":
            content = broken[random.integers(len(broken))][0]
        (folder / f"{number:02d}.png").write_bytes(content)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("limit", [20_000, 50])
@pytest.mark.parametrize("seed", range(6))
def test_the_overview_of_an_inspection_is_that_of_the_source(
    seed: int, limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (inspecting, overview):
        monkeypatch.setattr(module, "OVERVIEW_SAMPLE", 10)
        monkeypatch.setattr(module, "OVERVIEW_LIMIT", limit)
    monkeypatch.setattr(inspecting, "SAMPLE_SIZE", 20)  # so that the two samples differ
    folder = mixed_folder(tmp_path / "pics", seed)
    assert inspect(folder).overview == read_overview(open_source(folder))


@pytest.mark.slow
def test_the_overview_of_odd_sources(tmp_path: Path) -> None:
    write_all(tmp_path / "all")
    good_folder(tmp_path / "good", 3)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.png").write_bytes(b"")
    np.save(tmp_path / "a.npy", np.random.default_rng(0).integers(0, 256, (700, 40, 20), np.uint8))
    for name in ("all", "good", "broken", "a.npy"):
        assert inspect(tmp_path / name).overview == read_overview(open_source(tmp_path / name)), name


class Openings(Counter[str]):
    """How often each file is opened while it listens; Python does not let go of a listener, so it is told to stop."""

    def __enter__(self) -> "Openings":
        self.listening = True
        sys.addaudithook(self.hear)
        return self

    def __exit__(self, *_: object) -> None:
        self.listening = False

    def hear(self, event: str, details: tuple[Any, ...]) -> None:
        if self.listening and event == "open" and not isinstance(details[0], int):
            self[os.fsdecode(details[0])] += 1


@pytest.mark.slow
def test_no_picture_is_read_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspecting, "SAMPLE_SIZE", 20)
    folder = mixed_folder(tmp_path / "pics", 0)
    with Openings() as openings:
        inspection = inspect(folder)
    assert inspection.overview.count == inspection.count == 60
    counts = [openings[str(path)] for path in folder.iterdir()]
    assert max(counts) == 3, "a picture is opened for its header, its hash and, if it is in a sample, its pixels"
    assert 20 < counts.count(3) < 60, "both samples are decoded, and no more"


def test_a_source_is_opened_once(tmp_path: Path) -> None:
    file = tmp_path / "a.npy"
    np.save(file, np.random.default_rng(0).integers(0, 256, (40, 28, 28), np.uint8))
    with Openings() as once:
        open_source(file)
    with Openings() as inspecting_it:
        inspect(file)
    assert inspecting_it[str(file)] == once[str(file)] > 0


def test_the_record_is_without_the_overview(tmp_path: Path) -> None:
    assert "overview" not in inspect(good_folder(tmp_path, 3)).to_dict()
