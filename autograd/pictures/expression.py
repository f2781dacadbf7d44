"""The graph behind a Value as plain data, a list of nodes from which a picture is drawn.

The library holds graphs in several forms: Values, nets called on samples, and the tape of Tensors. A `Part`
is a number or an operation in one of these forms. It knows its `GraphNode` and the parts from which it was
computed. A `Traversal` visits the parts breadth first, without recursion. It reads numbers, which computes
pending operations, and changes nothing else.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np

from autograd.engine import BINARY, Value, number_of, operands, operation_of
from autograd.errors import GradientError, NotANumberError, OptionError, UnknownNameError
from autograd.nn import ACTIVATIONS, Activation, Batch, LayerParameters, activated
from autograd.support import whole
from autograd.tensor import Leaf, TapeNode, Tensor, affine, gradients, in_new_thread, tensor_of

__all__ = ["DETAIL_LEVELS", "GraphNode", "expression"]

DETAIL_LEVELS = ("layers", "neurons", "values")  # how far a net can be opened
MOST_OPERANDS = 8  # an operation with more operands than this shows only the first SHOWN_OPERANDS
SHOWN_OPERANDS = 4
MOST_COUNTED = 100_000  # nodes beyond the limit are counted up to this number


@dataclass
class GraphNode:
    """One node in the picture of an expression.

    Attributes:
        kind: "value", "number", "operation", "module" (a call of a net, layer or neuron) or "note".
        text: the label of the node; for a value its name, or "" if it has none.
        data, grad: the number and the gradient of a value; for a Tensor only if it holds a single number.
        shape: the shape of a Tensor, else None.
        parents: indices, in the list of nodes, of the nodes from which this one was computed.
    """

    kind: str
    text: str
    data: float | None = None
    grad: float | None = None
    shape: tuple[int, ...] | None = None
    parents: list[int] = field(default_factory=list)


class Part:
    """A number or an operation, in one of the graph's forms. Equal parts share one node in the picture."""

    def node(self) -> GraphNode:
        """The node of this part in the picture, still without parents."""
        raise NotImplementedError

    def parents(self, traversal: "Traversal") -> Sequence["Part"]:
        """The parts from which this part was computed."""
        return ()


@dataclass(frozen=True)
class Text(Part):
    """A plain number or a note beside ``owner``, which tells equal texts of different owners apart."""

    kind: str
    text: str
    owner: Any

    def node(self) -> GraphNode:
        return GraphNode(self.kind, self.text)


def at_most(parts: Sequence[Part], owner: Any) -> Sequence[Part]:
    """All ``parts``, or of more than MOST_OPERANDS the first few and a note that counts the others."""
    if len(parts) <= MOST_OPERANDS:
        return parts
    return [*parts[:SHOWN_OPERANDS], Text("note", f"… {len(parts) - SHOWN_OPERANDS:,} more", owner)]


def short(x: float) -> str:
    """A number as text, with four significant digits."""
    return f"{x:.4g}"


# Values -----------------------------------------------------------------------------------------


def part_of(v: Any) -> Part:
    """The `Part` for a Value, whose number is computed first if it is pending."""
    number_of(v)
    return ParameterPart.of(v._home, v._index) if operation_of(v) == "parameter" else Result(v)


def label_of(v: Any) -> str:
    """The label that a program has set on a Value, or ""."""
    label = getattr(v, "label", None)
    return "" if label is None else str(label)


@dataclass(frozen=True)
class Result(Part):
    """A Value: a leaf, or the result of an operation or of a net."""

    value: Any

    def node(self) -> GraphNode:
        v = self.value
        name = label_of(v)
        if not name and operation_of(v) == "output" and v._home.width > 1:
            name = f"[{v._index % v._home.width}]"
        return GraphNode("value", name, v.data, v.grad)

    def parents(self, traversal: "Traversal") -> Sequence[Part]:
        v = self.value
        if operation_of(v) == "leaf":
            return ()
        if operation_of(v) != "output":
            return [ScalarOperation(v)]
        row, i = divmod(v._index, v._home.width)
        call = ModuleCall(v._home, row)
        return [call] if traversal.level is None else traversal.opened(call).source(-1, i, traversal.level)


