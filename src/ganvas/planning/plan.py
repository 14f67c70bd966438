"""The plan: options in, complete configuration and the reason of each decision out.

Only the steps are missing: they follow from the budget, by its images or by how fast the machine turns out to be.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from .. import checkpoint
from ..config import CHANNELS, Config, DataConfig, TrainOptions
from ..config.train_options import flag, parse_size
from ..errors import GanvasError, lookup
from ..models import DISCRIMINATORS
from ..recipes import DEFAULT_MINUTES, RECIPES
from ..recipes.overrides import apply_options
from ..runs import Run
from .choose import FEW, GPU_MINUTES, choose_recipe, choose_size, largest_size
from .inputs import AS_ASKED, Decision, PlanInputs
from .memory import fitting_batch, largest_batch

ADA_SPEED_AFTER_TRANSFER = 100_000  # images in which ADA's probability goes from 0 to 1 (Karras et al. 2020)
GPU_CHANNEL_MULT = 2.0
ORDER = ("recipe", "size", "width", "batch", "penalty", "augmentation", "schedule")


@dataclass(frozen=True)
class Plan:
    """What is to be trained.

    Args:
        config: complete but for the steps and what only the prepared pictures tell (classes, fingerprint).
        decisions: what was decided and why, what the user asked for included.
        inputs: what it was made for.
    """

    config: Config
    decisions: tuple[Decision, ...]
    inputs: PlanInputs

    @property
    def open_decisions(self) -> tuple[Decision, ...]:
        """The decisions that the user left open."""
        return tuple(each for each in self.decisions if each.why != AS_ASKED)

    def for_count(self, count: int, options: TrainOptions, pictures: str | Path) -> "Plan":
        """Return the plan for `count` pictures to train on; itself, unless some could not be read."""
        if count == self.inputs.count:
            return self
        return make_plan(pictures, options, replace(self.inputs, count=count))


def make_plan(pictures: str | Path, options: TrainOptions, inputs: PlanInputs) -> Plan:
    """Return the plan for `inputs.count` pictures in `pictures`.

    Raises:
        GanvasError: there is no such recipe or run to begin with, the recipe cannot make the size, or an option does
            not fit the recipe.
    """
    source = None if options.init_from is None else source_config(options.init_from)
    if source is None and options.freeze:
        raise GanvasError("There is nothing to freeze: no run was named to begin with.", "Name one: --from RUN")
    data, size = _choose_data(pictures, options, inputs, source)
    name, why = _choose_recipe(options, inputs, data, source)
    plain = lookup(RECIPES, name, "recipe")(data, inputs.count)
    settings, decisions = _fill_in(options, inputs, plain, source)
    config = apply_options(plain, settings)
    if source is not None:
        check_freeze(config, source)
        ada = config.ada and replace(config.ada, speed_images=ADA_SPEED_AFTER_TRANSFER)
        config = replace(config, init_from=str(Path(str(options.init_from)).resolve()), ada=ada)
    config = replace(
        config,
        coach=options.coach or "act",
        seed=options.seed or 0,
        compile=bool(options.compile),
        precision=options.precision or "float32",
        minutes=(options.minutes or DEFAULT_MINUTES) if options.images is None else None,
        total_images=options.images,
        requested=options,
    )
    return Plan(config, (Decision("recipe", name, why), *decisions, size), inputs)


def source_config(run: str | Path) -> Config:
    """Return the configuration of a run that another is to begin with.

    Raises:
        GanvasError: it is no run, or has no checkpoint.
    """
    source = Run(run)
    config = source.read_config()
    if not checkpoint.list_checkpoints(source.checkpoints):
        raise GanvasError(f"{run} has no checkpoint to begin with.", f"Train it first: ganvas train --out {run}")
    return config


def _choose_data(
    pictures: str | Path, options: TrainOptions, inputs: PlanInputs, source: Config | None
) -> tuple[DataConfig, Decision]:
    """Return how the pictures are prepared, and why at this size."""
    if options.size is None:
        width, height, why = choose_size(inputs)
    else:
        (width, height), why = parse_size(options.size), AS_ASKED
    data = DataConfig(
        path=str(Path(pictures).resolve()),  # so that the run goes on from any folder
        height=height,
        width=width,
        channels=CHANNELS[options.channels] if options.channels else (1 if inputs.gray else 3),
        background=options.background or "white",
        fit=options.fit or "crop",
        conditional=bool(options.conditional),
    )
    name = options.recipe if source is None or options.recipe else source.recipe
    if options.size is None and name is not None:
        largest = largest_size(data, lookup(RECIPES, name, "recipe"))
        if largest != data:
            data, why = largest, f"recipe {name} makes no larger pictures of this shape"
    return data, Decision("size", f"{data.width}x{data.height}", why)


def _choose_recipe(
    options: TrainOptions, inputs: PlanInputs, data: DataConfig, source: Config | None
) -> tuple[str, str]:
    """Return the recipe's name and the reason."""
    if options.recipe is not None:
        return options.recipe, AS_ASKED
    if source is not None:
        return source.recipe, f"that of {options.init_from}"
    return choose_recipe(inputs, data)


