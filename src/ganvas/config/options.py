"""Everything that a user may ask of a training, each option declared once.

From these dataclasses follow the flags of `ganvas train` and `ganvas inspect`, the arguments of `ganvas.train` and
`ganvas.plan`, the check when a run goes on, the command that repeats a run, and the table in docs/options.md. An option
that is None was not given; what is in force then is its default, or the recipe's choice.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, get_args, get_type_hints

from .numbers import range_text


@dataclass(frozen=True)
class Option:
    """What is to be known of an option beside its type and its help text.

    Args:
        default: what is in force if it is not given, in words for people.
        metavar: what stands for its value in --help.
        flag: its name on the command line, if that is not the field's.
        read: returns the value that a run's `Config` records, to compare with and to repeat; None if it has none.
        repeat: whether the command that repeats a run always states it, since it depends on pictures or machine.
        may_change: whether it may be another one when a run goes on.
        minimum, maximum: least and greatest value.
        example: a value to try, for the hint of an error.
    """

    default: str
    metavar: str = ""
    flag: str = ""
    read: Callable[[Any], Any] | None = None
    repeat: bool = False
    may_change: bool = False
    minimum: float = -math.inf
    maximum: float = math.inf
    example: str = ""


def _has_discriminator(config: Any) -> bool:
    return bool(config.discriminator.name != "none")


def _lr(*names: str) -> Callable[[Any], float | None]:
    """Return a reader of the learning rate of the first of these optimizers that a run has."""
    return lambda config: next((config.optimizers[name].lr for name in names if name in config.optimizers), None)


def _single_batch(config: Any) -> int | None:
    batches = {phase.batch for phase in config.phases if phase.batch}
    return batches.pop() if len(batches) == 1 else None


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Data"""

    size: Annotated[
        str | None,
        Option("chosen", "64|96x64", read=lambda config: f"{config.data.width}x{config.data.height}", repeat=True),
    ] = None
    """Size in pixels: 64, or width by height: 96x64."""
    channels: Annotated[
        Literal["auto", "gray", "grey", "rgb", "rgba"] | None,
        Option("chosen", read=lambda config: {1: "gray", 3: "rgb", 4: "rgba"}[config.data.channels], repeat=True),
    ] = None
    """Gray, color, or color with transparency kept."""
    background: Annotated[str | None, Option("white", "COLOR", read=lambda config: config.data.background)] = None
    """Color under transparent pictures: a name, or #ffeedd."""
    fit: Annotated[
        Literal["auto", "crop", "center", "centre", "top", "entropy", "pad", "stretch"] | None,
        Option("crop", read=lambda config: config.data.fit),
    ] = None
    """crop or center keeps the middle, top the upper part, entropy the liveliest; pad keeps all, stretch distorts."""
    aspect: Annotated[
        str | None, Option("all shapes", "LOW-HIGH", read=lambda config: range_text(config.data.aspect))
    ] = None
    """Leave out pictures of other shapes: least and greatest width over height, 0.8-1.25."""
    limit: Annotated[
        int | None, Option("all", "N", read=lambda config: config.data.limit, minimum=16, example="3000")
    ] = None
    """Use so many pictures at most, chosen at random by --seed."""
    value_range: Annotated[
        str | None,
        Option(
            "chosen", "LOW-HIGH", flag="range", read=lambda config: range_text(config.data.value_range), repeat=True
        ),
    ] = None
    """Numbers for black and white in pictures with more than 8 bits a channel: 0-4095; with a minus, --range=-1-1."""
    conditional: Annotated[bool | None, Option("no", read=lambda config: config.data.conditional)] = None
    """Learn sub-folders (or labels) as classes, to be sampled by --label."""
    labels_by: Annotated[str | None, Option("folders", "PATTERN", read=lambda config: config.data.labels_by)] = None
    """Learn classes by the pictures' names: '(.+)_' finds cat in cat_01.jpg."""
    keep_copies: Annotated[bool | None, Option("no", read=lambda config: not config.data.drop_copies)] = None
    """Show exact copies of a picture as often as they are there, and not once."""


