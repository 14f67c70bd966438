"""Display of events in the terminal: progress bars, and messages above them. All of it goes to stderr."""

import os
import signal
from bisect import bisect_left
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from .. import events
from ..coach.describe import at_images, describe_evidence, evidence_text, title
from ..coach.diagnosis.diagnoses import HEALTHY_VERDICTS
from ..event_log import EVENTS_VARIABLE, append_event
from ..formatting import format_duration, printable
from ..phases import progress_losses
from ..translation import N_, _
from .output import LAYOUT

T = TypeVar("T")


class SafeConsole(Console):
    """A console in which a stranger's text, from an event say, starts no escape sequence."""

    def print(self, *objects: Any, **options: Any) -> None:
        safe = (printable(each, keep=LAYOUT) if isinstance(each, str) else each for each in objects)
        super().print(*safe, **options)


console = SafeConsole(stderr=True, highlight=False)


def render_until_done(stream: Iterator[events.Event]) -> dict[str, Any]:
    """Show events as they come, and return the fields of the last `Done`."""

    def until_done() -> Generator[events.Event, None, dict[str, Any]]:
        result: dict[str, Any] = {}
        with closing(stream) as open_stream:  # type: ignore[type-var]
            for event in open_stream:
                yield event
                if isinstance(event, events.Done):
                    result = asdict(event)
        return result

    return render_events(until_done())


def render_events(stream: Generator[events.Event, None, T]) -> T:
    """Show events as they come, and return the value that their generator returns."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn(_("left")),
        TimeRemainingColumn(),
        TextColumn("{task.fields[detail]}"),
    )
    with closing(stream), Progress(*columns, console=console) as bar:
        return events.run_to_end(stream, _also_written(ProgressDisplay(bar)))


def _also_written(show: Callable[[events.Event], object]) -> Callable[[events.Event], object]:
    """Return `show`, which also appends each event to the file that whoever started this command has named, if any."""
    file = os.environ.get(EVENTS_VARIABLE)
    if not file:
        return show

    def written(event: events.Event) -> None:
        append_event(Path(file), event)
        show(event)

    return written


@contextmanager
def stop_on_signals() -> Iterator[Any]:
    """Yield a function that returns whether SIGINT or SIGTERM has arrived; a second signal acts at once."""
    from ..distributed import is_main

    received: list[int] = []

    def remember(number: int, frame: object) -> None:
        received.append(number)
        signal.signal(number, before[number])
        if is_main():
            console.print(_("\nSaving, then stopping. Press Ctrl-C again to stop at once."))

    before = {int(number): signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interrupt_on_sigterm() -> Iterator[None]:
    """Treat SIGTERM, with which batch systems and containers end a process, like Ctrl-C."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class ProgressDisplay:
    """One progress bar for each kind of work; messages are printed above the bars."""

    def __init__(self, bar: Progress) -> None:
        self.bar = bar
        self.tasks: dict[str, Any] = {}
        self.first_images_seen = 0  # when this process started or resumed the training
        self.images_seen: list[int] = []  # at each reported step; `seconds` are those of training until then
        self.seconds: list[float] = []
        self.unhealthy = False

    def __call__(self, event: events.Event) -> None:
        echo = self.bar.console.print
        match event:
            case events.Progress():
                self.update_bar(event.what, event.done, event.total)
            case events.Note():
                echo(event.text, markup=False)
            case events.Started():
                self.first_images_seen = event.images_seen
                echo(_opening_line(event), markup=False)
            case events.Step():
                self.images_seen.append(event.images_seen)
                self.seconds.append(event.seconds)
                losses = "  ".join(
                    f"{name[:1].upper()} {event.losses[name]:.2f}"
                    for name in progress_losses(event.phase)
                    if name in event.losses
                )
                self.update_bar(
                    N_("training"),
                    event.progress,
                    1,
                    _("{seen:,} pictures  {phase}  {losses}").format(
                        seen=event.images_seen, phase=event.phase, losses=losses
                    ),
                )
            case events.Iteration():
                self.update_bar(
                    N_("painting"),
                    event.progress,
                    1,
                    _("{scale} px  loss {loss:.4g}").format(scale=event.scale, loss=event.loss),
                )
            case events.DirectionFound():
                echo(f"{event.name}{f': {event.text}' if event.text else ''}", markup=False)
            case events.SampleGrid():
                pass  # the files in the run folder show more than a line here
            case events.Score(score="Frechet distance"):
                echo(_score_line(event))
            case events.Score() | events.LogitHistograms() | events.HealthCheck():
                pass  # shown in the report
            case events.Verdict():
                self.show_verdict(event)
            case events.Treatment():
                echo(event.text, markup=False)
            case events.Projected():
                echo(_found_line(event), markup=False)
            case events.Done():
                for task in self.bar.tasks if event.reason == "finished" else ():
                    self.bar.update(task.id, completed=task.total)  # work that ended early is done, too
                # No line breaks in a command, so that it can be copied.
                echo(_closing_line(event), markup=False, soft_wrap=True)

    def show_verdict(self, verdict: events.Verdict) -> None:
        """Print a problem, or its end; nothing while all goes well."""
        if verdict.name not in HEALTHY_VERDICTS:
            evidence = describe_evidence(verdict.evidence, self.describe_time)
            line = f"{title(verdict.name)}: {_(verdict.what)}{evidence_text(evidence)}"
            self.bar.console.print(line, markup=False, style="yellow")
            self.unhealthy = True
        elif verdict.name == "converged":
            self.bar.console.print(f"{title(verdict.name)}: {_(verdict.what)}", markup=False)
            self.unhealthy = False
        elif verdict.name == "healthy" and self.unhealthy:
            self.bar.console.print(_("Healthy again."), style="green")
            self.unhealthy = False

    def describe_time(self, images_seen: int) -> str:
        """Return how long ago `images_seen` was reached; before this process started, only the number of pictures."""
        index = bisect_left(self.images_seen, images_seen)
        if images_seen < self.first_images_seen or index >= len(self.seconds):
            return at_images(images_seen)
        return _("{time} ago").format(time=format_duration(self.seconds[-1] - self.seconds[index]))

    def update_bar(self, what: str, done: float, total: float, detail: str = "") -> None:
        """Move the bar of `what`, which is created at its first use."""
        if what not in self.tasks:
            self.tasks[what] = self.bar.add_task(_(what), total=total, detail="")
        self.bar.update(self.tasks[what], completed=done, total=total, detail=detail)


