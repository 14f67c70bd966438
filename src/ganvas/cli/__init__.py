"""The command line: one module a command. Each calls the library and renders its events; it computes nothing."""

import json
import sys
from typing import Any

from ..device import is_out_of_memory, leave_time_to_other_programs
from ..errors import GanvasError, did_you_mean
from ..translation import _
from ..typed_json import to_json_value
from ..version import __version__
from .commands import COMMANDS, Command, overview
from .old_names import with_new_names
from .output import echo

INTERRUPTED = 130
WRONG_USAGE = 2


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 an error with its hint, 130 interrupted.

    Raises:
        SystemExit: help was asked for (0), or the usage is wrong (2).
    """
    words = with_new_names(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help", "--version"):
        sys.stdout.write(f"ganvas {__version__}\n" if words[:1] == ["--version"] else f"{overview()}\n")
        raise SystemExit(0)
    name, *flags = words
    if name not in COMMANDS:
        echo(
            _("There is no command '{name}'.{suggestion}\nganvas --help lists all commands.").format(
                name=name, suggestion=did_you_mean(name, list(COMMANDS))
            )
        )
        raise SystemExit(WRONG_USAGE)
    leave_time_to_other_programs()
    try:
        command = parse(name, COMMANDS[name], flags)
        result = command.execute()
    except GanvasError as error:
        echo(_("Error: {message}").format(message=error.message) + (f"\n{error.hint}" if error.hint else ""))
        return 1
    except OSError as error:
        echo(
            _("Error: {file} cannot be read or written: {reason}.").format(
                file=error.filename or _("A file"), reason=error.strerror or error
            )
        )
        echo(_("Check its permissions and the free disk space, then type the same command again."))
        return 1
    except (MemoryError, RuntimeError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if not is_out_of_memory(error):
            raise
        echo(_("Error: The memory is full.\nClose other programs, or try fewer or smaller pictures."))
        return 1
    except KeyboardInterrupt:
        echo(_("\nInterrupted."))
        return INTERRUPTED
    if getattr(command, "json", False) and result:
        sys.stdout.write(json.dumps(to_json_value(result)) + "\n")
    return INTERRUPTED if result.get("reason") == "interrupted" else 0


def parse(name: str, command: Command, flags: list[str]) -> Any:
    """Return the command with its flags.

    A command may know its defaults only from its flags (a painting that it is to be like): then it is asked for them,
    and the flags are read again on top of them.
    """
    import tyro

    from .help import translating_registry

    def read(**default: Any) -> Any:
        return tyro.cli(
            command.load(),
            prog=f"ganvas {name}",
            description=f"{_(command.about)} {_(command.more)}".strip(),
            args=flags,
            config=(tyro.conf.FlagCreatePairsOff,),
            registry=translating_registry(),
            **default,
        )

    parsed = read()
    defaults = parsed.defaults() if hasattr(parsed, "defaults") else None
    return parsed if defaults is None else read(default=defaults)
