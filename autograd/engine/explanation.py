"""Where a gradient comes from: the paths from a result back to a Value, and the samples on their way.

The gradient of a Value is a sum over all paths from the result to it, of the products of the slopes on the
way (Bauer 1974, *Computational graphs and rounding error*). There may be more paths than could be listed, so
only the largest are followed, which needs no more than the largest few from each node on.
"""

import heapq
import math
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from autograd.engine import operations, pending
from autograd.engine.node import Node, last_root
from autograd.errors import GradientError, NotANumberError, UnsupportedError
from autograd.support import Place, whole
from autograd.text import count

__all__ = ["Explanation", "Path", "SamplePart", "Step"]

PARAMETER, OUTPUT, USER_OPERATION = map(operations.CODES.get, ("parameter", "output", "user_operation"))
PLACES = 4  # significant digits of numbers in texts
ENDS = 6  # steps at either end of a path that texts show
NUMBERS_SHOWN = 6  # of a sample


@dataclass(frozen=True)
class Step:
    """One operation on a path.

    Attributes:
        slope: the slope of its result with respect to the operand that the path goes on to.
        text: its source, if the program was observed then; otherwise the operation and its numbers.
        place: where the program made it, or None.

    >>> Step(2.0, "x * x", None).slope
    2.0
    """

    slope: float
    text: str
    place: Place | None


@dataclass(frozen=True)
class Path:
    """One path from the result to the Value, and what it adds to the gradient.

    Attributes:
        amount: the product of the slopes of its steps.
        steps: the steps, that of the result first; none if the Value is the result itself.

    >>> from autograd import Value
    >>> x, y = Value(2.0), Value(5.0)
    >>> loss = (x * y) ** 2
    >>> loss.backward()
    >>> path = x.explain().paths[0]
    >>> path.amount, [step.slope for step in path.steps]
    (100.0, [20.0, 5.0])
    """

    amount: float
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        if not self.steps:
            return f"  {self.amount:.{PLACES}g}, the result itself"
        runs = [(step, len(list(same))) for step, same in groupby(self.steps)]
        shown_runs = runs if len(runs) <= 2 * ENDS else [*runs[:ENDS], *runs[-ENDS:]]
        factors = [f"{s.slope:.{PLACES}g}" + f"^{n}" * (n > 1 and s.slope != 1) for s, n in shown_runs]
        width = max(len(step.text) for step, _ in shown_runs)
        lines = []
        for step, n in shown_runs:
            where = "" if step.place is None else f"  {os.path.basename(step.place.file)}:{step.place.line}"
            times = f"  {n} times" if n > 1 else ""
            lines.append(f"    {step.slope:>10.{PLACES}g}  {step.text:{width}}{where}{times}".rstrip())
        if len(runs) > len(shown_runs):
            factors.insert(ENDS, "...")
            lines.insert(ENDS, f"               ... {len(runs) - len(shown_runs)} more")
        return "\n".join([f"  {self.amount:.{PLACES}g} = {' × '.join(factors)}", *lines])


@dataclass(frozen=True)
class SamplePart:
    """What one sample adds to the gradient of a net's parameter: ``error`` times ``input``.

    Attributes:
        sample: the numbers of the sample.
        error: the slope of the result with respect to the sum that the neuron takes the activation of.
        input: what the weight multiplies; 1 for a bias.

    >>> SamplePart((0.5, 1.0), -0.25, 2.0).amount
    -0.5
    """

    sample: tuple[float, ...]
    error: float
    input: float

    @property
    def amount(self) -> float:
        """The product."""
        return self.error * self.input

    def __str__(self) -> str:
        return (
            f"  {self.amount:.{PLACES}g} = {self.error:.{PLACES}g} × {self.input:.{PLACES}g}  "
            f"for {shown(self.sample)}"
        )


