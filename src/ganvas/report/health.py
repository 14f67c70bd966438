"""What the coach saw and did: verdicts along the training, and treatments with the pictures before and after."""

from collections.abc import Iterator

from ..coach.describe import evidence_text, title
from ..coach.diagnosis.diagnoses import SOUND
from ..coach.doctor import Span, Treatment
from ..formatting import duration, number
from .gallery import before_and_after
from .health_charts import sign_charts
from .history import History
from .html import Html, join, table, tag
from .plot import Clock
from .summary import Facts

MOST_SPANS = 400  # in the timeline, the longest ones: what is shorter than a 400th of it could not be seen
MOST_ROWS = 8  # of the table of verdicts, the others being folded away ...
MOST_FOLDED = 100  # ... up to so many
MOST_TREATMENTS = 12  # shown with their pictures
NAMED = 0.006  # of the timeline's width is what a letter takes on a wide screen; where it is narrower, words are cut
AT_ONCE = 3  # charts; the others are folded away
OUTCOMES = {"helped": ("✓", "It helped."), "failed": ("✕", "It did not help.")}
WAYS = {"act": "", "watch": " It only watched: nothing was changed.", "off": " It was switched off later."}
TIMELINE = "High bars are sicknesses, low ones are health."
CHARTS = "What the verdicts rest on. Shaded is when the training was ill; numbered lines are treatments."


def health(facts: Facts) -> Iterator[Html]:
    """Yield how healthy the training was; nothing for a run that no coach looked at."""
    history = facts.history
    if not history.spans and not history.signs:
        return
    yield tag("p", _what_it_did(history) + WAYS.get(facts.config.coach, ""))
    if history.spans:
        yield timeline(history)
        yield from _verdicts(history)
    if history.treatments:
        yield tag("h3", "What was done")
        yield from _treatments(history)
    charts, constant = sign_charts(history, history.treatments[:MOST_TREATMENTS])
    if charts:
        yield tag("h3", "The signs")
        yield tag("p", CHARTS, class_="soft")
        yield tag("div", *charts[:AT_ONCE], class_="charts")
    more = charts[AT_ONCE:]
    if more or constant:
        told = tag("p", f"Never changed: {'; '.join(constant)}.", class_="soft") if constant else ""
        yield tag("details", tag("summary", "All signs"), tag("div", *more, class_="charts"), told)


def _what_it_did(history: History) -> str:
    looks, deeds = history.examinations, len(history.treatments)
    examined = f"The coach examined the training's health {looks:,} {'time' if looks == 1 else 'times'}"
    return f"{examined} and stepped in {'once' if deeds == 1 else f'{deeds:,} times'}." if deeds else f"{examined}."


def timeline(history: History) -> Html:
    """Return the verdicts as bars along the training's time, the treatments as numbered marks that lead to them."""
    clock, whole = Clock(history.seconds), max(history.seconds, 1e-3)
    places = [(span, history.second(span.start[0]), history.second(span.end[0])) for span in history.spans]
    longest = sorted(places, key=lambda place: place[1] - place[2])[:MOST_SPANS]
    bars = [_bar(span, start / whole, (end - start) / whole) for span, start, end in longest]
    told = "; ".join(f"{title(span.name)} {_from_to(start, end)}" for span, start, end in places[:MOST_SPANS])
    marks = []
    for index, each in enumerate(history.treatments[:MOST_TREATMENTS], 1):
        at = history.second(each.order.step)
        about = f"Treatment {index}, after {duration(at)}: {title(each.order.sickness)}"
        number_ = tag("a", str(index), href=f"#treatment-{index}", title=about, aria_label=about)
        marks.append(tag("li", number_, style=f"left:{100 * at / whole:.2f}%"))
    ticks = [
        tag("span", number(tick), style=f"left:{100 * tick / clock(whole):.2f}%")
        for tick in clock.scale(0, whole).ticks(6)
    ]
    parts = [tag("ol", *marks, class_="marks")] if marks else []
    parts += [tag("div", *bars, class_="bars", role="img", aria_label=f"Verdicts along the training: {told}")]
    parts += [tag("div", *ticks, class_="ticks", aria_hidden="true")]
    caption = tag("figcaption", f"{clock.unit.capitalize()} of training. {TIMELINE}")
    return tag("figure", *parts, caption, class_="timeline")


def _bar(span: Span, left: float, width: float) -> Html:
    kind = "ill" if span.name not in SOUND else "early" if span.name == "warming up" else "well"
    name = title(span.name)
    words = (name,) if width > NAMED * len(name) else ()
    return tag("span", *words, class_=kind, title=name, style=f"left:{100 * left:.2f}%;width:{100 * width:.2f}%")


def _from_to(start: float, end: float) -> str:
    return f"from {duration(start)} to {duration(end)}"


def _verdicts(history: History) -> Iterator[Html]:
    """Yield the verdicts one after the other, with what they mean and what they rest on."""
    rows = [_row(span, history) for span in history.spans[: MOST_ROWS + MOST_FOLDED]]
    headings = ("Verdict", "When")
    yield table(rows[:MOST_ROWS], headings, "Verdicts")
    folded = rows[MOST_ROWS:]
    if folded:
        more = len(history.spans) - len(rows)
        left = [tag("p", f"and {more:,} more in events.jsonl", class_="soft")] if more else []
        told = tag("summary", f"{len(history.spans) - MOST_ROWS:,} more verdicts")
        yield tag("details", told, table(folded, headings, "More verdicts"), *left)


def _row(span: Span, history: History) -> tuple[Html, Html]:
    evidence = evidence_text(span.verdict.evidence, lambda images: f"after {duration(history.second_of(images))}")
    because = f"{evidence[:1].upper()}{evidence[1:]}." if evidence else ""
    why = f" {span.verdict.why}" if span.name not in SOUND else ""
    name = join(title(span.name), tag("small", f"{span.verdict.what}{why}"), tag("small", because))
    when = _from_to(history.second(span.start[0]), history.second(span.end[0]))
    return name, join(when, tag("small", f"{span.start[1]:,} to {span.end[1]:,} pictures seen"))


def _treatments(history: History) -> Iterator[Html]:
    """Yield what was done, in order: why, what, what came of it, and the pictures before and after."""
    shown = history.treatments[:MOST_TREATMENTS]
    pictures = before_and_after(history, shown)
    pairs = enumerate(zip(shown, pictures, strict=True), 1)
    items = [_treatment(index, each, around, history) for index, (each, around) in pairs]
    yield tag("ol", *items, class_="treatments")
    more = len(history.treatments) - len(shown)
    if more:
        yield tag("p", f"and {more:,} more in events.jsonl", class_="soft")


def _treatment(index: int, each: Treatment, pictures: Html, history: History) -> Html:
    order = each.order
    when = f"after {duration(history.second(order.step))}, {order.images:,} pictures seen"
    sign, words = OUTCOMES.get(each.outcome, ("…", "What came of it was not judged."))
    outcome = each.outcome if each.outcome in OUTCOMES else "open"
    return tag(
        "li",
        tag("p", tag("strong", f"{index}. {title(order.sickness)}"), " ", tag("small", when)),
        tag("p", order.text),
        tag("p", tag("b", sign, aria_hidden="true"), " ", words, class_=f"outcome {outcome}"),
        *([tag("div", pictures, class_="moments")] if pictures else []),
        id=f"treatment-{index}",
    )  # fmt: skip
