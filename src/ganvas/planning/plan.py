"""The plan: options in, complete configuration and the reason of each decision out.

Only the steps are missing: they follow from the budget, by its images or by how fast the machine turns out to be.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ..config import CHANNELS, Config, DataConfig, TrainOptions
from ..config.numbers import parse_aspect, parse_range
from ..config.train_options import parse_size
from ..data.place import absolute
from ..data.value_range import ValueRange
from ..errors import GanvasError, lookup
from ..models import DISCRIMINATORS
from ..recipes import DEFAULT_MINUTES, RECIPES
from ..recipes.overrides import apply_options
from ..recipes.upsampling import FACTORS, small_data, upsampled, upsampling_alone
from ..translation import N_, _
from .choose import FEW, GPU_MINUTES, SIZE_MINUTES, choose_factor, choose_recipe, choose_size, largest_size
from .inputs import AS_ASKED, Decision, PlanInputs
from .memory import batch_to_share, fitting_batch, largest_batch
from .transfer import check_freeze, factor_from, has_drawn, only_enlarges, source_config, with_imported

ADA_SPEED_AFTER_TRANSFER = 100_000  # images in which ADA's probability goes from 0 to 1 (Karras et al. 2020)
GPU_CHANNEL_MULT = 2.0
ORDER = (
    N_("recipe"), N_("size"), N_("values"), N_("drawn"), N_("width"), N_("batch"), N_("learning rates"),
    N_("penalty"), N_("mirroring"), N_("turning"), N_("augmentation"), N_("schedule"),
)  # fmt: skip
YES_OR_NO = {"yes": N_("yes"), "no": N_("no")}


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
        raise GanvasError(_("There is nothing to freeze: no run was named to begin with."), _("Name one: --from RUN"))
    data, about_data = _choose_data(pictures, options, inputs, source)
    factor, drawn = _choose_factor(options, inputs, data, source)
    name, why = _choose_recipe(options, inputs, data, factor, source)
    if factor > 1 and not lookup(RECIPES, name, N_("recipe")).upsamples:
        raise GanvasError(
            _("Recipe {name} draws at full size only.").format(name=name),
            _("Leave out --upsample, or take: --recipe projected"),
        )
    recipe = lookup(RECIPES, name, N_("recipe"))
    if source is not None and source.imported:  # of any size
        plain = with_imported(recipe.config(data, inputs.count), source)
    else:
        plain = upsampled(recipe(small_data(data, factor), inputs.count), data, factor)
    if source is not None and (plain.generator.name, source.generator.name) == ("autoencoder", "quick"):
        plain = replace(plain, generator=replace(plain.generator, name="quick"))  # the decoder of 0.1, to begin with
    settings, decisions = _fill_in(options, inputs, plain, source)
    config = apply_options(plain, settings)
    if source is not None:
        check_freeze(config, source)
        ada = config.ada and replace(config.ada, speed_images=ADA_SPEED_AFTER_TRANSFER)
        config = replace(config, init_from=absolute(str(options.init_from)), ada=ada)
        if only_enlarges(config, source) and has_drawn(source, str(options.init_from)):
            config = upsampling_alone(config)
            about_source = _("{run} has learned these pictures at {width}x{height}").format(
                run=options.init_from, width=plain.small_shape[2], height=plain.small_shape[1]
            )
            decisions.append(Decision("schedule", _("the enlarging alone"), about_source))
    config = replace(
        config,
        coach=options.coach or "act",
        seed=options.seed or 0,
        compile=bool(options.compile),
        precision=options.precision or "float32",
        minutes=(options.minutes or DEFAULT_MINUTES) if options.images is None else None,
        total_images=options.images,
        processes=inputs.processes,
        requested=options,
    )
    return Plan(config, (Decision("recipe", name, why), *decisions, *about_data, *drawn), inputs)


def sizes_by_minutes(pictures: str | Path, options: TrainOptions, inputs: PlanInputs) -> dict[float, tuple[int, int]]:
    """Return the minutes from which on larger pictures are planned, and their width and height, smallest first.

    Raises:
        GanvasError: as `make_plan`.
    """
    sizes: dict[float, tuple[int, int]] = {}
    for minutes in SIZE_MINUTES:
        data = make_plan(pictures, options, replace(inputs, minutes=minutes)).config.data
        if (data.width, data.height) not in sizes.values():
            sizes[minutes] = data.width, data.height
    return sizes


def _choose_data(
    pictures: str | Path, options: TrainOptions, inputs: PlanInputs, source: Config | None
) -> tuple[DataConfig, list[Decision]]:
    """Return how the pictures are prepared, and why so."""
    imported = source if source is not None and source.imported else None
    if options.size is None and imported is not None:
        width, height, why = imported.data.width, imported.data.height, _("the network draws at this size")
    elif options.size is None:
        width, height, why = choose_size(inputs, _may_upsample(options, inputs, source))
    else:
        (width, height), why = parse_size(options.size), AS_ASKED
    data = DataConfig(
        path=absolute(pictures),  # so that the run goes on from any folder
        height=height,
        width=width,
        channels=_channels(options, inputs, imported),
        background=options.background or "white",
        fit=options.fit or "crop",
        conditional=bool(options.conditional) or options.labels_by is not None,
        labels_by=options.labels_by,
        drop_copies=not options.keep_copies,
        value_range=parse_range(options.value_range) if options.value_range else inputs.value_range,
        aspect=parse_aspect(options.aspect) if options.aspect else None,
        limit=options.limit,
        limit_seed=(options.seed or 0) if options.limit else 0,
    )
    name = _recipe_name(options, source)
    if options.size is None and name is not None and imported is None and not _may_upsample(options, inputs, source):
        largest = largest_size(data, lookup(RECIPES, name, N_("recipe")))
        if largest != data:
            data, why = largest, _("recipe {name} makes no larger pictures of this shape").format(name=name)
    decisions = [Decision("size", f"{data.width}x{data.height}", why)]
    if data.value_range is not None:
        why = (
            AS_ASKED if options.value_range else _("all numbers in the pictures that were looked at are in this range")
        )
        decisions.append(Decision("values", ValueRange(*data.value_range).words, why))
    return data, decisions


def _channels(options: TrainOptions, inputs: PlanInputs, imported: Config | None) -> int:
    """Return the channels that were asked for, else those of an imported network, else those of the pictures."""
    if options.channels:
        return CHANNELS[options.channels]
    if imported is not None:
        return imported.data.channels
    return 1 if inputs.gray else 3


def _recipe_name(options: TrainOptions, source: Config | None) -> str | None:
    """Return the recipe that was asked for, by name or by the run to begin with; None if it is open."""
    return options.recipe if source is None or options.recipe else source.recipe


def _may_upsample(options: TrainOptions, inputs: PlanInputs, source: Config | None) -> bool:
    """Return whether images may be drawn small and enlarged: on a CPU, by recipes that were compared so."""
    name = _recipe_name(options, source)
    if source is not None and source.imported:
        return False
    if options.upsample is not None:
        return options.upsample > 1
    return not inputs.gpu and (name is None or lookup(RECIPES, name, N_("recipe")).upsamples)


def _choose_factor(
    options: TrainOptions, inputs: PlanInputs, data: DataConfig, source: Config | None
) -> tuple[int, tuple[Decision, ...]]:
    """Return how many times smaller images are drawn first, and why.

    Raises:
        GanvasError: the factor is none of `FACTORS`, or the recipe draws at full size only.
    """
    name = _recipe_name(options, source)
    may = name is None or lookup(RECIPES, name, N_("recipe")).upsamples
    may = may and not (source is not None and source.imported)
    if options.upsample is None and may and source is not None and (same := factor_from(source, data)):
        factor, why = same, _("{run} draws at this size").format(run=options.init_from)
    elif options.upsample is None:
        factor = choose_factor(data, inputs.minutes) if _may_upsample(options, inputs, source) else 1
        why = _("shapes are learned sooner on small pictures, and detail after them")
    else:
        factor, why = options.upsample, AS_ASKED
        if factor not in FACTORS:
            raise GanvasError(
                _("Pictures cannot be drawn {factor} times smaller.").format(factor=factor), _("Try: --upsample 4")
            )
    small = small_data(data, factor)
    value = _("at {width}x{height}, then enlarged {factor} times").format(
        width=small.width, height=small.height, factor=factor
    )
    return factor, (Decision("drawn", value, why),) if factor > 1 else ()


def _choose_recipe(
    options: TrainOptions, inputs: PlanInputs, data: DataConfig, factor: int, source: Config | None
) -> tuple[str, str]:
    """Return the recipe's name and the reason."""
    if options.recipe is not None:
        return options.recipe, AS_ASKED
    if source is not None:
        return source.recipe, _("that of {run}").format(run=options.init_from)
    return choose_recipe(inputs, small_data(data, factor), enlarged=factor > 1)


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
            decisions.append(Decision("width", _("twice the recipe's"), _("a GPU has room for more channels")))
        fits = fitting_batch(apply_options(config, settings), inputs.memory)
        if options.batch is None and fits < largest_batch(config):
            settings = replace(settings, batch=fits)
            room = _("more would not fit into {memory:.1f} GiB").format(memory=inputs.memory / 2**30)
            decisions.append(Decision("batch", f"{fits}", room))
        if options.augment is None and inputs.count < FEW and _would_memorize(config):
            in_color = DISCRIMINATORS[config.discriminator.name].network.augments_color
            policy: Literal["ada", "translation"] = "ada" if in_color else "translation"
            settings = replace(settings, augment=(policy,))
            why = _("the discriminator would soon memorize {count:,} pictures").format(count=inputs.count)
            decisions.append(Decision("augmentation", policy, why))
    if options.batch is None:
        batch = largest_batch(apply_options(config, settings))
        shared = batch_to_share(batch, inputs.processes)
        if shared != batch:
            settings = replace(settings, batch=shared)
            why = _("{count} processes share it in equal parts").format(count=inputs.processes)
            decisions.append(Decision("batch", f"{shared}", why))
    if (settings.batch or 0) > largest_batch(config) and options.g_lr is None and options.d_lr is None:
        why = _("they do not follow the batch; --g-lr and --d-lr set them")
        decisions.append(
            Decision("learning rates", _("as with a batch of {batch}").format(batch=largest_batch(config)), why)
        )
    if config.flip and inputs.symmetry is not None:
        if options.flip is None:
            flip: Literal["yes", "no"] = "no" if inputs.symmetry.is_handed else "yes"
            settings = replace(settings, flip=flip)
            decisions.append(Decision("mirroring", _(YES_OR_NO[flip]), inputs.symmetry.mirror_evidence))
        if options.turn is None and settings.flip == "yes" and inputs.symmetry.may_be_turned:
            settings = replace(settings, turn="yes")
            decisions.append(Decision("turning", _(YES_OR_NO["yes"]), inputs.symmetry.turn_evidence))
    if options.flip is not None:
        decisions.append(Decision("mirroring", _(YES_OR_NO[options.flip]), AS_ASKED))
    if options.turn is not None:
        decisions.append(Decision("turning", _(YES_OR_NO[options.turn]), AS_ASKED))
    if options.channel_mult is not None:
        decisions.append(
            Decision("width", _("{factor:g} times the recipe's").format(factor=options.channel_mult), AS_ASKED)
        )
    if options.batch is not None:
        decisions.append(Decision("batch", f"{options.batch}", AS_ASKED))
    return settings, decisions


def _would_memorize(config: Config) -> bool:
    """Return whether nothing in a recipe's configuration keeps the discriminator from memorizing few pictures."""
    is_opponent = DISCRIMINATORS[config.discriminator.name].network.is_opponent
    return is_opponent and not RECIPES[config.recipe].bounded and not config.augment
