"""Other programs that show a training: TensorBoard, Weights & Biases. Each listens to the events of one run.

    log = TensorBoardLogger("runs/mine")
    for event in ganvas.train("pictures/", "runs/mine", minutes=10):
        log(event)

`ganvas.train(..., log=["tensorboard"])` and `ganvas train --log tensorboard` do the same.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing

from ..events import Event, Note, Started
from ..runs import Run
from .logger import Logger
from .tensorboard import TensorBoardLogger
from .wandb import WandbLogger

LOGGERS: dict[str, type[Logger]] = {"tensorboard": TensorBoardLogger, "wandb": WandbLogger}

__all__ = ["LOGGERS", "Logger", "TensorBoardLogger", "WandbLogger", "make_loggers", "with_loggers"]


def make_loggers(names: Iterable[str] | None, run: Run, tell: Callable[[str], object]) -> list[Logger]:
    """Return the loggers that an option names ("none" is none), or those that the run was asked for when it began.

    Args:
        tell: takes what a person should know of them.

    Raises:
        GanvasError: a program is not installed.
    """
    if names is None and run.exists():
        requested = run.read_config().requested
        names = requested.log if requested else None
    return [LOGGERS[name](run.folder, tell) for name in names or () if name in LOGGERS]


def with_loggers(
    events: Generator[Event, None, None], loggers: Sequence[Logger], told: list[str]
) -> Generator[Event, None, None]:
    """Pass events on, each to the loggers first.

    Args:
        told: what they have told; it is passed on as notes.
    """
    with closing(events):
        try:
            for event in events:
                for logger in loggers:
                    logger(event)
                    if isinstance(event, Started) and logger.where:
                        told.append(logger.where)
                while told:
                    yield Note(told.pop(0))
                yield event
        finally:
            for logger in loggers:
                logger.close()
