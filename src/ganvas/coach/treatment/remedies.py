"""The rungs of the ladders: each looks at a patient and says what to prescribe, or nothing if it does not apply."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...config import ALONE, Config
from ...events import Prescription, Signs
from ..diagnosis.history import Course, value
from ..diagnosis.rules import FEWEST_A_STEP, too_large
from ..sides import MOVED, side_of

SAFE = 0.015  # part of its own size that a weight may move a step: nothing that was measured overshot with this
FAR = 0.04  # from here on the length of the steps may be the trouble
SHORT = 0.002  # steps with which nothing gets anywhere
LATE = 0.5  # of the budget: what comes after is too little to begin with nothing
EARLY = 0.1  # of the budget: what was learned until then is soon learned again
GAMMA = 1.0  # weight of R1 that held every pair together at 16 to 32 px
ENOUGH = 16.0  # pictures a step; with more, a small budget would have too few steps


@dataclass(frozen=True)
class Patient:
    """Hold what a rung is chosen by: the course, the configuration as it is now, and what there is to go back to.

    healthy: steps of the healthy checkpoints of the present phase that were not gone back to in vain, `backs` times;
    rooted: whether there is one of the phase's beginning, after phases that went well; nth: how much was prescribed so
    far.
    """

    course: Course
    config: Config
    healthy: tuple[int, ...]
    backs: int
    rooted: bool
    nth: int

    def restart(self) -> tuple[Prescription, ...]:
        """Go back to the last healthy checkpoint, or to the phase's beginning, or begin afresh where there is none."""
        if self.healthy:
            return (Prescription("back", value=self.backs + 1.0, name=f"step {self.healthy[-1]:,}"),)
        if self.rooted:
            return (Prescription("again", step=self.course.last.step),)
        return self.afresh()

    def afresh(self) -> tuple[Prescription, ...]:
        """Begin the phase with new weights."""
        return (Prescription("afresh", step=self.course.last.step),)

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


def anew(rung: Rung) -> Rung:
    """Return the rung that begins again, where there is something to do differently."""

    def restarting(patient: Patient) -> tuple[Prescription, ...]:
        orders = rung(patient)
        return (*patient.restart(), *orders) if orders else ()

    return restarting


def _against(rung: Rung) -> Rung:
    """Return the rung of a phase in which a discriminator takes part; elsewhere it would do nothing, or harm later."""

    def judged(patient: Patient) -> tuple[Prescription, ...]:
        return rung(patient) if "discriminator" in patient.moved else ()

    return judged


def gentler(patient: Patient) -> tuple[Prescription, ...]:
    return tuple(Prescription("rate", name, 0.5) for name in patient.moved if side_of(name) == "generator")


def shorter(patient: Patient) -> tuple[Prescription, ...]:
    return patient.shorter(patient.course.looks[-1:])


def if_too_long(patient: Patient) -> tuple[Prescription, ...]:
    """Shorten the steps of a restart, if they are plainly too long."""
    orders = patient.shorter_start(otherwise=1.0)
    return orders if any(order.value < 1 for order in orders) else ()


def shorter_start(patient: Patient) -> tuple[Prescription, ...]:
    return patient.shorter_start()


def halved_start(patient: Patient) -> tuple[Prescription, ...]:
    return patient.shorter_start(otherwise=0.5)


def longer(patient: Patient) -> tuple[Prescription, ...]:
    """Lengthen steps that are too short to get anywhere."""
    short = [name for name in patient.moved if 0 < patient.course.now(f"{side_of(name)}_reach") < SHORT]
    return tuple(Prescription("rate", name, 4.0) for name in short)


@_against
def relativistic(patient: Patient) -> tuple[Prescription, ...]:
    """Take the loss that pairs each sample with a real picture, both penalties with it (Huang et al. 2024)."""
    if patient.config.loss == "relativistic" and patient.config.penalty.name == "r1_r2":
        return ()
    gamma = max(GAMMA, min(patient.config.penalty.gamma, 10 * GAMMA))
    return Prescription("loss", name="relativistic"), Prescription("penalty", name="r1_r2", value=gamma)


@_against
def unsaturated(patient: Patient) -> tuple[Prescription, ...]:
    """Take the generator's loss whose gradient does not vanish where the discriminator is sure."""
    return (Prescription("loss", name="bce"),) if patient.config.loss == "saturating" else ()


@_against
def packed(patient: Patient) -> tuple[Prescription, ...]:
    config = patient.config
    impossible = config.classes or config.discriminator.name in ALONE
    return () if impossible or config.balance.pack > 1 else (Prescription("pack", value=2.0),)


