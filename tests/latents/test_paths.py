"""Closed paths through latents: they end where they begin, meet what they pass, and move without jumps."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ganvas.latents.paths import along, ease, even_positions, noise_loop, paced_positions


def latents(count: int, *shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(seed))


@given(st.integers(1, 500), st.integers(1, 60))
def test_positions_meet_every_latent_and_end_where_they_begin(frames: int, count: int) -> None:
    frames = max(frames, count)
    positions = even_positions(frames, count)
    assert len(positions) == frames
    assert positions[0] == 0
    assert (np.diff(positions) > 0).all(), "it stands still or goes back"
    assert positions[-1] < count
    assert set(range(count)) <= set(positions), "a latent is not met by any frame"
    steps = np.diff([*positions, count])
    assert steps.max() <= 2 * steps.min() * (1 + 1e-9), "a jump, where a frame more or less would do"


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=200), st.integers(1, 9))
def test_paced_positions_go_round_once(pace: list[float], count: int) -> None:
    positions = paced_positions(np.array(pace), count)
    steps = np.diff([*positions, count])
    assert positions[0] == 0
    assert (steps > 0).all()
    assert steps / sum(steps) == pytest.approx(np.array(pace) / sum(pace), rel=1e-6)


@given(st.floats(0, 50))
def test_easing_keeps_the_latents_and_the_order(position: float) -> None:
    here, later = ease(np.array([position, position + 0.01]), "smooth")
    assert here <= later + 1e-12
    assert math.floor(position) <= here <= math.floor(position) + 1, "it has left the way to the next latent"
    assert ease(np.array([float(round(position))]), "smooth")[0] == round(position)
    assert ease(np.array([position]), "linear")[0] == position


def test_easing_is_slow_near_a_latent() -> None:
    start, middle = np.diff(ease(np.array([0, 0.01]), "smooth")), np.diff(ease(np.array([0.495, 0.505]), "smooth"))
    assert start < 0.001
    assert middle > 0.014


@pytest.mark.parametrize("spherical", [True, False])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_path_is_closed_to_the_bit(spherical: bool, count: int) -> None:
    passed = latents(count, 3, 8)
    once = along(passed, even_positions(40, count), spherical)
    again = along(passed, even_positions(40, count) + count, spherical)
    assert torch.equal(once[0], again[0]), "the frame after the last is not the first"
    assert torch.equal(once[0], passed[0])
    assert torch.allclose(once, again, atol=1e-4)
    steps = (torch.cat([once[1:], once[:1]]) - once).flatten(1).norm(dim=1)
    assert steps[-1] <= 1.01 * steps.max(), "a jump where the end joins the beginning"


def test_a_line_is_straight_and_a_circle_keeps_its_length() -> None:
    passed = latents(2, 1, 512)
    line = along(passed, [0.25], spherical=False)[0]
    assert torch.allclose(line, 0.75 * passed[0] + 0.25 * passed[1])
    lengths = along(passed, np.linspace(0, 1, 20, endpoint=False), spherical=True).flatten(1).norm(dim=1)
    low, high = sorted(passed.flatten(1).norm(dim=1))
    assert lengths.min() >= 0.999 * low, "spheres are left: pictures there are mud"
    assert lengths.max() <= 1.001 * high
    half = along(passed, [0.5], spherical=True)[0]
    angles = [torch.cosine_similarity(half, end).item() for end in passed]
    assert angles[0] == pytest.approx(angles[1], abs=1e-4)


@pytest.mark.parametrize(("first", "second"), [([1.0, 0], [1.0, 0]), ([1.0, 0], [-1.0, 0]), ([0.0, 0], [1.0, 0])])
def test_latents_between_which_there_is_no_circle(first: list[float], second: list[float]) -> None:
    assert along(torch.tensor([first, second]), np.linspace(0, 2, 9), spherical=True).isfinite().all()


@settings(max_examples=20)
@given(st.integers(1, 6), st.integers(0, 1000))
def test_a_latent_does_not_depend_on_what_is_computed_with_it(count: int, seed: int) -> None:
    passed, waves = latents(count, 2, 13, seed=seed), latents(count, 2, 13, seed=seed)
    positions = even_positions(33, count)
    for whole, one in (
        (along(passed, positions, True), lambda at: along(passed, at, True)),
        (along(passed, positions, False), lambda at: along(passed, at, False)),
        (noise_loop(waves, positions / count), lambda at: noise_loop(waves, at / count)),
    ):
        for number in (0, 7, 32):
            assert torch.equal(whole[number : number + 1], one(positions[number : number + 1]))


def test_noise_is_a_closed_loop_of_usual_latents() -> None:
    loop = noise_loop(latents(5, 2, 4096), np.arange(60) / 60)
    assert torch.equal(loop[0], noise_loop(latents(5, 2, 4096), [1.0])[0]), "the frame after the last is not the first"
    assert (loop.std(1) - 1).abs().max() < 0.06, "not as the latents of the training"
    assert loop.mean(1).abs().max() < 0.06
    steps = (torch.cat([loop[1:], loop[:1]]) - loop).norm(dim=1)
    assert steps.max() < 1.2 * steps.min(), "it stops or jumps"
    assert (loop[0] - loop[30]).norm() > 4 * steps.max(), "it does not get anywhere"
