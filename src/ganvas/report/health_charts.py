"""Charts of the health metrics, with the times of problems and the treatments marked."""

from collections.abc import Sequence

from ..coach.describe import format_metric, metric_description, metric_of
from ..coach.diagnosis.diagnoses import HEALTHY_VERDICTS
from ..coach.doctor import TreatmentResult
from ..coach.measurement.metric_names import METRICS
from ..formatting import format_duration
from ..translation import _
from .charts import draw_phase_changes
from .downsample import is_drawable, robust_scale
from .history import History, Point
from .html import Html
from .plot import Plot, TimeAxis, figure

FIRST_METRICS = (
    "diversity",
    "logit_gap",
    "feature_distance",
    "near_copies",
    "d_pair_accuracy",
    "modes_lost",
)  # shown first
MAX_CHARTS = 60
MAX_POINTS = 200  # per chart
MAX_DOTS = 60  # with more points, only the line is drawn
MAX_SHADES = 50  # per chart


def metric_charts(history: History, treatments: Sequence[TreatmentResult]) -> tuple[list[Html], list[str]]:
    """Return a chart for each metric that changed, the most important ones first, and in words those that never did."""
    order = [*FIRST_METRICS, *(name for name in METRICS if name not in FIRST_METRICS)]
    names = sorted(history.health_metrics, key=lambda name: order.index(name) if name in order else len(order))[
        :MAX_CHARTS
    ]
    charts, constant = [], []
    for name in names:
        points = [point for point in history.health_metrics[name] if is_drawable(point.value)]
        left_out = len(history.health_metrics[name]) - len(points)
        if len({point.value for point in points}) > 1:
            charts.append(_chart(name, points, left_out, history, treatments))
        elif points:
            constant.append(f"{metric_description(name)}: {format_metric(name, points[0].value)}")
    return charts, constant


def _chart(
    name: str, points: Sequence[Point], left_out: int, history: History, treatments: Sequence[TreatmentResult]
) -> Html:
    """Return the chart of one metric over the time of the training."""
    metric, time_axis = metric_of(name), TimeAxis(history.seconds)
    factor = 100.0 if metric.unit == "share" else 1.0
    drawn = points[:: -(-len(points) // MAX_POINTS)]
    coordinates = [(time_axis(point.seconds), factor * point.value) for point in drawn]
    plot = Plot(time_axis.scale(0, history.seconds), robust_scale([value for _x, value in coordinates]))
    _shade_problems(plot, history, time_axis)
    plot.axes(time_axis.label)
    draw_phase_changes(plot, history.phases, time_axis)
    _mark_treatments(plot, history, treatments, time_axis)
    plot.line(coordinates, "line one thin")
    for point, coordinate in zip(drawn, coordinates, strict=True) if len(drawn) <= MAX_DOTS else ():
        tooltip = _("{value} after {time}").format(
            value=format_metric(name, point.value), time=format_duration(point.seconds)
        )
        plot.dot(*coordinate, "dot", tooltip)
    first, last = (format_metric(name, point.value) for point in (points[0], points[-1]))
    description = metric_description(name)
    heading = f"{description[:1].upper()}{description[1:]}"
    notes = (
        _("In percent.") if metric.unit == "share" else "",
        _("Logarithmic scale.") if plot.y.log else "",
        _("Values left out (not finite or too large): {count:,}.").format(count=left_out) if left_out else "",
    )
    return figure(
        heading,
        plot.svg(heading, _("From {first} to {last}.").format(first=first, last=last)),
        " ".join(filter(None, notes)),
    )


def _shade_problems(plot: Plot, history: History, time_axis: TimeAxis) -> None:
    """Shade the times of problems, at most the longest `MAX_SHADES`."""
    spans = [span for span in history.spans if span.name not in HEALTHY_VERDICTS]
    problems = [(history.seconds_at_step(span.start[0]), history.seconds_at_step(span.end[0])) for span in spans]
    for start, end in sorted(problems, key=lambda times: times[0] - times[1])[:MAX_SHADES]:
        plot.rectangle((time_axis(start), time_axis(end)), (plot.y.low, plot.y.high), "shade")


def _mark_treatments(plot: Plot, history: History, treatments: Sequence[TreatmentResult], time_axis: TimeAxis) -> None:
    """Draw a numbered vertical line at each treatment."""
    for index, each in enumerate(treatments, 1):
        line_x, _y = plot.to_pixels(time_axis(history.seconds_at_step(each.treatment.step)), plot.y.low)
        plot.straight_line((line_x, plot.top), (line_x, plot.bottom), "treatment")
        plot.text(line_x, plot.top - 2, str(index), "tick")
