"""From a folder of pictures to a running training: choose, prepare, calibrate, record; or go on where it stopped."""

import dataclasses
import math
import re
import shlex
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import torch

from ..config import CHANNELS, Config, DataConfig
from ..data import Prepared, guess_channels, open_source, prepare
from ..data.prepare import FEWEST
from ..data.split import held_out_count
from ..device import Choice, available_cores, choose_device
from ..errors import GanvasError, pick
from ..evaluation import read_evaluation
from ..events import Done, Event, Note
from ..pictures import write_atomically
from ..recipes import DEFAULT_MINUTES, Wishes, choose_recipe, with_wishes
from ..report import write_card
from ..runs import Run
from . import loop
from .calibrate import calibrate
from .schedule import with_images

DEFAULT_SIZE = 32
IMAGES_PER_CHECKPOINT = 50_000  # at most, so that a kill costs minutes, not hours
KINDS = {"auto": 0, **CHANNELS}
COACHES = {"auto": "act", "act": "act", "watch": "watch", "off": "off"}  # what is asked for: what a new run does


NO_WISHES = Wishes()
T = TypeVar("T")


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
    wishes: Wishes = NO_WISHES
    coach: str = "auto"
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
    pick(COACHES, options.coach, "way to coach")
    device = choose_device(options.device)
    new = None if run.exists() else _describe_new(pictures, options, run)  # before anything is written
    try:
        with run.lock():
            ready = yield from _heeding(_make_ready(run, new, pictures, options, device, began), stop)
            if ready is None or stop():
                what = f"{shlex.quote(str(pictures))} --out" if pictures else "--out"
                command = f"ganvas train {what} {shlex.quote(str(run.folder))}"
                yield Done(str(run.folder), 0, 0, time.monotonic() - began, "interrupted", command)
                return
            config, data = ready
            yield from _recorded(loop.train(config, run, data, device, stop), run)
    except OSError as error:
        raise GanvasError(
            f"Cannot write to {run.folder}: {error.strerror or error}.",
            "Free some disk space; the same command goes on.",
        ) from error
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise GanvasError(f"The memory of {device.device} is full.", "Try a smaller --size.") from error


def _make_ready(
    run: Run, new: DataConfig | None, pictures: str | Path | None, options: Options, device: Choice, began: float
) -> Generator[Event, None, tuple[Config, Prepared]]:
    """Prepare the pictures, and find the configuration in the run or make and record it."""
    if new is not None and not run.exists():  # it may have been begun while this process waited
        data = yield from _prepare(new, run)
        config = yield from _plan(new, data, options, device, began)
        run.write_config(config)
        return config, data
    config = run.read_config()
    _check_same(config, options, run)
    if options.coach not in ("auto", config.coach):  # how closely it is looked after may change on the way
        config = dataclasses.replace(config, coach=options.coach)
        run.write_config(config)
    where = config.data.path if pictures is None else str(Path(pictures).resolve())
    data = yield from _prepare(dataclasses.replace(config.data, path=where), run)
    if where != config.data.path:
        config = _moved(config, where, data, run)
    if data.fingerprint != config.fingerprint:
        _check_classes(config, data, run)
        yield Note("The pictures have changed since this run began; it goes on with those that are there now.")
    return config, data


def _heeding(events: Generator[Event, None, T], stop: Callable[[], bool]) -> Generator[Event, None, T | None]:
    """Pass events on and return what their generator returns, or None as soon as `stop` turns true."""
    with closing(events):
        while True:
            try:
                event = next(events)
            except StopIteration as end:
                result: T = end.value
                return result
            yield event
            if stop():
                return None


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
    channels = pick(KINDS, options.channels, "kind of channels") or guess_channels(source)
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
    lines = "".join(f"{each.name}\t{each.reason}\n" for each in data.skipped)
    run.skipped_file.unlink(missing_ok=True)
    if lines:
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
    return with_wishes(config, options.wishes)


