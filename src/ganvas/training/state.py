"""Everything that a training is at one moment: networks, optimisers, counters. To tensors and back, exactly."""

import copy
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import Adam

from ..checkpoint import Facts, Tensors
from ..coach.measurement.averages import Average
from ..coach.treatment.prescription import treated
from ..config import Config, OptimiserConfig
from ..device import random_at
from ..errors import GanvasError
from ..events import Prescription
from ..models import build_discriminator, build_encoder, build_generator
from ..models.multiscale import MultiscaleGenerator
from ..models.quick import QuickGenerator


@dataclass
class State:
    """Hold what changes while training.

    `averaged` is the generator whose weights are an exponential moving average; `encoder` is of recipes that have one,
    `codes` of a warm start; these are not saved since they follow from it. `seconds` counts training only.
    `prescriptions` are those in force: what is trained with is `treated(config, state.prescriptions)`.
    """

    generator: nn.Module
    discriminator: nn.Module
    averaged: nn.Module
    encoder: nn.Module | None
    optimisers: dict[str, Adam]
    scalers: dict[str, GradScaler] = field(default_factory=dict)  # of losses, for gradients in float16 not to vanish
    codes: tuple[Tensor, Tensor | None] | None = None
    step: int = 0
    images: int = 0
    seconds: float = 0.0
    averages: dict[str, Average] = field(default_factory=dict)
    best: tuple[float, int] | None = None  # score and step of the best checkpoint
    prescriptions: tuple[Prescription, ...] = ()
    augmented: float = 0.0  # probability of an augmentation, where it follows the discriminator
    parts: int = 1  # in which a batch is taken because all of it does not fit into memory
    part: int = 0  # which of them is at work
    taught: dict[str, Tensor] | None = None  # losses of the discriminator, if only the generator's turn is left
    healthy: tuple[int, ...] = ()  # steps of the newest two checkpoints that were saved in health, newest last

    def networks(self) -> dict[str, nn.Module]:
        """Return the networks by the name they have in a checkpoint."""
        networks = {"generator": self.generator, "discriminator": self.discriminator, "averaged": self.averaged}
        return networks if self.encoder is None else networks | {"encoder": self.encoder}


def fresh(config: Config, device: torch.device) -> State:
    """Return the state before the first step, on `device`, drawn from the run's seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(random_at(config.seed, "weights").initial_seed())
        generator, discriminator = build_generator(config), build_discriminator(config)
        encoder = build_encoder(config)
    for network in (generator, discriminator, encoder):
        if network is not None:
            network.to(device).to(memory_format=torch.channels_last)
    averaged = copy.deepcopy(generator).requires_grad_(False)
    for parameter in _frozen(discriminator, config.frozen):
        parameter.requires_grad_(False)
    optimisers = {
        name: adam(_moved(name, generator, discriminator, encoder), each) for name, each in config.optimisers.items()
    }
    if config.compiled:
        compile_networks(generator, discriminator, encoder, config)
    # One for each optimiser: another one's step must not change the scale of what is gathered for this one.
    scalers = {name: GradScaler(device.type) for name in optimisers if config.precision == "float16"}
    return State(generator, discriminator, averaged, encoder, optimisers, scalers)


def restored(config: Config, tensors: Tensors, facts: Facts, device: torch.device) -> State:
    """Return the state that a checkpoint holds; what was prescribed until then has shaped its networks.

    Raises:
        GanvasError: the checkpoint is of another network.
    """
    state = fresh(treated(config, _prescriptions(facts)), device)
    unpack(state, tensors, facts)
    return state


def adam(parameters: Iterable[nn.Parameter], config: OptimiserConfig) -> Adam:
    """Return the optimiser of `parameters`."""
    return Adam(parameters, config.learning_rate, (config.beta1, config.beta2), fused=True)


def _moved(
    optimiser: str, generator: nn.Module, discriminator: nn.Module, encoder: nn.Module | None
) -> list[nn.Parameter]:
    """Return the parameters that an optimiser moves, by its name."""
    if optimiser == "discriminator":
        return [parameter for parameter in discriminator.parameters() if parameter.requires_grad]
    if not isinstance(generator, QuickGenerator):
        return [*generator.parameters(), *(encoder.parameters() if encoder is not None else ())]
    parts: dict[str, list[nn.Module | None]] = {
        "autoencoder": [generator.decoder, encoder],
        "prior": [generator.prior],
        "generator": [generator.decoder],
    }
    return [parameter for part in parts[optimiser] if part is not None for parameter in part.parameters()]


def compile_networks(generator: nn.Module, discriminator: nn.Module, encoder: nn.Module | None, config: Config) -> None:
    """Have torch compile what a training calls, but for what something goes back through twice, which torch cannot.

    That is a discriminator with a penalty of its gradient, or with a coach that may prescribe one, and a generator
    whose paths are measured.
    """
    if isinstance(generator, QuickGenerator):
        parts: list[nn.Module | None] = [generator.decoder, encoder]
    elif isinstance(generator, MultiscaleGenerator):
        parts = [generator.beginning, *generator.blocks]
    else:
        parts = [] if config.styles else [generator, encoder]
    if config.coach != "act" and config.penalty.name in {"none", "approximate_r1", "approximate_r1_r2"}:
        parts.append(discriminator)
    for part in parts:
        if part is not None:
            part.compile()


def _frozen(discriminator: nn.Module, share: float) -> list[nn.Parameter]:
    """Return the first part of a discriminator's parameters: those that are nearest to the picture."""
    parameters = list(discriminator.parameters())
    return parameters[: min(round(share * len(parameters)), len(parameters) - 1)]


