"""An ONNX graph that is being built: nodes, constants, inputs, outputs, and names that are used once."""

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.tensor import Array

__all__ = ["Graph"]

ROWS = "rows"  # the name of the dimension whose size is open


class Graph:
    """A graph in which each node has one output, whose name stands for it.

    Its inputs are added first, so that nothing else gets their names.

    Args:
        onnx: the package onnx.
    """

    def __init__(self, onnx: Any) -> None:
        self._onnx = onnx
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._names: set[str] = set()
        self._uses: Counter[str] = Counter()

    def input(self, name: str, dtype: np.dtype[Any], columns: int) -> str:
        """Add an input of shape (rows, columns); object is the dtype of text."""
        self._names.add(name)
        self._inputs.append(self._described(name, dtype, columns))
        return name

    def output(self, value: str, name: str, dtype: np.dtype[Any], columns: int) -> None:
        """Make the result of a node an output of shape (rows, columns), under a name like ``name``."""
        own = self._unused(name)
        for node in self._nodes:
            node.input[:] = [own if x == value else x for x in node.input]
            node.output[:] = [own if x == value else x for x in node.output]
        self._outputs.append(self._described(own, dtype, columns))

    def constant(self, name: str, array: Array) -> str:
        """Add a constant under a name like ``name``."""
        own = self._unused(name)
        self._constants.append(self._onnx.numpy_helper.from_array(array, own))
        return own

    def number(self, x: float, dtype: npt.DTypeLike = "float64") -> str:
        """Add a constant number."""
        return self.constant("number", np.array(x, dtype))

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of an operator of ONNX, and return the name of its output."""
        out = self._unused(kind.lower())
        self._nodes.append(self._onnx.helper.make_node(kind, inputs, [out], name=out, **attributes))
        return out

    def cast(self, x: str, dtype: np.dtype[Any]) -> str:
        """Add a node that converts ``x``."""
        return self.add("Cast", x, to=self._onnx.helper.np_dtype_to_tensor_dtype(dtype))

    def built(self, name: str) -> Any:
        """The graph as ONNX has it."""
        return self._onnx.helper.make_graph(self._nodes, name, self._inputs, self._outputs, self._constants)

    def _described(self, name: str, dtype: np.dtype[Any], columns: int) -> Any:
        kind = self._onnx.helper.np_dtype_to_tensor_dtype(dtype)
        return self._onnx.helper.make_tensor_value_info(name, kind, [ROWS, columns])

    def _unused(self, name: str) -> str:
        """``name``, with a number behind it if it is in use."""
        own = name
        while own in self._names:
            self._uses[name] += 1
            own = f"{name}_{self._uses[name]}"
        self._names.add(own)
        return own
