"""The ground that charts are drawn on: an SVG with axes, whose looks (colours, dashes, dark mode) are in page.css."""

from collections.abc import Iterable, Sequence

from ..formatting import number
from .downsample import Scale
from .html import Html, join, tag

WIDTH, HEIGHT = 380, 232  # about what a phone shows at one to one; wider screens set several in a row
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 22, 36


class Plot:
    """Collect the parts of one chart; later parts lie on top of earlier ones.

    Args:
        x: maps the horizontal values.
        y: maps the vertical values.
        ground: where the plot's top and bottom edge are, in pixels from the top of the chart.
    """

    def __init__(self, x: Scale, y: Scale, ground: tuple[float, float] = (TOP, HEIGHT - BOTTOM)) -> None:
        self.x, self.y, (self.top, self.bottom) = x, y, ground
        self.parts: list[Html] = []

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return pixels for a pair of values, moved to the edge if they are outside."""
        across = LEFT + self.x.inside(x) * (WIDTH - LEFT - RIGHT)
        return across, self.bottom - self.y.inside(y) * (self.bottom - self.top)

    def line(self, points: Iterable[tuple[float, float]], kind: str) -> None:
        """Draw a line through `points`; a single one shows as a dot, its line having round ends."""
        places = [self.at(*point) for point in points]
        self.parts.append(tag("polyline", class_=kind, points=_path(places if len(places) > 1 else 2 * places)))

    def band(self, edges: Sequence[tuple[float, float, float]], kind: str) -> None:
        """Fill between the lower and upper edge: triples of x, low, high."""
        upper = [self.at(x, high) for x, _, high in edges]
        lower = [self.at(x, low) for x, low, _ in reversed(edges)]
        self.parts.append(tag("polygon", class_=kind, points=_path(upper + lower)))

    def rectangle(self, x: tuple[float, float], y: tuple[float, float], kind: str, told: str = "") -> None:
        """Fill a rectangle; `told` is shown when the pointer rests on it."""
        (left, bottom), (right, top) = self.at(x[0], y[0]), self.at(x[1], y[1])
        title = (tag("title", told),) if told else ()
        box = {"x": left, "y": top, "width": right - left, "height": bottom - top}
        self.parts.append(tag("rect", *title, class_=kind, **box))

    def mark(self, x: float, y: float, kind: str, told: str, radius: float = 3.5) -> None:
        """Draw a dot; `told` is shown when the pointer rests on it."""
        across, down = self.at(x, y)
        self.parts.append(tag("circle", tag("title", told), class_=kind, cx=across, cy=down, r=radius))

    def whisker(self, x: float, low: float, high: float) -> None:
        """Draw an interval as an upright bar with a short stroke at either end."""
        (across, lower), (_, upper) = self.at(x, low), self.at(x, high)
        self.rule((across, lower), (across, upper), "whisker")
        for end in (lower, upper):
            self.rule((across - 4, end), (across + 4, end), "whisker")

    def text(self, across: float, down: float, words: str, kind: str, anchor: str = "middle") -> None:
        """Write `words` at a place in pixels."""
        self.parts.append(tag("text", words, class_=kind, x=across, y=down, text_anchor=anchor))

    def rule(self, start: tuple[float, float], end: tuple[float, float], kind: str) -> None:
        """Draw a straight line between two places in pixels."""
        (x1, y1), (x2, y2) = start, end
        self.parts.append(tag("line", class_=kind, x1=x1, y1=y1, x2=x2, y2=y2))

    def axes(self, below: str, vertical: bool = True) -> None:
        """Draw ticks, a grid and what is told `below` the horizontal axis."""
        if vertical:
            for tick in self.y.ticks():
                _, down = self.at(self.x.low, tick)
                self.rule((LEFT, down), (WIDTH - RIGHT, down), "grid")
                self.text(LEFT - 6, down + 4, number(tick), "tick", "end")
        for tick in self.x.ticks(6):
            across, _ = self.at(tick, self.y.low)
            self.rule((across, self.bottom), (across, self.bottom + 4), "axis")
            self.text(across, self.bottom + 16, number(tick), "tick")
        self.rule((LEFT, self.bottom), (WIDTH - RIGHT, self.bottom), "axis")
        self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, below, "tick")

    def svg(self, title: str, description: str) -> Html:
        """Return the chart; `description` tells those who cannot see it what it shows."""
        return tag(
            "svg", tag("title", title), tag("desc", description), *self.parts,
            class_="chart", role="img", viewBox=f"0 0 {WIDTH} {HEIGHT}",
        )  # fmt: skip


class Clock:
    """Choose the unit in which a training's time is drawn.

    Args:
        seconds: how long it took.
    """

    def __init__(self, seconds: float) -> None:
        self.unit, self.length = next(
            (unit, length)
            for unit, length, least in (("hours", 3600.0, 7200.0), ("minutes", 60.0, 150.0), ("seconds", 1.0, 0.0))
            if seconds >= least
        )

    def scale(self, start: float, end: float) -> Scale:
        """Return the axis from `start` to `end`, in seconds."""
        return Scale(start / self.length, max(end, start + 1e-3) / self.length)

    def __call__(self, seconds: float) -> float:
        """Return `seconds` in the chosen unit."""
        return seconds / self.length


def _path(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def figure(heading: str, chart: Html, about: str) -> Html:
    """Return a chart with its heading and how to read it."""
    caption = join(tag("strong", heading), " ", tag("span", about))
    return tag("figure", tag("figcaption", caption), chart, class_="plot")
