"""What `ganvas inspect` says of pictures: asked of a process of its own, once for the same question.

So a picture that kills its decoder does not end the studio, and the studio needs no memory for what plans a training.
"""

import asyncio
import contextlib
import json
import sys
from collections import OrderedDict
from typing import Any

from ..errors import GanvasError
from ..translation import _, language

KEPT = 32  # answers
Key = tuple[str, ...]


class Inspections:
    """Answers by question; whoever asks while the same is being found out waits with the others."""

    def __init__(self) -> None:
        self._tasks: OrderedDict[Key, asyncio.Task[dict[str, Any]]] = OrderedDict()

    async def ask(self, arguments: tuple[str, ...], stamp: str) -> dict[str, Any]:
        """Return what `ganvas inspect` with these arguments says.

        Args:
            stamp: changes when the pictures change.

        Raises:
            GanvasError: it says that something is wrong.
        """
        key = (language(), stamp, *arguments)
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(_inspect(arguments))
            while len(self._tasks) > KEPT:
                self._tasks.popitem(last=False)[1].cancel()
        self._tasks.move_to_end(key)
        try:
            return await asyncio.shield(self._tasks[key])
        except GanvasError:
            self._tasks.pop(key, None)  # it may be mended by the next time
            raise


async def _inspect(arguments: tuple[str, ...]) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ganvas", "inspect", *arguments, "--json",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        out, told = await process.communicate()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        raise
    if process.returncode == 0 and out:
        answer: dict[str, Any] = json.loads(out.splitlines()[-1])
        return answer
    *_before, message = told.decode("utf-8", "replace").strip().rpartition(_("Error: {message}").format(message=""))
    message, _break, hint = message.partition("\n")
    raise GanvasError(message or _("The pictures could not be looked at."), hint)
