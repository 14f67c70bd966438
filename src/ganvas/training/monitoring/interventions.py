"""Interventions of the coach in a state, between two steps: rollback, new weights, revived units, another packing.

Counters never go back: steps and images go on. So the budget is kept, and the images and random numbers that come now
are others than those before the accident.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ... import checkpoint
from ...coach.measurement.dead_units import ActivationLayer, activation_layers, layers_trained_in
from ...coach.treatment.prescription import KINDS, with_prescriptions
from ...config import Config
from ...data.prepare import PreparedDataset
from ...device import seeded_rng
from ...errors import GanvasError, lookup
from ...events import Prescription
from ...models import build_discriminator, packing
from ...models.equalized import EqualConv2d, EqualLinear
from ...phases import PHASES
from ...planning.schedule import phase_at, phase_start
from ...recipes.upsampling import is_upsampling_alone
from ...runs import Run
from ..state import State, adam, new_state
from ..state_io import load_state, load_tensors, read_checkpoint, state_to_tensors
from ..steps.batch import augment_probability, make_batch, make_loader
from ..steps.d_input import d_input
from ..transfer import transfer_weights

COUNT = 256  # images or latents that tell which units are dead
RESETS_LOSS_AVERAGES = {"loss", "penalty"}  # after these, the averages of old losses mean nothing


def apply_prescriptions(
    state: State, config: Config, orders: Sequence[Prescription], run: Run, data: PreparedDataset
) -> list[str]:
    """Apply new prescriptions; those that change the configuration are in force from now on.

    Returns what the user has to know besides, in words.

    Args:
        config: the run's, without prescriptions.
        run: whose checkpoints a rollback takes.
        data: images that tell which units are dead.

    Raises:
        GanvasError: a kind is unknown, or the checkpoint of a rollback cannot be read.
    """
    begin = phase_start(with_prescriptions(config, state.coach.prescriptions), state.counters.step)
    kinds = [lookup(KINDS, order.kind, "prescription") for order in orders]
    state.coach.prescriptions += tuple(order for order, kind in zip(orders, kinds, strict=True) if kind.change)
    now = with_prescriptions(config, state.coach.prescriptions)
    change_packing(state, now)
    notes: list[str] = []
    for order in orders:
        if order.kind == "rollback":
            rollback(state, config, run, _healthy(state, round(order.value)))
        elif order.kind == "restart_phase":
            rollback(state, config, run, begin)
        elif order.kind == "reinitialize":
            notes += reinitialize(state, now, order.step)
        elif order.kind == "reinit_dead_units":
            reinit_dead_units(state, now, order.network, data)
    if RESETS_LOSS_AVERAGES & {order.kind for order in orders}:
        state.counters.loss_averages = {}
    state.zero_grad()
    return notes


def rollback(state: State, config: Config, run: Run, step: int) -> None:
    """Put networks, moments and loss averages back to the checkpoint of `step`; all counters go on.

    What is prescribed now stays in force. Codes are dropped: they follow from the encoder, and are made anew.

    Args:
        config: the run's, without prescriptions.

    Raises:
        GanvasError: the checkpoint is missing or damaged.
    """
    tensors, facts = read_checkpoint(config, checkpoint.checkpoint_path(run.checkpoints, step))
    earlier = load_state(config, tensors, facts, state.device)
    change_packing(earlier, with_prescriptions(config, state.coach.prescriptions))
    earlier.zero_grad()
    now = state_to_tensors(state)[1]
    load_tensors(state, state_to_tensors(earlier)[0], now)
    state.counters.loss_averages = earlier.counters.loss_averages
    state.encoder_codes = None


def reinitialize(state: State, config: Config, seed: int) -> list[str]:
    """Draw the weights of what the present phase trains anew, by `seed`; all counters go on.

    In a later phase, what the earlier ones have learned stays: a decoder that draws well is not thrown away for the
    sake of its discriminator. Moments and loss averages are dropped with the weights, the decoder's too: they belong to
    a game that is over. A run whose weights were taken from another run begins with those again. Where they are gone,
    it begins with random ones, and that is returned in words.

    Args:
        config: with everything that was prescribed.
    """
    new = new_state(replace(config, seed=seed), state.device)
    notes: list[str] = []
    if config.init_from:
        try:
            transfer_weights(new, config.init_from, enlarges=is_upsampling_alone(config))
        except GanvasError as error:  # a run does not need another one to go on
            notes.append(f"The new beginning has random weights, not those of {config.init_from}: {error.message}")
    new_networks, networks = new.networks.by_name(), state.networks.by_name()
    for place in PHASES[phase_at(config, max(0, state.counters.step - 1)).phase.name].resets:
        name, _, part = place.partition(".")
        source = new_networks[name].get_submodule(part)
        weights = source.state_dict()
        if name == "discriminator":  # frozen layers have not moved since they were taken over
            for key in [key for key, parameter in source.named_parameters() if not parameter.requires_grad]:
                del weights[key]
        for target in (name, "g_ema") if name == "generator" else (name,):
            module = networks[target].get_submodule(part)
            module.load_state_dict(module.state_dict() | weights)
    for optimizer in state.optimizers.values():
        optimizer.state.clear()
    state.zero_grad()
    state.counters.loss_averages = {}
    return notes


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


def reinit_dead_units(state: State, config: Config, network: str, data: PreparedDataset) -> int:
    """Draw the incoming weights of the dead units of `network` anew, and return how many there were.

    Layer by layer, first to last: a unit that is silent only because nothing comes in keeps its weights.

    Args:
        config: with all prescriptions.
        network: "generator" or "discriminator".
        data: images that the discriminator is shown, beside the generator's.
    """
    module, inputs = lookup(state.networks.by_name(), network, "network"), _inputs(state, config, network, data)
    rng = seeded_rng(config.seed, state.counters.step, "revive", device=state.device)
    phase = phase_at(config, max(0, state.counters.step - 1)).phase.name
    revived, visited = 0, set[str]()
    while True:
        layers = activation_layers(module, *inputs)
        layers = layers_trained_in(phase, layers) if network == "generator" else layers
        layer = next((layer for layer in layers if layer.name not in visited and layer.dead.any()), None)
        if layer is None:
            return revived
        visited.add(layer.name)
        revived += _redraw(state, module, layer, rng)


def _inputs(state: State, config: Config, network: str, data: PreparedDataset) -> tuple[Tensor, ...]:
    """Return inputs of `network`: latents, or images real and generated, with labels if there are any."""
    loader = make_loader(config, data)
    images, labels = loader.batch(state.counters.images_seen, COUNT)
    rng = seeded_rng(config.seed, state.counters.step, "revive", "inputs", device=state.device)
    batch = make_batch(config, images, labels if config.classes else None, rng, state.device)
    batch = replace(batch, augment_p=augment_probability(state, config))
    if network == "generator":
        return (batch.z, *batch.condition)
    with torch.no_grad():
        generator = copy.deepcopy(state.networks.generator)
        fakes = generator.fakes(batch.z, batch.labels, rng)
        shown = torch.cat([d_input(config, batch, images) for images in (generator.match_reals(batch.real), fakes)])
    return (shown,) if batch.labels is None else (shown, batch.labels.repeat(2))


def _redraw(state: State, network: nn.Module, layer: ActivationLayer, rng: torch.Generator) -> int:
    """Draw the weights into the dead units of `layer` anew, and return how many could be reached.

    Weights as He et al. 2015 draw them for rectifiers, biases 0; a norm in between is reset.
    """
    feeders = [network.get_submodule(name) for name in layer.weight_modules]
    # Weights that are computed from others (parametrized) cannot be drawn.
    plain = [module for module in feeders if not is_parametrized(module)]
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
    drawn = torch.randn(shape, generator=rng, device=source.weight.device) * (2 / inputs) ** 0.5
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
    """Return whether `module` can lead to so many units: a dense layer may feed a whole grid of each."""
    return _outputs(module) == units or (isinstance(module, nn.Linear) and _outputs(module) % units == 0)


def _outputs(module: nn.Conv2d | nn.ConvTranspose2d | nn.Linear) -> int:
    return module.out_features if isinstance(module, nn.Linear) else module.out_channels


@torch.no_grad()
def _replace_rows(state: State, parameter: Tensor, axis: int, rows: Tensor, values: Tensor | float) -> None:
    """Put `values` into the rows of `parameter` along `axis`, and reset Adam's moments of them.

    Adam divides by the root of its second moment. At 0 the first steps would be many times too long, so the rows take
    the mean of the others; where there are no others, Adam begins anew.
    """
    parameter.movedim(axis, 0)[rows] = values
    for optimiser in state.optimizers.values():
        if parameter not in optimiser.state:
            continue
        if bool(rows.all()):
            del optimiser.state[parameter]
            continue
        mean, square = (optimiser.state[parameter][key].movedim(axis, 0) for key in ("exp_avg", "exp_avg_sq"))
        mean[rows], square[rows] = 0.0, square[~rows].mean()


def _healthy(state: State, which: int) -> int:
    """Return the step of the `which`-th last healthy checkpoint, counted from 1.

    Raises:
        GanvasError: there are not so many.
    """
    if not 0 < which <= len(state.coach.healthy_checkpoints):
        raise GanvasError(
            f"There is no healthy checkpoint so far back (asked for number {which} from the end).",
            "Train again with another seed: --seed 1 --out OTHER",
        )
    return state.coach.healthy_checkpoints[-which]
