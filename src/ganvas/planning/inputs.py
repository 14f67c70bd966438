"""What a plan depends on: the pictures, the machine, the budget; and how its decisions are told."""

from dataclasses import dataclass
from pathlib import Path

from ..config import TrainOptions
from ..config.numbers import parse_aspect
from ..data import Overview, open_source, read_overview
from ..data.split import held_out_count
from ..data.symmetry import Symmetry
from ..device import DeviceChoice, free_memory
from ..distributed import process_count
from ..recipes import DEFAULT_MINUTES
from ..translation import N_, _

AS_ASKED = N_("as asked")


@dataclass(frozen=True, kw_only=True)
class PlanInputs:
    """What a plan depends on.

    Args:
        count: pictures to train on.
        width, height: size that the pictures would have if nothing else mattered.
        gray: whether all of them are.
        drawn: whether they have areas of one color, as drawings do and photographs do not.
        device: "cpu" or another, as torch names it.
        memory: bytes that are free on the device.
        minutes: of the budget.
        symmetry: whether the pictures have a left and a right, an up and a down; None if nobody has looked.
        value_range: numbers for black and white in pictures with more than 8 bits a channel; None if all have 8.
        processes: that share each batch.
    """

    count: int
    width: int
    height: int
    gray: bool
    drawn: bool
    device: str
    memory: int
    minutes: float
    symmetry: Symmetry | None = None
    value_range: tuple[float, float] | None = None
    processes: int = 1

    @property
    def gpu(self) -> bool:
        """Whether this is not a CPU."""
        return self.device != "cpu"


@dataclass(frozen=True)
class Decision:
    """One choice and its reason: `what` was decided, `value` in words, `why` as the end of a sentence.

    `what`, and AS_ASKED as a reason, are English names that a program may compare; who shows them translates them.
    """

    what: str
    value: str
    why: str

    @property
    def words(self) -> str:
        """The whole as a sentence."""
        text = _("{what}: {value}, because {why}.")
        return text.format(what=_(self.what).capitalize(), value=self.value, why=_(self.why))


def overview_of(pictures: str | Path, options: TrainOptions) -> Overview:
    """Return the overview of those pictures that the options leave.

    Raises:
        GanvasError: there is no source of pictures.
    """
    aspect = parse_aspect(options.aspect) if options.aspect else None
    return read_overview(open_source(pictures), aspect, options.limit)


def plan_inputs(overview: Overview, options: TrainOptions, device: DeviceChoice) -> PlanInputs:
    """Return what a plan for these pictures on this machine depends on."""
    return PlanInputs(
        count=train_count(overview.count),
        width=overview.width,
        height=overview.height,
        gray=overview.gray,
        drawn=overview.drawn,
        device=device.device,
        memory=free_memory(device.device),
        minutes=DEFAULT_MINUTES if options.minutes is None else options.minutes,
        symmetry=overview.symmetry,
        value_range=overview.value_range,
        processes=process_count(),
    )


def train_count(count: int) -> int:
    """Return how many of `count` pictures are trained on when some are held out."""
    return max(1, count - held_out_count(count))
