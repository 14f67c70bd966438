"""Every file is decoded upright, in sRGB, in the right colours, and resized to the requested size."""

import io
import os
import struct
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import tifffile
from bad_files import BLUE, GREEN, RED, YELLOW, bomb, broken_files, encoded, odd_files, oriented, photograph, quarters
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from ganvas.config import DataConfig
from ganvas.data import decode
from ganvas.data.decode import check_data_config, read_image, resize_to, to_chw_array
from ganvas.data.image_file import UnreadableImageError, read_header
from ganvas.errors import GanvasError
from ganvas.formatting import printable

CORNERS = [RED, GREEN, BLUE, YELLOW]
ODD = odd_files()


def corners(image: Image.Image) -> np.ndarray:
    """Return the colours in the middles of the four quarters, (4, 3)."""
    pixels = np.asarray(image.convert("RGB"), np.int16)
    height, width = pixels.shape[:2]
    return np.stack([pixels[height * y // 4, width * x // 4] for y in (1, 3) for x in (1, 3)])


def assert_near(found: np.ndarray, wanted: object, levels: int, what: str) -> None:
    assert np.abs(found - np.asarray(wanted)).max() <= levels, f"{what}: {found.tolist()} instead of {wanted}"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(orientation: int, form: str) -> None:
    decoded = read_image(oriented(orientation, form))
    assert_near(corners(decoded.image), CORNERS, 12, f"EXIF {orientation} in {form} is not upright")
    assert ("turned upright, as EXIF says" in decoded.notes) == (orientation > 1)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_jpeg_decoded_small_is_the_same_picture(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(photograph(3, 640, 480), "JPEG", exif=exif, quality=95)
    full, small = read_image(content).image, read_image(content, min_size=(60, 80)).image
    assert full.size == ((640, 480) if orientation < 5 else (480, 640))
    assert small.width < full.width, "draft mode was not used, so large photographs take several times as long"
    assert small.width >= 60
    assert small.height >= 80, "smaller than requested: the result would be blurred"
    target = DataConfig("", 40, 30, 3)
    difference = np.asarray(resize_to(full, target), np.int16) - np.asarray(resize_to(small, target), np.int16)
    assert np.abs(difference).mean() < 2, "the small picture shows something else"


@pytest.mark.parametrize(
    "name", [name for name in ODD if name.startswith(("jpeg", "PNG", "prog", "portable", "targa"))]
)
def test_plain_colours_survive_every_format(name: str) -> None:
    assert_near(corners(read_image(ODD[name], name).image), CORNERS, 12, name)


def test_a_wrong_suffix_is_noted() -> None:
    assert read_image(ODD["jpeg_called.png"], "jpeg_called.png").notes == ("really JPEG, despite the suffix",)
    assert read_image(ODD["jpeg_called.png"], "right.jpeg").notes == ()
    assert read_image(ODD["jpeg_called.png"], "no suffix at all").notes == ()


@pytest.mark.parametrize("name", ["animated.gif", "animated.webp", "animated.png", "pages.tif"])
def test_only_the_first_frame_is_used(name: str) -> None:
    decoded = read_image(ODD[name], name)
    assert decoded.notes == ("only one frame or page is used, the first that is not blank",)
    wanted = photograph(7).quantize(256).convert("RGB") if name.endswith("gif") else photograph(7)
    difference = np.abs(np.asarray(decoded.image, np.int16) - np.asarray(wanted, np.int16))
    assert difference.mean() < 8, "not the first frame"


@pytest.mark.slow
@pytest.mark.parametrize("name", list(broken_files()))
def test_broken_files_say_why(name: str, tmp_path: Path) -> None:
    content, reason = broken_files()[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableImageError, match=name) as from_file:
        read_image(tmp_path / name)
    with pytest.raises(UnreadableImageError) as from_bytes:
        read_image(content, name)
    assert reason in from_file.value.reason
    assert from_bytes.value.reason == from_file.value.reason


@pytest.mark.parametrize("name", list(ODD))
def test_odd_files_are_read_in_one_of_three_modes(name: str) -> None:
    image = read_image(ODD[name], name).image
    assert image.mode in ("L", "RGB", "RGBA")
    header = read_header(ODD[name], name)
    assert {header.width, header.height} == set(image.size), "the header gave another size"


def test_a_bomb_costs_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # as some programs do
    with pytest.raises(UnreadableImageError, match="too many pixels"):
        read_image(bomb())  # decoding would find that it is truncated


def test_large_pictures_are_no_bombs_and_no_warning_escapes() -> None:
    large = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(large, "PNG")  # where Pillow warns already
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert read_header(large.getvalue()).width == 10_000
    assert not caught


def test_files_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.png").touch()
    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(UnreadableImageError, match="permission denied"):
        read_image(tmp_path / "a.png")


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match="no such file"):
        read_image(tmp_path / "nowhere.png")
    with pytest.raises(UnreadableImageError, match="is a directory"):
        read_image(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "pipe.png")
    for name in ("pipe.png", "link.png"):
        for read in (read_header, read_image):
            with pytest.raises(UnreadableImageError, match="not a regular file"):
                read(tmp_path / name)


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\0"]),
)
def test_any_bytes_give_a_picture_or_an_unreadable_image_error(tail: bytes, head: bytes) -> None:
    for read in (read_header, read_image):
        with suppress(UnreadableImageError):
            read(head + tail)


@pytest.mark.slow
@given(st.data())
def test_any_damage_is_survived(data: st.DataObject) -> None:
    content = bytearray(ODD[data.draw(st.sampled_from(sorted(ODD)))])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(UnreadableImageError):
        read_image(bytes(content), min_size=(16, 16))


def test_crop_takes_the_middle() -> None:
    wide = Image.new("RGB", (90, 30), RED)
    wide.paste(GREEN, (30, 0, 60, 30))
    cropped = resize_to(wide, DataConfig("", 30, 30, 3))
    assert_near(np.asarray(cropped, np.int16), GREEN, 0, "not the middle")
    tall = wide.transpose(Image.Transpose.ROTATE_90)
    assert_near(np.asarray(resize_to(tall, DataConfig("", 30, 30, 3)), np.int16), GREEN, 0, "not the middle")


def test_pad_shows_all_on_the_background() -> None:
    wide = Image.new("RGB", (90, 30), RED)
    pixels = np.asarray(resize_to(wide, DataConfig("", 60, 60, 3, background="blue", fit="pad")), np.int16)
    assert_near(pixels[30], RED, 0, "the picture")
    assert_near(pixels[[0, 19, 40, 59]], (0, 0, 255), 0, "the background")
    clear = np.asarray(
        resize_to(wide.convert("RGBA"), DataConfig("", 60, 60, 4, background="blue", fit="pad")), np.int16
    )
    assert_near(clear[0], (0, 0, 255, 0), 0, "what is added around a picture with alpha is transparent")


def test_stretch_ignores_the_shape() -> None:
    stretched = resize_to(quarters(64), DataConfig("", 20, 80, 3, fit="stretch"))
    assert stretched.size == (80, 20)
    assert_near(corners(stretched), CORNERS, 2, "stretched")


def test_shrinking_averages_instead_of_picking() -> None:
    checks = Image.fromarray((np.indices((256, 256)).sum(0) % 2 * 255).astype(np.uint8))
    pixels = np.asarray(resize_to(checks, DataConfig("", 16, 16, 1)), np.int16)
    assert_near(pixels, 127, 3, "a fine pattern left aliases")


def test_hidden_colour_of_transparent_pixels_never_shows() -> None:
    hidden = Image.new("RGBA", (64, 64), (0, 255, 0, 0))
    hidden.paste((255, 0, 0, 255), (0, 0, 31, 64))
    on_white = np.asarray(resize_to(hidden, DataConfig("", 8, 8, 3)), np.int16)
    assert (on_white[..., 1] <= on_white[..., 0]).all(), "a green halo"
    assert_near(on_white[:, 7], 255, 0, "the background")
    kept = np.asarray(resize_to(hidden, DataConfig("", 8, 8, 4)), np.int16)
    visible = kept[kept[..., 3] > 0]
    assert_near(visible[:, :2], (255, 0), 8, "a green halo in the kept alpha")


def test_half_transparent_is_half_background() -> None:
    image = Image.new("RGBA", (32, 32), (255, 0, 0, 128))
    pixels = np.asarray(resize_to(image, DataConfig("", 8, 8, 3, background="#0000ff")), np.int16)
    assert_near(pixels, (128, 0, 127), 1, "composited")
    grey = np.asarray(resize_to(image, DataConfig("", 8, 8, 1, background="white")), np.int16)
    assert_near(grey, round(0.299 * 255 + 0.701 * 127), 2, "composited, then grey")


sides = st.integers(1, 200)


@pytest.mark.slow
@given(
    sides,
    sides,
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([1, 3, 4]),
    st.sampled_from(["crop", "pad", "stretch"]),
    st.sampled_from(["L", "RGB", "RGBA"]),
)
@example(10, 127, 1, 13, 1, "crop", "L")  # the middle begins a rounding error outside the picture
def test_every_picture_fits_every_frame(
    width: int, height: int, to_width: int, to_height: int, channels: int, how: str, mode: str
) -> None:
    fitted = resize_to(
        Image.new(mode, (width, height), "white"), DataConfig("", to_height, to_width, channels, fit=how)
    )
    array = to_chw_array(fitted)
    assert array.shape == (channels, to_height, to_width)
    assert array.min() == 255 or how == "pad", "white did not stay white"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("fit", "corp", "Did you mean 'crop'"),
        ("channels", 2, "cannot have 2 channels"),
        ("height", 0, "cannot be 0 x 32"),
        ("background", "wite", "Did you mean 'white'"),
    ],
)
def test_impossible_settings(field: str, value: object, message: str) -> None:
    with pytest.raises(GanvasError, match=message):
        check_data_config(DataConfig("", **{field: value}))


