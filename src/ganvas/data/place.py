"""Where pictures lie: a path, a pattern of paths, an address (`https://host/shards`, `s3://bucket/shards`), or a data
set on the Hugging Face hub (`hub:owner/name`)."""

import re
from pathlib import Path

from ..hub_client import fetch_pictures, is_hub

TAR = ".tar"
PACKED_TARS = (".tar.gz", ".tgz")


def is_address(place: str | Path) -> bool:
    """Return whether shards at a place are not on this machine's drives."""
    return "://" in str(place)


def is_elsewhere(place: str | Path) -> bool:
    """Return whether a place is at an address, or on the hub."""
    return is_address(place) or is_hub(place)


def local(place: str | Path) -> str | Path:
    """Return where pictures lie on this machine: those on the hub are fetched, others are where they are.

    Raises:
        GanvasError: they cannot be fetched.
    """
    return fetch_pictures(place) if is_hub(place) else place


def absolute(place: str | Path) -> str:
    """Return a place as it is named from any folder; one elsewhere is that already."""
    return str(place) if is_elsewhere(place) else str(Path(place).resolve())


def name_of(place: str | Path) -> str:
    """Return a short name for pictures, of which one for a run is made."""
    path = Path(str(place).removeprefix("hub:").partition("@")[0] if is_hub(place) else absolute(place))
    words = (re.split(r"[{*?\[.]", part)[0].rstrip("-_") for part in (path.name, path.parent.name))
    return next(filter(None, words), "pictures")


def is_shard(name: str) -> bool:
    """Return whether a file is a shard, by its name."""
    return name.lower().endswith((TAR, *PACKED_TARS))


def is_packed(name: str) -> bool:
    """Return whether a shard has to be unpacked before it can be read here and there."""
    return name.lower().endswith(PACKED_TARS)


def plain_name(name: str) -> str:
    """Return what a shard is called once it is unpacked."""
    packed = next((each for each in PACKED_TARS if name.lower().endswith(each)), "")
    return name[: -len(packed)] + TAR if packed else name
