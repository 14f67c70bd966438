"""Numbers, durations and names as a person reads them."""

import math

from .config import CHANNELS, Config

CHANNEL_NAMES = {count: name for name, count in CHANNELS.items()}
BETTER = {"lower": "lower is better", "higher": "higher is better", "near real": "the nearer to real, the better"}
KINDS = {1: "grey", 3: "colour", 4: "colour, partly transparent"}


def number(value: object) -> str:
    """Return three significant digits ("0.0123", "12.3", "1,234"), a dash for None, anything else as it is."""
    if value is None:
        return "–"
    if not isinstance(value, int | float) or not math.isfinite(value):
        return str(value)
    sign, size = "−" if value < 0 else "", abs(value)
    if size >= 1e6 or 0 < size < 1e-4:
        return f"{sign}{size:.2e}"
    if size >= 100:
        return f"{sign}{size:,.0f}"
    digits = 2 if size == 0 else 2 - math.floor(math.log10(size))
    return sign + f"{size:.{digits}f}".rstrip("0").rstrip(".")


def interval(low: object, high: object) -> str:
    """Return "12.1 to 13.4", or an empty string if a limit is missing."""
    return "" if low is None or high is None else f"{number(low)} to {number(high)}"


def percent(share: object) -> str:
    """Return a share of one as a percentage, a dash for None, anything else as it is."""
    return f"{number(100 * share)}\u00a0%" if isinstance(share, int | float) else number(share)


def duration(seconds: float) -> str:
    """Return "42 s", "12 min 5 s" or "3 h 20 min", numbers not to be parted from their units."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}\u00a0s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes}\u00a0min {rest}\u00a0s" if rest else f"{minutes}\u00a0min"
    hours, rest = divmod(round(seconds / 60), 60)
    return f"{hours}\u00a0h {rest}\u00a0min" if rest else f"{hours}\u00a0h"


def size(config: Config) -> str:
    """Return the pictures' size and kind, such as "64×64, colour"."""
    return f"{config.data.width}×{config.data.height}, {KINDS[config.data.channels]}"


def title_of(name: str) -> str:
    """Return the name of a loss or phase for people: "real_logits" becomes "real logits"."""
    return name.replace("_", " ")


def name_of(path: str) -> str:
    """Return the last part of a path of any system."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2] or path
