"""Projection of pictures: for each, the latent is searched whose picture is nearest, and its files are written."""

import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from ...device import seeded_rng
from ...errors import GanvasError, ganvas_command
from ...events import Done, Event, Note, Progress, Projected
from ...image_io import to_float
from ...runs import Run
from ...translation import N_, _
from ..sample import BATCH, GeneratorModel, load
from .embedding import Embedding, distances
from .pictures import Target, list_pictures, read_targets
from .results import FINISHED, INTERRUPTED, Result, check_folder, mark_of
from .search import Best, Schedule, Search
from .starts import Spread, Starts, encoded, load_encoder, near_samples
from .tune import tune

SAMPLES = 1_000  # random samples, of which the nearest are starts
MIN_SAMPLES = 16  # that tell how far w spreads
SELF_TEST_SEED = 987_654_321
FRAMES = 40  # of a film of a search


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a user may choose.

    Args:
        label: class to look in, for a run with classes; None for all.
        tune: whether a copy of the generator is moved until it draws the pictures.
        samples: number of random samples to start from.
        device: "auto", "cpu", "cuda", "cuda:1" or "mps".
        schedule: how long is searched.
    """

    label: str | None = None
    tune: bool = False
    samples: int = SAMPLES
    device: str = "auto"
    schedule: Schedule = field(default_factory=Schedule)


def project(run: Path, pictures: Path, out: Path, options: Options) -> Generator[Event, None, None]:
    """Find the latents of `pictures`, a folder or one file, write them to the folder `out`, and yield what happens.

    What was found before is not searched again. An interruption keeps the best latent so far.

    Raises:
        GanvasError: there is no run or no picture, an option makes no sense, or a file cannot be written.
    """
    began = time.monotonic()
    if options.samples < MIN_SAMPLES:
        raise GanvasError(
            _("{samples} samples are too few to begin with.").format(samples=options.samples),
            _("Try: --samples {samples}").format(samples=SAMPLES),
        )
    model = load(run, options.device)
    check_folder(out)
    listed = list_pictures(pictures, out)
    results = {name: Result(out, name) for _, name in listed}
    for result in results.values():
        result.check_free()
    marks = {name: mark_of(path, model, options.label) for path, name in listed}
    missing = {name for _, name in listed if not results[name].is_finished(marks[name])}
    if len(missing) < len(listed):
        yield Note(
            _("{found:,} of {count:,} pictures were found already.").format(
                found=len(listed) - len(missing), count=len(listed)
            )
        )
    wanted = listed if options.tune else [(path, name) for path, name in listed if name in missing]
    targets = (yield from read_targets(wanted, model.config.data)) if wanted else []
    searched = [target for target in targets if target.name in missing]
    reason = FINISHED
    if searched:
        finder = Finder(model, Run(run), options)
        yield from finder.prepare(searched)
        for number, target in enumerate(searched):
            reason = yield from finder.find(target, number, len(searched), results[target.name], marks[target.name])
            if reason == INTERRUPTED:
                break
    if options.tune and reason == FINISHED:
        reason = yield from tune(model, Run(run), out, targets, results, marks, options.schedule.tune_steps)
    yield from model.notes()
    command = ganvas_command("sample", run, "--latent", f"{out}/NAME.safetensors") if reason == FINISHED else ""
    yield Done(str(out), len(searched), 0, time.monotonic() - began, reason, command)


class Finder:
    """What all searches of a command share: embedding, starts, and the unit of a step.

    Args:
        model: the generator.
        run: its run, whose checkpoint may keep an encoder.
        options: of the command.
    """

    def __init__(self, model: GeneratorModel, run: Run, options: Options) -> None:
        self.model, self.options = model, options
        self.embedding = Embedding(model.config.shape)
        self.encoder = load_encoder(run, model.config)
        if self.encoder is not None:
            self.encoder.to(model.device)
        self.starts: dict[str, Starts] = {}
        self.vectors: dict[str, Tensor] = {}
        self.spread = Spread(torch.zeros(()), torch.ones(()))
        self.itself = 0.0  # distance at which a picture of the run's own is found

    def prepare(self, targets: Sequence[Target]) -> Generator[Event, None, None]:
        """Find the starts for all pictures, and how near a picture of the run's own can be found."""
        own = self.model.sample(seeds=[SELF_TEST_SEED], label=self.options.label)[0]
        all_targets = [Target(Path(), "", own), *targets]
        images = torch.stack([each.image for each in all_targets])
        vectors = self.embed(images)
        keep = self.options.schedule.rounds[0][0] - (self.encoder is not None)
        nearest, self.spread = yield from near_samples(
            self.model, self.embedding, vectors, self.options.samples, keep, self.options.label
        )
        self.starts = {each.name: starts for each, starts in zip(all_targets, nearest, strict=True)}
        self.vectors = {each.name: vector for each, vector in zip(all_targets, vectors, strict=True)}
        with closing(self.search(all_targets[0])) as steps:
            for done, best in enumerate(steps, 1):
                own_w = best.w
                yield Progress(_("a picture of the run's own"), done, self.steps)
        self.itself = self.distance(all_targets[0], own_w)
        yield Note(
            _(
                "A picture that the run has drawn itself is found again at a distance of "
                "{itself:.3f}; the nearest of {samples:,} random samples is at {nearest:.3f}. 0 is "
                "the same picture."
            ).format(itself=self.itself, samples=self.options.samples, nearest=self.starts[""].nearest)
        )

    def find(self, target: Target, number: int, count: int, result: Result, mark: str) -> Generator[Event, None, str]:
        """Search one picture, the `number`-th of `count`; write what is found, and return why the search ended."""
        best, film, reason = None, [], FINISHED
        try:
            with closing(self.search(target)) as steps:
                for done, best in enumerate(steps, 1):
                    if (done - 1) % max(1, self.steps // FRAMES) == 0:
                        film.append(best.image)
                    yield Progress(N_("pictures"), number * self.steps + done, count * self.steps)
        except KeyboardInterrupt:
            if best is None:
                raise
            reason = INTERRUPTED
        except GeneratorExit:
            if best is not None:
                self.write(target, best, film, result, mark, INTERRUPTED)
            raise
        assert best is not None
        yield self.write(target, best, film, result, mark, reason)
        return reason

    @property
    def steps(self) -> int:
        """Steps of a search."""
        schedule = self.options.schedule
        return schedule.round_steps + (schedule.layer_steps if self.model.has_mapping else 0)

    def search(self, target: Target) -> Generator[Best, None, None]:
        """Yield the best latent so far after each step."""
        rng = seeded_rng(0, "projection", device=self.model.device)
        vector = self.vectors[target.name].to(self.model.device)
        one = Search(self.model, self.embedding, vector, self.spread, rng, self.options.schedule)
        starts = self.starts[target.name].w
        if self.encoder is not None:
            image = to_float(target.image[None]).to(self.model.device)
            code = encoded(self.encoder, self.model.config, image).cpu()
            starts = torch.cat([starts, torch.cat([code, starts[:1, :, code.shape[2] :]], 2)])
        best = yield from one.run(starts)
        if self.model.has_mapping:
            yield from one.run_layers(best)

    def write(
        self, target: Target, best: Best, film: list[Tensor], result: Result, mark: str, reason: str
    ) -> Projected:
        """Write what was found, and return it as an event."""
        starts, distance = self.starts[target.name], self.distance(target, best.w)
        index = starts.labels[best.start] if best.start < len(starts.labels) else starts.labels[0]
        label = self.model.config.classes[index] if index >= 0 else ""
        facts = {
            "distance": f"{distance:.4f}",
            "nearest": f"{starts.nearest:.4f}",
            "itself": f"{self.itself:.4f}",
            "mark": mark,
            "reason": reason,
        }
        result.write(self.model, target.image, best.w, film, facts | ({"label": label} if label else {}))
        return Projected(
            picture=str(target.path),
            path=str(result.picture),
            distance=distance,
            nearest=starts.nearest,
            label=label,
        )

    def distance(self, target: Target, w: Tensor) -> float:
        """Return how far the picture drawn from w (num_ws, w_dim) is from a target."""
        return float(distances(self.embed(self.model.synthesize(w[None])), self.vectors[target.name]))

    @torch.no_grad()
    def embed(self, images: Tensor) -> Tensor:
        """Return the vectors (N, D) of uint8 images (N, C, H, W)."""
        parts = (self.embedding(to_float(part.to(self.model.device))).cpu() for part in torch.split(images, BATCH))
        return torch.cat(list(parts))
