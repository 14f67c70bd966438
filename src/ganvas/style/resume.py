"""A painting that was interrupted, kept beside it, so that the same command goes on where it stopped."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..config import StyleConfig
from ..image_io import write_atomically

# What may differ when a painting goes on: how it is painted, what is done to it afterwards, and which network was asked
# for, since the one that really paints has a name of its own.
IGNORED = ("device", "memory", "colours", "depth", "network", "vgg19_weights")


@dataclass(frozen=True)
class Unfinished:
    """Hold how far a painting had come.

    Args:
        stage: place of the size that was being painted.
        taken: steps at that size.
        steps: all of them.
        picture: (1, 3, H, W) in [-1, 1].
        carried: the optimiser's state.
    """

    stage: int
    taken: int
    steps: int
    picture: Tensor
    carried: Mapping[str, Tensor]


def place(out: Path) -> Path:
    """Return where an unfinished painting is kept."""
    return out.with_name(f".{out.name}.unfinished")


def mark_of(config: StyleConfig, pictures: Iterable[Path], network: str) -> str:
    """Return what tells one painting from another: its settings, the network, and the bytes of all its pictures.

    The usual settings count as well, since another release may have other ones.
    """
    settings = {name: value for name, value in asdict(config).items() if name not in IGNORED}
    digest = hashlib.sha256(json.dumps([network, settings], sort_keys=True).encode())
    for picture in pictures:
        digest.update(hashlib.sha256(picture.read_bytes()).digest())
    return digest.hexdigest()


def keep(found: Unfinished, out: Path, mark: str) -> None:
    """Write how far a painting has come, whole or not at all.

    Raises:
        OSError: the disk does not take it.
    """
    tensors = {"picture": found.picture, **{f"carried.{name}": each for name, each in found.carried.items()}}
    facts = {"mark": mark, "stage": str(found.stage), "taken": str(found.taken), "steps": str(found.steps)}
    write_atomically(place(out), save({name: each.cpu().contiguous() for name, each in tensors.items()}, facts))


def find(out: Path, mark: str) -> Unfinished | None:
    """Return how far this very painting had come; None if it was not begun, was another, or the file is damaged."""
    try:
        with safe_open(place(out), "pt") as file:
            facts = file.metadata() or {}
            if facts.get("mark") != mark:
                return None
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
            carried = {name.removeprefix("carried."): each for name, each in tensors.items() if name != "picture"}
            stage, taken, steps = (int(facts[name]) for name in ("stage", "taken", "steps"))
            return Unfinished(stage, taken, steps, tensors["picture"], carried)
    except (OSError, SafetensorError, KeyError, ValueError):
        return None
