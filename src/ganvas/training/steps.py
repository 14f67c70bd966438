"""The two-phase step of a GAN: first the discriminator learns, then, with it frozen, the generator does.

One forward pass of the generator serves both: its pictures, cut off from their graph, are the discriminator's fakes,
and afterwards the same graph carries the gradient back to the generator. Who takes a step, and what the discriminator
is shown, is a matter of `Config.balance`.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..config import Config
from ..data.augment import diff_augment, flip
from ..errors import pick
from ..losses import LOSSES, NEEDS_REAL, PENALTIES, Discriminator
from ..models import packing
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
    """Take one step of the discriminator and, in its turn, one of the generator; return losses and mean logits."""
    turn = generators_turn(state, config)
    with torch.set_grad_enabled(turn):
        fake = generate(state.generator, material.latents, material.labels)
    losses = discriminator_step(state, config, material, fake)
    if not turn:
        return losses
    state.discriminator.requires_grad_(False)  # frozen: the gradient passes through it to the generator
    loss = generator_loss(state, config, material, fake)
    descend_in_turn(state, config, "generator", loss)
    state.discriminator.requires_grad_(True)
    return losses | {"generator": loss.detach()}


def generators_turn(state: State, config: Config) -> bool:
    """Tell whether the generator learns in this step, or leaves it to the discriminator alone."""
    return (state.step + 1) % config.balance.critic == 0


def discriminator_step(state: State, config: Config, material: Draw, fake: Tensor) -> Losses:
    """Teach the discriminator to tell `material.real` from `fake`; return its loss, penalty and mean logits.

    A resting discriminator only judges, and forgets what it had gathered for a step.
    """
    rests = _rests(state, config)
    with torch.set_grad_enabled(not rests):
        real_logits = judge(state, config, material, material.real)
        fake_logits = judge(state, config, material, fake.detach())
        loss = pick(LOSSES, config.loss, "loss")[0](real_logits, fake_logits)
    losses: Losses = {
        "discriminator": loss.detach(),
        "real_logits": real_logits.detach().mean(),
        "fake_logits": fake_logits.detach().mean(),
    }
    if rests:
        state.optimisers["discriminator"].zero_grad(set_to_none=True)
        return losses
    if config.penalty.name != "none" and state.step % config.penalty.every == 0:
        penalty = pick(PENALTIES, config.penalty.name, "penalty")(
            _steady_judge(state, config, material),
            together(material.real, packing(config)),
            together(fake, packing(config)),
            material.random,
        )
        loss = loss + config.penalty.gamma * config.penalty.every * penalty
        losses["penalty"] = penalty.detach()
    descend_in_turn(state, config, "discriminator", loss)
    return losses


def _rests(state: State, config: Config) -> bool:
    """Tell whether the discriminator is so far ahead that it rests.

    Its loss is averaged over about ten steps: one over a hundred would let it sleep on long after it is being fooled.
    """
    average = state.averages.get("discriminator")
    return config.balance.skip_below > 0 and average is not None and average.fast < config.balance.skip_below


def _steady_judge(state: State, config: Config, material: Draw) -> Discriminator:
    """Return `judge` of packs, with the same augmentation at every call: a penalty compares what two calls say."""
    drawn = material.random.get_state()

    def steady(packs: Tensor) -> Tensor:
        random = torch.Generator(material.random.device)
        random.set_state(drawn)
        return judge(state, config, replace(material, random=random), _apart(packs, packing(config)))

    return steady


def generator_loss(state: State, config: Config, material: Draw, fake: Tensor) -> Tensor:
    """Return the generator's loss; its gradient passes through the frozen discriminator."""
    fake_logits = judge(state, config, material, fake)
    real_logits = judge(state, config, material, material.real) if config.loss in NEEDS_REAL else fake_logits
    return pick(LOSSES, config.loss, "loss")[1](real_logits.detach(), fake_logits)


def judge(state: State, config: Config, material: Draw, pictures: Tensor) -> Tensor:
    """Return the discriminator's logits (B / pack,) for `pictures` (B, C, H, W), with the step's labels if any."""
    shown = seen(config, material, pictures)
    logits: Tensor = state.discriminator(*((shown,) if material.labels is None else (shown, material.labels)))
    return logits


def seen(config: Config, material: Draw, pictures: Tensor) -> Tensor:
    """Return what the discriminator is shown of `pictures`: augmented, under noise, packed, as the balance has it.

    Each of the three draws random numbers only where it does something. (Instance noise: Sonderby et al. 2017; the
    probability of an augmentation: Karras et al. 2020, ADA.)
    """
    balance, random = config.balance, material.random
    shown = pictures
    if balance.augmented > 0:
        shown = diff_augment(pictures, config.augment, random)
    if config.augment and 0 < balance.augmented < 1:
        draws = torch.rand((len(pictures), 1, 1, 1), generator=random, device=pictures.device)
        shown = torch.where(draws < balance.augmented, shown, pictures)
    if balance.noise > 0:
        noise = torch.randn(shown.shape, generator=random, device=shown.device, dtype=shown.dtype)
        shown = shown + balance.noise * noise
    return together(shown, packing(config))


def together(pictures: Tensor, count: int) -> Tensor:
    """Return `count` pictures at a time as one with all their channels, (B, C, H, W) to (B / count, count * C, H, W).

    What is left over is left out. A discriminator that sees several at once notices that they are alike (Lin et al.
    2018, PacGAN).
    """
    if count == 1:
        return pictures
    whole = pictures[: len(pictures) // count * count]
    packs = whole.reshape(-1, count * pictures.shape[1], *pictures.shape[2:])
    return packs.contiguous(memory_format=torch.channels_last)


def _apart(packs: Tensor, count: int) -> Tensor:
    """Undo `together`."""
    return packs if count == 1 else packs.reshape(-1, packs.shape[1] // count, *packs.shape[2:])


def generate(generator: nn.Module, latents: Tensor, labels: Tensor | None) -> Tensor:
    """Return the generator's pictures (B, C, H, W) in [-1, 1]."""
    pictures: Tensor = generator(latents) if labels is None else generator(latents, labels)
    return pictures


def descend_in_turn(state: State, config: Config, network: str, loss: Tensor) -> None:
    """Take a step of `network` down `loss`, or gather its gradient until so many turns of the network have been."""
    turns = config.balance.accumulate
    turn = state.step // (config.balance.critic if network == "generator" else 1)
    if turns == 1:
        descend(state.optimisers[network], loss)
    else:
        descend(state.optimisers[network], loss / turns, moves=(turn + 1) % turns == 0)


def descend(optimiser: torch.optim.Optimizer, loss: Tensor, moves: bool = True) -> None:
    """Add the gradient of `loss` to what is gathered; if it moves, take one step of `optimiser` and let go of it."""
    loss.backward()  # type: ignore[no-untyped-call]
    if moves:
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)


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
