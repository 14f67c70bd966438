"""The complete description of a run, part by part, as frozen dataclasses.

A recipe (`ganvas.recipes`) is a function that returns a `Config` with nothing left open; `RUN/config.json` holds it, so
a run can be read, repeated and opened by a later release.
"""

from dataclasses import dataclass

FORMAT = 2  # raised when a run of an older release needs translating

CHANNELS = {"grey": 1, "rgb": 3, "rgba": 4}  # by the names that people give them


@dataclass(frozen=True)
class DataConfig:
    """Say which pictures are trained on and how each is made to fit.

    Args:
        path: folder, .zip, .npy, or MNIST-style idx file (plain or .gz), as given by the user.
        height, width: of the prepared pictures, in pixels.
        channels: 1 grey, 3 colour, 4 colour with alpha kept.
        background: colour that transparency is composited on, as Pillow names it ("white", "#ffeedd").
        fit: "crop" cuts the middle out at the target's shape, "pad" shrinks the whole picture onto the background,
            "stretch" ignores the shape.
        labels: condition the networks on each picture's class: its sub-folder, or the idx labels beside it.
    """

    path: str
    height: int = 32
    width: int = 32
    channels: int = 3
    background: str = "white"
    fit: str = "crop"
    labels: bool = False


@dataclass(frozen=True)
class NetworkConfig:
    """Name a network of `ganvas.models` and the widths (channels or units) of its stages, input to output."""

    name: str
    widths: tuple[int, ...]


@dataclass(frozen=True)
class OptimiserConfig:
    """Set Adam: learning rate and decay of its first and second moment."""

    learning_rate: float
    beta1: float = 0.5
    beta2: float = 0.999


@dataclass(frozen=True)
class PenaltyConfig:
    """Choose a penalty of `ganvas.losses.PENALTIES`, its weight, and how often it is taken ("none" for no penalty).

    A lazy penalty (`every` > 1) is scaled up by `every`, so that gamma means the same however often it is taken.
    """

    name: str = "none"
    gamma: float = 0.0
    every: int = 1


ALONE = frozenset({"multiscale", "projected"})  # discriminators that cannot judge several pictures as one


@dataclass(frozen=True)
class BalanceConfig:
    """Hold what keeps the two networks in balance. Recipes leave it alone; the coach turns these when it has to.

    Args:
        critic: steps of the discriminator to one of the generator.
        skip_below: the discriminator rests while the average of its loss is below this; 0 if it never does.
        augmented: probability that a picture is augmented before the discriminator sees it, if there are policies.
        noise: standard deviation of the noise on every picture that the discriminator sees, black to white being 2.
        accumulate: steps whose gradients are gathered before the weights move: a batch so many times as large.
        pack: pictures that the discriminator judges together (Lin et al. 2018, PacGAN).
    """

    n_critic: int = 1
    skip_below: float = 0.0
    augmented: float = 1.0
    noise: float = 0.0
    accumulate: int = 1
    pack: int = 1


@dataclass(frozen=True)
class PhaseConfig:
    """Describe one stretch of the training.

    Args:
        name: a key of `ganvas.training.phases.PHASES`, which says what a step does.
        share: of the budget, as time.
        batch: pictures a step; 0 for steps that look at none.
        cost: of a step, relative to the other phases' steps: turns a budget of pictures into shares of time.
        ramp: steps over which the learning rates rise from nothing.
        floor: what is left of the learning rates at the end, after a linear fall; 1 for no fall.
        most: steps at most, however large the budget; 0 for no bound. What is left over goes to the other phases.
        most_after: steps of the phase before up to which `most` holds; with more, it falls with their root. 0 if it
            always holds.
        most_left: what it does not fall below.
        level: up to which a growing network draws, 0 being its coarsest grid.
        fade: part of the phase's steps in which that level is faded in.
        steps: how many, once the budget is known; 0 before.
    """

    name: str
    share: float
    batch: int
    cost: float = 1.0
    ramp: int = 0
    floor: float = 1.0
    most: int = 0
    most_after: int = 0
    most_left: int = 0
    level: int = 0
    fade: float = 0.0
    steps: int = 0

    def continues(self, other: "PhaseConfig") -> bool:
        """Tell whether both are of the same phase, one of them begun again: the same steps at the same level."""
        return (self.name, self.level) == (other.name, other.level)


@dataclass(frozen=True)
class AnnealConfig:
    """Say what settings are multiplied by at the end of the training; on the way along half a cosine (R3GAN).

    Args:
        rate: the learning rates.
        forgetting: 1 - beta2 of every optimiser.
        gamma: the penalty's weight.
        augments: whether the probability of an augmentation begins at nothing and rises to `balance.augmented`.
    """

    rate: float = 1.0
    forgetting: float = 1.0
    gamma: float = 1.0
    augments: bool = True


@dataclass(frozen=True)
class AdaptConfig:
    """Have the probability of an augmentation follow how surely the discriminator knows its pictures (ADA).

    Args:
        target: mean sign of its logits of real pictures that is aimed at.
        images: pictures seen while the probability goes from 0 to 1 at most.
        most: probability at most; one that stays there is an alarm.
        least: probability at least; the coach raises it.
    """

    target: float = 0.6
    images: int = 500_000
    most: float = 0.85
    least: float = 0.0


