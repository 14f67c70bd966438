"""The steps that make small images large: learn the detail of real images, then of the generator's own.

1. *upsample*: real images are made small; the upsampler learns to give them back. That is supervised, quick and safe,
   but soft where detail cannot be known.
2. *refine*: a discriminator of large images against the upsampler. Every other image of a batch is a real one made
   small, which has to come back. The others the generator draws; made small again they have to be what it drew.

The generator of the small images stands still meanwhile, in the form that it is sampled in.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ...config import Config, UpsamplingConfig
from ...device import seeded_rng
from ...errors import GanvasError
from ...models.quick import AutoencoderGenerator
from ...models.upsampling import UpsampledGenerator, downsample
from ..state import State
from .adversarial import adversarial_g_loss, adversarial_step
from .autoencoder import add_code_noise
from .batch import Batch
from .ema import prepare_for_sampling
from .oom_retry import step_by_microbatches
from .optimize import Losses, optimizer_step

# A generator's images are a little softer than real ones made small, and have a grain. The upsampler is to mend both.
MAX_BLUR = 0.5  # share of the mean over 3 x 3 pixels
MAX_NOISE_STD = 0.04


@dataclass(frozen=True, kw_only=True)
class PairedBatch(Batch):
    """A batch of large crops, and the small ones that are to be enlarged.

    Args:
        small: (B, C, h, w).
        is_sample: (B,) bool: whether a small one was drawn by the generator; the others are real ones made small.
    """

    small: Tensor
    is_sample: Tensor

    def microbatches(self, count: int) -> Iterator["PairedBatch"]:
        """Yield the batch in `count` parts, as equal as can be."""
        parts = super().microbatches(count), self.small.tensor_split(count), self.is_sample.tensor_split(count)
        for part, small, is_sample in zip(*parts, strict=True):
            yield _paired(part, small, is_sample)


def freeze_base(state: State, config: Config) -> None:
    """Give the generator of the small images the averaged weights and statistics that it is sampled with."""
    sampled = prepare_for_sampling(state, config, state.device)
    state.networks.generator.base.load_state_dict(sampled.base.state_dict())


def upsample_step(state: State, config: Config, batch: Batch) -> Losses:
    """Minimize E|x - upsampler(small(x))| over crops of real images x."""
    paired = pair(state, config, batch, with_samples=False)
    return step_by_microbatches(state, config, paired, "upsampler", _upsample)


def _upsample(state: State, config: Config, batch: Batch, microbatch: int, n_microbatches: int) -> Losses:
    """Learn from one microbatch. Its graph lives in here only, so that it is freed if memory runs out."""
    loss = (draw_enlarged(state, config, batch) - batch.real).abs().mean()
    optimizer_step(state, config, "upsampler", loss, microbatch, n_microbatches)
    return {"upsampling": loss.detach()}


def refine_step(state: State, config: Config, batch: Batch) -> Losses:
    """Take one step of the discriminator of large images and, if due, one of the upsampler.

    The upsampler minimizes both its errors plus the weighted adversarial loss.
    """
    paired = pair(state, config, batch, with_samples=True)
    return adversarial_step(state, config, paired, draw_enlarged, refine_loss, "upsampler")


def draw_enlarged(state: State, config: Config, batch: Batch) -> Tensor:
    """Return the small crops of a paired batch made large (B, C, H, W)."""
    generator, _ = upsampling_parts(state, config)
    assert isinstance(batch, PairedBatch)
    images: Tensor = generator.upsampler(batch.small)
    return images


def refine_loss(state: State, config: Config, batch: Batch, fakes: Tensor) -> tuple[Tensor, Losses]:
    """Return both errors plus the weighted adversarial loss, and all to report."""
    _, settings = upsampling_parts(state, config)
    assert isinstance(batch, PairedBatch)
    adversarial = adversarial_g_loss(state, config, batch, fakes)
    of_sample = batch.is_sample.float()
    errors = (fakes - batch.real).abs().mean((1, 2, 3))
    changes = (downsample(fakes, settings.factor) - batch.small).abs().mean((1, 2, 3))
    upsampling = (errors * (1 - of_sample)).sum() / len(fakes)
    consistency = (changes * of_sample).sum() / len(fakes)
    loss = upsampling + consistency + settings.adversarial_weight * adversarial
    losses = {"generator": adversarial, "upsampling": upsampling, "consistency": consistency}
    return loss, {name: each.detach() for name, each in losses.items()}


@torch.no_grad()
def pair(state: State, config: Config, batch: Batch, with_samples: bool) -> PairedBatch:
    """Return crops of a batch's real images, each with a small one to enlarge.

    That is the real image made small; of every fourth, where a recipe has an autoencoder, what this makes of it. With
    samples, it is for every other one what the generator draws.
    """
    generator, settings = upsampling_parts(state, config)
    base, encoder = generator.base.eval(), state.networks.encoder
    small = downsample(batch.real, settings.factor)
    made = degrade(small, batch.rng)
    if encoder is not None and isinstance(base, AutoencoderGenerator) and config.autoencoder is not None:
        codes = encoder.eval()(small[::4])
        made[::4] = base.decoder(add_code_noise(codes, config.autoencoder.code_noise_std, batch.rng))
    is_sample = torch.zeros(len(made), dtype=torch.bool, device=made.device)
    if with_samples:
        is_sample[1::2] = True
        made[1::2] = base.sample(batch.z[1::2], None if batch.labels is None else batch.labels[1::2])
    rows, columns = (slice(begin, begin + side) for begin, side in crop_window(state, config))
    factor, crop = settings.factor, made[:, :, rows, columns].contiguous(memory_format=torch.channels_last)
    large = batch.real[
        :, :, factor * rows.start : factor * rows.stop, factor * columns.start : factor * columns.stop
    ].contiguous(memory_format=torch.channels_last)
    return _paired(replace(batch, real=large), crop, is_sample)


def _paired(batch: Batch, small: Tensor, is_sample: Tensor) -> PairedBatch:
    return PairedBatch(
        batch.real, batch.z, batch.labels, batch.rng, batch.augment_p, small=small, is_sample=is_sample
    )  # fmt: skip


def crop_window(state: State, config: Config) -> list[tuple[int, int]]:
    """Return where the crop of a step begins in the small images and how long it is, down and across."""
    _, settings = upsampling_parts(state, config)
    _, height, width = config.shape
    rng, window = seeded_rng(config.seed, state.counters.step, "crop"), []
    for full, small in zip((height, width), config.small_shape[1:], strict=True):
        if full <= settings.crop:
            window.append((0, small))
        else:
            length = settings.crop // settings.factor
            window.append((int(torch.randint(full // settings.factor - length + 1, (1,), generator=rng)), length))
    return window


def degrade(small: Tensor, rng: torch.Generator) -> Tensor:
    """Return images (B, C, h, w), each a little blurred and noisy."""
    blur, std = (torch.rand((len(small), 1, 1, 1), generator=rng, device=small.device) for _ in range(2))
    blurred = F.avg_pool2d(F.pad(small, (1, 1, 1, 1), mode="replicate"), 3, 1)
    noise = torch.randn(small.shape, generator=rng, device=small.device)
    return torch.lerp(small, blurred, MAX_BLUR * blur) + MAX_NOISE_STD * std * noise


def upsampling_parts(state: State, config: Config) -> tuple[UpsampledGenerator, UpsamplingConfig]:
    """Return generator and settings, which are there by the configuration's construction."""
    generator = state.networks.generator
    if not isinstance(generator, UpsampledGenerator) or config.upsampling is None:
        raise GanvasError(f"Recipe {config.recipe} draws at full size: there is nothing to enlarge.", "Leave it out.")
    return generator, config.upsampling
