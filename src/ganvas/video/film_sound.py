"""The sound of a film that is repainted: copied bit for bit where the new film can hold it, else encoded anew."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..translation import _
from .container import CODECS
from .pyav import open_to_read, require_pyav
from .reader import READABLE
from .sound import FILM_RATE, SoundTrack, resampled

COPIED = {  # codecs that players expect in a kind of film
    ".mp4": ("aac", "mp3", "ac3", "eac3", "alac"),
    ".webm": ("opus", "vorbis"),
}


class Track(Protocol):
    """The sound beside the pictures of a film."""

    def write_until(self, seconds: float) -> None:
        """Write what sounds before this time of the new film."""

    def finish(self, seconds: float) -> None:
        """Write what sounds before this time, and end the sound."""


class Silence:
    """No sound."""

    def write_until(self, seconds: float) -> None:
        """Write nothing."""

    def finish(self, seconds: float) -> None:
        """Write nothing."""


class CopiedTrack:
    """The packets of a track, as they are, each so much earlier as the new film begins later.

    Args:
        film: what it goes into, not encoded yet.
        container: the open film that was; it is closed at the end.
        begin: when the new film begins in it, in seconds.
    """

    def __init__(self, film: Any, container: Any, begin: Fraction) -> None:
        self.film, self.container = film, container
        source = container.streams.audio[0]
        self.stream = film.add_stream_from_template(source)
        self.time_base = Fraction(source.time_base)
        self.shift = round(begin / self.time_base)
        self.packets = self._audible(source)
        self.next: Any = None

    def write_until(self, seconds: float) -> None:
        """Write what begins before this time of the new film."""
        while True:
            self.next = self.next or next(self.packets, None)
            if self.next is None or self.next.pts * self.time_base >= seconds:
                return
            self.next.stream = self.stream
            self.film.mux(self.next)
            self.next = None

    def finish(self, seconds: float) -> None:
        """Write the rest until this time."""
        self.write_until(seconds)
        self.container.close()

    def _audible(self, source: Any) -> Iterator[Any]:
        """Yield the packets that end after the new film begins, with their new times."""
        av = require_pyav(_("Sound"))
        packets = self.container.demux(source)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                return  # the rest of the file is damaged, which is said of the pictures
            if packet is None:
                return
            if not packet.size or packet.pts is None:
                continue
            packet.pts -= self.shift
            packet.dts = packet.pts  # sound is never out of order
            if packet.pts + (packet.duration or 0) > 0 or packet.pts >= 0:
                yield packet


def add_sound(film: Any, suffix: str, source: Path | None, begin: Fraction) -> tuple[Track, list[str]]:
    """Add the first track of sound in `source`, from a time on, to a film that is not encoded yet.

    Returns:
        what writes it, and what is to be said about it.
    """
    if source is None:
        return Silence(), []
    container = open_to_read(source, READABLE)
    tracks = container.streams.audio
    if not tracks:
        container.close()
        return Silence(), []
    notes = []
    if len(tracks) > 1:
        notes.append(
            _("{film} has {count} tracks of sound. The first one is kept.").format(film=source, count=len(tracks))
        )
    codec = tracks[0].codec_context.name if tracks[0].codec_context is not None else ""
    if codec in COPIED[suffix]:
        return CopiedTrack(film, container, begin), notes
    if not codec:
        container.close()
        return Silence(), [*notes, _("The sound of {film} cannot be decoded: it is left out.").format(film=source)]
    lead = Fraction((tracks[0].start_time or 0) * tracks[0].time_base) - begin
    encoded = CODECS[suffix].sound
    notes.append(
        _("A film as {suffix} cannot hold {codec}: its sound is encoded anew.").format(suffix=suffix, codec=codec)
    )
    return SoundTrack(film, encoded, lambda kind: _led(container, kind, round(lead * FILM_RATE))), notes


def _led(container: Any, sample_format: str, lead: int) -> Iterator[Any]:
    """Yield the sound of an open container behind `lead` samples of silence, or without the first `-lead` ones."""
    av = require_pyav(_("Sound"))

    def chunk(samples: Any) -> Any:
        made = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format=sample_format, layout="stereo")
        made.sample_rate = FILM_RATE
        return made

    is_planar = sample_format.endswith("p")
    with container:
        sounding = resampled(container, sample_format, "stereo", FILM_RATE)
        per_time = 1 if is_planar else 2  # numbers for a sample in a row of PyAV's arrays
        for heard in sounding:
            samples = heard.to_ndarray()
            while lead > 0:
                length = min(lead, FILM_RATE)
                lead -= length
                yield chunk(np.zeros((len(samples), length * per_time), samples.dtype))
            skipped, lead = min(-lead, heard.samples), min(0, lead + heard.samples)
            if skipped < heard.samples:
                yield chunk(samples[:, skipped * per_time :]) if skipped else heard
