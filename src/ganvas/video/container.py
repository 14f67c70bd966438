"""Films as .mp4 (H.264, AAC) and .webm (VP9, Opus), written by PyAV. They play in browsers and on phones."""

import sys
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from ..image_io import description
from ..translation import _
from .pyav import FILM_FORMATS, address, require_pyav
from .sound import SoundTrack
from .writer import FilmFile, Frame

BT709, LIMITED_RANGE = 1, 1  # numbers of the standard ITU-T H.273: what players assume where nothing is said


@dataclass(frozen=True)
class Codecs:
    """What goes into a kind of file: codecs of pictures and sound, with their settings."""

    pictures: str
    options: dict[str, str]
    sound: str


# Quality is constant: crf 17 of H.264 and 24 of VP9 look like the pictures themselves.
CODECS = {
    ".mp4": Codecs("libx264", {"crf": "17", "preset": "medium"}, "aac"),
    ".webm": Codecs("libvpx-vp9", {"crf": "24", "deadline": "good", "cpu-used": "4", "row-mt": "1"}, "libopus"),
}


class ContainerFilm(FilmFile):
    """Film in a container: pictures with half the colour resolution (yuv420p), and sound.

    Transparency is composited on white. An odd side gets one more row or column, a copy of the last.
    """

    def _open(self) -> None:
        suffix, settings = self.path.suffix.lower(), self.settings
        av, codecs = require_pyav(_("A film as {suffix}").format(suffix=suffix)), CODECS[suffix]
        options = {"movflags": "+faststart"} if suffix == ".mp4" else {}  # a browser begins to play at once
        if sys.platform == "win32":  # where a lock keeps others from writing, and what is open cannot be removed
            self.file.close()
        self.container = av.open(address(self.temporary), "w", format=FILM_FORMATS[suffix], container_options=options)
        self.container.metadata["comment"] = description(settings.metadata)
        self.pictures = add_pictures(self.container, codecs, Fraction(settings.fps), (settings.width, settings.height))
        self.sound, self.is_closed = None, False
        if settings.sound is not None:
            self.sound = SoundTrack(self.container, codecs.sound, settings.sound)
        self.container.start_encoding()

    def _write(self, frame: Frame) -> None:
        picture = to_picture(on_white(frame), self.frames, Fraction(1, self.settings.fps))
        self.container.mux(self.pictures.encode(picture))
        if self.sound is not None:
            self.sound.write_until((self.frames + 1) / self.settings.fps)

    def _finish(self) -> None:
        self.container.mux(self.pictures.encode(None))
        if self.sound is not None:
            self.sound.finish(self.frames / self.settings.fps)
        self.is_closed = True
        self.container.close()

    def _close(self) -> None:
        if not self.is_closed:
            self.container.close()


def add_pictures(container: Any, codecs: Codecs, rate: Fraction, size: tuple[int, int], has_alpha: bool = False) -> Any:
    """Add a stream of pictures to a film, and return it.

    Args:
        rate: frames a second, on average.
        size: (width, height) of the pictures; an odd side gets one more row or column.
        has_alpha: whether they have transparency, which VP9 alone can hold.
    """
    pictures = container.add_stream(codecs.pictures, rate=rate, options=codecs.options)
    pictures.width, pictures.height = (side + side % 2 for side in size)
    pictures.pix_fmt = "yuva420p" if has_alpha else "yuv420p"
    context = pictures.codec_context
    context.bit_rate = 0  # as many bits as the quality takes
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED_RANGE
    return pictures


def to_picture(frame: Frame, begin: int, time_base: Fraction) -> Any:
    """Return a frame (H, W, 3 or 4) as a picture that an encoder takes, shown at `begin` units of time."""
    av = require_pyav(_("A film"))
    pixels = np.pad(frame, ((0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)), "edge")
    has_alpha = frame.shape[2] == 4
    picture = av.VideoFrame.from_ndarray(pixels, format="rgba" if has_alpha else "rgb24").reformat(
        format="yuva420p" if has_alpha else "yuv420p",
        dst_colorspace="itu709",
        dst_color_range="MPEG",
        interpolation="AREA",
    )
    picture.pts, picture.time_base = begin, time_base
    return picture


def on_white(frame: Frame) -> Frame:
    """Return a frame (H, W, C) in RGB: what is transparent shows white."""
    if frame.shape[2] == 3:
        return frame
    alpha = frame[:, :, 3:].astype(np.uint32)
    return ((frame[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
