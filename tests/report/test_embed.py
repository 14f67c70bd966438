"""Embedding: pictures are lossless if there is room, smaller if not, and None if they cannot be read."""

import base64
import io
import weakref
from pathlib import Path

import example_runs
import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

from ganvas.image_io import read_metadata
from ganvas.report.embed import MAX_FRAMES, EmbeddedImage, embed, embed_all, evenly_spaced


def image_in(picture: EmbeddedImage) -> Image.Image:
    head, _, text = picture.uri.partition(",")
    assert head == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(text)))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_a_small_picture_keeps_every_pixel(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.open(example_runs.write_picture(tmp_path / "b.png", 100)).convert(mode).save(path)
    picture = embed(path)
    assert picture is not None
    assert (picture.width, picture.height) == (32, 32)
    original = Image.open(path).convert("RGBA" if mode == "RGBA" else "RGB")
    assert np.array_equal(np.asarray(image_in(picture).convert(original.mode)), np.asarray(original))


def test_a_large_picture_is_squeezed_into_its_budget(tmp_path: Path) -> None:
    picture = embed(example_runs.write_picture(tmp_path / "a.png", 100, size=700), max_bytes=40_000)
    assert picture is not None
    assert len(picture.uri) < 40_000 * 4 / 3 + 100
    assert (picture.width, picture.height) == (700, 700), (
        "it is shown at its original size, however few pixels it still has"
    )


def test_pictures_that_belong_together_share_a_budget(tmp_path: Path) -> None:
    paths = [example_runs.write_picture(tmp_path / f"{n}.png", 10 * n, size=200) for n in range(8)]
    pictures = embed_all(paths, max_bytes=100_000)
    assert sum(len(each.uri) for each in pictures if each) < 1.1 * 100_000 * 4 / 3
    assert len({image_in(each).size for each in pictures if each}) == 1, "the frames of a time-lapse have one size"


def test_what_cannot_be_read_is_none(tmp_path: Path) -> None:
    whole = example_runs.write_picture(tmp_path / "whole.png", 100)
    torn = tmp_path / "torn.png"
    torn.write_bytes(whole.read_bytes()[:200])
    text = tmp_path / "text.png"
    text.write_text("no picture")
    assert [each is None for each in embed_all([tmp_path / "missing.png", torn, text, whole])] == [True] * 3 + [False]
    assert embed_all([]) == []


def test_frames_are_evenly_spaced() -> None:
    assert evenly_spaced(3) == [0, 1, 2]
    chosen = evenly_spaced(1000)
    assert len(chosen) == len(set(chosen)) == MAX_FRAMES
    assert (chosen[0], chosen[-1]) == (0, 999)


def test_a_strangers_postscript_starts_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("Ghostscript was started")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", started)
    script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\nshowpage\n%%EOF\n"
    (tmp_path / "000000020.png").write_bytes(script)
    with Image.open(tmp_path / "000000020.png") as image, pytest.raises(AssertionError):
        image.load()  # it would be, if all formats were allowed
    assert embed(tmp_path / "000000020.png") is None
    assert read_metadata(tmp_path / "000000020.png") == {}


@pytest.mark.parametrize("size", [(20_000, 50), (9_000, 9_000)])
def test_sheets_larger_than_any_of_ours_are_left_out(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("1", size).save(tmp_path / "a.png")
    assert embed(tmp_path / "a.png") is None


def test_a_name_too_long_for_a_file_is_a_missing_picture(tmp_path: Path) -> None:
    assert embed(tmp_path / f"{'a' * 5000}.png") is None


@pytest.mark.parametrize("kept", [0, 2, 6])
def test_few_images_at_a_time_are_in_memory(kept: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty large sheets of a stranger would need all of it."""
    monkeypatch.setattr("ganvas.report.embed.MAX_KEPT_PIXELS", kept * 32 * 32)
    paths = [example_runs.write_picture(tmp_path / f"{number}.png", number) for number in range(6)]
    alive, most = set[int](), list[int]()

    class Sheet(Image.Image):
        """What a file is converted to, counted while it exists."""

        def convert(self, *_: object, **__: object) -> Image.Image:
            converted = Image.new("RGB", (32, 32))
            alive.add(id(converted))
            weakref.finalize(converted, alive.discard, id(converted))
            most.append(len(alive))
            return converted

    def open_sheet(_: Path) -> Image.Image:
        sheet = Sheet()
        sheet._size, sheet._mode = (32, 32), "RGB"
        return sheet

    monkeypatch.setattr("ganvas.report.embed.open_written", open_sheet)
    assert all(embed_all(paths))
    assert max(most) == min(kept + 1, 6)
    if kept == 6:
        assert len(most) == 6, "they are opened anew though there is room"
