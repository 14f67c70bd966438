"""Pictures in, paintings out: files to tensors of the size wanted, and back."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..data.decode import BadPicture, read_picture
from ..data.sixteen_bit import read_deep
from ..errors import GanvasError, UnfitPictureError, did_you_mean
from ..image_io import to_float


@dataclass(frozen=True)
class Picture:
    """Hold a picture as it is painted from.

    Args:
        colours: RGB; where it is transparent, those beside it (see `spread`).
        alpha: its transparency, L, or F in [0, 255] if the file has 16 bits a colour; None if it has none.
        notes: what was done to read it.
        bands: red, green and blue, each F in [0, 255], if the file has 16 bits a colour.
    """

    name: str
    colours: Image.Image
    alpha: Image.Image | None
    notes: tuple[str, ...]
    bands: tuple[Image.Image, ...] = ()

    @property
    def held(self) -> int:
        """Return the bytes that it takes: Pillow keeps 4 for a pixel of RGB or F, and 1 for one of L."""
        width, height = self.colours.size
        alpha = 0 if self.alpha is None else 1 if self.alpha.mode == "L" else 4
        return width * height * (4 + 4 * len(self.bands) + alpha)

    def tensor(self, size: tuple[int, int], device: torch.device) -> Tensor:
        """Return the colours as (1, 3, H, W) in [-1, 1]; `size` is (width, height)."""
        if self.bands:
            resized = [np.asarray(band.resize(size, Image.Resampling.LANCZOS)) for band in self.bands]
            return torch.from_numpy(np.stack(resized))[None].to(device).div(127.5).sub(1).clamp(-1, 1)
        return to_float(to_tensor(self.colours.resize(size, Image.Resampling.LANCZOS)).to(device))

    def seen(self, size: tuple[int, int]) -> Tensor | None:
        """Return how opaque it is, (1, 1, H, W) in [0, 1]; None if it is so everywhere."""
        if self.alpha is None:
            return None
        resized = np.array(self.alpha.resize(size, Image.Resampling.LANCZOS), np.float32)
        return torch.from_numpy(resized)[None, None].div(255).clamp(0, 1)

    def on_white(self) -> Image.Image:
        """Return it as it looks on paper."""
        if self.alpha is None:
            return self.colours
        return Image.composite(self.colours, Image.new("RGB", self.colours.size, "white"), self.alpha.convert("L"))

    def inside(self, frame: float) -> "Picture":
        """Return the picture without its edges, of that share of its sides."""
        width, height = self.colours.size
        left, top = round(frame * width), round(frame * height)
        box = (left, top, width - left, height - top)
        bands = tuple(band.crop(box) for band in self.bands)
        return replace(self, colours=self.colours.crop(box), alpha=self.alpha and self.alpha.crop(box), bands=bands)


def to_tensor(image: Image.Image) -> Tensor:
    """Return an image as (1, C, H, W) uint8, its bands as channels."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]


def read(path: Path) -> Picture:
    """Return the picture in a file, upright and in sRGB.

    Raises:
        GanvasError: there is no such file, or it is a folder.
        UnfitPictureError: it is no picture that can be read.
    """
    if path.is_dir():
        raise GanvasError(f"{path} is a folder, not a picture.", "Name one picture in it.")
    if not path.exists():
        beside = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
        raise GanvasError(f"There is no picture {path}.{did_you_mean(path.name, beside)}", "Check the path.")
    try:
        decoded, deep = read_picture(path), read_deep(path)
    except BadPicture as error:
        raise UnfitPictureError(f"{path} cannot be used: {error.reason}.", "Save it anew as PNG or JPEG.") from error
    image, alpha = decoded.image, None
    if image.mode == "RGBA":
        alpha = image.getchannel("A")
        pixels = to_tensor(image).float()
        opaque = spread(pixels[:, :3], pixels[:, 3:] / 255)[0].permute(1, 2, 0)
        image = Image.fromarray(opaque.round().byte().numpy())
    if deep is None:
        return Picture(path.name, image.convert("RGB"), alpha, decoded.notes)
    pixels = torch.from_numpy(deep.astype(np.float32) / 257).permute(2, 0, 1)[None]
    bands = [Image.fromarray(band.numpy()) for band in spread(pixels[:, :3], pixels[:, 3:] / 255)[0]]
    fine = None if (deep[..., 3] == 65535).all() else Image.fromarray(pixels[0, 3].numpy())
    return Picture(path.name, image.convert("RGB"), fine, decoded.notes, tuple(bands))


def spread(colours: Tensor, alpha: Tensor) -> Tensor:
    """Return colours (1, 3, H, W) that go on where nothing is to be seen, by how opaque they are (1, 1, H, W).

    On white, a figure would have an edge that it has not, and be painted with a white fringe. The colours beside are
    taken from a picture of half the size, which has them from one of a quarter, and so on.
    """
    hidden = alpha == 0
    if not hidden.any():
        return colours
    if hidden.all():
        return torch.full_like(colours, 255)
    half = F.avg_pool2d(torch.cat([colours * alpha, alpha], 1), 2, ceil_mode=True)
    coarse = spread(half[:, :3] / half[:, 3:].clamp(min=1e-6), half[:, 3:])
    return torch.where(hidden, F.interpolate(coarse, colours.shape[2:], mode="bilinear"), colours)
