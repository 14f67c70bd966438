"""The two-phase step of a GAN: first the discriminator learns, then, with it frozen, the generator does.

One forward pass of the generator serves both: its pictures, cut off from their graph, are the discriminator's fakes,
and afterwards the same graph carries the gradient back to the generator.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..config import Config
from ..data.augment import diff_augment, flip
from ..losses import LOSSES, NEEDS_REAL, PENALTIES
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
    real = to_float(pictures.to(device, non_blocking=True)).contiguous(memory_format=torch.channels_last)
    if config.flip:
        real = flip(real, random)
    latents = torch.randn((len(real), config.latent), generator=random, device=device)
    return Draw(real, latents, None if labels is None else labels.to(device), random)


def adversarial_step(state: State, config: Config, material: Draw) -> Losses:
    """Take one step of the discriminator and one of the generator; return their losses and mean logits."""
    discriminator_loss, generator_loss = LOSSES[config.loss]
    judge = _judge(state.discriminator, config.augment, material)
    fake = generate(state.generator, material.latents, material.labels)

    real_logits, fake_logits = judge(material.real), judge(fake.detach())
    loss = discriminator_loss(real_logits, fake_logits)
    losses: Losses = {"discriminator": loss.detach()}
    if config.penalty.name != "none" and state.step % config.penalty.every == 0:
        penalty = PENALTIES[config.penalty.name](judge, material.real, fake, material.random)
        loss = loss + config.penalty.gamma * config.penalty.every * penalty
        losses["penalty"] = penalty.detach()
    descend(state.optimisers["discriminator"], loss)

    state.discriminator.requires_grad_(False)  # frozen: the gradient passes through it to the generator
    anchor = judge(material.real) if config.loss in NEEDS_REAL else real_logits.detach()
    loss = generator_loss(anchor, judge(fake))
    descend(state.optimisers["generator"], loss)
    state.discriminator.requires_grad_(True)
    return losses | {
        "generator": loss.detach(),
        "real_logits": real_logits.detach().mean(),
        "fake_logits": fake_logits.detach().mean(),
    }


def generate(generator: nn.Module, latents: Tensor, labels: Tensor | None) -> Tensor:
    """Return the generator's pictures (B, C, H, W) in [-1, 1]."""
    pictures: Tensor = generator(latents) if labels is None else generator(latents, labels)
    return pictures


def descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    """Take one step of `optimiser` down `loss`."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


def update_average(state: State, half_life: float, batch: int) -> None:
    """Move the averaged generator towards the present one; half of it is younger than `half_life` of all pictures.

    A half-life that is a share of the pictures seen forgets the blind beginning by itself (the ramp-up of Karras et al.
    2020 does the same). Batch-norm statistics are copied: they belong to the present weights until recomputed.
    """
    decay = 0.5 ** (batch / (half_life * state.images)) if half_life > 0 else 0.0
    with torch.no_grad():
        averaged: list[Tensor] = list(state.averaged.parameters())
        present: list[Tensor] = list(state.generator.parameters())
        torch._foreach_lerp_(averaged, present, 1 - decay)
        for mine, theirs in zip(state.averaged.buffers(), state.generator.buffers(), strict=True):
            mine.copy_(theirs)


def _judge(discriminator: nn.Module, policy: tuple[str, ...], material: Draw) -> Callable[[Tensor], Tensor]:
    """Return the discriminator as a function of pictures alone, augmentation and labels included."""

    def judge(pictures: Tensor) -> Tensor:
        seen = diff_augment(pictures, policy, material.random)
        logits: Tensor = discriminator(seen) if material.labels is None else discriminator(seen, material.labels)
        return logits

    return judge
