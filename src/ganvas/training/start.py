"""From a folder of pictures to a running training: plan, prepare, calibrate, record; or go on where it stopped."""

import dataclasses
import errno
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import numpy as np

from ..atomic_write import write_atomically
from ..config import Config, DataConfig, TrainOptions
from ..config.train_options import to_flags
from ..data import PreparedDataset, prepare
from ..data.place import absolute
from ..data.prepare import is_trained_on
from ..data.shard_list import is_there
from ..data.split import held_out_count
from ..data.windows import in_windows
from ..device import DeviceChoice, available_cores, choose_device, is_out_of_memory
from ..distributed import is_main, process_count, process_group
from ..errors import GanvasError, ganvas_command
from ..evaluation import read_evaluation
from ..events import Done, Event, Note
from ..hub_client import is_hub
from ..interop.resolve import resolve_run
from ..loggers import make_loggers, with_loggers
from ..planning.budget import with_images
from ..planning.inputs import overview_of, plan_inputs, train_count
from ..planning.plan import Plan, make_plan
from ..planning.short_run import batch_decision, with_more_steps
from ..planning.transfer import check_freeze, source_config
from ..report import write_card
from ..runs import Run
from ..translation import _
from . import loop
from .calibrate import calibrate
from .extend import split_extension
from .followers import Followers, follow, led
from .loop import by_itself
from .resume_checks import check_classes, check_same_options, with_new_path

DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT)
IMAGES_PER_CHECKPOINT = 50_000  # at most, so that a kill costs minutes, not hours

T = TypeVar("T")


def train(
    pictures: str | Path | None, out: str | Path, options: TrainOptions, stop: Callable[[], bool], began: float
) -> Iterator[Event]:
    """Train on `pictures` in the run folder `out`; see `ganvas.train`.

    Args:
        began: `time.monotonic()` when the user's clock started; a budget of minutes counts from there.
    """
    with process_group():
        device = choose_device(options.device or "auto")
        if not is_main():
            yield from follow(device, stop)
            return
        with led() as others:
            yield from _lead(pictures, out, options, stop, began, device, others)


