"""Images of more than 8 bits a channel, of which Pillow would in part read only 8."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from .color import is_srgb
from .image_file import exif_orientation, header_of, open_image, reading
from .value_range import ValueRange

Image16 = npt.NDArray[np.uint16]
PNG_DEPTH_OFFSET = 24  # byte of a PNG that holds the bits a channel
TIFF_MINISBLACK, TIFF_RGB, TIFF_ASSOCIATED_ALPHA = 1, 2, 1  # TIFF tags: grey, colour, premultiplied alpha


def read_16bit_image(path: Path) -> Image16 | None:
    """Return the image in a file as (H, W, 4) uint16, upright and in sRGB; None if 8 bits hold all of it.

    Colour profiles other than sRGB are converted in 8 bits, so these images give None too.

    Raises:
        UnreadableImageError: the file is not a picture, or damaged.
    """
    with open_image(path, "") as image, reading(path, ""):
        header = header_of(image, str(path))
        pixels = decode_16bit(path.read_bytes(), header.format, image.size) if header.deep else None
        if pixels is None or not is_srgb(image.info.get("icc_profile")):
            return None
        orientation = exif_orientation(image) if header.format == "PNG" else header.orientation
        return rotate_upright(pixels, orientation)


def read_deep_values(source: Path | bytes, name: str) -> npt.NDArray[Any] | None:
    """Return all numbers for grey or colour in a picture, without transparency; None if it has 8 bits a channel.

    Raises:
        UnreadableImageError: it cannot be read.
    """
    with open_image(source, name) as image, reading(source, name):
        if not header_of(image, name).deep:
            return None
        image.load()
        found = _values_of(image, source)
        return None if found is None else found[0]


def in_range(image: Image.Image, source: Path | bytes, value_range: ValueRange, orientation: int = 1) -> Image.Image:
    """Return a loaded image of more than 8 bits a channel with 8: grey, colour, or colour with alpha.

    Args:
        orientation: from which Pillow has turned the image upright as it was loaded; 1 if it has not.
    """
    found = _values_of(image, source, orientation)
    if found is None:
        return image
    values, alpha = found
    converted = Image.fromarray(value_range.to_uint8(values))
    if alpha is not None:
        converted = converted.convert("RGB")
        converted.putalpha(Image.fromarray((alpha >> 8).astype(np.uint8)))
    if "icc_profile" in image.info:
        converted.info["icc_profile"] = image.info["icc_profile"]
    return converted


def rotate_upright(pixels: Image16, orientation: int) -> Image16:
    """Return pixels (H, W, C) turned upright from the EXIF orientation, 1 to 8."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def decode_16bit(content: bytes, format_name: str, size: tuple[int, int]) -> Image16 | None:
    """Return the pixels of a PNG or TIFF as (H, W, 4); None if it has not 16 bits a channel, or is another kind.

    Args:
        size: width and height that Pillow has read, upright or as stored.

    Raises:
        ValueError: a TIFF says that it is of another size.
    """
    if format_name == "TIFF":
        return _decode_tiff(content, size)
    return _decode_png(content) if format_name == "PNG" else None


def _values_of(
    image: Image.Image, source: Path | bytes, orientation: int = 1
) -> tuple[npt.NDArray[Any], Image16 | None] | None:
    """Return numbers (H, W) or (H, W, 3), and those for alpha (H, W) where there are some.

    None for a kind of which Pillow makes 8 bits, as CMYK.
    """
    if image.mode.startswith(("I", "F")):
        return np.asarray(image), None
    content = source if isinstance(source, bytes) else source.read_bytes()
    pixels = decode_16bit(content, image.format or "", image.size)
    if pixels is None:
        return None
    pixels = rotate_upright(pixels, orientation)
    has_alpha = bool((pixels[..., 3] < 65535).any())
    return pixels[..., :3], pixels[..., 3] if has_alpha else None


def _decode_png(content: bytes) -> Image16 | None:
    import imagecodecs

    return _to_rgba(imagecodecs.png_decode(content)) if content[PNG_DEPTH_OFFSET] == 16 else None


def _decode_tiff(content: bytes, size: tuple[int, int]) -> Image16 | None:
    import tifffile

    with tifffile.TiffFile(io.BytesIO(content)) as file:
        page = file.pages.first
        if (
            page.dtype != np.uint16
            or page.photometric not in (TIFF_MINISBLACK, TIFF_RGB)
            or TIFF_ASSOCIATED_ALPHA in page.extrasamples
        ):
            return None
        # Tags may say what Pillow does not look at: a billion layers, or a second width.
        if sorted((page.imagewidth, page.imagelength)) != sorted(size) or page.imagedepth != 1:
            raise ValueError("its tags disagree about its size")
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
