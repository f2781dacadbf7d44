"""What a Value was made from, as plain data, for pictures of it.

The graph is held in several forms: Values, nets called on samples, the tape of Tensors. In each of them a
`Part` is a number or an operation that can show itself as a `GraphNode` and knows the parts that it was made
from. The walk goes from part to part, the nearest first and without recursion; it reads numbers, which
works out what waits, and changes nothing else.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np

from autograd.engine import operations, pending
from autograd.engine.value import Value, operands
from autograd.errors import GradientError, NotANumberError, OptionError, UnknownNameError
from autograd.nn.activations import Activation
from autograd.nn.batch import Batch
from autograd.nn.module import activated
from autograd.nn.parameters import LayerParameters, name_of
from autograd.support.options import whole
from autograd.tensor.core import Tensor
from autograd.tensor.recording import apart
from autograd.tensor.rows.products import affine
from autograd.tensor.tape import Leaf, TapeNode
from autograd.tensor.transforms import gradients

__all__ = ["DETAIL_LEVELS", "GraphNode", "expression"]

DETAIL_LEVELS = ("layers", "neurons", "values")  # to which a net can be opened
MOST_OPERANDS = 8  # operands that are shown of one operation; of more the first FEW
SHOWN_OPERANDS = 4
MOST_COUNTED = 100_000  # of the nodes for which there is no room


@dataclass
class GraphNode:
    """One thing in the picture of an expression.

    Attributes:
        kind: "value", "number", "operation", "module" (a call of a net, layer or neuron) or "note".
        text: what it is called, or what it says; of a value its name, if it has one.
        data, grad: of a value; of a Tensor if it is a single number.
        shape: of a Tensor.
        parents: what it was made from, as places in the list of nodes.
    """

    kind: str
    text: str
    data: float | None = None
    grad: float | None = None
    shape: tuple[int, ...] | None = None
    parents: list[int] = field(default_factory=list)


class Part:
    """A number or an operation, in one of the graph's forms. Equal ones stand for the same thing."""

    def node(self) -> GraphNode:
        """How it shows itself."""
        raise NotImplementedError

    def parents(self, walk: "Traversal") -> Sequence["Part"]:
        """What it was made from."""
        return ()


@dataclass(frozen=True)
class Text(Part):
    """Something to read that belongs to ``owner``: a number, or a note."""

    kind: str
    text: str
    owner: Any

    def node(self) -> GraphNode:
        return GraphNode(self.kind, self.text)


def at_most(parts: Sequence[Part], owner: Any) -> Sequence[Part]:
    """Those parts for which there is room, and a word about the others."""
    if len(parts) <= MOST_OPERANDS:
        return parts
    return [*parts[:SHOWN_OPERANDS], Text("note", f"… {len(parts) - SHOWN_OPERANDS:,} more", owner)]


def short(x: float) -> str:
    """A number in four digits."""
    return f"{x:.4g}"


# Values -----------------------------------------------------------------------------------------


def kind_of(v: Any) -> str:
    """What a Value came from."""
    return operations.NAMES[v._code]


def part_of(v: Any) -> Part:
    """The part that a Value is, with its number worked out."""
    pending.number_of(v)
    return TensorCell.of(v._home, v._index) if kind_of(v) == "parameter" else Result(v)


def label_of(v: Any) -> str:
    """The name that a program gave a Value."""
    label = getattr(v, "label", None)
    return "" if label is None else str(label)


@dataclass(frozen=True)
class Result(Part):
    """A Value: a leaf, or the result of an operation or of a net."""

    value: Any

    def node(self) -> GraphNode:
        v = self.value
        name = label_of(v)
        if not name and kind_of(v) == "output" and v._home.wide > 1:
            name = f"[{v._index % v._home.wide}]"
        return GraphNode("value", name, v.data, v.grad)

    def parents(self, walk: "Traversal") -> Sequence[Part]:
        v = self.value
        if kind_of(v) == "leaf":
            return ()
        if kind_of(v) != "output":
            return [ScalarOperation(v)]
        row, i = divmod(v._index, v._home.wide)
        call = ModuleCall(v._home, row)
        return [call] if walk.level is None else walk.opened(call).source(-1, i, walk.level)