@dataclass(frozen=True, kw_only=True)
class BudgetOptions:
    """Budget"""

    minutes: Annotated[
        float | None, Option("10", "MINUTES", read=lambda config: config.minutes, minimum=0, example="10")
    ] = None
    """Time to train, start-up included."""
    images: Annotated[
        int | None, Option("by --minutes", "N", read=lambda config: config.total_images, minimum=0, example="100000")
    ] = None
    """Number of real images to see, instead of --minutes; makes a run repeatable bit for bit."""


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """Model"""

    recipe: Annotated[str | None, Option("chosen", read=lambda config: config.recipe, repeat=True)] = None
    """Networks, losses and schedule; ganvas recipes describes them."""
    channel_mult: Annotated[
        float | None,
        Option("chosen", "FACTOR", read=lambda config: config.channel_mult, minimum=0.1, maximum=16, example="2"),
    ] = None
    """Multiplier for the number of channels in all networks; 2 takes about four times as long a step."""
    batch: Annotated[
        int | None,
        Option("by recipe and budget", "N", read=_single_batch, repeat=True, minimum=2, maximum=4096, example="32"),
    ] = None
    """Images a step."""
    g_lr: Annotated[
        float | None,
        Option("the recipe's", "LR", read=_lr("generator", "autoencoder"), minimum=0, maximum=1, example="0.0002"),
    ] = None
    """Learning rate of the generator; in quick and keen, of the phase that sharpens."""
    d_lr: Annotated[
        float | None, Option("the recipe's", "LR", read=_lr("discriminator"), minimum=0, maximum=1, example="0.0002")
    ] = None
    """Learning rate of the discriminator."""
    upsample: Annotated[
        int | None,
        Option(
            "chosen",
            "FACTOR",
            read=lambda config: config.upsampling.factor if config.upsampling else 1,
            repeat=True,
            minimum=1,
            maximum=8,
            example="4",
        ),
    ] = None
    """Draw pictures 2, 4 or 8 times smaller, then learn to enlarge them; 1 draws at full size from the start."""
    ema_half_life: Annotated[
        float | None,
        Option(
            "the recipe's", "SHARE", read=lambda config: config.ema_half_life, minimum=0, maximum=0.5, example="0.05"
        ),
    ] = None
    """Half-life of the averaged generator weights, as a share of the images seen so far: 0.05; 0 for no average."""
    init_from: Annotated[
        str | None, Option("random weights", "RUN", flag="from", read=lambda config: config.init_from or None)
    ] = None
    """Begin with the weights of an earlier run; pictures and size may differ."""
    freeze: Annotated[
        float | None,
        Option("0", "SHARE", read=lambda config: config.freeze_d or None, minimum=0, maximum=0.99, example="0.5"),
    ] = None
    """With --from: share of the discriminator, counted from the image, that stays frozen: 0.5."""


@dataclass(frozen=True, kw_only=True)
class RegularizationOptions:
    """Regularization"""

    loss: Annotated[
        Literal[
            "auto", "bce", "saturating", "hinge", "least_squares", "wasserstein", "relativistic", "relativistic_hinge"
        ]
        | None,
        Option("the recipe's", read=lambda config: config.loss if _has_discriminator(config) else None),
    ] = None
    """Adversarial loss."""
    penalty: Annotated[
        Literal["auto", "none", "r1", "r2", "r1_r2", "approximate_r1", "approximate_r1_r2", "gradient"] | None,
        Option("the recipe's", read=lambda config: config.penalty.name if _has_discriminator(config) else None),
    ] = None
    """Penalty on the discriminator."""
    gamma: Annotated[
        float | None,
        Option(
            "the recipe's, or by size and batch",
            "WEIGHT",
            read=lambda config: config.penalty.gamma if config.penalty.name != "none" else None,
            minimum=0,
            example="1",
        ),
    ] = None
    """Weight of the penalty."""
    penalty_interval: Annotated[
        int | None,
        Option(
            "the recipe's",
            "STEPS",
            read=lambda config: config.penalty.interval if config.penalty.name != "none" else None,
            minimum=1,
            example="16",
        ),
    ] = None
    """Steps from one penalty to the next, which is that much stronger: 16 is usual for r1 and saves time."""
    augment: Annotated[
        tuple[Literal["color", "translation", "cutout", "ada", "apa", "none"], ...] | None,
        Option(
            "the recipe's",
            read=lambda config: (config.augment or ("none",)) if _has_discriminator(config) else None,
            repeat=True,
        ),
    ] = None
    """Augmentation: color, translation, cutout (DiffAugment), ada or apa (adaptive), or none."""
    flip: Annotated[
        Literal["auto", "yes", "no"] | None,
        Option("measured", read=lambda config: "yes" if config.flip else "no", repeat=True),
    ] = None
    """Mirror pictures at random; by default if they are fewer than 10,000 and have no left and right."""
    turn: Annotated[
        Literal["auto", "yes", "no"] | None,
        Option("measured", read=lambda config: "yes" if config.turn else "no", repeat=True),
    ] = None
    """Turn pictures by quarters at random; by default if they are few and have no up and down, as textures."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Run"""

    coach: Annotated[
        Literal["auto", "act", "watch", "off"] | None,
        Option("act", read=lambda config: config.coach, may_change=True),
    ] = None
    """act checks the training's health and repairs it, watch only reports, off does not check."""
    seed: Annotated[
        int | None, Option("0", "N", read=lambda config: config.seed, repeat=True, minimum=0, example="1")
    ] = None
    """Seed of everything random."""
    precision: Annotated[
        Literal["auto", "float32", "bfloat16", "float16"] | None,
        Option("float32", read=lambda config: config.precision),
    ] = None
    """Number format of the networks; the 16-bit ones are for GPUs that are faster with them."""
    compile: Annotated[bool | None, Option("no", read=lambda config: config.compile)] = None
    """Let torch compile the networks first: a minute or more, for long trainings on a GPU."""
    device: Annotated[str | None, Option("chosen", "DEVICE")] = None
    """cpu, cuda, cuda:1 or mps."""
    log: Annotated[tuple[Literal["tensorboard", "wandb", "none"], ...] | None, Option("none")] = None
    """Show the training in TensorBoard or Weights & Biases too (wandb), or in both."""


GROUPS: tuple[type, ...] = (DataOptions, BudgetOptions, ModelOptions, RegularizationOptions, RunOptions)

OPTIONS: dict[str, Option] = {
    field.name: next(each for each in get_args(get_type_hints(group, include_extras=True)[field.name])[1:])
    for group in GROUPS
    for field in fields(group)
}
