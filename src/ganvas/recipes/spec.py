"""What a recipe is: a function that returns a complete configuration, and what people should know to choose it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product

from ..config import Config, DataConfig
from ..errors import GanvasError
from ..translation import _
from .resolutions import can_be_halved_exactly, size_flag

SEARCH_RADIUS = 32  # pixels from any size up to 256 to one that can be halved exactly

ConfigFunction = Callable[[DataConfig, int], Config]


@dataclass(frozen=True, kw_only=True)
class RecipeSpec:
    """One recipe.

    Args:
        name: what people type after --recipe.
        config: returns the complete configuration for pictures and their number; only the budget is left open.
        images: which pictures it is for, in a few words.
        hardware: what it needs.
        time: until its samples are worth a look.
        source: the paper, or where it comes from.
        sides: shortest and longest side of an image, in pixels.
        exact_halvings: whether both sides must be a small number times a power of two.
        upsamples: whether its images may be enlarged by phases of their own.
        bounded: whether it limits by itself how often few pictures are seen, so that it needs no augmentation.
        scores: corrected Frechet distances where it was measured (`benchmarks/family.py`, one core); less is better.
    """

    name: str
    config: ConfigFunction
    images: str
    hardware: str
    time: str
    source: str
    sides: tuple[int, int]
    exact_halvings: bool = False
    upsamples: bool = False
    bounded: bool = False
    scores: dict[str, float] = field(default_factory=dict)

    def __call__(self, data: DataConfig, count: int) -> Config:
        """Return the complete configuration for `count` pictures.

        Raises:
            GanvasError: the recipe cannot make this size; the nearest that it can make is named.
        """
        self._check_size(data)
        return self.config(data, count)

    @property
    def purpose(self) -> str:
        """Which pictures it is for, of which sizes."""
        shortest, longest = self.sides
        return f"{self.images}, {shortest} to {longest} px"

    def _check_size(self, data: DataConfig) -> None:
        shortest, longest = self.sides
        width, height = (min(max(side, shortest), longest) for side in (data.width, data.height))
        if self.exact_halvings and not can_be_halved_exactly(width, height):
            other = "quick" if max(width, height) <= 128 else "r3gan"
            raise GanvasError(
                _(
                    "Recipe {recipe} cannot make {width}x{height}: both sides must be a small number times "
                    "a power of two."
                ).format(recipe=self.name, width=data.width, height=data.height),
                _("Nearest: {size}, or take: --recipe {other}").format(
                    size=size_flag(*self._nearest(data)), other=other
                ),
            )
        if (width, height) != (data.width, data.height):
            raise GanvasError(
                _("Recipe {recipe} makes pictures of {shortest} to {longest} px a side, not {width}x{height}.").format(
                    recipe=self.name, shortest=shortest, longest=longest, width=data.width, height=data.height
                ),
                _("Nearest: {size}").format(size=size_flag(width, height)),
            )

    def _nearest(self, data: DataConfig) -> tuple[int, int]:
        """Return the nearest size whose sides can be halved exactly."""
        shortest, longest = self.sides
        width, height = (min(max(side, shortest), longest) for side in (data.width, data.height))
        across, down = (
            range(max(shortest, side - SEARCH_RADIUS), min(longest, side + SEARCH_RADIUS) + 1)
            for side in (width, height)
        )
        possible = (size for size in product(across, down) if can_be_halved_exactly(*size))
        return min(possible, key=lambda size: abs(size[0] - width) + abs(size[1] - height))
