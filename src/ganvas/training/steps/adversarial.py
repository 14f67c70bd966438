"""The two-phase step of a GAN: first the discriminator learns, then, with it frozen, the generator does.

One forward pass of the generator serves both: its pictures, cut off from their graph, are the discriminator's fakes,
and afterwards the same graph carries the gradient back to the generator. Who takes a step, and what the discriminator
is shown, is a matter of `Config.balance`.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor
from torch.amp.grad_scaler import GradScaler

from ...config import Config
from ...data.ada import ada
from ...data.augment import POLICIES, diff_augment
from ...errors import pick
from ...losses import AT, LOSSES, NEEDS_REAL, PENALTIES, RELATIVE, Discriminator, of_pictures, zero_centred_at
from ...models import packing
from ...models.stylegan2 import StyleGAN2Generator
from ..state import State
from .batch import Draw, alike, fakes, parted
from .double_backward import Twice
from .stylegan2_regularizers import path_penalty

Losses = dict[str, Tensor]


def adversarial_step(state: State, config: Config, material: Draw) -> Losses:
    """Take one step of the discriminator and, in its turn, one of the generator; return losses and mean logits."""

    def generators(part: Draw, fake: Tensor) -> tuple[Tensor, Losses]:
        opinion = generator_loss(state, config, part, fake)
        styles = config.styles
        due = styles is not None and styles.path_weight > 0 and state.step % styles.path_every == 0
        if not (isinstance(state.generator, StyleGAN2Generator) and styles and due):
            return opinion, {"generator": opinion.detach()}
        path = path_penalty(state.generator, part)
        loss = opinion + styles.path_weight * styles.path_every * path
        return loss, {"generator": opinion.detach(), "path": path.detach()}

    return in_turns(
        state, config, alike(state.generator, material), partial(fakes, state.generator, config), generators
    )


def in_turns(
    state: State,
    config: Config,
    material: Draw,
    imagine: Callable[[Draw], Tensor],
    generators: Callable[[Draw, Tensor], tuple[Tensor, Losses]],
) -> Losses:
    """Let the discriminator learn from the batch and then, if it is its turn, the generator.

    A batch in parts teaches each of them with all its parts before the other one begins, as it would if taken whole;
    the generator draws twice then, for its pictures would not have fitted. Where memory ended in the generator's turn,
    the discriminator has had its own and does not learn again.

    Args:
        imagine: what the discriminator is to tell from a part's real pictures.
        generators: the generator's loss for a part and what was imagined of it, and what is told of it.
    """
    turn = generators_turn(state, config)
    shared = turn and state.parts == 1
    imagined: list[Tensor] = []

    def teach(part: Draw) -> Losses:
        with torch.set_grad_enabled(shared):
            fake = imagine(part)
        imagined.extend([fake] * shared)
        return discriminator_step(state, config, part, fake)

    def learn(part: Draw) -> Losses:
        loss, told = generators(part, imagined[0] if shared else imagine(part))
        descend_in_turn(state, config, "generator", loss)
        return told

    if state.taught is None:
        state.taught = part_by_part(state, material, teach)
    losses = state.taught
    if turn:
        freeze(state)
        losses = losses | part_by_part(state, material, learn)
        unfreeze(state)
    state.taught = None
    return losses


def part_by_part(state: State, material: Draw, step: Callable[[Draw], Losses]) -> Losses:
    """Take a batch in as many parts as the state has it; return the mean of what `step` tells of them."""
    found: list[Losses] = []
    for number, part in enumerate(parted(material, state.parts)):
        state.part = number
        found.append(step(part))
    state.part = 0
    return {name: torch.stack([each[name] for each in found]).mean() for name in found[-1]}


def freeze(state: State) -> None:
    """Let gradients pass through the discriminator to the generator, but gather none for it."""
    state.discriminator.requires_grad_(False)


def unfreeze(state: State) -> None:
    """Let the discriminator learn again, but for what its optimiser does not move."""
    for group in state.optimisers["discriminator"].param_groups:
        for parameter in group["params"]:
            parameter.requires_grad_(True)


def generators_turn(state: State, config: Config) -> bool:
    """Tell whether the generator learns in this step, or leaves it to the discriminator alone."""
    return (state.step + 1) % config.balance.n_critic == 0


def discriminator_step(state: State, config: Config, material: Draw, fake: Tensor) -> Losses:
    """Teach the discriminator to tell `material.real` from `fake`; return its loss, penalty and mean logits.

    A resting discriminator only judges, and forgets what it had gathered for a step.
    """
    rests = _rests(state, config)
    material = passed_off(config, material, fake)
    due = not rests and config.penalty.name != "none" and state.step % config.penalty.every == 0
    on_real, on_fake = AT.get(config.penalty.name, (False, False)) if due else (False, False)
    real, fake = material.real.detach().requires_grad_(on_real), fake.detach().requires_grad_(on_fake)
    with torch.set_grad_enabled(not rests):
        with Twice() if on_real else nullcontext():
            real_logits = d_logits(state, config, material, real)
        with Twice() if on_fake else nullcontext():
            fake_logits = d_logits(state, config, material, fake)
        loss = pick(LOSSES, config.loss, "loss")[0](real_logits, fake_logits)
    losses: Losses = {
        "discriminator": loss.detach(),
        "real_logits": real_logits.detach().mean(),
        "fake_logits": fake_logits.detach().mean(),
    }
    if config.adapt is not None:
        zero = fake_logits.detach().mean() if config.loss in RELATIVE else 0.0
        losses["real_sign"] = (of_pictures(real_logits.detach()) - zero).sign().mean()
    if rests:
        state.optimisers["discriminator"].zero_grad(set_to_none=True)
        return losses
    if due:
        if on_real or on_fake:  # of the logits that are there
            known = [(real_logits, real)] * on_real + [(fake_logits, fake)] * on_fake
            penalty = torch.stack([zero_centred_at(*each) for each in known]).sum()
        else:
            count = packing(config)
            penalty = pick(PENALTIES, config.penalty.name, "penalty")(
                _steady_judge(state, config, material), together(real, count), together(fake, count), material.random
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
    """Return `d_logits` of packs, with the same augmentation at every call: a penalty compares what two calls say."""
    drawn = material.random.get_state()

    def steady(packs: Tensor) -> Tensor:
        random = torch.Generator(material.random.device)
        random.set_state(drawn)
        return d_logits(state, config, replace(material, random=random), _apart(packs, packing(config)))

    return steady


def generator_loss(state: State, config: Config, material: Draw, fake: Tensor) -> Tensor:
    """Return the generator's loss; its gradient passes through the frozen discriminator."""
    fake_logits = d_logits(state, config, material, fake)
    real_logits = d_logits(state, config, material, material.real) if config.loss in NEEDS_REAL else fake_logits
    return pick(LOSSES, config.loss, "loss")[1](real_logits.detach(), fake_logits)


