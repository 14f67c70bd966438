"""Commands that are killed (SIGKILL) at random moments; the same command again has to go on and to end well.

    python benchmarks/kills.py --count 100 --seed 0

In each of --count trials one of several small commands (training, preparing pictures, sampling, evaluating, a report,
painting, a walk, a projection; see stories.py) is killed one to three times, at moments drawn by the seed between its
beginning and its usual end. Then it runs to its end. A fault is an error or a traceback on the way, a result that is
not that of a command that nobody killed, byte for byte, or a half-written file that stays. `full_disk.py --fault kill`
kills within single writes.

Each command is forked from a process that has imported everything, so that its seconds are those of its work. Exits
with 1 if there was a fault.
"""

import random
import signal
import sys
from pathlib import Path

from stories import STORIES, Stage
from trial import Tally, arguments, import_all, run_command, work_folder

MOST_KILLS = 3


def kill_and_go_on(stage: Stage, number: int, rng: random.Random) -> None:
    """Kill one command up to `MOST_KILLS` times, let it go on, and judge."""
    name = rng.choice(sorted(STORIES))
    stage.begin(STORIES[name])
    moments = [rng.uniform(0, stage.seconds[name]) for _ in range(rng.randint(1, MOST_KILLS))]
    what = f"trial {number}, killed after {', '.join(f'{moment:.3f}' for moment in moments)} s"
    for moment in moments:
        outcome = run_command(stage.command(STORIES[name]), moment)
        on_the_way = outcome.status not in (0, -signal.SIGKILL)  # it met what the one before had left
        problem = f"status {outcome.status}: {outcome.output[-1500:]}" if on_the_way else ""
        stage.tally.fault(f"{name}, {what}", problem, keep=[stage.work])
    stage.end_well(name, what)


def main() -> int:
    """Kill, go on, compare, count."""
    args = arguments(__doc__, count=100, first=0, keep="")
    tally = Tally(Path(args.keep).resolve() if args.keep else None)
    import_all()
    with work_folder() as folder:
        stage = Stage(folder, tally)
        for number in range(args.first, args.first + args.count):
            kill_and_go_on(stage, number, random.Random(f"{args.seed} {number}"))
    return tally.report()


if __name__ == "__main__":
    sys.exit(main())