@dataclass(frozen=True)
class Explanation:
    """Where the gradient of a Value comes from; ``print`` shows it.

    Attributes:
        name: the name of the parameter or the label of the Value.
        gradient: its gradient, the sum of ``total`` and ``earlier``; ``total`` alone if it was set to 0
            since, or if another loss is explained than the last.
        total: what the pass from that loss adds.
        n_paths: the number of paths from the result of that pass.
        paths: those that add most, largest first.
        samples: of a net's parameter, what each sample adds, largest first. Their sum, and what goes to the
            parameter past all samples, as a penalty does, is ``total``.
        shown: how many paths and samples ``print`` shows.

    >>> from autograd import Value
    >>> x = Value(3.0, label="x")
    >>> loss = x * x + 2 * x
    >>> loss.backward()
    >>> x.explain().earlier
    0.0
    >>> print(x.explain())
    x has the gradient 8, by 3 paths:
      3 = 1 × 3
                 1  9.0 + 6.0
                 3  3.0 * 3.0
      3 = 1 × 3
                 1  9.0 + 6.0
                 3  3.0 * 3.0
      2 = 1 × 2
                 1  9.0 + 6.0
                 2  2.0 * 3.0
    """

    name: str
    gradient: float
    total: float
    n_paths: int
    paths: tuple[Path, ...]
    samples: tuple[SamplePart, ...]
    shown: int

    @property
    def earlier(self) -> float:
        """What was in the gradient before the last backward pass."""
        return self.gradient - self.total

    def __str__(self) -> str:
        if not self.n_paths:
            return f"{self.name} has the gradient {self.gradient:.{PLACES}g}: no path leads to it"
        lines = [f"{self.name} has the gradient {self.gradient:.{PLACES}g}, by {count(self.n_paths, 'path')}"]
        if self.earlier:
            lines[0] += f", and {self.earlier:.{PLACES}g} from before the last backward()"
        lines[0] += ":"
        if self.samples:
            direct = self.total - math.fsum(part.amount for part in self.samples)
            lines.append(f"{count(len(self.samples), 'sample')}, the error at the neuron × what came in:")
            lines += [*map(str, self.samples[: self.shown])]
            rest = [part.amount for part in self.samples[self.shown :]]
            if rest:
                lines.append(f"  {math.fsum(rest):.{PLACES}g}  for {count(len(rest), 'other')}")
            if abs(direct) > 1e-9 * abs(self.total):
                lines.append(f"  {direct:.{PLACES}g}  past all samples")
            lines.append("the largest paths:")
        lines += [*map(str, self.paths)]
        rest_of_paths = self.n_paths - len(self.paths)
        if rest_of_paths:
            amount = self.total - math.fsum(path.amount for path in self.paths)
            lines.append(f"  {amount:.{PLACES}g}  by {count(rest_of_paths, 'other path')}")
        return "\n".join(lines)

    __repr__ = __str__


class Edge:
    """The way from a node to one of its operands."""

    __slots__ = ("operand", "slope")

    def __init__(self, operand: Any, slope: float) -> None:
        self.operand, self.slope = operand, slope


