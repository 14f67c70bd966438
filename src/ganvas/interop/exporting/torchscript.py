"""TorchScript: a network that PyTorch runs without Ganvas, also in C++."""

import io
import json
import warnings

import torch
from torch import Tensor

from .graph import Graph, Runner

FACTS = "ganvas.json"  # the entry of the archive that says what it is


def to_torchscript(graph: Graph) -> bytes:
    """Return a network as TorchScript; torch.jit.load reads it, and its facts as the extra file `FACTS`."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # that sizes become constants, as they should; and that tracing is old
        traced = torch.jit.trace(  # type: ignore[no-untyped-call]
            graph.network, graph.example(2, 0), check_trace=False
        )
        torch.jit.save(traced, buffer, _extra_files={FACTS: json.dumps(dict(graph.facts))})
    return buffer.getvalue()


def torchscript_runner(content: bytes) -> Runner:
    """Return what runs a network of `to_torchscript`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = torch.jit.load(io.BytesIO(content), "cpu")  # type: ignore[no-untyped-call]

    def run(inputs: tuple[Tensor, ...]) -> Tensor:
        images: Tensor = network(*inputs)
        return images

    return run
