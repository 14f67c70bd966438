"""All pictures of a set with more than 8 bits a channel share one range, which is told and can be asked for."""

import tracemalloc
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

import ganvas
import tiny
from ganvas.config import DataConfig
from ganvas.config.numbers import parse_range, range_text
from ganvas.data import open_source, prepare, read_overview
from ganvas.data.decode import read_image
from ganvas.data.value_range import COMMON_RANGES, ValueRange, range_of
from ganvas.errors import GanvasError
from ganvas.events import run_to_end
from ganvas.runs import Run

SIDE = 8


def ramp(high: int) -> np.ndarray:
    """Return (SIDE, SIDE) numbers from 0 to `high`."""
    return np.linspace(0, high, SIDE * SIDE).round().reshape(SIDE, SIDE).astype(np.uint16)


def write_set(folder: Path, highs: list[int], suffix: str = ".png") -> Path:
    folder.mkdir()
    for number, high in enumerate(highs):
        pixels = ramp(high)
        if suffix == ".png":
            Image.fromarray(pixels).save(folder / f"{number:02d}.png")
        else:
            tifffile.imwrite(folder / f"{number:02d}.tif", pixels.astype(np.float32))
    return folder


def prepared(path: Path, channels: int = 1) -> np.ndarray:
    value_range = read_overview(open_source(path)).value_range
    config = DataConfig(str(path), SIDE, SIDE, channels, value_range=value_range)
    return np.asarray(run_to_end(prepare(config, 1)).images)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([0.0, 0.5, 1.0], (0, 1)),
        ([-0.9, 0.9], (-1, 1)),
        ([0, 200], (0, 255)),
        ([3, 1023], (0, 1023)),
        ([0, 4095], (0, 4095)),
        ([0, 4096], (0, 16383)),
        ([7, 65535], (0, 65535)),
        ([-20.5, 3000], (-20.5, 3000)),
        ([0, 70000], (0, 70000)),
        ([np.nan, 0.5, np.inf], (0, 1)),
    ],
)
def test_the_first_common_range_that_holds_all_numbers(numbers: list[float], expected: tuple[float, float]) -> None:
    assert range_of([np.array(numbers)]) == expected
    assert range_of([np.array([each]) for each in numbers]) == expected, "in parts"


def test_no_number_has_no_range() -> None:
    assert range_of([]) is None
    assert range_of([np.array([np.nan])]) is None


def test_common_ranges_are_tried_from_the_smallest() -> None:
    assert list(COMMON_RANGES) == sorted(COMMON_RANGES, key=lambda each: each.high - each.low + each.high)


def test_numbers_beyond_the_range_are_cut_off_and_nan_is_black() -> None:
    pixels = np.array([-5, 0, 2047.5, 4095, 9999, np.nan])
    assert ValueRange(0, 4095).to_uint8(pixels).tolist() == [0, 0, 128, 255, 255, 0]
    assert ValueRange(3, 3).to_uint8(np.array([3.0])).tolist() == [0], "one number only"


def test_numbers_are_converted_in_parts() -> None:
    pixels = np.random.default_rng(0).integers(0, 4096, (200, 500, 3), np.uint16)
    expected = np.round(pixels / 4095 * 255).astype(np.uint8)
    tracemalloc.start()
    assert np.array_equal(ValueRange(0, 4095).to_uint8(pixels), expected)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 200 * 500, "a picture of 178 million pixels would take 15 GB"


@pytest.mark.parametrize("text", ["0-4095", "-1-1", "-1000-3000", "0.5-2.25", "0-1e+06"])
def test_ranges_are_typed_as_they_are_written(text: str) -> None:
    assert range_text(parse_range(text)) == text


