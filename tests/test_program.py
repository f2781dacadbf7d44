"""Programs: recorded functions give what the functions themselves give, and leave nothing else changed."""

import copy
import gc
import pickle
import random
import re
import sys
import threading
import warnings
import weakref
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from op_table import TABLE

import autograd
from autograd import Module, Net, Tensor, losses, no_grad, optim
from autograd.errors import (
    DataError,
    GradientError,
    OptionError,
    RecordingError,
    RecordingWarning,
    ShapeError,
    UnsupportedError,
)
from autograd.tensor import (
    Program,
    Programs,
    append_ones,
    einsum,
    gradients,
    log_softmax,
    logsumexp,
    record,
    softmax,
)
from autograd.tensor.core import ROWS
from autograd.tensor.recording import recording


def leaf(data, dtype=None):
    return Tensor(data, requires_grad=True, dtype=dtype)


def same(found, expected):
    """Fail unless the numbers are the same to the last bit, the signs of zeros included."""
    np.testing.assert_array_equal(found, expected)
    assert (np.shape(found), np.result_type(found)) == (np.shape(expected), np.result_type(expected))
    known = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found)[known], np.signbit(expected)[known])


@pytest.fixture(autouse=True)
def seeded_and_nothing_recorded_afterwards():
    random.seed(20260101)  # which weights of nets are drawn from
    yield
    assert recording.trace is None
    assert type((leaf([1.0]) * 2).data) is np.ndarray


def test_record_is_where_people_look_for_it():
    assert autograd.record is record
    assert isinstance(record(np.exp, [1.0]), Program)


# Every row ----------------------------------------------------------------------------------------

CASES = [(op, shapes) for op in TABLE for shapes in op.shapes]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("op", "shapes"), CASES, ids=[f"{op}-{shapes}" for op, shapes in CASES])
def test_every_row_and_its_slopes_are_replayed_to_the_last_bit(op, shapes, dtype, rng):
    c = rng.normal(size=op.call(*map(Tensor, op.operands(shapes, rng, dtype))).shape)

    def both(*xs):
        out = op.call(*xs)
        return [out, *gradients((out * c.astype(out.dtype)).sum(), xs)]

    program = record(both, *(leaf(x) for x in op.operands(shapes, rng, dtype)))
    for _ in range(2):
        operands = op.operands(shapes, rng, dtype)
        for found, expected in zip(program(*operands), both(*map(leaf, operands)), strict=True):
            if op.row == "prod":  # its slope goes another way if it may not look for zeros
                np.testing.assert_allclose(found, expected.data, rtol=1e-12 if dtype == "float64" else 1e-5)
            else:
                same(found, expected.data)


# Random functions ---------------------------------------------------------------------------------


def slope(y, x):
    """The gradient of a number made of y with respect to x, to be differentiated again."""
    return gradients((y * y).sum(), [x], create_graph=True)[0]


def rows(x):
    return x.reshape(-1, x.shape[-1])


def halves(x):
    """Whether each row has an even number."""
    return np.arange(len(x)) % 2 == 0


# fmt: off
OF_ONE = {
    "tanh":       lambda x: x.tanh(),
    "relu":       lambda x: x.relu(),
    "leaky":      lambda x: x.leaky_relu(),
    "sigmoid":    lambda x: x.sigmoid(),
    "softplus":   lambda x: x.softplus(),
    "gelu":       lambda x: x.gelu(),
    "exp":        lambda x: x.tanh().exp(),
    "log":        lambda x: np.log(x * x + 0.1),
    "sin":        np.sin,
    "negative":   lambda x: -x,
    "scaled":     lambda x: 2.5 * x,
    "from 1":     lambda x: 1 - x,
    "inverse":    lambda x: 1 / x,
    "square":     lambda x: x**2,
    "cube":       lambda x: x**3,
    "root":       lambda x: (abs(x) + 1) ** 0.5,
    "to -2":      lambda x: x**-2.0,
    "sign":       np.sign,
    "clip":       lambda x: x.clip(-0.5, 0.5),
    "positive":   lambda x: np.where(x > 0, x, 0.0),
    "bent":       lambda x: np.where(x > 0, x * x, -x),
    "counted":    lambda x: x * np.sum(x > 0),
    "total":      lambda x: x.reshape(-1).sum(),
    "T":          lambda x: x.T,
    "swapped":    lambda x: x.swapaxes(0, -1),
    "flat":       lambda x: x.reshape(-1),
    "column":     lambda x: x.reshape(-1, 1),
    "spread":     lambda x: np.broadcast_to(x, (2, *x.shape)),
    "new axis":   lambda x: x[..., None],
    "stacked":    lambda x: np.stack([x, 2 * x, x]),
    "own slope":  lambda x: slope(x.tanh() * x, x),
    "curvature":  lambda x: slope(slope(x.sigmoid(), x), x),
    "total of one": lambda x: x.sum(),
}
OF_AXES = {  # which numbers do not have
    "sum":        lambda x: x.sum(axis=-1),
    "rows' sum":  lambda x: x.sum(axis=0, keepdims=True),
    "mean":       lambda x: x.mean(axis=-1, keepdims=True),
    "max":        lambda x: x.max(axis=0),
    "min":        lambda x: x.min(axis=-1),
    "var":        lambda x: x.var(axis=0),
    "logsumexp":  lambda x: logsumexp(x, axis=-1),
    "softmax":    lambda x: softmax(x, axis=-1),
    "its log":    lambda x: log_softmax(x, axis=0),
    "nll":        lambda x: ROWS["nll"](rows(x), np.arange(len(rows(x))) % x.shape[-1]),
    "nll 2":      lambda x: ROWS["nll"](rows(x), rows(x).argmin(axis=1)),
    "first":      lambda x: x[0],
    "tail":       lambda x: x[1:],
    "reversed":   lambda x: x[::-1],
    "every 2nd":  lambda x: x[..., ::2],
    "picked":     lambda x: x[[0, -1, 0]],
    "masked":     lambda x: x[halves(x)],
    "largest":    lambda x: x[np.arange(len(x)), x.argmax(axis=1)],
    "sorted":     lambda x: x.reshape(-1)[np.argsort(x.reshape(-1))],
    "ones":       append_ones,
    "ones beside": lambda x: append_ones(x.T).T,
    "x @ x.T":    lambda x: x @ x.T,
    "outer":      lambda x: einsum("...i,...j->...ij", x, x),
    "twice":      lambda x: np.concatenate([x, x]),
    "there and back": lambda x: np.concatenate([x.tanh(), x.tanh()[::-1]], axis=-1),
    "and ones":   lambda x: np.concatenate([x, np.ones((1, *x.shape[1:]), x.dtype)]),
    "weighed":    lambda x: x * np.arange(1.0, 1 + x.shape[-1], dtype=x.dtype),
}
OF_TWO = {
    "+":          lambda x, y: x + y,
    "-":          lambda x, y: x - y,
    "*":          lambda x, y: x * y,
    "/":          lambda x, y: x / (y * y + 1),
    "**":         lambda x, y: (abs(x) + 0.5) ** y.tanh(),
    "maximum":    np.maximum,
    "hypot":      np.hypot,
    "where":      lambda x, y: np.where(x > y, x, y.tanh()),
    "clipped":    lambda x, y: np.clip(x, -abs(y), abs(y)),
    "@":          lambda x, y: x @ y,
    "x.T @ y":    lambda x, y: x.T @ y,
    "x @ y.T":    lambda x, y: x @ y.T,
    "side by side": lambda x, y: np.stack([x, y], axis=-1),
    "slope":      slope,
    "below":      lambda x, y: np.concatenate([x, y]),
    "beside":     lambda x, y: np.concatenate([x, y.exp(), x], axis=-1),
    "einsum":     lambda x, y: einsum("i...,i...->...", x, y),
}
# fmt: on
SHAPES = [(), (1,), (3,), (2, 3), (3, 3), (3, 1), (1, 3), (2, 2, 3), (0, 3), (17, 16)]


class Composition:
    """A function put together at random: each step works on what there is by then."""

    __name__ = "composition"

    def __init__(self, leaves, backward):
        self.leaves = leaves
        self.backward = backward  # without it, memory can be used again much earlier
        self.steps = []
        self.outputs = []

    @np.errstate(all="ignore")
    def step(self, values, name, places):
        return {**OF_ONE, **OF_AXES, **OF_TWO}[name](*(values[-1 - place] for place in places))

    @np.errstate(all="ignore")
    def __call__(self, *xs):
        values = [*self.leaves, *xs]
        for name, places in self.steps:
            values.append(self.step(values, name, places))
        outputs = [values[-1 - place] for place in self.outputs]
        if self.backward:
            sum((v * v).sum() for v in outputs).backward()
        return outputs, [x.grad for x in xs]

    def __repr__(self):
        return f"{[x.shape for x in self.leaves]} {self.steps} -> {self.outputs}, {self.backward}"


@st.composite
def compositions(draw, dtype):
    """A composition, and shapes for its arguments."""
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    some = st.lists(st.sampled_from(SHAPES), min_size=1, max_size=2)
    shapes = draw(some)
    leaves = [leaf(rng.normal(size=shape), dtype) for shape in draw(some)]
    function = Composition(leaves, backward=draw(st.booleans()))
    values = [*function.leaves, *(leaf(rng.normal(size=shape), dtype) for shape in shapes)]
    for _ in range(draw(st.integers(1, 14))):
        name = draw(st.sampled_from([*OF_ONE, *OF_AXES, *OF_TWO]))
        place = st.integers(0, min(len(values), 5) - 1)
        places = [draw(place) for _ in range(2 if name in OF_TWO else 1)]
        if name in OF_AXES and values[-1 - places[0]].ndim == 0:
            continue
        try:
            out = function.step(values, name, places)
        except (ValueError, IndexError, GradientError):
            continue  # these shapes do not meet, or y does not depend on x
        if out.ndim <= 3 and out.size <= 600 and out.requires_grad:
            values.append(out)
            function.steps.append((name, places))
    place = st.integers(0, min(len(values), 4) - 1)
    function.outputs = draw(st.lists(place, min_size=1, max_size=3))
    return function, shapes


