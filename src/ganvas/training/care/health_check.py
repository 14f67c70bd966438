"""An examination of a training's health: the signs of `ganvas.coach`, taken of a state. Looking changes nothing."""

import copy
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ...coach.measurement import health_metrics
from ...coach.measurement.averages import loss_signs
from ...coach.measurement.dead_units import dead_part, observed
from ...coach.measurement.health_metrics import COUNT, KNOWN
from ...coach.measurement.metric_names import SIGNS
from ...coach.sides import MOVED, side_of
from ...config import Config, PhaseConfig
from ...data.prepare import Prepared
from ...data.split import split
from ...device import random_at
from ...events import Signs
from ...image_io import to_float
from ...losses import of_pictures
from ...models.multiscale import MultiscaleGenerator
from ...models.quick import QuickGenerator
from ...planning.schedule import annealed, progress
from ..state import State
from ..steps.adversarial import d_logits
from ..steps.batch import Draw, alike, draw, effective, fakes


class Examiner:
    """Examine a run, always by the same latents and the same pictures, so that what changes is the training's doing."""

    def __init__(self, config: Config, data: Prepared, device: torch.device) -> None:
        self._data, self._device = data, device
        parts = split(data.count, config.held_out)
        known = np.random.default_rng((config.seed, COUNT)).permutation(parts.train)[:KNOWN]
        self._shown, self._held_out = known[:COUNT], parts.held_out[:COUNT]
        self._reference = health_metrics.reference(to_float(self._pictures(known).to(device)))
        self._facts = {"pictures": float(len(parts.train)), **health_metrics.real_signs(self._reference)}

    def examine(self, state: State, config: Config, phase: PhaseConfig, losses: dict[str, float]) -> Signs:
        """Return the signs of `state` after a step of `phase` that gave `losses`.

        Args:
            config: with all that was prescribed in it.
        """
        moved = MOVED[phase.name]
        values = self._facts | {"latent": float(config.latent), "patience": float(config.patience)}
        if phase.batch:
            values["batch"] = float(phase.batch * config.balance.accumulate)
        values |= {name: each for name, each in loss_signs(state.averages, losses).items() if name in SIGNS}
        values["finite"] = health_metrics.finite(state.networks().values(), losses)
        for name in moved:
            values |= health_metrics.optimiser_signs(side_of(name), state.optimisers[name])
        values |= self._look(state, config, phase.name, "discriminator" in moved)
        return Signs(state.step, state.images, progress(config, state.step), phase.name, values)

    @torch.no_grad()
    def _look(self, state: State, config: Config, phase: str, judged: bool) -> dict[str, float]:
        """Return the signs in what copies of the networks make of the same latents and pictures.

        The copies work as in training, batch statistics included; while an autoencoder learns to draw, its
        reconstructions are looked at.
        """
        config = annealed(config, state.step)
        augmented = effective(state, config)
        material = replace(self._material(config, self._shown), augmented=augmented)
        drawing: nn.Module = state.generator
        inputs: tuple[Tensor, ...] = (material.latents,)
        if phase == "autoencode" and isinstance(state.generator, QuickGenerator) and state.encoder is not None:
            drawing, inputs = state.generator.decoder, (copy.deepcopy(state.encoder)(material.real),)
        elif material.labels is not None:
            inputs = material.latents, material.labels
        samples, layers = observed(drawing, *inputs)
        found = health_metrics.sample_signs(samples, self._reference)
        found["generator_dead"] = dead_part(layers)
        if judged:
            seeing = replace(state, discriminator=copy.deepcopy(state.discriminator))
            if isinstance(state.generator, MultiscaleGenerator):  # as it is trained: on the scales that are drawn
                samples = fakes(copy.deepcopy(state.generator), config, material)
            shown = alike(state.generator, material).real, samples
            logits = [of_pictures(d_logits(seeing, config, material, each)) for each in shown]
            if len(self._held_out):
                unseen = replace(self._material(config, self._held_out), augmented=augmented)
                logits.append(of_pictures(d_logits(seeing, config, unseen, alike(state.generator, unseen).real)))
            found |= health_metrics.logit_signs(*logits)
        return found

    def _material(self, config: Config, chosen: npt.NDArray[np.int64]) -> Draw:
        """Return the chosen pictures, not mirrored, with the latents and labels that belong to them."""
        known = self._data.labels if config.classes else None
        labels = None if known is None else torch.from_numpy(known[chosen])
        random = random_at(config.seed, "examination", device=self._device)
        return draw(replace(config, flip=False), self._pictures(chosen), labels, random, self._device)

    def _pictures(self, chosen: npt.NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(np.array(self._data.pictures[chosen]))
