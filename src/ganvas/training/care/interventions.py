"""What is done to a state once, between two steps, because it was prescribed: go back, begin afresh, revive, repack.

Counters never go back: steps and pictures go on, so that the budget is kept and the pictures and the random numbers
that come now are others than those before the accident.
"""

import copy
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ... import checkpoint
from ...coach.measurement.dead_units import Layer, layers
from ...coach.treatment.prescription import KINDS, treated
from ...config import Config
from ...data.prepare import Prepared
from ...device import random_at
from ...errors import GanvasError, pick
from ...events import Prescription
from ...models import build_discriminator, packing
from ...models.equalized import EqualConv2d, EqualLinear
from ...planning.schedule import phase_start, position
from ...runs import Run
from ..state import State, adam, fresh, pack, restored, unpack
from ..steps.adversarial import seen
from ..steps.batch import draw, effective, generate, loader_for
from ..transfer import transfer

COUNT = 256  # pictures or latents that tell which units are dead
ANOTHER_GAME = {"loss", "penalty"}  # with these, averages of the losses before say nothing about those after

# What is drawn anew in each phase: what the phase trains and what later ones will, but not what earlier ones have
# learned.
REDRAWN: dict[str, tuple[str, ...]] = {
    "adversarial": ("generator", "discriminator"),
    "grow": ("generator", "discriminator"),
    "autoencode": ("generator", "discriminator", "encoder"),
    "prior": ("generator.prior", "discriminator"),
    "sharpen": ("discriminator",),
    "vae": ("generator", "encoder"),
}


def apply(state: State, config: Config, orders: Sequence[Prescription], run: Run, data: Prepared) -> None:
    """Carry out what was newly prescribed; what changes the configuration is in force from then on.

    Args:
        config: the run's, with nothing that was prescribed in it.
        run: whose checkpoints one may go back to.
        data: what shows which units are dead.

    Raises:
        GanvasError: a kind is unknown, or the checkpoint to go back to cannot be read.
    """
    begin = phase_start(treated(config, state.prescriptions), state.step)
    kinds = [pick(KINDS, order.kind, "prescription") for order in orders]
    state.prescriptions += tuple(order for order, kind in zip(orders, kinds, strict=True) if kind.change)
    now = treated(config, state.prescriptions)
    repack(state, now)
    for order in orders:
        if order.kind == "back":
            go_back(state, config, run, _healthy(state, round(order.value)))
        elif order.kind == "again":
            go_back(state, config, run, begin)
        elif order.kind == "afresh":
            begin_afresh(state, now, order.step)
        elif order.kind == "revive":
            revive(state, now, order.network, data)
    if ANOTHER_GAME & {order.kind for order in orders}:
        state.averages = {}
    _forget_gathered(state)


def go_back(state: State, config: Config, run: Run, step: int) -> None:
    """Put networks, moments and averages back to what they were in the checkpoint of `step`; all counters go on.

    What is prescribed now stays so. Codes follow from the encoder; a phase that needs them has them made anew.

    Args:
        config: the run's, with nothing that was prescribed in it.

    Raises:
        GanvasError: the checkpoint is missing or damaged.
    """
    tensors, facts = checkpoint.load(checkpoint.path_of(run.checkpoints, step))
    then = restored(config, tensors, facts, _device(state))
    repack(then, treated(config, state.prescriptions))
    _forget_gathered(then)
    unpack(state, pack(then)[0], pack(state)[1] | {"averages": facts["averages"]})
    state.codes = None


