"""Latents as files: w of one or more pictures, and w again from a picture that was sampled or projected.

A latent fits to one network. Files and pictures therefore contain the network's fingerprint.
"""

import base64
import binascii
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..atomic_write import write_atomically
from ..data.ownership import not_ours
from ..errors import GanvasError, cannot_be_read_now, ganvas_command
from ..image_io import WRITTEN_SUFFIXES, read_metadata
from ..translation import _
from .facts import ENTRY, facts_in, facts_to_metadata
from .sample import GeneratorModel

SUFFIX = ".safetensors"
TENSOR = "w"


def write_latent(path: Path, w: Tensor, model: GeneratorModel) -> None:
    """Write w (N, num_ws, w_dim) of `model` to `path`, which ends in .safetensors, atomically.

    Raises:
        GanvasError: there is a file that holds no latents of Ganvas.
        OSError: it cannot be written.
    """
    check_latent_free(path)
    metadata = facts_to_metadata({"run": model.run_name, "network": model.fingerprint})
    write_atomically(path, save({TENSOR: w.detach().float().cpu().contiguous()}, metadata))


def check_latent_free(path: Path) -> None:
    """Check that latents may be written to `path`.

    Raises:
        GanvasError: there is a file that holds no latents of Ganvas.
    """
    if path.exists() and not _is_latent_file(path):
        raise not_ours(path)


def read_latents(path: Path | str, model: GeneratorModel) -> Tensor:
    """Return w (N, num_ws, w_dim) from a file of latents; from a picture, w (1, num_ws, w_dim) that it was drawn from.

    Raises:
        GanvasError: there is no such file, it has no latent, or its latent is of another run or another training.
    """
    path = Path(path)
    if not path.is_file():
        raise GanvasError(
            _("{path} is no file.").format(path=path),
            _("Give a file of latents, or a picture of {run_name}.").format(run_name=model.run_name),
        )
    if path.suffix.lower() == SUFFIX:
        return _read_latent_file(path, model)
    if path.suffix.lower() in WRITTEN_SUFFIXES:
        return _read_picture(path, model)
    raise GanvasError(
        _("{path} is neither a file of latents nor a picture.").format(path=path),
        _("Latents end in {suffix}, pictures in .png or .webp.").format(suffix=SUFFIX),
    )


def latent_metadata(w: Tensor, model: GeneratorModel) -> dict[str, object]:
    """Return w (num_ws, w_dim) and its network as metadata of a picture.

    The latent is "NUM_WSxW_DIM:" and base64 of its float32 numbers, little-endian.
    """
    numbers = w.detach().cpu().numpy().astype("<f4").tobytes()
    text = "x".join(map(str, w.shape)) + ":" + base64.b64encode(numbers).decode()
    return {"network": model.fingerprint, "latent": text}


def _read_latent_file(path: Path, model: GeneratorModel) -> Tensor:
    try:
        with safe_open(path, "pt") as file:
            _check_network(path, facts_in(file), model)
            piece = file.get_slice(TENSOR)
            shape = piece.get_shape()[1:]
            if piece.get_dtype() != "F32" or tuple(shape) != model.w_shape:
                raise ValueError(_("w has the shape (N, {shape})").format(shape=shape))
            w: Tensor = file.get_tensor(TENSOR)
    except OSError as error:
        raise cannot_be_read_now(path, error) from error
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise GanvasError(
            _("{path} is no file of latents, or is damaged.").format(path=path), _how_to_get_one()
        ) from error
    return _checked(path, w)


def _read_picture(path: Path, model: GeneratorModel) -> Tensor:
    try:
        metadata = read_metadata(path)
    except OSError as error:
        raise cannot_be_read_now(path, error) from error
    if not {"latent", "seed"} & metadata.keys():
        raise GanvasError(
            _("{path} does not say from which latent it was drawn.").format(path=path),
            _("Find the nearest: {command}").format(command=ganvas_command("project", "RUN", path)),
        )
    _check_network(path, metadata, model)
    if "latent" in metadata:
        return _checked(path, _decoded(path, metadata["latent"], model))
    if "index" not in metadata:
        raise GanvasError(
            _("{path} is a sheet of several pictures.").format(path=path), _("Give one picture of the same seed.")
        )
    try:
        seed, index, truncation = int(metadata["seed"]), int(metadata["index"]), float(metadata["truncation"])
    except (KeyError, ValueError) as error:
        raise _damaged(path) from error
    return model.map(*model.latents_at([(seed, index)], metadata.get("label")), truncation)


def _check_network(path: Path, facts: Mapping[str, object], model: GeneratorModel) -> None:
    """Check that a latent is of this network; a picture of an older release names only its run."""
    run, network = str(facts.get("run", "")), facts.get("network")
    if network == model.fingerprint or (network is None and run == model.run_name):
        return
    if run == model.run_name:
        raise GanvasError(
            _(
                "{path} was drawn by {run} before it was trained further or tuned: its latent does not fit any more."
            ).format(path=path, run=run),
            _how_to_get_one(),
        )
    text = (
        _("{path} was drawn by another run, {run}.") if run else _("{path} was drawn by another run, without a name.")
    )
    raise GanvasError(text.format(path=path, run=run), _how_to_get_one())


def _decoded(path: Path, text: str, model: GeneratorModel) -> Tensor:
    num_ws, w_dim = model.w_shape
    shape, numbers = text.partition(":")[::2]
    try:
        content = base64.b64decode(numbers, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _damaged(path) from error
    if shape != f"{num_ws}x{w_dim}" or len(content) != 4 * math.prod(model.w_shape):
        raise _damaged(path)
    return torch.from_numpy(np.frombuffer(content, "<f4").astype(np.float32)).view(1, num_ws, w_dim)


def _checked(path: Path, w: Tensor) -> Tensor:
    if len(w) == 0 or not w.isfinite().all():
        raise _damaged(path)
    return w


def _is_latent_file(path: Path) -> bool:
    try:
        with safe_open(path, "pt") as file:
            return ENTRY in (file.metadata() or {}) and TENSOR in file.keys()  # noqa: SIM118  (it is no dict)
    except OSError as error:
        raise cannot_be_read_now(path, error) from error
    except SafetensorError:
        return False


def _damaged(path: Path) -> GanvasError:
    return GanvasError(_("The latent in {path} is damaged.").format(path=path), _how_to_get_one())


def _how_to_get_one() -> str:
    return _("Sample pictures anew, or find the nearest latent: {command}").format(
        command=ganvas_command("project", "RUN", "PICTURE")
    )
