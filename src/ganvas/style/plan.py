"""Plan of a painting: its sizes from coarse to fine, and at each the steps, the optimizer and the largest blocks."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..config import StyleConfig
from ..errors import UnusableImageError
from ..models.vgg import VGG
from ..translation import _
from .optimize import LBFGS

COARSEST_MAX_SIZE = 127  # pixels; the first size is no longer, so that the network sees the whole composition
REFERENCE_SIZE = 512  # pixels; the size that `iterations` is given for
STEPS_PER_HALVING = 1.6  # factor of the steps at half the size, where a step costs a quarter
BLOCK_SIZES = (0, 1024, 768, 512, 384, 256, 128)  # pixels; 0 is the whole image
FIXED_BYTES = 640 << 20  # of Python, PyTorch and the network's weights, measured on a CPU
# Bytes per pixel that is encoded, to compute one gradient. Measured on a CPU: 910; 1,550 with max pooling, which keeps
# its inputs; 1,560 with patches, for each region; 2,030 with both.
BACKWARD_BYTES, MAX_POOL_BYTES, PATCH_BYTES = 1000, 600, 650
MEASURED_LAYERS = {*StyleConfig.content_layers, *StyleConfig.style_layers}  # the layers of that measurement
# Bytes per pixel of the painting: for the content, for a style, and for each region at all layers, for its mask and for
# the indices of its matched patches.
CONTENT_BYTES, STYLE_BYTES, MASK_BYTES, MATCH_BYTES = 12, 12, 6, 11


@dataclass(frozen=True)
class MemoryModel:
    """The memory that the objective needs; the optimizer's comes on top.

    Args:
        halo: margin of a block in pixels.
        block_pixel_bytes: bytes per pixel that is encoded at once.
        image_pixel_bytes: bytes per pixel of the painting.
        feature_pixel_bytes: bytes per pixel of the content's features, which are kept if it is not split into blocks.
        source_bytes: bytes of the source pictures.
    """

    halo: int
    block_pixel_bytes: float
    image_pixel_bytes: float
    feature_pixel_bytes: float
    source_bytes: int = 0


def build_memory_model(
    config: StyleConfig,
    encoder: VGG,
    content_layers: Iterable[str],
    style_areas: Sequence[float],
    masked: bool,
    source_bytes: int,
) -> MemoryModel:
    """Return the memory that painting with an encoder needs.

    Args:
        content_layers: layers where shapes are compared.
        style_areas: pixels of each style per pixel of the painting.
        masked: whether there are masks, or transparency.
        source_bytes: bytes of the source pictures.
    """
    regions = len(style_areas) if masked else 1
    block_bytes = encoder.bytes_of({*encoder.layers} - MEASURED_LAYERS)
    block_bytes += BACKWARD_BYTES + MAX_POOL_BYTES * (config.pooling == "max")
    image_bytes = CONTENT_BYTES + STYLE_BYTES * sum(style_areas) + MASK_BYTES * regions * masked
    if config.statistics == "patches":
        block_bytes += PATCH_BYTES * regions
        image_bytes += MATCH_BYTES * regions
    return MemoryModel(encoder.halo, block_bytes, image_bytes, encoder.bytes_of(content_layers), source_bytes)


@dataclass(frozen=True)
class Stage:
    """One size of the painting: (width, height), the steps, the optimizer, and the block size, 0 for the whole."""

    size: tuple[int, int]
    iterations: int
    optimizer: str
    block_size: int

    @property
    def long_side(self) -> int:
        """Return the pixels of the longer side."""
        return max(self.size)

    @property
    def cost(self) -> float:
        """Return the cost of a step, in pixels."""
        return float(self.size[0] * self.size[1])


def plan_stages(
    content_size: tuple[int, int], config: StyleConfig, memory: int, memory_model: MemoryModel
) -> list[Stage]:
    """Return the stages of a painting from coarse to fine, each twice as large as the one before.

    Large strokes are found at small sizes, where a step costs little; the large sizes add the fine ones.

    Args:
        content_size: (width, height) of the content.
        memory: bytes that may be used.

    Raises:
        UnusableImageError: not even the smallest blocks fit.
    """
    long_sides = [config.size]
    while long_sides[0] > COARSEST_MAX_SIZE:
        long_sides.insert(0, long_sides[0] // 2)
    sizes = [scale_to(content_size, long_side) for long_side in long_sides]
    finest_first = [_plan_stage(size, config, memory, memory_model) for size in reversed(sizes)]  # it fails first
    return finest_first[::-1]


def scale_to(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    """Return `size` (width, height) scaled to `long_side` pixels on the longer side, and at least 1 on the other."""
    factor = long_side / max(size)
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def bytes_needed(stage: Stage, model: MemoryModel) -> int:
    """Return about how many bytes a stage needs."""
    width, height = stage.size
    window = stage.block_size + 2 * model.halo if stage.block_size else max(stage.size)
    feature_bytes = 0.0 if stage.block_size else model.feature_pixel_bytes
    whole_image = (optimizer_pixel_bytes(stage) + model.image_pixel_bytes + feature_bytes) * width * height
    block = model.block_pixel_bytes * min(width, window) * min(height, window)
    return round(FIXED_BYTES + model.source_bytes + whole_image + block)


def optimizer_pixel_bytes(stage: Stage) -> int:
    """Return the bytes per pixel of the painting that the optimizer needs for its history, measured on a CPU."""
    return 12 * (22 + 2 * min(stage.iterations, LBFGS.HISTORY_SIZE)) if stage.optimizer == "lbfgs" else 12 * 10


def _plan_stage(size: tuple[int, int], config: StyleConfig, memory: int, memory_model: MemoryModel) -> Stage:
    """Return the stage of one size: as asked if it fits into memory, else in blocks, else in blocks with Adam."""
    steps = max(1, round(config.iterations * STEPS_PER_HALVING ** math.log2(REFERENCE_SIZE / max(size))))
    for optimizer in dict.fromkeys((config.optimizer, "adam")):
        for block_size in BLOCK_SIZES:
            stage = Stage(size, steps, optimizer, block_size)
            if bytes_needed(stage, memory_model) <= memory:
                return stage
    needed, allowed = bytes_needed(stage, memory_model) / 2**30, memory / 2**30
    raise UnusableImageError(
        _(
            "A painting of {width} x {height} pixels needs {needed:.1f} GB, but only {allowed:.1f} GB may be used."
        ).format(width=size[0], height=size[1], needed=needed, allowed=allowed),
        _("Try a smaller --size or a larger --memory."),
    )
