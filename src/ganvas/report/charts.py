"""Charts over time: losses with their standard deviation, scores with their intervals."""

from collections.abc import Sequence

from ..events import Score
from ..formatting import BETTER_TEXT, display_name, format_duration, format_interval, format_number
from ..metrics.score_descriptions import SCORE_DESCRIPTIONS
from ..phases import LOSS_CHARTS
from ..translation import _
from .downsample import CurveBin, Scale, downsample, is_drawable, robust_scale
from .history import History, Phase, Point
from .html import Html, tag
from .plot import LEFT, RIGHT, WIDTH, Plot, TimeAxis, figure
from .summary import score_name

LOSS_CHART_OF = {chart.losses: chart for chart in LOSS_CHARTS}
FIRST_SCORES = ("Frechet distance", "FID", "Kernel distance (KID)", "Coverage")  # scores whose charts come first
SCORE_DIRECTIONS = {name: BETTER_TEXT[better] for name, better, _about in SCORE_DESCRIPTIONS.values()}
MAX_SPIKES = 5  # marked in one chart
SPIKE_THRESHOLD = 1.1  # of the chart's height; a value above it is marked as a spike
LABEL_WIDTH = 0.3  # of the chart's width; the space that the name of a line takes


def loss_charts(history: History) -> list[Html]:
    """Return one chart for each pair of losses that belong together, and one for each other loss."""
    pairs = [names for names in LOSS_CHART_OF if len(names) > 1 and all(name in history.loss_curves for name in names)]
    paired = [name for names in pairs for name in names]
    groups = [*((name,) for name in history.loss_curves if name not in paired), *pairs]
    charts = [(group, {name: downsample(history.loss_curves[name]) for name in group}) for group in groups]
    return [_loss_chart(group, curves, history) for group, curves in charts if any(curves.values())]


def _loss_chart(names: tuple[str, ...], curves: dict[str, list[list[CurveBin]]], history: History) -> Html:
    pieces = [piece for curve in curves.values() for piece in curve]
    phases = [phase for phase in history.phases if any(phase.name == piece[0].phase for piece in pieces)]
    time_axis = TimeAxis(history.seconds)
    y = _loss_scale(pieces)
    plot = Plot(time_axis.scale(phases[0].start, phases[-1].end), y)
    plot.axes(time_axis.label)
    draw_phase_changes(plot, history.phases, time_axis)
    for kind, name in zip(("one", "two"), names, strict=False):
        for piece in curves[name]:
            plot.band([(time_axis(s.seconds), s.mean - s.std, s.mean + s.std) for s in piece], f"band {kind}")
    for kind, name in zip(("one", "two"), names, strict=False):
        for piece in curves[name]:
            plot.line([(time_axis(s.seconds), s.mean) for s in piece], f"line {kind}")
    spike_note = _mark_spikes(plot, pieces, time_axis)
    if len(names) > 1:
        _label_lines(plot, {name: curves[name][-1] for name in names if curves[name]}, time_axis)
    left_out = sum(not is_drawable(point.value) for name in names for point in history.loss_curves[name])
    description = " ".join(_describe_curve(name, history.loss_curves[name]) for name in names)
    chart = LOSS_CHART_OF.get(names)
    heading = _(chart.heading) if chart else _(" and ").join(display_name(name) for name in names).capitalize()
    notes = (
        _(chart.about) if chart else "",
        _("Logarithmic scale.") if y.log else "",
        spike_note,
        _("Values left out (not finite or too large): {count:,}.").format(count=left_out) if left_out else "",
    )
    return figure(heading, plot.svg(heading, description), " ".join(filter(None, notes)))


def _loss_scale(pieces: list[list[CurveBin]]) -> Scale:
    """Return a scale for all values and nearly all of the bands."""
    means = [s.mean for piece in pieces for s in piece]
    band_edges = [s.mean + sign * s.std for piece in pieces for s in piece for sign in (-1, 1)]
    extremes = [value for piece in pieces for s in piece for value in (s.minimum, s.maximum)]
    if min(extremes) >= 0:  # a loss that is never negative gets no band below zero
        band_edges = [max(value, min(extremes)) for value in band_edges]
    band_edges.sort()
    trimmed = len(band_edges) // 50  # the standard deviation is large for 100 steps after the first fall
    return robust_scale(means + extremes + band_edges[trimmed : len(band_edges) - trimmed])


def draw_phase_changes(plot: Plot, phases: list[Phase], time_axis: TimeAxis) -> None:
    """Draw a line where the phase changes, and the names of the phases that have room for it."""
    for phase in phases if len(phases) > 1 else []:
        left, right = (LEFT + plot.x(time_axis(edge)) * (WIDTH - LEFT - RIGHT) for edge in (phase.start, phase.end))
        if left < LEFT - 1 or right > WIDTH - RIGHT + 1:
            continue
        if left > LEFT + 1:
            plot.straight_line((left, plot.top - 14), (left, plot.bottom), "phase")
        if right - left > 6.5 * len(phase.name):
            plot.text((left + right) / 2, plot.top - 8, phase.name, "tick")


