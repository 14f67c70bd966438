"""Directions with names, kept in a run: RUN/directions/smile.safetensors, a step of one standard deviation.

Who puts a file of that kind beside these, or copies one under another name, has named a direction too.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..atomic_write import write_atomically
from ..errors import GanvasError, cannot_be_read_now, cannot_be_written, did_you_mean, ganvas_command
from ..formatting import printable
from ..limits import MAX_LATENT_HEADER
from ..runs import Run
from ..translation import _
from .facts import facts_in, facts_to_metadata
from .sample import GeneratorModel

SUFFIX, TENSOR = ".safetensors", "direction"
NAME = re.compile(r"\w[\w-]{0,63}")  # of letters and digits in any language: it is a file's name as well
LARGEST = 1e6  # standard deviations that a slider may be moved; pictures are noise long before


@dataclass(frozen=True, kw_only=True)
class Direction:
    """A way through the latents of a run.

    name: of its file.
    step: (num_ws, w_dim), one standard deviation; zero in layers that it leaves alone.
    found: how it was found, as JSON: "method", and what belongs to it.
    """

    name: str
    step: Tensor
    found: dict[str, Any] = field(default_factory=dict)


def check_name(name: str) -> None:
    """Check that a direction may be called so.

    Raises:
        GanvasError: it is empty, too long, or holds anything but letters, digits, _ and -.
    """
    if not NAME.fullmatch(name):
        raise GanvasError(
            _("A direction cannot be called '{name}': a name has letters, digits, - and _ only.").format(
                name=printable(name[:80])
            ),
            _("Try: --name smile"),
        )


def check_not_taken(run: Run, name: str, found: Mapping[str, Any]) -> None:
    """Check that a direction may be written under its name: there is none, or one that was found in the same way.

    Raises:
        GanvasError: another direction has that name, or its file is none of ours.
    """
    file = direction_file(run, name)
    if not file.exists():
        return
    try:
        known = _metadata(file).get("found", {})
    except GanvasError:
        known = {}
    same = ("method", "from", "to", "layers")
    if not known or [known.get(key) for key in same] != [found.get(key) for key in same]:
        raise GanvasError(
            _("There is another direction '{name}' already: {file}.").format(name=name, file=file),
            _("Choose another name, or remove that file: --name {name}-2").format(name=name),
        )


def write_direction(run: Run, model: GeneratorModel, direction: Direction) -> Path:
    """Write a direction into its run, and return the file.

    Raises:
        GanvasError: it cannot be written.
    """
    file = direction_file(run, direction.name)
    metadata = facts_to_metadata({"run": model.run_name, "network": model.fingerprint, "found": direction.found})
    try:
        write_atomically(file, save({TENSOR: direction.step.float().cpu().contiguous()}, metadata))
    except OSError as error:
        hint = _("Free some disk space, and type the same command again.")
        raise cannot_be_written(file, error, hint) from error
    return file


def read_direction(run: Run, name: str, model: GeneratorModel) -> Direction:
    """Return the direction of a run that has this name.

    Raises:
        GanvasError: there is none, it was found for another network, or its file is damaged.
    """
    check_name(name)
    file = direction_file(run, name)
    find = ganvas_command("directions", run.folder)
    if not file.is_file():
        names = direction_names(run)
        listed = _("Try: {command}").format(command=find)
        if names:
            more = " ..." if len(names) > 20 else ""
            listed = _("Directions: {names}{more}").format(names=", ".join(names[:20]), more=more)
        raise GanvasError(
            _("{folder} has no direction '{name}'.{suggestion}").format(
                folder=run.folder, name=name, suggestion=did_you_mean(name, names)
            ),
            listed,
        )
    shape = model.w_shape
    try:
        if file.stat().st_size > 4 * math.prod(shape) + MAX_LATENT_HEADER:
            raise GanvasError(
                _("{file} is too large for a direction of this run.").format(file=file),
                _("Remove it, or try: {command}").format(command=find),
            )
        record = _metadata(file)
        with safe_open(file, "pt") as tensors:
            step = tensors.get_tensor(TENSOR)
    except OSError as error:
        raise cannot_be_read_now(file, error) from error
    except (SafetensorError, KeyError, ValueError) as error:
        raise _damaged(file, str(error).splitlines()[0], find) from error
    if record.get("network") != model.fingerprint:
        raise GanvasError(
            _("{file} was found for another network: of another run, or before this one was trained on.").format(
                file=file
            ),
            _("Find it again: {command}").format(command=find),
        )
    if tuple(step.shape) != shape or step.dtype != torch.float32 or not step.isfinite().all():
        raise _damaged(
            file, _("it holds no {rows} x {columns} finite numbers").format(rows=shape[0], columns=shape[1]), find
        )
    return Direction(name=name, step=step, found=record["found"])


def direction_names(run: Run) -> list[str]:
    """Return the names of a run's directions, in order."""
    found = run.directions.glob(f"*{SUFFIX}") if run.directions.is_dir() else ()
    return sorted((file.stem for file in found if NAME.fullmatch(file.stem)), key=_natural)


