"""Dead units: channels behind an activation that have the same value for every input. They pass on no gradient."""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ...phases import optimizers_of

ACTIVATIONS = (
    nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.ReLU6, nn.ELU, nn.SELU, nn.CELU, nn.SiLU, nn.GELU, nn.Mish, nn.Hardswish,
    nn.Tanh, nn.Sigmoid, nn.Hardtanh, nn.Hardsigmoid, nn.Softplus, nn.Softsign, nn.GLU,
)  # fmt: skip
CONSTANT_BELOW = 1e-6  # times the layer's root mean square: a unit that varies less than this varies by rounding only


@dataclass(frozen=True)
class ActivationLayer:
    """An activation module: its name, its dead units (a mask), and the modules with weights that ran just before it."""

    name: str
    dead: Tensor
    weight_modules: tuple[str, ...]


def dead_units(network: nn.Module, *inputs: Tensor) -> dict[str, Tensor]:
    """Return a mask (units,) of the dead units of each activation module, by the module's name.

    Units are counted along dimension 1 of an activation's output. Activations after the last weights make the
    network's output and are left out. A copy of the network runs, in the network's present mode.

    Args:
        inputs: a batch of at least two; a unit is dead if it is the same for all of them.
    """
    return {layer.name: layer.dead for layer in activation_layers(network, *inputs)}


def dead_unit_share(network: nn.Module, *inputs: Tensor) -> float:
    """Return the share of the network's units that are dead, in [0, 1]; 0 if it has no units."""
    return share_of_dead(activation_layers(network, *inputs))


def share_of_dead(layers: Sequence[ActivationLayer]) -> float:
    """Return the share of the layers' units that are dead, in [0, 1]; 0 if there are no layers."""
    return float(torch.cat([layer.dead for layer in layers]).float().mean()) if layers else 0.0


def activation_layers(network: nn.Module, *inputs: Tensor) -> list[ActivationLayer]:
    """Return the activation layers in the order they run.

    A unit of a layer that runs several times is dead if it is dead each time.
    """
    return forward_with_dead_units(network, *inputs)[1]


def layers_trained_in(phase: str, layers: list[ActivationLayer]) -> list[ActivationLayer]:
    """Return the layers of a generator that a phase trains: the upsampler's, those that draw small, or both."""
    if "refiner" in optimizers_of(phase):
        return layers
    enlarges = "upsampler" in optimizers_of(phase)
    return [layer for layer in layers if layer.name.startswith("upsampler") == enlarges]


def forward_with_dead_units(network: nn.Module, *inputs: Tensor) -> tuple[Any, list[ActivationLayer]]:
    """Run a copy of `network`; return its output and its activation layers, as `activation_layers` does."""
    network = copy.deepcopy(network)
    layers: dict[str, ActivationLayer] = {}
    weight_modules: list[str] = []
    since_weights: list[str] = []  # activations since the last weights: in the end, those of the output

    def make_hook(name: str) -> Callable[[nn.Module, object, Tensor], None]:
        def hook(module: nn.Module, args: object, output: Tensor) -> None:
            if isinstance(module, ACTIVATIONS):
                dead, earlier = _constant_units(output), layers.get(name)
                layers[name] = (
                    ActivationLayer(name, dead & earlier.dead, earlier.weight_modules)
                    if earlier
                    else ActivationLayer(name, dead, tuple(weight_modules))
                )
                weight_modules.clear()
                since_weights.append(name)
            elif next(module.parameters(), None) is not None:
                weight_modules.append(name)
                since_weights.clear()

        return hook

    for name, module in network.named_modules():
        if isinstance(module, ACTIVATIONS) or is_parametrized(module) or not list(module.children()):
            module.register_forward_hook(make_hook(name))
    devices = [torch.cuda.current_device()] if any(each.is_cuda for each in inputs) else []
    with torch.no_grad(), torch.random.fork_rng(devices):  # dropout must not use up the training's random numbers
        output = network(*inputs)
    return output, [layer for layer in layers.values() if layer.name not in since_weights]


def _constant_units(output: Tensor) -> Tensor:
    """Return a mask of the units of `output` (B, units, ...) that do not vary over the batch at any position."""
    values = output.detach().float()
    values = values.reshape(len(values), -1) if values.dim() < 3 else values  # (B,) is one unit
    batch, units = values.shape[:2]
    limit = CONSTANT_BELOW * torch.linalg.vector_norm(values) / values.numel() ** 0.5
    # How far the second lies from the first says already of most units that they vary, for a fraction of the work.
    if bool((_spread(values[:2], batch) > limit).all()):
        return torch.zeros(units, dtype=torch.bool, device=values.device)
    dead: Tensor = _spread(values, batch) <= limit
    return dead


def _spread(values: Tensor, batch: int) -> Tensor:
    """Return each unit's root mean square distance from the first of `values` (N, units, ...), as if of a batch.

    It is the distance from the first, not from the mean: exactly 0 if all are equal.
    """
    squares = (values - values[:1]).square()
    positions = math.prod(values.shape[2:])
    return (squares.sum([axis for axis in range(values.dim()) if axis != 1]) / (batch * positions)).sqrt()
