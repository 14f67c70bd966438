"""Collection of health metrics in a user's own training loop, without side effects."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ...device import seeded_rng
from ...errors import lookup
from ...translation import N_, _
from ..measurement import health_metrics
from ..measurement.dead_units import dead_unit_share
from ..measurement.health_metrics import DISTANCE_COUNT, REFERENCE_COUNT, SAMPLE_COUNT
from . import validate
from .probe import copy_of, run_copy, without_side_effects

MIN_SAMPLES = 8  # with fewer, diversity cannot be measured
NETWORKS = {"generator": "generator", "discriminator": "discriminator"}
WITHOUT_DISCRIMINATOR = N_("Leave out discriminator=, and pass your loop's real_logits and fake_logits to observe().")
WITHOUT_LATENTS = N_("Leave out latents=, and pass samples to observe().")


class Collector:
    """The networks, optimizers and pictures that a user has passed to `Coach`, and how to measure them."""

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
        self._all_latents = None if latents is None else latents.detach()[:DISTANCE_COUNT]
        self._latents = None if self._all_latents is None else self._all_latents[:SAMPLE_COUNT]
        self._optimizers = {lookup(NETWORKS, name, N_("optimizer")): each for name, each in optimizers.items()}
        self._real_stats: health_metrics.RealStats | None = None
        self.real: Tensor | None = None
        self._held_out: Tensor | None = None
        self._facts = {} if latents is None else {"latent_dim": float(latents[:1].numel())}
        if real is not None:
            self._measure_reals(validate.images(_("The real pictures"), real, min_count=1))
        if held_out is not None:
            unseen = validate.images(_("The held-out pictures"), held_out, like=self.real)[:SAMPLE_COUNT]
            self._held_out = validate.in_range(_("The held-out pictures"), unseen)

    def _measure_reals(self, real: Tensor) -> None:
        """Measure a random choice of the real pictures, always the same for the same number of pictures."""
        order = torch.randperm(len(real), generator=seeded_rng("coach"))[:REFERENCE_COUNT]
        chosen = validate.in_range(_("The real pictures"), real[order.to(real.device)])
        with without_side_effects([chosen]):
            self._real_stats = health_metrics.measure_reals(chosen)
        self.real = chosen[:SAMPLE_COUNT]
        self._facts |= health_metrics.real_metrics(self._real_stats)

    def collect(self, tensors: Mapping[str, Tensor], losses: Mapping[str, float]) -> dict[str, float]:
        """Return all metrics except the averages of losses.

        Args:
            tensors: the loop's samples, real_logits, fake_logits, held_out_logits; missing ones are computed if
                possible.
            losses: the last ones.
        """
        metrics = dict(self._facts)
        for side, optimizer in self._optimizers.items():
            metrics |= health_metrics.optimizer_metrics(side, optimizer)
        with without_side_effects(self._one_per_device(tensors)):
            tensors = self._run_networks(tensors) | dict(tensors)
            metrics |= self._sample_metrics(tensors.get("samples")) | _logit_metrics(tensors)
        finite = {name: 0.0 if bool(each.isfinite().all()) else math.nan for name, each in tensors.items()}
        metrics["finite"] = health_metrics.finite_share(self._weight_modules(), {**losses, **finite})
        return metrics

    def distance(self) -> float:
        """Return the Frechet distance of samples of the latents from the real pictures; NaN where it is not known."""
        if self._generator is None or self._all_latents is None or self._real_stats is None:
            return math.nan
        generator, parts = self._generator, torch.split(self._all_latents, SAMPLE_COUNT)
        with without_side_effects(self._one_per_device({})):
            outputs = [run_copy("generator", generator, each, hint=_(WITHOUT_LATENTS)) for each in parts]
            return health_metrics.sample_distance(torch.cat(outputs), self._real_stats)

    def _run_networks(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the samples and logits that are not in `tensors`, computed by copies of the networks."""
        outputs: dict[str, Tensor] = {}
        if self._generator is not None and self._latents is not None and "samples" not in tensors:
            output = run_copy("generator", self._generator, self._latents, hint=_(WITHOUT_LATENTS))
            outputs["samples"] = validate.images(_("The generator's samples"), output, like=self.real)
        if self._discriminator is None or "real_logits" in tensors:
            return outputs
        inputs = {"real": self.real, "fake": tensors.get("samples", outputs.get("samples")), "held_out": self._held_out}
        for name, each in inputs.items():
            if each is not None and len(each):
                output = run_copy("discriminator", self._discriminator, each, hint=_(WITHOUT_DISCRIMINATOR))
                outputs[f"{name}_logits"] = validate.logits(_("discriminator's logits"), output)
        return outputs

    def _sample_metrics(self, samples: Tensor | None) -> dict[str, float]:
        """Return the metrics of samples, compared with real pictures if there are any, and of the generator's units."""
        metrics: dict[str, float] = {}
        if samples is not None and len(samples) >= MIN_SAMPLES:
            if self._real_stats is None:
                metrics["near_copies"] = health_metrics.measure_images(samples).near_copies
            else:
                metrics |= health_metrics.sample_metrics(samples, self._real_stats)
        if self._generator is not None and self._latents is not None:
            generator = copy_of(self._generator)
            latents = self._latents.to(next(generator.parameters(), self._latents))
            metrics["generator_dead_units"] = dead_unit_share(generator, latents)
        return metrics

    def _weight_modules(self) -> list[nn.Module]:
        """Return the networks, or lists of their optimizers' parameters where a network is not known."""
        networks = {"generator": self._generator, "discriminator": self._discriminator}
        modules = {name: each for name, each in networks.items() if each is not None}
        for side, optimizer in self._optimizers.items():
            weights = (each for group in optimizer.param_groups for each in group["params"])
            modules.setdefault(side, nn.ParameterList(weights))
        return list(modules.values())

    def _one_per_device(self, tensors: Mapping[str, Tensor]) -> list[Tensor]:
        """Return at least one tensor of each device that a health check uses."""
        weights = [next(each.parameters(), None) for each in self._weight_modules()]
        return [each for each in (self.real, self._latents, *tensors.values(), *weights) if each is not None]


def _logit_metrics(tensors: Mapping[str, Tensor]) -> dict[str, float]:
    """Return the metrics of logits, if there are some of real pictures and of samples."""
    real, fake = tensors.get("real_logits"), tensors.get("fake_logits")
    if real is None or fake is None or not len(real) or not len(fake):
        return {}
    return health_metrics.logit_metrics(real, fake, tensors.get("held_out_logits"))
