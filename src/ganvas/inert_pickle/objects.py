"""Opcodes that put values together, and those that would call something."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..translation import _
from .arrays import DType, fill
from .calls import CLASSES, FUNCTIONS
from .errors import RefusedError
from .machine import Machine
from .opaque import Global, Opaque


def _empty(kind: type) -> Callable[[Machine], None]:
    return lambda machine: machine.push(kind())


def _tuple_of(count: int) -> Callable[[Machine], None]:
    def push(machine: Machine) -> None:
        values = [machine.pop() for _index in range(count)]
        machine.push(tuple(reversed(values)))

    return push


def _marked(kind: type) -> Callable[[Machine], None]:
    return lambda machine: machine.push(kind(machine.pop_mark()))


def _marked_frozenset(machine: Machine) -> None:
    values = machine.pop_mark()
    for value in values:
        machine.budget.key(value)
    machine.push(frozenset(values))


def _marked_dict(machine: Machine) -> None:
    values = machine.pop_mark()
    machine.push({})
    _store(machine, values)


def _append(machine: Machine) -> None:
    value = machine.pop()
    _extend(machine, [value])


def _appends(machine: Machine) -> None:
    _extend(machine, machine.pop_mark())


def _extend(machine: Machine, values: list[Any]) -> None:
    target = machine.stack[-1]
    (target.elements if isinstance(target, Opaque) else _of_type(list, target)).extend(values)


def _add_items(machine: Machine) -> None:
    values, target = machine.pop_mark(), _of_type(set, machine.stack[-1])
    for value in values:
        machine.budget.key(value)
        target.add(value)


def _set_item(machine: Machine) -> None:
    value, key = machine.pop(), machine.pop()
    _store(machine, [key, value])


def _set_items(machine: Machine) -> None:
    _store(machine, machine.pop_mark())


def _store(machine: Machine, values: list[Any]) -> None:
    target = machine.stack[-1]
    table = target.items if isinstance(target, Opaque) else _of_type(dict, target)
    for key, value in zip(values[::2], values[1::2], strict=True):
        machine.budget.key(key)
        table[key] = value


def _of_type(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise RefusedError(_("it puts values into something that cannot hold them"))
    return value


def _global(machine: Machine) -> None:
    module, name = machine.cursor.name(), machine.cursor.name()
    machine.push(Global(module, name))


def _stack_global(machine: Machine) -> None:
    name, module = machine.pop(), machine.pop()
    if not (isinstance(name, str) and isinstance(module, str)):
        raise RefusedError(_("it names a class by something that is no text"))
    machine.push(Global(module, name))


def _reduce(machine: Machine) -> None:
    args, function = machine.pop(), machine.pop()
    machine.push(call(machine, function, args))


def call(machine: Machine, function: object, args: object) -> object:
    """Return what a call is taken for: for functions that are understood what they mean, else an opaque object."""
    if not isinstance(args, tuple) or not isinstance(function, Global | Opaque):
        raise RefusedError(_("it calls something that is no function"))
    understood = FUNCTIONS.get(str(function)) if isinstance(function, Global) else None
    return understood(machine, *args) if understood else Opaque(function, args)


def _new(machine: Machine) -> None:
    args, kind = machine.pop(), machine.pop()
    machine.push(make(machine, kind, args))


def _new_with_keywords(machine: Machine) -> None:
    keywords, args, kind = machine.pop(), machine.pop(), machine.pop()
    machine.push(make(machine, kind, (*args, keywords) if keywords else args))


def _inst(machine: Machine) -> None:
    module, name = machine.cursor.name(), machine.cursor.name()
    machine.push(make(machine, Global(module, name), tuple(machine.pop_mark())))


def _obj(machine: Machine) -> None:
    kind, *args = machine.pop_mark()
    machine.push(make(machine, kind, tuple(args)))


def make(machine: Machine, kind: object, args: object) -> object:
    """Return what a new object is taken for: a plain container, or an opaque object."""
    if isinstance(kind, Global) and (container := CLASSES.get(kind.name)):
        return container(machine, *_of_type(tuple, args))
    return call(machine, kind, args)


def _build(machine: Machine) -> None:
    state, target = machine.pop(), machine.stack[-1]
    if isinstance(target, Opaque):
        target.state = state
    elif isinstance(target, DType):
        target.set_state(state)
    elif isinstance(target, np.ndarray) and machine.unfilled.pop(id(target), None) is not None:
        fill(machine.budget, target, state)
    elif type(target) is not dict:  # what else hangs at a dictionary, such as the versions of a state dict, is left out
        raise RefusedError(_("it gives attributes to something that has none"))


def _persistent(machine: Machine) -> None:
    machine.push(machine.persistent(machine.cursor.name()))


def _binary_persistent(machine: Machine) -> None:
    machine.push(machine.persistent(machine.pop()))


def _refuse_extension(machine: Machine) -> None:
    raise RefusedError(_("it names a class by a number that only the program which wrote it knows"))


def _refuse_buffer(machine: Machine) -> None:
    raise RefusedError(_("parts of it are not in the file"))


OBJECTS: dict[bytes, Callable[[Machine], None]] = {
    b")": _empty(tuple),
    b"]": _empty(list),
    b"}": _empty(dict),
    b"\x8f": _empty(set),
    b"\x85": _tuple_of(1),
    b"\x86": _tuple_of(2),
    b"\x87": _tuple_of(3),
    b"t": _marked(tuple),
    b"l": _marked(list),
    b"d": _marked_dict,
    b"\x91": _marked_frozenset,
    b"a": _append,
    b"e": _appends,
    b"\x90": _add_items,
    b"s": _set_item,
    b"u": _set_items,
    b"c": _global,
    b"\x93": _stack_global,
    b"R": _reduce,
    b"\x81": _new,
    b"\x92": _new_with_keywords,
    b"i": _inst,
    b"o": _obj,
    b"b": _build,
    b"P": _persistent,
    b"Q": _binary_persistent,
    b"\x82": _refuse_extension,
    b"\x83": _refuse_extension,
    b"\x84": _refuse_extension,
    b"\x97": _refuse_buffer,
    b"\x98": _refuse_buffer,
}
