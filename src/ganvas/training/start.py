"""From a folder of pictures to a running training: choose, prepare, calibrate, record; or go on where it stopped."""

import dataclasses
import math
import re
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path

from ..config import Config, DataConfig
from ..data import Prepared, guess_channels, open_source, prepare
from ..data.prepare import FEWEST
from ..device import Choice, available_cores, choose_device
from ..errors import GanvasError, did_you_mean
from ..events import Event, Note
from ..pictures import write_atomically
from ..recipes import DEFAULT_MINUTES, choose_recipe, with_wishes
from ..runs import Run
from . import loop
from .calibrate import calibrate
from .schedule import with_images

DEFAULT_SIZE = 32
WORTH_SCORING = 100_000  # pictures; in a shorter run the last checkpoint is the best
CHANNELS = {"grey": 1, "rgb": 3, "rgba": 4}


@dataclasses.dataclass(frozen=True)
class Options:
    """Hold what a user may ask of a training; see `ganvas.train`."""

    recipe: str = "auto"
    size: str = "auto"
    minutes: float | None = None
    images: int | None = None
    labels: bool = False
    channels: str = "auto"
    background: str = "white"
    fit: str = "crop"
    loss: str = "auto"
    penalty: str = "auto"
    gamma: float | None = None
    augment: tuple[str, ...] = ()
    flip: str = "auto"
    seed: int = 0
    device: str = "auto"


def train(
    pictures: str | Path | None, out: str | Path, options: Options, stop: Callable[[], bool], began: float
) -> Iterator[Event]:
    """Train on `pictures` in the run folder `out`; see `ganvas.train`.

    Args:
        began: `time.monotonic()` when the user's clock started; a budget of minutes counts from there.
    """
    run = Run(out)
    device = choose_device(options.device)
    about = None if run.exists() else _describe_new(pictures, options, run)  # before anything is written
    with run.lock():
        if about is None:
            config = run.read_config()
            _check_same(config, pictures, options, run)
            data = yield from _prepare(config.data, run)
            if data.fingerprint != config.fingerprint:
                _check_classes(config, data, run)
                yield Note("The pictures have changed since this run began; it goes on with those that are there now.")
        else:
            data = yield from _prepare(about, run)
            config = yield from _plan(about, data, options, device, began)
            run.write_config(config)
        yield from _recorded(loop.train(config, run, data, device, stop), run)


def _describe_new(pictures: str | Path | None, options: Options, run: Run) -> DataConfig:
    if pictures is None:
        raise GanvasError(f"{run.folder} is not a run to go on with.", f"Try: ganvas train PICTURES --out {run.folder}")
    about = describe(pictures, options)
    _check_wishes(about, options)
    return about


def describe(pictures: str | Path, options: Options) -> DataConfig:
    """Return what the options say about the pictures; whether they are grey is found out by looking at a few.

    Raises:
        GanvasError: the pictures are not there, or an option makes no sense.
    """
    width, height = parse_size(options.size)
    source = open_source(pictures)
    if options.channels != "auto" and options.channels not in CHANNELS:
        raise GanvasError(
            f"There are no '{options.channels}' pictures.{did_you_mean(options.channels, list(CHANNELS))}",
            f"Try: --channels {' | '.join(['auto', *CHANNELS])}",
        )
    channels = guess_channels(source) if options.channels == "auto" else CHANNELS[options.channels]
    where = str(Path(pictures).resolve())  # so that the run goes on from any folder
    return DataConfig(where, height, width, channels, options.background, options.fit, options.labels)


def parse_size(text: str) -> tuple[int, int]:
    """Return (width, height) in pixels for "64", "96x64" (width by height) or "auto".

    Raises:
        GanvasError: it is none of these.
    """
    if text == "auto":
        return DEFAULT_SIZE, DEFAULT_SIZE
    found = re.fullmatch(r"(\d{1,4})(?:[xX](\d{1,4}))?", text.strip())
    if not found:
        raise GanvasError(f"'{text}' is not a size.", "Try: --size 64, or width by height: --size 96x64")
    return int(found[1]), int(found[2] or found[1])


def _prepare(config: DataConfig, run: Run) -> Generator[Event, None, Prepared]:
    """Prepare the pictures and list in the run what could not be read."""
    data = yield from prepare(config, workers=available_cores())
    if data.skipped:
        lines = "".join(f"{each.name}\t{each.reason}\n" for each in data.skipped)
        write_atomically(run.skipped_file, lines.encode("utf-8", "backslashreplace"))
    return data


