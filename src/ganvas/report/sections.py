"""The page's sections below the first screen: scores, copies, training, notes, how to repeat it."""

import json
from collections.abc import Iterator
from typing import Any

from ..config import to_dict
from ..formatting import BETTER, duration, interval, number, percent
from .charts import loss_charts, score_charts
from .gallery import nearest, samples_and_real
from .health import health
from .histograms import logit_charts
from .html import Html, join, table, tag
from .summary import Facts, skipped, train_command, versions

SCORE_HEADINGS = ("Score", "Samples", "Real pictures")
MOST_LISTED = 20
AT_ONCE = 3  # charts of scores; the others are folded away
ON_THE_WAY = (
    "Quick measurements to rank the moments of this run. They rest on few samples: compare them with each other, not "
    "with the table."
)
CURVES = (
    "Lines are means over about 100 steps; the bands show how far single steps swing about them. Losses tell whether "
    "the training was healthy, not how good the pictures are."
)
HISTOGRAMS = (
    "How many pictures got which logit. If the two hills lie apart, the discriminator tells samples from real "
    "pictures; where they overlap, it is fooled."
)
BY_IMAGES = "With a budget of pictures a processor repeats the run bit for bit, given as many threads."
BY_MINUTES = "With a budget of minutes the number of steps follows from the machine's speed: expect a similar result."


def sections(facts: Facts) -> Iterator[Html]:
    """Yield the sections in the order of the page."""
    yield tag("section", tag("h2", "Samples, not picked, and real pictures"), samples_and_real(facts))
    yield tag("section", tag("h2", "How good it is"), *_scores(facts))
    yield tag("section", tag("h2", "Does it copy?"), *_memorisation(facts))
    yield tag("section", tag("h2", "How the training went"), *_training(facts))
    told = list(health(facts))
    if told:
        yield tag("section", tag("h2", "What the coach saw and did"), *told)
    notes = list(_notes(facts))
    if notes:
        yield tag("section", tag("h2", "Notes"), *notes)
    yield tag("section", tag("h2", "How to repeat it"), *_repeat(facts))


def _scores(facts: Facts) -> Iterator[Html]:
    if facts.scores:
        seen = [_score_row(row) for row in facts.scores if row.get("network")]
        plain = [_score_row(row) for row in facts.scores if not row.get("network")]
        yield tag("p", _measured(facts.evaluation or {}), class_="soft")
        yield table(seen, SCORE_HEADINGS, "Scores")
        if plain:
            told = tag("summary", f"Measured on the pixels themselves: {len(plain)} more")
            yield tag("details", told, table(plain, SCORE_HEADINGS, "Scores of the pixels"))
    else:
        yield tag("p", "This run has not been evaluated. Scores with intervals are one command away: ")
        yield tag("pre", tag("code", facts.evaluate))
    charts = score_charts(facts.history)
    if charts:
        yield tag("h3", "On the way")
        yield tag("p", ON_THE_WAY, class_="soft")
        yield tag("div", *charts[:AT_ONCE], class_="charts")
        more = charts[AT_ONCE:]
        if more:
            told = tag("summary", f"{len(more)} more scores on the way")
            yield tag("details", told, tag("div", *more, class_="charts"))


def _measured(evaluation: dict[str, Any]) -> str:
    counts = {"samples": "count", "real pictures": "real_count", "pictures kept out of the training": "held_out_count"}
    told = [f"{evaluation[key]:,} {name}" for name, key in counts.items() if isinstance(evaluation.get(key), int)]
    step = f", at step {evaluation['step']:,}" if isinstance(evaluation.get("step"), int) else ""
    measured = f"Measured on {', '.join(told)}{step}. " if told else ""
    return f"{measured}Below each value is its 95\u00a0% interval."


def _score_row(row: dict[str, Any]) -> tuple[Html, Html, Html]:
    network, better = str(row.get("network") or ""), str(row.get("better") or "")
    how = " · ".join(part for part in (f"on {network}" if network else "", BETTER.get(better, better)) if part)
    name = join(str(row.get("name") or row.get("key")), tag("small", str(row.get("about") or "")), tag("small", how))
    around = interval(row.get("low"), row.get("high"))
    value = join(tag("strong", number(row.get("value"))), tag("small", around))
    return name, value, join(number(row.get("real")))


def _memorisation(facts: Facts) -> Iterator[Html]:
    found = facts.memorisation
    if not found:
        yield tag("p", "Whether it learned pictures by heart has not been checked yet: ", tag("code", facts.evaluate))
        return
    yield tag("p", tag("strong", facts.verdict[2] + "."), " ", str(found.get("text") or ""))
    near, median = "near_copies", "median_distance"
    rows = [
        ("Near-copies of a training picture", percent(found.get(near)), percent(found.get(f"baseline_{near}"))),
        ("Distance to the nearest one (median)", number(found.get(median)), number(found.get(f"baseline_{median}"))),
    ]
    yield table(rows, ("", "Samples", facts.baseline), "Near-copies")
    yield nearest(facts)


def _training(facts: Facts) -> Iterator[Html]:
    phases = [f"{phase.name} until {duration(phase.end)}" for phase in facts.history.phases]
    told = f"Phases: {', '.join(phases)}. " if len(phases) > 1 else ""
    yield tag("p", told + CURVES, class_="soft")
    yield tag("div", *loss_charts(facts.history), class_="charts")
    histograms = logit_charts(facts.history)
    if histograms:
        yield tag("h3", "What the discriminator thought")
        yield tag("p", HISTOGRAMS, class_="soft")
        yield tag("div", *histograms, class_="charts")


def _notes(facts: Facts) -> Iterator[Html]:
    notes = list(facts.history.notes)
    if facts.history.unreadable:
        notes.append(f"Lines of events.jsonl that could not be read and are left out: {facts.history.unreadable}.")
    if notes:
        yield tag("ul", *(tag("li", note) for note in notes))
    files = skipped(facts.run)
    if files:
        more = len(files) - MOST_LISTED
        lines = [tag("li", name, ": ", reason) for name, reason in files[:MOST_LISTED]]
        lines += [tag("li", f"and {more:,} more in skipped.txt")] if more > 0 else []
        told = f"Files that could not be read and were skipped: {len(files):,}"
        yield tag("details", tag("summary", told), tag("ul", *lines))


def _repeat(facts: Facts) -> Iterator[Html]:
    config = facts.config
    yield tag("pre", tag("code", f"{train_command(config, facts.run.folder)}\n{facts.evaluate}"))
    yield tag("p", BY_MINUTES if config.asked_images is None else BY_IMAGES, class_="soft")
    rows = {"Seed": str(config.seed), "Fingerprint of the pictures": config.fingerprint or "unknown"}
    yield definitions(rows | {name.capitalize(): told for name, told in versions(facts).items()})
    written = json.dumps(to_dict(config), indent=2, ensure_ascii=False)
    yield tag("details", tag("summary", "The complete configuration"), tag("pre", tag("code", written)))


def definitions(rows: dict[str, str]) -> Html:
    """Return names and what is said about them; those of which nothing is said are left out."""
    return tag("dl", *(join(tag("dt", name), tag("dd", told)) for name, told in rows.items() if told))
