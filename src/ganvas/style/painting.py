"""The picture being painted, and what is kept of it: the painting so far, and the state that goes on from there."""

import json
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import Tensor

from ..config import StyleConfig
from ..data.colour import srgb_profile
from ..device import random_at
from ..errors import GanvasError, UnfitPictureError
from ..events import Event, Iteration, Note
from ..image_io import DEEP, save_deep, save_image, to_float, to_image, to_uint8, to_uint16
from ..models.vgg import VGG
from . import resume
from .check import layer_shares
from .colour import COLOURS
from .load import Picture, read, to_tensor
from .masks import parts
from .objective import Aims, Objective, Region
from .optimise import OPTIMISERS
from .plan import Stage, scaled
from .resume import Unfinished

NOISE = 0.3  # standard deviation: grey enough not to leave specks
FRAME = 0.02  # of a style's sides: where a painting was photographed, its edge is often a frame, which would be painted
FREE = ".free.png"
SECONDS_LOST = 300  # at most, to a kill
ENDED = ("finished", "diverged")  # reasons after which nothing is to be gone on with
SHAPES = 0.08  # how much shapes count beside strokes at a strength of a half


@dataclass(frozen=True)
class Pictures:
    """Hold the pictures that a painting is made of."""

    content: Picture
    styles: Sequence[Picture]
    masks: Sequence[Picture]
    start: Picture | None

    @property
    def held(self) -> int:
        """Return the bytes that they take."""
        others = (self.start,) if self.start else ()
        return sum(each.held for each in (self.content, *self.styles, *self.masks, *others))


@dataclass(frozen=True)
class Sources:
    """Name the pictures that a painting is made of."""

    content: Path
    styles: tuple[Path, ...]
    masks: tuple[Path, ...]
    start: Path | None

    @property
    def paths(self) -> list[Path]:
        """Return all of them."""
        return [self.content, *self.styles, *self.masks, *([self.start] if self.start else [])]

    def read(self) -> Pictures:
        """Return the pictures.

        Raises:
            GanvasError: one of them is not there, or is no picture.
        """
        start = read(self.start) if self.start else None
        return Pictures(read(self.content), [*map(read, self.styles)], [*map(read, self.masks)], start)


