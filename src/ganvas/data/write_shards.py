"""Write pictures as shards: .tar files that are read as a stream, here and by webdataset.

Pictures are dealt out at random, so that each shard is a fair sample of all, and are copied as they are. Within a shard
they keep their order. Where it is interrupted, whole shards stay, and the same command goes on after them.
"""

import io
import json
import tarfile
import tempfile
from array import array
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import IO

from PIL import Image

from ..atomic_write import create_temporary, put_in_place, write_atomically
from ..errors import GanvasError, cannot_be_read_now, ganvas_command
from ..events import Event, Note, Progress
from ..translation import N_, _
from .folder_source import FolderSource
from .image_file import UnreadableImageError
from .shard_list import MANIFEST, ListedShard, Manifest, read_manifest
from .source import Source
from .sources import no_pictures_error, open_source
from .zip_source import ZipSource

MAX_PICTURES = 50_000  # in a shard, whose table of contents is kept in memory
EVERY = 16  # pictures between two reports of progress
SIZED = 256  # pictures that are looked at to know how large they are
TAR_OVERHEAD = 768  # bytes a picture: a header, and what fills its last block


@dataclass(frozen=True)
class Written:
    """What `write_shards` has written: how many shards, pictures and bytes, and how many pictures could not be read."""

    shards: int
    pictures: int
    size: int
    skipped: int


@dataclass(frozen=True)
class _Listing:
    """The pictures, one a line in a file; starts of the lines, and a fingerprint of all and of how they are dealt."""

    file: IO[bytes]
    starts: "array[int]"
    fingerprint: str

    def entry(self, number: int) -> tuple[str, str]:
        """Return name and group of a picture."""
        self.file.seek(self.starts[number])
        name, group = json.loads(self.file.readline())
        return name, group


def write_shards(pictures: str | Path, out: Path, size: int) -> Generator[Event, None, Written]:
    """Write the pictures of any source as shards of about `size` bytes into the folder `out`; see the module.

    Raises:
        GanvasError: there are no pictures, a size makes no sense, or `out` holds something else.
    """
    source = open_source(pictures)
    if size < 1:
        raise GanvasError(_("A shard cannot be that small."), _("Try: --size 1GB"))
    with tempfile.TemporaryFile() as file:
        listing = _list(source, size, file)
        if not listing.starts:
            raise no_pictures_error(source, _("Try: {command}").format(command=ganvas_command("inspect", pictures)))
        manifest = _begin(out, listing.fingerprint)
        names = _shard_names(source, listing, size)
        done = {shard.name: shard for shard in manifest.shards if (out / shard.name).is_file()}
        written = sum(shard.pictures for shard in done.values())
        yield Progress(N_("pictures packed"), written, len(listing.starts))
        skipped = 0
        for number, name in enumerate(names):
            if name in done:
                continue
            chosen = list(_dealt(number, len(names), len(listing.starts)))
            shard = yield from _write(source, listing, chosen, out / name, written)
            skipped += len(chosen) - shard.pictures
            written += shard.pictures
            done[name] = shard
            in_order = tuple(done[each] for each in names if each in done)
            manifest = replace(manifest, shards=in_order, complete=len(in_order) == len(names))
            write_atomically(out / MANIFEST, manifest.to_bytes())
    if skipped:
        yield Note(_("Pictures that could not be read, and are in no shard: {count:,}.").format(count=skipped))
    yield Progress(N_("pictures packed"), written + skipped, len(listing.starts))
    return Written(len(names), written, sum(shard.size for shard in manifest.shards), skipped)


def _list(source: Source, size: int, file: IO[bytes]) -> _Listing:
    """Write a line for each picture of a source to a file."""
    digest, starts = blake2b(repr(("shards", size)).encode(), digest_size=16), array("q")
    for item in source.items():
        line = json.dumps((item.name, item.group)).encode("ascii") + b"\n"
        digest.update(line + item.stamp.encode("ascii"))
        starts.append(file.tell())
        file.write(line)
    return _Listing(file, starts, digest.hexdigest())