def begin_afresh(state: State, config: Config, seed: int) -> None:
    """Draw the weights of what the present phase trains anew, by `seed`; all counters go on.

    In a later phase of a warm start, what the earlier ones have learned stays: a decoder that draws well is not thrown
    away for the sake of its discriminator. Moments and averages begin afresh with the weights, the decoder's too, since
    they tell of a game that is over.

    Args:
        config: with all that was prescribed in it.
    """
    beginning = fresh(replace(config, seed=seed), _device(state))
    if config.origin:  # afresh is where the run began, if that is still there: once begun, a run does not need it
        with suppress(GanvasError):
            transfer(beginning, config.origin)
    new = beginning.networks()
    networks = state.networks()
    for place in REDRAWN[position(config, max(0, state.step - 1)).phase.name]:
        network, _, part = place.partition(".")
        drawn = new[network].get_submodule(part)
        weights = drawn.state_dict()
        if network == "discriminator":  # what is frozen has not moved since it was taken over
            for frozen in [name for name, each in drawn.named_parameters() if not each.requires_grad]:
                del weights[frozen]
        for name in (network, "averaged") if network == "generator" else (network,):
            trained = networks[name].get_submodule(part)
            trained.load_state_dict(trained.state_dict() | weights)
    for optimiser in state.optimisers.values():
        optimiser.state.clear()
    _forget_gathered(state)
    state.averages = {}


def repack(state: State, config: Config) -> None:
    """Let the discriminator judge as many pictures together as `config` says, without its judgement being changed.

    Its first layer sees each picture as it did, and takes the mean: a pack of equal pictures gets the logit that the
    picture got. Its moments begin afresh, since it now has other weights.

    Args:
        config: with all that was prescribed in it.
    """
    old = state.discriminator
    with torch.random.fork_rng(devices=[]):  # what it draws is of no use and not to be missed elsewhere
        new = build_discriminator(config).to(_device(state)).to(memory_format=torch.channels_last)
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
    moving = (parameter for parameter in after.values() if parameter.requires_grad)
    optimiser = adam(moving, config.optimisers["discriminator"])
    for name, parameter in after.items():
        if name not in changed and before[name] in state.optimisers["discriminator"].state:
            optimiser.state[parameter] = state.optimisers["discriminator"].state[before[name]]
    state.discriminator, state.optimisers["discriminator"] = new, optimiser


