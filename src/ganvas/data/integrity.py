"""Whether a file's content is whole, where decoders are silent and return black, or a smear.

Pillow looks at no checksum of a PNG's pixels, and JPEG decoders only warn of what they make up.
"""

import re
import struct
import zlib

import simplejpeg

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What libjpeg says of a file that is damaged; it has other warnings, of harmless oddities.
JPEG_DAMAGE = ("Corrupt JPEG data", "Premature end of JPEG file", "Unsupported marker type", "Inconsistent progression")
MAX_PADDING = 16  # bytes before the end that some cameras leave


def check_png(content: bytes) -> None:
    """Check the checksums of a PNG's chunks, but for those that a picture can do without.

    Raises:
        ValueError: one is wrong, or the file ends too early.

    Source: Portable Network Graphics (PNG) Specification, third edition, section 5.
    """
    at, view = len(PNG_SIGNATURE), memoryview(content)
    while at + 12 <= len(view):
        length, kind = struct.unpack(">I4s", view[at : at + 8])
        end = at + 8 + length
        if end + 4 > len(view):
            break
        is_critical = kind[:1].isupper()
        if is_critical and zlib.crc32(view[at + 4 : end]) != struct.unpack(">I", view[end : end + 4])[0]:
            raise ValueError(f"checksum of {kind.decode('ascii', 'replace')} is wrong")
        if kind == b"IEND":
            return
        at = end + 4
    raise ValueError("image file is truncated")


def check_jpeg(content: bytes) -> None:
    """Decode a JPEG once more, as small as possible, and listen to the decoder's warnings.

    Raises:
        ValueError: it had to make something up. Three in five of files with thirty wrong bytes are found so; in the
            others the wrong bytes mean another picture.
    """
    try:
        simplejpeg.decode_jpeg(content, colorspace="GRAY", min_height=1, min_width=1)
    except ValueError as error:
        padding = re.match(r"Corrupt JPEG data: (\d+) extraneous bytes before marker 0xd9", str(error))
        is_padded = padding is not None and int(padding[1]) <= MAX_PADDING
        if str(error).startswith(JPEG_DAMAGE) and not is_padded:
            raise
