"""A person asks the coach to undo its last treatment, or for more of it: the training does so and tells it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_coach_runner import IMAGES, SICK, Course, improving, of, often, once, recording, saved
from torch import Tensor

import tiny
from ganvas import checkpoint
from ganvas.coach.treatment import wager
from ganvas.coach.treatment.prescription import before_treatment
from ganvas.coach.treatment.requests import MORE, UNDO, answer, ask_coach, asked_for
from ganvas.errors import GanvasError
from ganvas.events import Done, Event, Note, Prescription, Treatment, Verdict
from ganvas.runs import Run

__all__ = ["often"]  # the fixture


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge treatments after few steps."""
    monkeypatch.setattr(wager, "MIN_STEPS_APART", 8)


def course(pictures: Path) -> Course:
    """Return trainings that collapse once and recover by a treatment: new weights, and lower learning rates."""
    return Course(pictures, once(), improving, images=2 * IMAGES)


def train_and_ask(course: Course, run: Run, request: str, outcome: str) -> tuple[list[Event], dict[str, Any]]:
    """Train to the end, ask once the last treatment has this outcome, and return the events and what it saw then."""
    events, seen = list[Event](), dict[str, Any]()
    session = course.open(run)
    for event in recording(session):
        events.append(event)
        if isinstance(event, Treatment) and event.outcome == outcome and not seen:
            aside = session.state.coach.aside
            seen["aside"] = aside and checkpoint.load(checkpoint.checkpoint_path(run.aside, aside.step))[0]
            ask_coach(run, request)
        elif isinstance(event, Treatment) and event.outcome == "undone":
            seen["weights"] = weights(session.state.networks.generator.state_dict())
    return events, seen


def weights(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key: each.clone() for key, each in tensors.items()}


def rates_in_force(run: Run) -> list[float]:
    return [each["value"] for each in saved(run)[1]["coach"]["prescriptions"] if each["kind"] == "lr"]


