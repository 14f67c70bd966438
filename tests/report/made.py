"""Runs made by hand, so that a report can be written in no time."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import tiny
from ganvas.coach.diagnosis.diagnoses import SICKNESSES
from ganvas.config import Config
from ganvas.events import (
    Done,
    Event,
    Evidence,
    Logits,
    Note,
    Prescription,
    Samples,
    Scored,
    Signs,
    Started,
    Step,
    Treated,
    Verdict,
)
from ganvas.report.history import read_history
from ganvas.report.summary import Facts
from ganvas.runs import Run

STEPS = 60
SHEETS = 4
NETWORK = "efficientnet-lite0"
SECONDS = 2.0  # of each reported step


def step(number: int, phase: str, losses: dict[str, float], swings: dict[str, float] | None = None) -> Step:
    """Return the report of step `number`."""
    return Step(number, 8 * number, 8 * STEPS, number / STEPS, SECONDS * number, phase, losses, swings or {})


def events() -> list[Event]:
    """Return what a run with a warm start tells, first to last."""
    told: list[Event] = [Started("run", "quick", "cpu (processor, 2 threads)", 0, 0, 8 * STEPS, False)]
    told.append(Note("A picture could not be read."))
    for number in range(1, STEPS + 1):
        if number <= STEPS // 2:
            told.append(step(number, "autoencode", {"reconstruction": 1 / number}, {"reconstruction": 0.02}))
        else:
            losses = {"generator": 0.7, "discriminator": 1.3, "real_logits": 0.4, "fake_logits": -0.4}
            told.append(step(number, "sharpen", losses, dict.fromkeys(losses, 0.1)))
        if number % (STEPS // SHEETS) == 0:
            told.append(Samples(number, 8 * number, f"samples/{number:09d}.png"))
            told.append(Logits(number, 8 * number, -2.0, 2.0, (0, 1, 3, 4), (4, 3, 1, 0)))
            told.append(
                Scored(number, 8 * number, "Frechet distance", NETWORK, 900 / number, 512, 850 / number, 950 / number)
            )
    told.append(Done("run", STEPS, 8 * STEPS, SECONDS * STEPS, "finished"))
    return told


def signs(number: int, **values: float) -> Signs:
    """Return what an examination at step `number` has measured."""
    return Signs(number, 8 * number, number / STEPS, "sharpen", values)


def verdict(number: int, name: str, *evidence: Evidence) -> Verdict:
    """Return the verdict `name` at step `number`, in the coach's own words."""
    known = SICKNESSES[name]
    return Verdict(number, 8 * number, name, 0.9, evidence, known.what, known.why)


def treated(number: int, text: str, outcome: str = "", sickness: str = "mode collapse") -> Treated:
    """Return what was done at step `number`, or, with an `outcome`, what came of it."""
    orders = () if outcome else (Prescription("rate", "generator", 0.5),)
    return Treated(number, 8 * number, sickness, orders, outcome, text)


def coached(ending: str = "healthy") -> list[Event]:
    """Return the events of a run that collapsed on the way and was treated, ending as `ending` says."""
    coach: list[Event] = [signs(number, near_copies=0.6 * (28 < number < 50), diversity=number / 60, batch=8.0)
                          for number in range(4, STEPS, 4)]  # fmt: skip
    coach += [verdict(4, "warming up"), verdict(12, "healthy")]
    coach += [verdict(32, "mode collapse", Evidence("near_copies", 0.05, 0.6, 8 * 28))]
    coach += [treated(32, "Went back to step 15, halved the generator's rate."), treated(40, "Still alike.", "failed")]
    coach += [treated(40, "Took packs of two."), treated(52, "Near-copies went from 60 % to 0 %.", "helped")]
    coach += [verdict(52, "healthy"), *([verdict(56, ending)] if ending != "healthy" else [])]
    *told, done = events()
    return [*sorted([*told, *coach], key=lambda each: getattr(each, "step", 0)), done]


def picture(path: Path, shade: int, size: int = 32) -> Path:
    """Write a noisy picture of about this shade, so that it has some weight."""
    noise = np.random.default_rng(shade).integers(0, 40, (size, size, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((noise + shade).astype(np.uint8)).save(path)
    return path


def run(folder: Path, told: list[Event] | None = None, config: Config | None = None) -> Run:
    """Write a run of these events with its sheets, and return it."""
    made = Run(folder)
    made.write_config(config or tiny.config("quick", seed=3, minutes=2.0))
    for event in events() if told is None else told:
        made.append_event(event)
        if isinstance(event, Samples):
            picture(folder / event.path, event.step * 3)
    return made


def evaluation(where: Run) -> dict[str, Any]:
    """Return what `ganvas evaluate` writes about a run, its sheets put into the run."""
    for index, name in enumerate(("samples", "real", "nearest")):
        picture(where.evaluation / f"{name}.png", 50 * index)
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


def facts(where: Run, found: dict[str, Any] | None = None) -> Facts:
    """Return all that is known about a run."""
    return Facts(where, where.read_config(), read_history(where), found)
