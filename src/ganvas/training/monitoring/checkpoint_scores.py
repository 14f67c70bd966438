"""How good the samples are on the way: a few scores, cheap enough to be taken now and then while training."""

import torch

from ...config import Config
from ...data.prepare import PreparedDataset
from ...device import seeded_rng
from ...events import Score
from ...latents.sample import GeneratorModel
from ...metrics.distances import Interval, bootstrap_frechet_distance, bootstrap_kernel_distance
from ...metrics.features import extract_features
from ...metrics.neighbors import count_near_duplicates
from ...metrics.real_features import RealImages
from ...metrics.score_descriptions import SCORE_DESCRIPTIONS
from ...metrics.scores import precision_recall_density_coverage, wilson_interval
from ...models.base import Generator
from ..state import State

COUNT = 512  # samples and as many real images: enough to rank the checkpoints of one run, not to publish
REPLICATES = 16  # bootstrap resamplings; an interval is then a little rough
MAX_NEAR_DUPLICATES = 0.9  # share of samples with a near-copy among the others; beyond, hardly anything is drawn,
MAX_REAL_NEAR_DUPLICATES = 0.5  # unless so many real images have one: thin strokes on white look alike here
RANKED_BY = "frechet_plain"  # which varies less than the corrected one, and the numbers of images stay equal


class CheckpointScorer:
    """Scores of a run's samples against its images, always from the same latents and with the same images."""

    def __init__(self, config: Config, data: PreparedDataset, device: torch.device, count: int = COUNT) -> None:
        self.config, self.device, self.count = config, device, count
        reals = RealImages(data, config.held_out, device=device)
        rows = reals.random_indices(count)
        self._real = reals.features(rows)
        duplicates = count_near_duplicates(data.images[rows]).with_duplicate
        self._reals_differ = duplicates < MAX_REAL_NEAR_DUPLICATES * len(rows)

    def score(self, state: State, network: Generator) -> dict[str, Score]:
        """Return the scores of `network`'s samples, by their keys in `ganvas.metrics.score_descriptions`."""
        samples = GeneratorModel(network, self.config, self.device, "").sample(self.count, self.config.seed)
        fake = extract_features(samples, device=self.device)
        duplicates = count_near_duplicates(samples).with_duplicate
        rng = seeded_rng(self.config.seed, "appraisal")
        plain, corrected = bootstrap_frechet_distance(fake.intermediate, self._real.intermediate, rng, REPLICATES)
        intervals: dict[str, Interval] = {
            "frechet": corrected,
            "frechet_plain": plain,
            "kid": bootstrap_kernel_distance(fake.final, self._real.final, rng, REPLICATES),
            **precision_recall_density_coverage(fake.final, self._real.final),
            "near_duplicates": wilson_interval(duplicates, self.count),
        }
        return {
            key: Score(
                step=state.counters.step,
                images_seen=state.counters.images_seen,
                score=SCORE_DESCRIPTIONS[key][0],
                network=fake.network,
                value=interval.value,
                count=self.count,
                low=interval.low,
                high=interval.high,
                at=f"{self.config.data.width}x{self.config.data.height}",
            )
            for key, interval in intervals.items()
        }

    def rank(self, scores: dict[str, Score]) -> float | None:
        """Return the distance that checkpoints are ranked by, or None if all samples are alike.

        In the first steps, one gray grain for all can be nearer to photographs than what is learned after it.
        """
        all_alike = scores["near_duplicates"].value >= MAX_NEAR_DUPLICATES
        return None if self._reals_differ and all_alike else scores[RANKED_BY].value