def pack(state: State) -> tuple[Tensors, Facts]:
    """Return the state as named tensors and a few plain facts.

    Gradients are part of it while they are being gathered over several steps.
    """
    tensors: Tensors = {}
    for name, network in state.networks().items():
        tensors |= {f"{name}/{key}": tensor for key, tensor in network.state_dict().items()}
        gathered = {key: each.grad for key, each in network.named_parameters() if each.grad is not None}
        tensors |= {f"gathered/{name}/{key}": gradient for key, gradient in gathered.items()}
    for name, optimiser in state.optimisers.items():
        for index, moments in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser/{name}/{index}/{key}": torch.as_tensor(each) for key, each in moments.items()}
    facts: Facts = {
        "step": state.step,
        "images": state.images,
        "seconds": state.seconds,
        "best": state.best,
        "augmented": state.augmented,
        "parts": state.parts,
        "scalers": {name: scaler.state_dict() for name, scaler in state.scalers.items()},
        "averages": {name: [each.mean, each.square, each.count, each.fast] for name, each in state.averages.items()},
        "prescriptions": [asdict(each) for each in state.prescriptions],
        "healthy": state.healthy,
    }
    return tensors, facts


def unpack(state: State, tensors: Tensors, facts: Facts) -> None:
    """Put a checkpoint's tensors and facts into `state`, in place.

    Raises:
        GanvasError: the checkpoint is of another network.
    """
    try:
        for name, network in state.networks().items():
            network.load_state_dict(under(tensors, f"{name}/"))
            gathered = under(tensors, f"gathered/{name}/")
            for key, each in network.named_parameters():
                each.grad = _laid_out_like(each, gathered[key]) if key in gathered else None
        for name, optimiser in state.optimisers.items():
            moments: dict[int, dict[str, Tensor]] = {}
            for key, tensor in under(tensors, f"optimiser/{name}/").items():
                index, _, field_name = key.partition("/")
                parameter = optimiser.param_groups[0]["params"][int(index)]
                moments.setdefault(int(index), {})[field_name] = _laid_out_like(parameter, tensor)
            groups: Any = optimiser.state_dict()["param_groups"]
            optimiser.load_state_dict({"state": moments, "param_groups": groups})
        state.averages = {name: _average(*each) for name, each in facts["averages"].items()}
        state.prescriptions, state.healthy = _prescriptions(facts), tuple(facts.get("healthy", ()))
        state.best, state.augmented = tuple(facts["best"]) if facts["best"] else None, facts.get("augmented", 0.0)
        state.parts = facts.get("parts", 1)
        scales = facts.get("scalers", {})
        for name in state.scalers.keys() & scales.keys():
            state.scalers[name].load_state_dict(scales[name])
        state.step, state.images, state.seconds = facts["step"], facts["images"], facts["seconds"]
    except (RuntimeError, KeyError, ValueError, TypeError) as error:
        raise GanvasError(
            f"The checkpoint is not of this run's networks: {str(error).splitlines()[0]}",
            "Train into another folder with --out.",
        ) from error


def _prescriptions(facts: Facts) -> tuple[Prescription, ...]:
    """Return what was in force; nothing in a checkpoint from before there was a coach."""
    return tuple(Prescription(**each) for each in facts.get("prescriptions", ()))


def _average(mean: float, square: float, count: int, fast: float | None = None) -> Average:
    """Return an average from its numbers; older checkpoints have no fast mean."""
    return Average(mean, square, count, mean if fast is None else fast)


def _laid_out_like(parameter: Tensor, moment: Tensor) -> Tensor:
    """Return `moment` in the memory layout of its parameter: the fused Adam walks through both without looking."""
    return torch.empty_like(parameter).copy_(moment) if moment.shape == parameter.shape else moment


def under(tensors: Tensors, prefix: str) -> Tensors:
    """Return the tensors whose names begin with `prefix`, without it."""
    return {key.removeprefix(prefix): tensor for key, tensor in tensors.items() if key.startswith(prefix)}
