"""What was found, as tables on stderr: of pictures, of samples, of a training's health, of the machine."""

import platform
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from ..coach.describe import evidence_text, title
from ..coach.doctor import Findings
from .terminal import console

if TYPE_CHECKING:
    from ..data import Inspection
    from ..data.recommendations import Spread
    from ..evaluation import Evaluation
    from ..training.planning import Plan

MOST_ROWS = 40  # of a table


def show_environment() -> dict[str, Any]:
    """Print versions and device, and return them."""
    import torch

    from ..device import choose_device

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


def show_findings(found: Findings) -> None:
    """Print how healthy a training was, what was done about it, and what can be done by hand."""
    say, last = console.print, found.verdict
    say(f"{found.examinations:,} examinations, the last one at {last.images:,} pictures.")
    rows = _story(found)
    table = Table("pictures seen", "how it was", "because", box=None, pad_edge=False)
    for row in rows[:MOST_ROWS]:
        table.add_row(*(escape(cell) for cell in row))
    say(table)
    if len(rows) > MOST_ROWS:
        say(f"... and {len(rows) - MOST_ROWS:,} more (--json has them all)")
    evidence = evidence_text(last.evidence)
    say(f"In the end: {title(last.name)} ({last.confidence:.0%} sure). {last.what}", markup=False)
    say(f"{last.why}{f' Evidence: {evidence}.' if evidence else ''}", markup=False)
    if found.by_hand:
        say(f"What to do: {found.by_hand}", markup=False)
    if found.unreadable:
        say(f"Lines that could not be read and were passed over: {found.unreadable:,}.")


def _story(found: Findings) -> list[tuple[str, str, str]]:
    """Return how the training was and what was done about it, in order: when, what, and why."""
    rows: list[tuple[int, tuple[str, str, str]]] = []
    for span in found.spans:
        (_, begun), (_, ended) = span.start, span.end
        because = evidence_text(span.verdict.evidence)
        rows.append((begun, (f"{begun:,} to {ended:,}", title(span.name), because)))
    for each in found.treatments:
        told = f"treated{f', it {each.outcome}' if each.outcome else ''}"
        rows.append((each.order.images, (f"{each.order.images:,}", told, each.order.text)))
    return [row for _, row in sorted(rows, key=lambda row: row[0])]


def show_inspection(found: "Inspection") -> None:
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


def show_plan(plan: "Plan") -> None:
    """Print what would be trained and why, how fast, and what twice the time would give."""
    table = Table("the plan", "", "because", box=None, pad_edge=False)
    for each in plan.choices:
        table.add_row(each.what, escape(each.value), escape(each.why))
    console.print(table)
    console.print(
        f"In {plan.minutes:g} minutes: about {plan.config.images:,} pictures seen, {plan.pictures_per_second:,.0f} a "
        "second."
    )
    console.print(f"In twice the time: {plan.twice}.")


def show_recipes() -> dict[str, Any]:
    """Print what each recipe is for and what it scored, and return it."""
    from ..recipes.catalogue import CATALOGUE, MEASURED

    table = Table("recipe", "for", "needs", "takes", *MEASURED, box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    found: dict[str, Any] = {}
    for name, about in CATALOGUE.items():
        scores = {case: each.get(name) for case, each in MEASURED.items()}
        cells = ("–" if each is None else f"{each:,.0f}" for each in scores.values())
        table.add_row(name, about.data, about.hardware, about.time, *cells)
        found[name] = asdict(about) | {"measured": scores}
    console.print(table)
    console.print(
        "Scores: corrected Frechet distance on EfficientNet-lite1, emoji people at 32 px, photographs at 64, one core; "
        "less is better. Without --recipe it is chosen by pictures, machine and budget: "
        "ganvas inspect PICTURES tells why."
    )
    return found


def _counts(counts: dict[str, int]) -> str:
    """Return "12 RGB, 3 L", most first, at most eight of them."""
    some = sorted(((count, name) for name, count in counts.items() if count), reverse=True)
    more = f", and {len(some) - 8} more" if len(some) > 8 else ""
    return ", ".join(f"{count:,} {escape(name)}" for count, name in some[:8]) + more


def _spread(spread: "Spread", unit: str) -> str:
    low, middle, high = (f"{value:.3g}" for value in (spread.least, spread.middle, spread.greatest))
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}, half below {middle}"
