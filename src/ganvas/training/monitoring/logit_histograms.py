"""Histograms of the logits of reals and fakes: how far apart they lie tells who is winning."""

import copy
from dataclasses import replace

import torch

from ...config import Config
from ...device import seeded_rng
from ...events import LogitHistograms
from ...losses import mean_logit_per_image
from ...planning.schedule import config_at_step
from ..state import State
from ..steps.batch import Batches, augment_probability, make_batch
from ..steps.d_input import d_logits

COUNT = 256  # pictures of either kind
BINS = 32


@torch.no_grad()
def logit_histograms(state: State, config: Config, loader: Batches, device: torch.device) -> LogitHistograms:
    """Return the histograms of the discriminator's logits for reals and for fakes, both as it sees them.

    The networks work as they do in training, batch statistics included, but on copies: measuring changes nothing.
    """
    step, images_seen = state.counters.step, state.counters.images_seen
    images, labels = loader.batch(images_seen, COUNT)
    rng = seeded_rng(config.seed, step, "logits", device=device)
    batch = make_batch(config, images, labels if config.classes else None, rng, device)
    batch = replace(batch, augment_p=augment_probability(state, config))
    config = config_at_step(config, max(0, step - 1))  # of the step that was taken last
    generator, discriminator = copy.deepcopy(state.networks.generator), copy.deepcopy(state.networks.discriminator)
    mixing = config.stylegan.style_mixing_prob if config.stylegan else 0.0
    shown = generator.match_reals(batch.real), generator.fakes(batch.z, batch.labels, batch.rng, mixing)
    logits = [mean_logit_per_image(d_logits(discriminator, config, batch, each)).float().cpu() for each in shown]
    logits = [each[each.isfinite()] for each in logits]  # the losses tell of a network that broke
    low, high = _range(torch.cat(logits))
    counts = (tuple(int(n) for n in torch.histc(each, BINS, low, high)) for each in logits)
    return LogitHistograms(step, images_seen, low, high, *counts)


def _range(values: torch.Tensor) -> tuple[float, float]:
    """Return the least and the greatest value, or a little around them where that is one and the same."""
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
    return (low, high) if low < high else (low - 0.5, low + 0.5)
