"""Points: places among a run's pictures, as the page names them.

A point says how it is reached: by a seed, from a picture that was kept, between two others, or along directions. So
nothing is stored on the server, and what is kept says how it was made. `places.py` turns points into latents.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field

from ..errors import GanvasError
from ..translation import _

MAX_DEPTH = 24  # points in each other: as often may one go on from what one has found
LARGEST_MOVE = 100.0  # standard deviations; pictures are noise long before
MAX_MOVES = 40  # directions at once
MAX_SEED = 2**53  # numbers that a page can hold exactly


class Seed(BaseModel):
    """The picture of a seed; of a class, where the run has some."""

    kind: Literal["seed"]
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)]
    label: str | None = None


class Made(BaseModel):
    """A picture that was kept."""

    kind: Literal["made"]
    name: str


class Mix(BaseModel):
    """What lies between two points; with `layers` the first one with these layers of the other."""

    kind: Literal["mix"]
    one: "Point"
    other: "Point"
    share: Annotated[float, Field(ge=0, le=1)] = 0.5
    layers: Literal["", "coarse", "middle", "fine"] = ""


class Moved(BaseModel):
    """A point moved along directions, by standard deviations."""

    kind: Literal["moved"]
    of: "Point"
    moves: Annotated[dict[str, Annotated[float, Field(ge=-LARGEST_MOVE, le=LARGEST_MOVE)]], Field(max_length=MAX_MOVES)]


Point: TypeAlias = Annotated[Seed | Made | Mix | Moved, Field(discriminator="kind")]
Mix.model_rebuild()
Moved.model_rebuild()


def seeds_in(point: Point, depth: int = 0) -> Iterator[Seed]:
    """Yield the seeds in a point.

    Raises:
        GanvasError: points are nested too deep.
    """
    if depth > MAX_DEPTH:
        raise GanvasError(_("This goes too far."), _("Keep the picture, and go on from it."))
    match point:
        case Seed():
            yield point
        case Mix():
            yield from seeds_in(point.one, depth + 1)
            yield from seeds_in(point.other, depth + 1)
        case Moved():
            yield from seeds_in(point.of, depth + 1)
        case Made():
            pass
