"""What an earlier run, that a training begins with, means for its plan."""

from dataclasses import replace
from pathlib import Path

from .. import checkpoint
from ..config import Config, DataConfig
from ..config.train_options import flag
from ..errors import GanvasError, ganvas_command
from ..models import DISCRIMINATORS
from ..recipes import RECIPES
from ..recipes.upsampling import FACTORS, UPSAMPLING_PHASES, small_data
from ..runs import Run
from ..translation import _


def source_config(run: str | Path) -> Config:
    """Return the configuration of a run that another is to begin with.

    Raises:
        GanvasError: it is no run, or has no checkpoint.
    """
    source = Run(run)
    config = source.read_config()
    if config.imported:
        if config.recipe not in RECIPES:
            raise GanvasError(
                _("{run} is a network that can be drawn with, and not trained: {name}.").format(
                    run=run, name=config.generator.name
                ),
                _("Draw with it: {command}").format(command=ganvas_command("sample", run)),
            )
    elif not checkpoint.list_checkpoints(source.checkpoints):
        raise GanvasError(
            _("{run} has no checkpoint to begin with.").format(run=run),
            _("Train it first: {command}").format(command=ganvas_command("train", "--out", run)),
        )
    return config


def with_imported(config: Config, source: Config) -> Config:
    """Return a recipe's configuration with the generator of an imported run, and a discriminator as wide.

    Raises:
        GanvasError: the pictures have another size than that network draws.
    """
    if config.shape != source.shape:
        width, height = source.data.width, source.data.height
        raise GanvasError(
            _("An imported network is trained at its own size, {width}x{height}, with its own channels.").format(
                width=width, height=height
            ),
            _("Leave out --size and --channels."),
        )
    discriminator = replace(config.discriminator, widths=source.generator.widths[::-1])
    return replace(config, generator=source.generator, discriminator=discriminator, z_dim=source.z_dim)


def only_enlarges(config: Config, source: Config) -> bool:
    """Return whether an earlier run draws small just what is to be enlarged now: the same pictures at another size."""
    return (
        config.upsampling is not None
        and config.shape != source.shape
        and replace(config.data, width=0, height=0) == replace(source.data, width=0, height=0)
        and config.small_shape == source.small_shape
        and (config.recipe, config.generator, config.z_dim) == (source.recipe, source.generator, source.z_dim)
    )


def has_drawn(source: Config, run: str) -> bool:
    """Return whether an earlier run has taken all steps of the phases that draw small."""
    steps = sum(phase.steps for phase in source.phases if phase.name not in UPSAMPLING_PHASES)
    return int(checkpoint.list_checkpoints(Run(run).checkpoints)[-1].name) >= steps


def factor_from(source: Config, data: DataConfig) -> int:
    """Return how many times larger `data` is than what an earlier run draws first; 0 if it is no such factor."""
    sizes = {(small.height, small.width): factor for factor in FACTORS for small in [small_data(data, factor)]}
    return sizes.get(source.small_shape[1:], 0)


def check_freeze(config: Config, source: Config) -> None:
    """Refuse to freeze layers that take no weights from the earlier run.

    Raises:
        GanvasError: the discriminator cannot be frozen in part, or its first layers are other ones.
    """
    if not config.freeze_d:
        return
    if not DISCRIMINATORS[config.discriminator.name].network.can_freeze:
        raise GanvasError(
            _("Recipe {recipe} has no layers that can be frozen.").format(recipe=config.recipe),
            _("Leave out --freeze."),
        )
    if config.shape != source.shape:
        raise GanvasError(
            _("The layers nearest to the image are new at another size: they cannot be frozen."),
            _("Leave out --freeze, or keep the size: --size {width}x{height}").format(
                width=source.data.width, height=source.data.height
            ),
        )
    if config.discriminator != source.discriminator:
        raise GanvasError(
            _("The discriminator has other layers than that of the earlier run: new ones cannot be frozen."),
            _("Leave out --freeze, or keep recipe and width: --recipe {recipe} {option} {channel_mult:g}").format(
                recipe=source.recipe, option=flag("channel_mult"), channel_mult=source.channel_mult
            ),
        )
    unknown = config.data.conditional and not config.classes  # until the pictures have been read
    same_count = unknown or len(config.classes) == len(source.classes)
    if config.data.conditional != bool(source.classes) or not same_count:
        raise GanvasError(
            _("The layer for labels is new: it cannot be frozen."),
            _("Leave out --freeze, or train with as many classes as the earlier run has."),
        )
