"""Where a number goes in the source of a program, from the expression that it comes from.

A number that was read out of a graph matters only if it comes back into one. Numbers leave no trace, so the
source is followed instead: from an expression to the expressions, variables, containers, attributes and
functions of the same file that its value may go to. The order of statements is not looked at, so this tells
where a number may go; whether it does go there, the doctor sees when the program runs.
"""

import ast
import linecache
from collections import defaultdict
from functools import lru_cache
from typing import Any

__all__ = [
    "Meeting",
    "Span",
    "destinations",
    "goes_through_function",
    "reads_gradient",
    "rebinding_updates",
]

Span = tuple[int, int, int, int]
Meeting = tuple[Span, str]  # an operation or call, and the operand: "first", "second", or "any" of a call
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
# Functions whose result is not made of the numbers that they are given
ABSORBING = {
    "print",
    "str",
    "repr",
    "format",
    "len",
    "isinstance",
    "type",
    "id",
    "hash",
    "bool",
    "range",
    "Value",
    "Tensor",
    "tensor",
}
ADDING = {"append", "extend", "insert", "add", "appendleft", "update", "setdefault", "fill"}
# Functions of numbers that Values have as methods
FUNCTIONS_OF_NUMBERS = {
    "exp",
    "log",
    "sqrt",
    "sin",
    "cos",
    "tanh",
    "pow",
    "log1p",
    "expm1",
    "sum",
    "mean",
    "var",
    "std",
}
OWN_GRADIENTS = {"grad", "data", "_backward"}  # attributes of Values: what is written there is in no graph


class Source:
    """The syntax tree of one file, with what `destinations` looks up in it."""

    def __init__(self, tree: ast.Module) -> None:
        self.parents: dict[ast.AST, ast.AST] = {}
        self.by_span: dict[Span, list[ast.AST]] = defaultdict(list)
        self.loads: dict[tuple[ast.AST, str], list[ast.AST]] = defaultdict(
            list
        )  # of a variable, by its scope
        self.attributes: dict[str, list[ast.AST]] = defaultdict(list)  # loads of an attribute
        self.calls: dict[str, list[ast.AST]] = defaultdict(list)  # calls of a function or method, by its name
        self.tree = tree
        self.destinations: dict[Span, frozenset[Meeting]] = {}  # those that were asked for
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
        for node in ast.walk(tree):
            if isinstance(node, ast.expr | ast.stmt):
                self.by_span[span_of(node)].append(node)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self.loads[self.scope(node), node.id].append(node)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                self.attributes[node.attr].append(node)
            elif isinstance(node, ast.Call):
                self.calls[name_of(node.func)].append(node)

    def scope(self, node: ast.AST) -> ast.AST:
        """The function, or the module, whose variables a node uses; comprehensions count as part of it."""
        while node in self.parents:
            node = self.parents[node]
            if isinstance(node, FUNCTIONS):
                return node
        return self.tree


def span_of(node: Any) -> Span:
    """The span of a node, as `places.Place.span` has it."""
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def name_of(function: ast.AST) -> str:
    """The name by which a function is called, without what stands before the dot."""
    return getattr(function, "id", None) or getattr(function, "attr", None) or ""


