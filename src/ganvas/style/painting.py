"""Painting one picture: the optimization stage by stage, and the state to resume from."""

import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import Tensor

from ..config import StyleConfig
from ..device import seeded_rng
from ..errors import UnusableImageError
from ..events import Event, Iteration, Note, run_to_end
from ..image_io import to_float
from ..models.vgg import VGG
from ..signature import Signature
from ..translation import _
from . import resume
from .check import layer_weights
from .fast_paint import FastPainter, painted
from .load import Picture, SourcePaths, SourcePictures, to_uint8_tensor
from .masks import region_masks
from .objective import LossConfig, Objective, Region
from .optimize import OPTIMIZERS
from .output import FINAL_REASONS, PaintingOutput, reporting_disk_errors
from .plan import Stage, scale_to
from .resume import PartialPainting

NOISE_STD = 0.3  # small, since stronger noise leaves specks
FRAME_SHARE = 0.02  # cut off each side of a style: photographs of paintings often show a frame, which would be painted
FIRST_LOOK = 10  # steps after which it is written for the first time, so that whoever waits sees something
AUTOSAVE_SECONDS = 300  # the most work that is lost if the process is killed
CONTENT_WEIGHT = 0.08  # weight of the content relative to the style, at strength 0.5


class PaintingJob:
    """One painting in progress, stage after stage.

    Args:
        sources: the paths of `pictures`, which are written into the painting's metadata.
        plan: the stages, coarse to fine.
        out: where the painting goes. If the same painting was begun there, it is resumed.
        network_name: name of the network, which is a part of the fingerprint.
        signature: what it is signed with, if it is.
    """

    def __init__(
        self,
        sources: SourcePaths,
        pictures: SourcePictures,
        config: StyleConfig,
        encoder: VGG,
        plan: Sequence[Stage],
        out: Path,
        network_name: str,
        signature: Signature | None = None,
    ) -> None:
        self.sources, self.pictures, self.config = sources, pictures, config
        self.encoder, self.plan, self.out = encoder, plan, out
        self.device = encoder.mean.device
        self.fingerprint = resume.compute_fingerprint(config, sources.all_paths, network_name)
        self.output = PaintingOutput(
            path=out,
            sources=sources,
            content=pictures.content,
            config=config,
            network=network_name,
            fingerprint=self.fingerprint,
            signature=signature,
        )
        self.stage_index = self.stage_steps = self.total_steps = 0
        self.best: Tensor | None = None
        self.optimizer_state: dict[str, Tensor] = {}
        self.diverged = False
        self.last_saved = time.monotonic()
        partial = resume.load_partial(out, self.fingerprint)
        if partial is not None:
            self.stage_index, self.stage_steps = partial.stage_index, partial.stage_steps
            self.total_steps = partial.total_steps
            self.best = partial.image.to(self.device)
            self.optimizer_state = {name: tensor.to(self.device) for name, tensor in partial.optimizer_state.items()}

    def paint(self) -> Generator[Event, None, None]:
        """Paint stage after stage, each starting from the result of the one before, and save a preview after each.

        Raises:
            GanvasError: the loss is not finite at the first step, or the painting cannot be written.
        """
        total_cost = sum(stage.iterations * stage.cost for stage in self.plan)
        planned_steps = sum(stage.iterations for stage in self.plan)
        finished_cost = sum(stage.iterations * stage.cost for stage in self.plan[: self.stage_index])
        for stage in self.plan[self.stage_index :]:
            objective, start = self._build_objective(stage), self._start_image(stage)
            optimizer = OPTIMIZERS[stage.optimizer](objective, start, self.optimizer_state)
            while self.stage_steps < stage.iterations and not optimizer.converged:
                losses = optimizer.step()
                if losses is None:
                    self.diverged = True
                    break
                self.best, self.optimizer_state = optimizer.best, optimizer.state
                self.stage_steps, self.total_steps = self.stage_steps + 1, self.total_steps + 1
                if self.total_steps == FIRST_LOOK:
                    self.save("preview")
                elif time.monotonic() - self.last_saved > AUTOSAVE_SECONDS:
                    with reporting_disk_errors(self.out):
                        self._save_partial(self.best)
                progress = (finished_cost + self.stage_steps * stage.cost) / total_cost
                values = losses.total, losses.content, losses.style, losses.variation
                yield Iteration(self.total_steps, planned_steps, stage.long_side, *values, progress)
            if self.best is None:
                raise UnusableImageError(
                    _("The loss is not finite at the first step."), _("Is the weights file damaged?")
                )
            if self.diverged:
                return
            finished_cost += stage.iterations * stage.cost
            self.stage_index, self.stage_steps = self.stage_index + 1, 0
            if self.stage_index < len(self.plan):
                self.save("preview")
                yield Note(_("Preview at {long_side} px: {out}").format(long_side=stage.long_side, out=self.out))

    def save(self, reason: str) -> None:
        """Write the best image so far at full size, with its sources and settings as metadata, if there is one.

        Unless the painting is finished, the state to resume from is written beside it.

        Raises:
            GanvasError: it cannot be written.
        """
        if self.best is None:
            return
        with reporting_disk_errors(self.out):
            painting = resize_to(self.best, scale_to(self.pictures.content.colors.size, self.config.size))
            self.output.write(painting, reason, self.total_steps)
            if reason in FINAL_REASONS:
                resume.partial_path(self.out).unlink(missing_ok=True)
            else:
                self._save_partial(self.best)

    def _save_partial(self, image: Tensor) -> None:
        """Write the state that the same command resumes from."""
        partial = PartialPainting(self.stage_index, self.stage_steps, self.total_steps, image, self.optimizer_state)
        resume.save_partial(partial, self.out, self.fingerprint)
        self.last_saved = time.monotonic()

    def _build_objective(self, stage: Stage) -> Objective:
        """Return the objective of a stage."""
        config, size = self.config, stage.size
        styles = [self._style_image(style, stage) for style in self.pictures.styles]
        masks = region_masks(self.pictures.masks, len(styles), size, config.mask_softness, config.mask_threshold)
        opacity = self.pictures.content.opacity(size)  # transparent pixels do not count in the style loss
        if masks:
            masks = [(mask if opacity is None else mask * opacity).to(self.device) for mask in masks]
            regions = [Region([style], [1.0], mask) for style, mask in zip(styles, masks, strict=True)]
        else:
            blend = config.blend or (1.0,) * len(styles)
            shares = [share / sum(blend) for share in blend]
            regions = [Region(styles, shares, None if opacity is None else opacity.to(self.device))]
        style_weight = 4 * config.strength**2
        loss_config = LossConfig(
            content_weight=4 * CONTENT_WEIGHT * (1 - config.strength) ** 2,
            style_weight=style_weight,
            tv_weight=config.smoothness * style_weight,  # without strokes there is no grain to suppress
            content_layers=layer_weights(config.content_layers),
            style_layers=layer_weights(config.style_layers),
            statistics=config.statistics,
            seed=config.seed,
        )
        content = self.pictures.content.tensor(size, self.device)
        return Objective(self.encoder, content, regions, loss_config, stage.block_size)

    def _style_image(self, style: Picture, stage: Stage) -> Tensor:
        """Return a style (1, 3 or 4, H, W), resized so that its strokes have the size that is asked for."""
        size = scale_to(style.colors.size, max(16, round(stage.long_side * self.config.style_scale)))
        picture = style.crop_border(FRAME_SHARE)
        colors, opacity = picture.tensor(size, self.device), picture.opacity(size)
        if opacity is None or not opacity.any():
            return colors
        return torch.cat([colors, opacity.to(self.device).mul(2).sub(1)], 1)

    def _start_image(self, stage: Stage) -> Tensor:
        """Return the image (1, 3, H, W) that a stage starts from: the best so far, else what the settings say."""
        if self.best is not None:
            return resize_to(self.best, stage.size)
        width, height = stage.size
        if self.config.start == "content":
            return self.pictures.content.tensor(stage.size, self.device)
        if self.config.start == "fast":
            config = replace(self.config, size=stage.long_side)
            return run_to_end(painted(self.sources, self.pictures, config, FastPainter(), self.device))
        if self.config.start == "noise":
            noise = torch.randn(1, 3, height, width, generator=seeded_rng(self.config.seed, "style"))
            return noise.mul(NOISE_STD).clamp(-1, 1).to(self.device)
        start = self.pictures.start or self.pictures.styles[0]
        filled = ImageOps.fit(start.colors, stage.size, Image.Resampling.LANCZOS)
        return to_float(to_uint8_tensor(filled).to(self.device))


def resize_to(painting: Tensor, size: tuple[int, int]) -> Tensor:
    """Return a painting (1, 3, H, W) resized to (width, height)."""
    width, height = size
    if painting.shape[2:] == (height, width):
        return painting
    return F.interpolate(painting, (height, width), mode="bicubic", align_corners=False).clamp(-1, 1)
