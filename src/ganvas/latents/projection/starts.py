"""Where a search begins: random samples that are near already, and what the run's encoder makes of the picture."""

from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ... import checkpoint
from ...config import Config
from ...device import is_out_of_memory
from ...errors import GanvasError, UnreadableNowError
from ...events import Event, Progress
from ...image_io import to_float
from ...models import build_encoder
from ...models.upsampling import downsample
from ...runs import Run
from ...translation import N_
from ..sample import BATCH, GeneratorModel
from .embedding import Embedding

POOL_SEED = 1_234_567_891  # of the random samples: a seed that hardly anybody samples with


@dataclass(frozen=True)
class Starts:
    """Where the search for one picture begins.

    Args:
        w: (K, num_ws, w_dim), the nearest samples first, then what an encoder says.
        labels: class index of each, -1 without classes.
        nearest: distance of the nearest random sample.
    """

    w: Tensor
    labels: tuple[int, ...]
    nearest: float


@dataclass(frozen=True)
class Spread:
    """Where the w of random samples lie: mean and standard deviation (free,) of each dimension that may move."""

    mean: Tensor
    std: Tensor


def near_samples(
    model: GeneratorModel, embedding: Embedding, targets: Tensor, count: int, keep: int, label: str | None
) -> Generator[Event, None, tuple[list[Starts], Spread]]:
    """Return for each target the `keep` nearest of `count` random samples; memory does not grow with `count`.

    Args:
        targets: (N, D), vectors of the pictures to find.
        label: class of the samples; None for all.

    Raises:
        GanvasError: there is no such label.
    """
    rows: list[Tensor] = []
    best = torch.full((len(targets), 0), torch.inf)
    best_w = torch.zeros(len(targets), 0, *model.w_shape)
    best_labels = torch.zeros(len(targets), 0, dtype=torch.long)
    for first in range(0, count, BATCH):
        drawn = [(POOL_SEED, index) for index in range(first, min(first + BATCH, count))]
        z, labels = model.latents_at(drawn, label)
        w = model.map(z, labels)
        with torch.no_grad():
            vectors = embedding(to_float(model.synthesize(w)).to(model.device)).cpu()
        far = torch.cdist(targets, vectors).square()  # (N, B)
        of_class = torch.full((len(w),), -1) if labels is None else labels
        far, best_w, best_labels = (
            torch.cat([old, new], 1)
            for old, new in (
                (best, far),
                (best_w, w.expand(len(targets), *w.shape)),
                (best_labels, of_class.expand(len(targets), -1)),
            )
        )
        order = far.argsort(1)[:, :keep]
        best, best_labels = far.gather(1, order), best_labels.gather(1, order)
        best_w = torch.stack([each[chosen] for each, chosen in zip(best_w, order, strict=True)])
        rows.append(w[:, 0, : model.config.z_dim])
        yield Progress(N_("random samples"), min(first + BATCH, count), count)
    free = torch.cat(rows)
    spread = Spread(free.mean(0), free.std(0, correction=0).clamp_min(1e-6))
    found = zip(best_w, best_labels, best, strict=True)
    return [Starts(w, tuple(map(int, labels)), float(far[0])) for w, labels, far in found], spread


def load_encoder(run: Run, config: Config) -> nn.Module | None:
    """Return the encoder that the run's newest checkpoint keeps; None where its recipe has none, or it is gone."""
    encoder = build_encoder(config)
    if encoder is None:
        return None
    try:
        found = checkpoint.load_newest(run.checkpoints)
        if found is None:
            return None
        tensors = found[0]
        prefix = "encoder/"
        encoder.load_state_dict({key[len(prefix) :]: each for key, each in tensors.items() if key.startswith(prefix)})
    except (GanvasError, RuntimeError) as error:  # damaged, or of an older release: there are starts without it
        if is_out_of_memory(error) or isinstance(error, UnreadableNowError):
            raise
        return None
    return encoder.eval().requires_grad_(False)


@torch.no_grad()
def encoded(encoder: nn.Module, config: Config, images: Tensor) -> Tensor:
    """Return the codes (B, 1, z_dim) of images (B, C, H, W) in [-1, 1]; of small ones where a run enlarges them."""
    small = images if config.upsampling is None else downsample(images, config.upsampling.factor)
    codes = encoder(small)
    mean: Tensor = codes[0] if isinstance(codes, tuple) else codes  # a variational encoder gives a Gaussian
    return mean[:, None]
