"""Names of the health metrics, with a description of each. No torch is needed, so that recorded runs open at once."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """A metric for people: `description` is a noun phrase, `unit` says how to write the value."""

    description: str
    unit: Literal["share", "count", "number"] = "number"


METRICS: dict[str, Metric] = {
    # data and settings; constant during a run
    "dataset_size": Metric("training pictures", "count"),
    "batch_size": Metric("pictures per step", "count"),
    "latent_dim": Metric("numbers in z", "count"),
    "slow_start_images": Metric("pictures that this kind of network may need to get going", "count"),
    "real_near_copies": Metric("near-copies among the real pictures", "share"),
    "real_blank": Metric("real pictures of a single plain colour", "share"),
    "real_detail": Metric("contrast of the real pictures that is fine detail", "share"),
    # discriminator
    "d_pair_accuracy": Metric("pairs of a real picture and a sample that the discriminator tells apart", "share"),
    "d_train_vs_heldout": Metric(
        "pairs of a training picture and a held-out one that the discriminator tells apart", "share"
    ),
    "real_accepted": Metric("real pictures that the discriminator takes for real", "share"),
    "fake_accepted": Metric("samples that the discriminator takes for real", "share"),
    "logit_magnitude": Metric("mean absolute logit of the discriminator"),
    "logit_gap": Metric("gap between the logits of real pictures and samples"),
    # losses, gradients, weights
    "generator_loss": Metric("generator loss"),
    "discriminator_loss": Metric("discriminator loss"),
    "reconstruction_loss": Metric("reconstruction loss"),
    "prior_loss": Metric("prior loss"),
    "generator_loss_slow": Metric("generator loss, mean of 100 steps"),
    "discriminator_loss_slow": Metric("discriminator loss, mean of 100 steps"),
    "reconstruction_loss_slow": Metric("reconstruction loss, mean of 100 steps"),
    "prior_loss_slow": Metric("prior loss, mean of 100 steps"),
    "generator_loss_std": Metric("standard deviation of the generator loss"),
    "discriminator_loss_std": Metric("standard deviation of the discriminator loss"),
    "reconstruction_loss_std": Metric("standard deviation of the reconstruction loss"),
    "prior_loss_std": Metric("standard deviation of the prior loss"),
    "penalty_loss_slow": Metric("gradient penalty, mean of 100 steps"),
    "generator_gradient_rms": Metric("root mean square of the generator's gradient"),
    "discriminator_gradient_rms": Metric("root mean square of the discriminator's gradient"),
    "generator_lr_to_weight_ratio": Metric("generator's learning rate relative to its weights", "share"),
    "discriminator_lr_to_weight_ratio": Metric("discriminator's learning rate relative to its weights", "share"),
    "generator_update_ratio": Metric("change of the generator's weights per step, relative to them", "share"),
    "discriminator_update_ratio": Metric("change of the discriminator's weights per step, relative to them", "share"),
    "generator_dead_units": Metric("dead units of the generator", "share"),
    "discriminator_dead_units": Metric("dead units of the discriminator", "share"),
    "finite": Metric("losses and networks that hold only finite numbers", "share"),
    # samples
    "diversity": Metric("diversity of the samples, relative to real pictures"),
    "pixel_diversity": Metric("pixel diversity of the samples, relative to real pictures"),
    "near_copies": Metric("near-copies among the samples", "share"),
    "modes_lost": Metric("kinds of picture that are missing", "share"),
    "saturated": Metric("black or white values in the samples, beyond those of real pictures", "share"),
    "feature_distance": Metric("distance of the samples from the real pictures"),
}
