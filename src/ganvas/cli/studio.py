"""ganvas studio"""

import getpass
import os
import sys
import webbrowser
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Annotated, Any

from tyro.conf import Positional, arg

from ..errors import GanvasError
from ..translation import _
from .output import echo

PASSWORD_VARIABLE = "GANVAS_STUDIO_PASSWORD"


@dataclass(frozen=True)
class Studio:
    """Flags of `ganvas studio`."""

    folder: Annotated[Positional[Path], arg(metavar="FOLDER")] = Path("ganvas-studio")
    """Where pictures that are uploaded, trainings and what is made lie."""
    demo: bool = False
    """Begin with the built-in pictures, and a run that was trained on them."""
    port: Annotated[int, arg(metavar="PORT")] = 8765
    """Port of the page; if it is taken, the next free one."""
    host: Annotated[str, arg(metavar="ADDRESS")] = "127.0.0.1"
    """Address at which the page is served; any other than this machine's own needs --password."""
    password: bool = False
    """Ask for a password; or GANVAS_STUDIO_PASSWORD holds it."""
    no_browser: bool = False
    """Print the link, but do not open it."""

    def execute(self) -> dict[str, Any]:
        try:
            from ..studio.serve import serve
        except ModuleNotFoundError as error:
            raise GanvasError(
                _("The studio needs {package}.").format(package=error.name), 'pip install "ganvas[studio]"'
            ) from error
        if self.demo:
            from ..studio.demo import prepare_demo

            prepare_demo(self.folder)
        with suppress(KeyboardInterrupt):
            serve(self.folder, self.host, self.port, self._password(), self._tell)
        return {}

    def _password(self) -> str | None:
        """Return the password; never from the command line, which others on the machine can see."""
        known = os.environ.pop(PASSWORD_VARIABLE, None)  # trainings need not know it
        if not self.password:
            return known
        if known is None and not sys.stdin.isatty():
            raise GanvasError(
                _("There is no terminal to ask for the password."),
                _("Put it into {name}.").format(name=PASSWORD_VARIABLE),
            )
        return known if known is not None else getpass.getpass(_("Password for the studio: "))

    def _tell(self, link: str, opens_once: str) -> None:
        echo(_("The studio is open: {link}").format(link=link))
        echo(_("Ctrl-C closes it. Trainings go on without it."))
        if not self.no_browser and _has_screen():
            Thread(target=webbrowser.open, args=(opens_once,), daemon=True).start()


def _has_screen() -> bool:
    """Return whether a browser would open in a window, and not in this terminal."""
    return sys.platform != "linux" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
