"""What one scalar remembers.

This is how a node lies in memory where there is no compiler; ``node.c`` is the same for one. All that is
done with nodes is written once, in the files below.
"""

from typing import Any

__all__ = ["COMPILED", "Node", "opened", "track_cycle"]

COMPILED = False


class Node:
    """A number in a graph of operations.

    Attributes:
        _number, _grad: the number, once it is there, and its gradient.
        _code: which operation it came from; see `autograd.engine.operations`.
        _a, _b: the operands; None where there is none, or a plain number, which is ``_k`` then.
        _da, _db: the slopes for the operands, once the number is there.
        _source: None if the number is there; or who brings it.
        _home: of a parameter its `Storage`, of a net's output its batch, of a user's operation what it is.
        _index: the place there.
        _n: within a walk back, from how many consumers a gradient has still to come.
    """

    __slots__ = (
        *("__dict__", "__weakref__", "_a", "_b", "_code", "_da", "_number", "_db", "_grad"),
        *("_home", "_index", "_k", "_n", "_source"),
    )

    _number: float
    _grad: float
    _code: int
    _a: "Node | None"
    _b: "Node | None"
    _da: float
    _db: float
    _k: float
    _source: Any
    _home: Any
    _index: int
    _n: int


def opened(kind: type) -> None:
    """Let methods be added to a class that may be compiled; here that is so by itself."""


def track_cycle(v: Node) -> None:
    """Tell the cycle collector of a node that may become part of a cycle; it knows all that are Python's."""
