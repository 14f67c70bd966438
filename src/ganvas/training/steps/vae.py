"""The step of a variational autoencoder (Kingma and Welling 2014), the baseline that GANs are compared with."""

import math

import torch
from torch import Tensor

from ...config import Config
from ...distributed import mean_over_processes, own_rows
from ...errors import GanvasError
from ...models.vae import GaussianEncoder
from ...translation import _
from ..state import State
from .batch import Batch, generate
from .oom_retry import step_by_microbatches
from .optimize import Losses, optimizer_step


def vae_step(state: State, config: Config, batch: Batch) -> Losses:
    """Minimize the bound on -log p(x), per number of an image.

    The decoder's noise is as large as its error, which is the best choice there is and leaves no weight to tune
    (Rybkin et al. 2021, optimal sigma): D/2 log(2 pi e mse) + KL, D numbers an image. The reported reconstruction is
    the root of the mean squared error, in units of the images' range [-1, 1]; the divergence is in nats an image.
    """
    return step_by_microbatches(state, config, batch, "autoencoder", _learn)


def _learn(state: State, config: Config, batch: Batch, microbatch: int, n_microbatches: int) -> Losses:
    """Learn from one microbatch. Its graph lives in here only, so that it is freed if memory runs out."""
    encoder = state.networks.encoder
    if not isinstance(encoder, GaussianEncoder):
        raise GanvasError(_("Recipe {recipe} has no encoder.").format(recipe=config.recipe), _("Try: --recipe vae"))
    mean, log_variance = encoder(batch.real)
    noise = own_rows(torch.randn, mean.shape, generator=batch.rng, device=mean.device)
    images = generate(state.networks.generator, mean + noise * (log_variance / 2).exp(), batch.labels)
    error = mean_over_processes((images - batch.real).square().mean())
    divergence = divergence_from_normal(mean, log_variance).mean()
    bound = 0.5 * torch.log(2 * math.pi * math.e * error.clamp(min=1e-8)) + divergence / batch.real[0].numel()
    optimizer_step(state, config, "autoencoder", bound, microbatch, n_microbatches)
    return {"reconstruction": error.detach().sqrt(), "divergence": divergence.detach()}


def divergence_from_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return KL(N(mean, variance) || N(0, I)) in nats, (B,) for (B, code) (Kingma and Welling 2014, appendix B)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)