@dataclass(frozen=True)
class ScalarOperation(Part):
    """The operation of scalars that made the Value ``result``."""

    result: Any

    def node(self) -> GraphNode:
        v = self.result
        symbol = v._op or "?"
        two_values = v._a is not None and v._b is not None
        if operation_of(v) not in BINARY or two_values:
            return GraphNode("operation", symbol)
        number = short(v._k)
        return GraphNode("operation", f"{number} {symbol}" if v._a is None else f"{symbol} {number}")

    def parents(self, traversal: "Traversal") -> Sequence[Part]:
        v = self.result
        if operation_of(v) == "add":
            return at_most(self.terms(traversal), self)
        return at_most([part_of(p) for p in operands(v)], self)

    def terms(self, traversal: "Traversal") -> list[Part]:
        """The terms of a sum, in order.

        A long chain of additions, ``((a + b) + c) + ...``, counts as one sum. It is cut where an intermediate
        sum has a node or a name.
        """
        v = self.result
        terms: list[Part] = []
        while operation_of(v) == "add" and v._a is not None:
            if terms and traversal.shows(Result(v)):
                break
            terms.append(Text("number", short(v._k), (self, len(terms))) if v._b is None else part_of(v._b))
            v = v._a
        if len(terms) < MOST_OPERANDS:
            return [part_of(p) for p in operands(self.result)]
        begins_with_0 = (
            operation_of(v) == "add" and v._a is None and v._k == 0 and not traversal.shows(Result(v))
        )
        return [part_of(v._b if begins_with_0 else v), *terms[::-1]]


@dataclass(frozen=True)
class ParameterPart(Part):
    """A parameter, identified by the memory address of its number."""

    address: int
    matrix: LayerParameters = field(compare=False)
    index: int = field(compare=False)

    @staticmethod
    def of(matrix: LayerParameters, index: int) -> "ParameterPart":
        """The part for the index-th number of a matrix."""
        array = matrix.tensor.data
        address = array.__array_interface__["data"][0] + index * array.itemsize
        return ParameterPart(address, matrix, index)

    def node(self) -> GraphNode:
        vector, k = self.matrix.owner[0](), self.matrix.owner[1]
        name = self.matrix.name_of(self.index)
        if vector is not None and vector._views[k]:  # without a view no parameter has been given a label
            name = label_of(vector._views[k][self.index]) or name
        return GraphNode("value", name, *self.matrix.at(self.index))


# Nets on samples --------------------------------------------------------------------------------


@dataclass(frozen=True)
class ModuleCall(Part):
    """A call of a net, layer or neuron on one sample."""

    batch: Batch
    row: int

    def node(self) -> GraphNode:
        samples = self.batch.evaluator
        sizes = [samples.n_in, *(spec.matrix.tensor.data[spec.rows].shape[0] for spec in samples.specs)]
        functions = [name for name, _ in groupby(function_name(spec.function) for spec in samples.specs)]
        return GraphNode("module", f"{samples.name} {'-'.join(map(str, sizes))}\n{', '.join(functions)}")

    def parents(self, traversal: "Traversal") -> Sequence[Part]:
        inputs = self.inputs()
        values = [inputs[j] for j in sorted(inputs)]
        x = [
            f"x[{j}]" if j in inputs else short(self.batch.X[self.row, j])
            for j in range(self.batch.evaluator.n_in)
        ]
        if len(values) == len(x):
            return at_most(values, self)
        if len(x) > MOST_OPERANDS:
            x[SHOWN_OPERANDS:] = [f"… {len(x) - SHOWN_OPERANDS:,} more"]
        return [Text("number", ", ".join(x), self), *at_most(values, self)]

    def inputs(self) -> dict[int, Part]:
        """The parts of those inputs of the sample that are Values, by index of the input."""
        return {j: part_of(v) for j, v in self.batch.inputs.get(self.row, ())}


