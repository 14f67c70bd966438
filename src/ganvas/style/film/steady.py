"""Frames painted so that what stays the same keeps its strokes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .flow import Floats, find_motion

Held = Mapping[str, Tensor]  # what a painter measured of the frames so far
Painter = Callable[[Floats, Held | None], tuple[Floats, Held]]
"""Paints a frame (H, W, 3) in [0, 1], given what it held of the frames before, None after a cut; what it holds now."""

SOURCE_SHARE = 0.6  # of what is carried along, in what is painted: noise is averaged before it becomes strokes
PAINTED_SHARE = 0.8  # of what is carried along, in the painted frame
CUT_CHANGE, CUT_TRUST = 0.06, 0.35  # a cut changes the small picture by more, and leaves less of the frame to carry
THUMBNAIL = 32  # parts along each side of the small picture


@dataclass(frozen=True, kw_only=True, eq=False)
class Steadying:
    """How frames are steadied; 0 switches a part off, which benchmarks do.

    Args:
        source_share, painted_share: of what is carried along, in the frame to paint and in the painted one.
        holds: whether the painter holds what it measured.
    """

    source_share: float = SOURCE_SHARE
    painted_share: float = PAINTED_SHARE
    holds: bool = True


@dataclass(frozen=True, eq=False)
class Carried:
    """The frame before as it was, as it was averaged, and as it was painted, and what the painter held."""

    source: Floats
    averaged: Floats
    painted: Floats
    held: Held = field(default_factory=dict)

    def tensors(self) -> dict[str, Tensor]:
        """Return it as tensors, for a file; no two share memory."""
        images = {"source": self.source, "averaged": self.averaged, "painted": self.painted}
        held = {f"held.{name}": tensor.cpu().clone() for name, tensor in self.held.items()}
        return {name: torch.tensor(image).contiguous() for name, image in images.items()} | held

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor]) -> "Carried":
        """Return what `tensors` gave; the inverse of it."""
        source, averaged, painted = (tensors[name].numpy() for name in ("source", "averaged", "painted"))
        held = {name.removeprefix("held."): tensor for name, tensor in tensors.items() if name.startswith("held.")}
        return cls(source, averaged, painted, held)


def paint_steadily(
    frame: Floats, before: Carried | None, paint: Painter, steadying: Steadying | None = None
) -> tuple[Floats, Carried]:
    """Return a painted frame (H, W, 3) in [0, 1], and what the next one needs.

    The frame before is carried along by the motion, and blended in where that can be trusted: into what is painted, and
    into the painting. At a cut all begins anew.
    """
    steadying = steadying or Steadying()
    motion = find_motion(before.source, frame) if before is not None else None
    if before is None or motion is None or is_cut(before.source, frame, motion.trust):
        painted, held = paint(frame, None)
        return painted, Carried(frame, frame, painted, held)
    trust = motion.trust[..., None]
    averaged = _blend(frame, motion.carry(before.averaged), steadying.source_share * trust)
    fresh, held = paint(averaged, before.held if steadying.holds else None)
    painted = _blend(fresh, motion.carry(before.painted), steadying.painted_share * trust)
    return painted, Carried(frame, averaged, painted, held)


def is_cut(before: Floats, now: Floats, trust: Floats) -> bool:
    """Return whether another scene begins: the small picture is another, and little of the frame came from the last."""
    if float(trust.mean()) > CUT_TRUST:
        return False
    thumbnails = [torch.from_numpy(frame).permute(2, 0, 1)[None] for frame in (before, now)]
    small = [torch.nn.functional.adaptive_avg_pool2d(each, THUMBNAIL) for each in thumbnails]
    return float((small[0] - small[1]).abs().mean()) > CUT_CHANGE


def _blend(new: Floats, carried: Floats, share: Floats) -> Floats:
    """Return `new` with a share of `carried` in it."""
    return new + share * (carried - new)
