"""Which files are pictures, by their names and their first bytes. Content decides wherever a name says nothing."""

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from ..translation import _
from .integrity import PNG_SIGNATURE

FORMAT_OF_SUFFIX = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), "JPEG"),
    **dict.fromkeys((".png", ".apng"), "PNG"),
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    **dict.fromkeys((".jp2", ".j2k", ".jpx"), "JPEG2000"),
    **dict.fromkeys((".ppm", ".pgm", ".pbm", ".pnm"), "PPM"),
    **dict.fromkeys((".bmp", ".dib"), "BMP"),
    ".gif": "GIF",
    ".webp": "WEBP",
    ".avif": "AVIF",
    **dict.fromkeys((".heic", ".heif", ".hif"), "HEIF"),
    ".qoi": "QOI",
    ".tga": "TGA",  # last: it has no signature, so almost anything could pass for it
}
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
HEAD_BYTES = 16  # of a file, which tell its format
# Files with pictures that other programs have to export. Those of cameras begin as a TIFF does.
EXPORTS = frozenset((
    ".3fr", ".arw", ".cr2", ".cr3", ".dng", ".erf", ".kdc", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw",
    ".rw2", ".sr2", ".srw", ".x3f", ".dcr", ".fff", ".iiq", ".mef", ".mos", ".rwz",
    ".ai", ".afphoto", ".cdr", ".clip", ".csp", ".dcm", ".dds", ".emf", ".eps", ".exr", ".fits", ".hdr", ".indd",
    ".jxl", ".jxr", ".kra", ".mdp", ".nii", ".ora", ".pdf", ".procreate", ".ps", ".psb", ".psd", ".sai", ".sketch",
    ".svg", ".svgz", ".wmf", ".xcf",
    ".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm",
    ".arrow", ".mat", ".mdb",
))  # fmt: skip
# Files that are sets of pictures by themselves: read where one is named, not beside pictures.
SETS = frozenset((".h5", ".hdf5", ".npz", ".parquet", ".tfrecord", ".tfrecords"))
# Files beside pictures that are surely none, so that a million captions need not be opened.
TEXTS = frozenset((
    ".aae", ".bak", ".cap", ".caption", ".cfg", ".css", ".csv", ".db", ".html", ".ini", ".js", ".json", ".jsonl",
    ".log", ".md", ".npy", ".part", ".pkl", ".pt", ".py", ".safetensors", ".srt", ".tags", ".tmp", ".tsv", ".txt",
    ".xml", ".xmp", ".yaml", ".yml",
))  # fmt: skip
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")


def is_image_file(name: str, read_head: Callable[[], bytes] = bytes) -> bool:
    """Return whether a file counts as a picture: by its suffix, or where that says nothing, by its first bytes.

    Args:
        read_head: returns the first `HEAD_BYTES` of the file.
    """
    suffix = suffix_of(name)
    if suffix in FORMAT_OF_SUFFIX:
        return True
    return suffix not in EXPORTS | SETS | TEXTS and sniff_format(read_head()) is not None


def left_out(others: Mapping[str, int]) -> str:
    """Return which files hold pictures but are not read here, and what to do; empty if there are none.

    Args:
        others: number of files that are not pictures, by suffix.
    """
    if sets := {suffix: count for suffix, count in others.items() if suffix in SETS}:
        files = ", ".join(f"{count:,} {suffix}" for suffix, count in sets.items())
        return _("Files that are sets by themselves are left out ({files}). To train on one, name it.").format(
            files=files
        )
    archives = {suffix: count for suffix, count in others.items() if suffix in ARCHIVES}
    found = archives | {suffix: count for suffix, count in others.items() if suffix in EXPORTS}
    if not found:
        return ""
    files = ", ".join(f"{count:,} {suffix}" for suffix, count in found.items())
    text = _("Files that Ganvas cannot read are left out ({files}). If they hold pictures, export them as PNG or JPEG.")
    if found == archives:
        text = _("Files that Ganvas cannot read are left out ({files}). If they hold pictures, unpack them.")
    return text.format(files=files)


def suffix_of(name: str) -> str:
    """Return the suffix of a file's name, in lower case; "nameless" if it has none."""
    return PurePosixPath(name).suffix.lower() or "nameless"


def sniff_format(head: bytes) -> str | None:
    """Return the format of a file from its first `HEAD_BYTES`, as Pillow names it; None if it is not surely a picture.

    Formats whose files could begin as a text does are not known by this.
    """
    brand = head[8:12] if head[4:8] == b"ftyp" else b""
    starts = {
        "JPEG": b"\xff\xd8\xff",
        "PNG": PNG_SIGNATURE,
        "GIF": b"GIF8",
        "JPEG2000": b"\0\0\0\x0cjP  ",
        "QOI": b"qoif",
    }
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:4] in (b"II*\0", b"MM\0*"):
        return "TIFF"
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return "BMP"
    if brand in (b"avif", b"avis"):
        return "AVIF"
    if brand in HEIC_BRANDS:
        return "HEIF"
    return next((name for name, start in starts.items() if head.startswith(start)), None)
