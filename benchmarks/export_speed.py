"""How fast an exported network draws: onnxruntime beside PyTorch, on as many threads, in pairs.

python benchmarks/export_speed.py RUN [RUN ...] --threads 1 --pairs 15
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from ganvas.interop.exporting.generators import whole
from ganvas.interop.exporting.onnx_file import onnx_runner, to_onnx
from ganvas.latents.sample import load


def processor_seconds(draw: Callable[[], object]) -> float:
    """Return the processor's time for one call: other programs do not count."""
    began = time.process_time()
    draw()
    return time.process_time() - began


@torch.no_grad()
def compare(run: Path, batch: int, pairs: int, threads: int) -> dict[str, object]:
    """Return the medians of milliseconds a picture, and of the ratio within a pair."""
    graph = whole(load(run, "cpu"))
    inputs = graph.example(batch, 0)
    onnx = onnx_runner(to_onnx(graph), graph, threads)
    for _ in range(3):
        graph.expected(*inputs), onnx(inputs)
    measured = [
        (processor_seconds(lambda: graph.expected(*inputs)), processor_seconds(lambda: onnx(inputs)))
        for _ in range(pairs)
    ]
    torch_ms, onnx_ms = (1000 * statistics.median(times) / batch for times in zip(*measured, strict=True))
    ratio = statistics.median(with_torch / with_onnx for with_torch, with_onnx in measured)
    return {"run": run.name, "batch": batch, "torch ms": torch_ms, "onnxruntime ms": onnx_ms, "times as fast": ratio}


def main() -> None:
    """Compare, and print a line of JSON for each run and batch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for run in options.runs:
        for batch in (1, 16):
            print(json.dumps(compare(run, batch, options.pairs, options.threads)), flush=True)


if __name__ == "__main__":
    main()
