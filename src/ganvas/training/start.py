"""From a folder of pictures to a running training: choose, prepare, calibrate, record; or go on where it stopped."""

import dataclasses
import shlex
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import numpy as np

from ..config import Config, DataConfig
from ..data import Prepared, prepare
from ..data.prepare import FEWEST
from ..data.split import held_out_count
from ..device import Choice, available_cores, choose_device, is_out_of_memory
from ..errors import GanvasError, pick
from ..evaluation import read_evaluation
from ..events import Done, Event, Note
from ..image_io import write_atomically
from ..planning.planner import Choice as Reason
from ..planning.planner import Circumstances
from ..planning.request import COACHES, Options, began_with, check_freeze, check_wishes, typed
from ..planning.schedule import with_images
from ..recipes import DEFAULT_MINUTES
from ..report import write_card
from ..runs import Run
from . import loop
from .calibrate import calibrate
from .planning import choose, circumstances, describe
from .resume_checks import check_classes, check_same, moved

IMAGES_PER_CHECKPOINT = 50_000  # at most, so that a kill costs minutes, not hours

T = TypeVar("T")


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
    new = None if run.exists() else _describe_new(pictures, options, run, device)  # before anything is written
    try:
        with run.lock():
            ready = yield from _heeding(_make_ready(run, new, pictures, options, device, began), stop)
            if ready is None or stop():
                words = [str(pictures)] * (pictures is not None) + ["--out", str(run.folder)]
                command = shlex.join(["ganvas", "train", *words, *typed(options)])  # nothing of it may be recorded yet
                yield Done(str(run.folder), 0, 0, time.monotonic() - began, "interrupted", command)
                return
            config, data = ready
            yield from _recorded(loop.train(config, run, data, device, stop), run)
    except OSError as error:
        raise GanvasError(
            f"Cannot write to {run.folder}: {error.strerror or error}.",
            "Free some disk space; the same command goes on.",
        ) from error
    except (MemoryError, RuntimeError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if not is_out_of_memory(error):
            raise
        raise GanvasError(f"The memory of {device.device} is full.", "Try a smaller --size.") from error


def _make_ready(
    run: Run, new: "New | None", pictures: str | Path | None, options: Options, device: Choice, began: float
) -> Generator[Event, None, tuple[Config, Prepared]]:
    """Prepare the pictures, and find the configuration in the run or make and record it."""
    if new is not None and not run.exists():  # it may have been begun while this process waited
        data = yield from _prepare(new.data, run)
        config = yield from _plan(new, data, options, device, began)
        run.write_config(config)
        return config, data
    config = run.read_config()
    check_same(config, options, run)
    if options.coach not in ("auto", config.coach):  # how closely it is looked after may change on the way
        config = dataclasses.replace(config, coach=options.coach)
        run.write_config(config)
    where = config.data.path if pictures is None else str(Path(pictures).resolve())
    data = yield from _prepare(dataclasses.replace(config.data, path=where), run)
    if where != config.data.path:
        config = moved(config, where, data, run)
    if data.fingerprint != config.fingerprint:
        check_classes(config, data, run)
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


@dataclasses.dataclass(frozen=True)
class New:
    """Hold what is known of a new training before anything is written: the pictures, why at this size, and for whom."""

    data: DataConfig
    size: Reason
    around: Circumstances


def _describe_new(pictures: str | Path | None, options: Options, run: Run, device: Choice) -> New:
    if pictures is None:
        raise GanvasError(f"{run.folder} is not a run to go on with.", f"Try: ganvas train PICTURES --out {run.folder}")
    check_wishes(options)
    around = circumstances(pictures, options, device)
    data, size = describe(pictures, options, around)
    choose(data, options, dataclasses.replace(around, count=FEWEST))  # raises what it has to say about loss and so on
    return New(data, size, around)


def _prepare(config: DataConfig, run: Run) -> Generator[Event, None, Prepared]:
    """Prepare the pictures and list in the run what could not be read."""
    data = yield from prepare(config, workers=available_cores())
    lines = "".join(f"{each.name}\t{each.reason}\n" for each in data.skipped)
    run.skipped_file.unlink(missing_ok=True)
    if lines:
        write_atomically(run.skipped_file, lines.encode("utf-8", "backslashreplace"))
    return data


def _plan(new: New, data: Prepared, options: Options, device: Choice, began: float) -> Generator[Event, None, Config]:
    """Return the complete configuration of a new run, its budget turned into steps."""
    if options.labels and not data.classes:
        raise GanvasError(
            f"{new.data.path} has no labels.", "Put each class into a sub-folder of its own, or leave out --labels."
        )
    held_out = held_out_count(data.count)
    config, choices = choose(new.data, options, dataclasses.replace(new.around, count=data.count - held_out))
    for each in (*choices, new.size):
        if each.why != "as asked":
            yield Note(f"{each.what.capitalize()}: {each.value}, because {each.why}.")
    config = dataclasses.replace(
        config,
        classes=data.classes if options.labels else (),
        class_counts=_class_counts(data) if options.labels else (),
        coach=COACHES[options.coach],
        seed=options.seed,
        compiled=options.compiled,
        precision="float32" if options.precision == "auto" else options.precision,
        fingerprint=data.fingerprint,
        held_out=held_out,
        asked_images=options.images,
    )
    if config.frozen and options.origin is not None:
        check_freeze(config, began_with(options.origin))
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


def _class_counts(data: Prepared) -> tuple[int, ...]:
    """Return how many pictures each class has."""
    return tuple(np.bincount(np.asarray(data.labels), minlength=len(data.classes)).tolist())


def _recorded(events: Generator[Event, None, None], run: Run) -> Iterator[Event]:
    """Write each event to the run before passing it on, and with the last one the model card."""
    with closing(events):
        for event in events:
            run.append_event(event)
            if isinstance(event, Done) and event.step and event.reason != "interrupted":
                write_card(run, read_evaluation(run))
            yield event
