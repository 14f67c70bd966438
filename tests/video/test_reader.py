"""Films of ffmpeg, read: their times, how they are turned, their colours, and what is broken in them."""

import json
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from films import ffmpeg, shown_at
from ganvas.errors import GanvasError
from ganvas.video.reader import BrokenPart, FilmFrame, is_film, read_facts, read_frames, read_near

pytest.importorskip("av", reason="PyAV, the extra video, is not installed")

IRREGULAR = ("-vf", "select='not(mod(n,4))+not(mod(n,7))'", "-vsync", "vfr")
CODECS = {
    ".mp4": "libx264",
    ".mov": "libx264",
    ".mkv": "libx264",
    ".webm": "libvpx-vp9",
    ".avi": "mjpeg",
    ".ts": "mpeg2video",
}


def whole(path: Path, size: tuple[int, int] = (32, 24), **part: int) -> list[FilmFrame]:
    """Return the frames that can be decoded."""
    return [frame for frame in read_frames(path, size, **part) if isinstance(frame, FilmFrame)]


def broken(path: Path) -> list[BrokenPart]:
    """Return what cannot be decoded."""
    return [part for part in read_frames(path, (32, 24)) if isinstance(part, BrokenPart)]


@pytest.mark.parametrize("suffix", CODECS)
def test_films_of_every_kind_are_read_with_their_times(suffix: str, tmp_path: Path) -> None:
    rate = ("-r", "25", "-vsync", "cfr") if suffix == ".ts" else ()  # MPEG-2 knows few rates
    film = ffmpeg(tmp_path / f"a{suffix}", "motion", "-t", "2", "-c:v", CODECS[suffix], *rate)
    facts, frames = read_facts(film), whole(film)
    assert is_film(film)
    assert (facts.width, facts.height, facts.sounds, facts.has_alpha, facts.is_hdr) == (32, 24, 0, False, False)
    assert facts.rate == (25 if rate else 10)
    assert abs(facts.frames - len(frames)) <= 2, "the estimate is far off"
    times = [float(frame.begin * facts.time_base) for frame in frames]
    assert times == pytest.approx(shown_at(film), abs=0.002)
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))


def test_irregular_times_are_kept(tmp_path: Path) -> None:
    film = ffmpeg(tmp_path / "a.mp4", "motion", "-t", "4", *IRREGULAR)
    steps = np.diff([frame.begin for frame in whole(film)])
    assert len(set(steps)) > 1, "the film is not irregular"
    facts = read_facts(film)
    assert [float(frame.begin * facts.time_base) for frame in whole(film)] == pytest.approx(shown_at(film))


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_what_is_turned_is_read_upright(degrees: int, tmp_path: Path) -> None:
    """A red corner at the top left of the file is where a player, here ffmpeg, shows it."""
    corner = "color=blue:size=32x24:rate=10,drawbox=0:0:8:8:red:fill"
    lying = tmp_path / "lying.mp4"
    ffmpeg(lying, "-f", "lavfi", "-i", corner, "-t", "0.3", "-c:v", "libx264")
    film = ffmpeg(tmp_path / "a.mp4", "-i", str(lying), "-c", "copy", "-metadata:s:v", f"rotate={degrees}")
    shown = ffmpeg(tmp_path / "shown.png", "-i", str(film), "-frames:v", "1")
    with Image.open(shown) as image:
        expected = np.asarray(image.convert("RGB")).astype(int)
    facts = read_facts(film)
    assert (facts.width, facts.height) == (expected.shape[1], expected.shape[0])
    pixels = whole(film, (facts.width, facts.height))[0].pixels
    assert np.abs(pixels - expected).mean() < 6, "it is turned otherwise"


@pytest.mark.parametrize("matrix", ["bt709", "smpte170m"])
@pytest.mark.parametrize("levels", ["tv", "pc"])
def test_colors_are_those_that_were_meant(matrix: str, levels: str, tmp_path: Path) -> None:
    color = (200, 60, 90)
    film = tmp_path / "a.mp4"
    ffmpeg(
        film, "-f", "lavfi", "-i", "color=#c83c5a:size=32x24:rate=10,format=rgb24", "-t", "0.3",
        "-vf", f"scale=out_color_matrix={matrix}:out_range={levels},format=yuv444p",
        "-colorspace", matrix, "-color_range", levels, "-crf", "1",
    )  # fmt: skip
    assert np.abs(whole(film)[0].pixels.astype(int) - color).max() <= 4


