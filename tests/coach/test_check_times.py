"""Times of health checks: how many there are, as a training counts them."""

import pytest

from ganvas.coach.diagnosis.check_times import gap_factor, most_gaps, planned_checks


def counted(gaps: int, shares: list[float]) -> int:
    """Count the checks of a training of 10,000 steps, step by step."""
    steps, checks, begin = 10_000, 0, 0.0
    for share in shares:
        last, since = begin, 0
        for step in range(round(steps * begin) + 1, round(steps * (begin + share))):
            if step / steps - last >= gap_factor(since) / gaps:
                last, since, checks = step / steps, since + 1, checks + 1
        begin += share
    return checks + 1


@pytest.mark.parametrize("shares", [[1.0], [0.6, 0.2, 0.2], [0.5, 0.5]])
@pytest.mark.parametrize("gaps", [1, 3, 8, 14, 50])
def test_checks_are_counted_as_they_come(gaps: int, shares: list[float]) -> None:
    assert abs(planned_checks(gaps, shares) - counted(gaps, shares)) <= len(shares)
    assert planned_checks(gaps, shares) >= gaps


@pytest.mark.parametrize("shares", [[1.0], [0.6, 0.2, 0.2]])
def test_no_more_checks_are_planned_than_may_be_taken(shares: list[float]) -> None:
    for checks in range(10, 250, 7):
        gaps = most_gaps(checks, shares)
        assert planned_checks(gaps, shares) <= checks < planned_checks(gaps + 1, shares)


def test_a_short_training_is_looked_at_all_the_same() -> None:
    assert most_gaps(0, [1.0]) == 0
    assert most_gaps(1, [1.0]) == most_gaps(2, [0.6, 0.2, 0.2]) == 1
