"""Open a studio: bind, lock the workspace, tell the link, and serve until Ctrl-C."""

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

import uvicorn

from ..errors import GanvasError
from ..translation import _
from .access import LEAST_PASSWORD
from .app import create_app
from .context import Studio, new_studio
from .patience import PatientProtocol
from .texts import set_language

LOOPBACK = ("localhost", "127.0.0.1", "::1")
PORTS = 20  # that are tried, from the one that was asked for on
CONNECTIONS = 256  # at once; beyond, a request is answered with 503
IDLE_SECONDS = 20  # that an unused connection is kept
CLOSE_SECONDS = 2  # for answers that are under way when the studio is closed


def serve(folder: Path, host: str, port: int, password: str | None, on_open: Callable[[str, str], object]) -> None:
    """Serve the studio until it is interrupted.

    Args:
        on_open: called with the link that opens the studio, and one that opens it once, when it can be reached.

    Raises:
        GanvasError: others could reach it without a password, the port is taken, or another studio has the folder open.
    """
    is_local = host in LOOPBACK
    if not is_local and password is None:
        raise GanvasError(
            _("--host {host} lets others reach the studio.").format(host=host), _("Add: --password, which asks for one")
        )
    if password is not None and len(password) < LEAST_PASSWORD:
        raise GanvasError(_("A password has {least} characters or more.").format(least=LEAST_PASSWORD))
    listener = listen(host, port)
    port = listener.getsockname()[1]
    shown_host = f"[{host}]" if ":" in host else host
    address = f"http://{shown_host}:{port}/"
    studio = new_studio(folder, password, is_local)
    with listener, studio.workspace.open(address):
        set_language(str(studio.workspace.settings().get("language", "")))

        def link(secret: str) -> str:
            return address if studio.access.needs_password else f"{address}enter?token={secret}"

        opened = partial(on_open, link(studio.access.token), link(studio.access.ticket()))
        server = Server(studio, ("localhost", *_names(host)), opened)
        asyncio.run(server.serve(sockets=[listener]))


class Server(uvicorn.Server):
    """The server of a studio, which tells when it can be reached.

    Args:
        names: host names by which it is reached.
    """

    def __init__(self, studio: Studio, names: Collection[str], on_open: Callable[[], object]) -> None:
        config = uvicorn.Config(
            create_app(studio, names),
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            http=PatientProtocol,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=CLOSE_SECONDS,
        )
        super().__init__(config)
        self._studio, self._on_open = studio, on_open

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets)
        if self.started:
            self._on_open()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what visitors wait for, then the server."""
        self._studio.closing.set()
        await self._studio.answers.close()
        await super().shutdown(sockets)
        self._studio.thumbnailer.close()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens, at the first free port from `port` on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    problem: OSError | None = None
    for each in range(port, port + PORTS) if port else (0,):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, each))
        except (OSError, OverflowError) as error:
            listener.close()
            problem = error if isinstance(error, OSError) else OSError(str(error))
            continue
        listener.set_inheritable(False)
        return listener
    reason = (problem and problem.strerror) or str(problem)
    raise GanvasError(
        _("The studio cannot be reached at {host}, port {port}: {reason}.").format(host=host, port=port, reason=reason),
        _("Try another: --port {port}").format(port=port + PORTS),
    )


def _names(host: str) -> tuple[str, ...]:
    """Return the names of this machine, where others reach it by a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return (host.lower(),)
    if host in LOOPBACK:
        return ()
    name = socket.gethostname().lower()
    return name, f"{name}.local"