def agrees_when_replayed(dtype, drawn, seed):
    function, shapes = drawn
    rng = np.random.default_rng(seed)
    sets = [[np.asarray(rng.normal(size=shape), dtype) for shape in shapes] for _ in range(3)]
    starts = [np.asarray(rng.normal(size=x.shape), dtype) for x in function.leaves]

    def begin():
        for x, start in zip(function.leaves, starts, strict=True):
            x.grad[...] = start

    for x in function.leaves:
        x.grad = np.empty_like(x)
    begin()
    program = record(function, *map(leaf, sets[0]))
    for k in (1, 2, 0, 1):  # so that what an earlier call left behind would show
        begin()
        found = program(*sets[k]), [x.grad.copy() for x in function.leaves]
        begin()
        expected = function(*map(leaf, sets[k])), [x.grad for x in function.leaves]
        for one, other in zip(found[0][0], expected[0][0], strict=True):
            same(one, other.data)
        for one, other in zip([*found[0][1], *found[1]], [*expected[0][1], *expected[1]], strict=True):
            if other is not None:
                same(one, other)
        for x in function.leaves:
            x.data *= -0.7


@settings(max_examples=250)
@given(compositions("float64"), st.integers(0, 1000))
def test_a_random_function_is_replayed_to_the_last_bit(drawn, seed):
    agrees_when_replayed("float64", drawn, seed)


@given(compositions("float32"), st.integers(0, 1000))
def test_a_random_function_of_float32_is_replayed_to_the_last_bit(drawn, seed):
    agrees_when_replayed("float32", drawn, seed)


def test_a_function_of_constants_agrees_to_rounding(rng):
    # Without a gradient the engine copies what is transposed, which sends BLAS another way
    def function(x):
        return [x.T @ x, (x @ x.T).sum(), x[0] @ x.T, softmax(x.T @ x, axis=0)]

    program = record(function, np.zeros((17, 19)))
    x = rng.normal(size=(17, 19))
    for found, expected in zip(program(x), function(Tensor(x)), strict=True):
        np.testing.assert_allclose(found, expected.data, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("dtype", "examples"),
    [("int64", [1, 2, 3]), ("int8", [1, 2, 3]), ("bool", [True, False, True]), ("float16", [1.0, 2.0, 3.0])],
)
def test_arrays_of_any_real_dtype_are_taken_and_keep_it(dtype, examples):
    def function(n):
        x = n.astype(float)
        return (
            n,
            n + n,
            n * 2,
            n / 2,
            n.sum(),
            n.mean(),
            n > 1,
            n[n.argmax()],
            np.where(n > 1, x, -x),
            n.max(),
        )

    program = record(function, np.array(examples, dtype))
    given = np.array([0, 1, 3], dtype)
    expected = function(Tensor(given))
    for found, one in zip(program(given), expected, strict=True):
        same(found, one.data if isinstance(one, Tensor) else one)


def test_numbers_go_in_and_come_out():
    program = record(lambda x, n: (x * n, n + 1), 1.0, 2)
    product, following = program(2.5, 4)
    assert (product, following) == (10, 5)
    assert (type(product), type(following)) == (np.float64, np.int64)
    assert program(np.float64(1), np.int64(3))[0] == program(np.array(1.0), np.array(3))[0] == 3


def test_results_come_in_lists_tuples_and_dicts_as_the_function_gave_them():
    Pair = namedtuple("Pair", "left right")

    def function(x):
        return {"pair": Pair(x + 1, [x * 2, (x,)]), "number": 3, "text": "as it is", "none": None}

    result = record(function, 0.0)(5.0)
    assert result == {"pair": Pair(6, [10, (5,)]), "number": 3, "text": "as it is", "none": None}
    assert type(result["pair"]) is Pair


def test_arrays_may_be_returned_as_well_as_tensors():
    program = record(lambda x: (x.data, x.argmax(), x > 0, np.sort(x.data)), [1.0, 2.0])
    data, place, positive, ordered = program([5.0, -3.0])
    assert (data.tolist(), place, positive.tolist()) == ([5, -3], 0, [True, False])
    assert ordered.tolist() == [-3, 5]


def test_a_function_may_have_no_arguments():
    w = leaf([1.0, 2.0])
    program = record(lambda: (w * w).sum())
    w.data += 1
    assert program() == 13


def test_functions_without_a_signature_or_a_name_are_recorded_too():
    class Double:
        def __call__(self, *xs):
            return [2 * x for x in xs]

    program = record(Double(), [1.0], 2.0)
    assert program([3.0], 4.0) == [[6], 8]
    assert str(program).startswith("Program of Double: 2 calls")
    assert record(np.tanh, [0.0])([0.0]).tolist() == [0]


# Gradients ----------------------------------------------------------------------------------------
# The function itself is given leaves, since it copies constants that it transposes, and BLAS may then round
# another way


def train(net, opt, step, sets):
    """Parameters and gradients after each of several steps."""
    seen = []
    for arrays in sets:
        step(*arrays)
        opt.step()
        seen.append((net.values.copy(), net.grads.copy()))
    return seen


def step_of(net, loss=losses.mse):
    def step(X, y):
        value = loss(net(X), y)
        net.zero_grad()
        value.backward()
        return value

    return step


OPTIMISERS = {
    "SGD": lambda net: optim.SGD(net, lr=0.1, momentum=0.9),
    "Adam": lambda net: optim.Adam(net, lr=0.05),
    "RMSprop": lambda net: optim.RMSprop(net, lr=0.01),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "gelu"])
@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_training_with_a_program_is_training_with_the_function(optimiser, activation, dtype, rng):
    net = Net(3, [20, 16, 2], activation, "linear", dtype=dtype)
    twin = copy.deepcopy(net)
    sets = [[np.asarray(rng.normal(size=(17, n)), dtype) for n in (3, 2)] for _ in range(6)]
    program = record(step_of(net), *sets[-1])
    found = train(net, OPTIMISERS[optimiser](net), program, sets)
    step = step_of(twin)
    expected = train(twin, OPTIMISERS[optimiser](twin), lambda X, y: step(leaf(X), y), sets)
    for one, other in zip(found, expected, strict=True):
        same(one[0], other[0])
        same(one[1], other[1])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy", "hinge", "huber", "mae"])
def test_every_loss_can_be_part_of_a_program(name, dtype, rng):
    net = Net(3, [5, 4], "tanh", "linear", dtype=dtype)
    X = np.asarray(rng.normal(size=(9, 3)), dtype)
    draw = {
        "cross_entropy": lambda: rng.integers(0, 4, 9),
        "binary_cross_entropy": lambda: np.asarray(rng.integers(0, 2, (9, 4)), dtype),
        "hinge": lambda: np.asarray(rng.choice([-1, 1], (9, 4)), dtype),
    }.get(name, lambda: np.asarray(rng.normal(size=(9, 4)), dtype))
    step = step_of(net, getattr(losses, name))
    program = record(step, X, draw())
    for _ in range(3):
        X, y = 2 * X, draw()
        loss, gradient = program(X, y), net.grads.copy()
        same(loss, step(leaf(X), y).data)
        same(gradient, net.grads)


def test_weights_of_rows_and_balanced_classes_are_those_of_each_call(rng):
    net = Net(3, [4], "linear")

    def step(X, y, weight):
        net.zero_grad()
        loss = losses.cross_entropy(net(X), y, sample_weight=weight, class_weight="balanced")
        loss.backward()
        return loss

    program = record(step, np.ones((5, 3)), np.arange(5) % 4, np.ones(5))
    for _ in range(3):
        arrays = rng.normal(size=(5, 3)), rng.integers(0, 4, 5), rng.uniform(1, 2, 5)
        loss, gradient = program(*arrays), net.grads.copy()
        same(loss, step(leaf(arrays[0]), *arrays[1:]).data)
        same(gradient, net.grads)


@pytest.mark.parametrize("weights", [{0: 2.0, 3: 5.0}, [1.0, 2.0, 3.0, 4.0]], ids=["dict", "list"])
def test_classes_may_have_weights_of_their_own(weights, rng):
    def loss(x, y):
        return losses.cross_entropy(x, y, class_weight=weights)

    program = record(loss, np.zeros((5, 4)), np.arange(5) % 4)
    x, y = rng.normal(size=(5, 4)), rng.integers(0, 4, 5)
    same(program(x, y), loss(Tensor(x), y).data)


def change_by_hand(net):
    net.params()[3].data = 7.5


def change_through_a_layer(net):
    net.layers[0].neurons[1].w = [1, 2, 3]
    net.layers[1].neurons[0].b = -3.0


def change_by_loading(net):
    net.load_state_dict({name: 2 * array + 1 for name, array in net.state_dict().items()})


def change_by_step(net):
    net.step(0.3)


def change_the_vector(net):
    net.values[...] = 0.25
    net.mark_changed()


@pytest.mark.parametrize(
    "change",
    [change_by_hand, change_through_a_layer, change_by_loading, change_by_step, change_the_vector],
    ids=lambda f: f.__name__,
)
def test_parameters_are_read_anew_however_they_were_changed(change, rng):
    net = Net(3, [4, 2], "tanh")
    X, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    step = step_of(net)
    program = record(step, X, y)
    before = program(X, y)
    change(net)
    loss, gradient = program(X, y), net.grads.copy()
    assert loss != before
    same(loss, step(leaf(X), y).data)
    same(gradient, net.grads)


