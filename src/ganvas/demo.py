"""Everything at once on built-in pictures: train, sample, measure, repaint, and say what to type next."""

import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageOps

from . import builtin, load, stylize, train, write_report
from .config import StyleConfig
from .evaluation import Wanted, evaluate
from .events import Done, Event, Note
from .image_io import save_animation
from .latents.write import write_grid
from .runs import Run

MEASURED = 500  # samples: enough for a first look
PAINTING_SIZE = 320
ENLARGE = 3  # pictures of 32 px are small on today's screens
FRAME = 250  # milliseconds a sheet


def demo(out: Path, minutes: float, stop: Callable[[], bool]) -> Iterator[Event]:
    """Train on the built-in people for `minutes`, sample and measure them, repaint a photograph; yield what happens.

    Writes to `out`: run/ (the training, with its report.html), growth.webp (the same 64 latents over time), people.png
    (64 samples) and painting.jpg. Run again it goes on where it stopped.

    Raises:
        GanvasError: `out` cannot be written, or holds something else.
    """
    began = time.monotonic()
    run = Run(out / "run")
    again = f"ganvas demo --out {shlex.quote(str(out))} --minutes {minutes:g}"
    yield Note(f"1 of 4: training on the 997 built-in emoji people for {minutes:g} minutes.")
    budget = None if run.exists() else minutes  # a run that was begun has its budget already
    ending: Done | None = None
    for event in train(builtin.people(), run.folder, size="32", minutes=budget, stop=stop):
        if isinstance(event, Done):
            ending = event
        else:
            yield event
    if ending is None or ending.reason != "finished":
        yield Done(str(out), 0, 0, time.monotonic() - began, "interrupted", again)
        return

    yield Note("2 of 4: sampling 64 people who never were.")
    write_animation(run, out / "growth.webp")
    write_grid(load(run.folder), out / "people.png", count=64, seed=1, enlarge=ENLARGE)

    yield Note("3 of 4: measuring how good they are.")
    yield from evaluate(run.folder, None, Wanted(count=MEASURED))
    report = write_report(run.folder)

    painting = builtin.paintings()[0]
    yield Note(f"4 of 4: repainting a photograph in the manner of {painting.stem.replace('_', ' ')}.")
    config = replace(StyleConfig(), size=PAINTING_SIZE)
    with closing(stylize(builtin.photo(), painting, out / "painting.jpg", config)) as strokes:  # type: ignore[type-var]
        for event in strokes:
            if not isinstance(event, Done):
                yield event
            if stop():
                yield Done(str(out), 0, 0, time.monotonic() - began, "interrupted", again)
                return
    yield Note(
        f"{out}/people.png    64 samples\n{out}/growth.webp   how they came about\n{out}/painting.jpg  the painting\n"
        f"{report}    how it went and how good they are: open it in a browser\n"
        "Now with your own:\n"
        "  ganvas inspect PICTURES\n"
        "  ganvas train PICTURES --minutes 10 --out runs/mine\n"
        "  ganvas style PHOTOGRAPH PAINTING --out painting.png"
    )
    yield Done(str(out), 0, 0, time.monotonic() - began, "finished")


def write_animation(run: Run, path: Path) -> None:
    """Write the run's sheets, first to last, as one animated WebP."""
    frames = [
        ImageOps.scale(Image.open(sheet).convert("RGB"), ENLARGE, Image.Resampling.NEAREST)
        for sheet in sorted(run.samples.glob("*.png"))
    ]
    if frames:
        save_animation(frames, path, FRAME, {"run": run.folder.name})
