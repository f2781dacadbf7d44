"""Nodes that are pending: they wait for their numbers, which are computed many at once.

A node is pending because an operand is, or because it is an output of a net that was called on one sample.
Pending nodes stand in levels: first the batches of net calls, whose inputs are there or come from the level
before, then the operations on their outputs, in the order in which they were made, which is an order in
which they can be computed. `settle` does that, when a number is needed.

Nothing here is ever half done. What is being computed stays in its place until its number is there, so
whoever comes in between, or after an interrupt, does what is left, with the same result.
"""

import itertools
import sys
import threading
from collections.abc import Sequence
from threading import local
from typing import Any

from autograd.engine import operations, storage
from autograd.engine.node import Node
from autograd.engine.stats import STATS
from autograd.tensor.tape import Array
from autograd.tensor.trace import caller

__all__ = ["Failure", "Junction", "Level", "done", "number_of", "observe", "observer", "settle", "waiting"]

ROUND = 1 << 20  # levels at most that are worked out together
CAP = 1 << 14  # operations that wait at most in one level
NOTE = (
    "This Value was waiting, and was worked out only when its number was needed; within autograd.eager() "
    "the error comes from the line that made it."
)


class Level:
    """What waits at one depth: batches by module, and the operations that follow.

    A lowest level and those above it, one after the other, are a round: what a thread has let wait
    until it is worked out.

    Attributes:
        rank: higher than that of all levels that are worked out before; ``rank // ROUND`` tells rounds apart.
        above: the level after this one, if there is one.
        owner: of a lowest level, the thread that made it.
        closed: of a lowest level, whether its round is being worked out.
        nodes: the operations; None once all is worked out and nothing may join any more.
        room: how many may wait.
    """

    def __init__(self, rank: int, owner: int = 0) -> None:
        self.rank = rank
        self.owner = owner
        self.closed = False
        self.batches: dict[Any, Any] = {}
        self.nodes: list[Any] | None = []
        self.room = CAP
        self.above: Level | None = None

    def next(self) -> "Level":
        """The level of what depends on results of this one."""
        if self.above is None:
            self.above = Level(self.rank + 1)
        return self.above


class Junction:
    """Results that are computed many at once, as the walk back sees them.

    Attributes:
        kin: those of the same kin pass their gradients on together, by ``kin.pass_back``.
        wide: how many results belong to a row.
        inputs: by row, the nodes that it was made from, each with its place, where there are any.
        walk: the one that goes through it, if any.
        gradients: within a walk, those that arrived, by place.
        awaited: within a walk, for how many results a gradient has still to come.
        reached: within a walk, which rows have a part in it, and ``n_reached`` how many.
    """

    def __init__(self, kin: Any, wide: int) -> None:
        self.kin = kin
        self.wide = wide
        self.inputs: dict[int, Sequence[tuple[int, Any]]] = {}
        self.walk: Any = None
        self.gradients: Any = None
        self.reached: Any = None
        self.n_reached = 0
        self.awaited = 0

    def run(self) -> None:
        """Bring the numbers, if they are not there."""
        raise NotImplementedError

    def drop(self) -> None:
        """Let go of it, if nobody has kept any of its results."""
        raise NotImplementedError

    def check(self) -> Sequence[Array]:
        """The vectors of gradients that it adds to; GradientError if there are none any more."""
        raise NotImplementedError

    def start(self) -> None:
        """Get ready for a walk."""
        raise NotImplementedError

    def keep(self) -> None:
        """Note the gradients that a walk has brought."""
        raise NotImplementedError


class Failure:
    """In the place of who brings a number, where there is none: the error that the operation came to."""

    def __init__(self, error: Exception) -> None:
        self.kind, self.args = type(error), error.args

    def error(self) -> Exception:
        """The error, to be raised; one that was raised before would keep alive what it has come through."""
        error = self.kind(*self.args)
        error.add_note(NOTE)
        return error


class Pending:
    """All that is pending, in all threads.

    Attributes:
        rounds: the lowest levels of the rounds that are not worked out yet, by number.
        observer: who is told of all that is done, if anybody.
    """

    def __init__(self) -> None:
        self.rounds: dict[int, Level] = {}
        self.observer: Any = None


class Lease:
    """A thread's hold on the lowest level in which it lets samples wait; when it ends, that is anybody's."""

    def __init__(self, level: Level) -> None:
        self.level = level

    def __del__(self) -> None:
        self.level.owner = 0


class ThreadLocal(local):
    """What this thread has."""

    lease: Lease | None = None


