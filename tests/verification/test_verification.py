"""verify(): the oracle beside the array engine. It accepts right programs and names what is wrong."""

import contextlib
import gc
import linecache
import math
import random
import re
import runpy
import threading
import weakref

import numpy as np
import pytest

from autograd import (
    MLP,
    Layer,
    Net,
    Neuron,
    Tensor,
    Value,
    eager,
    losses,
    no_grad,
    optim,
    stats,
    verification,
    verify,
)
from autograd.engine import pending
from autograd.errors import DomainError, GradientError, ParityError, ShapeError, UnsupportedError
from autograd.nn import ACTIVATIONS, rowwise
from autograd.nn.samples import Samples
from autograd.scalar.engine import Value as Oracle

pytestmark = pytest.mark.usefixtures("small_batches")


# Programs that are right ------------------------------------------------------------------------


def sine(dtype="float64"):
    net = Net(1, [8, 8, 1], activation="tanh", output_activation="linear", dtype=dtype)
    xs = np.linspace(-math.pi, math.pi, 12)
    for _ in range(5):
        loss = 0
        for x in xs:
            loss += (net([x]) - np.sin(x)) ** 2
        net.zero_grad()
        loss.backward()
        for p in net.params():
            p.data -= 0.01 * p.grad
        yield loss.data


def moons(dtype="float64"):
    angles = np.random.default_rng(7).uniform(0, math.pi, 20)
    X = np.c_[np.cos(angles), np.sin(angles)] * np.where(np.arange(20) < 10, 1, -1)[:, None]
    y = np.where(np.arange(20) < 10, 1, -1)
    model = MLP(2, [8, 8, 1], dtype=dtype)
    for k in range(5):
        inputs = [list(map(Value, row)) for row in X]
        scores = list(map(model, inputs))
        hinges = [(1 + -yi * score).relu() for yi, score in zip(y, scores, strict=True)]
        total = sum(hinges) * (1.0 / len(hinges)) + 1e-4 * sum(p * p for p in model.parameters())
        yield sum((yi > 0) == (s.data > 0) for yi, s in zip(y, scores, strict=True))
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / 100) * p.grad
        yield total.data


def minimise():
    x, y = Value(7), Value(3)
    for _ in range(20):
        f = (x - y) ** 3 + y.exp()
        f = f.relu() + y
        yield f.data
        x.zero_grad()
        y.zero_grad()
        f.backward()
        x.data -= 0.001 * x.grad
        y.data -= 0.001 * y.grad


def recurrent(dtype="float64"):
    cell, readout = Layer(4, 3, "tanh", dtype=dtype), Neuron(3, "linear", dtype=dtype)
    for _ in range(3):
        loss = 0
        for start in (0.1, 0.2, 0.3):
            h = [Value(0.0)] * 3
            for step in range(5):
                h = cell([start * step, *h])
            loss += (readout(h) - start) ** 2
        for module in (cell, readout):
            module.zero_grad()
        loss.backward()
        for module in (cell, readout):
            module.step(0.1)
        yield loss.data


def layers_by_hand():
    net = Net(2, [4, 3, 2], "softplus", "gelu")
    single = net.layers[0].neurons[1]
    x = [Value(0.5), -1]
    for _ in range(3):
        a, b = net.layers[2](net.layers[1](net.layers[0](x)))
        y = (a * b - single(x) / 3 + abs(net.layers[1].neurons[0].w[2])) ** 2
        y.backward()
        yield from (y.data, x[0].grad, *(p.grad for p in net.params()))
        net.step(0.1)


def arrays():
    a, b = np.array([Value(1.5), Value(-2)]), np.array([0.5, 3.0])
    net = Net(2, [3, 1], "sigmoid")
    y = (
        np.dot(a, b)
        + np.sum(np.tanh(a * b))
        - net(a)
        + net(b) * np.float64(2)
        - net(v for v in a)
        + a[0] ** a[1]
        + np.sum(a[1] * b - b / a[0])
    )
    y.backward()
    yield from (y.data, *(v.grad for v in a))


