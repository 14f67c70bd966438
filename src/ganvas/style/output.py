"""The files of a painting: its colours, transparency, metadata and signature, and the copy in its own colours."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from ..config import SignConfig, StyleConfig
from ..config.style import ColorMode
from ..data.color import srgb_profile
from ..errors import GanvasError
from ..image_io import SIXTEEN_BIT_SUFFIXES, save_16bit_image, save_image, to_image, to_uint8, to_uint16
from ..signature import Signature
from ..translation import _
from .color import COLOR_MODES
from .load import Picture, SourcePaths

SIGNED_WITH = "signature"  # metadata: digest of the signature's file
ORIGINAL_COLORS_SUFFIX = ".free.png"
FINAL_REASONS = ("finished", "diverged")  # after these, there is nothing to resume


@dataclass(frozen=True, kw_only=True)
class PaintingOutput:
    """Where a painting goes, and what is told of it in its metadata.

    Args:
        sources: the paths of the pictures that it is made from.
        content: the picture that is repainted.
        network: name of the network, which is a part of the fingerprint.
        fingerprint: what identifies the painting, see `resume.compute_fingerprint`.
        signature: what it is signed with, if it is.
    """

    path: Path
    sources: SourcePaths
    content: Picture
    config: StyleConfig
    network: str
    fingerprint: str
    signature: Signature | None

    def write(self, painting: Tensor, reason: str, steps: int) -> None:
        """Write a painting (1, 3, H, W) in [-1, 1], and in the end the copy in its own colours, if one is kept.

        Raises:
            OSError: a file cannot be written.
        """
        self._write_one(painting, self.path, reason, steps, self.config, self.signature)
        if keeps_original(self.config) and reason in FINAL_REASONS:
            original = as_original(self.config)
            self._write_one(painting, original_colors_path(self.path), reason, steps, original, None)

    def _write_one(
        self, painting: Tensor, path: Path, reason: str, steps: int, config: StyleConfig, signature: Signature | None
    ) -> None:
        """Write one file, in the colours of `config`, with metadata that tell how it was made."""
        metadata = {
            "network": self.network,
            "reason": reason,
            "mark": self.fingerprint,
            "content": _path_text(self.sources.content),
            "styles": json.dumps([*map(_path_text, self.sources.styles)]),
            "masks": json.dumps([*map(_path_text, self.sources.masks)]),
            "seed": str(config.seed),
            "steps": str(steps),
            "settings": json.dumps(asdict(config)),
        }
        colored = with_colors_and_alpha(painting, self.content, config.colors)
        signed, metadata = sign(colored, metadata, signature, config.seed, self.content.name)
        write_painting(signed, path, bits_per_channel(path, config.depth, self.content), metadata)


@contextmanager
def reporting_disk_errors(out: Path) -> Iterator[None]:
    """Turn errors of the disk into one with a hint."""
    try:
        yield
    except OSError as error:
        message = _("{out} cannot be written ({reason}).").format(out=out, reason=error.strerror or error)
        raise GanvasError(message, _("Choose another place for --out.")) from error


def with_colors_and_alpha(painting: Tensor, content: Picture, colors: ColorMode) -> Tensor:
    """Return a painting (1, 3, H, W) in a colour mode, with the transparency of its content: (3 or 4, H, W)."""
    painting = painting.cpu()  # colours are matched in double precision, which not every device supports
    height, width = painting.shape[2:]
    target = content.tensor((width, height), painting.device) if colors != "free" else painting
    opacity = content.opacity((width, height))
    colored = COLOR_MODES[colors](painting, target, opacity)[0]
    return colored if opacity is None else torch.cat([colored, opacity[0].mul(2).sub(1)])


def sign(
    painting: Tensor, metadata: Mapping[str, str], signature: Signature | None, seed: int, content: str
) -> tuple[Tensor, dict[str, str]]:
    """Return a painting (C, H, W) in [-1, 1] with a signature, if there is one, and the metadata that tell of it.

    Args:
        seed, content: what decides how it is placed where that is random: of the painting, and its content's name.
    """
    unsigned = {key: value for key, value in metadata.items() if key != SIGNED_WITH}
    if signature is None:
        return painting, unsigned
    return signature.stamp(painting, seed, content), unsigned | {SIGNED_WITH: signature.digest}


def write_painting(painting: Tensor, path: Path, bits: int, metadata: Mapping[str, object]) -> None:
    """Write a painting (C, H, W) in [-1, 1] with 8 or 16 bits per channel and the profile of sRGB."""
    if bits == 16:
        save_16bit_image(to_uint16(painting.permute(1, 2, 0)), path, metadata, srgb_profile())
        return
    image = to_image(to_uint8(painting))
    image.info["icc_profile"] = srgb_profile()
    save_image(image, path, metadata)


def bits_per_channel(path: Path, depth: int, content: Picture) -> int:
    """Return the bits per channel of a file: as asked, else as many as the content has and the format holds."""
    return depth or (16 if content.float_channels and path.suffix.lower() in SIXTEEN_BIT_SUFFIXES else 8)


def keeps_original(config: StyleConfig) -> bool:
    """Return whether the painting as it was painted is kept beside the one that is recoloured or signed."""
    return config.colors != "free" or bool(config.signature.sign)


def as_original(config: StyleConfig) -> StyleConfig:
    """Return the settings of a painting as it was painted: in its own colours, and unsigned."""
    return replace(config, colors="free", signature=SignConfig())


def original_colors_path(out: Path) -> Path:
    """Return the path of the copy of a painting in its own ("free") colours, from which others can be made later."""
    return out.with_name(f"{out.name}{ORIGINAL_COLORS_SUFFIX}")


def is_original_colors_copy(path: Path) -> bool:
    """Tell whether a file is the copy of a painting in its own colours, see `original_colors_path`."""
    painting = path.with_name(path.name.removesuffix(ORIGINAL_COLORS_SUFFIX))
    return path.name.endswith(ORIGINAL_COLORS_SUFFIX) and painting.exists()


def _path_text(path: Path) -> str:
    """Return a path as text that can be written to a file; bytes of its name that are not UTF-8 are escaped."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
