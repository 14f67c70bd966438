"""keragan's generators: a DCGAN of Keras in an HDF5 file. Its weights are read; what else is in there is not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...config import NetworkConfig
from ...errors import GanvasError, cannot_be_read_now
from ...models.keragan import FIRST
from ...translation import _
from .imported import Array, ForeignNetworkError, ImportedNetwork, need

SIGNATURE = b"\x89HDF\r\n\x1a\n"
MAX_DEPTH = 8  # of groups in each other
MAX_ENTRIES = 1000
MAX_BYTES = 256 << 20  # of one layer
MAX_LAYERS = 12


def is_hdf5(file: Path) -> bool:
    """Return whether a file is of HDF5."""
    try:
        with file.open("rb") as stream:
            return stream.read(len(SIGNATURE)) == SIGNATURE
    except OSError as error:
        raise cannot_be_read_now(file, error) from error


def read_keras(file: Path) -> ImportedNetwork:
    """Return the network.

    Raises:
        GanvasError: h5py is not installed.
        ForeignNetworkError: the file is damaged, or holds another network.
    """
    try:
        import h5py
    except ImportError as error:
        raise GanvasError(
            _("Networks of Keras are read by h5py, which is not installed."), _('Try: pip install "ganvas[h5]"')
        ) from error
    try:
        with h5py.File(file, "r") as stored:
            found = dict(_datasets(stored.get("model_weights", stored), h5py, ""))
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ForeignNetworkError(_("{file} is damaged: {error}").format(file=file, error=reason)) from error
    return _network(found)


def _datasets(group: Any, h5py: Any, place: str, depth: int = 0) -> Iterator[tuple[str, Array]]:
    """Yield all arrays in a group by their path, in natural order. Links to other files are not followed."""
    need(depth <= MAX_DEPTH and len(group) <= MAX_ENTRIES, _("The network has too many parts."))
    for name in sorted(group, key=_natural):
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ForeignNetworkError(_("It points to other files."))
        each = group[name]
        if isinstance(each, h5py.Group):
            yield from _datasets(each, h5py, f"{place}/{name}", depth + 1)
        elif isinstance(each, h5py.Dataset):
            plain = each.chunks is None and not each.is_virtual and not each.external
            there = plain and each.id.get_storage_size() == each.nbytes <= MAX_BYTES  # no more than is in the file
            need(there and each.dtype.kind == "f" and each.ndim > 0, _("It has weights in another form."))
            yield f"{place}/{name}", np.asarray(each[()])


def _natural(name: str) -> tuple[str, int]:
    """Return what names are sorted by: conv2d_9 comes before conv2d_10."""
    stem, _underscore, digits = name.partition(":")[0].rpartition("_")
    return (stem, int(digits)) if digits.isdecimal() and len(digits) < 10 else (name, 0)


def _network(found: dict[str, Array]) -> ImportedNetwork:
    dense, convolutions, norms = (_layers(found, kind) for kind in ("dense", "conv2d", "batch_normalization"))
    count = len(norms)
    need(
        len(dense) == 1 and 0 < count <= MAX_LAYERS and len(convolutions) == count + 1,
        _("Its layers are not those of keragan's DCGAN."),
    )
    kernel, bias = dense[0]["kernel"], dense[0]["bias"]
    need(kernel.ndim == 2 and kernel.shape[1] % FIRST**2 == 0, _("Its layers are not those of keragan's DCGAN."))
    z_dim, width = int(kernel.shape[0]), int(kernel.shape[1]) // FIRST**2
    weights = {  # features come last there, and first here
        "dense.weight": kernel.reshape(z_dim, FIRST, FIRST, width).transpose(3, 1, 2, 0).reshape(-1, z_dim),
        "dense.bias": bias.reshape(FIRST, FIRST, width).transpose(2, 0, 1).reshape(-1),
    }
    widths = [width]
    for index, convolution in enumerate(convolutions):
        last = index == count
        need(convolution["kernel"].ndim == 4, _("Its layers are not those of keragan's DCGAN."))
        place = 4 * index if last else 4 * index + 1
        kernel, bias = convolution["kernel"].transpose(3, 2, 0, 1), convolution["bias"]
        # OpenCV, which keragan reads pictures by, has blue first.
        weights[f"layers.{place}.weight"] = kernel[::-1] if last else kernel
        weights[f"layers.{place}.bias"] = bias[::-1] if last else bias
        if not last:
            widths.append(int(kernel.shape[0]))
            weights |= _norm(norms[index], f"layers.{place + 1}")
    side = FIRST << count
    return ImportedNetwork(
        origin=_("DCGAN, by keragan"),
        recipe="",
        generator=NetworkConfig("keragan", tuple(widths)),
        z_dim=z_dim,
        shape=(int(convolutions[-1]["kernel"].shape[3]), side, side),
        weights=weights,
    )


def _norm(given: dict[str, Array], name: str) -> dict[str, Array]:
    ours = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
    weights = {f"{name}.{ours[kind]}": each for kind, each in given.items() if kind in ours}
    return weights | {f"{name}.num_batches_tracked": np.zeros((), np.int64)}


def _layers(found: dict[str, Array], kind: str) -> list[dict[str, Array]]:
    """Return the weights of all layers of a kind, in the order in which they were made."""
    layers: dict[str, dict[str, Array]] = {}
    for path, array in found.items():
        *_groups, layer, weight = path.split("/")
        if _natural(layer)[0] == kind:
            layers.setdefault(layer, {})[weight.partition(":")[0]] = array
    complete = all({"kernel", "bias"} <= set(each) for each in layers.values()) or kind == "batch_normalization"
    need(complete, _("Its layers are not those of keragan's DCGAN."))
    return [layers[name] for name in sorted(layers, key=_natural)]
