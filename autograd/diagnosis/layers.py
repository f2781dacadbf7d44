"""What the layers of nets do with the rows that they are given: their inputs, their units, their outputs.

Calls of nets with Tensors are recorded on the tape, and looked at there. For samples that went through a net
one by one, and for rows of `fit`, the latest ones go through the layers once more.
"""

from collections import deque
from collections.abc import Callable, Collection
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from autograd.diagnosis.findings import Record
from autograd.support import Place, here
from autograd.tensor import Array
from autograd.text import count

__all__ = ["Layers", "bounded_origin"]

ROWS = 512  # of the latest rows, about how many are kept and looked at
FEWEST_ROWS = 16  # different rows that say something of a unit
LARGE = 25.0  # root mean square of an input from which on it counts as not scaled
FLAT = 0.02  # a slope below this share of the largest one is that of a saturated unit
ROWS_SHARE = 0.9  # share of the rows for which a unit is saturated that is of no use
SHARE = 0.5  # share of the units of a layer above which they are reported
REACH = 0.02  # how far beyond a bound a target may lie, relative to the distance of the bounds
BOUNDS = {
    "sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, np.inf),
    "softplus": (0.0, np.inf),
    "softmax": (0.0, 1.0),
}
MOVED = {"transpose", "reshape", "getitem", "alias", "flush_subnormals"}  # the same numbers, elsewhere
WATCHED = {"affine", "subtract", *BOUNDS, "nll", "logsumexp", "divide", "maximum", "matmul"}
# What losses do with differences
COMPARING = {"power", "square", "absolute", "fabs", "mean_square", "multiply"}
LOGITS = {"nll": "cross_entropy", "softmax": "softmax", "logsumexp": "logsumexp"}


def unmoved(node: Any) -> Any:
    """The node of the tape that computed the numbers of another, which only has them in other places."""
    while node is not None and getattr(node, "rule", None) is not None and node.rule.name in MOVED:
        node = node.parents[0]
    return node


def name_of(node: Any) -> str:
    """The name of the primitive that made a node of the tape, or "" for leaves and constants."""
    return node.rule.name if hasattr(node, "rule") else ""


def bounded_origin(node: Any) -> str:
    """The activation whose numbers a node of the tape holds, moved or not, if it is bounded; or ""."""
    node = unmoved(node)
    name = name_of(node)
    if name == "divide" and is_softmax(node):
        return "softmax"
    return name if name in BOUNDS else ""


def is_softmax(node: Any) -> bool:
    """Whether a quotient on the tape is exp(x) by a sum of exp(x)."""
    top, bottom = node.parents
    return name_of(top) == "exp" and name_of(unmoved(bottom)) == "sum" and unmoved(bottom).parents[0] is top


def is_signed(node: Any) -> bool:
    """Whether a product on the tape has a factor of -1 and 1 alone, as in `binary_cross_entropy`."""
    factors = [np.abs(a) for a, p in zip(node.args, node.parents, strict=True) if p is None]
    return any(bool((factor == 1).all()) for factor in factors)


def layer_of(node: Any) -> Any:
    """The leaf of the matrix of the layer whose affine map a node of the tape is, or None."""
    if node is None or not hasattr(node, "rule") or node.rule.name != "affine":
        return None
    leaf = node.parents[0]
    return leaf if hasattr(leaf, "owner") else None


class Units:
    """The units of one layer over its latest rows.

    Attributes:
        kind: the activation.
        place: where the net was called.
        dull: for the latest calls, the number of rows and for each unit the number of rows where its slope
            was nearly 0.
    """

    def __init__(self, kind: str, place: Place) -> None:
        self.kind, self.place = kind, place
        self.dull: deque[tuple[int, Array]] = deque()
        self.most = 0  # rows of a call, which are taken for different ones

    def add(self, out: Array) -> None:
        """Note outputs of shape (units, rows)."""
        out = out[:, -ROWS:]
        self.most = max(self.most, out.shape[1])
        if self.kind == "relu":
            flat = out <= 0
        elif self.kind == "tanh":
            flat = 1 - out * out < FLAT
        else:
            flat = 4 * out * (1 - out) < FLAT
        self.dull.append((out.shape[1], np.count_nonzero(flat, axis=1)))
        while sum(n for n, _ in self.dull) - self.dull[0][0] >= ROWS:
            self.dull.popleft()

    def judged(self) -> tuple[int, int, int]:
        """The numbers of units that are of no use, of units, and of rows."""
        rows = sum(n for n, _ in self.dull)
        dull = sum((counts for _, counts in self.dull), np.zeros(1, int))
        least = rows if self.kind == "relu" else ROWS_SHARE * rows
        return int(np.count_nonzero(dull >= least)), dull.size, rows


