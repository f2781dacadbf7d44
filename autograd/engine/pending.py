"""Lazy evaluation: the numbers of pending nodes are computed later, many at once.

A node is pending if one of its operands is, or if it is an output of a net that was called on one sample.
Pending nodes are grouped in levels. A level has batches of net calls, whose inputs are computed or belong to
lower levels, and the operations on the outputs of these batches. The operations are listed in the order in
which they were made, which is a topological order. When a number is needed, `settle` computes the levels.

An interrupt or a signal handler may come at any point of an evaluation. A node stays pending until its number
has been computed, so the code that runs next can compute the rest, with the same result.
"""

import itertools
import sys
import threading
from collections.abc import Sequence
from threading import local
from typing import Any

from autograd.engine import operations, storage
from autograd.engine.batch_stats import STATS
from autograd.engine.node import Node, note_place
from autograd.support import LIBRARIES
from autograd.tensor import Array, calling_line

__all__ = [
    "Failure",
    "Junction",
    "Level",
    "Observer",
    "any_pending",
    "is_pending",
    "number_of",
    "observe",
    "observer",
    "settle",
    "settled_number",
    "unobserve",
]

ROUND = 1 << 20  # an upper bound for the number of levels in a round; see `Level`
CAP = 1 << 14  # the largest number of pending operations in a level
NOTE = (
    "This Value was pending, and was computed only when its number was needed; within autograd.eager() the "
    "error comes from the line that made the Value."
)


class Level:
    """The pending work of one depth: batches of samples, and the operations on their outputs.

    A round is a lowest level and the chain of levels above it. It holds the work that a thread has left
    pending since its last evaluation, and is computed as a whole.

    Attributes:
        rank: the place in the order of evaluation, lowest first; ``rank // ROUND`` is the round's number.
        above: the next level of the round, or None.
        owner: for a lowest level, the id of the thread that made it, or 0 if any thread may compute it.
        closed: for a lowest level, whether the evaluation of its round has begun.
        batches: the batch to compute for each module.
        nodes: the pending operations, or None once the level has been computed and accepts no more.
        capacity: the largest number of pending operations.
    """

    def __init__(self, rank: int, owner: int = 0) -> None:
        self.rank = rank
        self.owner = owner
        self.closed = False
        self.batches: dict[Any, Any] = {}
        self.nodes: list[Any] | None = []
        self.capacity = CAP
        self.above: Level | None = None

    def next(self) -> "Level":
        """Return the level for work that depends on results of this one."""
        if self.above is None:
            self.above = Level(self.rank + 1)
        return self.above


class Junction:
    """Results that are computed together, such as the outputs of a batch, as the backward pass sees them.

    Subclasses define the methods; those here raise NotImplementedError.

    Attributes:
        evaluator: junctions that share it pass their gradients on together, by ``evaluator.pass_back``.
        width: the number of results per row.
        inputs: for each row with nodes among its inputs, these nodes, each with its column.
        walk: the state of the backward pass that goes through the junction at present, or None.
        gradients: within a backward pass, the gradients of the results that have arrived, by index.
        awaited: within a backward pass, the number of results whose gradient has still to arrive.
        reached: within a backward pass, which rows take part in it; ``n_reached`` is their number.
    """

    def __init__(self, evaluator: Any, width: int) -> None:
        self.evaluator = evaluator
        self.width = width
        self.inputs: dict[int, Sequence[tuple[int, Any]]] = {}
        self.walk: Any = None
        self.gradients: Any = None
        self.reached: Any = None
        self.n_reached = 0
        self.awaited = 0

    def run(self) -> None:
        """Compute the results if they are pending."""
        raise NotImplementedError

    def drop(self) -> None:
        """Discard the pending results if nothing else refers to any of them."""
        raise NotImplementedError

    def check(self) -> Sequence[Array]:
        """Return the gradient arrays that the pass will change; GradientError if parameters have changed."""
        raise NotImplementedError

    def start(self) -> None:
        """Prepare for a backward pass."""
        raise NotImplementedError

    def keep(self) -> None:
        """Keep the gradients of the results after a backward pass."""
        raise NotImplementedError


