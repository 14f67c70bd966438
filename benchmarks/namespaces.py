"""Two network namespaces joined by a virtual cable: on one machine, two that see each other over a network only.

Each has an address of its own on one end of a veth pair. The kernel removes a namespace with the last process in it,
and all processes here are killed with the one that started them, however that ends; so nothing is left behind.

Needs Linux, root, and iproute2 and util-linux, as every Linux has them.
"""

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import IO

ADDRESSES = ("10.77.0.1", "10.77.0.2")
LINK = "cable"  # the name of either end
UNTIL_DEATH = ("setpriv", "--pdeathsig", "KILL")  # of the process that starts it
COUNT = len(ADDRESSES)


class NoNamespacesError(Exception):
    """Namespaces cannot be made here; its text says why."""


class Network:
    """Two machines and the cable between them, for the body of a `with`."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._holders: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Network":
        try:
            with self._stack:
                for _ in ADDRESSES:
                    self._holders.append(self._process([*UNTIL_DEATH, "unshare", "--net", "sleep", "infinity"]))
                for holder in self._holders:
                    _wait_until_unshared(holder)
                first, second = (f"{holder.pid}" for holder in self._holders)
                ends = ["name", LINK, "netns", first, "type", "veth", "peer", "name", LINK, "netns", second]
                _run(["ip", "link", "add", *ends])
                for machine, address in enumerate(ADDRESSES):
                    # No frame is larger than a real cable's, and each counts its headers.
                    self._inside(machine, "ip", "link", "set", LINK, "gso_max_segs", "1")
                    self._inside(machine, "ip", "address", "add", f"{address}/24", "dev", LINK)
                    self._inside(machine, "ip", "link", "set", "lo", "up")
                    self._inside(machine, "ip", "link", "set", LINK, "up")
                self._stack = self._stack.pop_all()
        except (OSError, subprocess.CalledProcessError) as error:
            raise NoNamespacesError(f"namespaces cannot be made: {getattr(error, 'stderr', None) or error}") from error
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self, machine: int, command: list[str], log: Path) -> "subprocess.Popen[bytes]":
        """Start a command on a machine as its process of a training by both; what it prints goes to `log`."""
        names = {"RANK": f"{machine}", "LOCAL_RANK": "0", "WORLD_SIZE": f"{COUNT}", "GLOO_SOCKET_IFNAME": LINK}
        names |= {"MASTER_ADDR": ADDRESSES[0], "MASTER_PORT": "29500", "OMP_NUM_THREADS": "1"}
        with log.open("w") as output:
            return self._process(self._enter(machine, *command), output, os.environ | names)

    def bytes_sent(self, machine: int) -> int:
        """Return the bytes that a machine has sent over the cable so far, headers included."""
        shown = json.loads(self._inside(machine, "ip", "-s", "-j", "link", "show", LINK))
        return int(shown[0]["stats64"]["tx"]["bytes"])

    def plug(self, is_in: bool) -> None:
        """Plug the cable in, or pull it out."""
        self._inside(1, "ip", "link", "set", LINK, "up" if is_in else "down")

    def _enter(self, machine: int, *command: str) -> list[str]:
        return [*UNTIL_DEATH, "nsenter", "--target", f"{self._holders[machine].pid}", "--net", *command]

    def _inside(self, machine: int, *command: str) -> str:
        return _run(self._enter(machine, *command))

    def _process(
        self, command: list[str], output: IO[str] | int = subprocess.DEVNULL, environment: dict[str, str] | None = None
    ) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process


def _run(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _wait_until_unshared(holder: "subprocess.Popen[bytes]") -> None:
    """Wait until a process is in a namespace of its own."""
    own = Path("/proc/self/ns/net").readlink()
    while holder.poll() is None:
        if Path(f"/proc/{holder.pid}/ns/net").readlink() != own:
            return
        time.sleep(0.01)
    raise OSError("unshare --net is not allowed")


def ganvas(*words: str | Path) -> list[str]:
    """Return a command of this package, to be started on a machine."""
    return [sys.executable, "-m", "ganvas", *map(str, words)]
