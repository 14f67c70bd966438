"""Paint one picture from coarse to fine, as a stream of events."""

import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from ..config import StyleConfig
from ..device import choose_device, free_memory, is_out_of_memory, return_freed_memory_to_os, torch_device
from ..errors import UnusableImageError
from ..events import Done, Event, Note
from ..models import vgg
from ..models.vgg import VGG, VGGWeights
from ..signature import load_signature
from ..translation import _
from .check import check_config, check_masks, check_out, layer_weights
from .fast_paint import FastPainter, paint_fast
from .load import SourcePaths, SourcePictures, picture_notes
from .output import keeps_original, original_colors_path
from .painting import PaintingJob
from .plan import FIXED_BYTES, Stage, build_memory_model, plan_stages
from .resume import partial_path
from .trained_style import painting_of


def stylize(
    content: Path, styles: Sequence[Path], out: Path, config: StyleConfig | None = None, masks: Sequence[Path] = ()
) -> Generator[Event, None, None]:
    """Repaint `content` in the style of `styles`, write it to `out`, and yield what happens.

    From the first size on, `out` holds a preview of the painting. If it is interrupted, the best image so far is kept,
    and the same call resumes from there.

    Args:
        masks: pictures that are white where a style belongs: one for each style, or one fewer.

    Raises:
        GanvasError: a picture cannot be read, a setting makes no sense, or `out` cannot be written.
    """
    config = config or StyleConfig()
    check_config(config, len(styles))
    check_masks(masks, len(styles), config.blend)
    sources = SourcePaths(content, tuple(map(painting_of, styles)), tuple(masks), config.start_path)
    check_outputs(out, sources, config)
    networks = Networks()
    yield from networks.load(config)
    yield from networks.paint(sources, out, config)


class Networks:
    """The networks that paint, loaded once for as many paintings as there are."""

    def __init__(self) -> None:
        self.weights: dict[tuple[str, str | None], VGGWeights] = {}  # of the optimizer's, by network and file
        self.painter = FastPainter()

    def load(self, config: StyleConfig) -> Generator[Event, None, None]:
        """Load what paints with these settings, and yield what was taken instead if it cannot be had."""
        asked = config.network, config.vgg19_weights
        if not config.fast and asked not in self.weights:
            self.weights[asked] = yield from load_weights(config)

    def name(self, sources: SourcePaths, config: StyleConfig) -> str:
        """Return the name of the network that paints with these settings, which are loaded."""
        if config.fast:
            return self.painter.name(sources.styles)
        return self.weights[config.network, config.vgg19_weights].name

    def paint(self, sources: SourcePaths, out: Path, config: StyleConfig) -> Generator[Event, None, None]:
        """Paint one picture with settings that are loaded; see `paint` and `fast_paint.paint_fast`."""
        if config.fast:
            return paint_fast(sources, out, config, self.painter)
        return paint(sources, out, config, self.weights[config.network, config.vgg19_weights])


def check_outputs(out: Path, sources: SourcePaths, config: StyleConfig) -> None:
    """Check that a painting, and the copy as it was painted, can be written.

    Raises:
        GanvasError: one cannot; the message names the path, and the hint a better one.
    """
    check_out(out, sources.all_paths, config.depth, config.size)
    if keeps_original(config):
        check_out(original_colors_path(out), sources.all_paths)


