"""Results take the place of what Ganvas wrote, in this release or an earlier one, and of nothing else."""

import os
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ganvas.data.ownership import check_free
from ganvas.errors import GanvasError
from ganvas.image_io import save_animation, save_image


def small() -> Image.Image:
    return Image.new("RGB", (8, 6), "teal")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tiff"])
def test_our_pictures_may_be_replaced_and_others_not(suffix: str, tmp_path: Path) -> None:
    ours, theirs = tmp_path / f"ours{suffix}", tmp_path / f"theirs{suffix}"
    save_image(small(), ours, {"seed": 1})
    check_free(ours)
    small().save(theirs)
    with pytest.raises(GanvasError, match="was not written by ganvas") as caught:
        check_free(theirs)
    assert caught.value.hint == f"Try: --out {tmp_path}/theirs-2{suffix}"


def test_our_films_may_be_replaced(tmp_path: Path) -> None:
    save_animation([small(), small()], tmp_path / "film.webp", 100, {"run": "mine"})
    check_free(tmp_path / "film.webp")


def test_a_picture_that_another_program_has_signed_is_not_ours(tmp_path: Path) -> None:
    signed = PngInfo()
    signed.add_text("software", "GIMP 3")
    small().save(tmp_path / "a.png", pnginfo=signed)
    (tmp_path / "note.png").write_text("software=ganvas 1")
    (tmp_path / "a link.png").symlink_to(tmp_path / "a.png")
    for name in ("a.png", "note.png", "a link.png"):
        with pytest.raises(GanvasError, match="would be overwritten"):
            check_free(tmp_path / name)


def test_what_is_not_there_or_empty_is_nobodys(tmp_path: Path) -> None:
    check_free(tmp_path / "none.png")
    (tmp_path / "empty.png").touch()
    check_free(tmp_path / "empty.png")


def test_the_place_that_is_named_instead_is_free_and_quoted(tmp_path: Path) -> None:
    for name in ("my day.png", "my day-2.png"):
        small().save(tmp_path / name)
    with pytest.raises(GanvasError) as caught:
        check_free(tmp_path / "my day.png", "--grid")
    assert caught.value.hint == f"Try: --grid '{tmp_path}/my day-3.png'"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(GanvasError, match="was not written by ganvas"):
        check_free(tmp_path / "a.png")


def test_a_set_of_pictures_is_no_place_for_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flat, classes, mixed = tmp_path / "flat", tmp_path / "classes", tmp_path / "mixed"
    for folder in (flat, classes / "cats", mixed):
        folder.mkdir(parents=True)
        small().save(folder / "000000.png")
    for folder in (flat, classes):
        with pytest.raises(GanvasError, match=r"holds pictures that Ganvas did not write: .*000000\.png") as caught:
            check_free(folder)
        assert caught.value.hint == f"Try: --out {folder}-2"
    monkeypatch.chdir(flat)
    with pytest.raises(GanvasError) as caught:
        check_free(Path())
    assert caught.value.hint == f"Try: --out {flat}-2"
    (mixed / "000000.png").unlink()
    check_free(mixed)
    save_image(small(), mixed / "000000.png", {})
    small().save(mixed / "the one I liked.png")
    check_free(mixed)


def test_a_painting_of_more_pixels_than_pillow_opens_is_ours(tmp_path: Path) -> None:
    """Up to 16,384 px can be painted; a painting that was begun there is gone on with."""
    file = tmp_path / "large.png"
    save_image(small(), file, {})
    content = bytearray(file.read_bytes())
    content[16:24] = struct.pack(">II", 16_384, 16_384)  # width and height in the header, and the checksum after it
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    file.write_bytes(content)
    check_free(file)


def test_a_file_that_cannot_be_read_now_is_not_called_somebody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> Any:
        raise PermissionError(13, "Permission denied")

    save_image(small(), tmp_path / "a.png", {})
    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(GanvasError, match=r"a\.png cannot be read now: Permission denied"):
        check_free(tmp_path / "a.png")
