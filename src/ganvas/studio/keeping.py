"""What is made of points: pictures that are kept, and films."""

import json
from collections.abc import Sequence
from importlib.util import find_spec

from ..runs import Run
from ..translation import _
from .context import Studio
from .jobs import Job
from .made import Made, find_made, new_file
from .points import Point, Seed

FILM_SUFFIX = ".mp4" if find_spec("av") else ".webp"  # without PyAV, the extra `video`, a film is an animated picture


def keep(studio: Studio, run: Run, point: Point, truncation: float) -> Made:
    """Write the picture of a point among what was made: exactly as `ganvas sample` draws it, with how in its metadata.

    Raises:
        GanvasError: the point is none of this run, or the file cannot be written.
    """
    from ..image_io import save_image, to_image
    from ..latents.request import PictureRequest
    from .places import Places

    model = studio.explorer.model(run)
    if isinstance(point, Seed):
        request = PictureRequest(seeds=(point.seed,), truncation=truncation, label=point.label)
        w = request.w(model, [0])
        metadata = request.metadata(model, 0)
    else:
        w = Places(studio.workspace, run, model, truncation).latents([point])
        metadata = PictureRequest(latents=w).metadata(model, 0) | {"truncation": truncation}
    metadata |= {"point": as_text([point])[1:-1]}
    path = new_file(studio.workspace.made, run.folder.name, ".png")
    try:
        save_image(to_image(model.synthesize(w)[0]), path, metadata)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return find_made(studio.workspace, path.name)


def walk(studio: Studio, run: Run, points: Sequence[Point], truncation: float, seconds: float, is_open: bool) -> Job:
    """Begin a film that passes points, by `ganvas walk`.

    Raises:
        GanvasError: a point is none of this run, or too much is being made already.
    """
    path = new_file(studio.workspace.made, _("{run}, a walk").format(run=run.folder.name), FILM_SUFFIX)
    try:
        through = _passed(studio, run, points, truncation, path.stem)
        words = ("walk", str(run.folder), "--out", str(path), "--seconds", f"{seconds:g}", *through)
        again = {
            "page": "explore",
            "run": run.folder.name,
            "truncation": truncation,
            "pins": json.loads(as_text(points)),
        }
        return studio.jobs.start("walk", (*words, *(["--open"] if is_open else [])), path, run.folder.name, again)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _passed(studio: Studio, run: Run, points: Sequence[Point], truncation: float, stem: str) -> list[str]:
    """Return the words that name the points for `ganvas walk`: seeds, or a file of their latents."""
    seeds = [point for point in points if isinstance(point, Seed)]
    labels = {point.label for point in seeds}
    if len(seeds) == len(points) and len(labels) == 1:
        (label,) = labels
        words = ["--seeds", ",".join(str(point.seed) for point in seeds), "--truncation", f"{truncation:g}"]
        return words if label is None else [*words, f"--label={label}"]
    from ..latents.latent_files import write_latent
    from .places import Places

    model = studio.explorer.model(run)
    file = studio.workspace.jobs / f"{stem}.safetensors"
    write_latent(file, Places(studio.workspace, run, model, truncation).latents(points), model)
    return ["--through", str(file)]


def as_text(points: Sequence[Point]) -> str:
    """Return points as one line of JSON."""
    return json.dumps([point.model_dump(exclude_unset=True) for point in points], separators=(",", ":"))
