"""What to do about a sickness: a ladder of prescriptions for each, the mildest rung first.

One rung at a time, and each is judged by what follows before the next one is taken. A sickness that comes back begins
above the rung that it was treated with, and there is an upper bound for the whole training: so nothing thrashes, and
nothing goes on for ever. At the top of the ladder the training ends with the best that was had.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ..config import Config
from ..events import Event, Prescription, Signs, Treated, Verdict
from .course import Course, begun_at, course_of, value
from .diagnosis import CERTAIN, FEWEST_NUMBERS, SURE
from .sicknesses import SOUND
from .sides import MOVED, side_of
from .telling import judged_text, stopped_text, treatment_text

JUDGED_AFTER = 3  # examinations that a prescription is given to work
PATIENCE = 6  # examinations after which what has not helped has failed
MOST = 8  # prescriptions in one training
ARRIVED = "Stopped: the training has converged, more of it would not make the samples better."
WORTH = 0.05  # part by which samples must get nearer to the real pictures for a training to be worth going on with
SAFE = 0.015  # part of its own size that a weight may move a step: nothing that was measured overshot with this
FAR = 0.04  # from here on the length of the steps may be the trouble
SHORT = 0.002  # steps with which nothing gets anywhere
GAMMA = 1.0  # weight of R1 that held every pair together at 16 to 32 px
ENOUGH = 8  # pictures behind a step; with more, a small budget would have too few steps


@dataclass(frozen=True)
class Patient:
    """Hold what a rung is chosen by: the course, the configuration as it is now, and what there is to go back to.

    healthy: steps of the healthy checkpoints of the present phase that were not gone back to in vain, `backs` times;
    nth: how much was prescribed so far.
    """

    course: Course
    config: Config
    healthy: tuple[int, ...]
    backs: int
    nth: int

    def restart(self) -> tuple[Prescription, ...]:
        """Go back to the last healthy checkpoint, or begin afresh where there is none."""
        if self.healthy:
            return (Prescription("back", value=self.backs + 1.0, name=f"step {self.healthy[-1]:,}"),)
        return (Prescription("afresh", value=self.nth + 1.0),)

    def shorter_start(self, otherwise: float = 0.3) -> tuple[Prescription, ...]:
        """Shorten the steps of a restart by how long they are now, or, for new weights, ever were with the old ones."""
        return self.shorter(self.course.looks[-1:] if self.healthy else self.course.looks, otherwise)

    def ending(self, urgent: bool) -> tuple[Prescription, ...]:
        """Stop; from weights that are no numbers, with others, since such cannot be kept."""
        return (*(self.restart() if urgent else ()), Prescription("stop"))

    def shorter(self, looks: Sequence[Signs], otherwise: float = 0.3) -> tuple[Prescription, ...]:
        """Shorten the steps of the side whose steps were far too long, or of both by the factor `otherwise`."""
        orders = []
        for name in self.moved:
            far = [each for look in looks if (each := value(look, f"{side_of(name)}_reach")) > FAR]
            if far:
                orders.append(Prescription("rate", name, _round(max(SAFE / max(far), 0.02))))
        return tuple(orders) or tuple(Prescription("rate", name, otherwise) for name in self.moved)

    @property
    def moved(self) -> tuple[str, ...]:
        """Return the optimisers of the present phase; those of others are not to be held to account for it."""
        return tuple(name for name in MOVED.get(self.course.last.phase, ()) if name in self.config.optimisers)


Rung = Callable[[Patient], tuple[Prescription, ...]]


def _round(factor: float) -> float:
    """Return a factor with one digit, as a person would choose it."""
    return float(f"{factor:.1g}")


def _anew(rung: Rung) -> Rung:
    """Return the rung that begins again, where there is something to do differently."""

    def restarting(patient: Patient) -> tuple[Prescription, ...]:
        orders = rung(patient)
        return (*patient.restart(), *orders) if orders else ()

    return restarting


def _gentler(patient: Patient) -> tuple[Prescription, ...]:
    return tuple(Prescription("rate", name, 0.5) for name in patient.moved if side_of(name) == "generator")


def _shorter(patient: Patient) -> tuple[Prescription, ...]:
    return patient.shorter(patient.course.looks[-1:])


def _if_too_long(patient: Patient) -> tuple[Prescription, ...]:
    """Shorten the steps of a restart, if they are plainly too long."""
    orders = patient.shorter_start(otherwise=1.0)
    return orders if any(order.value < 1 for order in orders) else ()


def _shorter_start(patient: Patient) -> tuple[Prescription, ...]:
    return patient.shorter_start()


def _halved_start(patient: Patient) -> tuple[Prescription, ...]:
    return patient.shorter_start(otherwise=0.5)


def _longer(patient: Patient) -> tuple[Prescription, ...]:
    """Lengthen steps that are too short to get anywhere."""
    short = [name for name in patient.moved if 0 < patient.course.now(f"{side_of(name)}_reach") < SHORT]
    return tuple(Prescription("rate", name, 4.0) for name in short)


def _relativistic(patient: Patient) -> tuple[Prescription, ...]:
    """Take the loss that pairs each sample with a real picture, both penalties with it (Huang et al. 2024)."""
    if patient.config.loss == "relativistic" and patient.config.penalty.name == "r1_r2":
        return ()
    gamma = max(GAMMA, min(patient.config.penalty.gamma, 10 * GAMMA))
    return Prescription("loss", name="relativistic"), Prescription("penalty", name="r1_r2", value=gamma)


def _unsaturated(patient: Patient) -> tuple[Prescription, ...]:
    """Take the generator's loss whose gradient does not vanish where the discriminator is sure."""
    return (Prescription("loss", name="bce"),) if patient.config.loss == "saturating" else ()


