"""The painting of a picture, from coarse to fine, as a stream of events."""

import time
from collections.abc import Generator, Sequence
from pathlib import Path

from ..config import StyleConfig
from ..device import choose_device, free_memory, hand_back_freed_memory, is_out_of_memory, use
from ..errors import UnfitPictureError
from ..events import Done, Event, Note
from ..models import vgg
from ..models.vgg import VGG, VGGWeights
from .check import check_config, check_masks, check_out, layer_shares
from .painting import Canvas, Pictures, Sources, free_place
from .plan import FIXED, Stage, appetite_of, stages


def stylize(
    content: Path, styles: Sequence[Path], out: Path, config: StyleConfig | None = None, masks: Sequence[Path] = ()
) -> Generator[Event, None, None]:
    """Repaint `content` in the manner of `styles`, write it to `out`, and yield what happens.

    `out` holds the painting as far as it has come from the first size on. Interrupted, it keeps the best so far, and
    the same call goes on from there.

    Args:
        masks: pictures that are white where a style is to be: one for each style, or one fewer.

    Raises:
        GanvasError: a picture cannot be read, an option makes no sense, or `out` cannot be written.
    """
    config = config or StyleConfig()
    check_config(config, len(styles))
    check_masks(masks, len(styles), config.blend)
    sources = Sources(content, tuple(styles), tuple(masks), config.start_picture)
    check_places(out, sources, config)
    weights = yield from network_for(config)
    yield from paint(sources, out, config, weights)


def check_places(out: Path, sources: Sources, config: StyleConfig) -> None:
    """Refuse places that a painting, or its copy in free colours, cannot be written to.

    Raises:
        GanvasError: naming the path and a better one.
    """
    check_out(out, sources.paths, config.depth, config.size)
    if config.colours != "free":
        check_out(free_place(out), sources.paths)


def paint(sources: Sources, out: Path, config: StyleConfig, weights: VGGWeights) -> Generator[Event, None, None]:
    """Paint one picture, looked at by a network that is there already, to a place that was checked; see `stylize`.

    Raises:
        UnfitPictureError: this picture cannot be painted; others may be.
        GanvasError: nor can any other.
    """
    began = time.monotonic()
    hand_back_freed_memory()
    pictures = sources.read()
    yield from _remarks(pictures, config)
    choice = choose_device(config.device)
    yield Note(f"Painting on {choice.device}: {choice.reason}.")
    encoder = encoder_for(config, weights).to(use(choice))
    already = FIXED + pictures.held  # is no longer free
    plan = planned(pictures, config, encoder, int(config.memory * 2**30) or already + free_memory(choice.device) // 2)
    yield from _told(plan, config)
    canvas = Canvas(sources, pictures, config, encoder, plan, out, weights.name)
    if canvas.steps and canvas.stage < len(plan):
        yield Note(f"Going on with {out} at {plan[canvas.stage].long_side} px, {canvas.taken} steps into it.")
    try:
        yield from canvas.paint()
        reason = "diverged" if canvas.diverged else "finished"
        canvas.save(reason)
    except KeyboardInterrupt:
        if canvas.best is None:
            raise
        reason = "interrupted"
        canvas.save(reason)
    except GeneratorExit:
        canvas.save("interrupted")
        raise
    except (MemoryError, RuntimeError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if not is_out_of_memory(error):
            raise
        canvas.save("interrupted")
        raise UnfitPictureError(
            f"{config.size} px is too large for {choice.device}'s memory.", "Try a smaller --size or --memory."
        ) from error
    if reason == "diverged":
        yield Note(f"After step {canvas.steps} the loss is no longer a number: the last good picture is kept.")
    if reason == "interrupted":
        yield Note("The same command goes on from here.")
    yield Done(str(out), canvas.steps, 0, time.monotonic() - began, reason)


def encoder_for(config: StyleConfig, weights: VGGWeights) -> VGG:
    """Return the network that sees what `config` compares."""
    layers = (*layer_shares(config.content_layers), *layer_shares(config.style_layers))
    return VGG(weights, layers, config.pooling)


def planned(pictures: Pictures, config: StyleConfig, encoder: VGG, memory: int) -> list[Stage]:
    """Return the stages in which so many bytes allow pictures to be painted.

    Raises:
        UnfitPictureError: not even the smallest blocks fit.
    """
    masked = bool(pictures.masks) or pictures.content.alpha is not None
    shapes = layer_shares(config.content_layers)
    areas = [min(style.colours.size) / max(style.colours.size) for style in (pictures.content, *pictures.styles)]
    styles = [config.style_scale**2 * area / areas[0] for area in areas[1:]]
    appetite = appetite_of(config, encoder, shapes, styles, masked, pictures.held)
    return stages(pictures.content.colours.size, config, memory, appetite)


def _remarks(pictures: Pictures, config: StyleConfig) -> Generator[Event, None, None]:
    """Say what was done to read the pictures, and that the painting is larger than the picture if it is."""
    content = pictures.content
    for each in (content, *pictures.styles, *pictures.masks, *([pictures.start] if pictures.start else [])):
        for note in each.notes:
            yield Note(f"{each.name}: {note}.")
    long_side = max(content.colours.size)
    if long_side < config.size:
        yield Note(
            f"{content.name} is {long_side} pixels long and is enlarged to {config.size}; --size {long_side} keeps it."
        )


def _told(plan: Sequence[Stage], config: StyleConfig) -> Generator[Event, None, None]:
    """Say where memory decides how it is painted."""
    for stage in plan:
        if stage.side:
            yield Note(f"At {stage.long_side} px in blocks of {stage.side} pixels, since the whole does not fit.")
        if stage.optimiser != config.optimiser:
            yield Note(f"At {stage.long_side} px with {stage.optimiser}: {config.optimiser} does not fit into memory.")


def network_for(config: StyleConfig) -> Generator[Event, None, VGGWeights]:
    """Return the network's weights; where the file is gone, or none can be fetched, the packaged ones, and say so."""
    if config.network == "vgg16":
        return vgg.packaged_vgg16()
    if config.vgg19_weights:
        if Path(config.vgg19_weights).exists():
            return vgg.torchvision_vgg19(Path(config.vgg19_weights))
        yield Note(f"There is no weights file {config.vgg19_weights}. The packaged VGG-16 paints in its place.")
        return vgg.packaged_vgg16()
    yield Note("Looking for torchvision's VGG-19; it is fetched if it is not here yet (550 MB).")
    try:
        return vgg.torchvision_vgg19()
    except vgg.NotFetched as error:
        yield Note(f"{error.message} The packaged VGG-16 paints in its place.")
        return vgg.packaged_vgg16()
