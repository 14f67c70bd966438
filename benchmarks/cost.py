"""What does a step of training cost, and what share of the convolutions that this machine could do is it?

FLOP are multiplications and additions in convolutions and matrix products, as torch counts them; what a step does to
pictures one number at a time is not among them, and so comes out as overhead. The rate of the machine is the median
over a few usual layers, each in its best of several goes, on the threads and cores that the script is left with:

    taskset -c 1 env OMP_NUM_THREADS=1 python benchmarks/cost.py --recipe dcgan --size 32 --own

Time is shared with whatever else the machine does, so steps and rate are measured in turns, the share is taken of each
pair, and the medians are printed. --own compares with the step's own convolutions as well, run again alone and in the
same shapes: what is missing there is what the step does besides, and not that its layers are of an unlucky shape.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import conv_flop_count, flop_registry, shape_wrapper

import ganvas
from ganvas.config import Config, DataConfig
from ganvas.data import PreparedDataset
from ganvas.data.loader import Loader
from ganvas.device import choose_device, torch_device
from ganvas.events import Step
from ganvas.planning.budget import with_images
from ganvas.planning.schedule import config_at_step, phase_at
from ganvas.recipes import RECIPES
from ganvas.training.phases import begin_step, take_step
from ganvas.training.state import new_state
from machine import machine_line

aten = torch.ops.aten
STEPS = 16  # whatever a recipe does only now and then, such as a lazy penalty, comes as often in these as on average
PICTURES, IMAGES = 1_000, 1_000_000  # pictures that are tried, and the budget that a recipe is tried at the end of
# Channels in and out, kernel, stride, pixels a side, batch: from the wide grids of a small batch to the deep ones of a
# large batch, as in the networks of all recipes at 32 and 64 px.
LAYERS = (
    (64, 64, 3, 1, 32, 32), (128, 128, 3, 1, 16, 64), (256, 256, 3, 1, 8, 128),
    (64, 128, 4, 2, 32, 32), (128, 256, 4, 2, 16, 64), (256, 256, 4, 2, 16, 128),
)  # fmt: skip


def backward_flops(
    gradient: list[int], pictures: list[int], weight: list[int], bias: Any, stride: Any, padding: Any, dilation: Any,
    transposed: bool, output_padding: Any, groups: int, output_mask: list[bool], out_shape: Any = None,
) -> int:  # fmt: skip
    """Return the FLOP of a convolution's backward pass, given shapes: each gradient costs what the convolution does.

    It replaces torch's own formula, which takes the gradient of a grouped weight for that of a dense one.
    """
    return conv_flop_count(pictures, weight, gradient, transposed) * sum(map(bool, output_mask[:2]))


FORMULAS = flop_registry | {aten.convolution_backward: shape_wrapper(backward_flops)}  # type: ignore[no-untyped-call]
CONVOLUTIONS = (aten.convolution.default, aten.convolution_backward.default)


@dataclass(frozen=True)
class Like:
    """Describe a tensor by its shape and how it lies in memory."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def make(self) -> Tensor:
        """Return a random tensor like it; where it repeats itself, as an expanded one does, so does this."""
        last = sum((count - 1) * step for count, step in zip(self.shape, self.stride, strict=True))
        return torch.randn(1 + last).as_strided(self.shape, self.stride)


