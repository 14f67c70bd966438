"""The base of all writers of films: frames go in one by one, and the file appears when it is whole."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from ..atomic_write import create_temporary, put_in_place
from ..errors import cannot_be_written
from ..translation import _

Frame = npt.NDArray[np.uint8]  # (H, W, 3), or (H, W, 4) with transparency


@dataclass(frozen=True, kw_only=True, eq=False)
class FilmSettings:
    """How a film is written.

    Args:
        width, height: of its frames, in pixels.
        fps: frames a second.
        metadata: what is kept in the file, such as the run and the seed.
        has_alpha: whether the frames have four channels.
        sound: a file with the sound, for formats that can hold some; None for none.
        preview: some frames from all over the film, from which a GIF takes its colours.
    """

    width: int
    height: int
    fps: int
    metadata: Mapping[str, object] = field(default_factory=dict)
    has_alpha: bool = False
    sound: Path | None = None
    preview: Sequence[Frame] = ()


class FilmWriter(ABC):
    """A film that is being written; used in a `with`.

    An interrupted film (Ctrl-C, or a loop that was left) has the frames that were written.

    Args:
        path: where the film goes.
        settings: how it is written.

    Raises:
        GanvasError: it cannot be written; so do `write` and the end of the `with`.
    """

    def __init__(self, path: Path, settings: FilmSettings) -> None:
        self.path, self.settings, self.frames = path, settings, 0
        with self._readable_errors():
            self._begin()

    def write(self, frame: Frame) -> None:
        """Append a frame (H, W, C)."""
        with self._readable_errors():
            self._write(frame)
        self.frames += 1

    def __enter__(self) -> Self:
        return self

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the film."""

    @abstractmethod
    def _begin(self) -> None:
        """Make what the frames go into."""

    @abstractmethod
    def _write(self, frame: Frame) -> None:
        """Append a frame."""

    @contextmanager
    def _readable_errors(self) -> Iterator[None]:
        """Turn a fault of the disk into an error for the user."""
        try:
            yield
        except OSError as error:
            hint = _("Free some disk space, or name another place: --out FILE")
            raise cannot_be_written(self.path, error, hint) from error


class FilmFile(FilmWriter):
    """A film that is one file, `self.file`, under another name until it is whole.

    Interrupted, it is finished and plays. After any other error nothing is left of it.
    """

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        is_wanted = kind is None or issubclass(kind, KeyboardInterrupt | GeneratorExit)
        try:
            if is_wanted and self.frames:
                with self._readable_errors():
                    self._finish()
                    self.file.close()
                    put_in_place(self.temporary, self.path)
        finally:
            with suppress(OSError):  # the disk that was full is full still
                self._close()
            self._remove_temporary()

    def _begin(self) -> None:
        self.temporary, self.file = create_temporary(self.path)
        try:
            self._open()
        except BaseException:
            self._remove_temporary()
            raise

    def _remove_temporary(self) -> None:
        """Close the file, and remove it unless it has taken the film's place."""
        with suppress(OSError):  # as above
            self.file.close()
        self.temporary.unlink(missing_ok=True)

    @abstractmethod
    def _open(self) -> None:
        """Write what comes before the frames."""

    @abstractmethod
    def _finish(self) -> None:
        """Write what comes behind them."""

    def _close(self) -> None:
        """Let go of an encoder, whether the film is complete or not."""


def spread(count: int, fps: int, units: int) -> tuple[int, int]:
    """Return when frame `count` begins and how long it lasts, in whole units of which a second has `units`.

    So a film keeps its length where a frame cannot last 1 / fps.
    """
    begin, end = (round(number * units / fps) for number in (count, count + 1))
    return begin, end - begin
