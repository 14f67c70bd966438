"""Art: films, mixed pictures, pictures found again and directions with names, of a trained run; repainted pictures.

`ganvas.walk`, `ganvas.project`, `ganvas.mix`, `ganvas.directions`, `ganvas.stylize` and `ganvas.train_style` are these
functions. Nothing heavy is imported before it is used.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import GanvasError
from .events import Event
from .translation import _

if TYPE_CHECKING:
    from .config import SignConfig, StyleConfig, WalkConfig


def walk(
    run: str | Path,
    out: str | Path,
    config: "WalkConfig | None" = None,
    *,
    seeds: Sequence[int] = (),
    through: Sequence[str | Path] = (),
    directions: Sequence[str] = (),
    audio: str | Path | None = None,
    sign: "SignConfig | None" = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Write a film of a walk through the pictures that a run can draw, and yield what happens.

    Its end joins its beginning. Breaking out of the loop over it finishes the film with the frames that it has, and so
    does `stop` turning true.

    Args:
        out: .mp4, .webm, .webp or .gif; a name without an ending is a folder of PNGs.
        seeds: those of the pictures that the walk passes.
        through: pictures that Ganvas drew, or files of latents, that it passes instead.
        directions: such as "smile" or "smile=2"; a picture goes to both ends of each, and back.
        audio: a file with sound, to which it moves.
        sign: how each frame is signed.
        stop: asked after each frame.

    Raises:
        GanvasError: the run, a picture or the sound cannot be read, a setting makes no sense, or PyAV is not installed.

    Example:
        >>> import ganvas
        >>> from ganvas.config import WalkConfig
        >>> settings = WalkConfig(seconds=1, fps=4)
        >>> *_, done = ganvas.walk("runs/mine", "walk.gif", settings, seeds=[3, 7])
        >>> done.path
        'walk.gif'
    """
    from .latents.walk import walk
    from .latents.walk_plan import Passed
    from .signature import load_signature

    passed = Passed(tuple(seeds), tuple(map(Path, through)), tuple(directions))
    signature = None if sign is None else load_signature(sign)
    return walk(Path(run), Path(out), config, passed, None if audio is None else Path(audio), stop, signature)


def project(
    run: str | Path,
    pictures: str | Path,
    out: str | Path,
    *,
    label: str | None = None,
    tune: bool = False,
    samples: int = 1_000,
    device: str = "auto",
) -> Iterator[Event]:
    """Find the latents whose pictures are nearest to given ones, write them to `out`, and yield what happens.

    Each picture found is a `ganvas.events.Projected`. Called again it goes on with the pictures that are missing.

    Args:
        run: the run folder.
        pictures: a folder of pictures, or one picture.
        out: folder for latents, results and films.
        label: class to look in, for a run with classes; all if not given.
        tune: then move a copy of the generator until it draws the pictures; it is a run folder, `out`/tuned.
        samples: random samples to begin with, and to compare with.
        device: "auto", "cpu", "cuda", "cuda:1" or "mps".

    Raises:
        GanvasError: there is no run or no picture, an option makes no sense, or a file cannot be written.

    Example:
        >>> import ganvas
        >>> for event in ganvas.project("runs/mine", "photo.png", "found", samples=16):
        ...     if isinstance(event, ganvas.events.Projected):
        ...         print(event.path, event.distance <= event.nearest)
        found/photo.png True
    """
    from .latents.projection.project import Options, project

    options = Options(label=label, tune=tune, samples=samples, device=device)
    return project(Path(run), Path(pictures), Path(out), options)


def mix(
    run: str | Path,
    out: str | Path | None = None,
    *,
    rows: str | Sequence[str] = (),
    columns: str | Sequence[str] = (),
    layers: str | None = None,
    corners: str | Sequence[str] = (),
    steps: int = 7,
    truncation: float = 1.0,
    label: str | None = None,
    device: str = "auto",
) -> Path:
    """Write a sheet of pictures mixed from others, and return its path.

    A source is a list of seeds such as "3,7,20-29", a picture that the run drew, or a file of latents.

    Args:
        out: the sheet; RUN/sampled/mix.png if left out.
        rows, columns: sources at the edges of a table. With styles by layer, a picture is its row's, with some layers
            of its column's; elsewhere it is halfway between both.
        layers: those from the column: "coarse" (if left out), "middle", "fine", or numbers such as "0-3,5".
        corners: four sources instead: the grid of what lies between them, with `steps` pictures along an edge.
        truncation, label: of the pictures by seed, as in `GeneratorModel.sample`.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".

    Raises:
        GanvasError: there is no run, a source is none of its pictures, or the file cannot be written.

    Example:
        >>> import ganvas
        >>> ganvas.mix("runs/mine", "mixed.png", rows="3,7", columns="20-22").name
        'mixed.png'
        >>> ganvas.mix("runs/mine", "between.png", corners=["1", "2", "3", "4"]).name
        'between.png'
    """
    from .latents.mix import mix
    from .latents.sample import load
    from .runs import Run

    file = Run(run).sampled / "mix.png" if out is None else Path(out)
    words = ([each] if isinstance(each, str) else list(map(str, each)) for each in (rows, columns, corners))
    left, above, four = words
    mix(load(run, device), file, left, above, layers, four, steps, truncation, label)
    return file


