"""The report: one HTML page that loads nothing from the network."""

from datetime import date
from pathlib import Path

from ..formatting import format_duration, format_size
from ..translation import N_, _, language
from ..version import __version__
from .gallery import timelapse
from .html import Html, tag
from .sections import definition_list, sections
from .summary import RunSummary, health_warning, summary_sentences

# Forbids every image, font, style and script from outside, whatever the texts of a run contain.
CONTENT_SECURITY_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
HATCH_PATTERN = Html(
    '<svg class="ink" aria-hidden="true"><defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><path d="M2.5 0v5"></path></pattern></defs></svg>'
)
MAX_CLASSES = 12  # whose names the first screen shows
MONTHS = (
    N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June"), N_("July"), N_("August"),
    N_("September"), N_("October"), N_("November"), N_("December"),
)  # fmt: skip


def page(summary: RunSummary) -> str:
    """Return the whole page as HTML."""
    module = Path(__file__)
    style, script = (Html(module.with_name(name).read_text(encoding="utf-8")) for name in ("page.css", "page.js"))
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=CONTENT_SECURITY_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="generator", content=f"ganvas {__version__}"),
        tag("title", _("{run} · Ganvas report").format(run=summary.name)),
        tag("link", rel="icon", href="data:,"),
        tag("style", style),
    )
    body = tag(
        "body", HATCH_PATTERN, tag("main", _header(summary), *sections(summary)), _footer(), tag("script", script)
    )
    return f"<!doctype html>\n{tag('html', head, body, lang=language())}\n"


def _header(summary: RunSummary) -> Html:
    key, symbol, verdict = summary.copying_verdict
    config, history = summary.config, summary.history
    first, *details = summary_sentences(summary)
    time = format_duration(history.seconds)
    held_out = _("{count:,} pictures, for comparison")
    training = _("{steps:,} steps, {images:,} pictures seen, {time}")
    rows = {
        _("Pictures"): f"{summary.dataset_name}, {format_size(config)}",
        _("Classes"): _first_names(config.classes),
        _("Held out"): held_out.format(count=config.held_out) if config.held_out else "",
        _("Recipe"): f"{config.recipe} ({', '.join(phase.name for phase in config.phases)})",
        _("Training"): training.format(steps=history.step, images=history.images_seen, time=time),
        _("Device"): summary.device,
        _("Seed"): str(config.seed),
    }
    column = [
        tag("p", _("Ganvas report"), class_="eyebrow"),
        tag("h1", summary.name),
        tag("div", tag("i", tag("b", symbol), aria_hidden="true"), verdict, class_=f"badge {key}"),
        *([tag("p", warning, class_="warning", role="note")] if (warning := health_warning(summary)) else []),
        tag("p", first, class_="lead"),
        tag("ul", *(tag("li", sentence) for sentence in details)),
        definition_list(rows),
    ]
    return tag("header", tag("div", *column), timelapse(summary))


def _first_names(names: tuple[str, ...]) -> str:
    first, more = ", ".join(names[:MAX_CLASSES]), len(names) - MAX_CLASSES
    return _("{names} and {count:,} more").format(names=first, count=more) if more > 0 else first


def _footer() -> Html:
    today = date.today()
    text = _(
        "Written by ganvas {version} on {day} {month} {year}. One file; it loads nothing from the network."
    ).format(version=__version__, day=today.day, month=_(MONTHS[today.month - 1]), year=today.year)
    return tag("footer", tag("p", text))