@pytest.mark.parametrize("text", ["", "4095", "0-", "9-3", "5-5", "a-b", "0-nan", "0 4095", "0..9"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(GanvasError, match=r"is not a range"):
        parse_range(text)


def test_12_bits_in_16_fill_the_whole_range_and_dark_pictures_stay_dark(tmp_path: Path) -> None:
    images = prepared(write_set(tmp_path / "set", [4095] * 15 + [400]))
    assert images[:15].max() == 255
    assert images[15].max() == round(400 / 4095 * 255), "the range is the set's, not the picture's"


def test_float_tiffs_share_one_range(tmp_path: Path) -> None:
    images = prepared(write_set(tmp_path / "set", [3000] * 15 + [300], ".tif"))
    assert images[:15].max(axis=(1, 2, 3)).tolist() == [round(3000 / 4095 * 255)] * 15
    assert images[15].max() == round(300 / 4095 * 255)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_color_of_12_bits_with_alpha_is_no_night(tmp_path: Path, suffix: str) -> None:
    pixels = np.stack([ramp(4095), ramp(4095)[::-1], ramp(2047), ramp(65535)], -1)
    path = tmp_path / f"a{suffix}"
    if suffix == ".png":
        path.write_bytes(imagecodecs.png_encode(pixels))
    else:
        tifffile.imwrite(path, pixels, photometric="rgb", extrasamples=["unassalpha"])
    image = np.asarray(read_image(path, value_range=(0, 4095)).image)
    assert image.shape == (SIDE, SIDE, 4)
    assert image[-1, -1].tolist() == [255, round(ramp(4095)[0, -1] / 4095 * 255), 127, 255]
    assert image[0, 0, 3] == 0, "alpha has its own range"


def test_pictures_of_8_bits_have_no_range(tmp_path: Path) -> None:
    Image.new("L", (SIDE, SIDE), 9).save(tmp_path / "a.png")
    assert read_overview(open_source(tmp_path)).value_range is None
    assert read_image(tmp_path / "a.png", value_range=(0, 10)).image.getpixel((0, 0)) == 9


@pytest.mark.slow
def test_inspect_and_plan_tell_the_range_and_an_option_asks_for_another(tmp_path: Path) -> None:
    pictures = write_set(tmp_path / "set", [4095] * 16)
    assert ganvas.inspect(pictures).values == "0 as black to 4095 as white"
    plan = ganvas.plan(pictures, device="cpu")
    assert plan.config.data.value_range == (0, 4095)
    assert next(each.value for each in plan.decisions if each.what == "values") == "0 as black to 4095 as white"
    asked = ganvas.plan(pictures, value_range="100-2000", device="cpu")
    assert asked.config.data.value_range == (100, 2000)
    assert next(each.why for each in asked.decisions if each.what == "values") == "as asked"


@pytest.mark.slow
@pytest.mark.usefixtures("narrow_recipes")
@pytest.mark.parametrize("high", [1, 4095, 70_000])
def test_a_training_records_the_range_that_was_found_and_goes_on(tmp_path: Path, high: int) -> None:
    pictures = tmp_path / "set"
    pictures.mkdir()
    for number in range(16):
        pixels = np.roll(np.linspace(0, high, SIDE * SIDE), number).reshape(SIDE, SIDE)
        tifffile.imwrite(pictures / f"{number:02d}.tif", pixels.astype(np.int32))
    tiny.train(pictures, tmp_path / "run", "fc", stop=tiny.stop_after(2))
    config = Run(tmp_path / "run").read_config()
    assert config.data.value_range is not None
    again = run_to_end(prepare(config.data, 1))
    assert again.fingerprint == config.fingerprint, "the same range as text makes another set"
    assert tiny.train(pictures, tmp_path / "run", "fc")[-1].reason == "finished"


def test_another_range_makes_another_set(tmp_path: Path) -> None:
    pictures = str(write_set(tmp_path / "set", [4095] * 16))
    dark, bright = (
        run_to_end(prepare(DataConfig(pictures, SIDE, SIDE, 1, value_range=each), 1))
        for each in ((0.0, 65535.0), (0.0, 4095.0))
    )
    assert dark.fingerprint != bright.fingerprint
    assert dark.images.max() == round(4095 / 65535 * 255)
