"""Another number of images that the discriminator judges together, in the midst of a training."""

import torch
from torch import Tensor, nn

from ...config import Config
from ...models import build_discriminator, packing
from ...models.equalized import EqualConv2d, EqualLinear
from ..state import State, adam


def change_packing(state: State, config: Config) -> None:
    """Let the discriminator judge as many images together as `config` says, without a change of its judgement.

    Its first layer sees each image as it did, and takes the mean: a pack of equal images gets the logit that the image
    got. Its moments are dropped, since it now has other weights.

    Args:
        config: with all prescriptions.
    """
    old = state.networks.discriminator
    with torch.random.fork_rng(devices=[]):  # its random numbers are of no use, and must not be missed elsewhere
        new = build_discriminator(config).to(state.device).to(memory_format=torch.channels_last)
    before, after = dict(old.named_parameters()), dict(new.named_parameters())
    changed = {name for name, each in after.items() if each.shape != before[name].shape}
    if not changed:
        return
    weights = old.state_dict()
    for name in changed:
        weights[name] = _spread(weights[name], after[name].shape[1], packing(config)) * _rescaled(old, new, name)
    new.load_state_dict(weights)
    for name, parameter in after.items():
        parameter.requires_grad_(before[name].requires_grad)
    moving = [parameter for parameter in after.values() if parameter.requires_grad]
    optimiser = adam(moving, config.optimizers["discriminator"])
    for name, parameter in after.items():
        if name not in changed and before[name] in state.optimizers["discriminator"].state:
            optimiser.state[parameter] = state.optimizers["discriminator"].state[before[name]]
    state.networks.discriminator, state.optimizers["discriminator"] = new, optimiser


def _spread(weight: Tensor, inputs: int, count: int) -> Tensor:
    """Return `weight` (units, old inputs, ...) for the inputs of `count` images, each with its share."""
    one = weight.reshape(len(weight), -1, inputs // count, *weight.shape[2:]).sum(1)
    return torch.cat([one / count] * count, dim=1)


def _rescaled(old: nn.Module, new: nn.Module, name: str) -> float:
    """Return the factor of a weight whose layer scales its weights by the number of inputs."""
    layers = [network.get_submodule(name.rpartition(".")[0]) for network in (old, new)]
    before, after = (layer.scale if isinstance(layer, EqualConv2d | EqualLinear) else 1.0 for layer in layers)
    return before / after
