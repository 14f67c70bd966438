"""What to do about a sickness: a ladder of prescriptions for each, the mildest rung first.

One rung at a time, and each is judged by what follows before the next one is taken. A sickness that comes back in the
same phase begins above the rung that it was treated with, and there is an upper bound for the whole training: so
nothing thrashes, and nothing goes on for ever. At the top of the ladder the training ends with the best that was had.
"""

from collections.abc import Iterator, Sequence

from ...config import Config
from ...events import Event, Prescription, Signs, Treated, Verdict
from ..diagnosis.diagnoses import SOUND
from ..diagnosis.history import SEVERAL_STEPS, Course, begun_at, course_of, entered, value
from ..diagnosis.rules import CERTAIN, FEWEST_NUMBERS, FLAT, SURE
from .describe import judged_text, stopped_text, treatment_text
from .remedies import (
    Patient,
    Rung,
    anew,
    augmented,
    gentler,
    halved_start,
    held_back,
    if_too_long,
    larger_batch,
    let_loose,
    lighter,
    longer,
    noisy,
    packed,
    redrawn,
    relativistic,
    rest,
    restored,
    revived,
    shorter,
    shorter_start,
    stronger_judge,
    twice_the_batch,
    unsaturated,
    without_momentum,
)

JUDGED_AFTER = 3  # examinations that a prescription is given to work
PATIENCE = 6  # examinations after which what has not helped has failed
MOST = 8  # prescriptions in one training
ARRIVED = "Stopped: the training has converged, more of it would not make the samples better."
RESTARTS = {"back", "again", "afresh"}
WORSE = 1.25  # times the distance that there was: what was prescribed has done harm
WORTH = 0.05  # part by which samples must get nearer to the real pictures for a training to be worth going on with


# What is mild comes first, but for causes that are plain to see: dead units, a loss that saturates, steps far too long.
# How far too long steps are is hard to tell from weights that they have blown up, hence some rungs are there twice.
CAUSES: tuple[Rung, ...] = (restored, restored, revived, redrawn, anew(unsaturated), anew(if_too_long), anew(lighter))
LADDERS: dict[str, tuple[Rung, ...]] = {
    "mode collapse": (*CAUSES, anew(shorter_start), anew(relativistic), anew(packed)),
    "partial mode collapse": (gentler, relativistic, anew(packed), anew(shorter_start)),
    "discriminator wins": (*CAUSES, rest, held_back, anew(relativistic), anew(shorter_start), noisy),
    "generator wins": (
        anew(let_loose), let_loose, anew(if_too_long), stronger_judge, anew(shorter_start),
        anew(relativistic),
    ),
    "discriminator memorises": (augmented(0.5), augmented(0.8), held_back, augmented(1.0), noisy),
    "diverging": (
        anew(if_too_long), anew(lighter), anew(halved_start), anew(shorter_start), held_back,
        anew(relativistic),
    ),
    "oscillating": (
        larger_batch, anew(if_too_long), lighter, shorter, without_momentum, twice_the_batch,
        anew(relativistic),
    ),
    "stalled": (*CAUSES, larger_batch, longer, shorter, relativistic, anew(shorter_start)),
}  # fmt: skip


