"""Films, read frame by frame: upright, in RGB, with their times. Memory holds a frame, never the film."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..errors import GanvasError, did_you_mean
from ..limits import MAX_IMAGE_PIXELS
from ..translation import _
from .display import Display
from .pyav import open_to_read, reason_of, require_pyav
from .writer import Frame

# Containers that hold their own data. Names are FFmpeg's; ".mp4", ".m4v" and ".3gp" are "mov".
READABLE = "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,ogg,flv,asf,nut,ivf,m4v,h264,hevc"
FILM_SUFFIXES = (
    ".mp4", ".mov", ".m4v", ".3gp", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".ogv", ".flv",
    ".wmv", ".asf", ".nut", ".ivf",
)  # fmt: skip
HEAD_BYTES = 12  # of a file, which tell most films
FIRST_PACKETS = 1000  # among which a frame must be found
ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}  # FFmpeg's own decoders do not look at the transparency
ORDINARY_RATE = Fraction(25)  # where a film does not say one
MAX_RATE = 1000  # frames a second; more is no rate but a unit of time


@dataclass(frozen=True, kw_only=True)
class FilmFacts:
    """What is known of a film before it is read.

    Args:
        width, height: of its pictures as they are shown: upright, of square pixels.
        rate: frames a second, on average.
        time_base: seconds of a unit of time.
        frames: how many there are about; 0 if nobody knows.
        has_alpha: whether pictures are transparent in places.
        is_hdr: whether colours are brighter than a usual screen shows.
        start: when the film begins, in seconds of its own time.
        sounds: tracks of sound.
    """

    width: int
    height: int
    rate: Fraction
    time_base: Fraction
    frames: int
    has_alpha: bool
    is_hdr: bool
    start: Fraction
    sounds: int


@dataclass(frozen=True, eq=False)
class FilmFrame:
    """A frame: its number from 1 on, when it is shown, for how long, both in units of time, and its pixels (H, W, C).

    Pixels of a frame that is passed over are empty.
    """

    number: int
    begin: int
    duration: int
    pixels: Frame


@dataclass(frozen=True)
class BrokenPart:
    """A place in a film that cannot be decoded: after which frame, when about (seconds), and why."""

    after: int
    seconds: float
    reason: str


def is_film(path: Path) -> bool:
    """Return whether a file is a film: by its first bytes, and where they say nothing, by its name."""
    head = b""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    if head[4:8] == b"ftyp":
        return head[8:11] not in (b"avi", b"hei", b"hev", b"mif", b"msf")  # AVIF and HEIC are pictures
    starts = (b"\x1aE\xdf\xa3", b"OggS", b"\0\0\1\xba", b"FLV\1", b"0&\xb2u\x8ef\xcf\x11")
    if head.startswith(starts) or (head[:4] == b"RIFF" and head[8:] == b"AVI "):
        return True
    pictures = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*", b"BM", b"RIFF")
    return path.suffix.lower() in FILM_SUFFIXES and not head.startswith(pictures) and not path.is_dir()


def read_facts(path: Path) -> FilmFacts:
    """Return what is known of a film; its first frame is decoded for that.

    Raises:
        GanvasError: there is no such film, no picture in it, or none that can be decoded.
    """
    with _open(path) as (container, stream):
        for packet, part in _decoded(container, stream, FIRST_PACKETS):
            if not isinstance(part, BrokenPart):
                return _facts(path, container, stream, part, packet)
    raise GanvasError(
        _("No picture of {path} can be decoded.").format(path=path),
        _("Does it play elsewhere? If so, save it again as .mp4."),
    )


def read_frames(
    path: Path, size: tuple[int, int], first: int = 1, last: int | None = None
) -> Iterator[FilmFrame | BrokenPart]:
    """Yield the frames of a film at this size (width, height), and what cannot be decoded in between.

    Times follow each other, whatever the film says. Frames before `first` are decoded, since they may be needed, and
    passed over.

    Raises:
        GanvasError: the film cannot be opened.
    """
    number, previous, display = 0, None, None
    with _open(path) as (container, stream):
        time_base = Fraction(stream.time_base)
        usual = max(1, round(1 / (_rate(stream) * time_base)))
        lengths: dict[int, int] = {}  # of packets by their times: frames of PyAV 14 do not say it
        for packet, part in _decoded(container, stream):
            if packet.pts is not None and packet.duration:
                lengths[packet.pts] = packet.duration
            if isinstance(part, BrokenPart):
                yield replace(part, after=number, seconds=float((previous or 0) * time_base))
                continue
            number += 1
            duration = lengths.pop(part.pts, 0) if part.pts is not None else 0
            begin = part.pts if part.pts is not None else 0 if previous is None else previous + usual
            begin = begin if previous is None else max(begin, previous + 1)
            previous = begin
            if len(lengths) > FIRST_PACKETS:
                lengths.clear()
            if last is not None and number > last:
                return
            if number >= first:
                display = display or Display.of(part, stream)
                yield FilmFrame(number, begin, duration or usual, display.pixels(part, size))


@contextmanager
def _open(path: Path) -> Iterator[tuple[Any, Any]]:
    """Open a film; give it and its stream of pictures.

    Raises:
        GanvasError: it cannot be.
    """
    av = require_pyav(_("A film"))
    if not path.is_file():
        neighbors = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
        raise GanvasError(
            _("There is no film {path}.{suggestion}").format(path=path, suggestion=did_you_mean(path.name, neighbors)),
            _("Check the path."),
        )
    try:
        container = open_to_read(path, READABLE)
    except (av.FFmpegError, ValueError) as error:
        raise GanvasError(
            _("{path} cannot be read as a film: {reason}.").format(path=path, reason=reason_of(error)),
            _("Does it play elsewhere? If so, save it again as .mp4."),
        ) from error
    with container:
        stream = container.streams.best("video")
        if stream is None:
            raise GanvasError(
                _("There are no moving pictures in {path}.").format(path=path),
                _("Name a film, such as an .mp4, .mov, .mkv or .webm."),
            )
        if stream.codec_context is None:
            raise GanvasError(
                _("{path} is in a codec that PyAV cannot decode.").format(path=path),
                _("Save it again as .mp4 (H.264)."),
            )
        if stream.width * stream.height > MAX_IMAGE_PIXELS:
            raise GanvasError(
                _("{path} claims pictures of {width} x {height} pixels, too many to read.").format(
                    path=path, width=stream.width, height=stream.height
                ),
                _("Save it smaller."),
            )
        stream.thread_type = "AUTO"
        yield container, stream


def _decoded(
    container: Any, stream: Any, most: int | None = None
) -> Generator[tuple[Any, Any | BrokenPart], None, None]:
    """Yield each frame, or what cannot be decoded, with the packet that it came out at; of at most `most` packets."""
    av = require_pyav(_("A film"))
    decoder = stream.codec_context
    tags = {key.lower(): value for key, value in stream.metadata.items()}
    if tags.get("alpha_mode") == "1" and stream.codec_context.name in ALPHA_DECODERS:
        decoder = av.CodecContext.create(ALPHA_DECODERS[stream.codec_context.name], "r")
    packets, count = container.demux(stream), 0
    while most is None or count < most:
        count += 1
        try:
            packet = next(packets, None)
        except av.FFmpegError as error:
            yield _NoPacket, BrokenPart(0, 0.0, reason_of(error))
            return
        if packet is None:
            return
        if packet.is_corrupt:
            yield packet, BrokenPart(0, 0.0, _("part of the file is missing"))
        try:
            frames = decoder.decode(packet if packet.size else None)
        except av.FFmpegError as error:
            yield packet, BrokenPart(0, 0.0, reason_of(error))
            continue
        for frame in frames:
            yield packet, frame


class _NoPacket:
    """What stands where a file ends too early."""

    pts = duration = None


def _facts(path: Path, container: Any, stream: Any, frame: Any, packet: Any) -> FilmFacts:
    display, rate = Display.of(frame, stream), _rate(stream)
    width, height = display.shown_size(frame)
    seconds = 0.0
    if stream.duration:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration:
        seconds = container.duration / 1_000_000
    return FilmFacts(
        width=width,
        height=height,
        rate=rate,
        time_base=Fraction(stream.time_base),
        frames=stream.frames or round(seconds * rate),
        has_alpha=display.has_alpha,
        is_hdr=display.is_hdr,
        start=Fraction(container.start_time or 0, 1_000_000),
        sounds=len(container.streams.audio),
    )


def _rate(stream: Any) -> Fraction:
    """Return the frames a second of a stream, on average."""
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and 0 < rate <= MAX_RATE:
            return Fraction(rate)
    return ORDINARY_RATE


def read_near(path: Path, size: tuple[int, int], seconds: Iterable[Fraction]) -> Iterator[Frame]:
    """Yield a frame (H, W, C) from near each of these times, at most one for each: for a look at the film.

    Raises:
        GanvasError: the film cannot be opened.
    """
    av = require_pyav(_("A film"))
    for second in seconds:
        with _open(path) as (container, stream):
            with suppress(av.FFmpegError):  # not every file can be wound: then it is the first frame
                container.seek(int(second * av.time_base))
            for _packet, part in _decoded(container, stream, FIRST_PACKETS):
                if not isinstance(part, BrokenPart):
                    yield Display.of(part, stream).pixels(part, size)
                    break
