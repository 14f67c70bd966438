"""Copies and look-alikes are found; pictures that differ are not."""

from pathlib import Path

import numpy as np
from bad_files import encoded, photograph, quarters
from PIL import Image, ImageEnhance

from ganvas.data.decode import read_image
from ganvas.data.duplicates import EDGE_BYTES, content_hash, find_lookalikes, thumbnail_stats


def test_the_same_picture_resized_and_saved_again_looks_alike() -> None:
    picture = photograph(1, 200, 150)
    again = read_image(encoded(picture.resize((120, 90)), "JPEG", quality=60)).image
    stats = {
        "a": thumbnail_stats(picture),
        "b": thumbnail_stats(again),
        "c": thumbnail_stats(photograph(2, 200, 150)),
        "d": thumbnail_stats(quarters()),
    }
    assert find_lookalikes(stats) == [("a", "b")]


def test_the_same_shape_in_another_colour_does_not_look_alike() -> None:
    picture = photograph(1)
    assert find_lookalikes({"a": thumbnail_stats(picture), "b": thumbnail_stats(picture.convert("L"))}) == []
    assert (
        find_lookalikes(
            {"a": thumbnail_stats(picture), "b": thumbnail_stats(ImageEnhance.Brightness(picture).enhance(0.5))}
        )
        == []
    )


def test_blank_pictures_are_blank_and_not_alike() -> None:
    blanks = {name: thumbnail_stats(Image.new("RGB", (50, 50), "white")) for name in "ab"}
    assert all(stats.blank for stats in blanks.values())
    assert find_lookalikes(blanks) == [], "blank pictures would be called duplicates"
    assert find_lookalikes({}) == []


def test_grey_and_transparent() -> None:
    assert thumbnail_stats(photograph(1).convert("L")).gray
    tinted = read_image(encoded(photograph(1).convert("L").convert("RGB"), "JPEG", quality=30)).image
    assert thumbnail_stats(tinted).gray, "a grey photograph saved as colour JPEG"
    assert not thumbnail_stats(photograph(1)).gray
    opaque = photograph(1).convert("RGBA")
    assert not thumbnail_stats(opaque).transparent
    opaque.putalpha(200)
    assert thumbnail_stats(opaque).transparent


def test_hash_depends_on_content_alone(tmp_path: Path) -> None:
    for size in (0, 10, EDGE_BYTES, EDGE_BYTES + 1, 2 * EDGE_BYTES, 3 * EDGE_BYTES):
        content = np.random.default_rng(size).bytes(size)
        (tmp_path / "a").write_bytes(content)
        assert content_hash(tmp_path / "a") == content_hash(content)
        if content:
            assert content_hash(content) != content_hash(content[:-1] + bytes([content[-1] ^ 1]))
            assert content_hash(content) != content_hash(content + b"\0")
            assert content_hash(np.frombuffer(content, np.uint8)) == content_hash(content)
