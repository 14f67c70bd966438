"""ganvas env"""

from dataclasses import dataclass
from typing import Any

from .options import Json


@dataclass(frozen=True)
class Env:
    """Flags of `ganvas env`."""

    json: Json = False

    def execute(self) -> dict[str, Any]:
        from .tables import show_environment

        return show_environment()
