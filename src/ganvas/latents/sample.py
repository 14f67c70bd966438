"""A trained generator, loaded from a run, that samples images by seed."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from ..atomic_write import write_atomically
from ..coach import model_health
from ..coach.model_health import Health
from ..config import Config
from ..device import choose_device, is_out_of_memory, seeded_rng, torch_device
from ..errors import GanvasError, cannot_be_read_now, did_you_mean, ganvas_command
from ..events import Note
from ..image_io import to_uint8
from ..models import build_generator
from ..models.base import Generator
from ..models.old_names import translate
from ..runs import Run
from ..translation import _
from .facts import facts_to_metadata
from .model_file import MODEL_FILE, read_health

BATCH = 16  # latents that are mapped together, always


class GeneratorModel:
    """The EMA generator of a run: z by seed, w that z leads to, and the images that are drawn from w.

    `sample(...)` is `synthesize(map(*latents(...)))`, to the bit.

    Args:
        network: the generator, with its batch-norm statistics recalibrated.
        config: configuration of the run that trained it.
        device: where to compute.
        run_name: name of the run folder, for the metadata of saved pictures.
        health: the coach's verdict on the training that the weights are from; None where it did not look.
    """

    def __init__(
        self, network: Generator, config: Config, device: torch.device, run_name: str, health: Health | None = None
    ) -> None:
        self.network = network.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)
        self.config, self.device, self.run_name, self.health = config, device, run_name, health

    def sample(
        self,
        count: int = 64,
        seed: int = 0,
        truncation: float = 1.0,
        label: str | None = None,
        first: int = 0,
        *,
        seeds: Sequence[int] | None = None,
    ) -> Tensor:
        """Return `count` images as uint8 (count, C, H, W) on the CPU.

        Image i depends only on the seed and on i, not on `count`.

        Args:
            count: number of images.
            seed: any integer.
            truncation: in [0, 1]; 1 samples the full distribution, smaller values give more typical and less varied
                images.
            label: name of the class, for a class-conditional run. With None, classes are sampled as often as they
                occur in the training data.
            first: index of the first image.
            seeds: if given, image 0 of each of these seeds is returned, and `count`, `seed` and `first` say nothing.

        Raises:
            GanvasError: `count` or `truncation` is out of range, or there is no such label.
        """
        if seeds is None:
            if count < 1:
                raise GanvasError(_("Cannot sample {count} pictures.").format(count=count), _("Try: --count 64"))
            z, labels = self.latents_at([(seed, index) for index in range(first, first + count)], label)
        else:
            z, labels = self.latents(seeds, label)
        return self.synthesize(self.map(z, labels, truncation))

    def latents(self, seeds: Sequence[int], label: str | None = None) -> tuple[Tensor, Tensor | None]:
        """Return z (N, z_dim) of image 0 of each seed, and their class indices (N,), or None without classes.

        Raises:
            GanvasError: there are no seeds, or there is no such label.
        """
        if not seeds:
            raise GanvasError(_("There are no seeds."), _("Try: --seeds 0-15"))
        return self.latents_at([(seed, 0) for seed in seeds], label)

    @torch.no_grad()
    def map(self, z: Tensor, labels: Tensor | None = None, truncation: float = 1.0) -> Tensor:
        """Return w (N, num_ws, w_dim) on the CPU, from which images are drawn.

        With a mapping (`stylegan2`) these are the styles of each layer, truncated. For `quick` and `keen` it is the
        code that the prior makes, for others z itself with what the network needs of the label; num_ws is 1.

        Args:
            z: (N, z_dim).
            labels: class indices (N,), if the run has classes.
            truncation: in [0, 1]; toward 0 images become more typical and more alike.

        Raises:
            GanvasError: `truncation` is out of range, z has another length, or labels are missing.
        """
        if not 0 <= truncation <= 1:
            raise GanvasError(
                _("Truncation {truncation} is not between 0 and 1.").format(truncation=truncation),
                _("Try: --truncation 0.7"),
            )
        if z.ndim != 2 or z.shape[1] != self.config.z_dim:
            shape = tuple(z.shape)
            raise GanvasError(
                _("z has the shape {shape}, not (N, {z_dim}).").format(shape=shape, z_dim=self.config.z_dim),
                _("Take `model.latents(seeds)`."),
            )
        if self.config.classes and labels is None:
            raise GanvasError(
                _("{run_name} has classes, and no labels are given.").format(run_name=self.run_name),
                _("See `model.latents(seeds)`."),
            )
        if labels is None or not self.config.classes:
            return _in_batches(lambda z: self.network.map(z, None, truncation), BATCH, self.device, z)
        return _in_batches(lambda z, labels: self.network.map(z, labels, truncation), BATCH, self.device, z, labels)

    @torch.no_grad()
    def synthesize(self, w: Tensor) -> Tensor:
        """Return the images drawn from w (N, num_ws, w_dim) as uint8 (N, C, H, W) on the CPU.

        An image is the same to the bit whatever else is drawn with it.

        Raises:
            GanvasError: w has another shape than this run's.
        """
        if w.ndim != 3 or w.shape[1:] != self.w_shape:
            shape, own = tuple(w.shape), ", ".join(map(str, self.w_shape))
            raise GanvasError(
                _("w has the shape {shape}, and {run_name} needs (N, {own}).").format(
                    shape=shape, run_name=self.run_name, own=own
                ),
                _("Take `model.map(z)`."),
            )
        return _in_batches(lambda w: to_uint8(self.network.synthesize(w)), self.network.sample_batch, self.device, w)

    def notes(self) -> Iterator[Note]:
        """Yield what whoever looks at the pictures should know: that the training was not healthy."""
        yield from model_health.notes(self.health)

    @property
    def has_mapping(self) -> bool:
        """Whether there is a space w of styles, in which to go from one image to another on straight lines.

        Where there is none, z lies about a sphere, and one goes along it.
        """
        return self.network.has_mapping

    @cached_property
    def w_shape(self) -> tuple[int, int]:
        """Number of w of an image, one for each layer or 1, and their length."""
        labels = torch.zeros(1, dtype=torch.long) if self.config.classes else None
        num_ws, w_dim = self.map(torch.zeros(1, self.config.z_dim), labels).shape[1:]
        return num_ws, w_dim

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the network's weights: latents fit to one network, and after more training to none."""
        digest = hashlib.blake2b(digest_size=8)
        for name, tensor in sorted(self.network.state_dict().items()):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)};".encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    def latents_at(self, drawn: Sequence[tuple[int, int]], label: str | None = None) -> tuple[Tensor, Tensor | None]:
        """Return z (N, z_dim) and class indices (N,), or None, of images given by their seeds and indices."""
        z = torch.cat([sample_latents(seed, range(index, index + 1), self.config.z_dim) for seed, index in drawn])
        return z, self._class_indices(drawn, label)

    def _class_indices(self, drawn: Sequence[tuple[int, int]], label: str | None) -> Tensor | None:
        """Return the class index of each image, or None for an unconditional run."""
        classes = self.config.classes
        if not classes:
            if label is not None:
                raise GanvasError(
                    _("{run_name} was trained without labels.").format(run_name=self.run_name),
                    _("Leave out --label, or train with --conditional on a folder with one sub-folder per class."),
                )
            return None
        if label is None:
            return torch.tensor([sample_label(seed, index, self.config) for seed, index in drawn])
        if label not in classes:
            raise GanvasError(
                _("{run_name} has no label '{label}'.{suggestion}").format(
                    run_name=self.run_name, label=label, suggestion=did_you_mean(label, list(classes))
                ),
                _("Labels: {names}{more}").format(
                    names=", ".join(classes[:20]), more=" ..." if len(classes) > 20 else ""
                ),
            )
        return torch.full((len(drawn),), classes.index(label))


