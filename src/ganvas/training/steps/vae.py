"""The step of a variational autoencoder (Kingma and Welling 2014), the baseline that GANs are compared with."""

import math

import torch
from torch import Tensor

from ...config import Config
from ...errors import GanvasError
from ...models.vae import GaussianEncoder
from ..state import State
from .batch import Batch, generate
from .oom_retry import retry_on_oom
from .optimize import Losses, mean_losses, optimizer_step


def vae_step(state: State, config: Config, batch: Batch) -> Losses:
    """Minimize the bound on -log p(x), per number of an image.

    The decoder's noise is as large as its error, which is the best choice there is and leaves no weight to tune
    (Rybkin et al. 2021, optimal sigma): D/2 log(2 pi e mse) + KL, D numbers an image. The reported reconstruction is
    the root of the mean squared error, in units of the images' range [-1, 1]; the divergence is in nats an image.
    """
    encoder = state.networks.encoder
    if not isinstance(encoder, GaussianEncoder):
        raise GanvasError(f"Recipe {config.recipe} has no encoder.", "Try: --recipe vae")
    losses: list[Losses] = []
    for attempt in retry_on_oom(state, batch, "autoencoder"):
        with attempt as parts:
            losses.clear()
            for number, part in enumerate(parts):
                mean, log_variance = encoder(part.real)
                noise = torch.randn(mean.shape, generator=part.rng, device=mean.device)
                images = generate(state.networks.generator, mean + noise * (log_variance / 2).exp(), part.labels)
                error = (images - part.real).square().mean()
                divergence = divergence_from_normal(mean, log_variance).mean()
                numbers = part.real[0].numel()
                bound = 0.5 * torch.log(2 * math.pi * math.e * error.clamp(min=1e-8)) + divergence / numbers
                optimizer_step(state, config, "autoencoder", bound, number, len(parts))
                losses.append({"reconstruction": error.detach().sqrt(), "divergence": divergence.detach()})
    return mean_losses(losses)


def divergence_from_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return KL(N(mean, variance) || N(0, I)) in nats, (B,) for (B, code) (Kingma and Welling 2014, appendix B)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)
