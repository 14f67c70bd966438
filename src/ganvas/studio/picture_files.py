"""Pictures to paint from, by their ids: chosen ones in sources/, masks, what was made, and paintings of the package.

An id is "sources/NAME", "masks/NAME", "made/NAME" or "builtin/NAME". Nothing else is opened.
"""

import hashlib
import io
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from fastapi.concurrency import run_in_threadpool

from .. import builtin
from ..errors import GanvasError
from ..translation import N_, _
from . import sets, uploads
from .made import PICTURES, find_made
from .workspace import NotHereError, Workspace, inside

BUILTIN = {  # by id: what they are called
    "starry_night": N_("The Starry Night"),
    "cafe_terrace": N_("Café Terrace at Night"),
    "astronaut": N_("Astronaut"),
}
MAX_COPIED = 1 << 30  # bytes of a picture of a set
MAX_MASK_SIDE = 2048  # pixels
SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")


def path_of(workspace: Workspace, name: str) -> Path:
    """Return the picture of an id.

    Raises:
        NotHereError: there is none.
    """
    place, _slash, file = name.partition("/")
    if place == "builtin" and file in BUILTIN:
        known = {path.stem: path for path in (*builtin.paintings(), builtin.photo())}
        return known[file]
    if place == "made":
        found = find_made(workspace, file)
        if found.path.suffix.lower() in PICTURES:
            return found.path
    if place in ("sources", "masks"):
        path = workspace.child(workspace.sources if place == "sources" else workspace.masks, file)
        if path.is_file():
            return path
    raise NotHereError(_("There is no '{name}' here.").format(name=name[:80]))


def id_of(workspace: Workspace, path: Path) -> str:
    """Return the id of a picture; "" if it has none or is gone."""
    for place, folder in (("sources", workspace.sources), ("masks", workspace.masks), ("made", workspace.made)):
        if path.parent == folder:
            name = f"{place}/{path.name}"
            break
    else:
        name = f"builtin/{path.stem}"
    try:
        return name if path_of(workspace, name) == path.resolve() or name.startswith("builtin/") else ""
    except GanvasError:
        return ""


def chosen(workspace: Workspace) -> Iterator[tuple[str, str]]:
    """Yield id and title of the pictures that were chosen before, the newest first, then those of the package."""
    found = (path for path in workspace.sources.iterdir() if path.is_file() and not path.name.startswith("."))
    for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
        yield f"sources/{path.name}", title_of(path)
    for name, title in BUILTIN.items():
        yield f"builtin/{name}", _(title)


def title_of(path: Path) -> str:
    """Return what a picture is called: its name, without what tells it from others of that name."""
    if path.parent == builtin.photo().parent and path.stem in BUILTIN:
        return _(BUILTIN[path.stem])
    return re.sub(r"-[0-9a-f]{8}$", "", path.stem)


async def upload(workspace: Workspace, name: str, chunks: AsyncIterator[bytes]) -> str:
    """Keep an uploaded picture, if it is one, and return its id.

    Raises:
        GanvasError: it is none, or too large.
    """
    kept = uploads.picture_path(workspace.sources, _file_name(name, secrets.token_hex(4)))
    await uploads.save_picture(kept, chunks, workspace.sources)
    return f"sources/{kept.name}"


def copy_of_set(workspace: Workspace, set_name: str, picture: str) -> str:
    """Keep a picture of a set, and return its id; the same one is kept once.

    Raises:
        GanvasError: there is none, or it cannot be read.
    """
    from ..data.decode import read_image
    from ..data.image_file import read_header

    content = sets.find_set(workspace, set_name).content(picture)
    if isinstance(content, Path):
        if content.stat().st_size > MAX_COPIED:
            raise GanvasError(_("{name} is too large.").format(name=picture[:80]))
        content = content.read_bytes()
    if not isinstance(content, bytes):  # numbers of an array
        file = io.BytesIO()
        read_image(content, picture).image.save(file, "PNG")
        content, picture = file.getvalue(), f"{picture}.png"
    read_header(content, picture)  # raises if it is none
    name = _file_name(picture, hashlib.blake2b(content, digest_size=4).hexdigest())
    path = inside(workspace.sources, name)
    if not path.exists():
        path.write_bytes(content)
    return f"sources/{name}"


async def save_mask(workspace: Workspace, chunks: AsyncIterator[bytes]) -> str:
    """Keep a mask that was painted in the page, and return its id.

    Raises:
        GanvasError: it is no picture, or larger than the page makes one.
    """
    name = f"{secrets.token_hex(8)}.png"
    path = workspace.masks / name
    await uploads.save_picture(path, chunks, workspace.masks)
    from ..data.image_file import read_header

    header = await run_in_threadpool(read_header, path)
    if header.format != "PNG" or max(header.width, header.height) > MAX_MASK_SIDE:
        path.unlink()
        raise GanvasError(_("A mask has {side} pixels a side at most.").format(side=MAX_MASK_SIDE))
    return f"masks/{name}"


def _file_name(name: str, unique: str) -> str:
    """Return a name for a copy: the picture's own, as far as names may, and something that tells it from others."""
    last = name.replace("\\", "/").rpartition("/")[2]
    suffix = Path(last).suffix.lower()
    stem = re.sub(r"[^\w -]+", " ", Path(last).stem)[:40].strip(" -_") or "picture"
    return f"{stem}-{unique}{suffix if SUFFIX.fullmatch(suffix) else '.png'}"
