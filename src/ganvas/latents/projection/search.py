"""The search for latents: Adam from several starts each, of which the worse are given up one after the other.

Several pictures are searched at once, since much of a small step on a processor is overhead. They share nothing else:
what is found of one is the same to the bit whatever is searched with it.
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

LR, LAYER_LR = 0.2, 0.1  # of Adam, in standard deviations of random samples; with a style for each layer
RAMP_UP, RAMP_DOWN = 0.05, 0.5  # shares of the steps in which the rate rises, and falls
NOISE, NOISE_SHARE = 0.1, 0.5  # standard deviation at the beginning, and share of the steps until it is gone
RADIUS_WEIGHT = 0.1  # of how much further out than samples a latent lies
DRAWN_AT_ONCE = 4  # images, always: with another number sums are rounded differently, and the search goes elsewhere


@dataclass(frozen=True)
class Schedule:
    """How long is searched.

    Args:
        rounds: how many starts go on, and how many steps; the first is the number of starts.
        layer_steps: then, with a style of its own for each layer, where there are several.
        tune_steps: of tuning, for each batch of pictures.
    """

    rounds: tuple[tuple[int, int], ...] = ((8, 6), (4, 10), (2, 16), (1, 150))
    layer_steps: int = 100
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
    """What a search for P pictures needs.

    Args:
        targets: (P, D), vectors of the pictures.
        spread: of the w of random samples, which is the unit of a step.
        rngs: sources of the noise, one for each picture: what is found does not depend on the others.
        schedule: how long is searched.
    """

    model: GeneratorModel
    embedding: Embedding
    targets: Tensor
    spread: Spread
    rngs: Sequence[torch.Generator]
    schedule: Schedule

    def run(self, starts: Tensor) -> Generator[list[Best], None, list[Best]]:
        """Yield the best so far of each picture after each step from `starts` (P, K, num_ws, w_dim), and return it."""
        blank = torch.zeros(self.model.config.shape, dtype=torch.uint8)
        best = [Best(each[0], blank) for each in starts]
        w = starts.to(self.model.device)
        which = torch.arange(w.shape[1]).expand(w.shape[:2])
        done, total = 0, self.schedule.round_steps
        for count, steps in self.schedule.rounds:
            with torch.no_grad():
                order = self._measure(w, which, best).argsort(1)[:, :count]  # the nearest of what is left go on
            w = torch.stack([each[chosen] for each, chosen in zip(w, order, strict=True)])
            which = which.gather(1, order.cpu())
            w = yield from self._descend(w, which, best, (done / total, (done + steps) / total), steps, rows=1)
            done += steps
        return best

    def run_layers(self, best: list[Best]) -> Generator[list[Best], None, list[Best]]:
        """Yield the best so far after each step from the best, now with a style of its own for each layer (W+)."""
        w = torch.stack([each.w for each in best])[:, None].to(self.model.device)
        which = torch.tensor([[each.start] for each in best])
        yield from self._descend(w, which, best, (0, 1), self.schedule.layer_steps, rows=w.shape[2])
        return best

    def _measure(self, w: Tensor, which: Tensor, best: list[Best]) -> Tensor:
        """Return the distances (P, K) of w (P, K, num_ws, w_dim), and take what is nearer.

        Where gradients are enabled, that of the distances is added to w.grad.

        Args:
            which: (P, K), the start of each.
        """
        rows, targets = _filled_up(w.flatten(0, 1)), _filled_up(self.targets.repeat_interleave(w.shape[1], 0))
        images, found = [], []
        for part, target in zip(torch.split(rows, DRAWN_AT_ONCE), torch.split(targets, DRAWN_AT_ONCE), strict=True):
            drawn = self.model.network.synthesize(part)
            far = distances(self.embedding(as_shown(drawn)), target)
            if far.requires_grad:
                far.sum().backward()  # type: ignore[no-untyped-call]
            images.append(drawn.detach())
            found.append(far.detach())
        by_picture = torch.cat(found)[: w.shape[0] * w.shape[1]].view(w.shape[:2])
        of_picture = zip(
            best, w.detach(), torch.split(torch.cat(images), w.shape[1]), by_picture, which.tolist(), strict=False
        )  # the last images only fill a batch
        for one, each_w, each_images, each_found, starts in of_picture:
            one.improve(each_w, each_images, each_found, starts)
        return by_picture

    def _descend(
        self, w: Tensor, which: Tensor, best: list[Best], part: tuple[float, float], steps: int, rows: int
    ) -> Generator[list[Best], None, Tensor]:
        """Take steps of Adam from w (P, K, num_ws, w_dim), and return where they lead.

        Args:
            which: (P, K), the start of each.
            part: of the whole search, from 0 to 1, that these steps are.
            rows: 1 if all layers share one w, else their number.
        """
        mean, std = (each.to(w) for each in (self.spread.mean, self.spread.std))
        free, rest = w[:, :, :rows, : len(mean)], w[:, :, :, len(mean) :]
        units = [((each - mean) / std).detach().requires_grad_(True) for each in free]
        lr = LR if rows == 1 else LAYER_LR
        adam = torch.optim.Adam(units, lr, betas=(0.9, 0.99))

        def latents(units: Sequence[Tensor]) -> Tensor:
            moved = [(mean + std * each).expand(-1, rest.shape[2], -1) for each in units]
            return torch.cat([torch.stack(moved), rest], 3)

        for step in range(steps):
            share = part[0] + (part[1] - part[0]) * step / steps
            adam.param_groups[0]["lr"] = lr * min(1, (share + 0.01) / RAMP_UP) * _fall(share)
            noise = NOISE * max(0.0, 1 - share / NOISE_SHARE) ** 2
            moved = latents([each + noise * _normal(each, rng) for each, rng in zip(units, self.rngs, strict=True)])
            drawn_from = moved.detach().requires_grad_(True)
            self._measure(drawn_from, which, best)
            beyond = sum((each.square().mean(2) - 1).relu().mean(1).sum() for each in units)
            adam.zero_grad()
            torch.autograd.backward([moved, RADIUS_WEIGHT * beyond], [drawn_from.grad, None])
            adam.step()
            yield best
        return latents(units).detach()


def _filled_up(rows: Tensor) -> Tensor:
    """Return rows (N, ...) with copies of the first behind them, so that N is a multiple of `DRAWN_AT_ONCE`."""
    missing = -len(rows) % DRAWN_AT_ONCE
    return torch.cat([rows, rows[:1].detach().expand(missing, *rows.shape[1:])])


def _normal(like: Tensor, rng: torch.Generator) -> Tensor:
    """Return normal noise of the shape of another tensor."""
    return torch.randn(like.shape, generator=rng, device=rng.device)


def _fall(share: float) -> float:
    """Return the factor of the rate: 1, and towards the end of the search along a cosine to 0."""
    return 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1 - share) / RAMP_DOWN))
