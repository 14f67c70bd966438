"""Repaint a picture in one pass, with everything around it that the optimizer's paintings have."""

import hashlib
import time
from collections.abc import Generator, Sequence
from dataclasses import fields
from pathlib import Path

import torch
from torch import Tensor

from .. import builtin
from ..config import StyleConfig
from ..device import choose_device, is_out_of_memory, return_freed_memory_to_os, torch_device
from ..errors import UnusableImageError
from ..events import Done, Event, Note
from ..signature import load_signature
from ..translation import _
from .fast import FastStyle, StyleStatistics, blend_statistics
from .fast_blocks import paint_in_blocks
from .load import Picture, SourcePaths, SourcePictures, picture_notes
from .masks import region_masks
from .output import PaintingOutput, reporting_disk_errors
from .plan import scale_to
from .resume import compute_fingerprint
from .trained_style import network_beside

FRAME_SHARE = 0.02  # cut off each side of a style, as in `painting`
STYLE_SIDE = 512  # pixels of a painting's longer side, times the style scale, that the network is told of
MAX_STYLE_SIDE = 1024
USED = ("size", "strength", "style_scale", "blend", "colors", "depth", "mask_threshold", "mask_softness")
ELSEWHERE = ("fast", "device", "memory", "seed", "signature")  # settings that are no flags of the optimizer's


class FastPainter:
    """The networks that paint in one pass, and the statistics of paintings, for as many pictures as there are."""

    def __init__(self) -> None:
        self.networks: dict[Path, FastStyle] = {}
        self.statistics: dict[tuple[Path, int, float], StyleStatistics] = {}

    def network_file(self, style: Path) -> Path:
        """Return the file of the network that paints in a style: its own, if one was trained, or the packaged one."""
        return network_beside(style) or builtin.fast_style()

    def name(self, styles: Sequence[Path]) -> str:
        """Return what identifies the networks that paint in these styles."""
        files = dict.fromkeys(map(self.network_file, styles))
        return "fast " + " ".join(hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in files)

    def network(self, style: Path, device: torch.device) -> FastStyle:
        """Return the network that paints in a style."""
        file = self.network_file(style)
        if file not in self.networks:
            self.networks[file] = FastStyle.load(file)
        self.networks[file].network.to(device)
        return self.networks[file]

    def known(self, path: Path, style: Picture, config: StyleConfig, device: torch.device) -> StyleStatistics:
        """Return the statistics of a style, which are computed once."""
        key = path, config.size, config.style_scale
        if key not in self.statistics:
            network = self.network(path, device)
            side = min(MAX_STYLE_SIDE, max(16, round(min(config.size, STYLE_SIDE) * config.style_scale)))
            size = scale_to(style.colors.size, side)
            inner = style.crop_border(FRAME_SHARE)
            self.statistics[key] = network.prepare(inner.tensor(size, device).add(1).div(2), inner.opacity(size))
        return self.statistics[key]


def paint_fast(
    sources: SourcePaths, out: Path, config: StyleConfig, painter: FastPainter
) -> Generator[Event, None, None]:
    """Repaint one picture in one pass; `out` and the settings must be checked. See `paint.paint`.

    Raises:
        UnusableImageError: this picture cannot be painted, but others in a batch may be.
        GanvasError: no picture can be painted.
    """
    started = time.monotonic()
    return_freed_memory_to_os()
    pictures, signature = sources.load(), load_signature(config.signature)
    yield from picture_notes(pictures, config.size)
    yield from _unused_notes(config)
    choice = choose_device(config.device)
    yield Note(_("Painting on {device}: {reason}.").format(device=choice.device, reason=choice.reason))
    name = painter.name(sources.styles)
    output = PaintingOutput(
        path=out,
        sources=sources,
        content=pictures.content,
        config=config,
        network=name,
        fingerprint=compute_fingerprint(config, sources.all_paths, name),
        signature=signature,
    )
    try:
        painting = yield from painted(sources, pictures, config, painter, torch_device(choice))
    except (MemoryError, RuntimeError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if not is_out_of_memory(error):
            raise
        raise UnusableImageError(
            _("{size} px is too large for {device}'s memory.").format(size=config.size, device=choice.device),
            _("Try a smaller --size."),
        ) from error
    with reporting_disk_errors(out):
        output.write(painting, "finished", 0)
    yield Done(str(out), 0, 0, time.monotonic() - started, "finished")


def painted(
    sources: SourcePaths, pictures: SourcePictures, config: StyleConfig, painter: FastPainter, device: torch.device
) -> Generator[Event, None, Tensor]:
    """Return a picture painted in one pass, (1, 3, H, W) in [-1, 1]: with masks each style in its place, else mixed."""
    size = scale_to(pictures.content.colors.size, config.size)
    content = pictures.content.tensor(size, device).add(1).div(2)
    styles = list(zip(sources.styles, pictures.styles, strict=True))
    masks = region_masks(pictures.masks, len(styles), size, config.mask_softness, config.mask_threshold)
    blend = config.blend or (1.0,) * len(styles)
    layers: list[tuple[FastStyle, StyleStatistics, Tensor | float]] = []
    if masks:
        for (path, style), mask in zip(styles, masks, strict=True):
            statistics = painter.known(path, style, config, device)
            layers.append((painter.network(path, device), statistics, mask.to(device)))
    else:
        layers.extend(mixed_layers(styles, [share / sum(blend) for share in blend], config, painter, device))
    whole = torch.zeros_like(content)
    for network, statistics, share in layers:
        part = yield from paint_in_blocks(network, content, statistics, config.strength)
        whole += part * share
    return whole.mul(2).sub(1)


def mixed_layers(
    styles: Sequence[tuple[Path, Picture]],
    shares: Sequence[float],
    config: StyleConfig,
    painter: FastPainter,
    device: torch.device,
) -> list[tuple[FastStyle, StyleStatistics, float]]:
    """Return each network once, with the statistics of all styles that it paints, mixed, and their share together."""
    layers = []
    for file in dict.fromkeys(painter.network_file(path) for path, style in styles):
        its = [
            (path, painter.known(path, style, config, device), share)
            for (path, style), share in zip(styles, shares, strict=True)
            if painter.network_file(path) == file and share
        ]
        together = sum(share for _path, _statistics, share in its)
        if together:
            mixed = blend_statistics(
                [known for _path, known, _share in its], [share / together for *_known, share in its]
            )
            layers.append((painter.network(its[0][0], device), mixed, together))
    return layers


def _unused_notes(config: StyleConfig) -> Generator[Event, None, None]:
    """Yield which settings only the optimizer has."""
    unused = [
        f"--{field.name.replace('_', '-')}"
        for field in fields(config)
        if field.name not in (*USED, *ELSEWHERE) and getattr(config, field.name) != field.default
    ]
    if unused:
        yield Note(_("With --fast these change nothing: {flags}.").format(flags=", ".join(unused)))
