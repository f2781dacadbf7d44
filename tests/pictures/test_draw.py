"""draw: the oracle computes each drawing again, node by node, and gets the numbers that it shows."""

import copy
import operator
import re
import subprocess
import sys
from functools import reduce

import graphviz
import numpy as np
import pytest

import autograd.pictures.expression
from autograd import Tensor, draw
from autograd.engine import Value
from autograd.errors import (
    DomainError,
    GradientError,
    MissingExtraError,
    NotANumberError,
    OptionError,
    UnknownNameError,
)
from autograd.nn import MLP, Layer, Net, Neuron
from autograd.scalar.engine import Value as Oracle

SYMBOLS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow}


def test_draw_shows_a_parameter_under_its_label():
    net = Net(2, [1])
    weight = net.params()[0]
    weight.label = "first"
    assert [node.text for node in draw(weight * 2).nodes] == ["", "* 2", "first"]


def test_draw_refuses_names_that_are_no_dict():
    with pytest.raises(
        OptionError, match="draw\\(\\) wants names as a dict, of names and Values, got \\['a'\\]"
    ):
        draw(Value(1), names=["a"])


def done(text, operands):
    """The result of the operation that ``text`` names, for the given operands."""
    words = text.split()
    if len(words) == 2 and words[0] in SYMBOLS:
        return SYMBOLS[words[0]](*operands, float(words[1]))
    if len(words) == 2:
        return SYMBOLS[words[1]](float(words[0]), *operands)
    if text in SYMBOLS:
        return reduce(SYMBOLS[text], operands)
    plain = {"neg": operator.neg, "pos": operator.pos, "abs": abs}
    return plain[text](*operands) if text in plain else getattr(*operands, text)()


def again(drawing):
    """The picture's nodes as Values of the oracle, computed from its leaves alone."""
    nodes, made = drawing.nodes, {}
    stack = list(range(len(nodes)))
    while stack:
        i = stack[-1]
        missing = [j for j in nodes[i].parents if j not in made]
        stack.extend(missing)
        if missing:
            continue
        stack.pop()
        node, parents = nodes[i], [made[j] for j in nodes[i].parents]
        assert node.kind in ("value", "operation", "number")
        if i in made:
            continue
        if node.kind == "number":
            made[i] = Oracle(float(node.text.split()[-1]))
        elif node.kind == "operation":
            made[i] = done(node.text, parents)
        else:
            made[i] = parents[0] if parents else Oracle(node.data)
    return [made[i] for i in range(len(nodes))]


def assert_computes_itself(drawing, rel=1e-9):
    values = again(drawing)
    values[0].backward()
    for node, value in zip(drawing.nodes, values, strict=True):
        if node.kind == "value":
            assert node.data == pytest.approx(value.data, rel=rel)
            assert node.grad == pytest.approx(value.grad, rel=rel, abs=1e-12)


NODE = re.compile(r'^  n(\d+) \[label="((?:[^"\\]|\\.)*)" (.*)\]$')


def parsed(dot):
    """Labels by node, and edges, of a text in DOT."""
    head, *lines, tail, _ = dot.split("\n")
    assert (head, tail) == ("digraph {", "}")
    labels, edges = {}, []
    for line in lines[4:]:
        if match := NODE.match(line):
            labels[int(match[1])] = match[2]
        else:
            edges.append(tuple(map(int, re.fullmatch(r"  n(\d+) -> n(\d+)", line).groups())))
    return labels, edges


EXPRESSIONS = {
    "sums": lambda x, y: (x + y) + (2 + x) + (y + 3) - (x - y) - (1 - x) - (y - 4),
    "products": lambda x, y: (x * y) * (2 * x) * (y * 3) / (x / y) / (2 / x) / (y / 4),
    "powers": lambda x, y: (x * x) ** 1.5 + (y * y) ** (x / 9) + 2**x + (x**2) * y**3,
    "signs": lambda x, y: -x * +y + abs(x) * abs(-y),
    "functions": lambda x, y: sum(
        getattr(x * 0.3 + y * 0.1, name)()
        for name in ("exp", "sin", "cos", "tanh", "sigmoid", "relu", "leaky_relu", "softplus", "gelu")
    ),
    "log and sqrt": lambda x, y: (x * x + y * y).log() * (x * x + y * y).sqrt(),
    "the same twice": lambda x, y: (x + x) * (y * y) + x,
}
CASES = pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS.keys())