@dataclass(frozen=True)
class ScalarOperation(Part):
    """The operation that a Value came from."""

    result: Any

    def node(self) -> GraphNode:
        v = self.result
        symbol = v._op or "?"
        both = v._a is not None and v._b is not None
        if kind_of(v) not in ("add", "sub", "mul", "truediv", "pow") or both:
            return GraphNode("operation", symbol)
        number = short(v._k)
        return GraphNode("operation", f"{number} {symbol}" if v._a is None else f"{symbol} {number}")

    def parents(self, walk: "Traversal") -> Sequence[Part]:
        v = self.result
        if kind_of(v) == "add":
            return at_most(self.terms(walk), self)
        return at_most([part_of(p) for p in operands(v)], self)

    def terms(self, walk: "Traversal") -> list[Part]:
        """What was added; of a long sum, that was added one after the other, all of it."""
        v = self.result
        terms: list[Part] = []
        while kind_of(v) == "add" and v._a is not None:
            if terms and walk.shows(Result(v)):
                break
            terms.append(Text("number", short(v._k), (self, len(terms))) if v._b is None else part_of(v._b))
            v = v._a
        if len(terms) < MOST_OPERANDS:
            return [part_of(p) for p in operands(self.result)]
        begins_with_0 = kind_of(v) == "add" and v._a is None and v._k == 0
        return [part_of(v._b if begins_with_0 else v), *terms[::-1]]


@dataclass(frozen=True)
class TensorCell(Part):
    """A parameter, known by its address."""

    address: int
    matrix: LayerParameters = field(compare=False)
    index: int = field(compare=False)

    @staticmethod
    def of(matrix: LayerParameters, index: int) -> "TensorCell":
        """The index-th number of a matrix."""
        array = matrix.tensor.data
        address = array.__array_interface__["data"][0] + index * array.itemsize
        return TensorCell(address, matrix, index)

    def node(self) -> GraphNode:
        flat, k = self.matrix.owner[0](), self.matrix.owner[1]
        name = name_of(self.matrix, self.index)
        if flat is not None and flat._views[k]:  # or nobody has had it in hand, to give it a name
            name = label_of(flat._views[k][self.index]) or name
        return GraphNode("value", name, *self.matrix.at(self.index))


# Nets on samples --------------------------------------------------------------------------------


@dataclass(frozen=True)
class ModuleCall(Part):
    """A call of a net, layer or neuron on one sample."""

    batch: Batch
    row: int

    def node(self) -> GraphNode:
        samples = self.batch.kin
        sizes = [samples.n_in, *(stage.matrix.tensor.data[stage.rows].shape[0] for stage in samples.stages)]
        functions = [name for name, _ in groupby(function_name(stage.function) for stage in samples.stages)]
        return GraphNode("module", f"{samples.name} {'-'.join(map(str, sizes))}\n{', '.join(functions)}")

    def parents(self, walk: "Traversal") -> Sequence[Part]:
        inputs = self.inputs()
        values = [inputs[j] for j in sorted(inputs)]
        x = [
            f"x[{j}]" if j in inputs else short(self.batch.X[self.row, j]) for j in range(self.batch.kin.n_in)
        ]
        if len(values) == len(x):
            return at_most(values, self)
        if len(x) > MOST_OPERANDS:
            x[SHOWN_OPERANDS:] = [f"… {len(x) - SHOWN_OPERANDS:,} more"]
        return [Text("number", ", ".join(x), self), *at_most(values, self)]

    def inputs(self) -> dict[int, Part]:
        """Those of the sample's inputs that are Values, by place."""
        return {j: part_of(v) for j, v in self.batch.inputs.get(self.row, ())}


def function_name(function: Any) -> str:
    """What an activation is called."""
    if isinstance(function, Activation):
        return function.name
    return getattr(function, "__name__", type(function).__name__)


