"""ONNX: a net as a graph of operators, with the preprocessing of its table inside."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd.errors import MissingExtraError, OptionError
from autograd.export.exportable import Exportable, ExportedLayer, layers_of, own_preprocessing, table_of
from autograd.export.onnx_activations import activated
from autograd.export.onnx_graph import Graph
from autograd.files import TableDescription, atomic_write
from autograd.version import __version__

__all__ = ["to_onnx"]

OPSET = 19  # the first in which Equal takes text
IR = 9  # the version of the file format that came with this opset
LARGEST = 2**31 - 2**20  # bytes of weights; a message of protobuf has less than 2 GiB in all


def to_onnx(net: Exportable, path: Any) -> None:
    """See `autograd.nn.Net.to_onnx`."""
    layers = layers_of(net, "to_onnx()")
    table = table_of(net, "to_onnx()")
    if (size := sum(layer.weight.nbytes + layer.bias.nbytes for layer in layers)) > LARGEST:
        raise OptionError(
            f"to_onnx() wants a net of at most {LARGEST:,} bytes, which an ONNX file can hold, got {size:,}"
        )
    if table is not None and "" in (table.target, *table.features):
        raise OptionError(
            "to_onnx() wants a name for each column, as ONNX does, and one of the model's table has none; "
            "name it in the first line of the table, and train again"
        )
    onnx = package()
    graph = Graph(onnx)
    if table is None:
        _net_alone(graph, net, layers)
    else:
        _net_of_table(graph, net, layers, table)
    model = onnx.helper.make_model(
        graph.built("net"),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR,
        producer_name="array-autograd",
        producer_version=__version__,
    )
    onnx.helper.set_model_props(model, _properties(net, table))
    content = model.SerializeToString()
    with atomic_write(path) as file:
        file.write(content)


def package() -> Any:
    """The package onnx; MissingExtraError if it is not installed."""
    try:
        import onnx
    except ImportError:
        raise MissingExtraError.of("an ONNX file", "onnx") from None
    return onnx


def _properties(net: Exportable, table: TableDescription | None) -> dict[str, str]:
    """What the metadata say: the classes of a table, or a user's own preprocessing, as JSON."""
    if table is not None:
        return {"classes": json.dumps(table.classes)} if table.classes else {}
    own = own_preprocessing(net, "to_onnx()")
    return {} if own is None else {"preprocessing": own}


def _net_alone(graph: Graph, net: Exportable, layers: list[ExportedLayer]) -> None:
    x = graph.input("X", net.dtype, net.N[0])
    graph.output(_through(graph, layers, x), "Y", net.dtype, net.N[-1])


def _net_of_table(
    graph: Graph, net: Exportable, layers: list[ExportedLayer], table: TableDescription
) -> None:
    """The columns as inputs, and as outputs the answers that ``autograd predict`` gives."""
    for name in table.features:
        graph.input(name, np.dtype(object if name in table.levels else "float64"), 1)
    double = net.dtype == np.float64
    x = _prepared(graph, table)
    outputs = _through(graph, layers, x if double else graph.cast(x, net.dtype))
    if not table.classes:
        y = outputs if double else graph.cast(outputs, np.dtype("float64"))
        y = graph.add("Mul", y, graph.number(table.target_spread))
        y = graph.add("Add", y, graph.number(table.target_mean))
        graph.output(y, table.target, np.dtype("float64"), 1)
        return
    classes = graph.constant("classes", np.array(table.classes, object))
    label = graph.add("Gather", classes, graph.add("ArgMax", outputs, axis=1, keepdims=1))
    graph.output(label, table.target, np.dtype(object), 1)
    proba = graph.add("Softmax", outputs, axis=1)
    graph.output(proba, "probabilities", net.dtype, len(table.classes))


def _prepared(graph: Graph, table: TableDescription) -> str:
    """The inputs of the net: the scaled numbers, then the one-hot encoded texts."""
    parts = []
    if table.numbers:
        numbers = graph.add("Concat", *table.numbers, axis=1)
        if table.median:
            median = graph.constant("median", np.array(table.median, float))
            numbers = graph.add("Where", graph.add("IsNaN", numbers), median, numbers)
        centred = graph.add("Sub", numbers, graph.constant("mean", np.array(table.mean, float)))
        parts.append(graph.add("Div", centred, graph.constant("spread", np.array(table.spread, float))))
    for name, known in table.levels.items():
        levels = graph.constant(f"levels of {name}", np.array(known, object).reshape(1, -1))
        parts.append(graph.cast(graph.add("Equal", name, levels), np.dtype("float64")))
    return parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=1)


def _through(graph: Graph, layers: Iterable[ExportedLayer], x: str) -> str:
    """The outputs of the layers for ``x``."""
    for k, layer in enumerate(layers):
        weight, bias = (
            graph.constant(f"layers.{k}.{name}", np.ascontiguousarray(array))
            for name, array in (("weight", layer.weight), ("bias", layer.bias))
        )
        x = graph.add("Gemm", x, weight, bias, transB=1)
        x = activated(graph, layer.activation, x, layer.weight.dtype)
    return x
