"""Histograms of the discriminator's logits for real pictures and for samples."""

from collections.abc import Sequence

from ..events import LogitHistograms
from ..formatting import format_duration, format_number, format_percent
from .downsample import Scale
from .history import History
from .html import Html
from .plot import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, Plot, figure

NEARLY_EMPTY = 0.01  # share of the fullest bin; the axis ends where all bins beyond have less


def logit_charts(history: History) -> list[Html]:
    """Return charts of the logits early, halfway and late in the training, on the same axis."""
    histograms = history.logit_histograms
    if not histograms:
        return []
    chosen = [histograms[index] for index in sorted({0, (len(histograms) - 1) // 2, len(histograms) - 1})]
    ranges = [_filled_range(each) for _, each in chosen]
    return [
        _logit_chart(seconds, each, Scale(min(low for low, _ in ranges), max(high for _, high in ranges)))
        for seconds, each in chosen
    ]


def _logit_chart(seconds: float, histograms: LogitHistograms, x: Scale) -> Html:
    """Return the chart: bars of the real pictures go up, bars of the samples go down."""
    real, fake = _shares(histograms.real), _shares(histograms.fake)
    tallest = max(*real, *fake)
    plot = Plot(x, Scale(-1.08 * tallest, 1.08 * tallest))
    plot.axes("logit: taken for generated  ←  →  taken for real", vertical=False)
    for index, (up, down) in enumerate(zip(real, fake, strict=True)):
        edges = _bin_edge(histograms, index), _bin_edge(histograms, index + 1)
        if edges[1] > x.low and edges[0] < x.high:
            position = f"near {format_number(sum(edges) / 2)}"
            plot.rectangle(edges, (0, up), "bar real", f"{format_percent(up)} of the real pictures {position}")
            plot.rectangle(edges, (-down, 0), "bar fake", f"{format_percent(down)} of the samples {position}")
    _, baseline = plot.to_pixels(x.low, 0)
    plot.straight_line((LEFT, baseline), (WIDTH - RIGHT, baseline), "axis")
    if x.low < 0 < x.high:
        zero, _ = plot.to_pixels(0, 0)
        plot.straight_line((zero, plot.top), (zero, plot.bottom), "phase")
    plot.text(LEFT + 2, plot.top + 8, "real pictures ↑", "label one", "start")
    # Samples have low logits, so there is room on the right.
    plot.text(WIDTH - RIGHT - 2, HEIGHT - BOTTOM - 8, "samples ↓", "label two", "end")
    heading = f"After {format_duration(seconds)}"
    overlap = sum(min(pair) for pair in zip(real, fake, strict=True))
    real_mean, fake_mean = (format_number(_mean_logit(histograms, shares)) for shares in (real, fake))
    description = f"Mean of real pictures {real_mean}, of samples {fake_mean}. Overlap {format_percent(overlap)}."
    return figure(heading, plot.svg(f"Logits {heading.lower()}", description), description)


def _shares(counts: Sequence[int]) -> list[float]:
    return [count / sum(counts) for count in counts]


def _bin_edge(histograms: LogitHistograms, index: float) -> float:
    """Return the lower edge of bin `index`; an index of i + 0.5 gives the center of bin i."""
    return histograms.low + index * (histograms.high - histograms.low) / len(histograms.real)


def _mean_logit(histograms: LogitHistograms, shares: Sequence[float]) -> float:
    return sum(share * _bin_edge(histograms, index + 0.5) for index, share in enumerate(shares))


def _filled_range(histograms: LogitHistograms) -> tuple[float, float]:
    """Return the limits of the bins that are not nearly empty."""
    fullest = [max(pair) for pair in zip(_shares(histograms.real), _shares(histograms.fake), strict=True)]
    filled = [index for index, share in enumerate(fullest) if share >= NEARLY_EMPTY * max(fullest)]
    return _bin_edge(histograms, filled[0]), _bin_edge(histograms, filled[-1] + 1)
