"""Ctrl-C in a script or a notebook: a training ends its step, saves, and ends its loop."""

import signal
import threading
from collections.abc import Callable, Generator, Iterator

from .events import Event


def stop_on_interrupt(
    begin: Callable[[Callable[[], bool]], Iterator[Event]], stop: Callable[[], bool]
) -> Generator[Event, None, None]:
    """Yield the events of `begin`, whose argument says when to stop: once `stop` does, or after Ctrl-C (SIGINT).

    An exception would come in the middle of a step, and leave nothing to save. A second Ctrl-C acts at once, as usual.
    Where somebody else listens to Ctrl-C already, as the command line does, that is left alone.
    """
    interrupted = False

    def remember(number: int, frame: object) -> None:
        nonlocal interrupted
        interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    is_ours = (
        threading.current_thread() is threading.main_thread()  # the only one that may listen
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if is_ours:
        signal.signal(signal.SIGINT, remember)
    try:
        yield from begin(lambda: interrupted or stop())
    finally:
        if is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
