"""Sound from files: what is none is told, what is damaged is read as far as it goes, and nothing else is opened."""

from pathlib import Path

import numpy as np
import pytest

from films import probe, write_film, write_sound
from ganvas.errors import GanvasError
from ganvas.video.sound import read_mono

av = pytest.importorskip("av", reason="PyAV, the extra video, is not installed")


@pytest.mark.parametrize("rate", [8000, 22_050, 48_000, 96_000])
def test_sound_of_any_rate_has_the_rate_that_is_asked_for(rate: int, tmp_path: Path) -> None:
    samples = read_mono(write_sound(tmp_path / "a.wav", 1.0, rate), 22_050, 10)
    assert len(samples) == pytest.approx(22_050, abs=20)
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.argmax(spectrum) * 22_050 / len(samples) == pytest.approx(440, abs=2)
    assert np.abs(samples).max() == pytest.approx(12_000 / 32_768, abs=0.02)


def test_only_the_first_seconds_are_read(tmp_path: Path) -> None:
    assert len(read_mono(write_sound(tmp_path / "a.wav", 3.0), 22_050, 0.5)) == 11_025


def test_the_sound_of_a_film_is_sound(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", sound=write_sound(tmp_path / "a.wav", 2.0))
    assert len(read_mono(path, 22_050, 10)) == pytest.approx(1.2 * 22_050, rel=0.04)


def test_what_is_no_sound_is_told(tmp_path: Path) -> None:
    silent_film = write_film(tmp_path / "a.mp4")
    text, empty = tmp_path / "text.mp3", tmp_path / "empty.wav"
    text.write_text("no music at all\n" * 200)
    empty.write_bytes(b"")
    nothing = write_sound(tmp_path / "nothing.wav", 0.0)
    for path in (silent_film, text, empty, nothing, tmp_path, tmp_path / "nowhere.mp3"):
        with pytest.raises(GanvasError, match=r"no sound|There is no file") as caught:
            read_mono(path, 22_050, 10)
        assert "--audio" in caught.value.hint


def test_a_damaged_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    content = bytearray(write_film(tmp_path / "a.webm", 50, sound=write_sound(tmp_path / "a.wav", 2.0)).read_bytes())
    whole = len(read_mono(tmp_path / "a.webm", 22_050, 10))
    cut = tmp_path / "cut.webm"
    cut.write_bytes(content[: len(content) // 2])
    assert 0 < len(read_mono(cut, 22_050, 10)) < whole
    random = np.random.default_rng(0)
    for trial in range(20):
        broken = content.copy()
        for place in random.integers(0, len(content), 40):
            broken[place] = random.integers(256)
        (tmp_path / "broken.webm").write_bytes(broken)
        try:
            samples = read_mono(tmp_path / "broken.webm", 22_050, 10)
        except GanvasError:
            continue
        assert np.isfinite(samples).all(), trial


def test_a_playlist_opens_no_other_file(tmp_path: Path) -> None:
    sound = write_sound(tmp_path / "a.wav")
    for name, text in (
        ("a.m3u8", f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{sound}\n#EXT-X-ENDLIST\n"),
        ("a.ffconcat", f"ffconcat version 1.0\nfile '{sound}'\n"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(GanvasError, match="no sound that can be read"):
            read_mono(tmp_path / name, 22_050, 10)


def test_stereo_and_a_cover_are_no_hindrance(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    import wave

    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(1)
        file.setframerate(11_025)
        file.writeframes(bytes([128, 200]) * 11_025)
    assert len(read_mono(path, 22_050, 10)) == pytest.approx(22_050, abs=20)
    assert probe(write_film(tmp_path / "a.mp4", sound=path))["audio"]["sample_rate"] == "48000"
