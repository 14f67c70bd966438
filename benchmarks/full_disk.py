"""A disk that is full, a kill within a write, and a power cut, at any operation of small commands.

    python benchmarks/full_disk.py --fault full --count 100 --seed 0
    python benchmarks/full_disk.py --fault kill --count 100 --seed 0
    python benchmarks/full_disk.py --fault power --count 100 --seed 0

- full: from an operation drawn by the seed on, nothing more fits: half of a write still does, then all fail.
- kill: the command is killed at an operation, a write when half of it is done.
- power: the command is recorded. What would be on the disk after a power cut at an operation is laid out: data, names,
  or some of both that were not synced are lost. It also lists what is renamed before its data are safe.

Then the same command has to go on without a fault, and to come to the same result as undisturbed, byte for byte. With a
full disk it has to end in an error and its hint. The commands are in stories.py.

It needs a C compiler: operations are caught by disk_faults.c, which is loaded before the C library. Not seen is what is
written through C's own stdio (numpy's tofile, which writes labels.npy) or a memory map, and system calls that a library
makes by itself (safetensors' rename, which is inferred). A recording that is not complete otherwise ends the script.
Linux only. Exits with 1 if there was a fault.
"""

import ctypes
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from disk_replay import (
    Folder,
    Operation,
    apply,
    find,
    read_log,
    read_tree,
    unsynced_renames,
    with_unseen_renames,
    write_tree,
)
from stories import STORIES, Stage
from trial import Tally, arguments, contents, import_all, run_command, work_folder

SOURCE = Path(__file__).with_name("disk_faults.c")
LIBRARY = "GANVAS_DISK_FAULTS"  # in the environment, once it is loaded
FAULTS = {"record": 0, "full": 1, "kill": 2, "power": 0}
TAKE_SPACE = ("create", "mkdir", "write", "fsync")
UNSEEN = ("labels.npy",)
# What of the unsynced is lost, as a share: data, names.
LOSSES = {"data": (1.0, 0.0), "names": (0.0, 1.0), "all": (1.0, 1.0), "some": (0.5, 0.5)}


def with_library() -> None:
    """Compile the library, and begin this process again with it, unless that was done."""
    if LIBRARY in os.environ:  # it is loaded: neither the file nor the variable is needed any more
        shutil.rmtree(Path(os.environ[LIBRARY]).parent)
        del os.environ["LD_PRELOAD"]
        return
    library = Path(tempfile.mkdtemp(prefix="ganvas-disk-")) / "disk_faults.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-pthread", "-o", str(library), str(SOURCE)], check=True)
    environment = os.environ | {"LD_PRELOAD": str(library), LIBRARY: str(library)}
    os.execve(sys.executable, [sys.executable, *sys.argv], environment)


def arm(folder: Path, fault: str, nth: int = 0, log: int = -1) -> None:
    """Have operations below `folder` fail from number `nth` on, or be recorded. Called in the child."""
    ctypes.CDLL(None).disk_faults_arm(str(folder).encode(), FAULTS[fault], ctypes.c_long(nth), log)