def _plan(
    data_config: DataConfig, data: Prepared, options: Options, device: Choice, began: float
) -> Generator[Event, None, Config]:
    """Return the complete configuration of a new run, its budget turned into steps."""
    if options.labels and not data.classes:
        raise GanvasError(
            f"{data_config.path} has no labels.", "Put each class into a sub-folder of its own, or leave out --labels."
        )
    held_out = held_out_count(data.count)
    config = dataclasses.replace(
        _recipe(data_config, options, data.count - held_out),
        classes=data.classes if options.labels else (),
        coach=COACHES[options.coach],
        seed=options.seed,
        fingerprint=data.fingerprint,
        held_out=held_out,
        asked_images=options.images,
    )
    if options.images is not None:
        config = dataclasses.replace(
            config,
            evaluations=options.images // config.images_per_evaluation,
            examinations=options.images // config.images_per_examination,
            checkpoints=max(config.checkpoints, options.images // IMAGES_PER_CHECKPOINT),
        )
        return with_images(config, options.images)
    minutes = DEFAULT_MINUTES if options.minutes is None else options.minutes
    config = dataclasses.replace(config, minutes=minutes)
    yield Note(f"Measuring how many pictures fit into {minutes:g} minutes on {device.device}.")
    return calibrate(config, data, device, lambda: 60 * minutes - (time.monotonic() - began))


def _check_same(config: Config, options: Options, run: Run) -> None:
    """Refuse to go on with a run under other orders than it was begun with.

    Raises:
        GanvasError: an option was given that differs from the run's.
    """
    data, wishes = config.data, options.wishes
    width, height = parse_size(options.size) if options.size != "auto" else (data.width, data.height)
    pairs = {
        "--recipe": (options.recipe, config.recipe),
        "--size": (f"{width}x{height}", f"{data.width}x{data.height}"),
        "--minutes": (options.minutes, config.minutes),
        "--images": (options.images, config.asked_images),
        "--labels": (options.labels, data.labels),
        "--channels": (pick(KINDS, options.channels, "kind of channels") or None, data.channels),
        "--background": (options.background, data.background),
        "--fit": (options.fit, data.fit),
        "--loss": (wishes.loss, config.loss),
        "--penalty": (wishes.penalty, config.penalty.name),
        "--gamma": (wishes.gamma, config.penalty.gamma),
        "--every": (wishes.every, config.penalty.every),
        "--augment": (tuple(name for name in wishes.augment if name != "none") or None, config.augment),
        "--flip": (wishes.flip, "yes" if config.flip else "no"),
        "--ema": (wishes.ema, config.ema),
        "--seed": (options.seed, config.seed),
    }
    untouched = {"--background": "white", "--fit": "crop", "--every": 1, "--seed": 0, "--labels": False}
    for name, (given, recorded) in pairs.items():
        if given not in (None, "auto", untouched.get(name)) and given != recorded:
            raise GanvasError(
                f"{run.folder} was begun with {name} {recorded}, not {given}.",
                f"Leave {name} out to go on with it, or choose another --out.",
            )


def _moved(config: Config, where: str, data: Prepared, run: Run) -> Config:
    """Return the configuration with the pictures' new place.

    Raises:
        GanvasError: what lies there are other pictures than the run was begun with.
    """
    if data.fingerprint != config.fingerprint:
        raise GanvasError(
            f"{run.folder} was begun with PICTURES {config.data.path}, and those in {where} are not the same.",
            "Leave PICTURES out to go on with it, or choose another --out.",
        )
    config = dataclasses.replace(config, data=dataclasses.replace(config.data, path=where))
    run.write_config(config)
    return config


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
    """Write each event to the run before passing it on, and with the last one the model card."""
    with closing(events):
        for event in events:
            run.append_event(event)
            if isinstance(event, Done) and event.step and event.reason != "interrupted":
                write_card(run, read_evaluation(run))
            yield event