class OpenedModule:
    """What a net computed of one sample, worked out again with all that lies in between.

    Raises:
        GradientError: it would not come out as it did, since parameters have been changed.
    """

    def __init__(self, call: ModuleCall) -> None:
        batch, samples = call.batch, call.batch.kin
        self.call, self.stages = call, samples.stages
        if batch.version != samples.version():
            raise GradientError(
                f"draw() cannot open a {samples.name}: its parameters have been changed since it was called; "
                "draw before changing them, or call it again"
            )
        h, z, slopes = apart(self.computed)
        self.h, self.z = [t.data.tolist() for t in h], [t.data.tolist() for t in z]
        self.slopes_h, self.slopes_z = slopes[: len(z)], slopes[len(z) :]

    def computed(self) -> tuple[list[Tensor], list[Tensor], list[Any]]:
        """What goes in and comes out of each layer, what comes into its activation, and the gradients."""
        batch, samples = self.call.batch, self.call.batch.kin
        outputs = slice(self.call.row * samples.n_out, (self.call.row + 1) * samples.n_out)
        h = [Tensor(batch.X[self.call.row], requires_grad=True)]
        z = []
        with np.errstate(all="ignore"):
            for stage in self.stages:
                weights = Tensor._of(stage.matrix.tensor.data[stage.rows], None)
                z.append(affine(weights, h[-1]))
                h.append(activated(stage.function, z[-1]))
            if not np.allclose(
                h[-1].data, batch.Y.reshape(-1)[outputs], rtol=1e-4, atol=1e-6, equal_nan=True
            ):
                raise GradientError(
                    f"draw() cannot open a {samples.name}: its activation gave something else this time"
                )
            g = np.zeros(samples.n_out) if batch.grads is None else batch.grads[outputs]
            slopes = gradients(h[-1], [*h[:-1], *z], g.astype(samples.dtype))
        return h, z, [t.data.tolist() for t in slopes]

    @cached_property
    def inputs(self) -> dict[int, Part]:
        """Those of the sample's inputs that are Values."""
        return self.call.inputs()

    def given(self, k: int) -> list[Part]:
        """What goes into the k-th layer."""
        if k > 0:
            return [OpenedPart(self, "output", k - 1, i) for i in range(len(self.h[k]))]
        return [self.inputs.get(j) or OpenedPart(self, "input", 0, j) for j in range(len(self.h[0]))]

    def source(self, k: int, i: int, level: str) -> list[Part]:
        """What the output of the i-th neuron of the k-th layer comes from."""
        k %= len(self.stages)
        if level == "layers":
            return [OpenedPart(self, "layer", k)]
        if level == "neurons":
            return [OpenedPart(self, "neuron", k, i)]
        linear = function_name(self.stages[k].function) == "linear"
        return [OpenedPart(self, "+" if linear else "activation", k, i)]


@dataclass(frozen=True)
class OpenedPart(Part):
    """Something within a net that was opened, in its k-th layer, of that the i-th neuron."""

    inside: OpenedModule
    what: str
    k: int
    i: int = 0
    j: int = 0  # which input of the neuron

    def node(self) -> GraphNode:
        inside, k, i, j = self.inside, self.k, self.i, self.j
        function = function_name(inside.stages[k].function)
        n_in, n_out = len(inside.h[k]), len(inside.h[k + 1])
        match self.what:
            case "input":
                return GraphNode("number", f"x[{i}] = {short(inside.h[0][i])}")
            case "layer":
                return GraphNode("module", f"layers[{k}] {n_in}-{n_out}\n{function}")
            case "neuron":
                return GraphNode("module", f"layers[{k}].neurons[{i}]\n{function}")
            case "output":
                return GraphNode("value", "", inside.h[k + 1][i], inside.slopes_h[k + 1][i])
            case "activation":
                return GraphNode("operation", function)
            case "sum":
                return GraphNode("value", "", inside.z[k][i], inside.slopes_z[k][i])
            case "product":
                return GraphNode(
                    "value", "", self.weight().node().data * inside.h[k][j], inside.slopes_z[k][i]
                )
        return GraphNode("operation", self.what)  # + or *

    def weight(self, bias: bool = False) -> TensorCell:
        """The weight for the j-th input, or the bias."""
        stage = self.inside.stages[self.k]
        columns = stage.matrix.tensor.shape[1]
        row = (stage.rows.start or 0) + self.i
        return TensorCell.of(stage.matrix, row * columns + (columns - 1 if bias else self.j))

    def parents(self, walk: "Traversal") -> Sequence[Part]:
        inside, k, i, j = self.inside, self.k, self.i, self.j
        match self.what:
            case "layer" | "neuron":
                return at_most(inside.given(k), self)
            case "output":
                assert walk.level is not None
                return inside.source(k, i, walk.level)
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
class Recorded(Part):
    """A leaf or a result on the tape."""

    thing: TapeNode | Leaf

    def node(self) -> GraphNode:
        thing = self.thing
        if isinstance(thing, TapeNode):
            return GraphNode(
                "value", "", float(thing.out.item()) if thing.out.size == 1 else None, shape=thing.shape
            )
        grad = thing.grad.item() if thing.grad is not None and thing.grad.size == 1 else None
        return GraphNode("value", "", grad=grad, shape=thing.shape)

    def parents(self, walk: "Traversal") -> Sequence[Part]:
        return [TensorOperation(self.thing)] if isinstance(self.thing, TapeNode) else ()


