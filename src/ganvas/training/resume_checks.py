"""What has to hold when a run goes on: the same orders, the same pictures, the same classes."""

import dataclasses

from ..config import Config
from ..data import Prepared
from ..errors import GanvasError, pick
from ..planning.planner import batches
from ..planning.request import KINDS, Options, parse_size
from ..runs import Run


def check_same(config: Config, options: Options, run: Run) -> None:
    """Refuse to go on with a run under other orders than it was begun with.

    Raises:
        GanvasError: an option was given that differs from the run's.
    """
    data, wishes = config.data, options.wishes
    width, height = parse_size(options.size) if options.size != "auto" else (data.width, data.height)
    augment = " ".join(name for name in wishes.augment if name != "none") or "none"
    pairs = {
        "--recipe": (options.recipe, config.recipe),
        "--size": (f"{width}x{height}", f"{data.width}x{data.height}"),
        "--minutes": (options.minutes, config.minutes),
        "--images": (options.images, config.asked_images),
        "--labels": (options.labels, data.labels),
        "--channels": (pick(KINDS, options.channels, "kind of channels") or None, data.channels),
        "--background": (options.background, data.background),
        "--fit": (options.fit, data.fit),
        "--loss": (wishes.loss, config.loss),
        "--penalty": (wishes.penalty, config.penalty.name),
        "--gamma": (wishes.gamma, config.penalty.gamma),
        "--every": (wishes.every, config.penalty.every),
        "--augment": (augment if wishes.augment else None, " ".join(config.augment) or "none"),
        "--flip": (wishes.flip, "yes" if config.flip else "no"),
        "--ema": (wishes.ema, config.ema),
        "--width": (wishes.width, config.width),
        "--compile": (options.compiled, config.compiled),
        "--batch": (wishes.batch and f"{wishes.batch}", batches(config)),
        "--freeze": (wishes.freeze or None, config.frozen),
        "--from": (options.origin and str(options.origin.resolve()), config.origin),
        "--seed": (options.seed, config.seed),
        "--precision": (options.precision, config.precision),
    }
    untouched = {
        "--compile": False,
        "--background": "white",
        "--fit": "crop",
        "--seed": 0,
        "--labels": False,
    }
    for name, (given, recorded) in pairs.items():
        if given not in (None, "auto", untouched.get(name)) and given != recorded:
            raise GanvasError(
                f"{run.folder} was begun with {name} {recorded}, not {given}.",
                f"Leave {name} out to go on with it, or choose another --out.",
            )


def moved(config: Config, where: str, data: Prepared, run: Run) -> Config:
    """Return the configuration with the pictures' new place.

    Raises:
        GanvasError: what lies there are other pictures than the run was begun with.
    """
    if data.fingerprint != config.fingerprint:
        raise GanvasError(
            f"{run.folder} was begun with PICTURES {config.data.path}, and those in {where} are not the same.",
            "Leave PICTURES out to go on with it, or choose another --out.",
        )
    config = dataclasses.replace(config, data=dataclasses.replace(config.data, path=where))
    run.write_config(config)
    return config


def check_classes(config: Config, data: Prepared, run: Run) -> None:
    """Refuse to go on when the numbers of the classes would no longer mean the same.

    Raises:
        GanvasError: the run has labels, and the pictures' classes are others than when it began.
    """
    if config.classes and data.classes != config.classes:
        names = sorted(set(config.classes) ^ set(data.classes)) or ["their order"]
        raise GanvasError(
            f"The classes have changed since {run.folder} was begun: {', '.join(names[:5])}.",
            "Put the sub-folders back as they were, or choose another --out.",
        )
