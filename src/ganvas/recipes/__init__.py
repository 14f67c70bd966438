"""Recipes: functions that return a complete configuration for a set of pictures.

Each docstring says for which data and hardware it is meant, how long it takes and where it comes from. The budget
(steps of each phase) is filled in later, when the machine's speed is known.
"""

from collections.abc import Callable

from ..config import Config, DataConfig
from ..errors import pick
from .classics import dcgan, fc, residual, vae
from .field import multiscale, progressive, projected, r3gan, stylegan2
from .overrides import Wishes, with_wishes
from .quick import keen, quick

DEFAULT_MINUTES = 10.0

Recipe = Callable[[DataConfig, int], Config]

RECIPES: dict[str, Recipe] = {
    "quick": quick,
    "keen": keen,
    "r3gan": r3gan,
    "stylegan2": stylegan2,
    "projected": projected,
    "multiscale": multiscale,
    "progressive": progressive,
    "residual": residual,
    "dcgan": dcgan,
    "fc": fc,
    "vae": vae,
}


def choose_recipe(name: str) -> Recipe:
    """Return the recipe called `name`; "auto" is the one for people with a processor and a few minutes.

    Raises:
        GanvasError: there is no such recipe.
    """
    return pick({"auto": quick, **RECIPES}, name, "recipe")


__all__ = ["DEFAULT_MINUTES", "RECIPES", "Recipe", "Wishes", "choose_recipe", "with_wishes"]
