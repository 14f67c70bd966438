"""A signature that is stamped on pictures: read from a file, placed, colored and blended in."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageColor
from torch import Tensor

from .config.sign import FROM_PICTURE, OWN, SignConfig
from .data.decode import read_image
from .data.image_file import UnreadableImageError
from .device import seeded_rng
from .errors import GanvasError, check_choice, did_you_mean
from .image_io import to_float, to_uint8
from .translation import N_, _, stored

PLACES = {  # shares of the free width and height that are left of it and above it
    "bottom-right": (1.0, 1.0), "bottom-left": (0.0, 1.0), "top-right": (1.0, 0.0), "top-left": (0.0, 0.0),
    "bottom": (0.5, 1.0), "top": (0.5, 0.0), "left": (0.0, 0.5), "right": (1.0, 0.5), "center": (0.5, 0.5),
}  # fmt: skip
CORNERS = tuple(PLACES)[:4]
RANGES = {  # least and greatest value of settings
    "sign_size": (0.01, 1.0),
    "sign_margin": (0.0, 0.4),
    "sign_opacity": (0.0, 1.0),
    "sign_rotation": (-360.0, 360.0),
    "sign_vary": (0.0, 1.0),
}
MAX_SIDE = 2048  # pixels of a signature that are kept; scans have more than anybody sees
SHARPNESS = 2  # times the pixels that a signature has on the picture, which it is turned at
VARY_DEGREES, VARY_SIZE, VARY_PLACE = 12.0, 0.25, 0.8  # at most: angle, share of the size, share of the margin
VISIBLE = 8  # of 255: what is less opaque is not counted as part of a signature
PAPER_GRAIN, LEAST_INK = 12, 24  # of 255: how much plain paper differs from itself, and ink from paper at least
BORDER = 0.04  # of a scan's sides, where the paper is looked at
PALETTE_SIDE, PALETTE_COLORS = 64, 8  # of the small copy in which a color is looked for, and how many there are
MIN_CONTRAST = 0.35  # of lightness in [0, 1], between a color of the picture and the ground
LUMA = np.array((0.299, 0.587, 0.114), np.float32)  # ITU-R BT.601, as Pillow's

Pixels = npt.NDArray[np.float32]


class Signature:
    """A signature that was read from a file, and how it is put on pictures.

    Args:
        config: what was asked for; its `sign` is the file.

    Raises:
        GanvasError: the file is no picture or has nothing on it, or a setting makes no sense.
    """

    def __init__(self, config: SignConfig) -> None:
        check_sign(config)
        self.config, path = config, Path(config.sign)
        self.image = read_signature(path)
        self.digest = hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()

    @property
    def metadata(self) -> str:
        """What tells in a picture's metadata how it was signed: JSON, without the folders of the file."""
        return json.dumps(asdict(self.config) | {"sign": Path(self.config.sign).name, "digest": self.digest})

    def stamp(self, image: Tensor, *key: int | str) -> Tensor:
        """Return a copy of an image with the signature on it; pixels that it does not touch are the same to the bit.

        Args:
            image: (C, H, W) with 1, 3 or 4 channels, uint8, or floats in [-1, 1].
            key: what decides all that is random, such as seed and index; the same for the same stamp.
        """
        height, width = image.shape[1:]
        mark, left, top = self._placed((width, height), *key)
        below = image[:, top : top + mark.height, left : left + mark.width]
        ground = _to_unit(below).permute(1, 2, 0).cpu().numpy()  # (h, w, C) in [0, 1]
        pixels = np.asarray(mark).astype(np.float32) / np.float32(255)
        colors, alpha = pixels[..., :3], pixels[..., 3:]
        if self.config.sign_color == FROM_PICTURE:
            step = max(1, min(height, width) // (2 * PALETTE_SIDE))
            colors = np.broadcast_to(
                standing_out(_to_unit(image[:, ::step, ::step]).cpu(), ground, alpha), colors.shape
            )
        elif self.config.sign_color != OWN:
            rgb = ImageColor.getrgb(self.config.sign_color)[:3]
            colors = np.broadcast_to(np.array(rgb, np.float32) / 255, colors.shape)
        blended = torch.from_numpy(blend(ground, colors, alpha * self.config.sign_opacity)).permute(2, 0, 1)
        stamped = blended.to(image.device).mul(2).sub(1)
        if image.dtype == torch.uint8:
            stamped = to_uint8(stamped)
        touched = torch.from_numpy(alpha[..., 0] > 0).to(image.device)
        signed = image.clone()
        signed[:, top : top + mark.height, left : left + mark.width] = torch.where(touched, stamped.to(image), below)
        return signed

    def _placed(self, size: tuple[int, int], *key: int | str) -> tuple[Image.Image, int, int]:
        """Return the signature (RGBA) as it is on a picture of this (width, height), and its place: left and top."""
        config, short = self.config, min(size)
        corner, angle, growth, across, down = torch.rand(
            5, generator=seeded_rng(*key, "sign"), dtype=torch.float64
        ).tolist()
        angle, growth, across, down = (config.sign_vary * (2 * each - 1) for each in (angle, growth, across, down))
        place = CORNERS[int(corner * len(CORNERS))] if config.sign_position == "random" else config.sign_position
        margin = config.sign_margin * short
        length = config.sign_size * short * (1 + VARY_SIZE * growth)
        mark = self.image.reduce(max(1, int(max(self.image.size) / (SHARPNESS * length))))
        scale = length / max(mark.size)
        mark = cropped(mark.rotate(config.sign_rotation + VARY_DEGREES * angle, Image.Resampling.BICUBIC, expand=True))
        scale = min(scale, *((side - 2 * margin) / own for side, own in zip(size, mark.size, strict=True)))
        mark = mark.resize([max(1, round(scale * own)) for own in mark.size], Image.Resampling.LANCZOS)
        left, top = (
            min(max(0, round(margin + share * (side - 2 * margin - own) + VARY_PLACE * margin * moved)), side - own)
            for share, side, own, moved in zip(PLACES[place], size, mark.size, (across, down), strict=True)
        )
        return mark, left, top


def load_signature(config: SignConfig) -> Signature | None:
    """Return the signature that is asked for, or None if none is.

    Raises:
        GanvasError: as `Signature`; or a setting was given, but no file.
    """
    if not config.sign:
        if config != SignConfig():
            raise GanvasError(
                _("It was said how to sign, but not with what."), _("Name a picture of your signature: --sign FILE")
            )
        return None
    return Signature(config)


def check_sign(config: SignConfig) -> None:
    """Check that settings make sense.

    Raises:
        GanvasError: one does not; it is named with what it may be.
    """
    check_choice(config.sign_position, (*PLACES, "random"), N_("--sign-position value"))
    for name, (least, greatest) in RANGES.items():
        value, flag = getattr(config, name), f"--{name.replace('_', '-')}"
        if not least <= value <= greatest:
            raise GanvasError(
                _("{flag} cannot be {value:g}.").format(flag=flag, value=value),
                _("It takes {least:g} to {greatest:g}.").format(least=least, greatest=greatest),
            )
    if config.sign_color not in (OWN, FROM_PICTURE):
        try:
            ImageColor.getrgb(config.sign_color)
        except ValueError as error:
            near = did_you_mean(config.sign_color.lower(), [OWN, FROM_PICTURE, *ImageColor.colormap])
            raise GanvasError(
                _("Unknown color of a signature '{sign_color}'.{near}").format(sign_color=config.sign_color, near=near),
                _("Use own, picture, a color name or #rrggbb."),
            ) from error


def read_signature(path: Path) -> Image.Image:
    """Return the signature in a picture file, mode RGBA, cut to what is visible of it.

    Raises:
        GanvasError: it is no picture, or there is nothing on it.
    """
    try:
        image = read_image(path).image
    except UnreadableImageError as error:
        raise GanvasError(
            _("The signature {path} cannot be used: {reason}.").format(path=path, reason=stored(error.reason)),
            _("Name a picture of it, best a PNG: --sign FILE"),
        ) from error
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    if image.mode != "RGBA" or (np.asarray(image)[..., 3] == 255).all():
        image = from_paper(image.convert("RGB"))
    image = cropped(image)
    if (np.asarray(image)[..., 3] < VISIBLE).all():
        raise GanvasError(
            _("There is nothing on the signature {path}.").format(path=path),
            _("Name a picture with ink on plain paper, or with transparency."),
        )
    return image


def from_paper(image: Image.Image) -> Image.Image:
    """Return a scan of ink on plain paper (RGB) with the paper transparent (RGBA): the ink's own colors, as if alone.

    The paper is what lies along the edges. The further a pixel's color is from it, the more opaque it is. Light ink on
    dark paper is as good.
    """
    pixels = np.asarray(image, np.float32)
    rim = [max(1, round(BORDER * side)) for side in pixels.shape[:2]]
    inner = np.zeros(pixels.shape[:2], bool)
    inner[rim[0] : -rim[0], rim[1] : -rim[1]] = True
    paper = np.median(pixels[~inner], axis=0)
    distance = np.abs(pixels - paper).max(2)
    grain = max(PAPER_GRAIN, 1.5 * float(np.percentile(distance[~inner], 90)))
    inked = distance[distance > grain + LEAST_INK]
    alpha = np.zeros_like(distance)
    if inked.size:
        alpha = ((distance - grain) / (float(np.median(inked)) - grain)).clip(0, 1)
    ink = paper + (pixels - paper) / np.maximum(alpha, 0.1)[..., None]  # as pixel = alpha ink + (1 - alpha) paper
    return Image.fromarray(np.dstack([ink.clip(0, 255), 255 * alpha]).round().astype(np.uint8))


def cropped(image: Image.Image) -> Image.Image:
    """Return an RGBA image without its invisible border; itself if nothing of it is visible."""
    box = image.getchannel("A").point(lambda value: 255 * (value >= VISIBLE)).getbbox()
    return image.crop(box) if box else image


def standing_out(image: Tensor, ground: Pixels, alpha: Pixels) -> Pixels:
    """Return the color (3,) of an image that differs most in lightness from the ground that a signature is put on.

    Where none differs enough to be read, the best one is made darker or lighter.

    Args:
        image: (C, H, W) in [0, 1].
        ground: what lies below the signature, (h, w, C) in [0, 1].
        alpha: of the signature, (h, w, 1) in [0, 1].
    """
    whole = Image.fromarray((255 * _on_white(image.permute(1, 2, 0).numpy())).round().astype(np.uint8))
    small = whole.resize((PALETTE_SIDE, PALETTE_SIDE), Image.Resampling.BOX)
    palette = small.quantize(PALETTE_COLORS, Image.Quantize.MEDIANCUT)
    colors = np.array(palette.getpalette(), np.float32).reshape(-1, 3)[np.unique(np.asarray(palette))] / 255
    lightness = float((_on_white(ground) @ LUMA * alpha[..., 0]).sum() / max(1e-6, alpha.sum()))
    contrast = np.abs(colors @ LUMA - lightness)
    best = colors[int(contrast.argmax())]
    if contrast.max() < MIN_CONTRAST:
        end, wanted = (0.0, lightness - MIN_CONTRAST) if lightness > 0.5 else (1.0, lightness + MIN_CONTRAST)
        best = best + (end - best) * ((wanted - best @ LUMA) / (end - best @ LUMA))
    return np.asarray(best, np.float32)


def blend(ground: Pixels, colors: Pixels, alpha: Pixels) -> Pixels:
    """Return colors (h, w, 3) put over a ground (h, w, C), both in [0, 1], C being 1 (gray), 3 or 4 (with alpha).

    A transparent ground becomes as opaque as the signature: Porter and Duff's "over" (1984).
    """
    channels = ground.shape[2]
    colors = colors @ LUMA[:, None] if channels == 1 else colors
    if channels < 4:
        return ground + alpha * (colors - ground)
    behind = ground[..., 3:] * (1 - alpha)
    total = alpha + behind
    mixed = (alpha * colors + behind * ground[..., :3]) / np.maximum(total, 1e-6)
    return np.concatenate([mixed, total], 2)


def _on_white(pixels: Pixels) -> Pixels:
    """Return pixels (H, W, C) in [0, 1] as RGB, transparent ones on white."""
    if pixels.shape[2] == 4:
        return 1 + pixels[..., 3:] * (pixels[..., :3] - 1)
    return np.broadcast_to(pixels, (*pixels.shape[:2], 3)) if pixels.shape[2] == 1 else pixels


def _to_unit(image: Tensor) -> Tensor:
    """Return an image, uint8 or floats in [-1, 1], as floats in [0, 1]."""
    floats = to_float(image) if image.dtype == torch.uint8 else image.float()
    return floats.add(1).div(2).clamp(0, 1)
