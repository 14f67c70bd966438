"""ONNX: written by PyTorch's exporter, described in its metadata, and run by onnxruntime."""

import io
import warnings

import torch
from torch import Tensor

from ...errors import GanvasError
from ...translation import _
from .graph import Graph, Runner
from .precision import Precision, store_weights

OPSET = 18  # read by onnxruntime from 1.14 on


def check_onnx() -> None:
    """Check that what writes and runs ONNX is installed.

    Raises:
        GanvasError: it is not; the hint installs it.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise GanvasError(
            _("To write ONNX, {package} is needed.").format(package=error.name), 'pip install "ganvas[onnx]"'
        ) from error


def to_onnx(graph: Graph, precision: Precision = "float32") -> bytes:
    """Return a network as ONNX, its weights stored in `precision`."""
    import onnx

    names = [port.name for port in graph.inputs]
    batched = [port.name for port in (*graph.inputs, graph.output) if port.is_batched]
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # that sizes become constants, as they should; and that this exporter is old
        torch.onnx.export(
            graph.network,
            graph.example(2, 0),
            buffer,  # type: ignore[arg-type]  # a file that is open is taken, too
            input_names=names,
            output_names=[graph.output.name],
            dynamic_axes={name: {0: "batch"} for name in batched},
            opset_version=OPSET,
            dynamo=False,  # see docs/decisions.md
        )
    model = onnx.load_model_from_string(buffer.getvalue())
    for port, value in zip((*graph.inputs, graph.output), (*model.graph.input, *model.graph.output), strict=True):
        value.doc_string = port.about
    model.graph.name, model.producer_name = graph.name, "ganvas"
    ports = {port.name: port.about for port in (*graph.inputs, graph.output)}
    onnx.helper.set_model_props(model, {**graph.facts, **ports, "precision": precision})
    store_weights(model, precision)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def onnx_runner(content: bytes, graph: Graph, threads: int = 0) -> Runner:
    """Return what runs a network of `to_onnx` by onnxruntime, on the processor."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or torch.get_num_threads()
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def run(inputs: tuple[Tensor, ...]) -> Tensor:
        feed = {port.name: each.numpy() for port, each in zip(graph.inputs, inputs, strict=True)}
        return torch.from_numpy(session.run(None, feed)[0])

    return run
