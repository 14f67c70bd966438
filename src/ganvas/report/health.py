"""What the coach saw and did: verdicts over the training, and treatments with sample grids before and after."""

from collections.abc import Iterator

from ..coach.describe import describe_evidence, in_words, title
from ..coach.diagnosis.diagnoses import HEALTHY_VERDICTS
from ..coach.doctor import Span, TreatmentResult
from ..coach.treatment.describe import words_of
from ..formatting import format_duration, format_number
from ..translation import N_, _, ngettext
from .gallery import before_and_after
from .health_charts import metric_charts
from .history import History
from .html import Html, join, table, tag
from .plot import TimeAxis
from .summary import RunSummary

MAX_BARS = 400  # in the timeline, the longest ones; a bar shorter than a 400th of it could not be seen
MAX_ROWS = 8  # of verdicts in the table; more are folded away
MAX_FOLDED_ROWS = 100
MAX_TREATMENTS = 12  # shown with their sample grids
LETTER_WIDTH = 0.006  # of the timeline on a wide screen; on a narrow one, names are cut off
UNFOLDED_CHARTS = 3  # more are folded away
OUTCOMES = {
    N_("helped"): ("✓", N_("It helped.")),
    N_("failed"): ("✕", N_("It did not help.")),
    N_("undone"): ("↶", N_("It made the samples worse, and was undone.")),
}
NOT_JUDGED = ("…", N_("Its effect was not judged."))
COACH_MODE_NOTES = {
    "act": "",
    "watch": N_("It only watched: nothing was changed."),
    "off": N_("It was switched off later."),
}
TIMELINE_HINT = N_("High bars mark problems; low bars mark healthy stretches.")
CHARTS_HINT = N_("What the verdicts are based on. Shaded areas mark problems, numbered lines mark treatments.")


def health_section(summary: RunSummary) -> Iterator[Html]:
    """Yield the contents of the coach's section; nothing for a run without a coach."""
    history = summary.history
    if not history.spans and not history.health_metrics:
        return
    about_mode = _(COACH_MODE_NOTES.get(summary.config.coach, ""))
    yield tag("p", " ".join(filter(None, (_coach_overview(history), about_mode))))
    if history.spans:
        yield timeline(history)
        yield from _verdict_tables(history)
    if history.treatments:
        yield tag("h3", _("Treatments"))
        yield from _treatments(history)
    charts, constant = metric_charts(history, history.treatments[:MAX_TREATMENTS])
    if charts:
        yield tag("h3", _("Health metrics"))
        yield tag("p", _(CHARTS_HINT), class_="soft")
        yield tag("div", *charts[:UNFOLDED_CHARTS], class_="charts")
    more = charts[UNFOLDED_CHARTS:]
    if more or constant:
        never = _("These never changed: {metrics}.").format(metrics="; ".join(constant))
        note = tag("p", never, class_="soft") if constant else ""
        yield tag("details", tag("summary", _("More health metrics")), tag("div", *more, class_="charts"), note)


def _coach_overview(history: History) -> str:
    treatments = len(history.treatments)
    checked, stepped_in = _times(history.health_checks), _times(treatments)
    text = (
        _("The coach checked the training's health {checked} and stepped in {stepped_in}.")
        if treatments
        else _("The coach checked the training's health {checked}.")
    )
    return text.format(checked=checked, stepped_in=stepped_in)


def _times(count: int) -> str:
    return ngettext("once", "{count:,} times", count).format(count=count)


def timeline(history: History) -> Html:
    """Return the timeline: a bar for each verdict, and a numbered mark for each treatment that links to it."""
    time_axis, total = TimeAxis(history.seconds), max(history.seconds, 1e-3)
    timed = [(span, *_seconds(span, history)) for span in history.spans]
    longest = sorted(timed, key=lambda item: item[1] - item[2])[:MAX_BARS]
    bars = [_bar(span, start / total, (end - start) / total) for span, start, end in longest]
    description = "; ".join(f"{title(span.name)} {_time_range(start, end)}" for span, start, end in timed[:MAX_BARS])
    marks = []
    for index, each in enumerate(history.treatments[:MAX_TREATMENTS], 1):
        seconds = history.seconds_at_step(each.treatment.step)
        label = _("Treatment {index}, after {time}: {problem}").format(
            index=index, time=format_duration(seconds), problem=title(each.treatment.diagnosis)
        )
        link = tag("a", str(index), href=f"#treatment-{index}", title=label, aria_label=label)
        marks.append(tag("li", link, style=f"left:{100 * seconds / total:.2f}%"))
    ticks = [
        tag("span", format_number(tick), style=f"left:{100 * tick / time_axis(total):.2f}%")
        for tick in time_axis.scale(0, total).ticks(6)
    ]
    parts = [tag("ol", *marks, class_="marks")] if marks else []
    label = _("Verdicts over the training: {verdicts}").format(verdicts=description)
    parts += [tag("div", *bars, class_="bars", role="img", aria_label=label)]
    parts += [tag("div", *ticks, class_="ticks", aria_hidden="true")]
    caption = tag("figcaption", f"{time_axis.label.capitalize()}. {_(TIMELINE_HINT)}")
    return tag("figure", *parts, caption, class_="timeline")


