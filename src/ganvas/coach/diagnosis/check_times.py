"""When to look: soon after something began, then ever less often, up to the usual gap."""

FIRST_LOOK, GROWTH = 0.125, 1.6  # of the usual gap, and from one look to the next
FEWEST_STEPS = 12  # from one look to the next: what was changed must have had the time to do something


def share_of_gap(looks: int) -> float:
    """Return the time from one look to the next as a share of the usual gap, after so many `looks`; at most 1."""
    return float(min(1.0, FIRST_LOOK * GROWTH ** min(looks, 10)))
