"""Read pictures from files, and turn them into tensors of a given size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..data.decode import read_image
from ..data.image_file import UnreadableImageError
from ..data.notes import shown
from ..data.sixteen_bit import read_16bit_image
from ..errors import GanvasError, UnusableImageError, did_you_mean
from ..events import Note
from ..image_io import to_float
from ..translation import _, stored


@dataclass(frozen=True)
class Picture:
    """A picture to paint from: the content, a style, a mask, or the start.

    Args:
        name: name of its file.
        colors: RGB; transparent pixels have the colours of their neighbours (see `bleed_colors`).
        alpha: transparency, mode L, or mode F in [0, 255] if the file has 16 bits per channel; None if it is opaque.
        notes: what was done to read it.
        float_channels: red, green and blue, each mode F in [0, 255], if the file has 16 bits per channel.
    """

    name: str
    colors: Image.Image
    alpha: Image.Image | None
    notes: tuple[str, ...]
    float_channels: tuple[Image.Image, ...] = ()

    @property
    def nbytes(self) -> int:
        """Return its size in memory: Pillow takes 4 bytes for a pixel of mode RGB or F, and 1 for one of mode L."""
        width, height = self.colors.size
        alpha = 0 if self.alpha is None else 1 if self.alpha.mode == "L" else 4
        return width * height * (4 + 4 * len(self.float_channels) + alpha)

    def tensor(self, size: tuple[int, int], device: torch.device) -> Tensor:
        """Return the colours as (1, 3, H, W) in [-1, 1]; `size` is (width, height)."""
        if self.float_channels:
            resized = [np.asarray(channel.resize(size, Image.Resampling.LANCZOS)) for channel in self.float_channels]
            return torch.from_numpy(np.stack(resized))[None].to(device).div(127.5).sub(1).clamp(-1, 1)
        return to_float(to_uint8_tensor(self.colors.resize(size, Image.Resampling.LANCZOS)).to(device))

    def opacity(self, size: tuple[int, int]) -> Tensor | None:
        """Return the opacity (1, 1, H, W) in [0, 1]; None if every pixel is opaque. `size` is (width, height)."""
        if self.alpha is None:
            return None
        resized = np.array(self.alpha.resize(size, Image.Resampling.LANCZOS), np.float32)
        return torch.from_numpy(resized)[None, None].div(255).clamp(0, 1)

    def on_white(self) -> Image.Image:
        """Return the picture on a white background."""
        if self.alpha is None:
            return self.colors
        return Image.composite(self.colors, Image.new("RGB", self.colors.size, "white"), self.alpha.convert("L"))

    def crop_border(self, share: float) -> "Picture":
        """Return the picture without its border; on each side, `share` of the width or height is cut off."""
        width, height = self.colors.size
        left, top = round(share * width), round(share * height)
        box = (left, top, width - left, height - top)
        return replace(
            self,
            colors=self.colors.crop(box),
            alpha=self.alpha and self.alpha.crop(box),
            float_channels=tuple(channel.crop(box) for channel in self.float_channels),
        )


def to_uint8_tensor(image: Image.Image) -> Tensor:
    """Return a Pillow image as a uint8 tensor (1, C, H, W)."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]


def load_picture(path: Path) -> Picture:
    """Return the picture in a file, upright and in sRGB.

    Raises:
        GanvasError: there is no such file, or it is a folder or a pipe.
        UnusableImageError: it cannot be read as a picture.
    """
    if path.is_dir():
        raise GanvasError(_("{path} is a folder, not a picture.").format(path=path), _("Name one picture in it."))
    if not path.exists():
        neighbors = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
        raise GanvasError(
            _("There is no picture {path}.{suggestion}").format(
                path=path, suggestion=did_you_mean(path.name, neighbors)
            ),
            _("Check the path."),
        )
    if not path.is_file():  # to open a pipe would wait for ever
        raise GanvasError(_("{path} is not a file.").format(path=path), _("Name a picture."))
    try:
        decoded, pixels16 = read_image(path), read_16bit_image(path)
    except UnreadableImageError as error:
        raise _unusable(path, error) from error
    image, alpha = decoded.image, None
    if image.mode == "RGBA":
        alpha = image.getchannel("A")
        pixels = to_uint8_tensor(image).float()
        colors = bleed_colors(pixels[:, :3], pixels[:, 3:] / 255)[0].permute(1, 2, 0)
        image = Image.fromarray(colors.round().byte().numpy())
    if pixels16 is None:
        return Picture(path.name, image.convert("RGB"), alpha, decoded.notes)
    pixels = torch.from_numpy(pixels16.astype(np.float32) / 257).permute(2, 0, 1)[None]
    channels = bleed_colors(pixels[:, :3], pixels[:, 3:] / 255)[0]
    float_channels = [Image.fromarray(channel.numpy()) for channel in channels]
    float_alpha = None if (pixels16[..., 3] == 65535).all() else Image.fromarray(pixels[0, 3].numpy())
    return Picture(path.name, image.convert("RGB"), float_alpha, decoded.notes, tuple(float_channels))


