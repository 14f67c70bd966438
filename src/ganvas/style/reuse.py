"""Settings read back from a painting's metadata: to paint others like it, or to give it other colours."""

import json
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..config import StyleConfig, from_dict
from ..config.style import ColorMode, with_current_names
from ..data.sixteen_bit import read_16bit_image
from ..errors import GanvasError, ganvas_command
from ..events import Done, Event
from ..image_io import SIXTEEN_BIT_SUFFIXES, open_written, read_metadata, to_float
from ..models.vgg import PACKAGED
from ..typed_json import parse_json
from .check import check_colors
from .load import SourcePaths, load_picture, to_uint8_tensor
from .paint import check_outputs
from .painting import FINAL_REASONS, original_colors_path, with_colors_and_alpha, write_painting


@dataclass(frozen=True)
class PaintingSettings:
    """How a painting was made: the paths of its content, styles and masks, and all settings."""

    content: Path
    styles: tuple[Path, ...]
    masks: tuple[Path, ...]
    config: StyleConfig


def read_settings(painting: Path) -> PaintingSettings:
    """Return how a painting was made.

    Raises:
        GanvasError: it is not a picture, its metadata do not say it, or this release does not understand them.
    """
    load_picture(painting)  # raises if the file is not a picture
    settings = parse_settings(read_metadata(painting), painting)
    for folder in (style for style in settings.styles if style.is_dir()):  # all that is in it would be painted from
        raise GanvasError(f"{painting} names a folder as its style: {folder}.", "Name another painting.")
    return settings


def parse_settings(metadata: Mapping[str, str], painting: Path) -> PaintingSettings:
    """Return how a painting was made, from its metadata; those of ganvas 0.1 are understood as well.

    Raises:
        GanvasError: the metadata do not say it, or this release does not understand them.
    """
    if not {"content", "styles", "settings"} <= metadata.keys():
        message = f"{painting} does not say how it was painted."
        raise GanvasError(message, "Name a painting that ganvas style wrote.")
    styles, masks = _parse_paths(metadata["styles"], painting), _parse_paths(metadata.get("masks", "[]"), painting)
    record = with_current_names(_parse_json(metadata["settings"], painting))
    try:
        config = from_dict(StyleConfig, record, "settings")
    except GanvasError as error:
        message = f"The settings stored in {painting} are not those of a painting: {error.message}."
        raise GanvasError(message, "Name another painting.") from error
    if metadata.get("network") == PACKAGED:  # even if VGG-19 was asked for, but was not available
        config = replace(config, network="vgg16", vgg19_weights=None)
    return PaintingSettings(Path(metadata["content"]), styles, masks, config)


def recolor(painting: Path, colors: str, out: Path, content: Path | None = None) -> Generator[Event, None, None]:
    """Write a painting in other colours to `out`, without painting it again.

    Args:
        colors: one of `colour.COLOR_MODES`.
        content: the picture whose colours are taken; by default the one that it was painted from.

    Raises:
        GanvasError: the painting does not say how it was made, the copy in its own colours is missing, or `out` cannot
            be written.
    """
    color_mode = check_colors(colors)
    settings = read_settings(painting)
    content_path = content or settings.content
    sources = SourcePaths(content_path, settings.styles, settings.masks, settings.config.start_path)
    check_outputs(out, sources, replace(settings.config, colors=color_mode, depth=0))
    if color_mode != "free" and out == original_colors_path(painting):
        raise GanvasError(f"{out} is the painting in its own colors.", "Give --out another name.")
    metadata = read_metadata(painting)
    original_path = painting if settings.config.colors == "free" else original_colors_path(painting)
    if metadata.get("reason") not in FINAL_REASONS:
        raise GanvasError(f"{painting} is not finished.", "Run the command that began it again to finish it.")
    if not original_path.exists() or read_metadata(original_path).get("mark") != metadata.get("mark"):
        command = ganvas_command("style", content_path, "--like", painting, "--colors", colors, "--out", out)
        raise GanvasError(
            f"{painting} has lost its own colors: there is no {original_path.name} of the same painting beside it.",
            f"Paint it again: {command}",
        )
    content_picture = replace(load_picture(content_path), alpha=load_picture(original_path).alpha)
    pixels16 = read_16bit_image(original_path)
    image = _read_rgb(original_path, pixels16)
    outputs: dict[ColorMode, Path] = {color_mode: out}
    if color_mode != "free":
        outputs = {"free": original_colors_path(out), color_mode: out}
    for name, path in outputs.items():
        record = json.dumps(asdict(replace(settings.config, colors=name)))
        bits = 16 if pixels16 is not None and path.suffix.lower() in SIXTEEN_BIT_SUFFIXES else 8
        recolored = with_colors_and_alpha(image, content_picture, name)
        write_painting(recolored, path, bits, metadata | {"settings": record})
    yield Done(str(out), 0, 0, 0.0, "finished")


def _read_rgb(path: Path, pixels16: NDArray[np.uint16] | None) -> Tensor:
    """Return the colours of a painting, transparent pixels included, as (1, 3, H, W) in [-1, 1]."""
    if pixels16 is not None:
        return torch.from_numpy(pixels16[..., :3] / np.float32(32767.5) - 1).permute(2, 0, 1)[None]
    with open_written(path) as image:
        return to_float(to_uint8_tensor(image.convert("RGB")))


def _parse_paths(text: str, painting: Path) -> tuple[Path, ...]:
    names = _parse_json(text, painting)
    if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise _unreadable_settings(painting)
    return tuple(Path(name) for name in names)


def _parse_json(text: str, painting: Path) -> Any:
    try:
        return parse_json(text)
    except ValueError as error:
        raise _unreadable_settings(painting) from error


def _unreadable_settings(painting: Path) -> GanvasError:
    return GanvasError(f"The settings stored in {painting} cannot be read.", "Name another painting.")
