"""A trained generator, ready for use: load it from a run, ask it for pictures by seed."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from ..config import Config
from ..device import choose_device, random_at, use
from ..errors import GanvasError, did_you_mean
from ..image_io import to_uint8, write_atomically
from ..models import build_generator
from ..models.stylegan2 import StyleGAN2Generator
from ..runs import Run
from ..version import __version__

MODEL = "generator.safetensors"


class GeneratorModel:
    """Make pictures from seeds with the averaged generator of a run.

    Args:
        network: the generator, its statistics settled.
        config: of the run that trained it.
        device: where it works.
        run: the run folder's name, for the pictures' metadata.
    """

    def __init__(self, network: nn.Module, config: Config, device: torch.device, run: str) -> None:
        self.network = network.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)
        self.config, self.device, self.run = config, device, run

    @torch.inference_mode()
    def sample(
        self, count: int, seed: int = 0, truncation: float = 1.0, label: str | None = None, first: int = 0
    ) -> Tensor:
        """Return `count` pictures as uint8 (count, C, H, W) on the processor.

        Picture i depends on seed and i alone, not on `count`.

        Args:
            count: how many.
            seed: any whole number.
            truncation: 1 draws from everything that was learned; towards 0 pictures become safer and more alike.
            label: the class to draw, for a run with labels; None draws classes as often as the pictures have them.
            first: index of the first picture.

        Raises:
            GanvasError: `count` or `truncation` is out of range, or there is no such label.
        """
        if count < 1:
            raise GanvasError(f"Cannot sample {count} pictures.", "Ask for 1 or more: --count 64")
        if not 0 <= truncation <= 1:
            raise GanvasError(f"Truncation {truncation} is not between 0 and 1.", "Try: --truncation 0.7")
        batches = []
        for start in range(first, first + count, 64):
            indices = range(start, min(start + 64, first + count))
            z = draw_latents(seed, indices, self.config.latent).to(self.device)
            labels = self._labels(seed, indices, label)
            pictures = self._draw(z, None if labels is None else labels.to(self.device), truncation)
            batches.append(to_uint8(pictures).cpu().contiguous())
        return torch.cat(batches)

    def _draw(self, z: Tensor, labels: Tensor | None, truncation: float) -> Tensor:
        """Return pictures in [-1, 1]; a network with styles is truncated in these (Karras et al. 2019, appendix B)."""
        if isinstance(self.network, StyleGAN2Generator):
            pictures: Tensor = self.network(z, labels, truncation)
        else:
            pictures = self.network(truncation * z, *(() if labels is None else (labels,)))
        return pictures

    def _labels(self, seed: int, indices: range, label: str | None) -> Tensor | None:
        """Return the class of each picture, or None for a run without labels."""
        classes = self.config.classes
        if not classes:
            if label is not None:
                raise GanvasError(f"{self.run} knows no labels.", "Train with --labels on a folder of sub-folders.")
            return None
        if label is None:
            return torch.tensor([draw_label(seed, index, self.config) for index in indices])
        if label not in classes:
            raise GanvasError(
                f"{self.run} has no label '{label}'.{did_you_mean(label, list(classes))}",
                f"It has: {', '.join(classes[:20])}{' ...' if len(classes) > 20 else ''}",
            )
        return torch.full((len(indices),), classes.index(label))


def draw_latents(seed: int, indices: range, length: int) -> Tensor:
    """Return z ~ N(0, I) for each index, (len(indices), length), each depending on seed and index alone."""
    return torch.stack([torch.randn(length, generator=random_at(seed, index, "latent")) for index in indices])


def draw_label(seed: int, index: int, config: Config) -> int:
    """Return a class for the picture of this seed and index, as often as the run's pictures have it."""
    counts = config.class_counts or (1,) * len(config.classes)  # older runs do not tell
    weights = torch.tensor(counts, dtype=torch.float64)
    return int(torch.multinomial(weights, 1, generator=random_at(seed, index, "label")))


def load(run: Path | str, device: str = "auto") -> GeneratorModel:
    """Return the generator of `run` (a run folder), ready to sample.

    Raises:
        GanvasError: there is no run, no model in it yet, or its file is damaged.
    """
    where = Run(run)
    config = where.read_config()
    file = where.model / MODEL
    if not file.is_file():
        raise GanvasError(f"{run} holds no trained generator yet.", f"Go on with: ganvas train --out {run}")
    network = build_generator(config)
    try:
        network.load_state_dict(load_file(file))
    except (SafetensorError, RuntimeError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise GanvasError(
            f"{file} is damaged or of another network: {reason}", f"Try: ganvas train --out {run}"
        ) from error
    return GeneratorModel(network, config, use(choose_device(device)), where.folder.name)


def save_network(run: Run, network: nn.Module, step: int, images: int) -> None:
    """Write `network`, trained for `step` steps on `images` pictures, as the run's model, whole or not at all."""
    tensors = {key: tensor.detach().cpu().contiguous() for key, tensor in network.state_dict().items()}
    age = {"step": step, "images": images, "software": f"ganvas {__version__}"}
    about = {"ganvas": json.dumps(age)}  # one entry, since safetensors writes several in an order left to chance
    write_atomically(run.model / MODEL, save(tensors, about))


def read_age(run: Run) -> tuple[int, int] | None:
    """Return the steps and the pictures that the run's model was trained for; None if it does not say."""
    try:
        with safe_open(run.model / MODEL, "pt") as file:
            age = json.loads((file.metadata() or {})["ganvas"])
        return int(age["step"]), int(age["images"])
    except (OSError, SafetensorError, KeyError, ValueError, TypeError):
        return None
