"""Fixtures of the data tests: a cache of its own for each test, and a way to run generators to their end."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from ganvas.events import Event


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep prepared pictures of this test away from the user's and from those of other tests."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("GANVAS_CACHE", str(folder))
    return folder


@pytest.fixture
def finish() -> Callable[[Generator[Event, None, Any]], tuple[list[Event], Any]]:
    """Return a function that runs a generator to its end and returns its events and what it returned."""

    def run(generator: Generator[Event, None, Any]) -> tuple[list[Event], Any]:
        events = []
        while True:
            try:
                events.append(next(generator))
            except StopIteration as end:
                return events, end.value

    return run
