"""What the discriminator is shown: augmented, noisy, packed images, and fakes among the reals."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ...config import Config
from ...data.ada import ada_augment
from ...data.augment import POLICIES, diff_augment
from ...distributed import own_rows
from ...models import packing
from ...models.base import Discriminator
from .batch import Batch


def d_logits(discriminator: Discriminator, config: Config, batch: Batch, images: Tensor) -> Tensor:
    """Return the logits (B / pac,) or (B / pac, N) for `images` (B, C, H, W), with the batch's labels if any."""
    logits: Tensor = discriminator(d_input(config, batch, images), *batch.condition)
    return logits


def d_input(config: Config, batch: Batch, images: Tensor) -> Tensor:
    """Return what the discriminator sees of `images`: augmented, with noise, packed.

    Random numbers are drawn only where something is done. (Instance noise: Sonderby et al. 2017; the probability of an
    augmentation: Karras et al. 2020, ADA.)
    """
    probability, rng = batch.augment_p, batch.rng
    policies = tuple(name for name in config.augment if name in POLICIES)
    shown = images
    if probability > 0:
        shown = diff_augment(images, policies, rng)
    if policies and 0 < probability < 1:
        draws = own_rows(torch.rand, (len(images), 1, 1, 1), generator=rng, device=images.device)
        shown = torch.where(draws < probability, shown, images)
    if "ada" in config.augment and probability > 0:
        with torch.autocast(shown.device.type, enabled=False):  # coordinates need full precision
            shown = ada_augment(shown if shown.dtype == torch.float64 else shown.float(), probability, rng)
    if config.balance.instance_noise_std > 0:
        noise = own_rows(torch.randn, shown.shape, generator=rng, device=shown.device, dtype=shown.dtype)
        shown = shown + config.balance.instance_noise_std * noise
    return pack(shown, packing(config))


@dataclass(frozen=True)
class JudgedFeatures:
    """What a discriminator's frozen network makes of a batch, augmented alike: both turns of a step need it.

    Args:
        real: of the real images, (B, D, h, w) at several scales; no gradient flows through them.
        fake: of the fakes, with their graph if they have one.
    """

    real: list[Tensor]
    fake: list[Tensor]


def judged_features(discriminator: Discriminator, config: Config, batch: Batch, fakes: Tensor) -> JudgedFeatures:
    """Return a discriminator's features of the batch's real images and of fakes (B, C, H, W).

    Each pair of them is augmented with the same random numbers, so that their features can be compared.
    """
    rng_state = batch.rng.get_state()
    with torch.no_grad():
        real = discriminator.features_of(d_input(config, batch, batch.real))
    batch.rng.set_state(rng_state)
    return JudgedFeatures(real, discriminator.features_of(d_input(config, batch, fakes)))


def pseudo_augment(config: Config, batch: Batch, fakes: Tensor) -> Batch:
    """Replace some real images by generated ones, so that the discriminator cannot memorize the training set.

    Source: Jiang et al. 2021, adaptive pseudo augmentation (APA). The probability is that of an augmentation.
    """
    if "apa" not in config.augment or batch.augment_p == 0:
        return batch
    draws = own_rows(torch.rand, (len(fakes), 1, 1, 1), generator=batch.rng, device=fakes.device)
    others = fakes.detach() if batch.labels is not None else fakes.detach().roll(1, 0)  # no fake is its own real
    return replace(batch, real=torch.where(draws < batch.augment_p, others, batch.real))


def pack(images: Tensor, count: int) -> Tensor:
    """Return `count` images at a time as one with all their channels: (B, C, H, W) to (B / count, count * C, H, W).

    A remainder is dropped. A discriminator that sees several at once notices when they are alike (Lin et al. 2018,
    PacGAN).
    """
    if count == 1:
        return images
    whole = images[: len(images) // count * count]
    packs = whole.reshape(-1, count * images.shape[1], *images.shape[2:])
    return packs.contiguous(memory_format=torch.channels_last)


def unpack(packs: Tensor, count: int) -> Tensor:
    """Undo `pack`."""
    return packs if count == 1 else packs.reshape(-1, packs.shape[1] // count, *packs.shape[2:])