class Counted(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Count the FLOP of what is done under it, backward passes included, and record its convolutions.

    torch's FlopCounterMode does the same with the same formulas, but cannot be used: its count by modules forbids
    `torch.autograd.grad` of a network's input, which every gradient penalty takes.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flops = self.flops_of_convolutions = 0
        self.convolutions: Counter[tuple[Any, tuple[Any, ...]]] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Do it, and count it if it is a convolution or a matrix product."""
        found = func(*args, **(kwargs or {}))
        formula = FORMULAS.get(func._overloadpacket)
        flops = formula(*args, **(kwargs or {}), out_val=found) if formula else 0
        self.flops += flops
        if func in CONVOLUTIONS:
            self.flops_of_convolutions += flops
            self.convolutions[func, tuple(described(each) for each in args)] += 1
        return found

    def own_rate(self) -> float:
        """Return the FLOP a second of the recorded convolutions, done again, alone.

        Raises:
            ZeroDivisionError: there are none.
        """
        took = 0.0
        for (func, arguments), times in self.convolutions.items():
            made = [each.make() if isinstance(each, Like) else each for each in arguments]
            again = partial(func, *made)
            again()  # warm
            took += sum(seconds(again) for _ in range(times))
        return self.flops_of_convolutions / took


def described(value: Any) -> Any:
    """Return an argument of a convolution as what can be compared: tensors and lists by what tells them apart."""
    if isinstance(value, Tensor):
        return Like(tuple(value.shape), value.stride())
    return tuple(value) if isinstance(value, list) else value


def count(work: Callable[[], object]) -> Counted:
    """Return what was counted in `work()`."""
    counted = Counted()
    with counted:
        work()
    return counted


def last_steps(config: Config) -> Callable[[], None]:
    """Return a function that takes the last `STEPS` steps of a planned run without labels, again at each call.

    The networks are fresh and the pictures random, which no convolution minds.
    """
    pictures = np.random.default_rng(0).integers(256, size=(PICTURES, *config.shape), dtype=np.uint8)
    data = PreparedDataset(pictures, None, (), (), (), "random")
    loader, state = Loader(data, config.seed), new_state(config, torch.device("cpu"))
    first = max(0, config.steps - STEPS)
    now = config_at_step(config, first)

    def take() -> None:
        state.counters.step, state.counters.images_seen = first, max(0, config.images - STEPS * config.phases[-1].batch)
        begin_step(state, now, phase_at(now, config.steps - 1), data)  # grown to the end, where networks grow
        for _ in range(STEPS):
            take_step(config.phases[-1], state, now, loader)

    return take


def step_flops(config: Config) -> float:
    """Return the FLOP of a step at the end of a planned run, on average: those of the last phase, on the processor."""
    return count(last_steps(config)).flops / STEPS


def convolution_rate(repeats: int = 5) -> float:
    """Return the FLOP a second that this machine does in convolutions now, forward and backward, channels last.

    It is the median over `LAYERS`, of the best of `repeats` goes each: the best, since whatever disturbs can only slow
    a go down, and the median, since no layer is the usual one.
    """
    return median(layer_rate(*layer, repeats) for layer in LAYERS)


def layer_rate(into: int, out: int, kernel: int, stride: int, side: int, batch: int, repeats: int) -> float:
    """Return the FLOP a second of one layer: pictures forward, and both gradients back."""
    pictures = torch.randn(batch, into, side, side).contiguous(memory_format=torch.channels_last).requires_grad_()
    weight = torch.randn(out, into, kernel, kernel).contiguous(memory_format=torch.channels_last).requires_grad_()

    def both_ways() -> None:
        found = F.conv2d(pictures, weight, stride=stride, padding=1)
        torch.autograd.grad(found, (pictures, weight), torch.ones_like(found))

    flops = count(both_ways).flops  # which also warms it up
    return flops / min(seconds(both_ways) for _ in range(repeats))


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds that `work()` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def seconds_per_step(config: Config, steps: Sequence[Step]) -> float | None:
    """Return the seconds of a step, on average over the second half of the last phase; None if it was too short."""
    begin = config.steps - config.phases[-1].steps / 2
    pairs = [(a, b) for a, b in pairwise(steps) if a.step >= begin and b.step > a.step and b.seconds > a.seconds]
    taken = sum(b.step - a.step for a, b in pairs)
    return sum(b.seconds - a.seconds for a, b in pairs) / taken if taken else None


def main() -> None:
    """Measure one recipe and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", choices=list(RECIPES), default="dcgan")
    parser.add_argument("--size", type=int, default=32, help="pixels a side")
    parser.add_argument("--channels", type=int, choices=[1, 3, 4], default=3)
    parser.add_argument("--repeats", type=int, default=5, help="pairs of measurements")
    parser.add_argument("--own", action="store_true", help="compare with the recipe's own convolutions as well")
    args = parser.parse_args()
    choice = choose_device("cpu")
    torch_device(choice)
    data = DataConfig("random", args.size, args.size, args.channels)
    config = with_images(RECIPES[args.recipe](data, PICTURES), IMAGES)
    take = last_steps(config)
    counted = count(take)  # which also warms it up
    flops, alone = counted.flops / STEPS, args.own and bool(counted.convolutions)
    steps, rates, own = [], [], []
    for _ in range(args.repeats):
        rates.append(convolution_rate())
        steps.append(seconds(take) / STEPS)
        own += [counted.own_rate()] if alone else []
    print(f"{args.recipe} at {args.size} px, {choice.threads} threads, {machine_line()}, medians of {args.repeats}:")
    print(f"  a step of {config.phases[-1].batch} pictures: {flops / 1e9:.2f} GFLOP, {median(steps):.4f} s")
    for name, each in (("usual convolutions", rates), ("its own convolutions", own))[: 1 + alone]:
        shares = [flops / (step * rate) for step, rate in zip(steps, each, strict=True)]
        print(f"  {name}: {median(each) / 1e9:.1f} GFLOP/s, of which the step reaches {told(shares)}")


def told(shares: list[float]) -> str:
    """Write the median of some shares, and the least and the most of them."""
    return f"{median(shares):.0%} ({min(shares):.0%} to {max(shares):.0%})"


if __name__ == "__main__":
    try:
        main()
    except ganvas.GanvasError as error:
        raise SystemExit(str(error)) from error