PENDING = Pending()
THREAD = ThreadLocal()
ROUND_NUMBERS = itertools.count(1)  # of rounds


def waiting() -> bool:
    """Whether anything waits."""
    return bool(PENDING.rounds)


def observe(observer: Any) -> None:
    """Have an observer told of all that is done, or none."""
    PENDING.observer = observer
    operations.observe_operations(None if observer is None else observer.worked)


def observer() -> Any:
    """Who is told of all that is done."""
    return PENDING.observer


def lowest() -> Level:
    """The level of samples that depend on nothing that waits."""
    lease = THREAD.lease
    if lease is None or lease.level.closed:
        number = next(ROUND_NUMBERS)
        level = Level(number * ROUND, threading.get_ident())
        THREAD.lease = Lease(level)
        PENDING.rounds[number] = level
        return level
    return lease.level


def settle(level: Level | None = None, vectors: Sequence[Array] = (), needed: bool = True) -> None:
    """Work out all that this thread has let wait.

    Args:
        level: and, if it is of another thread, the round that it belongs to.
        vectors: and what waits in other threads for nets whose gradients are one of these arrays.
        needed: if not, work out only what somebody has kept.
    """
    rounds = PENDING.rounds
    thread = threading.get_ident()
    for number, first in list(rounds.items()):
        if (
            first.owner == thread
            or first.owner == 0
            or (level is not None and level.rank // ROUND == number)
            or uses(first, vectors)
        ):
            if not needed and not first.closed:
                drop(first)
            first.closed = True
            work_out(first)
            rounds.pop(number, None)
            let_go(first)
    if PENDING.observer is not None:
        PENDING.observer.settled()


def let_go(level: Level | None) -> None:
    """Let go of all in a round, which has been worked out."""
    while level is not None:
        above = level.above
        level.nodes, level.batches = None, {}  # others may still be going through the old ones
        level.above = None
        level = above


def uses(level: Level | None, vectors: Sequence[Array]) -> bool:
    """Whether samples wait in a round for a net whose gradients are one of ``vectors``."""
    while level is not None and vectors:
        for module in list(level.batches):
            if any(vector is own for vector in vectors for own in module.vectors):
                return True
        level = level.above
    return False


def drop(first: Level) -> None:
    """Let go of what nobody has kept, the last first: what follows has kept what it was made from."""
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
    """How many references there are to the i-th node."""
    return sys.getrefcount(nodes[i])


ALONE = references([Node()], 0)


def work_out(level: Level | None) -> None:
    """Work out a round, level by level: the batches, then the operations in the order of their making."""
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
    """Do the operation that a node stands for."""
    a, b = v._a, v._b
    x = v._k if a is None else a._number if a._source is None else done(a)
    y = v._k if b is None else b._number if b._source is None else done(b)
    operations.FORMULAS[v._code](v, x, y)
    v._source = None


def number_of(v: Node) -> float:
    """The number of a node, after what waits has been worked out if it is not there yet."""
    if v._source is None:
        return v._number
    if v._code == operations.PARAMETER:
        return storage.read_number(v)
    if isinstance(v._source, Level):
        settle(v._source)
    return done(v)


def done(v: Node) -> float:
    """The number of a node that has been worked out.

    It may have come too late for that: to a level that had just been done, in a signal handler say.
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
    """The number of a node that the program looks at."""
    if v._source is not None and isinstance(v._source, Level):
        STATS.early[caller()] += 1
    return number_of(v)


def let_wait(out: Node) -> None:
    """Have an operation wait for its operands, or do it if none of them does."""
    a, b = out._a, out._b
    first = None if a is None or a._code == operations.PARAMETER else a._source
    second = None if b is None or b._code == operations.PARAMETER else b._source
    if first is None or (second is not None and not deeper(first, second)):
        first = second
    if first is None:
        compute(out)
    else:
        out._source = first
        if PENDING.observer is not None:
            PENDING.observer.waits(out, operations.NAMES[out._code])
        if isinstance(first, Level):
            enqueue(out, first)


def deeper(first: Any, second: Any) -> bool:
    """Whether ``first`` comes later than ``second``; an error comes last."""
    if isinstance(first, Failure) or isinstance(second, Failure):
        return isinstance(first, Failure)
    a, b = first, second
    return a.rank >= b.rank  # type: ignore[no-any-return]  # of Levels


def enqueue(out: Node, level: Level) -> None:
    """Add an operation to those that wait in a level."""
    nodes = level.nodes
    if nodes is None:  # its operand came too late for that, as in a signal handler
        compute(out)
    else:
        nodes.append(out)
        if len(nodes) > level.room:
            settle(level, (), False)