def _check_wishes(data: DataConfig, options: Options) -> None:
    """Refuse what cannot be done before any time is spent on preparing pictures.

    Raises:
        GanvasError: the recipe is unknown or cannot make this size, the budget or the seed makes no sense.
    """
    if options.minutes is not None and options.images is not None:
        raise GanvasError("Both --minutes and --images were given.", "A run has one budget: give one of them.")
    for name, amount in (("minutes", options.minutes), ("images", options.images)):
        if amount is not None and not 0 < amount < math.inf:
            raise GanvasError(f"A budget of {amount:g} {name} is not a budget.", f"Try: --{name} 10")
    if options.seed < 0:
        raise GanvasError(f"A seed is a whole number from 0 on, not {options.seed}.", f"Try: --seed {-options.seed}")
    _recipe(data, options, FEWEST)  # raises what it has to say about size, loss and so on


def _recipe(data: DataConfig, options: Options, count: int) -> Config:
    """Return the recipe's configuration with the user's wishes put in."""
    config = choose_recipe(options.recipe)(data, count)
    return with_wishes(config, options.loss, options.penalty, options.gamma, options.augment, options.flip)


def _plan(
    data_config: DataConfig, data: Prepared, options: Options, device: Choice, began: float
) -> Generator[Event, None, Config]:
    """Return the complete configuration of a new run, its budget turned into steps."""
    if options.labels and not data.classes:
        raise GanvasError(
            f"{data_config.path} has no labels.", "Put each class into a sub-folder of its own, or leave out --labels."
        )
    config = dataclasses.replace(
        _recipe(data_config, options, data.count),
        classes=data.classes if options.labels else (),
        seed=options.seed,
        fingerprint=data.fingerprint,
        asked_images=options.images,
    )
    if options.images is not None:
        config = dataclasses.replace(config, scored=options.images >= WORTH_SCORING)
        return with_images(config, options.images)
    minutes = DEFAULT_MINUTES if options.minutes is None else options.minutes
    config = dataclasses.replace(config, minutes=minutes)
    yield Note(f"Measuring how many pictures fit into {minutes:g} minutes on {device.device}.")
    return calibrate(config, data, device, lambda: 60 * minutes - (time.monotonic() - began))


def _check_same(config: Config, pictures: str | Path | None, options: Options, run: Run) -> None:
    """Refuse to go on with a run under other orders than it was begun with.

    Raises:
        GanvasError: an option was given that differs from the run's.
    """
    data = config.data
    width, height = parse_size(options.size) if options.size != "auto" else (data.width, data.height)
    pairs = {
        "PICTURES": (pictures, data.path)
        if pictures is None
        else (Path(pictures).resolve(), Path(data.path).resolve()),
        "--recipe": (options.recipe, config.recipe),
        "--size": (f"{width}x{height}", f"{data.width}x{data.height}"),
        "--minutes": (options.minutes, config.minutes),
        "--images": (options.images, config.asked_images),
        "--labels": (options.labels, data.labels),
        "--channels": (CHANNELS.get(options.channels, "auto"), data.channels),
        "--background": (options.background, data.background),
        "--fit": (options.fit, data.fit),
        "--loss": (options.loss, config.loss),
        "--penalty": (options.penalty, config.penalty.name),
        "--gamma": (options.gamma, config.penalty.gamma),
        "--augment": (() if options.augment == ("none",) else options.augment or None, config.augment),
        "--flip": (options.flip, "yes" if config.flip else "no"),
        "--seed": (options.seed, config.seed),
    }
    untouched = {None, "auto", False} | {getattr(Options, name) for name in ("background", "fit", "seed")}
    for name, (given, recorded) in pairs.items():
        if given not in untouched and given != recorded:
            raise GanvasError(
                f"{run.folder} was begun with {name} {recorded}, not {given}.",
                f"Leave {name} out to go on with it, or choose another --out.",
            )


def _check_classes(config: Config, data: Prepared, run: Run) -> None:
    """Refuse to go on when the numbers of the classes would no longer mean the same.

    Raises:
        GanvasError: the run has labels, and the pictures' classes are others than when it began.
    """
    if config.classes and data.classes != config.classes:
        names = sorted(set(config.classes) ^ set(data.classes)) or ["their order"]
        raise GanvasError(
            f"The classes have changed since {run.folder} was begun: {', '.join(names[:5])}.",
            "Put the sub-folders back as they were, or choose another --out.",
        )


def _recorded(events: Generator[Event, None, None], run: Run) -> Iterator[Event]:
    """Write each event to the run before passing it on."""
    with closing(events):
        for event in events:
            run.append_event(event)
            yield event
