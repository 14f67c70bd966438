"""The steps of a warm start: learn to draw, learn what there is to draw, then sharpen against a discriminator.

A GAN that starts from nothing spends its first minutes on telling its discriminator apart from noise. An autoencoder
learns the shapes and colours of the pictures in that time, smoothly and without fail, but too softly. So:

1. *autoencode*: encoder and decoder learn to give the picture back, the code blurred a little so that nearby codes
   mean nearby pictures.
2. *prior*: a small flow learns to carry noise to where the codes lie.
3. *sharpen*: discriminator against decoder. Part of each batch is reconstructed from real pictures' codes, which holds
   on to all that was learned (no picture is forgotten: no collapse); the rest is imagined from the prior.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...config import Config, WarmStartConfig
from ...data.prepare import Prepared
from ...data.split import split
from ...device import random_at
from ...errors import GanvasError
from ...image_io import to_float
from ...models.quick import QuickGenerator
from ..state import State
from .adversarial import Losses, descend_in_turn, generator_loss, in_turns, part_by_part
from .batch import Draw, loader_for


def autoencode_step(state: State, config: Config, material: Draw) -> Losses:
    """Minimise E|x - decoder(encoder(x) + noise)|."""
    generator, encoder, settings = _parts(state, config)

    def draw(part: Draw) -> Losses:
        codes = _blurred(encoder(part.real), settings.code_noise, part)
        loss = (generator.decoder(codes) - part.real).abs().mean()
        descend_in_turn(state, config, "autoencoder", loss)
        return {"reconstruction": loss.detach()}

    return part_by_part(state, material, draw)


def prior_step(state: State, config: Config, material: Draw) -> Losses:
    """Minimise E|v((1 - t) z + t c, t) - (c - z)|^2 over codes c, noise z and t ~ U(0, 1) (Liu et al. 2023, eq. 1)."""
    generator, _, settings = _parts(state, config)
    if state.codes is None:
        raise GanvasError("The prior has no codes to learn from.", "This is a fault of ganvas; please report it.")
    codes, labels = state.codes

    def learn(part: Draw) -> Losses:
        chosen = torch.randint(len(codes), (settings.prior_batch,), generator=part.random, device=codes.device)
        target = codes[chosen]
        z = torch.randn(target.shape, generator=part.random, device=target.device)
        time = torch.rand((len(z), 1), generator=part.random, device=z.device)
        some = None if labels is None else labels[chosen]
        loss = F.mse_loss(generator.prior.velocity(torch.lerp(z, target, time), time, some), target - z)
        descend_in_turn(state, config, "prior", loss)
        return {"prior": loss.detach()}

    return part_by_part(state, material, learn)


def sharpen_step(state: State, config: Config, material: Draw) -> Losses:
    """Take one step of the discriminator and, if it is its turn, one of the decoder.

    The decoder minimises its error of reconstruction plus the discriminator's opinion.
    """
    generator, encoder, settings = _parts(state, config)
    encoder.eval()

    def kept(part: Draw) -> int:
        return round(len(part.real) * (1 - settings.imagined))

    def imagine(part: Draw) -> Tensor:
        few = kept(part)
        with torch.no_grad():
            known = _blurred(encoder(part.real[:few]), settings.code_noise, part)
            labels = None if part.labels is None else part.labels[few:]
            codes = torch.cat([known, generator.prior(part.latents[few:], labels)])
        pictures: Tensor = generator.decoder(codes)
        return pictures

    def decoders(part: Draw, fake: Tensor) -> tuple[Tensor, Losses]:
        opinion = generator_loss(state, config, part, fake)
        reconstruction = (fake[: kept(part)] - part.real[: kept(part)]).abs().mean()
        told = {"generator": opinion.detach(), "reconstruction": reconstruction.detach()}
        return reconstruction + settings.adversarial * opinion, told

    return in_turns(state, config, material, imagine, decoders)


@torch.no_grad()
def encode_all(state: State, config: Config, data: Prepared, most: int) -> tuple[Tensor, Tensor | None]:
    """Return the codes (N, Z) of what is trained on, mirrored too if the run mirrors, and their labels (N,) or None.

    Where pictures have labels, those of small classes are there more than once, as often as they are shown.
    """
    _, encoder, _ = _parts(state, config)
    device = next(encoder.parameters()).device
    encoder.eval()
    shown = loader_for(config, data).epoch(0) if config.classes else split(data.count, config.held_out).train
    shuffled = torch.randperm(len(shown), generator=random_at(config.seed, "codes"))
    chosen = np.sort(shown[shuffled[:most].numpy()])
    codes, labels = [], []
    for indices in np.array_split(chosen, -(-len(chosen) // 256)):
        pictures = to_float(torch.from_numpy(np.asarray(data.pictures[indices])).to(device))
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        for seen in (pictures, pictures.flip(3)) if config.flip else (pictures,):
            codes.append(encoder(seen))
            if config.classes and data.labels is not None:
                labels.append(torch.from_numpy(data.labels[indices]).to(device))
    encoder.train()
    return torch.cat(codes), torch.cat(labels) if labels else None


def _parts(state: State, config: Config) -> tuple[QuickGenerator, nn.Module, WarmStartConfig]:
    """Return generator, encoder and settings, which are there by the recipe's construction."""
    if not isinstance(state.generator, QuickGenerator) or state.encoder is None or config.warm_start is None:
        raise GanvasError(f"Recipe {config.recipe} cannot begin with an autoencoder.", "Try: --recipe quick")
    return state.generator, state.encoder, config.warm_start


def _blurred(codes: Tensor, noise: float, material: Draw) -> Tensor:
    """Return `codes` with Gaussian noise of that standard deviation added."""
    return codes + noise * torch.randn(codes.shape, generator=material.random, device=codes.device)
