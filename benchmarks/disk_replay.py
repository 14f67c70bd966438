"""What may be on a disk after a power cut, from the record of what was done to its files.

A file system may lose what was not synced, in any order: a file's data although its name is there, and names (created,
renamed, removed) although the data are there. The data of a file are safe after its own fsync, the names in a folder
after the folder's.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath


@dataclass
class File:
    """Content of a file as programs see it, and as it is on disk for certain."""

    content: bytearray = field(default_factory=bytearray)
    synced: bytes = b""


@dataclass
class Folder:
    """Entries of a folder as programs see them, and as they are on disk for certain."""

    entries: "dict[str, File | Folder]" = field(default_factory=dict)
    synced: "dict[str, File | Folder]" = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """One line of the log of disk_faults.c; paths are relative to the watched folder."""

    name: str
    path: PurePosixPath
    second: PurePosixPath
    offset: int
    data: bytes


def read_log(log: bytes, below: Path) -> Iterator[Operation]:
    """Yield the operations of a log."""
    lines = BytesIO(log)
    while head := lines.readline():
        name, *numbers = head.decode().split()
        offset, *sizes = map(int, numbers)
        path, second, data = (lines.read(size) for size in sizes)
        inside = [PurePosixPath(each.decode()[len(str(below)) + 1 :]) for each in (path, second)]
        yield Operation(name, inside[0], inside[1], offset, data)


def read_tree(folder: Path) -> Folder:
    """Return what is in a folder, all of it safe."""
    tree = Folder()
    for path in folder.iterdir():
        content = b"" if path.is_dir() else path.read_bytes()
        tree.entries[path.name] = read_tree(path) if path.is_dir() else File(bytearray(content), content)
    tree.synced = dict(tree.entries)
    return tree


def find(tree: Folder, path: PurePosixPath) -> File | Folder | None:
    """Return what is at `path`; None if there is nothing."""
    found: File | Folder | None = tree
    for part in path.parts:
        found = found.entries.get(part) if isinstance(found, Folder) else None
    return found


def apply(tree: Folder, operation: Operation) -> None:
    """Do an operation. One on a file that has no name any more is of no effect."""
    folder, node = find(tree, operation.path.parent), find(tree, operation.path)
    name = operation.path.name
    match operation.name, node, folder:
        case "create", _, Folder():
            folder.entries[name] = File()
        case "mkdir", _, Folder():
            folder.entries[name] = Folder()
        case "remove", File() | Folder(), Folder():
            del folder.entries[name]
        case "rename", File() | Folder(), Folder():
            target = find(tree, operation.second.parent)
            if isinstance(target, Folder):
                target.entries[operation.second.name] = folder.entries.pop(name)
        case "write", File(), _:
            node.content.extend(bytes(max(0, operation.offset - len(node.content))))
            node.content[operation.offset : operation.offset + len(operation.data)] = operation.data
        case "truncate", File(), _:
            del node.content[operation.offset :]
            node.content.extend(bytes(operation.offset - len(node.content)))
        case "fsync", File(), _:
            node.synced = bytes(node.content)
        case "fsync", Folder(), _:
            node.synced = dict(node.entries)


def with_unseen_renames(tree: Folder, operations: Iterable[Operation]) -> Iterator[Operation]:
    """Yield the operations, done to `tree` too, and between them the renames that nothing recorded.

    safetensors writes `.tmp...` and renames it by a system call of its own. That shows when the file is first spoken of
    under its new name.
    """
    for operation in operations:
        folder = find(tree, operation.path.parent)
        if operation.name in ("fsync", "rename", "remove") and find(tree, operation.path) is None:
            hidden = [name for name in folder.entries if name.startswith(".tmp")] if isinstance(folder, Folder) else []
            if len(hidden) == 1:
                rename = Operation("rename", operation.path.with_name(hidden[0]), operation.path, 0, b"")
                apply(tree, rename)
                yield rename
        apply(tree, operation)
        yield operation


def write_tree(tree: Folder, target: Path, loses_data: Callable[[], bool], loses_names: Callable[[], bool]) -> None:
    """Write to `target` what is left.

    Args:
        loses_data: asked for each file, whether what was not synced is lost.
        loses_names: asked for each folder.
    """
    target.mkdir(exist_ok=True)
    for name, node in (tree.synced if loses_names() else tree.entries).items():
        if isinstance(node, Folder):
            write_tree(node, target / name, loses_data, loses_names)
        else:
            (target / name).write_bytes(node.synced if loses_data() else node.content)


def unsynced_renames(tree: Folder, operations: list[Operation]) -> list[str]:
    """Return the renames that come before the data of what they rename are safe, by the new name.

    Within a temporary folder, which gets its own name later, order is of no matter.
    """
    found = []
    for operation in operations:
        is_temporary = any(part.endswith(".tmp") for part in operation.second.parent.parts)
        if operation.name == "rename" and not is_temporary:
            node = find(tree, operation.path)
            if node is not None and not _is_safe(node):
                found.append(str(operation.second))
        apply(tree, operation)
    return found


def unsynced_folders(tree: Folder, prefix: str = "") -> list[str]:
    """Return the folders whose names were changed and not synced since."""
    inside = [each for name, node in tree.entries.items() if isinstance(node, Folder)
              for each in unsynced_folders(node, f"{prefix}{name}/")]  # fmt: skip
    return [*([prefix or "."] if tree.entries != tree.synced else []), *inside]


def _is_safe(node: File | Folder) -> bool:
    """Return whether all of a file or folder is on disk for certain."""
    if isinstance(node, File):
        return node.synced == node.content
    return node.entries.keys() == node.synced.keys() and all(map(_is_safe, node.entries.values()))
