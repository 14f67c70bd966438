"""The step of a GAN: the discriminator learns to tell reals from fakes, then the generator learns to fool it.

One forward pass of the generator serves both turns: its images, detached, are the discriminator's fakes, and afterwards
the same graph carries the gradient back to the generator. So does one pass of a frozen network whose features a
discriminator judges. How often each takes its turn, and what the discriminator is
shown, is in `Config.balance`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import torch
from torch import Tensor

from ...config import Config
from ...errors import lookup
from ...losses import (
    LOSSES,
    NEEDS_REAL,
    PENALTIES,
    PENALTIES_FROM_LOGITS,
    SHIFT_INVARIANT,
    mean_logit_per_image,
    zero_centered_gradient_penalty_from_logits,
)
from ...models import packing
from ...models.base import Discriminator
from ...models.stylegan2 import StyleGAN2Generator
from ...translation import N_
from ..state import State
from .batch import Batch
from .d_input import JudgedFeatures, d_input, d_logits, judged_features, pack, pseudo_augment, unpack
from .double_backward import FastDoubleBackward
from .oom_retry import retry_on_oom
from .optimize import Losses, mean_losses, optimizer_step
from .path_length import path_length_penalty

DrawFakes = Callable[[State, Config, Batch], Tensor]
GeneratorLoss = Callable[[State, Config, Batch, Tensor, JudgedFeatures | None], tuple[Tensor, Losses]]


def draw_fakes(state: State, config: Config, batch: Batch) -> Tensor:
    """Return the generator's images for the batch's latents and labels, in the form that the discriminator judges."""
    mixing = config.stylegan.style_mixing_prob if config.stylegan else 0.0
    return state.networks.generator.fakes(batch.z, batch.labels, batch.rng, mixing)


def g_loss(
    state: State, config: Config, batch: Batch, fakes: Tensor, features: JudgedFeatures | None
) -> tuple[Tensor, Losses]:
    """Return the generator's loss, path lengths included when they are due, and the losses to report."""
    loss = adversarial_g_loss(state, config, batch, fakes, features)
    losses, stylegan, generator = {"generator": loss.detach()}, config.stylegan, state.networks.generator
    if (
        stylegan is not None
        and isinstance(generator, StyleGAN2Generator)
        and stylegan.pl_weight > 0
        and state.counters.step % stylegan.pl_interval == 0
    ):
        path = path_length_penalty(generator, batch)
        loss = loss + stylegan.pl_weight * stylegan.pl_interval * path
        losses["path"] = path.detach()
    return loss, losses


def adversarial_step(
    state: State,
    config: Config,
    batch: Batch,
    draw_fakes: DrawFakes = draw_fakes,
    g_loss: GeneratorLoss = g_loss,
    g_optimizer: str = "generator",
) -> Losses:
    """Take one step of the discriminator and, if due, one of the generator; return losses and mean logits.

    Each learns from all microbatches before the other begins, as it would from the whole batch.

    Args:
        draw_fakes: makes what the discriminator has to tell from the real images.
        g_loss: returns the generator's loss of a microbatch, its fakes and what the discriminator's turn has seen of
            them, and the losses to report.
        g_optimizer: the optimizer of what learns to fool the discriminator.
    """
    g_is_due = g_step_is_due(state, config)
    fakes: list[Tensor] = []  # of the last microbatch; cleared where their graph would hold memory that is needed
    features: list[JudgedFeatures | None] = []  # of the fakes
    d_losses, g_losses = list[Losses](), list[Losses]()
    for attempt in retry_on_oom(state, batch, "discriminator"):
        with attempt as parts:
            fakes.clear()
            features.clear()
            d_losses.clear()
            for number, part in enumerate(parts):
                serves_both = g_is_due and len(parts) == 1
                with torch.set_grad_enabled(serves_both):
                    fakes[:] = [draw_fakes(state, config, part)]
                    features[:] = [_shared_features(state, config, part, fakes[0]) if serves_both else None]
                d_losses.append(d_step(state, config, part, fakes[0], features[0], number, len(parts)))
    if not g_is_due:
        return mean_losses(d_losses)
    with frozen(state):
        for attempt in retry_on_oom(state, batch, g_optimizer):
            with attempt as parts:
                g_losses.clear()
                for number, part in enumerate(parts):
                    if len(parts) > 1:  # else the discriminator's turn has drawn them, with their graph
                        fakes.clear()
                        fakes.append(draw_fakes(state, config, part))
                        features[:] = [None]
                    turn = number, len(parts)
                    g_losses.append(g_step(state, config, part, fakes[0], features[0], g_loss, g_optimizer, *turn))
    return mean_losses(d_losses) | mean_losses(g_losses)


