"""Dead units: channels behind an activation that say the same whatever comes in. Nothing is learned through them."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

ACTIVATIONS = (
    nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.ReLU6, nn.ELU, nn.SELU, nn.CELU, nn.SiLU, nn.GELU, nn.Mish, nn.Hardswish,
    nn.Tanh, nn.Sigmoid, nn.Hardtanh, nn.Hardsigmoid, nn.Softplus, nn.Softsign, nn.GLU,
)  # fmt: skip
STILL = 1e-6  # of the layer's size: a unit that varies less than this varies by rounding only


@dataclass(frozen=True)
class Layer:
    """Name an activation, which of its units are dead (units,), and the modules with weights that ran just before."""

    name: str
    dead: Tensor
    feeders: tuple[str, ...]


def dead_units(network: nn.Module, *inputs: Tensor) -> dict[str, Tensor]:
    """Return, by each activation module's name, which of its units (units,) are the same for all of a batch of several.

    Units are what dimension 1 of an activation's output counts. An activation behind the last weights is the network's
    output and has none. The network works in its present mode, but on a copy: looking changes nothing.
    """
    return {layer.name: layer.dead for layer in layers(network, *inputs)}


def dead_share(network: nn.Module, *inputs: Tensor) -> float:
    """Return the share of all units of `network`, in [0, 1], that are dead; 0 if it has none."""
    return dead_part(layers(network, *inputs))


def dead_part(found: Sequence[Layer]) -> float:
    """Return the share of the units of some layers, in [0, 1], that are dead; 0 if there is none."""
    return float(torch.cat([layer.dead for layer in found]).float().mean()) if found else 0.0


def layers(network: nn.Module, *inputs: Tensor) -> list[Layer]:
    """Return the layers of units in the order they run; one that runs several times is dead where it always is."""
    return observed(network, *inputs)[1]


def observed(network: nn.Module, *inputs: Tensor) -> tuple[Any, list[Layer]]:
    """Return what a copy of `network` gives for a batch of several, and its layers of units as `layers` does."""
    network = copy.deepcopy(network)
    found: dict[str, Layer] = {}
    feeders: list[str] = []
    behind: list[str] = []  # activations since the last weights: in the end, those of the output

    def note(name: str) -> Callable[[nn.Module, object, Tensor], None]:
        def hook(module: nn.Module, given: object, output: Tensor) -> None:
            if isinstance(module, ACTIVATIONS):
                dead = _still(output)
                dead = dead & found[name].dead if name in found else dead
                found[name] = Layer(name, dead, found[name].feeders if name in found else tuple(feeders))
                feeders.clear()
                behind.append(name)
            elif next(module.parameters(), None) is not None:
                feeders.append(name)
                behind.clear()

        return hook

    for name, module in network.named_modules():
        if isinstance(module, ACTIVATIONS) or is_parametrized(module) or not list(module.children()):
            module.register_forward_hook(note(name))
    devices = [torch.cuda.current_device()] if any(each.is_cuda for each in inputs) else []
    with torch.no_grad(), torch.random.fork_rng(devices):  # a dropout would draw numbers that belong to the training
        output = network(*inputs)
    return output, [layer for layer in found.values() if layer.name not in behind]


def _still(output: Tensor) -> Tensor:
    """Return which units of `output` (B, units, ...) do not vary over the batch, at any place."""
    values = output.detach().float().reshape(len(output), output.shape[1] if output.dim() > 1 else 1, -1)
    spread = (values - values[:1]).square().mean((0, 2)).sqrt()  # from the first, not the mean: exactly 0 if all equal
    return spread <= STILL * values.square().mean().sqrt()