class LatestRows:
    """The latest batches of samples of a net, with `ROWS` samples or a few more."""

    def __init__(self) -> None:
        self.batches: deque[tuple[int, Any]] = deque()
        self.n = 0

    def add(self, n: int, rows: Any) -> None:
        """Add a batch of ``n`` samples."""
        self.batches.append((n, rows))
        self.n += n
        while self.n - self.batches[0][0] >= ROWS:
            self.n -= self.batches.popleft()[0]


class Layers:
    """Watches layers, and reports what does not suit them.

    Attributes:
        units: the `Units` of each layer, by the tape's leaf of its matrix, or by the place of its activation.
        sizes: for each first layer the largest root mean square of an input, its index, and where.
    """

    def __init__(self, findings: Record) -> None:
        self.findings = findings
        self.units: dict[Any, Units] = {}
        self.sizes: dict[Any, tuple[float, int, Place]] = {}
        self.linear: dict[Any, Place] = {}  # layers without a bend that another layer follows
        self.hidden: set[Any] = set()  # layers with one that another layer follows
        self.rows: dict[Any, LatestRows] = {}  # the latest samples of each net, by its `Samples`
        self.calls: dict[Any, Place] = {}  # where each net was called last
        self.seen: set[Any] = set()  # layers that were called
        # Of the calls since the latest pass that are still there: layers of the program's own; subtractions
        self.own: WeakKeyDictionary[Any, Place] = WeakKeyDictionary()
        self.differences: WeakKeyDictionary[Any, Place] = WeakKeyDictionary()
        self.dead: set[Any] = set()  # layers whose units were reported

    # What the tape records

    def on_call(self, node: Any, place: Place | None) -> None:
        """Look at a call that was recorded, here or, if that is given, at a place."""
        name = node.rule.name
        if name in COMPARING:
            self.compared(node.parents[0])
        if name not in WATCHED:
            return
        place = place or here()
        if name == "affine":
            self.seen.add(node.parents[0])
            self.inputs(node, place)
        elif name in BOUNDS:
            self.activation(node, name, place)
        elif name == "subtract":
            self.differences[node] = place
        elif name == "maximum":
            if node.parents[1] is None and np.ndim(node.args[1]) == 0 and node.args[1] == 0:
                self.own_units(node, "relu", place)
        elif name == "matmul":
            self.hidden.update(self.own[own] for own in map(unmoved, node.parents) if own in self.own)
        elif name in LOGITS:
            self.logits(node.parents[0], LOGITS[name], place)
        elif name == "divide" and is_softmax(node):
            self.logits(node.parents[0].parents[0], "softmax", place)
        if name == "softplus" and name_of(node.parents[0]) == "multiply" and is_signed(node.parents[0]):
            for parent in node.parents[0].parents:
                self.logits(parent, "binary_cross_entropy", place)

    def inputs(self, node: Any, place: Place) -> None:
        """Look at the inputs of a first layer, and whether those of another have been bent."""
        leaf, before = node.parents[:2]
        x = node.args[1]
        if getattr(leaf, "owner", None) is None or x.ndim != 2 or not x.size:
            return
        if before is None and leaf.owner[1] == 0:
            self.measure(leaf, x, place)
        elif before is not None:
            before = unmoved(before)
            own = layer_of(before)
            if own is not None:
                self.follow(own, leaf, place)
            elif before.parents and (own := layer_of(before.parents[0])) is not None:
                self.hidden.add(own)

    def follow(self, leaf: Any, after: Any, place: Place | None) -> None:
        """Note a linear layer that another one follows, unless it is a bottleneck, which has a purpose."""
        n_out, columns = leaf.shape
        if place is not None and n_out >= min(columns - 1, after.shape[0]):
            self.linear[leaf] = place

    def measure(self, leaf: Any, x: Array, place: Place) -> None:
        """Note the sizes of inputs, (inputs, rows)."""
        with np.errstate(all="ignore"):
            sizes = np.sqrt(np.mean(np.square(x, dtype=np.float64), axis=1))
        i = int(sizes.argmax())
        if sizes[i] > self.sizes.get(leaf, (0.0,))[0]:
            self.sizes[leaf] = float(sizes[i]), i, place

    def activation(self, node: Any, name: str, place: Place) -> None:
        """Look at the outputs of a layer."""
        before = node.parents[0]
        if name == "sigmoid" and (kind := bounded_origin(before)) in ("sigmoid", "softmax", "relu"):
            self.findings.add("misfit", place, f"A sigmoid is taken of what is a {kind} already.")
        leaf = layer_of(before)
        if leaf is not None and node.out.ndim == 2 and name in ("relu", "sigmoid", "tanh"):
            if leaf not in self.units:
                self.units[leaf] = Units(name, place)
            self.units[leaf].add(node.out)
        elif leaf is None and name in ("relu", "sigmoid", "tanh"):
            self.own_units(node, name, place)

    def own_units(self, node: Any, name: str, place: Place) -> None:
        """Look at the outputs, (rows, units), of a layer that the program computes itself."""
        if node.out.ndim == 2 and node.out.size:
            if place not in self.units:
                self.units[place] = Units(name, place)
            self.units[place].add(node.out.T)
            self.own[node] = place

    def end_pass(self) -> None:
        """Forget the calls of a graph that is done with."""
        self.own.clear()
        self.differences.clear()

    def compared(self, node: Any) -> None:
        """Look whether outputs of a net are compared with numbers that they cannot reach."""
        if node not in self.differences:
            return
        place = self.differences[node]
        for own, other in ((0, 1), (1, 0)):
            kind = bounded_origin(node.parents[own])
            if kind and node.parents[other] is None:
                self.compare(kind, np.asarray(node.args[other]), place)

    def compare(self, kind: str, targets: Array, place: Place) -> None:
        """Report targets that outputs of an activation cannot reach."""
        low, high = BOUNDS[kind]
        slack = REACH * (high - low) if high < np.inf else REACH
        beyond = int(np.count_nonzero((targets < low - slack) | (targets > high + slack)))
        if beyond:
            span = f"between {low:g} and {high:g}" if high < np.inf else f"{low:g} or more"
            text = (
                f"{beyond} of {count(targets.size, 'target')} here are out of reach: the targets go from "
                f"{targets.min():g} to {targets.max():g}, and what a {kind} answers is {span}."
            )
            self.findings.add("out_of_reach", place, text)

    def logits(self, node: Any, what: str, place: Place) -> None:
        """Look whether what wants logits is given probabilities."""
        kind = bounded_origin(node)
        if kind:
            text = f"{what} wants logits, and is given what is a {kind} already."
            self.findings.add("misfit", place, text)

    # Samples

    def on_batch(self, samples: Any, n: int, rows: Any, place: Place | None) -> None:
        """Keep the latest samples of a net, and where it was called."""
        kept = self.rows.get(samples)
        if kept is None:
            kept = self.rows[samples] = LatestRows()
        kept.add(n, rows)
        if place is not None:
            self.calls[samples] = place

    # At the end

    def finish(
        self,
        trained: Collection[Any],
        any_trained: bool,
        run: Callable[[Any, Array, Place], None],
        with_units: bool,
    ) -> None:
        """Report what the layers show.

        Args:
            trained: the leaves of matrices that have been trained.
            any_trained: whether Tensors have been trained.
            run: has a net, given by its `Samples`, compute the outputs of rows on the tape, as if called at a
                place.
            with_units: whether units count: where the loss grows, they end at their ends because of that.
        """
        for samples, kept in self.rows.items():
            place = self.calls.get(samples)
            if place is not None and samples.specs[0].matrix.leaf in trained:
                X = np.concatenate(
                    [np.asarray(rows, samples.dtype).reshape(n, -1) for n, rows in kept.batches]
                )
                for spec in samples.specs:
                    self.units.pop(spec.matrix.leaf, None)
                run(samples, np.unique(X[-ROWS:], axis=0), place)
        for leaf, units in self.units.items():
            if isinstance(leaf, Place):
                counts = any_trained and leaf in self.hidden
            else:
                counts = leaf in trained and (units.kind == "relu" or leaf in self.hidden)
            if with_units and counts:
                self.judge(leaf, units)
        for leaf, (size, i, place) in self.sizes.items():
            if leaf in trained and size > LARGE:
                text = f"Input {i} has a root mean square of {size:.3g}, and weights begin at about 1."
                self.findings.add("unscaled_inputs", place, text)
        for leaf, place in self.linear.items():
            if leaf in trained:
                text = f"layers[{leaf.owner[1]}] is linear: it and the next are no more than one layer."
                self.findings.add("misfit", place, text)

    def is_dull(self, leaf: Any) -> bool:
        """Whether most units of a layer are of no use."""
        if leaf not in self.units:
            return False
        dull, n, _ = self.units[leaf].judged()
        return self.units[leaf].most >= FEWEST_ROWS and dull > SHARE * n

    def judge(self, leaf: Any, units: Units) -> None:
        """Report the units of a layer if most of them are of no use."""
        if not self.is_dull(leaf):
            return
        dull, n, rows = units.judged()
        self.dead.add(leaf)
        which = "" if isinstance(leaf, Place) else f"layers[{leaf.owner[1]}]: "
        mistake = "dead_units" if units.kind == "relu" else "saturated_units"
        what, share = ("0", "each") if units.kind == "relu" else ("at an end", "at least 90 %")
        text = (
            f"{which}{dull} of {count(n, f'{units.kind} unit')} ({100 * dull / n:.0f} %) were {what} for "
            f"{share} of the latest {count(rows, 'row')}."
        )
        self.findings.add(mistake, units.place, text)