def test_without_zero_grad_gradients_add_up(rng):
    net = Net(3, [4, 1], "tanh")
    X = rng.normal(size=(5, 3))
    program = record(lambda X: net(X).sum().backward(), X)
    assert not net.grads.any()  # recording leaves them as they were
    net.grads[...] = 1
    program(X)
    once = net.grads - 1
    program(X)
    np.testing.assert_allclose(net.grads, 1 + 2 * once, rtol=1e-12)
    net.zero_grad()
    net(X).sum().backward()
    np.testing.assert_allclose(once, net.grads, rtol=1e-12, atol=1e-14)


def test_gradients_set_to_0_last_are_0_afterwards(rng):
    net = Net(3, [2], "tanh")
    weights = net.matrices[0].tensor

    def step(X):
        net(X).sum().backward()
        gradient = weights.grad
        net.zero_grad()
        return gradient

    net.grads[...] = 1
    program = record(step, np.zeros((5, 3)))
    net.grads[...] = 1
    X = rng.normal(size=(5, 3))
    found = program(X)
    assert not net.grads.any()
    net(X).sum().backward()
    np.testing.assert_allclose(found, 1 + net.grads.reshape(2, 4), rtol=1e-12)


def test_a_layer_and_a_lone_neuron_are_recorded_as_nets_are(rng):
    X = rng.normal(size=(5, 3))
    for module in (autograd.Layer(3, 2, "tanh"), autograd.Neuron(3, "tanh")):
        step = step_of(module)
        program = record(step, np.ones((5, 3)), np.ones((5, module.n_out)))
        y = rng.normal(size=(5, module.n_out))
        loss, gradient = program(X, y), module.grads.copy()
        same(loss, step(leaf(X), y).data)
        same(gradient, module.grads)


def test_setting_part_of_a_matrix_to_0_is_refused_instead_of_forgotten():
    net = Net(3, [2], "tanh")
    neuron = net.layers[0].neurons[1]
    with pytest.raises(UnsupportedError, match=r"zero_grad\(\) of a Neuron cannot be recorded; call it on"):
        record(step_of(neuron), np.ones((5, 3)), np.ones((5, 1)))


def test_a_net_that_is_used_twice_gets_the_gradient_of_both(rng):
    net = Net(2, [3, 2], "tanh")

    def step(X):
        net.zero_grad()
        loss = ((net(net(X)) - net(-X)) ** 2).mean()
        loss.backward()
        return loss

    program = record(step, np.ones((4, 2)))
    X = rng.normal(size=(4, 2))
    loss, gradient = program(X), net.grads.copy()
    same(loss, step(leaf(X)).data)
    same(gradient, net.grads)


def test_two_nets_in_one_function_each_get_their_gradient(rng):
    one, other = Net(3, [4, 2], "relu", "linear"), Net(2, [3, 3], "tanh", dtype="float32")

    def step(X):
        one.zero_grad()
        other.zero_grad()
        loss = ((other(one(X)) - X.astype("float32")) ** 2).mean()
        loss.backward()
        return loss

    program = record(step, np.ones((5, 3)))
    for _ in range(3):
        X = rng.normal(size=(5, 3))
        loss, found = program(X), (one.grads.copy(), other.grads.copy())
        same(loss, step(leaf(X)).data)
        same(found[0], one.grads)
        same(found[1], other.grads)
        one.step(0.1)
        other.step(0.1)


def test_a_net_in_no_grad_is_read_anew_but_gets_no_gradient(rng):
    net = Net(3, [2], "tanh")

    def step(X):
        with no_grad():
            return net(X)

    program = record(step, np.ones((5, 3)))
    net.values *= 2
    net.mark_changed()
    X = rng.normal(size=(5, 3))
    same(program(X), net(leaf(X)).data)
    assert not net.grads.any()


class Cubic(Module):
    """A module of Tensors instead of Values."""

    def __init__(self):
        self.w, self.b = leaf([1.0, -2.0, 0.5]), leaf(0.25)

    def params(self):
        return [self.w, self.b]

    def __call__(self, x):
        return self.w[0] * x + self.w[1] * x**2 + self.w[2] * x**3 + self.b

    def zero_grad(self):
        for p in self.params():
            p.grad = np.zeros(p.shape)


def test_a_module_of_tensors_whose_grad_is_none_at_first(rng):
    cubic, twin = Cubic(), Cubic()
    X = rng.normal(size=9)
    program = record(lambda x: (cubic(x) ** 2).mean().backward(), np.ones(9))
    for times in (1, 2):
        program(X)
        (twin(Tensor(X)) ** 2).mean().backward()
        same(cubic.w.grad, twin.w.grad)
        same(cubic.b.grad, twin.b.grad)
        for p in (*cubic.params(), *twin.params()):
            p.data -= 0.1 * times


def test_a_module_of_tensors_that_sets_its_gradients_to_0(rng):
    cubic, twin = Cubic(), Cubic()

    def step(module, x):
        loss = (module(x) ** 2).mean()
        module.zero_grad()
        loss.backward()
        return loss

    program = record(lambda x: step(cubic, x), np.ones(9))
    for _ in range(3):
        X = rng.normal(size=9)
        same(program(X), step(twin, Tensor(X)).data)
        for p, q in zip(cubic.params(), twin.params(), strict=True):
            same(p.grad, q.grad)
            p.data -= 0.1 * p.grad
            q.data -= 0.1 * q.grad


def test_gradients_can_be_read_and_set_within_the_function(rng):
    w, v = leaf(rng.normal(size=3)), leaf(rng.normal(size=3))

    def step(x):
        w.grad, v.grad = np.ones(3), 2 * np.ones(3)
        (w * v * x).sum().backward()
        length = np.sqrt((w.grad**2).sum() + (v.grad**2).sum())
        w.grad = w.grad / length
        w.grad, v.grad = v.grad, w.grad
        return length, w.grad, v.grad

    w.grad, v.grad = np.zeros(3), np.zeros(3)
    program = record(step, np.zeros(3))
    for _ in range(2):
        x = rng.normal(size=3)
        found = program(x)
        same(w.grad, found[1])
        same(v.grad, found[2])
        a, b = 1 + v.data * x, 2 + w.data * x
        length = np.sqrt((a * a).sum() + (b * b).sum())
        np.testing.assert_allclose(found[0], length, rtol=1e-14)
        np.testing.assert_allclose(found[1], b, rtol=1e-14)
        np.testing.assert_allclose(found[2], a / length, rtol=1e-14)


def test_gradients_may_be_exchanged(rng):
    w, v = leaf(np.ones(3)), leaf(np.ones(3))

    def step(x):
        y = (w * v * x).sum()
        w.grad, v.grad = v.grad, w.grad
        return y

    w.grad, v.grad = [1, 2, 3], [4, 5, 6]
    program = record(step, np.ones(3))
    for first, second in (([4, 5, 6], [1, 2, 3]), ([1, 2, 3], [4, 5, 6])):
        program(np.ones(3))
        assert (w.grad.tolist(), v.grad.tolist()) == (first, second)


def test_two_tensors_with_the_same_gradient_get_one_each(rng):
    w, v = leaf(np.ones(3)), leaf(np.ones(3))
    program = record(lambda x: ((w + v) * x).sum().backward(), np.zeros(3))
    program([1.0, 2.0, 3.0])
    assert w.grad.tolist() == v.grad.tolist() == [1, 2, 3]
    w.grad[0] = 7
    assert v.grad.tolist() == [1, 2, 3]

    def step(x):
        w.grad = v.grad = None
        ((w + v) * x).sum().backward()

    program = record(step, np.zeros(3))
    program([1.0, 2.0, 3.0])
    assert w.grad.tolist() == v.grad.tolist() == [1, 2, 3]


def test_a_gradient_may_be_part_of_a_result_as_well():
    w = leaf(np.ones(3))

    def step(x):
        w.grad = None
        (w * x).sum().backward()
        return append_ones(w.grad * 1), np.concatenate([w.grad, x]), w.grad

    program = record(lambda x: step(x), np.zeros(3))
    for numbers in ([1, 2, 3], [4, 5, 6]):
        with_one, joined, gradient = program(numbers)
        assert w.grad.tolist() == gradient.tolist() == numbers
        assert (with_one.tolist(), joined.tolist()) == ([*numbers, 1], numbers * 2)


def test_a_gradient_read_before_backward_is_what_it_was_then():
    w = leaf(np.ones(3))

    def step(x):
        y = (w * x).sum()
        before = w.grad
        y.backward()
        return before, before[::-1], w.grad

    program = record(step, np.zeros(3))
    w.grad[...] = 1, 2, 3
    before, backwards, after = program([10.0, 10.0, 10.0])
    assert (before.tolist(), backwards.tolist(), after.tolist()) == ([1, 2, 3], [3, 2, 1], [11, 12, 13])


def test_zero_grad_reaches_what_the_function_does_not_use(rng):
    used, other = Net(2, [1], "tanh"), Net(2, [1], "tanh")

    def step(X):
        used.zero_grad()
        other.zero_grad()
        used(X).sum().backward()

    program = record(step, np.ones((3, 2)))
    other.grads[...] = 5
    program(np.ones((3, 2)))
    assert not other.grads.any()


@pytest.mark.parametrize("nothing", [lambda: None, lambda: np.zeros(3)], ids=["None", "zeros"])
def test_a_gradient_that_was_none_may_be_cleared_within_the_function(nothing):
    w = leaf(np.ones(3))

    def step(x):
        w.grad = nothing()
        (w * x).sum().backward()

    program = record(step, np.zeros(3))
    for _ in range(2):
        program([1.0, 2.0, 3.0])
        assert w.grad.tolist() == [1, 2, 3]


