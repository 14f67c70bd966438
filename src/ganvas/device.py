"""Device, threads, mixed precision and memory, and random generators seeded by a key."""

import ctypes
import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import GanvasError
from .translation import _, ngettext

if TYPE_CHECKING:
    import torch


_MMAP_THRESHOLD = -3  # glibc's M_MMAP_THRESHOLD: allocations from this size on get their own pages
_SPIN_COUNT = 3000  # looks of a thread for the others before it sleeps; see benchmarks/NOTES.md


@dataclass(frozen=True)
class DeviceChoice:
    """A device ("cpu", "cuda:0", "mps"), the number of CPU threads, and why these were chosen."""

    device: str
    threads: int
    reason: str


def available_cores() -> int:
    """Return the number of CPU cores that this process may use (its affinity, not the machine's total)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def leave_time_to_other_programs() -> None:
    """Let threads that wait for each other sleep soon (GNU's OpenMP). Call it before torch is imported.

    Otherwise a thread that waits for one whose core another program has just taken keeps its own core busy with
    waiting, and a training beside a browser takes two to seven times as long. What the user has set stays.
    """
    if "torch" not in sys.modules and "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", f"{_SPIN_COUNT}")


def choose_device(requested: str = "auto") -> DeviceChoice:
    """Return the device to work on: the requested one, else the first CUDA GPU, else Apple's, else the CPU.

    OMP_NUM_THREADS is respected, so that a user can leave a core free for other work.

    Raises:
        GanvasError: this machine has no such device.
    """
    import torch

    cores = available_cores()
    omp_threads = os.environ.get("OMP_NUM_THREADS", "")
    omp_is_set = omp_threads.isdigit() and int(omp_threads) > 0
    threads = min(int(omp_threads), cores) if omp_is_set else cores
    why = _("as OMP_NUM_THREADS says") if omp_is_set else _("one for each core")
    available = {
        "cpu": ngettext("{count} thread, {why}", "{count} threads, {why}", threads).format(count=threads, why=why)
    }
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            available[f"cuda:{index}"] = torch.cuda.get_device_name(index)
    if torch.backends.mps.is_available():
        available["mps"] = "Apple GPU"
    if requested == "auto":
        local_rank = int(os.environ.get("LOCAL_RANK", "0")) % max(1, torch.cuda.device_count())  # set by torchrun
        for name in (f"cuda:{local_rank}", "mps"):
            if name in available:
                return DeviceChoice(name, threads, _("{what}, found automatically").format(what=available[name]))
        return DeviceChoice("cpu", threads, _("{what}; no GPU found").format(what=available["cpu"]))
    name = "cuda:0" if requested == "cuda" else requested
    if name not in available:
        raise GanvasError(
            _("There is no device '{requested}' on this machine, only {names}.").format(
                requested=requested, names=", ".join(available)
            ),
            _("Try: ganvas env"),
        )
    return DeviceChoice(name, threads, _("{what}, as asked").format(what=available[name]))


def torch_device(choice: DeviceChoice) -> "torch.device":
    """Set the number of torch's threads and return the torch.device."""
    import torch

    torch.set_num_threads(choice.threads)
    return torch.device(choice.device)


PRECISIONS = ("float32", "bfloat16", "float16")


def mixed_precision(device: "torch.device", precision: str) -> "torch.autocast":
    """Return the autocast context: convolutions and linear layers in `precision`, other operators as is safe.

    Weights, gradients and optimizer state stay in float32.
    """
    import torch

    low = precision != "float32"
    return torch.autocast(device.type, getattr(torch, precision) if low else torch.bfloat16, enabled=low)


def seeded_rng(*key: int | str, device: "torch.device | str" = "cpu") -> "torch.Generator":
    """Return a torch.Generator seeded from a hash of `key`, such as (seed, step, "latents").

    No state is carried from step to step, so a resumed run draws the same numbers as an uninterrupted one.
    """
    import torch

    digest = hashlib.blake2b(repr(key).encode(), digest_size=8).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest, "little") >> 1)


def free_memory(device: str, cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Return the free memory of a device in bytes; for the CPU, what the system or the container would still give.

    `cgroup` is the folder in which Linux keeps the limits of a container.
    """
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    if device == "mps":
        import torch

        return int(torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory())
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return min(1024 * int(line.split()[1]), _container_free_memory(cgroup))
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return 4 << 30  # unknown system: what a small laptop can spare


def return_freed_memory_to_os() -> None:
    """Make glibc return arrays of 1 MiB and more to the system as soon as they are freed. Linux only.

    Otherwise glibc keeps freed arrays below 32 MB for later ones, which rarely fit into the gaps: a painting would
    take 990 MB instead of 810.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(_MMAP_THRESHOLD, 1 << 20)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether memory ran out, on any device; not every device has its own exception class for it."""
    import torch

    # Messages of Linux, Windows, Apple's GPUs and cuBLAS.
    messages = ("can't allocate memory", "not enough memory", "out of memory", "ALLOC_FAILED")
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(message in str(error) for message in messages)


def _container_free_memory(cgroup: Path) -> int:
    """Return the bytes that this container may still use; sys.maxsize if there is no limit.

    The page cache counts as used there, but is given back when memory is needed.
    """
    try:
        limit, used = (int((cgroup / name).read_text()) for name in ("memory.max", "memory.current"))
        stat = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
        return max(0, limit - used + int(stat.get("inactive_file", 0)))
    except (OSError, ValueError):  # no limit ("max"), or no cgroup files
        return sys.maxsize
