"""How the discriminator judges real pictures and fakes, as histograms: how far apart they lie tells who is winning."""

import copy
from dataclasses import replace

import torch

from ...config import Config
from ...data.loader import Loader
from ...device import random_at
from ...events import Logits
from ...losses import of_pictures
from ...planning.schedule import annealed
from ..state import State
from ..steps.adversarial import d_logits
from ..steps.batch import alike, draw, effective, fakes

COUNT = 256  # pictures of either kind
BINS = 32


@torch.no_grad()
def logit_histograms(state: State, config: Config, loader: Loader, device: torch.device) -> Logits:
    """Return the histograms of the discriminator's logits for real pictures and for fakes, both as it sees them.

    The networks work as they do in training, batch statistics included, but on copies: looking changes nothing.
    """
    pictures, labels = loader.batch(state.images, COUNT)
    random = random_at(config.seed, state.step, "logits", device=device)
    material = draw(config, pictures, labels if config.classes else None, random, device)
    seeing = replace(state, discriminator=copy.deepcopy(state.discriminator))
    generator, config = copy.deepcopy(state.generator), annealed(config, state.step)
    material = alike(generator, replace(material, augmented=effective(state, config)))
    shown = (material.real, fakes(generator, config, material))
    logits = [of_pictures(d_logits(seeing, config, material, each)).float().cpu() for each in shown]
    logits = [each[each.isfinite()] for each in logits]  # that a network broke is for the losses to tell
    low, high = _range(torch.cat(logits))
    counts = (tuple(int(n) for n in torch.histc(each, BINS, low, high)) for each in logits)
    return Logits(state.step, state.images, low, high, *counts)


def _range(values: torch.Tensor) -> tuple[float, float]:
    """Return the least and the greatest value, or a little around them where that is one and the same."""
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
    return (low, high) if low < high else (low - 0.5, low + 0.5)