@CASES
def test_the_nodes_of_a_drawing_of_plain_values_compute_their_numbers_and_gradients(expression, whole):
    x, y = Value(1.25), Value(-0.75)
    loss = expression(x, y)
    loss.backward()
    drawing = draw(loss, {"x": x, "y": y})
    assert_computes_itself(drawing)
    named = {node.text: node for node in drawing.nodes if node.kind == "value"}
    assert (named["x"].data, named["x"].grad) == (1.25, x.grad)
    assert (named["y"].data, named["y"].grad) == (-0.75, y.grad)


def two_of(net):
    return net([0.5, -1.0])


@CASES
def test_the_nodes_of_a_drawing_of_an_opened_net_compute_its_numbers_and_gradients(expression, whole):
    net = Net(2, [3, 2], "tanh", "linear")
    loss = expression(*two_of(net))
    loss.backward()
    assert_computes_itself(draw(loss, open=True, limit=1000))


@pytest.mark.parametrize(
    "name", ["exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu", "leaky_relu"]
)
def test_draw_shows_a_function_under_its_name(name, seeded):
    waiting = abs(Net(1, [1])([1.0]))
    for x in (Value(0.5), waiting):
        assert draw(getattr(x, name)()).nodes[1].text == name


@pytest.fixture
def seeded():
    __import__("random").seed(4)


@pytest.fixture
def whole(seeded, monkeypatch):
    """Pictures in which no operand is left out."""
    monkeypatch.setattr(autograd.pictures.expression, "MOST_OPERANDS", 1000)


def double(t):
    return 2 * t.tanh()


def losses():
    X, Y = [[0.5, -1.0], [1.0, 2.0], [0.25, 0.0]], [1.0, -1.0, 0.5]
    net = Net(2, [3, 1], "sigmoid", "softplus")
    yield "a loop", sum((net(x) - y) ** 2 for x, y in zip(X, Y, strict=True))
    net = Net(2, [3, 1], "tanh")
    total = 0.25
    for x, y in zip(X, Y, strict=True):
        total += abs(net(x) - y)
    yield "a loop with a start, and a penalty", total / 3 + 0.01 * sum(p * p for p in net.params())
    yield "other penalties", sum(abs(p) for p in net.params()) + sum(p**2 for p in net.params())
    yield "plain parameters", net.params()[0] * 3 + net.params()[1].tanh()
    first, second = Layer(2, 3, "tanh"), Neuron(3, "linear")
    yield "one after the other", (second(first(X[0])) + second(first(X[1]))) * second(first(X[2]))
    w = Value(0.5)
    yield "Values as inputs", net([w, 2.0]) * net([w * w, w]) + w
    neurons = Layer(2, 2, "relu").neurons
    yield "neurons of a layer", neurons[0](X[1]) - neurons[1](X[1]) * neurons[0](X[2])
    hidden = [first(x) for x in X]
    yield "others of another order", second(hidden[2]) - second(hidden[0]) * 2
    own = Net(2, [2, 1], "tanh")
    p = own.params()[0]
    p.data = 0.75
    yield "a parameter on the left", p / own(X[0]) + p ** own(X[1]) + (p - own(X[2]))
    part = net(X[0]) + net(X[1])
    yield "a sum within a sum", part * (part + net(X[2]))
    read = net(X[0]) + net(X[1])
    read.label = "read"
    yield "a sum that was given a label", read * 2 + net(X[2])
    with autograd.eager():
        yield "eager", net(X[0]) * net(X[1])


@pytest.mark.parametrize("i", range(12))
def test_the_nodes_of_drawings_of_losses_over_nets_compute_their_numbers_and_gradients(i, whole):
    _, loss = list(losses())[i]
    loss.backward()
    drawing = draw(loss, open=True, limit=1000)
    assert loss.data == drawing.nodes[0].data
    assert "0" not in [node.text for node in drawing.nodes]  # with which sum() begins
    assert_computes_itself(drawing)


