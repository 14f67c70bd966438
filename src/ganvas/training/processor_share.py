"""Whether a training had its processor for itself: if not, it saw fewer pictures than it could have."""

import time

from ..translation import _

MIN_SECONDS = 20.0  # of training; a shorter one says nothing
BUSY_SHARE = 0.7  # of the time that the training's own thread runs; alone it runs for nearly all of it


class ProcessorShare:
    """What share of the time the present thread has run since the object was made."""

    def __init__(self) -> None:
        self._wall, self._ran = time.monotonic(), time.thread_time()

    def note(self, device: str, minutes: float | None, command: str) -> str:
        """Return what to tell the user of a finished run; empty where nothing was in the way.

        Args:
            device: where it was trained; on others than a CPU, the thread waits for the device.
            minutes: its budget; None where it is one of images, which other programs only make longer.
            command: what gives the run more time.
        """
        wall, ran = time.monotonic() - self._wall, time.thread_time() - self._ran
        if device != "cpu" or minutes is None or wall < MIN_SECONDS or ran >= BUSY_SHARE * wall:
            return ""
        return _(
            "The training had the processor for only {share:.0%} of the time: other programs, or a limit, had the "
            "rest. It saw fewer pictures than it could have. For better ones, when it is quiet: {command}"
        ).format(share=ran / wall, command=command)
