"""The course of a training: its examinations in order, and the questions that a diagnosis asks of them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from ...events import Event, Evidence, Signs, Treated, Verdict
from .diagnoses import SICKNESSES

SEVERAL_STEPS = 100  # without which nothing can be said of a gain
NEAR = 0.35  # distance below which samples are pictures of the kind
Test = Callable[[Signs], bool]


@dataclass(frozen=True)
class Course:
    """Hold the examinations that belong together: of one phase, since it began or since something was last prescribed.

    looks: oldest first, never empty.
    born: the step at which the phase began or the weights were drawn anew.
    """

    looks: tuple[Signs, ...]
    born: int = 0

    @property
    def last(self) -> Signs:
        """Return the last examination."""
        return self.looks[-1]

    @property
    def age(self) -> int:
        """Return how many steps the present weights have been trained in this phase."""
        return self.last.step - self.born

    def span(self, looks: int) -> int:
        """Return how many steps lie between the last few examinations and the one before them, 0 if there is none."""
        return self.last.step - self.looks[-looks - 1].step if len(self.looks) > looks else 0

    def now(self, sign: str) -> float:
        """Return a sign's last value, NaN if it was not measured."""
        return value(self.last, sign)

    def lately(self, sign: str, looks: int = 3) -> float:
        """Return the median of a sign's last few values, NaN if it was not measured."""
        known = [value(each, sign) for each in self.looks[-looks:]]
        known = [each for each in known if math.isfinite(each)]
        return median(known) if known else math.nan

    def best(self, sign: str) -> float:
        """Return the least value of a sign, infinity if it was never measured."""
        known = [value(each, sign) for each in self.looks]
        return min((each for each in known if math.isfinite(each)), default=math.inf)

    def lasting(self, test: Test) -> int:
        """Return of how many examinations, up to the last one, the test has been true without a break."""
        count = 0
        for look in reversed(self.looks):
            if not test(look):
                break
            count += 1
        return count

    def gain(self, sign: str, looks: int) -> float:
        """Return by what part a sign has fallen in the last few examinations: 0.5 if it halved, negative if it rose.

        The least of what was before is compared with the least since, so that one bad look is not taken for a trend.
        NaN if there are too few.
        """
        known = [value(each, sign) for each in self.looks]
        before = [each for each in known[:-looks] if math.isfinite(each)]
        since = [each for each in known[-looks:] if math.isfinite(each)]
        if not before or not since or min(before) <= 0:
            return math.nan
        return 1 - min(since) / min(before)

    def evidence(self, sign: str, looks: int) -> Evidence:
        """Return what a sign was before the last few examinations, what it is now, and when it began to change."""
        first = max(0, len(self.looks) - looks - 1)
        return Evidence(sign, value(self.looks[first], sign), self.now(sign), self.looks[first].images)


def value(look: Signs, sign: str) -> float:
    """Return a sign's value in an examination, NaN if it was not measured or is no number."""
    found = look.values.get(sign, math.nan)
    return float(found) if isinstance(found, int | float) else math.nan


def above(sign: str, limit: float) -> Test:
    """Return the test whether a sign is above a limit; what was not measured is not."""
    return lambda look: value(look, sign) > limit


def below(sign: str, limit: float) -> Test:
    """Return the test whether a sign is below a limit; what was not measured is not."""
    return lambda look: value(look, sign) < limit


def both(*tests: Test) -> Test:
    """Return the test whether all of several are true."""
    return lambda look: all(test(look) for test in tests)


def _examinations(history: Sequence[Event]) -> list[Signs]:
    return sorted((event for event in history if isinstance(event, Signs)), key=lambda look: look.step)


def course_of(history: Sequence[Event]) -> Course | None:
    """Return the present course of a history, in whatever order it comes; None if nothing was examined yet."""
    looks = _examinations(history)
    if not looks:
        return None
    start = begun_at(history)
    mine = tuple(look for look in _of_present_phase(looks) if look.step > start)
    return Course(mine or (looks[-1],), _born(history, looks))


def _born(history: Sequence[Event], looks: Sequence[Signs]) -> int:
    """Return the step at which the present phase began, as far as examinations tell, or the weights were drawn anew."""
    others = [look.step for look in looks if look.phase != looks[-1].phase]
    anew = [event.step for event in history if isinstance(event, Treated) and _is_afresh(event)]
    return max([0, *others, *anew])


def _is_afresh(event: Treated) -> bool:
    return not event.outcome and any(each.kind == "afresh" for each in event.prescriptions)


def _of_present_phase(looks: Sequence[Signs]) -> Sequence[Signs]:
    """Return those of the examinations, oldest first, that came since the phase of the last one began."""
    others = [index for index, look in enumerate(looks) if look.phase != looks[-1].phase]
    return looks[others[-1] + 1 :] if others else looks


def promising(history: Sequence[Event]) -> bool:
    """Tell whether the last examination is of a moment worth going back to.

    The samples have come half of the way, or are near the real pictures: in the first minutes of a training that goes
    wrong they get better too, and weights that were damaged then never become quite well.
    """
    course = course_of(history)
    if course is None or len(course.looks) < 2:
        return False
    return course.now("distance") < max(NEAR, 0.5 * value(course.looks[0], "distance"))


def suspicious(history: Sequence[Event]) -> bool:
    """Tell whether the last examination alone is bad enough to look again soon."""
    course = course_of(history)
    if course is None:
        return False
    earlier = Course(course.looks[:-1]).best("distance") if len(course.looks) > 1 else math.inf
    alike = course.now("near_copies") > 0.5 or course.now("diversity") < 0.2
    return alike or course.now("distance") > 2 * earlier


def begun_at(history: Sequence[Event]) -> int:
    """Return the step at which something was last prescribed, -1 if nothing was."""
    return max((event.step for event in history if isinstance(event, Treated) and not event.outcome), default=-1)


def entered(history: Sequence[Event]) -> int:
    """Return the step of the first examination of the present phase, 0 if nothing was examined yet."""
    looks = _of_present_phase(_examinations(history))
    return looks[0].step if looks else 0


def told(history: Sequence[Event]) -> Verdict | None:
    """Return the last verdict that was told; those of a later release, whose names mean nothing here, do not count."""
    known = (event for event in history if isinstance(event, Verdict) and event.name in SICKNESSES)
    return max(known, key=lambda each: each.step, default=None)