def test_parameters_returned_twice_are_those_of_this_call():
    w = leaf([1.0, 2.0])
    program = record(lambda x: (w, w, w.T), 0.0)
    for number in (5.0, 6.0):
        w.data[0] = number
        assert [x.tolist() for x in program(0.0)] == [[number, 2]] * 3


def test_a_detached_parameter_is_read_anew_too():
    w = leaf([1.0, 2.0])
    program = record(lambda x: x * w.detach() + w.numpy(), [1.0, 1.0])
    w.data[0] = 5
    assert program([1.0, 2.0]).tolist() == [10, 6]


@pytest.mark.parametrize("axis", [None, ()], ids=str)
def test_a_sum_of_nothing_but_itself_is_replayed(axis):
    shape = () if axis is None else (3,)
    w = leaf(np.ones(shape))
    program = record(lambda x: (w * x).sum(axis=axis).exp().sum().backward(), np.ones(shape))
    program(np.zeros(shape))
    program(np.ones(shape))
    np.testing.assert_allclose(w.grad, 0 + np.exp(1))


# Inputs and results -------------------------------------------------------------------------------


def test_results_are_the_callers_own():
    w = leaf([1.0, 2.0])
    program = record(lambda x: (x, 2 * x, (2 * x).T, w, w * x, np.broadcast_to(x, (2, 2))), [0.0, 0.0])
    first = program([1.0, 2.0])
    kept = [array.copy() for array in first]
    second = program([5.0, 6.0])
    for array, before in zip(first, kept, strict=True):
        same(array, before)
    for array in (*first, *second):
        array += 100  # they can be written
    for array, before in zip(program([1.0, 2.0]), kept, strict=True):
        same(array, before)
    assert w.tolist() == [1, 2]


def test_what_the_caller_does_with_examples_and_arguments_is_no_concern_of_the_program():
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    program = record(lambda x, y: x * y, x, y)
    x[...] = 100
    assert program().tolist() == [3, 8]
    program(x, y)
    x[...], y[...] = 7, 7
    assert program().tolist() == [300, 400]
    assert program.inputs[0] is not x


def test_inputs_may_be_written_in_place_and_not_passed():
    program = record(lambda x, y: x - 2 * y, [[1.0, 2.0]], [3.0, 4.0])
    assert [x.tolist() for x in program.inputs] == [[[1, 2]], [3, 4]]
    x, y = program.inputs
    x[...] = 10
    assert program().tolist() == [[4, 2]]
    y[:] = 1, 2
    program.run()
    assert program.outputs.tolist() == [[8, 6]]
    assert program(x, y).tolist() == [[8, 6]]


def test_inputs_may_be_passed_in_another_order():
    program = record(lambda x, y: x - 2 * y, [1.0], [10.0])
    x, y = program.inputs
    assert program(y, x).tolist() == [8]


def test_outputs_of_one_call_may_be_the_input_of_the_next():
    program = record(lambda x: x * 2 + 1, [0.0, 1.0])
    program([0.0, 1.0])
    for _ in range(3):
        program(program.outputs)
    assert program.outputs.tolist() == [15, 31]


def test_arrays_and_tensors_without_gradient_from_outside_are_constants():
    array, constant = np.array([1.0, 2.0]), Tensor([3.0, 4.0])
    index = np.array([1, 0])
    program = record(lambda x: x[index] * array + constant, [0.0, 0.0])
    array[0], index[...] = 100, 0
    constant.data[0] = 100
    assert program([5.0, 6.0]).tolist() == [9, 14]


def test_constants_that_are_returned_stay_what_they_were():
    array, constant = np.array([1.0, 2.0]), Tensor([3.0, 4.0])
    program = record(lambda x: (x, array, constant), 0.0)
    array[0], constant.data[0] = 100, 100
    assert [r.tolist() for r in program(1.0)] == [1, [1, 2], [3, 4]]


def test_a_buffer_that_the_function_reuses_counts_as_it_was_at_each_use():
    def function(x):
        buffer = np.ones(3)
        first = x * buffer
        buffer *= 2
        return first + x * buffer

    program = record(function, np.ones(3))
    assert program([1.0, 2.0, 3.0]).tolist() == [3, 6, 9]


@pytest.mark.parametrize("function", [lambda x: x + [1.0, 2.0], lambda x: np.maximum([1.0, 2.0], x)])
def test_lists_among_the_operands_are_arrays(function):
    x = np.array([5.0, 1.0])
    same(record(function, [0.0, 0.0])(x), function(Tensor(x)).data)


def test_a_condition_need_not_be_boolean():
    program = record(lambda x, y: np.where(x, y, 0.0), [1.0, 0.0], [1.0, 1.0])
    assert program([0.0, 2.0], [5.0, 6.0]).tolist() == [0, 6]


def test_a_mask_may_look_at_what_it_chooses_from(rng):
    def function(x, y):
        mask = x > 0
        return x * np.where(mask.T, y > 0, mask)

    x, y = rng.normal(size=(2, 9, 9))
    same(record(function, x, x)(x, y), function(Tensor(x), Tensor(y)).data)


def test_joined_arrays_keep_their_dtypes_apart():
    def function(n, m, x):
        n = 3 * n
        return np.concatenate([n, m, x]), n // 2, n

    arrays = np.array([1, 2]), np.array([3, 4], "float32"), np.array([5.0, 6.0])
    program = record(lambda n, m, x: function(n.data, m.data, x.data), *arrays)
    assert [x.dtype for x in program.inputs] == ["int64", "float32", "float64"]
    for found, expected in zip(program(*arrays), function(*arrays), strict=True):
        same(found, expected)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([np.ones((2, 3))], r"float64 \(2, 3\), float64 \(3,\), and got float64 \(2, 3\); record it again"),
        ([np.ones((2, 3)), np.ones(4)], r"and got float64 \(2, 3\), float64 \(4,\); record"),
        ([np.ones((2, 3)), np.ones((3, 1))], r"and got float64 \(2, 3\), float64 \(3, 1\); record"),
        ([np.ones((2, 3)), np.ones(3, "float32")], r"and got float64 \(2, 3\), float32 \(3,\); record"),
        ([np.ones((2, 3), int), np.ones(3)], r"and got int64 \(2, 3\), float64 \(3,\); record"),
        ([np.ones((2, 3)), np.ones(3), 1.0], r"and got float64 \(2, 3\), float64 \(3,\), float64 \(\)"),
        ([np.ones((2, 3)), 1.0], r"and got float64 \(2, 3\), float64 \(\); record"),
        ([np.ones((2, 3)), ["a", "b", "c"]], r"and got float64 \(2, 3\), <U1 \(3,\)"),
        ([np.ones((2, 3)), [1j, 2, 3]], r"and got float64 \(2, 3\), complex128 \(3,\)"),
    ],
)
def test_other_shapes_and_dtypes_are_refused_with_both_in_the_message(arrays, message):
    def area(x, y):
        return x * y

    program = record(area, np.ones((2, 3)), np.ones(3))
    with pytest.raises(ShapeError, match=rf"^the Program of area was recorded for .*{message}"):
        program(*arrays)
    same(program(), np.ones((2, 3)))  # the inputs are as they were


def test_lists_and_numbers_have_the_dtype_that_is_wanted():
    for dtype in ("float64", "float32"):
        program = record(lambda x: x / 2, np.ones(2, dtype))
        for numbers in ([1, 2], (1.0, 2.0), [True, 2]):
            same(program(numbers), np.array([0.5, 1], dtype))
    with pytest.raises(ShapeError, match=r"recorded for int64 \(2,\), and got float64 \(2,\)"):
        record(lambda x: x, [1, 2])([1.5, 2.5])


def test_a_tensor_with_a_gradient_is_refused_since_that_would_be_lost():
    program = record(lambda x: x * 2, [1.0])
    for x in (leaf([1.0]), leaf([1.0]) * 2):
        with pytest.raises(RecordingError, match=r"a Tensor that wants a gradient, which a Program does not"):
            program(x)
    assert program(Tensor([3.0])).tolist() == [6]


@pytest.mark.parametrize("example", ["text", [object()], None, 1j, {"a": 1}])
def test_examples_have_to_be_real_numbers(example):
    with pytest.raises(UnsupportedError, match=r"^record\(\) wants examples of real numbers, got "):
        record(lambda x: x, example)


def test_a_captured_tensor_whose_array_was_replaced_is_an_error_until_it_is_recorded_again():
    def product(x):
        y = (w * x).sum()
        y.backward()
        return y

    w = leaf([1.0, 2.0])
    program = record(product, [1.0, 1.0])
    gradient = w.grad
    w.grad = [0.0, 0.0]
    with pytest.raises(RecordingError, match=r"^product was .* of shape \(2,\) whose grad has been replaced"):
        program([1.0, 1.0])
    assert w.grad.tolist() == gradient.tolist() == [0, 0]
    program = record(product, [1.0, 1.0])
    w.data = [3.0, 4.0]
    with pytest.raises(RecordingError, match=r"whose data has been replaced .* change it in place, t.data"):
        program([1.0, 1.0])
    assert record(product, [1.0, 1.0])([1.0, 1.0]) == 7


def test_a_program_outlives_the_tensors_that_it_reads(rng):
    w = leaf([1.0, 2.0])
    program = record(lambda x, w=w: w * x, [1.0, 1.0])
    del w
    gc.collect()
    assert program([3.0, 4.0]).tolist() == [3, 8]


# What cannot be recorded --------------------------------------------------------------------------

HERE = np.zeros(3)
OUTSIDE = leaf([1.0, 2.0, 3.0]) * 2


def added_in_place(x):
    a = np.zeros(3)
    a += x.data
    return x


def changed_in_place(x):
    data = x.data
    data *= 2
    return x


def written_into(x):
    x.data[0] = 1


