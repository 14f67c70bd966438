"""Charts of the signs of health, with the time that the training was ill and what was done about it."""

from collections.abc import Sequence

from ..coach.describe import sign_of, sign_text
from ..coach.diagnosis.diagnoses import SOUND
from ..coach.doctor import Treatment
from ..coach.measurement.metric_names import SIGNS
from ..formatting import duration
from .charts import phase_marks
from .downsample import drawable, robust_scale
from .history import History, Point
from .html import Html
from .plot import Clock, Plot, figure

TELLING = ("diversity", "logit_gap", "distance", "near_copies", "told_apart", "modes_lost")  # come first
MOST_CHARTS = 60
MOST_POINTS = 200  # of a chart
MOST_DOTS = 60  # beyond, the line alone says it
MOST_SHADES = 50


def sign_charts(history: History, treatments: Sequence[Treatment]) -> tuple[list[Html], list[str]]:
    """Return a chart for each sign that changed, the telling ones first, and in words those that never did."""
    order = [*TELLING, *(name for name in SIGNS if name not in TELLING)]
    names = sorted(history.signs, key=lambda name: order.index(name) if name in order else len(order))[:MOST_CHARTS]
    charts, constant = [], []
    for name in names:
        points = [point for point in history.signs[name] if drawable(point.value)]
        lost = len(history.signs[name]) - len(points)
        if len({point.value for point in points}) > 1:
            charts.append(_chart(name, points, lost, history, treatments))
        elif points:
            constant.append(f"{sign_of(name).about}: {sign_text(name, points[0].value)}")
    return charts, constant


def _chart(name: str, points: Sequence[Point], lost: int, history: History, treatments: Sequence[Treatment]) -> Html:
    """Draw one sign over the time of the training."""
    sign, clock = sign_of(name), Clock(history.seconds)
    unit = 100.0 if sign.kind == "share" else 1.0
    some = points[:: -(-len(points) // MOST_POINTS)]
    places = [(clock(point.seconds), unit * point.value) for point in some]
    plot = Plot(clock.scale(0, history.seconds), robust_scale([value for _, value in places]))
    _shade(plot, history, clock)
    plot.axes(f"{clock.unit} of training")
    phase_marks(plot, history.phases, clock)
    _mark(plot, history, treatments, clock)
    plot.line(places, "line one thin")
    for point, place in zip(some, places, strict=True) if len(some) <= MOST_DOTS else ():
        plot.mark(*place, "dot", f"{sign_text(name, point.value)} after {duration(point.seconds)}")
    first, last = (sign_text(name, point.value) for point in (points[0], points[-1]))
    heading = f"{sign.about[:1].upper()}{sign.about[1:]}"
    notes = (
        "In percent." if sign.kind == "share" else "",
        "Logarithmic scale." if plot.y.log else "",
        f"Values that were no numbers and are left out: {lost:,}." if lost else "",
    )
    return figure(heading, plot.svg(heading, f"From {first} to {last}."), " ".join(filter(None, notes)))


def _shade(plot: Plot, history: History, clock: Clock) -> None:
    """Shade the longest times of sickness."""
    ills = [(history.second(s.start[0]), history.second(s.end[0])) for s in history.spans if s.name not in SOUND]
    for start, end in sorted(ills, key=lambda times: times[0] - times[1])[:MOST_SHADES]:
        plot.rectangle((clock(start), clock(end)), (plot.y.low, plot.y.high), "shade")


def _mark(plot: Plot, history: History, treatments: Sequence[Treatment], clock: Clock) -> None:
    """Draw a numbered line where something was done."""
    for index, each in enumerate(treatments, 1):
        across, _ = plot.at(clock(history.second(each.order.step)), plot.y.low)
        plot.rule((across, plot.top), (across, plot.bottom), "treated")
        plot.text(across, plot.top - 2, str(index), "tick")
