"""Looks through a graph of Values for outputs of nets in operations that do not suit them."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd.diagnosis.findings import Record
from autograd.diagnosis.layers import BOUNDS, Layers
from autograd.engine import operation_of, place_of
from autograd.support import Place

__all__ = ["look_through"]


def bounded(v: Any) -> str:
    """The bounded activation whose result a Value is, be it an output of a net or an operation; or ""."""
    if v is None:
        return ""
    kind = operation_of(v)
    if kind == "output":
        kind = getattr(v._home.evaluator.specs[-1].function, "name", "")
    return kind if kind in BOUNDS else ""


def look_through(order: Iterable[Any], layers: Layers, findings: Record) -> None:
    """Report targets out of reach, and a sigmoid or softmax of what is one already.

    Args:
        order: the nodes of the graph.
        layers: judges targets.
        findings: where to report.
    """
    order = list(order)
    targets: dict[tuple[Place, str], list[float]] = defaultdict(list)
    compared = {id(v._a) for v in order if is_size(v)}
    for v in order:
        kind = operation_of(v)
        if kind == "sub" and id(v) in compared:
            for a, b in ((v._a, v._b), (v._b, v._a)):
                name = bounded(a)
                if name and (b is None or operation_of(b) == "leaf") and (place := place_of(v)):
                    targets[place, name].append(v._k if b is None else b._number)
        elif kind == "sigmoid" and (name := bounded(v._a)) in ("sigmoid", "relu") and (place := place_of(v)):
            findings.add("misfit", place, f"A sigmoid is taken of what is a {name} already.")
        elif kind == "softplus" and (place := place_of(v)):
            signed = v._a
            if (
                operation_of(signed) == "mul"
                and abs(signed._k) == 1
                and (name := bounded(signed._a or signed._b))
            ):
                text = f"binary_cross_entropy wants logits, and is given what is a {name} already."
                findings.add("misfit", place, text)
        elif kind == "output":
            samples = v._home.evaluator
            inputs = [a for _, a in v._home.inputs.get(v._index // v._home.width, ())]
            outputs = [a for a in inputs if operation_of(a) == "output"]
            layers.hidden.update(a._home.evaluator.specs[-1].matrix.leaf for a in outputs)
            if len(inputs) == samples.n_in and all(is_linear(a) for a in inputs):
                before = inputs[0]._home.evaluator.specs[-1].matrix.leaf
                layers.follow(before, samples.specs[0].matrix.leaf, v._home.place)
        elif kind == "truediv" and is_softmax(v) and (name := bounded(v._a._a)) and (place := place_of(v)):
            findings.add("misfit", place, f"A softmax is taken of what is a {name} already.")
    for (place, name), numbers in targets.items():
        layers.compare(name, np.array(numbers), place)


def is_size(v: Any) -> bool:
    """Whether a Value is a power or the absolute value of another, which losses take of differences."""
    kind = operation_of(v)
    return kind in ("pow", "abs") or (kind == "mul" and v._a is v._b)


def is_linear(v: Any) -> bool:
    """Whether a Value is an output of a layer without a bend."""
    return (
        operation_of(v) == "output" and getattr(v._home.evaluator.specs[-1].function, "name", "") == "linear"
    )


def is_softmax(v: Any) -> bool:
    """Whether a quotient is exp(a) / (... + exp(a) + ...)."""
    top, node = v._a, v._b
    if top is None or operation_of(top) != "exp":
        return False
    while node is not None and operation_of(node) == "add":
        if node._b is top or node._a is top:
            return True
        node = node._a
    return False
