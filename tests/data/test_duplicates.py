"""Copies are found, and so is what looks alike; what differs is not."""

from pathlib import Path

import numpy as np
from bad_files import encoded, photograph, quarters
from PIL import Image, ImageEnhance

from ganvas.data.decode import read_picture
from ganvas.data.duplicates import EDGE, alike, content_hash, look


def test_the_same_picture_resized_and_saved_again_looks_alike() -> None:
    picture = photograph(1, 200, 150)
    again = read_picture(encoded(picture.resize((120, 90)), "JPEG", quality=60)).image
    looks = {"a": look(picture), "b": look(again), "c": look(photograph(2, 200, 150)), "d": look(quarters())}
    assert alike(looks) == [("a", "b")]


def test_the_same_shape_in_another_colour_does_not_look_alike() -> None:
    picture = photograph(1)
    assert alike({"a": look(picture), "b": look(picture.convert("L"))}) == []
    assert alike({"a": look(picture), "b": look(ImageEnhance.Brightness(picture).enhance(0.5))}) == []


def test_blank_pictures_are_blank_and_not_alike() -> None:
    blanks = {name: look(Image.new("RGB", (50, 50), "white")) for name in "ab"}
    assert all(each.blank for each in blanks.values())
    assert alike(blanks) == [], "pictures that show nothing would be called duplicates"
    assert alike({}) == []


def test_grey_and_transparent() -> None:
    assert look(photograph(1).convert("L")).grey
    tinted = read_picture(encoded(photograph(1).convert("L").convert("RGB"), "JPEG", quality=30)).image
    assert look(tinted).grey, "a grey photograph saved as colour JPEG"
    assert not look(photograph(1)).grey
    opaque = photograph(1).convert("RGBA")
    assert not look(opaque).transparent
    opaque.putalpha(200)
    assert look(opaque).transparent


def test_hash_is_of_content_wherever_it_lies(tmp_path: Path) -> None:
    for size in (0, 10, EDGE, EDGE + 1, 2 * EDGE, 3 * EDGE):
        content = np.random.default_rng(size).bytes(size)
        (tmp_path / "a").write_bytes(content)
        assert content_hash(tmp_path / "a") == content_hash(content)
        if content:
            assert content_hash(content) != content_hash(content[:-1] + bytes([content[-1] ^ 1]))
            assert content_hash(content) != content_hash(content + b"\0")
            assert content_hash(np.frombuffer(content, np.uint8)) == content_hash(content)
