"""What is written of a picture that was found: latent, result, both beside each other, and a film of the search.

OUT/NAME.safetensors     the latent
OUT/NAME.png             what the generator draws from it; written last, with all that tells whether it is finished
OUT/NAME-beside.png      the picture and the result
OUT/NAME-film.webp       how it was found
OUT/tuned/               a run folder with the tuned generator
OUT/NAME-tuned.png       what the tuned generator draws from the same latent, NAME-tuned.safetensors
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

from ...data.ownership import check_free
from ...errors import GanvasError
from ...image_io import check_writable, image_grid, read_metadata, save_animation, save_image, to_image
from ...translation import _
from ..latent_files import SUFFIX, check_latent_free, latent_metadata, write_latent
from ..sample import GeneratorModel

METHOD = "2"  # changes when a search finds something else
MIN_SIDE = 160  # pixels that a picture has at least in a film and beside another
FILM_MILLISECONDS = 100
FINISHED, INTERRUPTED = "finished", "interrupted"  # why a search ended


class Result:
    """The files of one picture, in the folder `out`, named after `name`."""

    def __init__(self, out: Path, name: str) -> None:
        self.picture, self.latent = out / f"{name}.png", out / f"{name}{SUFFIX}"
        self.beside, self.film = out / f"{name}-beside.png", out / f"{name}-film.webp"
        self.tuned_picture, self.tuned_latent = out / f"{name}-tuned.png", out / f"{name}-tuned{SUFFIX}"

    def check_free(self) -> None:
        """Check that nothing of somebody else's would be overwritten.

        Raises:
            GanvasError: it would.
        """
        for path in (self.picture, self.beside, self.film, self.tuned_picture):
            check_free(path)
        for path in (self.latent, self.tuned_latent):
            check_latent_free(path)

    def is_finished(self, mark: str) -> bool:
        """Return whether the latent was found by an earlier command, for the same picture and network."""
        metadata = read_metadata(self.picture)
        done = metadata.get("mark") == mark and metadata.get("reason") == FINISHED
        return done and self.latent.is_file() and self.beside.is_file() and self.film.is_file()

    def write(
        self, model: GeneratorModel, target: Tensor, w: Tensor, film: Sequence[Tensor], facts: Mapping[str, object]
    ) -> None:
        """Write all but what is tuned.

        Args:
            target: (C, H, W) uint8, the picture.
            w: (num_ws, w_dim).
            film: images (C, H, W) uint8 of the search.
            facts: for the metadata.
        """
        image = model.synthesize(w[None])[0]
        metadata = {"run": model.run_name, **facts, **latent_metadata(w, model)}
        with writing(self.picture.parent):
            write_latent(self.latent, w[None], model)
            save_image(to_image(beside(target, image)), self.beside, metadata)
            frames = [to_image(beside(target, each)) for each in (*film, image)]
            save_animation(frames, self.film, FILM_MILLISECONDS, {"run": model.run_name, **facts})
            save_image(to_image(image), self.picture, metadata)

    def write_tuned(self, model: GeneratorModel, w: Tensor, facts: Mapping[str, object]) -> None:
        """Write what the tuned `model` draws from w (num_ws, w_dim)."""
        with writing(self.tuned_picture.parent):
            write_latent(self.tuned_latent, w[None], model)
            metadata = {"run": model.run_name, **facts, **latent_metadata(w, model)}
            save_image(to_image(model.synthesize(w[None])[0]), self.tuned_picture, metadata)


def check_folder(out: Path) -> None:
    """Check that results can go to the folder `out`, before time is spent on them.

    Raises:
        GanvasError: they cannot, or it holds pictures that Ganvas did not write.
    """
    if out.exists() and not out.is_dir():
        raise GanvasError(_("{out} is a file.").format(out=out), _("Name a folder: --out FOLDER"))
    check_free(out)
    check_writable(out, _("Name another folder: --out FOLDER"))


def mark_of(picture: Path, model: GeneratorModel, label: str | None) -> str:
    """Return what is the same only for the same picture, network and label; "" if the picture cannot be read."""
    try:
        digest = hashlib.blake2b(picture.read_bytes(), digest_size=8)
    except OSError:
        return ""
    digest.update(repr((METHOD, model.fingerprint, label)).encode())
    return digest.hexdigest()


def beside(one: Tensor, other: Tensor) -> Tensor:
    """Return two images (C, H, W) uint8 beside each other, enlarged by a whole number so that they can be seen."""
    factor = -(-MIN_SIDE // min(one.shape[1:]))
    pair = torch.stack([one, other]).repeat_interleave(factor, 2).repeat_interleave(factor, 3)
    return image_grid(pair, columns=2, gap=4)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Say what to do if the disk is full, or a file cannot be written, in the body of the `with`."""
    try:
        yield
    except OSError as error:
        raise GanvasError(
            _("Cannot write to {folder}: {reason}.").format(folder=folder, reason=error.strerror or error),
            _("Free some disk space, then type the same command again: it goes on."),
        ) from error
