"""Where pictures lie: a path, a pattern of paths, or an address (`https://host/shards`, `s3://bucket/shards`)."""

import re
from pathlib import Path


def is_address(place: str | Path) -> bool:
    """Return whether a place is not on this machine's drives."""
    return "://" in str(place)


def absolute(place: str | Path) -> str:
    """Return a place as it is named from any folder; an address is that already."""
    return str(place) if is_address(place) else str(Path(place).resolve())


def name_of(place: str | Path) -> str:
    """Return a short name for pictures, of which one for a run is made."""
    path = Path(absolute(place))
    words = (re.split(r"[{*?\[.]", part)[0].rstrip("-_") for part in (path.name, path.parent.name))
    return next(filter(None, words), "pictures")
