"""State of an unfinished painting, saved beside it, so that the same command resumes it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..atomic_write import write_atomically
from ..config import StyleConfig
from ..config.style import OLD_NAMES

# Settings that may differ when a painting is resumed: where it is painted, what is done to it afterwards, and which
# network was asked for (the name of the network that really paints is part of the fingerprint).
NOT_IN_FINGERPRINT = ("fast", "device", "memory", "colors", "depth", "network", "vgg19_weights", "signature")


@dataclass(frozen=True)
class PartialPainting:
    """An unfinished painting, and what is needed to resume it.

    Args:
        stage_index: index of the stage (size) that was being painted.
        stage_steps: steps taken in this stage.
        total_steps: steps taken in all stages.
        image: the best image so far, (1, 3, H, W) in [-1, 1].
        optimizer_state: what the optimizer continues with.
    """

    stage_index: int
    stage_steps: int
    total_steps: int
    image: Tensor
    optimizer_state: Mapping[str, Tensor]


def partial_path(out: Path) -> Path:
    """Return the path where the unfinished painting of `out` is saved."""
    return out.with_name(f".{out.name}.unfinished")


def compute_fingerprint(config: StyleConfig, picture_paths: Iterable[Path], network: str) -> str:
    """Return a hash that identifies a painting: of its settings, the network, and the bytes of all its pictures.

    Settings that were left at their defaults count as well, since another release may have other defaults. They are
    hashed under the names that ganvas 0.1 gave them, so that its unfinished paintings can still be resumed.
    """
    old_names = {name: old for old, name in OLD_NAMES.items()}
    settings = {
        old_names.get(name, name): value for name, value in asdict(config).items() if name not in NOT_IN_FINGERPRINT
    }
    digest = hashlib.sha256(json.dumps([network, settings], sort_keys=True).encode())
    for path in picture_paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def save_partial(partial: PartialPainting, out: Path, fingerprint: str) -> None:
    """Write an unfinished painting atomically. The names inside the file are those of ganvas 0.1.

    Raises:
        OSError: the file cannot be written.
    """
    carried = {f"carried.{name}": tensor for name, tensor in partial.optimizer_state.items()}
    tensors = {name: tensor.cpu().contiguous() for name, tensor in {"picture": partial.image, **carried}.items()}
    metadata = {
        "mark": fingerprint,
        "stage": str(partial.stage_index),
        "taken": str(partial.stage_steps),
        "steps": str(partial.total_steps),
    }
    write_atomically(partial_path(out), save(tensors, metadata))


def load_partial(out: Path, fingerprint: str) -> PartialPainting | None:
    """Return the unfinished painting with this fingerprint; None if there is none, or its file is damaged.

    A damaged file is renamed to NAME.damaged.

    Raises:
        OSError: it is there, but cannot be read now; hours of work may lie in it.
    """
    path = partial_path(out)
    if not path.exists():
        return None
    with path.open("rb"):
        pass  # safetensors does not tell why it cannot open a file
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("mark") != fingerprint:
                return None
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
            image = tensors.pop("picture")
            optimizer_state = {name.removeprefix("carried."): tensor for name, tensor in tensors.items()}
            stage_index, stage_steps, total_steps = (int(metadata[name]) for name in ("stage", "taken", "steps"))
            return PartialPainting(stage_index, stage_steps, total_steps, image, optimizer_state)
    except (SafetensorError, KeyError, ValueError):
        path.replace(path.with_name(f"{path.name}.damaged"))
        return None
