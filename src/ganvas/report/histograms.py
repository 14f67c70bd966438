"""What the discriminator thought of real pictures and of samples: histograms of its logits."""

from collections.abc import Sequence

from ..events import Logits
from ..formatting import duration, number, percent
from .downsample import Scale
from .history import History
from .html import Html
from .plot import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, Plot, figure

EMPTY = 0.01  # of the fullest bin: what counts less is not worth making the axis longer for


def logit_charts(history: History) -> list[Html]:
    """Return histograms of the discriminator's logits: early, halfway and late, on the same axis."""
    taken = history.logits
    chosen = [taken[index] for index in sorted({0, (len(taken) - 1) // 2, len(taken) - 1})] if taken else []
    limits = [_span(each) for _, each in chosen]
    return [
        _logit_chart(seconds, each, Scale(min(low for low, _ in limits), max(high for _, high in limits)))
        for seconds, each in chosen
    ]


def _logit_chart(seconds: float, logits: Logits, x: Scale) -> Html:
    """Draw the real pictures' logits upwards and the samples' downwards."""
    real, fake = _shares(logits.real), _shares(logits.fake)
    most = max(*real, *fake)
    plot = Plot(x, Scale(-1.08 * most, 1.08 * most))
    plot.axes("logit: taken for generated  ←  →  taken for real", vertical=False)
    for index, (up, down) in enumerate(zip(real, fake, strict=True)):
        edges = _edge(logits, index), _edge(logits, index + 1)
        if edges[1] > x.low and edges[0] < x.high:
            about = f"about {number(sum(edges) / 2)}"
            plot.rectangle(edges, (0, up), "bar real", f"{percent(up)} of the real pictures {about}")
            plot.rectangle(edges, (-down, 0), "bar fake", f"{percent(down)} of the samples {about}")
    _, ground = plot.at(x.low, 0)
    plot.rule((LEFT, ground), (WIDTH - RIGHT, ground), "axis")
    if x.low < 0 < x.high:
        across, _ = plot.at(0, 0)
        plot.rule((across, plot.top), (across, plot.bottom), "phase")
    plot.text(LEFT + 2, plot.top + 8, "real pictures ↑", "label one", "start")
    plot.text(WIDTH - RIGHT - 2, HEIGHT - BOTTOM - 8, "samples ↓", "label two", "end")  # their hill leans to the left
    heading = f"After {duration(seconds)}"
    shared = sum(min(pair) for pair in zip(real, fake, strict=True))
    means = f"On average real pictures {number(_mean(logits, real))}, samples {number(_mean(logits, fake))}"
    told = f"{means}; {percent(shared)} overlap."
    return figure(heading, plot.svg(f"Logits {heading.lower()}", told), told)


def _shares(counts: Sequence[int]) -> list[float]:
    return [count / sum(counts) for count in counts]


def _edge(logits: Logits, index: float) -> float:
    """Return the lower edge of a bin; halves give middles."""
    return logits.low + index * (logits.high - logits.low) / len(logits.real)


def _mean(logits: Logits, shares: Sequence[float]) -> float:
    return sum(share * _edge(logits, index + 0.5) for index, share in enumerate(shares))


def _span(logits: Logits) -> tuple[float, float]:
    """Return the limits of the bins that are not all but empty."""
    both = [max(pair) for pair in zip(_shares(logits.real), _shares(logits.fake), strict=True)]
    filled = [index for index, share in enumerate(both) if share >= EMPTY * max(both)]
    return _edge(logits, filled[0]), _edge(logits, filled[-1] + 1)