def prescribe(
    history: Sequence[Event],
    verdict: Verdict,
    config: Config,
    healthy: Sequence[int] = (),
    rooted: bool = False,
    worthwhile: bool = True,
) -> Iterator[Treated]:
    """Yield what came of what was prescribed before, if that can be told, and what to do now, if anything.

    Args:
        history: the run's events, with the examination that the verdict is of.
        config: what is trained with now.
        healthy: steps of the healthy checkpoints of the present phase, which one can go back to, oldest first.
        rooted: whether one can go back to the beginning of the phase, after phases that went well.
        worthwhile: whether enough of the budget is left for anything to work.
    """
    course = course_of(history)
    if course is None:
        return
    urgent, began = course.now("finite") < 1, entered(history)
    treated = [event for event in history if isinstance(event, Treated)]
    given = [event for event in treated if not event.outcome]
    if 2 * len(given) > len(treated):  # the last one was not judged yet
        looks = sum(isinstance(event, Signs) and event.step > begun_at(history) for event in history)
        over = given[-1].step < began  # its phase is
        made_worse = _made_worse(history, course, given[-1])
        soon = not over and verdict.step - given[-1].step < SEVERAL_STEPS
        outcome = _outcome(verdict, max(looks, JUDGED_AFTER) if over else looks, urgent or made_worse, soon)
        if not outcome:
            return
        treated.append(_judged(verdict, given[-1], outcome))
        yield treated[-1]
    if not (worthwhile or urgent):
        return
    if verdict.name == "converged" and verdict.confidence >= CERTAIN:
        yield Treated(verdict.step, verdict.images, verdict.name, (Prescription("stop"),), "", ARRIVED)
    if verdict.name not in LADDERS or verdict.confidence < SURE:
        return
    backs = sum(order.kind == "back" for event in treated if event.outcome == "failed" for order in event.prescriptions)
    patient = Patient(course, config, tuple(healthy)[: max(0, len(healthy) - backs)], backs, rooted, len(given))
    here = [event for event in given if event.step >= began]  # another phase is another game
    orders, rung = _next(verdict.name, here, patient, urgent)
    if not orders and not urgent and _hopeful(course, config):
        return
    text = treatment_text(orders) if orders else stopped_text(verdict.name, given)
    yield Treated(verdict.step, verdict.images, verdict.name, orders or patient.ending(urgent), "", text, rung)


def _hopeful(course: Course, config: Config) -> bool:
    """Tell whether a training that nothing cures may be getting better by itself, so that it is not to be ended.

    A discriminator that knows its pictures by heart, say, may still lead its samples nearer to them.
    """
    if config.latent < FEWEST_NUMBERS:
        return False
    return len(course.looks) <= FLAT or course.gain("distance", FLAT) >= WORTH


def _judged(verdict: Verdict, last: Treated, outcome: str) -> Treated:
    """Return the word on what was prescribed last."""
    text = judged_text(last.sickness, outcome)
    return Treated(verdict.step, verdict.images, last.sickness, last.prescriptions, outcome, text, last.rung)


def _made_worse(history: Sequence[Event], course: Course, last: Treated) -> bool:
    """Tell whether the samples are further from the real pictures than before what was prescribed last.

    Whoever begins again is worse for a while, and is judged by the verdict alone.
    """
    if RESTARTS & {order.kind for order in last.prescriptions}:
        return False
    before = [event for event in history if isinstance(event, Signs) and event.step == last.step]
    enough = len(course.looks) >= JUDGED_AFTER
    return bool(before) and enough and course.lately("distance") > WORSE * value(before[0], "distance")


def _outcome(verdict: Verdict, looks: int, bad: bool, soon: bool) -> str:
    """Return "helped", "failed", or nothing if it is too early to tell.

    Args:
        soon: whether so few steps were taken since that nothing could have got better.
    """
    if bad:
        return "failed"
    if verdict.name in SOUND:
        return "helped" if looks >= JUDGED_AFTER else ""
    if soon:
        return ""
    failed = looks >= JUDGED_AFTER and verdict.confidence >= SURE
    return "failed" if failed or looks >= PATIENCE else ""


def _next(name: str, given: Sequence[Treated], patient: Patient, urgent: bool) -> tuple[tuple[Prescription, ...], int]:
    """Return what the next rung that applies prescribes, and its number from 1; nothing at the top."""
    climbed = max((event.rung for event in given if event.sickness == name), default=0)
    if patient.nth < MOST and patient.config.latent >= FEWEST_NUMBERS:
        for number, rung in enumerate(LADDERS[name][climbed:], climbed + 1):
            orders = rung(patient)
            if orders and urgent and not RESTARTS & {order.kind for order in orders}:
                orders = (*patient.restart(), *orders)  # from weights that are no numbers nothing else leads away
            if orders:
                return orders, number
    return (), climbed
