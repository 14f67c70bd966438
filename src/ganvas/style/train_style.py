"""Train a painting's own network, from the packaged one: `ganvas style-train`, as a stream of events."""

import hashlib
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from .. import builtin
from ..data.ownership import another
from ..device import choose_device, torch_device
from ..errors import GanvasError
from ..events import Done, Event, Iteration, Note
from ..image_io import check_writable
from ..translation import _
from .load import load_picture
from .output import reporting_disk_errors
from .style_crops import Crops, load_photos
from .style_training import StyleTraining
from .trained_style import StyleFacts, UnfinishedStyle, is_trained_style, write_style

SAVE_SECONDS = 60  # the most work that is lost if the process is killed
PREVIEW_COUNT = 3


@dataclass(frozen=True)
class StyleTrainOptions:
    """How a painting's network is trained.

    Args:
        photos: a folder of photographs; None for the packaged ones.
        minutes: of training, in all.
        style_scale: size of the strokes, as for `ganvas style`.
        device: "auto", "cpu", "cuda", "cuda:1" or "mps".
    """

    photos: Path | None = None
    minutes: float = 10.0
    style_scale: float = 1.0
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        """Raise GanvasError if a number makes no sense."""
        if not 0 < self.minutes <= 100_000:
            raise GanvasError(
                _("A style cannot be trained for {minutes} minutes.").format(minutes=self.minutes),
                _("Try: --minutes 10"),
            )
        if not 0.05 <= self.style_scale <= 8:
            raise GanvasError(
                _("{flag} cannot be {value}.").format(flag="style-scale", value=self.style_scale),
                _("--{flag} takes {lowest:g} to {highest:g}.").format(flag="style-scale", lowest=0.05, highest=8),
            )


def train_style(painting: Path, out: Path, options: StyleTrainOptions) -> Generator[Event, None, None]:
    """Train a network for one painting, write it to the folder `out`, and yield what happens.

    The same call goes on where it was interrupted.

    Raises:
        GanvasError: a picture cannot be read, an option makes no sense, or `out` holds something else.
    """
    started = time.monotonic()
    check_style_folder(out)
    picture = load_picture(painting)
    mark = _mark(painting, options)
    choice = choose_device(options.device)
    yield Note(_("Training on {device}: {reason}.").format(device=choice.device, reason=choice.reason))
    photos = yield from load_photos(options.photos)
    unfinished = UnfinishedStyle(out)
    training = StyleTraining(picture, Crops(photos, options.seed), options.style_scale, torch_device(choice))
    state = unfinished.load(mark)
    if state is not None:
        training.load_state_dict(state)
        yield Note(
            _("Resuming {out} at step {step}, {minutes:.1f} of {total:g} minutes.").format(
                out=out, step=training.steps + 1, minutes=training.seconds / 60, total=options.minutes
            )
        )
    reason = "finished"
    try:
        yield from _train(training, 60 * options.minutes, lambda: unfinished.save(training.state_dict(), mark))
    except KeyboardInterrupt:
        reason = "interrupted"
        unfinished.save(training.state_dict(), mark)
        yield Note(_("Run the same command again to continue from here."))
    except GeneratorExit:
        unfinished.save(training.state_dict(), mark)
        raise
    if reason == "finished":
        facts = StyleFacts(painting.name, len(photos), options.photos is None, options.minutes, training.steps)
        with reporting_disk_errors(out):
            write_style(out, training.mean, picture, photos[:PREVIEW_COUNT], facts)
            unfinished.path.unlink(missing_ok=True)
    yield Done(str(out), training.steps, 0, time.monotonic() - started, reason)


def _train(training: StyleTraining, seconds: float, save: Callable[[], None]) -> Generator[Event, None, None]:
    """Train for some seconds in all, and save now and then."""
    saved = time.monotonic()
    while training.seconds < seconds:
        share = training.seconds / seconds
        loss, parts, size = training.step(share)
        yield Iteration(
            iteration=training.steps,
            iterations=round(training.steps * seconds / training.seconds),
            scale=size,
            loss=loss,
            content=parts["content"],
            style=parts["style"],
            variation=parts["variation"],
            progress=min(1.0, training.seconds / seconds),
        )
        if time.monotonic() - saved > SAVE_SECONDS:
            save()
            saved = time.monotonic()


def check_style_folder(out: Path) -> None:
    """Check that a style can be written to a folder: it is new, empty, or an earlier style's.

    Raises:
        GanvasError: it is something else.
    """
    ours = is_trained_style(out) or UnfinishedStyle(out).path.exists()
    if out.exists() and not ours and not (out.is_dir() and not any(out.iterdir())):
        raise GanvasError(
            _("{out} holds something else than a style.").format(out=out),
            _("Try: {option}").format(option=another(out, "--out")),
        )
    check_writable(out, _("Choose another folder for --out."))


def _mark(painting: Path, options: StyleTrainOptions) -> str:
    """Return what identifies a training: its painting, and the options that it would not go on with if they changed."""
    words = [hashlib.sha256(painting.read_bytes()).hexdigest(), str(options.photos and options.photos.absolute())]
    words += [
        str(options.style_scale),
        str(options.seed),
        hashlib.sha256(builtin.fast_style().read_bytes()).hexdigest(),
    ]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()
