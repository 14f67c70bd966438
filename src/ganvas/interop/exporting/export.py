"""The export of a run: networks are written, run by what will run them, compared with PyTorch, and only then kept."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from ...atomic_write import write_atomically
from ...data.ownership import not_ours
from ...errors import GanvasError, cannot_be_written, check_choice
from ...events import Event, Note, Progress
from ...image_io import check_writable
from ...latents.sample import GeneratorModel, load
from ...runs import Run
from ...translation import N_, _
from .cost import PICTURES, Cost, cost_of
from .generators import MARK, halves, whole
from .graph import Graph, Runner
from .onnx_file import check_onnx, onnx_runner, to_onnx
from .parity import check, largest_difference
from .precision import PRECISIONS, Precision
from .torchscript import to_torchscript, torchscript_runner
from .web import to_page
from .weights import to_card, to_safetensors

Format = Literal["onnx", "torchscript", "safetensors", "web"]
FORMATS: tuple[Format, ...] = get_args(Format)
SUFFIXES: dict[str, str] = {"onnx": ".onnx", "torchscript": ".pt", "safetensors": ".safetensors", "web": ".html"}
STORED_IN_FEWER_BITS = ("onnx", "web")


@dataclass(frozen=True, kw_only=True)
class Export:
    """What was written.

    Args:
        files: the network first.
        format, precision: as asked for.
        difference: the largest from PyTorch over 64 latents, of pictures from 0 to 1, with all bits.
        cost: of fewer bits, in Frechet distance; None with all bits.
    """

    files: tuple[Path, ...]
    format: str
    precision: str
    difference: float
    cost: Cost | None


def export(
    run: Path, to: str = "onnx", out: Path | None = None, precision: str = "float32"
) -> Generator[Event, None, Export]:
    """Write the network of a run for another program, and yield what happens; see `ganvas.export`."""
    check_choice(to, FORMATS, N_("format"))
    check_choice(precision, PRECISIONS, N_("precision"))
    if precision != "float32" and to not in STORED_IN_FEWER_BITS:
        raise GanvasError(
            _("{format} keeps all bits of the weights.").format(format=to),
            _("Leave out --precision, or: --to onnx"),
        )
    if to in STORED_IN_FEWER_BITS:
        check_onnx()
    model = load(run, "cpu")
    file = _place(run, to, out)
    files, difference, cost = yield from _written(model, to, file, precision)  # type: ignore[arg-type]  # it is checked
    for path in files:
        _check_ours(path)
    for path, content in files.items():
        _write(path, content)
    yield from model.notes()
    return Export(files=tuple(files), format=to, precision=precision, difference=difference, cost=cost)


def _place(run: Path, to: str, out: Path | None) -> Path:
    """Return the file to write, after a look at whether that may be done: before any work.

    Raises:
        GanvasError: it may not.
    """
    file = out or Run(run).exported / f"generator{SUFFIXES[to]}"
    if file.is_dir():
        file /= f"generator{SUFFIXES[to]}"
    if file.suffix.lower() != SUFFIXES[to]:
        raise GanvasError(
            _("{file} does not end in {suffix}, as {format} does.").format(file=file, suffix=SUFFIXES[to], format=to),
            _("Try: --out {file}").format(file=file.with_suffix(SUFFIXES[to])),
        )
    _check_ours(file)
    check_writable(file.parent, _("Name another place: --out FILE"))
    return file


def _check_ours(file: Path) -> None:
    """Check that a file is not there, or was written by an export.

    Raises:
        GanvasError: it is somebody else's.
    """
    if file.exists() and not (file.is_file() and MARK.encode() in file.read_bytes()):
        raise not_ours(file)


def _written(
    model: GeneratorModel, to: Format, file: Path, precision: Precision
) -> Generator[Event, None, tuple[dict[Path, bytes], float, Cost | None]]:
    """Return the contents of the files of a format, the largest difference, and what fewer bits cost."""
    if to == "safetensors":
        return {file: to_safetensors(model), file.with_suffix(".md"): to_card(model, file.name)}, 0.0, None
    graphs: tuple[Graph, ...] = halves(model) if to == "web" or model.has_mapping else ()
    graphs = graphs if to == "web" else (whole(model), *graphs)
    contents, differences, cost = list[bytes](), list[float](), None
    what = N_("networks written and compared")
    for number, graph in enumerate(graphs):
        yield Progress(what, number, len(graphs))
        content = to_torchscript(graph) if to == "torchscript" else to_onnx(graph)
        run = torchscript_runner(content) if to == "torchscript" else onnx_runner(content, graph)
        difference = largest_difference(graph, run)
        check(graph.name, difference)
        differences.append(difference)
        contents.append(content if precision == "float32" else to_onnx(graph, precision))
    yield Progress(what, len(graphs), len(graphs))
    yield Note(_told(max(differences), to))
    if precision != "float32":
        cost = _cost(model, graphs, contents)
        yield Note(
            _(
                "In {precision}, its pictures lie at a distance of {distance:.2g} from those of all bits; two "
                "samplings of {count} pictures lie at {between:.2g}."
            ).format(precision=precision, distance=cost.distance, between=cost.between_samplings, count=PICTURES)
        )
    if to == "web":
        return {file: to_page(model, *contents)}, max(differences), cost
    return {_named(file, graph): each for graph, each in zip(graphs, contents, strict=True)}, max(differences), cost


def _told(difference: float, to: Format) -> str:
    program = "TorchScript" if to == "torchscript" else "onnxruntime"
    return _(
        "{program} draws what PyTorch draws: over 64 pictures, one by one and in threes, the largest difference is "
        "{difference:.1e} of 1."
    ).format(program=program, difference=difference)


def _cost(model: GeneratorModel, graphs: tuple[Graph, ...], contents: list[bytes]) -> Cost:
    """Return what the bits cost that the networks in `contents` lack."""
    runners = [onnx_runner(content, graph) for graph, content in zip(graphs, contents, strict=True)]
    run: Runner = runners[0]
    if graphs[0].name == "mapping":  # of a page: one after the other
        mapping, synthesis = runners
        run = lambda inputs: synthesis((mapping(inputs),))  # noqa: E731
    return cost_of(whole(model), run)


def _named(file: Path, graph: Graph) -> Path:
    """Return the file of a graph: the whole has the name that was given, the halves say which they are."""
    return file if graph.name == "generator" else file.with_name(f"{file.stem}-{graph.name}{file.suffix}")


def _write(path: Path, content: bytes) -> None:
    try:
        write_atomically(path, content)
    except OSError as error:
        hint = _("Free some disk space, or name another place: {option}").format(option="--out FILE")
        raise cannot_be_written(path, error, hint) from error
