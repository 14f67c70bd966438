"""What takes seconds to find out: asked of processes of their own, each question once."""

import asyncio
import contextlib
import json
import sys
from collections import OrderedDict
from typing import Any

from ..errors import GanvasError
from ..translation import _, language

KEPT = 32  # answers
Answer = dict[str, Any]


class Answers:
    """Answers by question; whoever asks while the same is being found out waits with the others."""

    def __init__(self) -> None:
        self._tasks: OrderedDict[str, asyncio.Task[Answer]] = OrderedDict()

    async def ask(self, module: str, stamp: str, **asked: Any) -> Answer:
        """Return what a module of the studio says when it is run as a process.

        Args:
            module: "look" or "judge".
            stamp: changes when the answer does.
            asked: arguments of its function.

        Raises:
            GanvasError: it says that something is wrong.
        """
        question = json.dumps(asked)
        key = f"{language()} {module} {stamp} {question}"
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(_answer(module, question))
        task = self._tasks[key]
        self._tasks.move_to_end(key)
        while len(self._tasks) > KEPT:
            self._tasks.popitem(last=False)[1].cancel()
        try:
            return await asyncio.shield(task)
        except GanvasError:
            self._tasks.pop(key, None)  # it may be mended by the next time
            raise
        except asyncio.CancelledError:
            if task.cancelled():
                raise GanvasError(_("This was given up, since other things were asked for.")) from None
            raise

    async def close(self) -> None:
        """End what is still being found out."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


async def _answer(module: str, question: str) -> Answer:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"{__package__}.{module}",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        out, _nothing = await process.communicate(question.encode())
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
        raise
    if process.returncode or not out:
        raise GanvasError(
            _("What was asked for could not be found out: the process ended with {status}.").format(
                status=process.returncode
            ),
            _("Try again; a picture that ended it is then passed over."),
        )
    answer: Answer = json.loads(out)
    if "error" in answer:
        raise GanvasError(answer["error"], answer["hint"])
    return answer
