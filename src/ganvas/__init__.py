"""Train a GAN on your own folder of pictures, and repaint pictures in the style of others.

    for event in ganvas.train("pictures/", "runs/mine", minutes=10):
        print(event)
    pictures = ganvas.load("runs/mine").sample(count=16, seed=0)  # uint8 (16, 3, H, W)

Nothing heavy is imported before it is used.
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .art import directions, mix, project, stylize, train_style, walk
from .config.keywords import document, options_from
from .device import leave_time_to_other_programs
from .errors import GanvasError
from .events import Event
from .interrupts import stop_on_interrupt
from .metrics import DEFAULT_NETWORK
from .version import __version__

if TYPE_CHECKING:
    from .coach.doctor import Findings
    from .coach.user_loop.observe import Coach
    from .data import Inspection
    from .evaluation import Evaluation
    from .interop.exporting.export import Export
    from .latents.sample import GeneratorModel
    from .training.forecast import Forecast

# Apple's GPUs lack some operators; torch asks, when it is loaded, whether the processor may do those.
os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
# On Linux, let large tensors lie in large pages: touching new memory costs a tenth of a painting's time otherwise.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

__all__ = [
    "Coach",
    "Event",
    "GanvasError",
    "__version__",
    "directions",
    "doctor",
    "evaluate",
    "export",
    "inspect",
    "load",
    "mix",
    "plan",
    "project",
    "stylize",
    "train",
    "train_style",
    "walk",
    "write_report",
]


def __getattr__(name: str) -> Any:
    """Return `Coach`, which needs torch and is therefore imported when somebody wants it."""
    if name == "Coach":
        from .coach.user_loop.observe import Coach

        return Coach
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def train(
    pictures: str | Path | None,
    out: str | Path,
    *,
    stop: Callable[[], bool] = lambda: False,
    **options: Any,
) -> Iterator[Event]:
    """Train a GAN on `pictures` and yield what happens; called again with the same arguments it goes on.

    Breaking out of the loop over it saves, and so do Ctrl-C and `stop` turning true: then the loop ends.

    Args:
        pictures: folder, file with pictures in it, shards or hub:owner/name; None goes on with the run in `out`.
        out: the run folder.
        stop: asked after each step.
        options: the flags of `ganvas train`, as docs/options.md and `ganvas train --help` list them.

    Raises:
        GanvasError: the pictures, an option, the run folder or a checkpoint are not in order.
        TypeError: there is no such option.

    Example:
        >>> import ganvas
        >>> for event in ganvas.train("pictures", "runs/new", recipe="dcgan", images=200):
        ...     if isinstance(event, ganvas.events.SampleGrid):
        ...         print(event.images_seen, event.path)
        104 samples/000000013.png
        200 samples/000000025.png
        >>> event.reason
        'finished'
    """
    began, wanted = time.monotonic(), options_from(options)
    leave_time_to_other_programs()
    from .training.start import train

    return stop_on_interrupt(lambda stop: train(pictures, out, wanted, stop, began), stop)


def plan(pictures: str | Path, **options: Any) -> "Forecast":
    """Return what `train` would do with these pictures and options and why, how fast, and what twice the time gives.

    Args:
        pictures: folder, file with pictures in it, shards or hub:owner/name.
        options: those of `train`.

    Raises:
        GanvasError: there are no pictures, or an option makes no sense.
        TypeError: there is no such option.

    Example:
        >>> import ganvas
        >>> forecast = ganvas.plan("pictures", recipe="dcgan", minutes=2)
        >>> forecast.config.recipe, forecast.minutes
        ('dcgan', 2)
        >>> for decision in forecast.decisions:
        ...     print(f"{decision.what}: {decision.why}")
        recipe: as asked
        size: most of the pictures are no larger
        ...
    """
    from .training.forecast import forecast

    return forecast(pictures, options_from(options))


for _function in (train, plan):
    document(_function)


def load(run: str | Path, device: str = "auto") -> "GeneratorModel":
    """Return the trained generator of a run folder, with `.sample(count, seed, truncation, label)`.

    Raises:
        GanvasError: there is no run, nothing trained in it yet, or its file is damaged.

    Example:
        >>> import ganvas
        >>> pictures = ganvas.load("runs/mine").sample(count=4, seed=7)
        >>> pictures.shape, pictures.dtype
        (torch.Size([4, 3, 16, 16]), torch.uint8)
    """
    from .latents.sample import load

    return load(run, device)


def inspect(
    pictures: str | Path, *, aspect: str | None = None, limit: int | None = None, labels_by: str | None = None
) -> "Inspection":
    """Return what is in a set of pictures and what is wrong with it; nothing is written.

    Args:
        pictures: folder, file with pictures in it, shards or hub:owner/name.
        aspect, limit: which of them are used, as in `train`.
        labels_by: how labels are found in their names, as in `train`.

    Raises:
        GanvasError: there are no pictures, or an option makes no sense.

    Example:
        >>> import ganvas
        >>> found = ganvas.inspect("pictures")
        >>> found.usable, found.width, found.height
        (64, 32, 32)
        >>> for warning in found.warnings:
        ...     print(warning)
        64 pictures are few: expect samples close to them. 500 or more give variety.
        ...
    """
    from .config.numbers import parse_aspect
    from .data import inspect

    options = options_from({"aspect": aspect, "limit": limit, "labels_by": labels_by})
    return inspect(
        pictures,
        aspect=parse_aspect(options.aspect) if options.aspect else None,
        limit=options.limit,
        labels_by=options.labels_by,
    )


def evaluate(
    subject: str | Path,
    against: str | Path | None = None,
    *,
    count: int = 2000,
    network: str = DEFAULT_NETWORK,
    weights: str | Path | None = None,
    seed: int = 1,
    device: str = "auto",
    at: str | None = None,
) -> "Evaluation":
    """Return how good the samples of a run are, or the pictures in a folder: scores, memorisation, and what they say.

    What was found about a run is written to RUN/evaluation as well.

    Args:
        subject: a run folder, or a folder of pictures.
        against: the real pictures; those that the run was trained on if not given.
        count: samples at most.
        network: a name of `ganvas.metrics.networks.NETWORKS`, whose features are compared.
        weights: file of its weights, if they are neither packaged nor to be fetched.
        seed: of the samples; 1, since the best checkpoint of a run with seed 0 was chosen by the samples of seed 0.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        at: size in pixels at which a run's samples are compared with real pictures, "128" or "96x64"; by default the
            real pictures' own.

    Raises:
        GanvasError: there is nothing to evaluate or to compare with, or the network cannot be had.

    Example:
        >>> import ganvas
        >>> evaluation = ganvas.evaluate("runs/mine", count=64)
        >>> for score in evaluation.scores:
        ...     print(f"{score.name}: {score.value:g}")
        Frechet distance: ...
        >>> evaluation.memorisation.verdict
        'none'
    """
    from .evaluation import evaluate
    from .evaluation_inputs import EvaluationOptions
    from .events import run_to_end

    wanted = EvaluationOptions(count, network, None if weights is None else Path(weights), seed, device, at)
    return run_to_end(evaluate(Path(subject), against, wanted))


def doctor(run: str | Path) -> "Findings":
    """Return how healthy a training was: verdicts with their evidence, what was done about them, what to do by hand.

    Args:
        run: a run folder, or its events.jsonl alone.

    Raises:
        GanvasError: it is neither, or the training's health was never examined.

    Example:
        >>> import ganvas
        >>> findings = ganvas.doctor("runs/mine")
        >>> findings.spans[0].verdict.name, findings.is_over
        ('warming up', True)
        >>> print(findings.verdict.what, findings.advice)
        The ...
    """
    from .coach.doctor import examine

    return examine(Path(run))


def export(run: str | Path, to: str = "onnx", out: str | Path | None = None, *, precision: str = "float32") -> "Export":
    """Write the network of a run for other programs, once it was compared with PyTorch; return files and difference.

    Args:
        to: "onnx", "torchscript", "safetensors" for the weights alone, or "web" for a page that draws in the browser.
        out: the file; in RUN/exported if left out. Of `stylegan2`, mapping and synthesis lie beside it.
        precision: of the weights in ONNX and in the page: "float32", "float16" or "int8".

    Raises:
        GanvasError: nothing is trained, a package is missing, `out` is not ours, or it would draw something else.

    Example:
        >>> import ganvas
        >>> ganvas.export("runs/mine", to="torchscript").difference < 1e-3
        True
    """
    from .events import run_to_end
    from .interop.exporting.export import export

    return run_to_end(export(Path(run), to, None if out is None else Path(out), precision))


def write_report(run: str | Path) -> Path:
    """Write RUN/report.html and the model card RUN/model/README.md from what is known of a run; return the page's path.

    Raises:
        GanvasError: there is no run, or nothing was trained in it.

    Example:
        >>> import ganvas
        >>> page = ganvas.write_report("runs/mine")
        >>> page.name
        'report.html'
    """
    from .evaluation import read_evaluation
    from .report import write_card, write_report
    from .runs import Run

    where = Run(run)
    known = read_evaluation(where)
    write_card(where, known)
    return write_report(where, known)
