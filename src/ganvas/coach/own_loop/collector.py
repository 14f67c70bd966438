"""An onlooker in somebody's own loop: takes the signs of what is there to be seen, and leaves no trace."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ...device import seeded_rng
from ...errors import lookup
from ..measurement import health_metrics
from ..measurement.dead_units import dead_unit_share
from ..measurement.health_metrics import REFERENCE_COUNT, SAMPLE_COUNT
from . import validate
from .probe import copy_of, run_copy, without_side_effects

MIN_SAMPLES = 8  # of fewer, nobody can say how varied they are
NETWORKS = {"generator": "generator", "discriminator": "discriminator"}
WITHOUT_DISCRIMINATOR = (
    "Leave out discriminator=, and give observe() the real_logits and fake_logits that your loop has anyway."
)
WITHOUT_LATENTS = "Leave out latents=, and give observe() samples."


class Collector:
    """Hold what a user has given once: see `Coach` for what each of it is."""

    def __init__(
        self,
        real: Tensor | None,
        held_out: Tensor | None,
        generator: nn.Module | None,
        latents: Tensor | None,
        discriminator: nn.Module | None,
        optimizers: Mapping[str, Optimizer],
    ) -> None:
        self._generator, self._discriminator = generator, discriminator
        self._latents = None if latents is None else latents.detach()[:SAMPLE_COUNT]
        self._optimizers = {lookup(NETWORKS, name, "optimiser"): each for name, each in optimizers.items()}
        self._real_stats: health_metrics.RealStats | None = None
        self.real: Tensor | None = None
        self._held_out: Tensor | None = None
        self._facts = {} if latents is None else {"latent_dim": float(latents[:1].numel())}
        if real is not None:
            self._measure_reals(validate.images("The real pictures", real, min_count=1))
        if held_out is not None:
            unseen = validate.images("The held-out pictures", held_out, like=self.real)[:SAMPLE_COUNT]
            self._held_out = validate.in_range("The held-out pictures", unseen)

    def _measure_reals(self, real: Tensor) -> None:
        """Look at some of the real pictures, always the same ones of a set."""
        order = torch.randperm(len(real), generator=seeded_rng("coach"))[:REFERENCE_COUNT]
        chosen = validate.in_range("The real pictures", real[order.to(real.device)])
        with without_side_effects([chosen]):
            self._real_stats = health_metrics.measure_reals(chosen)
        self.real = chosen[:SAMPLE_COUNT]
        self._facts |= health_metrics.real_metrics(self._real_stats)

    def collect(self, tensors: Mapping[str, Tensor], losses: Mapping[str, float]) -> dict[str, float]:
        """Return all signs but those of the losses' course.

        Args:
            seen: samples, real_logits, fake_logits, held_out_logits of the loop; what lacks is asked for.
            losses: the last ones.
        """
        metrics = dict(self._facts)
        for side, optimiser in self._optimizers.items():
            metrics |= health_metrics.optimizer_metrics(side, optimiser)
        with without_side_effects(self._one_per_device(tensors)):
            tensors = self._run_networks(tensors) | dict(tensors)
            metrics |= self._sample_metrics(tensors.get("samples")) | _logit_metrics(tensors)
        finite = {name: 0.0 if bool(each.isfinite().all()) else math.nan for name, each in tensors.items()}
        metrics["finite"] = health_metrics.finite_share(self._weight_modules(), {**losses, **finite})
        return metrics

    def _run_networks(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return samples and logits, of what was not seen, as the networks give them."""
        answers: dict[str, Tensor] = {}
        if self._generator is not None and self._latents is not None and "samples" not in tensors:
            made = run_copy("generator", self._generator, self._latents, hint=WITHOUT_LATENTS)
            answers["samples"] = validate.images("The generator's samples", made, like=self.real)
        if self._discriminator is None or "real_logits" in tensors:
            return answers
        inputs = {"real": self.real, "fake": tensors.get("samples", answers.get("samples")), "held_out": self._held_out}
        for name, each in inputs.items():
            if each is not None and len(each):
                made = run_copy("discriminator", self._discriminator, each, hint=WITHOUT_DISCRIMINATOR)
                answers[f"{name}_logits"] = validate.logits("discriminator's logits", made)
        return answers

    def _sample_metrics(self, samples: Tensor | None) -> dict[str, float]:
        """Return the signs in samples, compared with real pictures if some are known, and the dead units."""
        metrics: dict[str, float] = {}
        if samples is not None and len(samples) >= MIN_SAMPLES:
            if self._real_stats is None:
                metrics["near_copies"] = health_metrics.measure_images(samples).near_copies
            else:
                metrics |= health_metrics.sample_metrics(samples, self._real_stats)
        if self._generator is not None and self._latents is not None:
            plain = copy_of(self._generator)
            metrics["generator_dead_units"] = dead_unit_share(
                plain, self._latents.to(next(plain.parameters(), self._latents))
            )
        return metrics

    def _weight_modules(self) -> list[nn.Module]:
        """Return what holds the weights: the networks, or lists of what their optimisers move."""
        networks = {"generator": self._generator, "discriminator": self._discriminator}
        modules = {name: each for name, each in networks.items() if each is not None}
        for side, optimiser in self._optimizers.items():
            weights = (each for group in optimiser.param_groups for each in group["params"])
            modules.setdefault(side, nn.ParameterList(weights))
        return list(modules.values())

    def _one_per_device(self, tensors: Mapping[str, Tensor]) -> list[Tensor]:
        """Return a tensor on each device that a look works on."""
        weights = [next(each.parameters(), None) for each in self._weight_modules()]
        return [each for each in (self.real, self._latents, *tensors.values(), *weights) if each is not None]


def _logit_metrics(tensors: Mapping[str, Tensor]) -> dict[str, float]:
    """Return the signs in logits, if there are some of real pictures and of samples."""
    real, fake = tensors.get("real_logits"), tensors.get("fake_logits")
    if real is None or fake is None or not len(real) or not len(fake):
        return {}
    return health_metrics.logit_metrics(real, fake, tensors.get("held_out_logits"))
