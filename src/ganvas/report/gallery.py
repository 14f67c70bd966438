"""The pictures of the page: sheets over time, the random sheet beside real ones, the nearest training pictures."""

import json
from collections.abc import Sequence
from pathlib import Path

from ..coach.doctor import Treatment
from ..formatting import duration
from .embed import Picture, embed, embed_all, spread
from .history import History, Sheet
from .html import Html, join, tag
from .summary import Facts

WIDE = 560  # pixels that a sheet takes on a wide screen
MOST_ENLARGED = 4
TREATED_BYTES = 600_000  # of all sheets before and after a treatment together


def film(facts: Facts) -> Html:
    """Return the sheets of the fixed latents: the last one, and a slider through all of them where scripts run."""
    sheets = facts.history.sheets
    chosen = [sheets[index] for index in spread(len(sheets))]
    taken = zip(chosen, embed_all([sheet.path for sheet in chosen]), strict=True)
    frames = [(sheet, picture) for sheet, picture in taken if picture is not None]
    if not frames:
        return tag("p", "There are no sheets of samples in this run yet.", class_="soft")
    last, picture = frames[-1]
    about = "The same latents through the whole training, so each place shows one picture coming about."
    parts = [_image(picture, _alt(last))]
    if len(frames) > 1:
        end = str(len(frames) - 1)
        slider = tag("input", type="range", min="0", max=end, value=end, step="1", aria_label="Moment of the training")
        data = [{"uri": picture.uri, "told": _moment(sheet), "alt": _alt(sheet)} for sheet, picture in frames]
        written = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
        button = tag("button", "▶ Play", type="button")
        parts += [tag("div", button, slider, class_="row", hidden=True)]
        parts += [tag("script", Html(written), type="application/json")]
    missing = len(chosen) - len(frames)
    gone = f" {missing} of the sheets could not be read." if missing else ""
    parts += [tag("figcaption", tag("strong", tag("output", _moment(last), aria_live="off")), " ", about + gone)]
    return tag("figure", *parts, class_="film")


def samples_and_real(facts: Facts) -> Html:
    """Return random samples beside random real pictures; they are there once the run was evaluated."""
    samples, real = (embed(facts.run.evaluation / f"{name}.png") for name in ("samples", "real"))
    if facts.evaluation is None or samples is None or real is None:  # without it they are of an earlier model
        return tag(
            "p", "Random samples beside real pictures are here once the run is evaluated: ",
            tag("code", facts.evaluate),
        )  # fmt: skip
    seed = facts.evaluation.get("seed")
    drawn = f" (seed {seed})" if seed is not None else ""
    return tag(
        "div",
        _still(samples, "64 random samples", f"Not picked: the first 64 that the generator drew{drawn}.", "Samples"),
        _still(real, "64 real pictures at random", "What it was to learn, as it was shown them.", "Real pictures"),
        class_="pair",
    )


def before_and_after(history: History, treatments: Sequence[Treatment]) -> list[Html]:
    """Return for each treatment the last sheet before it beside the first one since it was judged."""
    found = [_around(history.sheets, each) for each in treatments]
    wanted = list(dict.fromkeys(sheet.path for pair in found for sheet in pair if sheet is not None))
    pictures = dict(zip(wanted, embed_all(wanted, TREATED_BYTES), strict=True))
    return [
        join(*(_moment_of(name, sheet, pictures) for name, sheet in zip(("Before", "After"), pair, strict=True)))
        for pair in found
    ]


def _around(sheets: Sequence[Sheet], treatment: Treatment) -> tuple[Sheet | None, Sheet | None]:
    """Return the sheets that show a treatment's effect best; one that is not judged yet shows it in the next sheet."""
    step = treatment.order.step
    judged = treatment.judged[0] if treatment.judged else step + 1
    before = [sheet for sheet in sheets if sheet.step <= step]
    after = [sheet for sheet in sheets if sheet.step > step]
    late = [sheet for sheet in after if sheet.step >= judged]
    return (before[-1] if before else None), next(iter([*late, *after[-1:]]), None)


def _moment_of(name: str, sheet: Sheet | None, pictures: dict[Path, Picture | None]) -> Html:
    picture = pictures.get(sheet.path) if sheet else None
    if sheet is None or picture is None:
        return Html("")
    about = join(tag("strong", name), f" Step {sheet.step:,}, {duration(sheet.seconds)}")
    return tag("figure", _image(picture, f"{name} the treatment: {_alt(sheet)}"), tag("figcaption", about))


def nearest(facts: Facts) -> Html:
    """Return the closest pairs of a sample and its nearest training picture, or nothing."""
    picture = embed(facts.run.evaluation / "nearest.png")
    if picture is None:
        return Html("")
    return _still(
        picture, "The closest pairs of a sample and a training picture", "The closest of all pairs: each sample, "
        "and beside it the training picture that is nearest to it.", "Nearest training pictures",
    )  # fmt: skip


def _still(picture: Picture, alt: str, about: str, heading: str) -> Html:
    return tag("figure", _image(picture, alt), tag("figcaption", join(tag("strong", heading), " ", about)))


def _image(picture: Picture, alt: str) -> Html:
    """Return the picture, small ones enlarged by a whole number so that their pixels stay square."""
    times = max(1, min(MOST_ENLARGED, WIDE // picture.width))
    size = {"width": picture.width * times, "height": picture.height * times}
    return tag("img", class_="sheet crisp" if picture.width <= WIDE else "sheet", src=picture.uri, alt=alt, **size)


def _moment(sheet: Sheet) -> str:
    return f"Step {sheet.step:,} · {sheet.images:,} pictures seen · {duration(sheet.seconds)}"


def _alt(sheet: Sheet) -> str:
    return f"A sheet of samples from fixed latents at step {sheet.step:,}"
