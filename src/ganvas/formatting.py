"""Numbers, durations and names formatted for people."""

import math
import unicodedata

from .config import CHANNELS, Config
from .translation import N_, _

CHANNEL_NAMES = {count: name for name, count in CHANNELS.items()}
BETTER_TEXT = {
    N_("lower"): N_("lower is better"),
    N_("higher"): N_("higher is better"),
    N_("near real"): N_("closer to real pictures is better"),
}
CHANNEL_DESCRIPTIONS = {1: N_("grey"), 3: N_("colour"), 4: N_("colour with transparency")}
NAMES = (  # of networks and losses, as `display_name` returns them
    N_("generator"), N_("discriminator"), N_("autoencoder"), N_("upsampler"), N_("refiner"), N_("prior"),
    N_("reconstruction"), N_("divergence"), N_("upsampling"), N_("perceptual"), N_("penalty"), N_("real logits"),
    N_("fake logits"), N_("d reconstruction"),
)  # fmt: skip


def format_number(value: object) -> str:
    """Return a number with three significant digits ("0.0123", "12.3", "1,234"), None as a dash, others as str."""
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


def format_interval(low: object, high: object) -> str:
    """Return "12.1 to 13.4", or an empty string if a bound is missing."""
    return (
        ""
        if low is None or high is None
        else _("{low} to {high}").format(low=format_number(low), high=format_number(high))
    )


def format_bytes(count: int) -> str:
    """Return a size in powers of 1,000: "5.2 GB"."""
    from rich.filesize import decimal

    return decimal(count)


def printable(text: str, keep: str = "") -> str:
    """Return a text that is safe to print: unprintable characters become escapes.

    A stranger's text could else clear the terminal, or write to the clipboard.

    Args:
        keep: characters that stay, such as line breaks.
    """

    def is_safe(character: str) -> bool:
        return character.isprintable() or character in keep or unicodedata.category(character) == "Zs"  # any space

    return "".join(c if is_safe(c) else c.encode("unicode_escape").decode("ascii") for c in text)


def format_percent(share: object) -> str:
    """Return a fraction as a percentage, None as a dash, others as str."""
    return f"{format_number(100 * share)}\u00a0%" if isinstance(share, int | float) else format_number(share)


def format_duration(seconds: float) -> str:
    """Return "42 s", "12 min 5 s" or "3 h 20 min", with non-breaking spaces before units."""
    total = round(seconds)
    if total < 60:
        return f"{total}\u00a0s"
    if total < 3600:
        minutes, rest = divmod(total, 60)
        return f"{minutes}\u00a0min {rest}\u00a0s" if rest else f"{minutes}\u00a0min"
    hours, rest = divmod(round(seconds / 60), 60)
    return f"{hours}\u00a0h {rest}\u00a0min" if rest else f"{hours}\u00a0h"


def format_size(config: Config) -> str:
    """Return the size and channels of a run's pictures, such as "64×64, colour"."""
    return f"{config.data.width}×{config.data.height}, {_(CHANNEL_DESCRIPTIONS[config.data.channels])}"


def display_name(name: str) -> str:
    """Return the name of a loss or phase for people: "real_logits" becomes "real logits"."""
    return _(name.replace("_", " "))


def basename(path: str) -> str:
    """Return the last part of a path, of Windows or any other system."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2] or path
