"""The search for one latent: Adam from several starts, of which the worse are given up one after the other.

Steps are in units of the spread of random samples, and begin with a little noise that finds a way past small hollows
(Karras et al. 2020, appendix D). A latent may not go further out than samples lie. So it can be mixed and walked to.
"""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...image_io import to_uint8
from ..sample import GeneratorModel
from .embedding import Embedding, as_shown, distances
from .starts import Spread

LR = 0.1  # of Adam, in standard deviations of random samples
RAMP_UP, RAMP_DOWN = 0.05, 0.5  # shares of the steps in which the rate rises, and falls
NOISE, NOISE_SHARE = 0.1, 0.5  # standard deviation at the beginning, and share of the steps until it is gone
RADIUS_WEIGHT = 0.1  # of how much further out than samples a latent lies


@dataclass(frozen=True)
class Schedule:
    """How long is searched.

    Args:
        rounds: how many starts go on, and how many steps; the first is the number of starts.
        layer_steps: then, with a style of its own for each layer, where there are several.
        tune_steps: of tuning, for each batch of pictures.
    """

    rounds: tuple[tuple[int, int], ...] = ((8, 30), (4, 40), (2, 60), (1, 120))
    layer_steps: int = 150
    tune_steps: int = 200

    @property
    def round_steps(self) -> int:
        """Steps of all rounds."""
        return sum(steps for _, steps in self.rounds)


@dataclass
class Best:
    """The best latent so far: w (num_ws, w_dim), its image (C, H, W) uint8, its distance, and its start."""

    w: Tensor
    image: Tensor
    distance: float = math.inf
    start: int = 0

    def improve(self, w: Tensor, images: Tensor, found: Tensor, starts: Sequence[int]) -> None:
        """Take the nearest of latents (B, num_ws, w_dim), if it is nearer."""
        index = int(found.nan_to_num(nan=math.inf).argmin())
        distance = float(found[index].detach())
        if distance < self.distance:
            self.w, self.image = w[index].detach().cpu(), to_uint8(images[index]).cpu()
            self.distance, self.start = distance, starts[index]


@dataclass(frozen=True)
class Search:
    """What a search needs.

    Args:
        target: (D,), vector of the picture.
        spread: of the w of random samples, which is the unit of a step.
        rng: source of the noise.
        schedule: how long is searched.
    """

    model: GeneratorModel
    embedding: Embedding
    target: Tensor
    spread: Spread
    rng: torch.Generator
    schedule: Schedule

    def run(self, starts: Tensor) -> Generator[Best, None, Best]:
        """Yield the best so far after each step from `starts` (K, num_ws, w_dim), and return it."""
        device = self.model.device
        best = Best(starts[0], torch.zeros(self.model.config.shape, dtype=torch.uint8))
        w, which = starts.to(device), list(range(len(starts)))
        done, total = 0, self.schedule.round_steps
        for count, steps in self.schedule.rounds:
            with torch.no_grad():
                images, found = self.distances(w)
            best.improve(w, images, found, which)
            order = found.argsort()[:count].tolist()  # the nearest of what is left go on
            w, which = w[order], [which[index] for index in order]
            w = yield from self._descend(w, which, best, (done / total, (done + steps) / total), steps, rows=1)
            done += steps
        return best

    def run_layers(self, best: Best) -> Generator[Best, None, Best]:
        """Yield the best so far after each step from the best, now with a style of its own for each layer (W+)."""
        w = best.w[None].to(self.model.device)
        yield from self._descend(w, [best.start], best, (0, 1), self.schedule.layer_steps, rows=w.shape[1])
        return best

    def distances(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """Return the images (B, C, H, W) drawn from w (B, num_ws, w_dim), and their distances (B,)."""
        images = self.model.network.synthesize(w)
        return images, distances(self.embedding(as_shown(images)), self.target)

    def _descend(
        self, w: Tensor, which: Sequence[int], best: Best, part: tuple[float, float], steps: int, rows: int
    ) -> Generator[Best, None, Tensor]:
        """Take steps of Adam from w (B, num_ws, w_dim), and return where they lead.

        Args:
            which: the start of each.
            part: of the whole search, from 0 to 1, that these steps are.
            rows: 1 if all layers share one w, else their number.
        """
        mean, std = (each.to(w) for each in (self.spread.mean, self.spread.std))
        free, rest = w[:, :rows, : len(mean)], w[:, :, len(mean) :]
        units = ((free - mean) / std).detach().requires_grad_(True)
        adam = torch.optim.Adam([units], LR, betas=(0.9, 0.99))
        for step in range(steps):
            share = part[0] + (part[1] - part[0]) * step / steps
            adam.param_groups[0]["lr"] = LR * min(1, (share + 0.01) / RAMP_UP) * _fall(share)
            noise = NOISE * max(0.0, 1 - share / NOISE_SHARE) ** 2
            moved = units + noise * torch.randn(units.shape, generator=self.rng, device=units.device)
            w = torch.cat([(mean + std * moved).expand(-1, rest.shape[1], -1), rest], 2)
            images, found = self.distances(w)
            best.improve(w, images, found, which)
            beyond = (units.square().mean(2) - 1).relu().mean(1)
            adam.zero_grad()
            (found + RADIUS_WEIGHT * beyond).sum().backward()  # type: ignore[no-untyped-call]
            adam.step()
            yield best
        return torch.cat([(mean + std * units).expand(-1, rest.shape[1], -1), rest], 2).detach()


def _fall(share: float) -> float:
    """Return the factor of the rate: 1, and towards the end of the search along a cosine to 0."""
    return 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1 - share) / RAMP_DOWN))
