"""ganvas cache"""

from dataclasses import dataclass
from typing import Annotated, Any

from ..errors import GanvasError
from ..translation import _
from .options import Json, optional
from .output import echo


@dataclass(frozen=True)
class Cache:
    """Flags of `ganvas cache`."""

    keep: Annotated[str | None, optional("SIZE")] = None
    """Remove what was not used for longest, until this much is left: 5GB."""
    clear: bool = False
    """Remove everything that nothing is using; it is made again when it is needed."""
    json: Json = False

    def execute(self) -> dict[str, Any]:
        from ..data.cache import cache_folder
        from ..data.cached_sets import cached_sets, parse_bytes, remove_beyond
        from ..formatting import format_bytes
        from .tables import show_cache

        if self.clear and self.keep is not None:
            raise GanvasError(_("Both --clear and --keep were given."), _("Give one of them."))
        folder = cache_folder()
        removed = []
        if self.clear or self.keep is not None:
            removed = remove_beyond(folder, 0 if self.keep is None else parse_bytes(self.keep))
            echo(
                _("Removed: {count}, {size}.").format(
                    count=len(removed), size=format_bytes(sum(each.size for each in removed))
                )
            )
        left = cached_sets(folder)
        show_cache(folder, left)
        return {
            "folder": str(folder),
            "removed": [str(each.path) for each in removed],
            "sets": [
                {"path": str(each.path), "bytes": each.size, "used": each.used, "in_use": each.is_used} for each in left
            ],
        }
