"""The parts of a run's description: pictures, networks, optimizers, phases, and how each of them is regularized."""

from dataclasses import dataclass, field
from typing import Any

CHANNELS = {"gray": 1, "rgb": 3, "rgba": 4}  # by the names that people give them


@dataclass(frozen=True)
class DataConfig:
    """Which pictures are trained on, and how each is made to fit.

    Args:
        path: folder, file with pictures in it, shards or hub:owner/name, as given by the user: docs/data.md lists all.
        height, width: of the prepared images, in pixels.
        channels: 1 gray, 3 color, 4 color with alpha kept.
        background: color under transparent pictures, as Pillow names it ("white", "#ffeedd").
        fit: "crop" cuts out the middle at the target's shape, "top" the upper part, "entropy" the part with the most
            to see, "pad" shrinks the whole picture onto the background, "stretch" ignores the shape.
        conditional: condition the networks on each picture's class: its sub-folder, or the idx labels beside it.
        drop_copies: leave out exact copies; with classes, a picture may be in several. Runs of 0.1 kept them.
        value_range: the numbers for black and white of pictures with more than 8 bits a channel. None where all have 8,
            and for runs of 0.1, which took them from each picture.
        aspect: the least and the greatest width over height of the pictures that are used; None for all shapes.
        limit: how many pictures are used at most, chosen at random by `limit_seed`; None for all.
        labels_by: a pattern with a group that finds the class of a picture in its name; None for folders or lists.
        window: of shards, how many pictures are prepared at a time, in turn (`ganvas.data.windows`); None for all at
            once.
    """

    path: str
    height: int = 32
    width: int = 32
    channels: int = 3
    background: str = "white"
    fit: str = "crop"
    conditional: bool = False
    drop_copies: bool = False
    value_range: tuple[float, float] | None = None
    aspect: tuple[float, float] | None = None
    limit: int | None = None
    limit_seed: int = 0
    labels_by: str | None = None
    window: int | None = None


@dataclass(frozen=True)
class NetworkConfig:
    """A network of `ganvas.models` by name, and the widths (channels or units) of its stages, input to output.

    `settings` are what imported networks need besides: numbers, by the names of their class's arguments.
    """

    name: str
    widths: tuple[int, ...]
    settings: dict[str, float] = field(default_factory=dict)

    def to_record(self) -> dict[str, Any]:
        """Return it as plain data; without settings, as releases before them wrote it."""
        record = {"name": self.name, "widths": self.widths}
        return record | ({"settings": self.settings} if self.settings else {})


@dataclass(frozen=True)
class OptimizerConfig:
    """Settings of Adam: learning rate, and decay of its first and second moment."""

    lr: float
    beta1: float = 0.5
    beta2: float = 0.999


@dataclass(frozen=True)
class PenaltyConfig:
    """A penalty of `ganvas.losses.PENALTIES` ("none" for no penalty), its weight, and the steps from one to the next.

    A lazy penalty (`interval` > 1) is multiplied by `interval`, so that gamma means the same however often it is taken.
    """

    name: str = "none"
    gamma: float = 0.0
    interval: int = 1


@dataclass(frozen=True)
class BalanceConfig:
    """What keeps the two networks in balance. Recipes leave it alone; the coach changes it when it has to.

    Args:
        n_critic: steps of the discriminator to one of the generator.
        d_skip_below_loss: the discriminator is skipped while the average of its loss is below this; 0 for never.
        augment_p: probability that an image is augmented before the discriminator sees it, if there are policies.
        instance_noise_std: standard deviation of the noise on what the discriminator sees; images are in [-1, 1].
        grad_accum_steps: steps whose gradients are accumulated before the weights move.
        pac: images that the discriminator judges together (Lin et al. 2018, PacGAN).
    """

    n_critic: int = 1
    d_skip_below_loss: float = 0.0
    augment_p: float = 1.0
    instance_noise_std: float = 0.0
    grad_accum_steps: int = 1
    pac: int = 1


