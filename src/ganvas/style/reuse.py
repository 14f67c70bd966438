"""A painting's own account of how it was made, read back: to paint others like it, or to give it other colours."""

import json
import shlex
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from ..config import StyleConfig, from_dict
from ..data.sixteen_bit import read_deep
from ..errors import GanvasError
from ..events import Done, Event
from ..image_io import DEEP, read_origin, to_float
from ..models.vgg import PACKAGED
from .check import check_colours
from .load import read, to_tensor
from .paint import check_places
from .painting import ENDED, Sources, dressed, free_place, write


@dataclass(frozen=True)
class Recipe:
    """Hold how a painting was made: its content, its styles, the masks, and all settings."""

    content: Path
    styles: tuple[Path, ...]
    masks: tuple[Path, ...]
    config: StyleConfig


def recipe_of(painting: Path) -> Recipe:
    """Return how a painting was made.

    Raises:
        GanvasError: it does not tell, or not in a way that this release understands.
    """
    read(painting)  # says what is wrong with a file that is none
    return recipe_in(read_origin(painting), painting)


def recipe_in(told: Mapping[str, str], painting: Path) -> Recipe:
    """Return how a painting was made, from what its file tells.

    Raises:
        GanvasError: it does not tell, or not in a way that this release understands.
    """
    hint = "Name a picture that ganvas style wrote."
    if not {"content", "styles", "settings"} <= told.keys():
        raise GanvasError(f"{painting} does not tell how it was painted.", hint)
    styles, masks = _paths(told["styles"], painting), _paths(told.get("masks", "[]"), painting)
    config = from_dict(StyleConfig, _json(told["settings"], painting), "settings")
    if told.get("network") == PACKAGED:  # also where another was asked for, and could not be had
        config = replace(config, network="vgg16", vgg19_weights=None)
    return Recipe(Path(told["content"]), styles, masks, config)


def recolour(painting: Path, colours: str, out: Path, content: Path | None = None) -> Generator[Event, None, None]:
    """Write a painting with other colours to `out`; nothing is painted anew.

    Args:
        colours: a name of `colour.COLOURS`.
        content: the picture whose colours are meant; the one that was painted from if not given.

    Raises:
        GanvasError: the painting does not tell how it was made, its free colours are gone, or `out` cannot be written.
    """
    check_colours(colours)
    recipe = recipe_of(painting)
    where = content or recipe.content
    sources = Sources(where, recipe.styles, recipe.masks, recipe.config.start_picture)
    check_places(out, sources, replace(recipe.config, colours=colours, depth=0))
    if colours != "free" and out == free_place(painting):
        raise GanvasError(f"{out} holds the painting in its own colours.", "Give --out another name.")
    origin = read_origin(painting)
    free = painting if recipe.config.colours == "free" else free_place(painting)
    if origin.get("reason") not in ENDED:
        raise GanvasError(f"{painting} is not finished.", "The command that began it goes on with it.")
    if not free.exists() or read_origin(free).get("mark") != origin.get("mark"):
        anew = ["ganvas", "style", str(where), "--like", str(painting), "--colours", colours, "--out", str(out)]
        raise GanvasError(
            f"{painting} has lost its own colours: there is no {free.name} beside it that is of the same painting.",
            f"Paint it anew: {shlex.join(anew)}",
        )
    original = replace(read(where), alpha=read(free).alpha)
    deep = read_deep(free)
    if deep is not None:  # what lies under transparency, too
        tensor = torch.from_numpy(deep[..., :3] / np.float32(32767.5) - 1).permute(2, 0, 1)[None]
    else:
        with Image.open(free) as image:
            tensor = to_float(to_tensor(image.convert("RGB")))
    wanted = {colours: out} if colours == "free" else {"free": free_place(out), colours: out}
    for name, path in wanted.items():
        settings = json.dumps(asdict(replace(recipe.config, colours=name)))
        bits = 16 if deep is not None and path.suffix.lower() in DEEP else 8
        write(dressed(tensor, original, name), path, bits, origin | {"settings": settings})
    yield Done(str(out), 0, 0, 0.0, "finished")


def _paths(told: str, painting: Path) -> tuple[Path, ...]:
    found = _json(told, painting)
    if not (isinstance(found, list) and all(isinstance(each, str) for each in found)):
        raise _not_understood(painting)
    return tuple(Path(each) for each in found)


def _json(told: str, painting: Path) -> Any:
    try:
        return json.loads(told)
    except ValueError as error:
        raise _not_understood(painting) from error


def _not_understood(painting: Path) -> GanvasError:
    return GanvasError(f"{painting} tells in a way that is not understood how it was painted.", "Name another one.")
