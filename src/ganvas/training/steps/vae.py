"""The step of a variational autoencoder (Kingma and Welling 2014), the baseline that GANs are compared with."""

import math

import torch
from torch import Tensor

from ...config import Config
from ...errors import GanvasError
from ...models.vae import GaussianEncoder
from ..state import State
from .adversarial import Losses, descend_in_turn, part_by_part
from .batch import Draw, generate


def vae_step(state: State, config: Config, material: Draw) -> Losses:
    """Minimise the bound on -log p(x), per number of a picture.

    The decoder's noise is as large as its error, which is the best choice there is and leaves nothing to weigh
    (Rybkin et al. 2021, optimal sigma): D/2 log(2 pi e mse) + KL, D numbers a picture. The reconstruction that is told
    is the root of the mean squared error, in units of the pictures' range [-1, 1]; the divergence is in nats a picture.
    """
    encoder = state.encoder
    if not isinstance(encoder, GaussianEncoder):
        raise GanvasError(f"Recipe {config.recipe} has no encoder.", "Try: --recipe vae")

    def learn(part: Draw) -> Losses:
        mean, log_variance = encoder(part.real)
        noise = torch.randn(mean.shape, generator=part.random, device=mean.device)
        pictures = generate(state.generator, mean + noise * (log_variance / 2).exp(), part.labels)
        error = (pictures - part.real).square().mean()
        divergence = divergence_from_normal(mean, log_variance).mean()
        numbers = part.real[0].numel()
        bound = 0.5 * torch.log(2 * math.pi * math.e * error.clamp(min=1e-8)) + divergence / numbers
        descend_in_turn(state, config, "autoencoder", bound)
        return {"reconstruction": error.detach().sqrt(), "divergence": divergence.detach()}

    return part_by_part(state, material, learn)


def divergence_from_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return KL(N(mean, variance) || N(0, I)) in nats, (B,) for (B, code) (Kingma and Welling 2014, appendix B)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)
