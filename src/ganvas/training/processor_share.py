"""Whether other programs took the processor while a run trained: then it saw fewer pictures than it could."""

import time

from ..device import DeviceChoice

MIN_SECONDS = 20.0  # of training; a shorter one says nothing
BUSY_SHARE = 0.6  # of its threads' time that a training gets; alone it has 0.8 and more


class ProcessorShare:
    """What share of its threads' time this process was given since the object was made."""

    def __init__(self) -> None:
        self._wall, self._processor = time.monotonic(), time.process_time()

    def note(self, choice: DeviceChoice, minutes: float | None, command: str) -> str:
        """Return what to tell the user of a finished run; empty where nothing was in the way.

        Args:
            choice: where it was trained.
            minutes: its budget; None where it is one of images, which other programs only make longer.
            command: what gives the run more time.
        """
        wall, processor = time.monotonic() - self._wall, time.process_time() - self._processor
        share = processor / max(wall * choice.threads, 1e-9)
        if choice.device != "cpu" or minutes is None or wall < MIN_SECONDS or share >= BUSY_SHARE:
            return ""
        return (
            f"Other programs had the processor for about {1 - share:.0%} of the time, so fewer pictures were seen than "
            f"this machine can show. For better ones, when it is quiet: {command}"
        )
