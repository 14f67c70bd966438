"""What happens in a small training, as events, and a run folder that it could have happened in."""

from pathlib import Path

from PIL import Image

import tiny
from ganvas.events import (
    Done,
    Event,
    Evidence,
    HealthCheck,
    Prescription,
    SampleGrid,
    Score,
    Started,
    Step,
    Treatment,
    Verdict,
)
from ganvas.runs import Run


def make_run(folder: Path) -> Run:
    """Write a run folder with a configuration and a sample grid, and return it."""
    run = Run(folder)
    run.samples.mkdir(parents=True)
    run.write_config(tiny.config("dcgan", seed=5))
    Image.new("RGB", (24, 16), "red").save(run.samples / "000000002.png")
    return run


def started(images_seen: int = 0) -> Started:
    """Return the beginning of a training, or how it goes on."""
    return Started("run", "dcgan", "cpu", images_seen // 8, images_seen, 800, resumed=images_seen > 0)


def step(images_seen: int, generator: float = 0.5) -> Step:
    """Return a step with the losses of both networks."""
    losses = {"generator": generator, "discriminator": 1.5}
    return Step(images_seen // 8, images_seen, 800, images_seen / 800, 1.0, "adversarial", losses)


def done(images_seen: int) -> Done:
    """Return the end of a training."""
    return Done("run", images_seen // 8, images_seen, 1.0, "finished")


def steps(first: int, last: int, generator: float = 0.5) -> list[Event]:
    """Return a step each 8 images."""
    return [step(seen, generator) for seen in range(first, last + 1, 8)]


def everything() -> list[Event]:
    """Return a training in which each kind of thing happens."""
    evidence = (Evidence("diversity", 0.9, 0.2, 8),)
    collapse = Verdict(2, 16, "mode collapse", 0.9, evidence, "The samples are <b>alike</b>.", "One fools it.")
    return [
        started(),
        step(8),
        step(16),
        HealthCheck(2, 16, 0.02, "adversarial", {"diversity": 0.2, "near_copies": 0.6}),
        collapse,
        Treatment(2, 16, "mode collapse", (Prescription("lr", "generator", 0.5),), "", "Halved a rate."),
        SampleGrid(2, 16, "samples/000000002.png"),
        step(24),
        Verdict(3, 24, "mode collapse", 0.9, evidence, collapse.what, collapse.why),
        Treatment(3, 24, "mode collapse", (), "helped", "It helped."),
        Score(3, 24, "Frechet distance, plain", "efficientnet-lite0", 12.5, 64),
        done(24),
    ]
