"""Patterns: a loop does the same each time, so what it left behind is used again.

A result of a column leads to the results that were made from it last. Together with their columns these
are the pattern of what was done; and once nobody holds any of them, the columns are opened again, and
an operation finds the result that it is about to make already there, with its place in a column. All
that is left to do is to write down the number that the operation was given. Where another operation
comes than last time, it goes the usual way and joins the pattern.

Whether somebody holds a result is a question of how many references there are to it. Where these are
not counted exactly, in a Python without a global lock, nothing is used a second time.
"""

import operator
import weakref
from collections import deque
from collections.abc import Callable
from itertools import repeat
from sys import getrefcount
from typing import Any, NamedTuple

from autograd.columns import GIL, LEVEL, Column
from autograd.engine import Value
from autograd.replay import Replay
from autograd.waiting import Kept, Waiting

__all__ = ["Pattern", "Patterns"]

SET_COLUMN = vars(Value)["_a"].__set__
CHANGED, OTHERS = operator.attrgetter("changed"), operator.attrgetter("others")
KEY = operator.attrgetter("_b")
OURS = 3  # references to a result that nobody else holds: from before it, of a list, and to count


class Parts(NamedTuple):
    """What a pattern consists of.

    Attributes:
        columns: each column, after those that it was made from.
        references: how many there are to it, if nobody else holds it and no sum of others adds from it.
        results: its results, in the order of their keys.
    """

    columns: list[Column]
    references: list[int]
    results: list[list[Any]]


class Pattern:
    """What was made from a column, to be made again.

    Attributes:
        root: the column.
        heads: its results, or lists of them, each with the number of its cell; all others were made from
            these. None for those that were forgotten.
        slots: those of the heads that are not in use since it was opened, the first one last.
        shared: once it was found to be free, whether somebody holds a column of it all the same.
    """

    __slots__ = ("__weakref__", "_parts", "_replay", "_used", "heads", "root", "shared", "slots")

    def __init__(self, root: Column) -> None:
        self.root: Any = root
        self.heads: list[Any] = []
        self.slots: list[tuple[int, Any]] = []
        self._parts: Parts | None = None  # once they were gathered
        self._replay: Any = None  # of the columns, if all has been as it was since then
        self._used: Any = ()  # which columns have results since they were opened
        self.shared = False

    def add(self, i: int, head: Any) -> None:
        """Note a result of the root, or a list of them, that has cell ``i``."""
        self.heads.append((i, head))
        self.root.changed = True

    def free(self) -> bool:
        """Whether nobody else holds a result of it."""
        if self.root.published and any(known() is not None for known in self.root.published.values()):
            return False
        if self._parts is None or any(map(CHANGED, self._parts.columns)):
            self._parts = None  # which holds results too
            self._parts = self._gather()
            if self._parts is None:
                return False
            self._replay = Replay(self._parts.columns)
        columns, _, results = self._parts
        if not _unheld(results[-1], columns[-1].used()):  # first what was made last: it is held most often
            return False
        # Another thread may go on meanwhile, from a result to what it makes of it, but never back: in the
        # order in which they depend on each other none is missed. No head is given out any more.
        self.slots = []
        self._used = []
        for i in range(len(columns)):
            n = columns[i].used()
            if n and not _unheld(results[i], n):
                return False
            if n:
                self._used.append(i)
        self.shared = list(map(getrefcount, columns)) != self._references()
        return True

    def _references(self) -> list[int]:
        """How many there are to each column, if nobody else holds it."""
        assert self._parts is not None
        columns, references, _ = self._parts
        if any(map(OTHERS, columns)):
            places = {id(column): i for i, column in enumerate(columns)}
            references = references[:]
            for i in [places.get(id(other)) for column in columns for other in column.others]:
                if i is not None:
                    references[i] += 1
        return references

    def reopen(self, users: Any) -> None:
        """Let all be done again, in new columns if others hold the old ones. Call it if it is `free`.

        The ``users`` of the parameters know the root before anything joins it, whatever interrupts.
        """
        assert self._parts is not None
        columns, references, results = self._parts
        if self.shared:
            new: dict[Column, Column] = {}
            for column, some in zip(columns, results, strict=True):
                new[column] = made = column.another(new)
                deque(map(SET_COLUMN, some, repeat(made)), 0)
            columns, self._used = list(new.values()), range(len(columns))
            self._parts, self.shared = Parts(columns, references, results), False
            self._replay = Replay(columns)
        users.add(columns[0], weakref.ref(self))
        self.root = columns[0]
        self._replay.reopen()
        for i in self._used:
            some = results[i]
            columns[i].reopen(some[-1]._b + 1 if some else 0)
        self.slots = self.heads[::-1]

    def forget(self) -> None:
        """Let go of the results, which then live only as long as somebody else holds them."""
        self.heads = [None] * len(self.heads)
        self.slots = []
        self._parts = self._replay = None

    def _gather(self) -> Parts | None:
        """Find the results and their columns; None as soon as somebody else is seen to hold one."""
        if not GIL or None in self.heads:
            return None
        lines = []
        for head in self.heads:
            line = head[1][:] if head[1].__class__ is list else [head[1]]
            if not all(map(repeatable, line)):
                return None
            for v in line:
                line += made_from(v, repeatable)
            del v
            if list(map(getrefcount, line)).count(OURS) != len(line):
                return None
            lines.append(line)
        columns = dict.fromkeys(v._a for line in lines for v in line)
        found: dict[Column, list[Any]] = {}
        for column in sorted(columns, key=LEVEL):
            operands = column.operands()
            if column is self.root or (operands and all(operand in found for operand in operands)):
                found[column] = []
        for line in lines:
            for v in line:
                if v._a in found:
                    if len(found) < len(columns):  # some have an operand that is not of the pattern
                        made_from(v, lambda out: out._a in found)
                    v.__class__ = Kept
                    found[v._a].append(v)
        references = dict.fromkeys(found, 2)  # of a list, and to count
        references[self.root] += 1
        for column, some in found.items():
            column.changed = False
            some.sort(key=KEY)
            references[column] += len(some)
            for operand in column.operands():
                references[operand] += 1
        return Parts(list(found), list(references.values()), list(found.values()))


