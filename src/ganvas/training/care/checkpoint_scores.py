"""How good the samples are on the way: a few scores, cheap enough to be taken now and then while training."""

import torch
from torch import nn

from ...config import Config
from ...data.prepare import Prepared
from ...device import random_at
from ...events import Scored
from ...latents.sample import GeneratorModel
from ...metrics.distances import Interval, frechet, kid
from ...metrics.features import extract
from ...metrics.neighbours import near_duplicates
from ...metrics.real_features import Reals
from ...metrics.score_descriptions import MEANING
from ...metrics.scores import cover, share
from ..state import State

COUNT = 512  # samples and as many real pictures: enough to rank the checkpoints of one run, not to publish
REPLICATES = 16  # resamplings; an interval is then a little rough
ALIKE = 0.9  # of the samples with a near-copy among the others: whatever their distance, hardly anything is drawn,
DIFFERENT = 0.5  # unless there are as many among the pictures: thin strokes on white are all alike to that eye
RANKED_BY = "frechet_plain"  # which varies less than the corrected one, and the numbers of pictures stay equal


class Appraiser:
    """Score a run's samples against its pictures, always from the same latents to the same pictures."""

    def __init__(self, config: Config, data: Prepared, device: torch.device, count: int = COUNT) -> None:
        self.config, self.device, self.count = config, device, count
        reals = Reals(data, config.held_out, device=device)
        rows = reals.some(count)
        self._real = reals.features(rows)
        alike = near_duplicates(data.pictures[rows]).having
        self._different = alike < DIFFERENT * len(rows)  # whether the pictures themselves are

    def score(self, state: State, network: nn.Module) -> dict[str, Scored]:
        """Return the scores of `network`'s samples by their keys in `ganvas.metrics.score_descriptions.MEANING`."""
        samples = GeneratorModel(network, self.config, self.device, "").sample(self.count, self.config.seed)
        fake = extract(samples, device=self.device)
        alike = near_duplicates(samples)
        random = random_at(self.config.seed, "appraisal")
        plain, corrected = frechet(fake.stage, self._real.stage, random, REPLICATES)
        found: dict[str, Interval] = {
            "frechet": corrected,
            "frechet_plain": plain,
            "kid": kid(fake.head, self._real.head, random, REPLICATES),
            **cover(fake.head, self._real.head),
            "near_duplicates": share(alike.having, self.count),
        }
        return {
            key: Scored(
                state.step, state.images, MEANING[key][0], fake.network, each.value, self.count, each.low, each.high
            )
            for key, each in found.items()
        }

    def rank(self, scores: dict[str, Scored]) -> float | None:
        """Return the distance that checkpoints are chosen by, or None of one that draws the same all the time.

        In the first steps, one grey grain for all can be nearer to photographs than what is learned after it.
        """
        return None if self._different and scores["near_duplicates"].value >= ALIKE else scores[RANKED_BY].value
