"""How a loss moves the weights: gradient accumulation, smaller microbatches where memory is short, averaged weights."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ...config import Config
from ...device import is_out_of_memory
from ...errors import GanvasError
from ..state import State
from .batch import Batch

Losses = dict[str, Tensor]


class Attempt:
    """One attempt at moving a network by a whole batch, in as many microbatches as memory needs.

    As a context it gives the microbatches. Where memory runs out in it, what was accumulated is dropped, and the
    number of microbatches is doubled for the next attempt and from then on.

    Args:
        optimizer: the one that moves.
    """

    def __init__(self, state: State, batch: Batch, optimizer: str) -> None:
        self.state, self.batch, self.optimizer, self.failed = state, batch, optimizer, False

    def __enter__(self) -> list[Batch]:
        return list(self.batch.microbatches(self.state.counters.n_microbatches))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        """Take running out of memory for a failed attempt.

        Raises:
            GanvasError: not even two images fit.
        """
        if not isinstance(error, MemoryError | RuntimeError) or not is_out_of_memory(error):
            return False  # torch.OutOfMemoryError is a RuntimeError
        counters, device = self.state.counters, self.state.device
        if 2 * counters.n_microbatches > max(1, len(self.batch.real) // 2):  # one image has no mean and no pair
            raise GanvasError(
                f"The memory of {device} is full.",
                "Try a smaller --size or --channel-mult 0.5, in another folder: --out OTHER",
            ) from error
        counters.n_microbatches *= 2
        self.state.optimizers[self.optimizer].zero_grad(set_to_none=True)
        if device.type == "cuda":
            torch.cuda.empty_cache()
        self.failed = True
        return True


def attempts(state: State, batch: Batch, optimizer: str) -> Iterator[Attempt]:
    """Yield attempts at moving by the batch until one does not run out of memory."""
    attempt = Attempt(state, batch, optimizer)
    yield attempt
    while attempt.failed:
        attempt = Attempt(state, batch, optimizer)
        yield attempt


def mean_losses(losses: Sequence[Losses]) -> Losses:
    """Return the mean of each loss over the microbatches."""
    return {name: torch.stack([each[name] for each in losses]).mean() for name in losses[-1]}


def optimizer_step(state: State, config: Config, name: str, loss: Tensor, microbatch: int = 0, of: int = 1) -> None:
    """Go one step down `loss`, or add its gradient to those that wait until enough microbatches and steps have come.

    Args:
        name: of the optimizer.
        microbatch, of: which microbatch of how many the loss is of.
    """
    counters, balance = state.counters, config.balance
    accumulated = balance.grad_accum_steps * of
    turns = counters.step // (balance.n_critic if name == "generator" else 1)  # that the network has had before
    is_last = (turns * of + microbatch + 1) % accumulated == 0
    optimizer, scaler = state.optimizers[name], state.scalers.get(name)
    loss = loss / accumulated if accumulated > 1 else loss
    if (
        scaler is not None
    ):  # float16 needs larger gradients; a step that overflows is left out (Micikevicius et al. 2018)
        loss = scaler.scale(loss)
    loss.backward()  # type: ignore[no-untyped-call]
    if not is_last:
        return
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
        scaler.update()
    optimizer.zero_grad(set_to_none=True)


@torch.no_grad()
def update_ema(state: State, half_life: float, batch: int) -> None:
    """Move the averaged generator towards the present one; half of it is younger than `half_life` of all images seen.

    A half-life that is a share of the images seen forgets the blind beginning by itself (the ramp-up of Karras et al.
    2020 does the same). Batch-norm statistics are not averaged: they are measured when they are needed.
    """
    # A phase without images moves the prior only: the average follows at once.
    decay = 0.5 ** (batch / (half_life * state.counters.images_seen)) if batch else 0.0
    averaged: list[Tensor] = list(state.networks.g_ema.parameters())
    present: list[Tensor] = list(state.networks.generator.parameters())
    torch._foreach_lerp_(averaged, present, 1 - decay)
