"""Demo on built-in pictures: train, sample, evaluate, repaint a photograph, and show the next commands."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageOps

from . import builtin, load, stylize, train, write_report
from .config import StyleConfig
from .data.ownership import check_free
from .errors import ganvas_command
from .evaluation import evaluate
from .evaluation_inputs import EvaluationOptions
from .events import Done, Event, Note, run_to_end
from .image_io import open_written, save_animation
from .latents.request import PictureRequest
from .latents.write import write_sheet
from .runs import Run
from .translation import _

EVALUATED_SAMPLES = 500  # enough for a first impression
PAINTING_SIZE = 320  # pixels
ANIMATION, PEOPLE, PAINTING = "growth.webp", "people.png", "painting.jpg"
UPSCALE = 2  # 64 px are small on today's screens
FRAME_MILLISECONDS = 250  # per sample grid of the animation


def demo(out: Path, minutes: float, stop: Callable[[], bool]) -> Iterator[Event]:
    """Train on the built-in emoji people, evaluate the result, repaint a photograph, and yield events.

    Writes to `out`: run/ (the training, with its report.html), growth.webp (the same 64 latents over time), people.png
    (64 samples) and painting.jpg. Calling it again continues where it stopped.

    Args:
        out: folder for the results.
        minutes: training time.
        stop: called often; when it returns True, the demo stops early.

    Raises:
        GanvasError: `out` cannot be written, or contains something else.
    """
    start = time.monotonic()
    run = Run(out / "run")
    repeat_command = ganvas_command("demo", "--out", out, "--minutes", f"{minutes:g}")

    def done(reason: str, command: str = "") -> Done:
        seconds = time.monotonic() - start
        return Done(path=str(out), step=0, images_seen=0, seconds=seconds, reason=reason, command=command)

    for name in (ANIMATION, PEOPLE, PAINTING):
        check_free(out / name)
    yield Note(_("1 of 4: training on the 997 built-in emoji people for {minutes:g} minutes.").format(minutes=minutes))
    budget = None if run.exists() else minutes  # an earlier run already has its budget
    training_end: Done | None = None
    for event in train(builtin.people(), run.folder, minutes=budget, stop=stop):
        if isinstance(event, Done):
            training_end = event
        else:
            yield event
    if training_end is None or training_end.reason != "finished":
        yield done("interrupted", repeat_command)
        return

    yield Note(_("2 of 4: generating 64 people who do not exist."))
    write_animation(run, out / ANIMATION)
    run_to_end(write_sheet(load(run.folder), out / PEOPLE, PictureRequest(count=64, seed=1), scale=UPSCALE))

    yield Note(_("3 of 4: measuring how good they are."))
    yield from evaluate(run.folder, None, EvaluationOptions(count=EVALUATED_SAMPLES))
    report = write_report(run.folder)

    painting = builtin.paintings()[0]
    yield Note(
        _("4 of 4: repainting a photograph in the style of {painting}.").format(
            painting=painting.stem.replace("_", " ")
        )
    )
    config = replace(StyleConfig(), size=PAINTING_SIZE)
    with closing(stylize(builtin.photo(), painting, out / PAINTING, config)) as events:  # type: ignore[type-var]
        for event in events:
            if not isinstance(event, Done):
                yield event
            if stop():
                yield done("interrupted", repeat_command)
                return
    yield _next_steps(out, report)
    yield done("finished")


def _next_steps(out: Path, report: Path) -> Note:
    """Return where the results are, and what to type with one's own pictures."""
    return Note(
        _(
            "{people}    64 samples\n{animation}   how they developed\n{painting}  the painting\n"
            "{report}    training and evaluation on one page: open it in a browser\n"
            "Now with your own pictures:\n"
            "  ganvas inspect PICTURES\n"
            "  ganvas train PICTURES --minutes 10 --out runs/mine\n"
            "  ganvas style PHOTOGRAPH PAINTING --out painting.png"
        ).format(people=out / PEOPLE, animation=out / ANIMATION, painting=out / PAINTING, report=report)
    )


def write_animation(run: Run, path: Path) -> None:
    """Write the run's sample grids, first to last, as one animated WebP."""
    frames = [
        ImageOps.scale(open_written(grid).convert("RGB"), UPSCALE, Image.Resampling.NEAREST)
        for grid in sorted(run.samples.glob("*.png"))
    ]
    if frames:
        save_animation(frames, path, FRAME_MILLISECONDS, {"run": run.folder.name})
