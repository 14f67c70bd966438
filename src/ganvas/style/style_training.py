"""Training of one painting's network: first the scales and shifts of the packaged one, then all of it."""

import copy
import math
import time
from collections.abc import Mapping

import torch
from torch import Tensor

from ..config import StyleConfig
from ..device import seeded_rng
from ..models.fast_style import STATISTICS_LAYERS, Modulation
from ..models.vgg import VGG, packaged_vgg16
from .fast import FastStyle, StyleStatistics, move_colors
from .fast_loss import Aims, moments_of, training_loss
from .load import Picture
from .plan import scale_to
from .style_crops import Crops

STYLE_SIDE = 512  # pixels of the painting's longer side, times the style scale
FRAME_SHARE = 0.02  # cut off each side of the painting, as in `painting`
SIZES = ((0.3, 96, 4), (0.8, 128, 3), (1.0, 192, 2))  # up to which share of the time, pixels of a crop, crops of a step
SCALES_ONLY = 0.15  # share of the time in which only scales and shifts are trained
LEARNING_RATE, LAST_RATE = 1e-3, 5e-5  # of Adam, falling along a cosine
EMA_DECAY = 0.99
USUAL = 0.7  # share of crops that are painted at the usual strength; the others at a greater one
NOISE, MARGIN = 0.02, 4  # standard deviation, and half of the pixels, that should change nothing in what is painted
STEADINESS_WEIGHT = 2.0


class StyleTraining:
    """One painting's network in training.

    Args:
        painting: the style.
        crops: what it is trained to paint.
        style_scale: size of the strokes.
    """

    def __init__(self, painting: Picture, crops: Crops, style_scale: float, device: torch.device) -> None:
        self.crops, self.device = crops, device
        fast = FastStyle.load()
        self.network = copy.deepcopy(fast.network).to(device).requires_grad_(True)
        self.mean = copy.deepcopy(fast.network).to(device)
        self.encoder = VGG(packaged_vgg16(), STATISTICS_LAYERS).to(device)
        size = scale_to(painting.colors.size, max(16, round(STYLE_SIDE * style_scale)))
        style = painting.crop_border(FRAME_SHARE).tensor(size, device)
        self.statistics: StyleStatistics = fast.prepare(style.add(1).div(2))
        with torch.inference_mode():
            self.moments = moments_of(self.encoder(style))
        predictor = [*self.network.hidden.parameters(), *self.network.modulation.parameters()]
        known = {id(each) for each in predictor}
        convolutions = [each for each in self.network.parameters() if id(each) not in known]
        self.optimizer = torch.optim.Adam([{"params": predictor}, {"params": convolutions}], LEARNING_RATE, (0.9, 0.99))
        self.steps, self.seconds = 0, 0.0

    def step(self, share: float) -> tuple[float, dict[str, float], int]:
        """Take a step; return its loss, the loss's parts, and the size of its crops.

        Args:
            share: of the time that is over, in [0, 1].
        """
        began = time.monotonic()
        size, count = next((size, count) for until, size, count in SIZES if share <= until)
        rate = LAST_RATE + (LEARNING_RATE - LAST_RATE) * (1 + math.cos(math.pi * share)) / 2
        for group, factor in zip(self.optimizer.param_groups, (1.0, float(share > SCALES_ONLY)), strict=True):
            group["lr"] = rate * factor
        aims, images, modulated = self._batch(size, count)
        painted = self.network(images, modulated)[0]
        loss, parts = training_loss(self.encoder, painted, aims)
        loss = loss + STEADINESS_WEIGHT * self._unsteadiness(images, painted, modulated)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimizer.step()
        with torch.no_grad():
            for mean, parameter in zip(self.mean.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(parameter, 1 - EMA_DECAY)
        self.steps += 1
        self.seconds += time.monotonic() - began
        return float(loss.detach()), parts, size

    def _batch(self, size: int, count: int) -> tuple[Aims, Tensor, Modulation]:
        """Return what crops are to become, the noisy crops in the painting's colours, and how they are painted."""
        rng = seeded_rng(self.steps, "style-train")
        crops = self.crops.of_size(size, self.encoder)
        chosen = torch.randperm(len(crops.crops), generator=rng)[:count].to(self.device)
        usual = torch.rand(count, generator=rng) < USUAL
        beyond = (1 - StyleConfig.strength) * torch.rand(count, generator=rng) * ~usual
        strengths = (StyleConfig.strength + beyond).to(self.device)
        contents = crops.crops[chosen]
        aims = Aims(crops.shapes[chosen], self.moments, strengths)
        noise = torch.randn(contents.shape, generator=rng).to(self.device) * NOISE * (self.steps % 2)
        colors = crops.color_mean[chosen], crops.color_covariance[chosen]
        images = move_colors(contents + noise, *colors, self.statistics, strengths)
        return aims, images, self.network.modulate(self.statistics.features.expand(count, -1), strengths)

    def _unsteadiness(self, images: Tensor, painted: Tensor, modulation: Modulation) -> Tensor:
        """Return how much the painting of images that are moved by some pixels differs from the moved painting."""
        rng = seeded_rng(self.steps, "shift")
        down, across = (int(torch.randint(1, 2 * MARGIN, (), generator=rng)) for _ in range(2))
        side = images.shape[2] - 2 * MARGIN
        window = (..., slice(down, down + side), slice(across, across + side))
        noise = torch.randn(images[window].shape, generator=rng).to(self.device) * NOISE
        change = self.network(images[window] + noise, modulation)[0] - painted[window]
        unsteadiness: Tensor = change[..., MARGIN:-MARGIN, MARGIN:-MARGIN].square().mean()
        return unsteadiness  # without the edges, which are mirrored elsewhere

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that a training goes on from, as tensors by name."""
        state = {f"network.{name}": tensor for name, tensor in self.network.state_dict().items()}
        state |= {f"mean.{name}": tensor for name, tensor in self.mean.state_dict().items()}
        for index, slots in self.optimizer.state_dict()["state"].items():
            state |= {f"optimizer.{index}.{name}": value for name, value in slots.items()}
        return state | {"progress": torch.tensor([self.steps, self.seconds], dtype=torch.float64)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over what `state_dict` returned.

        Raises:
            KeyError, RuntimeError: it is of another network.
        """
        parts: dict[str, dict[str, Tensor]] = {"network": {}, "mean": {}, "optimizer": {}}
        for name, tensor in state.items():
            part, _dot, rest = name.partition(".")
            if part in parts:
                parts[part][rest] = tensor
        self.network.load_state_dict(parts["network"])
        self.mean.load_state_dict(parts["mean"])
        slots: dict[int, dict[str, Tensor]] = {}
        for name, tensor in parts["optimizer"].items():
            index, _dot, slot = name.partition(".")
            slots.setdefault(int(index), {})[slot] = tensor
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": slots})
        self.steps, self.seconds = int(state["progress"][0]), float(state["progress"][1])
