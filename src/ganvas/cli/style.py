"""ganvas style"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import OmitArgPrefixes, Positional, arg

from ..config import StyleConfig
from ..errors import GanvasError
from ..translation import _
from .options import Json, optional
from .output import echo
from .pipes import PIPE, piped


@dataclass(frozen=True)
class Style:
    """Flags of `ganvas style`."""

    content: Annotated[Positional[Path], arg(metavar="CONTENT")]
    """The picture or film to repaint, or a folder of pictures; - reads a picture from standard input and writes one."""
    style: Annotated[Positional[tuple[Path, ...]], arg(metavar="STYLE [STYLE ...]", help_behavior_hint="")]
    """Pictures whose styles are mixed, or what style-train wrote; with a folder of pictures, each one by itself."""
    out: Annotated[Path | None, optional("FILE")] = None
    """Where the painting goes: .png, .jpg, .webp or .tiff; for several, a folder; for a film, .mp4 or .webm."""
    mask: tuple[Path, ...] = ()
    """Pictures that are white where a style belongs, in the styles' order; the last style may do without one."""
    like: Annotated[Path | None, optional("PAINTING")] = None
    """A painting whose styles and settings are taken; what is given besides is changed."""
    sweep: str = ""
    """One setting and several values, such as strength=0.3,0.5,0.7: a painting for each, and a sheet."""
    frames: str = ""
    """Which frames of a film are painted, such as 100-200; all if left out."""
    settings: OmitArgPrefixes[StyleConfig] = field(default_factory=StyleConfig)
    json: Json = False

    def defaults(self) -> "Style | None":
        """Return the defaults of --like: what made that painting, on this machine. None without it."""
        from ..style.reuse import read_settings

        if self.like is None:
            return None
        known = read_settings(self.like)
        settings = replace(known.config, device=StyleConfig.device, memory=StyleConfig.memory)
        # A painting may be a stranger's: it starts no download, and names no file of weights.
        settings = replace(settings, network=StyleConfig.network, vgg19_weights=StyleConfig.vgg19_weights)
        if known.config.network != self.settings.network:
            echo(
                _(
                    "{painting} was painted with {old}; this is painted with {network}. For the same: "
                    "--network {old}, and --vgg19-weights FILE if you have the weights"
                ).format(painting=self.like, old=known.config.network, network=self.settings.network)
            )
        # Weights and masks belong to the styles that were: other styles do without them.
        if self.style or self.mask:
            settings = replace(settings, blend=())
        masks = () if self.style or self.settings.blend else known.masks
        return replace(self, style=known.styles, mask=masks, settings=settings)

    def execute(self) -> dict[str, Any]:
        from ..style.batch import is_batch, paint_many
        from ..style.paint import stylize
        from ..video.reader import is_film
        from .terminal import interrupt_on_sigterm, render_until_done

        if not self.style:
            raise GanvasError(_("No style picture was named."), _("Try: ganvas style CONTENT STYLE --out painting.png"))
        if is_film(self.content):
            return self._repaint_film()
        if self.frames:
            raise GanvasError(
                _("{content} is not a film, so it has no frames.").format(content=self.content),
                _("Leave out --frames."),
            )
        batch = is_batch(self.content, self.style, self.sweep)
        if PIPE in (self.content, self.out) and (batch or self.json):
            raise GanvasError(
                _("Standard input and output carry one picture, and no JSON."), _("Name files instead of -.")
            )
        with interrupt_on_sigterm(), piped(self.content, self.out) as (content, out):
            if batch:
                events = paint_many(content, self.style, out or Path("styled"), self.settings, self.mask, self.sweep)
            else:
                events = stylize(content, self.style, out or Path("styled.png"), self.settings, self.mask)
            return render_until_done(events)

    def _repaint_film(self) -> dict[str, Any]:
        from ..style.film.paint_film import stylize_film
        from ..style.film.plan import check_film_settings
        from .terminal import render_until_done, stop_on_signals

        check_film_settings(self.settings, self.style, self.mask, self.sweep, self.content)
        out = self.out or Path("styled.mp4")
        with stop_on_signals() as stopped:
            return render_until_done(stylize_film(self.content, self.style, out, self.settings, self.frames, stopped))