@dataclass(frozen=True)
class TensorOperation(Part):
    """The call that a result on the tape came from."""

    taped: TapeNode

    def node(self) -> GraphNode:
        said = {k: x for k, x in self.taped.kwargs.items() if isinstance(x, int | tuple) and x is not False}
        options = [f"{name}={value}" for name, value in said.items()]
        return GraphNode("operation", "\n".join([self.taped.rule.name, *options]))

    def parents(self, walk: "Traversal") -> Sequence[Part]:
        found: list[Part] = []
        for i, (parent, given) in enumerate(zip(self.taped.parents, self.taped.args, strict=True)):
            if parent is not None:
                found.append(Recorded(parent))
            elif isinstance(given, np.ndarray | int | float):
                text = short(float(given)) if np.size(given) == 1 else f"shape {np.shape(given)}"
                found.append(Text("number", text, (self, i)))
        return at_most(found, self)


# The walk ---------------------------------------------------------------------------------------


class Traversal:
    """From results to all that they were made from.

    Args:
        names: of parts, by part.
        level: to which nets are opened, None for not at all.
    """

    def __init__(self, names: Mapping[Part, str], level: str | None) -> None:
        self.names = names
        self.level = level
        self.places: dict[Part, int] = {}
        self.nodes: list[GraphNode] = []
        self.insides: dict[ModuleCall, OpenedModule] = {}

    def opened(self, call: ModuleCall) -> OpenedModule:
        """What lies within a call."""
        if call not in self.insides:
            self.insides[call] = OpenedModule(call)
        return self.insides[call]

    def shows(self, part: Part) -> bool:
        """Whether a part has a node, or a name."""
        return part in self.places or part in self.names or bool(part.node().text)

    def run(self, roots: Iterable[Part], limit: int) -> list[GraphNode]:
        """The nodes, of which there are ``limit`` at most, and a note about the others."""
        beyond: set[Part] = set()
        queue: deque[Part] = deque()

        def found(part: Part) -> int | None:
            """The place of its node, if there is room."""
            if part in self.places:
                return self.places[part]
            if len(self.nodes) >= limit:
                if part not in beyond and len(beyond) <= MOST_COUNTED:
                    beyond.add(part)
                    queue.append(part)
                return None
            node = part.node()
            node.text = self.names.get(part, node.text)
            self.places[part] = len(self.nodes)
            self.nodes.append(node)
            queue.append(part)
            return self.places[part]

        for root in roots:
            found(root)
        cut = []
        while queue:
            part = queue.popleft()
            parents = [found(parent) for parent in part.parents(self)]
            if part in self.places:
                node = self.nodes[self.places[part]]
                node.parents = [i for i in parents if i is not None]
                if None in parents:
                    cut.append(node)
        if beyond:
            count = f"{len(beyond):,}" if len(beyond) <= MOST_COUNTED else f"more than {MOST_COUNTED:,}"
            for node in cut:
                node.parents.append(len(self.nodes))
            self.nodes.append(GraphNode("note", f"… {count} more"))
        return self.nodes


def root_of(x: Any, wanted: str) -> Part:
    """The part that something given to `draw` is; NotANumberError if it is not what was ``wanted``."""
    if isinstance(x, Value):
        return part_of(x)
    if isinstance(x, Tensor):
        if x._node is None:
            raise GradientError(
                f"draw() of a Tensor of shape {x.shape} that was made from nothing with a gradient"
            )
        return Recorded(x._node)
    kind = type(x).__name__
    got = f"a {kind}; draw(net(x)) draws a call" if callable(x) else f"{x!r} ({kind})"
    raise NotANumberError(f"draw() wants {wanted}, got {got}")


def expression(
    value: Any, names: Mapping[str, Any] | None = None, open: bool | str = False, limit: int = 200
) -> list[GraphNode]:
    """The nodes of which `autograd.draw` makes a picture; it has the full description."""
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
