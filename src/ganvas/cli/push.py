"""ganvas push"""

from dataclasses import dataclass
from typing import Annotated, Any

from tyro.conf import Positional, arg

from ..errors import ganvas_command
from ..translation import _
from .options import Json, Run
from .output import echo


@dataclass(frozen=True)
class Push:
    """Flags of `ganvas push`."""

    run_folder: Run
    repository: Annotated[Positional[str], arg(metavar="REPO")]
    """Where it goes on the hub: owner/name. It is made if it is not there."""
    private: bool = False
    """Let nobody else read it, if it is made now."""
    json: Json = False

    def execute(self) -> dict[str, Any]:
        from ..hub_client import PREFIX
        from ..interop.hub import push
        from ..runs import Run

        address = push(Run(self.run_folder), self.repository, self.private)
        place = PREFIX + self.repository.removeprefix(PREFIX)
        echo(_("{address}: the run, with its model card.").format(address=address))
        echo(_("Others use it so: {command}").format(command=ganvas_command("sample", place)))
        return {"address": address, "place": place}
