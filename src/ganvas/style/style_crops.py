"""Crops of photographs to train a style on, with the features that their paintings should keep."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from .. import builtin
from ..data import open_source
from ..data.decode import read_image
from ..data.file_kinds import left_out
from ..data.image_file import UnreadableImageError
from ..device import seeded_rng
from ..errors import GanvasError
from ..events import Event, Note, Progress
from ..models.vgg import VGG
from ..translation import N_, _, stored
from .fast import color_statistics
from .fast_loss import CONTENT_LAYER
from .load import to_uint8_tensor

PHOTO_COUNT = 200  # photographs at most: as many as there are crops
LOADED_SIDE = 1024  # pixels that they are kept long
PHOTO_SIDE = 512  # pixels that photographs are long before they are cropped, as they are when they are painted
CROP_PIXELS = 64 * 96**2  # of all crops of a size; they are kept with their features, so that VGG sees each once


@dataclass(frozen=True)
class CropSet:
    """Crops of one size.

    Args:
        crops: (N, 3, size, size) in [0, 1].
        shapes: their features at `CONTENT_LAYER`.
        color_mean, color_covariance: of the colours of the photographs that they are from, (N, 3) and (N, 3, 3).
    """

    crops: Tensor
    shapes: Tensor
    color_mean: Tensor
    color_covariance: Tensor


def load_photos(folder: Path | None) -> Generator[Event, None, list[Image.Image]]:
    """Return photographs (RGB) to train on: of a folder, evenly chosen where it holds many, or the packaged ones.

    Raises:
        GanvasError: there is no photograph that can be read.
    """
    if folder is None:
        return [read_image(path).image.convert("RGB") for path in builtin.photos()]
    source = open_source(folder)
    names = [item.name for item in source.items() if not item.problem]
    names = names[:: max(1, len(names) // PHOTO_COUNT)][:PHOTO_COUNT]
    photos = []
    for number, name in enumerate(names, start=1):
        try:
            photo = read_image(source.read(name), name, min_size=(LOADED_SIDE, LOADED_SIDE)).image
        except UnreadableImageError as error:
            yield Note(_("{picture} is left out: {message}").format(picture=name, message=stored(error.reason)))
            continue
        photos.append(_on_white(photo))
        yield Progress(N_("photographs"), number, len(names))
    if not photos:
        hint = left_out(source.other_files()) or _("Leave --photos out to train on the packaged ones.")
        raise GanvasError(_("There are no pictures in {path}.").format(path=folder), hint)
    return photos


class Crops:
    """Fixed crops of photographs, with their features as soon as a size is asked for."""

    def __init__(self, photos: Sequence[Image.Image], seed: int) -> None:
        self.photos, self.seed = photos, seed
        self.sets: dict[int, CropSet] = {}

    def of_size(self, size: int, encoder: VGG) -> CropSet:
        """Return the crops of `size` x `size` pixels."""
        if size not in self.sets:
            self.sets = {size: self._crop(size, encoder)}  # the sizes before are not needed again
        return self.sets[size]

    def _crop(self, size: int, encoder: VGG) -> CropSet:
        rng = seeded_rng(self.seed, f"crops of {size} px")
        crops, means, covariances = [], [], []
        for number in range(max(1, CROP_PIXELS // size**2)):
            photo = self.photos[number % len(self.photos)]
            factor = max(PHOTO_SIDE / max(photo.size), size / min(photo.size))
            width, height = (max(size, round(factor * side)) for side in photo.size)
            whole = to_uint8_tensor(photo.resize((width, height), Image.Resampling.LANCZOS)).float().div(255)
            top, left = (int(torch.randint(side - size + 1, (), generator=rng)) for side in (height, width))
            crops.append(whole[..., top : top + size, left : left + size])
            mean, covariance = color_statistics(whole)
            means.append(mean)
            covariances.append(covariance)
        device = encoder.mean.device
        with torch.inference_mode():
            shapes = [encoder(crop.to(device) * 2 - 1)[CONTENT_LAYER] for crop in crops]
        return CropSet(*(torch.cat(each).to(device) for each in (crops, shapes, means, covariances)))


def _on_white(photo: Image.Image) -> Image.Image:
    """Return a photograph without transparency, and no larger than is needed, so that many fit into memory."""
    if photo.mode == "RGBA":
        photo = Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo)
    photo = photo.convert("RGB")
    photo.thumbnail((LOADED_SIDE, LOADED_SIDE), Image.Resampling.LANCZOS)
    return photo
