"""PyAV, the extra `video`: loaded when it is needed, and told to open files and nothing else."""

from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import GanvasError
from ..translation import _

# A playlist could name other files of this machine, or addresses: only what holds its own data is opened.
SOUND_FORMATS = "aac,ac3,aiff,amr,ape,asf,au,avi,caf,flac,matroska,webm,mov,mp3,mpeg,ogg,tta,w64,wav,wv"
FILM_FORMATS = {".mp4": "mp4", ".webm": "webm"}
READ_FORMATS = {".mp4": "mov", ".webm": "webm"}  # which have other names when they are read


def require_pyav(purpose: str) -> ModuleType:
    """Return PyAV.

    Args:
        purpose: what it is needed for, as the beginning of a sentence ("A film as .mp4").

    Raises:
        GanvasError: it is not installed; the hint is the line that installs it.
    """
    try:
        import av
    except ImportError as error:
        raise GanvasError(
            _("{purpose} needs PyAV, which is not installed.").format(purpose=purpose),
            _('Try: pip install "ganvas[video]"'),
        ) from error
    return av


def open_to_read(path: Path, formats: str) -> Any:
    """Open a file, if it has one of `formats`; nothing but the file itself is read.

    Raises:
        av.FFmpegError: it cannot be read, or is nothing of this kind.
    """
    av = require_pyav(_("A film"))
    options: dict[str, Any] = {"options": {"protocol_whitelist": "file", "format_whitelist": formats}}
    if int(av.__version__.partition(".")[0]) < 19:  # later ones need not be told: any tags can be read
        options["metadata_errors"] = "replace"
    return av.open(address(path), **options)


def library_versions() -> str:
    """Return the versions of what encodes and decodes: segments of different encoders do not fit together."""
    av = require_pyav(_("A film"))
    return f"PyAV {av.__version__}, {av.library_versions}"


def reason_of(error: Exception) -> str:
    """Return what PyAV says of a fault, in its own words."""
    return getattr(error, "strerror", None) or str(error)


def address(path: Path) -> str:
    """Return a path as PyAV takes it: absolute, since a relative one may look like an address ("http:film.mp4")."""
    return str(path.absolute())


def read_comment(path: Path) -> str:
    """Return the comment in a film (.mp4 or .webm); empty if there is none, or nobody here can read it.

    Raises:
        OSError: it is there, but cannot be read now.
    """
    kind = READ_FORMATS.get(path.suffix.lower())
    if kind is None or not path.is_file():
        return ""
    try:
        import av
    except ImportError:
        return ""
    try:
        with open_to_read(path, kind) as film:
            tags = {key.lower(): value for key, value in film.metadata.items()}
    except av.FFmpegError as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        return ""
    comment: str = tags.get("comment", "")
    return comment
