"""Turn sets of pictures into features of a frozen network; those of real pictures are computed once and kept.

Every score names its network, because a distance in one network's features says nothing about another's.
"""

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, distributed, nn

from ..data.cache import cache_folder
from ..errors import GanvasError
from ..image_io import write_atomically
from .networks import load_network

DEFAULT = "efficientnet-lite0"
FORMAT = 1  # raised when kept features of an older release must not be used


@dataclass(frozen=True)
class Features:
    """Hold the features of N pictures, one row a picture, float32 on the processor.

    network: what computed them.
    stage: (N, D1), what Gaussians are fitted to; 192 wide for the EfficientNets.
    head: (N, D2), what neighbours and kernels are taken in; 1,280 wide for the EfficientNets.
    """

    network: str
    stage: Tensor
    head: Tensor

    def __len__(self) -> int:
        return len(self.stage)

    def __getitem__(self, rows: slice | Tensor | npt.NDArray[np.int64]) -> "Features":
        return Features(self.network, self.stage[rows], self.head[rows])

    @staticmethod
    def joined(parts: Sequence["Features"]) -> "Features":
        """Return the features of several sets, all of one network, as those of one."""
        return Features(
            parts[0].network, torch.cat([each.stage for each in parts]), torch.cat([each.head for each in parts])
        )


def to_tensor(pictures: Tensor | npt.NDArray[np.uint8]) -> Tensor:
    """Return pictures as a tensor; a copy of an array, since a memory-mapped one may be closed to writing."""
    return pictures if isinstance(pictures, Tensor) else torch.from_numpy(np.array(pictures))


def to_rgb(pictures: Tensor) -> Tensor:
    """Return uint8 RGB (N, 3, H, W) of uint8 pictures with 1, 3 or 4 channels: alpha goes onto white."""
    channels = pictures.shape[1]
    if channels == 1:
        return pictures.expand(-1, 3, -1, -1)
    if channels == 4:
        x = pictures.float()
        alpha = x[:, 3:] / 255
        return (x[:, :3] * alpha + 255 * (1 - alpha)).round().to(torch.uint8)
    return pictures


def extract(
    pictures: Tensor | npt.NDArray[np.uint8],
    network: str = DEFAULT,
    batch: int = 50,
    device: torch.device | str = "cpu",
    weights: Path | None = None,
) -> Features:
    """Compute the features of a set of pictures.

    Under torch.distributed, each rank computes its share and all ranks return the whole.

    Args:
        pictures: uint8 (N, C, H, W), C of 1 (grey, repeated), 3, or 4 (composited on white); any size. An array may be
            memory-mapped: it is read batch by batch.
        network: a key of `NETWORKS`.
        batch: how many pictures pass the network at once; does not change the result.
        device: where to compute.
        weights: file of the network's weights, if they are neither packaged nor to be fetched.

    Raises:
        GanvasError: the pictures are no such array, or the network cannot be had.
    """
    is_uint8 = str(pictures.dtype).removeprefix("torch.") == "uint8"
    if pictures.ndim != 4 or not is_uint8 or not len(pictures) or pictures.shape[1] not in (1, 3, 4):
        raise GanvasError(
            f"Features need uint8 pictures (N, C, H, W) with 1, 3 or 4 channels, not {pictures.dtype} of "
            f"{tuple(pictures.shape)}.",
            "Give what `ganvas.load(RUN).sample(count)` returns.",
        )
    model = load_network(network, weights).to(device)
    rank, world = _place_among(len(pictures))
    first, last = len(pictures) * rank // world, len(pictures) * (rank + 1) // world
    stage, head = _extract(pictures, range(first, last, batch), last, model, torch.device(device))
    if world > 1:
        shares: list[tuple[Tensor, Tensor]] = [(stage, head)] * world
        distributed.all_gather_object(shares, (stage, head))
        stage, head = (torch.cat(parts) for parts in zip(*shares, strict=True))
    return Features(network, stage, head)


def _place_among(count: int) -> tuple[int, int]:
    """Return this process's rank and how many processes share the work; fewer pictures than those are not shared."""
    if not distributed.is_initialized() or count < distributed.get_world_size():
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


@torch.no_grad()
def _extract(
    pictures: Tensor | npt.NDArray[np.uint8], starts: range, end: int, model: nn.Module, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Return stage and head of the pictures from the first of `starts` to `end`."""
    stages, heads = [], []
    for start in starts:
        stop = min(start + starts.step, end)
        stage, head = model(to_rgb(to_tensor(pictures[start:stop]).to(device)))
        stages.append(stage.float().cpu())
        heads.append(head.float().cpu())
    return torch.cat(stages), torch.cat(heads)


def kept(key: tuple[object, ...], network: str, compute: Callable[[], Features]) -> Features:
    """Return features that were computed before under `key`, or compute and keep them.

    They lie in the cache of prepared pictures. A damaged file is computed again; a full disk keeps nothing.

    Args:
        key: all that the features depend on but the network: the pictures' fingerprint, which of them, mirrored or not.
    """
    name = hashlib.blake2b(repr((FORMAT, network, *key)).encode(), digest_size=16).hexdigest()
    file = cache_folder() / "features" / f"{name}.safetensors"
    found = _read(file, network)
    if _on_all_ranks(found is not None) and found is not None:
        return found
    features = compute()
    with contextlib.suppress(OSError):
        write_atomically(file, save({"stage": features.stage, "head": features.head}))
    return features


def _read(file: Path, network: str) -> Features | None:
    try:
        tensors = load_file(file)
        return Features(network, tensors["stage"], tensors["head"])
    except (OSError, SafetensorError, KeyError):
        return None


def _on_all_ranks(true: bool) -> bool:
    """Tell whether it is true on all ranks: what they compute together they must all compute."""
    if not distributed.is_initialized():
        return true
    answers = [true] * distributed.get_world_size()
    distributed.all_gather_object(answers, true)
    return all(answers)
