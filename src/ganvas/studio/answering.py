"""What the processes have in common that answer the studio: one question as JSON on stdin, the answer on stdout."""

import json
import sys
from collections.abc import Callable
from typing import Any

from ..errors import GanvasError
from ..typed_json import to_json_value


def answer(function: Callable[..., dict[str, Any]]) -> None:
    """Call a function with what was asked, and write what it returns, or its error."""
    asked = json.load(sys.stdin)
    try:
        told = function(**asked)
    except GanvasError as error:
        told = {"error": error.message, "hint": error.hint}
    json.dump(to_json_value(told), sys.stdout)
