"""ganvas demo"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Demo:
    """Flags of `ganvas demo`."""

    out: Path = Path("ganvas-demo")
    """Where the results go."""
    minutes: float = 2.0
    """Minutes of training."""

    def execute(self) -> dict[str, Any]:
        from ..demo import demo
        from .terminal import render_until_done, stop_on_signals

        with stop_on_signals() as stop:
            return render_until_done(demo(self.out, self.minutes, stop))
