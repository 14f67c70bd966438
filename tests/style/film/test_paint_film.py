"""`ganvas style FILM`, from the command to the film: what is asked for is done, and what makes no sense is told."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from films import ffmpeg, probe, shown_at
from ganvas import builtin
from ganvas.cli import main
from ganvas.config import StyleConfig
from ganvas.errors import GanvasError
from ganvas.events import Done, Note
from ganvas.models.fast_style import FastStyleNetwork
from ganvas.style.film.journal import alone_with, journal_folder
from ganvas.style.film.paint_film import stylize_film
from ganvas.style.film.plan import parse_frames
from ganvas.video.pyav import read_comment

pytest.importorskip("av", reason="PyAV, the extra video, is not installed")
pytest.importorskip("cv2", reason="OpenCV, of the extra video, is not installed")


@pytest.fixture(autouse=True)
def untrained(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an untrained network paint: it is nobody's business here how well."""
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("network") / "fast_style.safetensors"
    save_file(FastStyleNetwork().state_dict(), file)
    monkeypatch.setattr(builtin, "fast_style", lambda: file)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return ffmpeg(tmp_path / "film.mp4", "motion", "tone", "-t", "1")


@pytest.fixture
def style(draw: Callable[..., Path]) -> Path:
    return draw("style.png", seed=1)


def test_a_film_is_repainted_with_a_look_before(film: Path, style: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    events = list(stylize_film(film, [style], out, StyleConfig(size=32)))
    assert isinstance(events[-1], Done)
    assert (events[-1].reason, events[-1].step) == ("finished", 10)
    with Image.open(tmp_path / "out.preview.jpg") as sheet:
        assert sheet.width > 3 * sheet.height, "the look at the film has not six frames in two rows"
    assert shown_at(out) == shown_at(film)
    assert probe(out)["audio"]["codec_name"] == "aac"
    assert "film=" in read_comment(out)
    assert not journal_folder(out).exists()
    list(stylize_film(film, [style], out, StyleConfig(size=32)))  # what is ours may be replaced


def test_two_styles_are_mixed_and_colors_kept(film: Path, draw: Callable[..., Path], tmp_path: Path) -> None:
    styles = [draw(f"{seed}.png", seed=seed) for seed in (1, 2)]
    config = StyleConfig(size=32, blend=(2, 1), colors="luma", fast=True)
    events = list(stylize_film(film, styles, tmp_path / "out.webm", config, "3-5"))
    assert len(shown_at(tmp_path / "out.webm")) == 3
    assert any(isinstance(event, Note) and "encoded anew" in event.text for event in events)


def test_the_same_command_goes_on(film: Path, style: Path, tmp_path: Path) -> None:
    out, count = tmp_path / "out.mp4", 0

    def after_four() -> bool:
        nonlocal count
        count += 1
        return count >= 4

    events = list(stylize_film(film, [style], out, StyleConfig(size=32), stop=after_four))
    assert events[-1].reason == "interrupted"
    assert len(shown_at(out)) == 4
    events = list(stylize_film(film, [style], out, StyleConfig(size=32)))
    assert "Going on with" in " ".join(event.text for event in events if isinstance(event, Note))
    assert (events[-1].step, len(shown_at(out))) == (10, 10)
    list(stylize_film(film, [style], out, StyleConfig(size=32), stop=after_four))
    events = list(stylize_film(film, [style], out, StyleConfig(size=32, strength=0.9)))
    assert "painted anew" in " ".join(event.text for event in events if isinstance(event, Note))


def test_two_processes_do_not_paint_one_film(film: Path, style: Path, tmp_path: Path) -> None:
    with alone_with(tmp_path / "out.mp4"), pytest.raises(GanvasError, match="Another process"):
        list(stylize_film(film, [style], tmp_path / "out.mp4", StyleConfig(size=32)))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--mask", "{style}"], "--mask"),
        (["--sweep", "strength=0.3,0.5"], "--sweep"),
        (["--iterations", "9", "--statistics", "gram"], "--statistics, --iterations"),
        (["--out", "{folder}/a.png"], "cannot be written"),
        (["--out", "{film}"], "painted from"),
        (["--out", "{folder}/theirs.mp4"], "not written by ganvas"),
        (["--frames", "9-3"], "'9-3'"),
        (["--frames", "20-"], "about 10 frames"),
        (["--size", "5"], "5 pixels"),
        (["--strength", "2"], "strength"),
    ],
)
def test_what_makes_no_sense_for_a_film_is_told(
    words: list[str], said: str, film: Path, style: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ffmpeg(tmp_path / "theirs.mp4", "motion", "-t", "0.2")
    words = [word.format(style=style, folder=tmp_path, film=film) for word in words]
    out = [] if "--out" in words else ["--out", str(tmp_path / "out.mp4")]
    assert main(["style", str(film), str(style), *out, *words]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert sorted(file.name for file in tmp_path.iterdir()) == ["film.mp4", "theirs.mp4"]


def test_the_command_knows_films_by_their_content(film: Path, style: Path, tmp_path: Path) -> None:
    nameless = film.rename(tmp_path / "film")
    assert main(["style", str(nameless), str(style), "--out", str(tmp_path / "a.mp4"), "--size", "32"]) == 0
    assert len(shown_at(tmp_path / "a.mp4")) == 10


def test_pictures_have_no_frames(style: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["style", str(style), str(style), "--frames", "1-2"]) == 1
    assert "not a film" in capsys.readouterr().err


def test_a_folder_is_no_style_of_a_film(film: Path, style: Path, tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="folder"):
        list(stylize_film(film, [style.parent], tmp_path / "a.mp4"))


def test_frames_are_read_as_people_write_them() -> None:
    known = {"": (1, None), "100-200": (100, 200), "7": (7, 7), "7-": (7, None), "-7": (1, 7)}
    assert {text: parse_frames(text) for text in known} == known
    for text in ("0-5", "a", "1-2-3", "5-4", "1.5", "--"):
        with pytest.raises(GanvasError):
            parse_frames(text)
