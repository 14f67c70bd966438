"""The leading process, and what it tells the others: signs of life while it works alone, and the end."""

import threading

import pytest
import torch

import tiny
from ganvas.config import Config
from ganvas.errors import GanvasError
from ganvas.training import followers
from ganvas.training.followers import Followers, Order, led, regularly
from ganvas.training.state import State, new_state


class Others:
    """Be the other processes, which do as they are told until they are gone."""

    def __init__(self) -> None:
        self.told: list[Order] = []
        self.are_gone = False
        self.know_that_it_lives = threading.Event()

    def agree(self, *numbers: int) -> list[int]:
        if self.are_gone:
            raise GanvasError("gone", "again")
        if len(numbers) == 2:  # an order, and whether to stop
            self.told.append(Order(numbers[0]))
            if numbers[0] == Order.WAIT:
                self.know_that_it_lives.set()
        return list(numbers)


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> Others:
    fake = Others()
    monkeypatch.setattr(followers, "agree", fake.agree)
    monkeypatch.setattr(followers, "broadcast", lambda value=None: value)
    monkeypatch.setattr(followers, "process_count", lambda: 2)
    return fake


@pytest.fixture
def training() -> tuple[Config, State]:
    config = tiny.config("dcgan")
    return config, new_state(config, torch.device("cpu"))


def test_they_are_told_each_step_and_the_end(others: Others, training: tuple[Config, State]) -> None:
    config, state = training
    with led() as led_by_this:
        for _ in range(2):
            with led_by_this.leading(config, config, state, 0):
                led_by_this.keep_waiting()  # not within a step, in which they have no ear for it
    assert others.told == [Order.CHANGE, Order.STEP, Order.END]


def test_while_this_process_works_alone_they_know_that_it_lives(
    others: Others, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followers, "SECONDS_BETWEEN", 0.001)
    with led():
        assert others.know_that_it_lives.wait(30)
    assert others.told[-1] is Order.END


def test_a_step_that_fails_is_not_waited_for(others: Others, training: tuple[Config, State]) -> None:
    config, state = training
    with pytest.raises(MemoryError), led() as led_by_this, led_by_this.leading(config, config, state, 0):
        raise MemoryError
    assert others.told == [Order.CHANGE], "they are in the middle of the step, and do not hear"


def test_that_one_is_gone_is_told_at_the_next_step(others: Others, training: tuple[Config, State]) -> None:
    config, state = training
    leading = Followers()
    others.are_gone = True
    leading.keep_waiting()
    others.are_gone = False
    with pytest.raises(GanvasError, match="gone"), leading.leading(config, config, state, 0):
        pytest.fail("a step was taken with one that is gone")
    leading.end()
    assert others.told == []


def test_what_fails_meanwhile_is_told_when_the_work_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followers, "SECONDS_BETWEEN", 0.001)
    was_called = threading.Event()

    def fail() -> None:
        was_called.set()
        raise GanvasError("gone", "again")

    with pytest.raises(GanvasError, match="gone"), regularly(fail):
        assert was_called.wait(30)
