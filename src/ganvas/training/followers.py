"""Several processes train one run: the main one decides and writes, the others follow it step by step.

Each takes its share of every batch; gradients, batch norms and losses are averaged on the way (`ganvas.distributed`),
so that all have the same weights. Before each step the main process says what comes: a step as the last one, a step
after something has changed, or the end. What it does alone (checks of health, treatments, samples, checkpoints) the
others wait for; meanwhile a thread of it gives signs of life, so that one that is gone is soon known to be.
"""

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, nullcontext, suppress
from enum import IntEnum

from ..config import Config, DataConfig
from ..data import PreparedDataset, prepare
from ..device import DeviceChoice, available_cores, torch_device
from ..distributed import LEAST_SHARE, agree, broadcast, process_count
from ..errors import GanvasError
from ..events import Event, run_to_end
from ..planning.memory import batch_to_share
from ..translation import _
from .phases import add_to_averages, run_step
from .state import State
from .state_io import load_state, state_to_tensors
from .steps.batch import make_loader

SECONDS_BETWEEN = 5.0  # signs of life of a main process that is not ready yet


class Order(IntEnum):
    """What the main process has the others do next."""

    WAIT = 0  # it is not ready yet
    STEP = 1
    CHANGE = 2  # take over what it sends, then take the step
    END = 3


class Followers:
    """The other processes of a training, as the main one sees them; without any, nothing is done.

    want_to_stop: whether one of them was asked to stop, as a machine is that is about to be taken away.
    """

    def __init__(self) -> None:
        self.want_to_stop = False
        self._are_waiting = process_count() > 1
        self._told: tuple[Config, int] | None = None  # configuration, and how often weights were changed
        self._turn = threading.Lock()  # one order at a time, and no sign of life within a step, which has its own
        self._lost: GanvasError | None = None  # one of them is gone

    def keep_waiting(self) -> None:
        """Let them know that there is something to wait for; called from another thread.

        Where one is gone, the main process is told at its next step.
        """
        if self._turn.acquire(blocking=False):  # else they are being told something
            try:
                if self._are_waiting:
                    self._order(Order.WAIT)
            except GanvasError:
                pass  # `_lost` keeps it
            finally:
                self._turn.release()

    @contextmanager
    def leading(self, config: Config, effective_config: Config, state: State, treatments: int) -> Iterator[None]:
        """Have them take the step of the body with this process.

        Args:
            config: of the run, without prescriptions.
            effective_config: with them.
            treatments: how many were given so far: each may have changed anything.

        Raises:
            GanvasError: there are more of them than the batch can be shared by, or one is gone.
        """
        if not self._are_waiting:
            yield
            return
        with self._turn:
            self._send(config, effective_config, state, treatments)
            self._are_waiting = False  # where this step fails, they are in the middle of it and cannot be told
            yield
            self._are_waiting = True

    def _send(self, config: Config, effective_config: Config, state: State, treatments: int) -> None:
        now, before = (effective_config, treatments), self._told
        if now == before:
            self._order(Order.STEP)
            return
        check_shares(effective_config)
        self._order(Order.CHANGE)
        weights_too = before is None or before[1] != treatments
        broadcast((config, effective_config, state_to_tensors(state) if weights_too else None))
        self._told = now
        if before is None:
            _wait_for_data()

    def end(self) -> None:
        """Tell them that nothing more is to come."""
        with self._turn:
            if self._are_waiting:
                self._are_waiting = False
                with suppress(GanvasError):  # one that is gone needs not be told; it is said elsewhere
                    self._order(Order.END)

    def _order(self, order: Order) -> None:
        if self._lost is not None:
            raise self._lost
        try:
            _order, wants_to_stop = agree(order, 0)
        except GanvasError as error:
            self._lost = error
            raise
        self.want_to_stop = self.want_to_stop or bool(wants_to_stop)


@contextmanager
def led() -> Iterator[Followers]:
    """Yield the other processes; they wait while the body works, and end with it."""
    others = Followers()
    with regularly(others.keep_waiting) if process_count() > 1 else nullcontext():
        try:
            yield others
        finally:
            others.end()


@contextmanager
def regularly(act: Callable[[], None]) -> Iterator[None]:
    """Call `act` every few seconds from a thread of its own, while the body works.

    Raises:
        GanvasError: that of `act`, once the body is done.
    """
    is_over, errors = threading.Event(), list[GanvasError]()

    def work() -> None:
        try:
            while not is_over.wait(SECONDS_BETWEEN):
                act()
        except GanvasError as error:
            errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
    if errors:
        raise errors[0]


def check_shares(config: Config) -> None:
    """Make sure that the processes can share each batch in equal parts.

    Raises:
        GanvasError: they cannot.
    """
    count = process_count()
    for phase in config.phases:
        if phase.batch % count or (phase.batch and phase.batch // count < LEAST_SHARE):
            raise GanvasError(
                _("{count} processes cannot share a batch of {batch} in equal parts of {least} or more.").format(
                    count=count, batch=phase.batch, least=LEAST_SHARE
                ),
                _("Start fewer, or begin another run: --batch {batch} --out OTHER").format(
                    batch=batch_to_share(phase.batch, count)
                ),
            )


def _wait_for_data() -> None:
    """Wait until all processes have the pictures: the others look where the main one had them, or prepare them too."""
    while agree(0)[0]:
        pass


def _prepare(config: DataConfig) -> PreparedDataset:
    """Return the pictures, and let the others know from time to time that this is not done yet."""

    def tell() -> None:
        agree(1)

    with regularly(tell):
        data = run_to_end(prepare(config, workers=available_cores()))
    _wait_for_data()
    return data


def follow(choice: DeviceChoice, stop: Callable[[], bool]) -> Generator[Event, None, None]:
    """Train with the main process until it ends; no events of its own, so that the consumer has nothing to do.

    Args:
        stop: asked before each step; the main process is told, saves, and ends the training everywhere.

    Raises:
        GanvasError: the main process, or another one, is gone, or the pictures cannot be prepared here.
    """
    yield from ()
    device = torch_device(choice)
    data: PreparedDataset | None = None
    while (order := Order(agree(Order.WAIT, int(stop()))[0])) is not Order.END:
        if order is Order.WAIT:
            continue
        if order is Order.CHANGE:  # which the first one is
            config, effective_config, saved = broadcast()
            if data is None:
                data = _prepare(config.data)
                loader = make_loader(config, data)
            if saved is not None:
                tensors, facts = saved
                state = load_state(config, tensors, facts, device)
        assert data is not None
        _position, losses = run_step(state, effective_config, loader, data)
        add_to_averages(state, losses)
