"""The backward pass: it passes gradients from a node to all nodes that the node was computed from.

A node that was made by a formula of `operations` passes its gradient on by itself. Results that are computed
together, such as the outputs of a batch, form a `Junction`. It passes their gradients on together, once all
of them have arrived.
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
from autograd.tensor import Array

__all__ = ["backward"]

LOCK = RLock()  # held during a backward pass, since the nodes hold its state
WITHIN = (
    "backward() was called from within backward(), as by a signal handler, a __del__ or an operation of your "
    "own; call it afterwards"
)


class Walk:
    """The state of a backward pass that meets parameters, outputs of nets or user-defined operations.

    Attributes:
        order: all nodes that were reached, each after at least one of its consumers.
        before: pairs of a node and its gradient before the pass, for the nodes whose gradient was not 0.
        junctions: the junctions that were reached.
        complete: the junctions that have the gradients of all their results, but have not passed them on yet.
        vectors: the gradient arrays of parameters, each with a copy from before the pass, by id of the array.
        storage: the `Storage` of the parameter that was reached last.
    """

    def __init__(self, order: list[Any], before: list[Any]) -> None:
        self.order = order
        self.before = before
        self.junctions: list[Junction] = []
        self.complete: list[Junction] = []
        self.vectors: dict[int, tuple[Array, Array]] = {}
        self.storage: Any = None

    def count_use(self, v: Node) -> None:
        """Count one more use of ``v`` as an operand. The first one adds ``v`` to ``order``."""
        if v._n == 0:
            if v._grad != 0.0:
                self.before.append((v, v._grad))
            self.order.append(v)
        v._n += 1

    def keep(self, vectors: Sequence[Array]) -> None:
        """Copy gradient arrays of parameters before the pass changes them."""
        for vector in vectors:
            if id(vector) not in self.vectors:
                self.vectors[id(vector)] = vector, vector.copy()

    def visit(self, v: Node) -> None:
        """Note that the pass reaches a parameter, an output of a net or a user-defined operation.

        This counts the uses of its operands. It happens before any gradient is passed on.
        """
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
            row = v._index // junction.width
            if not junction.reached[row]:
                junction.reached[row] = 1
                junction.n_reached += 1
                if junction.inputs:
                    for _, operand in junction.inputs.get(row, ()):
                        self.count_use(operand)
        elif code == operations.USER_OPERATION:
            v._grad = 0.0
            for operand in v._home.operands:
                self.count_use(operand)

    def pass_on(self, v: Node, ready: list[Any]) -> None:
        """Pass on the gradient of such a node, after all nodes that use it have passed on theirs.

        A parameter adds it to its array, and an output gives it to its junction, which passes it on later.
        Operands of a user-defined operation whose gradients are complete now are added to ``ready``.
        """
        code = v._code
        if code == operations.PARAMETER:
            storage.write_gradient(v, storage.read_gradient(v) + v._grad)
            v._grad = 0.0
        elif code == operations.OUTPUT:
            junction = v._home
            junction.gradients[v._index] = v._grad
            junction.awaited -= 1
            if junction.awaited == 0:
                self.complete.append(junction)
        elif code == operations.USER_OPERATION:
            v._home.pass_on(v)
            for operand in v._home.operands:
                operand._n -= 1
                if operand._n == 0:
                    ready.append(operand)

    def through_junctions(self, ready: list[Any]) -> None:
        """Pass on the gradients of a complete junction, and of all others that share its ``evaluator``."""
        evaluator = self.complete[0].evaluator
        group = [junction for junction in self.complete if junction.evaluator is evaluator]
        self.complete = [junction for junction in self.complete if junction.evaluator is not evaluator]
        for pair in evaluator.pass_back(group):
            v = pair[0]
            v._grad += pair[1]
            v._n -= 1
            if v._n == 0:
                ready.append(v)

    def undo(self) -> None:
        """Set the gradients of parameters back to those before the pass."""
        for vector, copy in self.vectors.values():
            vector[...] = copy

    def finish(self, succeeded: bool) -> None:
        """Clear the state of the pass in the junctions; keep their gradients if the pass succeeded."""
        for junction in self.junctions:
            if succeeded:
                junction.keep()
            junction.gradients = junction.reached = junction.walk = None


class Running:
    """In compiled code: whether a backward pass is running (``taken``), and the last one's ``thread``."""

    def __init__(self) -> None:
        self.taken = False
        self.thread = 0


RUNNING = Running()
node.import_node()


def backward(root: Node) -> None:
    """Run the backward pass from ``root``; see `Value.backward`.

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
    node.note_root(root)


def is_running() -> bool:
    """Whether this thread is in a backward pass through Values."""
    if node.COMPILED:
        return RUNNING.taken and RUNNING.thread == threading.get_ident()
    return LOCK._is_owned()  # type: ignore[attr-defined,no-any-return]  # threading.Condition uses it too


def observed(root: Node, observer: Any) -> None:
    """Run the backward pass, and let the observer compare its gradients."""
    check = observer.before_backward(root)
    try:
        if node.COMPILED:
            alone(root)
        else:
            locked(root)
    except BaseException:
        observer.on_failure()
        raise
    observer.after_backward(check)


def locked(root: Node) -> None:
    """Run the backward pass alone. An interrupt cannot leave the lock taken, as ``with`` releases it."""
    if LOCK._is_owned():  # type: ignore[attr-defined]  # threading.Condition uses it too
        raise GradientError(WITHIN)
    with LOCK:
        walk(root)


def alone(root: Node) -> None:
    """Run the backward pass alone, in compiled code.

    A flag is enough as a lock, since other threads and interrupts run only where compiled code calls Python.
    """
    running = RUNNING
    while running.taken:
        if running.thread == threading.get_ident():
            raise GradientError(WITHIN)
        sleep(1e-4)
    try:
        running.taken = True
        running.thread = threading.get_ident()
        walk(root)
    finally:
        running.taken = False


def walk(root: Node) -> None:
    """Pass gradients on from ``root``; a node passes its gradient on after all its consumers.

    This is the order of the oracle, so sums of gradients have the same bits.
    """
    last, leaf = operations.USER_OPERATION, operations.LEAF  # ``last`` is the last code without a formula
    order: list[Any] = [root]
    before: list[Any] = []  # nodes whose gradient was not 0, each with that gradient
    state: Walk | None = None
    ended = False
    if root._grad != 0.0:
        before.append((root, root._grad))
    try:
        root._n = 1
        for v in order:
            if v._code > last:
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
                state.visit(v)

        root._n = 0
        root._grad += 1.0
        ready: list[Any] = [root]
        while True:
            for v in ready:
                if v._code > last:
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
                    state.pass_on(v, ready)  # type: ignore[union-attr]  # the first loop made a Walk for such nodes
            if state is None or not state.complete:
                break
            ready = []
            state.through_junctions(ready)
        ended = True
    finally:
        end(order, before, state, ended)


def end(order: list[Any], before: list[Any], state: Walk | None, succeeded: bool) -> None:
    """End a backward pass. Unless it ``succeeded``, set all gradients back to those before the pass."""
    if not succeeded:
        undo(order, before)
        if state is not None:
            state.undo()
    if state is not None:
        state.finish(succeeded)
    if succeeded and pending.observer() is not None:
        pending.observer().on_walk(order, before, state)


def undo(order: list[Any], before: list[Any]) -> None:
    """Set the gradients of nodes back to those before the pass."""
    for v in order:
        v._n = 0
        v._grad = 0.0
    for v, g in before:
        v._grad = g
