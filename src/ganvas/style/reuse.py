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

from ..config import SignConfig, StyleConfig, from_dict
from ..config.style import with_current_names
from ..data.sixteen_bit import read_16bit_image
from ..errors import GanvasError, ganvas_command
from ..events import Done, Event, Note
from ..image_io import SIXTEEN_BIT_SUFFIXES, open_written, read_metadata, to_float
from ..models.vgg import PACKAGED
from ..signature import load_signature
from ..translation import _
from ..typed_json import parse_json
from .check import check_colors
from .load import SourcePaths, load_picture, to_uint8_tensor
from .output import (
    FINAL_REASONS,
    as_original,
    keeps_original,
    original_colors_path,
    sign,
    with_colors_and_alpha,
    write_painting,
)
from .paint import check_outputs


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
        raise GanvasError(
            _("{painting} names a folder as its style: {folder}.").format(painting=painting, folder=folder),
            _("Name another painting."),
        )
    return settings


def parse_settings(metadata: Mapping[str, str], painting: Path) -> PaintingSettings:
    """Return how a painting was made, from its metadata; those of ganvas 0.1 are understood as well.

    Raises:
        GanvasError: the metadata do not say it, or this release does not understand them.
    """
    if not {"content", "styles", "settings"} <= metadata.keys():
        message = _("{painting} does not say how it was painted.").format(painting=painting)
        raise GanvasError(message, _("Name a painting that ganvas style wrote."))
    styles, masks = _parse_paths(metadata["styles"], painting), _parse_paths(metadata.get("masks", "[]"), painting)
    record = with_current_names(_parse_json(metadata["settings"], painting))
    try:
        config = from_dict(StyleConfig, record, "settings")
    except GanvasError as error:
        message = _("The settings stored in {painting} are not those of a painting: {message}.").format(
            painting=painting, message=error.message
        )
        raise GanvasError(message, _("Name another painting.")) from error
    if metadata.get("network") == PACKAGED:  # even if VGG-19 was asked for, but was not available
        config = replace(config, network="vgg16", vgg19_weights=None)
    return PaintingSettings(Path(metadata["content"]), styles, masks, config)


def recolor(
    painting: Path, colors: str, out: Path, content: Path | None = None, sign_config: SignConfig | None = None
) -> Generator[Event, None, None]:
    """Write a painting in other colours to `out`, without painting it again.

    Args:
        colors: one of `colour.COLOR_MODES`.
        content: the picture whose colours are taken; by default the one that it was painted from.
        sign_config: how it is signed; by default as it was.

    Raises:
        GanvasError: the painting does not say how it was made, the copy in its own colours is missing, or `out` cannot
            be written.
    """
    color_mode = check_colors(colors)
    settings = read_settings(painting)
    content_path = content or settings.content
    sources = SourcePaths(content_path, settings.styles, settings.masks, settings.config.start_path)
    config = replace(settings.config, colors=color_mode, signature=sign_config or settings.config.signature)
    check_outputs(out, sources, replace(config, depth=0))
    if keeps_original(config) and out == original_colors_path(painting):
        raise GanvasError(_("{out} is the painting in its own colors.").format(out=out), _("Give --out another name."))
    original_path, metadata = _find_original(painting, settings.config, content_path, out, colors)
    signature = load_signature(config.signature)
    if signature is not None and sign_config is None:
        yield Note(
            _("It is signed with {sign} again, as {painting} says.").format(
                sign=config.signature.sign, painting=painting
            )
        )
    content_picture = replace(load_picture(content_path), alpha=load_picture(original_path).alpha)
    pixels16 = read_16bit_image(original_path)
    image = _read_rgb(original_path, pixels16)
    outputs = [(as_original(config), original_colors_path(out), None)] if keeps_original(config) else []
    for written, path, stamp in [*outputs, (config, out, signature)]:
        bits = 16 if pixels16 is not None and path.suffix.lower() in SIXTEEN_BIT_SUFFIXES else 8
        colored = with_colors_and_alpha(image, content_picture, written.colors)
        record = metadata | {"settings": json.dumps(asdict(written))}
        signed, record = sign(colored, record, stamp, config.seed, content_picture.name)
        write_painting(signed, path, bits, record)
    yield Done(str(out), 0, 0, 0.0, "finished")


def _find_original(
    painting: Path, config: StyleConfig, content: Path, out: Path, colors: str
) -> tuple[Path, dict[str, str]]:
    """Return the path of a painting as it was painted, and the painting's metadata.

    Raises:
        GanvasError: it is not finished, or its copy is not there.
    """
    metadata = read_metadata(painting)
    path = original_colors_path(painting) if keeps_original(config) else painting
    if metadata.get("reason") not in FINAL_REASONS:
        raise GanvasError(
            _("{painting} is not finished.").format(painting=painting),
            _("Run the command that began it again to finish it."),
        )
    if not path.exists() or read_metadata(path).get("mark") != metadata.get("mark"):
        command = ganvas_command("style", content, "--like", painting, "--colors", colors, "--out", out)
        raise GanvasError(
            _("{painting} has lost its own colors: there is no {file} of the same painting beside it.").format(
                painting=painting, file=path.name
            ),
            _("Paint it again: {command}").format(command=command),
        )
    return path, metadata


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
    return GanvasError(
        _("The settings stored in {painting} cannot be read.").format(painting=painting), _("Name another painting.")
    )
