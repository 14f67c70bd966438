"""The file of a run's model, and what it says besides its tensors. No torch is needed, so that it opens at once."""

from typing import Any

from safetensors import SafetensorError, safe_open

from ..coach.model_health import Health, from_metadata
from ..runs import Run
from .facts import facts_in

MODEL_FILE = "generator.safetensors"


def read_training_length(run: Run) -> tuple[int, int] | None:
    """Return the steps and the images seen with which the run's model was trained; None if the file does not say."""
    facts = _read_facts(run)
    step, images_seen = facts.get("step"), facts.get("images")
    return (step, images_seen) if type(step) is int and type(images_seen) is int else None


def read_health(run: Run) -> Health | None:
    """Return the verdict that the run's model was saved under; None if the file does not say, or is damaged."""
    return from_metadata(_read_facts(run))


def _read_facts(run: Run) -> dict[str, Any]:
    """Return what the model's file says besides its tensors; nothing if that cannot be read."""
    try:
        with safe_open(run.model / MODEL_FILE, "np") as file:
            return facts_in(file)
    except (OSError, SafetensorError, KeyError, ValueError, TypeError):
        return {}
