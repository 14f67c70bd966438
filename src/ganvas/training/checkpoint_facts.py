"""What a checkpoint says besides its tensors: its facts.json, upgraded from 0.1 and checked.

Checksums show damage, not malice: a stranger's run is whole, and may say anything.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from .. import checkpoint
from ..checkpoint import Facts
from ..coach.treatment.prescription import with_prescriptions
from ..config import Config, from_dict
from ..config.ranges import Range, all_numbers, check_config, check_ranges
from ..errors import GanvasError
from ..event_log import prescription_from
from ..limits import MAX_NUMBER, MAX_PHASES
from ..translation import N_, _
from .state import CoachState, Counters

HINT = N_("No training writes this. Remove the newest checkpoint, or start a new run in another folder.")


@dataclass(frozen=True)
class Identity:
    """What tells a training from others, so that its checkpoints are not taken for theirs."""

    recipe: str
    seed: int
    fingerprint: str


@dataclass(frozen=True)
class CheckpointFacts:
    """The contents of facts.json; the field names are its keys.

    Args:
        counters, coach: of the state.
        scalers: states of the scalers of float16 gradients, by optimizer.
        events: length of events.jsonl in bytes when the checkpoint was written.
        training: which one it is of; None in earlier releases.
    """

    counters: Counters
    coach: CoachState
    scalers: dict[str, dict[str, float]]
    events: int = 0
    training: Identity | None = None


def identity(config: Config) -> Identity:
    """Return what tells a training from others."""
    return Identity(config.recipe, config.seed, config.fingerprint)


def checked_facts(config: Config, facts: Facts, folder: Path) -> Facts:
    """Return the facts of a checkpoint with today's names.

    Args:
        config: of the run that wrote it, without prescriptions.
        folder: of the checkpoints.

    Raises:
        GanvasError: no training writes such facts, or it was another training.
    """
    where = f"{folder}: facts"
    try:
        facts = facts if "counters" in facts else _upgraded(facts)
        found = from_dict(CheckpointFacts, facts, where)
        check_ranges(_ranges(found), where)
        check_config(with_prescriptions(config, found.coach.prescriptions), where)
    except GanvasError as error:
        known = where in error.message  # what is wrong with a prescription does not say so
        raise GanvasError(error.message if known else f"{where}: {error.message}", _(HINT)) from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        problem = _("{where} of no release of ganvas: {reason!r}").format(where=where, reason=error)
        raise GanvasError(problem, _(HINT)) from error
    if found.training is not None:
        _check_identity(found.training, identity(config), folder)
    return facts


def newest_facts(config: Config, folder: Path) -> CheckpointFacts | None:
    """Return what the newest checkpoint in `folder` says; None if there is none, or it cannot be read.

    Raises:
        GanvasError: no training writes such facts, or it was another training.
    """
    facts = checkpoint.newest_facts(folder)
    return None if facts is None else from_dict(CheckpointFacts, checked_facts(config, facts, folder))


def _check_identity(found: Identity, own: Identity, folder: Path) -> None:
    """Refuse the checkpoint of another training; those of earlier releases do not tell.

    Raises:
        GanvasError: it is.
    """
    differ = ", ".join(name for name, value in asdict(own).items() if value != getattr(found, name))
    if differ:
        raise GanvasError(
            _("The checkpoints in {folder} are of another training than its config.json ({differ}).").format(
                folder=folder, differ=differ
            ),
            _("Put the config.json back that belongs to them, or begin in another folder: --out OTHER"),
        )


def _ranges(facts: CheckpointFacts) -> Iterator[Range]:
    counters = facts.counters
    yield "step", counters.step, 0, MAX_NUMBER
    yield "images_seen", counters.images_seen, 0, MAX_NUMBER
    yield "seconds", counters.seconds, 0, MAX_NUMBER
    yield "wall_seconds", counters.wall_seconds, 0, MAX_NUMBER
    yield "budget_seconds", counters.budget_seconds, 0, MAX_NUMBER
    yield "ada_p", counters.ada_p, 0, 1
    yield "n_microbatches", counters.n_microbatches, 1, MAX_NUMBER
    yield "events", facts.events, 0, MAX_NUMBER
    if counters.best:
        yield _("step of the best checkpoint"), counters.best.step, 0, MAX_NUMBER
    for name, average in counters.loss_averages.items():  # a loss may be infinite
        yield _("count of the {name} loss").format(name=name), average.count, 0, MAX_NUMBER
        yield _("variance of the {name} loss").format(name=name), min(0.0, average.variance), 0, 0
    for step in facts.coach.healthy_checkpoints:
        yield _("step of a healthy checkpoint"), step, 0, MAX_NUMBER
    if facts.coach.aside:
        yield _("step of the state put aside"), facts.coach.aside.step, 0, MAX_NUMBER
        yield _("distance of the state put aside"), facts.coach.aside.distance, 0, MAX_NUMBER
        yield _("images until the state put aside is left"), facts.coach.aside.until, 0, MAX_NUMBER
    yield _("the number of prescriptions"), len(facts.coach.prescriptions), 0, MAX_PHASES
    for prescription in facts.coach.prescriptions:
        yield _("step of a prescription"), prescription.step, 0, MAX_NUMBER
        yield from all_numbers(prescription.value, _("value of the prescription {kind}").format(kind=prescription.kind))
    yield from all_numbers(facts.scalers, "scalers")


def _upgraded(facts: Facts) -> Facts:
    """Return the facts of 0.1 as they are written now; the oldest know of no coach and of no fast mean."""
    averages = {
        name: {"mean": mean, "variance": variance, "count": count, "fast_mean": fast[0] if fast else mean}
        for name, (mean, variance, count, *fast) in facts["averages"].items()
    }
    best = facts["best"]
    counters = {
        "step": facts["step"],
        "images_seen": facts["images"],
        "seconds": facts["seconds"],
        "ada_p": facts.get("augmented", 0.0),
        "n_microbatches": facts.get("parts", 1),
        "best": {"distance": best[0], "step": best[1]} if best else None,
        "loss_averages": averages,
    }
    prescriptions = [asdict(prescription_from(each)) for each in facts.get("prescriptions", ())]
    coach = {"prescriptions": prescriptions, "healthy_checkpoints": facts.get("healthy", [])}
    kept = {name: facts[name] for name in ("events", "training") if name in facts}
    return kept | {"counters": counters, "coach": coach, "scalers": facts.get("scalers", {})}