# fmt: off
REFUSED = {
    "a += traced":     (added_in_place, r"^numpy\.add\(out=\.\.\.\) and operators such as \+= cannot"),
    "traced *= 2":     (changed_in_place, r"^numpy\.multiply\(out=\.\.\.\) and operators such as \+= cannot"),
    "out=":            (lambda x: np.exp(x.data, out=HERE), r"^numpy\.exp\(out=.*; write a = a \+ b"),
    "out= of a sum":   (lambda x: np.sum(x.data, axis=0, out=HERE[0]), r"^numpy\.add\.reduce\(out="),
    "out=traced":      (lambda x: np.add(HERE, 1, out=x.data), r"^numpy\.add\(out=\.\.\.\)"),
    "asarray":         (lambda x: np.asarray(x.data), "cannot be used in a recorded function|a plain one"),
    "array":           (lambda x: np.array(x.data), "cannot be used in a recorded function|a plain one"),
    "array of one":    (lambda x: np.array([x.data[0], 1.0]) + np.array(x.data), "recorded function"),
    "assigned to a slice": (lambda x: HERE.__setitem__(slice(None), x.data), "recorded function"),
    "sort()":          (lambda x: x.data.sort(), "an array's 'sort' cannot be used in a recorded function"),
    "view()":          (lambda x: x.data.view("i8"), "an array's 'view' cannot be used"),
    "nonzero()":       (lambda x: np.nonzero(x), r"^nonzero\(\) gives several arrays and cannot be recorded"),
    "split()":         (lambda x: np.split(x.data, 3), r"split\(\) gives several arrays"),
    "modf()":          (lambda x: np.modf(x.data), r"^modf\(\) gives several arrays and cannot be recorded"),
    "frexp()":         (lambda x: np.frexp(x.data)[0], r"^frexp\(\) gives several arrays"),
    "one from outside": (lambda x: x * OUTSIDE, r"of shape \(3,\) that was computed before .*t\.detach"),
    "its numbers":     (lambda x: x * OUTSIDE.data, r"of shape \(3,\) that was computed before"),
    "out= of another": (lambda x: np.cumsum(x.data, out=HERE), "out="),
    "what is outside": (lambda x: OUTSIDE.sum().backward(), "computed before"),
}
# fmt: on


@pytest.mark.parametrize(("function", "message"), REFUSED.values(), ids=REFUSED)
def test_what_a_replay_could_not_repeat_is_refused(function, message):
    with pytest.raises(UnsupportedError, match=message):
        record(function, [1.0, 2.0, 3.0])
    assert HERE.tolist() == [0, 0, 0]
    assert OUTSIDE.tolist() == [2, 4, 6]


def test_writing_into_an_array_of_the_recording_is_refused():
    with pytest.raises(TypeError, match="does not support item assignment"):
        record(written_into, [1.0, 2.0])


def test_the_constant_that_the_error_recommends_works():
    y = leaf([1.0, 2.0]) * 2
    constant = y.detach()
    assert record(lambda x: x * constant, [0.0, 0.0])([5.0, 6.0]).tolist() == [10, 24]


# fmt: off
OUTER = (UnsupportedError, r"changes what is outside of the recorded function, which a Program does not;")
CHANGES = {
    "opt.step()":        OUTER,
    "net.step(0.1)":     OUTER,
    "p.data = 3.0":      OUTER,
    "p.data -= 0.1":     OUTER,
    "p.grad = 0.0":      OUTER,
    "net.load_state_dict(state)": OUTER,
    "net.layers[0].neurons[0].b = 3": OUTER,
    "clip_gradient(net, 1.0)": OUTER,
    "net.step(0.1); t.data = [5.0, 5.0]": OUTER,
    "t.data = [5.0, 5.0]": (UnsupportedError, r"^a recorded function cannot assign to a Tensor's data"),
    "c.data = [5.0, 5.0]": (UnsupportedError, r"^a recorded function cannot assign to a Tensor's data"),
    "t.data -= 0.1 * t.grad": (UnsupportedError, r"^numpy\.subtract\(out=\.\.\.\)"),
    "t.grad += 1":       (UnsupportedError, r"^numpy\.add\(out=\.\.\.\)"),
    "c.data -= 1":       (ValueError, r"read-only"),
    "net(x); net.values[...] = 0": (RecordingError, r"^function\(\) changes parameters"),
}
# fmt: on


@pytest.mark.parametrize("used", [lambda net, x: net(x), lambda net, x: x * 2], ids=["before", "not at all"])
@pytest.mark.parametrize(("change", "error", "message"), [(k, *v) for k, v in CHANGES.items()], ids=CHANGES)
def test_parameters_changed_while_recording_are_an_error_and_as_before(change, error, message, used):
    net, t, c = Net(2, [2], "tanh"), leaf([1.0, 2.0]), Tensor([3.0, 4.0])
    t.grad, net.grads[...] = [1.0, 1.0], 1
    names = {
        "net": net,
        "t": t,
        "c": c,
        "p": net.params()[0],
        "opt": optim.SGD(net, lr=0.1),
        "state": {name: array + 1 for name, array in net.state_dict().items()},
        "clip_gradient": optim.clip_gradient,
    }

    def function(x):
        y = used(net, x * t)
        exec(change, {}, {**names, "x": x})
        return y

    before = net.values.copy()
    with pytest.raises(error, match=message):
        record(function, np.ones((4, 2)))
    same(net.values, before)
    assert (t.tolist(), c.tolist()) == ([1, 2], [3, 4])
    loss = net(np.ones((4, 2))).sum()
    loss.backward()  # the parameters can be used as before


def test_a_graph_over_parameters_that_were_changed_and_put_back_cannot_go_backward():
    net = Net(2, [2], "tanh")
    kept = []

    def function(x):
        kept.append(net(x))
        net.values[...] = 0
        return kept[0]

    early = net(np.ones((4, 2))).sum()
    with pytest.raises(RecordingError):
        record(function, np.ones((4, 2)))
    with pytest.raises(GradientError, match="has been changed since"):
        early.backward()


def test_an_exception_in_the_function_passes_through_and_leaves_nothing_behind():
    net, t = Net(2, [2], "tanh"), leaf([1.0, 2.0])

    def function(x):
        (net(x) * t).sum().backward()
        raise KeyError("of mine")

    for _ in range(2):
        with pytest.raises(KeyError, match="of mine"):
            record(function, np.ones((4, 2)))
        assert recording.trace is None
        assert not net.grads.any()
    assert t.grad is None
    (net(np.ones((4, 2))) * t).sum().backward()
    found = net.grads.copy(), t.grad.copy()
    net.zero_grad()
    t.grad = None
    program = record(lambda x: (net(x) * t).sum().backward(), np.ones((4, 2)))
    program()
    same(net.grads, found[0])
    same(t.grad, found[1])


def test_recording_leaves_gradients_as_they_were():
    net = Net(2, [2], "tanh")
    net.grads[...] = 3
    record(step_of(net), np.ones((4, 2)), np.ones((4, 2)))
    assert (net.grads == 3).all()


def test_a_function_that_is_recorded_within_another_is_one_of_its_own():
    def outer(x):
        inner = record(lambda y: y * 3, np.zeros(2))
        return x * 2 + inner([1.0, 2.0])

    assert record(outer, [0.0, 0.0])([10.0, 20.0]).tolist() == [23, 46]


def test_a_program_called_with_what_is_recorded_is_an_error():
    inner = record(lambda y: y * 3, np.zeros(2))
    with pytest.raises(UnsupportedError, match="recorded function"):
        record(lambda x: Tensor(inner(x)), np.zeros(2))


# Looking at numbers -------------------------------------------------------------------------------

# fmt: off
LOOKS = {
    "if x.sum() > 0":     ("bool()",   lambda x: x if x.sum() > 0 else -x),
    "if x.any()":         ("bool()",   lambda x: x if bool(np.any(x > 0)) else -x),
    "if (x > 0).all()":   ("bool()",   lambda x: x if (x.data > 0).all() else -x),
    "x.item()":           ("item()",   lambda x: x * x.sum().item()),
    "float(x)":           ("float()",  lambda x: x * float(x.sum())),
    "int(x)":             ("int()",    lambda x: x * int(x.sum())),
    "x.tolist()":         ("tolist()", lambda x: x * x.tolist()[0]),
    "max of two":         ("bool()",   lambda x: x * max(x[0], x[1])),
    "format(x)":          ("item()",   lambda x: x * len(f"{x.sum():.1f}")),
    "an index of Python": ("an index", lambda x: [x, -x][x.argmax()]),
    "allclose":           ("allclose()", lambda x: x if np.allclose(x, 0) else -x),
    "array_equal":        ("array_equal()", lambda x: x if np.array_equal(x, -x) else -x),
}
# fmt: on


@pytest.mark.parametrize(("how", "function"), LOOKS.values(), ids=LOOKS)
def test_a_function_that_looks_at_numbers_is_warned_about_with_file_and_line(how, function):
    line = function.__code__.co_firstlineno
    where = rf"looked at numbers .*\({re.escape(how)} at {re.escape(__file__)}:{line}[),]"
    with pytest.warns(RecordingWarning, match=where) as caught:
        program = record(function, [1.0, 2.0])
    assert (len(caught), caught[0].filename) == (1, __file__)
    same(program([1.0, 2.0]), function(Tensor([1.0, 2.0])).data)


def test_a_look_at_a_parameter_is_one_too():
    w = leaf([2.0])
    with pytest.warns(RecordingWarning, match=r"\(bool\(\) at .*, item\(\) at .*"):
        record(lambda x: x * w.item() if w > 1 else x, [1.0])


def test_a_look_from_inside_a_net_is_that_of_the_activation(rng):
    def activation(x):
        return x if x.sum() > 0 else -x

    net = Net(2, [3], activation)
    line = activation.__code__.co_firstlineno + 1
    with pytest.warns(RecordingWarning, match=rf"bool\(\) at {re.escape(__file__)}:{line}\)"):
        record(lambda x: net(x), np.ones((4, 2)))


