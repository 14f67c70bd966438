"""Ask somebody's network something without leaving a trace in it: a copy answers."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.parallel import DataParallel, DistributedDataParallel

from ...errors import GanvasError


def copy_of(network: nn.Module) -> nn.Module:
    """Return a copy in the same mode, without what wraps it for several devices or for compilation.

    Spectral and weight normalisation keep weights that were computed from others, which torch does not copy by itself.
    """
    if isinstance(network, DataParallel | DistributedDataParallel):
        network = network.module
    plain: nn.Module = getattr(network, "_orig_mod", network)
    attributes = [each for module in plain.modules() for each in vars(module).values()]
    computed = {id(each): each.detach().clone() for each in attributes if isinstance(each, Tensor) and not each.is_leaf}
    return copy.deepcopy(plain, computed)


@contextmanager
def without_side_effects(tensors: list[Tensor]) -> Iterator[None]:
    """Work without gradients, and leave torch's random numbers as they were, where `tensors` lie and on the processor.

    A dropout would else draw numbers that belong to the training.
    """
    devices = {each.device.index for each in tensors if each.is_cuda}
    with torch.no_grad(), torch.random.fork_rng(sorted(devices)):
        yield


def run_copy(name: str, network: nn.Module, *inputs: Tensor, hint: str) -> Tensor:
    """Return what a copy of `network` makes of `inputs`, on the device and in the precision of its weights.

    Args:
        role: what it is called in an error.
        instead: what a user can do if it cannot be asked.

    Raises:
        GanvasError: it cannot be copied or called so, or returns no tensor.
    """
    weight = next(network.parameters(), None)
    on_device = inputs if weight is None else tuple(each.to(weight) for each in inputs)
    try:
        output = copy_of(network)(*on_device)
    except (RuntimeError, TypeError, ValueError, AttributeError, NotImplementedError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise GanvasError(f"The {name} could not be asked: {reason}", hint) from error
    if not isinstance(output, Tensor) or not output.is_floating_point():
        raise GanvasError(f"The {name} returns {type(output).__name__}, where floats in one tensor are needed.", hint)
    return output
