"""The planner: recipe, size, width, batch and augmentation by the pictures, the machine and the budget, with reasons.

Its rules follow from `benchmarks/family.py`: on a processor, the recipes were trained side by side and scored. What a
GPU does has not been measured here; those rules follow the authors' figures, and say so.
"""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise

from ..config import Config, DataConfig, NetworkConfig
from ..errors import GanvasError
from ..recipes.overrides import Wishes, with_wishes

FEW = 2_000  # pictures; with fewer, a discriminator knows them by heart before long
# Where `keen` has been compared, and is ahead: in two minutes it has not seen some thousand pictures often enough.
KEEN_COUNTS, KEEN_MINUTES = range(100, 10_000), 10
SIZES = (32, 64, 128, 256)
# Minutes from which on a size is worth its cost; below, the time is better spent on more steps of smaller pictures.
MINUTES_FOR = {"cpu": {32: 0, 64: 20, 128: 240}, "gpu": {64: 0, 128: 30, 256: 240}}
LONGEST = 256  # pixels of a side that any recipe makes
GPU_MINUTES = 20  # from which on a GPU has time for a GAN from nothing
FLOATS = 14  # numbers kept for each activation: of both networks, forward and back, twice where a penalty looks back


@dataclass(frozen=True)
class Circumstances:
    """Hold what a plan depends on.

    Args:
        count: pictures to train on.
        width, height: that the pictures would be trained at if nothing else mattered; their shape.
        grey: whether all of them are.
        drawn: whether they have areas of one colour, as drawings do and photographs do not.
        device: "cpu" or another, as torch names it.
        memory: bytes that are free on the device.
        minutes: of the budget.
    """

    count: int
    width: int
    height: int
    grey: bool
    drawn: bool
    device: str
    memory: int
    minutes: float

    @property
    def gpu(self) -> bool:
        """Tell whether this is not a processor."""
        return self.device != "cpu"


@dataclass(frozen=True)
class Choice:
    """Say what was chosen and why: `what` is chosen, `value` is the choice in words, `why` a sentence's end."""

    what: str
    value: str
    why: str