def _fill_in(
    options: TrainOptions, inputs: PlanInputs, config: Config, source: Config | None
) -> tuple[TrainOptions, list[Decision]]:
    """Return the options with what the plan puts in where they are open, and the reasons.

    Args:
        config: what the recipe returns for these pictures.
        source: the run that this one begins with; its width is kept, or nothing would match.
    """
    settings, decisions = options, list[Decision]()
    if source is not None and options.channel_mult is None:
        settings = replace(settings, channel_mult=source.channel_mult)
    if options.recipe is None:
        if settings.channel_mult is None and inputs.gpu and inputs.minutes >= GPU_MINUTES:
            settings = replace(settings, channel_mult=GPU_CHANNEL_MULT)
            decisions.append(Decision("width", "twice the recipe's", "a GPU has room for more channels"))
        fits = fitting_batch(apply_options(config, settings), inputs.memory)
        if options.batch is None and fits < largest_batch(config):
            settings = replace(settings, batch=fits)
            decisions.append(Decision("batch", f"{fits}", f"more would not fit into {inputs.memory / 2**30:.1f} GiB"))
        if options.augment is None and inputs.count < FEW and _would_memorize(config):
            in_color = DISCRIMINATORS[config.discriminator.name].network.augments_color
            policy: Literal["ada", "translation"] = "ada" if in_color else "translation"
            settings = replace(settings, augment=(policy,))
            why = f"the discriminator would soon memorize {inputs.count:,} pictures"
            decisions.append(Decision("augmentation", policy, why))
    if options.channel_mult is not None:
        decisions.append(Decision("width", f"{options.channel_mult:g} times the recipe's", AS_ASKED))
    if options.batch is not None:
        decisions.append(Decision("batch", f"{options.batch}", AS_ASKED))
    return settings, decisions


def _would_memorize(config: Config) -> bool:
    """Return whether nothing in a recipe's configuration keeps the discriminator from memorizing few pictures."""
    is_opponent = DISCRIMINATORS[config.discriminator.name].network.is_opponent
    return is_opponent and not RECIPES[config.recipe].bounded and not config.augment


def check_freeze(config: Config, source: Config) -> None:
    """Refuse to freeze layers that take no weights from the earlier run.

    Raises:
        GanvasError: the discriminator cannot be frozen in part, or its first layers are other ones.
    """
    if not config.freeze_d:
        return
    if not DISCRIMINATORS[config.discriminator.name].network.can_freeze:
        raise GanvasError(f"Recipe {config.recipe} has no layers that can be frozen.", "Leave out --freeze.")
    if config.shape != source.shape:
        raise GanvasError(
            "The layers nearest to the image are new at another size: they cannot be frozen.",
            f"Leave out --freeze, or keep the size: --size {source.data.width}x{source.data.height}",
        )
    if config.discriminator != source.discriminator:
        raise GanvasError(
            "The discriminator has other layers than that of the earlier run: new ones cannot be frozen.",
            "Leave out --freeze, or keep recipe and width: "
            f"--recipe {source.recipe} {flag('channel_mult')} {source.channel_mult:g}",
        )
    unknown = config.data.conditional and not config.classes  # until the pictures have been read
    same_count = unknown or len(config.classes) == len(source.classes)
    if config.data.conditional != bool(source.classes) or not same_count:
        raise GanvasError(
            "The layer for labels is new: it cannot be frozen.",
            "Leave out --freeze, or train with as many classes as the earlier run has.",
        )