def with_losses():
    net = Net(2, [3, 2], "tanh")
    optimizer = optim.Adam(net, lr=0.05)
    X, labels = [[0.5, 1.0], [-1.0, 0.5]], [0, 1]
    for loss in (losses.cross_entropy, losses.cross_entropy):
        net.zero_grad()
        value = loss([net(x) for x in X], labels)
        value.backward()
        optimizer.step()
        yield value.data


def at_once():
    with eager():
        yield from sine()


def within_no_grad():
    net, x = Net(1, [3, 1], "tanh"), Value(0.5)
    with no_grad():
        y = net([x]) * 2
    (y * x).backward()
    yield from (y.data, x.grad, y.grad, net.params()[0].grad)


def twice_and_on_top():
    net, x = Net(1, [3, 1], "tanh"), Value(0.5)
    y = net([x]) ** 2
    for _ in range(2):
        y.backward()
    (y + x).backward()
    net(np.ones((4, 1))).sum().backward()
    (net([x]) * x).backward()
    x.backward()
    yield from (x.grad, *(p.grad for p in net.params()))


def with_assigned_numbers():
    net, x = Net(1, [2, 1], "tanh"), Value(0.5)
    first = net([x])
    inner = first * 3
    x.data, x.grad = -2.0, 7.0
    second = net([x]) + inner
    second.data = 4.0
    inner.data = 1.5  # which was not read before
    out = second * inner * x
    out.backward()
    yield from (out.data, first.grad, x.grad, *(p.grad for p in net.params()))


def at_the_ends_of_the_floats():
    for x in (0.0, -0.0, 1e-200, 5e-324, 1e300, math.inf, -math.inf, math.nan):
        for operation in (lambda v: v * v, lambda v: 1 - v, lambda v: v.sigmoid(), lambda v: v.relu() - v):
            v = Value(x)
            y = operation(v)
            y.backward()
            yield from (y.data, v.grad)
            waiting = operation(Neuron(1, "linear", init=lambda n_out, n_in: [[1.0]])([v]))
            if math.isfinite(x):  # for BLAS 0 times inf may be 0
                waiting.backward()
            yield waiting.data


def with_own_activation():
    net = Net(2, [3, 1], lambda v: v.tanh() * 2 + v, "sigmoid")
    y = net([1.0, Value(2.0)])
    y.backward()
    yield from (y.data, *(p.grad for p in net.params()))


PROGRAMS = [sine, moons, minimise, recurrent, layers_by_hand, arrays, with_losses, at_once, within_no_grad]
PROGRAMS += [twice_and_on_top, with_assigned_numbers, at_the_ends_of_the_floats, with_own_activation]


def run(program, *args):
    """All numbers of a program as text, so that == compares their bits, including nan."""
    random.seed(1)
    return [float(x).hex() for x in program(*args)]


@pytest.mark.parametrize("program", PROGRAMS)
def test_verify_compares_a_right_program_without_an_error_and_changes_none_of_its_numbers(program, compared):
    alone = run(program)
    assert not compared
    with verify():
        assert run(program) == alone
    assert compared["close"] > len(alone)
    # `minimise` has no net, and the only call in `within_no_grad` gives a constant
    assert (compared["same"] > 0) is (program not in (minimise, within_no_grad))


@pytest.mark.parametrize("program", [sine, moons, recurrent])
def test_verify_accepts_float32_rounding_of_a_float32_net_and_no_larger_difference(
    program, compared, monkeypatch, scale_neurons
):
    alone = run(program, "float32")
    with verify():
        assert run(program, "float32") == alone
    assert compared["same"] > 0
    with monkeypatch.context() as patch:
        patch.setattr(verification, "SINGLE", verification.DOUBLE)
        with pytest.raises(ParityError), verify():
            run(program, "float32")
    scale_neurons()
    with pytest.raises(ParityError), verify():
        run(program, "float32")


@pytest.mark.parametrize("program", [sine, moons, recurrent])
def test_verify_leaves_pending_operations_pending(program):
    stats(reset=True)
    run(program)
    alone = stats(reset=True)
    with verify():
        run(program)
    assert stats(reset=True) == alone
    assert alone.batches < alone.calls


def test_verify_can_be_a_decorator():
    @verify()
    def train():
        return run(sine)

    assert train() == run(sine)