class Failure:
    """The ``_source`` of a node whose operation raised an error. Reading the number raises it again."""

    def __init__(self, error: Exception) -> None:
        self.kind, self.args = type(error), error.args

    def error(self) -> Exception:
        """Return a new error to raise. The original one would keep alive all frames of its traceback."""
        error = self.kind(*self.args)
        error.add_note(NOTE)
        return error


class Pending:
    """The pending work of all threads.

    Attributes:
        rounds: the lowest level of each round that has not been computed yet, by number of the round.
        observer: the `Observer` that is told of what happens to Values, or None.
    """

    def __init__(self) -> None:
        self.rounds: dict[int, Level] = {}
        self.observer: Any = None


class Ownership:
    """A thread's ownership of a lowest level. It ends with the thread; then the level has no owner."""

    def __init__(self, level: Level) -> None:
        self.level = level

    def __del__(self) -> None:
        self.level.owner = 0


class ThreadLocal(local):
    """For each thread, its `Ownership` of the lowest level that it adds to, or None."""

    ownership: Ownership | None = None


PENDING = Pending()
THREAD = ThreadLocal()
ROUND_NUMBERS = itertools.count(1)


def any_pending() -> bool:
    """Whether anything is pending, in any thread."""
    return bool(PENDING.rounds)


class Observer:
    """Is told what happens to Values, once it is given to `observe`; a subclass overrides what it needs.

    Attributes:
        every_operation: whether `on_operation` is called after every operation, or only after those whose
            result, or a slope of it, is infinite or nan.
    """

    every_operation = True

    def on_pending(self, v: Any, name: str, label: str = "{}") -> None:
        """Called when a Value is made whose number may still be pending.

        Args:
            v: the Value.
            name: what messages call it if there is no source.
            label: the format of its name in messages, such as "{}[1]"; the braces stand for the source.
        """

    def on_operation(self, v: Any, x: float, y: float, error: Exception | None) -> None:
        """Called after an operation on the numbers ``x`` and ``y``, with the error that it raised, if any."""

    def before_batch(self, batch: Any) -> None:
        """Called before a batch goes through a net, layer or neuron."""

    def on_batch(self, batch: Any, outputs: list[Any]) -> None:
        """Called after a batch went through a net, layer or neuron, with the output Values of each sample."""

    def on_settled(self) -> None:
        """Called when all pending operations of the thread have been computed."""

    def before_backward(self, root: Any) -> Any:
        """Called before a backward pass from ``root``."""

    def on_walk(self, order: list[Any], before: list[Any], walk: Any) -> None:
        """Called at the end of a backward pass that has succeeded.

        Args:
            order: the nodes that it has reached, the root first.
            before: pairs of a node and its gradient before the pass, for the nodes whose gradient was not 0.
            walk: the `walk.Walk`, or None if the pass met only leaves and operations with a formula.
        """

    def after_backward(self, check: Any) -> None:
        """Called after a backward pass, with what `before_backward` returned."""

    def on_failure(self) -> None:
        """Called instead of `after_backward` and `on_batch` where an error or an interrupt came."""