def choose_size(around: Circumstances) -> tuple[int, int, str]:
    """Return width, height and the reason."""
    table = MINUTES_FOR["gpu" if around.gpu else "cpu"]
    short, long = sorted((around.width, around.height))
    possible = [size for size, minutes in table.items() if minutes <= around.minutes and size * long <= LONGEST * short]
    affordable = max(possible, default=min(table))
    if short <= affordable and long <= LONGEST:
        return around.width, around.height, "most of the pictures have no more"
    target = min(affordable, short, LONGEST * short // long)
    width, height = (target * side // short for side in (around.width, around.height))
    where = "a GPU" if around.gpu else "a processor"
    return width, height, f"more would cost more than {around.minutes:g} minutes on {where} can give"


def largest(data: DataConfig, recipe: Callable[[DataConfig, int], Config]) -> DataConfig:
    """Return `data` at the largest size of its shape that a recipe makes, its own at most; at its own if at none."""
    long = max(data.width, data.height)
    for side in range(long, 0, -1):
        width, height = (max(1, round(each * side / long)) for each in (data.width, data.height))
        smaller = replace(data, width=width, height=height)
        with suppress(GanvasError):
            recipe(smaller, FEW)
            return smaller
    return data


def choose_recipe_name(around: Circumstances, data: DataConfig) -> tuple[str, str]:
    """Return the name of the recipe for pictures of this size, and the reason."""
    large = max(data.width, data.height) > 128
    if not (around.gpu or around.drawn or around.grey):
        return "projected", "on a processor it came nearest to photographs of all recipes that were compared"
    if not around.gpu and large:
        return "r3gan", "it makes pictures of more than 128 px"
    coloured = not around.grey and data.channels == 3  # what is drawn, if on a processor: photographs are dealt with
    if not around.gpu and coloured and around.count in KEEN_COUNTS and around.minutes >= KEEN_MINUTES:
        return "keen", "on a processor nothing came nearer to so many coloured drawings in such a time"
    if not around.gpu:
        return "quick", "on a processor it came nearest to drawings of all recipes that were compared, within minutes"
    if around.minutes < GPU_MINUTES and not large:
        return "quick", "it learns to draw in the first minute; nothing else does"
    if around.count < FEW and not around.grey:
        return "projected", "its authors found it to need the fewest pictures (not measured here on a GPU)"
    return "r3gan", "its game converges without tricks, by its authors' figures (not measured here on a GPU)"


def choose_wishes(around: Circumstances, config: Config, asked: Wishes) -> tuple[Wishes, list[Choice]]:
    """Return the user's wishes with what the plan puts in where there are none, and the reasons.

    Args:
        config: what the recipe returns for these pictures.
    """
    wishes, reasons = asked, []
    if asked.width is None and around.gpu and around.minutes >= GPU_MINUTES:
        wishes = replace(wishes, width=2.0)
        reasons.append(Choice("width", "twice the recipe's", "a GPU has room for more channels"))
    fits = fitting_batch(with_wishes(config, wishes), around.memory)
    if asked.batch is None and fits < largest_batch(config):
        wishes = replace(wishes, batch=fits)
        reasons.append(Choice("batch", f"{fits}", f"more would not fit into {around.memory / 2**30:.1f} GiB"))
    unguarded = config.discriminator.name != "none" and config.recipe != "quick" and not config.augment
    if not asked.augment and around.count < FEW and unguarded:
        wishes = replace(wishes, augment=("translation",) if config.recipe == "multiscale" else ("ada",))
        why = f"the discriminator would soon know {around.count:,} pictures by heart"
        reasons.append(Choice("augmentation", wishes.augment[0], why))
    return wishes, reasons


def explained(config: Config) -> list[Choice]:
    """Return what the recipe itself chose for these pictures, and why."""
    first, last = config.phases[0], config.phases[-1]
    choices = [Choice("batch", batches(config), "the recipe's; larger batches make fewer steps of the same minutes")]
    penalty = config.penalty
    if penalty.name != "none":
        lazily = f", every {penalty.every} steps" if penalty.every > 1 else ""
        how = f"{penalty.name}, gamma {penalty.gamma:.3g}{lazily}"
        choices.append(Choice("penalty", how, "it keeps the discriminator's slope, and with it the game, in bounds"))
    elif config.discriminator.name != "none":
        choices.append(Choice("penalty", "none", "the recipe is held together otherwise"))
    kept = [*(["mirrored"] if config.flip else []), *config.augment]
    why = "few pictures are made more" if kept else "the pictures are shown as they are"
    choices.append(Choice("augmentation", ", ".join(kept) or "none", why))
    names = list(dict.fromkeys(phase.name for phase in config.phases))
    rates = "along a cosine" if config.anneal else "constant" if last.floor == 1 else "down to the end of the budget"
    several = f"{len(config.phases)} stages" if len(names) == 1 and first is not last else ", ".join(names)
    choices.append(Choice("schedule", f"{several}; rates {rates}", "the end of the budget is the end of the schedule"))
    return choices


def estimated_bytes(config: Config) -> int:
    """Return about what a training takes: weights with their moments, and what a step keeps of each picture.

    Networks' activations are taken as one of each width on each grid; measured trainings took 0.5 to 1.5 times of it.
    """
    networks = [_floats_of(network, config.shape) for network in (config.generator, config.discriminator)]
    kept = math.prod(config.shape) + sum(floats for floats, _ in networks)
    weights = sum(weights for _, weights in networks)
    return 4 * (FLOATS * kept * largest_batch(config) + 4 * weights)


def _floats_of(network: NetworkConfig, shape: tuple[int, int, int]) -> tuple[int, int]:
    """Return how many numbers a network keeps of each picture, and how many weights it has."""
    _, height, width = shape
    pairs = list(pairwise(network.widths))
    if network.name == "fc":  # dense: one number a unit, and a weight from the widest to each number of the picture
        weights = sum(before * after for before, after in pairs) + max(network.widths) * math.prod(shape)
        return sum(network.widths), weights
    grids = [max(1, height >> halvings) * max(1, width >> halvings) for halvings in range(len(network.widths))]
    kept = sum(each * places for each, places in zip(sorted(network.widths), grids, strict=True))
    return kept, sum(16 * before * after for before, after in pairs)


def batches(config: Config) -> str:
    """Return how many pictures a step takes: "32", or "32, then 16" where phases differ."""
    return ", then ".join(dict.fromkeys(f"{phase.batch}" for phase in config.phases if phase.batch))


def largest_batch(config: Config) -> int:
    """Return the most pictures that any step of a training takes."""
    return max(phase.batch for phase in config.phases)


def fitting_batch(config: Config, memory: int) -> int:
    """Return the batch, halved until a training takes no more than half of the memory."""
    batch = largest_batch(config)
    while batch > 4 and estimated_bytes(config) > memory / 2:
        batch //= 2
        config = replace(config, phases=tuple(replace(phase, batch=batch) for phase in config.phases))
    return batch
