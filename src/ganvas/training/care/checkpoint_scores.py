"""How good the samples are on the way: a few scores, cheap enough to be taken now and then while training."""

import torch

from ...config import Config
from ...data.prepare import PreparedDataset
from ...device import seeded_rng
from ...events import Score
from ...latents.sample import GeneratorModel
from ...metrics.distances import Interval, bootstrap_frechet_distance, bootstrap_kernel_distance
from ...metrics.features import extract_features
from ...metrics.neighbours import count_near_duplicates
from ...metrics.real_features import RealImages
from ...metrics.score_descriptions import SCORE_DESCRIPTIONS
from ...metrics.scores import precision_recall_density_coverage, wilson_interval
from ...models.base import Generator
from ..state import State

COUNT = 512  # samples and as many real pictures: enough to rank the checkpoints of one run, not to publish
REPLICATES = 16  # resamplings; an interval is then a little rough
ALIKE = 0.9  # of the samples with a near-copy among the others: whatever their distance, hardly anything is drawn,
DIFFERENT = 0.5  # unless there are as many among the pictures: thin strokes on white are all alike to that eye
RANKED_BY = "frechet_plain"  # which varies less than the corrected one, and the numbers of pictures stay equal


class CheckpointScorer:
    """Score a run's samples against its pictures, always from the same latents to the same pictures."""

    def __init__(self, config: Config, data: PreparedDataset, device: torch.device, count: int = COUNT) -> None:
        self.config, self.device, self.count = config, device, count
        reals = RealImages(data, config.held_out, device=device)
        rows = reals.random_indices(count)
        self._real = reals.features(rows)
        alike = count_near_duplicates(data.images[rows]).with_duplicate
        self._different = alike < DIFFERENT * len(rows)  # whether the pictures themselves are

    def score(self, state: State, network: Generator) -> dict[str, Score]:
        """Return the scores of `network`'s samples by their keys in `ganvas.metrics.score_descriptions.SCORE_DESCRIPTIONS`."""
        samples = GeneratorModel(network, self.config, self.device, "").sample(self.count, self.config.seed)
        fake = extract_features(samples, device=self.device)
        alike = count_near_duplicates(samples)
        random = seeded_rng(self.config.seed, "appraisal")
        plain, corrected = bootstrap_frechet_distance(fake.intermediate, self._real.intermediate, random, REPLICATES)
        found: dict[str, Interval] = {
            "frechet": corrected,
            "frechet_plain": plain,
            "kid": bootstrap_kernel_distance(fake.final, self._real.final, random, REPLICATES),
            **precision_recall_density_coverage(fake.final, self._real.final),
            "near_duplicates": wilson_interval(alike.with_duplicate, self.count),
        }
        return {
            key: Score(
                state.counters.step,
                state.counters.images_seen,
                SCORE_DESCRIPTIONS[key][0],
                fake.network,
                each.value,
                self.count,
                each.low,
                each.high,
            )
            for key, each in found.items()
        }

    def rank(self, scores: dict[str, Score]) -> float | None:
        """Return the distance that checkpoints are chosen by, or None of one that draws the same all the time.

        In the first steps, one grey grain for all can be nearer to photographs than what is learned after it.
        """
        return None if self._different and scores["near_duplicates"].value >= ALIKE else scores[RANKED_BY].value
