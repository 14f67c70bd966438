"""Results as tables on stderr: a data set, a plan, the recipes, an evaluation, the health of a run, the environment."""

import platform
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from ..coach.describe import describe_evidence, evidence_text, title
from ..coach.diagnosis.diagnoses import HEALTHY_VERDICTS
from ..coach.doctor import Findings
from ..coach.model_health import Health
from ..formatting import format_bytes, format_duration
from ..translation import _, ngettext, stored
from .output import cell
from .terminal import console

if TYPE_CHECKING:
    from ..data import Inspection
    from ..data.cached_sets import CachedSet
    from ..data.size_histograms import Quantiles
    from ..evaluation import Evaluation
    from ..recipes.spec import RecipeSpec
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
    table = Table(
        _("score"), _("samples"), _("95 % interval"), _("real pictures"), _("better"), box=None, pad_edge=False
    )
    for each in evaluation.scores:
        low = _three_digits(each.low)
        interval = _("at least {low}").format(low=low)
        if each.high is not None:
            interval = _("{low} to {high}").format(low=low, high=_three_digits(each.high))
        real = "" if each.real is None else _three_digits(each.real)
        style = "bold" if each.deviation_sign else ""
        table.add_row(_(each.name), _three_digits(each.value), interval, real, _(each.better), style=style)
    console.print(
        _("{count:,} samples compared with {real:,} real pictures at {width}x{height} px, on {network}.").format(
            count=evaluation.count,
            real=evaluation.real_count,
            width=evaluation.width,
            height=evaluation.height,
            network=evaluation.network,
        )
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
    echo(
        _("{health_checks:,} health checks, the last one at {images_seen:,} pictures seen.").format(
            health_checks=findings.health_checks, images_seen=last.images_seen
        )
    )
    rows = _timeline(findings)
    table = Table(_("pictures seen"), _("verdict"), _("evidence"), box=None, pad_edge=False)
    for row in rows[:MAX_ROWS]:
        table.add_row(*map(cell, row))
    echo(table)
    if len(rows) > MAX_ROWS:
        echo(_("... and {count:,} more (--json has them all)").format(count=len(rows) - MAX_ROWS))
    evidence = describe_evidence(last.evidence)
    is_healthy = last.name in HEALTHY_VERDICTS
    if not is_healthy:
        echo(_("Not healthy at its end.") if findings.is_over else _("Not healthy so far."), style="bold yellow")
    echo(
        _("Last verdict: {verdict} ({confidence:.0%} sure). {what}").format(
            verdict=title(last.name), confidence=last.confidence, what=_(last.what)
        ),
        markup=False,
    )
    echo(f"{_(last.why)}{evidence_text(evidence)}", markup=False)
    if findings.advice:
        echo(_("What to do: {advice}").format(advice=findings.advice), markup=False)
    if kept is not None and kept.is_healthy != is_healthy:
        if kept.is_healthy:
            echo(_("The run's model is from another time, when the training was healthy."))
        else:
            then = _("The run's model is from another time, when the training was not healthy: {problem}")
            echo(then.format(problem=kept.describe()), markup=False)
    if findings.unreadable_lines:
        echo(_("Unreadable lines, skipped: {unreadable_lines:,}.").format(unreadable_lines=findings.unreadable_lines))


def _timeline(findings: Findings) -> list[tuple[str, str, str]]:
    """Return the verdicts and treatments in order of time, as (pictures seen, verdict, evidence)."""
    rows: list[tuple[int, tuple[str, str, str]]] = []
    for span in findings.spans:
        start, end = span.start[1], span.end[1]
        evidence = describe_evidence(span.verdict.evidence)
        rows.append(
            (start, (_("{low} to {high}").format(low=f"{start:,}", high=f"{end:,}"), title(span.name), evidence))
        )
    for each in findings.treatments:
        state = _("treatment ({outcome})").format(outcome=_(each.outcome)) if each.outcome else _("treatment")
        rows.append((each.treatment.images_seen, (f"{each.treatment.images_seen:,}", state, _(each.treatment.text))))
    return [row for at, row in sorted(rows, key=lambda row: row[0])]


def show_inspection(inspection: "Inspection") -> None:
    """Print what was found in a set of pictures, and the warnings about it."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    rows = {
        _("pictures"): _("{count:,} ({kind}), {usable:,} of them usable").format(
            count=inspection.count, kind=_(inspection.kind), usable=inspection.usable
        ),
        _("left out"): _most_common(
            {_("of other shapes"): inspection.other_shapes, _("beyond the limit"): inspection.not_chosen}
        ),
        _("values"): inspection.values,
        _("formats"): _most_common(inspection.formats),
        _("color modes"): _most_common(inspection.modes),
        _("short side"): _range_text(inspection.short_sides, "px"),
        _("aspect ratio"): _range_text(inspection.shapes, ""),
        _("classes"): _most_common(inspection.classes) or _("none (with --conditional, sub-folders become classes)"),
        _("special cases"): _most_common(
            {_("turned upright by EXIF"): inspection.rotated, _("first frame of an animation"): inspection.animated}
            | {
                "CMYK": inspection.cmyk,
                _("with alpha"): inspection.alpha,
                _("16 bit"): inspection.deep,
                _("wrong file extension"): inspection.mislabelled,
            }
        ),
        _("exact copies"): f"{inspection.duplicates:,}" if inspection.duplicates else "",
        _("in a sample of {count:,}").format(count=inspection.sample): _most_common(
            {
                _("grey"): inspection.grey,
                _("transparent"): inspection.transparent,
                _("blank"): inspection.blank,
                _("look-alikes"): inspection.look_alikes,
            }
        ),
        _("other files"): _most_common(inspection.others),
    }
    for name, text in rows.items():
        if text:
            table.add_row(name, text)
    console.print(table)
    for skipped in inspection.broken[:20]:
        console.print(
            _("[red]broken[/] {name}: {reason}").format(name=cell(skipped.name), reason=cell(stored(skipped.reason)))
        )
    if inspection.broken_count > 20:
        console.print(
            _("... and {count:,} more broken files (--json lists them)").format(count=inspection.broken_count - 20)
        )
    for warning in inspection.warnings:
        console.print(_("[yellow]note[/] {text}").format(text=cell(warning)))


def show_plan(plan: "Forecast") -> None:
    """Print the plan of a training: each choice with its reason, the speed, and what twice the time would change."""
    table = Table(_("plan"), "", _("reason"), box=None, pad_edge=False)
    for each in plan.decisions:
        table.add_row(_(each.what), cell(each.value), cell(_(each.why)))
    console.print(table)
    console.print(
        _("In {time}: about {images:,} pictures seen, {images_per_second:,.0f} per second.").format(
            time=format_duration(60 * plan.minutes), images=plan.config.images, images_per_second=plan.images_per_second
        )
    )
    console.print(_("In twice the time: {double_time}.").format(double_time=plan.double_time))
    if len(plan.sizes) > 1:
        sizes = (
            f"{width}x{height} px" + (_(" from {time}").format(time=format_duration(60 * minutes)) if minutes else "")
            for minutes, (width, height) in plan.sizes.items()
        )
        console.print(_("Sizes for the time: {sizes}.").format(sizes=", ".join(sizes)))


def show_cache(folder: Path, sets: "list[CachedSet]") -> None:
    """Print what the cache of prepared pictures holds."""
    if not sets:
        console.print(_("{folder} holds no prepared pictures.").format(folder=folder), markup=False)
        return
    table = Table(_("size"), _("used"), _("what"), box=None, pad_edge=False)
    for each in sets[:MAX_ROWS]:
        days = ngettext("{count:,} day ago", "{count:,} days ago", each.unused_days).format(count=each.unused_days)
        used = _("now") if each.is_used else days if each.unused_days else _("today")
        table.add_row(format_bytes(each.size), used, cell(each.content))
    console.print(table)
    if len(sets) > MAX_ROWS:
        console.print(_("... and {count:,} more (--json lists them)").format(count=len(sets) - MAX_ROWS))
    total = format_bytes(sum(each.size for each in sets))
    console.print(
        _("{total} in {folder}. To remove what is not in use: ganvas cache --clear, or --keep 5GB").format(
            total=total, folder=folder
        ),
        markup=False,
    )


def show_recipes() -> dict[str, Any]:
    """Print what each recipe is for and its scores, and return both."""
    from ..recipes import RECIPES

    cases = list(dict.fromkeys(case for spec in RECIPES.values() for case in spec.scores))
    purposes = Table(_("recipe"), _("for"), _("needs"), _("takes"), box=None, pad_edge=False)
    measured = Table(_("recipe"), *(_(case).replace(", ", ",\n") for case in cases), box=None, pad_edge=False)
    purposes.columns[0].no_wrap = measured.columns[0].no_wrap = True
    recipes: dict[str, Any] = {}
    for name, spec in RECIPES.items():
        scores = {case: spec.scores.get(case) for case in cases}
        cells = ("–" if score is None else f"{score:,.0f}" for score in scores.values())
        purposes.add_row(name, _purpose(spec), _(spec.hardware), _(spec.time))
        measured.add_row(name, *cells)
        about = {"data": spec.purpose, "hardware": spec.hardware, "time": spec.time, "source": spec.source}
        recipes[name] = about | {"measured": scores}
    console.print(purposes, "", measured, "", sep="\n")
    console.print(
        _(
            "Scores: corrected Frechet distance on EfficientNet-lite1, lower is better; emoji "
            "people at 32 px, photographs at 64 px, on one CPU core. Without --recipe, Ganvas "
            "chooses one by pictures, machine and budget: ganvas inspect PICTURES tells you why."
        )
    )
    return recipes


def _purpose(spec: "RecipeSpec") -> str:
    shortest, longest = spec.sides
    text = _("{pictures}, {shortest} to {longest} px")
    return text.format(pictures=_(spec.images), shortest=shortest, longest=longest)


def _most_common(counts: dict[str, int]) -> str:
    """Return counts as "12 RGB, 3 L", the largest first, at most eight of them."""
    ordered = sorted(((count, name) for name, count in counts.items() if count), reverse=True)
    more = _(", and {count} more").format(count=len(ordered) - 8) if len(ordered) > 8 else ""
    return ", ".join(f"{count:,} {cell(name)}" for count, name in ordered[:8]) + more


def _range_text(spread: "Quantiles", unit: str) -> str:
    low, median, high = (f"{value:.3g}" for value in (spread.least, spread.middle, spread.greatest))
    if low == high:
        return f"{low} {unit}"
    return _("{low} to {high} {unit}, median {median}").format(low=low, high=high, unit=unit, median=median)