class Canvas:
    """Paint stage after stage, and keep what there is.

    Args:
        out: where the painting goes. If the same painting was begun there, this one goes on.
        network: the name of what looks at it.
    """

    def __init__(
        self,
        sources: Sources,
        pictures: Pictures,
        config: StyleConfig,
        encoder: VGG,
        plan: Sequence[Stage],
        out: Path,
        network: str,
    ) -> None:
        self.sources, self.pictures, self.config = sources, pictures, config
        self.encoder, self.plan, self.out, self.network = encoder, plan, out, network
        self.device = encoder.mean.device
        self.mark = resume.mark_of(config, sources.paths, network)
        self.stage = self.taken = self.steps = 0  # steps taken at this stage, and all
        self.best: Tensor | None = None
        self.carried: dict[str, Tensor] = {}
        self.diverged = False
        self.kept = time.monotonic()
        found = resume.find(out, self.mark)
        if found is not None:
            self.stage, self.taken, self.steps = found.stage, found.taken, found.steps
            self.best = found.picture.to(self.device)
            self.carried = {name: each.to(self.device) for name, each in found.carried.items()}

    def paint(self) -> Generator[Event, None, None]:
        """Paint at each size, from where the smaller one ended, and keep what each has given.

        Raises:
            GanvasError: the loss is no number before the first stroke, or the disk does not take the painting.
        """
        whole = sum(stage.iterations * stage.cost for stage in self.plan)
        planned = sum(stage.iterations for stage in self.plan)
        before = sum(stage.iterations * stage.cost for stage in self.plan[: self.stage])
        for stage in self.plan[self.stage :]:
            descent = OPTIMISERS[stage.optimiser](self._objective(stage), self._start(stage), self.carried)
            while self.taken < stage.iterations and not descent.settled:
                losses = descent.step()
                if losses is None:
                    self.diverged = True
                    break
                self.best, self.carried = descent.best, descent.state
                self.taken, self.steps = self.taken + 1, self.steps + 1
                if time.monotonic() - self.kept > SECONDS_LOST:
                    with self._writing():
                        self._keep(self.best)
                progress = (before + self.taken * stage.cost) / whole
                told = losses.total, losses.content, losses.style, losses.variation
                yield Iteration(self.steps, planned, stage.long_side, *told, progress)
            if self.best is None:
                raise UnfitPictureError("The loss is no number from the start.", "Is the file of weights damaged?")
            if self.diverged:
                return
            before += stage.iterations * stage.cost
            self.stage, self.taken = self.stage + 1, 0
            if self.stage < len(self.plan):
                self.save("preview")
                yield Note(f"A look at it, {stage.long_side} pixels fine: {self.out}")

    def save(self, reason: str) -> None:
        """Write the best picture so far at the full size, with its sources and settings inside; nothing if none is.

        What is not finished is kept beside it, for the same command to go on.

        Raises:
            GanvasError: the disk does not take it.
        """
        if self.best is None:
            return
        with self._writing():
            painting = enlarged(self.best, scaled(self.pictures.content.colours.size, self.config.size))
            self._write(painting, self.out, reason, self.config.colours)
            if self.config.colours != "free" and reason in ENDED:
                self._write(painting, free_place(self.out), reason, "free")
            if reason in ENDED:
                resume.place(self.out).unlink(missing_ok=True)
            else:
                self._keep(self.best)

    def _keep(self, best: Tensor) -> None:
        """Keep how far it has come, for the same command to go on."""
        resume.keep(Unfinished(self.stage, self.taken, self.steps, best, self.carried), self.out, self.mark)
        self.kept = time.monotonic()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Say what is to be done where the disk takes nothing."""
        try:
            yield
        except OSError as error:
            raise GanvasError(
                f"{self.out} cannot be written ({error.strerror or error}).", "Give --out elsewhere."
            ) from error

    def _write(self, painting: Tensor, path: Path, reason: str, colours: str) -> None:
        """Write a painting in its own colours or in others."""
        origin = {
            "network": self.network,
            "reason": reason,
            "mark": self.mark,
            "content": _told(self.sources.content),
            "styles": json.dumps([_told(each) for each in self.sources.styles]),
            "masks": json.dumps([_told(each) for each in self.sources.masks]),
            "seed": str(self.config.seed),
            "steps": str(self.steps),
            "settings": json.dumps(asdict(replace(self.config, colours=colours))),
        }
        bits = bits_of(path, self.config.depth, self.pictures.content)
        write(dressed(painting, self.pictures.content, colours), path, bits, origin)

    def _objective(self, stage: Stage) -> Objective:
        """Return what to aim at in a stage."""
        config, size = self.config, stage.size
        styles = [self._style(style, stage) for style in self.pictures.styles]
        masks = parts(self.pictures.masks, len(styles), size, config.mask_softness, config.mask_threshold)
        seen = self.pictures.content.seen(size)  # what is transparent needs no strokes, and takes none from the rest
        if masks:
            places = [(mask if seen is None else mask * seen).to(self.device) for mask in masks]
            regions = [Region([style], [1.0], place) for style, place in zip(styles, places, strict=True)]
        else:
            blend = config.blend or (1.0,) * len(styles)
            shares = [share / sum(blend) for share in blend]
            regions = [Region(styles, shares, None if seen is None else seen.to(self.device))]
        strokes = 4 * config.strength**2
        aims = Aims(
            content=4 * SHAPES * (1 - config.strength) ** 2,
            style=strokes,
            variation=config.smoothness * strokes,  # without strokes there is no grain to hold down
            content_layers=layer_shares(config.content_layers),
            style_layers=layer_shares(config.style_layers),
            statistics=config.statistics,
            seed=config.seed,
        )
        content = self.pictures.content.tensor(size, self.device)
        return Objective(self.encoder, content, regions, aims, stage.side)

    def _style(self, style: Picture, stage: Stage) -> Tensor:
        """Return a style at the size that gives strokes of the size that is wanted, (1, 3 or 4, H, W)."""
        size = scaled(style.colours.size, max(16, round(stage.long_side * self.config.style_scale)))
        inner = style.inside(FRAME)
        colours, seen = inner.tensor(size, self.device), inner.seen(size)
        if seen is None or not seen.any():
            return colours
        return torch.cat([colours, seen.to(self.device).mul(2).sub(1)], 1)

    def _start(self, stage: Stage) -> Tensor:
        """Return the picture to begin a stage with, (1, 3, H, W): what there is already, else what the settings say."""
        if self.best is not None:
            return enlarged(self.best, stage.size)
        width, height = stage.size
        if self.config.start == "content":
            return self.pictures.content.tensor(stage.size, self.device)
        if self.config.start == "noise":
            noise = torch.randn(1, 3, height, width, generator=random_at(self.config.seed, "style"))
            return noise.mul(NOISE).clamp(-1, 1).to(self.device)
        start = self.pictures.start or self.pictures.styles[0]
        filled = ImageOps.fit(start.colours, stage.size, Image.Resampling.LANCZOS)
        return to_float(to_tensor(filled).to(self.device))


def dressed(painting: Tensor, content: Picture, colours: str) -> Tensor:
    """Return a painting (1, 3, H, W) with the colours that are wanted, as transparent as its content is: (C, H, W)."""
    painting = painting.cpu()  # colours are matched in double precision, which not every device has
    height, width = painting.shape[2:]
    like = content.tensor((width, height), painting.device) if colours != "free" else painting
    seen = content.seen((width, height))
    coloured = COLOURS[colours](painting, like, seen)[0]
    return coloured if seen is None else torch.cat([coloured, seen[0].mul(2).sub(1)])


def write(picture: Tensor, path: Path, bits: int, origin: Mapping[str, object]) -> None:
    """Write a picture (C, H, W) in [-1, 1], with 8 or 16 bits a colour, saying that it is in sRGB."""
    if bits == 16:
        save_deep(to_uint16(picture.permute(1, 2, 0)), path, origin, srgb_profile())
        return
    image = to_image(to_uint8(picture))
    image.info["icc_profile"] = srgb_profile()
    save_image(image, path, origin)


def bits_of(path: Path, depth: int, content: Picture) -> int:
    """Return the bits of a colour in a file: as asked, else as many as the content has and the format holds."""
    return depth or (16 if content.bands and path.suffix.lower() in DEEP else 8)


def free_place(out: Path) -> Path:
    """Return where a painting is kept in its own colours, if it has others, so that they can be changed later."""
    return out.with_name(f"{out.name}{FREE}")


def is_free_copy(path: Path) -> bool:
    """Tell whether a painting in its own colours is kept there."""
    return path.name.endswith(FREE) and path.with_name(path.name.removesuffix(FREE)).exists()


def _told(path: Path) -> str:
    """Return a path as a file can tell it: bytes of its name that are no text are escaped."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def enlarged(painting: Tensor, size: tuple[int, int]) -> Tensor:
    """Return a painting (1, 3, H, W) at the size of (width, height)."""
    width, height = size
    if painting.shape[2:] == (height, width):
        return painting
    return F.interpolate(painting, (height, width), mode="bicubic", align_corners=False).clamp(-1, 1)
