"""A painting that the page asks for, as the words of `ganvas style`."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from ..errors import GanvasError
from ..translation import _
from .context import Studio
from .jobs import Job
from .made import new_file
from .picture_files import path_of, title_of

SIZES = (256, 512, 768, 1024)  # pixels of the longer side that the page offers
MAX_STYLES = 4


class Wanted(BaseModel):
    """A painting: ids of pictures, and the settings that the page shows.

    masks: of the first styles, in their order: white where each belongs; none, one for each style, or one fewer.
    """

    content: str
    styles: Annotated[list[str], Field(min_length=1, max_length=MAX_STYLES + 1)]
    masks: Annotated[list[str], Field(max_length=MAX_STYLES + 1)] = []
    strength: Annotated[float, Field(ge=0, le=1)] = 0.4
    stroke: Annotated[float, Field(ge=0.25, le=4)] = 1.0
    colors: Literal["free", "luma", "covariance", "oklab"] = "free"
    size: Annotated[int, Field(ge=64, le=2048)] = 512


def begin(studio: Studio, wanted: Wanted) -> Job:
    """Begin a painting in a process of its own.

    Raises:
        GanvasError: there is no such picture, or too much is being made already.
    """
    workspace = studio.workspace
    content, styles = path_of(workspace, wanted.content), [path_of(workspace, each) for each in wanted.styles]
    masks = [path_of(workspace, each) for each in wanted.masks]
    if masks and len(masks) not in (len(styles), len(styles) - 1):
        raise GanvasError(_("Each painting but the last needs a mask."))
    title = _("{content} in {style}").format(content=title_of(content), style=title_of(styles[0]))
    out = new_file(workspace.made, title, ".png")
    words = ["style", str(content), *map(str, styles), "--out", str(out)]
    words += ["--mask", *map(str, masks)] if masks else []
    words += ["--size", str(wanted.size), "--strength", f"{wanted.strength:g}"]
    words += ["--style-scale", f"{wanted.stroke:g}", "--colors", wanted.colors]
    again: dict[str, Any] = {"page": "repaint"} | wanted.model_dump()
    try:
        return studio.jobs.start("painting", words, out, out.stem, again)
    except BaseException:
        out.unlink(missing_ok=True)
        raise
