"""ganvas walk"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import OmitArgPrefixes

from ..config import SignConfig, WalkConfig
from .options import Json, Run, optional


@dataclass(frozen=True)
class Walk:
    """Flags of `ganvas walk`."""

    run_folder: Run
    out: Annotated[Path, optional("FILM")] = Path("walk.mp4")
    """Where the film goes: .mp4, .webm, .webp or .gif; a name without an ending is a folder of PNGs."""
    seeds: Annotated[str, optional("LIST")] = ""
    """Seeds of the pictures that the walk passes, such as 3,7,20-29; random pictures if left out."""
    through: Annotated[tuple[Path, ...], optional("PICTURE [PICTURE ...]")] = ()
    """Pictures of ganvas sample, or files of latents, that the walk passes instead."""
    direction: Annotated[tuple[str, ...], optional("NAME[=NUMBER] ...")] = ()
    """Directions of ganvas directions: the film shows one picture from -3 to 3, or to the number, and back."""
    audio: Annotated[Path | None, optional("FILE")] = None
    """Music to move to: beats quicken the walk, loudness widens it. An .mp4 or .webm keeps the sound."""
    settings: OmitArgPrefixes[WalkConfig] = field(default_factory=WalkConfig)
    signature: OmitArgPrefixes[SignConfig] = field(default_factory=SignConfig)
    json: Json = False

    def execute(self) -> dict[str, Any]:
        import ganvas

        from ..latents.seeds import parse_seeds
        from .terminal import render_until_done, stop_on_signals

        seeds = parse_seeds(self.seeds) if self.seeds else []
        with stop_on_signals() as stop:
            return render_until_done(
                ganvas.walk(
                    self.run_folder,
                    self.out,
                    self.settings,
                    seeds=seeds,
                    through=self.through,
                    directions=self.direction,
                    audio=self.audio,
                    sign=self.signature,
                    stop=stop,
                )
            )