# Rounding is accepted ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_verify_takes_a_result_of_cancellation_for_as_uncertain_as_its_operands(dtype, rng):
    """A loss near 0: the outputs minus the targets, and their squares, consist of rounding only."""
    weights = rng.uniform(-1, 1, (1, 100))
    neuron = Neuron(100, "linear", init=lambda n_out, n_in: weights, dtype=dtype)
    rows = rng.uniform(-1, 1, (20, 100))
    targets = [math.fsum(w.data * x for w, x in zip(neuron.w, row, strict=True)) for row in rows.tolist()]
    with verify():
        off = [neuron(row) - y for row, y in zip(rows, targets, strict=True)]
        sum(d**2 for d in off).backward()
        assert 0 < max(abs(d.data) for d in off) < 1e-4


def test_verify_accepts_other_gradients_where_rounding_moves_a_sum_over_a_kink(
    rng, monkeypatch, scale_neurons
):
    """Weights and inputs of one decimal: many sums are 0 but for rounding, which depends on their order."""
    net, accepted, may_cross_kink = MLP(8, [16, 1]), [], verification.may_cross_kink
    monkeypatch.setattr(
        verification, "may_cross_kink", lambda check: accepted.append(may_cross_kink(check)) or accepted[-1]
    )

    def program():
        for _ in range(10):
            for p in net.params():
                p.data = round(rng.uniform(-1, 1), 1)
            rows = rng.uniform(-1, 1, (20, 8)).round(1)
            sum(net(row) for row in rows).backward()

    with verify():
        program()
    # BLAS adds the sums of a batch in another order than the oracle; those of single rows have its order
    assert len(accepted) >= (rowwise.MOST_PRODUCTS == 0)
    scale_neurons()
    with pytest.raises(ParityError, match=r"the data of net\(row\) is "), verify():
        program()


def test_verify_accepts_the_growth_of_rounding_over_60_operations_and_compares_each_of_them(
    monkeypatch, compared
):
    def program():
        x = Neuron(1, "linear", init=lambda n_out, n_in: [[3.9]])([1 / 13])
        for _ in range(60):  # in each the rounding grows by 1.6, on average
            x = 3.9 * x * (1 - x)
        x.backward()

    with verify():
        program()
    assert compared["same"] == 1
    assert compared["close"] > 60 * (3 + 4 + 3)  # 3 operations with 4 slopes, and 3 gradients, in each round
    scaled(monkeypatch, "__mul__", slopes=(1.0, 1.001))
    with pytest.raises(ParityError, match=r"the slope of 3\.9 \* x is 3\.9 in the array"), verify():
        program()


# Formulas that are wrong ------------------------------------------------------------------------


@pytest.fixture
def train(tmp_path):
    """Runs source, with a net of one input and one output, as a file train.py within verify()."""

    def run(*lines, **names):
        path = tmp_path / "train.py"
        path.write_text("\n".join(lines))
        linecache.checkcache(str(path))
        neuron = Neuron(1, "tanh", init=lambda n_out, n_in: [[0.5]])
        with verify():
            runpy.run_path(str(path), {"net": neuron, "Value": Value, "np": np, **names})

    return run


TRAIN = [
    "loss = 0",
    "for x, y in [(0.5, 1.0), (-0.5, 0.0)]:",
    "    loss += (net([x]) - y) ** 2",
    "loss.backward()",
]


BINARY = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "pow": "**"}
FUNCTIONS = ["exp", "log", "sqrt", "sin", "cos", *(name for name in ACTIVATIONS if name != "linear")]


def scaled(monkeypatch, name, number=1.0, slopes=(1.0, 1.0)):
    """Have the oracle's operation give a wrong number or wrong slopes."""
    right = getattr(Oracle, name)

    def wrong(*args):
        out = right(*args)
        return Oracle(
            out.data * number, out.parents, tuple(d * k for d, k in zip(out.slopes, slopes, strict=False))
        )

    monkeypatch.setattr(Oracle, name, wrong)