def _unusable(path: Path, error: UnreadableImageError) -> UnusableImageError:
    """Return what is wrong with a picture; it is not damaged where memory or the system fails."""
    if isinstance(error.__cause__, MemoryError):
        return UnusableImageError(
            _("{path} does not fit into memory.").format(path=path), _("Close other programs, or save it smaller.")
        )
    hint = (
        _("Once it can be read, type the same command again.")
        if error.temporary
        else _("Save it again as PNG or JPEG.")
    )
    return UnusableImageError(
        _("{path} cannot be used: {reason}.").format(path=path, reason=stored(error.reason)), hint
    )


@dataclass(frozen=True)
class SourcePictures:
    """The pictures that a painting is made from."""

    content: Picture
    styles: Sequence[Picture]
    masks: Sequence[Picture]
    start: Picture | None

    @property
    def nbytes(self) -> int:
        """Return their size in memory."""
        return sum(picture.nbytes for picture in self.all_pictures)

    @property
    def all_pictures(self) -> list[Picture]:
        """Return all of them in one list."""
        return [self.content, *self.styles, *self.masks, *([self.start] if self.start else [])]


@dataclass(frozen=True)
class SourcePaths:
    """The paths of the pictures that a painting is made from."""

    content: Path
    styles: tuple[Path, ...]
    masks: tuple[Path, ...]
    start: Path | None

    @property
    def all_paths(self) -> list[Path]:
        """Return all of them in one list."""
        return [self.content, *self.styles, *self.masks, *([self.start] if self.start else [])]

    def load(self) -> SourcePictures:
        """Read the pictures.

        Raises:
            GanvasError: one of them does not exist, or cannot be read as a picture.
        """
        start = load_picture(self.start) if self.start else None
        styles, masks = [*map(load_picture, self.styles)], [*map(load_picture, self.masks)]
        return SourcePictures(load_picture(self.content), styles, masks, start)


def picture_notes(pictures: SourcePictures, size: int) -> Iterator[Note]:
    """Yield what was done to read the pictures, and whether the content is enlarged."""
    for picture in pictures.all_pictures:
        for note in picture.notes:
            yield Note(f"{picture.name}: {shown(note)}.")
    name, long_side = pictures.content.name, max(pictures.content.colors.size)
    if long_side < size:
        yield Note(
            _("{name} is {long_side} pixels long and is enlarged to {size}; --size {long_side} keeps it.").format(
                name=name, long_side=long_side, size=size
            )
        )


def bleed_colors(colors: Tensor, alpha: Tensor) -> Tensor:
    """Return colours (1, 3, H, W) with fully transparent pixels filled from visible ones ("alpha bleeding").

    On a white background, a figure would get an edge that it does not have, and be painted with a white fringe. The
    fill comes from a picture of half the size, which is filled from one of a quarter, and so on.

    Args:
        colors: in [0, 255].
        alpha: opacity, (1, 1, H, W) in [0, 1].
    """
    hidden = alpha == 0
    if not hidden.any():
        return colors
    if hidden.all():
        return torch.full_like(colors, 255)
    half = F.avg_pool2d(torch.cat([colors * alpha, alpha], 1), 2, ceil_mode=True)
    coarse = bleed_colors(half[:, :3] / half[:, 3:].clamp(min=1e-6), half[:, 3:])
    return torch.where(hidden, F.interpolate(coarse, colors.shape[2:], mode="bilinear"), colors)
