"""How good the samples are on the way: a distance that is cheap enough to be taken at every checkpoint."""

import numpy as np
import torch
from torch import nn

from ..config import Config
from ..data.prepare import Prepared
from ..device import random_at
from ..events import Scored
from ..latents.sample import GeneratorModel
from ..metrics.features import Features, extract
from ..metrics.scores import frechet_distance
from .state import State

COUNT = 512  # samples and as many real pictures: enough to rank the checkpoints of one run, not to publish
NETWORK = "efficientnet-lite0"


class Appraiser:
    """Measure the distance of a run's samples to its pictures, always from the same latents to the same pictures."""

    def __init__(self, config: Config, data: Prepared) -> None:
        self.config, self.data = config, data
        self._real: Features | None = None

    def score(self, state: State, network: nn.Module, device: torch.device) -> Scored:
        """Return the Frechet distance of `network`'s samples, in the pooled stage of an EfficientNet-lite0."""
        if self._real is None:
            chosen = torch.randperm(self.data.count, generator=random_at(self.config.seed, "appraisal"))[:COUNT]
            self._real = extract(
                torch.from_numpy(np.asarray(self.data.pictures[chosen.sort().values.numpy()])), NETWORK
            )
        samples = GeneratorModel(network, self.config, device, "").sample(COUNT, self.config.seed)
        value = frechet_distance(extract(samples, NETWORK).stage, self._real.stage)
        return Scored(state.step, state.images, "Frechet distance", NETWORK, value, COUNT)