@lru_cache(maxsize=64)
def parsed(text: str) -> Source | None:
    """The `Source` of a program with this text; None if it cannot be parsed."""
    try:
        return Source(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def source_of(file: str) -> Source | None:
    """The `Source` of a file as it is now, empty if it is not there; None if it cannot be parsed."""
    linecache.checkcache(file)
    return parsed("".join(linecache.getlines(file)))


class Walk:
    """The expressions that a value may go to, found step by step.

    Attributes:
        seen: the expressions whose values may hold the number.
        assigned: the variables that may hold it, each by its scope and name.
        meetings: the operations and calls that it takes part in.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.seen: set[ast.AST] = set()
        self.todo: list[ast.AST] = []
        self.assigned: set[Any] = set()
        self.meetings: set[Meeting] = set()

    def reach(self, *nodes: ast.AST) -> None:
        """Note that the values of expressions may hold the number."""
        for node in nodes:
            if node not in self.seen:
                self.seen.add(node)
                self.todo.append(node)

    def run(self) -> None:
        while self.todo:
            self.step(self.todo.pop())

    def step(self, node: ast.AST) -> None:
        """Go on from an expression to where its value goes."""
        parent = self.source.parents.get(node)
        match parent:
            case ast.BinOp():
                self.meetings.add((span_of(parent), "first" if node is parent.left else "second"))
                self.reach(parent)
            case ast.AugAssign() if node is parent.value:
                self.meetings.add((span_of(parent), "second"))
                self.assign(parent.target)
            case ast.Call():
                self.call(node, parent)
            case ast.keyword():
                call = self.source.parents[parent]
                if isinstance(call, ast.Call):
                    self.call(node, call)
            case ast.UnaryOp() if not isinstance(parent.op, ast.Not):
                self.reach(parent)
            case ast.IfExp() if node is not parent.test:
                self.reach(parent)
            case ast.Attribute(attr="backward"):
                self.meetings.add((span_of(parent), "any"))
            case ast.Subscript() | ast.Attribute() if node is parent.value:
                self.reach(parent)
            case ast.BoolOp() | ast.Starred() | ast.List() | ast.Tuple() | ast.Set() | ast.Dict():
                self.reach(parent)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                self.reach(parent)
            case ast.DictComp() if node is parent.value:
                self.reach(parent)
            case ast.comprehension() if node is parent.iter:
                self.assign(parent.target)
            case ast.For() | ast.AsyncFor() if node is parent.iter:
                self.assign(parent.target)
            case ast.NamedExpr():
                self.assign(parent.target)
                self.reach(parent)
            case ast.Assign():
                for target in parent.targets:
                    self.assign(target)
            case ast.AnnAssign():
                self.assign(parent.target)
            case ast.Return() | ast.Yield() | ast.YieldFrom():
                self.returned(self.source.scope(parent))
            case ast.Lambda():
                self.returned(parent)

    def call(self, node: ast.AST, call: ast.Call) -> None:
        """Go on from a function, or an argument, to the result of the call."""
        name = name_of(call.func)
        if node is call.func:  # a method of what holds the number
            self.reach(call)
        elif name in ADDING and isinstance(call.func, ast.Attribute):
            self.assign(call.func.value)
        elif name not in ABSORBING:
            self.meetings.add((span_of(call), "any"))
            self.reach(call)

    def assign(self, target: ast.AST) -> None:
        """Go on from a variable, container or attribute that is given the value to where it is used."""
        source = self.source
        match target:
            case ast.Name():
                variable = source.scope(target), target.id
                if variable not in self.assigned:
                    self.assigned.add(variable)
                    self.reach(*source.loads[variable])
            case ast.Tuple() | ast.List():
                for part in target.elts:
                    self.assign(part)
            case ast.Subscript() | ast.Starred():
                self.assign(target.value)
            case ast.Attribute() if target.attr not in OWN_GRADIENTS:
                self.reach(*source.attributes[target.attr])

    def returned(self, function: ast.AST) -> None:
        """Go on from the result of a function to its calls in the same file."""
        name = getattr(function, "name", "")
        if isinstance(function, ast.Lambda):
            parent = self.source.parents.get(function)
            if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
                name = parent.targets[0].id
        if name == "__call__":
            return
        self.reach(*self.source.calls.get(name, ()))


def destinations(file: str, span: Span) -> frozenset[Meeting]:
    """The operations and calls of a file that a number read in the expression ``span`` may take part in.

    >>> destinations("no file of that name", (1, 1, 0, 5))
    frozenset()
    """
    source = source_of(file)
    if source is None:
        return frozenset()
    if span in source.destinations:
        return source.destinations[span]
    walk = Walk(source)
    for node in source.by_span.get(span, ()):
        if isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", None), ast.Store):
            if not isinstance(source.parents.get(node), ast.AugAssign):
                walk.assign(node)
        elif isinstance(node, ast.Call) and name_of(node.func) in ADDING | ABSORBING:
            if isinstance(node.func, ast.Attribute):
                walk.assign(node.func.value)
        elif isinstance(node, ast.expr):
            walk.reach(node)
    walk.run()
    source.destinations[span] = frozenset(walk.meetings)
    return source.destinations[span]


def goes_through_function(file: str, span: Span) -> bool:
    """Whether the number that is read in an expression is an argument of a function that Values have too.

    ``math.exp(v)`` and ``np.array(values, float)`` read numbers themselves.
    """
    source = source_of(file)
    if source is None:
        return False
    for node in source.by_span.get(span, ()):
        calls = node, source.parents.get(node)
        if any(isinstance(call, ast.Call) and name_of(call.func) in FUNCTIONS_OF_NUMBERS for call in calls):
            return True
        if isinstance(node, ast.Call) and name_of(node.func) not in ("float", "item", "numpy", "tolist"):
            return True
    return False


def rebinding_updates(file: str) -> list[tuple[int, str]]:
    """The lines, and what stands there, where a variable that is updated by its gradient becomes a new Value.

    These are ``p = p - lr * p.grad``, ``p -= lr * p.grad``, and ``p.data - lr * p.grad`` without ``=``.
    """
    source = source_of(file)
    found = []
    for node in () if source is None else ast.walk(source.tree):
        match node:
            case ast.AugAssign(target=ast.Name(id=name)):
                value: Any = node.value
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.BinOp()):
                value = node.value
            case ast.Expr(value=ast.BinOp(left=ast.Attribute(value=ast.Name(id=name), attr="data"))):
                value = node.value
            case _:
                continue
        parts = list(ast.walk(value))
        updates = any(
            isinstance(part, ast.Attribute) and part.attr == "grad" and getattr(part.value, "id", "") == name
            for part in parts
        )
        itself = not isinstance(node, ast.Assign) or any(getattr(part, "id", "") == name for part in parts)
        if updates and itself:
            found.append((node.lineno, ast.unparse(node)))
    return found


def reads_gradient(file: str, line: int) -> bool:
    """Whether the statement in a line of a file reads the gradient of something."""
    source = source_of(file)
    if source is None:
        return False
    return any(
        isinstance(part, ast.Attribute) and part.attr == "grad"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Assign | ast.AugAssign) and node.lineno <= line <= (node.end_lineno or line)
        for part in ast.walk(node.value)
    )
