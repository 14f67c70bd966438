"""Processes that work together (torch.distributed), one a GPU or one a machine, as torchrun starts them.

Each image of a step has a place in the whole batch, and each process takes the places that follow those of the process
before. Random numbers are drawn for the whole batch everywhere, and each process takes those of its own places. So a
training is the same in one process, in two or in eight, but for rounding.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, cast

import torch
from torch import Tensor, distributed, nn
from torch.autograd.function import FunctionCtx
from torch.distributed import TCPStore  # type: ignore[attr-defined]

from .errors import GanvasError
from .translation import _

TIMEOUT = timedelta(seconds=90)  # for the others to take part in a step, or to give a sign of life
JOIN_TIMEOUT = timedelta(minutes=10)  # for all to begin: a job's machines may start minutes apart
LEAST_SHARE = 4  # images of a batch, or a multiple: as many are compared by a minibatch deviation, and half are samples

_control: list[distributed.ProcessGroup] = []  # in which the main process leads the others
_alone: ContextVar[bool] = ContextVar("alone", default=False)


def is_started_together() -> bool:
    """Return whether a launcher has started this process as one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


@contextmanager
def process_group() -> Iterator[None]:
    """Join the other processes for the body of the `with`, if a launcher started several."""
    if not is_started_together() or distributed.is_initialized():
        yield
        return
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    with _exchange():
        _join(backend)
        _control.append(cast(distributed.ProcessGroup, distributed.new_group(timeout=TIMEOUT, backend="gloo")))
    try:
        yield
    finally:
        _control.clear()
        distributed.destroy_process_group()


def _join(backend: str) -> None:
    """Wait for the other processes, and form a group with them."""
    if distributed.is_torchelastic_launched() or not {"RANK", "MASTER_ADDR", "MASTER_PORT"} <= set(os.environ):
        distributed.init_process_group(
            backend, timeout=TIMEOUT
        )  # torchrun has waited already; or it says what is missing
        return
    count, number = int(os.environ["WORLD_SIZE"]), int(os.environ["RANK"])
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    # Who looks for the first one begins its last try just before the time is over, and that takes as long again.
    patience = JOIN_TIMEOUT if number == 0 else JOIN_TIMEOUT / 2
    store = TCPStore(address, port, count, number == 0, patience)
    distributed.init_process_group(backend, store=store, world_size=count, rank=number, timeout=TIMEOUT)


@contextmanager
def _exchange() -> Iterator[None]:
    """Tell of a process that is gone as what it is.

    Raises:
        GanvasError: another process did not take part.
    """
    try:
        yield
    except RuntimeError as error:  # gloo's and NCCL's errors have no other class in common
        raise GanvasError(
            _("Another process of this training has ended or cannot be reached: {error}").format(
                error=str(error).splitlines()[0]
            ),
            _("Mend what it said, if it did; all started again go on from the last checkpoint."),
        ) from error


@contextmanager
def alone() -> Iterator[None]:
    """Let this process work by itself for the body of the `with`: the others do not take part."""
    token = _alone.set(True)
    try:
        yield
    finally:
        _alone.reset(token)


def world_size() -> int:
    """Return how many processes work together: 1 without torch.distributed."""
    together = distributed.is_available() and distributed.is_initialized() and not _alone.get()
    return distributed.get_world_size() if together else 1


def rank() -> int:
    """Return the number of this process among those that work together, from 0."""
    return distributed.get_rank() if world_size() > 1 else 0


def is_main() -> bool:
    """Return whether this process is the one that writes files and prints."""
    return not distributed.is_available() or not distributed.is_initialized() or distributed.get_rank() == 0


def process_count() -> int:
    """Return how many processes there are, whether they work together at this moment or not."""
    with_others = distributed.is_available() and distributed.is_initialized()
    return distributed.get_world_size() if with_others else 1


def process_number() -> int:
    """Return the number of this process, from 0, whether it works with the others at this moment or not."""
    with_others = distributed.is_available() and distributed.is_initialized()
    return distributed.get_rank() if with_others else 0


def agree(*numbers: int) -> list[int]:
    """Return the largest of each number over all processes; all of them have to call it."""
    tensor = torch.tensor(numbers, dtype=torch.int64)
    with _exchange():
        distributed.all_reduce(tensor, distributed.ReduceOp.MAX, group=_control[0])
    largest: list[int] = tensor.tolist()
    return largest


def broadcast(value: Any = None) -> Any:
    """Return the main process's value in all processes; the others' is of no meaning."""
    values = [value]
    with _exchange():
        distributed.broadcast_object_list(values, src=0, group=_control[0])
    return values[0]


def own_rows(draw: Callable[..., Tensor], shape: Sequence[int], **options: Any) -> Tensor:
    """Return random numbers for this process's images, out of those that are drawn for the images of all processes.

    Args:
        draw: such as torch.randn; called with a shape and `options`.
        shape: (B, ...) for B images of this process.
    """
    (count, *rest), size = shape, world_size()
    drawn = draw((size * count, *rest), **options)
    return drawn if size == 1 else drawn[rank() * count :][:count]


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Average the gradients of `parameters` over all processes, in one exchange."""
    if world_size() == 1:
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    with _exchange():
        distributed.all_reduce(flat)
    flat /= world_size()
    parts = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view(gradient.shape))


def mean_over_processes(values: Tensor) -> Tensor:
    """Return the mean of each value over all processes, which have as many images each. Differentiable, also twice."""
    size = world_size()
    return values if size == 1 else _SumOverProcesses.apply(values) / size


class _SumOverProcesses(torch.autograd.Function):
    """Sum over processes. Each loss depends on the values of all, so gradients are summed over processes, too."""

    @staticmethod
    def forward(ctx: FunctionCtx, values: Tensor) -> Tensor:
        total = values.detach().clone(memory_format=torch.contiguous_format)
        with _exchange():
            distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total: Tensor = _SumOverProcesses.apply(gradient)
        return total
