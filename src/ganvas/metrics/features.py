"""Features of image sets, computed by a frozen network; those of real images are cached on disk.

Every score names its network, because distances on features of different networks cannot be compared.
"""

import contextlib
import hashlib
import os
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, distributed, nn

from ..atomic_write import write_atomically
from ..data.cache import cache_folder, make_cache_folder
from ..distributed import rank, world_size
from ..errors import GanvasError
from ..translation import _
from . import DEFAULT_NETWORK
from .networks import load_network

CACHE_FORMAT = 2  # increased when cached features of older releases must no longer be used, as with other weights


@dataclass(frozen=True)
class Features:
    """Features of N images, one row per image, float32 on the CPU.

    network: name of the network that computed them.
    intermediate: (N, D1), pooled output of an inner layer, for the Frechet distance; D1 = 192 for EfficientNets.
    final: (N, D2), pooled output of the last layer, for nearest neighbours and kernels; D2 = 1,280 for EfficientNets.
    """

    network: str
    intermediate: Tensor
    final: Tensor

    def __len__(self) -> int:
        return len(self.intermediate)

    def __getitem__(self, rows: slice | Tensor | npt.NDArray[np.int64]) -> "Features":
        return Features(self.network, self.intermediate[rows], self.final[rows])

    @staticmethod
    def concatenate(parts: Sequence["Features"]) -> "Features":
        """Return the rows of several sets, all of one network, as one set."""
        return Features(
            parts[0].network,
            torch.cat([part.intermediate for part in parts]),
            torch.cat([part.final for part in parts]),
        )


def to_tensor(images: Tensor | npt.NDArray[np.uint8]) -> Tensor:
    """Return images as a tensor; an array is copied, since a memory-mapped one may be read-only."""
    return images if isinstance(images, Tensor) else torch.from_numpy(np.array(images))


def to_rgb(images: Tensor) -> Tensor:
    """Convert uint8 images with 1, 3 or 4 channels to uint8 RGB (N, 3, H, W); alpha is composited on white."""
    channels = images.shape[1]
    if channels == 1:
        return images.expand(-1, 3, -1, -1)
    if channels == 4:
        x = images.float()
        alpha = x[:, 3:] / 255
        return (x[:, :3] * alpha + 255 * (1 - alpha)).round().to(torch.uint8)
    return images


def extract_features(
    images: Tensor | npt.NDArray[np.uint8],
    network: str = DEFAULT_NETWORK,
    batch_size: int = 50,
    device: torch.device | str = "cpu",
    weights: Path | None = None,
) -> Features:
    """Return the features of a set of images.

    Under torch.distributed each rank computes a share, and every rank returns the features of all images.

    Args:
        images: uint8 (N, C, H, W) of any size, C = 1 (repeated to RGB), 3, or 4 (composited on white). An array may be
            memory-mapped: it is read batch by batch.
        network: a key of `NETWORKS`.
        batch_size: images per forward pass; does not change the result.
        device: where to compute.
        weights: file of the network's weights; None to use the packaged or downloaded ones.

    Raises:
        GanvasError: the images have another type or shape, or the network cannot be loaded.
    """
    is_uint8 = str(images.dtype).removeprefix("torch.") == "uint8"
    if images.ndim != 4 or not is_uint8 or not len(images) or images.shape[1] not in (1, 3, 4):
        raise GanvasError(
            _(
                "Features need uint8 pictures of shape (N, C, H, W) with 1, 3 or 4 channels, not "
                "{dtype} of shape {shape}."
            ).format(dtype=images.dtype, shape=tuple(images.shape)),
            _("Pass what `ganvas.load(RUN).sample(count)` returns."),
        )
    model = load_network(network, weights).to(device)
    size = world_size() if len(images) >= world_size() else 1  # with fewer images than processes, each looks at all
    number = rank() if size > 1 else 0
    first, last = len(images) * number // size, len(images) * (number + 1) // size
    intermediate, final = _extract_range(images, range(first, last, batch_size), last, model, torch.device(device))
    if size > 1:
        shares: list[tuple[Tensor, Tensor]] = [(intermediate, final)] * size
        distributed.all_gather_object(shares, (intermediate, final))
        intermediate, final = (torch.cat(parts) for parts in zip(*shares, strict=True))
    return Features(network, intermediate, final)


@torch.no_grad()
def _extract_range(
    images: Tensor | npt.NDArray[np.uint8], starts: range, end: int, model: nn.Module, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Return intermediate and final features of the images from the first of `starts` to `end`."""
    intermediates, finals = [], []
    for start in starts:
        stop = min(start + starts.step, end)
        intermediate, final = model(to_rgb(to_tensor(images[start:stop]).to(device)))
        intermediates.append(intermediate.float().cpu())
        finals.append(final.float().cpu())
    return torch.cat(intermediates), torch.cat(finals)


def cached_features(key: tuple[object, ...], network: str, compute: Callable[[], Features]) -> Features:
    """Return the features cached under `key`; compute and cache them if there are none.

    Those of another version of timm, which decides on layers and downloads, are computed again.

    They are stored in the cache of prepared pictures. A damaged file is replaced. If the file cannot be written, for
    example on a full disk, the features are returned all the same.

    Args:
        key: everything besides the network that the features depend on: the dataset's fingerprint, the indices of the
            images, and whether they are mirrored.
        network: name of the network.
        compute: returns the features.
    """
    name = hashlib.blake2b(repr((CACHE_FORMAT, version("timm"), network, *key)).encode(), digest_size=16).hexdigest()
    file = cache_folder() / "features" / f"{name}.safetensors"
    cached = _read_cached(file, network)
    if _true_on_all_ranks(cached is not None) and cached is not None:
        return cached
    features = compute()
    tensors = {"stage": features.intermediate, "head": features.final}  # the names that caches of 0.1 use
    with contextlib.suppress(OSError):
        make_cache_folder()
        write_atomically(file, save(tensors, {"crc32": _checksum(tensors)}))
    return features


def _read_cached(file: Path, network: str) -> Features | None:
    try:
        with safe_open(file, "pt") as opened:
            tensors = {key: opened.get_tensor(key) for key in ("stage", "head")}
            known = (opened.metadata() or {})["crc32"]
        if known != _checksum(tensors):
            return None
        with contextlib.suppress(OSError):  # of another user's file; else it is marked as used
            os.utime(file)
        return Features(network, tensors["stage"], tensors["head"])
    except (OSError, SafetensorError, KeyError):
        return None


def _checksum(tensors: dict[str, Tensor]) -> str:
    """Return a checksum of all numbers, since a flipped bit in kept features would make scores silently wrong."""
    crc = 0
    for key in sorted(tensors):
        crc = zlib.crc32(tensors[key].contiguous().numpy().tobytes(), crc)
    return f"{crc:08x}"


def _true_on_all_ranks(condition: bool) -> bool:
    """Return whether `condition` holds on every rank, since all ranks must take part in a shared computation."""
    if world_size() == 1:
        return condition
    answers = [condition] * world_size()
    distributed.all_gather_object(answers, condition)
    return all(answers)