class Observers(Observer):
    """Several observers, each of which is told of everything."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self.observers = observers
        self.every_operation = any(observer.every_operation for observer in observers)

    def on_pending(self, v: Any, name: str, label: str = "{}") -> None:
        for observer in self.observers:
            observer.on_pending(v, name, label)

    def on_operation(self, v: Any, x: float, y: float, error: Exception | None) -> None:
        for observer in self.observers:
            observer.on_operation(v, x, y, error)

    def before_batch(self, batch: Any) -> None:
        for observer in self.observers:
            observer.before_batch(batch)

    def on_batch(self, batch: Any, outputs: list[Any]) -> None:
        for observer in self.observers:
            observer.on_batch(batch, outputs)

    def on_settled(self) -> None:
        for observer in self.observers:
            observer.on_settled()

    def before_backward(self, root: Any) -> Any:
        return [observer.before_backward(root) for observer in self.observers]

    def on_walk(self, order: list[Any], before: list[Any], walk: Any) -> None:
        for observer in self.observers:
            observer.on_walk(order, before, walk)

    def after_backward(self, check: Any) -> None:
        for observer, own in zip(self.observers, check, strict=True):
            observer.after_backward(own)

    def on_failure(self) -> None:
        for observer in self.observers:
            observer.on_failure()


OBSERVERS: list[Observer] = []


def observes_all() -> bool:
    """Whether there is an observer that is told of every operation."""
    return PENDING.observer is not None and bool(PENDING.observer.every_operation)


def is_pending(v: Node) -> bool:
    """Whether the number of a node has still to be computed."""
    return isinstance(v._source, Level)


def observe(observer: Observer) -> None:
    """Have an observer told of what happens to Values, until `unobserve`; call it again after changing it."""
    if observer not in OBSERVERS:
        OBSERVERS.append(observer)
    tell_observers()


def unobserve(observer: Observer) -> None:
    """No longer tell an observer of what happens to Values; the same if called twice."""
    if observer in OBSERVERS:
        OBSERVERS.remove(observer)
    tell_observers()


def tell_observers() -> None:
    """Bring into effect what has changed in `OBSERVERS`."""
    one: Any = None
    if OBSERVERS:
        one = OBSERVERS[0] if len(OBSERVERS) == 1 else Observers(OBSERVERS[:])
    operations.observe_operations(one and one.on_operation, one is not None and one.every_operation)
    PENDING.observer = one


def observer() -> Any:
    """Return the observer that is told of what happens to Values, or None."""
    return PENDING.observer


def lowest() -> Level:
    """Return this thread's level for samples that depend on no pending node."""
    ownership = THREAD.ownership
    if ownership is None or ownership.level.closed:
        round_number = next(ROUND_NUMBERS)
        level = Level(round_number * ROUND, threading.get_ident())
        THREAD.ownership = Ownership(level)
        PENDING.rounds[round_number] = level
        return level
    return ownership.level


