"""Projection of pictures: for each, the latent is searched whose picture is nearest, and its files are written.

Several are searched at once. A picture that the run has drawn itself is the first of them: it tells how near one can
get at all.
"""

import time
from collections.abc import Generator, Mapping, Sequence
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
from ..sample import GeneratorModel, load
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
GROUP = 8  # pictures that are searched at once


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
        finder = Finder(model, Run(run), options, results, marks)
        yield from finder.prepare(searched)
        for group in even_groups(len(finder.targets)):
            reason = yield from finder.find(group)
            if reason == INTERRUPTED:
                break
    if options.tune and reason == FINISHED:
        reason = yield from tune(model, Run(run), out, targets, results, marks, options.schedule.tune_steps)
    yield from model.notes()
    command = ganvas_command("sample", run, "--latent", f"{out}/NAME.safetensors") if reason == FINISHED else ""
    yield Done(str(out), len(searched), 0, time.monotonic() - began, reason, command)


def even_groups(count: int) -> list[range]:
    """Return 0 to `count` - 1 in groups of about the same size, `GROUP` at most."""
    size = -(-count // -(-count // GROUP))
    return [range(first, min(first + size, count)) for first in range(0, count, size)]


class Finder:
    """What all searches of a command share: embedding, starts, and the unit of a step.

    Args:
        model: the generator.
        run: its run, whose checkpoint may keep an encoder.
        options: of the command.
        results: files of each picture, by its name.
        marks: what tells pictures and network, by name.
    """

    def __init__(
        self,
        model: GeneratorModel,
        run: Run,
        options: Options,
        results: Mapping[str, Result],
        marks: Mapping[str, str],
    ) -> None:
        self.model, self.options, self.results, self.marks = model, options, results, marks
        self.embedding = Embedding(model.config.shape)
        self.encoder = load_encoder(run, model.config)
        if self.encoder is not None:
            self.encoder.to(model.device)
        self.targets: list[Target] = []  # the run's own picture first
        self.starts: list[Starts] = []
        self.vectors = torch.zeros(0)
        self.spread = Spread(torch.zeros(()), torch.ones(()))
        self.itself = 0.0  # distance at which the run's own picture is found

    def prepare(self, targets: Sequence[Target]) -> Generator[Event, None, None]:
        """Find the starts for all pictures, and for one that the run has drawn itself."""
        own = self.model.sample(seeds=[SELF_TEST_SEED], label=self.options.label)[0]
        self.targets = [Target(Path(), "", own), *targets]
        self.vectors = self.embed(torch.stack([each.image for each in self.targets]))
        keep = self.options.schedule.rounds[0][0] - (self.encoder is not None)
        self.starts, self.spread = yield from near_samples(
            self.model, self.embedding, self.vectors, self.options.samples, keep, self.options.label
        )

    def find(self, group: range) -> Generator[Event, None, str]:
        """Search some of the targets; write what is found, and return why the search ended."""
        best: list[Best] = []
        films: list[list[Tensor]] = [[] for _ in group]
        reason = FINISHED
        try:
            with closing(self.search(group)) as steps:
                for done, best in enumerate(steps, 1):
                    if (done - 1) % max(1, self.steps // FRAMES) == 0:
                        for film, each in zip(films, best, strict=True):
                            film.append(each.image)
                    before, all_of_them = group.start * self.steps, len(self.targets) * self.steps
                    yield Progress(N_("pictures"), before + done * len(group), all_of_them)
        except KeyboardInterrupt:
            if not best:
                raise
            reason = INTERRUPTED
        except GeneratorExit:
            self.write_all(group, best, films, INTERRUPTED)
            raise
        written = self.write_all(group, best, films, reason)
        if group.start == 0 and reason == FINISHED:
            yield Note(
                _(
                    "A picture that the run has drawn itself is found again at a distance of "
                    "{itself:.3f}; the nearest of {samples:,} random samples is at {nearest:.3f}. 0 is "
                    "the same picture."
                ).format(itself=self.itself, samples=self.options.samples, nearest=self.starts[0].nearest)
            )
        yield from written
        return reason

    @property
    def steps(self) -> int:
        """Steps of a search."""
        schedule = self.options.schedule
        return schedule.round_steps + (schedule.layer_steps if self.model.has_mapping else 0)

    def search(self, group: range) -> Generator[list[Best], None, None]:
        """Yield the best latents so far after each step."""
        device = self.model.device
        rngs = [seeded_rng(0, "projection", device=device) for _ in group]
        vectors = self.vectors[group.start : group.stop].to(device)
        search = Search(self.model, self.embedding, vectors, self.spread, rngs, self.options.schedule)
        starts = torch.stack([self.starts[index].w for index in group])
        if self.encoder is not None:
            images = [to_float(self.targets[index].image[None]).to(device) for index in group]
            codes = torch.stack([encoded(self.encoder, self.model.config, image).cpu() for image in images])
            of_label = starts[:, :1, :, codes.shape[3] :]
            starts = torch.cat([starts, torch.cat([codes, of_label], 3)], 1)
        best = yield from search.run(starts)
        if self.model.has_mapping:
            yield from search.run_layers(best)

    def write_all(self, group: range, best: list[Best], films: list[list[Tensor]], reason: str) -> list[Projected]:
        """Write what was found of each picture of a group so far, and return it as events."""
        found = list(zip(group, best, films, strict=False))  # before the first step there is none
        if found and group.start == 0:
            self.itself = self.distance(0, found.pop(0)[1].w)
        return [self.write(index, each, film, reason) for index, each, film in found]

    def write(self, index: int, best: Best, film: list[Tensor], reason: str) -> Projected:
        """Write what was found of a picture, and return it as an event."""
        target, starts, distance = self.targets[index], self.starts[index], self.distance(index, best.w)
        class_index = starts.labels[best.start] if best.start < len(starts.labels) else starts.labels[0]
        label = self.model.config.classes[class_index] if class_index >= 0 else ""
        facts = {
            "distance": f"{distance:.4f}",
            "nearest": f"{starts.nearest:.4f}",
            "itself": f"{self.itself:.4f}",
            "mark": self.marks[target.name],
            "reason": reason,
        }
        result = self.results[target.name]
        result.write(self.model, target.image, best.w, film, facts | ({"label": label} if label else {}))
        return Projected(
            picture=str(target.path),
            path=str(result.picture),
            distance=distance,
            nearest=starts.nearest,
            label=label,
        )

    def distance(self, index: int, w: Tensor) -> float:
        """Return how far the picture drawn from w (num_ws, w_dim) is from a target."""
        return float(distances(self.embed(self.model.synthesize(w[None])), self.vectors[index]))

    @torch.no_grad()
    def embed(self, images: Tensor) -> Tensor:
        """Return the vectors (N, D) of uint8 images (N, C, H, W), one by one: others change no bit of it."""
        return torch.cat([self.embedding(to_float(each[None].to(self.model.device))).cpu() for each in images])