def _shared_features(state: State, config: Config, batch: Batch, fakes: Tensor) -> JudgedFeatures | None:
    """Return what both turns judge, where that is a frozen network's features of all that is drawn and real."""
    discriminator = state.networks.discriminator
    if not discriminator.judges_features or "apa" in config.augment:  # which puts fakes among the reals of one turn
        return None
    return judged_features(discriminator, config, batch, fakes)


def d_step(
    state: State,
    config: Config,
    batch: Batch,
    fakes: Tensor,
    features: JudgedFeatures | None = None,
    microbatch: int = 0,
    n_microbatches: int = 1,
) -> Losses:
    """Teach the discriminator to tell `batch.real` from `fakes`; return its loss, penalty and mean logits.

    A discriminator that is skipped only judges, and drops the gradients it had accumulated.

    Args:
        features: of reals and fakes, if they are there already.
        microbatch, n_microbatches: which microbatch of how many this is.
    """
    skipped = d_is_skipped(state, config)
    penalty_is_due = not skipped and _penalty_is_due(state, config)
    on_real, on_fake = PENALTIES_FROM_LOGITS.get(config.penalty.name if penalty_is_due else "", (False, False))
    batch = pseudo_augment(config, batch, fakes)
    real, fakes = batch.real.detach().requires_grad_(on_real), fakes.detach().requires_grad_(on_fake)
    discriminator = state.networks.discriminator
    with torch.set_grad_enabled(not skipped):
        if features is not None and not (on_real or on_fake):  # a penalty's gradients reach the images
            real_logits = discriminator.logits_of(features.real, batch.labels)
            fake_logits = discriminator.logits_of([each.detach() for each in features.fake], batch.labels)
            auxiliary = None
        else:
            with FastDoubleBackward() if on_real else nullcontext():
                real_logits, auxiliary = _judge_reals(discriminator, config, batch, real)
            with FastDoubleBackward() if on_fake else nullcontext():
                fake_logits = discriminator(d_input(config, batch, fakes), *batch.condition)
        loss = lookup(LOSSES, config.loss, N_("loss"))[0](real_logits, fake_logits)
    losses: Losses = {
        "discriminator": loss.detach(),
        "real_logits": real_logits.detach().mean(),
        "fake_logits": fake_logits.detach().mean(),
    }
    if auxiliary is not None:
        loss = loss + auxiliary
        losses["d_reconstruction"] = auxiliary.detach()
    if config.ada is not None:
        zero = fake_logits.detach().mean() if config.loss in SHIFT_INVARIANT else 0.0
        losses["real_sign"] = (mean_logit_per_image(real_logits.detach()) - zero).sign().mean()
    if skipped:
        state.optimizers["discriminator"].zero_grad(set_to_none=True)
        return losses
    if penalty_is_due:
        judged = [*([(real_logits, real)] if on_real else []), *([(fake_logits, fakes)] if on_fake else [])]
        if judged:  # the logits are there already
            penalty = torch.stack([zero_centered_gradient_penalty_from_logits(*each) for each in judged]).sum()
        else:
            penalty = _penalty_with_own_forward(discriminator, config, batch, real, fakes)
        loss = loss + config.penalty.gamma * config.penalty.interval * penalty
        losses["penalty"] = penalty.detach()
    optimizer_step(state, config, "discriminator", loss, microbatch, n_microbatches)
    return losses


