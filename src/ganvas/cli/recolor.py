"""ganvas recolor"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import Positional, arg

from .options import Json, optional


@dataclass(frozen=True)
class Recolor:
    """Flags of `ganvas recolor`."""

    painting: Annotated[Positional[Path], arg(metavar="PAINTING")]
    """A picture that ganvas style wrote."""
    colors: Literal["free", "luma", "covariance", "oklab"] = "luma"
    """free (its own), luma (the picture's: only light and dark are painted), covariance or oklab (near them)."""
    content: Annotated[Path | None, optional("PICTURE")] = None
    """The picture whose colors are meant; the one that was painted from if left out."""
    out: Annotated[Path | None, optional("FILE")] = None
    """Where it goes; over PAINTING if left out."""
    json: Json = False

    def execute(self) -> dict[str, Any]:
        from ..style.reuse import recolor
        from .terminal import render_until_done

        return render_until_done(recolor(self.painting, self.colors, self.out or self.painting, self.content))
