"""The course of a training: which examinations belong together, and what is read from them."""

import math
import random

import pytest

from ganvas.coach.diagnosis.history import Course, above, begun_at, below, both, course_of, promising, told, value
from ganvas.events import Note, Saved, Signs
from histories import look, looks, treatment, verdict, worsening

NAN, INF = math.nan, math.inf


def steps(course: Course | None) -> list[int]:
    assert course is not None
    return [each.step for each in course.looks]


def of(*values: float) -> Course:
    """Return a course in which the distance takes these values."""
    return Course(tuple(looks(len(values), distance=worsening(values))))


def test_nothing_examined_is_no_course() -> None:
    assert course_of([]) is None
    assert course_of([Note("Hello."), verdict(look(0), "healthy"), treatment(look(0))]) is None


def test_examinations_are_put_in_order() -> None:
    history = looks(6)
    shuffled = list(history)
    random.Random(1).shuffle(shuffled)
    assert course_of(shuffled) == course_of(history) == Course(tuple(history))


def test_a_course_begins_with_its_phase() -> None:
    warm = [look(index, "autoencode") for index in range(4)]
    sharp = [look(index, "sharpen") for index in range(4, 6)]
    assert steps(course_of(warm + sharp)) == [each.step for each in sharp]
    again = [look(6, "autoencode")]
    assert steps(course_of(warm + sharp + again)) == [again[0].step], "a phase of the same name long ago"


def test_a_course_begins_with_what_was_prescribed_last() -> None:
    history = looks(6)
    after = [*history, treatment(history[1]), treatment(history[3])]
    assert steps(course_of(after)) == [history[4].step, history[5].step]
    assert begun_at(after) == history[3].step
    assert begun_at(history) == -1


def test_what_was_prescribed_at_the_last_examination_leaves_that_one() -> None:
    history = looks(3)
    assert steps(course_of([*history, treatment(history[2])])) == [history[2].step], "a course is never empty"


def test_an_outcome_begins_nothing() -> None:
    history = looks(4)
    judged = treatment(history[2]).__class__(history[2].step, 0, "stalled", (), "helped", "It helped.")
    assert begun_at([*history, judged]) == -1
    assert steps(course_of([*history, judged])) == [each.step for each in history]


def test_values_that_are_missing_or_no_numbers_are_nan() -> None:
    assert value(look(0, near_copies=0.25), "near_copies") == 0.25
    odd = Signs(1, 1, 0.0, "adversarial", {"distance": "far", "batch": None})  # type: ignore[dict-item]
    assert all(math.isnan(value(odd, sign)) for sign in ("distance", "batch", "missing"))


def test_the_last_value_the_median_of_the_last_and_the_least() -> None:
    course = of(5.0, 1.0, 9.0, 2.0, 3.0)
    assert (course.now("distance"), course.lately("distance"), course.best("distance")) == (3.0, 3.0, 1.0)
    assert course.lately("distance", looks=4) == 2.5
    assert of(1.0, NAN, 4.0).lately("distance") == 2.5, "what is no number was counted"
    assert of(NAN, -INF, 7.0).best("distance") == 7.0
    assert math.isnan(of(NAN, NAN).lately("distance"))
    assert of(NAN).best("distance") == INF
    assert math.isnan(of(1.0).now("no such sign"))


def test_how_long_something_has_been_true() -> None:
    course = of(9.0, 1.0, 5.0, 6.0, 7.0)
    assert course.lasting(above("distance", 4.0)) == 3, "a break in between was not seen"
    assert course.lasting(above("distance", 0.0)) == 5
    assert course.lasting(below("distance", 4.0)) == 0
    assert course.lasting(both(above("distance", 4.0), below("distance", 6.5))) == 0
    assert of(9.0, NAN, 9.0).lasting(above("distance", 4.0)) == 1, "what was not measured is not above"
    assert of(NAN).lasting(below("distance", 4.0)) == 0


def test_the_gain_compares_the_least_before_with_the_least_since() -> None:
    assert of(4.0, 8.0, 3.0, 2.0).gain("distance", 2) == pytest.approx(0.5)
    assert of(4.0, 5.0, 9.0).gain("distance", 1) == pytest.approx(-1.25)
    assert of(4.0, 1.0, 9.0, 9.0, 1.0).gain("distance", 3) == pytest.approx(0.0), "a bad look is not taken for a trend"
    assert of(NAN, 4.0, INF, 1.0).gain("distance", 2) == pytest.approx(0.75)
    for few in (of(1.0), of(1.0, 2.0), of(NAN, NAN, NAN, 1.0), of(0.0, 1.0, 1.0)):
        assert math.isnan(few.gain("distance", 2))


def test_evidence_tells_from_what_to_what_and_since_when() -> None:
    course = of(1.0, 2.0, 3.0, 4.0)
    found = course.evidence("distance", 2)
    assert (found.sign, found.was, found.now, found.since) == ("distance", 2.0, 4.0, course.looks[1].images)
    assert course.evidence("distance", 99).was == 1.0, "there is nothing before the first examination"


def test_the_last_verdict_told_is_that_of_the_latest_step() -> None:
    first, last = verdict(look(0), "healthy"), verdict(look(3), "stalled")
    assert told([last, Saved(1, 1, "x"), first]) == last
    assert told([]) is None


def test_promising_is_half_of_the_way_or_near() -> None:
    assert promising(looks(5)), "the distance has halved"
    assert not promising(looks(4, distance=1.0))
    assert not promising(looks(4, distance=worsening([1.0, 0.2, 0.5, 3.0])))
    assert not promising(looks(4, distance=worsening([4.0, 3.0, 2.5, 2.4]))), "a little better is not half of the way"
    assert promising(looks(4, distance=worsening([0.3, 0.3, 0.3, 0.3]))), "near from the beginning"
    assert not promising(looks(1))
    assert not promising([])
    assert not promising(looks(4, distance=NAN))
