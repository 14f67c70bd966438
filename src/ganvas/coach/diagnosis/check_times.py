"""When to run health checks: soon after a start or a change, then less and less often, up to the usual gap."""

from collections.abc import Sequence

FIRST_GAP, GAP_GROWTH = 0.125, 1.6  # first gap as a share of the usual one, and its growth from check to check
MIN_STEPS = 12  # between two checks: what was changed needs time to take effect


def gap_factor(checks: int) -> float:
    """Return the gap after `checks` health checks, as a share of the usual gap, at most 1."""
    return float(min(1.0, FIRST_GAP * GAP_GROWTH ** min(checks, 10)))


def planned_checks(gaps: float, phase_shares: Sequence[float]) -> int:
    """Return how many health checks a training without treatments has.

    Args:
        gaps: usual gaps that the budget has.
        phase_shares: share of the budget that each phase takes; in each, the gaps grow anew.
    """
    total = 1  # the last one, at the end
    for share in phase_shares:
        count, left = 0, gaps * share
        while (left := left - gap_factor(count)) > 0:
            count += 1
        total += count
    return total


def most_gaps(checks: int, phase_shares: Sequence[float]) -> int:
    """Return into how many usual gaps a budget is divided, so that there are at most so many health checks.

    It is 0 for no checks, else at least 1, although then a few more come.

    Args:
        checks: that may be taken.
        phase_shares: share of the budget that each phase takes.
    """
    fitting = (gaps for gaps in range(checks, 0, -1) if planned_checks(gaps, phase_shares) <= checks)
    return next(fitting, 1 if checks > 0 else 0)
