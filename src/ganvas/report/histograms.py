"""Histograms of the discriminator's logits for real pictures and for samples."""

from collections.abc import Sequence

from ..events import LogitHistograms
from ..formatting import format_duration, format_number, format_percent
from ..translation import _
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
    ranges = [_filled_range(each) for _seconds, each in chosen]
    return [
        _logit_chart(seconds, each, Scale(min(low for low, _high in ranges), max(high for _low, high in ranges)))
        for seconds, each in chosen
    ]


def _logit_chart(seconds: float, histograms: LogitHistograms, x: Scale) -> Html:
    """Return the chart: bars of the real pictures go up, bars of the samples go down."""
    real, fake = _shares(histograms.real), _shares(histograms.fake)
    tallest = max(*real, *fake)
    plot = Plot(x, Scale(-1.08 * tallest, 1.08 * tallest))
    plot.axes(_("logit: taken for generated  ←  →  taken for real"), vertical=False)
    for index, (up, down) in enumerate(zip(real, fake, strict=True)):
        edges = _bin_edge(histograms, index), _bin_edge(histograms, index + 1)
        if edges[1] > x.low and edges[0] < x.high:
            middle = format_number(sum(edges) / 2)
            of_real = _("{share} of the real pictures near {logit}").format(share=format_percent(up), logit=middle)
            of_fake = _("{share} of the samples near {logit}").format(share=format_percent(down), logit=middle)
            plot.rectangle(edges, (0, up), "bar real", of_real)
            plot.rectangle(edges, (-down, 0), "bar fake", of_fake)
    _x, baseline = plot.to_pixels(x.low, 0)
    plot.straight_line((LEFT, baseline), (WIDTH - RIGHT, baseline), "axis")
    if x.low < 0 < x.high:
        zero, _y = plot.to_pixels(0, 0)
        plot.straight_line((zero, plot.top), (zero, plot.bottom), "phase")
    plot.text(LEFT + 2, plot.top + 8, _("real pictures ↑"), "label one", "start")
    # Samples have low logits, so there is room on the right.
    plot.text(WIDTH - RIGHT - 2, HEIGHT - BOTTOM - 8, _("samples ↓"), "label two", "end")
    time = format_duration(seconds)
    overlap = sum(min(pair) for pair in zip(real, fake, strict=True))
    real_mean, fake_mean = (format_number(_mean_logit(histograms, shares)) for shares in (real, fake))
    description = _("Mean of real pictures {real}, of samples {fake}. Overlap {overlap}.").format(
        real=real_mean, fake=fake_mean, overlap=format_percent(overlap)
    )
    chart = plot.svg(_("Logits after {time}").format(time=time), description)
    return figure(_("After {time}").format(time=time), chart, description)


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
