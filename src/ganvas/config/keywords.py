"""Options as keyword arguments of `ganvas.train` and `ganvas.plan`: checked, old names included."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from ..deprecation import warn_renamed
from ..errors import did_you_mean
from .options import OPTIONS
from .train_options import TrainOptions

# Names of release 0.1, which still work and warn.
OLD_NAMES = {
    "labels": "conditional",
    "every": "penalty_interval",
    "ema": "ema_half_life",
    "width": "channel_mult",
    "origin": "init_from",
    "compiled": "compile",
}
UNSET = {"conditional": False, "compile": False}  # what 0.1 took for "not given"


def options_from(keywords: Mapping[str, Any]) -> TrainOptions:
    """Return the options in keyword arguments.

    Raises:
        GanvasError: a value is out of range, or not one of the choices.
        TypeError: there is no such option.
    """
    values: dict[str, Any] = {}
    for given, value in keywords.items():
        name = OLD_NAMES.get(given, given)
        if name != given:
            warn_renamed(f"{given}=", f"{name}=", stacklevel=3)
            value = None if value == UNSET.get(name) else value
        if name not in OPTIONS:
            raise TypeError(f"There is no option '{given}'.{did_you_mean(given, list(OPTIONS))}")
        values[name] = value
    return TrainOptions(**values)


def document(function: Callable[..., Any]) -> None:
    """Give a function that takes `**options` the signature that follows from them."""
    own = [each for each in inspect.signature(function).parameters.values() if each.kind != each.VAR_KEYWORD]
    hints = get_type_hints(TrainOptions)
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hints[name])
        for name in OPTIONS
    ]
    returns = inspect.signature(function).return_annotation
    vars(function)["__signature__"] = inspect.Signature([*own, *options], return_annotation=returns)
