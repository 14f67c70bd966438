"""One `ganvas` command in a process of its own, under limits, and a judgement of how it ended.

The process is forked from one that has imported everything, so that a command takes as long as its work. It has to be
Linux. Nothing is computed before the fork: the threads of torch do not survive one.
"""

import argparse
import hashlib
import importlib
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ganvas.cli import main as ganvas_main
from ganvas.cli.commands import COMMANDS
from ganvas.latents.projection.search import Schedule

SECONDS_LIMIT = 60  # of processor time, which other programs do not change
CLOCK_LIMIT = 600  # seconds, for what waits and takes no processor time
MEMORY_LIMIT_MB = 2000.0
CLEAN = (0, 1, 2, 130)  # done, an error with its hint, wrong usage, interrupted
ADDRESS_SPACE = 24 << 30  # bytes: what asks for more gets none, so that this machine survives a fault
LATER_IMPORTS = ("ganvas.training", "ganvas.style", "ganvas.evaluation", "ganvas.report", "timm", "tifffile", "tyro")


@dataclass(frozen=True)
class Outcome:
    """How a command ended.

    Args:
        status: its exit status; negative for the signal that killed it.
        output: what it printed.
        seconds: of processor time, which other programs do not change.
        memory_mb: the most memory that it or one of its children held.
        was_endless: whether it was killed because it had not ended within one of the limits.
    """

    status: int
    output: str
    seconds: float
    memory_mb: float
    was_endless: bool = False

    @property
    def fault(self) -> str:
        """What is wrong with such an end; empty if nothing."""
        if "Traceback (most recent call last)" in self.output:
            return "traceback: " + self.output[self.output.rindex("Traceback (most recent call last)") :][-1500:]
        if "\x1b" in self.output:  # it goes into a file, for which nothing is colored
            return f"an escape sequence of a stranger: {self.output[-500:]!r}"
        if self.was_endless:
            return f"no end within {SECONDS_LIMIT} s of the processor or {CLOCK_LIMIT} s: {self.output[-500:]}"
        if self.status not in CLEAN:
            return f"status {self.status}: {self.output[-500:]}"
        if self.memory_mb > MEMORY_LIMIT_MB:
            return f"held {self.memory_mb:,.0f} MB"
        if self.status == 1 and "Error: " not in self.output:
            return f"status 1 without an error: {self.output[-500:]}"
        return ""


def run_command(words: list[str], kill_after: float | None = None, before: Callable[[], None] | None = None) -> Outcome:
    """Run `ganvas` with `words` in a child.

    Args:
        kill_after: seconds after which it is killed (SIGKILL). None for the limits on a trial.
        before: called in the child, before the command.
    """
    # A second at a time: if this machine was asleep, it counts as one.
    waits = [1.0] * CLOCK_LIMIT if kill_after is None else [kill_after]
    with tempfile.TemporaryFile() as log:
        child = os.fork()
        if not child:
            if kill_after is None:
                resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_LIMIT, SECONDS_LIMIT + 1))
            _be_ganvas(words, log.fileno(), before)
        watched = os.pidfd_open(child)
        ended = any(select.select([watched], [], [], seconds)[0] for seconds in waits)
        if not ended:
            signal.pidfd_send_signal(watched, signal.SIGKILL)
        os.close(watched)
        _, status, usage = os.wait4(child, 0)
        status = os.waitstatus_to_exitcode(status)
        log.seek(0)
        output = log.read().decode(errors="replace")
    return Outcome(
        status=status,
        output=output,
        seconds=usage.ru_utime + usage.ru_stime,
        memory_mb=usage.ru_maxrss * 1024 / 1e6,
        was_endless=kill_after is None and (not ended or status == -signal.SIGXCPU),
    )


def _be_ganvas(words: list[str], log: int, before: Callable[[], None] | None) -> None:
    """Be the command, in a child, and end it."""
    status = 1
    try:
        for descriptor in (1, 2):
            os.dup2(log, descriptor)
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
        if before is not None:
            before()
        status = ganvas_main(words)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def import_all() -> None:
    """Import what any command imports, once for all children, which have one thread each and search shortly."""
    torch.set_num_threads(1)
    for command in COMMANDS.values():
        command.load()
    for name in LATER_IMPORTS:
        importlib.import_module(name)
    # A search for the latent of a picture takes a minute, and nobody looks at what it finds here.
    Schedule.__init__.__defaults__ = (((2, 2), (1, 2)), 2, 2)


