"""What a person at a terminal sees: progress, notes, tables. All on stderr."""

import platform
import signal
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING, Any, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from . import events
from .data import Inspection
from .data.advice import Spread

if TYPE_CHECKING:
    from .evaluation import Evaluation

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


class _Shown:
    """Keep one bar for each kind of work, and print the rest above it."""

    def __init__(self, bar: Progress) -> None:
        self.bar = bar
        self.tasks: dict[str, Any] = {}

    def __call__(self, event: events.Event) -> None:
        say = self.bar.console.print
        match event:
            case events.Progress():
                self.advance(event.what, event.done, event.total)
            case events.Note():
                say(event.text, markup=False)
            case events.Started():
                verb = f"Going on at {event.images:,} pictures" if event.resumed else "Training"
                say(
                    f"{verb}: recipe {event.recipe}, {event.total_images:,} pictures in all, on {event.device}.",
                    markup=False,
                )
            case events.Step():
                losses = "  ".join(f"{name[:1].upper()} {event.losses[name]:.2f}" for name in _shown(event.losses))
                self.advance("training", event.progress, 1, f"{event.images:,} pictures  {event.phase}  {losses}")
            case events.Iteration():
                self.advance(
                    "iterations", event.iteration, event.iterations, f"{event.scale} px  loss {event.loss:.4g}"
                )
            case events.Samples():
                pass  # one look into the folder tells more than a line for each sheet
            case events.Scored(score="Frechet distance"):
                say(f"{event.score} ({event.network}, {event.count} samples): {_with_interval(event)}")
            case events.Scored() | events.Logits():
                pass  # in the report
            case events.Done():
                say(_farewell(event), markup=False, soft_wrap=True)  # a command that can be copied

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
    happened = "Stopped; everything is saved" if stopped else f"Done: {pictures}{event.seconds:,.0f} s, {event.path}"
    following = f" {'Go on with' if stopped else 'Next'}: {event.command}" if event.command else ""
    return f"{happened}.{following}"


def show_environment() -> dict[str, Any]:
    """Print versions and device, and return them."""
    import torch

    from .device import choose_device

    choice = choose_device()
    facts: dict[str, Any] = {"ganvas": metadata.version("ganvas"), "python": platform.python_version()}
    facts |= {"platform": platform.platform(), "device": choice.device, "why": choice.reason, "threads": choice.threads}
    facts |= {"cuda": torch.version.cuda or "no"}
    for name in ("torch", "torchvision", "timm", "torch-fidelity", "numpy", "pillow", "safetensors"):
        facts[name] = metadata.version(name)
    for extra, package in (("video", "av"), ("studio", "gradio"), ("onnx", "onnx"), ("hub", "huggingface_hub")):
        facts[f"extra {extra}"] = _version(package) or f'not installed: pip install "ganvas[{extra}]"'
    table = Table(show_header=False, box=None)
    for key, value in facts.items():
        table.add_row(key, str(value))
    console.print(table)
    return facts


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def show_evaluation(found: "Evaluation") -> None:
    """Print the scores and what they say."""
    table = Table("score", "samples", "95 % interval", "real pictures", "better", box=None, pad_edge=False)
    for each in found.scores:
        low = _significant(each.low)
        interval = f"at least {low}" if each.high is None else f"{low} to {_significant(each.high)}"
        real = "" if each.real is None else _significant(each.real)
        mark = "bold" if each.off else ""
        table.add_row(each.name, _significant(each.value), interval, real, each.better, style=mark)
    console.print(f"{found.count:,} samples against {found.real_count:,} real pictures, on {found.network}.")
    console.print(table)
    for sentence in found.summary:
        console.print(sentence, markup=False)


def _significant(value: float) -> str:
    """Return a number with three digits that mean something, and thousands in groups."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) >= 1e-3 else "0"


def show_inspection(found: Inspection) -> None:
    """Print what was found in a set of pictures, and what to type next."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    rows = {
        "pictures": f"{found.count:,} ({found.kind}), {found.usable:,} of them usable",
        "formats": _counts(found.formats),
        "modes": _counts(found.modes),
        "short side": _spread(found.short_sides, "px"),
        "width : height": _spread(found.shapes, ""),
        "classes": _counts(found.classes) or "none (sub-folders would be classes, with --labels)",
        "read specially": _counts(
            {"turned upright by EXIF": found.rotated, "first frame of an animation": found.animated}
            | {"CMYK": found.cmyk, "with alpha": found.alpha, "16 bit": found.deep, "wrong suffix": found.mislabelled}
        ),
        "exact copies": f"{found.duplicates:,}" if found.duplicates else "",
        f"of {found.sample:,} decoded": _counts(
            {
                "grey": found.grey,
                "transparent": found.transparent,
                "blank": found.blank,
                "look-alikes": found.look_alikes,
            }
        ),
        "other files": _counts(found.others),
    }
    for name, text in rows.items():
        if text:
            table.add_row(name, text)
    console.print(table)
    for skipped in found.broken[:20]:
        console.print(f"[red]broken[/] {escape(skipped.name)}: {escape(skipped.reason)}")
    if found.broken_count > 20:
        console.print(f"... and {found.broken_count - 20:,} more (--json lists them)")
    for warning in found.warnings:
        console.print(f"[yellow]note[/] {escape(warning)}")
    console.print(f"Next: ganvas train {escape(found.path)} --size {_size(found)} --minutes 10", soft_wrap=True)


def _size(found: Inspection) -> str:
    return str(found.width) if found.width == found.height else f"{found.width}x{found.height}"


def _counts(counts: dict[str, int]) -> str:
    """Return "12 RGB, 3 L", most first, at most eight of them."""
    some = sorted(((count, name) for name, count in counts.items() if count), reverse=True)
    more = f", and {len(some) - 8} more" if len(some) > 8 else ""
    return ", ".join(f"{count:,} {escape(name)}" for count, name in some[:8]) + more


def _spread(spread: Spread, unit: str) -> str:
    low, middle, high = (f"{value:.3g}" for value in (spread.least, spread.middle, spread.greatest))
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}, half below {middle}"
