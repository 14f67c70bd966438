"""How long the studio's Explore takes to answer: one picture of 128 px, moved a little each time, as with a slider.

    python benchmarks/studio_answers.py
    python benchmarks/studio_answers.py --recipes quick stylegan2 --size 256

The networks have random weights, which take as long as trained ones. Printed are medians over `--count` answers, in
milliseconds: of the processor, all threads together, and of the clock, which is that of this machine as busy as it is.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from ganvas.device import leave_time_to_other_programs

leave_time_to_other_programs()  # as the command does, before torch is imported

from ganvas.config import DataConfig  # noqa: E402
from ganvas.latents.sample import save_network  # noqa: E402
from ganvas.models import build_generator  # noqa: E402
from ganvas.recipes import RECIPES  # noqa: E402
from ganvas.studio.explorer import Explorer  # noqa: E402
from ganvas.studio.points import Mix, Seed  # noqa: E402
from ganvas.studio.workspace import Workspace  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="+", default=["quick", "keen", "stylegan2", "fastgan", "dcgan"])
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--count", type=int, default=30)
    arguments = parser.parse_args()
    print(f"| {arguments.size} px | processor, ms | clock, ms |\n| --- | ---: | ---: |")
    for recipe in arguments.recipes:
        with tempfile.TemporaryDirectory() as folder:
            processor, clock = answers(Path(folder), recipe, arguments.size, arguments.count)
        print(f"| {recipe} | {processor:.0f} | {clock:.0f} |", flush=True)


def answers(folder: Path, recipe: str, size: int, count: int) -> tuple[float, float]:
    """Return medians of the milliseconds that an answer takes: of the processor, and of the clock."""
    workspace = Workspace(folder)
    run = workspace.run("run")
    run.model.mkdir(parents=True)
    config = RECIPES[recipe](DataConfig("pictures", size, size), 1000)
    run.write_config(config)
    save_network(run, build_generator(config), 0, 0)
    explorer, times = Explorer(workspace), []
    one, other = Seed(kind="seed", seed=1), Seed(kind="seed", seed=2)
    for number in range(count + 3):
        point = Mix(kind="mix", one=one, other=other, share=number / (count + 3))
        began = time.process_time(), time.perf_counter()
        explorer.draw(run, [point], 0.9, "slider", number)
        times.append((time.process_time() - began[0], time.perf_counter() - began[1]))
    processor, clock = (statistics.median(column) for column in zip(*times[3:], strict=True))
    return 1000 * processor, 1000 * clock


if __name__ == "__main__":
    main()
