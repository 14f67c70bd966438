"""Which shards are meant: a folder of .tar or .tar.gz files, one of them, a pattern with {0..9} or *, an address."""

import glob
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ..errors import GanvasError
from ..limits import MAX_JSON_BYTES
from ..translation import _
from .fetch import NotThereError, object_store, read_small
from .file_kinds import FORMAT_OF_SUFFIX, suffix_of
from .place import is_address, is_elsewhere, is_packed, is_shard, local, plain_name

MANIFEST = "shards.json"  # beside the shards: what `ganvas shard` has written
BRACES = re.compile(r"\{([^{}]*)\}")
RANGE = re.compile(r"(\d+)\.\.(\d+)")
MAX_SHARDS = 1_000_000
SHARD_NAME = re.compile(r"[\w-][\w.-]*\.tar")  # in a manifest: a file beside it, and nothing else


class ListedShard(NamedTuple):
    """What a manifest says of a shard."""

    name: str
    pictures: int
    size: int


@dataclass(frozen=True)
class Manifest:
    """What lies beside shards that Ganvas has written.

    Args:
        of: fingerprint of the pictures that they were made from, and how.
        complete: whether all of them are there.
        shards: in their order.
    """

    of: str
    complete: bool
    shards: tuple[ListedShard, ...]

    def to_bytes(self) -> bytes:
        """Return the content of the file."""
        record = {"format": 1, "of": self.of, "complete": self.complete, "shards": self.shards}
        return (json.dumps(record, indent=1) + "\n").encode("ascii")

    @staticmethod
    def from_bytes(content: bytes) -> "Manifest | None":
        """Return what a file says; None if it is something else, or makes no sense."""
        try:
            record = json.loads(content)
            shards = tuple(ListedShard(*each) for each in record["shards"])
            of, complete = record["of"], record["complete"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        is_sound = len(shards) <= MAX_SHARDS and all(map(_is_sound, shards))
        return Manifest(str(of), complete is True, shards) if is_sound else None


def _is_sound(shard: ListedShard) -> bool:
    numbers = shard.pictures, shard.size
    are_counts = all(isinstance(each, int) and 0 <= each < 1 << 60 for each in numbers)
    return are_counts and isinstance(shard.name, str) and bool(SHARD_NAME.fullmatch(shard.name))


def find_shards(place: str | Path) -> tuple[str, ...] | None:
    """Return the shards at a place, in order, as paths and addresses; None if it is something else than shards.

    Raises:
        GanvasError: one that was named is not there, or they are not complete.
    """
    text = str(local(place))
    if "\n" in text:  # several, as `ganvas.data.windows` names them
        return tuple(text.split("\n"))
    if is_address(text):
        return _at_address(text)
    path = Path(text).expanduser() if text.startswith("~") else Path(text)
    if path.is_dir():
        return _in_folder(path)
    if path.exists():
        return (str(path),) if is_shard(path.name) else None
    if not any(sign in text for sign in "{*?["):
        return None
    found = tuple(itertools.chain.from_iterable(map(_matching, expand(str(path)))))
    return _only_shards(text, found)


def is_there(place: str) -> bool:
    """Return whether pictures are at a place; elsewhere, that is found out when they are read."""
    return is_elsewhere(place) or Path(place).exists() or find_shards(place) is not None


def _matching(path: str) -> list[str]:
    if not glob.has_magic(path) and not Path(path).is_file():
        raise _not_there(path)
    return sorted(glob.glob(path, recursive=True)) if glob.has_magic(path) else [path]  # noqa: PTH207


def _only_shards(text: str, found: tuple[str, ...]) -> tuple[str, ...]:
    if not found or not all(map(is_shard, found)):
        raise GanvasError(
            _("{pattern} does not name .tar files.").format(pattern=text),
            _("Put it in quotes, as in 'shards/{example}'.").format(example="shard-{00000..00099}.tar"),
        )
    return found


def _not_there(shard: str) -> GanvasError:
    return GanvasError(
        _("There is no shard {shard}.").format(shard=shard), _("Each one that the pattern names has to be there.")
    )


def _in_folder(folder: Path) -> tuple[str, ...] | None:
    """Return the shards of a folder that holds nothing else: no pictures, and no folders that may have some."""
    manifest = read_manifest(str(folder))
    if manifest is not None:
        if not manifest.complete:
            raise GanvasError(
                _("The shards in {folder} are not complete.").format(folder=folder),
                _("Type the command that makes them again: it goes on."),
            )
        for shard in manifest.shards:
            if not (folder / shard.name).is_file():
                raise _not_there(str(folder / shard.name))
        return tuple(str(folder / shard.name) for shard in manifest.shards)
    shards = []
    for file in folder.iterdir():  # not all of a million pictures: the first one decides
        if file.name.startswith("."):
            continue
        if suffix_of(file.name) in FORMAT_OF_SUFFIX or file.is_dir():
            return None
        if is_shard(file.name):
            shards.append(str(file))
    unpacked = (each for each in shards if not is_packed(each) or plain_name(each) not in shards)
    return tuple(sorted(unpacked)) or None


def _at_address(address: str) -> tuple[str, ...]:
    places = list(expand(address))
    if len(places) == 1 and "*" in address and not address.startswith("http"):
        file_system, path = object_store(address)
        scheme = address.partition("://")[0]
        places = [f"{scheme}://{found.lstrip('/')}" for found in sorted(map(str, file_system.glob(path)))]
    if len(places) > 1 or is_shard(places[0]):
        return _only_shards(address, tuple(places))
    manifest = read_manifest(address.rstrip("/"))
    if manifest is None or not manifest.complete:
        raise GanvasError(
            _("{place} has no complete list of shards ({name}).").format(place=address, name=MANIFEST),
            _("Name them all: {example}").format(example=address.rstrip("/") + "/{00000..00099}.tar"),
        )
    return tuple(f"{address.rstrip('/')}/{shard.name}" for shard in manifest.shards)


@lru_cache(maxsize=8)
def _remote_manifest(address: str) -> Manifest | None:
    try:
        return Manifest.from_bytes(read_small(address, MAX_JSON_BYTES))
    except NotThereError:
        return None


def read_manifest(folder: str) -> Manifest | None:
    """Return what lies beside the shards of a folder, or of an address; None if there is nothing.

    Raises:
        UnreadableNowError, OSError: it is there, but cannot be read now.
    """
    if is_address(folder):
        return _remote_manifest(f"{folder}/{MANIFEST}")
    try:
        with (Path(folder) / MANIFEST).open("rb") as file:
            return Manifest.from_bytes(file.read(MAX_JSON_BYTES))
    except (FileNotFoundError, NotADirectoryError):
        return None


def expand(pattern: str) -> Iterator[str]:
    """Yield what {00..12} and {a,b} in a pattern stand for, as in a shell.

    >>> list(expand("shard-{08..10}.tar"))
    ['shard-08.tar', 'shard-09.tar', 'shard-10.tar']
    """
    found = BRACES.search(pattern)
    if found is None:
        yield pattern
        return
    words = list(itertools.islice(_words(found[1]), MAX_SHARDS))
    for word in words:
        yield from expand(pattern[: found.start()] + word + pattern[found.end() :])


def _words(inside: str) -> Iterator[str]:
    between = RANGE.fullmatch(inside)
    if between is None:
        yield from inside.split(",")
        return
    width = len(between[1]) if between[1].startswith("0") else 0
    for number in range(int(between[1]), int(between[2]) + 1):
        yield f"{number:0{width}d}"


def folder_of_shard(place: str) -> str:
    """Return the folder, or the address of it, that a shard lies in."""
    return place.rpartition("/")[0] if is_address(place) else str(Path(place).parent)


def names_of(places: tuple[str, ...]) -> tuple[str, ...]:
    """Return short names for shards, unique among them: file names, with as many folders as it takes."""
    parts = [PurePosixPath(plain_name(Path(place).as_posix())).parts for place in places]
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["/".join(each[-depth:]) for each in parts]
        if len(set(names)) == len(names):
            break
    return tuple(names)