def test_transparency_is_read(tmp_path: Path) -> None:
    clear = ("-f", "lavfi", "-i", "color=red@0.5:size=32x24:rate=10,format=rgba", "-t", "0.3")
    for name, codec in (("a.mov", ("-c:v", "qtrle")), ("a.webm", ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p"))):
        film = ffmpeg(tmp_path / name, *clear, *codec)
        assert read_facts(film).has_alpha, name
        assert abs(int(whole(film)[0].pixels[12, 16, 3]) - 128) <= 3, name


def test_pixels_that_are_not_square_are_shown_square(tmp_path: Path) -> None:
    film = ffmpeg(tmp_path / "a.mp4", "motion", "-t", "0.3", "-vf", "setsar=2")
    assert (read_facts(film).width, read_facts(film).height) == (64, 24)


def test_a_part_of_a_film_is_read(tmp_path: Path) -> None:
    film = ffmpeg(tmp_path / "a.mp4", "motion", "-t", "2")
    frames, part = whole(film), whole(film, first=5, last=9)
    assert [frame.number for frame in part] == [5, 6, 7, 8, 9]
    assert (part[0].pixels == frames[4].pixels).all()
    assert len(list(read_near(film, (32, 24), [Fraction(0), Fraction(1)]))) == 2


def test_a_broken_frame_is_told_and_the_others_keep_their_times(tmp_path: Path) -> None:
    film = ffmpeg(tmp_path / "a.avi", "motion", "-t", "1", "-c:v", "mjpeg")
    times = shown_at(film)
    packet = packets(film)[4]
    content = bytearray(film.read_bytes())
    begin, size = int(packet["pos"]) + 8, int(packet["size"]) - 8
    content[begin : begin + size] = bytes(size)
    film.write_bytes(content)
    assert [part.after for part in broken(film)] == [4]
    kept = [float(frame.begin * read_facts(film).time_base) for frame in whole(film)]
    assert kept == pytest.approx(times[:4] + times[5:])


def test_a_film_that_ends_too_early_is_told(tmp_path: Path) -> None:
    film = ffmpeg(tmp_path / "a.mp4", "motion", "-t", "2", "-g", "1", "-movflags", "+faststart")
    last = packets(film)[12]
    film.write_bytes(film.read_bytes()[: int(last["pos"]) + 20])
    assert 11 <= len(whole(film)) <= 13
    assert broken(film)


def test_what_is_no_film_is_told(tmp_path: Path) -> None:
    sound = ffmpeg(tmp_path / "a.m4a", "tone", "-t", "1", "-c:a", "aac")
    text = tmp_path / "a.mp4"
    text.write_text("These are words, and no film." * 100)
    empty = tmp_path / "b.mp4"
    empty.write_bytes(b"")
    for path, word in (
        (sound, "moving pictures"),
        (text, "cannot be read"),
        (empty, ""),
        (tmp_path / "c.mp4", "no film"),
    ):
        with pytest.raises(GanvasError) as caught:
            read_facts(path)
        assert word in caught.value.message
        assert caught.value.hint
        assert is_film(path)


def test_a_playlist_opens_no_other_file(tmp_path: Path) -> None:
    ffmpeg(tmp_path / "a.ts", "motion", "-t", "1")
    playlist = tmp_path / "b.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{tmp_path / 'a.ts'}\n#EXT-X-ENDLIST\n")
    with pytest.raises(GanvasError, match="cannot be read"):
        read_facts(playlist)


def test_pictures_are_no_films(tmp_path: Path) -> None:
    for name in ("a.png", "a.jpg", "a.webp", "a.gif", "a.avif"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
        assert not is_film(tmp_path / name), name
        assert not is_film((tmp_path / name).rename(tmp_path / f"{name}.mp4")), name
    assert not is_film(tmp_path)


def packets(path: Path) -> list[dict[str, str]]:
    """Return the packets of a film as ffprobe finds them."""
    words = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_packets", "-of", "json", str(path)]
    found: list[dict[str, str]] = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)["packets"]
    return found