def test_draw_shows_a_custom_activation_and_a_float32_net_with_their_numbers(seeded):
    net = Net(2, [2, 1], double, "linear")
    loss = net([1.0, 2.0]) ** 2
    loss.backward()
    drawing = draw(loss, open=True)
    assert {node.text for node in drawing.nodes if node.kind == "operation"} == {"** 2", "+", "*", "double"}
    hidden = [node for node in drawing.nodes if "double" in {drawing.nodes[j].text for j in node.parents}]
    weights = {node.text: node for node in drawing.nodes if "layers[1]" in node.text}
    out = net([1.0, 2.0]).data
    assert sorted(2 * out * weights[f"layers[1].neurons[0].w[{j}]"].data for j in (0, 1)) == pytest.approx(
        sorted(node.grad for node in hidden)
    )
    net = Net(2, [3, 1], "tanh", dtype="float32")
    loss = net([1.0, 2.0]) ** 2
    loss.backward()
    assert_computes_itself(draw(loss, open=True), rel=1e-4)


def test_draw_shows_a_sum_with_its_own_terms_if_they_are_also_part_of_other_sums(seeded):
    net = Net(2, [3, 1], "tanh")
    outs = [net([0.1 * i, -0.25]) for i in range(12)]
    powers = [out.exp() for out in outs]
    first = [out + power for out, power in zip(outs, powers, strict=True)]
    assert first[0].data
    trebles = [out * 3.0 for out in outs]
    assert trebles[0].data
    second = [power + treble for power, treble in zip(powers, trebles, strict=True)]
    for v in (*first, *second):
        total, plus, *_ = nodes = draw(v).nodes
        assert plus.text == "+"
        assert total.data == pytest.approx(sum(nodes[i].data for i in plus.parents), rel=1e-12)


def test_draw_shows_a_net_as_one_box_from_which_all_its_outputs_come():
    net = Net(2, [16, 16, 2], "relu", "linear")
    u, v = two_of(net)
    drawing = draw(u * v)
    kinds = [node.kind for node in drawing.nodes]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "value": 3,
        "operation": 1,
        "module": 1,
        "number": 1,
    }
    labels, edges = parsed(str(drawing))
    assert sorted(labels.values()) == sorted(
        [
            f"{{ data {(u * v).data:.4g} | grad 0 }}",
            "*",
            f"{{ [0] | data {u.data:.4g} | grad 0 }}",
            f"{{ [1] | data {v.data:.4g} | grad 0 }}",
            "Net 2-16-16-2\\nrelu, linear",
            "0.5, -1",
        ]
    )
    assert len(edges) == 1 + 2 + 2 + 1
    assert set(range(len(labels))) - {source for source, _ in edges} == {0}  # all leads to the result
    assert draw([u, v]).nodes[0].data == u.data


@pytest.mark.parametrize(("level", "boxes"), [(False, 1), ("layers", 2), ("neurons", 4), ("values", 0)])
def test_draw_opens_a_net_to_layers_neurons_or_values(level, boxes):
    net = Net(2, [3, 1], "tanh")
    out = net([0.5, 1.0])
    out.backward()
    drawing = draw(out, open=level)
    assert sum(node.kind == "module" for node in drawing.nodes) == boxes
    hidden = net.layers[0]([0.5, 1.0])
    if level == "neurons":
        drawn = sorted(node.data for node in drawing.nodes[1:] if node.kind == "value")
        assert drawn == pytest.approx(sorted(h.data for h in hidden), rel=1e-12)
    if level == "values":
        assert draw(out, open=True).nodes == drawing.nodes


def test_draw_shows_parameters_with_their_names_numbers_and_gradients():
    net = MLP(2, [2, 1])
    net([1.0, 2.0]).backward()
    nodes = {node.text: node for node in draw(net([1.0, 2.0]), open=True).nodes}
    w = net.layers[0].neurons[1].w[0]
    assert (nodes["layers[0].neurons[1].w[0]"].data, nodes["layers[0].neurons[1].w[0]"].grad) == (
        w.data,
        w.grad,
    )
    assert "layers[1].neurons[0].b" in nodes
    neuron = Neuron(2)
    assert {"w[0]", "w[1]", "b"} <= {node.text for node in draw(neuron([1, 2]), open=True).nodes}
    named = draw(neuron([1, 2]), {"mine": neuron.w[1]}, open=True).nodes
    assert {"w[0]", "mine", "b"} <= {node.text for node in named}