def _mark_spikes(plot: Plot, pieces: list[list[CurveBin]], time_axis: TimeAxis) -> str:
    """Mark the largest values beyond the chart's upper edge, and return a note about them."""
    beyond = sorted(
        (s for piece in pieces for s in piece if plot.y(s.maximum) > SPIKE_THRESHOLD), key=lambda s: -s.maximum
    )
    for spike in beyond[:MAX_SPIKES]:
        x, _y = plot.to_pixels(time_axis(spike.seconds), plot.y.high)
        tooltip = _("up to {value} after {time}").format(
            value=format_number(spike.maximum), time=format_duration(spike.seconds)
        )
        plot.parts.append(tag("path", tag("title", tooltip), class_="spike", d=f"M{x - 4:.1f} {plot.top + 7}h8l-4 -7z"))
    if not beyond:
        return ""
    return _("▲ off the chart, up to {value}.").format(value=format_number(beyond[0].maximum))


def _label_lines(plot: Plot, ends: dict[str, list[CurveBin]], time_axis: TimeAxis) -> None:
    """Write the name of each line at its right end, above the upper line and below the lower one."""
    upper_name = max(ends, key=lambda name: ends[name][-1].mean)
    for kind, (name, piece) in zip(("one", "two"), ends.items(), strict=False):
        means = [s.mean for s in piece if plot.x(time_axis(s.seconds)) > 1 - LABEL_WIDTH] or [piece[-1].mean]
        y = plot.to_pixels(0, max(means))[1] - 8 if name == upper_name else plot.to_pixels(0, min(means))[1] + 16
        y = min(max(y, plot.top + 12), plot.bottom - 5)
        sample = {"one": "━━", "two": "╍╍"}[kind]
        plot.text(WIDTH - RIGHT - 2, y, f"{sample} {display_name(name)}", f"label {kind}", "end")


def _describe_curve(name: str, points: Sequence[Point]) -> str:
    values = [point.value for point in points if is_drawable(point.value)]
    if not values:
        return _("{loss}: no finite values.").format(loss=display_name(name).capitalize())
    first, last, low, high = (format_number(value) for value in (values[0], values[-1], min(values), max(values)))
    return _("{loss}: from {first} to {last}, between {low} and {high}.").format(
        loss=display_name(name).capitalize(), first=first, last=last, low=low, high=high
    )


def score_charts(history: History) -> list[Html]:
    """Return a chart for each score that was measured during training, the most important ones first."""
    charts = []
    for score, network in sorted(history.scores, key=lambda kind: kind[0] not in FIRST_SCORES):
        scored = [(seconds, each) for seconds, each in history.scores[score, network] if is_drawable(each.value)]
        if scored:
            heading = score_name(score, network)
            charts.append(_score_chart(f"{heading[:1].upper()}{heading[1:]}", scored, history))
    return charts


def _label_value(plot: Plot, x: float, score: Score) -> None:
    """Write the value of a score beside its dot: above the interval if there is room, else below."""
    low, high = _interval_of(score)
    (label_x, above), (_x, below) = plot.to_pixels(x, high), plot.to_pixels(x, low)
    label_y = above - 8 if above - 18 > plot.top else below + 16
    plot.text(label_x + 4, label_y, format_number(score.value), "label one", "end")


def _score_chart(heading: str, scored: list[tuple[float, Score]], history: History) -> Html:
    time_axis = TimeAxis(history.seconds)
    bounds = [bound for _seconds, each in scored for bound in _interval_of(each)]
    plot = Plot(time_axis.scale(0, history.seconds), robust_scale(bounds, outlier_share=0))
    plot.axes(time_axis.label)
    draw_phase_changes(plot, history.phases, time_axis)
    plot.line([(time_axis(seconds), each.value) for seconds, each in scored], "line one thin")
    for seconds, each in scored:
        low, high = _interval_of(each)
        interval_text = f" ({format_interval(low, high)})" if low < high else ""
        if interval_text:
            plot.error_bar(time_axis(seconds), low, high)
        tooltip = _("{value} after {time}, step {step:,}").format(
            value=f"{format_number(each.value)}{interval_text}", time=format_duration(seconds), step=each.step
        )
        plot.dot(time_axis(seconds), each.value, "dot", tooltip)
    last_seconds, last = scored[-1]
    _label_value(plot, time_axis(last_seconds), last)
    measured = _("{value} after {time}")
    description = "; ".join(
        measured.format(value=format_number(each.value), time=format_duration(seconds)) for seconds, each in scored
    )
    sentence = (
        _("{count:,} samples each time, {direction}.")
        if last.score in SCORE_DIRECTIONS
        else _("{count:,} samples each time.")
    )
    notes = [sentence.format(count=last.count, direction=_(SCORE_DIRECTIONS.get(last.score, "")))]
    if len(set(_interval_of(last))) > 1:
        notes.append(_("Bars: 95\u00a0% intervals."))
    return figure(heading, plot.svg(heading, description), " ".join(notes))


def _interval_of(score: Score) -> tuple[float, float]:
    """Return the interval of a score; without one, its value as both bounds."""
    low, high = (score.value if bound is None else bound for bound in (score.low, score.high))
    return (low, high) if is_drawable(low) and is_drawable(high) else (score.value, score.value)
