"""Onsets and loudness: beats are felt when they sound, and silence is nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganvas.latents import audio_features
from ganvas.latents.audio_features import RATE, loudness, onsets

FPS = 30


def tone(seconds: float, hertz: float = 440.0, height: float = 0.5) -> np.ndarray:
    return (height * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def clicks(seconds: float, times: list[float], height: float = 0.5) -> np.ndarray:
    samples = np.zeros(round(seconds * RATE), np.float32)
    for time in times:
        begin = round(time * RATE)
        samples[begin : begin + 400] += height * np.hanning(800)[400:][: len(samples) - begin].astype(np.float32)
    return samples


def peaks(felt: np.ndarray) -> list[int]:
    return [
        number for number in range(len(felt)) if felt[number] > 0.3 and (not number or felt[number] > felt[number - 1])
    ]


@pytest.mark.parametrize("height", [0.9, 0.01])
def test_each_beat_is_an_onset_at_its_frame(height: float) -> None:
    times = [0.5 * beat + 0.25 for beat in range(7)]
    felt = onsets(clicks(4, times, height), 4 * FPS, FPS)
    assert felt.max() == pytest.approx(1)
    found = peaks(felt)
    assert len(found) == len(times)
    assert np.abs(np.array(found) - np.array(times) * FPS).max() <= 1.5, "a beat is seen before or after it is heard"
    assert felt[found[0] + 12] < 0.3, "it does not fade"


def test_a_new_note_is_an_onset_and_a_held_one_is_not() -> None:
    felt = onsets(np.concatenate([tone(1), tone(1, 660.0)]), 2 * FPS, FPS)
    assert felt[28] < 0.1, "nothing happens in a held note"
    assert felt[29:33].max() > 0.3


def test_a_sound_that_begins_at_once_begins_with_an_onset() -> None:
    felt = onsets(tone(1), FPS, FPS)
    assert felt[:2].max() == pytest.approx(1)


def test_loudness_follows_a_crescendo() -> None:
    rising = tone(4) * np.linspace(0, 1, 4 * RATE, dtype=np.float32)
    heard = loudness(rising, 4 * FPS, FPS)
    assert (np.diff(heard) > -0.002).all()
    assert heard[0] < 0.5
    assert heard[-1] > 0.95


def test_silence_is_nothing() -> None:
    for samples in (np.zeros(RATE, np.float32), np.zeros(0, np.float32), np.full(RATE, 1e-7, np.float32)):
        assert not loudness(samples, FPS, FPS).any()
        assert not onsets(samples, FPS, FPS).any()


def test_a_film_longer_than_its_sound_is_still_at_its_end() -> None:
    assert not loudness(tone(1), 3 * FPS, FPS)[45:].any()
    assert onsets(tone(1), 3 * FPS, FPS)[60:].max() < 0.05


@settings(max_examples=30)
@given(st.integers(0, 9000), st.integers(1, 40), st.floats(1, 120), st.floats(0, 1), st.integers(0, 99))
def test_any_sound_gives_numbers_in_range(length: int, frames: int, fps: float, height: float, seed: int) -> None:
    samples = (height * np.random.default_rng(seed).standard_normal(length)).astype(np.float32)
    for feature in (loudness(samples, frames, fps), onsets(samples, frames, fps)):
        assert feature.shape == (frames,)
        assert ((feature >= 0) & (feature <= 1)).all()


def test_a_long_sound_is_heard_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 30_000).astype(np.float32) * np.linspace(
        0.1, 1, 30_000, dtype="f4"
    )
    whole = loudness(samples, 40, 30), onsets(samples, 40, 30)
    monkeypatch.setattr(audio_features, "BLOCK", 3)
    for heard, expected in zip((loudness(samples, 40, 30), onsets(samples, 40, 30)), whole, strict=True):
        np.testing.assert_allclose(heard, expected, rtol=1e-9)