def test_shapes_may_be_looked_at_without_a_warning():
    def function(x):
        assert len(x) == x.shape[0] == np.size(x, 0) == 2
        assert (x.ndim, x.size, x.dtype, np.ndim(x)) == (2, 6, float, 2)
        assert np.shape(x) == np.shape(x.data) == (2, 3)
        assert "Tensor" in repr(x)
        return sum(row for row in x)

    assert record(function, np.zeros((2, 3)))([[1, 2, 3], [4, 5, 6]]).tolist() == [5, 7, 9]


def test_check_tells_when_a_branch_goes_another_way_and_does_not_warn():
    def magnitude(x):
        if x.sum() < 0:
            return -x
        return x

    program = record(magnitude, [1.0, 2.0], check=True)
    assert program([3.0, -2.0]).tolist() == [3, -2]
    message = r"^the Program of magnitude gives another result than the function itself does now: .*branches"
    with pytest.raises(RecordingError, match=message):
        program([-3.0, 2.0])
    assert program([5.0, 6.0]).tolist() == [5, 6]


def test_check_tells_when_a_gradient_is_another(rng):
    net = Net(3, [4, 1], "tanh")
    factor = 1.0

    def step(X):
        net.zero_grad()
        loss = net(X).sum()
        (factor * loss).backward()
        return loss

    X = rng.normal(size=(5, 3))
    program = record(step, X, check=True)
    program(X)
    factor = 2.0
    with pytest.raises(RecordingError, match="the Program of step gives another gradient than the function"):
        program(X)
    factor = 1.0
    program(X)


def test_check_tells_when_results_come_in_another_shape_or_number():
    for other in (lambda x: x[:1], lambda x: (x, x), lambda x: None):
        kind = [lambda x: x, other]
        program = record(lambda x, kind=kind: kind[0](x), [1.0, 2.0], check=True)
        program([3.0, 4.0])
        kind.reverse()
        with pytest.raises(RecordingError, match="another result"):
            program([3.0, 4.0])


@pytest.mark.parametrize("zero", [True, False])
def test_a_checked_call_leaves_what_an_unchecked_one_does(zero, rng):
    net, t = Net(3, [4, 2], "tanh"), leaf([1.0, 2.0])

    def step(X):
        if zero:
            net.zero_grad()
        loss = (net(X) * t).sum()
        loss.backward()
        return {"loss": loss, "number": 3}

    X = rng.normal(size=(5, 3))
    found = []
    for check in (False, True):
        program = record(step, X, check=check)
        net.grads[...] = 1
        t.grad[...] = 2
        result = program(2 * X)
        found.append((result["loss"], net.grads.copy(), t.grad.copy()))
        gradient = t.grad
        program(X)
        assert t.grad is gradient
    for one, other in zip(*found, strict=True):
        same(one, other)


def test_check_lets_an_error_of_the_function_pass(rng):
    net = Net(3, [2], "tanh")
    fail = False

    def step(X):
        if fail:
            raise KeyError("of mine")
        net(X).sum().backward()

    X = np.ones((5, 3))
    program = record(lambda X: [step(X), net(X)][1], X, check=True)
    fail = True
    with pytest.raises(KeyError, match="of mine"):
        program(X)
    fail = False
    program(X)


def test_check_agrees_on_nan_and_rounding_and_not_on_more():
    program = record(lambda x: np.log(x), [1.0], check=True)
    with np.errstate(all="ignore"):
        assert np.isnan(program([-1.0]))
    factor = 1.0
    program = record(lambda x: x * factor, [1.0], check=True)
    factor = 1 + 1e-12
    program([3.0])
    factor = 1 + 1e-6
    with pytest.raises(RecordingError, match="another result"):
        program([3.0])


def test_check_works_for_functions_that_give_nothing_or_text():
    w = leaf([1.0, 2.0])
    program = record(lambda x: (w * x).sum().backward(), [1.0, 2.0], check=True)
    program([3.0, 4.0])
    assert w.grad.tolist() == [3, 4]
    assert record(lambda x: {"x": x, "name": "text"}, 1.0, check=True)(2.0) == {"x": 2, "name": "text"}


def test_a_checked_function_may_clear_gradients():
    w = leaf([1.0, 2.0])

    def step(x):
        w.grad = None
        (w * x).sum().backward()

    program = record(step, [1.0, 2.0], check=True)
    gradient = w.grad
    for numbers in ([3, 4], [5, 6]):
        program(numbers)
        assert w.grad is gradient
        assert gradient.tolist() == numbers


def test_check_works_for_gradients_of_the_arguments():
    program = record(lambda x: gradients((x**3).sum(), [x])[0], leaf([1.0, 2.0]), check=True)
    assert program([2.0, 3.0]).tolist() == [12, 27]


# What numbers decide ------------------------------------------------------------------------------

LABELS = {
    "cross_entropy": (np.array([0, 3, 1]), [np.array([0, 4, 1]), np.array([-1, 0, 0])], "labels from 0 to 3"),
    "binary_cross_entropy": (np.eye(3, 4), [np.full((3, 4), 0.5), np.full((3, 4), np.nan)], "labels 0 or 1"),
    "hinge": (2 * np.eye(3, 4) - 1, [np.zeros((3, 4))], "labels -1 or 1"),
}


@pytest.mark.parametrize(("name", "good", "bad", "message"), [(k, *v) for k, v in LABELS.items()], ids=LABELS)
def test_labels_are_checked_at_each_call_before_anything_changes(name, good, bad, message, rng):
    net = Net(2, [4], "linear")
    X = rng.normal(size=(3, 2))
    program = record(step_of(net, getattr(losses, name)), X, good)
    loss, gradient = program(X, good), net.grads.copy()
    for labels in bad:
        with pytest.raises(DataError, match=rf"^{name}\(\) wants {message}"):
            program(10 * X, labels)
        same(net.grads, gradient)
    same(program(X, good), loss)


def test_weights_are_checked_at_each_call():
    program = record(lambda x, w: losses.mse(x, np.zeros(3), sample_weight=w), np.ones(3), np.ones(3))
    assert program([1.0, 2.0, 3.0], [1.0, 0.0, 1.0]) == 5
    for weights in ([1, -1, 1], [0, 0, 0], [np.nan, 1, 1]):
        with pytest.raises(DataError, match="weights must be finite and 0 or more"):
            program([1.0, 2.0, 3.0], weights)


def test_all_checks_come_before_anything_changes(rng):
    one, other = Net(2, [4], "linear"), Net(2, [4], "linear")

    def step(X, y):
        for net in (one, other):
            net.zero_grad()
        (one(X) ** 2).sum().backward()
        losses.cross_entropy(other(X), y).backward()

    X = rng.normal(size=(3, 2))
    program = record(step, X, np.zeros(3, int))
    program(X, [0, 1, 2])
    before = one.grads.copy()
    with pytest.raises(DataError):
        program(2 * X, [0, 1, 9])
    same(one.grads, before)


def test_a_shape_that_depends_on_numbers_is_an_error_and_not_another_number():
    program = record(lambda x: x[x.data > 0].sum(), [1.0, -2.0, 3.0])
    assert program([-1.0, 5.0, 6.0]) == 11  # as many as when it was recorded
    message = r"^with these numbers getitem\(\) gives shape \(3,\), where it gave \(2,\) when it was recorded"
    with pytest.raises(ShapeError, match=message):
        program([1.0, 2.0, 3.0])
    with pytest.raises(ShapeError, match=r"gives shape \(1,\)"):
        program([-1.0, -2.0, 3.0])
    assert program([2.0, 3.0, -1.0]) == 5
    program = record(lambda x: Tensor(np.unique(x.data)), [1.0, 2.0, 2.0])
    assert program([4.0, 4.0, 3.0]).tolist() == [3, 4]
    with pytest.raises(ShapeError, match=r"unique\(\) gives shape \(3,\), where it gave \(2,\)"):
        program([1.0, 2.0, 3.0])


def test_what_is_decided_within_arrays_follows_the_numbers():
    w = leaf([1.0, 10.0, 100.0])

    def function(x, k):
        chosen = np.where(x > 0, x, -2 * x) * w[k]
        return chosen[chosen.argmax()], x[np.argsort(x)], np.count_nonzero(x), x.clip(k.min(), k.max())

    program = record(function, [1.0, 2.0, 3.0], [0, 1, 2])
    for x, k in (([-1.0, 0.0, 0.5], [0, 0, 1]), ([3.0, -2.0, 1.0], [2, 1, 0])):
        expected = function(Tensor(x), Tensor(k))
        for found, one in zip(program(x, k), expected, strict=True):
            same(found, one.data if isinstance(one, Tensor) else np.asarray(one))


def test_a_product_that_was_recorded_without_zeros_is_right_with_them():
    program = record(lambda x: gradients(x.prod(axis=1).sum(), [x])[0], leaf([[2.0, 3.0, 5.0]]))
    assert program([[2.0, 0.0, 3.0]]).tolist() == [[0, 6, 0]]
    assert program([[0.0, 0.0, 3.0]]).tolist() == [[0, 0, 0]]


# Memory and calls ---------------------------------------------------------------------------------


def chain(x, n=40):
    for _ in range(n):
        x = np.sin(1.01 * x) + 0.5
    return x.sum()


def test_a_chain_of_elementwise_calls_needs_one_array():
    x = np.ones((50, 60))
    program = record(chain, x)
    assert len(program) == len(program.calls) == 3 * 40 + 1
    assert program.nbytes <= 2 * x.nbytes + 64  # one of them is for the input
    assert program(x) == chain(Tensor(x)).item()