def test_a_parity_error_names_the_expression_both_numbers_the_line_and_its_source(monkeypatch, train):
    train(*TRAIN)
    right = Oracle.__sub__
    monkeypatch.setattr(Oracle, "__sub__", lambda x, y: right(x, y) + 0.25)
    with pytest.raises(ParityError) as caught:
        train(*TRAIN)
    difference = math.tanh(0.25) - 1
    assert str(caught.value) == (
        f"verify(): the data of net([x]) - y is {difference} in the array engine and {difference + 0.25} "
        "in the oracle, at train.py:3: loss += (net([x]) - y) ** 2"
    )
    assert isinstance(caught.value, AssertionError)


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize(("number", "slope"), [(1.001, 1.0), (1.0, 1.001)])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_verify_raises_if_a_function_or_its_slope_differs_from_the_oracle(
    name, number, slope, waits, monkeypatch, train
):
    made = "v = 1 + net([0.5])" if waits else "v = Value(1.25)"
    train(made, f"w = v.{name}()", "w.backward()")
    scaled(monkeypatch, name, number, (slope,))
    what = "data" if number != 1 else "slope"
    message = rf"the {what} of v.{name}\(\) is .*, at train.py:2: w = v.{name}"
    if waits and name == "tanh":  # which the oracle's net uses too
        message = r"the data of net\(\[0.5\]\) is |" + message
    with pytest.raises(ParityError, match=message):
        train(made, f"w = v.{name}()", "w.backward()")


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize(
    ("number", "slopes"), [(1.001, (1.0, 1.0)), (1.0, (1.001, 1.0)), (1.0, (1.0, 1.001))]
)
@pytest.mark.parametrize("operands", ["v {} u", "u {} v", "v {} 3", "3 {} v"])
@pytest.mark.parametrize("name", BINARY)
def test_verify_raises_if_an_operator_or_its_slopes_differ_from_the_oracle(
    name, operands, number, slopes, waits, monkeypatch, train
):
    expression = operands.format(BINARY[name])
    made = "u, v = net([0.5]), net([0.75])" if waits else "u, v = Value(0.5), Value(0.75)"
    train(made, f"w = {expression}", "w.backward()")
    scaled(monkeypatch, f"__{name}__", number, slopes)
    if (operands == "v {} 3" and slopes[1] != 1) or (operands == "3 {} v" and slopes[0] != 1):
        if not waits or name not in ("add", "mul"):
            train(
                made, f"w = {expression}", "w.backward()"
            )  # the slope with respect to a plain number is not needed
        return
    what = "data" if number != 1 else "slope"
    message = rf"the {what} of {re.escape(expression)} is .*, at train.py:2: w"
    if waits and name in ("add", "mul"):  # which the oracle's neurons use too
        message = r"the (data|gradient) of (net\(\[0.5\]\)|parameter w\[0\]|parameter b) is |" + message
    with pytest.raises(ParityError, match=message):
        train(made, f"w = {expression}", "w.backward()")


@pytest.mark.parametrize("expression", ["-v", "+v", "abs(v)"])
def test_verify_raises_if_a_negation_or_absolute_value_differs_from_the_oracle(
    expression, monkeypatch, train
):
    name = {"-": "__neg__", "+": "__pos__"}.get(expression[0], "__abs__")
    scaled(monkeypatch, name, 1.001)
    with pytest.raises(ParityError, match=rf"the data of {re.escape(expression)} is "):
        train("v = Value(2)", f"w = {expression}")


def test_verify_raises_if_a_net_computes_with_other_weights_than_its_parameters(train):
    net, other = Net(1, [3, 1]), Net(1, [3, 1])
    net._samples.through, net._samples.rowwise = other._samples.through, other._samples.rowwise
    with pytest.raises(ParityError, match=r"the data of net\(\[x\]\) is .* at train.py:3: loss \+= "):
        train(*TRAIN, net=net)


def test_a_parity_error_names_an_output_of_several_by_its_index(train, monkeypatch):
    monkeypatch.setattr(rowwise, "MOST_PRODUCTS", 0)
    net = Net(1, [3, 2], "linear")
    through = net._samples.through
    net._samples.through = lambda x: through(x) * np.array([[1.0], [2.0]])
    with pytest.raises(ParityError, match=r"the data of net\(\[0.5\]\)\[1\] is .* at train.py:1: sum"):
        train("sum(net([0.5])).backward()", net=net)


