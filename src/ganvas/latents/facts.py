"""What Ganvas says in a safetensors file beside the tensors: one entry of JSON. No torch is needed."""

import json
from collections.abc import Mapping
from typing import Any

from ..translation import _
from ..typed_json import parse_json
from ..version import __version__

ENTRY = "ganvas"  # a single one, since safetensors writes several in random order


def facts_to_metadata(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return facts, with the version of ganvas, as metadata of a safetensors file."""
    return {ENTRY: json.dumps({**facts, "software": f"ganvas {__version__}"})}


def facts_in(file: Any) -> dict[str, Any]:
    """Return the facts in an open safetensors file.

    Raises:
        KeyError: there are none.
        ValueError: they are no JSON object.
    """
    facts = parse_json((file.metadata() or {})[ENTRY])
    if not isinstance(facts, dict):
        raise ValueError(_("its metadata are no object"))
    return facts
