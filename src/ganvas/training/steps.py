"""The two-phase step of a GAN: first the discriminator learns, then, with it frozen, the generator does.

One forward pass of the generator serves both: its pictures, cut off from their graph, are the discriminator's fakes,
and afterwards the same graph carries the gradient back to the generator.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..config import Config
from ..data.augment import diff_augment, flip
from ..errors import pick
from ..losses import LOSSES, NEEDS_REAL, PENALTIES, Discriminator
from ..pictures import to_float
from .state import State

Losses = dict[str, Tensor]


@dataclass(frozen=True)
class Draw:
    """Hold what one step is made of: real pictures (B, C, H, W) in [-1, 1], latents (B, Z), labels (B,) or None."""

    real: Tensor
    latents: Tensor
    labels: Tensor | None
    random: torch.Generator


def draw(
    config: Config, pictures: Tensor, labels: Tensor | None, random: torch.Generator, device: torch.device
) -> Draw:
    """Return the step's material on `device` from a batch of uint8 pictures."""
    real = to_float(pictures.to(device)).contiguous(memory_format=torch.channels_last)
    if config.flip:
        real = flip(real, random)
    latents = torch.randn((len(real), config.latent), generator=random, device=device)
    return Draw(real, latents, None if labels is None else labels.to(device), random)


def adversarial_step(state: State, config: Config, material: Draw) -> Losses:
    """Take one step of the discriminator and one of the generator; return their losses and mean logits."""
    fake = generate(state.generator, material.latents, material.labels)
    losses = discriminator_step(state, config, material, fake)
    state.discriminator.requires_grad_(False)  # frozen: the gradient passes through it to the generator
    loss = generator_loss(state, config, material, fake)
    descend(state.optimisers["generator"], loss)
    state.discriminator.requires_grad_(True)
    return losses | {"generator": loss.detach()}


def discriminator_step(state: State, config: Config, material: Draw, fake: Tensor) -> Losses:
    """Teach the discriminator to tell `material.real` from `fake`; return its loss, penalty and mean logits."""
    real_logits = judge(state, config, material, material.real)
    fake_logits = judge(state, config, material, fake.detach())
    loss = pick(LOSSES, config.loss, "loss")[0](real_logits, fake_logits)
    losses: Losses = {
        "discriminator": loss.detach(),
        "real_logits": real_logits.detach().mean(),
        "fake_logits": fake_logits.detach().mean(),
    }
    if config.penalty.name != "none" and state.step % config.penalty.every == 0:
        penalty = pick(PENALTIES, config.penalty.name, "penalty")(
            _steady_judge(state, config, material), material.real, fake, material.random
        )
        loss = loss + config.penalty.gamma * config.penalty.every * penalty
        losses["penalty"] = penalty.detach()
    descend(state.optimisers["discriminator"], loss)
    return losses


def _steady_judge(state: State, config: Config, material: Draw) -> Discriminator:
    """Return `judge` with the same augmentation at every call: a penalty compares what two calls say."""
    drawn = material.random.get_state()

    def steady(pictures: Tensor) -> Tensor:
        random = torch.Generator(material.random.device)
        random.set_state(drawn)
        return judge(state, config, replace(material, random=random), pictures)

    return steady


def generator_loss(state: State, config: Config, material: Draw, fake: Tensor) -> Tensor:
    """Return the generator's loss; its gradient passes through the frozen discriminator."""
    fake_logits = judge(state, config, material, fake)
    real_logits = judge(state, config, material, material.real) if config.loss in NEEDS_REAL else fake_logits
    return pick(LOSSES, config.loss, "loss")[1](real_logits.detach(), fake_logits)


def judge(state: State, config: Config, material: Draw, pictures: Tensor) -> Tensor:
    """Return the discriminator's logits (B,) for `pictures`, augmented, with the step's labels if there are any."""
    seen = diff_augment(pictures, config.augment, material.random)
    logits: Tensor = state.discriminator(*((seen,) if material.labels is None else (seen, material.labels)))
    return logits


def generate(generator: nn.Module, latents: Tensor, labels: Tensor | None) -> Tensor:
    """Return the generator's pictures (B, C, H, W) in [-1, 1]."""
    pictures: Tensor = generator(latents) if labels is None else generator(latents, labels)
    return pictures


def descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    """Take one step of `optimiser` down `loss`."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


@torch.no_grad()
def update_average(state: State, half_life: float, batch: int) -> None:
    """Move the averaged generator towards the present one; half of it is younger than `half_life` of all pictures.

    A half-life that is a share of the pictures seen forgets the blind beginning by itself (the ramp-up of Karras et al.
    2020 does the same). Batch-norm statistics are not averaged: `sheets.settle` measures them when they are needed.
    """
    decay = (
        0.5 ** (batch / (half_life * state.images)) if batch else 0.0
    )  # a phase without pictures moves the prior only
    averaged: list[Tensor] = list(state.averaged.parameters())
    present: list[Tensor] = list(state.generator.parameters())
    torch._foreach_lerp_(averaged, present, 1 - decay)
