"""ganvas shrink-vgg"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional

from ..errors import GanvasError, ganvas_command
from ..translation import _
from .options import Json, optional
from .output import echo


@dataclass(frozen=True)
class ShrinkVGG:
    """Flags of `ganvas shrink-vgg`."""

    weights: Annotated[Positional[Path | None], optional("WEIGHTS")] = None
    """torchvision's vgg19-dcbb9e9d.pth; the one in torch's cache, or downloaded, if left out."""
    out: Path = Path("vgg19.safetensors")
    """Where it goes; then: ganvas style ... --network vgg19 --vgg19-weights vgg19.safetensors."""
    json: Json = False

    def execute(self) -> dict[str, Any]:
        from ..data.ownership import not_ours
        from ..models.vgg import is_slim_vgg, save_slim_vgg, torchvision_vgg19

        if self.out.suffix != ".safetensors":
            raise GanvasError(
                _("{out} should end in .safetensors.").format(out=self.out), _("Try: --out vgg19.safetensors")
            )
        if self.out.exists() and not is_slim_vgg(self.out):
            raise not_ours(self.out)
        save_slim_vgg(torchvision_vgg19(self.weights), self.out)
        echo(_("Written: {out}, {megabytes:.0f} MB.").format(out=self.out, megabytes=self.out.stat().st_size / 1e6))
        command = ("style", "PHOTOGRAPH", "PAINTING", "--network", "vgg19", "--vgg19-weights", self.out)
        echo(_("Now: {command}").format(command=ganvas_command(*command)))
        return {"path": str(self.out)}