@pytest.mark.slow
@pytest.mark.parametrize("outcome", ["", "helped"])
def test_more_of_a_treatment_is_given_and_judged(outcome: str, pictures: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    events, _seen = train_and_ask(course(pictures), run, MORE, outcome)
    treatments = of(Treatment, events)
    first, second = (each for each in treatments if not each.outcome)
    assert [each.outcome for each in treatments][:3] == ["", outcome or "failed", ""]
    assert second.text.startswith("As you asked, more of it: ")
    rates = [each for each in first.prescriptions if each.kind == "lr"]
    assert rates
    assert list(second.prescriptions) == rates, "new weights were drawn once more, or the rates are others"
    assert rates_in_force(run) == [each.value for each in rates] * 2
    assert treatments[-1].outcome == "helped", "what was asked for is judged like any"
    assert not run.request_file.exists()
    assert isinstance(events[-1], Done)


@pytest.mark.slow
def test_an_undone_treatment_on_trial_gives_the_weights_back(pictures: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    events, seen = train_and_ask(course(pictures), run, UNDO, "")
    undone = of(Treatment, events)[-1]
    assert (undone.outcome, undone.text) == ("undone", "Undone, as you asked.")
    assert rates_in_force(run) == []
    prefix = "generator/"
    aside = {key.removeprefix(prefix): each for key, each in seen["aside"].items() if key.startswith(prefix)}
    assert aside
    assert all(seen["weights"][key].equal(each) for key, each in aside.items() if key in seen["weights"])
    assert not of(Note, events)


@pytest.mark.slow
def test_an_undone_treatment_that_had_helped_gives_the_settings_back(pictures: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    events, _seen = train_and_ask(course(pictures), run, UNDO, "helped")
    assert of(Treatment, events)[-1].outcome == "undone"
    assert rates_in_force(run) == []
    kinds = [each["kind"] for each in saved(run)[1]["coach"]["prescriptions"]]
    assert kinds == [], "it went back, and the rates were all that was set"
    assert run.read_config().steps * 8 == 2 * IMAGES


@pytest.mark.slow
def test_a_request_waits_for_a_training_that_is_paused(pictures: Path, tmp_path: Path) -> None:
    run, trainings = Run(tmp_path / "run"), course(pictures)
    trainings.train(run, SICK + 9)
    ask_coach(run, UNDO)
    assert asked_for(run) == UNDO
    events = trainings.train(run)
    assert next(each.outcome for each in of(Treatment, events)) == "undone"
    assert asked_for(run) == ""
    with pytest.raises(GanvasError, match="has done nothing"):
        ask_coach(run, UNDO)


HALVED = Prescription("lr", "discriminator", 0.5)


def treatment(*prescriptions: Prescription, outcome: str = "") -> Treatment:
    return Treatment(20, 160, "mode collapse", prescriptions, outcome, "Did something.", 3)


def a_run(folder: Path, *events: Event, coach: str = "act") -> Run:
    run = Run(folder)
    run.write_config(tiny.config("dcgan", coach=coach))
    for event in events:
        run.append_event(event)
    return run


@pytest.mark.parametrize(
    ("events", "coach", "request_", "told"),
    [
        ([], "act", UNDO, "has done nothing"),
        ([treatment(HALVED)], "watch", UNDO, "changes nothing"),
        ([treatment(HALVED), treatment(HALVED, outcome="undone")], "act", UNDO, "has done nothing"),
        ([treatment(Prescription("stop"))], "act", UNDO, "has done nothing"),
        ([treatment(Prescription("reinitialize"))], "act", MORE, "There is no more of this: Restarted with new"),
        ([treatment(HALVED), Done("run", 50, 400, 9.0, "finished")], "act", MORE, "is over"),
    ],
)
def test_what_cannot_be_asked_for_is_said(
    events: list[Event], coach: str, request_: str, told: str, tmp_path: Path
) -> None:
    run = a_run(tmp_path, *events, coach=coach)
    with pytest.raises(GanvasError, match=told) as caught:
        ask_coach(run, request_)
    assert "ganvas " in caught.value.hint
    assert not run.request_file.exists()


def test_a_request_is_what_it_should_be(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run", treatment(HALVED))
    assert asked_for(run) == ""
    for content in (b"", b"undo everything", b"\xff" * 10_000_000, b"rm -rf"):
        run.request_file.write_bytes(content)
        assert asked_for(run) == ""
    ask_coach(run, MORE)
    assert asked_for(run) == MORE
    run.request_file.unlink()
    (tmp_path / "elsewhere").write_text(UNDO)
    run.request_file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(GanvasError, match="is a link"):
        asked_for(run)


VERDICT = Verdict(40, 320, "healthy", 0.9, (), "What.", "Why.")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (Prescription("lr", "generator", 0.25), 0.25),
        (Prescription("beta1", "generator", 0.5), 0.25),
        (Prescription("penalty", name="r1", value=2.0), 4.0),  # from none: twice as much
        (Prescription("augment", value=0.5), 0.7),
        (Prescription("augment", value=0.9), 1.0),
        (Prescription("instance_noise", value=0.1), 0.2),
        (Prescription("n_critic", value=2.0), 3.0),
        (Prescription("grad_accum", value=2.0), 4.0),
    ],
)
def test_more_goes_the_same_way(given: Prescription, wanted: float) -> None:
    before = tiny.config("dcgan")
    before = replace(before, penalty=replace(before.penalty, name="none", gamma=0.0))
    (answered,) = answer(treatment(given), VERDICT, MORE, before, is_open=False)
    assert answered.prescriptions == (replace(given, value=pytest.approx(wanted)),)
    assert (answered.step, answered.level, answered.outcome) == (40, 3, "")


def test_more_of_a_weaker_penalty_is_a_still_weaker_one() -> None:
    before = tiny.config("dcgan")
    before = replace(before, penalty=replace(before.penalty, name="r1", gamma=10.0))
    weaker = treatment(Prescription("penalty", name="r1", value=1.0))
    (answered,) = answer(weaker, VERDICT, MORE, before, is_open=False)
    assert answered.prescriptions[0].value == pytest.approx(0.1)


def test_what_was_prescribed_before_is_told_apart() -> None:
    first, noise = Prescription("lr", "generator", 0.5), Prescription("instance_noise", value=0.1)
    pace = Prescription("pace", value=1.1, step=30)
    assert before_treatment((first, HALVED, noise), treatment(HALVED, noise)) == (first,)
    assert before_treatment((first, HALVED, pace), treatment(HALVED)) == (first,)
    assert before_treatment((HALVED, first, HALVED), treatment(HALVED)) == (HALVED, first), "the last of equal ones"
    assert before_treatment((first,), treatment(Prescription("rollback", value=1.0))) == (first,)
