"""Colours are converted to sRGB, whatever colour space they were stored in."""

import io
import struct

import numpy as np
import pytest
from bad_files import BLUE, GREEN, RED, YELLOW, odd_files, quarters, swapped_profile
from PIL import Image, ImageCms

from ganvas.data.color import is_srgb, srgb_profile, to_srgb
from ganvas.data.decode import read_image

ODD = odd_files()


def middle(name: str) -> np.ndarray:
    """Return the colours of the four quarters of an odd file, (4, channels)."""
    pixels = np.asarray(read_image(ODD[name], name).image, np.int16)
    return np.stack([pixels[y, x] for y in (16, 48) for x in (16, 48)])


@pytest.mark.parametrize("name", ["cmyk.jpg", "cmyk.tif"])
def test_cmyk_is_not_inverted(name: str) -> None:
    difference = np.abs(middle(name) - np.array([RED, GREEN, BLUE, YELLOW])).max()
    assert difference < 30, f"{name} has other colours: {middle(name).tolist()}"


@pytest.mark.parametrize("name", ["deep.png", "deep.tif", "float.tif"])
def test_high_bit_depth_grey_keeps_its_range(name: str) -> None:
    pixels = np.asarray(read_image(ODD[name], name).image, np.float64).ravel()
    wanted = np.linspace(0, 255, 64 * 64)
    assert np.abs(pixels - wanted).max() <= 1, "16 bits were clipped or wrapped instead of scaled"


def test_integers_of_unknown_white_are_scaled_by_their_extremes() -> None:
    deep = Image.fromarray(np.array([[-1000, 0], [500_000, 1_000_000]], np.int32))
    image, _ = to_srgb(deep)
    assert np.asarray(image).tolist() == [[0, 0], [128, 255]]
    broken = Image.fromarray(np.array([[np.nan, 0.5], [np.inf, 1.0]], np.float32))
    assert np.asarray(to_srgb(broken)[0]).tolist() == [[0, 128], [0, 255]]


def test_palette_and_its_transparency() -> None:
    assert np.abs(middle("palette.png") - np.array([RED, GREEN, BLUE, YELLOW])).max() < 12
    alpha = {tuple(colour[:3]): colour[3] for colour in middle("palette_bytes.png").tolist()}
    assert sorted(alpha.values()) == [0, 128, 255, 255], "the transparency of each palette entry was lost"
    assert sorted(middle("palette_clear.png")[:, 3].tolist()) == [0, 255, 255, 255]


def test_grey_with_alpha_keeps_both() -> None:
    pixels = np.asarray(read_image(ODD["grey_clear.png"]).image)
    assert pixels.shape == (64, 64, 4)
    assert pixels[2, 2, 3] < 15 < 240 < pixels[62, 2, 3]
    assert (pixels[..., 0] == pixels[..., 1]).all()


def test_a_colour_profile_is_applied() -> None:
    colors = middle("profile.png")
    assert colors[0, 2] > 180 > 90 > colors[0, 0], "red stayed red under a profile whose red is blue"
    assert colors[2, 0] > 180 > 100 > colors[2, 2]


def test_a_profile_leaves_alpha_alone() -> None:
    image = quarters().convert("RGBA")
    image.putalpha(77)
    image.info["icc_profile"] = swapped_profile()
    converted, notes = to_srgb(image)
    assert notes == ["colour profile converted to sRGB"]
    assert converted.mode == "RGBA"
    assert converted.getchannel("A").getextrema() == (77, 77)
    assert converted.getpixel((16, 16))[2] > 180


def test_srgb_stays_as_it_is_without_a_note() -> None:
    image = quarters()
    image.info["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    converted, notes = to_srgb(image)
    assert notes == []
    assert np.array_equal(np.asarray(converted), np.asarray(quarters()))


def linear_profile() -> bytes:
    """Return a profile with the primaries and the name of sRGB, but a linear transfer curve (gamma 1)."""
    profile = bytearray(srgb_profile())
    for number in range(struct.unpack_from(">I", profile, 128)[0]):
        name, offset, _ = struct.unpack_from(">4sII", profile, 132 + 12 * number)
        if name == b"rTRC":
            struct.pack_into(">5i", profile, offset + 12, *(round(65536 * number) for number in (1, 1, 0, 1, 0)))
    return bytes(profile)


def test_a_linear_profile_is_not_taken_for_srgb_by_its_name() -> None:
    assert is_srgb(srgb_profile())
    assert not is_srgb(linear_profile())
    image = Image.new("RGB", (8, 8), (55, 55, 55))
    image.info["icc_profile"] = linear_profile()
    converted, notes = to_srgb(image)
    assert notes == ["colour profile converted to sRGB"]
    assert converted.getpixel((4, 4))[0] == pytest.approx(128, abs=3), (
        "a fifth of the light is half of the scale in sRGB"
    )


@pytest.mark.parametrize("profile", [b"junk", b"\0" * 200, swapped_profile()[:300]])
def test_a_damaged_profile_is_noted_and_not_fatal(profile: bytes) -> None:
    image = quarters()
    image.info["icc_profile"] = profile
    converted, notes = to_srgb(image)
    assert notes == ["damaged colour profile ignored"]
    assert np.array_equal(np.asarray(converted), np.asarray(quarters()))


def test_a_profile_for_another_mode_is_ignored() -> None:
    grey = quarters().convert("L")
    grey.info["icc_profile"] = swapped_profile()
    assert to_srgb(grey)[1] == ["damaged colour profile ignored"]


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "LAB", "I", "F"]
)
def test_every_mode_can_be_converted(mode: str) -> None:
    image = quarters().convert("RGBA").convert("LA").convert("PA") if mode == "PA" else None
    image = image or (quarters().convert("L").convert(mode) if mode in "IF" else None)
    image = image or (
        ImageCms.profileToProfile(
            quarters(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
        if mode == "LAB"
        else quarters().convert(mode)
    )
    assert image is not None
    converted, _ = to_srgb(image)
    assert converted.mode in ("L", "RGB", "RGBA")
    buffer = io.BytesIO()
    converted.save(buffer, "PNG")