def test_verify_raises_if_the_outputs_of_a_batch_are_in_another_order(monkeypatch, train):
    monkeypatch.setattr(rowwise, "MOST_PRODUCTS", 0)
    forward = Samples.forward

    def mixed(self, X, wants_input_gradients):
        *taped, Y = forward(self, X, wants_input_gradients)
        return *taped, Y[::-1]

    monkeypatch.setattr(Samples, "forward", mixed)
    with pytest.raises(ParityError, match=r"the data of net\(\[x\]\) is "):
        train(*TRAIN)


def test_verify_raises_for_a_wrong_gradient_of_a_parameter_and_names_the_parameter(monkeypatch, train):
    net = Net(1, [3, 1])
    pass_back = Samples.pass_back

    def wrong(self, batches):
        pairs = pass_back(self, batches)
        net.grads[4] *= 1.001
        return pairs

    monkeypatch.setattr(Samples, "pass_back", wrong)
    with pytest.raises(ParityError, match=r"the gradient of parameter layers\[0\].neurons\[2\].w\[0\] is "):
        train(*TRAIN, net=net)


def test_verify_raises_for_a_wrong_gradient_of_an_input_and_names_the_operation_that_passed_it(
    monkeypatch, train
):
    pass_back = Samples.pass_back
    monkeypatch.setattr(Samples, "pass_back", lambda *args: [(v, g * 1.001) for v, g in pass_back(*args)])
    message = (
        r"the gradient of v \* 2 is .* at train.py:2: .*; it comes from net\(\[w\]\), at train.py:3: net"
    )
    with pytest.raises(ParityError, match=message):
        train("v = Value(0.5)", "w = v * 2", "net([w]).backward()")


def test_verify_raises_if_a_backward_pass_overwrites_gradients_instead_of_adding_to_them(monkeypatch, train):
    net = Net(1, [3, 1])
    pass_back = Samples.pass_back

    def wrong(self, batches):
        net.grads[:] = 0
        return pass_back(self, batches)

    monkeypatch.setattr(Samples, "pass_back", wrong)
    train(*TRAIN, net=net)
    net.zero_grad()
    with pytest.raises(ParityError, match=r"the gradient of parameter layers"):
        train(*TRAIN, "loss.backward()", net=net)


def test_verify_raises_if_the_backward_passes_of_the_two_engines_differ(monkeypatch, train):
    monkeypatch.setattr(Oracle, "backward", lambda self: None)
    with pytest.raises(ParityError, match=r"the gradient of v \* v is 1.0 in the array engine and 0.0"):
        train("v = Value(0.5)", "(v * v).backward()")


def test_a_parity_error_names_the_first_wrong_value_though_a_later_one_was_read(monkeypatch, train):
    scaled(monkeypatch, "exp", 1.001)
    lines = ["u = net([0.5])", "v = u.exp()", "w = v.tanh() * 2 + 1", "print(w)"]
    with pytest.raises(ParityError, match=r"the data of u.exp\(\) is "):
        train(*lines)


@pytest.mark.parametrize("look", ["z.data", "float(z)", "z > 0", "f'{z}'", "z.backward()", "z.data = 1"])
def test_verify_compares_a_pending_value_when_it_is_read(look, monkeypatch, train):
    scaled(monkeypatch, "exp", 1.001)
    after = []
    with pytest.raises(ParityError, match=r"the data of net\(\[0.5\]\).exp\(\) is .* at train.py:1: "):
        train("z = net([0.5]).exp()", look, "after.append(z)", after=after)
    assert after == []


def test_verify_compares_a_pending_value_that_is_never_read_at_the_end_of_its_block(monkeypatch, train):
    scaled(monkeypatch, "exp", 1.001)
    kept = []
    with pytest.raises(ParityError, match=r"the data of net\(\[0.5\]\).exp\(\) is .* at train.py:1: "):
        train("z = net([0.5]).exp()", "kept.append(z)", kept=kept)
    assert len(kept) == 1