class Disk:
    """Stories, what each of them does to files, and the faults."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.prepared, stage.cache = stage.cache, stage.work / "cache"  # where it is watched too
        os.environ["GANVAS_CACHE"] = str(stage.cache)
        self.begun: dict[str, Path] = {}
        self.operations = {name: self._record(name) for name in STORIES}
        print("operations: " + ", ".join(f"{name} {len(each)}" for name, each in self.operations.items()), flush=True)

    def _record(self, name: str) -> list[Operation]:
        """Return what a story does to files; keep what was there before."""
        stage = self.stage
        self._begin(name)
        self.begun[name] = stage.folder / "begun" / name
        shutil.copytree(stage.work, self.begun[name])
        tree = read_tree(stage.work)
        with tempfile.TemporaryFile() as log:
            outcome = run_command(
                stage.command(STORIES[name]), before=partial(arm, stage.work, "record", 0, log.fileno())
            )
            log.seek(0)
            operations = list(with_unseen_renames(tree, read_log(log.read(), stage.work)))
        if outcome.status:
            raise SystemExit(outcome.output)
        replayed = stage.folder / "replayed"
        shutil.rmtree(replayed, ignore_errors=True)
        write_tree(tree, replayed, bool, bool)
        before, after = contents(replayed), contents(stage.work)
        missed = [each for each in before.keys() | after.keys() if before.get(each) != after.get(each)]
        if missed := [each for each in missed if Path(each).name not in UNSEEN]:
            raise SystemExit(f"{name}: not all that was written was seen: {', '.join(sorted(missed)[:5])}")
        return operations

    def _begin(self, name: str) -> None:
        """Begin a story; its prepared pictures are there unless it is to prepare them."""
        self.stage.begin(STORIES[name])
        if not STORIES[name].prepares:
            shutil.copytree(self.prepared, self.stage.cache)

    def trial(self, fault: str, number: int, rng: random.Random) -> None:
        """Play a story with a fault, then without."""
        name = rng.choice(sorted(STORIES))
        what = f"trial {number}, "
        what += self._cut_power(name, rng) if fault == "power" else self._fail(name, fault, rng)
        self.stage.end_well(name, what)

    def _fail(self, name: str, fault: str, rng: random.Random) -> str:
        """Play a story with a full disk or a kill, and judge its end; return what was done."""
        stage, operations = self.stage, self.operations[name]
        self._begin(name)
        count = sum(each.name in TAKE_SPACE for each in operations) if fault == "full" else len(operations)
        nth = rng.randint(1, count)
        outcome = run_command(stage.command(STORIES[name]), before=partial(arm, stage.work, fault, nth))
        what = f"{fault} at operation {nth} of {count}"
        if fault == "full":
            stage.tally.add(f"{STORIES[name].words[0]} of story {name} ({what})", outcome, keep=[stage.work])
        return what

    def _cut_power(self, name: str, rng: random.Random) -> str:
        """Lay out what is on the disk after a power cut; return what was done."""
        operations = self.operations[name]
        cut, loss = rng.randint(1, len(operations)), rng.choice(sorted(LOSSES))
        tree = read_tree(self.begun[name])
        for operation in operations[:cut]:
            apply(tree, operation)
        shutil.rmtree(self.stage.work)
        data, names = (_lose(share, rng) for share in LOSSES[loss])
        write_tree(tree, self.stage.work, data, names)
        last = operations[cut - 1]
        return f"power cut after operation {cut}, {last.name} {last.path}; lost: {loss}"

    def report_order(self) -> None:
        """Print which renames come before the data are safe, and which folders are not synced after them."""
        for name, operations in self.operations.items():
            tree = read_tree(self.begun[name])
            early = unsynced_renames(tree, operations)
            late = {str(each.second) for each in operations if each.name == "rename" and not _is_name_safe(tree, each)}
            print(f"{name}: renamed before synced: {_listed(early)}; folder not synced after: {_listed(late)}")


def _lose(share: float, rng: random.Random) -> Callable[[], bool]:
    return lambda: rng.random() < share


def _is_name_safe(tree: Folder, operation: Operation) -> bool:
    """Return whether what was renamed, if it is still there, is under its new name on disk too."""
    folder, node = find(tree, operation.second.parent), find(tree, operation.second)
    return node is None or (isinstance(folder, Folder) and folder.synced.get(operation.second.name) is node)


def _listed(names: list[str] | set[str]) -> str:
    unique = sorted(set(names))
    return f"{len(unique)} ({', '.join(unique[:6])}{' ...' * (len(unique) > 6)})" if unique else "none"


def main() -> int:
    """Fail, go on, compare, count."""
    args = arguments(__doc__, fault="full", count=100, first=0, keep="")
    if args.fault not in ("full", "kill", "power"):
        raise SystemExit(f"There is no fault '{args.fault}'. Choose one of: full, kill, power.")
    with_library()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])  # one core: no worker that writes unseen
    tally = Tally(Path(args.keep).resolve() if args.keep else None)
    import_all()
    with work_folder() as folder:
        disk = Disk(Stage(folder, tally))
        if args.fault == "power":
            disk.report_order()
        for number in range(args.first, args.first + args.count):
            disk.trial(args.fault, number, random.Random(f"{args.seed} {number}"))
    return tally.report()


if __name__ == "__main__":
    sys.exit(main())
