"""The images of the page: sample grids over time, random samples beside real images, nearest training images."""

import json
from collections.abc import Sequence
from pathlib import Path

from ..coach.doctor import TreatmentResult
from ..formatting import format_duration
from ..translation import _
from .embed import EmbeddedImage, embed, embed_all, evenly_spaced
from .history import GridImage, History
from .html import Html, join, tag
from .summary import RunSummary

DISPLAY_WIDTH = 560  # pixels of a sample grid on a wide screen
MAX_ZOOM = 4
BEFORE_AFTER_BYTES = 600_000  # of all grids before and after a treatment together


def timelapse(summary: RunSummary) -> Html:
    """Return the last sample grid, with a slider through the earlier ones where scripts run."""
    grids = summary.history.sample_grids
    chosen = [grids[index] for index in evenly_spaced(len(grids))]
    loaded = zip(chosen, embed_all([grid.path for grid in chosen]), strict=True)
    frames = [(grid, image) for grid, image in loaded if image is not None]
    if not frames:
        return tag("p", _("This run has no sample grids yet."), class_="soft")
    last, image = frames[-1]
    sentences = [_("The same latents throughout the training: each cell shows one picture taking shape.")]
    parts = [_img(image, _alt_text(last))]
    if len(frames) > 1:
        end = str(len(frames) - 1)
        slider = tag(
            "input", type="range", min="0", max=end, value=end, step="1", aria_label=_("Moment in the training")
        )
        data = [{"uri": image.uri, "caption": _caption(grid), "alt": _alt_text(grid)} for grid, image in frames]
        frames_json = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
        button = tag("button", _("▶ Play"), type="button", data_stop=_("❚❚ Stop"))
        parts += [tag("div", button, slider, class_="row", hidden=True)]
        parts += [tag("script", Html(frames_json), type="application/json")]
    missing = len(chosen) - len(frames)
    if missing:
        sentences.append(_("{count} of the sample grids could not be read.").format(count=missing))
    moment = tag("strong", tag("output", _caption(last), aria_live="off"))
    parts += [tag("figcaption", moment, " ", " ".join(sentences))]
    return tag("figure", *parts, class_="timelapse")


def samples_beside_real(summary: RunSummary) -> Html:
    """Return random samples beside random real images; before an evaluation, say how to get them."""
    samples, real = (embed(summary.run.evaluation / f"{name}.png") for name in ("samples", "real"))
    if summary.evaluation is None or samples is None or real is None:  # without it, the files show an earlier model
        return tag(
            "p", _("To see random samples beside real pictures here, type: "),
            tag("code", summary.evaluate_command),
        )  # fmt: skip
    seed = summary.evaluation.get("seed")
    chosen = (
        _("Not hand-picked: the first 64 of the generator.")
        if seed is None
        else _("Not hand-picked: the first 64 of the generator (seed {seed}).").format(seed=seed)
    )
    return tag(
        "div",
        _captioned(samples, _("64 random samples"), chosen, _("Samples")),
        _captioned(
            real,
            _("64 random real pictures"),
            _("What it should learn to draw, at the training size."),
            _("Real pictures"),
        ),
        class_="pair",
    )


def before_and_after(history: History, treatments: Sequence[TreatmentResult]) -> list[Html]:
    """Return for each treatment the last sample grid before it beside the first one after its effect was judged."""
    pairs = [_grids_around(history.sample_grids, each) for each in treatments]
    paths = list(dict.fromkeys(grid.path for pair in pairs for grid in pair if grid is not None))
    images = dict(zip(paths, embed_all(paths, BEFORE_AFTER_BYTES), strict=True))
    return [
        join(
            _captioned_grid(_("Before"), _("Before the treatment: {grid}"), before, images),
            _captioned_grid(_("After"), _("After the treatment: {grid}"), after, images),
        )
        for before, after in pairs
    ]


def _grids_around(grids: Sequence[GridImage], treatment: TreatmentResult) -> tuple[GridImage | None, GridImage | None]:
    """Return the last grid before a treatment and the first one after it was judged.

    If it was not judged yet, the second one is the next grid.
    """
    step = treatment.treatment.step
    judged_step = treatment.judged_at[0] if treatment.judged_at else step + 1
    before = [grid for grid in grids if grid.step <= step]
    after = [grid for grid in grids if grid.step > step]
    after_judgement = [grid for grid in after if grid.step >= judged_step]
    return (before[-1] if before else None), next(iter([*after_judgement, *after[-1:]]), None)


def _captioned_grid(label: str, alt: str, grid: GridImage | None, images: dict[Path, EmbeddedImage | None]) -> Html:
    image = images.get(grid.path) if grid else None
    if grid is None or image is None:
        return Html("")
    moment = _("Step {step:,}, {time}").format(step=grid.step, time=format_duration(grid.seconds))
    caption = join(tag("strong", label), f" {moment}")
    return tag("figure", _img(image, alt.format(grid=_alt_text(grid))), tag("figcaption", caption))


def nearest_pairs(summary: RunSummary) -> Html:
    """Return the samples closest to a training image, each beside that image; nothing without an evaluation."""
    image = embed(summary.run.evaluation / "nearest.png")
    if image is None:
        return Html("")
    return _captioned(
        image,
        _("The closest pairs of a sample and a training picture"),
        _("The closest pairs of all: a sample on the left, the training picture nearest to it on the right."),
        _("Nearest training pictures"),
    )


def _captioned(image: EmbeddedImage, alt: str, caption: str, heading: str) -> Html:
    return tag("figure", _img(image, alt), tag("figcaption", join(tag("strong", heading), " ", caption)))


def _img(image: EmbeddedImage, alt: str) -> Html:
    """Return the image element. Small images are enlarged by a whole factor, so that their pixels stay square."""
    zoom = max(1, min(MAX_ZOOM, DISPLAY_WIDTH // image.width))
    display_size = {"width": image.width * zoom, "height": image.height * zoom}
    return tag(
        "img",
        class_="picture crisp" if image.width <= DISPLAY_WIDTH else "picture",
        src=image.uri,
        alt=alt,
        **display_size,
    )


def _caption(grid: GridImage) -> str:
    return _("Step {step:,} · {images:,} pictures seen · {time}").format(
        step=grid.step, images=grid.images_seen, time=format_duration(grid.seconds)
    )


def _alt_text(grid: GridImage) -> str:
    return _("Sample grid from fixed latents at step {step:,}").format(step=grid.step)
