"""The steps that make small images large: learn the detail of real images, then of the generator's own.

1. *upsample*: real images are made small; the upsampler learns to give them back. That is supervised, quick and safe,
   but soft where detail cannot be known.
2. *refine*: a discriminator of large images against the upsampler. Part of each batch is real images made small, which
   have to come back; the rest the generator draws, and made small again they have to be what it drew.

The generator of the small images stands still meanwhile, in the form that it is sampled in.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ...config import Config, UpsamplingConfig
from ...errors import GanvasError
from ...models.upsampling import UpsampledGenerator, downsample
from ..state import State
from .adversarial import adversarial_g_loss, adversarial_step
from .batch import Batch
from .ema import prepare_for_sampling
from .oom_retry import step_by_microbatches
from .optimize import Losses, optimizer_step

# A generator's images are a little softer than real ones made small, and have a grain. The upsampler is to mend both.
MAX_BLUR = 0.5  # share of the mean over 3 x 3 pixels
MAX_NOISE_STD = 0.04


def freeze_base(state: State, config: Config) -> None:
    """Give the generator of the small images the averaged weights and statistics that it is sampled with."""
    sampled = prepare_for_sampling(state, config, state.device)
    state.networks.generator.base.load_state_dict(sampled.base.state_dict())


def upsample_step(state: State, config: Config, batch: Batch) -> Losses:
    """Minimize E|x - upsampler(downsample(x))| over real images x."""
    return step_by_microbatches(state, config, batch, "upsampler", _upsample)


def _upsample(state: State, config: Config, batch: Batch, microbatch: int, n_microbatches: int) -> Losses:
    """Learn from one microbatch. Its graph lives in here only, so that it is freed if memory runs out."""
    generator, settings = upsampling_parts(state, config)
    loss = (generator.upsampler(degrade(batch.real, settings.factor, batch.rng)) - batch.real).abs().mean()
    optimizer_step(state, config, "upsampler", loss, microbatch, n_microbatches)
    return {"upsampling": loss.detach()}


def refine_step(state: State, config: Config, batch: Batch) -> Losses:
    """Take one step of the discriminator of large images and, if due, one of the upsampler.

    The upsampler minimizes both its errors plus the weighted adversarial loss.
    """
    return adversarial_step(state, config, batch, draw_enlarged, refine_loss, "upsampler")


def draw_enlarged(state: State, config: Config, batch: Batch) -> Tensor:
    """Return large images (B, C, H, W): first of the batch's reals made small, then of the generator's own."""
    generator, settings = upsampling_parts(state, config)
    count = _from_reals(batch, settings)
    small = [degrade(batch.real[:count], settings.factor, batch.rng), draw_small(state, config, batch)]
    images: Tensor = generator.upsampler(torch.cat(small).contiguous(memory_format=torch.channels_last))
    return images


@torch.no_grad()
def draw_small(state: State, config: Config, batch: Batch) -> Tensor:
    """Return the small images (N, C, h, w) that the generator draws of the last N latents of a batch."""
    generator, settings = upsampling_parts(state, config)
    count = _from_reals(batch, settings)
    labels = None if batch.labels is None else batch.labels[count:]
    return generator.base.eval().sample(batch.z[count:], labels)


def refine_loss(state: State, config: Config, batch: Batch, fakes: Tensor) -> tuple[Tensor, Losses]:
    """Return both errors plus the weighted adversarial loss, and all to report."""
    _, settings = upsampling_parts(state, config)
    count = _from_reals(batch, settings)
    adversarial = adversarial_g_loss(state, config, batch, fakes)
    upsampling = (fakes[:count] - batch.real[:count]).abs().mean()
    consistency = (downsample(fakes[count:], settings.factor) - draw_small(state, config, batch)).abs().mean()
    loss = upsampling + consistency + settings.adversarial_weight * adversarial
    losses = {"generator": adversarial, "upsampling": upsampling, "consistency": consistency}
    return loss, {name: each.detach() for name, each in losses.items()}


def degrade(images: Tensor, factor: int, rng: torch.Generator) -> Tensor:
    """Return real images (B, C, H, W) made small (B, C, h, w), each a little blurred and noisy."""
    small = downsample(images, factor)
    blur, std = (torch.rand((len(small), 1, 1, 1), generator=rng, device=small.device) for _ in range(2))
    blurred = F.avg_pool2d(F.pad(small, (1, 1, 1, 1), mode="replicate"), 3, 1)
    noise = torch.randn(small.shape, generator=rng, device=small.device)
    return torch.lerp(small, blurred, MAX_BLUR * blur) + MAX_NOISE_STD * std * noise


def _from_reals(batch: Batch, settings: UpsamplingConfig) -> int:
    """Return how many images of a batch are real ones made small; the others are samples."""
    return round(len(batch.real) * (1 - settings.sample_fraction))


def upsampling_parts(state: State, config: Config) -> tuple[UpsampledGenerator, UpsamplingConfig]:
    """Return generator and settings, which are there by the configuration's construction."""
    generator = state.networks.generator
    if not isinstance(generator, UpsampledGenerator) or config.upsampling is None:
        raise GanvasError(f"Recipe {config.recipe} draws at full size: there is nothing to enlarge.", "Leave it out.")
    return generator, config.upsampling
