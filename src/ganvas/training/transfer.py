"""Weights of an earlier run as a beginning, also where sizes differ: layers that match are kept."""

import re
from collections.abc import Mapping

from torch import Tensor

from ..checkpoint import Tensors
from ..errors import GanvasError, ganvas_command
from ..latents.sample import load
from ..runs import Run
from ..translation import _
from .state import State
from .state_io import newest_checkpoint, with_prefix

# The first number in a weight's name: its layer's place in a row of layers.
NUMBERED = re.compile(r"^(.*?\.)(\d+)(\..*)$")


def transfer_weights(state: State, origin: str, enlarges: bool = False) -> float:
    """Copy the weights of `origin`'s newest checkpoint into the networks of `state`; return the share that matched.

    Generators match from their coarsest resolution on, discriminators and encoders up to theirs. So rows of layers of
    unequal length are aligned at the beginning or at the end. Optimizers begin anew, and so does a prior: it is small,
    where codes lie depends on the new pictures, and the bound on what it learns of few of them assumes that it knew
    nothing.

    Args:
        enlarges: whether what the earlier run draws is only to be enlarged: then its averages and its prior are kept.

    Raises:
        GanvasError: there is no checkpoint in `origin`, or the networks have no layer in common.
    """
    run = Run(origin)
    config = run.read_config()
    found = newest_checkpoint(config, run.checkpoints)
    if found is not None:
        tensors = found[0]
    elif config.imported:  # its model is all that there is
        tensors = {f"generator/{name}": each for name, each in load(origin, "cpu").network.state_dict().items()}
    else:
        raise GanvasError(
            _("{run} has no checkpoint to begin with.").format(run=origin),
            _("Train it first: {command}").format(command=ganvas_command("train", "--out", origin)),
        )
    kept = total = 0
    for name, network in state.networks.by_name().items():
        source = "generator" if name == "g_ema" and not enlarges else name
        own = network.state_dict()
        old = _plain(with_prefix(tensors, f"{source}/"))
        names = {plain: each for each, plain in zip(own, _plain(own), strict=True)}
        taken = match_layers(old, _plain(own), from_end=name in ("discriminator", "encoder"))
        taken = {plain: each for plain, each in taken.items() if enlarges or not plain.startswith("prior.")}
        network.load_state_dict(own | {names[plain]: each for plain, each in taken.items()})
        kept += sum(each.numel() for each in taken.values())
        total += sum(each.numel() for each in own.values())
    if kept == 0:
        raise GanvasError(
            _("The networks of {run} have no layer in common with these.").format(run=origin),
            _("Take its --recipe."),
        )
    return kept / total


def _plain(tensors: Mapping[str, Tensor]) -> Tensors:
    """Return tensors by the names that they have where nothing gives their network labels, or enlarges its images."""
    return {name.removeprefix("small.").removeprefix("network."): each for name, each in tensors.items()}


def match_layers(old: Mapping[str, Tensor], new: Mapping[str, Tensor], from_end: bool) -> Tensors:
    """Return, under the names of `new`, those of `old` that stand in the same place and have the same shape.

    Args:
        from_end: count the places in rows of layers from their end first, else from their beginning.
    """
    before, after = _lengths(old), _lengths(new)
    found: Tensors = {}
    taken: set[str] = set()
    for counted_from_end in (from_end, not from_end):
        for name, tensor in new.items():
            place = _moved(name, before, after) if counted_from_end else name
            if name not in found and place not in taken and place in old and old[place].shape == tensor.shape:
                found[name] = old[place]
                taken.add(place)
    return found


def _lengths(names: Mapping[str, Tensor]) -> dict[str, int]:
    """Return the length of each row of layers, by what stands before the number."""
    lengths: dict[str, int] = {}
    for name in names:
        if parts := NUMBERED.match(name):
            lengths[parts[1]] = max(lengths.get(parts[1], 0), int(parts[2]) + 1)
    return lengths


def _moved(name: str, before: Mapping[str, int], after: Mapping[str, int]) -> str:
    """Return the name of the weight that is as far from the end of its row."""
    parts = NUMBERED.match(name)
    if not parts or parts[1] not in before:
        return name
    return f"{parts[1]}{int(parts[2]) + before[parts[1]] - after[parts[1]]}{parts[3]}"