def _in_batches(compute: Callable[..., Tensor], batch: int, device: torch.device, *rows: Tensor) -> Tensor:
    """Return what `compute` makes of rows (N, ...), taken to the device `batch` at once, (N, ...) on the CPU.

    Every batch has the same size, since with another one sums may be rounded differently: the last is filled up with
    its first row.
    """
    results = []
    for parts in zip(*(torch.split(each, batch) for each in rows), strict=True):
        count = len(parts[0])
        full = (torch.cat([part, part[:1].expand(batch - count, *part.shape[1:])]).to(device) for part in parts)
        results.append(compute(*full)[:count].cpu().contiguous())
    return torch.cat(results)


def sample_latents(seed: int, indices: range, dim: int) -> Tensor:
    """Return z ~ N(0, I) of shape (len(indices), dim); each row depends only on the seed and its index."""
    return torch.stack([torch.randn(dim, generator=seeded_rng(seed, index, "latent")) for index in indices])


def sample_label(seed: int, index: int, config: Config) -> int:
    """Return a class index for this seed and index, with the class frequencies of the training data."""
    counts = config.class_counts or (1,) * len(config.classes)  # older runs have no counts
    weights = torch.tensor(counts, dtype=torch.float64)
    return int(torch.multinomial(weights, 1, generator=seeded_rng(seed, index, "label")))


def load(run: Path | str, device: str = "auto") -> GeneratorModel:
    """Load the generator of a run.

    Args:
        run: the run folder.
        device: "auto", "cpu", "cuda", "cuda:1" or "mps".

    Raises:
        GanvasError: there is no run, it has no model yet, or the model file is damaged.
    """
    paths = Run(run)
    config = paths.read_config()
    file = paths.model / MODEL_FILE
    if not file.is_file():
        raise GanvasError(
            _("{run} has no trained generator yet.").format(run=run),
            _("Continue the training: {command}").format(command=ganvas_command("train", "--out", run)),
        )
    try:
        tensors = translate(load_file(file), config.generator.name)
        with torch.device("meta"):  # a stranger's config may name any size: compared before memory is taken for it
            build_generator(config).load_state_dict(tensors, assign=True)
        network = build_generator(config)
        network.load_state_dict(tensors)
    except OSError as error:
        raise cannot_be_read_now(file, error) from error
    except (SafetensorError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        reason = str(error).splitlines()[0]
        raise GanvasError(
            _("{file} is damaged or belongs to another network: {reason}").format(file=file, reason=reason),
            _("Try: {command}").format(command=ganvas_command("train", "--out", run)),
        ) from error
    if not all(tensor.isfinite().all() for tensor in network.state_dict().values() if tensor.is_floating_point()):
        raise GanvasError(
            _("{file} holds numbers that are not finite: it would draw black pictures.").format(file=file),
            _("See what went wrong: {command}").format(command=ganvas_command("doctor", run)),
        )
    return GeneratorModel(network, config, torch_device(choose_device(device)), paths.folder.name, read_health(paths))


def save_network(run: Run, network: nn.Module, step: int, images_seen: int, health: Health | None = None) -> None:
    """Write `network` as the run's model, atomically.

    Args:
        run: the run folder.
        network: the generator.
        step, images_seen: how long it was trained.
        health: the verdict on the training when it had these weights.
    """
    tensors = {key: tensor.detach().cpu().contiguous() for key, tensor in network.state_dict().items()}
    facts = {"step": step, "images": images_seen, **model_health.to_metadata(health)}
    write_atomically(run.model / MODEL_FILE, save(tensors, facts_to_metadata(facts)))
