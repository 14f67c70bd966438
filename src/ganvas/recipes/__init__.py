"""Recipes: each in a file of its own, a function that returns a complete configuration for a set of pictures.

The docstring of the function says for which data and hardware it is meant, how long it takes and where it comes from.
The budget (steps of each phase) is filled in later, when the machine's speed is known. To add one, see
`docs/adding-a-recipe.md`.
"""

from . import dcgan, fastgan, fc, keen, multiscale, progressive, projected, quick, r3gan, residual, stylegan2, vae
from .spec import RecipeSpec

DEFAULT_MINUTES = 10.0

# In the order in which they are listed: what a newcomer should try first comes first.
RECIPES: dict[str, RecipeSpec] = {
    module.SPEC.name: module.SPEC
    for module in (quick, keen, r3gan, stylegan2, projected, fastgan, multiscale, progressive, residual, dcgan, fc, vae)
}

__all__ = ["DEFAULT_MINUTES", "RECIPES", "RecipeSpec"]
