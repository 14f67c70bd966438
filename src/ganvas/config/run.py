"""The complete description of a run, as a frozen dataclass.

A recipe (`ganvas.recipes`) is a function that returns a `Config` with nothing left open; `RUN/config.json` holds it, so
a run can be read, repeated and opened by a later release.
"""

from dataclasses import dataclass, field

from .parts import (
    AdaConfig,
    AnnealConfig,
    AutoencoderConfig,
    BalanceConfig,
    DataConfig,
    NetworkConfig,
    OptimizerConfig,
    PenaltyConfig,
    PhaseConfig,
    StyleGANConfig,
    UpsamplingConfig,
)
from .train_options import TrainOptions

FORMAT = 3  # raised when a run of an older release needs translating (`config.old_format`)


@dataclass(frozen=True)
class Config:
    """The whole of a run; a recipe returns it with nothing left open but the budget.

    Args:
        recipe: name of the recipe that wrote this.
        data: the pictures.
        generator, discriminator: the networks.
        optimizers: by what they move: "generator", "discriminator", "autoencoder", "prior".
        phases: of the training, in order.
        encoder: of a variational autoencoder; None for a GAN.
        autoencoder: how the recipe begins with an autoencoder, if it does.
        upsampling: how images that are drawn small are made large; None where they are drawn at their full size.
        z_dim: length of z.
        channel_mult: multiplier for the number of channels, as a factor of the recipe's; the widths have it in them.
        classes: names of the labels that the networks are conditioned on; empty for none.
        class_counts: pictures of each; where no class is asked for, samples are drawn in these proportions.
        seed: of everything random.
        precision: of what networks compute: "float32", or mixed with "bfloat16" or "float16".
        compile: whether torch compiles the networks.
        loss: key of `ganvas.losses.LOSSES`.
        penalty: on the discriminator.
        balance: between the networks.
        flip: mirror images left to right at random.
        turn: turn images at random, by quarters if they are square, else by halves.
        augment: "color", "translation", "cutout" (DiffAugment), "ada", applied to reals and fakes alike; or "apa",
            which shows fakes as reals.
        ada: how the probability of an augmentation adapts, instead of `balance.augment_p`.
        anneal: what settings become by the end.
        stylegan: how a StyleGAN2 generator is regularized.
        init_from: the run whose weights this one begins with; empty for none.
        imported: the program and the file that the weights are from, of a run that was not trained here; else empty.
        freeze_d: share of the discriminator's parameters, counted from the image, that stay frozen.
        ema_half_life: of the averaged generator's weights, as a share of the images seen so far; 0 for no average.
        minutes: the budget, if it is one of time.
        total_images: the budget, if it is one of images; `images` is what the phases add up to.
        fingerprint: of the prepared images.
        relative_path: of the pictures, as seen from the run, in case both are moved. Only in the file.
        content: digest of what the files hold, by which the pictures are known at another place too; empty in runs of
            earlier releases.
        held_out: how many of them are kept out of the training, to compare with; `ganvas.data.split` says which.
        sample_grids: how many grids of samples are written on the way.
        checkpoints: how many checkpoints are written on the way.
        evaluations: how often samples are scored in the last phase, so that the best checkpoint is kept too.
        images_per_evaluation: images from one to the next at least, if the budget is one of images: so many that
            scores cost under 5 % of the time.
        closing_seconds: what comes after the last step takes, as calibrated: a grid, a checkpoint, a score, a check.
        coach: "act" checks the training's health and treats it, "watch" only reports, "off" does not check.
        slow_start_images: images seen before the coach calls slow learning a sickness.
        health_checks: how often health is checked on the way; a little more often at first and after a treatment.
        images_per_health_check: images from one to the next, if the budget is one of images: so many that checks cost
            under 3 % of the time.
        processes: how many began it together; the batch is shared by them, and learning rates do not follow either.
        requested: what the user asked for; None for a run of 0.1, which does not tell.
        format: of this file.
    """

    recipe: str
    data: DataConfig
    generator: NetworkConfig
    discriminator: NetworkConfig
    optimizers: dict[str, OptimizerConfig]
    phases: tuple[PhaseConfig, ...]
    encoder: NetworkConfig | None = None
    autoencoder: AutoencoderConfig | None = None
    upsampling: UpsamplingConfig | None = None
    z_dim: int = 100
    channel_mult: float = 1.0
    classes: tuple[str, ...] = ()
    class_counts: tuple[int, ...] = ()
    seed: int = 0
    precision: str = "float32"
    compile: bool = False
    loss: str = "bce"
    penalty: PenaltyConfig = field(default_factory=PenaltyConfig)
    balance: BalanceConfig = field(default_factory=BalanceConfig)
    flip: bool = False
    turn: bool = False
    augment: tuple[str, ...] = ()
    ada: AdaConfig | None = None
    anneal: AnnealConfig | None = None
    stylegan: StyleGANConfig | None = None
    init_from: str = ""
    imported: str = ""
    freeze_d: float = 0.0
    ema_half_life: float = 0.0
    minutes: float | None = None
    total_images: int | None = None
    fingerprint: str = ""
    relative_path: str = ""
    content: str = ""
    held_out: int = 0
    sample_grids: int = 24
    checkpoints: int = 8
    evaluations: int = 0
    images_per_evaluation: int = 50_000
    closing_seconds: float = 0.0
    coach: str = "act"
    slow_start_images: int = 0
    health_checks: int = 0
    images_per_health_check: int = 5_000
    processes: int = 1
    requested: TrainOptions | None = None
    format: int = FORMAT

    @property
    def steps(self) -> int:
        """The steps of all phases."""
        return sum(phase.steps for phase in self.phases)

    @property
    def images(self) -> int:
        """The images of all phases."""
        return sum(phase.steps * phase.batch for phase in self.phases)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of the images."""
        return self.data.channels, self.data.height, self.data.width

    @property
    def turns(self) -> tuple[int, ...]:
        """The quarters by which images are turned at random; only 0 if they are not."""
        if not self.turn:
            return (0,)
        return (0, 1, 2, 3) if self.data.width == self.data.height else (0, 2)

    @property
    def small_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of what the recipe's own networks draw and judge, which an upsampler may make larger."""
        factor = self.upsampling.factor if self.upsampling else 1
        return self.data.channels, -(-self.data.height // factor), -(-self.data.width // factor)
