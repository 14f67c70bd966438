"""Charts over time: losses with their oscillation, scores with their intervals."""

from collections.abc import Sequence

from ..events import Scored
from ..formatting import BETTER, duration, interval, number, title_of
from ..metrics.score_descriptions import MEANING
from .downsample import Scale, Stretch, drawable, robust_scale, thin
from .history import History, Phase, Point
from .html import Html, tag
from .plot import LEFT, RIGHT, WIDTH, Clock, Plot, figure

# What belongs together: its heading, and how to read it.
KNOWN = {
    ("reconstruction",): ("Reconstruction error", "How far pictures given back differ from the real ones."),
    ("divergence",): ("Divergence", "How much a code tells of its picture, in nats, beyond what noise would."),
    ("prior",): ("Prior", "How well noise is carried to where the pictures' codes lie. It falls, then levels off."),
    ("penalty",): ("Penalty", "How steep the discriminator is, which the penalty holds down."),
    ("generator", "discriminator"): (
        "Generator and discriminator",
        "Two players: neither should run away from the other. Level lines are good news.",
    ),
    ("real_logits", "fake_logits"): (
        "Mean logits, real and fake",
        "How real the discriminator takes them to be. Far apart, it sees through the fakes.",
    ),
}
TELLING = ("Frechet distance", "FID", "Kernel distance (KID)", "Coverage")  # scores whose charts come first
WAYS = {name: BETTER[better] for name, better, _ in MEANING.values()}
MOST_SPIKES = 5  # pointed out in one chart
BEYOND = 1.1  # of a chart's height is where a value begins to be worth pointing out
NAMED = 0.3  # of a chart's width is what a line's name takes


def loss_charts(history: History) -> list[Html]:
    """Return a chart for each pair of losses that belong together, and one for each of the others."""
    pairs = [names for names in KNOWN if len(names) > 1 and all(name in history.curves for name in names)]
    paired = [name for names in pairs for name in names]
    groups = [*((name,) for name in history.curves if name not in paired), *pairs]
    charts = [(group, {name: thin(history.curves[name]) for name in group}) for group in groups]
    return [_loss_chart(group, curves, history) for group, curves in charts if any(curves.values())]


def _loss_chart(names: tuple[str, ...], curves: dict[str, list[list[Stretch]]], history: History) -> Html:
    pieces = [piece for curve in curves.values() for piece in curve]
    phases = [phase for phase in history.phases if any(phase.name == piece[0].phase for piece in pieces)]
    clock = Clock(history.seconds)
    y = _loss_scale(pieces)
    plot = Plot(clock.scale(phases[0].start, phases[-1].end), y)
    plot.axes(f"{clock.unit} of training")
    phase_marks(plot, history.phases, clock)
    for kind, name in zip(("one", "two"), names, strict=False):
        for piece in curves[name]:
            plot.band(
                [(clock(s.seconds), s.mean - s.swing, s.mean + s.swing) for s in piece], f"band {kind}"
            )  # fmt: skip
    for kind, name in zip(("one", "two"), names, strict=False):
        for piece in curves[name]:
            plot.line([(clock(s.seconds), s.mean) for s in piece], f"line {kind}")
    spikes = _spikes(plot, pieces, clock)
    if len(names) > 1:
        _name_lines(plot, {name: curves[name][-1] for name in names if curves[name]}, clock)
    lost = sum(not drawable(point.value) for name in names for point in history.curves[name])
    told = " ".join(_tell_curve(name, history.curves[name]) for name in names)
    heading, about = KNOWN.get(names, (" and ".join(title_of(name) for name in names).capitalize(), ""))
    extra = f" Values that were no numbers and are left out: {lost:,}." if lost else ""
    scale = " Logarithmic scale." if y.log else ""
    return figure(heading, plot.svg(heading, told), f"{about}{scale}{spikes}{extra}".strip())


def _loss_scale(pieces: list[list[Stretch]]) -> Scale:
    """Return limits that hold the values and nearly all of the swings."""
    means = [stretch.mean for piece in pieces for stretch in piece]
    swings = [s.mean + sign * s.swing for piece in pieces for s in piece for sign in (-1, 1)]
    singles = [value for piece in pieces for s in piece for value in (s.least, s.greatest)]
    if min(singles) >= 0:  # a loss that is never negative should not seem so because it swings
        swings = [max(value, min(singles)) for value in swings]
    swings.sort()
    cut = len(swings) // 50  # the swing takes 100 steps to calm down after the first fall
    return robust_scale(means + singles + swings[cut : len(swings) - cut])


