"""Where the work runs: device and threads, each choice with its reason, and random numbers that belong to a place."""

import ctypes
import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import GanvasError

if TYPE_CHECKING:
    import torch


_MMAP_THRESHOLD = -3  # glibc's number for the size from which on an array gets pages of its own


@dataclass(frozen=True)
class Choice:
    """Name a device ("cpu", "cuda:0", "mps"), the threads it uses on the processor, and why."""

    device: str
    threads: int
    reason: str


def available_cores() -> int:
    """Return the processor cores that this process may use (affinity counts, not what the machine has)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose_device(wish: str = "auto") -> Choice:
    """Return the device to work on: the one wished for, else the first GPU, else Apple's, else the processor.

    Two torch processes that share cores spin against each other and each falls to a sixth of its speed. OMP_NUM_THREADS
    is therefore honoured, so that a user who works beside a run can leave a core free for it.

    Raises:
        GanvasError: the device wished for is not there.
    """
    import torch

    cores = available_cores()
    asked = os.environ.get("OMP_NUM_THREADS", "")
    honoured = asked.isdigit() and int(asked) > 0
    threads = min(int(asked), cores) if honoured else cores
    many = f"{threads} thread{'s' if threads > 1 else ''}"
    why = f"{many}, as OMP_NUM_THREADS says" if honoured else f"{many}, one for each core"
    present = {"cpu": f"processor, {why}"}
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            present[f"cuda:{index}"] = torch.cuda.get_device_name(index)
    if torch.backends.mps.is_available():
        present["mps"] = "Apple GPU"
    if wish == "auto":
        local = int(os.environ.get("LOCAL_RANK", "0")) % max(1, torch.cuda.device_count())  # torchrun's, one a process
        for name in (f"cuda:{local}", "mps"):
            if name in present:
                return Choice(name, threads, f"{present[name]}, found by itself")
        return Choice("cpu", threads, f"{present['cpu']}; no GPU was found")
    name = "cuda:0" if wish == "cuda" else wish
    if name not in present:
        raise GanvasError(f"There is no device '{wish}' here, only {', '.join(present)}.", "Try: ganvas env")
    return Choice(name, threads, f"{present[name]}, as asked")


@contextmanager
def joined() -> Iterator[None]:
    """Share work with the other processes, if torchrun started this one together with some."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield
        return
    from torch import distributed

    distributed.init_process_group("gloo")  # what is exchanged lies on the processor
    try:
        yield
    finally:
        distributed.destroy_process_group()


def use(choice: Choice) -> "torch.device":
    """Set torch's threads to `choice` and return its device."""
    import torch

    torch.set_num_threads(choice.threads)
    return torch.device(choice.device)


PRECISIONS = ("float32", "bfloat16", "float16")


def mixed_precision(device: "torch.device", precision: str) -> "torch.autocast":
    """Return the context in which convolutions and dense layers compute in that precision, and all else as it is safe.

    Weights, their gradients and what optimisers keep stay in float32.
    """
    import torch

    low = precision != "float32"
    return torch.autocast(device.type, getattr(torch, precision) if low else torch.bfloat16, enabled=low)


def random_at(*place: int | str, device: "torch.device | str" = "cpu") -> "torch.Generator":
    """Return a random generator that depends on nothing but `place`, such as (seed, step, "latents").

    Since no state is carried from step to step, a resumed run draws what the uninterrupted one would have drawn.
    """
    import torch

    digest = hashlib.blake2b(repr(place).encode(), digest_size=8).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest, "little") >> 1)


def free_memory(device: str) -> int:
    """Return the bytes that are free on a device; of the processor's, those that the system would give."""
    import torch

    if device.startswith("cuda"):
        return int(torch.cuda.mem_get_info(device)[0])
    if device == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory())
    told = Path("/proc/meminfo")
    if told.exists():
        for line in told.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return min(1024 * int(line.split()[1]), _left_to_container())
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return 4 << 30  # a system that does not tell: what a small laptop has to spare


def hand_back_freed_memory() -> None:
    """Let the system have large arrays back when they are freed, where the C library can be told so (Linux's glibc).

    It would keep those below 32 MB for the next one, which rarely fits into the gaps: a painting would hold 990 MB in
    place of 810. What is small is kept as before.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(_MMAP_THRESHOLD, 1 << 20)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether memory ran out, on whatever device; not all of them have a class of error for it."""
    import torch

    # On Linux, on Windows, on Apple's GPUs, and from cuBLAS.
    words = ("can't allocate memory", "not enough memory", "out of memory", "ALLOC_FAILED")
    known = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return known or (isinstance(error, RuntimeError) and any(each in str(error) for each in words))


def _left_to_container(group: Path = Path("/sys/fs/cgroup")) -> int:
    """Return the bytes that a container may still take, of what it was given; more than any machine has if no limit.

    Pages of files that were read are counted as taken there, and given back when they are needed.
    """
    try:
        limit, taken = (int((group / name).read_text()) for name in ("memory.max", "memory.current"))
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return max(0, limit - taken + int(stat.get("inactive_file", 0)))
    except (OSError, ValueError):  # no limit ("max"), or none that is told so
        return sys.maxsize
