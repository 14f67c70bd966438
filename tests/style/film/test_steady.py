"""What carries a painting from frame to frame: motion that is found, trust in it, cuts, and flicker that goes."""

import numpy as np
import pytest

from ganvas.style.film.flow import Floats, find_motion
from ganvas.style.film.steady import Carried, Held, Steadying, is_cut, paint_steadily

pytest.importorskip("cv2", reason="OpenCV, of the extra video, is not installed")

HEIGHT, WIDTH = 72, 96


def ground(seed: int = 0, height: int = HEIGHT, width: int = 2 * WIDTH) -> Floats:
    """Return a soft pattern, (H, W, 3) in [0, 1]."""
    import cv2

    grains = np.random.default_rng(seed).random((height // 6, width // 6, 3), np.float32)
    return cv2.resize(grains, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1)


def noisy(frame: Floats, seed: int) -> Floats:
    return (frame + np.random.default_rng(seed).normal(0, 0.03, frame.shape).astype(np.float32)).clip(0, 1)


def nervous(frame: Floats, held: Held | None) -> tuple[Floats, Held]:
    """Paint as a network does that answers to noise: contrasts are blown up."""
    return (0.5 + 3 * (frame - 0.5)).clip(0, 1), {}


def test_a_pan_is_found_and_carried_along() -> None:
    scene = ground()
    before, now = scene[:, 3 : WIDTH + 3], scene[:, :WIDTH]
    motion = find_motion(before, now)
    shift = motion.came_from[20:50, 20:70, 0] - np.arange(20, 70)
    assert np.median(shift) == pytest.approx(-3, abs=0.2)
    assert motion.trust[20:50, 20:70].mean() > 0.9
    assert motion.trust[:, 0].max() == 0, "what has just come into view was seen nowhere"
    assert np.abs(motion.carry(before) - now)[10:-10, 10:-10].mean() < 0.02


def test_noise_is_no_motion() -> None:
    scene = ground()[:, :WIDTH]
    motion = find_motion(noisy(scene, 1), noisy(scene, 2))
    assert np.abs(motion.came_from[..., 0] - np.arange(WIDTH)).mean() < 0.05, "a still scene would be blurred"
    assert motion.trust.mean() > 0.9


def test_what_was_hidden_is_not_carried() -> None:
    before, now = ground()[:, :WIDTH].copy(), ground()[:, :WIDTH].copy()
    before[20:50, 20:50], now[20:50, 26:56] = (1, 0, 0), (1, 0, 0)
    trust = find_motion(before, now).trust
    assert trust[25:45, 21:24].mean() < 0.5, "the place that the square has left shows the square still"
    assert trust[:, 70:].mean() > 0.9


def test_changed_light_is_not_carried() -> None:
    scene = ground()[:, :WIDTH] * np.float32(0.7)
    assert find_motion(scene, scene + np.float32(0.1)).trust.max() == 0


def test_cuts_are_found_and_nothing_else() -> None:
    scene, other = ground(), ground(7)
    pairs = {
        "cut": (scene[:, :WIDTH], other[:, :WIDTH]),
        "pan": (scene[:, :WIDTH], scene[:, 6 : WIDTH + 6]),
        "noise": (noisy(scene, 1), noisy(scene, 2)),
        "fade": (scene, scene * np.float32(0.93)),
        "black": (scene * 0, scene * 0),
    }
    found = {name for name, (before, now) in pairs.items() if is_cut(before, now, find_motion(before, now).trust)}
    assert found == {"cut"}


def test_a_still_scene_flickers_less_and_stays_sharp() -> None:
    scene = ground()[:, :WIDTH]
    frames = [noisy(scene, seed) for seed in range(12)]

    def flicker(steadying: Steadying) -> tuple[float, Floats]:
        carried, painted = None, []
        for frame in frames:
            shown, carried = paint_steadily(frame, carried, nervous, steadying)
            painted.append(shown)
        return float(np.abs(painted[-1] - painted[-2]).mean()), painted[-1]

    plain, _ = flicker(Steadying(source_share=0, painted_share=0))
    steady, last = flicker(Steadying())
    assert steady < plain / 4
    clean = nervous(scene, None)[0]
    assert np.abs(np.diff(last, axis=1)).mean() > 0.9 * np.abs(np.diff(clean, axis=1)).mean(), "it was blurred"


def test_all_begins_anew_at_a_cut() -> None:
    known: list[Held | None] = []

    def paint(frame: Floats, held: Held | None) -> tuple[Floats, Held]:
        known.append(held)
        return frame, {"seen": np.ones(1)}  # type: ignore[dict-item]

    carried: Carried | None = None
    scene, other = ground()[:, :WIDTH], ground(7)[:, :WIDTH]
    for frame in (scene, scene, other, other):
        painted, carried = paint_steadily(frame, carried, paint)
    assert [held is None for held in known] == [True, False, True, False]
    assert (painted == other).all()


def test_what_is_carried_outlasts_a_file() -> None:
    import torch

    frame = ground()
    carried = Carried(frame, frame, 1 - frame, {"0.mean": torch.ones(1, 3, 1, 1)})
    again = Carried.of(carried.tensors())
    assert (again.painted == carried.painted).all()
    assert (again.held["0.mean"] == 1).all()
