"""Results as tables on stderr: a data set, a plan, the recipes, an evaluation, the health of a run, the environment."""

import platform
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from ..coach.describe import describe_evidence, title
from ..coach.diagnosis.diagnoses import HEALTHY_VERDICTS
from ..coach.doctor import Findings
from ..coach.model_health import Health
from ..formatting import format_bytes, format_duration
from .output import cell
from .terminal import console

if TYPE_CHECKING:
    from ..data import Inspection
    from ..data.cached_sets import CachedSet
    from ..data.size_histograms import Quantiles
    from ..evaluation import Evaluation
    from ..training.forecast import Forecast

MAX_ROWS = 40  # of the table of verdicts and treatments


def show_environment() -> dict[str, Any]:
    """Print the versions and the device, and return them."""
    import torch

    from ..device import choose_device

    device_choice = choose_device()
    environment: dict[str, Any] = {"ganvas": metadata.version("ganvas"), "python": platform.python_version()}
    environment |= {
        "platform": platform.platform(),
        "device": device_choice.device,
        "why": device_choice.reason,
        "threads": device_choice.threads,
    }
    environment |= {"cuda": torch.version.cuda or "no"}
    for name in ("torch", "torchvision", "timm", "torch-fidelity", "numpy", "pillow", "safetensors"):
        environment[name] = metadata.version(name)
    table = Table(show_header=False, box=None)
    for key, value in environment.items():
        table.add_row(key, str(value))
    console.print(table)
    return environment


def show_evaluation(evaluation: "Evaluation") -> None:
    """Print the scores and a summary in plain sentences."""
    table = Table("score", "samples", "95 % interval", "real pictures", "better", box=None, pad_edge=False)
    for each in evaluation.scores:
        low = _three_digits(each.low)
        interval = f"at least {low}" if each.high is None else f"{low} to {_three_digits(each.high)}"
        real = "" if each.real is None else _three_digits(each.real)
        style = "bold" if each.deviation_sign else ""
        table.add_row(each.name, _three_digits(each.value), interval, real, each.better, style=style)
    console.print(
        f"{evaluation.count:,} samples compared with {evaluation.real_count:,} real pictures "
        f"at {evaluation.width}x{evaluation.height} px, on {evaluation.network}."
    )
    console.print(table)
    for sentence in evaluation.summary:
        console.print(sentence, markup=False)


def _three_digits(value: float) -> str:
    """Return a number with three significant digits, or more from 1,000 on."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) >= 1e-3 else "0"


def show_findings(findings: Findings, kept: Health | None = None) -> None:
    """Print the verdicts on a training, the treatments, and what the user can do.

    Args:
        kept: health of the run's model, if it has one.
    """
    echo, last = console.print, findings.verdict
    echo(f"{findings.health_checks:,} health checks, the last one at {last.images_seen:,} pictures seen.")
    rows = _timeline(findings)
    table = Table("pictures seen", "verdict", "evidence", box=None, pad_edge=False)
    for row in rows[:MAX_ROWS]:
        table.add_row(*map(cell, row))
    echo(table)
    if len(rows) > MAX_ROWS:
        echo(f"... and {len(rows) - MAX_ROWS:,} more (--json has them all)")
    evidence = describe_evidence(last.evidence)
    is_healthy = last.name in HEALTHY_VERDICTS
    if not is_healthy:
        echo(f"Not healthy {'at its end' if findings.is_over else 'so far'}.", style="bold yellow")
    echo(f"Last verdict: {title(last.name)} ({last.confidence:.0%} sure). {last.what}", markup=False)
    echo(f"{last.why}{f' Evidence: {evidence}.' if evidence else ''}", markup=False)
    if findings.advice:
        echo(f"What to do: {findings.advice}", markup=False)
    if kept is not None and kept.is_healthy != is_healthy:
        then = "healthy." if kept.is_healthy else f"not healthy: {kept.describe()}"
        echo(f"The run's model is from another time, when the training was {then}", markup=False)
    if findings.unreadable_lines:
        echo(f"Unreadable lines, skipped: {findings.unreadable_lines:,}.")


def _timeline(findings: Findings) -> list[tuple[str, str, str]]:
    """Return the verdicts and treatments in order of time, as (pictures seen, verdict, evidence)."""
    rows: list[tuple[int, tuple[str, str, str]]] = []
    for span in findings.spans:
        (_, start), (_, end) = span.start, span.end
        evidence = describe_evidence(span.verdict.evidence)
        rows.append((start, (f"{start:,} to {end:,}", title(span.name), evidence)))
    for each in findings.treatments:
        state = f"treatment ({each.outcome})" if each.outcome else "treatment"
        rows.append((each.treatment.images_seen, (f"{each.treatment.images_seen:,}", state, each.treatment.text)))
    return [row for _, row in sorted(rows, key=lambda row: row[0])]


def show_inspection(inspection: "Inspection") -> None:
    """Print what was found in a set of pictures, and the warnings about it."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    rows = {
        "pictures": f"{inspection.count:,} ({inspection.kind}), {inspection.usable:,} of them usable",
        "left out": _most_common(
            {"of other shapes": inspection.other_shapes, "beyond the limit": inspection.not_chosen}
        ),
        "values": inspection.values,
        "formats": _most_common(inspection.formats),
        "color modes": _most_common(inspection.modes),
        "short side": _range_text(inspection.short_sides, "px"),
        "aspect ratio": _range_text(inspection.shapes, ""),
        "classes": _most_common(inspection.classes) or "none (with --conditional, sub-folders become classes)",
        "special cases": _most_common(
            {"turned upright by EXIF": inspection.rotated, "first frame of an animation": inspection.animated}
            | {
                "CMYK": inspection.cmyk,
                "with alpha": inspection.alpha,
                "16 bit": inspection.deep,
                "wrong file extension": inspection.mislabelled,
            }
        ),
        "exact copies": f"{inspection.duplicates:,}" if inspection.duplicates else "",
        f"in a sample of {inspection.sample:,}": _most_common(
            {
                "grey": inspection.grey,
                "transparent": inspection.transparent,
                "blank": inspection.blank,
                "look-alikes": inspection.look_alikes,
            }
        ),
        "other files": _most_common(inspection.others),
    }
    for name, text in rows.items():
        if text:
            table.add_row(name, text)
    console.print(table)
    for skipped in inspection.broken[:20]:
        console.print(f"[red]broken[/] {cell(skipped.name)}: {cell(skipped.reason)}")
    if inspection.broken_count > 20:
        console.print(f"... and {inspection.broken_count - 20:,} more broken files (--json lists them)")
    for warning in inspection.warnings:
        console.print(f"[yellow]note[/] {cell(warning)}")


