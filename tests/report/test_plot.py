"""Plot: everything stays inside the chart, and screen readers get a description."""

import re

from ganvas.report.downsample import Scale
from ganvas.report.plot import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Plot, TimeAxis, figure


def test_values_outside_are_moved_to_the_edge() -> None:
    plot = Plot(Scale(0, 10), Scale(0, 1))
    assert plot.to_pixels(0, 0) == (LEFT, HEIGHT - BOTTOM)
    assert plot.to_pixels(10, 1) == (WIDTH - RIGHT, TOP)
    assert plot.to_pixels(-5, 99) == (LEFT, TOP)


def test_a_line_of_one_point_shows() -> None:
    plot = Plot(Scale(0, 10), Scale(0, 1))
    plot.line([(5, 0.5)], "line")
    (points,) = re.findall(r'points="([^"]*)"', plot.parts[0])
    first, second = points.split()
    assert first == second, "browsers do not draw a polyline of one point; two points at one position are a dot"


def test_a_chart_has_a_title_and_a_description() -> None:
    svg = Plot(Scale(0, 1), Scale(0, 1)).svg("Loss <1>", "From 3 to 1.")
    assert 'role="img"' in svg
    assert "<title>Loss &lt;1&gt;</title><desc>From 3 to 1.</desc>" in svg
    assert svg in figure("Loss", svg, "Lower is better.")


def test_time_has_a_fitting_unit() -> None:
    assert (TimeAxis(100).unit, TimeAxis(600).unit, TimeAxis(9000).unit) == ("seconds", "minutes", "hours")
    assert TimeAxis(600)(90) == 1.5
    scale = TimeAxis(600).scale(0, 0)
    assert scale.low < scale.high