def settle(level: Level | None = None, vectors: Sequence[Array] = (), needed: bool = True) -> None:
    """Compute all pending operations of this thread, and those of threads that have ended.

    Args:
        level: compute the round of this level too, whichever thread it belongs to.
        vectors: compute too the rounds of other threads with samples for a net whose gradients are in one of
            these arrays.
        needed: if False, discard the results that nothing refers to any more, instead of computing them.
    """
    rounds = PENDING.rounds
    thread = threading.get_ident()
    for round_number, first in list(rounds.items()):
        if (
            first.owner == thread
            or first.owner == 0
            or (level is not None and level.rank // ROUND == round_number)
            or uses(first, vectors)
        ):
            if not needed and not first.closed:
                drop(first)
            first.closed = True
            compute_levels(first)
            rounds.pop(round_number, None)
            clear_levels(first)
    if PENDING.observer is not None:
        PENDING.observer.on_settled()


def clear_levels(level: Level | None) -> None:
    """Empty the levels of a round that has been computed, from ``level`` upwards."""
    while level is not None:
        above = level.above
        level.nodes, level.batches = None, {}  # not cleared: other code may still iterate over the old ones
        level.above = None
        level = above


def uses(level: Level | None, vectors: Sequence[Array]) -> bool:
    """Whether a round has pending samples for a net whose gradients are in one of ``vectors``."""
    while level is not None and vectors:
        for module in list(level.batches):
            if any(vector is own for vector in vectors for own in module.vectors):
                return True
        level = level.above
    return False


def drop(first: Level) -> None:
    """Discard the pending results of a round that nothing else refers to.

    It goes from the last operation to the first, since an operation refers to its operands.
    """
    levels = [first]
    while levels[-1].above is not None:
        levels.append(levels[-1].above)
    for level in reversed(levels):
        nodes = level.nodes or []
        for i in range(len(nodes) - 1, -1, -1):
            if references(nodes, i) == ALONE:
                nodes[i] = None
        for batch in list(level.batches.values()):
            batch.drop()


def references(nodes: list[Any], i: int) -> int:
    """Return the number of references to the i-th node."""
    return sys.getrefcount(nodes[i])


ALONE = references([Node()], 0)  # the count for a node that only its list refers to


def compute_levels(level: Level | None) -> None:
    """Compute a round level by level: first the batches, then the operations in the order of their list."""
    while level is not None:
        for batch in list(level.batches.values()):
            batch.run()
        nodes = level.nodes or []
        i = 0
        while i < len(nodes):
            v = nodes[i]
            try:
                while i < len(nodes):
                    v = nodes[i]
                    if v is not None and v._source is level:
                        compute(v)
                    i += 1
            except (ArithmeticError, ValueError) as error:
                v._source = Failure(error)
        level = level.above


def compute(v: Node) -> None:
    """Compute the number and the slopes of a node from the numbers of its operands."""
    a, b = v._a, v._b
    x = v._k if a is None else a._number if a._source is None else settled_number(a)
    y = v._k if b is None else b._number if b._source is None else settled_number(b)
    operations.FORMULAS[v._code](v, x, y)
    v._source = None


def number_of(v: Node) -> float:
    """Return the number of a node. If the node is pending, compute all pending operations first."""
    if v._source is None:
        return v._number
    if v._code == operations.PARAMETER:
        return storage.read_number(v)
    if isinstance(v._source, Level):
        settle(v._source)
    return settled_number(v)


def settled_number(v: Node) -> float:
    """Return the number of a node after its level has been computed.

    A node may have joined the level too late for that, in a signal handler for example. It is computed now.
    """
    if v._source is None:
        return v._number
    if v._code == operations.PARAMETER:
        return storage.read_number(v)
    if isinstance(v._source, Level):
        if v._code == operations.OUTPUT:
            v._home.run()
        else:
            compute(v)
    if v._source is not None:
        raise v._source.error()
    return v._number


def read_early(v: Node) -> float:
    """Return a number that the user's program reads. Count the read for `stats` if the number is pending."""
    if v._source is not None and isinstance(v._source, Level):
        STATS.early[calling_line()] += 1
    return number_of(v)


def postpone(out: Node) -> None:
    """Add a node to the pending operations, or compute it if no operand is pending.

    If an operand has failed, the node has the same `Failure`.
    """
    a, b = out._a, out._b
    source = None if a is None or a._code == operations.PARAMETER else a._source
    other = None if b is None or b._code == operations.PARAMETER else b._source
    if source is None or (other is not None and not deeper(source, other)):
        source = other
    if source is None:
        compute(out)
    else:
        out._source = source
        if PENDING.observer is not None:
            note_place(out, LIBRARIES)
            if observes_all():
                PENDING.observer.on_pending(out, operations.NAMES[out._code])
        if isinstance(source, Level):
            enqueue(out, source)


def deeper(first: Any, second: Any) -> bool:
    """Whether the source ``first`` ranks at least as high as ``second``. A `Failure` ranks above levels."""
    if isinstance(first, Failure) or isinstance(second, Failure):
        return isinstance(first, Failure)
    a, b = first, second
    return a.rank >= b.rank  # type: ignore[no-any-return]  # two Levels


def enqueue(out: Node, level: Level) -> None:
    """Add a node to the pending operations of a level."""
    nodes = level.nodes
    if nodes is None:  # the level has been computed meanwhile, by a signal handler for example
        compute(out)
    else:
        nodes.append(out)
        if len(nodes) > level.capacity:
            settle(level, (), False)
