"""The painting of a film, frame by frame, as a stream of events: it can be stopped anywhere, and goes on there."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from ...errors import cannot_be_written
from ...events import Event, Note, Progress
from ...translation import N_, _
from ...video.container import on_white
from ...video.reader import BrokenPart, FilmFacts, FilmFrame, read_frames
from ...video.segments import Segment, SegmentSettings, Timing, join_segments
from ...video.writer import Frame
from ..load import bleed_colors
from .flow import Floats
from .journal import Journal
from .plan import FilmPlan
from .preview import to_bytes
from .steady import Carried, Painter, Steadying, paint_steadily

SEGMENT_FRAMES = 100  # at most so many are lost by a kill
CODEC_DELAY = 0.05  # seconds; codecs of sound begin so much earlier at most
MAX_BROKEN_NOTES = 5  # a film from a damaged disk may have thousands


@dataclass(kw_only=True)
class FilmJob:
    """A film, what paints it, and how far it is.

    Args:
        film: its file.
        facts: what is known of it.
        plan: which frames are painted, and how large.
        paint: what paints a frame.
        out: where the painted film goes.
        journal: what is painted already.
        metadata: what is kept in the painted film.
        steadying: how frames are steadied.
    """

    film: Path
    facts: FilmFacts
    plan: FilmPlan
    paint: Painter
    out: Path
    journal: Journal
    metadata: Mapping[str, object]
    steadying: Steadying = field(default_factory=Steadying)

    @property
    def settings(self) -> SegmentSettings:
        """Return how segments are written."""
        suffix, (width, height) = self.out.suffix.lower(), self.plan.size
        has_alpha = self.facts.has_alpha and suffix == ".webm"
        return SegmentSettings(suffix=suffix, width=width, height=height, rate=self.facts.rate, has_alpha=has_alpha)

    def run(self, stop: Callable[[], bool]) -> Generator[Event, None, bool]:
        """Paint until the film ends or `stop` says so, and return whether it ended; then all is safe in the journal.

        Raises:
            GanvasError: the film cannot be opened, or the disk is full.
        """
        journal, segment, is_whole = self.journal, None, True
        total = self.plan.count(self.facts)
        first = max(self.plan.first, journal.numbers + 1)
        carried, begins, last = journal.carried, list(journal.begins), journal.last
        try:
            for part in read_frames(self.film, self.plan.size, first, self.plan.last):
                if isinstance(part, BrokenPart):
                    yield from self._broken_notes(part)
                    continue
                segment = segment or Segment(journal.segment_path(journal.segments), self.settings)
                pixels, carried = self._paint(part, carried)
                segment.write(pixels)
                begins.append(part.begin)
                last = part.duration
                journal_ahead = part.number, begins, last, carried
                if segment.frames == SEGMENT_FRAMES:
                    self._keep(segment, *journal_ahead)
                    segment = None
                yield Progress(N_("frames painted"), len(begins), max(total, len(begins)))
                if stop():
                    is_whole = False
                    break
            if segment is not None:
                self._keep(segment, *journal_ahead)
                segment = None
        except GeneratorExit:  # whoever listened has gone; at a `yield`, all is whole
            if segment is not None:
                self._keep(segment, *journal_ahead)
                segment = None
            raise
        finally:
            if segment is not None:
                segment.discard()
        return is_whole

    def join(self) -> list[str]:
        """Write what is painted as one film, with its sound; return what is to be said about that.

        Raises:
            GanvasError: it cannot be written.
        """
        journal, time_base = self.journal, self.facts.time_base
        begin, start = journal.begins[0], round(self.facts.start / time_base)
        # Where the sound came before the first picture it does so still; some milliseconds are the codec's.
        origin = start if self.plan.first == 1 and (begin - start) * time_base > CODEC_DELAY else begin
        timing = Timing(begins=journal.begins, last=journal.last, time_base=time_base, origin=origin)
        sound = self.film if self.facts.sounds else None
        return join_segments(journal.segment_paths, timing, self.out, self.settings, self.metadata, sound)

    def _paint(self, frame: FilmFrame, carried: Carried | None) -> tuple[Frame, Carried]:
        """Return a painted frame as it is written, and what the next one needs."""
        colors, alpha = split_alpha(frame.pixels)
        painted, carried = paint_steadily(colors, carried, self.paint, self.steadying)
        pixels = to_bytes(painted)
        if alpha is not None:
            pixels = np.dstack((pixels, alpha))
        return (pixels if self.settings.has_alpha else on_white(pixels)), carried

    def _keep(self, segment: Segment, numbers: int, begins: list[int], last: int, carried: Carried) -> None:
        """Put a segment and the state after it on the disk."""
        segment.finish()
        journal = self.journal
        journal.segments += 1
        journal.numbers, journal.begins, journal.last, journal.carried = numbers, list(begins), last, carried
        try:
            journal.save()
        except OSError as error:
            hint = _("Free some disk space, then type the same command again.")
            raise cannot_be_written(journal.folder, error, hint) from error

    def _broken_notes(self, part: BrokenPart) -> Generator[Event, None, None]:
        """Yield what is to be said of a place that cannot be decoded, unless it was said, or too much was."""
        if part.after < self.journal.numbers:
            return
        self.journal.broken.append(part)
        count = len(self.journal.broken)
        if count <= MAX_BROKEN_NOTES:
            yield Note(
                _("{seconds:.1f} s: a frame cannot be decoded and is passed over ({reason}).").format(
                    seconds=part.seconds, reason=part.reason
                )
            )
        if count == MAX_BROKEN_NOTES:
            yield Note(_("More such places are counted, but not named."))


def split_alpha(pixels: Frame) -> tuple[Floats, Frame | None]:
    """Return a frame's colours in [0, 1], those of neighbours where nothing is seen; and its alpha if it has one."""
    if pixels.shape[2] == 3:
        return np.divide(pixels, 255, dtype=np.float32), None
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
    colors = bleed_colors(tensor[:, :3], tensor[:, 3:] / 255)[0].permute(1, 2, 0)
    return np.divide(colors.numpy(), 255, dtype=np.float32), pixels[..., 3]
