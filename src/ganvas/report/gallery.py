"""The images of the page: sample grids over time, random samples beside real images, nearest training images."""

import json
from collections.abc import Sequence
from pathlib import Path

from ..coach.doctor import TreatmentResult
from ..formatting import format_duration
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
        return tag("p", "This run has no sample grids yet.", class_="soft")
    last, image = frames[-1]
    explanation = "The same latents throughout the training: each cell shows one picture taking shape."
    parts = [_img(image, _alt_text(last))]
    if len(frames) > 1:
        end = str(len(frames) - 1)
        slider = tag("input", type="range", min="0", max=end, value=end, step="1", aria_label="Moment in the training")
        data = [{"uri": image.uri, "caption": _caption(grid), "alt": _alt_text(grid)} for grid, image in frames]
        frames_json = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
        button = tag("button", "▶ Play", type="button")
        parts += [tag("div", button, slider, class_="row", hidden=True)]
        parts += [tag("script", Html(frames_json), type="application/json")]
    missing = len(chosen) - len(frames)
    missing_note = f" {missing} of the sample grids could not be read." if missing else ""
    moment = tag("strong", tag("output", _caption(last), aria_live="off"))
    parts += [tag("figcaption", moment, " ", explanation + missing_note)]
    return tag("figure", *parts, class_="timelapse")


def samples_beside_real(summary: RunSummary) -> Html:
    """Return random samples beside random real images; before an evaluation, say how to get them."""
    samples, real = (embed(summary.run.evaluation / f"{name}.png") for name in ("samples", "real"))
    if summary.evaluation is None or samples is None or real is None:  # without it, the files show an earlier model
        return tag(
            "p", "To see random samples beside real pictures here, type: ",
            tag("code", summary.evaluate_command),
        )  # fmt: skip
    seed = summary.evaluation.get("seed")
    seed_note = f" (seed {seed})" if seed is not None else ""
    return tag(
        "div",
        _captioned(
            samples, "64 random samples", f"Not hand-picked: the first 64 of the generator{seed_note}.", "Samples"
        ),
        _captioned(
            real, "64 random real pictures", "What it should learn to draw, at the training size.", "Real pictures"
        ),
        class_="pair",
    )


def before_and_after(history: History, treatments: Sequence[TreatmentResult]) -> list[Html]:
    """Return for each treatment the last sample grid before it beside the first one after its effect was judged."""
    pairs = [_grids_around(history.sample_grids, each) for each in treatments]
    paths = list(dict.fromkeys(grid.path for pair in pairs for grid in pair if grid is not None))
    images = dict(zip(paths, embed_all(paths, BEFORE_AFTER_BYTES), strict=True))
    return [
        join(*(_captioned_grid(label, grid, images) for label, grid in zip(("Before", "After"), pair, strict=True)))
        for pair in pairs
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


def _captioned_grid(label: str, grid: GridImage | None, images: dict[Path, EmbeddedImage | None]) -> Html:
    image = images.get(grid.path) if grid else None
    if grid is None or image is None:
        return Html("")
    caption = join(tag("strong", label), f" Step {grid.step:,}, {format_duration(grid.seconds)}")
    return tag("figure", _img(image, f"{label} the treatment: {_alt_text(grid)}"), tag("figcaption", caption))


def nearest_pairs(summary: RunSummary) -> Html:
    """Return the samples closest to a training image, each beside that image; nothing without an evaluation."""
    image = embed(summary.run.evaluation / "nearest.png")
    if image is None:
        return Html("")
    return _captioned(
        image,
        "The closest pairs of a sample and a training picture",
        "The closest pairs of all: a sample on the left, the training picture nearest to it on the right.",
        "Nearest training pictures",
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
    return f"Step {grid.step:,} · {grid.images_seen:,} pictures seen · {format_duration(grid.seconds)}"


def _alt_text(grid: GridImage) -> str:
    return f"Sample grid from fixed latents at step {grid.step:,}"
