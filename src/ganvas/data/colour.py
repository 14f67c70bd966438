"""Any colour space that a file may come in, to grey, RGB or RGBA in sRGB with 8 bits."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

ICC_MODES = {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L"}  # a profile's colour space -> the pixels that it fits

SAME = 2  # levels of 255 that sRGB profiles of different makers differ by
LEVELS = np.linspace(0, 255, 18).astype(np.uint8)
RAMP = np.stack(np.meshgrid(LEVELS, LEVELS, LEVELS), -1).reshape(len(LEVELS) ** 2, len(LEVELS), 3)


def to_srgb(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Return a loaded picture as L, RGB or RGBA in sRGB, and what was done to it, in plain words.

    A colour profile that is damaged, or that does not fit the pixels, is left out and said, never fatal.
    """
    notes: list[str] = []
    profile = image.info.get("icc_profile")
    if image.mode.startswith(("I", "F")):
        image, notes = _to_eight_bits(image), ["deep grey brought to 8 bits"]
    elif image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("RGB")
    cmyk = image.mode == "CMYK"
    if profile:
        try:
            image, changed = _apply(profile, image)
            notes += ["colour profile converted to sRGB"] if changed else []
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            notes += ["damaged colour profile left out"]
    if cmyk:
        image = image.convert("RGB")
        notes += ["CMYK converted to sRGB"]
    return image, notes


def is_srgb(profile: bytes | None) -> bool:
    """Tell whether pixels with this profile are in sRGB as they are; so are those with none, or with a damaged one."""
    try:
        if not profile:
            return True
        mode = _mode(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
        return mode is not None and _transform(profile, mode) is None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return True


def srgb_profile() -> bytes:
    """Return the profile of sRGB, for files that are to say what their colours mean."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _mode(profile: ImageCms.ImageCmsProfile) -> str | None:
    """Return the mode of the pixels that a profile is for."""
    return ICC_MODES.get(profile.profile.xcolor_space.strip())


def _does_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Tell whether a ramp of colours stays as it is: its profile is sRGB, whatever its name; linear ones are not."""
    if mode == "CMYK":
        return False
    ramp = Image.fromarray(RAMP).convert(mode)
    difference = np.asarray(transform.apply(ramp), np.int16) - np.asarray(ramp.convert("RGB"), np.int16)
    return int(np.abs(difference).max()) <= SAME


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Return a grey picture of 16 or 32 bits or of floats as L.

    16 bits are scaled by their range (65535 is white), floats in [0, 1] likewise; anything else by its own extremes,
    since its white is unknown.
    """
    pixels = np.asarray(image).astype(np.float64)
    pixels = np.nan_to_num(pixels, posinf=0.0, neginf=0.0)
    low, high = 0.0, 1.0 if image.mode == "F" else 65535.0
    if pixels.min() < low or pixels.max() > high:
        low, high = float(pixels.min()), float(pixels.max())
    scaled = (pixels - low) * (255.0 / max(high - low, 1e-12))
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _apply(profile: bytes, image: Image.Image) -> tuple[Image.Image, bool]:
    """Return the picture in sRGB, and whether the profile changed anything. Alpha is kept as it is."""
    colours = image.convert("RGB") if image.mode == "RGBA" else image
    transform = _transform(profile, colours.mode)
    if transform is None:
        return image, False
    changed = transform.apply(colours)
    if image.mode == "RGBA":
        changed.putalpha(image.getchannel("A"))
    return (changed.convert("L") if image.mode == "L" else changed), True


@lru_cache(maxsize=32)  # a folder's pictures come from few devices; building a transform costs more than applying it
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the transform from `profile` to sRGB for pixels of `mode`; None for a profile that is sRGB already.

    Raises:
        ImageCms.PyCMSError, OSError: the profile is damaged.
        ValueError: the profile is for other pixels.
    """
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    fits = _mode(source)
    if fits != mode:
        raise ValueError(f"a profile for {fits} in a picture of {mode}")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    transform = ImageCms.ImageCmsTransform(source, srgb, mode, "RGB")
    return None if _does_nothing(transform, mode) else transform
