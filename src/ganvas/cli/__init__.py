"""The command line: one dataclass a command. Each calls the library and renders its events; it computes nothing."""

import json
import sys
from typing import Annotated, Any

import tyro
from tyro.conf import subcommand

from ..errors import GanvasError
from .looking import Doctor, Env, Evaluate, Inspect, Recipes, Report
from .making import Demo, Recolour, Sample, Slim, Style, Train
from .options import say

INTERRUPTED = 130

Command = (
    Annotated[Demo, subcommand("demo")]
    | Annotated[Inspect, subcommand("inspect")]
    | Annotated[Recipes, subcommand("recipes")]
    | Annotated[Train, subcommand("train")]
    | Annotated[Sample, subcommand("sample")]
    | Annotated[Evaluate, subcommand("evaluate")]
    | Annotated[Doctor, subcommand("doctor")]
    | Annotated[Report, subcommand("report")]
    | Annotated[Style, subcommand("style")]
    | Annotated[Recolour, subcommand("recolour")]
    | Annotated[Slim, subcommand("slim")]
    | Annotated[Env, subcommand("env")]
)

DESCRIPTION = """Train a GAN on your own folder of pictures, and repaint pictures in the style of others.

First steps:
  ganvas demo                          everything once, on built-in pictures
  ganvas inspect PICTURES              what is in a folder, and how it would be trained
  ganvas train PICTURES --minutes 10   train on it; Ctrl-C saves, the same command goes on
  ganvas sample runs/PICTURES          make pictures
  ganvas report runs/PICTURES          how good they are, on one page
  ganvas doctor runs/PICTURES          how healthy the training was
  ganvas style PHOTOGRAPH PAINTING     repaint"""


def _parsed(arguments: list[str], usual: Any = None) -> Any:
    """Return the command that is asked for; what is not given is as in `usual`, if that is a command of the kind."""
    default = {} if usual is None else {"default": usual}
    settings = (tyro.conf.FlagCreatePairsOff,)
    return tyro.cli(Command, prog="ganvas", description=DESCRIPTION, args=arguments, config=settings, **default)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 an error with its hint, 130 interrupted (2: tyro's)."""
    given = sys.argv[1:] if arguments is None else arguments
    command = _parsed(given or ["--help"])
    try:
        if isinstance(command, Style) and command.like is not None:
            command = _parsed(given, command.alike(command.like))
        result = command.run()
    except GanvasError as error:
        say(f"Error: {error.message}" + (f"\n{error.hint}" if error.hint else ""))
        return 1
    except OSError as error:
        say(f"Error: {error.filename or 'A file'} cannot be read or written: {error.strerror or error}.")
        say("Look at its permissions and at the free disk space, then type the same command again.")
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted.")
        return INTERRUPTED
    if getattr(command, "json", False) and result:
        sys.stdout.write(json.dumps(result) + "\n")
    return INTERRUPTED if result.get("reason") == "interrupted" else 0
