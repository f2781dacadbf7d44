"""Pending Values: a read computes the number of the call, and a write to a parameter does not change it."""

import copy
import functools
import math
import operator
import pickle

import numpy as np
import pytest
from both_engines import in_order, loss_and_penalty, near, small_net, twins

import autograd
import autograd.engine
import autograd.nn
import autograd.scalar.engine
import autograd.scalar.nn
from autograd import no_grad, optim
from autograd.engine import Value
from autograd.errors import DomainError, GradientError
from autograd.nn import Layer, Net

pytestmark = pytest.mark.usefixtures("seeded")


def first_number(text):
    assert text.startswith("Value(")
    assert text.endswith(", grad=0.0)")
    return float(text[len("Value(") :].split(",")[0])


LOOKS = {
    "data": lambda v: v.data,
    "float": float,
    "int": lambda v: int(v * 1000),
    "repr": lambda v: first_number(repr(v)),
    "str": lambda v: first_number(str(v)),
    "format": lambda v: float(format(v, ".17g")),
    "an f-string": lambda v: first_number(f"{v}"),
    "round": lambda v: round(v, 15),
    "<": lambda v: [v < x for x in np.linspace(0, 2, 200)],
    ">= from the other side": lambda v: [x <= v for x in range(-1, 3)],
    "< of two": lambda v: [v * c < v for c in (0.5, 2.0, -1.0)],
    "max": lambda v: max(v, v * 2).data,
    "sorted": lambda v: [w.data for w in sorted([v * 3, v, v * 2])],
    "math.sqrt": math.sqrt,
    "np.asarray": lambda v: np.asarray(v, dtype=float).item(),
    "np.array": lambda v: np.array([v, v * 2], float).tolist(),
    "np.float64": np.float64,
}


# Reads -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_any_read_of_a_pending_value_gives_the_number_of_immediate_evaluation(look):
    ours, theirs = twins(small_net)
    assert look(loss_and_penalty(ours)) == pytest.approx(look(loss_and_penalty(theirs)), rel=1e-12)


def test_the_number_of_a_pending_value_is_a_float_and_the_same_at_each_read():
    v = loss_and_penalty(Net(2, [3, 1]))
    assert type(v.data) is type(v.grad) is float
    assert len({v.data, v.data, float(v), float(repr(v)[6:].split(",")[0])}) == 1


def test_numpy_puts_pending_values_into_object_arrays_unchanged():
    net = Net(2, [3, 1])
    v = net([1.0, 2.0])
    assert np.array([v, v]).dtype == object
    assert np.array([v, v])[0] is v


@pytest.mark.parametrize("times", [1, 2])
def test_backward_from_a_pending_value_gives_the_gradients_of_the_oracle(times):
    found = []
    for net in twins(small_net):
        v = loss_and_penalty(net)
        w = 3 * v
        for _ in range(times):
            w.backward()
        found.append([v.grad, w.grad, *[p.grad for p in net.params()]])
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_gradients_of_pending_values_begin_at_0_and_can_be_assigned_and_zeroed():
    net = Net(2, [3, 1])
    v, w, u = (net([x, 1.0]) for x in (0.5, 1.5, 2.5))
    assert (v.grad, w.grad) == (0.0, 0.0)
    w.grad = 5
    (3 * v).backward()
    assert (v.grad, w.grad, u.grad) == (3.0, 5.0, 0.0)
    v.zero_grad()
    u.zero_grad()
    assert (v.grad, w.grad, u.grad) == (0.0, 5.0, 0.0)


def test_backward_through_a_value_that_was_evaluated_under_no_grad_gives_its_gradients():
    found = []
    for net in twins(small_net):
        v = net([0.5, -1.0]) ** 2
        with no_grad():
            _ = v.data
        (3 * v).backward()
        found.append([p.grad for p in net.params()])
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_outputs_of_a_float32_net_are_pending_until_they_are_read():
    net = Net(2, [3, 1], dtype="float32")
    X = [[0.1, 0.2], [0.3, -0.4], [0.5, 0.6]]
    found = [net(x) for x in X]
    total = sum(found)
    assert [v.data for v in found] == pytest.approx(net.predict(X)[:, 0].tolist(), rel=1e-6)
    assert total.data == in_order([v.data for v in found])


# Copies ----------------------------------------------------------------------------------------