def function_name(function: Any) -> str:
    """The name of an activation."""
    if isinstance(function, Activation):
        return function.name
    return getattr(function, "__name__", type(function).__name__)


class OpenedModule:
    """A call of a net on one sample, computed again in order to know all numbers inside the net.

    Attributes:
        h: the input of the net, then the output of each layer.
        z: for each layer the input of its activation.
        grads_h, grads_z: the gradients of the numbers in ``h``, except the last layer's, and in ``z``.

    Raises:
        GradientError: the result would differ from that of the call, since parameters have been changed.
    """

    def __init__(self, call: ModuleCall) -> None:
        batch, samples = call.batch, call.batch.evaluator
        self.call, self.specs = call, samples.specs
        if batch.version != samples.version():
            raise GradientError(
                f"draw() cannot open a {samples.name}: its parameters have been changed since it was called; "
                "draw before changing them, or call it again"
            )
        h, z, grads = in_new_thread(self.computed)
        self.h, self.z = [t.data.tolist() for t in h], [t.data.tolist() for t in z]
        self.grads_h, self.grads_z = grads[: len(z)], grads[len(z) :]

    def computed(self) -> tuple[list[Tensor], list[Tensor], list[Any]]:
        """``h`` and ``z`` as Tensors, and the gradients of ``h[:-1]`` followed by those of ``z`` as lists."""
        batch, samples = self.call.batch, self.call.batch.evaluator
        outputs = slice(self.call.row * samples.n_out, (self.call.row + 1) * samples.n_out)
        h = [Tensor(batch.X[self.call.row], requires_grad=True)]
        z = []
        with np.errstate(all="ignore"):
            for spec in self.specs:
                weights = tensor_of(spec.matrix.tensor.data[spec.rows])
                z.append(affine(weights, h[-1]))
                h.append(activated(spec.function, z[-1]))
            if not np.allclose(
                h[-1].data, batch.Y.reshape(-1)[outputs], rtol=1e-4, atol=1e-6, equal_nan=True
            ):
                raise GradientError(
                    f"draw() cannot open a {samples.name}: its activation gives another result now than in "
                    "the call"
                )
            g = np.zeros(samples.n_out) if batch.grads is None else batch.grads[outputs]
            grads = gradients(h[-1], [*h[:-1], *z], g.astype(samples.dtype))
        return h, z, [t.data.tolist() for t in grads]

    @cached_property
    def inputs(self) -> dict[int, Part]:
        """The parts of those inputs of the sample that are Values, by index of the input."""
        return self.call.inputs()

    def given(self, k: int) -> list[Part]:
        """The parts for the inputs of the k-th layer."""
        if k > 0:
            return [OpenedPart(self, "output", k - 1, i) for i in range(len(self.h[k]))]
        return [self.inputs.get(j) or OpenedPart(self, "input", 0, j) for j in range(len(self.h[0]))]

    def source(self, k: int, i: int, level: str) -> list[Part]:
        """The parts from which neuron i of layer k was computed; k = -1 is the last layer."""
        k %= len(self.specs)
        if level == "layers":
            return [OpenedPart(self, "layer", k)]
        if level == "neurons":
            return [OpenedPart(self, "neuron", k, i)]
        identity = self.specs[k].function is ACTIVATIONS["linear"]
        return [OpenedPart(self, "+" if identity else "activation", k, i)]