def _spread(weight: Tensor, inputs: int, count: int) -> Tensor:
    """Return `weight` (units, inputs before, ...) for so many inputs, `count` pictures', each with its share."""
    one = weight.reshape(len(weight), -1, inputs // count, *weight.shape[2:]).sum(1)
    return torch.cat([one / count] * count, dim=1)


def _rescaled(old: nn.Module, new: nn.Module, name: str) -> float:
    """Return by what a weight has to grow where layers scale their weights by the number of their inputs."""
    layers = [network.get_submodule(name.rpartition(".")[0]) for network in (old, new)]
    before, after = (layer.scale if isinstance(layer, EqualConv2d | EqualLinear) else 1.0 for layer in layers)
    return before / after


def revive(state: State, config: Config, network: str, data: Prepared) -> int:
    """Draw the incoming weights of the dead units of `network` anew, and return how many there were.

    Layer by layer, first to last: what is silent only because nothing comes in keeps its weights.

    Args:
        config: with all that was prescribed in it.
        network: "generator" or "discriminator".
        data: what the discriminator is shown, beside the generator's pictures.
    """
    module, inputs = pick(state.networks(), network, "network"), _inputs(state, config, network, data)
    random = random_at(config.seed, state.step, "revive", device=_device(state))
    revived, visited = 0, set[str]()
    while True:
        running = layers(module, *inputs)
        sick = next((layer for layer in running if layer.name not in visited and layer.dead.any()), None)
        if sick is None:
            return revived
        visited.add(sick.name)
        revived += _redraw(state, module, sick, random)


def _inputs(state: State, config: Config, network: str, data: Prepared) -> tuple[Tensor, ...]:
    """Return what `network` takes in: latents, or pictures real and generated, with labels if there are any."""
    loader = loader_for(config, data)
    pictures, labels = loader.batch(state.images, COUNT)
    random = random_at(config.seed, state.step, "revive", "inputs", device=_device(state))
    material = draw(config, pictures, labels if config.classes else None, random, _device(state))
    material = replace(material, augmented=effective(state, config))
    if network == "generator":
        return (material.latents,) if material.labels is None else (material.latents, material.labels)
    with torch.no_grad():
        fakes = generate(copy.deepcopy(state.generator), material.latents, material.labels)
        shown = torch.cat([seen(config, material, each) for each in (material.real, fakes)])
    return (shown,) if material.labels is None else (shown, material.labels.repeat(2))


def _redraw(state: State, network: nn.Module, layer: Layer, random: torch.Generator) -> int:
    """Draw anew what leads to the dead units of `layer`, and return how many could be reached.

    Weights as He et al. 2015 draw them for rectifiers, biases 0, a norm between as when it was new.
    """
    feeders = [network.get_submodule(name) for name in layer.feeders]
    plain = [each for each in feeders if not is_parametrized(each)]  # weights that follow from others cannot be drawn
    sources = [each for each in plain if isinstance(each, nn.Conv2d | nn.ConvTranspose2d | nn.Linear)]
    source = next((each for each in reversed(sources) if _feeds(each, len(layer.dead))), None)
    if source is None:
        return 0
    axis = 1 if isinstance(source, nn.ConvTranspose2d) else 0
    rows = layer.dead.repeat_interleave(_outputs(source) // len(layer.dead))
    inputs = source.weight.numel() / _outputs(source)
    if isinstance(source, nn.ConvTranspose2d):
        inputs /= source.stride[0] * source.stride[1]
    shape = source.weight.movedim(axis, 0)[rows].shape
    drawn = torch.randn(shape, generator=random, device=source.weight.device) * (2 / inputs) ** 0.5
    _replace_rows(state, source.weight, axis, rows, drawn)
    if source.bias is not None:
        _replace_rows(state, source.bias, 0, rows, 0.0)
    for norm in feeders[feeders.index(source) + 1 :]:
        if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d) and norm.affine:
            _replace_rows(state, norm.weight, 0, layer.dead, 1.0)
            _replace_rows(state, norm.bias, 0, layer.dead, 0.0)
            if norm.running_mean is not None and norm.running_var is not None:
                norm.running_mean[layer.dead], norm.running_var[layer.dead] = 0.0, 1.0
    return int(layer.dead.sum())


def _feeds(module: nn.Conv2d | nn.ConvTranspose2d | nn.Linear, units: int) -> bool:
    """Tell whether `module` can be what leads to so many units: a dense layer may feed a whole grid of each."""
    return _outputs(module) == units or (isinstance(module, nn.Linear) and _outputs(module) % units == 0)


def _outputs(module: nn.Conv2d | nn.ConvTranspose2d | nn.Linear) -> int:
    return module.out_features if isinstance(module, nn.Linear) else module.out_channels


@torch.no_grad()
def _replace_rows(state: State, parameter: Tensor, axis: int, rows: Tensor, values: Tensor | float) -> None:
    """Put `values` into the rows of `parameter` along `axis`, and have Adam forget what it knows of them.

    Adam divides by the root of its second moment. At 0 the first steps would be many times too long, so the rows take
    the mean of the others'; where there are no others, Adam begins anew.
    """
    parameter.movedim(axis, 0)[rows] = values
    for optimiser in state.optimisers.values():
        if parameter not in optimiser.state:
            continue
        if bool(rows.all()):
            del optimiser.state[parameter]
            continue
        mean, square = (optimiser.state[parameter][key].movedim(axis, 0) for key in ("exp_avg", "exp_avg_sq"))
        mean[rows], square[rows] = 0.0, square[~rows].mean()


def _healthy(state: State, which: int) -> int:
    """Return the step of the `which`-th last checkpoint that was saved in health, from 1.

    Raises:
        GanvasError: there are not so many.
    """
    if not 0 < which <= len(state.healthy):
        raise GanvasError(
            f"There is no checkpoint from {which} times back that was healthy.",
            "Train again with another seed: --seed 1 --out OTHER",
        )
    return state.healthy[-which]


def _forget_gathered(state: State) -> None:
    """Let go of gradients that wait for a step: they were gathered by other weights or for another step."""
    for optimiser in state.optimisers.values():
        optimiser.zero_grad(set_to_none=True)


def _device(state: State) -> torch.device:
    return next(state.generator.parameters()).device
