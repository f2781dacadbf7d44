"""`draw`: a picture of the graph behind a Value, drawn by Graphviz from a text in its language DOT."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from autograd.errors import MissingExtraError, UnknownNameError
from autograd.files import atomic_write
from autograd.pictures.expression import GraphNode, expression, short

__all__ = ["Drawing", "draw"]

TEXT = (".dot", ".gv")
DRAWING_FORMATS = (*TEXT, ".svg", ".png", ".pdf")
HEAD = """digraph {
  rankdir=LR
  bgcolor=white
  node [fontname="Helvetica,Arial,sans-serif" fontsize=11 height=0.3]
  edge [arrowsize=0.7]
"""
# fmt: off
STYLES = {
    "value":     'shape=record style=filled fillcolor="{fill}"',
    "number":    'shape=plaintext fontcolor="#555555"',
    "operation": 'shape=ellipse style=filled fillcolor="#eeeeee" width=0.3 margin="0.06,0.02" ordering=in',
    "module":    'shape=box style="filled,rounded" fillcolor="#cfe6f7" penwidth=1.5',
    "note":      'shape=plaintext fontname="Helvetica-Oblique,Arial,sans-serif" fontcolor="#555555"',
}
# fmt: on
LEAF, RESULT = "#fdf0cc", "#ffffff"


def escaped(text: str, special: str = '\\"') -> str:
    """``text`` as it stands within quotes in DOT, with a backslash before each ``special`` character."""
    return "".join("\\n" if c == "\n" else f"\\{c}" if c in special else c for c in text)


def statement(i: int, node: GraphNode) -> str:
    """The DOT statement of the i-th node."""
    style = STYLES[node.kind]
    if node.kind != "value":
        return f'  n{i} [label="{escaped(node.text)}" {style}]'
    cells = [escaped(node.text, '\\"{}|<>')] if node.text else []
    cells += [] if node.shape is None else [f"shape {node.shape}"]
    cells += [f"{name} {short(x)}" for name, x in (("data", node.data), ("grad", node.grad)) if x is not None]
    fill = RESULT if node.parents else LEAF
    return f'  n{i} [label="{{ {" | ".join(cells)} }}" {style.format(fill=fill)}]'


class Drawing:
    """A picture of an expression: ``str`` returns its text in DOT, and notebooks show it.

    Attributes:
        nodes: the nodes of the picture, the result first. Each lists the indices of the nodes from which
            it was computed.

    >>> from autograd.engine import Value
    >>> drawing = draw(Value(2) * 3)
    >>> [node.text for node in drawing.nodes if node.kind == "operation"]
    ['* 3']
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     drawing.save(f"{folder}/product.dot")
    """

    def __init__(self, nodes: Sequence[GraphNode]) -> None:
        self.nodes = nodes

    def __str__(self) -> str:
        lines = [statement(i, node) for i, node in enumerate(self.nodes)]
        lines += [f"  n{j} -> n{i}" for i, node in enumerate(self.nodes) for j in node.parents]
        return HEAD + "\n".join(lines) + "\n}\n"

    __repr__ = __str__

    def save(self, path: Any) -> None:
        """Write the picture into a file, in the format that the ending of its name says.

        Args:
            path: .dot and .gv hold the text and need nothing; .svg, .png and .pdf need Graphviz.

        Raises:
            UnknownNameError: the name has another ending.
            MissingExtraError: Graphviz, or the Python package graphviz, is not installed.
        """
        kind = os.path.splitext(os.fspath(path))[1].lower()
        if kind not in DRAWING_FORMATS:
            raise UnknownNameError.among("kind of picture", kind, DRAWING_FORMATS)
        content = str(self).encode() if kind in TEXT else self._rendered(kind[1:])
        with atomic_write(path) as file:
            file.write(content)

    def _rendered(self, kind: str) -> bytes:
        try:
            import graphviz
        except ImportError:
            missing = MissingExtraError.of(f"a drawing as .{kind}", "draw")
            raise MissingExtraError(f"{missing}; .dot needs nothing") from None
        try:
            content: bytes = graphviz.Source(str(self)).pipe(format=kind)
        except graphviz.ExecutableNotFound:
            raise MissingExtraError(
                f"a drawing as .{kind} needs Graphviz's program dot, which is no Python package: apt install "
                "graphviz, brew install graphviz or conda install graphviz; .dot needs nothing"
            ) from None
        return content

    def _repr_svg_(self) -> str | None:
        """The picture for a notebook; None without Graphviz, and the notebook shows the text."""
        try:
            return self._rendered("svg").decode()
        except MissingExtraError:
            return None


def draw(
    value: Any, names: Mapping[str, Any] | None = None, *, open: bool | str = False, limit: int = 200
) -> Drawing:
    """Draw the graph behind a Value: each number with its gradient, and the operations between them.

    Pending operations are computed; nothing else changes. An operation with many operands, such as the
    sum over a batch, shows the first few of them. Plain numbers, which are no Values, stand beside the
    operation.

    Args:
        value: a Value, a list of Values, or a Tensor, in whose graph the results show their shapes.
        names: a dict of the Values (or Tensors) that are to have a name in the picture, by name. An attribute
            ``label`` of a Value names it too.
        open: how much to show of a call of a net. False shows one box; ``"layers"`` and ``"neurons"`` show
            the boxes inside; ``"values"`` or True shows the scalar expression inside.
        limit: the largest number of nodes; a note says how many more there are.

    Returns:
        A `Drawing`, which notebooks show; ``drawing.save("loss.svg")`` writes it, ``print`` shows its DOT.

    Raises:
        NotANumberError: ``value`` or one of ``names`` is something else.
        GradientError: a net cannot be opened, since its parameters have been changed since the call or its
            activation gave another result this time; or there is no graph behind a Tensor.
        UnknownNameError: ``open`` is no such level.
        OptionError: ``limit`` is no whole number of 1 or more, or ``names`` is no dict.

    >>> from autograd.engine import Value
    >>> a, b = Value(2), Value(-3)
    >>> loss = (a * b + 10).tanh()
    >>> loss.backward()
    >>> drawing = draw(loss, {"a": a, "b": b})
    >>> [node.text for node in drawing.nodes if node.kind == "value"]
    ['', '', '', 'a', 'b']
    >>> print(drawing)  # doctest: +ELLIPSIS
    digraph {
      rankdir=LR
    ...
    """
    return Drawing(expression(value, names, open, limit))