def _packed(patient: Patient) -> tuple[Prescription, ...]:
    return () if patient.config.classes or patient.config.balance.pack > 1 else (Prescription("pack", value=2.0),)


def _rest(patient: Patient) -> tuple[Prescription, ...]:
    """Let the discriminator rest while it wins, and learn at a slower rate."""
    if patient.config.loss not in ("bce", "saturating", "relativistic"):
        return (Prescription("rate", "discriminator", 0.3),)
    return Prescription("skip", value=0.4), Prescription("rate", "discriminator", 0.3)


def _held_back(patient: Patient) -> tuple[Prescription, ...]:
    """Hold the discriminator back by R1, or by more of the penalty that there is."""
    penalty = patient.config.penalty
    if penalty.name == "none":
        return (Prescription("penalty", name="r1", value=GAMMA),)
    stronger = _round(max(GAMMA, 5 * penalty.gamma))
    return (Prescription("penalty", name=penalty.name, value=stronger),) if penalty.gamma < 10 * GAMMA else ()


def _let_loose(patient: Patient) -> tuple[Prescription, ...]:
    """Lower a penalty that may be what keeps the discriminator from learning."""
    penalty = patient.config.penalty
    if penalty.name == "none" or penalty.gamma < 0.01 * GAMMA:
        return ()
    return (Prescription("penalty", name=penalty.name, value=_round(penalty.gamma / 30)),)


def _stronger_judge(patient: Patient) -> tuple[Prescription, ...]:
    return Prescription("critic", value=2.0), Prescription("rate", "generator", 0.5)


def _noisy(patient: Patient) -> tuple[Prescription, ...]:
    return (Prescription("noise", value=0.1),) if patient.config.balance.noise < 0.1 else ()


def _augmented(share: float) -> Rung:
    def rung(patient: Patient) -> tuple[Prescription, ...]:
        return (Prescription("augment", value=share),)

    return rung


def _larger_batch(patient: Patient) -> tuple[Prescription, ...]:
    """Gather gradients until enough pictures stand behind a step."""
    batch = patient.course.now("batch")
    times = round(ENOUGH / batch) if 1 <= batch < ENOUGH else 0
    return (Prescription("accumulate", value=float(times)),) if times > patient.config.balance.accumulate else ()


def _twice_the_batch(patient: Patient) -> tuple[Prescription, ...]:
    return (Prescription("accumulate", value=2.0 * patient.config.balance.accumulate),)


def _lighter(patient: Patient) -> tuple[Prescription, ...]:
    """Take the momentum out of Adam, if it has much."""
    fast = [name for name in patient.moved if patient.config.optimisers[name].beta1 > 0.5]
    orders = tuple(Prescription("beta1", name, 0.5) for name in fast)
    return (*orders, *patient.shorter(patient.course.looks[-1:])) if fast else ()


def _without_momentum(patient: Patient) -> tuple[Prescription, ...]:
    heavy = (name for name in patient.moved if patient.config.optimisers[name].beta1 > 0)
    return tuple(Prescription("beta1", name, 0.0) for name in heavy)


def _restored(patient: Patient) -> tuple[Prescription, ...]:
    """Go back to before units died, if one can."""
    died = patient.course.now("generator_dead") > 0.1 or patient.course.now("discriminator_dead") > 0.1
    return patient.restart() if died and patient.healthy else ()


