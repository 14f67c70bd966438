"""Content decides which files are pictures, and what cannot be read is told with what to do."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from bad_files import photograph
from PIL import Image
from pillow_heif import register_heif_opener

import ganvas
from ganvas.config import DataConfig
from ganvas.data import image_file, open_source, prepare
from ganvas.data.file_kinds import FORMAT_OF_SUFFIX, HEAD_BYTES, left_out, sniff_format
from ganvas.data.image_file import NO_HEIC, UnreadableImageError, read_header
from ganvas.errors import GanvasError
from ganvas.events import Event, Note

SIDE = 32
# Formats that a text could begin as, or that have no signature at all: known by their suffix only.
BY_SUFFIX = {"PPM", "TGA"}


def encoded(kind: str) -> bytes:
    register_heif_opener()
    buffer = io.BytesIO()
    photograph(SIDE, SIDE).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", sorted(set(FORMAT_OF_SUFFIX.values())))
def test_the_first_bytes_tell_the_format(kind: str) -> None:
    register_heif_opener()
    Image.init()
    if kind not in Image.SAVE:
        pytest.skip(f"this Pillow does not write {kind}")
    assert sniff_format(encoded(kind)[:HEAD_BYTES]) == (None if kind in BY_SUFFIX else kind)


@pytest.mark.parametrize(
    "text", [b"", b"BMW is a car, said he", b"P5 is a peer", b"II*", b"{}", b"GIF", b"ftyp", b"RIFF"]
)
def test_other_files_are_not_taken_for_pictures(text: bytes) -> None:
    assert sniff_format(text[:HEAD_BYTES]) is None


def odd_names(write: Callable[[str, bytes], None]) -> None:
    """Write pictures under names that say nothing or something else, and files that are none."""
    for name in ("nameless", "a.jpg_large", "b.png~", "c.heic", "d.PNG", "e.jpg!d"):
        write(name, encoded("PNG"))
    write("notes.txt", b"no picture")
    write("caption", b"none either")
    write("photo.nef", encoded("TIFF"))  # a camera's file begins as a TIFF, which is its thumbnail
    write("layers.psd", b"8BPS")


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_names_that_say_nothing_are_looked_into(tmp_path: Path, kind: str) -> None:
    if kind == "folder":
        odd_names(lambda name, content: (tmp_path / name).write_bytes(content) and None)
        path = tmp_path
    else:
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w") as archive:
            odd_names(archive.writestr)
    source = open_source(path)
    assert {item.name for item in source.items()} == {"nameless", "a.jpg_large", "b.png~", "c.heic", "d.PNG", "e.jpg!d"}
    assert source.other_files() == {".txt": 1, "nameless": 1, ".nef": 1, ".psd": 1}
    assert read_header(source.read("c.heic"), "c.heic").mislabelled


def test_a_damaged_member_of_unknown_kind_is_another_file(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", encoded("PNG"))
        archive.writestr("nameless", encoded("PNG"))
    content = bytearray(path.read_bytes())
    at = content.rindex(encoded("PNG"))  # of the second
    content[at : at + 4] = b"nope"
    path.write_bytes(content)
    assert [item.name for item in open_source(path).items()] == ["a.png"]


def test_heic_is_read_with_the_extra(tmp_path: Path) -> None:
    (tmp_path / "IMG_1.HEIC").write_bytes(encoded("HEIF"))
    header = read_header(tmp_path / "IMG_1.HEIC")
    assert (header.format, header.width, header.mislabelled) == ("HEIF", SIDE, False)


def test_heic_without_the_extra_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "IMG_1.HEIC").write_bytes(encoded("HEIF"))
    without = tuple(name for name in image_file.supported_formats() if name != "HEIF")
    monkeypatch.setattr(image_file, "supported_formats", lambda: without)
    with pytest.raises(UnreadableImageError) as caught:
        read_header(tmp_path / "IMG_1.HEIC")
    assert caught.value.reason == NO_HEIC
    assert 'pip install "ganvas[heic]"' in NO_HEIC


def test_what_cannot_be_read_is_told_with_what_to_do() -> None:
    assert left_out({".txt": 5, "nameless": 1}) == ""
    told = left_out({".psd": 2, ".txt": 1, ".zip": 1})
    assert told.startswith("Files that Ganvas cannot read are left out (1 .zip, 2 .psd).")
    assert told.endswith("If they hold pictures, export them as PNG or JPEG.")
    assert left_out({".7z": 1}).endswith("If they hold pictures, unpack them.")


def test_training_and_inspecting_tell_it(tmp_path: Path, finish: Callable[..., tuple[list[Event], object]]) -> None:
    for number in range(16):
        Image.fromarray(np.full((SIDE, SIDE), 10 * number, np.uint8)).save(tmp_path / f"{number}.png")
    (tmp_path / "photo.CR2").write_bytes(encoded("TIFF"))
    expected = left_out({".cr2": 1})
    events, _ = finish(prepare(DataConfig(str(tmp_path), 16, 16), 1))
    assert expected in [event.text for event in events if isinstance(event, Note)]
    assert expected in ganvas.inspect(tmp_path).warnings


def test_a_folder_of_what_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "photo.CR2").write_bytes(encoded("TIFF"))
    with pytest.raises(GanvasError, match=r"1 \.cr2 file") as caught:
        ganvas.inspect(tmp_path)
    assert "Export them as PNG or JPEG" in caught.value.hint
