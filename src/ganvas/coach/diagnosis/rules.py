"""From the history of a training to a verdict: what is wrong, how sure that is, and which numbers say so.

Pure: the same events give the same verdict, live, after a resume, or read from a file years later. The limits were
found on recorded runs, healthy ones and such with planted faults; benchmarks/NOTES.md tells how.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...events import Event, Evidence, Scored, Signs, Verdict
from .diagnoses import SICKNESSES, SOUND
from .history import NEAR, SEVERAL_STEPS, Course, above, below, both, course_of, told, value

SURE = 0.6  # confidence from which a finding is a verdict
CERTAIN = 0.9  # confidence from which a finding replaces the name of another sickness that is still there
FEWEST_PICTURES = 16
FIRST_STEPS = 200  # of fresh weights, which at usual rates have not moved by their own size before
FLAT = 12  # examinations without a gain, after as many with: a training that was going to gain would have
OVERLONG = 0.2  # part of its own size that a weight may move a step: three times what was seen in healthy trainings
SATURATED = 0.08  # share of values at black or white, beyond that of the real pictures: healthy samples have none
LOST = 0.75  # times the diversity that there was: blurs of photographs that differ widely never have all of it
SILENT = 0.3  # gap of logits that tells nothing; slow healthy games were seen at 0.36
TOO_SHORT = 0.004  # part of its own size that a weight may move a step: healthy trainings have twice as much and more
FEWEST_A_STEP = 8  # pictures: with fewer, each step undoes much of the one before
FEWEST_NUMBERS = 4  # in z: with fewer, samples lie on a line or a surface, and pictures do not
FEW_PICTURES = 640  # with fewer, none is held out, and a judge that is never wrong is taken to remember
BLURRED = {"vae"}  # phases whose samples stay a blur, and far from real pictures, however well they learn
POOR = 0.45  # distance above which they are plainly not


@dataclass(frozen=True)
class Finding:
    """Hold what one rule has found: a sickness by name, how sure it is, and why."""

    name: str
    confidence: float
    evidence: tuple[Evidence, ...]
    lost: float | None = None


def diagnose(history: Sequence[Event]) -> Verdict:
    """Return the verdict on a training from what was measured so far; the order of the events does not matter.

    A sickness is told when its signs last, and is over when they have been away for two examinations. After something
    was prescribed it keeps its name until there is something new to judge by.
    """
    course = course_of(history)
    if course is None:
        return _verdict(0, 0, Finding("warming up", 0.5, ()))
    scores = _scores(history, course)
    found, before = _found(course, scores), told(history)
    if before is None or before.name in SOUND:
        chosen = found[0]
    else:
        same = next((each for each in found if each.name == before.name), None)
        chosen = found[0] if same is None or found[0].confidence >= CERTAIN else same
        if chosen.name in SOUND and not _recovered(course):
            chosen = Finding(before.name, 0.5, before.evidence, before.lost)
    return _verdict(course.last.step, course.last.images, chosen)


def _found(course: Course, scores: Sequence[float] = ()) -> list[Finding]:
    """Return what the rules are sure of, what weighs most first; never empty."""
    found = [finding for rule in RULES if (finding := rule(course)) is not None and finding.confidence >= SURE]
    return found or [_sound(course, scores)]


def _scores(history: Sequence[Event], course: Course) -> list[float]:
    """Return the Frechet distances that were measured since the course began, by much more than a batch of samples."""
    scored = [event for event in history if isinstance(event, Scored) and event.score == "Frechet distance"]
    since = [event for event in scored if event.step >= course.looks[0].step and math.isfinite(event.value)]
    return [event.value for event in sorted(since, key=lambda event: event.step)]


def _recovered(course: Course) -> bool:
    """Tell whether nothing was wrong at the examination before the last one either."""
    return len(course.looks) > 1 and _found(Course(course.looks[:-1]))[0].name in SOUND


def _verdict(step: int, images: int, found: Finding) -> Verdict:
    known = SICKNESSES[found.name]
    sure = min(1.0, max(0.0, found.confidence))
    return Verdict(step, images, found.name, sure, found.evidence, known.what, known.why, found.lost)


def _growing(looks: int, needed: int, most: float = 0.95) -> float:
    """Return a confidence that is just sure after `needed` examinations, and grows with each further one."""
    return min(most, SURE + 0.1 * (looks - needed)) if looks >= needed else 0.0


def wrong_data(course: Course) -> Finding | None:
    """Find pictures that teach nothing: too few, copies of each other, blank, or enlarged from a few pixels."""
    limits = {"real_near_copies": 0.5, "real_blank": 0.2}
    for sign, limit in limits.items():
        share = course.now(sign)
        if share > limit:
            confidence = min(1.0, 0.7 + 0.3 * (share - limit) / (1 - limit))
            return Finding("wrong data", confidence, (course.evidence(sign, len(course.looks)),))
    for sign, least in {"pictures": FEWEST_PICTURES, "real_detail": 0.002}.items():
        if course.now(sign) < least:
            return Finding("wrong data", 0.8, (course.evidence(sign, len(course.looks)),))
    return None


def broken(course: Course) -> Finding | None:
    """Find losses or weights that are NaN or infinite."""
    if course.now("finite") < 1:
        return Finding("diverging", 1.0, (course.evidence("finite", 1),))
    return None


def collapsed(course: Course) -> Finding | None:
    """Find samples that are all alike."""
    looks = course.lasting(lambda look: value(look, "near_copies") > 0.5 or value(look, "diversity") < 0.2)
    confidence = _growing(looks, needed=2)
    evidence = (course.evidence("near_copies", looks), course.evidence("diversity", looks))
    found = confidence and not _beginning(course)
    return Finding("mode collapse", confidence, evidence, course.now("modes_lost")) if found else None


def partly_collapsed(course: Course) -> Finding | None:
    """Find kinds of picture that are gone, or samples that repeat themselves, though single samples are good."""
    repeats = both(above("near_copies", 0.2), lambda look: value(look, "real_near_copies") < 0.1)
    widest = max((value(look, "diversity") for look in course.looks), default=math.nan)
    narrow = both(below("diversity", min(0.55, LOST * widest)), below("distance", 2.0))  # it has drawn more before
    looks = max(course.lasting(repeats), course.lasting(narrow) - 1)
    confidence = _growing(looks, needed=3)
    evidence = (course.evidence("near_copies", looks), course.evidence("diversity", looks))
    found = confidence and not _beginning(course)
    return Finding("partial mode collapse", confidence, evidence, course.now("modes_lost")) if found else None


def memorising(course: Course) -> Finding | None:
    """Find a discriminator that knows its pictures: those held out look less real to it, or it is never wrong."""
    known = course.lately("remembered")
    looks = course.lasting(above("remembered", 0.65))
    if known > 0.75 and looks >= 2:
        return Finding("discriminator memorises", _growing(looks, 2), (course.evidence("remembered", looks),))
    often = course.last.images > 50 * course.now("pictures")
    never_wrong = course.lasting(both(above("told_apart", 0.93), below("pictures", FEW_PICTURES)))
    if often and never_wrong >= 3:
        evidence = (course.evidence("told_apart", never_wrong), course.evidence("pictures", 1))
        return Finding("discriminator memorises", _growing(never_wrong, 3), evidence)
    return None


def discriminator_wins(course: Course) -> Finding | None:
    """Find a discriminator that is never wrong while the samples no longer get better."""
    starved = course.lasting(both(above("told_apart", 0.99), above("distance", NEAR), _starved))
    if starved >= 2:
        evidence = (course.evidence("generator_update", starved), course.evidence("logit_gap", starved))
        return Finding("discriminator wins", _growing(starved, 2), evidence)
    far = course.lately("logit_gap") > 8 or 0 <= course.lately("discriminator_loss") < 0.05
    looks = course.lasting(both(above("told_apart", 0.99), above("distance", NEAR))) if far else 0
    return _standing(course, "discriminator wins", "logit_gap", looks)


def _standing(course: Course, name: str, sign: str, looks: int) -> Finding | None:
    """Find that a sign has lasted, and that the samples have hardly come nearer meanwhile."""
    if looks < 3 or not course.gain("distance", 3) < 0.1 or _early(course, 3):
        return None
    return Finding(name, _growing(looks, 3), (course.evidence(sign, looks), course.evidence("distance", looks)))


def _beginning(course: Course) -> bool:
    """Tell whether nothing was drawn yet: many a network draws one blot for all until it has learned something."""
    return course.age < FIRST_STEPS and course.best("distance") > POOR


def _early(course: Course, looks: int) -> bool:
    """Tell whether it is too early to expect anything of the last few examinations.

    Some kinds of network take ten thousands of pictures to begin, and none has moved far within its first steps or
    between examinations that lie close together.
    """
    patient = course.last.images < course.now("patience")
    return patient or course.age < FIRST_STEPS or course.span(looks) < SEVERAL_STEPS


def _starved(look: Signs) -> bool:
    """Tell whether hardly any gradient reaches the generator: it moves far less than its rate would let it."""
    return value(look, "generator_update") < 0.02 * value(look, "generator_reach")


def generator_wins(course: Course) -> Finding | None:
    """Find a discriminator that has next to nothing to say about bad samples: it is fooled, or may not speak up."""
    silent = course.lasting(both(lambda look: abs(value(look, "logit_gap")) < SILENT, above("distance", POOR)))
    fooled = course.lasting(both(below("told_apart", 0.65), above("distance", NEAR)))
    misled = course.lasting(both(below("told_apart", 0.2), above("distance", POOR)))
    if misled >= 3 and not _early(course, 3):
        return Finding("generator wins", _growing(misled, 3), (course.evidence("told_apart", misled),))
    return _standing(course, "generator wins", "logit_gap", max(silent, fooled))


def exploding(course: Course) -> Finding | None:
    """Find losses of a size that no game has in which both sides learn; below 0, a loss has no such bounds."""
    losses = ("generator_loss", "discriminator_loss")
    sizes = (*losses, "generator_swing", "discriminator_swing")
    for sign in sizes if min(course.best(each) for each in losses) >= 0 else ():
        looks = course.lasting(above(sign, 20.0))
        if looks >= 2 or course.now(sign) > 100:
            return Finding("diverging", _growing(looks, 1), (course.evidence(sign, looks),))
    return None


def diverging(course: Course) -> Finding | None:
    """Find samples that get worse and worse; but the grey that many a network begins with is nearer than its shapes."""
    if course.age < FIRST_STEPS:
        return None
    best = course.best("distance")
    looks = course.lasting(above("distance", max(2 * best, best + 0.5)))
    confidence = _growing(looks, needed=2)
    return Finding("diverging", confidence, (course.evidence("distance", looks),)) if confidence else None


def oscillating(course: Course) -> Finding | None:
    """Find losses that swing widely while the samples do not get better, or steps that are noise or far too long."""
    noisy = course.lasting(both(above("batch", 0), below("batch", FEWEST_A_STEP), above("distance", NEAR)))
    if noisy >= 4 and course.gain("distance", 3) < 0.15:
        evidence = (course.evidence("batch", 1), course.evidence("distance", 3))
        return Finding("oscillating", _growing(noisy, 4), evidence)
    for sign in ("generator_reach", "discriminator_reach"):
        overlong = course.lasting(above(sign, OVERLONG))
        if overlong:  # it does not depend on chance
            return Finding("oscillating", _growing(overlong, 1), (course.evidence(sign, overlong),))
    looks = course.lasting(both(above("generator_swing", 1.0), _hasty, above("distance", NEAR)))
    return _standing(course, "oscillating", "generator_swing", looks)


def _hasty(look: Signs) -> bool:
    """Tell whether a network changes faster than any that was seen to learn."""
    return above("generator_update", 0.012)(look) or above("discriminator_update", 0.012)(look)


def stalled(course: Course) -> Finding | None:
    """Find samples that stay bad, or a generator much of which is dead."""
    dead = course.lasting(above("generator_dead", 0.3))
    if dead >= 2 or course.now("generator_dead") > 0.6:
        return Finding("stalled", _growing(dead, 1), (course.evidence("generator_dead", dead),))
    if too_large(course):
        looks = course.lasting(above("saturated", SATURATED))
        return Finding(
            "stalled",
            _growing(looks, 3),
            (course.evidence("saturated", looks), course.evidence("generator_reach", looks)),
        )
    looks = course.lasting(above("distance", POOR))
    if course.now("latent") < FEWEST_NUMBERS and looks >= 3 and course.gain("distance", 3) < 0.1:
        evidence = (course.evidence("latent", 1), course.evidence("distance", 3))
        return Finding("stalled", _growing(looks, 3), evidence)
    if looks < 5 or not course.gain("distance", 4) < 0.05 or course.last.phase in BLURRED or _early(course, 4):
        return None
    return Finding("stalled", _growing(looks, 5, most=0.8), (course.evidence("distance", 4),))


def too_large(course: Course) -> bool:
    """Tell whether weights are so large that their sums drown each pixel in black or white, and no step moves them."""
    drowned = course.lasting(above("saturated", SATURATED)) >= 3
    longest = max((value(look, "generator_reach") for look in course.looks), default=math.nan)
    return drowned and longest < TOO_SHORT and course.age >= FIRST_STEPS  # before, rates may be rising still


Rule = Callable[[Course], Finding | None]
RULES: tuple[Rule, ...] = (
    broken, wrong_data, generator_wins, collapsed, exploding, memorising, partly_collapsed, diverging,
    discriminator_wins, oscillating, stalled,
)  # fmt: skip


def _sound(course: Course, scores: Sequence[float]) -> Finding:
    """Tell a training that has begun from one that goes well and one that has arrived.

    It has arrived when the second half of its examinations found nothing better than the first. That is certain only
    if the scores on the way say so too.
    """
    distance = course.lately("distance")
    evidence = (course.evidence("distance", len(course.looks)),)
    if math.isnan(distance) or distance > 1.5 * NEAR:
        return Finding("warming up", 0.7, evidence)
    half = len(course.looks) // 2
    if half >= FLAT and distance < NEAR and course.gain("distance", half) < 0.03:
        before, since = scores[: len(scores) // 2], scores[len(scores) // 2 :]
        if len(before) < 3:
            return Finding("converged", 0.7, evidence)
        if min(since) > 0.98 * min(before):
            return Finding("converged", CERTAIN, evidence)
    return Finding("healthy", 0.8, evidence)