def show_plan(plan: "Forecast") -> None:
    """Print the plan of a training: each choice with its reason, the speed, and what twice the time would change."""
    table = Table("plan", "", "reason", box=None, pad_edge=False)
    for each in plan.decisions:
        table.add_row(each.what, cell(each.value), cell(each.why))
    console.print(table)
    console.print(
        f"In {format_duration(60 * plan.minutes)}: about {plan.config.images:,} pictures seen, "
        f"{plan.images_per_second:,.0f} per second."
    )
    console.print(f"In twice the time: {plan.double_time}.")
    if len(plan.sizes) > 1:
        sizes = (
            f"{width}x{height} px" + (f" from {format_duration(60 * minutes)}" if minutes else "")
            for minutes, (width, height) in plan.sizes.items()
        )
        console.print(f"Sizes for the time: {', '.join(sizes)}.")


def show_cache(folder: Path, sets: "list[CachedSet]") -> None:
    """Print what the cache of prepared pictures holds."""
    if not sets:
        console.print(f"{folder} holds no prepared pictures.", markup=False)
        return
    table = Table("size", "used", "what", box=None, pad_edge=False)
    for each in sets[:MAX_ROWS]:
        days = f"{each.unused_days:,} day{'s' * (each.unused_days > 1)} ago" if each.unused_days else "today"
        table.add_row(format_bytes(each.size), "now" if each.is_used else days, cell(each.content))
    console.print(table)
    if len(sets) > MAX_ROWS:
        console.print(f"... and {len(sets) - MAX_ROWS:,} more (--json lists them)")
    total = format_bytes(sum(each.size for each in sets))
    console.print(
        f"{total} in {folder}. To remove what is not in use: ganvas cache --clear, or --keep 5GB", markup=False
    )


def show_recipes() -> dict[str, Any]:
    """Print what each recipe is for and its scores, and return both."""
    from ..recipes import RECIPES

    cases = list(dict.fromkeys(case for spec in RECIPES.values() for case in spec.scores))
    table = Table("recipe", "for", "needs", "takes", *cases, box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    recipes: dict[str, Any] = {}
    for name, spec in RECIPES.items():
        scores = {case: spec.scores.get(case) for case in cases}
        cells = ("–" if score is None else f"{score:,.0f}" for score in scores.values())
        table.add_row(name, spec.purpose, spec.hardware, spec.time, *cells)
        about = {"data": spec.purpose, "hardware": spec.hardware, "time": spec.time, "source": spec.source}
        recipes[name] = about | {"measured": scores}
    console.print(table)
    console.print(
        "Scores: corrected Frechet distance on EfficientNet-lite1, lower is better; emoji people at 32 px, photographs "
        "at 64 px, on one CPU core. Without --recipe, Ganvas chooses one by pictures, machine and budget: "
        "ganvas inspect PICTURES tells you why."
    )
    return recipes


def _most_common(counts: dict[str, int]) -> str:
    """Return counts as "12 RGB, 3 L", the largest first, at most eight of them."""
    ordered = sorted(((count, name) for name, count in counts.items() if count), reverse=True)
    more = f", and {len(ordered) - 8} more" if len(ordered) > 8 else ""
    return ", ".join(f"{count:,} {cell(name)}" for count, name in ordered[:8]) + more


def _range_text(spread: "Quantiles", unit: str) -> str:
    low, median, high = (f"{value:.3g}" for value in (spread.least, spread.middle, spread.greatest))
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}, median {median}"
