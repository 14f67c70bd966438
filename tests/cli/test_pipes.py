"""A picture from standard input, a painting to standard output."""

import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ganvas.cli import main

ARGUMENTS = ["--fast", "--size", "32"]


@pytest.fixture
def style(tmp_path: Path) -> str:
    """Return the path of a painting."""
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)).save(tmp_path / "style.png")
    return str(tmp_path / "style.png")


def sent(monkeypatch: pytest.MonkeyPatch, content: bytes, typed: bool = False) -> io.BytesIO:
    """Let bytes stand on standard input; return what is written to standard output."""
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content), isatty=lambda: typed))
    monkeypatch.setattr("sys.stdout", SimpleNamespace(buffer=written, write=lambda text: pytest.fail(text)))
    return written


def picture() -> bytes:
    """Return a picture's bytes."""
    buffer = io.BytesIO()
    Image.new("RGB", (32, 24), "teal").save(buffer, "PNG")
    return buffer.getvalue()


def test_a_picture_goes_in_and_a_painting_comes_out(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written = sent(monkeypatch, picture())
    assert main(["style", "-", style, *ARGUMENTS]) == 0
    assert Image.open(io.BytesIO(written.getvalue())).size == (32, 24)


def test_a_file_takes_what_was_sent(style: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = sent(monkeypatch, picture())
    assert main(["style", "-", style, "--out", str(tmp_path / "out.png"), *ARGUMENTS]) == 0
    with Image.open(tmp_path / "out.png") as painting:
        assert painting.size == (32, 24)
    assert not written.getvalue()


@pytest.mark.parametrize(
    ("content", "typed", "more", "told"),
    [
        (b"", True, [], "No picture was sent"),
        (b"no picture", False, [], "cannot be used"),
        (picture(), False, ["--json"], "no JSON"),
        (picture(), False, ["--sweep", "strength=0.2,0.4"], "one picture"),
    ],
)
def test_what_cannot_be_is_told(
    content: bytes, typed: bool, more: list[str], told: str, style: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    written = sent(monkeypatch, content, typed)
    assert main(["style", "-", style, *ARGUMENTS, *more]) == 1
    assert told in capsys.readouterr().err
    assert not written.getvalue()
