"""Wagers: what is put aside, when a treatment has helped, and when it is undone."""

import pytest
from clinic import Clinic

from ganvas.coach.diagnosis.history import present_phase
from ganvas.coach.treatment.wager import BEHIND, RESTARTS, Aside, Wager, head_start, is_over
from ganvas.events import Prescription, Treatment
from histories import BATCH, STEPS, health_check

LONG = 10**9  # images: a treatment that began afresh is behind for as long as that


def treated(name: str, until: int = 0, feature_distance: float = 1.0) -> Clinic:
    """Return a training that was treated for `name`, with the state before it put aside at a distance of 100."""
    clinic = Clinic(feature_distance=feature_distance)
    (given,) = clinic.visit(name)
    clinic.history[-1] = Treatment(**{**vars(given), "distance": 100.0})
    clinic.aside = Aside(given.step, 100.0, until)
    return clinic


def outcomes(clinic: Clinic, name: str, checks: int) -> list[str]:
    """Return what comes of further checks with the verdict `name`, until something does."""
    for _ in range(checks):
        if done := clinic.visit(name):
            return [event.outcome for event in done]
    return []


@pytest.mark.parametrize("name", ["oscillating", "discriminator memorises", "mode collapse"])
@pytest.mark.parametrize(("distance", "outcome"), [(99.0, "helped"), (200.0, "undone")])
def test_it_helped_only_where_the_distance_says_so(name: str, distance: float, outcome: str) -> None:
    clinic = treated(name)
    clinic.distance = distance
    assert outcomes(clinic, "healthy", 3) == [outcome]


def test_a_little_worse_may_be_chance_and_is_not_called_a_success() -> None:
    clinic = treated("oscillating")
    clinic.distance = 100 * BEHIND - 1
    assert outcomes(clinic, "healthy", 5) == [], "it was judged before it was certain"
    assert outcomes(clinic, "healthy", 1) == ["failed"]


def test_what_begins_afresh_may_be_behind_until_it_was_trained_as_long() -> None:
    clinic = treated("mode collapse", until=BATCH * STEPS * 10)
    assert RESTARTS & {each.kind for each in clinic.prescriptions}, "this test needs a restart"
    clinic.distance = 500.0
    assert outcomes(clinic, "healthy", 8) == []
    assert outcomes(clinic, "healthy", 1) == ["undone"]


def test_what_begins_afresh_has_helped_as_soon_as_it_is_better() -> None:
    clinic = treated("mode collapse", until=LONG)
    clinic.distance = 50.0
    assert outcomes(clinic, "healthy", 3) == ["helped"]


def test_samples_that_look_worse_at_a_glance_are_not_measured() -> None:
    clinic = treated("mode collapse", until=LONG)
    clinic.curves["feature_distance"] = 3.0
    wager = Wager(clinic.aside, lambda: pytest.fail("measured in vain"))
    clinic.situation = lambda: type(Clinic().situation())(clinic.now, wager=wager)  # type: ignore[method-assign]
    assert outcomes(clinic, "healthy", 10) == []


def test_the_end_of_a_phase_decides() -> None:
    clinic = treated("mode collapse", until=LONG)
    clinic.distance, clinic.phase_ends = 500.0, True
    assert outcomes(clinic, "healthy", 1) == ["undone"]


def test_a_sick_training_climbs_on_and_is_undone_only_at_the_top() -> None:
    clinic = treated("mode collapse", until=LONG)
    clinic.distance = 500.0
    found = []
    for _ in range(200):
        found += outcomes(clinic, "mode collapse", 10)
        if found[-1] == "undone":
            break
    assert found[:-1].count("undone") == 0
    assert "" in found, "no other remedy was tried"
    assert found[-1] == "undone"
    assert not clinic.stopped, "it ended with samples that were worse than those put aside"


def test_weights_that_are_lost_are_exchanged_for_those_put_aside_when_nothing_else_helps() -> None:
    clinic = treated("diverging", until=LONG)
    clinic.curves["finite"] = 0.5
    found: list[str] = []
    while "undone" not in found:
        found += outcomes(clinic, "diverging", 10)
        assert not clinic.stopped
    assert clinic.outcomes[-1].text.endswith(f"went back to step {clinic.aside.step:,}." if clinic.aside else "?")


def test_after_an_undone_treatment_the_state_put_aside_is_looked_at_first() -> None:
    clinic = treated("oscillating")
    clinic.distance = 500.0
    assert outcomes(clinic, "oscillating", 1) == []
    assert outcomes(clinic, "healthy", 5) == ["undone"]
    phase_before = len(clinic.history)
    clinic.aside = None
    check = health_check(clinic.index)
    phase = present_phase([*clinic.history, check])
    assert phase is not None
    assert phase.checks == (check,), "checks of what was undone still count"
    (again,) = clinic.visit("oscillating")
    assert again.level > clinic.given[0].level, "the same was tried again"
    assert len(clinic.history) > phase_before


def test_the_state_put_aside_is_forgotten_once_the_samples_are_as_good() -> None:
    clinic = treated("mode collapse", until=LONG)
    assert clinic.aside is not None
    clinic.distance = 50.0
    for _ in range(2):
        clinic.visit("healthy")
        assert not is_over(clinic.history, clinic.situation().wager, ())
    done = clinic.visit("healthy")
    before = clinic.history[: -len(done)]
    assert is_over(before, clinic.situation().wager, done)
    assert not is_over(before, Wager(Aside(clinic.aside.step, 10.0, LONG), lambda: 50.0), done), "it is still behind"


def test_the_head_start_is_what_was_trained_since_what_one_goes_back_to() -> None:
    history = [health_check(index) for index in range(10)]
    phase = present_phase(history)
    assert phase is not None
    seen = history[-1].images_seen
    back = Prescription("rollback", value=1.0, step=history[3].step)
    assert head_start(phase, (back,), history) == seen - history[3].images_seen
    assert head_start(phase, (Prescription("reinitialize", step=history[-1].step),), history) == seen
    assert head_start(phase, (Prescription("lr", "generator", 0.5),), history) == 0