@dataclass(frozen=True)
class OpenedPart(Part):
    """A number, an operation, a neuron or a layer inside an opened net.

    Attributes:
        inside: the opened net.
        what: "input", "layer", "neuron", "output", "activation", "sum", "product", "+" or "*".
        k: the index of the layer.
        i: the index of the neuron in its layer; for "input" the index of the net's input.
        j: the index of the neuron's input, for "product" and "*".
    """

    inside: OpenedModule
    what: str
    k: int
    i: int = 0
    j: int = 0

    def node(self) -> GraphNode:
        inside, k, i, j = self.inside, self.k, self.i, self.j
        function = function_name(inside.specs[k].function)
        n_in, n_out = len(inside.h[k]), len(inside.h[k + 1])
        match self.what:
            case "input":
                return GraphNode("number", f"x[{i}] = {short(inside.h[0][i])}")
            case "layer":
                return GraphNode("module", f"layers[{k}] {n_in}-{n_out}\n{function}")
            case "neuron":
                return GraphNode("module", f"layers[{k}].neurons[{i}]\n{function}")
            case "output":
                return GraphNode("value", "", inside.h[k + 1][i], inside.grads_h[k + 1][i])
            case "activation":
                return GraphNode("operation", function)
            case "sum":
                return GraphNode("value", "", inside.z[k][i], inside.grads_z[k][i])
            case "product":
                return GraphNode(
                    "value", "", self.weight().node().data * inside.h[k][j], inside.grads_z[k][i]
                )
        return GraphNode("operation", self.what)  # + or *

    def weight(self, bias: bool = False) -> ParameterPart:
        """The part for the neuron's weight of its j-th input, or for its bias."""
        spec = self.inside.specs[self.k]
        columns = spec.matrix.tensor.shape[1]
        row = (spec.rows.start or 0) + self.i
        return ParameterPart.of(spec.matrix, row * columns + (columns - 1 if bias else self.j))

    def parents(self, traversal: "Traversal") -> Sequence[Part]:
        inside, k, i, j = self.inside, self.k, self.i, self.j
        match self.what:
            case "layer" | "neuron":
                return at_most(inside.given(k), self)
            case "output":
                assert traversal.level is not None
                return inside.source(k, i, traversal.level)
            case "activation":
                return [OpenedPart(inside, "sum", k, i)]
            case "sum":
                return [OpenedPart(inside, "+", k, i)]
            case "+":
                products = [OpenedPart(inside, "product", k, i, j) for j in range(len(inside.h[k]))]
                return [self.weight(bias=True), *at_most(products, self)]
            case "product":
                return [OpenedPart(inside, "*", k, i, j)]
            case "*":
                return [self.weight(), inside.given(k)[j]]
        return ()


# Tensors ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TapePart(Part):
    """A leaf or a result on the tape of Tensors."""

    thing: TapeNode | Leaf

    def node(self) -> GraphNode:
        thing = self.thing
        if isinstance(thing, TapeNode):
            return GraphNode(
                "value", "", float(thing.out.item()) if thing.out.size == 1 else None, shape=thing.shape
            )
        grad = thing.grad.item() if thing.grad is not None and thing.grad.size == 1 else None
        return GraphNode("value", "", grad=grad, shape=thing.shape)

    def parents(self, traversal: "Traversal") -> Sequence[Part]:
        return [TensorOperation(self.thing)] if isinstance(self.thing, TapeNode) else ()


@dataclass(frozen=True)
class TensorOperation(Part):
    """The primitive that a node on the tape has recorded, with its options."""

    taped: TapeNode

    def node(self) -> GraphNode:
        shown = {k: x for k, x in self.taped.kwargs.items() if isinstance(x, int | tuple) and x is not False}
        options = [f"{name}={value}" for name, value in shown.items()]
        return GraphNode("operation", "\n".join([self.taped.rule.name, *options]))

    def parents(self, traversal: "Traversal") -> Sequence[Part]:
        operands: list[Part] = []
        for i, (parent, argument) in enumerate(zip(self.taped.parents, self.taped.args, strict=True)):
            if parent is not None:
                operands.append(TapePart(parent))
            elif isinstance(argument, np.ndarray | int | float):
                text = short(float(argument)) if np.size(argument) == 1 else f"shape {np.shape(argument)}"
                operands.append(Text("number", text, (self, i)))
        return at_most(operands, self)


# The traversal ----------------------------------------------------------------------------------


