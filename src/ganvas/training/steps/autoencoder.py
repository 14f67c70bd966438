"""The steps of `quick` and `keen`: learn to draw, learn what there is to draw, then sharpen against a discriminator.

A GAN that starts from nothing spends its first minutes on telling its discriminator apart from noise. An autoencoder
learns the shapes and colors of the pictures in that time, smoothly and without fail, but too softly. So:

1. *autoencode*: encoder and decoder learn to give the image back; the code gets a little noise, so that nearby codes
   mean nearby images.
2. *prior*: a small flow learns to carry noise to where the codes lie.
3. *sharpen*: discriminator against decoder. Part of each batch is reconstructed from real images' codes, which keeps
   all that was learned (no image is forgotten, so nothing collapses); the rest is drawn from the prior.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...config import AutoencoderConfig, Config
from ...data.prepare import PreparedDataset
from ...data.split import split
from ...device import seeded_rng
from ...distributed import own_rows
from ...errors import GanvasError
from ...image_io import to_float
from ...models.quick import AutoencoderGenerator
from ...translation import _
from ..state import State
from .adversarial import adversarial_g_loss, adversarial_step
from .batch import Batch, make_loader
from .d_input import JudgedFeatures
from .oom_retry import step_by_microbatches
from .optimize import Losses, optimizer_step

ENCODED_AT_ONCE = 256


def autoencode_step(state: State, config: Config, batch: Batch) -> Losses:
    """Minimize E|x - decoder(encoder(x) + noise)|."""
    return step_by_microbatches(state, config, batch, "autoencoder", _autoencode)


def _autoencode(state: State, config: Config, batch: Batch, microbatch: int, n_microbatches: int) -> Losses:
    """Learn from one microbatch. Its graph lives in here only, so that it is freed if memory runs out."""
    generator, encoder, settings = autoencoder_parts(state, config)
    codes = add_code_noise(encoder(batch.real), settings.code_noise_std, batch.rng)
    loss = (generator.decoder(codes) - batch.real).abs().mean()
    optimizer_step(state, config, "autoencoder", loss, microbatch, n_microbatches)
    return {"reconstruction": loss.detach()}


def prior_step(state: State, config: Config, batch: Batch) -> Losses:
    """Minimize E|v((1 - t) z + t c, t) - (c - z)|^2 over codes c, noise z and t ~ U(0, 1) (Liu et al. 2023, eq. 1)."""
    return step_by_microbatches(state, config, batch, "prior", _learn_prior)


def _learn_prior(state: State, config: Config, batch: Batch, microbatch: int, n_microbatches: int) -> Losses:
    """Learn from one batch of codes; how large it is, the recipe says, and not the batch of images."""
    generator, _encoder, settings = autoencoder_parts(state, config)
    if state.encoder_codes is None:
        raise GanvasError(_("The prior has no codes to learn from."), _("This is a fault of ganvas; please report it."))
    (all_codes, all_labels), rng = state.encoder_codes, batch.rng
    device = all_codes.device
    chosen = torch.randint(len(all_codes), (settings.prior_batch,), generator=rng, device=device)
    codes = all_codes[chosen]
    z = torch.randn(codes.shape, generator=rng, device=device)
    t = torch.rand((len(z), 1), generator=rng, device=device)
    labels = None if all_labels is None else all_labels[chosen]
    loss = F.mse_loss(generator.prior.velocity(torch.lerp(z, codes, t), t, labels), codes - z)
    optimizer_step(state, config, "prior", loss, microbatch, n_microbatches)
    return {"prior": loss.detach()}


def sharpen_step(state: State, config: Config, batch: Batch) -> Losses:
    """Take one step of the discriminator and, if due, one of the decoder.

    The decoder minimizes its reconstruction error plus the weighted adversarial loss.
    """
    _generator, encoder, _settings = autoencoder_parts(state, config)
    encoder.eval()
    return adversarial_step(state, config, batch, draw_reconstructions_and_samples, sharpen_loss)


def draw_reconstructions_and_samples(state: State, config: Config, batch: Batch) -> Tensor:
    """Return images (B, C, H, W): reconstructions of some of the batch's reals, and samples of the prior."""
    generator, encoder, settings = autoencoder_parts(state, config)
    is_real = _is_reconstructed(batch, settings)
    with torch.no_grad():
        of_reals = add_code_noise(encoder(batch.real[is_real]), settings.code_noise_std, batch.rng)
        labels = None if batch.labels is None else batch.labels[~is_real]
        codes = of_reals.new_empty((len(is_real), of_reals.shape[1]))
        codes[is_real], codes[~is_real] = of_reals, generator.prior(batch.z[~is_real], labels)
    images: Tensor = generator.decoder(codes)
    return images


