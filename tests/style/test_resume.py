"""What was begun is found again if it is the very same painting, and nothing else is."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from ganvas.config import StyleConfig
from ganvas.style import resume
from ganvas.style.resume import PartialPainting, compute_fingerprint, load_partial, partial_path, save_partial

BEGUN = PartialPainting(2, 7, 30, torch.rand(1, 3, 8, 9), {"mean": torch.rand(1, 3, 8, 9)})


def test_what_is_kept_is_found(tmp_path: Path) -> None:
    out = tmp_path / "a.png"
    save_partial(BEGUN, out, "mark")
    found = load_partial(out, "mark")
    assert found is not None
    assert (found.stage_index, found.stage_steps, found.total_steps) == (2, 7, 30)
    torch.testing.assert_close(found.image, BEGUN.image)
    torch.testing.assert_close(found.optimizer_state["mean"], BEGUN.optimizer_state["mean"])
    assert load_partial(out, "another") is None
    assert load_partial(tmp_path / "b.png", "mark") is None


@pytest.mark.parametrize("damage", [b"", b"no tensors", b"\xff" * 100])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, damage: bytes) -> None:
    out = tmp_path / "a.png"
    partial_path(out).write_bytes(damage)
    assert load_partial(out, "mark") is None


def test_a_torn_file_is_as_good_as_none(tmp_path: Path) -> None:
    out = tmp_path / "a.png"
    save_partial(BEGUN, out, "mark")
    partial_path(out).write_bytes(partial_path(out).read_bytes()[:-40])
    assert load_partial(out, "mark") is None


def test_the_mark_is_of_settings_and_bytes_but_not_of_the_machine(draw: Callable[..., Path], tmp_path: Path) -> None:
    config, one, two = StyleConfig(), draw("one.png", seed=1), draw("two.png", seed=2)
    mark = compute_fingerprint(config, [one, two], "a network")
    for name, value in {"device": "cpu", "memory": 3.0, "colors": "luma", "depth": 16, "network": "vgg19"}.items():
        assert mark == compute_fingerprint(replace(config, **{name: value}), [one, two], "a network"), name
    assert mark != compute_fingerprint(config, [one, two], "another network"), (
        "the one that was asked for may not have been had"
    )
    assert mark != compute_fingerprint(replace(config, strength=0.7), [one, two], "a network")
    assert mark != compute_fingerprint(config, [two, one], "a network")
    copied = tmp_path / "elsewhere.png"
    copied.write_bytes(one.read_bytes())
    assert mark == compute_fingerprint(config, [copied, two], "a network"), "the same picture elsewhere"


def test_what_is_usual_in_another_release_makes_another_mark(
    draw: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A painting of an older release is not taken for one with the settings that are usual now."""
    one = draw("one.png", seed=1)
    mark = compute_fingerprint(StyleConfig(), [one], "a network")
    named = compute_fingerprint(StyleConfig(), [one], "a network")
    monkeypatch.setattr(
        resume, "asdict", lambda config: {name: each for name, each in asdict(config).items() if name != "strength"}
    )
    assert mark == named != compute_fingerprint(StyleConfig(), [one], "a network"), "what is usual counts too"