class Graph:
    """The nodes that a result was computed from, and the ways between them.

    Args:
        root: the result.
        target: the node whose gradient is explained. Ways from outputs of nets to parameters are those to it.

    Attributes:
        order: the nodes, each after all that use it.
        edges: for each node the ways to its operands.
    """

    def __init__(self, root: Any, target: Any) -> None:
        self.root, self.target = root, target
        self.edges: dict[Any, list[Edge]] = {}
        self.batches: dict[Any, BatchSlopes] = {}
        uses: dict[Any, int] = {root: 0}
        reached = [root]
        for v in reached:
            self.edges[v] = self.edges_of(v)
            for edge in self.edges[v]:
                if edge.operand not in uses:
                    uses[edge.operand] = 0
                    reached.append(edge.operand)
                uses[edge.operand] += 1
        self.order = [root]
        for v in self.order:
            for edge in self.edges[v]:
                uses[edge.operand] -= 1
                if not uses[edge.operand]:
                    self.order.append(edge.operand)

    def edges_of(self, v: Any) -> list[Edge]:
        """The ways from a node to its operands."""
        if v._code == USER_OPERATION:
            if v._home.closure is not None:
                raise UnsupportedError(
                    "explain() needs the slope of each operation, and one of your own passes its gradient "
                    "on by a function; give it slopes, Value(number, operands, slopes)"
                )
            return [Edge(p, d) for p, d in zip(v._home.operands, v._home.slopes, strict=False)]
        if v._code == OUTPUT:
            return self.batch(v._home).edges_of(v)
        if operations.NAMES[v._code] in ("leaf", "parameter"):
            return []
        first = [] if v._a is None else [Edge(v._a, v._da)]
        return first if v._b is None else [*first, Edge(v._b, v._db)]

    def batch(self, batch: Any) -> "BatchSlopes":
        """The slopes of a batch of samples."""
        if batch not in self.batches:
            self.batches[batch] = BatchSlopes(batch, self.target)
        return self.batches[batch]

    def arrived(self) -> dict[Any, float]:
        """The slope of the result with respect to each node."""
        found: dict[Any, float] = defaultdict(float)
        found[self.root] = 1.0
        for v in self.order:
            for edge in self.edges[v]:
                found[edge.operand] += edge.slope * found[v]
        return found

    def largest(self, k: int) -> tuple[int, list[tuple[float, list[Edge]]]]:
        """The number of paths to the target, and the k that add most, each with its amount and its edges."""
        numbers: dict[Any, int] = {}
        # For each node the best ways on to the target: the product, the edge, and the way from its operand
        best: dict[Any, list[tuple[float, Edge | None, int]]] = {}
        for v in reversed(self.order):
            if v is self.target:
                numbers[v], best[v] = 1, [(1.0, None, 0)]
                continue
            own = [edge for edge in self.edges[v] if edge.operand in best]
            if own:
                numbers[v] = sum(numbers[edge.operand] for edge in own)
                ways = [
                    (edge.slope * product, edge, i)
                    for edge in own
                    for i, (product, _, _) in enumerate(best[edge.operand])
                ]
                best[v] = heapq.nlargest(k, ways, key=lambda way: abs(way[0]))
        found = []
        for product, edge, i in best.get(self.root, ()):
            path = []
            while edge is not None:
                path.append(edge)
                _, edge, i = best[edge.operand][i]
            found.append((product, path))
        return numbers.get(self.root, 0), found


class BatchSlopes:
    """The slopes of the outputs of a batch, as `Graph` wants them.

    Args:
        batch: a batch of a net's samples, which has ``input_slopes`` and ``parameter_slopes``.
        target: the node whose gradient is explained.
    """

    def __init__(self, batch: Any, target: Any) -> None:
        try:
            batch.check()
        except GradientError:
            raise GradientError(
                f"explain() needs the parameters of the {batch.evaluator.name} as they were, and they were "
                "changed since; call it between backward() and the step"
            ) from None
        self.batch, self.target = batch, target
        self.input_slopes = batch.input_slopes() if batch.inputs else None
        self.signals = self.came_in = None
        if target._code == PARAMETER:
            found = batch.parameter_slopes(target._home, target._index)
            if found is not None:
                self.signals, self.came_in = found

    def edges_of(self, v: Any) -> list[Edge]:
        """The ways from an output to the Values among its sample's inputs, and to the target."""
        row, j = divmod(v._index, self.batch.width)
        edges = [
            Edge(p, float(self.input_slopes[row, j, m]))  # type: ignore[index]  # there are inputs
            for m, p in self.batch.inputs.get(row, ())
        ]
        if self.signals is not None and self.came_in is not None:
            edges.append(Edge(self.target, float(self.signals[row, j] * self.came_in[row])))
        return edges

    def parts(self, arrived: dict[Any, float], outputs: Sequence[Any]) -> list[SamplePart]:
        """What each sample adds, for the ``outputs`` that the result was computed from."""
        errors: dict[int, float] = defaultdict(float)
        for v in outputs:
            row, j = divmod(v._index, self.batch.width)
            errors[row] += arrived[v] * float(self.signals[row, j])  # type: ignore[index]  # of a parameter
        X = self.batch.X
        return [
            SamplePart(tuple(X[row].tolist()), error, float(self.came_in[row]))  # type: ignore[index]
            for row, error in errors.items()
        ]


