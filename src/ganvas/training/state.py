"""Everything that a training is at one moment: networks, optimizers, counters, and what the coach has in force."""

import copy
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import Adam

from ..coach.measurement.averages import LossAverage
from ..coach.treatment.wager import Aside
from ..config import Config, OptimizerConfig
from ..device import seeded_rng
from ..events import Prescription
from ..models import build_discriminator, build_encoder, build_generator
from ..models.base import Discriminator, Generator

COMPILABLE_PENALTIES = {"none", "approximate_r1", "approximate_r1_r2"}  # those without double backward


@dataclass
class Networks:
    """The networks of a training; `g_ema` is the generator with averaged weights, `encoder` is None in most recipes."""

    generator: Generator
    discriminator: Discriminator
    g_ema: Generator
    encoder: nn.Module | None = None

    def by_name(self) -> dict[str, nn.Module]:
        """Return the networks by the name that they have in a checkpoint."""
        networks = {"generator": self.generator, "discriminator": self.discriminator, "g_ema": self.g_ema}
        return networks if self.encoder is None else networks | {"encoder": self.encoder}


@dataclass(frozen=True)
class BestCheckpoint:
    """The checkpoint whose samples were nearest to the real pictures, and their distance."""

    distance: float
    step: int


@dataclass
class Counters:
    """What a checkpoint keeps besides tensors. Every field is saved under its name, so that none can be forgotten.

    Args:
        step: steps taken.
        images_seen: real images seen, counted as often as they were shown.
        seconds: spent on training alone.
        wall_seconds: of the budget, start-up and all else included.
        budget_seconds: of a run that was given more minutes, those of all budgets; 0 for what its configuration says.
        ada_p: probability of an augmentation where it adapts to the discriminator.
        n_microbatches: in how many parts a batch is taken because all of it does not fit into memory.
        best: the best checkpoint so far.
        loss_averages: of each loss by name.
    """

    step: int = 0
    images_seen: int = 0
    seconds: float = 0.0
    wall_seconds: float = 0.0
    budget_seconds: float = 0.0
    ada_p: float = 0.0
    n_microbatches: int = 1
    best: BestCheckpoint | None = None
    loss_averages: dict[str, LossAverage] = field(default_factory=dict)


@dataclass
class CoachState:
    """What the coach has in force, saved like the counters.

    Args:
        prescriptions: the training goes by `with_prescriptions(config, prescriptions)`.
        healthy_checkpoints: steps of the two newest checkpoints that were saved in health, newest last.
        aside: the state before the last treatments, while it is not certain that they did good.
    """

    prescriptions: tuple[Prescription, ...] = ()
    healthy_checkpoints: tuple[int, ...] = ()
    aside: Aside | None = None


@dataclass
class State:
    """All that changes while training.

    `scalers` keep float16 gradients from underflowing, one for each optimizer: a step of one must not change the scale
    of gradients that are accumulated for another. `encoder_codes` are codes (N, Z) and labels of the pictures, made
    anew from the encoder and not saved.
    """

    networks: Networks
    optimizers: dict[str, Adam]
    scalers: dict[str, GradScaler] = field(default_factory=dict)
    counters: Counters = field(default_factory=Counters)
    coach: CoachState = field(default_factory=CoachState)
    encoder_codes: tuple[Tensor, Tensor | None] | None = None

    @property
    def device(self) -> torch.device:
        """Return where the networks are."""
        return next(self.networks.generator.parameters()).device

    def zero_grad(self) -> None:
        """Drop gradients that wait for an optimizer step."""
        for optimizer in self.optimizers.values():
            optimizer.zero_grad(set_to_none=True)


def new_state(config: Config, device: torch.device) -> State:
    """Return the state before the first step, on `device`; weights are drawn from the run's seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seeded_rng(config.seed, "weights").initial_seed())
        generator, discriminator = build_generator(config), build_discriminator(config)
        encoder = build_encoder(config)
    for network in (generator, discriminator, encoder):
        if network is not None:
            network.to(device).to(memory_format=torch.channels_last)
    networks = Networks(generator, discriminator, copy.deepcopy(generator).requires_grad_(False), encoder)
    for parameter in _frozen(discriminator, config.freeze_d):
        parameter.requires_grad_(False)
    optimizers = {name: adam(parameters_of(name, networks), each) for name, each in config.optimizers.items()}
    if config.compile:
        compile_networks(networks, config)
    scalers = {name: GradScaler(device.type) for name in optimizers if config.precision == "float16"}
    return State(networks, optimizers, scalers)


def adam(parameters: list[nn.Parameter], config: OptimizerConfig) -> Adam:
    """Return the optimizer of `parameters`."""
    return Adam(parameters, config.lr, (config.beta1, config.beta2), fused=True)


def parameters_of(optimizer: str, networks: Networks) -> list[nn.Parameter]:
    """Return the parameters that the optimizer of this name moves."""
    if optimizer == "discriminator":
        return [parameter for parameter in networks.discriminator.parameters() if parameter.requires_grad]
    parameters = networks.generator.parameters_of(optimizer)
    if optimizer == "autoencoder" and networks.encoder is not None:
        parameters += networks.encoder.parameters()
    return parameters


def compile_networks(networks: Networks, config: Config) -> None:
    """Have torch compile the networks, but for those that are differentiated twice, which it cannot.

    That is a discriminator with a gradient penalty, or with a coach that may prescribe one; generators say themselves
    which of their parts can be compiled.
    """
    parts = [*networks.generator.compile_parts(), networks.encoder]
    if config.coach != "act" and config.penalty.name in COMPILABLE_PENALTIES:
        parts.append(networks.discriminator)
    for part in parts:
        if part is not None:
            part.compile()


def _frozen(discriminator: Discriminator, share: float) -> list[nn.Parameter]:
    """Return the first part of a discriminator's parameters: those nearest to the image (FreezeD)."""
    parameters = discriminator.freezable_parameters()
    return parameters[: min(round(share * len(parameters)), len(parameters) - 1)]
