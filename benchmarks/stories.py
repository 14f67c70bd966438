"""Small commands that can be cut short anywhere: the same command again has to come to the same end, bit for bit."""

import hashlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from trial import Tally, make_pictures, must, run_command, shown

TRAIN = ("--size", "16", "--batch", "16", "--device", "cpu")
# Of a training, what is drawn and learned. Its config.json, its events and its report hold times and paths.
OF_RUN = ("run/model/generator.safetensors", "run/samples/*", "run/checkpoints/*/state.safetensors")


@dataclass(frozen=True)
class Story:
    """A command, and what has to be the same in the end.

    Args:
        words: the command; {work} is the folder in which it may write, {run} a finished run.
        results: names in {work}, as patterns.
        prepares: whether it is begun without prepared pictures.
        copies_run: whether {work}/run is a copy of the finished run at its beginning.
    """

    words: tuple[str, ...]
    results: tuple[str, ...]
    prepares: bool = False
    copies_run: bool = False


STORIES = {
    "fc": Story(("train", "{pictures}", "--out", "{work}/run", "--recipe", "fc", "--images", "800", *TRAIN), OF_RUN),
    "quick": Story(
        ("train", "{pictures}", "--out", "{work}/run", "--recipe", "quick", "--images", "96", *TRAIN), OF_RUN, True
    ),
    "prepare": Story(
        ("train", "{many}", "--out", "{work}/run", "--recipe", "fc", "--images", "64", *TRAIN), OF_RUN, True
    ),
    "sample": Story(
        ("sample", "{run}", "--count", "200", "--out", "{work}/sampled", "--device", "cpu"), ("sampled/*",)
    ),
    "evaluate": Story(
        ("evaluate", "{run}", "--count", "20", "--out", "{work}/scores", "--device", "cpu"), ("scores/*",)
    ),
    "report": Story(
        ("report", "{work}/run", "--count", "20", "--device", "cpu"),
        ("run/report.html", "run/evaluation/*"),
        copies_run=True,
    ),
    "style": Story(
        ("style", "{pictures}/0000.png", "{pictures}/0001.png", "--out", "{work}/painting.png", "--size", "32",
         "--iterations", "1", "--device", "cpu"),
        ("painting.png",),
    ),
    "walk": Story(
        ("walk", "{run}", "--out", "{work}/walk.webp", "--seconds", "2", "--size", "64", "--device", "cpu"),
        ("walk.webp",),
    ),
    "project": Story(
        ("project", "{run}", "{pictures}/0000.png", "--out", "{work}/projected", "--samples", "64", "--device", "cpu"),
        ("projected/*.safetensors", "projected/*.png"),
    ),
}  # fmt: skip


class Stage:
    """A work folder in which stories are played, and what comes of each of them if nothing happens."""

    def __init__(self, folder: Path, tally: Tally) -> None:
        self.folder, self.tally = folder, tally
        self.work, self.cache, self.run = folder / "work", folder / "cache", folder / "run"
        self.places = {
            "pictures": make_pictures(folder / "pictures", 32),
            "many": make_pictures(folder / "many", 150, 256),
            "run": self.run,
            "work": self.work,
        }
        pictures = str(self.places["pictures"])
        must(["train", pictures, "--out", str(self.run), "--recipe", "fc", "--images", "320", *TRAIN])
        self.expected: dict[str, dict[str, str]] = {}
        self.seconds: dict[str, float] = {}
        for name, story in STORIES.items():
            self.begin(story)
            began = time.monotonic()  # of the clock, as the moments of kills are
            must(self.command(story))
            self.seconds[name] = time.monotonic() - began
            self.expected[name] = self.results(story)
        print("seconds: " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in self.seconds.items()), flush=True)

    def command(self, story: Story) -> list[str]:
        """Return the words of a story's command."""
        return [word.format(**self.places) for word in story.words]

    def begin(self, story: Story) -> None:
        """Take away what earlier commands have written."""
        for folder in (self.work, self.cache) if story.prepares else (self.work,):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        if story.copies_run:
            shutil.copytree(self.run, self.work / "run")

    def results(self, story: Story) -> dict[str, str]:
        """Return the hash of each result; of a picture, the hash of its pixels (its color profile is dated)."""
        found = sorted({path for pattern in story.results for path in self.work.glob(pattern)})
        return {str(path.relative_to(self.work)): hashlib.sha256(_content(path)).hexdigest() for path in found}

    def end_well(self, name: str, what: str) -> None:
        """Run a story's command to its end, and judge it and what it leaves.

        Args:
            what: what came before, for the message.
        """
        story = STORIES[name]
        outcome = run_command(self.command(story))
        found = self.results(story)
        different = [key for key in self.expected[name] if found.get(key) != self.expected[name][key]]
        stale = self._half_written()
        listed = ", ".join(str(path.relative_to(self.folder)) for path in stale[:5])
        self.tally.add(
            f"{shown(self.command(story), self.folder)} ({what})",
            outcome,
            f"it does not go on, status {outcome.status}: {outcome.output[-1500:]}" if outcome.status else "",
            f"not the same as undisturbed: {', '.join(different[:5])}" if different else "",
            f"half-written files stay: {listed}" if stale else "",
            keep=[self.work, self.cache],
        )
        for path in (*stale, *(self.folder / "tmp").iterdir()):  # the system clears its folder itself
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def _half_written(self) -> list[Path]:
        """Return what was called damaged, and the half-written files that are still there after a good end."""
        found = {path for place in (self.work, self.cache, self.run) for path in place.rglob("*")}
        ends = (".tmp", ".partial", ".unfinished")
        return sorted(
            path for path in found if path.suffix in ends or ".damaged" in path.name or path.name.startswith("index-")
        )


def _content(path: Path) -> bytes:
    if path.suffix != ".png":
        return path.read_bytes()
    with Image.open(path) as image:
        return image.tobytes()
