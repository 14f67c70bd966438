"""Images with 16 bits a channel, which Pillow would read as 8: PNG and TIFF, grey or colour, with or without alpha."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from .color import is_srgb
from .decode import UnreadableImageError, read_header

Image16 = npt.NDArray[np.uint16]
PNG_DEPTH_OFFSET = 24  # byte of a PNG that holds the bits a channel
TIFF_MINISBLACK, TIFF_RGB, TIFF_ASSOCIATED_ALPHA = 1, 2, 1  # TIFF tags: grey, colour, premultiplied alpha


def read_16bit_image(path: Path) -> Image16 | None:
    """Return the image in a file as (H, W, 4) uint16, upright and in sRGB; None if 8 bits hold all of it.

    Colour profiles other than sRGB are converted in 8 bits, so these images give None too.

    Raises:
        UnreadableImageError: the file is not a picture, or damaged.
    """
    header = read_header(path)
    if header.format not in ("PNG", "TIFF"):
        return None
    try:
        content = path.read_bytes()
        pixels = _decode_png(content) if header.format == "PNG" else _decode_tiff(content)
        if pixels is None:
            return None
        with Image.open(io.BytesIO(content)) as image:
            if not is_srgb(image.info.get("icc_profile")):
                return None
    except Exception as error:  # decoders raise anything on a broken file
        raise UnreadableImageError(f"damaged ({error})", str(path)) from error
    return rotate_upright(pixels, header.orientation)


def rotate_upright(pixels: Image16, orientation: int) -> Image16:
    """Return pixels (H, W, C) turned upright from the EXIF orientation, 1 to 8."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _decode_png(content: bytes) -> Image16 | None:
    import imagecodecs

    return _to_rgba(imagecodecs.png_decode(content)) if content[PNG_DEPTH_OFFSET] == 16 else None


def _decode_tiff(content: bytes) -> Image16 | None:
    import tifffile

    with tifffile.TiffFile(io.BytesIO(content)) as file:
        page = file.pages.first
        if (
            page.dtype != np.uint16
            or page.photometric not in (TIFF_MINISBLACK, TIFF_RGB)
            or TIFF_ASSOCIATED_ALPHA in page.extrasamples
        ):
            return None
        pixels = page.asarray()
        return _to_rgba(pixels.transpose(1, 2, 0) if page.planarconfig == 2 and pixels.ndim == 3 else pixels)


def _to_rgba(pixels: Image16) -> Image16 | None:
    """Return grey or colour pixels, with or without alpha, as (H, W, 4); None if they have more channels."""
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    channels = pixels.shape[2]
    if channels > 4:
        return None
    opaque = np.full_like(pixels[..., :1], 65535)
    colors = pixels[..., :3] if channels >= 3 else np.repeat(pixels[..., :1], 3, axis=2)
    return np.concatenate([colors, pixels[..., -1:] if channels in (2, 4) else opaque], axis=2)