COPIES = {"deepcopy": copy.deepcopy, "pickle": pickle.dumps, "copy": copy.copy}


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_copying_a_pending_value_over_a_net_is_refused_and_leaves_its_number_right(copied):
    ours, theirs = twins(small_net)
    v = (ours([0.5, -1.0]) - 0.25) ** 2
    with pytest.raises(GradientError, match=r"Value\(float\(v\)\)"):
        copied(v)
    assert near(v.data, ((theirs([0.5, -1.0]) - 0.25) ** 2).data)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))], ids=["deepcopy", "pickle"]
)
def test_an_expression_over_parameters_can_be_copied_together_with_their_net(copied):
    net = Net(2, [3, 1])
    net_and_penalty = net, sum(p * p for p in net.params())
    twin, penalty = copied(net_and_penalty)
    (3 * penalty).backward()
    assert [p.grad for p in twin.params()] == [6 * p.data for p in net.params()]
    assert not any(p.grad for p in net.params())


# Operands --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expression",
    [
        "np.dot([a, b], [3, 4])",
        "np.array([a, b]) @ np.array([b, a])",
        "(np.array([[1, 2], [3, 4]]) @ np.array([a, b])).sum()",
        "np.sum([a, b, a]) + np.array([a, b]).mean()",
        "np.prod([a, b])",
        "np.abs(-a) + np.square(b) + np.negative(a)",
        "np.power(a, 3) + np.power(2, b)",
        "np.maximum(a, b) * np.minimum(a, b)",
        "(a * np.array([1.0, 2.0]) + np.array([0.5, 1.5]) / b).sum()",
        "(np.array([2.0, 3.0]) ** a - b ** np.array([2, 3])).sum()",
        "(np.tanh([a, b]) + np.exp(np.array([b, a]))).sum() + np.log(a) + np.sqrt(b)",
        "np.float32(2) * a - np.int8(3) / b + np.float64(0.5) ** a",
    ],
)
def test_numpy_functions_of_pending_values_keep_the_gradients(expression):
    outs = Net(2, [2])([0.5, -1.0])
    waited = eval(expression, {"np": np, "a": outs[0], "b": outs[1]})
    leaves = [Value(v.data) for v in outs]
    plain = eval(expression, {"np": np, "a": leaves[0], "b": leaves[1]})
    (3 * waited).backward()
    (3 * plain).backward()
    assert near(waited.data, plain.data)
    assert [v.grad for v in outs] == pytest.approx([v.grad for v in leaves], rel=1e-12)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow", "lt"])
@pytest.mark.parametrize("stranger", ["a", None, 1j, [1]], ids=repr)
def test_operators_of_a_pending_value_refuse_what_is_no_number_at_the_call(name, stranger):
    op = getattr(operator, name)
    v = Net(2, [1])([0.5, -1.0])
    with pytest.raises(TypeError):
        op(v, stranger)
    with pytest.raises(TypeError):
        op(stranger, v)


@pytest.mark.parametrize("k", [-2.0, 3.0, 0.0, -math.inf, math.inf])
def test_powers_of_infinity_are_the_same_pending_or_computed_at_once(k):
    def found():
        outs = [net([x]) for x in (-math.inf, math.inf, 0.5, 2.0)]
        powers = [out**k for out in outs]
        sum(powers).backward()
        return [v.data for v in powers] + [v.grad for v in outs]

    net = Net(1, [1], "linear", init=lambda n_out, n_in: [[1.0]])
    with autograd.eager():
        expected = found()
    for _ in range(6):
        assert found() == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    "power", [lambda v: v**-0.5, lambda v: v**0.5, lambda v: v**-1.5], ids=["-1/2", "1/2", "-3/2"]
)
def test_a_pending_root_of_minus_infinity_is_a_domain_error(power):
    net = Net(1, [1], "linear", init=lambda n_out, n_in: [[1.0]])
    for _ in range(6):
        powers = [power(net([x])) for x in (0.5, -math.inf, 2.0)]
        assert powers[0].data == pytest.approx(power(0.5), rel=1e-15)
        with pytest.raises(DomainError, match="is not a real number"):
            powers[1].data  # noqa: B018


def test_a_root_of_minus_infinity_with_a_pending_exponent_is_a_domain_error():
    net = Net(1, [1], "linear", init=lambda n_out, n_in: [[1.0]])
    powers = [(-math.inf) ** net([x]) for x in (-0.5, -2.0)]
    assert powers[1].data == 0.0
    with pytest.raises(DomainError, match="is not a real number"):
        powers[0].data  # noqa: B018


