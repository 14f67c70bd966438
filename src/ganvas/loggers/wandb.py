"""Weights & Biases, the extra `wandb`: on its server, or in RUN/wandb where that is not to be had."""

import html
import re
import secrets
import shlex
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from ..atomic_write import write_atomically
from ..event_log import read_events
from ..translation import _
from .logger import Logger

PROJECT = "ganvas"  # unless WANDB_PROJECT or `wandb init` names another
SECONDS_TO_BEGIN, SECONDS_TO_SEND = 30.0, 60.0  # given to a server that does not answer, before and after a training
ID = re.compile(r"[0-9a-f]{8}")


class WandbLogger(Logger):
    """Logs to Weights & Biases, as `wandb login`, WANDB_MODE and its other settings say.

    Where nobody is logged in, or there is no network, the log is kept in RUN/wandb, and
    `wandb sync RUN/wandb` sends it.
    """

    program: ClassVar[str] = "Weights & Biases"
    extra: ClassVar[str] = "wandb"

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._id_file = self.run.wandb / "id"
        self._logged_until = self._read_logged_until()

    def _read_logged_until(self) -> int:
        """Return the images seen until which there is a log; -1 without.

        Nothing can be taken back from a log that was sent. So steps that come again, since a killed run has lost them,
        are left out. What had happened before the loss stands in events.jsonl until the run goes on.
        """
        if not self._id_file.is_file() or not self.run.events_file.is_file():
            return -1
        events, _unreadable = read_events(self.run.events_file)
        return max((getattr(event, "images_seen", -1) for event in events), default=-1)

    def _open(self, start: int, settings: dict[str, Any]) -> None:
        import wandb

        known = wandb.setup().settings
        options = {
            "dir": str(self.run.folder),
            "id": self._run_id(),
            "resume": "allow",
            "project": known.project or PROJECT,
            "name": known.run_name or self.run.folder.resolve().name,
            "config": settings,
            "reinit": "create_new",  # whoever has a wandb run of his own keeps it
            "settings": wandb.Settings(
                silent=True, console="off", init_timeout=SECONDS_TO_BEGIN, finish_timeout=SECONDS_TO_SEND
            ),
        }
        self._run = self._begin(wandb, known.mode, options)
        self.where = (
            _("To send the log: {command}").format(command=shlex.join(["wandb", "sync", str(self.run.wandb)]))
            if self._run.offline
            else _("The log is at {address}").format(address=self._run.url)
        )

    def _run_id(self) -> str:
        """Return the id of the log, which is a new one the first time."""
        known = self._id_file.read_text(encoding="utf-8", errors="replace") if self._id_file.is_file() else ""
        if not ID.fullmatch(known):
            known = secrets.token_hex(4)
            write_atomically(self._id_file, known.encode())
        return known

    def _begin(self, wandb: ModuleType, mode: str, options: dict[str, Any]) -> Any:
        """Return a run of wandb: on the server if that can be reached, else on this machine; nobody is asked."""
        if mode != "online":
            return wandb.init(**options)
        try:
            if wandb.login(prompt=False):
                return wandb.init(**options)
            reason = _("nobody is logged in (wandb login)")
        except wandb.Error as error:
            reason = str(error).partition("\n")[0].rstrip(".")
        self.tell(
            _("Weights & Biases cannot be reached: {reason}. The log is kept on this machine.").format(reason=reason)
        )
        return wandb.init(**options, mode="offline")

    def _curves(self, images_seen: int, values: dict[str, Any]) -> None:
        if images_seen > self._logged_until:
            self._run.log(values, step=images_seen)

    def _picture(self, images_seen: int, name: str, path: Path, size: tuple[int, int]) -> None:
        import wandb

        self._curves(images_seen, {name: wandb.Image(str(path))})

    def _text(self, images_seen: int, name: str, text: str) -> None:
        import wandb

        self._curves(images_seen, {name: wandb.Html(f"<p>{html.escape(text)}</p>")})

    def _close(self, has_ended: bool) -> None:
        import wandb

        try:
            self._run.finish(exit_code=0 if has_ended else 1)
        except ConnectionError:  # its process has died; else it would be looked for when Python ends
            wandb.teardown()
            raise
