"""What is asked for of a film, checked before time is spent on it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path

from ...config import StyleConfig
from ...data.ownership import check_free
from ...errors import GanvasError
from ...image_io import check_writable
from ...translation import _
from ...video.container import CODECS
from ...video.film import MAX_SIDE
from ...video.reader import FilmFacts
from ..check import check_config
from ..plan import scale_to
from ..trained_style import is_trained_style

USED = ("size", "strength", "style_scale", "blend", "colors", "memory", "device", "fast")  # settings that films know


@dataclass(frozen=True, kw_only=True)
class FilmPlan:
    """Which frames of a film are painted (from 1 on, both counted; None is the last there is), and how large."""

    first: int
    last: int | None
    size: tuple[int, int]

    def count(self, facts: FilmFacts) -> int:
        """Return about how many frames are painted; 0 if nobody knows."""
        end = min(self.last, facts.frames) if self.last and facts.frames else self.last or facts.frames
        return max(0, end - self.first + 1) if end else 0

    def seconds(self, facts: FilmFacts) -> tuple[Fraction, Fraction]:
        """Return when about the painted part begins and ends."""
        begin = (self.first - 1) / facts.rate
        return begin, begin + (self.count(facts) or 1) / facts.rate


def plan_film(facts: FilmFacts, config: StyleConfig, frames: str) -> FilmPlan:
    """Return what is painted of a film.

    Raises:
        GanvasError: there are no such frames.
    """
    first, last = parse_frames(frames)
    if facts.frames and first > facts.frames:
        raise GanvasError(
            _("The film has about {count} frames: none from {first} on.").format(count=facts.frames, first=first),
            _("Try: --frames 1-{count}").format(count=min(facts.frames, 100)),
        )
    shown = facts.width, facts.height
    size = shown if max(shown) <= config.size else even(scale_to(shown, config.size))
    return FilmPlan(first=first, last=last, size=size)


def even(size: tuple[int, int]) -> tuple[int, int]:
    """Return a size whose sides codecs can halve, which H.264 and VP9 do with colours."""
    width, height = (max(2, side - side % 2) for side in size)
    return width, height


def parse_frames(frames: str) -> tuple[int, int | None]:
    """Return the first and the last frame of "100-200", "100-" or "-200"; numbers begin at 1.

    Raises:
        GanvasError: it is none of these.
    """
    begin, dash, end = frames.partition("-")
    is_known = all(part.isdecimal() or not part for part in (begin, end)) and (bool(dash) or bool(begin) or not frames)
    if is_known:
        first = int(begin or 1)
        last = int(end) if end else None if dash or not frames else first
        if first >= 1 and (last is None or last >= first):
            return first, last
    raise GanvasError(
        _("'{frames}' are no frames of a film.").format(frames=frames), _("Try: --frames 100-200 (they begin at 1)")
    )


def check_film_settings(
    config: StyleConfig, styles: Sequence[Path], masks: Sequence[Path], sweep: str, film: Path
) -> None:
    """Check that settings are those of films.

    Raises:
        GanvasError: one has no meaning for a film, or makes no sense.
    """
    check_config(config, len(styles))
    usual = StyleConfig()
    changed = [field.name for field in fields(config) if getattr(config, field.name) != getattr(usual, field.name)]
    unknown = [f"--{name.replace('_', '-')}" for name in changed if name not in USED and name != "signature"]
    unknown += ["--sign"] * ("signature" in changed) + ["--mask"] * bool(masks) + ["--sweep"] * bool(sweep)
    if unknown:
        raise GanvasError(
            _("{film} is a film, for which {options} cannot be used.").format(film=film, options=", ".join(unknown)),
            _("Leave it out. Films know {options}.").format(
                options=", ".join(f"--{name.replace('_', '-')}" for name in (*USED, "frames"))
            ),
        )
    for style in styles:
        if style.is_dir() and not is_trained_style(style):
            raise GanvasError(
                _("{style} is a folder; a film is painted in one style, or a mixture.").format(style=style),
                _("Name one picture in it."),
            )


def check_film_out(out: Path, sources: Sequence[Path], size: tuple[int, int]) -> None:
    """Check that a film can be written to `out`, and takes the place of nothing that is not ours.

    Raises:
        GanvasError: it cannot.
    """
    if out.suffix.lower() not in CODECS or out.is_dir():
        raise GanvasError(
            _("A film cannot be written to {out}.").format(out=out),
            _("Use a name that ends in {names}.").format(names=", ".join(CODECS)),
        )
    if max(size) > MAX_SIDE:
        raise GanvasError(
            _("A film of {size} pixels is too large for players.").format(size=f"{size[0]} x {size[1]}"),
            _("Try: --size {size}").format(size=MAX_SIDE),
        )
    if any(out.exists() and source.exists() and out.samefile(source) for source in sources):
        raise GanvasError(_("{out} is what is painted from.").format(out=out), _("Give --out another name."))
    check_free(out)
    check_writable(out.parent, _("Choose another folder for --out."))