@pytest.mark.usefixtures("tanh_of_many")
@pytest.mark.parametrize("shape", [(3, 499), (3, 500), (90, 100), (3, 9000)])
def test_tanh_of_many_is_the_same_in_a_program_wherever_it_stands(rng, shape):
    def function(x):
        y = x.tanh()
        beside = np.concatenate([y.T, (2 * x).tanh().T], axis=1)  # written in columns
        return y, (x.T + 0).tanh(), append_ones(x.T.tanh()), beside, x[::2, ::-1].tanh()

    x, other = rng.normal(size=(2, *shape))
    program = record(function, other)
    for found, expected in zip(program(x), function(Tensor(x)), strict=True):
        np.testing.assert_array_equal(found, expected.data)
    np.testing.assert_allclose(program(x)[0], np.tanh(x), rtol=1e-15)


@pytest.mark.usefixtures("tanh_of_many")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sizes", [(64, [1]), (3, [1, 2]), (2, [5, 1])])
def test_a_net_gives_the_same_bits_recorded_and_by_hand(rng, sizes, dtype):
    net = Net(*sizes, "tanh", "linear", dtype=dtype)
    for rows in (1, 2, 50, 300):
        x = rng.normal(size=(rows, sizes[0])).astype(dtype)
        by_hand = net(Tensor(x)).data
        np.testing.assert_array_equal(record(net, x)(x), by_hand)
        np.testing.assert_array_equal(net.predict(x), by_hand)
        np.testing.assert_array_equal(net.predict(x), by_hand)  # now by a Program


def test_memory_is_used_again_also_by_arrays_of_other_shapes(rng):
    def function(x):
        for _ in range(20):
            y = (x @ x.T).tanh() @ x
            x = y + y[::-1]
            x = np.exp(-x[:, :20]) @ np.sin(x[10:]) * 0.01
        return x

    x = rng.normal(size=(30, 40)) / 100
    program = record(function, x)
    everything = 20 * (2 * 30 * 30 + 2 * 30 * 40) * 8
    assert program.nbytes < everything / 8
    same(program(x), function(leaf(x)).data)


def test_what_is_needed_later_is_not_overwritten(rng):
    def function(x):
        early = np.sin(x)
        late = np.exp(early) + 1
        return early, late, early * late, late - 1

    x = rng.normal(size=(5, 6))
    program = record(function, x)
    for found, expected in zip(program(2 * x), function(Tensor(2 * x)), strict=True):
        same(found, expected.data)


def test_calls_that_nobody_needs_are_dropped():
    def function(x):
        np.exp(x) @ np.ones(3)
        np.sin(x).sum()
        return 2 * x

    program = record(function, np.zeros((2, 3)))
    assert len(program) == 1
    assert program.nbytes == 64 + 48  # what it makes, in whole cache lines, and its input


def test_repeated_calls_count_once():
    program = record(lambda x: np.exp(x) + np.exp(x) * np.exp(x) + x.exp().T.T, np.zeros((2, 3)))
    assert len(program) == 4
    same(program(np.ones((2, 3))), np.full((2, 3), np.exp(1) + np.exp(1) * np.exp(1) + np.exp(1)))


def test_calls_with_other_options_or_numbers_are_not_repetitions():
    def function(x):
        axes = x.sum(axis=0), x.sum(axis=1), x.sum(axis=0, keepdims=True), x.sum()
        zeros = x * 0.0, x * -0.0, x * 0
        kinds = x * 1, x * True, x.astype("float32"), x.astype("float16")
        return *axes, *zeros, *kinds, x[1], x[True], x[1:], x[1:2], x[1::2], x[None, 1]

    x = -np.arange(1.0, 17.0).reshape(4, 4)
    program = record(function, 0 * x)
    for found, expected in zip(program(x), function(Tensor(x)), strict=True):
        same(found, expected.data)


def test_views_are_no_calls():
    def function(x):
        y = x.T.swapaxes(0, 1).reshape(6)[::2][None]
        return y.T, np.broadcast_to(y, (4, 3)), np.squeeze(y), x[1], x[..., None]

    program = record(function, np.zeros((2, 3)))
    assert len(program) == 0
    x = np.arange(6.0).reshape(2, 3)
    for found, expected in zip(program(x), function(Tensor(x)), strict=True):
        same(found, expected.data)


def test_what_does_not_depend_on_arguments_is_computed_once():
    array, constant = np.arange(3.0), Tensor([1.0, 2.0, 3.0])
    made = []

    def function(x):
        made.append(1)
        return x * (np.exp(array) + constant.tanh()).sum() + softmax(constant)

    program = record(function, np.zeros(3))
    assert len(program) == 2
    same(program([1.0, 2.0, 3.0]), function(Tensor([1.0, 2.0, 3.0])).data)
    assert len(made) == 2


def test_the_row_of_ones_is_written_once():
    net = Net(3, [4, 5, 2], "relu", "linear")
    program = record(lambda X: net(X), np.zeros((6, 3)))
    assert len(program) == 5  # three products and two maxima
    X = np.arange(18.0).reshape(6, 3)
    for _ in range(2):
        same(program(X), net(leaf(X)).data)
    assert program.inputs[0].shape == (6, 3)
    assert len(record(lambda h: append_ones(np.exp(h)), np.zeros((2, 3)))) == 1
    twice = record(lambda h: append_ones(append_ones(h)) * 2, np.zeros((2, 3)))
    assert twice(np.ones((2, 3))).tolist() == [[2, 2, 2]] * 4


def test_ones_below_what_is_read_elsewhere_too(rng):
    def function(x):
        y = x.tanh()
        ones = append_ones(y)
        return ones @ ones.T, y * 2, append_ones(y), append_ones(y[:1]), append_ones(x), append_ones(x.T), x

    x = rng.normal(size=(4, 3))
    program = record(function, np.zeros((4, 3)))
    for _ in range(2):
        for found, expected in zip(program(x), function(leaf(x)), strict=True):
            same(found, expected.data)


def test_gradients_are_written_right_where_they_belong():
    net = Net(3, [4, 2], "tanh", "linear")
    program = record(step_of(net), np.ones((5, 3)), np.ones((5, 2)))
    written = [call.args[-1] for call in program.calls if call.func is np.dot]
    for matrix in net.matrices:
        assert any(out is matrix.leaf.grad for out in written)


def test_joined_parts_are_all_there(rng):
    def function(x):
        y, z = x.tanh(), x.exp()
        return (
            np.concatenate([y, y]),
            np.concatenate([y[::-1], y, y[:1]]),
            np.concatenate([x, np.ones((1, 3)), x]),
            np.concatenate([y, 2 * y], axis=1),
            np.concatenate([z, 2 * z], axis=1),
            z.reshape(-1),  # which has to be a view
            np.concatenate([x, y], axis=1),
            x.reshape(-1),
        )

    x = rng.normal(size=(4, 3))
    program = record(function, np.zeros((4, 3)))
    for found, expected in zip(program(x), function(leaf(x)), strict=True):
        same(found, expected.data)


def test_an_input_that_is_joined_may_be_looked_at_in_other_shapes_too(rng):
    def function(x):
        return np.concatenate([x, 2 * x], axis=1), x.reshape(-1)

    x = rng.normal(size=(4, 3))
    for found, expected in zip(record(function, 0 * x)(x), function(Tensor(x)), strict=True):
        same(found, expected.data)


def test_memory_is_not_taken_over_in_another_order(rng):
    def function(x):
        y = np.sin(x).T + np.cos(x)
        return y.reshape(-1)[:5], np.exp(np.sin(x)[2:])[1:] * 2

    x = rng.normal(size=(4, 4))
    for found, expected in zip(record(function, 0 * x)(x), function(Tensor(x)), strict=True):
        same(found, expected.data)


# The listing --------------------------------------------------------------------------------------


LISTING = """\
Program of energy: 13 calls, {} bytes
reads x float64 (3, 2), y float64 (), p1 float64 (2, 2), p2 float64 (2, 2)
   1  t1 = dot(x[1:], p1)                         (2, 2)
   2  t2 = tanh(t1)                               (2, 2)
   3  t3 = multiply(t2, constant(2,))             (2, 2)
   4  t4 = subtract(t3, y)                        (2, 2)
   5  t5 = square(t4)                             (2, 2)
   6  t6 = add.reduce(t5, axis=0, keepdims=True)  (1, 2)
   7  t7 = multiply(constant(2, 2), t4)           (2, 2)
   8  t8 = multiply(t7, constant(2,))             (2, 2)
   9  t9 = multiply(t2, t2)                       (2, 2)
  10  t10 = subtract(1, t9)                       (2, 2)
  11  t11 = multiply(t8, t10)                     (2, 2)
  12  t12 = dot(x[1:].mT, t11)                    (2, 2)
  13  t13 = add(p2, t12)                          (2, 2)
gives t6, x[0], t4.T, 3"""


def test_a_program_lists_its_calls():
    w, scale = leaf(np.ones((2, 2))), np.array([1.0, 10.0])

    def energy(x, y):
        error = (x[1:] @ w).tanh() * scale - y
        loss = (error**2).sum(axis=0, keepdims=True)
        loss.sum().backward()
        return {"loss": loss, "first": x[0], "others": [error.T, 3]}

    program = record(energy, np.ones((3, 2)), 1.0)
    assert str(program) == LISTING.format(program.nbytes)
    assert repr(program) == "<Program of energy: 13 calls>"


def test_lines_without_a_number_cost_nothing():
    text = str(record(lambda X: append_ones(np.exp(X)) * 2, np.zeros((2, 3))))
    numbers = [line[:4].strip() for line in text.splitlines()[2:-1]]
    assert numbers == ["1", "", "2"]


