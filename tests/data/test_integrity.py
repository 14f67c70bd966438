"""Damaged files are named and left out, where decoders would return black, or a smear, without a word."""

import io
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ganvas
from ganvas.data.decode import read_image
from ganvas.data.image_file import UnreadableImageError, read_header
from ganvas.data.integrity import PNG_SIGNATURE


def encoded(format: str, size: int = 64, seed: int = 0, **options: object) -> bytes:
    """Return a smooth picture with some grain, as a file of this format."""
    random = np.random.default_rng(seed)
    smooth = Image.fromarray(random.integers(0, 256, (6, 6, 3), np.uint8)).resize((size, size))
    grain = np.asarray(smooth, np.int16) + random.integers(-9, 10, (size, size, 3))
    stream = io.BytesIO()
    Image.fromarray(grain.clip(0, 255).astype(np.uint8)).save(stream, format, **options)
    return stream.getvalue()


def chunk(kind: bytes, content: bytes, checksum_off: int = 0) -> bytes:
    checksum = (zlib.crc32(kind + content) + checksum_off) % 2**32
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def overwritten(content: bytes, at: int, count: int, seed: int) -> bytes:
    damaged = bytearray(content)
    damaged[at : at + count] = random.Random(seed).randbytes(count)
    return bytes(damaged)


@pytest.mark.parametrize("bit", range(0, 40, 3))
@pytest.mark.parametrize("read", [read_image, read_header])
def test_one_wrong_bit_of_a_pngs_pixels_is_seen(read: object, bit: int) -> None:
    """Pillow decodes it without a word, or gives black: asking for EXIF takes the error for one of its own."""
    content = bytearray(encoded("PNG"))
    place = content.index(b"IDAT") + 4 + bit * 97
    content[place] ^= 1 << bit % 8
    with pytest.raises(UnreadableImageError, match="checksum of IDAT is wrong"):
        read(bytes(content))  # type: ignore[operator]


def test_a_png_with_sixty_wrong_bytes_is_left_out_by_training_and_inspection(tmp_path: Path) -> None:
    for number in range(12):
        content = encoded("PNG", seed=number)
        if number == 5:
            content = overwritten(content, len(content) // 2, 60, number)
        (tmp_path / f"{number}.png").write_bytes(content)
    inspection = ganvas.inspect(tmp_path)
    assert [(each.name, each.reason) for each in inspection.broken] == [
        ("5.png", "damaged (checksum of IDAT is wrong)")
    ]
    assert inspection.usable == 11


def test_text_in_a_png_and_what_a_program_has_appended_do_no_harm() -> None:
    content = encoded("PNG")
    after_header = content.index(b"IDAT") - 4
    extra = chunk(b"tEXt", b"Comment\0nice")
    whole = read_image(content[:after_header] + extra + content[after_header:] + b"appended")
    assert whole.image.tobytes() == read_image(content).image.tobytes()
    end = content.index(b"IEND") - 4
    read_image(content[:end] + chunk(b"prVt", b"a program's own", checksum_off=1) + content[end:])


@pytest.mark.parametrize("kept", [20, 60, 0.5, 0.99])
def test_a_png_that_ends_too_early_is_truncated(kept: float) -> None:
    content = encoded("PNG")
    with pytest.raises(UnreadableImageError) as caught:
        read_image(content[: round(kept if kept > 1 else kept * len(content))])
    assert caught.value.reason in ("truncated", "damaged (Truncated File Read)")


def test_a_png_with_exif_behind_its_pixels_is_turned_upright() -> None:
    upright = Image.open(io.BytesIO(encoded("PNG")))
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded("PNG")
    end = content.index(b"IEND") - 4
    turned = read_image(content[:end] + chunk(b"eXIf", exif.tobytes()[6:]) + content[end:])
    assert turned.image.tobytes() == upright.transpose(Image.Transpose.ROTATE_270).tobytes()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_most_jpegs_with_thirty_wrong_bytes_are_named(options: dict[str, object]) -> None:
    """Wrong bytes may mean another picture; where the decoder has to make something up, it says so."""
    reasons = []
    for seed in range(40):
        content = encoded("JPEG", 96, seed, quality=90, **options)
        place = random.Random(seed).randrange(700, len(content) - 70)
        try:
            read_image(overwritten(content, place, 30, seed))
        except UnreadableImageError as error:
            reasons.append(error.reason)
    assert len(reasons) >= 16, "Pillow alone names four in sixty"
    assert all(reason.startswith("damaged (") or reason == "truncated" for reason in reasons)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 2}])
def test_whole_jpegs_of_any_kind_are_read(mode: str, options: dict[str, object]) -> None:
    stream = io.BytesIO()
    Image.open(io.BytesIO(encoded("PNG"))).convert(mode).save(stream, "JPEG", **options)
    assert read_image(stream.getvalue()).image.size == (64, 64)


def test_what_follows_a_jpeg_and_zeros_before_its_end_do_no_harm() -> None:
    content = encoded("JPEG")
    whole = read_image(content).image.tobytes()
    assert read_image(content + b"a phone's film").image.tobytes() == whole
    assert read_image(content[:-2] + bytes(8) + content[-2:]).image.tobytes() == whole


def test_a_signature_alone_is_no_picture() -> None:
    with pytest.raises(UnreadableImageError):
        read_image(PNG_SIGNATURE)