@dataclass(frozen=True)
class StylesConfig:
    """Say how the styles of `stylegan2` are trained; see `ganvas.training.steps.stylegan2_regularizers`.

    Args:
        mixing: probability that a picture is drawn by two styles.
        path_weight: of the path length penalty; 0 for none.
        path_every: steps from one to the next.
    """

    mixing: float = 0.9
    path_weight: float = 2.0
    path_every: int = 4


@dataclass(frozen=True)
class WarmStartConfig:
    """Describe how the `quick` recipe begins with an autoencoder; see `ganvas.training.steps.autoencoder`.

    Args:
        encoder: the network that tells which code a picture has.
        code_noise: standard deviation of what is added to codes before the decoder draws them.
        prior_batch: codes a step of the prior.
        most_codes: pictures at most whose codes the prior learns from.
        adversarial: weight of the discriminator's opinion beside the reconstruction (mean absolute error).
        imagined: share of a batch that is drawn from the prior rather than reconstructed.
    """

    encoder: NetworkConfig
    code_noise: float
    prior_batch: int
    most_codes: int
    adversarial: float
    imagined: float


@dataclass(frozen=True)
class Config:
    """The whole of a run; `ganvas.recipes` returns it with nothing left open.

    Args:
        recipe: name of the recipe that wrote this.
        data: the pictures.
        classes: names of the labels the networks are conditioned on; empty for none.
        class_counts: pictures of each; where no class is asked for, samples are drawn in these proportions.
        seed: of everything random.
        compiled: networks are compiled by torch before they are used.
        precision: of what networks compute: "float32", or mixed with "bfloat16" or "float16" on a device that gains.
        latent: length of z.
        width: of the networks, as a multiple of the recipe's; their own widths have it in them.
        loss: key of `ganvas.losses.LOSSES`.
        flip: mirror pictures left to right at random.
        augment: "color", "translation", "cutout" (DiffAugment), "ada", applied to reals and fakes alike; or "apa",
            which passes fakes off as reals.
        adapt: how the probability of augmentation follows the discriminator, in place of `balance.augmented`.
        anneal: what settings become by the end.
        styles: how styles are trained, of a generator that has them.
        origin: the run whose networks this one begins with; empty for none.
        frozen: share of the discriminator's weights, from the picture on, that stay as they are in `origin`.
        ema: half-life of the averaged generator's weights, as a share of the pictures seen so far; 0 for no average.
        phases: the stretches of training, in order.
        optimisers: by what they move: "generator", "discriminator", "autoencoder", "prior".
        encoder: of a variational autoencoder; None for a GAN.
        warm_start: how the recipe begins with an autoencoder, if it does.
        minutes: the budget that was asked for, if it was one of time.
        asked_images: the budget that was asked for, if it was one of pictures; `images` is what the phases add up to.
        fingerprint: of the prepared pictures.
        held_out: how many of them are kept out of the training, to compare with; `ganvas.data.split` says which.
        sheets: how many sheets of the fixed latents are written on the way.
        checkpoints: how many checkpoints are written on the way.
        evaluations: how often the samples are scored in the last phase, so that the best checkpoint is kept too.
        images_per_evaluation: pictures seen from one to the next at least, if the budget is one of pictures: so many
            that scores cost under 5 % of the time.
        balance: between the networks.
        coach: "act" examines the training's health and treats it, "watch" only tells, "off" does not look.
        patience: pictures seen before the coach calls slow learning a sickness.
        examinations: how often health is examined on the way; a little more often at first and after a treatment.
        images_per_examination: pictures seen from one to the next, if the budget is one of pictures: so many that
            examinations cost under 3 % of the time.
    """

    recipe: str
    data: DataConfig
    generator: NetworkConfig
    discriminator: NetworkConfig
    optimisers: dict[str, OptimiserConfig]
    phases: tuple[PhaseConfig, ...]
    encoder: NetworkConfig | None = None
    warm_start: WarmStartConfig | None = None
    latent: int = 100
    width: float = 1.0
    classes: tuple[str, ...] = ()
    class_counts: tuple[int, ...] = ()
    seed: int = 0
    precision: str = "float32"
    compiled: bool = False
    loss: str = "bce"
    penalty: PenaltyConfig = PenaltyConfig()
    balance: BalanceConfig = BalanceConfig()
    flip: bool = False
    augment: tuple[str, ...] = ()
    adapt: AdaptConfig | None = None
    anneal: AnnealConfig | None = None
    styles: StylesConfig | None = None
    origin: str = ""
    frozen: float = 0.0
    ema: float = 0.0
    minutes: float | None = None
    asked_images: int | None = None
    fingerprint: str = ""
    held_out: int = 0
    sheets: int = 24
    checkpoints: int = 8
    evaluations: int = 0
    images_per_evaluation: int = 50_000
    coach: str = "act"
    patience: int = 0
    examinations: int = 0
    images_per_examination: int = 5_000
    format: int = FORMAT

    @property
    def steps(self) -> int:
        """Return the steps of all phases."""
        return sum(phase.steps for phase in self.phases)

    @property
    def images(self) -> int:
        """Return the pictures of all phases."""
        return sum(phase.steps * phase.batch for phase in self.phases)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return (C, H, W) of the pictures."""
        return self.data.channels, self.data.height, self.data.width
