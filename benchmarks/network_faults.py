"""What goes wrong on a network: does every process end as docs/scaling.md says, and does the run go on to the bit?

    python benchmarks/network_faults.py --faults killed cut unplugged slow stopped full asked

Two machines (namespaces, `namespaces.py`: root, Linux) train one run over a cable, and something happens to it:

- killed: one process, at a moment that the seed draws (`--count` times)
- cut: the cable is pulled out for five seconds
- unplugged: it is pulled out for good
- slow: one process gets a tenth of its time, for twenty seconds
- stopped: one process does nothing any more, and does not end
- full: the disk of the process that writes, a tmpfs of few megabytes
- asked: SIGTERM to both

Then the same command is given again, and the weights have to be those of a training that nothing happened to, to the
bit. Exits with 1 if one was not as documented.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file

import ganvas as package
from ganvas.checkpoint import checkpoint_path
from ganvas.runs import Run
from namespaces import COUNT, Network
from network import run_on_both

OPTIONS = ["--recipe", "r3gan", "--size", "16", "--channel-mult", "0.1", "--batch", "8", "--limit", "256"]
OPTIONS += ["--device", "cpu", "--coach", "off"]
TIMEOUT = 120  # seconds, within which whoever waits for one that is gone has to end
FILLER = "filler"
OWN_MOUNTS = "GANVAS_OWN_MOUNTS"  # in the environment, once they are
AT_ONCE = 30  # seconds, for what is known at once; a busy machine takes some for its own
Processes = list["subprocess.Popen[bytes]"]


class Scene(NamedTuple):
    """A training over the cable, in the middle of which something happens."""

    network: Network
    processes: Processes
    run: Run
    rng: random.Random
    usual: float  # seconds that it takes

    def signal(self, number: int, machine: int) -> None:
        """Send a signal to the process of a machine, unless it has ended."""
        if self.processes[machine].poll() is None:
            self.processes[machine].send_signal(number)


class Fault(NamedTuple):
    """What happens, and how each of both has to end.

    Args:
        happens: makes it happen, and returns what it did in words.
        ends: the exit status of the leading process and of the other; None for any.
        says: what one of them has to print.
        within: seconds, from then on.
        at_once: whether it happens at any moment, and not after the first report.
    """

    happens: Callable[[Scene], str]
    ends: tuple[int | None, int | None]
    says: str
    within: float
    at_once: bool = False


def killed(scene: Scene) -> str:
    """Kill one of them at a moment of the whole training, start-up included."""
    moment, machine = scene.rng.uniform(0, scene.usual), scene.rng.randrange(COUNT)
    time.sleep(moment)
    scene.signal(signal.SIGKILL, machine)
    return f"process {machine} after {moment:.1f} s"


def cut(scene: Scene) -> str:
    """Pull the cable out for five seconds."""
    scene.network.plug(is_in=False)
    time.sleep(5)
    scene.network.plug(is_in=True)
    return "5 s"


def unplugged(scene: Scene) -> str:
    """Pull the cable out."""
    scene.network.plug(is_in=False)
    return "for good"


def slow(scene: Scene) -> str:
    """Let one process work for a tenth of the time."""
    until = time.monotonic() + 20
    while time.monotonic() < until and scene.processes[1].poll() is None:
        scene.signal(signal.SIGSTOP, 1)
        time.sleep(0.09)
        scene.signal(signal.SIGCONT, 1)
        time.sleep(0.01)
    return "20 s"


def stopped(scene: Scene) -> str:
    """Let one process do nothing any more."""
    scene.signal(signal.SIGSTOP, 1)
    return "process 1"


def full(scene: Scene) -> str:
    """Fill the disk."""
    with suppress(OSError), (scene.run.folder.parent / FILLER).open("wb") as filler:
        while True:
            filler.write(bytes(1 << 16))
    return "the rest of it"


def asked(scene: Scene) -> str:
    """Ask both to end, as a scheduler does."""
    for machine in range(COUNT):
        scene.signal(signal.SIGTERM, machine)
    return "both"


GONE = "Another process of this training has ended"
FAULTS = {
    "killed": Fault(killed, (None, None), "", TIMEOUT, at_once=True),
    "cut": Fault(cut, (0, 0), "Done", 600),
    "unplugged": Fault(unplugged, (1, 1), GONE, TIMEOUT),
    "slow": Fault(slow, (0, 0), "Done", 600),
    "stopped": Fault(stopped, (1, None), GONE, TIMEOUT),
    "full": Fault(full, (1, 0), "disk space", AT_ONCE),
    "asked": Fault(asked, (130, 0), "everything is saved", AT_ONCE),
}


class Stage:
    """Pictures, a disk that can be full, and the training that nothing happened to.

    Args:
        images: that the training sees.
        program: what begins a command of this package.
    """

    def __init__(
        self, network: Network, folder: Path, images: int, program: tuple[str, ...] = (sys.executable, "-m", "ganvas")
    ) -> None:
        self.network, self.images, self.program = network, images, program
        self.folder, self.disk = folder, folder / "disk"
        self.disk.mkdir()
        self.pictures = Path(package.__file__).parent / "builtin" / "people.zip"
        whole = Run(folder / "whole")
        began = time.monotonic()
        run_on_both(network, self.command(whole), whole.folder)
        self.usual = time.monotonic() - began
        print(f"undisturbed in {self.usual:.0f} s", flush=True)
        self.weights = _weights(whole)

    def command(self, run: Run) -> list[str]:
        """Return the command of the training."""
        words = ["train", self.pictures, "--out", run.folder, *OPTIONS, "--images", self.images]
        return [*self.program, *map(str, words)]

    def play(self, name: str, rng: random.Random) -> list[str]:
        """Train, let a fault happen, and go on; return what was not as documented."""
        run, is_small = Run(self.disk / "run"), name == "full"
        if is_small:
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", self.disk], check=True)
        try:
            faults = self._disturb(name, run, rng)
            (self.disk / FILLER).unlink(missing_ok=True)
            run_on_both(self.network, self.command(run), self.disk / "again")
            again = _weights(run)
            if not all(torch.equal(again[key], value) for key, value in self.weights.items()):
                faults.append("the weights are others")
        finally:
            if is_small:
                subprocess.run(["umount", "--lazy", self.disk], check=True)
            shutil.rmtree(run.folder, ignore_errors=True)
        print("; ".join(faults) or "as documented", flush=True)
        return faults

    def _disturb(self, name: str, run: Run, rng: random.Random) -> list[str]:
        """Train, let a fault happen, and return what was not as documented in how the processes ended."""
        fault, faults = FAULTS[name], list[str]()
        logs = [self.folder / f"log{machine}.txt" for machine in range(COUNT)]
        processes = [self.network.start(each, self.command(run), log) for each, log in enumerate(logs)]
        if not fault.at_once:
            _wait_for_report(run, processes)
        what = fault.happens(Scene(self.network, processes, run, rng, self.usual))
        began = time.monotonic()
        ends = [_end_of(process, began + fault.within) for process in processes]
        seconds = time.monotonic() - began
        for process in processes:
            process.kill()
            process.wait()
        self.network.plug(is_in=True)
        kept = len(list(run.checkpoints.iterdir())) if run.checkpoints.exists() else 0
        print(f"{name}, {what}: ended with {ends} in {seconds:.0f} s, {kept} checkpoints kept", end=", ", flush=True)
        if ends[0] is None or (ends[1] is None and name != "stopped"):
            faults.append(f"still there after {fault.within} s")
        elif any(wanted not in (None, end) for wanted, end in zip(fault.ends, ends, strict=True)):
            faults.append("ended in another way")
        told = "".join(log.read_text() for log in logs)
        if fault.says not in told or "Traceback" in told:
            faults.append(f"said:\n{told}\n")
        return faults


def _end_of(process: "subprocess.Popen[bytes]", until: float) -> int | None:
    """Return the exit status of a process; None where it is still there by then."""
    try:
        return process.wait(max(0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        return None


def _wait_for_report(run: Run, processes: Processes) -> None:
    """Wait until a training has reported a step."""
    while not run.events_file.is_file() or '"Step"' not in run.events_file.read_text(encoding="utf-8"):
        if any(process.poll() is not None for process in processes):
            raise SystemExit("the training ended before anything could happen to it")
        time.sleep(0.05)


def _weights(run: Run) -> dict[str, torch.Tensor]:
    """Return the numbers of the last checkpoint of a finished run."""
    return load_file(checkpoint_path(run.checkpoints, run.read_config().steps) / "state.safetensors")


def with_own_mounts() -> None:
    """Begin this process again where what it mounts is seen by nobody else, and gone with it."""
    if os.environ.get(OWN_MOUNTS) != f"{os.getpid()}":
        os.environ[OWN_MOUNTS] = f"{os.getpid()}"  # `unshare` becomes the command, so it stays the same
        os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", nargs="+", choices=list(FAULTS), default=list(FAULTS))
    parser.add_argument("--count", type=int, default=10, help="kills")
    parser.add_argument("--images", type=int, default=640, help="of the training")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with_own_mounts()
    bad = 0
    with tempfile.TemporaryDirectory() as place, Network() as network:
        os.environ["GANVAS_CACHE"] = f"{place}/cache"
        stage = Stage(network, Path(place), args.images)
        for name in args.faults:
            for number in range(args.count if name == "killed" else 1):
                bad += bool(stage.play(name, random.Random(f"{args.seed} {name} {number}")))
    print(f"{bad} not as documented")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
