"""Compile the catalogues of translations when the package is built or installed: gettext reads .mo files only."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def compile_catalogues(locale: Path) -> None:
    """Write a .mo file beside each .po file under a folder."""
    for source in sorted(locale.rglob("*.po")):
        with source.open("rb") as lines, source.with_suffix(".mo").open("wb") as compiled:
            write_mo(compiled, read_po(lines))


class CustomBuildHook(BuildHookInterface[Any]):
    """Hatchling's hook, run before a wheel is built, an editable one too."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile what is in this checkout."""
        compile_catalogues(Path(self.root) / "src" / "ganvas" / "locale")