def paint(sources: SourcePaths, out: Path, config: StyleConfig, weights: VGGWeights) -> Generator[Event, None, None]:
    """Paint one picture with weights that are already loaded; `out` and the settings must be checked. See `stylize`.

    Raises:
        UnusableImageError: this picture cannot be painted, but others in a batch may be.
        GanvasError: no picture can be painted.
    """
    started = time.monotonic()
    return_freed_memory_to_os()
    pictures, signature = sources.load(), load_signature(config.signature)
    yield from picture_notes(pictures, config.size)
    choice = choose_device(config.device)
    yield Note(_("Painting on {device}: {reason}.").format(device=choice.device, reason=choice.reason))
    encoder = build_encoder(config, weights).to(torch_device(choice))
    reserved = FIXED_BYTES + pictures.nbytes  # in use already, but part of what is planned
    memory = int(config.memory * 2**30) or reserved + free_memory(choice.device) // 2
    plan = plan_painting(pictures, config, encoder, memory)
    yield from _plan_notes(plan, config)
    was_begun = partial_path(out).exists()
    job = PaintingJob(sources, pictures, config, encoder, plan, out, weights.name, signature)
    yield from _resume_notes(job, was_begun)
    try:
        yield from job.paint()
        reason = "diverged" if job.diverged else "finished"
        job.save(reason)
    except KeyboardInterrupt:
        if job.best is None:
            raise
        reason = "interrupted"
        job.save(reason)
    except GeneratorExit:
        job.save("interrupted")
        raise
    except (MemoryError, RuntimeError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if not is_out_of_memory(error):
            raise
        job.save("interrupted")
        raise UnusableImageError(
            _("{size} px is too large for {device}'s memory.").format(size=config.size, device=choice.device),
            _("Try a smaller --size or --memory."),
        ) from error
    if reason == "diverged":
        yield Note(
            _("After step {total_steps} the loss is not finite. The last good image is kept.").format(
                total_steps=job.total_steps
            )
        )
    if reason == "interrupted":
        yield Note(_("Run the same command again to continue from here."))
    yield Done(str(out), job.total_steps, 0, time.monotonic() - started, reason)


def _resume_notes(job: PaintingJob, was_begun: bool) -> Iterator[Note]:
    """Yield whether what was begun of a painting is gone on with."""
    if was_begun and not job.total_steps:
        yield Note(
            _("What was begun of {out} is damaged, or of other pictures or settings. It is painted anew.").format(
                out=job.out
            )
        )
    if job.total_steps and job.stage_index < len(job.plan):
        yield Note(
            _("Resuming {out} at {long_side} px, from step {step}.").format(
                out=job.out, long_side=job.plan[job.stage_index].long_side, step=job.stage_steps + 1
            )
        )


def build_encoder(config: StyleConfig, weights: VGGWeights) -> VGG:
    """Return the network with the layers that `config` names."""
    layers = (*layer_weights(config.content_layers), *layer_weights(config.style_layers))
    return VGG(weights, layers, config.pooling)


def plan_painting(pictures: SourcePictures, config: StyleConfig, encoder: VGG, memory: int) -> list[Stage]:
    """Return the stages of a painting that fit into `memory` bytes.

    Raises:
        UnusableImageError: not even the smallest blocks fit.
    """
    masked = bool(pictures.masks) or pictures.content.alpha is not None
    content_layers = layer_weights(config.content_layers)
    # The areas of the content and the styles, if the longer side of each were 1.
    content_area, *areas = [
        min(picture.colors.size) / max(picture.colors.size) for picture in (pictures.content, *pictures.styles)
    ]
    style_areas = [config.style_scale**2 * area / content_area for area in areas]
    memory_model = build_memory_model(config, encoder, content_layers, style_areas, masked, pictures.nbytes)
    return plan_stages(pictures.content.colors.size, config, memory, memory_model)


def _plan_notes(plan: Sequence[Stage], config: StyleConfig) -> Generator[Event, None, None]:
    """Yield which settings have no effect, and which stages are painted differently because of limited memory."""
    if config.seed and not config.is_random:
        yield Note(_("The seed changes nothing: the painting does not begin with noise. For others: --start noise"))
    for stage in plan:
        if stage.block_size:
            yield Note(
                _(
                    "At {long_side} px it is painted in blocks of {block_size} pixels: the whole picture "
                    "does not fit into memory."
                ).format(long_side=stage.long_side, block_size=stage.block_size)
            )
        if stage.optimizer != config.optimizer:
            yield Note(
                _("At {long_side} px {optimizer} is used: {asked} does not fit into memory.").format(
                    long_side=stage.long_side, optimizer=stage.optimizer, asked=config.optimizer
                )
            )


def load_weights(config: StyleConfig) -> Generator[Event, None, VGGWeights]:
    """Return the network's weights; the packaged ones, with a note, if the file is missing or cannot be downloaded."""
    if config.network == "vgg16":
        return vgg.packaged_vgg16()
    if config.vgg19_weights:
        if Path(config.vgg19_weights).exists():
            return vgg.torchvision_vgg19(Path(config.vgg19_weights))
        yield Note(
            _("There is no weights file {vgg19_weights}. The packaged VGG-16 is used instead.").format(
                vgg19_weights=config.vgg19_weights
            )
        )
        return vgg.packaged_vgg16()
    yield Note(_("Looking for torchvision's VGG-19; it is downloaded if it is not here yet (550 MB)."))
    try:
        return vgg.torchvision_vgg19()
    except vgg.WeightsUnavailable as error:
        yield Note(_("{message} The packaged VGG-16 is used instead.").format(message=error.message))
        return vgg.packaged_vgg16()
