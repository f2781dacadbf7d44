"""Numbers that are taken out of a graph and used in it again, so that their gradient is lost.

``float(v)`` and ``v.data`` are right where a number is wanted, to print it for example. They are wrong where
the number comes back: as an operand of Values on which backward() is called. So three things have to come
together. In the source, the number may go to such an operation (`flow`). When it was computed, that operand
was a plain number indeed, and the result is part of the graph of a backward pass. And a gradient was lost
there that somebody needs: it is not 0 (it is, for example, where the largest of some numbers is subtracted
from all before exp), and what was read depends on parameters.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from autograd.diagnosis.findings import Record
from autograd.diagnosis.flow import Span, destinations, goes_through_function
from autograd.diagnosis.layers import name_of
from autograd.engine import BINARY, Value, number_of, operands, operation_of, place_of
from autograd.support import Place
from autograd.tensor import Leaf, Tensor, backpropagate, use_counts

__all__ = ["Reader", "Taken"]

OUTPUT = 2  # the lowest code of Values that were computed
HELD = 2  # numbers are held on purpose if every third use, or more, is of older ones
SUMS = {"add", "sub", "neg", "pos", "subtract", "negative", "sum", "mean"}  # of Values, and of the tape
CANCELLED = 1e-9  # lost gradients that add up to less than this share of their sizes are none


class Suspect:
    """A number that was taken and has come back into a graph.

    Attributes:
        details: what is said of it.
        leaves: what it depends on, Values and the leaves of layers and Tensors, each with a stamp that tells
            when it changes. Whether these are parameters shows later.
        apart: whether it came back as an input of a net, or into a graph without these leaves, as numbers do
            that are trained by a loss of their own.
        needed: whether the program has read a gradient of these leaves.
    """

    def __init__(self, details: str, leaves: Iterable[Any], apart: bool) -> None:
        self.details, self.apart = details, apart
        self.leaves = {id(leaf): (leaf, stamp_of(leaf)) for leaf in leaves}
        self.needed = False


def stamp_of(leaf: Any) -> float:
    """A number that changes when a Value, or the leaf of a layer or Tensor, does."""
    stamp: float = leaf._number if isinstance(leaf, Value) else leaf._version
    return stamp


class Lost:
    """What is lost of the gradients of numbers that were read at one place.

    Attributes:
        total, size: the sum of the gradients, and that of their sizes.
        all_targets: whether all of the numbers are subtracted from something, or something from them.
        all_weights: whether all of the numbers are factors of terms of the loss; the latest of these terms,
            without the number, is ``term``.
        into_net: whether one of them is an input of a net.
        added: whether one of them is a term of the loss itself.
    """

    def __init__(self) -> None:
        self.total = self.size = 0.0
        self.all_targets = self.all_weights = True
        self.into_net = self.added = False
        self.term: Any = None

    def add(self, gradient: float, size: float, kind: str, term: Any = None) -> None:
        """Add the gradient of one number, or of several in an array.

        ``kind`` is "target", "term", "weight" of a term, "input" of a net, or "".
        """
        self.total += gradient
        self.size += size
        self.all_targets = self.all_targets and kind == "target"
        self.all_weights = self.all_weights and kind == "weight"
        self.into_net = self.into_net or kind == "input"
        self.added = self.added or kind == "term"
        self.term = term


class Reader:
    """An expression of the program that reads numbers.

    Attributes:
        place: where it is. This keeps its code, so that no other code gets the id of that.
        harmless: whether its numbers meet nothing; then what follows is not noted.
        read: what was read last.
        count: how often that was.
        period: the number of backward passes at the latest read.
        fresh, older: how many of the passes looked at used numbers that were read for them, and how many
            used older ones.
        is_input: whether its numbers have been inputs of a net.
    """

    __slots__ = ("count", "fresh", "harmless", "is_input", "older", "period", "place", "read")

    def __init__(self, place: Place, harmless: bool) -> None:
        self.place, self.harmless = place, harmless
        self.read: Any = None
        self.count = self.period = self.fresh = self.older = 0
        self.is_input = False


class Taken:
    """Follows the numbers that a program reads out of its graphs.

    Attributes:
        readers: the expressions that read numbers, by the id of their code and the instruction.
        expressions: the same by the id of their code and the span.
        meetings: by file, span and operand, the readers of the numbers that it may be.
        unseen: whether a reader was added since the latest look.
        suspects: what was found, by reader.
        met: calls of the tape with such numbers since the latest pass, each with the indices of these
            operands and the readers of the numbers.
        passes: the number of backward passes so far.
    """

    def __init__(self, findings: Record) -> None:
        self.findings = findings
        self.readers: dict[tuple[int, int], Reader] = {}
        self.expressions: dict[tuple[int, Any], Reader] = {}
        self.meetings: dict[str, dict[Span, dict[str, set[Reader]]]] = {}
        self.unseen = False
        self.suspects: dict[Reader, Suspect] = {}
        self.met: WeakKeyDictionary[Any, list[tuple[int, set[Reader]]]] = WeakKeyDictionary()
        self.passes = 0

    def reader_at(self, place: Place) -> Reader:
        """The `Reader` at a place, which is added if it is not known yet."""
        reader = self.readers.get((id(place.code), place.instruction))
        if reader is None:
            span = place.span
            found = destinations(place.file, span) if span is not None else frozenset()
            reader = self.add(place, harmless=not found)
            spans = self.meetings.setdefault(place.file, {}) if found else {}
            for meeting_span, operand in found:
                spans.setdefault(meeting_span, defaultdict(set))[operand].add(reader)
            self.unseen = self.unseen or bool(found)
        return reader

    def add(self, place: Place, harmless: bool) -> Reader:
        """Add the reader at a place.

        The interpreter may run an expression by one instruction first, and by another one later: one reader
        stands for both.
        """
        expression = id(place.code), place.span or place.instruction
        reader = self.expressions.setdefault(expression, Reader(place, harmless))
        self.readers[id(place.code), place.instruction] = reader
        return reader

    def note(self, reader: Reader, v: Any) -> None:
        """Note that a reader reads the number of a Value, or those of a Tensor."""
        if not reader.harmless:
            reader.read, reader.period = v, self.passes
            reader.count += 1

    def readers_of(self, v: Any) -> set[Reader]:
        """The readers of a number that may be an operand of a Value."""
        operand = operand_of(v)
        place = v._home.place if operand == "any" else place_of(v) if operand else None
        readers = {} if place is None else self.readers_at(place)
        return readers.get(operand, set()) | readers.get("any", set()) if operand else set()

    def readers_at(self, place: Place) -> dict[str, set[Reader]]:
        """The readers of a number that may be an operand at a place, by operand."""
        span = place.span
        return {} if span is None else self.meetings.get(place.file, {}).get(span, {})

    def on_call(self, node: Any, place: Place) -> None:
        """Look at a call that the tape has recorded."""
        for i, operand in enumerate(("first", "second")[: len(node.parents)]):
            if node.parents[i] is None and (readers := self.readers_at(place).get(operand)):
                self.met.setdefault(node, []).append((i, readers))

    def look_through(self, order: Sequence[Any], within: Sequence[Collection[Any]]) -> None:
        """Judge the numbers among the operands of a graph, after a backward pass through its nodes.

        ``within`` are the graphs of Tensors that this pass has gone through as well.
        """
        self.unseen = False
        lost: dict[Reader, Lost] = defaultdict(Lost)
        terms = terms_of(order[0])
        for v in order:
            if v._code >= OUTPUT:
                for reader in self.readers_of(v):
                    g = lost_gradient(v)
                    kind = kind_of_use(operation_of(v), v in terms)
                    lost[reader].add(g, abs(g), kind, v._b if v._a is None else v._a)
        if lost:
            nodes = {v for v in order if v._code >= OUTPUT}.union(*within)
            leaves = [*leaves_among(order), *(leaf for graph in within for leaf in tape_leaves(graph))]
            self.judge(lost, nodes, leaves)

    def look_through_tape(self, root: Any, graph: Collection[Any]) -> None:
        """Judge the numbers that came into a graph of Tensors, after a backward pass from ``root``."""
        self.unseen = False
        met = [(node, i, readers) for node, of in self.met.items() if node in graph for i, readers in of]
        if not met:
            return
        terms = terms_of(root)
        gradients = backpropagate(root, np.ones(root.shape, root.dtype), {node for node, _, _ in met})
        lost: dict[Reader, Lost] = defaultdict(Lost)
        for node, i, readers in met:
            formula, g = node.rule.slopes[i], gradients.get(node)
            if formula is not None and g is not None:
                with np.errstate(all="ignore"):
                    term = np.asarray(formula(g, node.out, *node.args, **node.kwargs))
                total, size = float(term.sum()), float(np.abs(term).sum())
                for reader in readers:
                    kind = kind_of_use(node.rule.name, node in terms)
                    lost[reader].add(total, size, kind, node.parents[1 - i] if kind == "weight" else None)
        if lost:
            self.judge(lost, graph, tape_leaves(graph))

    def judge(self, lost: dict[Reader, Lost], nodes: Container[Any], leaves: Iterable[Any]) -> None:
        """Judge the gradients that are lost in a graph, which has these nodes and leaves.

        Numbers that are weights of terms of the loss which depend on the same leaves are left out on purpose,
        as those of samples by how well they are predicted already.
        """
        reached = set(leaves)
        for reader, sums in lost.items():
            v = reader.read
            reader.is_input = reader.is_input or sums.into_net
            if self.counts_as_lost(reader, sums, (v if isinstance(v, Value) else v._node) in nodes):
                origins = leaves_of(v)
                if sums.all_weights and not set(leaves_of(sums.term)).isdisjoint(origins):
                    continue
                if isinstance(v, Value):
                    numbers, lost_one = f"The number {v._number:.6g} was", f"Its gradient, {sums.total:.3g},"
                else:
                    numbers, lost_one = f"Numbers of shape {v.shape} were", "Their gradient"
                details = f"{numbers} read here. {lost_one} is lost."
                apart = sums.into_net or reached.isdisjoint(origins)
                self.suspects[reader] = Suspect(details, origins, apart)

    def counts_as_lost(self, reader: Reader, sums: Lost, stays: bool) -> bool:
        """Whether gradients that are lost with a reader's numbers are a mistake, as far as these tell.

        They are not if they cancel, if the numbers are the targets of differences, or if these were read for
        an earlier pass, and are held while the parameters go on. Nor if what was read ``stays`` in the graph
        as well, so that its number is a weight or a unit there, unless it is a term of the loss, or goes
        through a function of its own.
        """
        older = reader.period < self.passes and went_on(reader.read)
        reader.older += older
        reader.fresh += not older
        cancelled = not abs(sums.total) > CANCELLED * sums.size
        place = reader.place
        stays = stays and not sums.added
        if stays and place.span is not None and not goes_through_function(place.file, place.span):
            return False
        return not (cancelled or sums.all_targets or older or reader in self.suspects)

    def on_gradient_read(self, v: Any) -> None:
        """Note that the program reads a gradient, of a Value or Tensor, so that what is lost of it counts."""
        leaf = v._node if isinstance(v, Tensor) else v._home.leaf if operation_of(v) == "parameter" else v
        for suspect in self.suspects.values():
            suspect.needed = suspect.needed or id(leaf) in suspect.leaves

    def finish(self, uses_of: Callable[[Any], tuple[int, int]]) -> None:
        """Report the numbers taken whose gradients are needed, and are not left out on purpose.

        They are needed if the program reads them, or if a leaf has changed that is trained: passes have
        reached it, or steps were to change it. ``uses_of`` tells how many of these a leaf has had.
        """
        for reader, suspect in self.suspects.items():
            leaves = [(leaf, stamp, *uses_of(leaf)) for leaf, stamp in suspect.leaves.values()]
            needed = suspect.needed or any(
                stamp_of(leaf) != stamp and (passes or steps) for leaf, stamp, passes, steps in leaves
            )
            detached = suspect.apart and any(passes for _, _, passes, _ in leaves)
            if needed and not detached and HELD * reader.older < reader.fresh:
                self.findings.add("number_taken", reader.place, suspect.details, reader.count)

    def blame(self, place: Place) -> None:
        """Report the numbers that went into what backward() is called on, at a place, and is no Value."""
        span = place.span
        readers = self.meetings.get(place.file, {}).get(span, {}) if span is not None else {}
        for reader in sorted(set().union(*readers.values()), key=lambda reader: reader.place.line):
            text = f"It has become a plain number by line {place.line}, where backward() is called on it."
            self.findings.add("number_taken", reader.place, text)


def operand_of(v: Any) -> str:
    """Which operand of an operation is a number, "first" or "second", or "any" of a net; "" for none."""
    kind = operation_of(v)
    if kind == "output":
        return "any"
    if kind not in BINARY or (v._a is not None and v._b is not None):
        return ""
    if kind in ("add", "sub") and v._k == 0:  # as a sum begins
        return ""
    return "first" if v._a is None else "second"


def kind_of_use(operation: str, is_term: bool) -> str:
    """What a number is in an operation, which may be a term of the loss; see `Lost.add`."""
    if operation in ("output", "affine"):
        return "input"
    if operation in ("sub", "subtract") and not is_term:
        return "target"
    if operation in ("mul", "truediv", "multiply", "divide"):
        return "weight" if is_term else ""
    return "term" if is_term else ""


def terms_of(loss: Any) -> set[Any]:
    """What is added up to a loss, or subtracted, some of it times a number: Values, or nodes of the tape."""
    return set(reached_from(loss, summands))


def summands(v: Any) -> list[Any]:
    """The operands of a sum, a difference or a mean, or what is multiplied by a number; [] of all else."""
    if isinstance(v, Value):
        kind, first, second = operation_of(v), v._a, v._b
    else:
        kind = name_of(v)
        first, second = (*getattr(v, "parents", ()), None, None)[:2]
    below = [operand for operand in (first, second) if operand is not None]
    factor = kind in ("mul", "multiply") or (kind in ("truediv", "divide") and second is None)
    return below if kind in SUMS or (factor and len(below) == 1) else []


def reached_from(v: Any, below: Callable[[Any], Iterable[Any]]) -> list[Any]:
    """A node, and all that is reached from it by going on to what ``below`` gives for each."""
    found = [v]
    seen = {v}
    for node in found:
        for operand in below(node):
            if operand not in seen:
                seen.add(operand)
                found.append(operand)
    return found


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


def computed_from(v: Any) -> Iterable[Any]:
    """The operands of a Value, without the parameters of nets that it went through."""
    if operation_of(v) == "output":
        return [a for _, a in v._home.inputs.get(v._index // v._home.width, ())]
    return operands(v)


def nodes_of(v: Any) -> list[Any]:
    """A Value and all that it was computed from."""
    return reached_from(v, computed_from)


def leaves_among(nodes: Iterable[Any]) -> list[Any]:
    """The leaves of the layers that these Values are outputs or parameters of; if none, those among them."""
    layers: dict[Any, None] = {}
    for node in nodes:
        if operation_of(node) == "parameter":
            layers[node._home.leaf] = None
        elif operation_of(node) == "output":
            layers.update(dict.fromkeys(spec.matrix.leaf for spec in node._home.evaluator.specs))
    return list(layers) or [node for node in nodes if operation_of(node) == "leaf"]


def leaves_of(v: Any) -> list[Any]:
    """The leaves that a Value, a Tensor or a node of the tape was computed from."""
    if isinstance(v, Value):
        return leaves_among(nodes_of(v))
    node = v._node if isinstance(v, Tensor) else v
    return [] if node is None else tape_leaves(use_counts(node))


def went_on(read: Any) -> bool:
    """Whether parameters have changed since something was computed from them, if that can be told."""
    if isinstance(read, Tensor):
        nodes = [] if read._node is None else list(use_counts(read._node))
        plain = not any(hasattr(node, "owner") for node in nodes)  # whose arrays may have been replaced
        return plain or any(operand._version != n for node in nodes for operand, n in node.used)
    batches = {node._home for node in nodes_of(read) if operation_of(node) == "output"}
    return not batches or any(batch.version != batch.queue.version() for batch in batches)


def tape_leaves(graph: Iterable[Any]) -> list[Any]:
    """The leaves among the nodes of a graph of Tensors."""
    return [node for node in graph if isinstance(node, Leaf)]
