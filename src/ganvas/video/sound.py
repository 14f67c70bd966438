"""Sound: read from any file that holds some, and encoded beside the pictures of a film."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import GanvasError
from ..translation import _
from .pyav import SOUND_FORMATS, open_to_read, reason_of, require_pyav

FILM_RATE = 48_000  # samples a second in a film: what AAC and Opus both take


def read_mono(path: Path, rate: int, seconds: float) -> npt.NDArray[np.float32]:
    """Return the first `seconds` of a file's sound in one channel: (N,), in [-1, 1], `rate` samples a second.

    Raises:
        GanvasError: there is no such file, or no sound in it.
    """
    chunks, samples, wanted = [], 0, round(seconds * rate)
    for frame in _decode(path, "flt", "mono", rate):
        chunks.append(frame.to_ndarray().reshape(-1))
        samples += frame.samples
        if samples >= wanted:
            break
    if not samples:
        raise GanvasError(
            _("There is no sound in {path}.").format(path=path),
            _("Give --audio a file with music, such as .mp3 or .wav."),
        )
    heard: npt.NDArray[np.float32] = np.nan_to_num(np.concatenate(chunks)[:wanted], copy=False)
    return heard


def _decode(path: Path, sample_format: str, layout: str, rate: int) -> Iterator[Any]:
    """Yield the sound of a file as audio frames of this format; damaged parts are left out.

    Raises:
        GanvasError: there is no such file, or it holds no sound.
    """
    av = require_pyav(_("Sound"))
    hint = _("Give --audio a file with music, such as .mp3, .wav, .flac, .ogg or .m4a.")
    if not path.is_file():
        raise GanvasError(_("There is no file {path}.").format(path=path), hint)
    try:
        container = open_to_read(path, SOUND_FORMATS)
    except (av.FFmpegError, ValueError) as error:
        raise GanvasError(
            _("{path} holds no sound that can be read: {reason}.").format(path=path, reason=reason_of(error)), hint
        ) from error
    with container:
        if not container.streams.audio:
            raise GanvasError(_("There is no sound in {path}.").format(path=path), hint)
        yield from resampled(container, sample_format, layout, rate)


def resampled(container: Any, sample_format: str, layout: str, rate: int) -> Iterator[Any]:
    """Yield the first track of sound in an open container as audio frames of this format; damage is left out."""
    av = require_pyav(_("Sound"))
    resampler: Any = None
    known = None
    for frame in _frames(av, container):
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != known:  # some files change in the middle
            if resampler is not None:
                yield from resampler.resample(None)
            resampler, known = av.AudioResampler(sample_format, layout, rate), kind
        frame.pts = None  # the samples follow each other, whatever the file says of their times
        yield from resampler.resample(frame)
    if resampler is not None:
        yield from resampler.resample(None)


def _frames(av: Any, container: Any) -> Iterator[Any]:
    """Yield the audio frames of a container that can be decoded."""
    packets = container.demux(container.streams.audio[0])
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return  # the rest of the file is damaged
        if packet is None:
            return
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        yield from (frame for frame in frames if frame.samples)


class SoundTrack:
    """The sound of a film, encoded as far as its pictures have come, so that it ends with them.

    Args:
        container: the film, which is not encoded yet.
        codec: of the sound.
        source: a file that holds it, or the chunks themselves, given their format ("fltp"): in stereo, at `FILM_RATE`.

    Raises:
        GanvasError: there is no sound in the file.
    """

    def __init__(self, container: Any, codec: str, source: Path | Callable[[str], Iterator[Any]]) -> None:
        self.av = require_pyav(_("Sound"))
        self.container = container
        self.stream = container.add_stream(codec, rate=FILM_RATE, layout="stereo")
        self.stream.bit_rate = 192_000
        sample_format = self.stream.format.name
        self.chunks = (
            _decode(source, sample_format, "stereo", FILM_RATE) if isinstance(source, Path) else source(sample_format)
        )
        self.waiting = self.av.AudioFifo()
        self.written = 0

    def write_until(self, seconds: float) -> None:
        """Encode what sounds before this time, in whole frames of the codec."""
        size = self.stream.codec_context.frame_size
        while self.written + size <= seconds * FILM_RATE:
            if not self._encode_next(size):
                return

    def finish(self, seconds: float) -> None:
        """Encode the rest until this time, and end the sound."""
        self.write_until(seconds)
        rest = round(seconds * FILM_RATE) - self.written
        if rest > 0:
            self._encode_next(rest)
        self.container.mux(self.stream.encode(None))
        self.chunks.close()  # type: ignore[attr-defined]

    def _encode_next(self, size: int) -> bool:
        """Encode `size` samples, or what is left; return whether there were any."""
        while self.waiting.samples < size and (chunk := next(self.chunks, None)) is not None:
            chunk.pts = None
            self.waiting.write(chunk)
        frame = self.waiting.read(min(size, self.waiting.samples)) if self.waiting.samples else None
        if frame is None:
            return False
        frame.pts, frame.sample_rate = self.written, FILM_RATE
        self.written += frame.samples
        self.container.mux(self.stream.encode(frame))
        return True
