"""Checkpoints: atomic, hashed, safetensors, so that nothing half-written or foreign is ever resumed.

A checkpoint is a folder named after the number of steps, with `state.safetensors`, `facts.json` and, written last,
`manifest.json` with their SHA-256. It is built in a temporary folder, synced and renamed: before the rename there is
nothing, after it everything. Loading cannot run code.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from .atomic_write import flush_to_disk
from .errors import GanvasError, cannot_be_read_now
from .translation import _
from .typed_json import read_json_object

Tensors = dict[str, Tensor]
Facts = dict[str, Any]

STATE, FACTS, MANIFEST = "state.safetensors", "facts.json", "manifest.json"


@dataclass(frozen=True)
class DamagedCheckpoint:
    """A checkpoint that cannot be used, and why."""

    path: Path
    reason: str


class DamagedCheckpointError(GanvasError):
    """A checkpoint was proved to be damaged; it is not just that it cannot be read now."""


def save(folder: Path, step: int, tensors: Tensors, facts: Facts) -> Path:
    """Write the checkpoint after `step` steps into `folder` and return its path.

    Raises:
        GanvasError: a tensor has NaN or infinity, or the disk is full; earlier checkpoints are untouched.
    """
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise GanvasError(
                _("{name} has NaN or infinity after step {step:,}; this checkpoint was not saved.").format(
                    name=name, step=step
                ),
                _(
                    "The last good checkpoint is kept. Try a gradient penalty, in another folder: "
                    "--penalty r1 --out OTHER"
                ),
            )
    final = checkpoint_path(folder, step)
    if final.exists():  # a valid one is of the same step, and replacing it would leave a moment without any
        with suppress(DamagedCheckpointError):
            load(final)
            return final
    temporary = folder / f".{final.name}.{os.getpid()}.tmp"
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, temporary / STATE)
        (temporary / FACTS).write_text(json.dumps(facts), encoding="utf-8")
        hashes = {name: _sha256(temporary / name) for name in (STATE, FACTS)}
        flush_to_disk(temporary / STATE, temporary / FACTS)
        (temporary / MANIFEST).write_text(json.dumps(hashes), encoding="utf-8")
        flush_to_disk(temporary / MANIFEST, temporary)
        if final.exists():
            shutil.rmtree(final)
        temporary.rename(final)
        flush_to_disk(folder)
    except (OSError, SafetensorError) as error:
        raise GanvasError(
            _("Could not save {final}: {error}").format(final=final, error=error),
            _(
                "Look at the disk space and at who may write there; the same command continues from "
                "the last checkpoint."
            ),
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return final


def load(path: Path) -> tuple[Tensors, Facts]:
    """Return the tensors (on the CPU) and facts of the checkpoint at `path`.

    Raises:
        GanvasError: a file is missing, does not match the manifest, or cannot be read.
    """
    hint = _("An older checkpoint beside it may be valid: the same command uses the newest valid one.")
    try:
        hashes = read_json_object(path / MANIFEST)
        for name in (STATE, FACTS):
            if _sha256(path / name) != hashes[name]:
                raise DamagedCheckpointError(
                    _("Checkpoint {path} is damaged: {name} does not match its checksum.").format(path=path, name=name),
                    hint,
                )
        facts = read_json_object(path / FACTS)
        return load_file(path / STATE), facts
    except OSError as error:
        missing = [name for name in (MANIFEST, STATE, FACTS) if not (path / name).exists()]
        if missing:
            raise DamagedCheckpointError(
                _("Checkpoint {path} is damaged: {file} is missing.").format(path=path, file=missing[0]), hint
            ) from error
        raise cannot_be_read_now(f"Checkpoint {path}", error) from error
    except (ValueError, KeyError, SafetensorError) as error:
        raise DamagedCheckpointError(
            _("Checkpoint {path} is damaged: {error}").format(path=path, error=error), hint
        ) from error


def load_newest(folder: Path) -> tuple[Tensors, Facts, tuple[DamagedCheckpoint, ...]] | None:
    """Return the newest valid checkpoint, and the newer ones that are damaged; None if there are no checkpoints.

    Raises:
        GanvasError: there are checkpoints, and all of them are damaged.
    """
    damaged: list[DamagedCheckpoint] = []
    for path in reversed(list_checkpoints(folder)):
        try:
            return *load(path), tuple(damaged)
        except DamagedCheckpointError as error:
            damaged.append(DamagedCheckpoint(path, error.message))
    if damaged:
        raise GanvasError(
            _("All {count} checkpoints in {folder} are damaged. {reason}").format(
                count=len(damaged), folder=folder, reason=damaged[0].reason
            ),
            _("Start again in another folder, or remove this one."),
        )
    return None


def put_aside(path: Path) -> None:
    """Rename a damaged checkpoint to NAME.damaged, so that it counts as none. Nothing is deleted."""
    names = (path.with_name(f"{path.name}.damaged{number or ''}") for number in count())
    path.rename(next(name for name in names if not name.exists()))


def newest_facts(folder: Path) -> Facts | None:
    """Return the facts of the newest checkpoint; None if there is none, or it cannot be read."""
    checkpoints = list_checkpoints(folder)
    try:
        return read_json_object(checkpoints[-1] / FACTS)
    except (IndexError, OSError, ValueError):  # what is damaged is told when it is loaded
        return None


def list_checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints in `folder`, oldest first; damaged ones too, but no empty folders."""
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if path.name.isdecimal() and path.is_dir() and any(path.iterdir()))


def prune(folder: Path, keep: int, steps: Collection[int] = ()) -> None:
    """Remove all but the newest `keep` checkpoints and those of `steps`, and temporary folders of crashed processes."""
    kept = {checkpoint_path(folder, step) for step in steps}
    whole = [path for path in list_checkpoints(folder) if (path / MANIFEST).is_file()]
    for path in whole[: max(0, len(whole) - keep)]:
        if path not in kept:
            shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob(".*.tmp"):
        shutil.rmtree(path, ignore_errors=True)


def checkpoint_path(folder: Path, step: int) -> Path:
    """Return the path of the checkpoint of `step`, whether it exists or not."""
    return folder / f"{step:09d}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