# Writes to parameters --------------------------------------------------------------------------


def fit(net, **options):
    net.fit([[0.5, 1.0], [1.0, -1.0]], [0.5, 1.0], epochs=2, seed=1, progress=False, **options)


def write_values_and_push(net):
    values = net.values
    values *= 2
    net.mark_changed()


WRITES = {
    "p.data =": lambda net: setattr(net.params()[0], "data", 9.0),
    "p.data = int": lambda net: setattr(net.params()[0], "data", 9),
    "p.data -=": lambda net: [setattr(p, "data", p.data - 0.1 * p.grad) for p in net.params()],
    "w[i] =": lambda net: operator.setitem(net.layers[0].neurons[1].w, 1, 0.5),
    "w[i] = Value": lambda net: operator.setitem(net.layers[0].neurons[1].w, 1, Value(0.5)),
    "w[:] =": lambda net: operator.setitem(net.layers[1].neurons[0].w, slice(None), [1, 2, 3]),
    "n.w =": lambda net: setattr(net.layers[1].neurons[0], "w", [1, 2, 3]),
    "n.b =": lambda net: setattr(net.layers[1].neurons[0], "b", 0.5),
    "net.values =": lambda net: setattr(net, "values", np.linspace(-1, 1, net.nparams())),
    "net.values *=": write_values_and_push,
    "layer.values =": lambda net: setattr(net.layers[0], "values", np.linspace(-1, 1, 9)),
    "step": lambda net: net.step(0.1),
    "step of a layer": lambda net: net.layers[1].step(0.1),
    "step of a neuron": lambda net: net.layers[1].neurons[0].step(0.1),
    "load_state_dict": lambda net: net.load_state_dict(Net(2, [3, 1]).state_dict()),
    "SGD": lambda net: optim.SGD(net, lr=0.1).step(),
    "Adam": lambda net: optim.Adam(net, lr=0.1).step(),
    "SGD of Values": lambda net: optim.SGD(net.params(), lr=0.1).step(),
    "fit": fit,
    "fit with SGD": functools.partial(fit, optimizer="sgd", batch_size=1),
    "fit with L-BFGS": functools.partial(fit, optimizer="lbfgs"),
    "partial_fit": lambda net: net.partial_fit([[0.5, 1.0]], [0.5]),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_any_change_of_parameters_leaves_pending_values_with_the_numbers_of_their_call(write):
    ours, theirs = twins(small_net)

    def program(net):
        (3 * net([1.0, 0.5])).backward()  # leaves gradients to step with
        layer, neuron = net.layers[0], net.layers[0].neurons[1]
        return [
            net([0.5, -1.0]),
            loss_and_penalty(net),
            net.layers[1](layer([0.5, -1.0])),
            neuron([1.0, 2.0]) * 2,
            net([net([0.5, -1.0]), neuron([1.0, 2.0])]).exp(),
            abs(net.params()[0]) + net.params()[-2] ** 2,
        ]

    made, expected = program(ours), [v.data for v in program(theirs)]
    before = [p.data for p in ours.params()]
    write(ours)
    assert [p.data for p in ours.params()] != before
    assert [v.data for v in made] == pytest.approx(expected, rel=1e-12)
    after = ours([0.5, -1.0])
    assert after.data != made[0].data
    assert near(after.data, ours.predict([[0.5, -1.0]]).item())


def test_backward_after_a_change_of_parameters_is_refused_and_the_number_stays_that_of_the_call():
    ours, theirs = twins(small_net)
    v, expected = loss_and_penalty(ours), loss_and_penalty(theirs).data
    ours.params()[-1].data = 4.0
    for _ in range(2):
        with pytest.raises(GradientError, match="changed"):
            (3 * v).backward()
    assert [p.grad for p in ours.params()] == [0.0] * 13
    assert near(v.data, expected)


def test_a_penalty_over_parameters_has_the_slopes_of_its_call_after_they_are_changed():
    ours, theirs = twins(small_net)
    found = []
    for net in (ours, theirs):
        penalty = sum(p * p + abs(p) for p in net.params())
        for p in net.params():
            p.data = p.data * 2 + 1
        again = sum(p**2 for p in net.params())
        (3 * penalty + again).backward()
        found.append([penalty.data, again.data, *[p.grad for p in net.params()]])
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_weight_and_bias_of_a_layer_cannot_be_written():
    layer = Layer(2, 3)
    for array in (layer.weight, layer.bias):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 1
