"""Running a user's network on a deep copy, so that weights, mode and buffers stay untouched."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.parallel import DataParallel, DistributedDataParallel

from ...errors import GanvasError
from ...formatting import display_name
from ...translation import _


def copy_of(network: nn.Module) -> nn.Module:
    """Return a copy in the same mode, without the wrappers of DataParallel, DDP or torch.compile.

    Spectral and weight normalization keep tensors that were computed from parameters. `deepcopy` refuses those, so
    they are copied here.
    """
    if isinstance(network, DataParallel | DistributedDataParallel):
        network = network.module
    plain: nn.Module = getattr(network, "_orig_mod", network)
    attributes = [each for module in plain.modules() for each in vars(module).values()]
    computed = {id(each): each.detach().clone() for each in attributes if isinstance(each, Tensor) and not each.is_leaf}
    return copy.deepcopy(plain, computed)


@contextmanager
def without_side_effects(tensors: list[Tensor]) -> Iterator[None]:
    """Switch gradients off, and restore torch's random states afterwards, on the CPU and the devices of `tensors`.

    Dropout, for example, would otherwise use up the training's random numbers.
    """
    devices = {each.device.index for each in tensors if each.is_cuda}
    with torch.no_grad(), torch.random.fork_rng(sorted(devices)):
        yield


def run_copy(name: str, network: nn.Module, *inputs: Tensor, hint: str) -> Tensor:
    """Return the output of a copy of `network`, with `inputs` moved to the device and dtype of its weights.

    Args:
        name: of the network, for errors.
        hint: what the user can do if it cannot be run.

    Raises:
        GanvasError: it cannot be copied or called like this, or does not return one tensor of floats.
    """
    weight = next(network.parameters(), None)
    on_device = inputs if weight is None else tuple(each.to(weight) for each in inputs)
    try:
        output = copy_of(network)(*on_device)
    except (RuntimeError, TypeError, ValueError, AttributeError, NotImplementedError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise GanvasError(
            _("The {name} could not be run: {reason}").format(name=display_name(name), reason=reason), hint
        ) from error
    if not isinstance(output, Tensor) or not output.is_floating_point():
        raise GanvasError(
            _("The {name} returns {kind}, but one tensor of floats is needed.").format(
                name=display_name(name), kind=type(output).__name__
            ),
            hint,
        )
    return output
