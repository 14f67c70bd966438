"""The part of a picture that is kept: the middle, the upper part, or the one with most to see."""

import numpy as np
import pytest
from bad_files import BLUE, photograph, quarters
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ganvas.config import DataConfig
from ganvas.data.crop import busiest_place, crop_box
from ganvas.data.decode import CROPS, resize_to


def beside(*images: Image.Image, down: bool = False) -> Image.Image:
    """Return images of one size beside each other, or below each other."""
    return Image.fromarray(np.concatenate([np.asarray(image) for image in images], 0 if down else 1))


PLAIN = Image.new("RGB", (64, 64), BLUE)
BUSY = photograph(0, 64, 64)


def test_the_middle_and_the_top() -> None:
    tall, wide = quarters().resize((40, 100)), quarters().resize((100, 40))
    assert crop_box(tall, (8, 8), "crop") == (0, 30, 40, 70)
    assert crop_box(tall, (8, 8), "top") == (0, 0, 40, 40)
    assert crop_box(wide, (8, 8), "top") == crop_box(wide, (8, 8), "crop") == (30, 0, 70, 40), "no side is better"
    assert crop_box(wide, (20, 8), "entropy") == (0, 0, 100, 40), "nothing is cut"


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_entropy_finds_where_there_is_something_to_see(place: int, down: bool, mode: str) -> None:
    parts = [PLAIN, PLAIN, PLAIN]
    parts[place] = BUSY
    image = beside(*parts, down=down).convert(mode)
    box = crop_box(image, (8, 8), "entropy")
    assert box[down] == pytest.approx(64 * place, abs=14)
    assert (box[2] - box[0], box[3] - box[1]) == pytest.approx((64, 64))


def test_a_square_target_is_not_needed() -> None:
    image = beside(PLAIN, BUSY, down=True)  # 64 x 128
    left, top, right, bottom = crop_box(image, (16, 8), "entropy")
    assert (left, right, bottom - top) == (0, 64, 32)
    assert top >= 60, "of a picture that is cut to a strip the strip lies where there is something to see"


def test_hidden_colors_are_not_seen() -> None:
    hidden = BUSY.copy()
    hidden.putalpha(0)
    image = beside(hidden, PLAIN.convert("RGBA"), BUSY.convert("RGBA"))
    assert crop_box(image, (8, 8), "entropy")[0] == pytest.approx(128, abs=14)


def test_where_all_is_alike_the_middle_is_taken() -> None:
    assert busiest_place(Image.new("L", (300, 100), 7), 1 / 3, 1) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("fit", CROPS)
def test_the_crop_is_what_is_trained_on(fit: str) -> None:
    image = beside(BUSY, PLAIN, down=True)
    pixels = np.asarray(resize_to(image, DataConfig("", 32, 32, 3, fit=fit)), np.int16)
    plain = (np.abs(pixels - BLUE).max(2) < 8).mean()
    assert (plain < 0.1) == (fit != "crop")


@given(
    st.integers(1, 70), st.integers(1, 70), st.integers(1, 40), st.integers(1, 40), st.sampled_from(CROPS),
    st.sampled_from(["L", "RGB", "RGBA"]),
)  # fmt: skip
def test_every_box_lies_in_the_picture(width: int, height: int, across: int, down: int, fit: str, mode: str) -> None:
    left, top, right, bottom = crop_box(Image.new(mode, (width, height)), (across, down), fit)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert (right - left) * down == pytest.approx((bottom - top) * across)
