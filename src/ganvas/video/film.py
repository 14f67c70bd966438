"""What a film's name says: which kind of file it is, and which writer makes it."""

from pathlib import Path

from PIL import Image

from ..errors import GanvasError, did_you_mean
from ..image_io import check_writable, save_image
from ..translation import _
from .container import ContainerFilm
from .gif import GifFilm
from .pyav import FILM_FORMATS, require_pyav
from .webp import WebPFilm
from .writer import FilmSettings, FilmWriter, Frame

FILMS: dict[str, type[FilmWriter]] = {
    ".mp4": ContainerFilm,
    ".webm": ContainerFilm,
    ".webp": WebPFilm,
    ".gif": GifFilm,
}
SUFFIXES = tuple(FILMS)
MAX_SIDE = 8192  # pixels: beyond, neither H.264 nor players follow
MAX_GIF_FPS = 50  # browsers show frames of less than 0.02 s for 0.1 s


class PictureFolder(FilmWriter):
    """Folder of numbered PNGs, for programs that cut films. Transparency is kept."""

    def _begin(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)

    def _write(self, frame: Frame) -> None:
        metadata = dict(self.settings.metadata) | {"frame": self.frames}
        save_image(Image.fromarray(frame), frame_path(self.path, self.frames), metadata)

    def __exit__(self, *_: object) -> None:
        """Leave what is written: each frame is whole."""


def frame_path(folder: Path, number: int) -> Path:
    """Return where a folder of PNGs has this frame."""
    return folder / f"{number:06d}.png"


def holds_sound(path: Path) -> bool:
    """Return whether a film of this name can hold sound."""
    return path.suffix.lower() in FILM_FORMATS


def is_folder(path: Path) -> bool:
    """Return whether a film of this name is a folder of PNGs: it has no suffix, or is one already."""
    return not path.suffix or path.is_dir()


def check_film(path: Path, fps: int) -> None:
    """Check that a film of this name can be written, before time is spent on its frames.

    Raises:
        GanvasError: it cannot; the hint says how.
    """
    suffix = path.suffix.lower()
    if is_folder(path):
        check_writable(path, _("Name another folder: --out FOLDER"))
        return
    if suffix not in FILMS:
        raise GanvasError(
            _("There is no film format '{suffix}' ({path}).{suggestion}").format(
                suffix=path.suffix, path=path, suggestion=did_you_mean(suffix, SUFFIXES)
            ),
            _("Use one of {names}, or a name without an ending for a folder of PNGs.").format(
                names=", ".join(SUFFIXES)
            ),
        )
    if suffix == ".gif" and fps > MAX_GIF_FPS:
        raise GanvasError(
            _("A GIF shows at most {max_gif_fps} frames a second, not {fps}.").format(max_gif_fps=MAX_GIF_FPS, fps=fps),
            _("Try: --fps 25"),
        )
    if suffix in FILM_FORMATS:
        require_pyav(_("A film as {suffix}").format(suffix=suffix))
    check_writable(path.parent, _("Name another place: --out FILE"))


def open_film(path: Path, settings: FilmSettings) -> FilmWriter:
    """Begin a film; its name has been checked by `check_film`.

    Raises:
        GanvasError: it cannot be written.
    """
    if max(settings.width, settings.height) > MAX_SIDE:
        size = f"{settings.width} x {settings.height}"
        raise GanvasError(
            _("A film of {size} pixels is too large for players.").format(size=size),
            _("Try a smaller --size or --grid."),
        )
    kind = PictureFolder if is_folder(path) else FILMS[path.suffix.lower()]
    return kind(path, settings)
