"""Repaint a film in the style of paintings."""

import json
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict
from pathlib import Path

from ...config import StyleConfig
from ...device import choose_device, torch_device
from ...errors import GanvasError
from ...events import Done, Event, Note
from ...interrupts import stop_on_interrupt
from ...translation import _
from ...version import __version__
from ...video.pyav import library_versions
from ...video.reader import FilmFacts, read_facts, read_near
from ..fast_paint import FastPainter
from ..trained_style import painting_of
from .flow import require_opencv
from .job import FilmJob, split_alpha
from .journal import alone_with, film_mark, open_journal
from .painter import FilmPainter
from .plan import FilmPlan, check_film_out, check_film_settings, plan_film
from .preview import FRAMES, preview_path, write_preview

NOT_IN_MARK = ("device", "memory", "fast")  # settings that do not change the film


def stylize_film(
    film: Path,
    styles: Sequence[Path],
    out: Path,
    config: StyleConfig | None = None,
    frames: str = "",
    stop: Callable[[], bool] = lambda: False,
) -> Generator[Event, None, None]:
    """Repaint `film` in the style of `styles`, write it to `out`, and yield what happens.

    A sheet of some frames is written first. If it is stopped or killed, the same call goes on.

    Args:
        frames: which are painted, such as "100-200"; all if empty.
        stop: says whether to stop; what is painted so far is then written to `out`, with its sound.

    Raises:
        GanvasError: the film or a style cannot be read, a setting makes no sense for films, or `out` cannot be written.
    """
    return stop_on_interrupt(
        lambda stopped: _stylize_film(film, styles, out, config or StyleConfig(), frames, stopped), stop
    )


def _stylize_film(
    film: Path, styles: Sequence[Path], out: Path, config: StyleConfig, frames: str, stop: Callable[[], bool]
) -> Generator[Event, None, None]:
    started = time.monotonic()
    styles = [painting_of(style) for style in styles]
    check_film_settings(config, styles, (), "", film)
    require_opencv()
    facts = read_facts(film)
    plan = plan_film(facts, config, frames)
    check_film_out(out, (film, *styles), plan.size)
    yield from _film_notes(film, facts, plan, out)
    choice = choose_device(config.device)
    yield Note(_("Painting on {device}: {reason}.").format(device=choice.device, reason=choice.reason))
    networks = FastPainter()
    painter = FilmPainter.load(networks, styles, config, torch_device(choice))
    settings = {name: value for name, value in asdict(config).items() if name not in NOT_IN_MARK}
    makers = [__version__, library_versions(), networks.name(styles)]
    mark = film_mark([settings, frames, out.suffix.lower(), makers], (film, *styles))
    metadata = {
        "film": film, "styles": json.dumps([str(style) for style in styles]), "settings": json.dumps(settings),
        "frames": frames, "mark": mark,
    }  # fmt: skip
    with alone_with(out):
        journal, is_of_no_use = open_journal(out, mark)
        if is_of_no_use:
            yield Note(
                _(
                    "What was begun of {out} is damaged, or of another film or other settings. It is painted anew."
                ).format(out=out)
            )
        job = FilmJob(film=film, facts=facts, plan=plan, paint=painter, out=out, journal=journal, metadata=metadata)
        is_whole = yield from _run(job, stop)
    if is_whole:
        journal.remove()
    else:
        yield Note(_("Run the same command again to continue from here."))
    reason = "finished" if is_whole else "interrupted"
    yield Done(str(out), len(journal.begins), 0, time.monotonic() - started, reason)


def _run(job: FilmJob, stop: Callable[[], bool]) -> Generator[Event, None, bool]:
    """Paint a film, or as much as there is time for, and write it; return whether it is whole."""
    journal = job.journal
    if journal.begins:
        yield Note(_("Going on with {out} at frame {number}.").format(out=job.out, number=journal.numbers + 1))
    else:
        yield from _write_preview(job)
    is_whole = yield from job.run(stop)
    if not journal.begins:
        raise GanvasError(
            _("There are no such frames in {film}.").format(film=job.film),
            _("Try: --frames 1-100"),
        )
    for text in job.join():
        yield Note(text)
    if broken := len(journal.broken):
        yield Note(_("Places that could not be decoded: {count}. The frame before stays in view.").format(count=broken))
    return is_whole


def _film_notes(film: Path, facts: FilmFacts, plan: FilmPlan, out: Path) -> Generator[Event, None, None]:
    """Yield what is painted, and what of the film cannot be kept."""
    yield Note(
        _("{film}: {size} pixels, {rate:.4g} frames a second; painted at {painted}.").format(
            film=film.name,
            size=f"{facts.width} x {facts.height}",
            rate=float(facts.rate),
            painted=f"{plan.size[0]} x {plan.size[1]}",
        )
    )
    if facts.has_alpha and out.suffix.lower() != ".webm":
        yield Note(_("The film is transparent in places. They become white; a name that ends in .webm keeps them."))
    if facts.is_hdr:
        yield Note(_("The film's colors are HDR, which is not converted: it will look pale."))


def _write_preview(job: FilmJob) -> Generator[Event, None, None]:
    """Write the sheet of some frames, and yield where it is."""
    begin, end = job.plan.seconds(job.facts)
    times = [begin + (end - begin) * (2 * number + 1) / (2 * FRAMES) for number in range(FRAMES)]
    columns = []
    for pixels in read_near(job.film, job.plan.size, times):
        colors, _alpha = split_alpha(pixels)
        columns.append((colors, job.paint(colors, None)[0]))
    if columns:
        path = preview_path(job.out)
        write_preview(columns, path, job.metadata)
        yield Note(_("A first look at some frames: {path}").format(path=path))
