"""States to checkpoints and back, exactly; the names in checkpoints of 0.1 are upgraded as they are read."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam

from .. import checkpoint
from ..checkpoint import DamagedCheckpoint, Facts, Tensors
from ..coach.treatment.prescription import with_prescriptions
from ..config import Config, from_dict
from ..device import is_out_of_memory
from ..errors import GanvasError
from ..models.old_names import translate
from ..translation import _
from .checkpoint_facts import checked_facts, identity
from .state import CoachState, Counters, State, new_state

ADAM_KEYS = {"step", "exp_avg", "exp_avg_sq"}
OLD_PREFIXES = {
    "averaged/": "g_ema/",
    "optimiser/": "optimizer/",
    "gathered/averaged/": "gradient/g_ema/",
    "gathered/": "gradient/",
}


def state_to_tensors(state: State) -> tuple[Tensors, Facts]:
    """Return the state as named tensors and plain facts.

    Gradients are part of it while they are accumulated over several steps.
    """
    tensors: Tensors = {}
    for name, network in state.networks.by_name().items():
        tensors |= {f"{name}/{key}": tensor for key, tensor in network.state_dict().items()}
        gradients = {key: each.grad for key, each in network.named_parameters() if each.grad is not None}
        tensors |= {f"gradient/{name}/{key}": gradient for key, gradient in gradients.items()}
    for name, optimizer in state.optimizers.items():
        for index, moments in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{name}/{index}/{key}": torch.as_tensor(each) for key, each in moments.items()}
    scalers = {name: scaler.state_dict() for name, scaler in state.scalers.items()}
    return tensors, {"counters": asdict(state.counters), "coach": asdict(state.coach), "scalers": scalers}


def load_state(config: Config, tensors: Tensors, facts: Facts, device: torch.device) -> State:
    """Return the state that a checkpoint holds; what was prescribed until then has shaped its networks.

    Raises:
        GanvasError: the checkpoint is of other networks.
    """
    prescriptions = from_dict(CoachState, facts["coach"], _("the checkpoint's coach")).prescriptions
    state = new_state(with_prescriptions(config, prescriptions), device)
    load_tensors(state, tensors, facts)
    return state


def load_tensors(state: State, tensors: Tensors, facts: Facts) -> None:
    """Put a checkpoint's tensors and facts into `state`, in place.

    Raises:
        GanvasError: the checkpoint is of other networks.
    """
    try:
        for name, network in state.networks.by_name().items():
            network.load_state_dict(with_prefix(tensors, f"{name}/"))
            gradients = with_prefix(tensors, f"gradient/{name}/")
            for key, parameter in network.named_parameters():
                parameter.grad = match_layout(parameter, gradients[key]) if key in gradients else None
        for name, optimizer in state.optimizers.items():
            moments = _moments(optimizer, with_prefix(tensors, f"optimizer/{name}/"))
            groups: Any = optimizer.state_dict()["param_groups"]
            optimizer.load_state_dict({"state": moments, "param_groups": groups})
        for name in state.scalers.keys() & facts["scalers"].keys():
            state.scalers[name].load_state_dict(facts["scalers"][name])
        state.counters = from_dict(Counters, facts["counters"], _("the checkpoint's counters"))
        state.coach = from_dict(CoachState, facts["coach"], _("the checkpoint's coach"))
    except (RuntimeError, LookupError, ValueError, TypeError) as error:
        if is_out_of_memory(error):
            raise
        raise GanvasError(
            _("The checkpoint is not of this run's networks: {reason}").format(reason=str(error).splitlines()[0]),
            _("Train into another folder with --out."),
        ) from error


def _moments(optimizer: Adam, tensors: Tensors) -> dict[int, dict[str, Tensor]]:
    """Return what a checkpoint holds of an optimizer, by parameter.

    Raises:
        LookupError, ValueError: it is of other parameters. The fused Adam would walk beyond the end of a shorter one.
    """
    moments: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        index, _slash, name = key.partition("/")
        parameter = optimizer.param_groups[0]["params"][int(index)]
        if tensor.shape != (() if name == "step" else parameter.shape):
            raise ValueError(f"the optimizer's {key} has the shape {tuple(tensor.shape)}")
        moments.setdefault(int(index), {})[name] = tensor if name == "step" else match_layout(parameter, tensor)
    if any(each.keys() != ADAM_KEYS for each in moments.values()):
        raise ValueError(f"the optimizer does not have {', '.join(sorted(ADAM_KEYS))}")
    return moments


def write_checkpoint(folder: Path, config: Config, state: State, events: int) -> Path:
    """Write the state as a checkpoint into `folder`, and return its path.

    Args:
        config: of the run, without prescriptions.
        events: length of events.jsonl in bytes.

    Raises:
        GanvasError: a tensor has NaN or infinity, or the disk is full.
    """
    tensors, facts = state_to_tensors(state)
    facts |= {"events": events, "training": asdict(identity(config))}
    return checkpoint.save(folder, state.counters.step, tensors, facts)


def read_checkpoint(config: Config, path: Path) -> tuple[Tensors, Facts]:
    """Return tensors (on the CPU) and facts of the checkpoint at `path`, of whatever release.

    Args:
        config: of the run that wrote it.

    Raises:
        GanvasError: a file is missing or damaged, or it is of another training.
    """
    tensors, facts = checkpoint.load(path)
    return _upgraded(config, tensors, facts), checked_facts(config, facts, path.parent)


def newest_checkpoint(config: Config, folder: Path) -> tuple[Tensors, Facts, tuple[DamagedCheckpoint, ...]] | None:
    """Return the newest checkpoint that is whole, and newer ones that are damaged; None if there is none at all.

    Args:
        config: of the run that wrote it.

    Raises:
        GanvasError: there are checkpoints, and none of them is whole, or they are of another training.
    """
    found = checkpoint.load_newest(folder)
    if found is None:
        return None
    tensors, facts, damaged = found
    return _upgraded(config, tensors, facts), checked_facts(config, facts, folder), damaged


def _upgraded(config: Config, tensors: Tensors, facts: Facts) -> Tensors:
    """Return the tensors of a checkpoint under today's names."""
    if "counters" in facts:
        return tensors
    names = {"discriminator": config.discriminator.name, "encoder": "quick"}
    upgraded: Tensors = {}
    for key, tensor in tensors.items():
        prefix = next((old for old in OLD_PREFIXES if key.startswith(old)), "")
        upgraded[OLD_PREFIXES.get(prefix, "") + key.removeprefix(prefix)] = tensor
    for prefix in sorted({found[0] for key in upgraded if (found := re.match(r"(gradient/)?(\w+)/", key))}):
        network = prefix.split("/")[-2]
        if network != "optimizer":
            old = with_prefix(upgraded, prefix)
            for key in old:
                del upgraded[prefix + key]
            new = translate(old, names.get(network, config.generator.name))
            upgraded |= {prefix + key: tensor for key, tensor in new.items()}
    return upgraded


def match_layout(parameter: Tensor, tensor: Tensor) -> Tensor:
    """Return `tensor` in the memory layout of its parameter: the fused Adam walks through both side by side."""
    return torch.empty_like(parameter).copy_(tensor) if tensor.shape == parameter.shape else tensor


def with_prefix(tensors: Tensors, prefix: str) -> Tensors:
    """Return the tensors whose names begin with `prefix`, without it."""
    return {key.removeprefix(prefix): tensor for key, tensor in tensors.items() if key.startswith(prefix)}
