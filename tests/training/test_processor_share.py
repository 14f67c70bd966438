"""A training that shared the processor with other programs says so, with the command that gives it more time."""

import time

import pytest

from ganvas.device import DeviceChoice
from ganvas.training.processor_share import ProcessorShare

CPU = DeviceChoice("cpu", 2, "2 threads")
COMMAND = "ganvas train --out run --minutes 2"


def note(
    monkeypatch: pytest.MonkeyPatch,
    wall: float,
    processor: float,
    choice: DeviceChoice = CPU,
    minutes: float | None = 2,
) -> str:
    """Return what is told after so many seconds on a clock of our own."""
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    monkeypatch.setattr(time, "process_time", lambda: 7.0)
    share = ProcessorShare()
    monkeypatch.setattr(time, "monotonic", lambda: 100.0 + wall)
    monkeypatch.setattr(time, "process_time", lambda: 7.0 + processor)
    return share.note(choice, minutes, COMMAND)


def test_a_busy_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = note(monkeypatch, wall=120, processor=120)
    assert "about 50% of the time" in told
    assert told.endswith(COMMAND)


@pytest.mark.parametrize(
    ("wall", "processor", "choice", "minutes"),
    [
        (120, 200, CPU, 2),  # nearly all of two threads
        (10, 5, CPU, 2),  # too short to tell
        (120, 60, CPU, None),  # a budget of images only takes longer
        (120, 60, DeviceChoice("cuda:0", 2, "found"), 2),
    ],
)
def test_otherwise_nothing_is_said(
    wall: float, processor: float, choice: DeviceChoice, minutes: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert note(monkeypatch, wall, processor, choice, minutes) == ""