def test_names_are_printable_anywhere() -> None:
    assert printable("snow\u2603man.png") == "snow\u2603man.png"
    assert printable(os.fsdecode(b"\xff\n\x1b[31m")) == r"\udcff\n\x1b[31m"


@given(st.text(st.characters()))
def test_printable_has_no_controls(name: str) -> None:
    assert printable(printable(name)) == printable(name)
    assert all(character.isprintable() or character.isspace() for character in printable(name))
    assert not set(printable(name)) & set("\n\r\t\x0b\x0c\x1b\x85\u2028\u2029")


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".tif"])
def test_the_first_frame_that_is_not_blank_is_taken(tmp_path: Path, suffix: str) -> None:
    blank, drawn = Image.new("RGB", (8, 8), "white"), Image.new("RGB", (8, 8), "white")
    drawn.paste("black", (0, 0, 4, 8))
    blank.save(tmp_path / f"a{suffix}", save_all=True, append_images=[blank.copy(), drawn])
    assert read_image(tmp_path / f"a{suffix}").image.convert("L").getextrema() == (0, 255)
    Image.new("RGB", (8, 8), "white").save(
        tmp_path / f"b{suffix}", save_all=True, append_images=[Image.new("RGB", (8, 8), "gray")]
    )
    assert read_image(tmp_path / f"b{suffix}").image.convert("L").getextrema() == (255, 255), "all are blank"


