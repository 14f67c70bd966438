"""States to checkpoints and back, exactly; checkpoints of 0.1 are upgraded as they are read."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .. import checkpoint
from ..checkpoint import DamagedCheckpoint, Facts, Tensors
from ..coach.treatment.prescription import with_prescriptions
from ..config import Config, from_dict
from ..device import is_out_of_memory
from ..errors import GanvasError
from ..event_log import prescription_from
from ..models.old_names import translate
from .state import CoachState, Counters, State, new_state

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
    prescriptions = from_dict(CoachState, facts["coach"], "the checkpoint's coach").prescriptions
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
            moments: dict[int, dict[str, Tensor]] = {}
            for key, tensor in with_prefix(tensors, f"optimizer/{name}/").items():
                index, _, field_name = key.partition("/")
                parameter = optimizer.param_groups[0]["params"][int(index)]
                moments.setdefault(int(index), {})[field_name] = match_layout(parameter, tensor)
            groups: Any = optimizer.state_dict()["param_groups"]
            optimizer.load_state_dict({"state": moments, "param_groups": groups})
        for name in state.scalers.keys() & facts["scalers"].keys():
            state.scalers[name].load_state_dict(facts["scalers"][name])
        state.counters = from_dict(Counters, facts["counters"], "the checkpoint's counters")
        state.coach = from_dict(CoachState, facts["coach"], "the checkpoint's coach")
    except (RuntimeError, KeyError, ValueError, TypeError) as error:
        if is_out_of_memory(error):
            raise
        raise GanvasError(
            f"The checkpoint is not of this run's networks: {str(error).splitlines()[0]}",
            "Train into another folder with --out.",
        ) from error


def coach_of(facts: Facts) -> CoachState:
    """Return what the coach has in force, of the facts of a checkpoint of any release."""
    coach = facts["coach"] if "counters" in facts else _upgraded_facts(facts)["coach"]
    return from_dict(CoachState, coach, "the checkpoint's coach")


def step_of(facts: Facts) -> int:
    """Return the steps that were taken, of the facts of a checkpoint of any release."""
    return int(facts["counters"]["step"] if "counters" in facts else facts["step"])


def identity(config: Config) -> dict[str, Any]:
    """Return what tells a training from others, so that its checkpoints are not taken for theirs."""
    return {"recipe": config.recipe, "seed": config.seed, "fingerprint": config.fingerprint}


def _check_identity(config: Config, facts: Facts, folder: Path) -> None:
    """Refuse the checkpoint of another training; those of earlier releases do not tell.

    Raises:
        GanvasError: it is.
    """
    known = facts.get("training", {})
    differ = ", ".join(name for name, value in identity(config).items() if known.get(name, value) != value)
    if differ:
        raise GanvasError(
            f"The checkpoints in {folder} are of another training than its config.json ({differ}).",
            "Put the config.json back that belongs to them, or begin in another folder: --out OTHER",
        )


def read_checkpoint(config: Config, path: Path) -> tuple[Tensors, Facts]:
    """Return tensors (on the CPU) and facts of the checkpoint at `path`, of whatever release.

    Args:
        config: of the run that wrote it.

    Raises:
        GanvasError: a file is missing or damaged, or it is of another training.
    """
    tensors, facts = checkpoint.load(path)
    _check_identity(config, facts, path.parent)
    return _upgraded(config, tensors, facts)


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
    _check_identity(config, facts, folder)
    return *_upgraded(config, tensors, facts), damaged


def _upgraded(config: Config, tensors: Tensors, facts: Facts) -> tuple[Tensors, Facts]:
    """Return a checkpoint with today's names."""
    if "counters" in facts:
        return tensors, facts
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
    return upgraded, _upgraded_facts(facts)


def _upgraded_facts(facts: Facts) -> Facts:
    """Return the facts of 0.1 as they are written now; the oldest know of no coach and of no fast mean."""
    averages = {
        name: {"mean": mean, "variance": variance, "count": count, "fast_mean": fast[0] if fast else mean}
        for name, (mean, variance, count, *fast) in facts["averages"].items()
    }
    best = facts["best"]
    counters = {
        "step": facts["step"],
        "images_seen": facts["images"],
        "seconds": facts["seconds"],
        "ada_p": facts.get("augmented", 0.0),
        "n_microbatches": facts.get("parts", 1),
        "best": {"distance": best[0], "step": best[1]} if best else None,
        "loss_averages": averages,
    }
    prescriptions = [asdict(prescription_from(each)) for each in facts.get("prescriptions", ())]
    coach = {"prescriptions": prescriptions, "healthy_checkpoints": facts.get("healthy", [])}
    return {**facts, "counters": counters, "coach": coach, "scalers": facts.get("scalers", {})}


def match_layout(parameter: Tensor, tensor: Tensor) -> Tensor:
    """Return `tensor` in the memory layout of its parameter: the fused Adam walks through both side by side."""
    return torch.empty_like(parameter).copy_(tensor) if tensor.shape == parameter.shape else tensor


def with_prefix(tensors: Tensors, prefix: str) -> Tensors:
    """Return the tensors whose names begin with `prefix`, without it."""
    return {key.removeprefix(prefix): tensor for key, tensor in tensors.items() if key.startswith(prefix)}
