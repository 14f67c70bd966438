"""Films of walks through the latents of a generator."""

import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from PIL import Image

from ..config.sign import FROM_PICTURE
from ..config.walk import Easing, Kind, WalkConfig
from ..data.ownership import check_free
from ..device import choose_device
from ..errors import GanvasError, check_choice
from ..events import Done, Event, Note, Progress
from ..image_io import to_image
from ..runs import Run
from ..signature import Signature
from ..translation import N_, _
from ..video.film import check_film, frame_path, holds_sound, is_folder, open_film
from ..video.sound import read_mono
from ..video.writer import FilmSettings, Frame
from .audio_features import RATE, loudness, onsets
from .direction_files import read_moves
from .sample import GeneratorModel, load
from .walk_plan import Passed, Rhythm, Walk, plan_walk
from .write import SIGN

DEFAULT_SECONDS = 20.0
MIN_SIDE = 256  # pixels of a picture's longer side, unless another size is asked for: 32 px are a stamp on a screen
PICTURES_AT_ONCE = 16  # drawn between two looks at whether to stop
PREVIEW_FRAMES = 16  # from which a GIF takes its colours
MAX_PICTURES = 400  # of a grid
RANDOM = Passed()
DIRECTION_END = 3.0  # standard deviations to either side, if none are given
RANGES = {"seconds": (0.04, 3600), "fps": (1, 120), "size": (8, 4096), "pace": (0.1, 600), "truncation": (0, 1)}


def walk(
    run: Path,
    out: Path,
    config: WalkConfig | None = None,
    passed: Passed = RANDOM,
    audio: Path | None = None,
    stop: Callable[[], bool] = lambda: False,
    signature: Signature | None = None,
) -> Generator[Event, None, None]:
    """Write a film of a walk through the latents of a run, and yield what happens.

    The walk is closed, unless an open one is asked for: after its last frame comes the first. If it is interrupted, the
    film is finished with the frames that it has.

    Args:
        run: the run folder.
        out: .mp4, .webm, .webp or .gif; a name without an ending is a folder of PNGs.
        config: the settings.
        passed: the pictures that the walk passes; random ones if none are named.
        audio: a file with sound. Onsets quicken the walk, and the louder it is, the further it goes from the mean
            picture. An .mp4 or .webm keeps the sound.
        stop: asked after each frame.
        signature: put on each frame, always at the same place.

    Raises:
        GanvasError: a setting makes no sense, the run, a picture or the sound cannot be read, or the film not written.
    """
    config, began = config or WalkConfig(), time.monotonic()
    columns, rows = check_walk(config, passed, signature)
    check_film(out, config.fps)
    check_free(out)
    check_no_source(out, [*passed.files, *([audio] if audio else [])])
    model = load(run, config.device)
    choice = choose_device(config.device)
    yield Note(_("Drawing on {device}: {reason}.").format(device=choice.device, reason=choice.reason))
    frames, rhythm = round((config.seconds or DEFAULT_SECONDS) * config.fps), None
    if audio is not None:
        frames, rhythm, notes = listen(audio, config)
        if not holds_sound(out):
            notes.append(_("Only .mp4 and .webm hold sound: this film moves with it, and is silent."))
        yield from map(Note, notes)
    moves = read_moves(Run(run), passed.directions, model, DIRECTION_END)
    plan = plan_walk(model, config, frames, columns * rows, passed, rhythm, moves)
    painter = Painter(model, plan, columns, config.size, signature, config.seed)
    metadata = passed.metadata(config) | ({SIGN: signature.metadata} if signature is not None else {})
    settings = painter.film_settings(out, config.fps, metadata, audio)
    with open_film(out, settings) as film:
        for number, frame in enumerate(painter.frames(range(frames)), 1):
            film.write(frame)
            yield Progress(N_("frames drawn"), number, frames)
            if stop():
                break
        written = film.frames
    yield from _film_notes(out, written, frames)
    yield from model.notes()
    reason = "finished" if written == frames else "interrupted"
    yield Done(str(out), written, 0, time.monotonic() - began, reason)


def _film_notes(out: Path, written: int, frames: int) -> Iterator[Note]:
    """Yield that a film is shorter than was wanted, and that a folder has frames of an earlier one."""
    if written < frames:
        yield Note(
            _("{out} holds the first {written:,} of {frames:,} frames.").format(out=out, written=written, frames=frames)
        )
    if is_folder(out) and frame_path(out, written).exists():
        yield Note(
            _("From {frame} on, {out} holds frames of an earlier, longer film.").format(
                frame=frame_path(out, written).name, out=out
            )
        )


