"""Pictures of 16 bits a colour keep all of them, upright, and anything that 8 bits hold is left to Pillow."""

import io
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from ganvas.data.colour import srgb_profile
from ganvas.data.decode import UPRIGHT, BadPicture
from ganvas.data.sixteen_bit import read_deep, upright
from ganvas.image_io import save_deep, save_image


def pixels(channels: int, height: int = 7, width: int = 5) -> np.ndarray:
    """Return random numbers of 16 bits (H, W, C)."""
    return np.random.default_rng(0).integers(0, 65536, (height, width, channels), np.uint16)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_keeps_every_bit(tmp_path: Path, channels: int) -> None:
    drawn = pixels(channels)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(drawn))
    found = read_deep(tmp_path / "a.png")
    assert found is not None
    assert found.shape == (7, 5, 4)
    colours = drawn[..., :3] if channels > 2 else np.repeat(drawn[..., :1], 3, axis=2)
    assert np.array_equal(found[..., :3], colours)
    assert np.array_equal(found[..., 3], drawn[..., -1] if channels in (2, 4) else np.full((7, 5), 65535))


@pytest.mark.parametrize("layout", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
def test_tiff_keeps_every_bit_however_it_is_packed(tmp_path: Path, compression: str | None, layout: str) -> None:
    drawn = pixels(3)
    stored = drawn if layout == "contig" else drawn.transpose(2, 0, 1)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=layout, compression=compression)
    found = read_deep(tmp_path / "a.tif")
    assert found is not None
    assert np.array_equal(found[..., :3], drawn)


def test_what_8_bits_hold_is_left_alone(tmp_path: Path) -> None:
    picture = Image.fromarray(pixels(3).astype(np.uint8))
    for suffix in (".png", ".tif", ".jpg", ".webp"):
        picture.save(tmp_path / f"a{suffix}")
        assert read_deep(tmp_path / f"a{suffix}") is None
    tifffile.imwrite(tmp_path / "b.tif", pixels(4), photometric="rgb", extrasamples=["assocalpha"])
    assert read_deep(tmp_path / "b.tif") is None, "the colours are multiplied by alpha"
    tifffile.imwrite(tmp_path / "c.tif", pixels(1)[..., 0], photometric="miniswhite")
    assert read_deep(tmp_path / "c.tif") is None, "black and white are exchanged"


def test_a_profile_that_has_to_be_converted_leaves_8_bits(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    save_deep(pixels(3), tmp_path / "a.png", {}, profile)
    save_deep(pixels(3), tmp_path / "a.tif", {}, profile)
    assert read_deep(tmp_path / "a.png") is None
    assert read_deep(tmp_path / "a.tif") is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_is_pillows(orientation: int) -> None:
    drawn = pixels(3)
    small = Image.fromarray((drawn % 256).astype(np.uint8))
    turned = small.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else small
    assert np.array_equal(upright(drawn, orientation) % 256, np.asarray(turned))


def test_a_png_is_turned_as_exif_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.new("RGB", (1, 1)).save(buffer, "PNG", exif=exif)
    content, drawn = buffer.getvalue(), imagecodecs.png_encode(pixels(3))
    start = content.index(b"eXIf") - 4
    chunk = content[start : start + 12 + int.from_bytes(content[start : start + 4])]
    (tmp_path / "a.png").write_bytes(drawn[:33] + chunk + drawn[33:])
    found = read_deep(tmp_path / "a.png")
    assert found is not None
    assert np.array_equal(found[..., :3], np.rot90(pixels(3), -1))


def test_damage_is_told(tmp_path: Path) -> None:
    for suffix, keep in ((".png", 90), (".tif", 160)):
        save_deep(pixels(3, 40, 40), tmp_path / f"a{suffix}", {}, srgb_profile())
        whole = (tmp_path / f"a{suffix}").read_bytes()
        (tmp_path / f"b{suffix}").write_bytes(whole[: len(whole) // 2])
        with pytest.raises(BadPicture):
            read_deep(tmp_path / f"b{suffix}")
        assert keep < len(whole)


def test_saved_pictures_are_told_apart_only_by_their_bits(tmp_path: Path) -> None:
    save_image(Image.new("L", (4, 4)), tmp_path / "a.png", {})
    save_deep(pixels(4), tmp_path / "b.tiff", {}, srgb_profile())
    assert read_deep(tmp_path / "a.png") is None
    found = read_deep(tmp_path / "b.tiff")
    assert found is not None
    assert np.array_equal(found, pixels(4))
