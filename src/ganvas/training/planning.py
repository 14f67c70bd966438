"""What will be trained and why: the plan for a set of pictures, this machine and a budget."""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ..config import Config, DataConfig
from ..data import Prepared, glance, open_source
from ..data.loader import Loader
from ..data.prepare import FEWEST
from ..data.split import held_out_count
from ..device import Choice as Device
from ..device import choose_device, free_memory, use
from ..errors import GanvasError, pick
from ..planning.planner import (
    Choice,
    Circumstances,
    choose_recipe_name,
    choose_size,
    choose_wishes,
    explained,
    largest,
)
from ..planning.request import KINDS, Options, began_with, check_freeze, check_wishes, parse_size, transferred
from ..planning.schedule import with_seconds
from ..recipes import DEFAULT_MINUTES, choose_recipe, with_wishes
from .calibrate import MARGIN, seconds_per_step
from .state import fresh

LOOKED_AT = 0.9  # of a budget that is left when start-up, sheets, scores and examinations have had their share
PROBES = 64  # random pictures that steps are tried on


@dataclass(frozen=True)
class Plan:
    """Tell what would be trained.

    Args:
        config: complete but for the budget, or with its steps if they were measured.
        choices: what was chosen and why, what the user asked for included.
        minutes: of the budget.
        pictures_per_second: over the whole training; 0 if it was not measured.
        twice: what twice the time would give, in words.
    """

    config: Config
    choices: tuple[Choice, ...]
    minutes: float
    pictures_per_second: float = 0.0
    twice: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain dicts, lists and scalars, ready for JSON."""
        config = self.config
        return {
            "recipe": config.recipe,
            "width": config.data.width,
            "height": config.data.height,
            "batch": config.phases[-1].batch,
            "minutes": self.minutes,
            "pictures_per_second": self.pictures_per_second,
            "pictures": config.images,
            "choices": [asdict(each) for each in self.choices],
            "twice": self.twice,
        }


def circumstances(pictures: str | Path, options: Options, device: Device) -> Circumstances:
    """Look at a few pictures and at the machine.

    Raises:
        GanvasError: the pictures are not there, or an option makes no sense.
    """
    seen = glance(open_source(pictures))
    minutes = DEFAULT_MINUTES if options.minutes is None else options.minutes
    memory = free_memory(device.device)
    return Circumstances(seen.count, seen.width, seen.height, seen.grey, seen.drawn, device.device, memory, minutes)


def describe(pictures: str | Path, options: Options, around: Circumstances) -> tuple[DataConfig, Choice]:
    """Return how the pictures are prepared, and why at this size.

    Raises:
        GanvasError: there is no such recipe or run to begin with, or the size is none.
    """
    if options.size == "auto":
        width, height, why = choose_size(around)
    else:
        (width, height), why = parse_size(options.size), "as asked"
    channels = pick(KINDS, options.channels, "kind of channels") or (1 if around.grey else 3)
    where = str(Path(pictures).resolve())  # so that the run goes on from any folder
    data = DataConfig(where, height, width, channels, options.background, options.fit, options.labels)
    name = _named_recipe(options)
    if options.size == "auto" and name != "auto":
        made = largest(data, choose_recipe(name))
        if made != data:
            data, why = made, f"recipe {name} makes no larger pictures of this shape"
    return data, Choice("size", f"{data.width}x{data.height}", why)


def _named_recipe(options: Options) -> str:
    """Return the recipe that was named, by itself or by the run to begin with; "auto" if none was."""
    if options.recipe == "auto" and options.origin is not None:
        return began_with(options.origin).recipe
    return options.recipe


def choose(data: DataConfig, options: Options, around: Circumstances) -> tuple[Config, list[Choice]]:
    """Return the configuration for `around.count` pictures, and the reason of each choice that was left open.

    Raises:
        GanvasError: the recipe is unknown or cannot make this size, or a wish makes no sense.
    """
    origin = None if options.origin is None else began_with(options.origin)
    if options.recipe != "auto":
        name, why = options.recipe, "as asked"
    elif origin is not None:
        name, why = origin.recipe, f"that of {options.origin}"
    else:
        name, why = choose_recipe_name(around, data)
    plain = choose_recipe(name)(data, around.count)
    choices = [Choice("recipe", name, why)]
    wishes = options.wishes
    if origin is not None and wishes.width is None:
        wishes = replace(wishes, width=origin.width)
    if options.recipe == "auto":
        wishes, more = choose_wishes(around, plain, wishes)
        if origin is not None and wishes.width != options.wishes.width:  # alike, or nothing could be kept
            wishes = replace(wishes, width=origin.width)
            more = [each for each in more if each.what != "width"]
        choices += more
    if options.wishes.width is not None:
        choices.append(Choice("width", f"{options.wishes.width:g} times the recipe's", "as asked"))
    if options.wishes.batch is not None:
        choices.append(Choice("batch", f"{options.wishes.batch}", "as asked"))
    config = with_wishes(plain, wishes)
    if wishes.freeze and origin is not None:
        check_freeze(config, origin)
    return transferred(config, options), choices


def plan(pictures: str | Path, options: Options) -> Plan:
    """Return what `train` would do with these options, how fast, and what twice the time would give.

    Raises:
        GanvasError: the pictures are not there, or an option makes no sense.
    """
    device = choose_device(options.device)
    around = circumstances(pictures, options, device)
    data, size = describe(pictures, options, around)
    check_wishes(options)
    if around.count < FEWEST:
        raise GanvasError(
            f"{pictures} has {around.count} pictures; {FEWEST} are needed to train.", f"Try: ganvas inspect {pictures}"
        )
    around = replace(around, count=max(1, around.count - held_out_count(around.count)))
    config, choices = choose(data, options, around)
    chosen = {each.what: each for each in [*explained(config), size, *choices]}
    order = ("recipe", "size", "width", "batch", "penalty", "augmentation", "schedule")
    config = _measured(config, device, around.minutes)
    rate = config.images / (60 * around.minutes)
    longer = replace(options, minutes=2 * around.minutes)
    twice = _twice(pictures, longer, replace(around, minutes=2 * around.minutes), config)
    return Plan(config, tuple(chosen[each] for each in order if each in chosen), around.minutes, rate, twice)


def _measured(config: Config, device: Device, minutes: float) -> Config:
    """Return `config` with the steps that fit into so many minutes on this machine as it is now."""
    where = use(device)
    shape = (PROBES, *config.shape)
    noise = torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    data = Prepared(noise.numpy(), None, (), (), (), "probe")
    began = time.monotonic()
    tried = replace(config, classes=(), held_out=0)
    each_step, _ = seconds_per_step(tried, data, fresh(tried, where), Loader(data, 0))
    left = 60 * minutes - (time.monotonic() - began)
    return with_seconds(config, max(1.0, LOOKED_AT * MARGIN * left), each_step)


def _twice(pictures: str | Path, options: Options, around: Circumstances, config: Config) -> str:
    """Say what twice the time would give."""
    data, _ = describe(pictures, options, around)
    other, _ = choose(data, options, around)
    changed = []
    if other.recipe != config.recipe:
        changed.append(f"recipe {other.recipe}")
    if other.shape != config.shape:
        changed.append(f"{data.width}x{data.height} px in place of {config.data.width}x{config.data.height}")
    if changed:
        return f"{' and '.join(changed)}, in {around.minutes:g} minutes"
    bounded = config.phases[-1].most > 0
    seen = f"about {2 * config.images:,} pictures seen in place of {config.images:,}"
    few = "; on few pictures the end of a run is held back, so that they are not learned by heart" if bounded else ""
    return f"{seen}{few if around.count < 10_000 else ''}"
