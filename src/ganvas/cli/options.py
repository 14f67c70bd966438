"""What several commands share: their options."""

from collections.abc import Iterator
from dataclasses import MISSING, Field, field, fields, is_dataclass, make_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from tyro.conf import OmitArgPrefixes, Positional, arg

from ..config.options import GROUPS, OPTIONS
from ..config.train_options import AUTO, TrainOptions, choices, flag, help_texts
from ..errors import ganvas_command
from ..recipes import RECIPES
from ..translation import N_, _
from .help import default_text

Json = Annotated[bool, arg(help=N_("Put one JSON object on the last line of stdout."), help_behavior_hint="")]
Device = Annotated[str, arg(help=N_("cpu, cuda, cuda:1, mps, or auto."))]
Run = Annotated[Positional[Path], arg(metavar="RUN", help=N_("A folder that ganvas train wrote, or hub:owner/name."))]


def optional(metavar: str) -> Any:
    """Return tyro's description of an option that may be left out, without mention of None."""
    return arg(metavar=metavar, help_behavior_hint="")


def command_of(name: str, command: Any) -> str:
    """Return the words of a command with its flags as they were given, to type it again."""
    return ganvas_command(name, *_words(command))


def _words(command: Any) -> Iterator[str]:
    """Yield the words of a command's fields that differ from their defaults."""
    for each in fields(command):
        value = getattr(command, each.name)
        if each.default is MISSING and each.default_factory is MISSING:  # a positional one
            yield str(value)
        elif is_dataclass(value):
            yield from _words(value)
        elif value != each.default and value is not False:
            texts = [] if value is True else [str(text) for text in (value if isinstance(value, tuple) else (value,))]
            flag = f"--{each.name.replace('_', '-')}"
            starts_with_minus = bool(texts) and texts[0].startswith("-")  # and would be taken for a flag
            yield from [f"{flag}={texts[0]}", *texts[1:]] if starts_with_minus else [flag, *texts]


def train_option_groups(leave_out: tuple[type, ...] = ()) -> list[tuple[str, Any, Field[Any]]]:
    """Return the fields of a command that has the options of a training: one for each group.

    Args:
        leave_out: groups that the command does not have.
    """
    groups = []
    for group in GROUPS:
        if group not in leave_out:
            flags = make_dataclass(
                group.__name__,
                [(each.name, _flag(group, each.name), _default(group, each.name)) for each in fields(group)],
                frozen=True,
            )
            groups.append(((group.__doc__ or "").lower(), OmitArgPrefixes[flags], field(default_factory=flags)))  # type: ignore[misc,valid-type]
    return groups


def _flag(group: type, name: str) -> Any:
    """Return the type of an option, annotated with what tyro has to know of it; None is no choice of a user's."""
    option, words = OPTIONS[name], ("auto", *RECIPES) if name == "recipe" else choices(name)
    hint = get_type_hints(group)[name]
    (kind,) = (each for each in get_args(hint) if each is not type(None))
    metavar = option.metavar or (f"{{{','.join(words)}}}" if words else None)
    described = arg(
        name=flag(name).removeprefix("--"),
        metavar=f"{metavar} ..." if get_origin(kind) is tuple else metavar,
        help=help_texts()[name],
        help_behavior_hint=lambda shown: default_text(_(option.default)),
    )
    return Annotated[hint if _default(group, name) is None else kind, described]


def _default(group: type, name: str) -> Any:
    """Return what stands for "not given" on the command line."""
    (kind,) = (each for each in get_args(get_type_hints(group)[name]) if each is not type(None))
    if kind is bool:
        return False
    return () if get_origin(kind) is tuple else AUTO if get_origin(kind) is Literal else None


def options_of(command: Any) -> TrainOptions:
    """Return the options that a command was given in its groups; a flag that is not set was not given."""
    values: dict[str, Any] = {}
    for group in GROUPS:
        flags = getattr(command, (group.__doc__ or "").lower(), None)
        if flags is not None:
            values |= {each.name: getattr(flags, each.name) for each in fields(group)}
    return TrainOptions(**{name: None if value is False else value for name, value in values.items()})