def test_the_listing_shows_steps_of_slices_and_counts_parameters_on():
    w, v = leaf(np.ones((2, 2))), leaf(np.ones(2))
    text = str(record(lambda x: (x[::2, 1:] @ w.T) * v, np.zeros((4, 3))))
    assert "dot(x[::2, 1:], p1.T)" in text
    assert "p2 float64 (2,)" in text


# Programs -----------------------------------------------------------------------------------------


class Watched:
    """A function that knows how often it was run, and how often by a recording."""

    def __init__(self):
        self.runs = 0
        self.recordings = 0

    def __call__(self, x):
        self.runs += 1
        self.recordings += recording.trace is not None
        return x * 2 + 1


def test_programs_are_recorded_once_for_each_shape_and_dtype():
    function = Watched()
    programs = Programs(function)
    for _ in range(3):
        for array in (np.ones(2), np.ones((2, 1)), np.ones(2, "float32"), np.ones(2, int), 1.0):
            same(programs(array), np.asarray(array) * 2 + 1)
    assert (len(programs), function.runs, function.recordings) == (5, 5, 5)
    assert programs([1.0, 2.0]).tolist() == [3, 5]
    assert programs(Tensor([1.0, 2.0])).tolist() == [3, 5]
    assert function.runs == 5


def test_the_program_for_given_arrays_can_be_had():
    programs = Programs(Watched())
    program = programs.at(np.ones(3))
    assert isinstance(program, Program)
    assert programs.at(np.zeros(3)) is program
    assert programs.at(np.zeros(4)) is not program


def test_the_program_that_was_used_longest_ago_goes_first():
    function = Watched()
    programs = Programs(function, limit=2)
    for n, runs in ((1, 1), (2, 2), (1, 2), (3, 3), (1, 3), (2, 4), (1, 4), (3, 5)):
        programs(np.ones(n))
        assert function.runs == runs
        assert len(programs) <= 2


def test_a_program_without_calls_is_kept_as_well():
    function = Watched()
    programs = Programs(lambda x: [function(np.ones(1)), x.T][1])
    for _ in range(3):
        programs(np.ones((2, 3)))
    assert function.runs == 1


def test_a_program_may_wait_until_a_shape_has_come_before():
    function = Watched()
    programs = Programs(function, after=2)
    for times, recordings in ((1, 0), (2, 0), (3, 1), (4, 1)):
        assert programs([1.0]).tolist() == [3]
        assert (function.runs, function.recordings) == (min(times, 3), recordings)
    assert len(programs) == 1
    assert programs([1.0, 2.0]).tolist() == [3, 5]  # another shape waits too
    assert len(programs) == 1


def test_while_it_waits_results_are_plain_arrays_and_nothing_warns():
    net = Net(2, [2], "tanh")
    programs = Programs(lambda x: (np.log(x), net(x)), after=1)
    for _ in range(3):
        logarithms, outputs = programs(np.zeros((1, 2)))
        assert (type(logarithms), type(outputs)) == (np.ndarray, np.ndarray)
        assert logarithms.tolist() == [[-np.inf, -np.inf]]
        same(outputs, net(np.zeros((1, 2))).data)


@pytest.mark.parametrize("limit", [0, -1, 1.5, "two", None])
def test_programs_want_room_for_one_at_least(limit):
    with pytest.raises(OptionError, match="limit must be a whole number of 1 or more"):
        Programs(lambda x: x, limit=limit)


# Threads, memory, copies --------------------------------------------------------------------------


def test_threads_that_share_a_program_get_each_its_own_answer(rng):
    def function(x):
        for _ in range(20):
            x = np.sin(x) + 0.1
        return x

    program = record(function, np.zeros(10))
    inputs = rng.normal(size=(4, 10))
    expected = [function(Tensor(x)).data for x in inputs]
    wrong = []

    def work(k):
        found = [program(inputs[k]) for _ in range(100)]
        wrong.extend(k for answer in found if not np.array_equal(answer, expected[k]))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []


def test_other_threads_compute_as_ever_while_one_records():
    inside, done, found = threading.Event(), threading.Event(), []

    def other():
        inside.wait(10)
        found.append((leaf([1.0, 2.0]) * 2).data)
        done.set()

    def function(x):
        inside.set()
        done.wait(10)
        return x * 2

    thread = threading.Thread(target=other)
    thread.start()
    record(function, [0.0])
    thread.join()
    assert type(found[0]) is np.ndarray


def dies_with_its_last_name(make):
    """Whether an object goes by reference counting alone."""
    gc.collect()
    gc.disable()
    try:
        reference = weakref.ref(make())
        return reference() is None
    finally:
        gc.enable()


def test_a_program_goes_with_its_last_name():
    net = Net(2, [3, 1], "tanh")

    def make():
        program = record(step_of(net), np.ones((4, 2)), np.ones((4, 1)))
        program(np.ones((4, 2)), np.ones((4, 1)))
        return program

    assert dies_with_its_last_name(make)


def test_a_net_goes_with_its_last_name_though_it_has_programs():
    def make():
        net = Net(2, [3, 1], "tanh")
        first = net.predict(np.ones((4, 2)))
        for _ in range(3):
            same(net.predict(np.ones((4, 2))), first)
        return net

    assert dies_with_its_last_name(make)


def test_recording_leaves_nothing_for_the_cycle_collector():
    net = Net(2, [3, 1], "tanh")
    step = step_of(net)
    record(step, np.ones((4, 2)), np.ones((4, 1)))
    gc.collect()
    gc.disable()
    try:
        record(step, np.ones((4, 2)), np.ones((4, 1)))
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_trained_net_goes_with_its_last_name():
    def make():
        net = Net(2, [3, 1], "tanh")
        net.fit(np.ones((4, 2)), np.ones(4), epochs=1)
        net.partial_fit(np.ones((4, 2)), np.ones(4))
        return net

    assert dies_with_its_last_name(make)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_net_with_programs_can_be_copied_and_the_copy_is_on_its_own(copied, rng):
    net = Net(2, [3, 1], "tanh")
    X, y = rng.normal(size=(8, 2)), rng.normal(size=8)
    net.fit(X, y, epochs=2, batch_size=3)
    net.partial_fit(X, y)
    for _ in range(3):
        before = net.predict(X)
    twin = copied(net)
    same(twin.values, net.values)
    same(twin.grads, net.grads)
    for _ in range(3):
        same(twin.predict(X), before)
    twin.fit(X, y, epochs=1)
    twin.partial_fit(X, y)
    same(net.predict(X), before)
    assert not np.array_equal(twin.predict(X), before)


def test_recording_does_not_warn_of_overflow_that_a_replay_has():
    program = record(lambda x: np.exp(x), [1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert program([1000.0]).tolist() == [np.inf]


# What gave way once -----------------------------------------------------------------------------


ACCUMULATED = {
    "np.add.accumulate(x)": lambda x: np.add.accumulate(x),
    "along an axis": lambda x: np.add.accumulate(x, 1),
    "in float32": lambda x: np.add.accumulate(x, axis=0, dtype=np.float32),
    "np.maximum.accumulate": lambda x: np.maximum.accumulate(x, axis=1),
    "np.multiply.accumulate": lambda x: np.multiply.accumulate(x),
    "np.add.reduceat": lambda x: np.add.reduceat(x, [0, 1]),
    "np.add.outer": lambda x: np.add.outer(x[0], x[1]),
}


@pytest.mark.parametrize("function", ACCUMULATED.values(), ids=ACCUMULATED)
def test_every_way_of_a_ufunc_is_recorded(function):
    program = record(lambda x: 2 * function(x.data), Tensor(np.arange(6.0).reshape(2, 3)))
    x = np.linspace(-1, 3, 6).reshape(2, 3)
    found = program(x)
    np.testing.assert_array_equal(found, 2 * function(x))
    assert found.dtype == (2 * function(x)).dtype


def test_a_change_in_place_is_not_recorded():
    x = np.arange(3.0)
    with pytest.raises(
        UnsupportedError, match=r"numpy.add.at\(\) cannot change an array in a recorded function"
    ):
        record(lambda t: np.add.at(t.data, 0, 1), Tensor(x))
    with pytest.raises(UnsupportedError, match=r"accumulate\(out=...\) cannot change a recorded array"):
        record(lambda t: np.add.accumulate(t.data, out=np.zeros(3)), Tensor(x))


def test_a_program_that_calls_itself_is_told_and_works_on():
    calls = []

    def function(x):
        calls.append(1)
        if len(calls) == 3:  # as `check` calls it
            with pytest.raises(RecordingError, match="was called while it was at work"):
                program(x)
        return x * 2.0

    program = record(function, np.ones(2), check=True)
    for _ in range(3):
        assert program(np.ones(2)).tolist() == [2, 2]
    assert len(calls) >= 3


def test_a_step_that_replaces_gradients_does_so_recorded_too():
    def step(net, X, y):
        net.zero_grad()
        loss = ((net(X) - y) ** 2).sum()
        loss.backward()
        for m in net.matrices:
            m.tensor.grad = m.tensor.grad * 0.5
        return loss

    X, y = np.linspace(-1, 1, 6)[:, None], np.ones((6, 1))
    ours, recorded, reference = (copy.deepcopy(net) for net in [Net(1, [5, 1], "tanh", "linear")] * 3)
    step(ours, X, y)
    ((reference(X) - y) ** 2).sum().backward()
    assert ours.grads.any()
    np.testing.assert_array_equal(ours.grads, reference.grads * 0.5)
    program = record(lambda X, y: step(recorded, X, y), X, y)
    for _ in range(2):
        recorded.grads.fill(7)
        program(X, y)
        np.testing.assert_array_equal(recorded.grads, ours.grads)
    assert ours.params()[0].grad == ours.grads[0]
    ours.matrices[0].tensor.grad = None
    assert not ours.layers[0].grads.any()
    assert ours.layers[1].grads.any()