def test_verify_computes_no_output_that_the_program_drops_and_each_that_it_keeps(monkeypatch, compared):
    monkeypatch.setattr(rowwise, "MOST_PRODUCTS", 0)
    net, forward, rows = Neuron(1), Samples.forward, []
    monkeypatch.setattr(
        Samples,
        "forward",
        lambda self, X, wants_input_gradients: rows.append(len(X)) or forward(self, X, wants_input_gradients),
    )
    with verify():
        for _ in range(3):
            net([0.5])
    assert (rows, compared) == ([], {})
    with verify():
        kept = [net([0.5]) for _ in range(3)]
    assert (rows, compared["same"]) == ([len(kept)], len(kept))


@pytest.mark.parametrize("product", [lambda v, a: v * a, lambda v, a: a * v])
def test_verify_compares_the_elements_of_an_array_of_values_one_by_one(product, monkeypatch):
    scaled(monkeypatch, "__mul__", 1.001)
    with pytest.raises(ParityError, match=r"the data of .* is 1\.0 in the array engine and 1\.001"), verify():
        product(Value(0.5), np.array([2.0, 3.0]))


def test_a_parity_error_names_an_expression_without_source_by_its_operation(monkeypatch):
    scaled(monkeypatch, "tanh", 2.0)
    code = compile("x.tanh()", "<typed>", "exec")
    with pytest.raises(ParityError, match=r"the data of tanh\(\) is .* in .*, at <typed>:1$"), verify():
        exec(code, {"x": Value(1)})


def test_a_parity_error_shows_an_expression_of_several_lines_in_one_line(monkeypatch, train):
    scaled(monkeypatch, "__truediv__", 1.001)
    with pytest.raises(ParityError, match=r"the data of net\( \[0.5\] \) / 3 is .* at train.py:2: net\($"):
        train("z = (", "    net(", "        [0.5]", "    ) / 3", ")", "z.backward()")


def test_a_parity_error_in_a_numpy_function_names_the_line_of_the_program(monkeypatch, train):
    scaled(monkeypatch, "__add__", 1.001)
    with pytest.raises(ParityError, match=r"the data of np.sum\(a\) is .* at train.py:2: s = np.sum\(a\)$"):
        train("a = np.array([Value(1), Value(2)])", "s = np.sum(a)")


# Errors -----------------------------------------------------------------------------------------


def test_verify_passes_on_an_error_that_both_engines_raise():
    with verify():
        with pytest.raises(ZeroDivisionError):
            Value(1) / 0
        with pytest.raises(DomainError):
            Value(-1).log()
        with pytest.raises(TypeError):
            Value(1) + "1"
        with pytest.raises(OverflowError):
            Value(1000).exp()
        with pytest.raises(ShapeError):
            Neuron(1)([1, 2])
        bad = (Neuron(1, "linear", init=lambda n_out, n_in: [[1.0]])([-1.0])).log()
        after = [bad * 2, bad + 1, 2 + bad, bad.tanh(), bad - bad]
        for v in [*after, bad]:
            for _ in range(2):
                with pytest.raises(DomainError):
                    _ = v.data
            with pytest.raises(DomainError):
                v.backward()


@pytest.mark.parametrize("made", ["v = Value(-4)", "v = net([0.5]) - 4"])
def test_verify_raises_if_only_the_array_engine_raises_an_error(made, monkeypatch, train):
    monkeypatch.setattr(Oracle, "sqrt", lambda x: Oracle(2.0, (x,), (1.0,)))
    message = (
        r"the data of v.sqrt\(\) is an error \(DomainError: sqrt.* in the array engine and 2.0 in the oracle"
    )
    with pytest.raises(ParityError, match=message):
        train(made, "w = v.sqrt()", "w.backward()")


@pytest.mark.parametrize("made", ["v = Value(4)", "v = net([0.5]) + 4"])
def test_verify_raises_if_only_the_oracle_raises_an_error(made, monkeypatch, train):
    def wrong(x):
        raise ValueError("no")

    monkeypatch.setattr(Oracle, "sqrt", wrong)
    message = (
        r"the data of v.sqrt\(\) is 2.\d+ in the array engine and an error \(ValueError: no\) in the oracle"
    )
    with pytest.raises(ParityError, match=message):
        train(made, "w = v.sqrt()", "w.backward()")


