"""What happens where memory runs out in a step: the batch is taken in twice as many microbatches, from then on."""

from collections.abc import Callable, Iterator

import torch

from ...config import Config
from ...device import is_out_of_memory
from ...distributed import LEAST_SHARE, world_size
from ...errors import GanvasError
from ...planning.memory import batch_to_share
from ...translation import _
from ..state import State
from .batch import Batch
from .optimize import Losses, mean_losses

MicrobatchStep = Callable[[State, Config, Batch, int, int], Losses]  # ..., which microbatch, of how many


class OOMAttempt:
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

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> bool:
        """Take running out of memory for a failed attempt.

        Raises:
            GanvasError: not even two images fit, or there are other processes.
        """
        if not isinstance(error, MemoryError | RuntimeError) or not is_out_of_memory(error):
            return False  # torch.OutOfMemoryError is a RuntimeError
        counters, share = self.state.counters, len(self.batch.real)
        # Other processes wait in the middle of the step, where they cannot be told to begin it again.
        if world_size() > 1 or 2 * counters.n_microbatches > max(1, share // 2):  # one image has no mean and no pair
            raise GanvasError(
                _("The memory of {device} is full.").format(device=self.state.device), _smaller(share, world_size())
            ) from error
        counters.n_microbatches *= 2
        self.state.optimizers[self.optimizer].zero_grad(set_to_none=True)
        self.failed = True
        return True


def _smaller(share: int, processes: int) -> str:
    """Return what to type where `share` images do not fit into one of so many processes."""
    if processes == 1 or share <= LEAST_SHARE:
        return _("Try a smaller --size or --channel-mult 0.5, in another folder: --out OTHER")
    batch = batch_to_share(share * processes // 2, processes)
    return _("The same command goes on in more processes; or begin anew: --batch {batch} --out OTHER").format(
        batch=batch
    )


def retry_on_oom(state: State, batch: Batch, optimizer: str) -> Iterator[OOMAttempt]:
    """Yield attempts at moving by the batch until one does not run out of memory."""
    attempt = OOMAttempt(state, batch, optimizer)
    yield attempt
    while attempt.failed:
        if state.device.type == "cuda":  # the graph of the failed attempt is gone by now
            torch.cuda.empty_cache()
        attempt = OOMAttempt(state, batch, optimizer)
        yield attempt


def step_by_microbatches(
    state: State, config: Config, batch: Batch, optimizer: str, microbatch_step: MicrobatchStep
) -> Losses:
    """Take the step of one optimizer, microbatch by microbatch, as small as memory needs; return its mean losses."""
    losses: list[Losses] = []
    for attempt in retry_on_oom(state, batch, optimizer):
        with attempt as parts:
            losses.clear()
            losses += [microbatch_step(state, config, part, number, len(parts)) for number, part in enumerate(parts)]
    return mean_losses(losses)
