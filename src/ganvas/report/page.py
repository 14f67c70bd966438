"""The report as one HTML page that asks the network for nothing."""

from datetime import date
from pathlib import Path

from ..formatting import duration, size
from ..version import __version__
from .gallery import film
from .html import Html, tag
from .sections import definitions, sections
from .summary import Facts, summary

# Whatever a run's texts may try: no picture, font, style or script from outside can be loaded.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
HATCH = Html(
    '<svg class="ink" aria-hidden="true"><defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><path d="M2.5 0v5"></path></pattern></defs></svg>'
)
MOST_CLASSES = 12  # named on the first screen


def page(facts: Facts) -> str:
    """Return the whole page."""
    here = Path(__file__)
    style, script = (Html(here.with_name(name).read_text(encoding="utf-8")) for name in ("page.css", "page.js"))
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="generator", content=f"ganvas {__version__}"),
        tag("title", f"{facts.name} · Ganvas report"),
        tag("link", rel="icon", href="data:,"),
        tag("style", style),
    )
    body = tag("body", HATCH, tag("main", _header(facts), *sections(facts)), _footer(), tag("script", script))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _header(facts: Facts) -> Html:
    key, sign, verdict = facts.verdict
    config, history = facts.config, facts.history
    first, *more = summary(facts)
    rows = {
        "Pictures": f"{facts.pictures}, {size(config)}",
        "Classes": _some(config.classes),
        "Kept out": f"{config.held_out:,} pictures, to compare with" if config.held_out else "",
        "Recipe": f"{config.recipe} ({', '.join(phase.name for phase in config.phases)})",
        "Training": f"{history.step:,} steps, {history.images:,} pictures seen, {duration(history.seconds)}",
        "Device": facts.device,
        "Seed": str(config.seed),
    }
    words = [
        tag("p", "Ganvas report", class_="eyebrow"),
        tag("h1", facts.name),
        tag("div", tag("i", tag("b", sign), aria_hidden="true"), verdict, class_=f"badge {key}"),
        tag("p", first, class_="lead"),
        tag("ul", *(tag("li", sentence) for sentence in more)),
        definitions(rows),
    ]
    return tag("header", tag("div", *words), film(facts))


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - MOST_CLASSES
    return ", ".join(names[:MOST_CLASSES]) + (f" and {more:,} more" if more > 0 else "")


def _footer() -> Html:
    today = date.today()
    written = f"Written by ganvas {__version__} on {today.day} {today:%B %Y}. One file, no requests to any network."
    return tag("footer", tag("p", written))
