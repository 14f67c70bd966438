"""Train while being killed: a driver for test_interruption.py, in a process of its own that has loaded torch once.

Each try is a fork that counts the function calls it makes and kills itself, as `kill -9` does, at a random one: on odd
tries at any, on even ones at one inside of saving. So the moments are random, and yet the same ones each time.
"""

import json
import os
import random
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType

import torch

import tiny
from ganvas import checkpoint
from ganvas.latents import sample
from ganvas.recipes import RECIPES

KILLS = 20
SAVING = (checkpoint.save.__code__, checkpoint.prune.__code__, sample.save_network.__code__)


class Counter:
    """Count function calls, and kill the process at call number `at` (of those inside of saving, if `saving`)."""

    def __init__(self, folder: Path, saving: bool = False, at: int | None = None) -> None:
        self.folder, self.saving, self.at = folder, saving, at
        self.calls = self.calls_saving = self.depth = 0

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        saving = frame.f_code in SAVING
        if event == "return":
            self.depth -= saving
        elif event in ("call", "c_call"):
            self.depth += saving and event == "call"
            self.calls += 1
            self.calls_saving += self.depth > 0
            if self.at == (self.calls_saving if self.saving else self.calls) and (self.depth > 0 or not self.saving):
                self.kill()

    def kill(self) -> None:
        with (self.folder / "kills.jsonl").open("a") as file:
            steps = [path.name for path in checkpoint.list_checkpoints(self.folder / "killed" / "run" / "checkpoints")]
            file.write(json.dumps({"saving": self.depth > 0, "step": max(steps, default="")}) + "\n")
        os.kill(os.getpid(), signal.SIGKILL)


def in_a_fork(pictures: Path, out: Path, counter: Counter) -> int:
    """Train in a child process and return how it ended, as `os.waitpid` puts it."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            sys.setprofile(counter)
            tiny.train(pictures, out)
            sys.setprofile(None)
            (counter.folder / "calls.json").write_text(json.dumps([counter.calls, counter.calls_saving]))
            status = 0
        except BaseException:
            traceback.print_exc()  # nobody else will tell
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]


def main(pictures: Path, folder: Path) -> None:
    torch.set_num_threads(1)
    RECIPES["quick"] = tiny.changed("quick", checkpoints=8)
    moments = random.Random(0)
    assert in_a_fork(pictures, folder / "whole" / "run", Counter(folder)) == 0
    calls, calls_saving = json.loads((folder / "calls.json").read_text())
    killed = 0
    while killed < KILLS:
        saving = killed % 2 == 1
        at = moments.randrange(1, (calls_saving if saving else calls) // 2)
        ended = in_a_fork(pictures, folder / "killed" / "run", Counter(folder, saving, at))
        if os.WIFSIGNALED(ended):
            killed += 1
        else:  # it came to its end before the moment: begin again
            assert ended == 0
            (folder / "killed").rename(folder / f"finished after {killed} kills")
    assert in_a_fork(pictures, folder / "killed" / "run", Counter(folder)) == 0


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