def test_draw_shows_the_first_operands_of_a_long_sum_or_sample_and_counts_the_rest():
    net = Net(9, [1], "tanh")
    loss = sum((net([float(i)] * 9) - 1) ** 2 for i in range(100))
    drawing = draw(loss)
    assert sum(node.kind == "module" for node in drawing.nodes) == 4
    assert [node.text for node in drawing.nodes if node.kind == "note"] == ["… 96 more"]
    assert "1, 1, 1, 1, … 5 more" in [node.text for node in drawing.nodes]
    assert "… 5 more" in [node.text for node in draw(net([1.0] * 9), open=True).nodes]


def test_draw_limits_the_nodes_of_a_large_graph_and_counts_the_rest():
    x = Value(1.0)
    y = x
    for _ in range(300):
        y = y * x + x
    whole, capped = draw(y, limit=10_000).nodes, draw(y).nodes
    assert len(whole) == 1 + 4 * 300
    assert len(capped) == 201
    assert capped[-1].text == f"… {len(whole) - 200:,} more"
    assert [n.data for n in capped[:200]] == [n.data for n in whole[:200]]
    assert any(200 in node.parents for node in capped)


def test_draw_follows_a_deep_graph_without_recursion():
    y = Value(1.0)
    for _ in range(60_000):
        y = -y
    assert draw(y, limit=3).nodes[-1].text == "… more than 100,000 more"


def test_draw_changes_no_number_gradient_or_graph(seeded):
    net = Net(2, [3, 1], "tanh")

    def loss():
        return sum((net(x) - 1) ** 2 for x in ([0.5, 1.0], [1.0, -1.0])) + sum(p * p for p in net.params())

    once = loss()
    once.backward()
    wanted = net.grads.copy()
    net.zero_grad()
    values, versions = net.values.copy(), [m.leaf._version for m in net.matrices]
    twice = loss()
    for level in (False, "layers", "neurons", True):
        draw(twice, open=level)
    with autograd.no_grad():
        draw(twice, open=True)
    assert not net.grads.any()
    assert (net.values == values).all()
    assert [m.leaf._version for m in net.matrices] == versions
    twice.backward()
    assert (net.grads == wanted).all()
    draw(twice, open=True)
    assert (net.grads == wanted).all()


def test_draw_refuses_to_open_a_net_whose_parameters_have_changed():
    net = Net(2, [1])
    loss = net([1.0, 2.0]) ** 2
    loss.backward()
    before = draw(loss).nodes
    net.step(0.1)
    assert draw(loss).nodes == before
    with pytest.raises(GradientError, match="cannot open a Net: its parameters have been changed"):
        draw(loss, open=True)


def test_draw_refuses_to_open_a_net_with_a_random_activation(rng):
    net = Net(1, [2], lambda t: t * rng.uniform(1, 2, t.shape))
    with pytest.raises(GradientError, match="gives another result now than in the call"):
        draw(net([1.0]), open=True)


def test_draw_escapes_special_characters_in_labels():
    x = Value(2)
    x.label = 'a "b" {c|d} <e> \\ f\ng'
    net = Net(1, [1])
    waiting = net([1.0]) * 2
    waiting.label = "twice"
    assert not hasattr(net([1.0]), "label")
    drawing = draw(x * waiting)
    labels, _ = parsed(str(drawing))
    texts = list(labels.values())
    assert any(r"a \"b\" \{c\|d\} \<e\> \\ f\ng | data 2" in text for text in texts)
    assert any(text.startswith("{ twice | data") for text in texts)
    assert draw(x, {"y": x}).nodes[0].text == "y"


@pytest.mark.parametrize(
    ("x", "text"),
    [(1e-9, "data 1e-09"), (123456789.0, "data 1.235e+08"), (8, "data 8"), (-float("inf"), "data -inf")],
)
def test_draw_shows_numbers_of_any_size_with_four_digits(x, text):
    assert text in str(draw(Value(x)))


def test_draw_shows_a_copied_graph_as_the_original():
    x, y = Value(1.5), Value(0.5)
    loss = ((x * y + 2 - 1 / x) ** 2).tanh()
    loss.backward()
    assert draw(copy.deepcopy(loss)).nodes == draw(loss).nodes