def phase_marks(plot: Plot, phases: list[Phase], clock: Clock) -> None:
    """Mark where phases change, and name those that there is room for."""
    for phase in phases if len(phases) > 1 else []:
        left, right = (LEFT + plot.x(clock(edge)) * (WIDTH - LEFT - RIGHT) for edge in (phase.start, phase.end))
        if left < LEFT - 1 or right > WIDTH - RIGHT + 1:
            continue
        if left > LEFT + 1:
            plot.rule((left, plot.top - 14), (left, plot.bottom), "phase")
        if right - left > 6.5 * len(phase.name):
            plot.text((left + right) / 2, plot.top - 8, phase.name, "tick")


def _spikes(plot: Plot, pieces: list[list[Stretch]], clock: Clock) -> str:
    """Point out the greatest values beyond the chart's upper edge; return what is to be said about them."""
    beyond = sorted((s for piece in pieces for s in piece if plot.y(s.greatest) > BEYOND), key=lambda s: -s.greatest)
    for stretch in beyond[:MOST_SPIKES]:
        across, _ = plot.at(clock(stretch.seconds), plot.y.high)
        told = tag("title", f"up to {number(stretch.greatest)} after {duration(stretch.seconds)}")
        plot.parts.append(tag("path", told, class_="spike", d=f"M{across - 4:.1f} {plot.top + 7}h8l-4 -7z"))
    return f" ▲ leaves the chart, up to {number(beyond[0].greatest)}." if beyond else ""


def _name_lines(plot: Plot, ends: dict[str, list[Stretch]], clock: Clock) -> None:
    """Write each line's name at its right end, above the upper line and below the lower one."""
    upper = max(ends, key=lambda name: ends[name][-1].mean)
    for kind, (name, piece) in zip(("one", "two"), ends.items(), strict=False):
        beside = [s.mean for s in piece if plot.x(clock(s.seconds)) > 1 - NAMED] or [piece[-1].mean]
        place = plot.at(0, max(beside))[1] - 8 if name == upper else plot.at(0, min(beside))[1] + 16
        place = min(max(place, plot.top + 12), plot.bottom - 5)
        sample = {"one": "━━", "two": "╍╍"}[kind]
        plot.text(WIDTH - RIGHT - 2, place, f"{sample} {title_of(name)}", f"label {kind}", "end")


def _tell_curve(name: str, points: Sequence[Point]) -> str:
    values = [point.value for point in points if drawable(point.value)]
    if not values:
        return f"{title_of(name).capitalize()}: no numbers."
    limits = f"between {number(min(values))} and {number(max(values))}"
    return f"{title_of(name).capitalize()}: from {number(values[0])} to {number(values[-1])}, {limits}."


def score_charts(history: History) -> list[Html]:
    """Return a chart for each score that was taken on the way, the most telling ones first."""
    charts = []
    for score, network in sorted(history.scores, key=lambda kind: kind[0] not in TELLING):
        scored = [(seconds, each) for seconds, each in history.scores[score, network] if drawable(each.value)]
        if scored:
            heading = f"{score[:1].upper()}{score[1:]}{f' on {network}' if network else ''}"
            charts.append(_score_chart(heading, scored, history))
    return charts


def _write_value(plot: Plot, x: float, scored: Scored) -> None:
    """Write a score beside its dot: above it and its interval if there is room, else below."""
    low, high = _limits(scored)
    (across, above), (_, below) = plot.at(x, high), plot.at(x, low)
    down = above - 8 if above - 18 > plot.top else below + 16
    plot.text(across + 4, down, number(scored.value), "label one", "end")


def _score_chart(heading: str, scored: list[tuple[float, Scored]], history: History) -> Html:
    clock = Clock(history.seconds)
    limits = [limit for _, each in scored for limit in _limits(each)]
    plot = Plot(clock.scale(0, history.seconds), robust_scale(limits, outliers=0))
    plot.axes(f"{clock.unit} of training")
    phase_marks(plot, history.phases, clock)
    plot.line([(clock(seconds), each.value) for seconds, each in scored], "line one thin")
    for seconds, each in scored:
        low, high = _limits(each)
        around = f" ({interval(low, high)})" if low < high else ""
        if around:
            plot.whisker(clock(seconds), low, high)
        told = f"{number(each.value)}{around} after {duration(seconds)}, step {each.step:,}"
        plot.mark(clock(seconds), each.value, "dot", told)
    at, last = scored[-1]
    _write_value(plot, clock(at), last)
    told = "; ".join(f"{number(each.value)} after {duration(seconds)}" for seconds, each in scored)
    bars = " Bars: 95 % intervals." if len(set(_limits(last))) > 1 else ""
    way = f", {WAYS[last.score]}" if last.score in WAYS else ""
    return figure(heading, plot.svg(heading, told), f"{last.count:,} samples each time{way}.{bars}")


def _limits(scored: Scored) -> tuple[float, float]:
    """Return the interval of a score, or its value twice if there is none."""
    low, high = (scored.value if limit is None else limit for limit in (scored.low, scored.high))
    return (low, high) if drawable(low) and drawable(high) else (scored.value, scored.value)
