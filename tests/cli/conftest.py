"""What the terminal shows."""

from collections.abc import Callable

import pytest


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Make the terminal 200 characters wide, and return a function that returns what it has shown since the last time.

    Spaces that do not break lines come as plain ones.
    """
    monkeypatch.setenv("COLUMNS", "200")
    return lambda: capsys.readouterr().err.replace("\u00a0", " ")