def _revived(patient: Patient) -> tuple[Prescription, ...]:
    sides = [side for side in ("generator", "discriminator") if patient.course.now(f"{side}_dead") > 0.1]
    return tuple(Prescription("revive", side) for side in sides)


# What is mild comes first, but for causes that are plain to see: dead units, a loss that saturates, steps far too long.
CAUSES: tuple[Rung, ...] = (_restored, _revived, _anew(_unsaturated), _anew(_if_too_long), _anew(_lighter))
LADDERS: dict[str, tuple[Rung, ...]] = {
    "mode collapse": (*CAUSES, _anew(_shorter_start), _anew(_relativistic), _anew(_packed)),
    "partial mode collapse": (_gentler, _relativistic, _anew(_packed), _anew(_shorter_start)),
    "discriminator wins": (*CAUSES, _rest, _held_back, _anew(_relativistic), _anew(_shorter_start), _noisy),
    "generator wins": (
        _let_loose, _let_loose, _anew(_if_too_long), _stronger_judge, _anew(_shorter_start), _anew(_relativistic),
    ),
    "discriminator memorises": (_augmented(0.5), _augmented(0.8), _held_back, _noisy),
    "diverging": (
        _anew(_if_too_long), _anew(_lighter), _anew(_halved_start), _anew(_shorter_start), _held_back,
        _anew(_relativistic),
    ),
    "oscillating": (
        _larger_batch, _lighter, _anew(_if_too_long), _shorter, _without_momentum, _twice_the_batch,
        _anew(_relativistic),
    ),
    "stalled": (*CAUSES, _larger_batch, _longer, _shorter, _relativistic, _anew(_shorter_start)),
}  # fmt: skip


def prescribe(
    history: Sequence[Event], verdict: Verdict, config: Config, healthy: Sequence[int] = (), worthwhile: bool = True
) -> Iterator[Treated]:
    """Yield what came of what was prescribed before, if that can be told, and what to do now, if anything.

    Args:
        history: the run's events, with the examination that the verdict is of.
        config: what is trained with now.
        healthy: steps of the healthy checkpoints of the present phase, which one can go back to, oldest first.
        worthwhile: whether enough of the budget is left for anything to work.
    """
    course = course_of(history)
    if course is None:
        return
    urgent = course.now("finite") < 1
    treated = [event for event in history if isinstance(event, Treated)]
    given = [event for event in treated if not event.outcome]
    if 2 * len(given) > len(treated):  # the last one was not judged yet
        looks = sum(isinstance(event, Signs) and event.step > begun_at(history) for event in history)
        outcome = _outcome(verdict, looks, urgent)
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
    patient = Patient(course, config, tuple(healthy)[: max(0, len(healthy) - backs)], backs, len(given))
    orders, rung = _next(verdict.name, given, patient, urgent)
    if not orders and not urgent and course.gain("distance", JUDGED_AFTER) >= WORTH:
        return  # ill, and getting better by itself
    text = treatment_text(orders) if orders else stopped_text(verdict.name, given)
    yield Treated(verdict.step, verdict.images, verdict.name, orders or patient.ending(urgent), "", text, rung)


def _judged(verdict: Verdict, last: Treated, outcome: str) -> Treated:
    """Return the word on what was prescribed last."""
    text = judged_text(last.prescriptions, outcome)
    return Treated(verdict.step, verdict.images, last.sickness, last.prescriptions, outcome, text, last.rung)


def _outcome(verdict: Verdict, looks: int, urgent: bool) -> str:
    """Return "helped", "failed", or nothing if it is too early to tell."""
    if urgent:
        return "failed"
    if verdict.name in SOUND:
        return "helped" if looks >= JUDGED_AFTER else ""
    failed = looks >= JUDGED_AFTER and verdict.confidence >= SURE
    return "failed" if failed or looks >= PATIENCE else ""


def _next(name: str, given: Sequence[Treated], patient: Patient, urgent: bool) -> tuple[tuple[Prescription, ...], int]:
    """Return what the next rung that applies prescribes, and its number from 1; nothing at the top."""
    climbed = max((event.rung for event in given if event.sickness == name), default=0)
    if patient.nth < MOST and patient.config.latent >= FEWEST_NUMBERS:
        for number, rung in enumerate(LADDERS[name][climbed:], climbed + 1):
            orders = rung(patient)
            if orders and urgent and not {"back", "afresh"} & {order.kind for order in orders}:
                orders = (*patient.restart(), *orders)  # from weights that are no numbers nothing else leads away
            if orders:
                return orders, number
    return (), climbed
