"""What do the scores on the way cost? Each recipe's share of a ten-minute budget, and of a budget of pictures.

The calibration that a training begins with decides how many evaluations fit; here whole evaluations are then timed, so
that the share is measured and not what the calibration expected.

    python benchmarks/evaluation_cost.py
"""

import argparse
import statistics
import time
from pathlib import Path

from ganvas.config import DataConfig
from ganvas.device import choose_device, torch_device
from ganvas.recipes import RECIPES
from ganvas.training.calibrate import calibrate
from ganvas.training.monitoring.checkpoint_scores import CheckpointScorer
from ganvas.training.state import new_state
from ganvas.training.steps.ema import prepare_for_sampling
from sets import ASSETS, SETS, load_set


def measure(name: str, recipe: str, assets: Path, minutes: float) -> str:
    """Return one row of the table."""
    file, size, channels, _ = SETS[name]
    data, device = load_set(name, assets), choose_device("cpu")
    config = RECIPES[recipe](DataConfig(str(assets / file), size, size, channels), data.count)
    config = calibrate(config, data, device, lambda: 60 * minutes)
    where = torch_device(device)
    began = time.perf_counter()
    appraiser = CheckpointScorer(config, data, where)
    first = time.perf_counter() - began
    state = new_state(config, where)
    network = prepare_for_sampling(state, config, where)
    times = []
    for _ in range(3):
        began = time.perf_counter()
        appraiser.score(state, network)
        times.append(time.perf_counter() - began)
    each = statistics.median(times)
    share = (first + config.evaluations * each) / (60 * minutes)
    by_pictures = each / (config.images_per_evaluation * 60 * minutes / config.images)
    return (
        f"| {name} | {recipe} | {each:.1f} s | {config.evaluations} | {share:.1%} | "
        f"{config.images / minutes / 60:,.0f} | {by_pictures:.1%} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--cases", nargs="+", default=["MNIST:fc", "MNIST:dcgan", "MNIST:quick", "photographs:quick"])
    wanted = parser.parse_args()
    print("| pictures | recipe | an evaluation | in the budget | share | pictures/s | share if by pictures |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for case in wanted.cases:
        name, _, recipe = case.partition(":")
        print(measure(name, recipe, wanted.assets, wanted.minutes), flush=True)


if __name__ == "__main__":
    main()