@_against
def rest(patient: Patient) -> tuple[Prescription, ...]:
    """Let the discriminator rest while it wins, and learn at a slower rate."""
    if patient.config.loss not in ("bce", "saturating", "relativistic"):
        return (Prescription("rate", "discriminator", 0.3),)
    return Prescription("skip", value=0.4), Prescription("rate", "discriminator", 0.3)


@_against
def held_back(patient: Patient) -> tuple[Prescription, ...]:
    """Hold the discriminator back by R1, or by more of the penalty that there is."""
    penalty = patient.config.penalty
    if penalty.name == "none":
        return (Prescription("penalty", name="r1", value=GAMMA),)
    stronger = _round(max(GAMMA, 5 * penalty.gamma))
    return (Prescription("penalty", name=penalty.name, value=stronger),) if penalty.gamma < 10 * GAMMA else ()


@_against
def let_loose(patient: Patient) -> tuple[Prescription, ...]:
    """Lower a penalty that may be what keeps the discriminator from learning."""
    penalty = patient.config.penalty
    if penalty.name == "none" or penalty.gamma < 0.01 * GAMMA:
        return ()
    looser = GAMMA if penalty.gamma > 3 * GAMMA else _round(penalty.gamma / 30)
    return (Prescription("penalty", name=penalty.name, value=looser),)


@_against
def stronger_judge(patient: Patient) -> tuple[Prescription, ...]:
    return Prescription("critic", value=2.0), Prescription("rate", "generator", 0.5)


@_against
def noisy(patient: Patient) -> tuple[Prescription, ...]:
    return (Prescription("noise", value=0.1),) if patient.config.balance.noise < 0.1 else ()


def augmented(share: float) -> Rung:
    """Return the rung that augments this share of what the discriminator sees, unless it is as much already."""

    @_against
    def rung(patient: Patient) -> tuple[Prescription, ...]:
        config = patient.config
        if config.adapt and "ada" in config.augment:  # it may be as strong already: two goes, and no more
            wanted = min(share, config.adapt.most) if share <= 0.5 else config.adapt.most
            enough = config.adapt.least >= wanted
        else:
            wanted = share
            enough = bool(config.augment) and not config.adapt and config.balance.augmented >= share
        return () if enough else (Prescription("augment", value=wanted),)

    return rung


def larger_batch(patient: Patient) -> tuple[Prescription, ...]:
    """Show so many pictures at a time that a step is more than their noise, and batch norms are those of many."""
    look = patient.course.last
    if not 1 <= patient.course.now("batch") < FEWEST_A_STEP:
        return ()
    afresh = patient.afresh() if look.progress < LATE else ()  # the noise is in the weights that there are
    return (*afresh, Prescription("batch", value=ENOUGH, step=look.step))


def twice_the_batch(patient: Patient) -> tuple[Prescription, ...]:
    return (Prescription("accumulate", value=2.0 * patient.config.balance.accumulate),)


def lighter(patient: Patient) -> tuple[Prescription, ...]:
    """Take the momentum out of Adam, if it has much."""
    fast = [name for name in patient.moved if patient.config.optimisers[name].beta1 > 0.5]
    orders = tuple(Prescription("beta1", name, 0.5) for name in fast)
    return (*orders, *patient.shorter(patient.course.looks[-1:])) if fast else ()


def without_momentum(patient: Patient) -> tuple[Prescription, ...]:
    heavy = (name for name in patient.moved if patient.config.optimisers[name].beta1 > 0)
    return tuple(Prescription("beta1", name, 0.0) for name in heavy)


def restored(patient: Patient) -> tuple[Prescription, ...]:
    """Go back to before units died, if one can, or begin afresh while little is lost by it; not to die of it again."""
    died = patient.course.now("generator_dead") > 0.1 or patient.course.now("discriminator_dead") > 0.1
    cheap = patient.healthy or patient.rooted or patient.course.last.progress < EARLY
    return (*patient.restart(), *if_too_long(patient)) if died and cheap else ()


def redrawn(patient: Patient) -> tuple[Prescription, ...]:
    """Draw the weights anew, if they are so large that no step moves them: they were so from the beginning."""
    return patient.afresh() if too_large(patient.course) else ()


def revived(patient: Patient) -> tuple[Prescription, ...]:
    sides = [side for side in ("generator", "discriminator") if patient.course.now(f"{side}_dead") > 0.1]
    return tuple(Prescription("revive", side) for side in sides)
