"""ganvas recipes"""

from dataclasses import dataclass
from typing import Any

from .options import Json


@dataclass(frozen=True)
class Recipes:
    """Flags of `ganvas recipes`."""

    json: Json = False

    def execute(self) -> dict[str, Any]:
        from .tables import show_recipes

        return show_recipes()