def check_walk(config: WalkConfig, passed: Passed, signature: Signature | None = None) -> tuple[int, int]:
    """Check the settings of a walk, and return the columns and rows of its grid.

    Raises:
        GanvasError: one makes no sense; the hint says what would.
    """
    may_be_left_out = {"seconds", "size"}
    for name, (lowest, highest) in RANGES.items():
        value = getattr(config, name)
        if not lowest <= value <= highest and not (value == 0 and name in may_be_left_out):
            raise GanvasError(
                _("{name} cannot be {value}.").format(name=name, value=value),
                _("--{name} takes {lowest:g} to {highest:g}.").format(name=name, lowest=lowest, highest=highest),
            )
    check_choice(config.kind, get_args(Kind), N_("kind of walk"))
    check_choice(config.easing, get_args(Easing), N_("easing"))
    grid = re.fullmatch(r"([1-9]\d{0,2})x([1-9]\d{0,2})", config.grid, re.ASCII)
    if grid is None or int(grid[1]) * int(grid[2]) > MAX_PICTURES:
        raise GanvasError(
            _("'{grid}' is not a grid of at most {max_pictures} pictures.").format(
                grid=config.grid, max_pictures=MAX_PICTURES
            ),
            _("Try: --grid 3x2, for 3 columns"),
        )
    if passed.seeds and passed.files:
        raise GanvasError(_("A walk passes seeds or pictures, not both."), _("Leave out --seeds or --through."))
    if config.kind == "noise" and (passed.seeds or passed.files):
        raise GanvasError(
            _("A walk through noise passes no pictures."), _("Leave out --kind noise; or --seeds and --through.")
        )
    if config.kind == "noise" and config.open:
        raise GanvasError(_("A walk through noise is always a loop."), _("Leave out --kind noise, or --open."))
    if config.kind == "noise" and passed.directions:
        raise GanvasError(_("A walk through noise has no direction."), _("Leave out --kind noise, or --direction."))
    if passed.files and config.label:
        raise GanvasError(_("The pictures of --through have their classes already."), _("Leave out --label."))
    if signature is not None and signature.config.sign_color == FROM_PICTURE:
        raise GanvasError(
            _("The color of a signature that is taken from each frame flickers."), _("Try: --sign-color white")
        )
    return int(grid[1]), int(grid[2])


def check_no_source(out: Path, sources: Sequence[Path]) -> None:
    """Check that a film does not take the place of what it is made from.

    Raises:
        GanvasError: it would.
    """
    if any(out.exists() and source.exists() and out.samefile(source) for source in sources):
        raise GanvasError(
            _("The film is made from {out}, and would take its place.").format(out=out), _("Give --out another name.")
        )


def listen(audio: Path, config: WalkConfig) -> tuple[int, Rhythm, list[str]]:
    """Return the frames of a film that is as long as its sound, the sound's rhythm, and what to say about it.

    Raises:
        GanvasError: there is no sound in the file.
    """
    longest = RANGES["seconds"][1]
    samples = read_mono(audio, RATE, config.seconds or longest)
    seconds = config.seconds or max(len(samples) / RATE, 1 / config.fps)
    frames = max(1, round(seconds * config.fps))
    rhythm = Rhythm(onsets(samples, frames, config.fps), loudness(samples, frames, config.fps))
    notes = []
    if not rhythm.loudness.any():
        notes.append(_("{audio} is silent: the walk keeps its pace.").format(audio=audio))
    elif len(samples) < round(seconds * RATE) - RATE // config.fps:
        notes.append(
            _("{audio} ends after {seconds:.1f} s: the rest of the film is silent.").format(
                audio=audio, seconds=len(samples) / RATE
            )
        )
    return frames, rhythm, notes


@dataclass(frozen=True, eq=False)
class Painter:
    """Draws the frames of a walk.

    Args:
        model: the generator.
        walk: where it is at each frame.
        columns: of the grid.
        size: pixels of a picture's longer side; 0 for its own, but `MIN_SIDE` at least.
        signature: put on each frame; None for none.
        seed: decides where, if that is random.
    """

    model: GeneratorModel
    walk: Walk
    columns: int
    size: int
    signature: Signature | None = None
    seed: int = 0

    def frames(self, numbers: Sequence[int]) -> Generator[Frame, None, None]:
        """Yield frames (H, W, C) by their numbers; each is the same to the bit whatever others are drawn with it."""
        pictures = len(self.walk.tracks)
        frames_at_once = max(1, PICTURES_AT_ONCE // pictures)
        for start in range(0, len(numbers), frames_at_once):
            w = self.walk.latents(numbers[start : start + frames_at_once])
            images = self.model.synthesize(w.flatten(0, 1))
            for first in range(0, len(images), pictures):
                yield self._tile([self._enlarged(to_image(image)) for image in images[first : first + pictures]])

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of one picture in the film."""
        data = self.model.config.data
        longer = max(data.width, data.height)
        scale = (self.size or max(longer, MIN_SIDE)) / longer
        return max(1, round(data.width * scale)), max(1, round(data.height * scale))

    def film_settings(self, out: Path, fps: int, metadata: dict[str, object], audio: Path | None) -> FilmSettings:
        """Return how the film is written."""
        (width, height), pictures = self.picture_size, len(self.walk.tracks)
        total = len(self.walk.positions)
        preview = range(0, total, -(-total // PREVIEW_FRAMES)) if out.suffix.lower() == ".gif" else ()
        return FilmSettings(
            width=width * self.columns,
            height=height * (pictures // self.columns),
            fps=fps,
            metadata=metadata | {"run": self.model.run_name},
            has_alpha=self.model.config.data.channels == 4,
            sound=audio if holds_sound(out) else None,
            preview=list(self.frames(preview)),
        )

    def _enlarged(self, image: Image.Image) -> Frame:
        """Return one picture of a frame (H, W, 3 or 4), in colour and at the film's size."""
        colored = image if image.mode == "RGBA" else image.convert("RGB")
        if colored.size != self.picture_size:
            colored = colored.resize(self.picture_size, Image.Resampling.LANCZOS)
        return np.asarray(colored)

    def _tile(self, pictures: Sequence[Frame]) -> Frame:
        """Return the pictures row by row, signed."""
        rows = [pictures[start : start + self.columns] for start in range(0, len(pictures), self.columns)]
        frame = np.concatenate([np.concatenate(row, axis=1) for row in rows])
        if self.signature is None:
            return frame
        signed = self.signature.stamp(torch.from_numpy(frame).permute(2, 0, 1), self.seed)
        return np.ascontiguousarray(signed.permute(1, 2, 0).numpy())