def test_verify_passes_on_an_error_of_backward_and_compares_the_next_backward_pass():
    net = Neuron(1)
    with verify():
        y = net([0.5])
        net.step(0.1)
        net.w[0].data += 1
        with pytest.raises(GradientError):
            y.backward()
        net([0.5]).backward()


def test_verify_passes_on_an_exception_of_the_program_and_drops_pending_comparisons(monkeypatch):
    scaled(monkeypatch, "exp", 1.001)
    kept = []

    def program():
        kept.append(Neuron(1)([0.5]).exp())
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"), verify():
        program()
    assert kept[0].data > 1  # it was pending, and is computed after the end of verify


@pytest.mark.parametrize("activation", [lambda x: x * Tensor(2.0), lambda x: x - x.mean(), np.sign])
def test_verify_refuses_a_custom_activation_that_the_oracle_cannot_call(activation):
    net = Net(1, [1], activation)
    assert net([[1.0]]).shape == (1, 1)
    with verify():
        assert net([[1.0]]).shape == (1, 1)
        with pytest.raises(UnsupportedError, match=r"verify\(\) gives an activation one Value .*, and yours"):
            net([1.0])


# Values from outside the block, and other threads -----------------------------------------------


def test_verify_compares_backward_passes_through_values_made_before_its_block(monkeypatch):
    x, net = Value(0.5), Neuron(1)
    before, waiting = x * x, net([x])
    with verify():
        (before * x + waiting).backward()
        assert x.grad == pytest.approx(0.75 + waiting.data * (1 - waiting.data) * net.w[0].data)
    monkeypatch.setattr(Oracle, "backward", lambda self: None)
    with pytest.raises(ParityError, match="the gradient of "), verify():
        (before * x).backward()


def test_verify_follows_custom_operations_by_their_slopes():
    with verify():
        x = Value(0.5)
        (Value(2.0, (x,), (3.0,)) * 2).backward()
        assert x.grad == 6
        out = Value(1.0, (x,), "mine")
        out._backward = lambda: setattr(x, "grad", x.grad + 5 * out.grad)
        (out * 2).backward()
        assert x.grad == 16


@pytest.mark.parametrize(
    ("end", "error"),
    [("usual", None), ("exception", KeyError), ("difference", ParityError), ("within another", KeyError)],
)
def test_verify_observes_the_engine_until_its_block_ends_in_whatever_way(end, error, monkeypatch):
    def program():
        assert pending.observer() is not None
        if end == "within another":
            with verify():
                run(sine)
            assert pending.observer() is not None
        if end == "difference":
            scaled(monkeypatch, "__neg__", 2.0)
        if end != "usual":
            -Value(1)
            raise KeyError

    with contextlib.nullcontext() if error is None else pytest.raises(error), verify():
        program()
    assert pending.observer() is None
    scaled(monkeypatch, "__neg__", 2.0)
    assert (-Value(1)).data == -1  # and no ParityError


def test_verify_compares_only_the_values_of_its_own_thread(monkeypatch):
    entered, done, found = threading.Event(), threading.Event(), []
    scaled(monkeypatch, "__neg__", 2.0)

    def other():
        entered.wait()
        found.append((-Value(1)).data)
        with pytest.raises(ParityError), verify():
            -Value(1)
        found.append((-Value(1)).data)
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    with verify():
        entered.set()
        assert done.wait(20)
        with pytest.raises(ParityError):
            -Value(1)
    thread.join()
    assert found == [-1, -1]
    assert pending.observer() is None


def test_verify_frees_each_graph_with_its_last_reference():
    net = Net(1, [3, 1])
    gc.collect()
    gc.disable()
    try:
        with verify():
            counts = []
            for _ in range(4):
                loss = sum((net([x]) - 1) ** 2 for x in (0.1, 0.2, 0.3))
                net.zero_grad()
                loss.backward()
                net.step(0.1)
                known = weakref.ref(loss)
                del loss
                assert known() is None
                counts.append(len(gc.get_objects()))
        assert counts[3] - counts[1] < 20
    finally:
        gc.enable()


def test_verify_follows_a_chain_of_20000_operations_without_recursion():
    with verify():
        x = y = Value(1.0)
        for _ in range(20_000):
            y = y + 0.5
        y.backward()
        assert x.grad == 1
        del y
