"""A training that shared the processor with other programs says so, with the command that gives it more time."""

import time

import pytest

from ganvas.training.processor_share import ProcessorShare

COMMAND = "ganvas train --out run --minutes 2"


def note(
    monkeypatch: pytest.MonkeyPatch,
    wall: float,
    ran: float,
    device: str = "cpu",
    minutes: float | None = 2,
) -> str:
    """Return what is told after so many seconds on a clock of our own."""
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    monkeypatch.setattr(time, "thread_time", lambda: 7.0)
    share = ProcessorShare()
    monkeypatch.setattr(time, "monotonic", lambda: 100.0 + wall)
    monkeypatch.setattr(time, "thread_time", lambda: 7.0 + ran)
    return share.note(device, minutes, COMMAND)


def test_a_busy_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = note(monkeypatch, wall=120, ran=60)
    assert "only 50% of the time" in told
    assert told.endswith(COMMAND)


@pytest.mark.parametrize(
    ("wall", "ran", "device", "minutes"),
    [
        (120, 110, "cpu", 2),  # nearly all of the time
        (10, 3, "cpu", 2),  # too short to tell
        (120, 30, "cpu", None),  # a budget of images only takes longer
        (120, 30, "cuda:0", 2),
    ],
)
def test_otherwise_nothing_is_said(
    wall: float, ran: float, device: str, minutes: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert note(monkeypatch, wall, ran, device, minutes) == ""