def directions(
    run: str | Path,
    *,
    name: str | None = None,
    from_folder: str | Path | None = None,
    to_folder: str | Path | None = None,
    method: str = "pca",
    count: int = 10,
    layers: str = "all",
    device: str = "auto",
) -> Iterator[Event]:
    """Find directions in which a run's pictures change, keep them in RUN/directions, and yield what happens.

    Args:
        name: what to call the direction from the pictures in one folder to those in another; None finds `count`
            directions by `method` instead.
        from_folder, to_folder: the folders of pictures at its beginning and at its end.
        method: "pca" for principal components; "sefa" for the axes that change styles most.
        layers: those that a direction moves: "all", "coarse", "middle", "fine", or numbers such as "0-3,5".
        device: "auto", "cpu", "cuda", "cuda:1", "mps".

    Raises:
        GanvasError: there is no run, a folder has too few pictures, or a name is taken.

    Example:
        >>> import ganvas
        >>> for event in ganvas.directions("runs/mine", count=2):
        ...     if isinstance(event, ganvas.events.DirectionFound):
        ...         print(event.name, event.sheet)
        pca-1 runs/mine/directions/pca-1.png
        pca-2 runs/mine/directions/pca-2.png
    """
    from .latents.directions import find_axes
    from .latents.named import find_between
    from .latents.sample import load
    from .runs import Run

    if (name is None) != (from_folder is None) or (name is None) != (to_folder is None):
        raise GanvasError(
            _("A direction with a name leads from one folder of pictures to another."),
            _("Name all three: --name smile --from serious/ --to smiling/"),
        )
    model = load(run, device)
    if name is None or from_folder is None or to_folder is None:
        return find_axes(model, Run(run), method, count, layers)
    return find_between(model, Run(run), name, Path(from_folder), Path(to_folder), layers)


def stylize(
    content: str | Path,
    styles: str | Path | Sequence[str | Path],
    out: str | Path,
    config: "StyleConfig | None" = None,
    masks: Sequence[str | Path] = (),
    *,
    fast: bool | None = None,
) -> Iterator[Event]:
    """Repaint `content` in the style of `styles`, write it to `out`, and yield what happens.

    Args:
        styles: pictures, or folders that `train_style` wrote.
        fast: whether to paint in one pass, whatever `config` says of that.
        masks: pictures that are white where a style is to be: one for each style, or one fewer.

    Raises:
        GanvasError: a picture cannot be read, or an option makes no sense.

    Example:
        >>> import ganvas
        >>> from ganvas.config import StyleConfig
        >>> settings = StyleConfig(size=64, iterations=2, strength=0.6)
        >>> for event in ganvas.stylize("photo.png", "painting.png", "new.png", settings):
        ...     if isinstance(event, ganvas.events.Iteration):
        ...         print(f"{event.progress:.0%} done, at {event.scale} px")
        12% done, at 64 px
        ...
        100% done, at 64 px
        >>> event.reason
        'finished'
    """
    from .config import StyleConfig
    from .style import stylize

    several = [styles] if isinstance(styles, str | Path) else list(styles)
    where = [Path(mask) for mask in masks]
    config = config or StyleConfig()
    if fast is not None:
        config = replace(config, fast=fast)
    return stylize(Path(content), [Path(style) for style in several], Path(out), config, where)


def train_style(
    painting: str | Path,
    out: str | Path,
    *,
    photos: str | Path | None = None,
    minutes: float = 10.0,
    style_scale: float = 1.0,
    seed: int = 0,
    device: str = "auto",
) -> Iterator[Event]:
    """Train a small network for one painting, write it to the folder `out`, and yield what happens.

    The folder is a style for `stylize`. Called again with the same arguments it goes on where it was interrupted.

    Args:
        photos: a folder or an archive of photographs to train on; the packaged ones if not given.
        minutes: of training, in all.
        style_scale: size of the strokes; 1 as in the painting.
        device: "auto", "cpu", "cuda", "cuda:1" or "mps".

    Raises:
        GanvasError: a picture cannot be read, an option makes no sense, or `out` holds something else.

    Example:
        >>> import ganvas
        >>> for event in ganvas.train_style("painting.png", "mine", minutes=0.02):
        ...     if isinstance(event, ganvas.events.Iteration):
        ...         assert event.style > 0
        ...
        >>> event.path
        'mine'
    """
    from .style.train_style import StyleTrainOptions, train_style

    options = StyleTrainOptions(None if photos is None else Path(photos), minutes, style_scale, seed, device)
    return train_style(Path(painting), Path(out), options)
