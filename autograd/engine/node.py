"""The memory layout of a node, which is one scalar in a graph.

This is the Python version, for installations without a compiler; ``node.c`` is the C version. The other files
of this folder work with both.
"""

import sys
import weakref
from threading import get_ident
from typing import Any

__all__ = [
    *("COMPILED", "Node", "import_node", "last_root", "note_place", "note_root", "opened", "track_cycle")
]

COMPILED = False


class Node:
    """A number in a graph of operations.

    Attributes:
        _number, _grad: the number, valid once it has been computed, and its gradient.
        _code: the operation that made the node; see `autograd.engine.operations`.
        _a, _b: the operands. None stands for a missing operand, or for a plain number, which is in ``_k``.
        _da, _db: the slopes with respect to the operands, valid once the number has been computed.
        _source: None if the number has been computed. Otherwise the `Level` of a pending node, the `Failure`
            of an operation that raised an error, or the `Storage` of a parameter.
        _home: the `Storage` of a parameter, the batch of a net's output, a `UserOperation`; or the code that
            made the node by another operation, if an observer wants to know (see `note_place`).
        _index: the index of a parameter or output within ``_home``, or that of the instruction in the code.
        _n: within a backward pass, the number of consumers that have not passed their gradient on yet.
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


def note_place(v: Node, folders: tuple[str, ...]) -> None:
    """Note in an operation where the program made it: its innermost code outside of some folders.

    ``_home`` becomes the code, and ``_index`` the index of the instruction.
    """
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(folders):
        frame = frame.f_back
    if frame is not None:
        v._home, v._index = frame.f_code, frame.f_lasti


class LastRoot:
    """The node that the last backward pass began at, as a weak reference, and the thread of that pass."""

    node: Any = None
    thread = 0


def note_root(v: Node) -> None:
    """Remember the node that a backward pass has begun at, without keeping it alive."""
    LastRoot.node, LastRoot.thread = weakref.ref(v), get_ident()


def last_root() -> Node | None:
    """The node that the last backward pass began at; None if it is gone, or was another thread's."""
    return LastRoot.node() if LastRoot.thread == get_ident() else None


def import_node() -> None:
    """Find the functions of ``node.c``. They are in this file instead, so this does nothing."""


def opened(kind: type) -> None:
    """Allow methods to be added to a compiled class. Python classes allow it anyway, so this does nothing."""


def track_cycle(v: Node) -> None:
    """Have the cycle collector track a node. It tracks all Python objects anyway, so this does nothing."""
