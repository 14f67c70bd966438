"""SVG charts with axes. Their colors, dashes and dark mode are in page.css."""

from collections.abc import Iterable, Sequence

from ..formatting import format_number
from ..translation import N_, _
from .downsample import Scale
from .html import Html, join, tag

WIDTH, HEIGHT = 380, 232  # pixels; about the width of a phone, wider screens show several in a row
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 22, 36
TIME_LABELS = {
    "hours": N_("hours of training"),
    "minutes": N_("minutes of training"),
    "seconds": N_("seconds of training"),
}


class Plot:
    """The parts of one chart; later parts are drawn over earlier ones.

    Args:
        x: scale of the horizontal values.
        y: scale of the vertical values.
        vertical: top and bottom edge of the plot, in pixels from the top of the chart.
    """

    def __init__(self, x: Scale, y: Scale, vertical: tuple[float, float] = (TOP, HEIGHT - BOTTOM)) -> None:
        self.x, self.y, (self.top, self.bottom) = x, y, vertical
        self.parts: list[Html] = []

    def to_pixels(self, x: float, y: float) -> tuple[float, float]:
        """Return the position of a point in pixels, clamped to the plot."""
        pixel_x = LEFT + self.x.clamped(x) * (WIDTH - LEFT - RIGHT)
        return pixel_x, self.bottom - self.y.clamped(y) * (self.bottom - self.top)

    def line(self, points: Iterable[tuple[float, float]], css_class: str) -> None:
        """Draw a line through `points`. A single point is drawn as a dot, since lines have round ends."""
        pixels = [self.to_pixels(*point) for point in points]
        self.parts.append(
            tag("polyline", class_=css_class, points=_svg_points(pixels if len(pixels) > 1 else 2 * pixels))
        )

    def band(self, edges: Sequence[tuple[float, float, float]], css_class: str) -> None:
        """Fill the area between two curves, given as triples (x, low, high)."""
        upper = [self.to_pixels(x, high) for x, _, high in edges]
        lower = [self.to_pixels(x, low) for x, low, _ in reversed(edges)]
        self.parts.append(tag("polygon", class_=css_class, points=_svg_points(upper + lower)))

    def rectangle(self, x: tuple[float, float], y: tuple[float, float], css_class: str, tooltip: str = "") -> None:
        """Fill a rectangle; a pointer that rests on it shows `tooltip`."""
        (left, bottom), (right, top) = self.to_pixels(x[0], y[0]), self.to_pixels(x[1], y[1])
        title = (tag("title", tooltip),) if tooltip else ()
        box = {"x": left, "y": top, "width": right - left, "height": bottom - top}
        self.parts.append(tag("rect", *title, class_=css_class, **box))

    def dot(self, x: float, y: float, css_class: str, tooltip: str, radius: float = 3.5) -> None:
        """Draw a dot; a pointer that rests on it shows `tooltip`."""
        pixel_x, pixel_y = self.to_pixels(x, y)
        self.parts.append(tag("circle", tag("title", tooltip), class_=css_class, cx=pixel_x, cy=pixel_y, r=radius))

    def error_bar(self, x: float, low: float, high: float) -> None:
        """Draw an interval as a vertical line with a short stroke at either end."""
        (pixel_x, lower), (_, upper) = self.to_pixels(x, low), self.to_pixels(x, high)
        self.straight_line((pixel_x, lower), (pixel_x, upper), "whisker")
        for end in (lower, upper):
            self.straight_line((pixel_x - 4, end), (pixel_x + 4, end), "whisker")

    def text(self, pixel_x: float, pixel_y: float, text: str, css_class: str, anchor: str = "middle") -> None:
        """Write `text` at a position in pixels."""
        self.parts.append(tag("text", text, class_=css_class, x=pixel_x, y=pixel_y, text_anchor=anchor))

    def straight_line(self, start: tuple[float, float], end: tuple[float, float], css_class: str) -> None:
        """Draw a straight line between two positions in pixels."""
        (x1, y1), (x2, y2) = start, end
        self.parts.append(tag("line", class_=css_class, x1=x1, y1=y1, x2=x2, y2=y2))

    def axes(self, x_label: str, vertical: bool = True) -> None:
        """Draw the ticks, the grid lines, and `x_label` below the horizontal axis."""
        if vertical:
            for tick in self.y.ticks():
                _, pixel_y = self.to_pixels(self.x.low, tick)
                self.straight_line((LEFT, pixel_y), (WIDTH - RIGHT, pixel_y), "grid")
                self.text(LEFT - 6, pixel_y + 4, format_number(tick), "tick", "end")
        for tick in self.x.ticks(6):
            pixel_x, _ = self.to_pixels(tick, self.y.low)
            self.straight_line((pixel_x, self.bottom), (pixel_x, self.bottom + 4), "axis")
            self.text(pixel_x, self.bottom + 16, format_number(tick), "tick")
        self.straight_line((LEFT, self.bottom), (WIDTH - RIGHT, self.bottom), "axis")
        self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, x_label, "tick")

    def svg(self, title: str, description: str) -> Html:
        """Return the chart as an SVG element; screen readers read `title` and `description`."""
        return tag(
            "svg", tag("title", title), tag("desc", description), *self.parts,
            class_="chart", role="img", viewBox=f"0 0 {WIDTH} {HEIGHT}",
        )  # fmt: skip


class TimeAxis:
    """The time axis of a training, in a unit that fits its length: seconds, minutes or hours.

    Args:
        seconds: length of the training.
    """

    def __init__(self, seconds: float) -> None:
        self.unit, self.seconds_per_unit = next(
            (unit, length)
            for unit, length, min_seconds in (
                ("hours", 3600.0, 7200.0),
                ("minutes", 60.0, 150.0),
                ("seconds", 1.0, 0.0),
            )
            if seconds >= min_seconds
        )

    @property
    def label(self) -> str:
        """Return what the axis shows: "minutes of training"."""
        return _(TIME_LABELS[self.unit])

    def scale(self, start: float, end: float) -> Scale:
        """Return the scale from `start` to `end`, both in seconds."""
        return Scale(start / self.seconds_per_unit, max(end, start + 1e-3) / self.seconds_per_unit)

    def __call__(self, seconds: float) -> float:
        """Return `seconds` in the chosen unit."""
        return seconds / self.seconds_per_unit


def _svg_points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def figure(heading: str, chart: Html, explanation: str) -> Html:
    """Return a chart below its heading and an explanation of how to read it."""
    caption = join(tag("strong", heading), " ", tag("span", explanation))
    return tag("figure", tag("figcaption", caption), chart, class_="plot")
