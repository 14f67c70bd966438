"""Help in the user's language. It is written in English, below each field; scripts/catalogues.py collects it there."""

from collections.abc import Callable
from dataclasses import is_dataclass, replace
from typing import Annotated, Any, get_origin

from tyro.conf import arg
from tyro.constructors import ConstructorRegistry, StructConstructorSpec, StructFieldSpec, StructTypeInfo

from ..translation import _


def default_text(default: str) -> str:
    """Return what help says of an option's default, which is a value to type, or in the user's words."""
    return _("(default: {default})").format(default=default)


def translating_registry() -> ConstructorRegistry:
    """Return rules by which tyro translates the help of dataclasses."""
    registry = ConstructorRegistry()
    asked: list[Any] = []

    @registry.struct_rule
    def translated_dataclass(info: StructTypeInfo) -> StructConstructorSpec | None:
        if not is_dataclass(info.type) or info.type in asked:
            return None
        asked.append(info.type)  # so that tyro's own rule answers
        spec = ConstructorRegistry.get_struct_spec(info)
        asked.remove(info.type)
        if not isinstance(spec, StructConstructorSpec):
            return None
        return replace(spec, fields=tuple(_translated(each) for each in spec.fields))

    return registry


def _translated(field: StructFieldSpec) -> StructFieldSpec:
    """Return a field with its help, which is below it or in its annotation, in the user's language."""
    kind = getattr(field.type, "__origin__", field.type) if get_origin(field.type) is Annotated else field.type
    notes = getattr(field.type, "__metadata__", ())
    if is_dataclass(kind):
        about = str(kind.__doc__)  # tyro says nothing of one that dataclasses wrote by themselves
        return replace(field, helptext=_(about)) if _(about) != about else field
    notes = [replace(note, help=_(note.help)) if getattr(note, "help", None) else note for note in notes]
    annotated: Any = Annotated[(kind, arg(help_behavior_hint=default_text), *notes)]
    return replace(field, type=annotated, helptext=_later(field.helptext))


def _later(helptext: str | Callable[[], str | None] | None) -> Callable[[], str | None]:
    """Return what looks a help text up, and translates it, when it is shown."""

    def translated() -> str | None:
        text = helptext() if callable(helptext) else helptext
        return text and _(text)

    return translated
