"""Films of ffmpeg, repainted and read by ffprobe: times, sound, shape and transparency are kept, also when stopped."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from films import ffmpeg, probe, shown_at
from ganvas.config import StyleConfig
from ganvas.errors import GanvasError
from ganvas.events import Note, Progress
from ganvas.style.film import job as job_module
from ganvas.style.film.flow import Floats
from ganvas.style.film.job import FilmJob
from ganvas.style.film.journal import Journal, journal_folder, open_journal
from ganvas.style.film.plan import plan_film
from ganvas.style.film.steady import Held
from ganvas.video.reader import FilmFrame, read_facts, read_frames

pytest.importorskip("av", reason="PyAV, the extra video, is not installed")
pytest.importorskip("cv2", reason="OpenCV, of the extra video, is not installed")

IRREGULAR = ("-vf", "select='not(mod(n,4))+not(mod(n,7))'", "-vsync", "vfr")


@dataclass
class Inverter:
    """A painter that turns colours into their opposites, and may fall ill before a frame."""

    ill_at: int = 0
    painted: int = 0
    failure: BaseException = field(default_factory=SystemExit)

    def __call__(self, frame: Floats, held: Held | None) -> tuple[Floats, Held]:
        self.painted += 1
        if self.painted == self.ill_at:
            raise self.failure
        return 1 - frame, {}


def repaint(
    film: Path, out: Path, paint: Inverter | None = None, frames: str = "", stop: Callable[[], bool] = lambda: False
) -> list[Any]:
    """Repaint a film, going on with what is there, and return the events."""
    facts = read_facts(film)
    plan = plan_film(facts, StyleConfig(), frames)
    journal, _is_of_no_use = open_journal(out, "mark")
    job = FilmJob(
        film=film, facts=facts, plan=plan, paint=paint or Inverter(), out=out, journal=journal, metadata={"mark": 1}
    )
    events = list(job.run(stop))
    events += [Note(text) for text in job.join()]
    if not stop():
        journal.remove()
    return events


def pixels(film: Path) -> list[Any]:
    """Return the frames of a film."""
    facts = read_facts(film)
    parts = read_frames(film, (facts.width, facts.height))
    return [part.pixels.astype(int) for part in parts if isinstance(part, FilmFrame)]


@pytest.mark.parametrize(("suffix", "out_suffix"), [(".mp4", ".mp4"), (".mkv", ".webm"), (".webm", ".mp4")])
def test_pictures_times_and_length_are_kept(suffix: str, out_suffix: str, tmp_path: Path) -> None:
    film = ffmpeg(tmp_path / f"a{suffix}", "motion", "tone", "-t", "3", *IRREGULAR, "-shortest")
    out = tmp_path / f"b{out_suffix}"
    events = repaint(film, out)
    found, before = probe(out), probe(film)
    first = shown_at(film)[0]
    assert shown_at(out) == pytest.approx([second - first for second in shown_at(film)], abs=0.008)
    assert found["duration"] == pytest.approx(before["duration"], abs=0.12)
    assert len(set(np.diff(shown_at(out)).round(3))) > 1, "the times were evened out"
    assert [event.done for event in events if isinstance(event, Progress)][-1] == len(shown_at(out))
    assert np.abs(255 - pixels(film)[5] - pixels(out)[5]).mean() < 12, "it is not this frame's opposite"
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([film.name, out.name]), "something was left over"


@pytest.mark.parametrize(
    ("suffix", "sound", "out_suffix", "codec", "copied"),
    [
        (".mp4", ("-c:a", "aac"), ".mp4", "aac", True),
        (".mkv", ("-c:a", "ac3"), ".mp4", "ac3", True),
        (".webm", ("-c:a", "libopus"), ".webm", "opus", True),
        (".mkv", ("-c:a", "flac"), ".mp4", "aac", False),
        (".avi", ("-c:a", "pcm_s16le"), ".mp4", "aac", False),
        (".mp4", ("-c:a", "aac"), ".webm", "opus", False),
    ],
)
def test_sound_is_kept(
    suffix: str, sound: tuple[str, ...], out_suffix: str, codec: str, copied: bool, tmp_path: Path
) -> None:
    film = ffmpeg(
        tmp_path / f"a{suffix}", "motion", "tone", "-t", "2", *sound, "-af", "volume='if(lt(t,1),0,1)':eval=frame"
    )
    out = tmp_path / f"b{out_suffix}"
    events = repaint(film, out)
    assert probe(out)["audio"]["codec_name"] == codec
    assert any(isinstance(event, Note) for event in events) == (not copied), "encoding anew is told, copying is not"
    was, heard = samples(film), samples(out)
    assert len(heard) == pytest.approx(len(was), abs=2500)
    assert loud_from(heard) == pytest.approx(loud_from(was), abs=400), "the sound is early or late"


def test_a_part_has_its_part_of_the_sound(tmp_path: Path) -> None:
    film = ffmpeg(tmp_path / "a.mp4", "motion", "tone", "-t", "3", "-af", "volume='if(lt(t,1.5),0,1)':eval=frame")
    for out in (tmp_path / "b.mp4", tmp_path / "b.webm"):
        repaint(film, out, frames="11-20")
        assert len(shown_at(out)) == 10
        assert probe(out)["duration"] == pytest.approx(1, abs=0.05)
        assert loud_from(samples(out)) == pytest.approx(24_000, abs=1500), "the sound is of another part"


def test_sound_that_begins_late_does_so_still(tmp_path: Path) -> None:
    film = ffmpeg(tmp_path / "a.mkv", "motion", "-itsoffset", "0.5", "tone", "-t", "2", "-c:a", "flac")
    repaint(film, tmp_path / "b.mp4")
    assert loud_from(samples(tmp_path / "b.mp4")) == pytest.approx(loud_from(samples(film)), abs=600)


def test_a_film_that_was_killed_goes_on_to_the_same_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_module, "SEGMENT_FRAMES", 4)
    film = ffmpeg(tmp_path / "a.mp4", "motion", "tone", "-t", "2")
    repaint(film, tmp_path / "whole.mp4")
    out = tmp_path / "b.mp4"
    for ill_at in (11, 7):  # the first leaves 8 frames, the second 12
        with pytest.raises(SystemExit):
            repaint(film, out, Inverter(ill_at))
    assert not out.exists()
    rest = Inverter()
    repaint(film, out, rest)
    assert rest.painted == 8, "frames were painted again"
    assert shown_at(out) == shown_at(tmp_path / "whole.mp4")
    assert all((a == b).all() for a, b in zip(pixels(out), pixels(tmp_path / "whole.mp4"), strict=True))
    assert not journal_folder(out).exists()


def test_a_film_that_was_stopped_can_be_looked_at_and_goes_on(tmp_path: Path) -> None:
    film, out = ffmpeg(tmp_path / "a.mp4", "motion", "tone", "-t", "2"), tmp_path / "b.mp4"
    first = Inverter()
    repaint(film, out, first, stop=lambda: first.painted >= 6)
    assert len(shown_at(out)) == 6
    assert probe(out)["duration"] == pytest.approx(0.6, abs=0.05)
    second = Inverter()
    repaint(film, out, second)
    assert second.painted == 14
    assert shown_at(out) == pytest.approx(shown_at(film))


def test_a_damaged_journal_is_begun_anew(tmp_path: Path) -> None:
    film, out = ffmpeg(tmp_path / "a.mp4", "motion", "-t", "1"), tmp_path / "b.mp4"
    first = Inverter()
    repaint(film, out, first, stop=lambda: first.painted >= 4)
    state = journal_folder(out) / "state.safetensors"
    state.write_bytes(state.read_bytes()[:100])
    assert open_journal(out, "mark") == (Journal(journal_folder(out), "mark"), True)
    assert open_journal(out, "other mark")[1]
    whole = Inverter()
    repaint(film, out, whole)
    assert (whole.painted, len(shown_at(out))) == (10, 10)


def test_a_broken_frame_is_passed_over_and_the_rest_keeps_its_time(tmp_path: Path) -> None:
    film = ffmpeg(tmp_path / "a.avi", "motion", "-t", "1", "-c:v", "mjpeg")
    times, content = shown_at(film), bytearray(film.read_bytes())
    begin = [place for place in range(len(content)) if content[place : place + 4] == b"00dc"][4] + 16  # in a frame
    content[begin : begin + 300] = bytes(300)
    film.write_bytes(content)
    notes = [event.text for event in repaint(film, tmp_path / "b.mp4") if isinstance(event, Note)]
    assert len(notes) == 1, notes
    assert "passed over" in notes[0]
    kept = [round(second, 3) for second in shown_at(tmp_path / "b.mp4")]
    assert len(kept) == 9
    assert set(kept) < {round(second, 3) for second in times}, "frames after it were moved"


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@pytest.mark.parametrize(("count", "size"), [(1, "32x24"), (2, "33x25"), (2, "6x2")])
def test_one_frame_odd_sides_and_small_ones(count: int, size: str, suffix: str, tmp_path: Path) -> None:
    source = f"testsrc2=size={size}:rate=10,format=rgb24"
    film = ffmpeg(tmp_path / "a.mkv", "-f", "lavfi", "-i", source, "-frames:v", str(count), "-c:v", "ffv1")
    repaint(film, tmp_path / f"b{suffix}")
    found, (width, height) = probe(tmp_path / f"b{suffix}")["video"], map(int, size.split("x"))
    assert found["nb_read_frames"] == str(count)
    assert (found["width"], found["height"]) == (width + width % 2, height + height % 2)


def test_transparency_is_kept_where_the_format_can(tmp_path: Path) -> None:
    source = "color=red:size=32x24:rate=10,format=rgba,geq=r=255:g=0:b=0:a='255*between(X,8,24)*between(Y,8,16)'"
    film = ffmpeg(tmp_path / "a.mov", "-f", "lavfi", "-i", source, "-t", "0.5", "-c:v", "qtrle")
    repaint(film, tmp_path / "b.webm")
    repaint(film, tmp_path / "b.mp4")
    clear, opaque = pixels(tmp_path / "b.webm")[2], pixels(tmp_path / "b.mp4")[2]
    assert clear[2, 2, 3] < 8
    assert clear[12, 16, 3] > 247
    assert (opaque[2, 2] > 247).all(), "what is transparent is not white"
    assert clear[12, 16, 1] > 200, "the figure was not painted"


def test_a_turned_film_is_painted_upright(tmp_path: Path) -> None:
    lying = ffmpeg(tmp_path / "lying.mp4", "motion", "-t", "0.5")
    film = ffmpeg(tmp_path / "a.mp4", "-i", str(lying), "-c", "copy", "-metadata:s:v", "rotate=90")
    repaint(film, tmp_path / "b.mp4")
    found = probe(tmp_path / "b.mp4")["video"]
    assert (found["width"], found["height"]) == (24, 32)
    assert "side_data_list" not in found, "it is turned twice"


def test_what_nobody_can_write_leaves_the_old_film(tmp_path: Path) -> None:
    film, out = ffmpeg(tmp_path / "a.mp4", "motion", "-t", "0.5"), tmp_path / "b.mp4"
    out.write_bytes(b"old")
    with pytest.raises(GanvasError):
        repaint(film, out, Inverter(3, failure=GanvasError("ill")))
    assert out.read_bytes() == b"old"


def samples(film: Path) -> Any:
    """Return the sound of a film as ffmpeg decodes it, 48,000 samples a second, silence before it included."""
    words = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(film),
        "-af",
        "aresample=async=1:first_pts=0",
        "-ac",
        "1",
        "-ar",
        "48000",
    ]
    done = subprocess.run([*words, "-f", "s16le", "-"], capture_output=True, check=True)
    return np.frombuffer(done.stdout, "<i2")


def loud_from(sound: Any) -> int:
    """Return the first sample that is loud."""
    return int(np.argmax(np.abs(sound.astype(int)) > 1000))
