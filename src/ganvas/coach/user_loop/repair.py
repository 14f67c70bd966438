"""Repairs in a user's own training loop: what the coach can change there, and what it leaves to the user."""

import copy
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ...errors import GanvasError
from ...events import Prescription
from ...translation import _
from ..treatment.wager import Aside
from .by_hand import by_hand

COPIES = 2  # of healthy moments; the one before the last is for where the last turns out to be ill already
Tensors = dict[str, Any]  # a state_dict, or a part of one


@dataclass(frozen=True)
class Moment:
    """What a training was at a step, on the CPU: it takes no memory of a GPU.

    Args:
        networks: the state_dict of each by its side, weights and buffers.
        moments: what each optimizer remembers, as its state_dict has it under "state".
        settings: learning rate and the like of each optimizer's groups, as its state_dict has them.
    """

    step: int
    networks: dict[str, Tensors]
    moments: dict[str, Tensors]
    settings: dict[str, list[Tensors]]


class Repairs:
    """The networks and optimizers of a user's loop that the coach may change, and copies to go back to.

    A copy of the weights with which it began is kept too, unless the optimizers have taken steps before. So what a
    restart begins with has the initialization that the loop has chosen, or what it was fine-tuned from.
    """

    def __init__(self, networks: Mapping[str, nn.Module], optimizers: Mapping[str, Optimizer]) -> None:
        """Take what there is, by "generator" and "discriminator".

        Raises:
            GanvasError: there is nothing that could be changed.
        """
        if not optimizers:
            raise GanvasError(
                _("There is nothing that the coach could repair."),
                _("Pass optimizers=, and for restarts generator= and discriminator= too."),
            )
        self._networks, self._optimizers = networks, optimizers
        self._healthy = deque[Moment](maxlen=COPIES)
        self.aside: Aside | None = None  # what the last treatment has to beat
        self._state_aside: Moment | None = None
        taken = any(optimizer.state for optimizer in optimizers.values())
        self._beginning = None if taken else self._moment(0)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of prescription that can be carried out completely."""
        kinds = {"lr"}
        if all("betas" in group for each in self._optimizers.values() for group in each.param_groups):
            kinds |= {"beta1"}
        return frozenset(kinds | ({"rollback", "reinitialize"} if self.can_go_back else set()))

    @property
    def can_go_back(self) -> bool:
        """Whether the weights of both sides can be put back: one side alone would play against a stranger."""
        return len(self._networks) == len(self._optimizers) == 2

    @property
    def optimizers(self) -> Mapping[str, Optimizer]:
        """The optimizers by their sides."""
        return self._optimizers

    @property
    def healthy_steps(self) -> tuple[int, ...]:
        """The steps of the healthy moments that can be gone back to, oldest first."""
        return tuple(moment.step for moment in self._healthy)

    def keep(self, step: int) -> None:
        """Keep a copy of the present, a healthy moment."""
        if self.can_go_back:
            self._healthy.append(self._moment(step))

    def put_aside(self, aside: Aside | None) -> None:
        """Put the present aside, to be gone back to if a treatment makes the samples worse; None forgets it."""
        self.aside = aside
        self._state_aside = None if aside is None else self._moment(aside.step)

    def apply(self, prescriptions: Sequence[Prescription], step: int) -> list[str]:
        """Carry out what can be, between two steps, and return what is left to the user, a sentence each."""
        left: list[str] = []
        for each in prescriptions:
            if each.kind not in self.kinds or (each.network and each.network not in self._optimizers):
                left += by_hand(each)
            elif each.kind == "lr":
                left += self._scale_lr(each)
            elif each.kind == "beta1":
                for group in self._optimizers[each.network].param_groups:
                    group["betas"] = (each.value, group["betas"][1])
            elif each.kind == "rollback":
                left += self._rollback(round(each.value))
            else:
                left += self._reinitialize(step, alone=len(prescriptions) == 1)
        return left

    def undo(self) -> None:
        """Put back what was put aside, its learning rates too.

        Raises:
            GanvasError: nothing was put aside.
        """
        if self._state_aside is None:
            raise GanvasError(
                _("There is no treatment that could be undone."), _("Apply what coach.prescribe() returns.")
            )
        self._load(self._state_aside)
        for side, optimizer in self._optimizers.items():
            for group, settings in zip(optimizer.param_groups, self._state_aside.settings[side], strict=True):
                group.update(copy.deepcopy(settings))
        self.put_aside(None)

    def _scale_lr(self, prescription: Prescription) -> list[str]:
        """Multiply a learning rate; a scheduler has base rates of its own, which only the user can reach."""
        groups = self._optimizers[prescription.network].param_groups
        for group in groups:
            group["lr"] = group["lr"] * prescription.value
        scheduled = any("initial_lr" in group for group in groups)
        but = _("That has been done, but your scheduler may undo it.")
        return [f"{by_hand(prescription)[0]} {but}"] if scheduled else []

    def _rollback(self, which: int) -> list[str]:
        """Go back to the `which`-th last healthy moment, counted from 1; learning rates stay as they are now."""
        if not 0 < which <= len(self._healthy):
            return by_hand(Prescription("rollback"))
        self._load(self._healthy[-which])
        return []

    def _reinitialize(self, step: int, alone: bool) -> list[str]:
        """Begin again, with the weights of the beginning, or with new ones where those may be the cause or are unknown.

        Args:
            alone: whether nothing else is changed, so that the same weights would come to the same end.
        """
        if self._beginning is not None:
            self._load(self._beginning)
        left: list[str] = []
        if alone or self._beginning is None:
            without = sorted({name for each in self._networks.values() for name in _reset(each, step)})
            if without and self._beginning is None:
                text = _("Draw the weights of {names} anew: they have no reset_parameters().")
                left = [text.format(names=", ".join(without))]
        for optimizer in self._optimizers.values():
            optimizer.state.clear()
        self._healthy.clear()  # of a game that is over
        return left

    def _moment(self, step: int) -> Moment:
        """Return a copy of the present."""
        states = {side: each.state_dict() for side, each in self._optimizers.items()}
        return Moment(
            step,
            {side: _on_cpu(each.state_dict()) for side, each in self._networks.items()},
            {side: _on_cpu(each["state"]) for side, each in states.items()},
            {side: [_settings(group) for group in each["param_groups"]] for side, each in states.items()},
        )

    def _load(self, moment: Moment) -> None:
        """Put networks and optimizers' memory back in place; gradients go."""
        for side, network in self._networks.items():
            network.load_state_dict(moment.networks[side])
        for side, optimizer in self._optimizers.items():
            groups = optimizer.state_dict()["param_groups"]
            # A copy: what is on the right device already would be taken as it is, and trained on.
            optimizer.load_state_dict({"state": copy.deepcopy(moment.moments[side]), "param_groups": groups})
            optimizer.zero_grad()

    def state_dict(self) -> Tensors:
        """Return the copies as plain data."""
        kept = {"beginning": self._beginning, "state_aside": self._state_aside, "aside": self.aside}
        return {"healthy": [vars(each) for each in self._healthy]} | {
            name: each and dict(vars(each)) for name, each in kept.items()
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the copies of another one."""
        self._healthy = deque((Moment(**each) for each in state["healthy"]), maxlen=COPIES)
        self._beginning = state["beginning"] and Moment(**state["beginning"])
        self._state_aside = state["state_aside"] and Moment(**state["state_aside"])
        self.aside = state["aside"] and Aside(**state["aside"])


def _on_cpu(value: Any) -> Any:
    """Return a copy of nested plain data, with its tensors on the CPU."""
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, Mapping):
        return {key: _on_cpu(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_on_cpu(each) for each in value)
    return copy.deepcopy(value)


def _settings(group: Mapping[str, Any]) -> Tensors:
    """Return a copy of an optimizer's group without its parameters."""
    return {key: _on_cpu(each) for key, each in group.items() if key != "params"}


def _reset(network: nn.Module, seed: int) -> list[str]:
    """Let each module of `network` draw its weights anew, by `seed`; return the kinds of those that cannot.

    Each process of a distributed training draws the same. No random number of the training is used.
    """
    without: list[str] = []
    devices = sorted({each.device.index for each in network.parameters() if each.is_cuda})
    with torch.random.fork_rng(devices):
        for generator in (torch.default_generator, *(torch.cuda.default_generators[each] for each in devices)):
            generator.manual_seed(seed)
        for module in network.modules():
            reset = getattr(module, "reset_parameters", None)
            if callable(reset):
                reset()
            elif next(module.parameters(recurse=False), None) is not None:
                without.append(type(module).__name__)
    return without
