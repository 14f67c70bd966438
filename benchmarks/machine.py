"""The machine in words, so that a figure says where it was taken, and the most memory that a process held."""

import ctypes
import os
import platform
from pathlib import Path

import torch


def machine_line() -> str:
    """Name the processor, its cores and the version of torch."""
    info = Path("/proc/cpuinfo")
    models = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    name = models[0].split(":", 1)[1].strip() if models else platform.machine()
    return f"{name}, {os.cpu_count()} cores, torch {torch.__version__}"


def forget_peak() -> None:
    """Begin `peak_memory` anew, at what this process holds now, once what it no longer uses is given back."""
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> float:
    """Return the most memory that this process has held since it was last asked to forget, in MB.

    It is not `ru_maxrss`, in which a child begins with what its parent held, and which nobody can reset.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1e6
