"""Films written in segments that are joined at the end, so that hours of work outlast a kill; and the sound with them.

A segment holds pictures alone, each a packet, in the order in which they are shown. Their times are kept beside it, in
the film's own units, and put on at the end: containers round them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..atomic_write import create_temporary, put_in_place
from ..errors import GanvasError, cannot_be_written
from ..image_io import description
from ..translation import _
from .container import CODECS, Codecs, add_pictures, to_picture
from .film_sound import add_sound
from .pyav import FILM_FORMATS, READ_FORMATS, address, open_to_read, require_pyav
from .writer import Frame

SEGMENT_SUFFIX = ".mkv"  # holds H.264 and VP9, and transparency beside either
NO_REORDERING = {"bf": "0"}  # H.264 without B-frames, whose packets are not in the order of their pictures


@dataclass(frozen=True, kw_only=True)
class SegmentSettings:
    """How segments are written: for which kind of film (".mp4"), their size, rate and transparency."""

    suffix: str
    width: int
    height: int
    rate: Fraction
    has_alpha: bool = False

    @property
    def codecs(self) -> Codecs:
        """Return the codecs, and settings under which each picture is a packet."""
        codecs = CODECS[self.suffix]
        return replace(codecs, options=codecs.options | NO_REORDERING) if self.suffix == ".mp4" else codecs


class Segment:
    """Pictures that are being encoded into a file, which appears when `finish` is called.

    Raises:
        GanvasError: it cannot be written; so do `write` and `finish`.
    """

    def __init__(self, path: Path, settings: SegmentSettings) -> None:
        av = require_pyav(_("A film"))
        self.path, self.settings, self.frames = path, settings, 0
        with _readable_errors(path):
            self.temporary, file = create_temporary(path)
            file.close()  # the container opens it by itself
            self.container = av.open(address(self.temporary), "w", format="matroska")
            size = settings.width, settings.height
            self.pictures = add_pictures(self.container, settings.codecs, settings.rate, size, settings.has_alpha)
            self.container.start_encoding()

    def write(self, frame: Frame) -> None:
        """Append a frame (H, W, C)."""
        with _readable_errors(self.path):
            self.container.mux(self.pictures.encode(to_picture(frame, self.frames, 1 / self.settings.rate)))
        self.frames += 1

    def finish(self) -> None:
        """End the segment, and put it in its place."""
        with _readable_errors(self.path):
            self.container.mux(self.pictures.encode(None))
            self.container.close()
            put_in_place(self.temporary, self.path)

    def discard(self) -> None:
        """Leave nothing of it."""
        self.container.close()
        self.temporary.unlink(missing_ok=True)


@dataclass(frozen=True, kw_only=True)
class Timing:
    """When each picture of a film is shown, in units of `time_base` seconds.

    Args:
        begins: when, in the time of the film that was.
        last: how long the last one is shown.
        origin: when the new film begins, in the time of the film that was.
    """

    begins: Sequence[int]
    last: int
    time_base: Fraction
    origin: int

    def of(self, number: int) -> tuple[int, int]:
        """Return when picture `number` (from 0 on) is shown in the new film, and for how long."""
        begin = self.begins[number]
        is_last = number + 1 == len(self.begins)
        return begin - self.origin, self.last if is_last else self.begins[number + 1] - begin


def join_segments(
    segments: Sequence[Path],
    timing: Timing,
    out: Path,
    settings: SegmentSettings,
    metadata: Mapping[str, object],
    sound: Path | None,
) -> list[str]:
    """Write segments as one film, with the sound that goes with it, and return what is to be said about the sound.

    Args:
        timing: of all pictures in all segments.
        sound: the film whose sound it gets, from the first picture's time to the last one's; None for none.

    Raises:
        GanvasError: a segment is damaged, or the film cannot be written.
    """
    av = require_pyav(_("A film"))
    with _readable_errors(out):
        temporary, file = create_temporary(out)
        file.close()
    try:
        with _readable_errors(out):
            options = {"movflags": "+faststart"} if settings.suffix == ".mp4" else {}
            film = av.open(address(temporary), "w", format=FILM_FORMATS[settings.suffix], container_options=options)
            with film:
                film.metadata["comment"] = description(metadata)
                with _opened(segments[0]) as first:
                    pictures = film.add_stream_from_template(first.streams.video[0])
                pictures.time_base = timing.time_base
                if settings.has_alpha:
                    pictures.metadata["alpha_mode"] = "1"  # a copied stream does not say it by itself
                track, notes = add_sound(film, settings.suffix, sound, timing.origin * timing.time_base)
                film.start_encoding()
                for number, packet in enumerate(_packets(segments, len(timing.begins))):
                    begin, duration = timing.of(number)
                    packet.stream, packet.time_base = pictures, timing.time_base
                    packet.pts, packet.dts, packet.duration = begin, begin, duration
                    end = float((begin + duration) * timing.time_base)
                    track.write_until(end)
                    film.mux(packet)
                track.finish(end)
            put_in_place(temporary, out)
    finally:
        temporary.unlink(missing_ok=True)
    return notes


@contextmanager
def _opened(segment: Path) -> Iterator[Any]:
    with open_to_read(segment, READ_FORMATS[".webm"]) as container:
        yield container


def _packets(segments: Sequence[Path], expected: int) -> Iterator[Any]:
    """Yield the packets of segments, in order.

    Raises:
        GanvasError: they are not as many as there should be.
    """
    count = 0
    for segment in segments:
        with _opened(segment) as container:
            for packet in container.demux(video=0):
                if packet.size:
                    count += 1
                    if count <= expected:
                        yield packet
    if count != expected:
        raise GanvasError(
            _("What was begun of the film is damaged: {count} of {expected} pictures are in {folder}.").format(
                count=count, expected=expected, folder=segments[0].parent
            ),
            _("Remove that folder, and type the same command again."),
        )


@contextmanager
def _readable_errors(path: Path) -> Iterator[None]:
    """Turn a fault of the disk or of an encoder into an error for the user."""
    try:
        yield
    except OSError as error:
        hint = _("Free some disk space, or name another place: --out FILE")
        raise cannot_be_written(path, error, hint) from error
