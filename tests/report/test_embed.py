"""Embedding: pictures come back as they were if there is room, smaller if not, and not at all if they are gone."""

import base64
import io
from pathlib import Path

import made
import numpy as np
import pytest
from PIL import Image

from ganvas.report.embed import MOST_SHEETS, Picture, embed, embed_all, spread


def image_in(picture: Picture) -> Image.Image:
    head, _, text = picture.uri.partition(",")
    assert head == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(text)))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_a_small_picture_keeps_every_pixel(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.open(made.picture(tmp_path / "b.png", 100)).convert(mode).save(path)
    picture = embed(path)
    assert picture is not None
    assert (picture.width, picture.height) == (32, 32)
    original = Image.open(path).convert("RGBA" if mode == "RGBA" else "RGB")
    assert np.array_equal(np.asarray(image_in(picture).convert(original.mode)), np.asarray(original))


def test_a_large_picture_is_squeezed_into_its_budget(tmp_path: Path) -> None:
    picture = embed(made.picture(tmp_path / "a.png", 100, size=700), most=40_000)
    assert picture is not None
    assert len(picture.uri) < 40_000 * 4 / 3 + 100
    assert (picture.width, picture.height) == (700, 700), "it is shown at its own size however few pixels it carries"


def test_pictures_that_belong_together_share_a_budget(tmp_path: Path) -> None:
    paths = [made.picture(tmp_path / f"{n}.png", 10 * n, size=200) for n in range(8)]
    pictures = embed_all(paths, most=100_000)
    assert sum(len(each.uri) for each in pictures if each) < 1.1 * 100_000 * 4 / 3
    assert len({image_in(each).size for each in pictures if each}) == 1, "a film does not change its size"


def test_what_cannot_be_read_is_none(tmp_path: Path) -> None:
    whole = made.picture(tmp_path / "whole.png", 100)
    torn = tmp_path / "torn.png"
    torn.write_bytes(whole.read_bytes()[:200])
    text = tmp_path / "text.png"
    text.write_text("no picture")
    assert [each is None for each in embed_all([tmp_path / "missing.png", torn, text, whole])] == [True] * 3 + [False]
    assert embed_all([]) == []


def test_many_sheets_are_thinned_evenly() -> None:
    assert spread(3) == [0, 1, 2]
    chosen = spread(1000)
    assert len(chosen) == len(set(chosen)) == MOST_SHEETS
    assert (chosen[0], chosen[-1]) == (0, 999)