def _lead(
    pictures: str | Path | None,
    out: str | Path,
    options: TrainOptions,
    stop: Callable[[], bool],
    began: float,
    device: DeviceChoice,
    others: Followers,
) -> Iterator[Event]:
    """Train as the process that decides and writes; see `train`."""
    run = _run_here(out)
    asked, more = options, TrainOptions()
    if options.init_from is not None:
        options = dataclasses.replace(options, init_from=str(resolve_run(options.init_from)))
    if pictures is None:
        options, more = split_extension(options, run)
    if not run.exists():
        run.check_free()
    told: list[str] = []
    loggers = make_loggers(options.log, run, told.append)  # now is the time to find that one is not installed
    plan = None if run.exists() else _plan_new(pictures, options, run, device)  # before anything is written
    try:
        with run.lock() as is_locked:
            if not is_locked:
                yield Note(
                    _("The drive of {run} has no locks: see to it that no other training writes there.").format(
                        run=run.folder
                    )
                )
            preparing = by_itself(_make_ready(run, plan, pictures, options, device, began))
            ready = yield from until_stopped(preparing, stop, others)
            if ready is None or stop():
                yield Done(
                    path=str(run.folder),
                    step=0,
                    images_seen=0,
                    seconds=time.monotonic() - began,
                    reason="interrupted",
                    command=_same_command(pictures, run, asked),
                )
                return
            config, data = ready
            training = loop.train(config, run, data, device, stop, began, more, others)
            yield from with_loggers(_with_event_log(training, run), loggers, told)
    except OSError as error:
        raise _in_words(error, run) from error
    except (MemoryError, RuntimeError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if not is_out_of_memory(error):
            raise
        raise GanvasError(
            _("The memory of {device} is full.").format(device=device.device), _("Try a smaller --size.")
        ) from error


def _run_here(out: str | Path) -> Run:
    """Return the run to write.

    Raises:
        GanvasError: it lies on the hub.
    """
    if is_hub(out):
        raise GanvasError(
            _("A training writes to this machine, not to {place}.").format(place=out),
            _("To begin with it: {command}").format(command=ganvas_command("train", "PICTURES", "--from", out)),
        )
    return Run(out)


def _in_words(error: OSError, run: Run) -> GanvasError:
    """Return what a file's error means for the training."""
    problem = (
        _("{file} cannot be read or written: {reason}.") if error.filename else _("{run} cannot go on: {reason}.")
    ).format(file=error.filename, run=run.folder, reason=error.strerror or error)
    hint = (
        _("Free some disk space; the same command goes on.")
        if error.errno in DISK_IS_FULL
        else _("Once that is mended; the same command goes on.")
    )
    return GanvasError(problem, hint)


def _same_command(pictures: str | Path | None, run: Run, options: TrainOptions) -> str:
    """Return the command that asks for the same again; nothing of it may be recorded yet."""
    words = ["train"] if pictures is None else ["train", pictures]
    return ganvas_command(*words, "--out", run.folder, *to_flags(options.given()))


def _plan_new(pictures: str | Path | None, options: TrainOptions, run: Run, device: DeviceChoice) -> Plan:
    """Return the plan of a new run."""
    if pictures is None:
        raise GanvasError(
            _("{run} is not a run to go on with.").format(run=run.folder),
            _("Try: {command}").format(command=ganvas_command("train", "PICTURES", "--out", run.folder)),
        )
    return make_plan(pictures, options, plan_inputs(overview_of(pictures, options), options, device))


def _make_ready(
    run: Run,
    plan: Plan | None,
    pictures: str | Path | None,
    options: TrainOptions,
    device: DeviceChoice,
    began: float,
) -> Generator[Event, None, tuple[Config, PreparedDataset]]:
    """Prepare the pictures, and read the configuration of the run or make and record it."""
    if plan is not None and not run.exists():  # it may have been begun while this process waited
        window = in_windows(plan.config.data, process_count()).window
        data = yield from _prepare(dataclasses.replace(plan.config.data, window=window), run)
        config = yield from _complete(plan, data, window, options, device, began)
        run.write_config(config)
        return config, data
    config = run.read_config()
    if config.imported:
        raise GanvasError(
            _("{run} was imported, not trained here: there is nothing to go on with.").format(run=run.folder),
            _("Begin with it: {command}").format(
                command=ganvas_command("train", "PICTURES", "--from", run.folder, "--out", "OTHER")
            ),
        )
    check_same_options(config, options, run)
    # How closely it is looked after, and who else is shown it, may change on the way.
    now = {name: value for name in ("coach", "log") if (value := getattr(options, name)) is not None}
    if now:
        requested = config.requested and dataclasses.replace(config.requested, **now)
        config = dataclasses.replace(config, coach=now.get("coach", config.coach), requested=requested)
        run.write_config(config)
    path = config.data.path if pictures is None else absolute(pictures)
    gone = GanvasError(
        _("The pictures that {run} was begun with are no longer at {path}.").format(run=run.folder, path=path),
        _("Say where they are: {command}").format(command=ganvas_command("train", "PICTURES", "--out", run.folder)),
    )
    if pictures is None and not is_there(path):
        raise gone
    data = yield from _prepare(dataclasses.replace(config.data, path=path), run)
    if pictures is None and config.relative_path and not is_trained_on(config, data, path):
        raise gone  # what lies there by chance
    if path != config.data.path:
        config = with_new_path(config, path, data, run)
    check_classes(config, data, run)
    if not is_trained_on(config, data, path):
        yield Note(_("The pictures have changed since this run began; it goes on with those that are there now."))
    return config, data


def until_stopped(
    events: Generator[Event, None, T], stop: Callable[[], bool], others: Followers | None = None
) -> Generator[Event, None, T | None]:
    """Pass events on and return what their generator returns, or None as soon as `stop` turns true.

    Args:
        others: processes that wait for this one meanwhile.
    """
    with closing(events):
        while True:
            try:
                event = next(events)
            except StopIteration as end:
                result: T = end.value
                return result
            yield event
            if stop() or (others is not None and others.want_to_stop):
                return None


def _prepare(config: DataConfig, run: Run) -> Generator[Event, None, PreparedDataset]:
    """Prepare the pictures and list in the run what could not be read."""
    data = yield from prepare(config, workers=available_cores())
    lines = "".join(f"{each.name}\t{each.reason}\n" for each in data.skipped)
    run.skipped_file.unlink(missing_ok=True)
    if lines:
        write_atomically(run.skipped_file, lines.encode("utf-8", "backslashreplace"))
    return data


def _complete(
    plan: Plan, data: PreparedDataset, window: int | None, options: TrainOptions, device: DeviceChoice, began: float
) -> Generator[Event, None, Config]:
    """Return the complete configuration of a new run, its budget turned into steps."""
    path, conditional = plan.config.data.path, plan.config.data.conditional
    if conditional and len(data.classes) < 2:
        problem = _("{path} has only one class.") if data.classes else _("{path} has no classes.")
        raise GanvasError(
            problem.format(path=path),
            _("Put each class into a sub-folder of its own, or leave out --conditional."),
        )
    plan = plan.for_count(train_count(data.trained_on), options, path)
    for decision in plan.open_decisions:
        yield Note(decision.words)
    config = dataclasses.replace(
        plan.config,
        data=dataclasses.replace(plan.config.data, window=window),
        classes=data.classes if conditional else (),
        class_counts=_class_counts(data) if conditional else (),
        fingerprint=data.fingerprint,
        content=data.content,
        held_out=held_out_count(data.count),
    )
    if config.init_from:
        check_freeze(config, source_config(config.init_from))
    total = config.total_images
    if total is not None:
        config = dataclasses.replace(
            config,
            evaluations=total // config.images_per_evaluation,
            health_checks=total // config.images_per_health_check,
            checkpoints=max(config.checkpoints, total // IMAGES_PER_CHECKPOINT),
        )
        planned = with_images(with_more_steps(config, with_images(config, total)), total)
    else:
        minutes = plan.inputs.minutes
        text = _("Measuring how many pictures fit into {minutes:g} minutes on {device}.")
        yield Note(text.format(minutes=minutes, device=device.device))
        planned = calibrate(config, data, device, lambda: 60 * minutes - (time.monotonic() - began))
    about_batch = batch_decision(config, planned)
    if about_batch is not None:
        yield Note(about_batch.words)
    return planned


def _class_counts(data: PreparedDataset) -> tuple[int, ...]:
    """Return how many pictures each class has."""
    return tuple(np.bincount(np.asarray(data.labels), minlength=len(data.classes)).tolist())


def _with_event_log(events: Generator[Event, None, None], run: Run) -> Generator[Event, None, None]:
    """Write each event to the run before passing it on, and with the last one the model card."""
    with closing(events):
        for event in events:
            run.append_event(event)
            if isinstance(event, Done) and event.step and event.reason != "interrupted":
                write_card(run, read_evaluation(run))
            yield event
