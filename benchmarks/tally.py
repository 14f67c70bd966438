"""What the runs of rescue.py add up to: noticed, named rightly, rescued, false alarms, harm; and the table of it."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from ganvas.coach.diagnosis.diagnoses import HEALTHY_VERDICTS
from ganvas.coach.doctor import fresh_verdicts
from ganvas.events import Event, HealthCheck, Score, Verdict
from rows import Row
from sickness import CASES, Case

RESCUED = 1.25  # times the distance of the healthy run
UNHARMED, HARDLY_HARMED = 1.05, 1.25  # times the distance without treatment
OUTCOMES = ("helped", "failed", "undone")  # of a treatment
Told = tuple[int, str, float]  # pictures seen, name, confidence


def changes(events: Iterable[Event]) -> list[Told]:
    """Return the verdicts, one for each change of the name."""
    told: list[Told] = []
    for event in events:
        if isinstance(event, Verdict) and (not told or told[-1][1] != event.name):
            told.append((event.images_seen, event.name, round(event.confidence, 3)))
    return told


def replayed(events: Iterable[Event]) -> list[Told]:
    """Return the verdicts that the rules of today give on what was measured then."""
    return changes(fresh_verdicts(event for event in events if isinstance(event, HealthCheck | Score)))


def alarms(told: Sequence[Told], since: float = 0.0) -> list[Told]:
    """Return the verdicts that say that something is wrong, given when `since` pictures had been seen or later.

    One that was given before and still stands at `since` does not count: it was about something else.
    """
    return [tuple(each) for each in told if each[1] not in HEALTHY_VERDICTS and each[0] >= since]  # type: ignore[misc]


def longest(told: Sequence[Told], since: float, end: int) -> str | None:
    """Return the name of a sickness that stood over most pictures from `since` to `end`."""
    stood: dict[str, float] = {}
    for (start, name, _), after in zip(told, [*(each[0] for each in told[1:]), end], strict=True):
        if name not in HEALTHY_VERDICTS and after > since:
            stood[name] = stood.get(name, 0.0) + after - max(start, since)
    return max(stood, key=lambda name: stood[name]) if stood else None


@dataclass(frozen=True)
class Outcome:
    """Say what came of a case.

    noticed: the first alarm since the fault was there; early: whether there was one before.
    lasting: the name of the sickness that stood longest.
    off, act, healthy: distances without treatment, with it, and of the healthy runs of the same pictures, recipe and
        budget (median); NaN where a run is missing.
    wagers: the treatments by their outcome, "made" for all of them.
    """

    case: Case
    noticed: Told | None
    early: bool
    lasting: str | None
    off: float
    act: float
    healthy: float
    wagers: Counter[str]

    @property
    def named(self) -> bool:
        """Tell whether the first name was right."""
        return self.noticed is not None and self.noticed[1] in self.case.fault.right

    @property
    def named_in_the_end(self) -> bool:
        """Tell whether the name that stood longest was right."""
        return self.lasting in self.case.fault.right

    @property
    def harmed(self) -> bool:
        """Tell whether the fault does harm: one that does none is no sickness."""
        return self.case.sick and not self.off <= RESCUED * self.healthy

    @property
    def rescued(self) -> bool:
        """Tell whether the treated run came close to the healthy ones."""
        return self.act <= RESCUED * self.healthy

    @property
    def change(self) -> float:
        """Return what the distance with treatment is, as a multiple of that without; NaN where a run is missing."""
        return 1.0 if math.isinf(self.act) and math.isinf(self.off) else self.act / self.off


def wagers(row: Row) -> Counter[str]:
    """Count the treatments of a run by outcome; the end of a training is none."""
    found: Counter[str] = Counter()
    for _, _, outcome, _, *kinds in row["treatments"]:
        if outcome or "stop" not in (kinds[0] if kinds else ()):
            found[outcome or "made"] += 1
    return found


def outcomes(
    cases: Sequence[Case],
    rows: Iterable[Row],
    told: Callable[[Row], Sequence[Told]] = lambda row: row["verdicts"],
    everything: Sequence[Case] = CASES,
) -> list[Outcome]:
    """Return what came of the cases that were run with the coach watching.

    What was noticed is taken from the run with the coach acting, if there is one: until it acts, the two are the same.

    Args:
        told: the verdicts on a run; of a replay perhaps.
        everything: the whole catalogue, whose healthy runs the others are compared with.
    """
    by_run = {(row["case"], row["mode"]): row for row in rows}
    sound: dict[tuple[str, str, int], list[float]] = {}
    for case in everything:
        if not (case.sick or case.fault.wild) and (row := by_run.get((case.name, "watch"))):
            sound.setdefault(case.alike, []).append(row["frechet"])
    found = []
    for case in cases:
        if row := by_run.get((case.name, "watch")):
            acted = by_run.get((case.name, "act"))
            verdicts, since = told(acted or row), case.fault.onset * row["budget"]
            late = alarms(verdicts, since)
            found.append(
                Outcome(
                    case,
                    late[0] if late else None,
                    len(alarms(verdicts)) > len(late),
                    longest(verdicts, since, (acted or row)["images"]),
                    row["frechet"],
                    acted["frechet"] if acted else math.nan,
                    median(sound.get(case.alike, [math.nan])),
                    wagers(acted) if acted else Counter(),
                )
            )
    return found


def table(found: Sequence[Outcome]) -> Iterator[str]:
    """Yield a line for each case."""
    yield "| case | | noticed at | called | then | off | act | healthy | off / healthy | act / healthy | |"
    yield "| --- | --- | ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | --- |"
    for each in found:
        images, name = (f"{each.noticed[0]:,}", each.noticed[1]) if each.noticed else ("", "")
        right = "" if not each.noticed or not each.case.sick else " ✓" if each.named else " ✗"
        ratios = " | ".join(_number(value / each.healthy, ".2f") for value in (each.off, each.act))
        distances = " | ".join(_number(value, ",.0f") for value in (each.off, each.act, each.healthy))
        yield (
            f"| {each.case.name} | {'aside' if each.case.aside else ''} | {images} | {name}{right} | "
            f"{each.lasting or ''} | {distances} | {ratios} | {_ending(each)} |"
        )


def _ending(each: Outcome) -> str:
    if not each.case.sick:
        return "false alarm" if each.noticed else ""
    if not each.case.fault.curable:
        return "incurable"
    if math.isnan(each.act):
        return "" if each.harmed else "harmless"
    return ("rescued" if each.rescued else "lost") if each.harmed else ("harmless" if each.rescued else "made ill")


def _number(value: float, form: str) -> str:
    return "" if math.isnan(value) else "∞" if math.isinf(value) else format(value, form)


def totals(found: Sequence[Outcome]) -> Iterator[str]:
    """Yield the totals: of all, of those that rules were tuned on, and of those kept aside."""
    yield "| cases | noticed | first name right | lasting name right | rescued of the curable | alarms too early |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    groups: dict[str, Sequence[Outcome]] = {
        "all": found,
        "tuned on": [e for e in found if not e.case.aside],
        "aside": [e for e in found if e.case.aside],
    }
    for name, group in groups.items():
        for truly in (False, True):
            sick = [each for each in group if each.case.sick and (each.harmed or not truly)]
            treated = [each for each in sick if each.case.fault.curable and not math.isnan(each.act)]
            cells = [
                _share(sum(each.noticed is not None for each in sick), len(sick)),
                _share(sum(each.named for each in sick), len(sick)),
                _share(sum(each.named_in_the_end for each in sick), len(sick)),
                _share(sum(each.rescued for each in treated), len(treated)),
                _share(sum(each.early for each in sick), len(sick)),
            ]
            yield f"| {name}, {'harmed' if truly else 'sick'} | {' | '.join(cells)} |"
    yield ""
    for name, group in groups.items():
        for kind, wild in (("Healthy", False), ("Wild", True)):
            sound = [each for each in group if not each.case.sick and each.case.fault.wild == wild]
            if sound or not wild:
                alarms = _share(sum(each.noticed is not None for each in sound), len(sound))
                yield f"{kind}, {name}: {alarms} false alarms{_worst(sound)}."
    yield ""
    yield from harm(groups)


def _worst(sound: Sequence[Outcome]) -> str:
    changes = [each.change for each in sound if not math.isnan(each.change)]
    return f"; with treatment at worst {max(changes):.3f} times the distance without" if changes else ""


def harm(groups: dict[str, Sequence[Outcome]]) -> Iterator[str]:
    """Yield a table of what treatment made of the distances without it, in all runs, and of the wagers."""
    limits = f"at most {UNHARMED} times | at most {HARDLY_HARMED} times"
    yield f"| runs | {limits} | worst | treatments | {' | '.join(OUTCOMES)} |"
    yield f"| --- |{' ---: |' * (4 + len(OUTCOMES))}"
    for name, group in groups.items():
        for kind, sick in (("sick and healthy", {True, False}), ("sick", {True}), ("healthy and wild", {False})):
            treated = [each for each in group if each.case.sick in sick and not math.isnan(each.change)]
            changes, made = [each.change for each in treated], sum((each.wagers for each in treated), Counter[str]())
            shares = [_share(sum(c <= limit for c in changes), len(changes)) for limit in (UNHARMED, HARDLY_HARMED)]
            worst = _number(max(changes, default=math.nan), ".2f")
            counts = [str(made[outcome]) for outcome in ("made", *OUTCOMES)]
            yield f"| {name}, {kind} | {' | '.join([*shares, worst, *counts])} |"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.0%})" if whole else "none"
