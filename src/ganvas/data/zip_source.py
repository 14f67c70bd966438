"""Pictures in a .zip. What is unpacked is bounded by what a member says of itself, whatever lies there."""

import shlex
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from functools import cached_property, partial
from pathlib import Path, PurePosixPath

from ..errors import GanvasError
from ..limits import MAX_MEMBER_BYTES
from ..translation import N_, _
from .file_kinds import ARCHIVES, HEAD_BYTES, is_image_file, suffix_of
from .image_file import NO_MEMORY, UnreadableImageError, is_temporary
from .listed_labels import find_labels
from .source import Source, SourceItem
from .walk import is_hidden

MAX_NAMED = 3  # archives in an archive
ENCRYPTED = 1  # flag of a member
UNPACKING_COPIES = 3  # of a member that zipfile has at once, measured with 200 MB
BOUNDED_COMPRESSION = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others unpack a whole block, however large


class ZipSource(Source):
    """Pictures in a .zip, read in place: nothing is unpacked to disk."""

    kind = "zip"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise GanvasError(
                _("{path} is damaged or not a .zip: {error}").format(path=path, error=error),
                _("Try: {command}").format(command=shlex.join(["unzip", "-t", str(path)])),
            ) from error

    def items(self) -> Iterator[SourceItem]:
        for name, member in self._members.items():
            if self._is_picture(name):
                yield SourceItem(name, self.group_of(name), f"{member.file_size}-{member.CRC}")

    @cached_property
    def _members(self) -> dict[str, zipfile.ZipInfo]:
        """Files by their names, which some programs for Windows write with backslashes, without hidden ones.

        They are in the order in which a folder of them is walked. Of two with one name it is the last, as if unpacked.
        """
        members = {member.filename.replace("\\", "/"): member for member in self._archive.infolist()}
        names = [name for name in members if not name.endswith("/") and not is_hidden(name)]
        return {name: members[name] for name in sorted(names, key=lambda name: PurePosixPath(name).parts)}

    @cached_property
    def labels(self) -> dict[str, str]:
        return find_labels(self._members.__contains__, self.read)

    def bytes_of(self, name: str) -> int:
        member = self._members[name]
        return UNPACKING_COPIES * min(member.file_size, MAX_MEMBER_BYTES)  # what is larger is not read

    def read(self, name: str) -> bytes:
        member = self._members[name]
        if member.flag_bits & ENCRYPTED:
            raise UnreadableImageError(N_("encrypted; unpack it with its password, and use a folder"), name)
        if member.file_size > MAX_MEMBER_BYTES:
            raise UnreadableImageError(
                f"unpacks to {member.file_size:,} bytes, over the limit of {MAX_MEMBER_BYTES:,}", name
            )
        if member.compress_type not in BOUNDED_COMPRESSION:
            raise UnreadableImageError(N_("packed in a rare way; pack it again, or use a folder"), name)
        try:
            with self._archive.open(member) as file:
                content = file.read(member.file_size + 1)  # no more is unpacked, whatever lies there
        except MemoryError as error:
            raise UnreadableImageError(NO_MEMORY, name) from error
        except Exception as error:  # one bad member says nothing about the others
            temporary = is_temporary(error)
            reason = N_("cannot be read in the archive") if temporary else N_("damaged in the archive")
            raise UnreadableImageError(f"{reason} ({error})", name, temporary) from error
        if len(content) != member.file_size:
            raise UnreadableImageError("damaged in the archive (it has another size than it says)", name)
        return content

    def other_files(self) -> Counter[str]:
        return Counter(suffix_of(name) for name in self._members if not self._is_picture(name))

    def archives(self) -> list[str]:
        return [name for name in self._members if suffix_of(name) in ARCHIVES][:MAX_NAMED]

    def _is_picture(self, name: str) -> bool:
        return is_image_file(name, partial(self._head, name))

    def _head(self, name: str) -> bytes:
        member = self._members[name]
        if member.compress_type not in BOUNDED_COMPRESSION or member.flag_bits & ENCRYPTED:
            return b""
        try:
            with self._archive.open(member) as file:
                return file.read(HEAD_BYTES)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):  # a damaged file of unknown kind
            return b""