def _begin(out: Path, fingerprint: str) -> Manifest:
    """Return what was written before, of the same pictures; make the folder, if there is none.

    Raises:
        GanvasError: something else is there, or it cannot be read now.
    """
    try:
        known = read_manifest(str(out))
        is_free = known is not None or not out.exists() or (out.is_dir() and not any(out.iterdir()))
    except OSError as error:
        raise cannot_be_read_now(out, error) from error
    if not is_free or (known is not None and known.of != fingerprint):
        raise GanvasError(
            _("{folder} holds something else already.").format(folder=out)
            if known is None
            else _("{folder} holds shards of other pictures, or of another --size.").format(folder=out),
            _("Choose another --out."),
        )
    if known is None:
        known = Manifest(fingerprint, False, ())
        write_atomically(out / MANIFEST, known.to_bytes())
    return known


def _shard_names(source: Source, listing: _Listing, size: int) -> list[str]:
    """Return a name for each shard that is needed, by the size of some pictures."""
    total = len(listing.starts)
    sizes = []
    for number in range(0, total, -(-total // SIZED)):
        try:
            sizes.append(len(_content(source, listing.entry(number)[0])))
        except UnreadableImageError:
            sizes.append(0)
    needed = total * (sum(sizes) / len(sizes) + TAR_OVERHEAD)
    count = max(1, round(needed / size), -(-total // MAX_PICTURES))
    count = min(count, total)
    return [f"shard-{number:0{max(5, len(str(count - 1)))}d}.tar" for number in range(count)]


def _dealt(shard: int, shards: int, total: int) -> Iterator[int]:
    """Yield the numbers of the pictures that a shard gets: of each round of as many as there are shards, one.

    So neighbours, which are similar, lie in different shards, and classes are in all of them.
    """
    for first in range(0, total, shards):
        turn = int.from_bytes(blake2b(first.to_bytes(8, "little"), digest_size=8).digest(), "little")
        number = first + (shard + turn) % shards
        if number < total:
            yield number


def _write(
    source: Source, listing: _Listing, numbers: list[int], path: Path, before: int
) -> Generator[Event, None, ListedShard]:
    """Write a shard, all of it or nothing."""
    temporary, file = create_temporary(path)
    count = 0
    try:
        with file, tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as tar:
            for number in numbers:
                name, group = listing.entry(number)
                try:
                    content = _content(source, name)
                except UnreadableImageError:
                    continue
                header = tarfile.TarInfo(_member_name(source, name, group, number))
                header.size = len(content)
                tar.addfile(header, io.BytesIO(content))
                count += 1
                if count % EVERY == 0:
                    yield Progress(N_("pictures packed"), before + count, len(listing.starts))
        size = temporary.stat().st_size
        put_in_place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return ListedShard(path.name, count, size)


def _content(source: Source, name: str) -> bytes:
    """Return a picture's file as it is; pixels of an array as a PNG.

    Raises:
        UnreadableImageError: it cannot be read.
    """
    content = source.read(name)
    if isinstance(content, bytes):
        return content
    if isinstance(content, Path):
        try:
            return content.read_bytes()
        except OSError as error:
            raise UnreadableImageError(N_("cannot be read"), name, True) from error
    buffer = io.BytesIO()
    Image.fromarray(content).save(buffer, "PNG")
    return buffer.getvalue()


def _member_name(source: Source, name: str, group: str, number: int) -> str:
    """Return a picture's path in its shard: its own where that says the class, else its class and a number."""
    path = PurePosixPath(name)
    if isinstance(source, FolderSource | ZipSource) and not source.labels and ".." not in path.parts:
        return name.lstrip("/")
    folders = (part for part in PurePosixPath(group).parts if part not in ("..", "/"))
    suffix = path.suffix if path.suffix[1:].isalnum() else ".png"  # which arrays are packed as
    return str(PurePosixPath(*folders, f"{number:08d}{suffix}"))
