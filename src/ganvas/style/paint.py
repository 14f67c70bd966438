"""The painting of a picture, from coarse to fine, as a stream of events."""

import json
import time
from collections.abc import Generator, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ..config import StyleConfig
from ..device import choose_device, random_at, use
from ..errors import GanvasError
from ..events import Done, Event, Iteration, Note
from ..models import backbones
from ..models.backbones import VGG, VGGWeights
from ..pictures import save_image
from .check import check_config, check_out
from .objective import Objective
from .optimise import optimise
from .read import Picture, read, scaled

SMALLEST = 160  # a first scale of at most this many pixels: the whole composition fits the network's view
NOISE = 0.3  # standard deviation: grey enough not to leave specks


def stylize(
    content: Path, styles: Sequence[Path], out: Path, config: StyleConfig | None = None
) -> Generator[Event, None, None]:
    """Repaint `content` in the manner of `styles`, write it to `out`, and yield what happens.

    Interrupted, it writes the best picture so far.

    Raises:
        GanvasError: a picture cannot be read, an option makes no sense, or `out` cannot be written.
    """
    began = time.monotonic()
    config = config or StyleConfig()
    check_config(config, len(styles))
    check_out(out, [content, *styles])
    picture, manners = read(content), [read(style) for style in styles]
    yield from _remarks(picture, manners, config)
    choice = choose_device(config.device)
    yield Note(f"Painting on {choice.device}: {choice.reason}.")
    weights = yield from _weights(config)
    encoder = VGG(weights, (*config.content_layers, *config.style_layers), config.pooling).to(use(choice))
    canvas = Canvas(picture, manners, config, encoder)
    reason = "finished"
    try:
        yield from canvas.paint()
    except KeyboardInterrupt:
        if canvas.best is None:
            raise
        reason = "interrupted"
    except GeneratorExit:
        canvas.save(out, {"reason": "interrupted", "network": weights.name})
        raise
    except torch.OutOfMemoryError as error:
        raise GanvasError(
            f"{config.size} px is too large for {choice.device}'s memory.", "Try a smaller --size."
        ) from error
    if canvas.diverged:
        reason = "diverged"
        yield Note(f"After step {canvas.steps} the loss is no longer a number: the last good picture is kept.")
    canvas.save(out, {"reason": reason, "network": weights.name})
    yield Done(str(out), canvas.steps, 0, time.monotonic() - began, reason)


def scales(config: StyleConfig) -> list[tuple[int, int]]:
    """Return (long side, iterations) from coarse to fine: each twice the one before, the last of the full size.

    Large strokes are found on a small picture, where a step costs a quarter; the large one adds the fine ones.
    """
    sizes = [config.size]
    while sizes[0] > SMALLEST:
        sizes.insert(0, sizes[0] // 2)
    return [(size, config.iterations) for size in sizes]


class Canvas:
    """The picture being painted. It outlives an interruption, so that what is there can be kept."""

    def __init__(self, picture: Picture, styles: Sequence[Picture], config: StyleConfig, encoder: VGG) -> None:
        self.picture, self.styles, self.config, self.encoder = picture, styles, config, encoder
        self.device = encoder.mean.device
        self.best: Tensor | None = None
        self.steps = 0
        self.diverged = False

    def paint(self) -> Generator[Event, None, None]:
        """Paint at each scale, from where the smaller one ended.

        Raises:
            GanvasError: the loss is no number before the first stroke.
        """
        plan = scales(self.config)
        total = sum(iterations for _, iterations in plan)
        planned = 0
        for scale, iterations in plan:
            planned += iterations
            objective = self._objective(scale)
            for stroke in optimise(objective, self._start(scale), self.config, iterations):
                self.best, self.steps = stroke.best, self.steps + 1
                yield Iteration(self.steps, total, scale, stroke.loss, stroke.content, stroke.style, stroke.variation)
            if self.best is None:
                raise GanvasError("The loss is no number from the start.", "Is the file of weights damaged?")
            self.diverged = self.steps < planned
            if self.diverged:
                return

    def save(self, out: Path, origin: dict[str, str]) -> None:
        """Write the best picture so far at the full size, with its sources and settings inside; nothing if none is.

        Raises:
            GanvasError: the disk does not take it.
        """
        if self.best is None:
            return
        origin |= {
            "content": self.picture.name,
            "styles": ", ".join(style.name for style in self.styles),
            "seed": str(self.config.seed),
            "steps": str(self.steps),
            "settings": json.dumps(asdict(self.config)),
        }
        try:
            save_image(self.picture.painted(self._enlarged(self.best, self.config.size)), out, origin)
        except OSError as error:
            raise GanvasError(
                f"{out} cannot be written ({error.strerror or error}).", "Give --out elsewhere."
            ) from error

    def _objective(self, scale: int) -> Objective:
        """Return what to aim at when the long side has `scale` pixels."""
        shares = self.config.blend or (1.0,) * len(self.styles)
        return Objective(
            self.encoder,
            self.picture.tensor(self._size(scale), self.device),
            [style.tensor(scaled(style.colours.size, scale), self.device) for style in self.styles],
            [share / sum(shares) for share in shares],
            self.config,
        )

    def _start(self, scale: int) -> Tensor:
        """Return the picture to begin a scale with, (1, 3, H, W): the one before, else what the settings say."""
        if self.best is not None:
            return self._enlarged(self.best, scale)
        width, height = self._size(scale)
        if self.config.start == "content":
            return self.picture.tensor((width, height), self.device)
        noise = torch.randn(1, 3, height, width, generator=random_at(self.config.seed, "style"))
        return noise.mul(NOISE).clamp(-1, 1).to(self.device)

    def _enlarged(self, painting: Tensor, scale: int) -> Tensor:
        """Return `painting` with a long side of `scale` pixels."""
        width, height = self._size(scale)
        if painting.shape[2:] == (height, width):
            return painting
        return F.interpolate(painting, (height, width), mode="bicubic", align_corners=False).clamp(-1, 1)

    def _size(self, scale: int) -> tuple[int, int]:
        return scaled(self.picture.colours.size, scale)


def _remarks(picture: Picture, styles: Sequence[Picture], config: StyleConfig) -> Generator[Event, None, None]:
    """Say what was done to read the pictures, and that the painting is larger than the picture if it is."""
    for each in (picture, *styles):
        for note in each.notes:
            yield Note(f"{each.name}: {note}.")
    long_side = max(picture.colours.size)
    if long_side < config.size:
        yield Note(
            f"{picture.name} is {long_side} pixels long and is enlarged to {config.size}; --size {long_side} keeps it."
        )


def _weights(config: StyleConfig) -> Generator[Event, None, VGGWeights]:
    """Return the network's weights; without a connection to fetch them, the packaged network does, and that is said."""
    if config.network == "vgg16":
        return backbones.packaged_vgg16()
    if config.vgg19_weights:
        return backbones.torchvision_vgg19(Path(config.vgg19_weights))
    yield Note("Looking for torchvision's VGG-19; it is fetched if it is not here yet (550 MB).")
    try:
        return backbones.torchvision_vgg19()
    except backbones.NotFetched as error:
        yield Note(f"{error.message} The packaged VGG-16 paints in its place.")
        return backbones.packaged_vgg16()
