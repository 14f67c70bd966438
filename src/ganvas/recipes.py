"""Recipes: functions that return a complete configuration for a set of pictures.

Each docstring says for which data and hardware it is meant, how long it takes and where it comes from. The budget
(steps of each phase) is filled in later, when the machine's speed is known.
"""

import math
from collections.abc import Callable

from .config import Config, DataConfig, NetworkConfig, OptimiserConfig, PhaseConfig
from .errors import GanvasError, did_you_mean

DEFAULT_MINUTES = 10.0


def fc(data: DataConfig, count: int) -> Config:
    """Return the beginner's fully connected GAN: for digits and other small grey pictures, to learn from.

    Networks 100-256-512-1024-CHW and CHW-512-256-1, Adam 2e-4 (0.5, 0.999), batch 256, binary cross-entropy, as the
    usual first lesson has them. A few minutes on a processor give legible MNIST digits. Not for pictures above
    64 px: the dense layers grow with the number of pixels.
    """
    _at_most(data, 64, "fc")
    return Config(
        recipe="fc",
        data=data,
        generator=NetworkConfig("fc", (256, 512, 1024)),
        discriminator=NetworkConfig("fc", (512, 256)),
        generator_optimiser=OptimiserConfig(2e-4),
        discriminator_optimiser=OptimiserConfig(2e-4),
        phases=(PhaseConfig("adversarial", share=1.0, batch=min(256, count)),),
    )


def dcgan(data: DataConfig, count: int) -> Config:
    """Return the classic DCGAN (Radford et al. 2016): for any small pictures, to learn from and to compare with.

    Up to 32 px the lesson's 100-256-128-64-C and 64-128-256-1 with batch 256; from there the paper's 512-256-128-64
    with batch 128. Adam 2e-4 (0.5, 0.999), weights from N(0, 0.02), binary cross-entropy. Half an hour on a processor
    at 32 px, better on a GPU.
    """
    _at_most(data, 256, "dcgan")
    longest = max(data.height, data.width)
    stages = max(3, math.ceil(math.log2(longest / 4)))
    widths = tuple(min(512, 64 << n) for n in range(stages))
    batch = 256 if longest <= 32 else 128
    return Config(
        recipe="dcgan",
        data=data,
        generator=NetworkConfig("dcgan", widths[::-1]),
        discriminator=NetworkConfig("dcgan", widths),
        generator_optimiser=OptimiserConfig(2e-4),
        discriminator_optimiser=OptimiserConfig(2e-4),
        phases=(PhaseConfig("adversarial", share=1.0, batch=min(batch, count)),),
    )


Recipe = Callable[[DataConfig, int], Config]

RECIPES: dict[str, Recipe] = {"fc": fc, "dcgan": dcgan}


def choose_recipe(name: str) -> Recipe:
    """Return the recipe called `name`; "auto" is the one for people with a processor and a few minutes.

    Raises:
        GanvasError: there is no such recipe.
    """
    known = RECIPES | {"auto": RECIPES["quick"]}
    if name not in known:
        raise GanvasError(
            f"There is no recipe '{name}'.{did_you_mean(name, list(known))}", f"Recipes: {', '.join(known)}"
        )
    return known[name]


def _at_most(data: DataConfig, limit: int, recipe: str) -> None:
    """Refuse pictures that the recipe cannot make."""
    for name, side in (("height", data.height), ("width", data.width)):
        if not 8 <= side <= limit:
            nearest = min(max(side, 8), limit)
            raise GanvasError(
                f"Recipe {recipe} makes pictures of 8 to {limit} px a side; {name} {side} is not one.",
                f"Nearest: --size {nearest}",
            )
