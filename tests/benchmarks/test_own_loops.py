"""What is told of other people's loops, and that the lesson's own loop runs."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

import own_loops
import public_loops
from own_loops import Watch


def row(way: str, digest: str, **facts: object) -> own_loops.Row:
    return {
        "case": "lesson-digits-rates x30",
        "way": way,
        "frechet": 7000.0,
        "digest": digest,
        "verdicts": [[25, "warming up", 0.7], [50, "oscillating", 0.6]],
        "treatments": [[50, "oscillating", "", "Halved it."], [200, "oscillating", "helped", "It helped."]],
        "seconds": 20.0,
        "coach_seconds": 1.0,
    } | facts


def test_a_watched_loop_that_is_another_one_is_shouted_out() -> None:
    rows = [row("alone", "a"), row("watched", "b"), row("repaired", "c", frechet=3000.0)]
    *_, line = own_loops.table(rows)
    for told in ("oscillating, 50", "7,000", "3,000", "Halved it. (helped)", "| NO |", "5% of 20 s"):
        assert told in line
    *_, line = own_loops.table([row("alone", "a"), row("watched", "a")])
    assert "| yes |" in line


@pytest.mark.slow
def test_the_lesson_is_the_same_watched_or_not(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (80, 3, 32, 32), np.uint8)
    digests = []
    for way in ("alone", "watched"):
        watch = Watch(way, torch.from_numpy(pictures).float() / 127.5 - 1, steps=6)
        settings = public_loops.Settings(rate=30)
        stream = torch.from_numpy(pictures)
        public_loops.quietly(partial(public_loops.lesson, settings, stream, tmp_path, watch.start, watch.each_step))
        assert watch.loop
        digests.append(own_loops.digest(watch.loop))
    assert watch.coach
    assert watch.coach.history, "nobody looked"
    assert digests[0] == digests[1]


def test_a_checkout_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dcgan").mkdir()
    (tmp_path / "dcgan" / "main.py").write_text("print('hello')")
    with pytest.raises(SystemExit, match="is another one"):
        public_loops.examples(
            tmp_path, public_loops.Settings(), tmp_path, tmp_path, lambda loop: None, lambda losses: None
        )
