"""Draw the pictures of how-it-works.md and architecture.md, out of the objects that they are about.

$ python docs/figures.py  # writes docs/figures/*.svg
"""

import ast
import random
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import autograd
from autograd import losses, record
from autograd.nn import Net
from autograd.scalar.engine import Value
from autograd.tensor import Tensor
from autograd.tensor.tape import backpropagate

INK, PALE, FORTH, BACK = "#1d2733", "#dbe8f7", "#0072B2", "#D55E00"
STYLE = {
    "svg.fonttype": "none",  # text stays text, so that it can be read and compared
    "svg.hashsalt": "array-autograd",  # and the rest the same each time
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
}


def canvas(width, height, right, top):
    """A figure, in inches, and its axes: from 0 to ``right`` and from ``top`` down to 0."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.set(xlim=(0, right), ylim=(top, 0))
    axes.axis("off")
    return figure, axes


def box(axes, x, y, text, **options):
    """Text in a box around (x, y)."""
    frame = {"boxstyle": "round,pad=0.5", "facecolor": PALE, "edgecolor": "#9fb0c3"}
    axes.text(x, y, text, ha="center", va="center", linespacing=1.5, bbox=frame, **options)


def arrow(axes, start, end, color, **options):
    """An arrow from one box to another."""
    look = {"arrowstyle": "-|>", "color": color, "shrinkA": 36, "shrinkB": 44, **options}
    axes.annotate("", end, start, arrowprops=look)


def graph():
    """Scalars: each result with its parents, its slopes and, after the walk back, its gradient."""
    a, b = Value(2), Value(-3)
    product, square = a * b, b**2
    out = product + square
    out.backward()
    places = {a: (1, 1), b: (1, 3), product: (4, 1), square: (4, 3), out: (7, 2)}
    names = {a: "a", b: "b", product: "a · b", square: "b ** 2", out: "a · b + b ** 2"}
    figure, axes = canvas(8.5, 3.4, 8, 4)
    for value, (x, y) in places.items():
        for parent, slope in zip(value.parents, value.slopes, strict=True):
            if parent in places:  # which the exponent, a Value of its own, is not
                px, py = places[parent]
                arrow(axes, (px, py), (x, y), FORTH)
                middle = (px + x) / 2, (py + y) / 2 - 0.08
                axes.text(*middle, f"slope {slope:g}", color=BACK, ha="center", va="bottom")
        box(axes, x, y, f"{names[value]}\ndata {value.data:g}\ngrad {value.grad:g}")
    return figure


def tape():
    """Arrays: what was called, in order, with what came out and the gradient that arrives there."""
    w = Tensor([1.0, -0.5, 0.25], requires_grad=True)
    loss = np.sum(np.tanh(w * [1.0, 2.0, 3.0]) ** 2)
    nodes = [loss._node]
    while nodes[-1].parents:
        nodes.append(next(p for p in nodes[-1].parents if p is not None))
    gradients = backpropagate(loss._node, np.ones(()), nodes)
    figure, axes = canvas(8.5, 3.4, 10, len(nodes) + 1)
    head = {"weight": "bold", "va": "center"}
    axes.text(0.2, 0.2, "recorded call", **head)
    axes.text(3.4, 0.2, "result", color=FORTH, **head)
    axes.text(6.9, 0.2, "gradient that arrives", color=BACK, **head)
    for y, node in enumerate(reversed(nodes), 1):
        name = f"{node.rule.name}()" if node.parents else "w, a leaf"
        axes.text(0.2, y, f"{name}, shape {node.shape}", va="center")
        axes.text(3.4, y, np.array2string(node.out if node.parents else w.data, precision=3), va="center")
        axes.text(6.9, y, np.array2string(gradients[node], precision=3), va="center")
    for x, ends, color in ((3.1, (0.8, len(nodes) + 0.2), FORTH), (9.8, (len(nodes) + 0.2, 0.8), BACK)):
        arrow(axes, (x, ends[0]), (x, ends[1]), color, shrinkA=0, shrinkB=0)
    return figure


def flat():
    """A net: one vector, of which layers are matrices and neurons rows."""
    random.seed(1)
    net = Net(2, [3, 1])
    figure, axes = canvas(8.5, 3.0, len(net.values) + 1, 5.2)
    for left, (k, layer) in zip((1.5, 8.0), enumerate(net.layers), strict=True):
        middle = left + layer.n_in / 2 + 0.5
        axes.text(middle, 0.1, f"net.layers[{k}]: [W | b]", ha="center", va="center")
        for y, row in enumerate(layer.values.reshape(layer.n_out, -1)):
            cells(axes, left, 0.5 + 0.8 * y, row, {layer.n_in})
    axes.text(7, 3.7, "net.values, and net.grads beside it", ha="center", va="center")
    biases = {neuron.b for layer in net.layers for neuron in layer.neurons}
    cells(axes, 0.5, 4.2, net.values, {i for i, p in enumerate(net.params()) if p in biases})
    return figure


def cells(axes, x, y, row, biases):
    """The numbers of a row or vector."""
    for i, number in enumerate(row):
        color = "#e7f3e4" if i in biases else PALE
        axes.add_patch(Rectangle((x + i, y), 1, 0.7, facecolor=color, edgecolor="#9fb0c3"))
        axes.text(x + i + 0.5, y + 0.37, f"{number:.2f}", ha="center", va="center", fontsize=9)


def program():
    """A Program: which call reads which memory, and which it writes."""
    random.seed(1)
    net = Net(2, [3, 1], "tanh", "linear")

    def step(x, y):
        loss = losses.mse(net(x), y)
        net.zero_grad()
        loss.backward()
        return loss

    recorded = record(step, np.ones((4, 2)), np.ones((4, 1)))
    x, y = recorded.inputs
    columns = {"x": x, "y": y, "params": net.values, "grads": net.grads}
    rows = []
    for call in recorded.calls:
        given = call.args if "out" in call.keywords else call.args[:-1]
        out = call.keywords.get("out", call.args[-1])
        sources = [memory(a, columns) for a in given if isinstance(a, np.ndarray)]
        rows.append((called(call.func), sources, memory(out, columns, new=True)))
    figure, axes = canvas(8.5, 4.6, len(columns) + 3, len(rows) + 1)
    axes.text(0.1, 0.2, "○ reads   ● writes", va="center")
    for i, name in enumerate(columns, 3):
        axes.text(i, 0.2, name, ha="center", va="center", weight="bold")
        axes.plot([i, i], [0.7, len(rows) + 0.5], color="#c9d1db", linewidth=1, zorder=0)
    places = {name: i for i, name in enumerate(columns, 3)}
    for line, (name, read, written) in enumerate(rows, 1):
        axes.text(0.1, line, f"{line}  {name}", va="center")
        for source in filter(None, read):
            axes.plot(places[source], line, "o", markersize=9, markerfacecolor="white", markeredgecolor=FORTH)
        axes.plot(places[written], line, "o", markersize=5 if written in read else 9, color=BACK)
    return figure


def memory(array, columns, new=False):
    """The name of the memory that an array lies in; if none has a name, it is a constant or ``new``."""
    for name, known in columns.items():
        if np.may_share_memory(known, array):
            return name
    if new:
        while isinstance(array.base, np.ndarray):
            array = array.base
        columns[name := f"m{len(columns) - 3}"] = array
        return name
    return None


def called(function):
    """The name of a NumPy function."""
    owner = getattr(function, "__self__", None)
    return f"{owner.__name__}.{function.__name__}" if isinstance(owner, np.ufunc) else function.__name__


def waiting():
    """A loop over 50 samples: how many wait after each call of the net and each look at a result."""
    figure = Figure(figsize=(8.5, 2.8), layout="constrained")
    ways = {"at the end": 50, "after every ten": 10, "at each": 1}
    for axes, (way, every) in zip(figure.subplots(1, 3, sharey=True), ways.items(), strict=True):
        random.seed(1)
        net = Net(1, [20, 1], "tanh")
        autograd.stats(reset=True)
        outputs, counts = [], []
        for i in range(1, 51):
            outputs.append(net([i / 50]))
            counts.append(i - autograd.stats().calls)
            if i % every == 0:
                float(outputs[-1])
                counts.append(i - autograd.stats().calls)
        axes.plot(counts, color=FORTH)
        axes.set(title=f"a look {way}", xlabel=str(autograd.stats()).partition(";")[0], xticks=[])
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("samples that wait")
    return figure


PACKAGE = Path(autograd.__file__).parent
GROUND = ("text", "version", "errors", "support")  # which nearly all import
HIPS = (
    "numpy",
    "scipy",
    "extend",
    "misc",
    "builtins",
    "test_util",
)  # which lead programs of HIPS/autograd here


def imports():
    """For each room of the package, by its own name, the rooms that its files import from."""
    files = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        files[".".join(parts).removesuffix("__init__").rstrip(".")] = path
    found = {module.partition(".")[0]: set() for module in files}
    for module, path in files.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "autograd":
                base = node.module.partition(".")[2]
                names = [f"{base}.{alias.name}".lstrip(".") for alias in node.names]
                found[module.partition(".")[0]] |= {
                    (name if name in files else base).partition(".")[0] for name in names
                }
    return {room: others - {room} for room, others in found.items()}


ACROSS = {  # where each room stands in its row
    **{
        "tensor": 4.2,
        "scalar": 8.5,
        "engine": 2.8,
        "files": 5.6,
        "diagnosis": 2.45,
        "metrics": 7.2,
        "losses": 1.4,
        "schedules": 3.6,
    },
    **{
        "schedules": 3.6,
        "plot": 5.6,
        "export": 7.95,
        "optim": 3.6,
        "training": 4.2,
        "nn": 3.4,
        "tables": 7.2,
        "pictures": 2.2,
        "sklearn": 4.4,
        "play": 7.2,
    },
    **{
        "gradient_check": 5.8,
        "verification": 8.5,
        "demos": 1.2,
        "film": 2.8,
        "": 5.2,
        "cli": 7.2,
        "__main__": 7.2,
    },
}


def rooms():
    """The rooms of the package, each above those that it imports from; a chain of arrows spares one."""
    hidden = {*GROUND, *HIPS}
    above = {room: others - hidden for room, others in imports().items() if room not in hidden}
    floors, reached = {}, {}
    while len(floors) < len(above):
        for room, others in above.items():
            if room not in floors and others <= floors.keys():
                floors[room] = 1 + max((floors[other] for other in others), default=0)
                reached[room] = others.union(*(reached[other] for other in others))
    top = max(floors.values())
    places = {room: (ACROSS[room], top - floor + 0.5) for room, floor in floors.items()}
    figure, axes = canvas(8.5, 0.68 * (top + 1), 9.6, top + 1)
    for room, others in above.items():
        for other in others:
            if not any(other in reached[between] for between in others):
                (x, y), (below, lower) = places[room], places[other]
                arrow(axes, (x, y + 0.2), (below, lower - 0.24), "#7d8fa5", shrinkA=0, shrinkB=0)
    for room, (x, y) in places.items():
        box(axes, x, y, room or "autograd")
    axes.add_patch(Rectangle((0.2, top + 0.2), 9.2, 0.6, facecolor="#eef1f5", edgecolor="#9fb0c3"))
    axes.text(4.8, top + 0.5, ", ".join(GROUND), ha="center", va="center")
    return figure


FIGURES = {"graph": graph, "tape": tape, "flat": flat, "program": program, "waiting": waiting, "rooms": rooms}


def main(folder):
    """Draw all of them."""
    with mpl.rc_context(STYLE):
        for name, draw in FIGURES.items():
            draw().savefig(Path(folder) / f"{name}.svg", metadata={"Date": None})


if __name__ == "__main__":
    main(*sys.argv[1:] or [Path(__file__).parent / "figures"])