class Traversal:
    """A breadth-first walk from results to all parts from which they were computed.

    Args:
        names: the names that the user gives to parts.
        level: how far nets are opened, one of DETAIL_LEVELS; None leaves them closed.

    Attributes:
        nodes: the nodes found so far.
        places: the index in ``nodes`` of each part's node.
        insides: the opened nets, by call.
    """

    def __init__(self, names: Mapping[Part, str], level: str | None) -> None:
        self.names = names
        self.level = level
        self.places: dict[Part, int] = {}
        self.nodes: list[GraphNode] = []
        self.insides: dict[ModuleCall, OpenedModule] = {}

    def opened(self, call: ModuleCall) -> OpenedModule:
        """The inside of a net for a call of it, computed once per call."""
        if call not in self.insides:
            self.insides[call] = OpenedModule(call)
        return self.insides[call]

    def shows(self, part: Part) -> bool:
        """Whether a part has a node already, a name or a label."""
        return part in self.places or part in self.names or bool(part.node().text)

    def run(self, roots: Iterable[Part], limit: int) -> list[GraphNode]:
        """The nodes of all parts, ``limit`` at most, followed by a note that counts the missing ones."""
        missing: set[Part] = set()
        queue: deque[Part] = deque()

        def place_of(part: Part) -> int | None:
            """The index of the part's node, which is made if it is new; None beyond the limit."""
            if part in self.places:
                return self.places[part]
            if len(self.nodes) >= limit:
                if part not in missing and len(missing) <= MOST_COUNTED:
                    missing.add(part)
                    queue.append(part)
                return None
            node = part.node()
            node.text = self.names.get(part, node.text)
            self.places[part] = len(self.nodes)
            self.nodes.append(node)
            queue.append(part)
            return self.places[part]

        for root in roots:
            place_of(root)
        incomplete = []  # nodes that lack a parent
        while queue:
            part = queue.popleft()
            parents = [place_of(parent) for parent in part.parents(self)]
            if part in self.places:
                node = self.nodes[self.places[part]]
                node.parents = [i for i in parents if i is not None]
                if None in parents:
                    incomplete.append(node)
        if missing:
            count = f"{len(missing):,}" if len(missing) <= MOST_COUNTED else f"more than {MOST_COUNTED:,}"
            for node in incomplete:
                node.parents.append(len(self.nodes))
            self.nodes.append(GraphNode("note", f"… {count} more"))
        return self.nodes


def root_of(x: Any, wanted: str) -> Part:
    """The `Part` for an argument of `draw`; NotANumberError, with what is ``wanted``, if it has none."""
    if isinstance(x, Value):
        return part_of(x)
    if isinstance(x, Tensor):
        if x._node is None:
            raise GradientError(
                "draw() wants a Tensor that depends on one with requires_grad=True, got one of shape "
                f"{x.shape} that does not"
            )
        return TapePart(x._node)
    kind = type(x).__name__
    got = f"a {kind}; draw(net(x)) draws a call" if callable(x) else f"{x!r} ({kind})"
    raise NotANumberError(f"draw() wants {wanted}, got {got}")


def expression(
    value: Any, names: Mapping[str, Any] | None = None, open: bool | str = False, limit: int = 200
) -> list[GraphNode]:
    """The nodes from which `autograd.draw` makes its picture; arguments and errors are described there."""
    level = DETAIL_LEVELS[-1] if open is True else None if open is False else open
    if level not in (None, *DETAIL_LEVELS):
        raise UnknownNameError.among("level", open, DETAIL_LEVELS)
    limit = whole(limit, "limit")
    results = value if isinstance(value, list | tuple) else [value]
    roots = [root_of(x, "a Value, a list of them, or a Tensor") for x in results]
    if not isinstance(names, Mapping | None):
        raise OptionError(f"draw() wants names as a dict, of names and Values, got {names!r}")
    named = {root_of(x, f"a Value or a Tensor as names[{name!r}]"): name for name, x in (names or {}).items()}
    return Traversal(named, level).run(roots, limit)
