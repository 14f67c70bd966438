"""An unfinished painting is found again if it is the same painting, and only then; also one of ganvas 0.1."""

import errno
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from ganvas.config import StyleConfig
from ganvas.style.objective import Losses
from ganvas.style.optimize import OPTIMIZERS
from ganvas.style.resume import PartialPainting, compute_fingerprint, load_partial, partial_path, save_partial

PARTIAL = PartialPainting(2, 7, 30, torch.rand(1, 3, 8, 9), {"mean": torch.rand(1, 3, 8, 9)})


def test_what_is_saved_is_found(tmp_path: Path) -> None:
    out = tmp_path / "a.png"
    save_partial(PARTIAL, out, "mark")
    found = load_partial(out, "mark")
    assert found is not None
    assert (found.stage_index, found.stage_steps, found.total_steps) == (2, 7, 30)
    torch.testing.assert_close(found.image, PARTIAL.image)
    torch.testing.assert_close(found.optimizer_state["mean"], PARTIAL.optimizer_state["mean"])
    assert load_partial(out, "another") is None
    assert load_partial(tmp_path / "b.png", "mark") is None


@pytest.mark.parametrize(
    "damage",
    [lambda whole: b"", lambda whole: b"no tensors", lambda whole: b"\xff" * 100, lambda whole: whole[:-40]],
    ids=["empty", "other", "binary", "torn"],
)
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    out = tmp_path / "a.png"
    save_partial(PARTIAL, out, "mark")
    partial_path(out).write_bytes(damage(partial_path(out).read_bytes()))
    assert load_partial(out, "mark") is None
    assert not partial_path(out).exists()
    assert len(list(tmp_path.glob("*.damaged"))) == 1, "nothing is deleted"


def test_what_cannot_be_read_now_is_not_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "a.png"
    save_partial(PARTIAL, out, "mark")

    def failing(*_: object, **__: object) -> object:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", failing)
        with pytest.raises(OSError, match="Input/output error"):
            load_partial(out, "mark")
    assert load_partial(out, "mark") is not None


def test_an_unfinished_painting_of_ganvas_0_1_is_found(tmp_path: Path) -> None:
    """The fingerprint and the names in the file are those that ganvas 0.1.0 wrote."""
    out, source, image = tmp_path / "a.png", tmp_path / "content.png", torch.rand(1, 3, 8, 9)
    source.write_bytes(b"picture one")
    fingerprint = "a644895167130842603735bb48529e9322e02fe4e23ecaa41d2ae7a851fec802"
    tensors = {"picture": image, "carried.mean": 2 * image, "carried.square": 3 * image}
    facts = {"mark": fingerprint, "stage": "2", "taken": "7", "steps": "30"}
    save_file(tensors | {"carried.taken": torch.tensor(7)}, tmp_path / ".a.png.unfinished", facts)
    config = StyleConfig(strength=0.7, optimizer="adam", colors="luma")
    assert compute_fingerprint(config, [source], "a network") == fingerprint
    found = load_partial(out, fingerprint)
    assert found is not None
    assert (found.stage_index, found.stage_steps, found.total_steps) == (2, 7, 30)
    torch.testing.assert_close(found.image, image)
    expected = {"mean": 2 * image, "square": 3 * image, "taken": torch.tensor(7)}
    torch.testing.assert_close(dict(found.optimizer_state), expected)
    adam = OPTIMIZERS["adam"](lambda image: (Losses(0.0, 0.0, 0.0, 0.0), image), found.image, found.optimizer_state)
    torch.testing.assert_close(adam.state, expected)


def test_the_fingerprint_is_of_settings_and_bytes_not_of_the_machine(draw: Callable[..., Path], tmp_path: Path) -> None:
    config, one, two = StyleConfig(), draw("one.png", seed=1), draw("two.png", seed=2)
    fingerprint = compute_fingerprint(config, [one, two], "a network")
    for name, value in {"device": "cpu", "memory": 3.0, "colors": "luma", "depth": 16, "network": "vgg19"}.items():
        assert fingerprint == compute_fingerprint(replace(config, **{name: value}), [one, two], "a network"), name
    other = compute_fingerprint(config, [one, two], "another network")
    assert fingerprint != other, "the network that was asked for may not have been available"
    assert fingerprint != compute_fingerprint(replace(config, strength=0.7), [one, two], "a network")
    assert fingerprint != compute_fingerprint(config, [two, one], "a network")
    copied = tmp_path / "elsewhere.png"
    copied.write_bytes(one.read_bytes())
    assert fingerprint == compute_fingerprint(config, [copied, two], "a network"), "the same picture elsewhere"


@dataclass(frozen=True)
class OtherRelease(StyleConfig):
    """The settings of a release with another default."""

    strength: float = 0.7


def test_other_defaults_of_another_release_make_another_fingerprint(draw: Callable[..., Path]) -> None:
    """A painting of an older release is not taken for one with the defaults of this one."""
    one = draw("one.png", seed=1)
    fingerprint = compute_fingerprint(StyleConfig(), [one], "a network")
    assert fingerprint == compute_fingerprint(StyleConfig(), [one], "a network")
    assert fingerprint != compute_fingerprint(OtherRelease(), [one], "a network"), "defaults count too"
