"""Pivotal tuning: a copy of the generator is moved a little, so that it draws given pictures from their latents.

Roich et al. 2021, "Pivotal Tuning for Latent-based Editing of Real Images". The latents stand still; the weights learn
the pictures. What is drawn from other latents is kept near to what it was (section 3.3 there), so that walks and mixes
still look like the run. All pictures are learned by one copy, so that it can walk from one to the other.
"""

import copy
import hashlib
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...device import seeded_rng
from ...events import Event, Note, Progress, Projected
from ...image_io import read_metadata, to_float, to_uint8
from ...models.stylegan2_layers import SynthesisLayer
from ...runs import Run
from ...translation import N_, _
from ..latent_files import read_latents
from ..model_file import MODEL_FILE, read_training_length
from ..sample import GeneratorModel, save_network
from .embedding import Embedding, as_shown, distances
from .pictures import Target
from .results import FINISHED, INTERRUPTED, Result, writing

FOLDER = "tuned"  # in the folder of the results
LEAST_LR = 1e-3  # of Adam; that of the training where it was higher, as in networks with equalized weights
NOT_DRAWING = ("discriminator", "prior")  # optimizers that move nothing which draws
STYLES_LR = 5e-4  # of networks that draw from styles: at the rate of the training, pictures come out worse than found
BATCH = 4  # pictures of a step, and as many others
LOCALITY_WEIGHT = 0.5  # of what changes elsewhere
NOISE_WEIGHT = 1.0  # of what neighbours in the noise have to do with each other
COARSEST_NOISE = 8  # pixels, down to which that is asked at every size


def tune(
    model: GeneratorModel,
    run: Run,
    out: Path,
    targets: Sequence[Target],
    results: Mapping[str, Result],
    marks: Mapping[str, str],
    steps: int,
) -> Generator[Event, None, str]:
    """Write a tuned generator to out/tuned and what it draws, and return why it ended.

    Args:
        targets: pictures whose latents are found.
        results: their files, by name.
        marks: what tells pictures and network, by name.
        steps: for each batch of pictures.

    Raises:
        GanvasError: a file cannot be written, or a latent is damaged.
    """
    tuned = Run(out / FOLDER)
    mark = hashlib.blake2b(repr(sorted(marks[each.name] for each in targets)).encode(), digest_size=8).hexdigest()
    if _is_tuned([results[each.name] for each in targets], tuned, mark):
        yield Note(_("The generator was tuned to these pictures already."))
        return FINISHED
    w = torch.cat([read_latents(results[each.name].latent, model) for each in targets])
    images = to_float(torch.stack([each.image for each in targets]))
    network, reason = copy.deepcopy(model.network), FINISHED
    work = Tuning(model, network, w, images, steps)
    try:
        for done in work.run():
            yield Progress(N_("tuning"), done, work.steps)
    except KeyboardInterrupt:
        reason = INTERRUPTED
    moved = GeneratorModel(network, model.config, model.device, FOLDER)
    with writing(out):
        tuned.write_config(model.config)
        save_network(tuned, network, *(read_training_length(run) or (0, 0)), model.health)
    for target, each, distance in zip(targets, w, work.distances(), strict=True):
        result = results[target.name]
        before = read_metadata(result.picture)
        facts = {"tuned_mark": mark, "reason": reason, "distance": f"{distance:.4f}"}
        result.write_tuned(moved, each, facts)
        found, nearest = (float(before[key]) for key in ("distance", "nearest"))
        yield Projected(
            picture=str(target.path),
            path=str(result.tuned_picture),
            distance=found,
            nearest=nearest,
            tuned=distance,
            label=before.get("label", ""),
        )
    return reason


