"""The graph of scalars: what a result was made of, and the walk back through it.

It knows nodes by their slots only. A Value has its parents in ``_a`` and ``_b`` and the slopes for
them in ``_da`` and ``_db``; a leaf has neither ``_a`` nor ``_da``, a function of one number no
``_b``. Results that were computed many at once, such as those of a net on many samples, belong to a
`Junction`, and a Value that is one of them has a `Port` of that as its parent.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush
from threading import RLock
from typing import Any, ClassVar

import numpy as np

__all__ = ["LOCK", "Junction", "Port", "backward"]

LOCK = RLock()  # held while junctions are computed, and while a walk goes through them


class Junction:
    """Many results that were computed at once. The walk asks it for what follows, in this order.

    Attributes:
        order: later than that of all that it was computed from.
        awaited: from how many consumers a gradient has still to come.
        kin: if not None, those of the same kin are passed on together, by ``kin.pass_on``.
    """

    order = 0
    awaited = 0
    kin: Any = None

    def reach(self, place: int) -> None:
        """Note that the walk comes by the result at ``place``."""
        raise NotImplementedError

    def open(self) -> tuple[Sequence["Junction"], Iterable[Any]]:
        """The junctions and the Values that its reached results were made from.

        Raises:
            GradientError: their gradients can no longer be had.
        """
        raise NotImplementedError

    def receive(self, place: int, g: float) -> None:
        """Add to the gradient of the result at ``place``."""
        raise NotImplementedError

    def pass_on(self) -> Iterable[tuple[Any, float]]:
        """Give the junctions among its sources their gradients, and say what the Values get."""
        raise NotImplementedError

    def finish(self, done: bool) -> None:
        """Keep the gradients of the walk if it is ``done``, and forget the rest."""
        raise NotImplementedError


class Port:
    """What a Value that is one of many results has as its parent: the junction, and where in it."""

    __slots__ = ("_a", "_b", "_da", "_grad", "junction", "place")

    # Nothing joins the results any more
    children: ClassVar[Any] = defaultdict(lambda: lambda: None)
    name = home = right = None

    def __init__(self, junction: Junction, place: int) -> None:
        self._a = self._b = None
        self._da = 0.0  # not None, so it is no leaf
        self._grad: float | None = 0.0
        self.junction = junction
        self.place = place


def find(node: Any, more: dict[Any, int], before: list[Any], stage: list[Any]) -> None:
    """Note one more consumer of ``node``; at the first one keep its gradient and mark it as found."""
    if node._grad is None:
        more[node] = more.get(node, 0) + 1
    else:
        if node._grad != 0.0:
            before.append((node, node._grad))
        node._grad = None
        stage.append(node)


def expect(junction: Junction, heap: list[Any]) -> None:
    """Note one more consumer of ``junction``."""
    if not junction.awaited:
        heappush(heap, (-junction.order, junction))
    junction.awaited += 1


def hear(junction: Junction, waiting: list[Junction]) -> None:
    """Note that a consumer of ``junction`` has passed on; once all have, it waits to do so itself."""
    junction.awaited -= 1
    if not junction.awaited:
        waiting.append(junction)


def next_of(waiting: list[Junction]) -> tuple[list[Junction], Iterable[tuple[Any, float]]]:
    """Take one of those ``waiting``, or if there is nothing else all that are kin, and pass them on."""
    for i, junction in enumerate(waiting):
        if junction.kin is None:
            del waiting[i]
            return [junction], junction.pass_on()
    kin = waiting[0].kin
    group = [junction for junction in waiting if junction.kin is kin]
    waiting[:] = [junction for junction in waiting if junction.kin is not kin]
    return group, kin.pass_on(group)


def arrive(node: Any, g: float, more: dict[Any, int], ready: list[Any]) -> None:
    """Give ``node`` a gradient; it is ready once it has one from each of its consumers."""
    if node._da is None:
        node._grad += g
        return
    node._grad = g + 0.0 if node._grad is None else node._grad + g
    left = more.get(node, 0)
    if left:
        more[node] = left - 1
    else:
        ready.append(node)


def pass_on(root: Any, more: dict[Any, int], opened: Mapping[Junction, Sequence[Junction]]) -> None:
    """Pass gradients on, from each node that has heard from all its consumers.

    What arrives first is added to 0.0 as in the oracle, so that there is no -0.0.
    """
    root._grad = 1.0
    ready: list[Any] = [root]
    waiting: list[Junction] = []  # junctions that have heard from all
    while ready:
        for v in ready:
            g = v._grad
            a = v._a
            if a is None:
                v.junction.receive(v.place, g)
                hear(v.junction, waiting)
                continue
            if a._da is None:
                a._grad += v._da * g
            elif not more:
                a._grad = v._da * g + 0.0
                ready.append(a)
            else:
                arrive(a, v._da * g, more, ready)
            b = v._b
            if b is None:
                continue
            if b._da is None:
                b._grad += v._db * g
            elif not more:
                b._grad = v._db * g + 0.0
                ready.append(b)
            else:
                arrive(b, v._db * g, more, ready)
        ready = []
        while waiting and not ready:
            group, pairs = next_of(waiting)
            for v, g in pairs:
                arrive(v, g, more, ready)
            for junction in group:
                for source in opened[junction]:
                    hear(source, waiting)


def backward(root: Any) -> None:
    """Add d root / d leaf to the ``grad`` of every leaf, and set ``grad`` on what lies between.

    Called again it adds the same once more. The slopes are those at the time of the operation,
    whatever ``data`` became since. There is no recursion: a chain may be a million long.

    Raises:
        GradientError: parameters of a net have changed since it was called, and with them the
            slopes are gone. No gradient has changed then. (After an interrupt, some leaves may
            have got theirs.)

    >>> from autograd.engine import Value
    >>> a, b = Value(2), Value(-3)
    >>> (a * b + b**2).backward()
    >>> a.grad, b.grad  # b, and a + 2b
    (-3.0, -4.0)
    """
    if root._da is None:
        root._grad += 1.0
        return

    # Find all nodes, and which of them have more than one consumer. None in _grad marks a node
    # that was found; a set for that would cost a fifth of the time. A junction is opened when all
    # that comes later has been, so that by then all its reached results are known.
    more: dict[Any, int] = {}  # how many consumers each has still to hear from, beyond one
    before = [(root, root._grad)] if root._grad else []  # what would be lost by an error
    root._grad = None
    stages: list[list[Any]] = [[root]]
    opened: dict[Junction, Sequence[Junction]] = {}  # with its sources
    heap: list[Any] = []
    done = held = False
    try:
        for stage in stages:
            for v in stage:
                a = v._a
                if a is None:
                    if not held:
                        held = LOCK.acquire()
                    v.junction.reach(v.place)
                    expect(v.junction, heap)
                    continue
                if a._da is not None:
                    if a._grad == 0.0:
                        a._grad = None
                        stage.append(a)
                    else:
                        find(a, more, before, stage)
                b = v._b
                if b is not None and b._da is not None:
                    if b._grad == 0.0:
                        b._grad = None
                        stage.append(b)
                    else:
                        find(b, more, before, stage)
            if heap:
                junction = heappop(heap)[1]
                opened[junction] = ()
                opened[junction], values = junction.open()
                for source in opened[junction]:
                    expect(source, heap)
                stage = []
                stages.append(stage)
                for v in values:
                    if v._da is not None:
                        find(v, more, before, stage)

        if opened:
            with np.errstate(all="ignore"):
                pass_on(root, more, opened)
        else:
            pass_on(root, more, opened)
        done = True
    finally:
        for junction in opened:
            junction.finish(done)
        if not done:
            for _, junction in heap:
                junction.finish(done)
            for stage in stages:
                for v in stage:
                    v._grad = 0.0
            for v, g in before:
                v._grad = g
        if held:
            LOCK.release()
