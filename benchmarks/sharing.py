"""What a training costs somebody who works beside it: speed alone and in company, with threads that spin or sleep.

Each worker takes steps of a small convolutional pair on all cores. OpenMP's threads spin while they wait for each other
(its default), spin briefly (as `ganvas` lets them), or sleep at once. Run: python benchmarks/sharing.py
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

SECONDS = 6.0
WAITING = {"spin": {}, "spin briefly": {"GOMP_SPINCOUNT": "3000"}, "sleep": {"OMP_WAIT_POLICY": "PASSIVE"}}


def work(seconds: float) -> None:
    """Print the steps a second of this process."""
    import torch

    layers = [torch.nn.Conv2d(64, 64, 3, 1, 1) for _ in range(4)]
    network = torch.nn.Sequential(*layers).to(memory_format=torch.channels_last)
    pictures = torch.randn(32, 64, 16, 16).contiguous(memory_format=torch.channels_last)
    for _ in range(5):
        network(pictures).sum().backward()
    sys.stdin.readline()  # all workers begin together
    steps, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        network(pictures).sum().backward()
        steps += 1
    print(steps / (time.perf_counter() - began))


def measure(company: int, waiting: str, seconds: float) -> float:
    """Return the steps a second of all of `company` workers together."""
    environment = {**os.environ, **WAITING[waiting]}
    command = [sys.executable, __file__, "--work", str(seconds)]
    workers = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(company)
    ]
    time.sleep(8)  # until all have imported torch and warmed up
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    return sum(float(worker.communicate()[0]) for worker in workers)


def main() -> None:
    """Print a table: workers, how threads wait, median steps a second of all together, share of one alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.work)
        return
    cases = [(company, waiting) for company in (1, 2) for waiting in WAITING]
    results: dict[tuple[int, str], list[float]] = {case: [] for case in cases}
    for _ in range(arguments.repeats):
        for case in cases:
            results[case].append(measure(*case, SECONDS))
    alone = statistics.median(results[1, "spin"])
    print("| workers | waiting threads | steps/s together | of one alone |\n| --- | --- | --- | --- |")
    for (company, waiting), speeds in results.items():
        speed = statistics.median(speeds)
        print(f"| {company} | {waiting} | {speed:.1f} | {speed / alone:.2f} |")


if __name__ == "__main__":
    main()
