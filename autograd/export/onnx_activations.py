"""Activations as operators of ONNX.

In float32 ONNX has an operator for each, but for gelu. In float64 onnxruntime lacks those of leaky_relu,
softplus and erf, which are composed here of operators that it has.
"""

import math
from typing import Any

import numpy as np

from autograd.export.onnx_graph import Graph
from autograd.tensor import Array

__all__ = ["activated"]

SLOPE = 0.01  # of leaky_relu below 0
DEGREE = 20  # of the polynomial in `_erfc`, which leaves a relative error of 5e-15


def activated(graph: Graph, name: str, x: str, dtype: np.dtype[Any]) -> str:
    """The activation called ``name`` of ``x``."""
    if name == "linear":
        return x
    if name in ("sigmoid", "tanh", "relu"):
        return graph.add(name.capitalize(), x)
    double = dtype == np.float64
    if name == "leaky_relu":
        if double:
            return graph.add("Max", x, graph.add("Mul", x, graph.number(SLOPE)))
        return graph.add("LeakyRelu", x, alpha=SLOPE)
    if name == "softplus":
        return _softplus(graph, x) if double else graph.add("Softplus", x)
    assert name == "gelu"
    return _gelu(graph, x) if double else _gelu_by_erf(graph, x, dtype)


def _softplus(graph: Graph, x: str) -> str:
    """max(x, 0) + log1p(u) for u = exp(-|x|).

    log1p(u) is log(t) u / (t - 1) for t = 1 + u as rounded, and u where t is 1, as in the HP-15C's handbook
    of advanced functions: the error of t cancels.
    """
    u = graph.add("Exp", graph.add("Neg", graph.add("Abs", x)))
    one, zero = graph.number(1.0), graph.number(0.0)
    t = graph.add("Add", u, one)
    rest = graph.add("Sub", t, one)
    tiny = graph.add("Equal", rest, zero)
    ratio = graph.add("Div", graph.add("Log", t), graph.add("Where", tiny, one, rest))
    log1p = graph.add("Mul", u, graph.add("Where", tiny, one, ratio))
    return graph.add("Add", graph.add("Max", x, zero), log1p)


def _gelu_by_erf(graph: Graph, x: str, dtype: np.dtype[Any]) -> str:
    """x (1 + erf(x / √2)) / 2."""
    erf = graph.add("Erf", graph.add("Mul", x, graph.number(math.sqrt(0.5), dtype)))
    doubled = graph.add("Mul", x, graph.add("Add", erf, graph.number(1.0, dtype)))
    return graph.add("Mul", doubled, graph.number(0.5, dtype))


def _gelu(graph: Graph, x: str) -> str:
    """x Φ(x): with q = erfc(|x| / √2) / 2, Φ(x) is q below 0 and 1 - q above."""
    z = graph.add("Mul", graph.add("Abs", x), graph.number(math.sqrt(0.5)))
    q = graph.add("Mul", _erfc(graph, z), graph.number(0.5))
    below = graph.add("Less", x, graph.number(0.0))
    phi = graph.add("Where", below, q, graph.add("Sub", graph.number(1.0), q))
    return graph.add("Mul", x, phi)


def _erfc(graph: Graph, z: str) -> str:
    """erfc(z) of z ≥ 0: exp(-z²) / (1 + 2z) times a polynomial in t = (z - 3.75) / (z + 3.75).

    The form is that of Shepherd and Laframboise, Mathematics of Computation 36 (1981), 249-253.
    """
    z = graph.add("Min", z, graph.number(40.0))  # beyond it erfc is 0, and t would be inf / inf at inf
    shift = graph.number(3.75)
    t = graph.add("Div", graph.add("Sub", z, shift), graph.add("Add", z, shift))
    first, *others = _coefficients()[::-1].tolist()
    y = graph.number(first)
    for coefficient in others:
        y = graph.add("Add", graph.add("Mul", y, t), graph.number(coefficient))
    decay = graph.add("Exp", graph.add("Neg", graph.add("Mul", z, z)))
    ends = graph.add("Add", graph.add("Add", z, z), graph.number(1.0))
    return graph.add("Div", graph.add("Mul", decay, y), ends)


def _coefficients() -> Array:
    """The coefficients of the polynomial in t that is (1 + 2z) exp(z²) erfc(z), from the constant up."""
    from numpy.polynomial import chebyshev
    from scipy import special

    def wanted(t: Any) -> Any:
        z = 3.75 * (1 + t) / (1 - t)
        return (1 + 2 * z) * special.erfcx(z)

    coefficients: Array = chebyshev.cheb2poly(chebyshev.chebinterpolate(wanted, DEGREE))
    return coefficients
