"""What to do about a sickness: a ladder of prescriptions for each, the mildest first."""

from collections.abc import Iterator, Sequence

from ..config import Config
from ..events import Event, Treated, Verdict


def prescribe(history: Sequence[Event], verdict: Verdict, config: Config) -> Iterator[Treated]:
    """Yield what to do about `verdict`, and what came of what was done before."""
    yield from ()
