"""The signs by name, and what each tells. It needs no torch, so that a record can be read at once."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Sign:
    """Say what a sign tells (`about`, as the subject of a sentence) and how its value is to be read."""

    about: str
    kind: Literal["share", "count", "number"] = "number"


SIGNS: dict[str, Sign] = {
    # what is trained on, and with what; these stay the same
    "pictures": Sign("pictures trained on", "count"),
    "batch": Sign("pictures a step", "count"),
    "latent": Sign("numbers in z", "count"),
    "patience": Sign("pictures that this kind of network may take to begin", "count"),
    "real_near_copies": Sign("near-copies among the real pictures", "share"),
    "real_blank": Sign("real pictures of one plain colour", "share"),
    "real_detail": Sign("part of the real pictures' contrast that lies in details", "share"),
    # what the discriminator thinks
    "told_apart": Sign("pairs of a real picture and a sample that the discriminator tells apart", "share"),
    "remembered": Sign("pairs of a training picture and one it never saw that it tells apart", "share"),
    "real_accepted": Sign("real pictures that the discriminator takes for real", "share"),
    "fake_accepted": Sign("samples that the discriminator takes for real", "share"),
    "logit_size": Sign("size of the discriminator's logits"),
    "logit_gap": Sign("distance between the logits of real pictures and of samples"),
    # losses, gradients, weights
    "generator_loss": Sign("generator's loss"),
    "discriminator_loss": Sign("discriminator's loss"),
    "reconstruction_loss": Sign("reconstruction's loss"),
    "prior_loss": Sign("prior's loss"),
    "generator_loss_slow": Sign("generator's loss over 100 steps"),
    "discriminator_loss_slow": Sign("discriminator's loss over 100 steps"),
    "reconstruction_loss_slow": Sign("reconstruction's loss over 100 steps"),
    "prior_loss_slow": Sign("prior's loss over 100 steps"),
    "generator_swing": Sign("swing of the generator's loss"),
    "discriminator_swing": Sign("swing of the discriminator's loss"),
    "reconstruction_swing": Sign("swing of the reconstruction's loss"),
    "prior_swing": Sign("swing of the prior's loss"),
    "penalty_loss_slow": Sign("penalty over 100 steps"),
    "generator_gradient": Sign("size of the generator's gradient"),
    "discriminator_gradient": Sign("size of the discriminator's gradient"),
    "generator_reach": Sign("generator's learning rate, as a part of its weights' size", "share"),
    "discriminator_reach": Sign("discriminator's learning rate, as a part of its weights' size", "share"),
    "generator_update": Sign("part of their own size by which the generator's weights move a step", "share"),
    "discriminator_update": Sign("part of their own size by which the discriminator's weights move a step", "share"),
    "generator_dead": Sign("dead units of the generator", "share"),
    "discriminator_dead": Sign("dead units of the discriminator", "share"),
    "finite": Sign("losses and weights that are finite numbers", "share"),
    # what the generator draws
    "diversity": Sign("variety of the samples, that of real pictures being 1"),
    "pixel_diversity": Sign("variety of the samples' pixels, that of real pictures being 1"),
    "near_copies": Sign("near-copies among the samples", "share"),
    "modes_lost": Sign("kinds of picture that are missing", "share"),
    "saturated": Sign("values of the samples at black or white beyond those of real pictures", "share"),
    "distance": Sign("distance of the samples from the real pictures"),
}
