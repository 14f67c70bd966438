"""Write docs/images/walk.webp: four walks of a run side by side. Run it from the checkout on a run of emoji people.

ganvas train emoji-people-64.zip --out runs/people --minutes 10
python scripts/film_walk.py runs/people
"""

import sys
from pathlib import Path

import ganvas
from ganvas.config import WalkConfig

FILM = Path(__file__).resolve().parents[1] / "docs" / "images" / "walk.webp"
SETTINGS = WalkConfig(seconds=6, fps=15, size=96, grid="4x1", pace=1.5, truncation=0.8)


def main() -> None:
    """Write the film, which replaces the one before."""
    for _ in ganvas.walk(sys.argv[1], FILM, SETTINGS):
        pass


if __name__ == "__main__":
    main()
