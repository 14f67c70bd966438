"""The training, first step to last: a generator of events that prints nothing and writes no files but the run's.

Breaking out of the `for` loop over it, or its `stop` turning true, saves the state and leaves; the same call goes on.
"""

from collections.abc import Callable, Generator
from typing import TypeVar

from ..config import Config, TrainOptions
from ..data import PreparedDataset
from ..device import DeviceChoice
from ..distributed import alone
from ..events import Event
from ..runs import Run
from .after_step import AFTER_STEP, save
from .followers import Followers
from .session import Session, open_session

T = TypeVar("T")


def train(
    config: Config,
    run: Run,
    data: PreparedDataset,
    device: DeviceChoice,
    stop: Callable[[], bool] = lambda: False,
    began: float | None = None,
    more: TrainOptions | None = None,
    others: Followers | None = None,
) -> Generator[Event, None, None]:
    """Train `config` on `data` in `run`, from its newest valid checkpoint if there is one.

    The caller holds the run's lock.

    Args:
        config: complete, steps included.
        run: the run folder; its config.json is `config`.
        data: the prepared pictures.
        device: where to work.
        stop: asked after each step; true saves and leaves.
        began: `time.monotonic()` when the clock of a budget of minutes started; now if left out.
        more: the budget that a finished run is given besides.
        others: processes that train with this one; none if left out.

    Raises:
        GanvasError: the losses are no longer finite and no coach can repair it, a checkpoint cannot be written, or
            all are damaged.
    """
    session = yield from by_itself(open_session(config, run, data, device, stop, began, more))
    session.others = others or session.others
    yield from train_session(session)


def train_session(session: Session) -> Generator[Event, None, None]:
    """Train an open session to its end; see `train`."""
    yield session.started()
    try:
        while session.is_running:
            now = session.effective_config
            with session.others.leading(session.config, now, session.state, session.coach.treatments_given):
                session.run_step()
            for hook in AFTER_STEP:
                with session.pace.timing(hook.__name__):
                    yield from by_itself(hook(session))
    except GeneratorExit:  # the consumer has left its loop; every yield is at the end of a step, so the state is whole
        with alone():
            _record_and_save(session)
        raise
    yield from by_itself(session.finish())


def by_itself(events: Generator[Event, None, T]) -> Generator[Event, None, T]:
    """Pass on the events of work that the main process does without the others, and return what it returns."""
    while True:
        with alone():
            try:
                event = next(events)
            except StopIteration as end:
                result: T = end.value
                return result
        yield event


def _record_and_save(session: Session) -> None:
    """Write what was done and not yielded yet, since it has to be known when the run goes on, and the state."""
    for event in session.coach.pending_events():
        session.run.append_event(event)
    if not session.fatal:  # else weights or losses are NaN
        for event in save(session):
            session.run.append_event(event)