def explained(v: Any, root: Any, k: Any) -> Explanation:
    """See `Value.explain`; ``root`` is the loss, or None if it is not known."""
    k = whole(k, "k")
    if root is None:
        raise GradientError(
            "explain() looks back from the loss that backward() was last called on, which is not known: "
            "nothing refers to it any more, or this thread was not the last to call backward(); keep the "
            "loss in a variable, or give it: w.explain(loss)"
        )
    if not isinstance(root, Node):
        raise NotANumberError(f"explain() wants the Value that backward() was called on, got {root!r}")
    pending.number_of(root)
    graph = Graph(root, v)
    arrived = graph.arrived()
    outputs: dict[Any, list[Any]] = defaultdict(list)
    for node in graph.order:
        if node._code == OUTPUT:
            outputs[node._home].append(node)
    parts = [
        part
        for batch, slopes in graph.batches.items()
        if slopes.signals is not None
        for part in slopes.parts(arrived, outputs[batch])
    ]
    n, largest = graph.largest(k)
    paths = []
    for amount, edges in largest:
        nodes = [root, *(edge.operand for edge in edges)]
        steps = [
            Step(edge.slope, *described(node)) for (node, _), edge in zip(pairwise(nodes), edges, strict=True)
        ]
        paths.append(Path(amount, tuple(steps)))
    parts.sort(key=lambda part: -abs(part.amount))
    total = arrived[v] if n else 0.0
    single = v._code == PARAMETER and v._home.arrays[0].itemsize == 4
    same = abs(v.grad - total) <= (1e-4 if single else 1e-9) * max(abs(v.grad), abs(total))
    alone = same or root is not last_root() or v.grad == 0  # another loss, or set to 0: it has no past
    gradient = total if alone else v.grad
    return Explanation(name_of(v), gradient, total, n, tuple(paths), tuple(parts), k)


def name_of(v: Any) -> str:
    """The name of a parameter, the label of a Value, or its number."""
    if v._code == PARAMETER:
        return str(getattr(v, "label", "")) or str(v._home.name_of(v._index))
    return str(getattr(v, "label", "")) or f"Value({v.data:.{PLACES}g})"


def described(v: Any) -> tuple[str, Place | None]:
    """What made a node, as text, and the place where the program did so, if that is known."""
    if v._code == OUTPUT:
        batch, (row, j) = v._home, divmod(v._index, v._home.width)
        output = f"output {j} of " if batch.width > 1 else ""
        return f"{output}{batch.evaluator.name}({shown(batch.X[row].tolist())})", batch.place
    if v._code == USER_OPERATION:
        return f"{v._op or 'an operation of yours'} of {shown([p.data for p in v._home.operands])}", None
    numbers = [repr(v._k if p is None else pending.number_of(p)) for p in (v._a, v._b)]
    name = operations.NAMES[v._code]
    text = f"{name}({numbers[0]})"
    if name in operations.BINARY:
        text = f"{numbers[0]} {operations.SYMBOLS[v._code]} {numbers[1]}"
    place = operations.place_of(v)
    return (text, None) if place is None else (place.expression(text), place)


def shown(numbers: Sequence[float]) -> str:
    """Numbers in a list, the first few if they are many."""
    texts = [f"{x:.{PLACES}g}" for x in numbers[:NUMBERS_SHOWN]]
    return f"[{', '.join(texts + ['...'] * (len(numbers) > NUMBERS_SHOWN))}]"