def _opening_line(event: events.Started) -> str:
    if event.resumed:
        line = _("Resuming at {seen:,} pictures: recipe {recipe}, {total:,} pictures to see, on {device}.")
    else:
        line = _("Training: recipe {recipe}, {total:,} pictures to see, on {device}.")
    return line.format(seen=event.images_seen, recipe=event.recipe, total=event.total_images, device=event.device)


def _score_line(event: events.Score) -> str:
    of = _("{count} samples").format(count=event.count)
    if event.at:  # release 0.1 did not say
        of = _("{count} samples at {size} px").format(count=event.count, size=event.at)
    return f"{_(event.score)} ({event.network}, {of}): {_value_and_interval(event)}"


def _found_line(event: events.Projected) -> str:
    if event.tuned is None:
        line = _("{path}: distance {distance:.3f} (nearest random sample {nearest:.3f}{label})")
    else:
        line = _("{path}: distance {distance:.3f}, tuned {tuned:.3f} (nearest random sample {nearest:.3f}{label})")
    label = f", {event.label}" if event.label else ""
    return line.format(path=event.path, distance=event.distance, tuned=event.tuned, nearest=event.nearest, label=label)


def _value_and_interval(event: events.Score) -> str:
    if event.low is None or event.high is None:
        return f"{event.value:,.1f}"
    return _("{value:,.1f} ({low:,.1f} to {high:,.1f})").format(value=event.value, low=event.low, high=event.high)


def _closing_line(event: events.Done) -> str:
    took = _("{seconds:,.0f} s").format(seconds=event.seconds)
    if event.images_seen:
        took = _("{seen:,} pictures in {seconds:,.0f} s").format(seen=event.images_seen, seconds=event.seconds)
    if event.reason == "interrupted":
        ending, next_step = _("Stopped; everything is saved."), _(" To continue: {command}")
    elif event.reason == "stopped":
        ending, next_step = _("Stopped by the coach: {took}, {path}."), _(" Next: {command}")
    else:
        ending, next_step = _("Done: {took}, {path}."), _(" Next: {command}")
    ending = ending.format(took=took, path=event.path)
    return ending + (next_step.format(command=event.command) if event.command else "")