def d_logits(state: State, config: Config, material: Draw, pictures: Tensor) -> Tensor:
    """Return the discriminator's logits (B / pack,) for `pictures` (B, C, H, W), with the step's labels if any."""
    shown = seen(config, material, pictures)
    logits: Tensor = state.discriminator(*((shown,) if material.labels is None else (shown, material.labels)))
    return logits


def seen(config: Config, material: Draw, pictures: Tensor) -> Tensor:
    """Return what the discriminator is shown of `pictures`: augmented, under noise, packed, as the balance has it.

    Each draws random numbers only where it does something. (Instance noise: Sonderby et al. 2017; the probability of an
    augmentation: Karras et al. 2020, ADA.)
    """
    probability, random = material.augmented, material.random
    policies = tuple(name for name in config.augment if name in POLICIES)
    shown = pictures
    if probability > 0:
        shown = diff_augment(pictures, policies, random)
    if policies and 0 < probability < 1:
        draws = torch.rand((len(pictures), 1, 1, 1), generator=random, device=pictures.device)
        shown = torch.where(draws < probability, shown, pictures)
    if "ada" in config.augment and probability > 0:
        with torch.autocast(shown.device.type, enabled=False):  # places in a picture need all their digits
            shown = ada(shown if shown.dtype == torch.float64 else shown.float(), probability, random)
    if config.balance.noise > 0:
        noise = torch.randn(shown.shape, generator=random, device=shown.device, dtype=shown.dtype)
        shown = shown + config.balance.noise * noise
    return together(shown, packing(config))


def passed_off(config: Config, material: Draw, fake: Tensor) -> Draw:
    """Return the material with fakes among the real pictures, so that not all of these can be learned by heart.

    Source: Jiang et al. 2021, adaptive pseudo augmentation (APA). The probability is that of an augmentation.
    """
    if "apa" not in config.augment or material.augmented == 0:
        return material
    draws = torch.rand((len(fake), 1, 1, 1), generator=material.random, device=fake.device)
    others = fake.detach() if material.labels is not None else fake.detach().roll(1, 0)  # no fake is its own real
    return replace(material, real=torch.where(draws < material.augmented, others, material.real))


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


def descend_in_turn(state: State, config: Config, network: str, loss: Tensor) -> None:
    """Take a step of `network` down `loss`, or gather its gradient until so many turns of the network have been."""
    turns = config.balance.accumulate * state.parts
    turn = state.step // (config.balance.n_critic if network == "generator" else 1) * state.parts + state.part
    moves = (turn + 1) % turns == 0
    if state.scalers:
        descend_scaled(state.scalers[network], state.optimisers[network], loss / turns, moves)
    elif turns == 1:
        descend(state.optimisers[network], loss)
    else:
        descend(state.optimisers[network], loss / turns, moves=moves)


def descend_scaled(scaler: GradScaler, optimiser: torch.optim.Optimizer, loss: Tensor, moves: bool) -> None:
    """Do what `descend` does with a loss that is made larger on the way back, so that float16 can hold its gradients.

    A step whose gradients overflow is left out, and the next is scaled less (Micikevicius et al. 2018).
    """
    scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
    if moves:
        scaler.step(optimiser)
        scaler.update()
        optimiser.zero_grad(set_to_none=True)


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
