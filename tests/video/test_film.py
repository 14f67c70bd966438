"""Films of each kind: an independent reader finds the frames, the length and the sound; faults leave nothing half."""

import errno
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from films import frames, probe, write_film, write_sound
from ganvas.atomic_write import remove_half_written
from ganvas.errors import GanvasError
from ganvas.image_io import read_metadata
from ganvas.video import writer
from ganvas.video.film import FILMS, MAX_SIDE, check_film, open_film
from ganvas.video.pyav import read_comment
from ganvas.video.writer import FilmSettings, spread

CODECS = {".mp4": ("h264", "aac"), ".webm": ("vp9", "opus")}


@pytest.fixture(autouse=True)
def pyav() -> None:
    pytest.importorskip("av", reason="PyAV, the extra video, is not installed")


@pytest.mark.parametrize("suffix", CODECS)
@pytest.mark.parametrize(("width", "height"), [(34, 24), (33, 25)])
def test_a_film_plays_everywhere(suffix: str, width: int, height: int, tmp_path: Path) -> None:
    path = write_film(tmp_path / f"a{suffix}", width=width, height=height)
    found = probe(path)
    pictures = found["video"]
    assert "audio" not in found
    assert pictures["codec_name"] == CODECS[suffix][0]
    assert pictures["pix_fmt"] == "yuv420p"
    assert (pictures["width"], pictures["height"]) == (34, 24 + height % 2 * 2), "sides are odd"
    assert (pictures["nb_read_frames"], pictures["r_frame_rate"]) == ("30", "25/1")
    assert (pictures["color_space"], pictures["color_range"]) == ("bt709", "tv"), "players guess at the colours"
    assert found["duration"] == pytest.approx(1.2, abs=0.05)
    assert "seed=3" in read_comment(path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_browser_can_begin_at_once(tmp_path: Path) -> None:
    content = write_film(tmp_path / "a.mp4").read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize("suffix", CODECS)
def test_colors_are_those_of_the_frames(suffix: str, tmp_path: Path) -> None:
    import av

    path, color = tmp_path / f"a{suffix}", (200, 60, 90)
    with open_film(path, FilmSettings(width=32, height=32, fps=10)) as film:
        for _ in range(3):
            film.write(np.full((32, 32, 3), color, np.uint8))
    with av.open(str(path)) as container:
        picture = next(container.decode(video=0))
    # PyAV 14 does not look at what the film says of its colors. It converts where source and target are not the same.
    shown = picture.reformat(format="rgb24", src_colorspace="ITU709", dst_colorspace="ITU601").to_ndarray()
    assert np.abs(shown.astype(int) - color).max() <= 4


@pytest.mark.parametrize("suffix", CODECS)
@pytest.mark.parametrize("seconds", [0.5, 1.2, 3.0])
def test_the_sound_is_kept_and_ends_with_the_film(suffix: str, seconds: float, tmp_path: Path) -> None:
    path = write_film(tmp_path / f"a{suffix}", sound=write_sound(tmp_path / "a.wav", seconds))
    found = probe(path)
    assert (found["audio"]["codec_name"], found["audio"]["channels"]) == (CODECS[suffix][1], 2)
    assert found["video"]["nb_read_frames"] == "30"
    assert found["duration"] == pytest.approx(1.2, abs=0.05)
    frame_seconds = 0.0214 if suffix == ".mp4" else 0.0201
    heard = int(found["audio"]["nb_read_frames"]) * frame_seconds
    assert heard == pytest.approx(min(seconds, 1.2), abs=0.06), "there is more or less sound than film"


@pytest.mark.parametrize("has_alpha", [False, True])
@pytest.mark.parametrize(("suffix", "fps"), [(".webp", 30), (".gif", 30), (".gif", 50), (".gif", 1)])
def test_an_animation_has_all_frames_and_its_length(suffix: str, fps: int, has_alpha: bool, tmp_path: Path) -> None:
    path = write_film(tmp_path / f"a{suffix}", 30, fps=fps, has_alpha=has_alpha)
    with Image.open(path) as image:
        assert (image.n_frames, image.size) == (30, (34, 24))
        total = 0
        for number, frame in enumerate(frames(30, channels=4 if has_alpha else 3)):
            image.seek(number)
            image.load()
            total += image.info["duration"]
            shown = np.asarray(image.convert("RGBA" if has_alpha else "RGB")).astype(int)
            if has_alpha:
                assert ((shown[..., 3] > 127) == (frame[..., 3] > 127)).all()
                shown, frame = shown[frame[..., 3] > 0], frame[frame[..., 3] > 0]
            assert np.abs(shown[..., :3] - frame[..., :3]).mean() < 20, (
                "another picture"
            )  # WebP halves the resolution of colours
        assert image.info["loop"] == 0, "it stops"
    assert total == pytest.approx(1000 * 30 / fps, abs=10)
    facts = read_metadata(path)
    assert (facts["run"], facts["seed"]) == ("mine", "3")
    assert facts["software"].startswith("ganvas ")


def test_a_still_ground_does_not_flicker_in_a_gif(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.gif", 12)
    ground = []
    with Image.open(path) as image:
        for number in range(image.n_frames):
            image.seek(number)
            ground.append(np.asarray(image.convert("RGB"))[:2])  # the disc does not come so far up
    assert all(np.array_equal(ground[0], each) for each in ground[1:])


@pytest.mark.parametrize("fps", [7, 24, 30, 60])
def test_frames_that_last_whole_units_keep_the_length(fps: int) -> None:
    times = [spread(number, fps, 100) for number in range(10 * fps)]
    assert sum(length for _, length in times) == 1000
    assert all(begin + length == following for (begin, length), (following, _) in pairwise(times))


def test_a_folder_of_pngs_keeps_each_frame(tmp_path: Path) -> None:
    path = write_film(tmp_path / "stills", 5, has_alpha=True)
    assert sorted(file.name for file in path.iterdir()) == [f"{number:06d}.png" for number in range(5)]
    for number, frame in enumerate(frames(5, channels=4)):
        with Image.open(path / f"{number:06d}.png") as image:
            assert np.array_equal(np.asarray(image), frame)
            assert (image.text["frame"], image.text["run"]) == (str(number), "mine")


@pytest.mark.parametrize("suffix", FILMS)
@pytest.mark.parametrize("interruption", [KeyboardInterrupt, GeneratorExit])
def test_an_interrupted_film_plays(suffix: str, interruption: type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    sound = write_sound(tmp_path / "a.wav") if suffix in CODECS else None
    settings = FilmSettings(width=34, height=24, fps=25, preview=list(frames(2)), sound=sound)
    with pytest.raises(interruption), open_film(path, settings) as film:  # noqa: PT012
        for number, frame in enumerate(frames(30)):
            if number == 7:
                raise interruption
            film.write(frame)
    if suffix in CODECS:
        assert probe(path)["video"]["nb_read_frames"] == "7"
    else:
        with Image.open(path) as image:
            assert image.n_frames == 7


@pytest.mark.parametrize("suffix", FILMS)
def test_after_an_error_the_film_before_is_there_and_nothing_else(suffix: str, tmp_path: Path) -> None:
    path = write_film(tmp_path / f"a{suffix}", 2)
    before = path.read_bytes()
    settings = FilmSettings(width=34, height=24, fps=25, preview=list(frames(2)))
    with pytest.raises(ZeroDivisionError), open_film(path, settings) as film:  # noqa: PT012
        film.write(next(frames(1)))
        raise ZeroDivisionError
    with pytest.raises(KeyboardInterrupt), open_film(path, settings):
        raise KeyboardInterrupt  # before there is a frame
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="files cannot be limited there")
@pytest.mark.parametrize("suffix", FILMS)
@pytest.mark.parametrize("limit", [10, 600, 2500])
def test_a_full_disk_is_told_and_leaves_nothing(
    suffix: str, limit: int, largest_file: Callable[[int], AbstractContextManager[None]], tmp_path: Path
) -> None:
    noise = np.random.default_rng(0)
    path = tmp_path / f"a{suffix}"
    settings = FilmSettings(width=64, height=64, fps=25, preview=[noise.integers(0, 256, (64, 64, 3), np.uint8)])
    with largest_file(limit), pytest.raises(GanvasError, match=r"Cannot write .*a\.") as caught:  # noqa: PT012, SIM117
        with open_film(path, settings) as film:
            for _ in range(12):
                film.write(noise.integers(0, 256, (64, 64, 3), np.uint8))
    assert "disk space" in caught.value.hint
    assert list(tmp_path.iterdir()) == [], "half a film is left"


@pytest.mark.skipif(sys.platform == "win32", reason="what is open cannot be removed there")
@pytest.mark.parametrize("suffix", FILMS)
def test_a_film_that_is_being_written_is_not_taken_for_left(suffix: str, tmp_path: Path) -> None:
    settings = FilmSettings(width=34, height=24, fps=25, preview=list(frames(2)))
    left = tmp_path / f".a{suffix}.{16 * '0'}.tmp"
    left.write_bytes(b"half")
    with open_film(tmp_path / f"a{suffix}", settings) as film:
        film.write(next(frames(1)))
        remove_half_written(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


def test_a_disk_that_is_full_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writer, "put_in_place", full)
    for suffix in FILMS:
        with pytest.raises(GanvasError, match="No space left on device"):
            write_film(tmp_path / f"a{suffix}", 2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "fps", "message", "hint"),
    [
        ("walk.mp5", 30, r"no film format '\.mp5' .* Did you mean '\.mp4'", ".webm"),
        ("walk.png", 30, r"no film format '\.png'", "folder of PNGs"),
        ("walk.gif", 60, "at most 50 frames", "--fps 25"),
        ("file/walk.mp4", 30, "cannot be created", "--out FILE"),
        ("file/walk", 30, "cannot be created", "--out FOLDER"),
    ],
)
def test_a_film_that_cannot_be_written(name: str, fps: int, message: str, hint: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GanvasError, match=message) as caught:
        check_film(tmp_path / name, fps)
    assert hint in caught.value.hint


def test_without_pyav_the_line_that_installs_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    for name in ("walk.mp4", "walk.WEBM"):
        with pytest.raises(GanvasError, match="needs PyAV, which is not installed") as caught:
            check_film(tmp_path / name, 30)
        assert 'pip install "ganvas[video]"' in caught.value.hint
    for name in ("walk.webp", "walk.gif", "folder"):
        check_film(tmp_path / name, 30)
        write_film(tmp_path / name, 2)
    assert read_comment(tmp_path / "walk.gif") == ""


def test_a_film_too_large_for_players(tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="too large for players"):
        open_film(tmp_path / "a.mp4", FilmSettings(width=MAX_SIDE + 1, height=16, fps=25))


@pytest.mark.parametrize("name", ["100%d.mp4", "http:a.mp4", "-y.webm", "ä ö.mp4", "a.MP4"])
def test_names_that_mean_something_to_other_programs(name: str, tmp_path: Path) -> None:
    path = write_film(tmp_path / name, 2)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert "run=mine" in read_comment(path)
