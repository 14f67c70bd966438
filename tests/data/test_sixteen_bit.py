"""Images with 16 bits a channel keep every bit, upright; images with 8 bits are left to Pillow."""

import io
import struct
import tracemalloc
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from ganvas.data.color import srgb_profile
from ganvas.data.decode import read_image
from ganvas.data.image_file import UPRIGHT_TRANSPOSE, UnreadableImageError
from ganvas.data.sixteen_bit import read_16bit_image, rotate_upright
from ganvas.image_io import save_16bit_image, save_image


def pixels(channels: int, height: int = 7, width: int = 5) -> np.ndarray:
    """Return random uint16 pixels (H, W, C)."""
    return np.random.default_rng(0).integers(0, 65536, (height, width, channels), np.uint16)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_keeps_every_bit(tmp_path: Path, channels: int) -> None:
    drawn = pixels(channels)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(drawn))
    image = read_16bit_image(tmp_path / "a.png")
    assert image is not None
    assert image.shape == (7, 5, 4)
    colours = drawn[..., :3] if channels > 2 else np.repeat(drawn[..., :1], 3, axis=2)
    assert np.array_equal(image[..., :3], colours)
    assert np.array_equal(image[..., 3], drawn[..., -1] if channels in (2, 4) else np.full((7, 5), 65535))


@pytest.mark.parametrize("layout", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
def test_tiff_keeps_every_bit_however_it_is_packed(tmp_path: Path, compression: str | None, layout: str) -> None:
    drawn = pixels(3)
    stored = drawn if layout == "contig" else drawn.transpose(2, 0, 1)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=layout, compression=compression)
    image = read_16bit_image(tmp_path / "a.tif")
    assert image is not None
    assert np.array_equal(image[..., :3], drawn)


def test_8_bit_images_are_left_to_pillow(tmp_path: Path) -> None:
    picture = Image.fromarray(pixels(3).astype(np.uint8))
    for suffix in (".png", ".tif", ".jpg", ".webp"):
        picture.save(tmp_path / f"a{suffix}")
        assert read_16bit_image(tmp_path / f"a{suffix}") is None
    tifffile.imwrite(tmp_path / "b.tif", pixels(4), photometric="rgb", extrasamples=["assocalpha"])
    assert read_16bit_image(tmp_path / "b.tif") is None, "alpha is premultiplied"
    tifffile.imwrite(tmp_path / "c.tif", pixels(1)[..., 0], photometric="miniswhite")
    assert read_16bit_image(tmp_path / "c.tif") is None, "black and white are swapped"


def test_a_profile_other_than_srgb_means_8_bits(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    save_16bit_image(pixels(3), tmp_path / "a.png", {}, profile)
    save_16bit_image(pixels(3), tmp_path / "a.tif", {}, profile)
    assert read_16bit_image(tmp_path / "a.png") is None
    assert read_16bit_image(tmp_path / "a.tif") is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_the_same_as_pillows(orientation: int) -> None:
    drawn = pixels(3)
    small = Image.fromarray((drawn % 256).astype(np.uint8))
    turned = small.transpose(UPRIGHT_TRANSPOSE[orientation]) if orientation in UPRIGHT_TRANSPOSE else small
    assert np.array_equal(rotate_upright(drawn, orientation) % 256, np.asarray(turned))


def test_a_png_is_turned_upright_as_exif_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.new("RGB", (1, 1)).save(buffer, "PNG", exif=exif)
    content, drawn = buffer.getvalue(), imagecodecs.png_encode(pixels(3))
    start = content.index(b"eXIf") - 4
    chunk = content[start : start + 12 + int.from_bytes(content[start : start + 4])]
    (tmp_path / "a.png").write_bytes(drawn[:33] + chunk + drawn[33:])
    image = read_16bit_image(tmp_path / "a.png")
    assert image is not None
    assert np.array_equal(image[..., :3], np.rot90(pixels(3), -1))


def layered_tiff(side: int, depth: int) -> bytes:
    """Return a TIFF of 16-bit colors, for Pillow of side x side pixels, that says it has so many layers."""
    strip = bytes(6 * side * side)
    bits = 8 + len(strip)  # where the three numbers of bits lie
    tags = {256: side, 257: side, 258: bits, 259: 1, 262: 2, 273: 8, 277: 3, 278: side, 279: len(strip), 32997: depth}
    entries = [
        struct.pack("<HHII", tag, 3, 3, value) if tag == 258 else struct.pack("<HHII", tag, 4, 1, value)
        for tag, value in tags.items()
    ]
    directory = struct.pack("<H", len(tags)) + b"".join(entries) + bytes(4)
    return b"II*\0" + struct.pack("<I", bits + 6) + strip + struct.pack("<HHH", 16, 16, 16) + directory


@pytest.mark.parametrize("depth", [2, 10**8])
def test_a_tiff_with_more_layers_than_pillow_sees_is_refused_before_it_is_decoded(depth: int) -> None:
    assert read_image(layered_tiff(8, 1), value_range=(0, 65535)).image.size == (8, 8)
    tracemalloc.start()
    with pytest.raises(UnreadableImageError, match="its tags disagree about its size"):
        read_image(layered_tiff(8, depth), value_range=(0, 65535))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000, "600 bytes take gigabytes"


def test_damage_is_an_error(tmp_path: Path) -> None:
    for suffix, keep in ((".png", 90), (".tif", 160)):
        save_16bit_image(pixels(3, 40, 40), tmp_path / f"a{suffix}", {}, srgb_profile())
        whole = (tmp_path / f"a{suffix}").read_bytes()
        (tmp_path / f"b{suffix}").write_bytes(whole[: len(whole) // 2])
        with pytest.raises(UnreadableImageError):
            read_16bit_image(tmp_path / f"b{suffix}")
        assert keep < len(whole)


def test_saved_images_come_back_with_their_bit_depth(tmp_path: Path) -> None:
    save_image(Image.new("L", (4, 4)), tmp_path / "a.png", {})
    save_16bit_image(pixels(4), tmp_path / "b.tiff", {}, srgb_profile())
    assert read_16bit_image(tmp_path / "a.png") is None
    image = read_16bit_image(tmp_path / "b.tiff")
    assert image is not None
    assert np.array_equal(image, pixels(4))
