"""ganvas sample"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import OmitArgPrefixes, arg

from ..config import SignConfig
from ..errors import GanvasError
from ..translation import _
from .help import default_text
from .options import Device, Json, Run, command_of, optional

DEFAULT_COUNT = 64


@dataclass(frozen=True)
class Sample:
    """Flags of `ganvas sample`."""

    run_folder: Run
    count: Annotated[
        int | None, arg(metavar="N", help_behavior_hint=lambda shown: default_text(f"{DEFAULT_COUNT}"))
    ] = None
    """How many pictures."""
    seed: Annotated[int | None, arg(metavar="N", help_behavior_hint=lambda shown: default_text("0"))] = None
    """The same seed gives the same pictures."""
    first: Annotated[int | None, arg(metavar="N", help_behavior_hint=lambda shown: default_text("0"))] = None
    """Number of the first picture, to draw more of the same seed."""
    seeds: Annotated[str | None, optional("LIST")] = None
    """One picture of each of these seeds, such as 3,7,20-29; files are named by them."""
    latent: Annotated[Path | None, optional("FILE")] = None
    """The pictures of the latents in a file, or of the latent that a sampled or projected picture was drawn from."""
    out: Annotated[Path | None, optional("FOLDER")] = None
    """Folder for the pictures, 000000.png and so on; for one picture also a file; RUN/sampled if left out."""
    sheet: Annotated[Path | None, optional("FILE")] = None
    """File for one sheet of all pictures instead of single files."""
    format: Literal["png", "webp", "jpeg"] = "png"
    """Format of single files; png loses nothing."""
    truncation: float = 1.0
    """1 draws from all that was learned; towards 0 pictures become safer and more alike."""
    direction: Annotated[tuple[str, ...], optional("NAME=NUMBER ...")] = ()
    """Ways of ganvas directions to go from each picture, in standard deviations: smile=2, or smile=2 pca-1=-1.5."""
    label: Annotated[str | None, optional("CLASS")] = None
    """Class to draw, for a run trained with --conditional."""
    signature: OmitArgPrefixes[SignConfig] = field(default_factory=SignConfig)
    device: Device = "auto"
    json: Json = False

    def execute(self) -> dict[str, Any]:
        import ganvas

        from ..image_io import WRITTEN_SUFFIXES
        from ..latents.write import SUFFIXES, write_picture, write_pictures, write_sheet
        from ..signature import load_signature
        from .terminal import render_until_done, stop_on_signals

        self._check()
        signature = load_signature(self.signature)
        model = ganvas.load(self.run_folder, self.device)
        request = self._request(model)
        out = self.out or self.run_folder / "sampled"
        if self.sheet is not None:
            done = render_until_done(write_sheet(model, self.sheet, request, signature))
        elif out.suffix.lower() in WRITTEN_SUFFIXES and not out.is_dir():
            done = render_until_done(write_picture(model, out, request, signature))
        else:
            suffix, command = SUFFIXES[self.format], command_of("sample", self)
            with stop_on_signals() as stop:
                events = write_pictures(model, out, request, suffix, signature, stop=stop, command=command)
                done = render_until_done(events)
        facts = {"count": len(request), "drawn": done["images_seen"], "path": done["path"], "reason": done["reason"]}
        return facts | ({"seed": request.seed} if self.seeds is None and self.latent is None else {})

    def _check(self) -> None:
        """Refuse flags that contradict each other.

        Raises:
            GanvasError: there are such.
        """
        numbered = [name for name in ("count", "seed", "first") if getattr(self, name) is not None]
        named = [name for name in ("seeds", "latent") if getattr(self, name) is not None]
        if named and (len(named) > 1 or numbered):
            others = _(" and ").join(f"--{name}" for name in (*named[1:], *numbered))
            raise GanvasError(
                _("--{option} says which pictures to draw, and so does {others}.").format(
                    option=named[0], others=others
                ),
                _("Leave out {others}.").format(others=others),
            )
        if self.sheet is not None and self.out is not None:
            raise GanvasError(_("Both --sheet and --out were given."), _("A sheet is written instead of single files."))

    def _request(self, model: Any) -> Any:
        """Return which pictures are asked for."""
        from ..latents.direction_files import read_moves
        from ..latents.latent_files import read_latents
        from ..latents.request import PictureRequest
        from ..latents.seeds import parse_seeds
        from ..runs import Run as RunFolder

        return PictureRequest(
            count=DEFAULT_COUNT if self.count is None else self.count,
            seed=self.seed or 0,
            first=self.first or 0,
            seeds=() if self.seeds is None else tuple(parse_seeds(self.seeds)),
            latents=None if self.latent is None else read_latents(self.latent, model),
            truncation=self.truncation,
            label=self.label,
            moves=read_moves(RunFolder(self.run_folder), self.direction, model),
        )
