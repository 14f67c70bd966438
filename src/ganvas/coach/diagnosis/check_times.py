"""When to run health checks: soon after a start or a change, then less and less often, up to the usual gap."""

FIRST_GAP, GAP_GROWTH = 0.125, 1.6  # first gap as a share of the usual one, and its growth from check to check
MIN_STEPS = 12  # between two checks: what was changed needs time to take effect


def gap_factor(checks: int) -> float:
    """Return the gap after `checks` health checks, as a share of the usual gap, at most 1."""
    return float(min(1.0, FIRST_GAP * GAP_GROWTH ** min(checks, 10)))
