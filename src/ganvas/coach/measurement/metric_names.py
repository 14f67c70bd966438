"""Names of the health metrics, with a description of each. No torch is needed, so that recorded runs open at once."""

from dataclasses import dataclass
from typing import Literal

from ...translation import N_


@dataclass(frozen=True)
class Metric:
    """A metric for people: `description` is a noun phrase, `unit` says how to write the value."""

    description: str
    unit: Literal["share", "count", "number"] = "number"


METRICS: dict[str, Metric] = {
    # data and settings; constant during a run
    "dataset_size": Metric(N_("training pictures"), "count"),
    "batch_size": Metric(N_("pictures per step"), "count"),
    "latent_dim": Metric(N_("numbers in z"), "count"),
    "slow_start_images": Metric(N_("pictures that this kind of network may need to get going"), "count"),
    "real_near_copies": Metric(N_("near-copies among the real pictures"), "share"),
    "real_blank": Metric(N_("real pictures of a single plain colour"), "share"),
    "real_detail": Metric(N_("contrast of the real pictures that is fine detail"), "share"),
    # discriminator
    "d_pair_accuracy": Metric(N_("pairs of a real picture and a sample that the discriminator tells apart"), "share"),
    "d_train_vs_heldout": Metric(
        N_("pairs of a training picture and a held-out one that the discriminator tells apart"), "share"
    ),
    "real_accepted": Metric(N_("real pictures that the discriminator takes for real"), "share"),
    "fake_accepted": Metric(N_("samples that the discriminator takes for real"), "share"),
    "logit_magnitude": Metric(N_("mean absolute logit of the discriminator")),
    "logit_gap": Metric(N_("gap between the logits of real pictures and samples")),
    # losses, gradients, weights
    "generator_loss": Metric(N_("generator loss")),
    "discriminator_loss": Metric(N_("discriminator loss")),
    "reconstruction_loss": Metric(N_("reconstruction loss")),
    "prior_loss": Metric(N_("prior loss")),
    "generator_loss_slow": Metric(N_("generator loss, mean of 100 steps")),
    "discriminator_loss_slow": Metric(N_("discriminator loss, mean of 100 steps")),
    "reconstruction_loss_slow": Metric(N_("reconstruction loss, mean of 100 steps")),
    "prior_loss_slow": Metric(N_("prior loss, mean of 100 steps")),
    "generator_loss_std": Metric(N_("standard deviation of the generator loss")),
    "discriminator_loss_std": Metric(N_("standard deviation of the discriminator loss")),
    "reconstruction_loss_std": Metric(N_("standard deviation of the reconstruction loss")),
    "prior_loss_std": Metric(N_("standard deviation of the prior loss")),
    "penalty_loss_slow": Metric(N_("gradient penalty, mean of 100 steps")),
    "generator_gradient_rms": Metric(N_("root mean square of the generator's gradient")),
    "discriminator_gradient_rms": Metric(N_("root mean square of the discriminator's gradient")),
    "generator_lr_to_weight_ratio": Metric(N_("generator's learning rate relative to its weights"), "share"),
    "discriminator_lr_to_weight_ratio": Metric(N_("discriminator's learning rate relative to its weights"), "share"),
    "generator_update_ratio": Metric(N_("change of the generator's weights per step, relative to them"), "share"),
    "discriminator_update_ratio": Metric(
        N_("change of the discriminator's weights per step, relative to them"), "share"
    ),
    "generator_dead_units": Metric(N_("dead units of the generator"), "share"),
    "discriminator_dead_units": Metric(N_("dead units of the discriminator"), "share"),
    "finite": Metric(N_("losses and networks that hold only finite numbers"), "share"),
    # samples
    "diversity": Metric(N_("diversity of the samples, relative to real pictures")),
    "pixel_diversity": Metric(N_("pixel diversity of the samples, relative to real pictures")),
    "near_copies": Metric(N_("near-copies among the samples"), "share"),
    "modes_lost": Metric(N_("kinds of picture that are missing"), "share"),
    "saturated": Metric(N_("black or white values in the samples, beyond those of real pictures"), "share"),
    "feature_distance": Metric(N_("distance of the samples from the real pictures")),
}
