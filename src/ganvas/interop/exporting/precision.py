"""Weights of ONNX stored in fewer bits. All is computed in float32 still, by every runtime, at the same speed."""

from typing import Any, Literal, get_args

import numpy as np

Precision = Literal["float32", "float16", "int8"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
LEAST_NUMBERS = 256  # of a tensor that is worth it
INT8_MAX = 127


def store_weights(model: Any, precision: Precision) -> None:
    """Store the weights of an `onnx.ModelProto` in fewer bits, and let the graph begin by making float32 of them.

    Runtimes do that once, as they load it. int8 has a scale for each row of the first dimension.
    """
    if precision == "float32":
        return
    from onnx import TensorProto, helper, numpy_helper

    stored, nodes = [], []
    for tensor in model.graph.initializer:
        weight, name = numpy_helper.to_array(tensor), tensor.name
        if weight.dtype != np.float32 or weight.size < LEAST_NUMBERS or weight.ndim < 2:
            stored.append(tensor)
        elif precision == "float16":
            stored.append(numpy_helper.from_array(weight.astype(np.float16), f"{name}.float16"))
            nodes.append(helper.make_node("Cast", [f"{name}.float16"], [name], to=TensorProto.FLOAT))
        else:
            levels, scale = to_int8(weight)
            stored += [
                numpy_helper.from_array(levels, f"{name}.int8"),
                numpy_helper.from_array(scale, f"{name}.scale"),
            ]
            nodes.append(helper.make_node("Cast", [f"{name}.int8"], [f"{name}.levels"], to=TensorProto.FLOAT))
            nodes.append(helper.make_node("Mul", [f"{name}.levels", f"{name}.scale"], [name]))
    rest = list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(stored)
    model.graph.node.extend([*nodes, *rest])


def to_int8(weight: Any) -> tuple[Any, Any]:
    """Return int8 levels of a weight, and its scales (N, 1, ...): levels * scales is about the weight."""
    largest = np.abs(weight).max(axis=tuple(range(1, weight.ndim)), keepdims=True)
    scale = np.where(largest > 0, largest / INT8_MAX, 1).astype(np.float32)
    return np.round(weight / scale).astype(np.int8), scale
