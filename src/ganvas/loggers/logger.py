"""What another program is given of a training: curves, pictures and texts, made of its events."""

import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from ..coach.describe import describe_evidence, evidence_text, in_words, title
from ..config.train_options import option_text, recorded
from ..errors import GanvasError
from ..events import Done, Event, HealthCheck, SampleGrid, Score, Started, Step, Treatment, Verdict
from ..image_io import open_written
from ..runs import Run
from ..translation import _


class Logger(ABC):
    """A listener to the events of one run; its axis is the images seen. Called with an event, it logs that.

    A run that goes on goes on in the same log, and no step is in it twice. A log that fails never ends a training: that
    is told once, and nothing more is logged. `Done` closes the log; where a training may end without, call `close`.

    Args:
        run: the run folder.
        tell: takes a sentence for the user; by default it is a warning.

    Raises:
        GanvasError: the program is not installed.
    """

    program: ClassVar[str]  # as people call it
    extra: ClassVar[str]  # that installs it, which has the name of its package

    def __init__(self, run: str | Path, tell: Callable[[str], object] = warnings.warn) -> None:
        found = find_spec(self.extra)
        if found is None or found.origin is None:  # a folder of that name, which logs lie in, is no package
            raise GanvasError(
                _("{program} is not installed.").format(program=self.program),
                _('Try: pip install "ganvas[{extra}]"; or without it: --log none').format(extra=self.extra),
            )
        self.run = Run(run)
        self.tell = tell
        self.where = ""  # how to see the log, in a sentence, once it is open
        self._is_open = self._has_failed = False
        self._verdict = ""

    def __call__(self, event: Event) -> None:
        """Log an event."""
        if not self._has_failed:
            self._try(lambda: self._log(event))

    def close(self, has_ended: bool = False) -> None:
        """Close the log, if it is open.

        Args:
            has_ended: whether the training came to its end; else something has gone wrong.
        """
        if self._is_open:
            self._is_open = False
            self._try(lambda: self._close(has_ended))

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # other people's programs raise anything, and a log is worth no training
            if not self._has_failed:
                self._has_failed = True
                reason = str(error).strip().partition("\n")[0] or type(error).__name__
                self.tell(
                    _("{program} has failed: {reason}. The training goes on without it.").format(
                        program=self.program, reason=reason.rstrip(".")
                    )
                )
                self.close()

    def _log(self, event: Event) -> None:
        match event:
            case Started():
                self.close(has_ended=True)  # a training that was left, and goes on now
                self._verdict = ""
                self._open(event.images_seen + 1 if event.resumed else 0, self._settings())
                self._is_open = True
            case Step():
                self._curves(event.images_seen, {f"losses/{name}": value for name, value in event.losses.items()})
            case HealthCheck():
                self._curves(event.images_seen, {f"health/{name}": value for name, value in event.metrics.items()})
            case Score():
                name = re.sub(r"\W+", "_", event.score.lower()).strip("_")
                self._curves(event.images_seen, {f"scores/{name}": event.value})
            case SampleGrid():
                path = self.run.samples / Path(event.path).name  # no file from outside the run is shown, or sent
                self.run.refuse_links(self.run.samples, path)
                with open_written(path) as image:
                    self._picture(event.images_seen, "samples", path, image.size)
            case Verdict() if event.name != self._verdict:
                self._verdict = event.name
                self._text(event.images_seen, "coach/finding", _in_a_paragraph(event))
            case Treatment():
                self._text(event.images_seen, "coach/outcome" if event.outcome else "coach/action", event.text)
            case Done():
                self.close(has_ended=True)

    def _settings(self) -> dict[str, Any]:
        """Return the hyper-parameters: what was chosen for each option of a training."""
        if not self.run.exists():
            return {}
        values = recorded(self.run.read_config())
        return {
            name: " ".join(map(option_text, value)) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value is not None
        }

    @abstractmethod
    def _open(self, start: int, settings: dict[str, Any]) -> None:
        """Begin the log, or go on with it.

        Args:
            start: images seen from which on everything in the log comes again.
            settings: hyper-parameters.
        """

    @abstractmethod
    def _curves(self, images_seen: int, values: dict[str, float]) -> None:
        """Add a point to each of these curves."""

    @abstractmethod
    def _picture(self, images_seen: int, name: str, path: Path, size: tuple[int, int]) -> None:
        """Add the picture in a PNG file, of this width and height in pixels."""

    @abstractmethod
    def _text(self, images_seen: int, name: str, text: str) -> None:
        """Add a text."""

    @abstractmethod
    def _close(self, has_ended: bool) -> None:
        """Write what is left, and close the log."""


def _in_a_paragraph(verdict: Verdict) -> str:
    told, evidence = in_words(verdict), evidence_text(describe_evidence(verdict.evidence))
    return f"{title(verdict.name)}: {told.what} {told.why}{evidence}"