def sharpen_loss(
    state: State, config: Config, batch: Batch, fakes: Tensor, features: JudgedFeatures | None
) -> tuple[Tensor, Losses]:
    """Return reconstruction error plus weighted adversarial loss, and both to report."""
    _generator, _encoder, settings = autoencoder_parts(state, config)
    is_real = _is_reconstructed(batch, settings)
    adversarial = adversarial_g_loss(state, config, batch, fakes, features)
    reconstruction = (fakes - batch.real)[is_real].abs().mean()
    loss = reconstruction + settings.adversarial_weight * adversarial
    return loss, {"generator": adversarial.detach(), "reconstruction": reconstruction.detach()}


def _is_reconstructed(batch: Batch, settings: AutoencoderConfig) -> Tensor:
    """Return which images of a batch are reconstructed, (B,) bool; the others are samples.

    They are spread evenly, so that every part of a batch has as large a share of them.
    """
    places = torch.arange(len(batch.real) + 1, device=batch.real.device, dtype=torch.float64)
    return (places * (1 - settings.prior_fraction) + 0.5).floor().diff() > 0


@torch.no_grad()
def encode_dataset(state: State, config: Config, data: PreparedDataset, most: int) -> tuple[Tensor, Tensor | None]:
    """Return the codes (N, Z) of what is trained on, and their labels (N,) or None.

    Where the run mirrors or turns images, there are codes of these too.
    With labels, images of small classes are there more than once, as often as they are shown.
    """
    _generator, encoder, _settings = autoencoder_parts(state, config)
    device = next(encoder.parameters()).device
    encoder.eval()
    shown = make_loader(config, data).epoch_indices(0) if config.classes else split(data.count, config.held_out).train
    shuffled = torch.randperm(len(shown), generator=seeded_rng(config.seed, "codes"))
    chosen = np.sort(shown[shuffled[:most].numpy()])
    codes, labels = [], []
    for indices in np.array_split(chosen, -(-len(chosen) // ENCODED_AT_ONCE)):
        images = to_float(torch.from_numpy(np.asarray(data.images[indices])).to(device))
        images = state.networks.generator.match_reals(images).contiguous(memory_format=torch.channels_last)
        mirrored = (images, images.flip(3)) if config.flip else (images,)
        for view in (each.rot90(quarters, (2, 3)) for each in mirrored for quarters in config.turns):
            codes.append(encoder(view.contiguous(memory_format=torch.channels_last)))
            if config.classes and data.labels is not None:
                labels.append(torch.from_numpy(data.labels[indices]).to(device))
    encoder.train()
    return torch.cat(codes), torch.cat(labels) if labels else None


def autoencoder_parts(state: State, config: Config) -> tuple[AutoencoderGenerator, nn.Module, AutoencoderConfig]:
    """Return generator, encoder and settings, which are there by the recipe's construction."""
    generator, encoder = state.networks.generator.base, state.networks.encoder
    if not isinstance(generator, AutoencoderGenerator) or encoder is None or config.autoencoder is None:
        raise GanvasError(
            _("Recipe {recipe} cannot begin with an autoencoder.").format(recipe=config.recipe),
            _("Try: --recipe quick"),
        )
    return generator, encoder, config.autoencoder


def add_code_noise(codes: Tensor, std: float, rng: torch.Generator) -> Tensor:
    """Return `codes` with Gaussian noise of this standard deviation added."""
    return codes + std * own_rows(torch.randn, codes.shape, generator=rng, device=codes.device)
