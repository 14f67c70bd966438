"""Convert the colour spaces that files come in to grey, RGB or RGBA: sRGB with 8 bits."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from ..translation import N_

ICC_MODES = {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L"}  # colour space of a profile -> Pillow mode

SRGB_TOLERANCE = 2  # of 255: sRGB profiles of different makers differ by so much
LEVELS = np.linspace(0, 255, 18).astype(np.uint8)
COLOR_RAMP = np.stack(np.meshgrid(LEVELS, LEVELS, LEVELS), -1).reshape(len(LEVELS) ** 2, len(LEVELS), 3)


def to_srgb(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Return a loaded image as L, RGB or RGBA in sRGB, and notes on how it was converted.

    A colour profile that is damaged or does not fit the pixels is ignored, with a note.
    """
    notes: list[str] = []
    profile = image.info.get("icc_profile")
    if image.mode.startswith(("I", "F")):
        image, notes = _to_8_bits(image), [N_("high bit depth reduced to 8 bits")]
    elif image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("RGB")
    is_cmyk = image.mode == "CMYK"
    if profile:
        try:
            image, changed = _convert_profile(profile, image)
            notes += [N_("colour profile converted to sRGB")] if changed else []
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            notes += [N_("damaged colour profile ignored")]
    if is_cmyk:
        image = image.convert("RGB")
        notes += [N_("CMYK converted to sRGB")]
    return image, notes


def is_srgb(profile: bytes | None) -> bool:
    """Return whether pixels with this profile are already sRGB; so are pixels with no profile or a damaged one."""
    try:
        if not profile:
            return True
        mode = _profile_mode(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
        return mode is not None and _srgb_transform(profile, mode) is None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return True


def srgb_profile() -> bytes:
    """Return the ICC profile of sRGB, to embed in files."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _profile_mode(profile: ImageCms.ImageCmsProfile) -> str | None:
    """Return the Pillow mode that a profile is for, or None."""
    return ICC_MODES.get(profile.profile.xcolor_space.strip())


def _is_identity(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Return whether a ramp of colours stays as it is: the profile is sRGB. Names are no proof: some are linear."""
    if mode == "CMYK":
        return False
    ramp = Image.fromarray(COLOR_RAMP).convert(mode)
    difference = np.asarray(transform.apply(ramp), np.int16) - np.asarray(ramp.convert("RGB"), np.int16)
    return int(np.abs(difference).max()) <= SRGB_TOLERANCE


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Return a grey image of 16 bits, 32 bits or floats as mode L.

    White is 65535 for integers and 1 for floats. An image outside that range is scaled by its own minimum and maximum,
    since its white is unknown.
    """
    pixels = np.asarray(image).astype(np.float64)
    pixels = np.nan_to_num(pixels, posinf=0.0, neginf=0.0)
    low, high = 0.0, 1.0 if image.mode == "F" else 65535.0
    if pixels.min() < low or pixels.max() > high:
        low, high = float(pixels.min()), float(pixels.max())
    scaled = (pixels - low) * (255.0 / max(high - low, 1e-12))
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _convert_profile(profile: bytes, image: Image.Image) -> tuple[Image.Image, bool]:
    """Return the image in sRGB, and whether the profile changed anything. Alpha stays as it is."""
    colors = image.convert("RGB") if image.mode == "RGBA" else image
    transform = _srgb_transform(profile, colors.mode)
    if transform is None:
        return image, False
    converted = transform.apply(colors)
    if image.mode == "RGBA":
        converted.putalpha(image.getchannel("A"))
    return (converted.convert("L") if image.mode == "L" else converted), True


@lru_cache(maxsize=32)  # pictures come from few devices; building a transform costs more than applying it
def _srgb_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the transform from `profile` to sRGB for pixels of `mode`; None if the profile is sRGB already.

    Raises:
        ImageCms.PyCMSError, OSError: the profile is damaged.
        ValueError: the profile is for another mode.
    """
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    profile_mode = _profile_mode(source)
    if profile_mode != mode:
        raise ValueError(f"profile for {profile_mode} in an image of mode {mode}")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    transform = ImageCms.ImageCmsTransform(source, srgb, mode, "RGB")
    return None if _is_identity(transform, mode) else transform