def test_blank_frames_are_not_looked_at_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [Image.new("L", (100, 100), 255) for _ in range(20)]
    content = encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    sought = list[int]()
    seek = TiffImageFile.seek

    def counting(image: TiffImageFile, frame: int) -> None:
        sought.append(frame)
        seek(image, frame)

    monkeypatch.setattr(TiffImageFile, "seek", counting)
    monkeypatch.setattr(decode, "MAX_IMAGE_PIXELS", 5 * 100 * 100)
    assert read_image(content).image.getextrema() == (255, 255)
    assert max(sought) == 5, "100,000 blank frames of 13,000 px would take a day"


def test_a_page_larger_than_the_first_is_not_decoded() -> None:
    """Memory is reserved for the first, and only that one was looked at for its size."""
    large = Image.linear_gradient("L")
    content = encoded(Image.new("L", (8, 8)), "TIFF", save_all=True, append_images=[large])
    assert read_image(content).image.size == (8, 8), "a second page of 40,000 x 40,000 would take 10 GB"


def test_a_tiff_that_pillow_does_not_know_is_no_unknown_file(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((8, 8, 3), np.float32), photometric="rgb")
    with pytest.raises(UnreadableImageError, match="a TIFF of a rare kind"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("mode", ["L", "F", "I;16"])
def test_a_tiff_whose_strips_end_before_its_edge_is_truncated(mode: str) -> None:
    """Pillow leaves the rest black: two kilobytes that claim 110 million pixels took 2.8 GB and 15 s."""
    pixels = np.full((30, 20), 7, {"L": np.uint8, "F": np.float32, "I;16": np.uint16}[mode])
    content = bytearray(encoded(Image.fromarray(pixels), "TIFF"))
    assert read_image(bytes(content)).image.size == (20, 30)
    tags = int.from_bytes(content[4:8], "little")
    for place in range(tags + 2, tags + 2 + 12 * content[tags], 12):
        if content[place : place + 2] == (257).to_bytes(2, "little"):  # ImageLength
            content[place + 2 : place + 12] = struct.pack("<HII", 4, 1, 5_505_095)
    with pytest.raises(UnreadableImageError, match="truncated"):
        read_image(bytes(content), "a.tif")
