"""What a person at a terminal sees while something is being done: progress and what is told. All on stderr."""

import signal
from bisect import bisect_left
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from .. import events
from ..coach.describe import at_pictures, evidence_text, title
from ..coach.diagnosis.diagnoses import SOUND
from ..formatting import duration

T = TypeVar("T")

console = Console(stderr=True, highlight=False)


def render(stream: Iterator[events.Event]) -> dict[str, Any]:
    """Show events as they come and return the facts of the last `Done`."""

    def ending() -> Generator[events.Event, None, dict[str, Any]]:
        result: dict[str, Any] = {}
        with closing(stream) as told:  # type: ignore[type-var]
            for event in told:
                yield event
                if isinstance(event, events.Done):
                    result = asdict(event)
        return result

    return watch(ending())


def watch(stream: Generator[events.Event, None, T]) -> T:
    """Show events as they come and return what their generator returns."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[detail]}"),
    )
    with closing(stream), Progress(*columns, console=console) as bar:
        return events.drain(stream, _Shown(bar))


@contextmanager
def stop_on_signals() -> Iterator[Any]:
    """Turn SIGINT and SIGTERM into a wish to stop at the next step; the second one of its kind acts at once."""
    caught: list[int] = []

    def remember(number: int, frame: object) -> None:
        caught.append(number)
        signal.signal(number, before[number])
        console.print("\nStopping as soon as all is saved; press Ctrl-C again to leave at once.")

    before = {int(number): signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(caught)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interrupt_on_term() -> Iterator[None]:
    """Take SIGTERM, by which batch systems and containers end what they run, for a Ctrl-C."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Shown:
    """Keep one bar for each kind of work, and print the rest above it."""

    def __init__(self, bar: Progress) -> None:
        self.bar = bar
        self.tasks: dict[str, Any] = {}
        self.begun = 0  # pictures seen when this process took over
        self.pictures: list[int] = []  # seen at each report, and the seconds of training until then
        self.seconds: list[float] = []
        self.ill = False

    def __call__(self, event: events.Event) -> None:
        say = self.bar.console.print
        match event:
            case events.Progress():
                self.advance(event.what, event.done, event.total)
            case events.Note():
                say(event.text, markup=False)
            case events.Started():
                self.begun = event.images
                verb = f"Going on at {event.images:,} pictures" if event.resumed else "Training"
                say(
                    f"{verb}: recipe {event.recipe}, {event.total_images:,} pictures in all, on {event.device}.",
                    markup=False,
                )
            case events.Step():
                self.pictures.append(event.images)
                self.seconds.append(event.seconds)
                losses = "  ".join(f"{name[:1].upper()} {event.losses[name]:.2f}" for name in _shown(event.losses))
                self.advance("training", event.progress, 1, f"{event.images:,} pictures  {event.phase}  {losses}")
            case events.Iteration():
                self.advance("painting", event.progress, 1, f"{event.scale} px  loss {event.loss:.4g}")
            case events.Samples():
                pass  # one look into the folder tells more than a line for each sheet
            case events.Scored(score="Frechet distance"):
                say(f"{event.score} ({event.network}, {event.count} samples): {_with_interval(event)}")
            case events.Scored() | events.Logits() | events.Signs():
                pass  # in the report
            case events.Verdict():
                self.tell(event)
            case events.Treated():
                say(event.text, markup=False)
            case events.Done():
                for task in self.bar.tasks if event.reason == "finished" else ():
                    self.bar.update(task.id, completed=task.total)  # what ended early is done, too
                say(_farewell(event), markup=False, soft_wrap=True)  # a command that can be copied

    def tell(self, verdict: events.Verdict) -> None:
        """Say what is wrong, or that it is over; while all goes well there is nothing to say."""
        if verdict.name not in SOUND:
            evidence = evidence_text(verdict.evidence, self.when)
            told = f"{title(verdict.name)}: {verdict.what}{f' ({evidence})' if evidence else ''}"
            self.bar.console.print(told, markup=False, style="yellow")
            self.ill = True
        elif verdict.name == "converged":
            self.bar.console.print(f"{title(verdict.name)}: {verdict.what}", markup=False)
            self.ill = False
        elif verdict.name == "healthy" and self.ill:
            self.bar.console.print("Healthy again.", style="green")
            self.ill = False

    def when(self, images: int) -> str:
        """Return how long ago so many pictures had been seen; of what was before this process only the number."""
        at = bisect_left(self.pictures, images)
        if images < self.begun or at >= len(self.seconds):
            return at_pictures(images)
        return f"{duration(self.seconds[-1] - self.seconds[at])} ago"

    def advance(self, what: str, done: float, total: float, detail: str = "") -> None:
        if what not in self.tasks:
            self.tasks[what] = self.bar.add_task(what, total=total, detail="")
        self.bar.update(self.tasks[what], completed=done, total=total, detail=detail)


def _with_interval(event: events.Scored) -> str:
    if event.low is None or event.high is None:
        return f"{event.value:,.1f}"
    return f"{event.value:,.1f} ({event.low:,.1f} to {event.high:,.1f})"


def _shown(losses: dict[str, float]) -> list[str]:
    return [name for name in ("generator", "discriminator", "reconstruction") if name in losses]


def _farewell(event: events.Done) -> str:
    stopped = event.reason == "interrupted"
    pictures = f"{event.images:,} pictures in " if event.images else ""
    done = "Ended by the coach" if event.reason == "stopped" else "Done"
    happened = "Stopped; everything is saved" if stopped else f"{done}: {pictures}{event.seconds:,.0f} s, {event.path}"
    following = f" {'Go on with' if stopped else 'Next'}: {event.command}" if event.command else ""
    return f"{happened}.{following}"
