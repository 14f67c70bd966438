"""Recipe and size by the pictures, the machine and the budget, with reasons.

The rules follow from `benchmarks/family.py`: on a CPU, the recipes were trained side by side and scored. Nothing was
measured on a GPU; those rules follow the authors' figures, and say so.
"""

from contextlib import suppress
from dataclasses import replace

from ..config import DataConfig
from ..errors import GanvasError
from ..recipes import RecipeSpec
from ..recipes.upsampling import FACTORS
from ..translation import _
from .inputs import PlanInputs

FEW = 2_000  # pictures; with fewer, a discriminator memorizes them before long
# Where `keen` was compared, and is ahead: in two minutes it has not seen some thousand pictures often enough.
KEEN_COUNTS, KEEN_MINUTES = range(100, 10_000), 10
# Minutes from which on a size is worth its cost; below, the time is better spent on more steps of smaller images.
MINUTES_FOR = {"cpu": {32: 0, 64: 20, 128: 240}, "gpu": {64: 0, 128: 30, 256: 240}}
# The same where a recipe draws small on a CPU and enlarges what it drew; and the short side that it draws then.
MINUTES_FOR_UPSAMPLED = {64: 0, 128: 5, 256: 20, 512: 240}
MINUTES_TO_DRAW = {40: 0, 80: 240}
SIZE_MINUTES = tuple(
    sorted({minutes for table in (*MINUTES_FOR.values(), MINUTES_FOR_UPSAMPLED) for minutes in table.values()})
)
MAX_SIDE, MAX_DRAWN_SIDE = 256, 128  # pixels of a side that any recipe makes, and that one makes to be enlarged
MIN_DRAWN_SIDE = 16
GPU_MINUTES = 20  # from which on a GPU has time for a GAN from nothing


def choose_size(inputs: PlanInputs, upsamples: bool) -> tuple[int, int, str]:
    """Return width, height and the reason.

    Args:
        upsamples: whether images may be drawn small first and enlarged.
    """
    table = MINUTES_FOR_UPSAMPLED if upsamples else MINUTES_FOR["gpu" if inputs.gpu else "cpu"]
    short, long = sorted((inputs.width, inputs.height))
    longest = MAX_SIDE
    if upsamples:  # drawn so small, the short side of very oblong ones would be lost
        longest = FACTORS[-1] * MAX_DRAWN_SIDE if long * MIN_DRAWN_SIDE <= MAX_DRAWN_SIDE * short else MAX_SIDE
    possible = [size for size, minutes in table.items() if minutes <= inputs.minutes and size * long <= longest * short]
    affordable = max(possible, default=min(table))
    if short <= affordable and long <= longest:
        return inputs.width, inputs.height, _("most of the pictures are no larger")
    target = min(affordable, short, longest * short // long)
    width, height = (target * side // short for side in (inputs.width, inputs.height))
    why = (
        _("larger ones would need more than {minutes:g} minutes on a GPU")
        if inputs.gpu
        else _("larger ones would need more than {minutes:g} minutes on a CPU")
    )
    return width, height, why.format(minutes=inputs.minutes)


def choose_factor(data: DataConfig, minutes: float) -> int:
    """Return how many times smaller than `data` images are drawn first on a CPU; 1 for full size from the start."""
    short, long = sorted((data.width, data.height))
    drawn = max(side for side, from_minutes in MINUTES_TO_DRAW.items() if from_minutes <= minutes)
    possible = [
        factor for factor in FACTORS if long / factor <= MAX_DRAWN_SIDE and short / factor >= MIN_DRAWN_SIDE
    ]  # the larger ones are drawn larger than there is time for
    return next((factor for factor in possible if short / factor <= drawn), possible[-1] if possible else 1)


def largest_size(data: DataConfig, recipe: RecipeSpec) -> DataConfig:
    """Return `data` at the largest size of its shape that a recipe draws, its own at most; at its own if at none."""
    long = max(data.width, data.height)
    for side in range(long, 0, -1):
        width, height = (max(1, round(each * side / long)) for each in (data.width, data.height))
        smaller = replace(data, width=width, height=height)
        with suppress(GanvasError):
            recipe(smaller, FEW)
            return smaller
    return data


def choose_recipe(inputs: PlanInputs, data: DataConfig, enlarged: bool = False) -> tuple[str, str]:
    """Return the name of the recipe for pictures drawn at this size, and the reason.

    Args:
        enlarged: whether what is drawn is made larger afterwards.
    """
    large = max(data.width, data.height) > 128
    in_color = not inputs.gray and data.channels == 3
    may_be_keen = in_color and inputs.count in KEEN_COUNTS and inputs.minutes >= KEEN_MINUTES
    if not (inputs.gpu or inputs.drawn or inputs.gray):
        if enlarged and may_be_keen:
            return "keen", _("on a CPU nothing came nearer to so many photographs in this time, once enlarged")
        return "projected", _("on a CPU it came nearest to photographs of all recipes that were compared")
    if not inputs.gpu and large:
        return "r3gan", _("it makes pictures of more than 128 px")
    if not inputs.gpu and may_be_keen:
        return "keen", _("on a CPU nothing came nearer to so many drawings in color in this time")
    if not inputs.gpu:
        return "quick", _("on a CPU it came nearest to drawings of all recipes that were compared, within minutes")
    if inputs.minutes < GPU_MINUTES and not large:
        return "quick", _("it learns to draw in the first minute; nothing else does")
    if inputs.count < FEW and not inputs.gray:
        return "projected", _("its authors found that it needs the fewest pictures (not measured here on a GPU)")
    return "r3gan", _("it converges without tricks, by its authors' figures (not measured here on a GPU)")