@dataclass(frozen=True)
class PhaseConfig:
    """One phase of the training.

    Args:
        name: a key of `ganvas.phases.PHASES`, which says what a step trains.
        time_share: share of the budget, as time.
        batch: images a step; 0 for steps that look at none.
        relative_step_cost: time of a step, relative to the other phases' steps: turns images into shares of time.
        warmup_steps: steps over which the learning rates rise from nothing.
        final_lr_factor: what is left of the learning rates at the end, after a linear decay; 1 for no decay.
        max_steps: bound, however large the budget; 0 for none. What is left over goes to the other phases.
        max_steps_until: while the previous phase has at most this many steps, `max_steps` holds as given; beyond, it
            shrinks with 1 / sqrt(steps). 0 if it always holds.
        min_max_steps: what `max_steps` does not shrink below.
        level: resolution level of a growing network, 0 being its coarsest.
        fade_in: part of the phase's steps in which that level is faded in.
        steps: their number, once the budget is known; 0 before.
    """

    name: str
    time_share: float
    batch: int
    relative_step_cost: float = 1.0
    warmup_steps: int = 0
    final_lr_factor: float = 1.0
    max_steps: int = 0
    max_steps_until: int = 0
    min_max_steps: int = 0
    level: int = 0
    fade_in: float = 0.0
    steps: int = 0

    def continues(self, other: "PhaseConfig") -> bool:
        """Return whether both are the same phase, one of them restarted: the same steps at the same level."""
        return (self.name, self.level) == (other.name, other.level)


@dataclass(frozen=True)
class AnnealConfig:
    """Factors that settings have at the end of the training; on the way they follow half a cosine (R3GAN).

    Args:
        lr_factor: of the learning rates.
        one_minus_beta2_factor: of 1 - beta2 of every optimizer.
        gamma_factor: of the penalty's weight.
        ramps_augment_p: whether the probability of an augmentation rises from 0 to `balance.augment_p`.
    """

    lr_factor: float = 1.0
    one_minus_beta2_factor: float = 1.0
    gamma_factor: float = 1.0
    ramps_augment_p: bool = True


@dataclass(frozen=True)
class AdaConfig:
    """How the probability of an augmentation adapts to how well the discriminator knows its images (ADA).

    Args:
        target: mean sign of its logits of real images that is aimed at.
        speed_images: images seen while the probability goes from 0 to 1 at most.
        max_p: upper bound; a probability that stays there is an alarm.
        min_p: lower bound; the coach raises it.
    """

    target: float = 0.6
    speed_images: int = 500_000
    max_p: float = 0.85
    min_p: float = 0.0


@dataclass(frozen=True)
class StyleGANConfig:
    """How `stylegan2` is regularized.

    Args:
        style_mixing_prob: probability that an image gets the styles of two latents.
        pl_weight: weight of the path length penalty; 0 for none.
        pl_interval: steps from one to the next.
    """

    style_mixing_prob: float = 0.9
    pl_weight: float = 2.0
    pl_interval: int = 4


@dataclass(frozen=True)
class AutoencoderConfig:
    """How `quick` and `keen` begin with an autoencoder; see `ganvas.training.steps.autoencoder`.

    Args:
        encoder: the network that gives the code of an image.
        code_noise_std: standard deviation of the noise on codes before the decoder draws them.
        prior_batch: codes a step of the prior.
        max_codes: images at most whose codes the prior learns from.
        adversarial_weight: of the adversarial loss beside the reconstruction (mean absolute error).
        prior_fraction: share of a batch that is drawn from the prior rather than reconstructed.
    """

    encoder: NetworkConfig
    code_noise_std: float
    prior_batch: int
    max_codes: int
    adversarial_weight: float
    prior_fraction: float


@dataclass(frozen=True, kw_only=True)
class UpsamplingConfig:
    """How images that were drawn small are made large; see `ganvas.training.steps.upsample`.

    Args:
        factor: how many times longer the sides of the large ones are: 2, 4 or 8.
        upsampler: the network that enlarges.
        discriminator: the network that judges views of the large images, one for each view.
        views: the first is the whole image, reduced; each further one is a random crop of half the sides, reduced half
            as much; the last is at full size.
        loss, penalty: adversarial loss at the full size, and penalty on the discriminator.
        augment: what the discriminator of large images is shown, as in `Config.augment`.
        adversarial_weight, perceptual_weight: of the adversarial loss and the perceptual distance, beside the mean
            absolute error.
    """

    factor: int
    upsampler: NetworkConfig
    discriminator: NetworkConfig
    views: int
    loss: str
    augment: tuple[str, ...]
    adversarial_weight: float
    perceptual_weight: float
    penalty: PenaltyConfig = field(default_factory=PenaltyConfig)