def test_draw_shows_tensors_with_their_shapes():
    w = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    loss = np.sum(np.tanh(w * 2 + np.ones((4, 3))), axis=0, keepdims=True).mean()
    loss.backward()
    nodes = draw(loss, {"w": w}).nodes
    assert nodes[0].data == loss.item()
    assert [n.shape for n in nodes if n.kind == "value"] == [(), (1, 3), (4, 3), (4, 3), (3,), (3,)]
    operations = [n.text.split("\n") for n in nodes if n.kind == "operation"]
    assert operations == [["mean"], ["sum", "axis=0", "keepdims=True"], ["tanh"], ["add"], ["multiply"]]
    assert [n.text for n in nodes if n.kind == "number"] == ["shape (4, 3)", "2"]
    assert "{ w | shape (3,) }" in str(draw(loss, {"w": w}))
    out = Net(2, [3, 1])(Tensor([[1.0, 2.0]]))
    assert "affine" in [n.text for n in draw(out).nodes]


def test_draw_refuses_bad_input():
    x = Value(1)
    with pytest.raises(
        NotANumberError, match=r"draw\(\) wants a Value, a list of them, or a Tensor, got 'x'"
    ):
        draw("x")
    with pytest.raises(NotANumberError, match=r", or a Tensor, got a Net; draw\(net\(x\)\) draws a call$"):
        draw(Net(1, [1]))
    with pytest.raises(
        NotANumberError, match=r"as names\['net'\], got a Net; draw\(net\(x\)\) draws a call$"
    ):
        draw(x, {"net": Net(1, [1])})
    with pytest.raises(
        NotANumberError, match=r"draw\(\) wants a Value or a Tensor as names\['three'\], got 3\.0 \(float\)"
    ):
        draw(x, {"three": 3.0})
    with pytest.raises(
        GradientError, match=r"wants a Tensor that depends on one with requires_grad=True, got one of shape"
    ):
        draw(Tensor([1.0]))
    with pytest.raises(UnknownNameError, match="did you mean 'layers'"):
        draw(x, open="layer")
    with pytest.raises(OptionError, match="limit must be a whole number of 1 or more"):
        draw(x, limit=0)
    with pytest.raises(DomainError):
        draw((Net(1, [1], "linear")([0.0]) * 0 - 1).log())


# Files ------------------------------------------------------------------------------------------


def test_a_drawing_is_written_as_dot_text_without_graphviz(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    drawing = draw(Value(2) * 3)
    drawing.save(tmp_path / "a.dot")
    assert (tmp_path / "a.dot").read_text() == str(drawing) == repr(drawing)
    (tmp_path / "a.svg").write_text("before")
    message = r"^a drawing as \.svg needs .*: pip install '\.\[draw\]'; \.dot needs nothing$"
    with pytest.raises(MissingExtraError, match=message):
        drawing.save(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text() == "before"
    assert drawing._repr_svg_() is None


def test_saving_a_drawing_without_the_program_dot_is_an_error_that_says_what_to_install(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    drawing = draw(Value(2) * 3)
    with pytest.raises(MissingExtraError, match="needs Graphviz's program dot"):
        drawing.save(tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []
    assert drawing._repr_svg_() is None


def test_saving_a_drawing_writes_what_graphviz_makes_of_its_dot_text(tmp_path, monkeypatch):
    asked = []

    def pipe(source, format):
        asked.append((source.source, format))
        return b"<svg/>"

    monkeypatch.setattr(graphviz.Source, "pipe", pipe)
    drawing = draw(Value(2) * 3)
    drawing.save(tmp_path / "a.SVG")
    assert (tmp_path / "a.SVG").read_text() == "<svg/>"
    assert drawing._repr_svg_() == "<svg/>"
    assert asked == [(str(drawing), "svg")] * 2
    with pytest.raises(UnknownNameError, match=r"unknown kind of picture '\.jpg'"):
        drawing.save(tmp_path / "a.jpg")


def test_importing_autograd_does_not_import_the_drawing_modules():
    code = (
        "import sys, autograd as a; print([m for m in sys.modules if 'draw' in m or m == 'graphviz'], a.draw)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.startswith("[] <function draw")
    with pytest.raises(AttributeError, match="has no attribute 'drow'"):
        autograd.drow  # noqa: B018
