"""Health checks of a training: the metrics of `ganvas.coach`, measured on a state. Measuring changes nothing."""

import copy
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...coach.measurement import health_metrics
from ...coach.measurement.averages import loss_metrics
from ...coach.measurement.dead_units import ActivationLayer, forward_with_dead_units, layers_trained_in, share_of_dead
from ...coach.measurement.health_metrics import DISTANCE_COUNT, INPUT_SIZE, REFERENCE_COUNT, SAMPLE_COUNT
from ...coach.measurement.metric_names import METRICS
from ...config import Config, PhaseConfig
from ...data.prepare import PreparedDataset
from ...data.split import split
from ...device import seeded_rng
from ...events import HealthCheck
from ...image_io import to_float
from ...latents.sample import GeneratorModel
from ...losses import mean_logit_per_image
from ...metrics import DEFAULT_NETWORK
from ...metrics.features import Features, cached_features
from ...models.base import Generator
from ...models.quick import AutoencoderGenerator
from ...phases import PHASES, side_of
from ...planning.schedule import config_at_step, progress
from ..state import State
from ..steps.batch import Batch, augment_probability, make_batch
from ..steps.d_input import d_logits
from ..steps.ema import prepare_for_sampling


class HealthChecker:
    """Health checks of one run, always with the same latents and images: what changes is due to the training."""

    def __init__(self, config: Config, data: PreparedDataset, device: torch.device) -> None:
        self._data, self._device = data, device
        parts = split(data.count, config.held_out)
        chosen = np.random.default_rng((config.seed, SAMPLE_COUNT)).permutation(parts.train)[:REFERENCE_COUNT]
        self._chosen, self._train, self._held_out = chosen, chosen[:SAMPLE_COUNT], parts.held_out[:SAMPLE_COUNT]
        first = to_float(self._images(self._train).to(device))
        self._reference = health_metrics.measure_reals(first, self._cached_features())
        self._constants = {
            "dataset_size": float(data.trained_on - len(parts.held_out)),
            **health_metrics.real_metrics(self._reference),
        }

    def _cached_features(self) -> Tensor:
        """Return the features (N, D) of the real images; they are cached on disk, beside the prepared images."""

        def compute() -> Features:
            features = health_metrics.image_features(to_float(self._images(self._chosen).to(self._device)))
            return Features(DEFAULT_NETWORK, features, features[:, :0])

        key = ("coach", INPUT_SIZE, self._data.fingerprint, self._chosen.tobytes(), self._device.type)
        return cached_features(key, DEFAULT_NETWORK, compute).intermediate

    def check(self, state: State, config: Config, phase: PhaseConfig, losses: dict[str, float]) -> HealthCheck:
        """Return the health metrics of `state` after a step of `phase` that gave `losses`.

        Args:
            config: with everything that was prescribed.
        """
        counters, spec = state.counters, PHASES[phase.name]
        metrics = self._constants | {
            "latent_dim": float(config.z_dim),
            "slow_start_images": float(config.slow_start_images),
        }
        if phase.batch:
            metrics["batch_size"] = float(phase.batch * config.balance.grad_accum_steps)
        averages = loss_metrics(counters.loss_averages, losses)
        metrics |= {name: value for name, value in averages.items() if name in METRICS}
        metrics["finite"] = health_metrics.finite_share(state.networks.by_name().values(), losses)
        for name in spec.optimizers:
            metrics |= health_metrics.optimizer_metrics(side_of(name), state.optimizers[name])
        metrics |= self._network_metrics(state, config_at_step(config, counters.step - 1), phase.name)
        done = progress(config, counters.step)
        return HealthCheck(counters.step, counters.images_seen, done, phase.name, metrics)

    @torch.no_grad()
    def distance(self, state: State, config: Config, phase: PhaseConfig) -> float:
        """Return the Frechet distance of samples as the user would get them from the real images.

        In a phase that trains an autoencoder, of its reconstructions.

        Args:
            config: of the run, without prescriptions.
        """
        if phase.name == "autoencode":
            chosen = torch.split(torch.from_numpy(self._chosen[:DISTANCE_COUNT]), SAMPLE_COUNT)
            batches = [self._batch(config, part.numpy()) for part in chosen]
            samples = torch.cat([self._samples(state, batch, phase.name)[0] for batch in batches])
            return health_metrics.sample_distance(samples, self._reference)
        return self.network_distance(prepare_for_sampling(state, config, self._device), config)

    @torch.no_grad()
    def network_distance(self, network: Generator, config: Config) -> float:
        """Return the Frechet distance of a generator's samples from the real images; see `distance`."""
        images = GeneratorModel(network, config, self._device, "").sample(DISTANCE_COUNT, config.seed)
        return health_metrics.sample_distance(to_float(images.to(self._device)), self._reference)

    @torch.no_grad()
    def _network_metrics(self, state: State, config: Config, phase: str) -> dict[str, float]:
        """Return the metrics of what copies of the networks make of the same latents and images.

        The copies work as in training, batch statistics included.
        """
        augment_p = augment_probability(state, config)
        batch = replace(self._batch(config, self._train), augment_p=augment_p)
        samples, layers = self._samples(state, batch, phase)
        metrics = health_metrics.sample_metrics(samples, self._reference)
        metrics["generator_dead_units"] = share_of_dead(layers)
        if PHASES[phase].has_discriminator:
            generator, discriminator = state.networks.generator, copy.deepcopy(state.networks.discriminator)
            if not generator.fakes_are_images:
                samples = copy.deepcopy(generator).fakes(batch.z, batch.labels, batch.rng)
            shown = generator.match_reals(batch.real), samples
            logits = [mean_logit_per_image(d_logits(discriminator, config, batch, images)) for images in shown]
            if len(self._held_out):
                unseen = replace(self._batch(config, self._held_out), augment_p=augment_p)
                images = generator.match_reals(unseen.real)
                logits.append(mean_logit_per_image(d_logits(discriminator, config, unseen, images)))
            metrics |= health_metrics.logit_metrics(*logits)
        return metrics

    def _samples(self, state: State, batch: Batch, phase: str) -> tuple[Tensor, list[ActivationLayer]]:
        """Return samples of the generator, or reconstructions while an autoencoder learns, and what its units did."""
        generator, encoder = state.networks.generator, state.networks.encoder
        if phase == "autoencode" and isinstance(generator.base, AutoencoderGenerator) and encoder is not None:
            codes = copy.deepcopy(encoder)(generator.match_reals(batch.real))
            return forward_with_dead_units(generator.base.decoder, codes)
        inputs = (batch.z,) if batch.labels is None else (batch.z, batch.labels)
        samples, layers = forward_with_dead_units(generator, *inputs)
        return samples, layers_trained_in(phase, layers)

    def _batch(self, config: Config, chosen: npt.NDArray[np.int64]) -> Batch:
        """Return the chosen images, neither mirrored nor turned, with latents and their labels."""
        labels = self._data.labels if config.classes else None
        chosen_labels = None if labels is None else torch.from_numpy(labels[chosen])
        rng = seeded_rng(config.seed, "examination", device=self._device)
        return make_batch(
            replace(config, flip=False, turn=False), self._images(chosen), chosen_labels, rng, self._device
        )

    def _images(self, chosen: npt.NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(np.array(self._data.images[chosen]))
