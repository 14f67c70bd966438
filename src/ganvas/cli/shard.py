"""ganvas shard"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from ..errors import ganvas_command
from ..formatting import format_bytes
from ..translation import _
from .options import Json
from .output import echo


@dataclass(frozen=True)
class Shard:
    """Flags of `ganvas shard`."""

    pictures: Annotated[Positional[str], arg(metavar="PICTURES")]
    """Folder, .zip, .npy, MNIST-style idx file, or other shards."""
    out: Annotated[Path, arg(metavar="SHARDS")]
    """The folder for the shards."""
    size: Annotated[str, arg(metavar="1GB|500MB")] = "1GB"
    """Of a shard, about; none has more than 50,000 pictures."""
    json: Json = False

    def execute(self) -> dict[str, Any]:
        from ..data.cached_sets import parse_bytes
        from ..data.write_shards import write_shards
        from .terminal import interrupt_on_sigterm, render_events

        with interrupt_on_sigterm():
            written = render_events(write_shards(self.pictures, self.out, parse_bytes(self.size, "--size 1GB")))
        echo(
            _("Written: {shards:,} shards with {pictures:,} pictures ({size}) in {folder}.").format(
                shards=written.shards, pictures=written.pictures, size=format_bytes(written.size), folder=self.out
            )
        )
        echo(_("Next: {command}").format(command=ganvas_command("train", self.out)))
        return asdict(written) | {"path": str(self.out)}
