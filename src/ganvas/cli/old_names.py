"""Names of commands and flags that changed since release 0.1; the old ones still work."""

from ..translation import N_, _
from .output import echo

COMMANDS = {"recolour": "recolor", "slim": "shrink-vgg"}
_TRAIN = {
    "--labels": "--conditional",
    "--every": "--penalty-interval",
    "--ema": "--ema-half-life",
    "--width": "--channel-mult",
}
FLAGS: dict[str, dict[str, str]] = {
    "train": _TRAIN,
    "inspect": _TRAIN,
    "sample": {"--grid": "--sheet", "--sign-colour": "--sign-color"},
    "style": {"--colours": "--colors", "--optimiser": "--optimizer", "--sign-colour": "--sign-color"},
    "recolor": {"--colours": "--colors"},
}
SPELLINGS = frozenset(
    {"recolour", "--colours", "--optimiser", "--sign-colour"}
)  # British; as good as the others, so nothing is said


def with_new_names(arguments: list[str]) -> list[str]:
    """Return the words of a command line with today's names, and say which were old."""
    if not arguments:
        return arguments
    name = _renamed(arguments[0], COMMANDS, N_("command"))
    flags = FLAGS.get(name, {})
    words = [name]
    for word in arguments[1:]:
        flag, equals, value = word.partition("=")
        words.append(_renamed(flag, flags, N_("option")) + equals + value if flag in flags else word)
    return words


def _renamed(word: str, names: dict[str, str], kind: str) -> str:
    """Return a word's new name, and say it if it is deprecated."""
    new = names.get(word, word)
    if new != word and word not in SPELLINGS:
        echo(
            _(
                "The {kind} {word} is now called {new}; the old name is deprecated and will go in a later release."
            ).format(kind=_(kind), word=word, new=new)
        )
    return new