class Tuning:
    """The steps by which a generator's copy learns pictures.

    Args:
        model: the generator as it was.
        network: its copy, which is changed.
        w: (N, num_ws, w_dim), the latents of the pictures.
        images: (N, C, H, W) in [-1, 1], the pictures.
        steps: for each batch of them.
    """

    def __init__(self, model: GeneratorModel, network: nn.Module, w: Tensor, images: Tensor, steps: int) -> None:
        self.model, self.network, self.w = model, network, w.to(model.device)
        self.embedding = Embedding(model.config.shape)
        with torch.no_grad():
            self.targets = torch.cat([self.embedding(each[None].to(model.device)) for each in images])
        self.steps = steps * -(-len(w) // BATCH)

    def run(self) -> Generator[int, None, None]:
        """Yield the number of steps done."""
        noises = [each.noise_const for each in self.network.modules() if isinstance(each, SynthesisLayer)]
        parameters = [*self.network.parameters(), *noises]
        for parameter in parameters:
            parameter.requires_grad_(True)
        rates = [each.lr for name, each in self.model.config.optimizers.items() if name not in NOT_DRAWING]
        lr, rng = STYLES_LR if self.model.has_mapping else max(LEAST_LR, *rates), seeded_rng(0, "tuning")
        adam = torch.optim.Adam(parameters, lr, betas=(0.9, 0.99))
        for step in range(self.steps):
            adam.param_groups[0]["lr"] = lr * min(1.0, 2 * (1 - step / self.steps))
            chosen = torch.randperm(len(self.w), generator=rng)[:BATCH].to(self.w.device)
            loss = distances(self._drawn(self.w[chosen]), self.targets[chosen]).mean()
            loss = loss + LOCALITY_WEIGHT * self._change_elsewhere(self.w[chosen], rng)
            loss = loss + NOISE_WEIGHT * sum(map(correlation, noises), torch.zeros((), device=self.w.device))
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
            with torch.no_grad():
                for noise in noises:
                    noise.sub_(noise.mean()).div_(noise.std(correction=0).clamp_min(1e-6))
            yield step + 1
        for parameter in parameters:
            parameter.requires_grad_(False)

    @torch.no_grad()
    def distances(self) -> list[float]:
        """Return how far each picture is from what is drawn now."""
        network: Any = self.network
        drawn = (to_float(to_uint8(network.synthesize(w[None]))) for w in self.w)
        return [
            float(distances(self.embedding(each), target)) for each, target in zip(drawn, self.targets, strict=True)
        ]

    def _drawn(self, w: Tensor) -> Tensor:
        vectors: Tensor = self.embedding(as_shown(self.network.synthesize(w)))  # type: ignore[operator]
        return vectors

    def _change_elsewhere(self, pivots: Tensor, rng: torch.Generator) -> Tensor:
        """Return how much has changed of what is drawn between the pictures' latents and random ones."""
        z = torch.randn(len(pivots), self.model.config.z_dim, generator=rng)
        classes = len(self.model.config.classes)
        labels = torch.randint(classes, (len(z),), generator=rng) if classes else None
        share = (1 - torch.rand(len(z), 1, 1, generator=rng) / 2).to(pivots.device)  # what is nearer has to change
        w = torch.lerp(pivots, self.model.map(z, labels).to(pivots.device), share)
        with torch.no_grad():
            before = self.embedding(as_shown(self.model.network.synthesize(w)))
        return distances(self._drawn(w), before).mean()


def correlation(noise: Tensor) -> Tensor:
    """Return how much each pixel of noise (H, W) says of its neighbours, at its size and all smaller ones; 0 is noise.

    Source: Karras et al. 2020, appendix D.
    """
    total, noise = torch.zeros((), device=noise.device), noise[None, None]
    while True:
        for dimension in (2, 3):
            total = total + (noise * noise.roll(1, dimension)).mean().square()
        if min(noise.shape[2:]) <= COARSEST_NOISE:
            return total
        noise = 2 * F.avg_pool2d(noise, 2)


def _is_tuned(results: Sequence[Result], tuned: Run, mark: str) -> bool:
    found = (read_metadata(result.tuned_picture) for result in results)
    all_drawn = all(each.get("tuned_mark") == mark and each.get("reason") == FINISHED for each in found)
    return all_drawn and (tuned.model / MODEL_FILE).is_file() and all(each.tuned_latent.is_file() for each in results)