def _unheld(results: list[Any], n: int) -> bool:
    """Whether nobody else holds one of the first ``n`` results, or knows it weakly."""
    some, ours = (results, OURS) if n >= len(results) else (results[:n], OURS + 1)  # a slice holds them too
    return list(map(getrefcount, some)).count(ours) == len(some) and not any(
        map(weakref.getweakrefcount, some)
    )


def repeatable(v: Any) -> bool:
    """Whether a result may be made again: it still waits, and nobody has hung anything on it."""
    return isinstance(v, Waiting) and not vars(v)


def made_from(v: Any, fit: Callable[[Any], bool]) -> list[Any]:
    """The results made from ``v`` that it keeps and that are ``fit``; it forgets the others."""
    kept, out = [], v._next
    while out is not None:
        kept.append(out)
        out = out._also
    some = list(filter(fit, kept))
    if len(some) < len(kept):
        v._next = some[0] if some else None
        for out, following in zip(some, [*some[1:], None], strict=False):
            out._also = following
    return some


class Patterns:
    """The last patterns of one module.

    There are two, since ``loss = ...`` lets go of the last result only when the next one is there.

    Args:
        users: of the parameters, which are told of each root.
    """

    __slots__ = ("__weakref__", "_alone", "_spare", "_users", "current")

    def __init__(self, users: Any) -> None:
        self._users = users
        self.current: Pattern | None = None
        self._spare: Pattern | None = None
        self._alone = 0  # how many times in a row there was a single head, which is not worth the looking

    def begin(self, make: Callable[[], Column]) -> Pattern:
        """The pattern that is used from now on: one that is free, or a new one, with a root to be made."""
        first, second = self.current, self._spare
        self._alone = self._alone + 1 if first and len(first.heads) - len(first.slots) == 1 else 0
        if first is None or self._alone > 1:
            self.current = first = self._new(make)
        elif first.free():
            first.reopen(self._users)
        else:
            self._spare = first
            if second is not None and second.free():
                second.reopen(self._users)
                first = second
            else:
                first = self._new(make)
            self.current = first
        return first

    def _new(self, make: Callable[[], Column]) -> Pattern:
        pattern = Pattern(make())
        self._users.add(pattern.root, weakref.ref(pattern))
        return pattern

    def forget(self) -> None:
        """Let go of all results."""
        for pattern in (self.current, self._spare):
            if pattern is not None:
                pattern.forget()
