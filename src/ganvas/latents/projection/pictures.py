"""The pictures to find: listed, and read as the training prepared its own."""

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ...config import DataConfig
from ...data import open_source
from ...data.decode import read_image, resize_to, to_chw_array
from ...data.file_kinds import left_out
from ...data.image_file import UnreadableImageError
from ...data.notes import shown
from ...errors import GanvasError, did_you_mean, ganvas_command
from ...events import Event, Note
from ...translation import _, ngettext, stored


@dataclass(frozen=True)
class Target:
    """A picture to find: its file, the name of what is written of it, and the picture (C, H, W) uint8 as prepared."""

    path: Path
    name: str
    image: Tensor


def list_pictures(pictures: Path, out: Path) -> list[tuple[Path, str]]:
    """Return the pictures in a folder, or the one picture, and a name for each that no other has.

    What lies in `out` is left out.

    Raises:
        GanvasError: there is none.
    """
    if not pictures.exists():
        beside = [each.name for each in pictures.parent.iterdir()] if pictures.parent.is_dir() else []
        raise GanvasError(
            _("There is no picture {pictures}.{suggestion}").format(
                pictures=pictures, suggestion=did_you_mean(pictures.name, beside)
            ),
            _("Check the path."),
        )
    if pictures.is_dir():
        source = open_source(pictures)
        found = sorted(pictures / item.name for item in source.items() if not item.problem)
        found = [path for path in found if not path.resolve().is_relative_to(out.resolve())]
        if not found:
            hint = left_out(source.other_files()) or _("Name a folder with pictures, or one picture.")
            raise GanvasError(_("There are no pictures in {pictures}.").format(pictures=pictures), hint)
    elif pictures.is_file():
        found = [pictures]
    else:
        raise GanvasError(
            _("{pictures} is not a file.").format(pictures=pictures), _("Name a picture.")
        )  # to open a pipe would wait for ever
    stems = Counter(path.stem.lower() for path in found)
    names = [path.stem if stems[path.stem.lower()] == 1 else _longer_name(path, pictures) for path in found]
    return list(zip(found, names, strict=True))


def read_targets(listed: Sequence[tuple[Path, str]], data: DataConfig) -> Generator[Event, None, list[Target]]:
    """Return the pictures that can be read, made to fit as in training; of others, and of what was done, it is told.

    Raises:
        GanvasError: none can be read.
    """
    targets, resized = [], 0
    for path, name in listed:
        try:
            decoded = read_image(path, value_range=data.value_range)
        except UnreadableImageError as error:
            yield Note(_("{file} is left out: {reason}.").format(file=path.name, reason=stored(error.reason)))
            continue
        for note in decoded.notes:
            yield Note(f"{path.name}: {shown(note)}.")
        resized += decoded.image.size != (data.width, data.height)
        image = torch.from_numpy(to_chw_array(resize_to(decoded.image, data)).copy())
        targets.append(Target(path, name, image))
    if not targets:
        raise GanvasError(
            _("None of the {count} pictures can be read.").format(count=len(listed)),
            _("Try: {command}").format(command=ganvas_command("inspect", listed[0][0].parent)),
        )
    if resized:
        made = ngettext(
            "One picture is made {width} x {height} px ({fit}), as the run's own were.",
            "{count:,} pictures are made {width} x {height} px ({fit}), as the run's own were.",
            resized,
        )
        yield Note(made.format(count=resized, width=data.width, height=data.height, fit=data.fit))
    return targets


def _longer_name(path: Path, folder: Path) -> str:
    """Return a name that tells a picture from others of the same stem: its folders and its suffix."""
    return "-".join((*path.relative_to(folder).parts[:-1], path.stem, path.suffix[1:])) if folder != path else path.stem
