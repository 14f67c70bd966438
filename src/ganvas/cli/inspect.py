"""ganvas inspect"""

from dataclasses import dataclass, make_dataclass
from typing import Annotated, Any

from tyro.conf import Positional, arg

from ..config.options import RunOptions
from ..config.train_options import to_flags
from ..errors import ganvas_command
from ..translation import _
from .options import Device, Json, options_of, train_option_groups
from .output import echo


@dataclass(frozen=True)
class _Inspect:
    pictures: Annotated[Positional[str], arg(metavar="PICTURES")]
    """Folder, .zip, arrays, tables, records, shards (a folder of .tar, 'a-{00..99}.tar', https://, s3://), or
    hub:owner/name: docs/data.md lists all."""
    device: Device = "auto"
    json: Json = False

    def execute(self) -> dict[str, Any]:
        import ganvas

        from ..data.finalize import MIN_IMAGES
        from ..training.forecast import forecast
        from .tables import show_inspection, show_plan

        options = options_of(self)
        inspection = ganvas.inspect(
            self.pictures, aspect=options.aspect, limit=options.limit, labels_by=options.labels_by
        )
        show_inspection(inspection)
        if inspection.usable < MIN_IMAGES:
            return inspection.to_dict()
        plan = forecast(self.pictures, options, self.device, inspection.overview)
        show_plan(plan)
        echo(_("Next: {command}").format(command=ganvas_command("train", self.pictures, *to_flags(options.given()))))
        return inspection.to_dict() | {"plan": plan.to_dict()}


Inspect = make_dataclass("Inspect", train_option_groups(leave_out=(RunOptions,)), bases=(_Inspect,), frozen=True)
