"""Pictures of 16 bits a colour, which Pillow reads as 8: PNG and TIFF, grey or coloured, transparent or not."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from .colour import is_srgb
from .decode import BadPicture, read_header

Deep = npt.NDArray[np.uint16]
PNG_DEPTH = 24  # place of the bits a colour in a PNG's head
MINISBLACK, RGB, ASSOCIATED = 1, 2, 1  # TIFF's words for grey, colour, and alpha that the colours are multiplied by


def read_deep(path: Path) -> Deep | None:
    """Return the picture in a file as (H, W, 4), upright and in sRGB; None if 8 bits hold all that it has.

    A picture with a colour profile other than sRGB's has to be converted, which is done in 8 bits; so it gives None.

    Raises:
        BadPicture: the file is no picture, or damaged.
    """
    header = read_header(path)
    if header.format not in ("PNG", "TIFF"):
        return None
    try:
        content = path.read_bytes()
        found = _png(content) if header.format == "PNG" else _tiff(content)
        if found is None:
            return None
        with Image.open(io.BytesIO(content)) as image:
            if not is_srgb(image.info.get("icc_profile")):
                return None
    except Exception as error:  # a decoder may raise anything on a broken file
        raise BadPicture(f"damaged ({error})", str(path)) from error
    return upright(found, header.orientation)


def upright(pixels: Deep, orientation: int) -> Deep:
    """Return pixels (H, W, C) turned as EXIF's orientation, 1 to 8, says."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _png(content: bytes) -> Deep | None:
    import imagecodecs

    return _with_alpha(imagecodecs.png_decode(content)) if content[PNG_DEPTH] == 16 else None


def _tiff(content: bytes) -> Deep | None:
    import tifffile

    with tifffile.TiffFile(io.BytesIO(content)) as file:
        page = file.pages.first
        if page.dtype != np.uint16 or page.photometric not in (MINISBLACK, RGB) or ASSOCIATED in page.extrasamples:
            return None
        pixels = page.asarray()
        return _with_alpha(pixels.transpose(1, 2, 0) if page.planarconfig == 2 and pixels.ndim == 3 else pixels)


def _with_alpha(pixels: Deep) -> Deep | None:
    """Return grey or coloured pixels, with or without alpha, as (H, W, 4); None if they are neither."""
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    channels = pixels.shape[2]
    if channels > 4:
        return None
    opaque = np.full_like(pixels[..., :1], 65535)
    colours = pixels[..., :3] if channels >= 3 else np.repeat(pixels[..., :1], 3, axis=2)
    return np.concatenate([colours, pixels[..., -1:] if channels in (2, 4) else opaque], axis=2)
