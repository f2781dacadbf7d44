"""The walk back: gradients from a node to all that it was computed from.

Operations of the table pass their gradients on here, one node at a time. Results that are computed many at
once, as the outputs of a net are, are a `Junction`: the walk goes through it when all of them have gradients.
"""

import threading
from collections.abc import Sequence
from threading import RLock
from time import sleep
from typing import Any

from autograd.engine import node, operations, pending, storage
from autograd.engine.node import Node
from autograd.engine.pending import Junction
from autograd.errors import GradientError
from autograd.tensor.tape import Array

__all__ = ["backward"]

LOCK = RLock()  # held by a walk back, whose state stands in the nodes
WITHIN = (
    "backward() was called from within backward(), as by a signal handler, a __del__ or an operation of your "
    "own; call it afterwards"
)


class Walk:
    """What a walk back has come by beside the operations of the table.

    Attributes:
        order: all nodes, each after one of its consumers.
        before: of those that had a gradient, which.
        junctions: that were reached.
        waiting: those of them that have heard from all consumers.
        vectors: gradients of parameters as they were, by id of the array.
        storage: of the last parameter that was reached.
    """

    def __init__(self, order: list[Any], before: list[Any]) -> None:
        self.order = order
        self.before = before
        self.junctions: list[Junction] = []
        self.waiting: list[Junction] = []
        self.vectors: dict[int, tuple[Array, Array]] = {}
        self.storage: Any = None

    def find(self, v: Node) -> None:
        """Note one more consumer of ``v``."""
        if v._n == 0:
            if v._grad != 0.0:
                self.before.append((v, v._grad))
            self.order.append(v)
        v._n += 1

    def keep(self, vectors: Sequence[Array]) -> None:
        """Keep a copy of gradients of parameters that are to change."""
        for vector in vectors:
            if id(vector) not in self.vectors:
                self.vectors[id(vector)] = vector, vector.copy()

    def found(self, v: Node) -> None:
        """Note what follows from a node that comes from none of the operations of the table."""
        code = v._code
        if code == operations.PARAMETER:
            v._grad = 0.0
            if v._home is not self.storage:
                self.storage = v._home
                self.keep(v._home.vectors)
        elif code == operations.OUTPUT:
            v._grad = 0.0
            junction = v._home
            if junction.walk is not self:
                self.keep(junction.check())
                junction.walk = self
                junction.awaited = junction.n_reached = 0
                self.junctions.append(junction)
                junction.start()
            junction.awaited += 1
            row = v._index // junction.wide
            if not junction.reached[row]:
                junction.reached[row] = 1
                junction.n_reached += 1
                if junction.inputs:
                    for _, operand in junction.inputs.get(row, ()):
                        self.find(operand)
        elif code == operations.OWN:
            v._grad = 0.0
            for operand in v._home.operands:
                self.find(operand)

    def arrived(self, v: Node, ready: list[Any]) -> None:
        """Pass the gradient of such a node on."""
        code = v._code
        if code == operations.PARAMETER:
            storage.write_gradient(v, storage.read_gradient(v) + v._grad)
            v._grad = 0.0
        elif code == operations.OUTPUT:
            junction = v._home
            junction.gradients[v._index] = v._grad
            junction.awaited -= 1
            if junction.awaited == 0:
                self.waiting.append(junction)
        elif code == operations.OWN:
            v._home.pass_on(v)
            for operand in v._home.operands:
                operand._n -= 1
                if operand._n == 0:
                    ready.append(operand)

    def through_junctions(self, ready: list[Any]) -> None:
        """Pass the gradients of all that are kin to one of those that wait, and have heard from all, on."""
        kin = self.waiting[0].kin
        group = [junction for junction in self.waiting if junction.kin is kin]
        self.waiting = [junction for junction in self.waiting if junction.kin is not kin]
        for pair in kin.pass_back(group):
            v = pair[0]
            v._grad += pair[1]
            v._n -= 1
            if v._n == 0:
                ready.append(v)

    def undo(self) -> None:
        """Put the gradients of parameters back."""
        for vector, values in self.vectors.values():
            vector[...] = values

    def finish(self, done: bool) -> None:
        """Let go of what junctions have for a walk."""
        for junction in self.junctions:
            if done:
                junction.keep()
            junction.gradients = junction.reached = junction.walk = None


