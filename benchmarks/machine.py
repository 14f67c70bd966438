"""The machine in words, so that a figure says where it was taken."""

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