def _bar(span: Span, left: float, width: float) -> Html:
    css_class = "problem" if span.name not in HEALTHY_VERDICTS else "warmup" if span.name == "warming up" else "healthy"
    name = title(span.name)
    text = (name,) if width > LETTER_WIDTH * len(name) else ()
    return tag("span", *text, class_=css_class, title=name, style=f"left:{100 * left:.2f}%;width:{100 * width:.2f}%")


def _seconds(span: Span, history: History) -> tuple[float, float]:
    """Return the start and the end of a span, in seconds of training."""
    return history.seconds_at_step(span.start[0]), history.seconds_at_step(span.end[0])


def _time_range(start: float, end: float) -> str:
    return _("from {start} to {end}").format(start=format_duration(start), end=format_duration(end))


def _verdict_tables(history: History) -> Iterator[Html]:
    """Yield tables of the verdicts, with their meaning and their evidence."""
    rows = [_verdict_row(span, history) for span in history.spans[: MAX_ROWS + MAX_FOLDED_ROWS]]
    headings = (_("Verdict"), _("When"))
    yield table(rows[:MAX_ROWS], headings, _("Verdicts"))
    folded = rows[MAX_ROWS:]
    if folded:
        more = len(history.spans) - len(rows)
        rest = [_and_more(more)] if more else []
        heading = tag("summary", _("{count:,} more verdicts").format(count=len(history.spans) - MAX_ROWS))
        yield tag("details", heading, table(folded, headings, _("More verdicts")), *rest)


def _and_more(count: int) -> Html:
    return tag("p", _("and {count:,} more in events.jsonl").format(count=count), class_="soft")


def _verdict_row(span: Span, history: History) -> tuple[Html, Html]:
    evidence = describe_evidence(
        span.verdict.evidence,
        lambda seen: _("after {time}").format(time=format_duration(history.seconds_at_images(seen))),
    )
    evidence_line = f"{evidence[:1].upper()}{evidence[1:]}." if evidence else ""
    verdict = in_words(span.verdict)
    why = f" {verdict.why}" if span.name not in HEALTHY_VERDICTS else ""
    name = join(title(span.name), tag("small", f"{verdict.what}{why}"), tag("small", evidence_line))
    seen = _("{start:,} to {end:,} pictures seen").format(start=span.start[1], end=span.end[1])
    return name, join(_time_range(*_seconds(span, history)), tag("small", seen))


def _treatments(history: History) -> Iterator[Html]:
    """Yield the treatments in order: the problem, the treatment, its effect, and the sample grids before and after."""
    shown = history.treatments[:MAX_TREATMENTS]
    pairs = enumerate(zip(shown, before_and_after(history, shown), strict=True), 1)
    items = [_treatment(index, each, grids, history) for index, (each, grids) in pairs]
    yield tag("ol", *items, class_="treatments")
    more = len(history.treatments) - len(shown)
    if more:
        yield _and_more(more)


def _treatment(index: int, result: TreatmentResult, grids: Html, history: History) -> Html:
    order = result.treatment
    when = _("after {time}, {images:,} pictures seen").format(
        time=format_duration(history.seconds_at_step(order.step)), images=order.images_seen
    )
    symbol, effect = OUTCOMES.get(result.outcome, NOT_JUDGED)
    outcome = result.outcome if result.outcome in OUTCOMES else "open"
    return tag(
        "li",
        tag("p", tag("strong", f"{index}. {title(order.diagnosis)}"), " ", tag("small", when)),
        tag("p", words_of(order)),
        tag("p", tag("b", symbol, aria_hidden="true"), " ", _(effect), class_=f"outcome {outcome}"),
        *([tag("div", grids, class_="before-after")] if grids else []),
        id=f"treatment-{index}",
    )  # fmt: skip