def _penalty_is_due(state: State, config: Config) -> bool:
    return config.penalty.name != "none" and state.counters.step % config.penalty.interval == 0


def _judge_reals(
    discriminator: Discriminator, config: Config, batch: Batch, real: Tensor
) -> tuple[Tensor, Tensor | None]:
    """Return the logits of real images, and the loss that the discriminator has besides, if any."""
    shown = d_input(config, batch, real)
    if discriminator.has_auxiliary_loss:
        return discriminator.logits_and_auxiliary_loss(shown, batch.labels, batch.rng)
    return discriminator(shown, *batch.condition), None


def _penalty_with_own_forward(
    discriminator: Discriminator, config: Config, batch: Batch, real: Tensor, fakes: Tensor
) -> Tensor:
    """Return a penalty that asks the discriminator itself, always with the same augmentation: it compares answers."""
    rng_state, count = batch.rng.get_state(), packing(config)

    def logits_of(packs: Tensor) -> Tensor:
        rng = torch.Generator(batch.rng.device)
        rng.set_state(rng_state)
        return d_logits(discriminator, config, replace(batch, rng=rng), unpack(packs, count))

    penalty = lookup(PENALTIES, config.penalty.name, N_("penalty"))
    return penalty(logits_of, pack(real, count), pack(fakes, count), batch.rng)


def g_step(
    state: State,
    config: Config,
    batch: Batch,
    fakes: Tensor,
    features: JudgedFeatures | None,
    g_loss: GeneratorLoss,
    g_optimizer: str = "generator",
    microbatch: int = 0,
    n_microbatches: int = 1,
) -> Losses:
    """Teach the generator by what the frozen discriminator says of its `fakes`; return its losses.

    Args:
        features: of reals and fakes, if they are there already.
        microbatch, n_microbatches: which microbatch of how many this is.
    """
    loss, losses = g_loss(state, config, batch, fakes, features)
    optimizer_step(state, config, g_optimizer, loss, microbatch, n_microbatches)
    return losses


def adversarial_g_loss(
    state: State, config: Config, batch: Batch, fakes: Tensor, features: JudgedFeatures | None = None
) -> Tensor:
    """Return the adversarial loss of the generator; its gradient passes through the frozen discriminator.

    Args:
        features: of reals and fakes, with the fakes' graph, if they are there already.
    """
    discriminator, needs_real = state.networks.discriminator, config.loss in NEEDS_REAL
    if features is not None:
        fake_logits = discriminator.logits_of(features.fake, batch.labels)
        real_logits = discriminator.logits_of(features.real, batch.labels) if needs_real else fake_logits
    else:
        fake_logits = d_logits(discriminator, config, batch, fakes)
        real_logits = d_logits(discriminator, config, batch, batch.real) if needs_real else fake_logits
    return lookup(LOSSES, config.loss, N_("loss"))[1](real_logits.detach(), fake_logits)


def g_step_is_due(state: State, config: Config) -> bool:
    """Return whether the generator learns in this step, or leaves it to the discriminator alone."""
    return (state.counters.step + 1) % config.balance.n_critic == 0


def d_is_skipped(state: State, config: Config) -> bool:
    """Return whether the discriminator is so far ahead that it does not learn in this step.

    Its loss is averaged over about ten steps: over a hundred, it would go on being skipped long after it is fooled.
    """
    average, below = state.counters.loss_averages.get("discriminator"), config.balance.d_skip_below_loss
    return below > 0 and average is not None and average.fast_mean < below


@contextmanager
def frozen(state: State) -> Iterator[None]:
    """Let gradients pass through the discriminator to the generator, but gather none for its weights."""
    state.networks.discriminator.requires_grad_(False)
    try:
        yield
    finally:
        for group in state.optimizers["discriminator"].param_groups:  # FreezeD's layers are not among them
            for parameter in group["params"]:
                parameter.requires_grad_(True)
