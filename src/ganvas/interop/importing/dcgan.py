"""DCGAN generators as state dicts: transposed convolutions and batch norms in a row, whatever they are called.

Sizes of kernels are in the weights; strides, paddings and activations are not. They are taken for those of the paper
and of PyTorch's tutorial: 4 x 4 without padding first, then 4 x 4 that double the size; ReLU, and tanh at the end.
"""

from itertools import pairwise

import numpy as np

from ...config import NetworkConfig
from ...translation import _
from .imported import Array, Arrays, ImportedNetwork, need

SPACING = 3  # a convolution, its norm and its activation
KERNEL = 4
MAX_LAYERS = 10


def is_dcgan(given: Arrays) -> bool:
    """Return whether a state dict looks like a DCGAN generator's: its weights are convolutions and norms, no others."""
    kinds = [each.ndim for name, each in given.items() if name.endswith("weight")]
    return 4 in kinds and set(kinds) <= {1, 4} and any(name.endswith("running_mean") for name in given)


def read_dcgan(given: Arrays) -> ImportedNetwork:
    """Return the network.

    Raises:
        ForeignNetworkError: its layers are not those of a DCGAN.
    """
    names = dict.fromkeys(name.rpartition(".")[0] for name in given)
    parts = {name: _tensors(given, name) for name in names}
    norms = [part for part in parts.values() if "running_mean" in part]
    convolutions = [part for part in parts.values() if "running_mean" not in part]
    shapes = [part["weight"].shape for part in convolutions if "weight" in part]
    count = len(convolutions)
    chained = all(before[1] == after[0] for before, after in pairwise(shapes))
    doubling = all(shape[2:] == (KERNEL, KERNEL) for shape in shapes[1:])
    need(
        len(shapes) == count and 1 < count <= MAX_LAYERS and len(norms) == count - 1 and chained and doubling,
        _("Its layers are not those of a DCGAN that doubles the size at each."),
    )
    weights: dict[str, Array] = {}
    for index, part in enumerate(convolutions):
        last = index == count - 1
        weights[f"layers.{SPACING * index}.weight"] = part["weight"]
        if last and "bias" in part:
            weights[f"layers.{SPACING * index}.bias"] = part["bias"]
        if not last:
            norm = dict(norms[index])
            # A bias before a batch norm is the same as a mean that is less by it.
            norm["running_mean"] = norm["running_mean"] - part.get("bias", np.zeros(1, np.float32))
            norm.setdefault("num_batches_tracked", np.zeros((), np.int64))
            weights |= {f"layers.{SPACING * index + 1}.{name}": each for name, each in norm.items()}
    z_dim, channels = shapes[0][0], shapes[-1][1]
    height, width = (side << count - 1 for side in shapes[0][2:])
    return ImportedNetwork(
        origin=_("DCGAN, by a state dict of PyTorch's"),
        recipe="dcgan",
        generator=NetworkConfig(
            "dcgan", tuple(int(shape[1]) for shape in shapes[:-1]), {"bias": 1} if "bias" in convolutions[-1] else {}
        ),
        z_dim=int(z_dim),
        shape=(int(channels), int(height), int(width)),
        weights=weights,
    )


def _tensors(given: Arrays, name: str) -> dict[str, Array]:
    prefix = f"{name}." if name else ""
    return {each.removeprefix(prefix): array for each, array in given.items() if each.rpartition(".")[0] == name}
