"""Latents as people name them: by seeds, by pictures that a generator drew, and by files of latents."""

import re
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from ..errors import GanvasError
from ..translation import _
from .latent_files import read_latents
from .sample import GeneratorModel
from .seeds import parse_seeds

SEEDS = re.compile(r"[\d\s,-]+", re.ASCII)


def read_sources(
    model: GeneratorModel, words: Sequence[str], option: str, truncation: float = 1.0, label: str | None = None
) -> Tensor:
    """Return the latents (N, num_ws, w_dim) that words name, in their order.

    Args:
        words: each a list of seeds such as "3,7,20-29", a picture that the generator drew, or a file of latents.
        option: by which they were given, for the hint.
        truncation, label: of those by seed.

    Raises:
        GanvasError: a word is none of these, or belongs to another run.
    """
    latents = []
    for word in words:
        if SEEDS.fullmatch(word) and not Path(word).exists():
            latents.append(model.map(*model.latents(_seeds(word, option), label), truncation))
        else:
            latents.append(read_latents(word, model))
    return torch.cat(latents)


def _seeds(word: str, option: str) -> list[int]:
    try:
        return parse_seeds(word)
    except GanvasError as error:
        raise GanvasError(error.message, _("Try: {option} 3,7,20-29").format(option=option)) from error
