"""The steps that make small images large: learn the detail of real images, then of the generator's own.

1. *upsample*: real images are made small; the upsampler learns to give them back. That is supervised, quick and safe,
   but soft where detail cannot be known. The generator of the small images stands still.
2. *refine*: both learn, against discriminators of the large images. Half of a batch are real images made small, or
   reconstructed by the autoencoder where a recipe has one; they have to come back and look the same. The other half are
   samples. Each step one view is judged: the whole image, reduced, or a part of it at up to full size. That is cheap,
   and at another place each time, so that what is drawn does not fall in with the grid of a network's strides.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ...config import Config, UpsamplingConfig
from ...device import seeded_rng
from ...distributed import alone, own_rows
from ...errors import GanvasError
from ...models.projected import perceptual_distance
from ...models.quick import AutoencoderGenerator
from ...models.upsampling import FULL_LEVEL, UpsampledGenerator, downsample, view_factor
from ...translation import _
from ..state import State
from .adversarial import adversarial_g_loss, adversarial_step
from .autoencoder import add_code_noise
from .batch import Batch
from .d_input import JudgedFeatures, judged_features
from .ema import prepare_for_sampling
from .oom_retry import step_by_microbatches
from .optimize import Losses, optimizer_step

# A generator's images are a little softer than real ones made small, and have a grain. The upsampler is to mend both.
MAX_BLUR = 0.5  # share of the mean over 3 x 3 pixels
MAX_NOISE_STD = 0.04
MADE_SMALL, RECONSTRUCTED, SAMPLED = range(3)  # where a small image comes from
MARGIN = 8  # small pixels around a part that are enlarged with it, so that it is drawn as the whole image would be


@dataclass(frozen=True)
class Window:
    """A part of one side of the small images, in their pixels."""

    begin: int
    length: int


@dataclass(frozen=True, kw_only=True)
class PairedBatch(Batch):
    """A batch of views of large images, and what small images are to be enlarged.

    Args:
        small: (B, C, h, w) real images made small.
        codes: (B, Z) that the autoencoder's decoder draws from; None where a recipe has none.
        origin: (B,) of the small image that is enlarged: MADE_SMALL, RECONSTRUCTED or SAMPLED.
        rows, columns: the part that is viewed.
        factor: how many times the view is reduced.
    """

    small: Tensor
    codes: Tensor | None
    origin: Tensor
    rows: Window
    columns: Window
    factor: int

    def microbatches(self, count: int) -> Iterator["PairedBatch"]:
        """Yield the batch in `count` parts, as equal as can be."""
        codes = (None,) * count if self.codes is None else self.codes.tensor_split(count)
        parts = super().microbatches(count), self.small.tensor_split(count), codes, self.origin.tensor_split(count)
        for part, small, some_codes, origin in zip(*parts, strict=True):
            yield replace(
                self,
                real=part.real,
                z=part.z,
                labels=part.labels,
                small=small,
                codes=some_codes,
                origin=origin,
            )


def freeze_base(state: State, config: Config) -> None:
    """Give the generator of the small images the averaged weights that it is sampled with, and its statistics for good.

    From here on batches are half reconstructions, half samples, and of few images: no measure for batch norms.
    """
    generator, _settings = upsampling_parts(state, config)
    with alone():  # each process measures the same
        sampled = prepare_for_sampling(state, config, state.device)
    generator.base.load_state_dict(sampled.base.state_dict())
    for network in (generator, state.networks.g_ema):
        assert isinstance(network, UpsampledGenerator)
        network.freeze_batch_norm()


def upsample_step(state: State, config: Config, batch: Batch) -> Losses:
    """Minimize E|x - upsampler(small(x))| over parts of real images x at full size."""
    _generator, settings = upsampling_parts(state, config)
    paired = pair(state, config, batch, settings.views - 1, with_samples=False)
    return step_by_microbatches(state, config, paired, "upsampler", _upsample)


def _upsample(state: State, config: Config, batch: Batch, microbatch: int, n_microbatches: int) -> Losses:
    """Learn from one microbatch. Its graph lives in here only, so that it is freed if memory runs out."""
    assert isinstance(batch, PairedBatch)
    with torch.no_grad():
        small = draw_small(state, config, batch)
    loss = (enlarge(state, config, batch, small) - batch.real).abs().mean()
    optimizer_step(state, config, "upsampler", loss, microbatch, n_microbatches)
    return {"upsampling": loss.detach()}


def refine_step(state: State, config: Config, batch: Batch) -> Losses:
    """Take one step of the discriminator of a view and, if due, one of the generator, both its parts."""
    _generator, settings = upsampling_parts(state, config)
    rng = seeded_rng(config.seed, state.counters.step, "view")
    view = int(torch.randint(settings.views, (1,), generator=rng))
    paired = pair(state, config, batch, view, with_samples=True)
    state.networks.discriminator.set_level(FULL_LEVEL + view)
    losses = adversarial_step(state, config, paired, draw_views, refine_loss, "refiner")
    state.networks.discriminator.set_level(FULL_LEVEL)
    return losses


def draw_views(state: State, config: Config, batch: Batch) -> Tensor:
    """Return views (B, C, H, W) of the large images that the generator draws for a paired batch."""
    assert isinstance(batch, PairedBatch)
    return enlarge(state, config, batch, draw_small(state, config, batch))


def refine_loss(
    state: State, config: Config, batch: Batch, fakes: Tensor, features: JudgedFeatures | None
) -> tuple[Tensor, Losses]:
    """Return mean absolute error, weighted perceptual distance and adversarial loss, and all to report."""
    _generator, settings = upsampling_parts(state, config)
    assert isinstance(batch, PairedBatch)
    features = features or judged_features(state.networks.discriminator, config, batch, fakes)
    has_real = batch.origin != SAMPLED
    adversarial = adversarial_g_loss(state, config, batch, fakes, features)
    upsampling = (fakes - batch.real)[has_real].abs().mean()
    of_fakes, of_reals = ([each[has_real] for each in scales] for scales in (features.fake, features.real))
    perceptual = perceptual_distance(of_fakes, of_reals)
    loss = upsampling + settings.perceptual_weight * perceptual + settings.adversarial_weight * adversarial
    losses = {"generator": adversarial, "upsampling": upsampling, "perceptual": perceptual}
    return loss, {name: each.detach() for name, each in losses.items()}


@torch.no_grad()
def pair(state: State, config: Config, batch: Batch, view: int, with_samples: bool) -> PairedBatch:
    """Return views of a batch's real images, and what is to be enlarged to them.

    That is the real image made small; of every fourth, where a recipe has an autoencoder, what this makes of it. With
    samples, it is for every other one what the generator draws.
    """
    generator, settings = upsampling_parts(state, config)
    base, encoder = generator.base.eval(), state.networks.encoder
    small = downsample(batch.real, settings.factor)
    origin = torch.full((len(small),), MADE_SMALL, device=small.device)
    codes = None
    if encoder is not None and isinstance(base, AutoencoderGenerator) and config.autoencoder is not None:
        codes = add_code_noise(encoder.eval()(small), config.autoencoder.code_noise_std, batch.rng)
        origin[::4] = RECONSTRUCTED
    if with_samples:
        origin[1::2] = SAMPLED
        if codes is not None and isinstance(base, AutoencoderGenerator):
            codes[1::2] = base.prior(batch.z[1::2], None if batch.labels is None else batch.labels[1::2])
    rows, columns = view_window(state, config, view)
    reduced = view_factor(view, settings.views)
    real = downsample(_part(batch.real, rows, columns, settings.factor), reduced)
    return PairedBatch(
        real.contiguous(memory_format=torch.channels_last),
        batch.z,
        batch.labels,
        batch.rng,
        batch.augment_p,
        small=degrade(small, batch.rng),
        codes=codes,
        origin=origin,
        rows=rows,
        columns=columns,
        factor=reduced,
    )


def view_window(state: State, config: Config, view: int) -> tuple[Window, Window]:
    """Return which part of the small images a step views, down and across: all of them in view 0."""
    _generator, settings = upsampling_parts(state, config)
    rng, windows = seeded_rng(config.seed, state.counters.step, "window"), []
    for full, small in zip(config.shape[1:], config.small_shape[1:], strict=True):
        length = small if view == 0 else max(1, small >> view)
        places = 1 if view == 0 else full // settings.factor - length + 1  # without a last pixel that is cut off
        windows.append(Window(int(torch.randint(places, (1,), generator=rng)), length))
    return windows[0], windows[1]


def draw_small(state: State, config: Config, batch: PairedBatch) -> Tensor:
    """Return the small images (B, C, h, w) that are to be enlarged: real ones, and what the generator draws."""
    generator, _settings = upsampling_parts(state, config)
    base, small = generator.base, batch.small
    if batch.codes is not None and isinstance(base, AutoencoderGenerator):
        drawn = batch.origin != MADE_SMALL
        images = base.decoder(batch.codes[drawn])
    else:
        drawn = batch.origin == SAMPLED
        images = base.sample(batch.z[drawn], None if batch.labels is None else batch.labels[drawn])
    return small.index_put((drawn,), images.to(small.dtype)) if len(images) else small


def enlarge(state: State, config: Config, batch: PairedBatch, small: Tensor) -> Tensor:
    """Return the views (B, C, H, W) of the large images for small ones (B, C, h, w)."""
    generator, settings = upsampling_parts(state, config)
    (height, width), factor = small.shape[2:], settings.factor
    top, left = (max(0, window.begin - MARGIN) for window in (batch.rows, batch.columns))
    bottom = min(height, batch.rows.begin + batch.rows.length + MARGIN)
    right = min(width, batch.columns.begin + batch.columns.length + MARGIN)
    part = small[:, :, top:bottom, left:right].contiguous(memory_format=torch.channels_last)
    rows, columns = (
        replace(batch.rows, begin=batch.rows.begin - top),
        replace(batch.columns, begin=batch.columns.begin - left),
    )
    return downsample(_part(generator.upsampler(part), rows, columns, factor), batch.factor)


def _part(images: Tensor, rows: Window, columns: Window, factor: int) -> Tensor:
    """Return the part of large images that is seen in a window of the small ones."""
    top, left = factor * rows.begin, factor * columns.begin
    return images[:, :, top : top + factor * rows.length, left : left + factor * columns.length]


def degrade(small: Tensor, rng: torch.Generator) -> Tensor:
    """Return images (B, C, h, w), each a little blurred and noisy."""
    blur, std = (own_rows(torch.rand, (len(small), 1, 1, 1), generator=rng, device=small.device) for _ in range(2))
    blurred = F.avg_pool2d(F.pad(small, (1, 1, 1, 1), mode="replicate"), 3, 1)
    noise = own_rows(torch.randn, small.shape, generator=rng, device=small.device)
    return torch.lerp(small, blurred, MAX_BLUR * blur) + MAX_NOISE_STD * std * noise


def upsampling_parts(state: State, config: Config) -> tuple[UpsampledGenerator, UpsamplingConfig]:
    """Return generator and settings, which are there by the configuration's construction."""
    generator = state.networks.generator
    if not isinstance(generator, UpsampledGenerator) or config.upsampling is None:
        raise GanvasError(
            _("Recipe {recipe} draws at full size: there is nothing to enlarge.").format(recipe=config.recipe),
            _("Leave it out."),
        )
    return generator, config.upsampling