@contextmanager
def work_folder() -> Iterator[Path]:
    """Yield a folder in which Ganvas has its cache, its home and its temporary files, and `outside`, which is no one's.

    It is removed at the end.
    """
    with tempfile.TemporaryDirectory(prefix="ganvas-trial-") as name:
        folder = Path(name)
        for each in ("cache", "home", "tmp", "outside", "cwd"):
            (folder / each).mkdir()
        (folder / "outside" / "private.txt").write_text("Nobody else may read or change this.")
        os.environ |= {
            "GANVAS_CACHE": str(folder / "cache"), "HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")
        }  # fmt: skip
        tempfile.tempdir = None
        os.chdir(folder / "cwd")
        yield folder
        os.chdir("/")


def contents(folder: Path, without: Collection[str] = ()) -> dict[str, str]:
    """Return a hash of each file, and where each link leads, by its path in `folder`.

    Args:
        without: names in `folder` that are left out.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if name.split("/")[0] in without:
            continue
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[name] = "folder" if path.is_dir() else "special"
    return found


def changes(before: dict[str, str], after: dict[str, str]) -> str:
    """Return what is not as it was, in words; empty if all is."""
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return f"changed: {', '.join(names[:5])}" if names else ""


def make_pictures(folder: Path, count: int, side: int = 16) -> Path:
    """Write `count` small pictures of noise, always the same."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(count):
        Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8)).save(folder / f"{number:04d}.png")
    return folder


def must(words: list[str]) -> Outcome:
    """Run a command that has to end well, to prepare a trial.

    Raises:
        SystemExit: it did not.
    """
    outcome = run_command(words, kill_after=3600)
    if outcome.status:
        raise SystemExit(f"ganvas {' '.join(words)}: {outcome.status}\n{outcome.output}")
    return outcome


@dataclass
class Tally:
    """Counts of commands and faults; each fault is printed as it comes, with what led to it.

    Args:
        kept: folder for copies of what led to a fault; None to keep nothing.
    """

    kept: Path | None = None
    commands: int = 0
    faults: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    largest: tuple[float, str] = (0.0, "")

    def add(self, what: str, outcome: Outcome, *problems: str, keep: Iterable[Path] = ()) -> None:
        """Count an outcome.

        Args:
            what: the command, and where it stands in the fuzzing.
            problems: what else is wrong, each empty if it is not.
            keep: folders that led to it, as they are now.
        """
        self.commands += 1
        self.statuses[f"{what.split()[0]} {outcome.status}"] += 1
        self.slowest = max(self.slowest, (outcome.seconds, what))
        self.largest = max(self.largest, (outcome.memory_mb, what))
        self.fault(what, *(outcome.fault, *problems), keep=keep)

    def fault(self, what: str, *problems: str, keep: Iterable[Path] = ()) -> None:
        """Count and print each of `problems` that is not empty."""
        for problem in filter(None, problems):
            self.faults += 1
            self.kinds[problem.partition(":")[0]] += 1
            print(f"FAULT {self.faults}: {what}\n{problem}\n", flush=True)
            for folder in keep if self.kept else ():
                if folder.exists():
                    shutil.copytree(
                        folder,
                        self.kept / f"{self.faults}" / folder.name,
                        symlinks=True,
                        ignore=no_pipes,
                        dirs_exist_ok=True,
                    )

    def report(self) -> int:
        """Print the counts and return the exit status: 1 if there was a fault."""
        print(f"{self.commands:,} commands, {self.faults} faults")
        for what, counts in (("faults", self.kinds), ("statuses", self.statuses)):
            print(f"{what}: {', '.join(f'{name} x {count}' for name, count in sorted(counts.items())) or 'none'}")
        print(f"slowest, {self.slowest[0]:.1f} s: {self.slowest[1]}")
        print(f"most memory, {self.largest[0]:,.0f} MB: {self.largest[1]}")
        return 1 if self.faults else 0


def no_pipes(folder: str, names: list[str]) -> list[str]:
    """Return which of `names` in `folder` cannot be copied."""
    paths = [Path(folder) / name for name in names]
    return [path.name for path in paths if not (path.is_symlink() or path.is_file() or path.is_dir())]


def arguments(description: str | None, **defaults: int | str) -> argparse.Namespace:
    """Return the command line: an option for each of `defaults`, and --seed."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {**defaults, "seed": 0}.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    return parser.parse_args()


def shown(words: Iterable[str | Path], folder: Path) -> str:
    """Return a command for a message, with paths as seen from `folder`."""
    return " ".join(map(str, words)).replace(f"{folder}/", "")
