"""Pictures mixed from others: by layers where each layer has a style, and between them everywhere."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ..errors import GanvasError
from ..translation import _
from .layers import parse_layers
from .paths import along
from .sample import GeneratorModel
from .sources import read_sources
from .table import check_place, draw_table, save_table

ROWS, COLUMNS, CORNERS = ("0-3",), ("4-9",), ("0-3",)  # seeds, if no sources are named
LAYERS = "coarse"  # that come from the column
STEPS = 7  # pictures along an edge between corners


def mix(
    model: GeneratorModel,
    file: Path,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    layers: str | None = None,
    corners: Sequence[str] = (),
    steps: int = STEPS,
    truncation: float = 1.0,
    label: str | None = None,
) -> None:
    """Write a table of mixed pictures, or the grid between four if corners are named; see the two functions below.

    Without any sources it is a table where a picture has styles by layer, and a grid elsewhere.

    Raises:
        GanvasError: both are asked for, or as the functions do.
    """
    if corners and (rows or columns or layers):
        raise GanvasError(
            _("A mix is either a table or the grid between four corners."),
            _("Leave out --corners, or leave out --rows, --columns and --layers."),
        )
    if corners or not (rows or columns or layers or model.has_mapping):
        write_corners(model, file, corners, steps, truncation, label)
    else:
        write_table(model, file, rows, columns, layers, truncation, label)


def mix_layers(rows: Tensor, columns: Tensor, layers: Sequence[int]) -> Tensor:
    """Return the latents of a table: each row's, with some layers of each column's (Karras et al. 2019, figure 3).

    Args:
        rows: (R, num_ws, w_dim).
        columns: (C, num_ws, w_dim).
        layers: those that come from the column.

    Returns:
        (R, C, num_ws, w_dim).
    """
    is_columns = torch.zeros(rows.shape[1], 1, dtype=torch.bool, device=rows.device)
    is_columns[list(layers)] = True
    return torch.where(is_columns, columns[None], rows[:, None])


def mix_halfway(rows: Tensor, columns: Tensor, spherical: bool) -> Tensor:
    """Return the latents (R, C, ...) of a table halfway between each row's, (R, ...), and each column's, (C, ...)."""
    return torch.stack(
        [torch.cat([along(torch.stack([row, column]), [0.5], spherical) for column in columns]) for row in rows]
    )


def between_corners(corners: Tensor, steps: int, spherical: bool) -> Tensor:
    """Return the latents (steps, steps, ...) between four (4, ...): top left, top right, bottom left, bottom right."""
    shares = [step / (steps - 1) for step in range(steps)]
    top_left, top_right, bottom_left, bottom_right = corners
    left = along(torch.stack([top_left, bottom_left]), shares, spherical)
    right = along(torch.stack([top_right, bottom_right]), shares, spherical)
    return torch.stack([along(torch.stack(ends), shares, spherical) for ends in zip(left, right, strict=True)])


def write_table(
    model: GeneratorModel,
    file: Path,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    layers: str | None = None,
    truncation: float = 1.0,
    label: str | None = None,
) -> None:
    """Write a table of mixed pictures with its sources along the edges.

    Args:
        file: where it goes.
        rows, columns: sources, each a list of seeds or a file: see `read_sources`.
        layers: those that come from the column, such as "coarse" or "0-3"; None for coarse ones. Where a picture has
            one latent, each cell is halfway between its row and its column.
        truncation, label: of the sources by seed.

    Raises:
        GanvasError: a source is none, there are no such layers, or the file cannot be written.
    """
    check_place(file)
    chosen = () if layers is None and not model.has_mapping else parse_layers(layers or LAYERS, model.w_shape[0])
    down, across = (
        read_sources(model, words, option, truncation, label)
        for words, option in ((rows or ROWS, "--rows"), (columns or COLUMNS, "--columns"))
    )
    metadata: dict[str, object] = {"rows": " ".join(rows or ROWS), "columns": " ".join(columns or COLUMNS)}
    if chosen:
        metadata["layers"] = ",".join(map(str, chosen))
    mixed = mix_layers(down, across, chosen) if chosen else mix_halfway(down, across, spherical=True)
    table = [partial(_with_source, model, source, cells) for source, cells in zip(down, mixed, strict=True)]
    sheet = draw_table([partial(_above, model, across), *table], 1 + len(across), has_sources=True)
    _save(model, sheet, file, metadata | {"truncation": truncation})


def write_corners(
    model: GeneratorModel,
    file: Path,
    corners: Sequence[str] = (),
    steps: int = STEPS,
    truncation: float = 1.0,
    label: str | None = None,
) -> None:
    """Write a grid of the pictures between four: linear where there are styles, spherical elsewhere.

    Args:
        file: where it goes.
        corners: four sources, each a list of seeds or a file: top left, top right, bottom left, bottom right.
        steps: pictures along an edge.
        truncation, label: of the sources by seed.

    Raises:
        GanvasError: they are not four, a source is none, or the file cannot be written.
    """
    check_place(file)
    if steps < 2:
        raise GanvasError(
            _("A grid with corners has 2 pictures along an edge at least, not {steps}.").format(steps=steps),
            _("Try: --steps 7"),
        )
    sources = read_sources(model, corners or CORNERS, "--corners", truncation, label)
    if len(sources) != 4:
        raise GanvasError(
            _("A grid has four corners, and these are {count}.").format(count=len(sources)), _("Try: --corners 0,1,2,3")
        )
    grid = between_corners(sources, steps, spherical=not model.has_mapping)
    sheet = draw_table([partial(model.synthesize, row) for row in grid], steps)
    _save(model, sheet, file, {"corners": " ".join(corners or CORNERS), "truncation": truncation})


def _above(model: GeneratorModel, columns: Tensor) -> Tensor:
    """Return the first row: nothing, then the sources of the columns."""
    images = model.synthesize(columns)
    return torch.cat([torch.full_like(images[:1], 255), images])


def _with_source(model: GeneratorModel, source: Tensor, cells: Tensor) -> Tensor:
    return model.synthesize(torch.cat([source[None], cells]))


def _save(model: GeneratorModel, sheet: Image.Image, file: Path, metadata: dict[str, object]) -> None:
    save_table(sheet, file, {"run": model.run_name} | metadata)
