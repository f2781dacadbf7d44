"""The graph of scalars: what a result was made of, and the walk back through it.

It knows nodes by their slots only. A Value has its parents in ``_a`` and ``_b`` and the slopes for
them in ``_da`` and ``_db``; a leaf has neither ``_a`` nor ``_da``, a function of one number no
``_b``. What was made in another way, such as by a whole net, has a ``_da`` but no ``_a``: it speaks
for itself, as a `Junction` does.
"""

from collections.abc import Iterable
from typing import Any

__all__ = ["Junction", "backward"]


class Junction:
    """A node that is no Value made from one or two others.

    A subclass says what it was made from and how gradients go on from it. Its ``_grad`` collects
    what arrives.
    """

    __slots__ = ("_a", "_da", "_grad")

    def __init__(self) -> None:
        self._a = None
        self._da = 0.0  # not None, so it is no leaf
        self._grad: float | None = 0.0

    def _sources(self) -> Iterable[Any]:
        """What it was made from. GradientError if its gradients can no longer be had."""
        raise NotImplementedError

    def _pass_on(self) -> Iterable[tuple[Any, float]]:
        """Each of the sources with the gradient it gets, once all that arrives here has arrived."""
        raise NotImplementedError


def find(node: Any, more: dict[Any, int], before: list[Any], found: list[Any]) -> None:
    """Note one more consumer of ``node``; at the first one keep its gradient and mark it as found."""
    if node._grad is None:
        more[node] = more.get(node, 0) + 1
    else:
        if node._grad != 0.0:
            before.append((node, node._grad))
        node._grad = None
        found.append(node)


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
    # that was found; a set for that would cost a fifth of the time.
    more: dict[Any, int] = {}  # how many consumers each has still to hear from, beyond one
    before = [(root, root._grad)] if root._grad else []  # what would be lost by an error
    found: list[Any] = [root]
    root._grad = None
    try:
        for v in found:
            a = v._a
            if a is None:
                for a in v._sources():
                    if a._da is not None:
                        find(a, more, before, found)
                continue
            if a._da is not None:
                if a._grad == 0.0:
                    a._grad = None
                    found.append(a)
                else:
                    find(a, more, before, found)
            b = v._b
            if b is not None and b._da is not None:
                if b._grad == 0.0:
                    b._grad = None
                    found.append(b)
                else:
                    find(b, more, before, found)

        # Pass gradients on, from each node that has heard from all its consumers. What arrives first
        # is added to 0.0 as in the oracle, so that there is no -0.0.
        root._grad = 1.0
        ready: list[Any] = [root]
        for v in ready:
            g = v._grad
            a = v._a
            if a is None:
                for a, ga in v._pass_on():
                    arrive(a, ga, more, ready)
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
    except BaseException:
        for v in found:
            v._grad = 0.0
        for v, g in before:
            v._grad = g
        raise
