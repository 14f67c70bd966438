"""What the benchmarks count must be countable by hand."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
import digits
import modes


def test_an_even_hit_of_all_modes_has_no_divergence():
    assert modes.coverage(np.full(8, 5), np.ones(8)) == modes.Coverage(8, 0.0)


def test_half_of_the_modes_diverge_by_the_logarithm_of_two():
    found = modes.coverage(np.array([3, 3, 0, 0]), np.full(4, 100))
    assert found.modes == 2, "a mode without samples was counted as found"
    assert found.kl == pytest.approx(np.log(2)), "unused modes must cost what they leave to the others"


def test_divergence_is_of_the_samples_from_the_truth_and_not_the_other_way_round():
    found = modes.coverage(np.array([3, 1]), np.array([1, 1]))
    assert found.kl == pytest.approx(0.75 * np.log(1.5) + 0.25 * np.log(0.5))


def test_proportions_that_are_as_uneven_as_the_truth_do_not_diverge():
    assert modes.coverage(np.array([30, 10]), np.array([3.0, 1.0])).kl == pytest.approx(0)


def test_a_hit_in_a_mode_that_never_comes_is_infinitely_wrong():
    assert modes.coverage(np.array([1, 1]), np.array([2, 0])).kl == np.inf


@pytest.mark.parametrize("counts", [np.zeros(3, int), np.ones(2, int)], ids=["no samples", "other modes"])
def test_a_count_of_nothing_or_of_something_else_is_refused(counts):
    with pytest.raises(ValueError, match="counted"):
        modes.coverage(counts, np.ones(3))


def test_a_perfect_sampler_scores_as_low_as_the_docstring_says():
    counts = np.random.default_rng(0).multinomial(26_000, np.full(1000, 0.001))
    found = modes.coverage(counts, np.ones(1000))
    assert found.modes == 1000
    assert found.kl == pytest.approx(999 / 52_000, rel=0.1)


def test_three_digits_read_as_one_number():
    counts = modes.stack_modes(np.array([[0, 0, 7], [1, 2, 3], [1, 2, 3], [9, 9, 9]], np.uint8))
    assert counts.shape == (1000,)
    assert {int(mode): int(counts[mode]) for mode in counts.nonzero()[0]} == {7: 1, 123: 2, 999: 1}


def test_the_ring_and_the_square_have_the_published_centres():
    assert np.allclose(np.linalg.norm(modes.ring(8), axis=1), 1)
    assert np.allclose(modes.ring(8)[2], [0, 1])
    centres = modes.square(5)
    assert sorted(set(centres.ravel())) == [-4, -2, 0, 2, 4]
    assert len({tuple(centre) for centre in centres}) == 25


def test_points_beyond_the_radius_have_no_mode_and_those_on_it_do():
    points = np.array([[0.0, 0.0], [0.3, 0.0], [0.31, 0.0], [2.0, 0.1], [1.0, 0.0]])
    counts = modes.nearest_modes(points, np.array([[0.0, 0.0], [2.0, 0.0], [9.0, 9.0]]), 0.3)
    assert counts.tolist() == [2, 1, 0], "0.31 and 1 are too far from anything"


def test_the_stacks_are_always_the_same_and_use_each_digit_once_in_each_channel():
    chosen = digits.stacking(1000)
    assert np.array_equal(chosen, digits.stacking(1000))
    assert np.array_equal(np.sort(chosen, axis=0), np.arange(1000)[:, None].repeat(3, axis=1))
    pictures = np.arange(1000, dtype=np.uint16)[:, None, None].repeat(2, axis=1)
    assert np.array_equal(digits.stack(pictures, chosen)[5, 1, 0], chosen[5]), "a digit came into another channel"


def test_missing_digits_are_named(tmp_path):
    with pytest.raises(SystemExit, match=r"t10k-images-idx3-ubyte.*\n.*--mnist"):
        digits.load_digits(tmp_path, "test")
