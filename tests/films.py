"""Small frames and sounds for films, and what an independent reader says of a file."""

import json
import shutil
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganvas.video.film import open_film
from ganvas.video.writer import FilmSettings, Frame

SAMPLE_RATE = 44_100


def frames(count: int, width: int = 34, height: int = 24, channels: int = 3) -> Iterator[Frame]:
    """Yield a disc that goes round on a soft ground, which stands still; with four channels the ground is clear."""
    y, x = np.mgrid[:height, :width]
    for number in range(count):
        turn = 2 * np.pi * number / count
        frame = np.full((height, width, channels), 255, np.uint8)
        frame[..., 0], frame[..., 1], frame[..., 2] = 40 + 2 * x, 200, 255 - 3 * y
        left, top = (side / 2 + side / 4 * move for side, move in ((width, np.cos(turn)), (height, np.sin(turn))))
        disc = (x - left) ** 2 + (y - top) ** 2 < (height / 5) ** 2
        frame[disc, :3] = (230, 30, 40)
        if channels == 4:
            frame[..., 3] = np.where(disc, 255, 0)
        yield frame


def write_film(path: Path, count: int = 30, **settings: Any) -> Path:
    """Write a film of these frames."""
    size = {name: settings.get(name, default) for name, default in (("width", 34), ("height", 24))}
    channels = 4 if settings.get("has_alpha") else 3
    preview = list(frames(4, channels=channels, **size))
    wanted = FilmSettings(**{"fps": 25, "preview": preview, "metadata": {"run": "mine", "seed": 3}} | size | settings)
    with open_film(path, wanted) as film:
        for frame in frames(count, channels=channels, **size):
            film.write(frame)
    return path


def write_sound(path: Path, seconds: float = 1.0, rate: int = SAMPLE_RATE, hertz: float = 440.0) -> Path:
    """Write a tone as .wav."""
    samples = 12_000 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def probe(path: Path) -> dict[str, Any]:
    """Return what ffprobe, which did not write it, says of a file: its streams by kind, and "duration"; or skip."""
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe, of Debian's package ffmpeg, is not installed")
    words = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert not done.stderr, done.stderr
    found = json.loads(done.stdout)
    return {each["codec_type"]: each for each in found["streams"]} | {"duration": float(found["format"]["duration"])}


def ffmpeg(path: Path, *words: str) -> Path:
    """Have ffmpeg, which is not ours, write a film; or skip. Its source "motion" is 32 x 24 pixels, 10 a second."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg, of Debian's package of that name, is not installed")
    sources = {"motion": "testsrc2=size=32x24:rate=10", "tone": "sine=440:sample_rate=48000"}
    given = [part for word in words for part in (("-f", "lavfi", "-i", sources[word]) if word in sources else (word,))]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *given, str(path)], check=True)
    return path


def shown_at(path: Path) -> list[float]:
    """Return when each frame of a film is shown, in seconds, as ffprobe says."""
    words = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "frame=pts_time", "-of", "csv=p=0"]
    done = subprocess.run([*words, str(path)], capture_output=True, text=True, check=True)
    return [float(line.strip(",")) for line in done.stdout.split()]