class Turn:
    """Whose turn it is to walk back: whether it is ``taken``, and by which ``thread``, now or last."""

    def __init__(self) -> None:
        self.taken = False
        self.thread = 0


TURN = Turn()


def backward(root: Node) -> None:
    """What `Value.backward` says, for the node of that name.

    >>> from autograd.engine import Value
    >>> x = Value(2)
    >>> backward(x * x)
    >>> x.grad
    4.0
    """
    if root._source is not None:
        pending.number_of(root)
    observer = pending.observer()
    if observer is not None:
        observed(root, observer)
    elif node.COMPILED:
        alone(root)
    else:
        locked(root)


def observed(root: Node, observer: Any) -> None:
    """Walk back, and have an observer compare."""
    check = observer.before(root)
    if node.COMPILED:
        alone(root)
    else:
        locked(root)
    observer.after(check)


def locked(root: Node) -> None:
    """Walk back while nobody else does. An interrupt cannot come between a lock and its ``with``."""
    if LOCK._is_owned():  # type: ignore[attr-defined]  # as threading.Condition asks
        raise GradientError(WITHIN)
    with LOCK:
        walk(root)


def alone(root: Node) -> None:
    """The same for compiled code, between whose lines nothing comes but where it calls for Python."""
    turn = TURN
    while turn.taken:
        if turn.thread == threading.get_ident():
            raise GradientError(WITHIN)
        sleep(1e-4)
    try:
        turn.taken = True
        turn.thread = threading.get_ident()
        walk(root)
    finally:
        turn.taken = False


def walk(root: Node) -> None:
    """Pass gradients on from ``root``, each node's once it has heard from all its consumers.

    That is the order of the oracle, so sums of gradients have the same bits.
    """
    own, leaf = operations.OWN, operations.LEAF
    order: list[Any] = [root]
    before: list[Any] = []  # nodes that had a gradient, with it
    state: Walk | None = None
    ended = False
    if root._grad != 0.0:
        before.append((root, root._grad))
    try:
        root._n = 1
        for v in order:
            if v._code > own:
                v._grad = 0.0
                a = v._a
                if a is not None:
                    if a._n == 0:
                        if a._grad != 0.0:
                            before.append((a, a._grad))
                        order.append(a)
                    a._n += 1
                b = v._b
                if b is not None:
                    if b._n == 0:
                        if b._grad != 0.0:
                            before.append((b, b._grad))
                        order.append(b)
                    b._n += 1
            elif v._code != leaf:
                if state is None:
                    state = Walk(order, before)
                state.found(v)

        root._n = 0
        root._grad += 1.0
        ready: list[Any] = [root]
        while True:
            for v in ready:
                if v._code > own:
                    g = v._grad
                    a = v._a
                    if a is not None:
                        a._grad += v._da * g
                        a._n -= 1
                        if a._n == 0:
                            ready.append(a)
                    b = v._b
                    if b is not None:
                        b._grad += v._db * g
                        b._n -= 1
                        if b._n == 0:
                            ready.append(b)
                elif v._code != leaf:
                    state.arrived(v, ready)  # type: ignore[union-attr]  # which it was when it was found
            if state is None or not state.waiting:
                break
            ready = []
            state.through_junctions(ready)
        ended = True
    finally:
        end(order, before, state, ended)


def end(order: list[Any], before: list[Any], state: Walk | None, done: bool) -> None:
    """End a walk: if it was not ``done``, all gradients are as they were before."""
    if not done:
        undo(order, before)
        if state is not None:
            state.undo()
    if state is not None:
        state.finish(done)


def undo(order: list[Any], before: list[Any]) -> None:
    """Put the gradients of nodes back as they were before a walk."""
    for v in order:
        v._n = 0
        v._grad = 0.0
    for v, g in before:
        v._grad = g
