"""Interventions of the coach in a state, between two steps: restarts, revived units, another packing."""

import copy
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ...coach.measurement.dead_units import ActivationLayer, activation_layers, layers_trained_in
from ...coach.treatment.prescription import KINDS, with_prescriptions
from ...config import Config
from ...data.prepare import PreparedDataset
from ...device import seeded_rng
from ...errors import lookup
from ...events import Prescription
from ...planning.schedule import phase_at, phase_start
from ...runs import Run
from ...translation import N_
from ..state import State
from ..steps.batch import augment_probability, make_batch, make_loader
from ..steps.d_input import d_input
from .repacking import change_packing
from .restarts import healthy_checkpoint, reinitialize, rollback

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
    kinds = [lookup(KINDS, order.kind, N_("prescription")) for order in orders]
    state.coach.prescriptions += tuple(order for order, kind in zip(orders, kinds, strict=True) if kind.change)
    now = with_prescriptions(config, state.coach.prescriptions)
    change_packing(state, now)
    notes: list[str] = []
    for order in orders:
        if order.kind == "rollback":
            rollback(state, config, run, healthy_checkpoint(state, round(order.value)))
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


def reinit_dead_units(state: State, config: Config, network: str, data: PreparedDataset) -> int:
    """Draw the incoming weights of the dead units of `network` anew, and return how many there were.

    Layer by layer, first to last: a unit that is silent only because nothing comes in keeps its weights.

    Args:
        config: with all prescriptions.
        network: "generator" or "discriminator".
        data: images that the discriminator is shown, beside the generator's.
    """
    module, inputs = lookup(state.networks.by_name(), network, N_("network")), _inputs(state, config, network, data)
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
