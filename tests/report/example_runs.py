"""Runs written by hand, so that a test of a report needs no training."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import tiny
from ganvas.coach.diagnosis.diagnoses import DIAGNOSES
from ganvas.config import Config
from ganvas.events import (
    Done,
    Event,
    Evidence,
    HealthCheck,
    LogitHistograms,
    Note,
    Prescription,
    SampleGrid,
    Score,
    Started,
    Step,
    Treatment,
    Verdict,
)
from ganvas.report.history import read_history
from ganvas.report.summary import RunSummary
from ganvas.runs import Run

STEPS = 60
GRIDS = 4
NETWORK = "efficientnet-lite0"
SECONDS_PER_STEP = 2.0


def step(number: int, phase: str, losses: dict[str, float], stds: dict[str, float] | None = None) -> Step:
    """Return the event of step `number`."""
    return Step(number, 8 * number, 8 * STEPS, number / STEPS, SECONDS_PER_STEP * number, phase, losses, stds or {})


def two_phase_events() -> list[Event]:
    """Return the events of a run with two phases, in order."""
    events: list[Event] = [Started("run", "quick", "cpu (2 threads)", 0, 0, 8 * STEPS, False)]
    events.append(Note("A picture could not be read."))
    for number in range(1, STEPS + 1):
        if number <= STEPS // 2:
            events.append(step(number, "autoencode", {"reconstruction": 1 / number}, {"reconstruction": 0.02}))
        else:
            losses = {"generator": 0.7, "discriminator": 1.3, "real_logits": 0.4, "fake_logits": -0.4}
            events.append(step(number, "sharpen", losses, dict.fromkeys(losses, 0.1)))
        if number % (STEPS // GRIDS) == 0:
            events.append(SampleGrid(number, 8 * number, f"samples/{number:09d}.png"))
            events.append(LogitHistograms(number, 8 * number, -2.0, 2.0, (0, 1, 3, 4), (4, 3, 1, 0)))
            events.append(
                Score(number, 8 * number, "Frechet distance", NETWORK, 900 / number, 512, 850 / number, 950 / number)
            )
    events.append(Done("run", STEPS, 8 * STEPS, SECONDS_PER_STEP * STEPS, "finished"))
    return events


def health_check(number: int, **values: float) -> HealthCheck:
    """Return the health check at step `number`."""
    return HealthCheck(number, 8 * number, number / STEPS, "sharpen", values)


def verdict(number: int, name: str, *evidence: Evidence) -> Verdict:
    """Return the verdict `name` at step `number`, in the words of the coach."""
    diagnosis = DIAGNOSES[name]
    return Verdict(number, 8 * number, name, 0.9, evidence, diagnosis.what, diagnosis.why)


def treatment(number: int, text: str, outcome: str = "", diagnosis: str = "mode collapse") -> Treatment:
    """Return the treatment at step `number`, or, with an `outcome`, its result."""
    orders = () if outcome else (Prescription("lr", "generator", 0.5),)
    return Treatment(number, 8 * number, diagnosis, orders, outcome, text)


def coached_events(ending: str = "healthy") -> list[Event]:
    """Return the events of a run that collapsed and was treated; `ending` is its last verdict."""
    coach_events: list[Event] = [
        health_check(number, near_copies=0.6 * (28 < number < 50), diversity=number / 60, batch_size=8.0)
        for number in range(4, STEPS, 4)
    ]
    coach_events += [verdict(4, "warming up"), verdict(12, "healthy")]
    coach_events += [verdict(32, "mode collapse", Evidence("near_copies", 0.05, 0.6, 8 * 28))]
    coach_events += [
        treatment(32, "Went back to step 15, halved the generator's rate."),
        treatment(40, "Still alike.", "failed"),
    ]
    coach_events += [treatment(40, "Took packs of two."), treatment(52, "Near-copies went from 60 % to 0 %.", "helped")]
    coach_events += [verdict(52, "healthy"), *([verdict(56, ending)] if ending != "healthy" else [])]
    *events, done = two_phase_events()
    return [*sorted([*events, *coach_events], key=lambda each: getattr(each, "step", 0)), done]


def write_picture(path: Path, shade: int, size: int = 32) -> Path:
    """Write a picture of noise around `shade`, so that its file is not tiny."""
    noise = np.random.default_rng(shade).integers(0, 40, (size, size, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((noise + shade).astype(np.uint8)).save(path)
    return path


def write_run(folder: Path, events: list[Event] | None = None, config: Config | None = None) -> Run:
    """Write a run with these events and their sample grids, and return it."""
    run = Run(folder)
    run.write_config(config or tiny.config("quick", seed=3, minutes=2.0))
    for event in two_phase_events() if events is None else events:
        run.append_event(event)
        if isinstance(event, SampleGrid):
            write_picture(folder / event.path, event.step * 3)
    return run


def write_evaluation(run: Run) -> dict[str, Any]:
    """Return what `ganvas evaluate` writes about a run, and put its pictures into the run."""
    for index, name in enumerate(("samples", "real", "nearest")):
        write_picture(run.evaluation / f"{name}.png", 50 * index)
    scores = [
        {"key": "frechet", "name": "Frechet distance", "value": 448.2, "low": 431.0, "high": 466.0, "better": "lower",
         "network": NETWORK, "real": 12.3, "about": "How far the two sets are from each other."},
        {"key": "colour", "name": "Colour", "value": 31.0, "low": None, "high": None, "better": "near real",
         "network": "", "real": None, "about": "How far from grey."},
    ]  # fmt: skip
    return {
        "network": NETWORK, "step": STEPS, "images": 8 * STEPS, "count": 2000, "real_count": 900, "held_out_count": 97,
        "seed": 0, "version": "0.1.0", "scores": scores,
        "summary": ["The samples are paler than real pictures.", "3 % are near-copies, of unseen pictures 1 %."],
        "memorisation": {
            "verdict": "some", "text": "3 % are near-copies, of unseen pictures 1 %.", "near_copies": 0.03,
            "baseline_near_copies": 0.01, "median_distance": 8.0, "baseline_median_distance": 9.0,
            "baseline": "held out",
        },
    }  # fmt: skip


def summary_of(run: Run, evaluation: dict[str, Any] | None = None) -> RunSummary:
    """Return the summary of a run, with its evaluation if there is one."""
    return RunSummary(run, run.read_config(), read_history(run), evaluation)
