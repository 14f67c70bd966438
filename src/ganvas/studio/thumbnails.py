"""Small copies of pictures for the page: decoded as for training, and never sent as they are.

They are decoded by processes of their own: a picture that kills its decoder does not take the studio with it.
"""

import contextlib
import io
import os
import queue
import signal
import threading
import zlib
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

from PIL import Image

from ..data.decode import read_image
from ..data.image_file import UnreadableImageError
from ..translation import N_

SIDE = 256  # pixels
MAX_BYTES = 1 << 30  # of memory for decoding one; larger ones are trained on, but not shown
MAX_SECONDS = 60  # of the processor for one
AT_ONCE = 2  # decoders; a training needs the cores
TYPE = "image/webp"


class Thumbnailer:
    """Makes small copies in a few processes, which are started when they are needed, and anew when one has died."""

    def __init__(self) -> None:
        self._free: queue.Queue[ProcessPoolExecutor] = queue.Queue()
        for _place in range(AT_ONCE):
            self._free.put(_new_process())

    def make(self, content: Any, name: str, side: int = SIDE) -> bytes:
        """Return a picture as WebP, its longer side `side` pixels at most.

        Args:
            content: as `read_image` takes it.

        Raises:
            UnreadableImageError: it cannot be read.
        """
        process = self._free.get()
        try:
            made = process.submit(_thumbnail, content, name, side).result()
        except BrokenProcessPool:
            process = _new_process()
            raise UnreadableImageError(N_("it ended the process that decoded it"), name) from None
        finally:
            self._free.put(process)
        if isinstance(made, str):
            raise UnreadableImageError(made, name)
        return made

    def close(self) -> None:
        """End the processes; what is being decoded is given up."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._free.get_nowait().shutdown(wait=False, cancel_futures=True)


def _new_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_begin)


def _begin() -> None:
    """Leave Ctrl-C to the studio, and end with it, also where it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(0)


def _thumbnail(content: Any, name: str, side: int) -> bytes | str:
    """Return a small copy, or why there is none."""
    _limit_time()
    try:
        image = read_image(content, name, min_size=(side, side), reserve=_reserve).image
    except UnreadableImageError as error:
        return error.reason
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "WEBP", quality=82, method=2)
    return file.getvalue()


def _limit_time() -> None:
    """Have the system end this process if this picture takes too much of the processor, where it can."""
    with contextlib.suppress(ImportError):  # Windows
        import resource

        used, hard = sum(resource.getrusage(resource.RUSAGE_SELF)[:2]), resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (int(used) + MAX_SECONDS, hard))


def _reserve(size: int) -> None:
    if size > MAX_BYTES:
        raise UnreadableImageError(N_("too large to be shown here"))


def etag(path: Path, *parts: object) -> str:
    """Return what changes when a file changes."""
    status = path.stat()
    return (
        '"'
        + "-".join(map(str, (status.st_mtime_ns, status.st_size, *(zlib.crc32(str(part).encode()) for part in parts))))
        + '"'
    )
