"""What has to hold when a run goes on: the same options, the same pictures, the same classes."""

import dataclasses
from pathlib import Path

from ..config import Config, TrainOptions
from ..config.options import OPTIONS
from ..config.train_options import flag, option_text, recorded
from ..data import PreparedDataset
from ..data.prepare import is_trained_on
from ..errors import GanvasError
from ..runs import Run
from ..translation import _


def check_same_options(config: Config, options: TrainOptions, run: Run) -> None:
    """Refuse to go on with a run under other options than it was begun with; `coach` and `device` may change.

    Raises:
        GanvasError: an option was given that differs from the run's.
    """
    values = recorded(config)
    for name, value in options.given().items():
        if OPTIONS[name].read is None or OPTIONS[name].may_change:
            continue
        if name == "init_from":
            value = str(Path(value).resolve())
        was = values[name]
        if name == "augment" and was is not None:  # "none" beside others says nothing
            value = tuple(policy for policy in value if policy != "none") or ("none",)
        if value != was and not (value == 0 and was is None):
            begun = (
                _("{run} was begun without {option}, not {value}.")
                if was is None
                else _("{run} was begun with {option} {was}, not {value}.")
            )
            raise GanvasError(
                begun.format(run=run.folder, option=flag(name), was=_words(was), value=_words(value)),
                _("Leave {option} out to go on with it, or choose another --out.").format(option=flag(name)),
            )


def _words(value: object) -> str:
    """Return a value as people type it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return " ".join(option_text(item) for item in (value if isinstance(value, tuple) else (value,)))


def with_new_path(config: Config, path: str, data: PreparedDataset, run: Run) -> Config:
    """Return the configuration with the pictures' new place.

    Raises:
        GanvasError: the pictures there are others than the run was begun with.
    """
    if not is_trained_on(config, data, path):
        raise GanvasError(
            _("{run} was begun with PICTURES {was}, and those in {path} are not the same.").format(
                run=run.folder, was=config.data.path, path=path
            ),
            _("Leave PICTURES out to go on with it, or choose another --out."),
        )
    config = dataclasses.replace(config, data=dataclasses.replace(config.data, path=path))
    run.write_config(config)
    return config


def check_classes(config: Config, data: PreparedDataset, run: Run) -> None:
    """Refuse to go on when the numbers of the classes would no longer mean the same.

    Raises:
        GanvasError: the run is conditional, and the pictures' classes are others than when it began.
    """
    if config.classes and data.classes != config.classes:
        names = sorted(set(config.classes) ^ set(data.classes)) or [_("their order")]
        raise GanvasError(
            _("The classes have changed since {run} was begun: {names}.").format(
                run=run.folder, names=", ".join(names[:5])
            ),
            _("Put the sub-folders back as they were, or choose another --out."),
        )
