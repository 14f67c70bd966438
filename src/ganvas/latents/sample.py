"""A trained generator, loaded from a run, that samples images by seed."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from ..config import Config
from ..device import choose_device, is_out_of_memory, seeded_rng, torch_device
from ..errors import GanvasError, cannot_be_read_now, did_you_mean, ganvas_command
from ..image_io import to_uint8, write_atomically
from ..models import build_generator
from ..models.base import Generator
from ..models.old_names import translate
from ..runs import Run
from ..typed_json import parse_json
from ..version import __version__

MODEL_FILE = "generator.safetensors"


class GeneratorModel:
    """The EMA generator of a run, for sampling.

    Args:
        network: the generator, with its batch-norm statistics recalibrated.
        config: configuration of the run that trained it.
        device: where to compute.
        run_name: name of the run folder, for the metadata of saved pictures.
    """

    def __init__(self, network: Generator, config: Config, device: torch.device, run_name: str) -> None:
        self.network = network.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)
        self.config, self.device, self.run_name = config, device, run_name

    @torch.inference_mode()
    def sample(
        self, count: int, seed: int = 0, truncation: float = 1.0, label: str | None = None, first: int = 0
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

        Raises:
            GanvasError: `count` or `truncation` is out of range, or there is no such label.
        """
        if count < 1:
            raise GanvasError(f"Cannot sample {count} pictures.", "Try: --count 64")
        if not 0 <= truncation <= 1:
            raise GanvasError(f"Truncation {truncation} is not between 0 and 1.", "Try: --truncation 0.7")
        batches = []
        for start in range(first, first + count, 64):
            indices = range(start, min(start + 64, first + count))
            z = sample_latents(seed, indices, self.config.z_dim).to(self.device)
            labels = self._class_indices(seed, indices, label)
            images = self.network.sample(z, None if labels is None else labels.to(self.device), truncation)
            batches.append(to_uint8(images).cpu().contiguous())
        return torch.cat(batches)

    def _class_indices(self, seed: int, indices: range, label: str | None) -> Tensor | None:
        """Return the class index of each image, or None for an unconditional run."""
        classes = self.config.classes
        if not classes:
            if label is not None:
                raise GanvasError(
                    f"{self.run_name} was trained without labels.",
                    "Leave out --label, or train with --conditional on a folder with one sub-folder per class.",
                )
            return None
        if label is None:
            return torch.tensor([sample_label(seed, index, self.config) for index in indices])
        if label not in classes:
            raise GanvasError(
                f"{self.run_name} has no label '{label}'.{did_you_mean(label, list(classes))}",
                f"Labels: {', '.join(classes[:20])}{' ...' if len(classes) > 20 else ''}",
            )
        return torch.full((len(indices),), classes.index(label))


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
            f"{run} has no trained generator yet.", f"Continue the training: {ganvas_command('train', '--out', run)}"
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
            f"{file} is damaged or belongs to another network: {reason}",
            f"Try: {ganvas_command('train', '--out', run)}",
        ) from error
    if not all(tensor.isfinite().all() for tensor in network.state_dict().values() if tensor.is_floating_point()):
        raise GanvasError(
            f"{file} holds numbers that are not finite: it would draw black pictures.",
            f"See what went wrong: {ganvas_command('doctor', run)}",
        )
    return GeneratorModel(network, config, torch_device(choose_device(device)), paths.folder.name)


def save_network(run: Run, network: nn.Module, step: int, images_seen: int) -> None:
    """Write `network` as the run's model, atomically.

    Args:
        run: the run folder.
        network: the generator.
        step, images_seen: how long it was trained.
    """
    tensors = {key: tensor.detach().cpu().contiguous() for key, tensor in network.state_dict().items()}
    training_length = {"step": step, "images": images_seen, "software": f"ganvas {__version__}"}
    metadata = {"ganvas": json.dumps(training_length)}  # one entry, since safetensors writes several in random order
    write_atomically(run.model / MODEL_FILE, save(tensors, metadata))


def read_training_length(run: Run) -> tuple[int, int] | None:
    """Return the steps and the images seen with which the run's model was trained; None if the file does not say."""
    try:
        with safe_open(run.model / MODEL_FILE, "pt") as file:
            training_length = parse_json((file.metadata() or {})["ganvas"])
        step, images_seen = training_length["step"], training_length["images"]
    except (OSError, SafetensorError, KeyError, ValueError, TypeError):
        return None
    return (step, images_seen) if type(step) is int and type(images_seen) is int else None
