"""ganvas train"""

from dataclasses import dataclass, make_dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional

from ..errors import GanvasError
from ..translation import _
from .options import Json, optional, options_of, train_option_groups


@dataclass(frozen=True)
class _Train:
    pictures: Annotated[Positional[str | None], optional("PICTURES")] = None
    """Folder, .zip, arrays, tables, records, shards (a folder of .tar, 'a-{00..99}.tar', https://, s3://), or
    hub:owner/name: docs/data.md lists all. May be left out to go on with a run."""
    out: Annotated[Path | None, optional("RUN")] = None
    """The run folder; runs/NAME-OF-THE-PICTURES if left out."""
    json: Json = False

    def execute(self) -> dict[str, Any]:
        import ganvas

        from ..data.place import name_of
        from ..distributed import is_main, process_group
        from .terminal import render_until_done, stop_on_signals

        if self.pictures is None and self.out is None:
            raise GanvasError(_("No pictures were named."), _("Try: ganvas train PICTURES, or: ganvas demo"))
        out = self.out or Path("runs") / name_of(self.pictures or "")
        options = options_of(self).given()
        with process_group(), stop_on_signals() as stop:
            events = ganvas.train(self.pictures, out, **options, stop=stop)
            if is_main():
                return render_until_done(events)
            for _event in events:  # the main process tells what there is to tell
                pass
            return {}


Train = make_dataclass("Train", train_option_groups(), bases=(_Train,), frozen=True)