def direction_file(run: Run, name: str) -> Path:
    """Return where a direction is kept.

    Raises:
        GanvasError: a link is in its place.
    """
    file = run.directions / f"{name}{SUFFIX}"
    run.refuse_links(run.directions, file)
    return file


@dataclass(frozen=True)
class Move:
    """A way to go from a picture, in one direction or in several at once.

    step: (num_ws, w_dim), to be added to w.
    text: what it is, such as "smile=2,age=-1".
    """

    step: Tensor
    text: str


def read_moves(run: Run, words: Sequence[str], model: GeneratorModel, default: float = 1.0) -> list[Move]:
    """Return the moves that words such as "smile=2" name, one for each.

    Args:
        default: how far to go where no number is given.

    Raises:
        GanvasError: a word makes no sense, or there is no such direction.
    """
    return [
        Move(strength * read_direction(run, name, model).step, f"{name}={strength:g}")
        for name, strength in parse_strengths(words, default).items()
    ]


def parse_strengths(words: Sequence[str], default: float = 1.0) -> dict[str, float]:
    """Return how far to go in each direction: {"smile": 2.0} for "smile=2", and `default` where no number is given.

    Raises:
        GanvasError: a word is no name with a number, or a name is given twice.
    """
    strengths: dict[str, float] = {}
    for word in words:
        name, separator, number = word.partition("=")
        check_name(name)
        try:
            strength = float(number) if separator else default
        except ValueError:
            strength = math.nan
        if not abs(strength) <= LARGEST:
            raise GanvasError(
                _("'{word}' does not say how far: it should be a number of standard deviations.").format(
                    word=printable(word[:80])
                ),
                _("Try: --direction {name}=2").format(name=name),
            )
        if name in strengths:
            raise GanvasError(
                _("The direction '{name}' is given twice.").format(name=name),
                _("Try: --direction {name}={strength:g}").format(name=name, strength=strength),
            )
        strengths[name] = strength
    return strengths


def _metadata(file: Path) -> dict[str, Any]:
    """Return what a file says of its direction.

    Raises:
        GanvasError: it is damaged, or no direction.
        OSError: it cannot be read now.
    """
    try:
        with safe_open(file, "pt") as tensors:
            record = facts_in(tensors)
        if not isinstance(record.get("found"), dict):
            raise ValueError(_("it does not say how it was found"))
    except (SafetensorError, KeyError, ValueError) as error:
        raise _damaged(file, str(error).splitlines()[0], "ganvas directions RUN") from error
    return record


def _damaged(file: Path, reason: str, find: str) -> GanvasError:
    return GanvasError(
        _("{file} is damaged, or is no direction: {reason}.").format(file=file, reason=reason),
        _("Remove it, and find it again: {command}").format(command=find),
    )


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key by which pca-10 comes after pca-9."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]
