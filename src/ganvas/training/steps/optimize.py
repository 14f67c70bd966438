"""How a loss moves the weights: one optimizer step, or gradient accumulation over microbatches and steps."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ...config import Config
from ...distributed import average_gradients
from ..state import State

Losses = dict[str, Tensor]


def mean_losses(losses: Sequence[Losses]) -> Losses:
    """Return the mean of each loss over the microbatches."""
    return {name: torch.stack([each[name] for each in losses]).mean() for name in losses[-1]}


def optimizer_step(
    state: State, config: Config, name: str, loss: Tensor, microbatch: int = 0, n_microbatches: int = 1
) -> None:
    """Go one step down `loss`, or add its gradient to those that wait until enough microbatches and steps have come.

    Args:
        name: of the optimizer.
        microbatch, n_microbatches: which microbatch of how many the loss is of.
    """
    counters, balance = state.counters, config.balance
    accumulated = balance.grad_accum_steps * n_microbatches
    is_opponent = name in ("generator", "refiner")
    turns = counters.step // (balance.n_critic if is_opponent else 1)  # that the network has had before
    is_last = (turns * n_microbatches + microbatch + 1) % accumulated == 0
    optimizer, scaler = state.optimizers[name], state.scalers.get(name)
    loss = loss / accumulated if accumulated > 1 else loss
    if scaler is not None:  # float16 needs larger gradients; an overflowing step is left out (Micikevicius et al. 2018)
        loss = scaler.scale(loss)
    loss.backward()  # type: ignore[no-untyped-call]
    if not is_last:
        return
    average_gradients(parameter for group in optimizer.param_groups for parameter in group["params"])
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
        scaler.update()
    optimizer.zero_grad(set_to_none=True)
