"""Numbers that are taken out of a graph and used in it again, so that their gradient is lost.

``float(v)`` and ``v.data`` are right where a number is wanted, to print it for example. They are wrong where
the number comes back: as an operand of Values on which backward() is called. So three things have to come
together. In the source, the number may go to such an operation (`flow`). When it was computed, that operand
was a plain number indeed, and the result is part of the graph of a backward pass. And a gradient was lost
there that somebody needs: it is not 0 (it is, for example, where the largest of some numbers is subtracted
from all before exp), and what was read depends on parameters.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable
from typing import Any

from autograd.diagnosis.findings import Record
from autograd.diagnosis.flow import Span, destinations
from autograd.engine import BINARY, Value, number_of, operands, operation_of, place_of
from autograd.support import Place
from autograd.tensor import Leaf, Tensor, use_counts

__all__ = ["Taken"]

OUTPUT = 2  # the lowest code of Values that were computed
CANCELLED = 1e-9  # lost gradients that add up to less than this share of their sizes are none


class Suspect:
    """A number that was taken and has come back into a graph.

    Attributes:
        details: what is said of it.
        leaves: the Values that it depends on, by id, each with its number then. Whether these are parameters
            shows later, when they change or the program reads their gradients.
        layers: the leaves of layers and Tensors that it depends on.
        into_net: whether it came back as an input of a net, as those of a net do that is trained by another.
        needed: whether somebody needs the gradient that was lost.
    """

    def __init__(self, details: str, leaves: list[Any], layers: list[Any], into_net: bool) -> None:
        self.details, self.layers, self.into_net = details, layers, into_net
        self.leaves = {id(leaf): (leaf, leaf._number) for leaf in leaves}
        self.needed = bool(layers)

    def look(self) -> None:
        """See whether one of the leaves has changed since, as parameters do."""
        self.needed = self.needed or any(leaf._number != number for leaf, number in self.leaves.values())


class Taken:
    """Follows the numbers that a program reads out of its graphs.

    Attributes:
        harmless: places whose numbers meet nothing, with the id of the code.
        codes: these codes, kept so that no other code gets their ids.
        read: what was read last at each other place.
        counts: how often that was.
        meetings: by file, span and operand, the places of the numbers that it may be.
        fresh: whether a place was added since the latest look.
        suspects: what was found, by place.
        met: calls of the tape with such a number, since the latest pass.
        passes: the number of backward passes so far.
        periods: for each place the number of passes at its first and at its latest read.
    """

    def __init__(self, findings: Record) -> None:
        self.findings = findings
        self.harmless: set[tuple[int, int]] = set()
        self.codes: list[Any] = []
        self.read: dict[Place, Any] = {}
        self.counts: Counter[Place] = Counter()
        self.meetings: dict[str, dict[Span, dict[str, set[Place]]]] = {}
        self.fresh = False
        self.suspects: dict[Place, Suspect] = {}
        self.met: list[tuple[Any, set[Place]]] = []
        self.passes = 0
        self.periods: dict[Place, list[int]] = {}

    def note(self, v: Any, place: Place) -> None:
        """Note that the number of a Value is read at a place."""
        if (id(place.code), place.instruction) in self.harmless:
            return
        if place not in self.read:
            span = place.span
            found = destinations(place.file, span) if span is not None else frozenset()
            if not found:
                self.ignore(place)
                return
            spans = self.meetings.setdefault(place.file, {})
            for meeting_span, operand in found:
                spans.setdefault(meeting_span, defaultdict(set))[operand].add(place)
            self.fresh = True
            self.periods[place] = [self.passes, self.passes]
        self.read[place] = v
        self.counts[place] += 1
        self.periods[place][1] = self.passes

    def ignore(self, place: Place) -> None:
        """Note that numbers that are read at a place meet nothing."""
        self.harmless.add((id(place.code), place.instruction))
        self.codes.append(place.code)

    def readers_of(self, v: Any) -> set[Place]:
        """The places where a number may have been read that is an operand of a Value."""
        operand = operand_of(v)
        place = v._home.place if operand == "any" else place_of(v) if operand else None
        readers = {} if place is None else self.readers_at(place)
        return readers.get(operand, set()) | readers.get("any", set()) if operand else set()

    def readers_at(self, place: Place) -> dict[str, set[Place]]:
        """The places where a number may have been read that is an operand at a place, by operand."""
        span = place.span
        return {} if span is None else self.meetings.get(place.file, {}).get(span, {})

    def on_call(self, node: Any, place: Place) -> None:
        """Look at a call that the tape has recorded."""
        for operand, parent, other in zip(
            ("first", "second"), node.parents, node.parents[1::-1], strict=False
        ):
            if parent is None and not (node.rule.name == "subtract" and hasattr(other, "rule")):
                readers = self.readers_at(place).get(operand)
                if readers:
                    self.met.append((node, readers))

    def look_through(self, order: Iterable[Any]) -> None:
        """Judge the numbers among the operands of a graph, after a backward pass through its nodes."""
        self.fresh = False
        lost: dict[Place, list[float]] = defaultdict(list)
        into_net: set[Place] = set()
        targets: Counter[Place] = Counter()
        for v in order:
            if v._code >= OUTPUT:
                for place in self.readers_of(v):
                    lost[place].append(lost_gradient(v))
                    targets[place] += is_target(v)
                    if v._code == OUTPUT:
                        into_net.add(place)
        for place, parts in lost.items():
            total, size = math.fsum(parts), math.fsum(map(abs, parts))
            v = self.read[place]
            known = place in self.suspects or targets[place] == len(parts) or not isinstance(v, Value)
            if not known and abs(total) > CANCELLED * size:
                leaves, layers = origins(v)
                details = f"The number {v._number:.6g} was read here. Its gradient, {total:.3g}, is lost."
                self.suspects[place] = Suspect(details, leaves, layers, place in into_net)

    def look_through_tape(self, graph: Container[Any]) -> None:
        """Judge the numbers that came into a graph of Tensors, after a backward pass through it."""
        for node, readers in self.met:
            if node in graph:
                for place in readers - self.suspects.keys():
                    shape = getattr(self.read[place], "shape", ())
                    details = f"Numbers of shape {shape} were read here. Their gradient is lost."
                    layers = tape_leaves(self.read[place])
                    self.suspects[place] = Suspect(details, [], layers, node.rule.name == "affine")

    def on_gradient_read(self, v: Any) -> None:
        """Note that the program reads the gradient of a Value, so that what is lost of it counts."""
        for suspect in self.suspects.values():
            suspect.needed = suspect.needed or id(v) in suspect.leaves

    def finish(self, is_reached: Callable[[Any], bool]) -> None:
        """Report the numbers taken, but for those that were read once, and stand for a constant.

        ``is_reached`` tells whether any pass has reached a leaf.
        """
        for place, suspect in self.suspects.items():
            suspect.look()
            first, last = self.periods[place]
            constant = last == first and self.passes > first + 1
            leaves = [*suspect.layers, *(leaf for leaf, _ in suspect.leaves.values())]
            detached = suspect.into_net and any(map(is_reached, leaves))
            if suspect.needed and not constant and not detached:
                self.findings.add("number_taken", place, suspect.details, self.counts[place])

    def blame(self, place: Place) -> None:
        """Report the numbers that went into what backward() is called on, at a place, and is no Value."""
        span = place.span
        readers = self.meetings.get(place.file, {}).get(span, {}) if span is not None else {}
        for reader in sorted(set().union(*readers.values()), key=lambda reader: reader.line):
            text = f"It has become a plain number by line {place.line}, where backward() is called on it."
            self.findings.add("number_taken", reader, text)


def operand_of(v: Any) -> str:
    """Which operand of an operation is a number, "first" or "second", or "any" of a net; "" for none."""
    kind = operation_of(v)
    if kind == "output":
        return "any"
    if kind not in BINARY or (v._a is not None and v._b is not None):
        return ""
    if kind == "add" and v._k == 0:  # as sum() begins
        return ""
    return "first" if v._a is None else "second"


def is_target(v: Any) -> bool:
    """Whether a Value is the difference of what was computed and a number, which is its target then."""
    return operation_of(v) == "sub" and (v._b if v._a is None else v._a)._code >= OUTPUT


def lost_gradient(v: Any) -> float:
    """The gradient of the number that is an operand of ``v``, which has just been through a backward pass."""
    g: float = v._grad
    if v._code == OUTPUT:  # of an input of a net, where it is not known, that of the output
        return g
    if operation_of(v) == "pow":
        y, k = v._number, v._k
        if v._a is None:
            exponent = number_of(v._b)
            return g * exponent * y / k if k else 0.0
        base = number_of(v._a)
        return g * y * math.log(base) if base > 0 else 0.0
    slope: float = v._db if v._b is None else v._da
    return g * slope


def origins(v: Any) -> tuple[list[Value], list[Any]]:
    """The Values that a Value was computed from, and the leaves of the layers of nets it went through."""
    leaves: list[Value] = []
    layers: dict[Any, None] = {}
    seen = {id(v)}
    todo = [v]
    while todo:
        node = todo.pop()
        kind = operation_of(node)
        if kind == "parameter":
            layers[node._home.leaf] = None
        elif kind == "leaf":
            leaves.append(node)
        else:
            operands_of_node: Iterable[Any] = ()
            if kind == "output":
                batch = node._home
                layers.update(dict.fromkeys(spec.matrix.leaf for spec in batch.evaluator.specs))
                operands_of_node = [a for _, a in batch.inputs.get(node._index // batch.width, ())]
            else:
                operands_of_node = operands(node)
            for operand in operands_of_node:
                if id(operand) not in seen:
                    seen.add(id(operand))
                    todo.append(operand)
    return ([] if layers else leaves), list(layers)


def tape_leaves(t: Any) -> list[Any]:
    """The leaves that a Tensor was computed from."""
    if not isinstance(t, Tensor) or t._node is None:
        return []
    return [leaf for leaf in use_counts(t._node) if isinstance(leaf, Leaf)]
