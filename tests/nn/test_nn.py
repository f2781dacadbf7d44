"""Modules over arrays: parameters, samples, batches, errors, copies; test_parity.py has the numbers."""

import copy
import gc
import pickle
import random
import re
import weakref

import numpy as np
import pytest

from autograd import Tensor, no_grad
from autograd.engine import Value
from autograd.errors import (
    AutogradError,
    DataError,
    GradientError,
    NotANumberError,
    OptionError,
    ShapeError,
    UnknownNameError,
    UnsupportedError,
)
from autograd.nn import ACTIVATIONS, INITS, MLP, Layer, Module, Net, Neuron


@pytest.fixture(autouse=True)
def seed():
    random.seed(11)


@pytest.fixture
def net():
    return Net(2, [3, 1], activation="tanh")


def numbers(module):
    return [p.data for p in module.params()]


def gradients(module):
    return [p.grad for p in module.params()]


# Parameters as views of arrays ----------------------------------------------------------------


def test_params_are_the_neurons_weights_and_bias_in_order_and_the_same_objects_at_every_call(net):
    expected = [p for layer in net.layers for neuron in layer.neurons for p in [*neuron.w, neuron.b]]
    for found in (net.params(), net.parameters(), [p for layer in net.layers for p in layer.params()]):
        assert all(a is b for a, b in zip(found, expected, strict=True))
    assert net.params()[0] is net.layers[0].neurons[0].w[0]
    assert net.layers[1].neurons[0].params()[-1] is net.layers[1].neurons[0].b
    assert len(net.params()) == net.nparams() == 13
    assert all(isinstance(p, Value) for p in expected)


def test_changing_the_list_from_params_does_not_change_the_net(net):
    net.params().clear()
    assert len(net.params()) == 13


def test_a_row_of_the_matrix_of_a_layer_holds_the_weights_of_a_neuron_and_then_its_bias(net):
    layer = net.layers[0]
    assert (layer.weight.shape, layer.bias.shape) == ((3, 2), (3,))
    for i, neuron in enumerate(layer.neurons):
        neuron.w, neuron.b = [10 * i, 10 * i + 1], -i
    assert layer.weight.tolist() == [[0, 1], [10, 11], [20, 21]]
    assert layer.bias.tolist() == [0, -1, -2]
    assert numbers(layer) == net.values[:9].tolist() == [0, 1, 0, 10, 11, -1, 20, 21, -2]


def test_parameters_read_and_write_the_arrays_of_the_net(net):
    p, layer = net.params()[4], net.layers[0]
    p.data = np.float32(0.5)
    p.grad = 3
    assert (layer.weight[1, 1], net.values[4], net.grads[4]) == (0.5, 0.5, 3)
    net.values[4], net.grads[4] = 7, 8
    assert (p.data, p.grad, repr(p)) == (7, 8, "Value(7.0, grad=8.0)")
    assert (type(p.data), type(p.grad)) == (float, float)
    p.zero_grad()
    assert net.grads[4] == 0


def test_assigning_to_a_parameter_changes_what_the_net_computes(net):
    before = net([1, 2]).data
    net.params()[0].data += 1
    assert net([1, 2]).data != before
    net.params()[0].data -= 1
    assert net([1, 2]).data == before


def test_a_parameter_is_an_operand_like_any_value(net):
    p = net.params()[0]
    p.data = 3
    p.m = 0.5
    (3 * (p * p + np.float64(2) * p)).backward()
    assert (p.grad, net.grads[0], net.params()[0].m) == (3 * (6 + 2), 24, 0.5)
    assert p in {p}
    p.backward()
    assert net.grads[0] == 25


@pytest.mark.parametrize("number", [7, 7.0, np.float32(7), np.array(7), Value(7)], ids=repr)
def test_weights_and_bias_are_assigned_numbers_or_leaf_values(number, net):
    neuron = net.layers[0].neurons[1]
    view_of = neuron.w[0]
    neuron.w[0] = number
    neuron.w[-1] = number
    neuron.b = number
    assert net.values[3:6].tolist() == [7, 7, 7]
    assert neuron.w[0] is view_of
    neuron.w = [number, 1]
    neuron.w[1:] = [number]
    assert net.values[3:6].tolist() == [7, 7, 7]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ("n.w[0] = Value(1) * 2", GradientError, r"float\(v\)"),
        ("n.b = Value(1) * 2", GradientError, r"float\(v\)"),
        ("n.w = [1, Value(1) * 2]", GradientError, r"float\(v\)"),
        ("n.w = [1]", ShapeError, "wants 2 numbers, got 1"),
        ("n.w = [1, 2, 3]", ShapeError, "wants 2 numbers, got 3"),
        ("n.w[:] = [1]", ShapeError, "wants 2 numbers, got 1"),
        ("n.w[0] = 'a'", NotANumberError, "wants a real number, got 'a'"),
        ("n.w = [1, None]", NotANumberError, "wants a real number, got None"),
        ("n.w = 5", TypeError, "wants 2 numbers, got 5"),
        ("n.b = [1]", NotANumberError, r"wants a real number, got \[1\]"),
        ("n.w[2] = 1", IndexError, "out of range"),
        ("n.w.append(1)", ShapeError, "fixed length of 2"),
        ("n.w.extend([1])", ShapeError, "fixed length of 2"),
        ("n.w.insert(0, 1)", ShapeError, "fixed length of 2"),
        ("n.w.pop()", ShapeError, "fixed length of 2"),
        ("n.w.remove(n.w[0])", ShapeError, "fixed length of 2"),
        ("n.w.clear()", ShapeError, "fixed length of 2"),
        ("n.w.sort()", ShapeError, "fixed length of 2"),
        ("n.w.reverse()", ShapeError, "fixed length of 2"),
        ("del n.w[0]", ShapeError, "fixed length of 2"),
        ("n.w += [1]", ShapeError, "fixed length of 2"),
        ("n.w *= 2", ShapeError, "fixed length of 2"),
    ],
)
def test_a_bad_assignment_to_a_neuron_is_an_error_and_changes_nothing(change, error, message, net):
    before, neuron = numbers(net), net.layers[0].neurons[0]
    with pytest.raises(error, match=message):
        exec(change, {"n": neuron, "Value": Value})
    assert numbers(net) == before
    assert len(neuron.w) == 2


def test_weight_and_bias_of_a_layer_are_read_only_views(net):
    layer = net.layers[0]
    weight, bias = layer.weight, layer.bias
    for view in (weight, bias):
        with pytest.raises(ValueError, match="read-only"):
            view[...] = 0
    with pytest.raises(AttributeError):
        layer.weight = np.zeros((3, 2))
    layer.neurons[0].w[0] = 5
    layer.neurons[2].b = 6
    assert (weight[0, 0], bias[2]) == (5, 6)


PARTS = {
    "net": (lambda net: net, slice(0, 13)),
    "layer": (lambda net: net.layers[1], slice(9, 13)),
    "neuron": (lambda net: net.layers[0].neurons[1], slice(3, 6)),
}


@pytest.mark.parametrize("part", PARTS)
def test_step_and_zero_grad_change_their_own_part_only(part, net):
    module, where = PARTS[part][0](net), PARTS[part][1]
    before = net.values.copy()
    net.grads[:] = range(1, 14)
    expected = before.copy()
    expected[where] -= 0.1 * net.grads[where]
    module.step(0.1)
    assert numbers(net) == expected.tolist()
    module.zero_grad()
    slopes = np.arange(1.0, 14.0)
    slopes[where] = 0
    assert gradients(net) == slopes.tolist()
    assert module.nparams() == len(module.params()) == where.stop - where.start


@pytest.mark.parametrize("lr", [None, "0.1", [1], 1j])
def test_step_refuses_a_learning_rate_that_is_no_number_and_changes_nothing(lr, net):
    before = numbers(net)
    net.grads[:] = 1
    with pytest.raises(NotANumberError, match=r"step\(\) wants a real number"):
        net.step(lr)
    assert numbers(net) == before


# Construction ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", INITS)
def test_inits_are_uniform_within_their_limit_and_leave_biases_0(name):
    layer = Layer(50, 40, init=name)
    limit = INITS[name](40, 50)
    assert 0.99 * limit < np.abs(layer.weight).max() <= limit
    assert abs(layer.weight.mean()) < 0.05 * limit
    assert not layer.bias.any()


def test_a_custom_init_is_called_for_each_layer_with_its_shape():
    net = Net(2, [3, 1], init=lambda n_out, n_in: np.full((n_out, n_in), 10 * n_out + n_in))
    assert net.layers[0].weight.tolist() == [[32, 32]] * 3
    assert net.layers[1].weight.tolist() == [[13, 13, 13]]


@pytest.mark.parametrize("make", [lambda **k: Neuron(2, **k), lambda **k: Layer(2, 3, **k),
                                  lambda **k: Net(2, [3], **k), lambda **k: MLP(2, [3], **k)],
                         ids=["Neuron", "Layer", "Net", "MLP"])  # fmt: skip
@pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype("float32")])
def test_a_module_of_float32_computes_and_differentiates_in_float32(make, dtype):
    double = make()
    random.seed(11)
    single = make(dtype=dtype)
    assert single.values.dtype == single.grads.dtype == single.dtype == np.float32
    assert numbers(single) == double.values.astype(np.float32).tolist()
    for module in (double, single):
        out = module([0.1, Value(0.2)])
        (3 * (sum(out) if isinstance(out, list) else out)).backward()
    assert single.grads == pytest.approx(double.grads, rel=1e-5)
    out = single(np.ones((4, 2)))
    assert (out.dtype, out.data) == (np.float32, pytest.approx(double(np.ones((4, 2))).data, rel=1e-5))
    assert all(type(p.data) is float and type(p.grad) is float for p in single.params())


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_an_activation_given_by_name_or_as_a_function_gives_the_same_outputs(activation):
    by_name = Net(2, [3, 2], activation=activation)
    random.seed(11)
    method = lambda v: +v if activation == "linear" else getattr(v, activation)()
    by_function = Net(2, [3, 2], activation=method)
    named = [y.data for y in by_name([1, -2])]  # by rows, while custom functions take arrays
    assert [y.data for y in by_function([1, -2])] == pytest.approx(named, rel=1e-12)
    by_hand = method(
        sum((w * x for w, x in zip(by_name.layers[0].neurons[0].w, [1, -2], strict=True)), Value(0))
    )
    assert by_name.layers[0]([1, -2])[0].data == pytest.approx(by_hand.data, rel=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("x", [1.0, -1.0])
def test_a_net_takes_the_limits_of_its_activation_far_from_0_without_a_warning(activation, x):
    net = Net(1, [1], activation, init=lambda *_: [[1000.0]])
    limit = net([x])
    (3 * limit).backward()
    (3 * net([[x]])).sum().backward()
    v = Value(1000 * x)
    y = v if activation == "linear" else getattr(v, activation)()
    (3 * y).backward()
    assert limit.data == net.predict([[x]])[0, 0] == y.data
    assert gradients(net) == [2 * x * v.grad, 2 * v.grad]


def test_output_activation_applies_to_the_last_layer_only():
    net = Net(1, [1, 1], "relu", "linear", init=lambda *_: [[-2.0]])
    assert net([-3]).data == -12
    assert net([3]).data == 0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ("Net(0, [3])", ShapeError, "N_in must be a whole number of 1 or more, got 0"),
        ("Net(2, [])", ShapeError, r"N_outs .* size of each layer, got \[\]"),
        ("Net(2, 3)", ShapeError, "N_outs .* size of each layer, got 3"),
        ("Net(2, [3, -1])", ShapeError, "each of N_outs must be a whole number of 1 or more, got -1"),
        ("Net(2.5, [3])", ShapeError, "N_in must be a whole number of 1 or more, got 2.5"),
        ("Layer(2, None)", ShapeError, "N_out must be a whole number of 1 or more, got None"),
        ("Neuron('2')", ShapeError, "N must be a whole number of 1 or more, got '2'"),
        ("Net(2, [3], 'thanh')", UnknownNameError, "'thanh': .*sigmoid, tanh, relu.*did you mean 'tanh'"),
        ("Net(2, [3], 'relu', 'lin')", UnknownNameError, "'lin': .*gelu, linear.*did you mean 'linear'"),
        ("Layer(2, 3, None)", UnknownNameError, "None: .*sigmoid, tanh"),
        ("Neuron(2, init='hee')", UnknownNameError, "'hee': .*uniform, xavier, he.*did you mean 'he'"),
        ("Net(2, [3], dtype='float16')", OptionError, "'float64' or 'float32', got 'float16'"),
        ("Neuron(2, dtype=int)", OptionError, "'float64' or 'float32', got <class 'int'>"),
        ("Layer(2, 3, init=lambda m, n: [[1, 2]])", ShapeError, r"init\(3, 2\) .*got \(1, 2\)"),
        ("Layer(1, 1, init=lambda m, n: [[float('nan')]])", DataError, r"init\(1, 1\) .*finite"),
    ],
)
def test_a_module_with_bad_arguments_is_an_error_that_names_what_was_wanted_and_what_was_given(
    call, error, message
):
    with pytest.raises(error, match=message):
        eval(call)


@pytest.mark.parametrize(
    "sizes", [(2, 3), np.array([2, 3]), [np.int64(2), np.uint8(3)], range(2, 4)], ids=repr
)
def test_layer_sizes_may_be_any_sequence_of_whole_numbers(sizes):
    assert repr(Net(np.int32(1), sizes)) == repr(Net(1, [2, 3]))


# Samples and batches --------------------------------------------------------------------------

SAMPLES = {
    "list": [3, 4],
    "tuple": (3.0, 4),
    "range": range(3, 5),
    "array": np.array([3, 4]),
    "float32": np.array([3, 4], np.float32),
    "scalars": [np.float64(3), np.int8(4)],
    "0-d arrays": [np.array(3), np.array(4.0)],
    "Values": [Value(3), Value(4)],
    "mixed": (3, Value(4)),
    "array of Values": np.array([Value(3), Value(4)]),
    "generator": None,
}


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("n_out", [1, 2])
def test_a_net_called_on_one_sample_in_any_sequence_gives_values(kind, n_out):
    net = Net(2, [3, n_out])
    out = net((x for x in [3, 4]) if kind == "generator" else SAMPLES[kind])
    out = [out] if n_out == 1 else out
    assert isinstance(out, list)
    assert all(isinstance(y, Value) and type(y.data) is float for y in out)
    assert [y.data for y in out] == pytest.approx(net.predict([[3, 4]])[0].tolist(), rel=1e-14)


@pytest.mark.parametrize("x", [3, 3.0, np.float32(3), np.array(3), Value(3), [3], np.array([3])], ids=repr)
def test_a_net_of_one_input_takes_a_single_number_or_value(x):
    net = Net(1, [2, 1])
    y = net(x)
    (3 * y).backward()
    assert y.data == pytest.approx(net.predict([[3]])[0, 0], rel=1e-12)
    if isinstance(x, Value):
        rise = net(3 + 1e-6).data - net(3 - 1e-6).data
        assert x.grad == pytest.approx(3 * rise / 2e-6, rel=1e-6)


def test_a_net_copies_its_sample_at_the_call(net):
    x = np.array([1.0, 2.0])
    v = Value(0.5)
    y = net(x) + net([v, 1])
    x[:] = 100
    v.data = 100
    (3 * y).backward()
    found = gradients(net)
    net.zero_grad()
    (3 * (net([1, 2]) + net([0.5, 1]))).backward()
    assert gradients(net) == found


def test_layers_and_neurons_called_one_by_one_give_the_numbers_and_gradients_of_the_net():
    net = Net(2, [3, 2], activation="tanh", output_activation="linear")

    def through_net(x):
        return net(x)

    def through_layers(x):
        for layer in net.layers:
            x = layer(x)
        return x

    def through_neurons(x):
        for layer in net.layers:
            x = [neuron(x) for neuron in layer.neurons]
        return x

    found = []
    for way in (through_net, through_layers, through_neurons):
        net.zero_grad()
        a, b = Value(0.5), Value(-1)
        y = way([a, b])
        (3 * y[0] * y[1]).backward()
        found.append([v.data for v in y] + [v.grad for v in (a, b, *y)] + gradients(net))
    assert found[1] == pytest.approx(found[0], rel=1e-12)
    assert found[2] == pytest.approx(found[0], rel=1e-12)


def test_outputs_outside_the_differentiated_expression_pass_no_gradient_on():
    net = Net(2, [2], activation="linear")
    y = net([1, 2])
    (3 * y[0]).backward()
    (3 * y[0]).backward()
    assert gradients(net) == [6, 12, 6, 0, 0, 0]
    (3 * y[1]).backward()
    assert gradients(net) == [6, 12, 6, 3, 6, 3]


def test_an_output_of_a_net_can_be_an_input_of_the_same_net():
    layer = Layer(1, 1, "linear", init=lambda *_: [[2.0]])
    x = Value(5)
    y = x
    for _ in range(3):
        y = layer(y)
    (3 * y).backward()
    assert (y.data, x.grad) == (40, 24)
    assert gradients(layer) == [3 * 3 * 4 * 5, 3 * (4 + 2 + 1)]  # y = 8x: dy/dw = 3w²x


BATCH = [[1, 2], [3, 4], [5, 6]]


@pytest.mark.parametrize(
    "batch",
    [
        BATCH,
        tuple(BATCH),
        [tuple(row) for row in BATCH],
        np.array(BATCH),
        list(map(np.array, BATCH)),
        Tensor(BATCH),
    ],
    ids=["list", "tuple of lists", "list of tuples", "array", "list of arrays", "Tensor"],
)
@pytest.mark.parametrize("pick", [lambda n: n, lambda n: n.layers[0], lambda n: n.layers[0].neurons[1]],
                         ids=["Net", "Layer", "Neuron"])  # fmt: skip
def test_a_net_called_on_a_table_gives_a_tensor_with_a_row_for_each_sample(batch, pick):
    module = pick(Net(2, [3, 2]))
    out = module(batch)
    single = [module(row) for row in BATCH]
    assert isinstance(out, Tensor)
    assert out.shape == (3, module.n_out)
    flat = [y.data for row in single for y in (row if isinstance(row, list) else [row])]
    assert out.data.ravel() == pytest.approx(flat, rel=1e-12)
    (3 * out).sum().backward()
    found = gradients(module)
    module.zero_grad()
    for row in BATCH:
        y = module(row)
        (3 * (sum(y) if isinstance(y, list) else y)).backward()
    assert gradients(module) == pytest.approx(found, rel=1e-12)


def test_backward_through_a_net_reaches_a_tensor_of_samples(net):
    X = Tensor([[0.5, -1.0], [1.0, 2.0]], requires_grad=True)
    (3 * net(X)).sum().backward()
    for row, slopes in zip(X.data.tolist(), X.grad.tolist(), strict=True):
        vs = list(map(Value, row))
        (3 * net(vs)).backward()
        assert slopes == pytest.approx([v.grad for v in vs], rel=1e-12)


def test_predict_gives_the_outputs_of_the_net_as_a_plain_array(net, rng):
    X = rng.normal(size=(5000, 2))  # more than predict takes at once
    found = net.predict(X)
    assert type(found) is np.ndarray
    assert found == pytest.approx(net(X).data, rel=1e-12)


def test_outputs_of_a_net_under_no_grad_are_constants(net):
    with no_grad():
        y, Y = net([1, Value(2)]), net(BATCH)
    y.backward()
    assert (y.grad, gradients(net)) == (1, [0] * 13)
    assert not Y.requires_grad
    assert net(BATCH).requires_grad


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ([1, 2, 3], ShapeError, "2 .*got 3"),
        ([], ShapeError, "2 .*got 0"),
        (5, ShapeError, "2 .*got the number 5$"),
        (1.5, ShapeError, r"2 .*got the number 1\.5$"),
        (Value(1.5), ShapeError, r"2 .*got the number Value\(1\.5, grad=0\.0\)$"),
        (np.zeros(3), ShapeError, "2 .*got 3"),
        (Tensor([1.0, 2.0, 3.0]), ShapeError, r"\(rows, 2\), got \(3,\)"),
        (Tensor(1.0), ShapeError, r"\(rows, 2\), got \(\)"),
        ([[]], ShapeError, r"\(rows, 2\), got \(1, 0\)"),
        ([[1, 2, 3]], ShapeError, r"\(rows, 2\), got \(1, 3\)"),
        (np.zeros((4, 3)), ShapeError, r"\(rows, 2\), got \(4, 3\)"),
        (np.zeros((2, 2, 2)), ShapeError, r"\(rows, 2\), got \(2, 2, 2\)"),
        ([[1, 2], [3]], ShapeError, "2 inputs got rows of 1 and of 2 numbers$"),
        ([[1, 2], []], ShapeError, "2 inputs got rows of 0 and of 2 numbers$"),
        ([[1, 2], [3], []], ShapeError, "2 inputs got rows of 0 and of 2 numbers$"),
        ([[1, [2, 3]], [4, 5]], AutogradError, "2 inputs"),
        (None, NotANumberError, "2 numbers or Values, got None"),
        ("ab", NotANumberError, "numbers or Values, got 'ab'"),
        ([1, "b"], NotANumberError, r"got 'b' \(str\) at place 1"),
        ([None, 1], NotANumberError, r"got None \(NoneType\) at place 0"),
        ([1, 1j], NotANumberError, r"got 1j \(complex\) at place 1"),
        ([1, [2]], NotANumberError, r"got \[2\] \(list\) at place 1"),
        (np.array(["a", "b"]), NotANumberError, "got 'a'"),
        ([[1, "b"]], NotANumberError, "numbers, got .*str|<U"),
        ([[1, None]], NotANumberError, "numbers, got .*None"),
        ([[1, 1j]], NotANumberError, "numbers, got .*complex"),
        ([[Value(1), 2]], NotANumberError, r"\[net\(x\) for x in X\]"),
        (np.array([[Value(1), Value(2)]]), NotANumberError, r"\[net\(x\) for x in X\]"),
    ],
    ids=lambda p: re.sub(r"\s+", " ", repr(p))[:40] if not isinstance(p, str | type) else None,
)
def test_a_sample_of_the_wrong_shape_or_kind_is_an_error_at_the_call(x, error, message, net):
    for module, kind in [(net, "Net"), (net.layers[0], "Layer"), (net.layers[0].neurons[0], "Neuron")]:
        with pytest.raises(error, match=message) as caught:
            module(x)
        assert str(caught.value).startswith(f"{kind} of 2 inputs")


# Weights changed between the passes -----------------------------------------------------------

CHANGES = {
    "window": lambda net: setattr(net.params()[0], "data", 5),
    "w": lambda net: net.layers[0].neurons[0].w.__setitem__(0, 5),
    "b": lambda net: setattr(net.layers[1].neurons[0], "b", 5),
    "step": lambda net: net.step(0.1),
    "layer.step": lambda net: net.layers[1].step(0.1),
    "neuron.step": lambda net: net.layers[0].neurons[1].step(0.1),
    "load_state_dict": lambda net: net.load_state_dict(net.state_dict()),
    "values changed in place": lambda net: (net.values.__imul__(0.5), net.mark_changed()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_backward_after_a_change_of_weights_is_an_error_and_leaves_gradients_unchanged(change, net):
    x, w, X = Value(0.5), Value(2), Tensor([[1.0, 2.0]], requires_grad=True)
    for y in (w * net([x, 1]) * w, net(X).sum()):
        net.grads[:] = 0.25
        CHANGES[change](net)
        with pytest.raises(GradientError, match=r"changed since; call backward\(\) before"):
            y.backward()
        assert (x.grad, w.grad, X.grad) == (0, 0, None)
        assert gradients(net) == [0.25] * 13


def test_a_layer_outside_the_graph_may_change_between_the_forward_and_backward_pass(net):
    y = net.layers[0]([1, 2])[0]
    net.layers[1].step(0.1)
    net.layers[1].neurons[0].b = 3
    (3 * y).backward()
    assert net.layers[0].neurons[0].b.grad == pytest.approx(3 * (1 - y.data**2), rel=1e-15)


# State, copies and errors ---------------------------------------------------------------------


def test_a_state_dict_is_a_copy_by_name_and_can_be_loaded_again(net):
    state, before = net.state_dict(), numbers(net)
    assert {k: a.shape for k, a in state.items()} == {
        "layers.0.weight": (3, 2),
        "layers.0.bias": (3,),
        "layers.1.weight": (1, 3),
        "layers.1.bias": (1,),
    }
    net.step(0.1)
    for p in net.params():
        p.data = 9
    assert state["layers.0.weight"].ravel().tolist() != [9] * 6
    net.load_state_dict(state)
    assert numbers(net) == before
    other = Net(2, [3, 1])
    other.load_state_dict({k: a.tolist() for k, a in state.items()})
    assert numbers(other) == before


@pytest.mark.parametrize(
    ("entries", "error", "message"),
    [
        ({"layers.2.bias": [1]}, ShapeError, r"state_dict\(\); not part of this Net: layers\.2\.bias$"),
        ({"layers.1.bias": np.zeros(2)}, ShapeError, r"layers.1.bias of shape \(1,\), .* got \(2,\)"),
        (
            {"layers.0.weight": np.zeros(6)},
            ShapeError,
            r"layers.0.weight of shape \(3, 2\), .* got \(6,\)",
        ),
        ({"layers.1.bias": ["a"]}, NotANumberError, "wants layers.1.bias to be an array of numbers, got 'a'"),
        (
            {"layers.1.weight": [[1], [2, 3]]},
            NotANumberError,
            "wants layers.1.weight to be an array of numbers, got rows of",
        ),
    ],
)
def test_a_state_dict_with_wrong_names_or_shapes_is_an_error_and_changes_nothing(
    entries, error, message, net
):
    before = numbers(net)
    state = {k: a + 1 for k, a in net.state_dict().items()} | entries
    with pytest.raises(error, match=message):
        net.load_state_dict(state)
    assert numbers(net) == before
    both = r"missing: layers\.0\.bias; not part of this Net: layers\.0\.offset$"
    with pytest.raises(ShapeError, match=both):
        net.load_state_dict(
            {name.replace("0.bias", "0.offset"): array for name, array in net.state_dict().items()}
        )
    with pytest.raises(ShapeError, match=r"missing: layers\.0\.bias, [^;]*layers\.1\.weight$"):
        net.load_state_dict({})


COPIES = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda m: pickle.loads(pickle.dumps(m)),
    "the oldest pickle": lambda m: pickle.loads(pickle.dumps(m, 0)),
    "copy": copy.copy,
}
MODULES = {
    "Net": lambda: Net(2, [3, 1], "tanh", "linear"),
    "float32": lambda: Net(2, [3, 1], "tanh", dtype="float32"),
    "MLP": lambda: MLP(2, [3, 1]),
    "Layer": lambda: Layer(2, 1, "tanh"),
    "layer of a net": lambda: Net(2, [1, 1], "tanh").layers[0],
    "Neuron": lambda: Neuron(2, "tanh"),
    "neuron of a net": lambda: Net(2, [3, 1]).layers[0].neurons[1],
}


@pytest.mark.parametrize("kind", MODULES)
@pytest.mark.parametrize("copied", ["deepcopy", "pickle"])
def test_a_copied_module_has_its_own_numbers_gradients_and_attributes(copied, kind):
    module = MODULES[kind]()
    module.note = ["mine"]
    (3 * module([1, 2])).backward()
    twin = COPIES[copied](module)
    assert (type(twin), repr(twin), twin.note, twin.dtype) == (
        type(module),
        repr(module),
        ["mine"],
        module.dtype,
    )
    assert (numbers(twin), gradients(twin)) == (numbers(module), gradients(module))
    before, expected = numbers(module), 2 * np.array(gradients(module))
    (3 * twin([1, 2])).backward()
    assert gradients(twin) == pytest.approx(expected.tolist(), rel=1e-6)
    twin.step(0.1)
    twin.note.append("no longer")
    assert (numbers(module), module.note) == (before, ["mine"])


class Pair(Module):
    def __init__(self):
        self.left, self.right = Layer(2, 2, "tanh"), Layer(2, 1, "linear")

    def __call__(self, x):
        return self.right(self.left(x))

    def params(self):
        return self.left.params() + self.right.params()


def test_a_custom_module_trains_and_can_be_copied():
    pair = Pair()
    for _ in range(200):
        loss = sum((pair(x) - y) ** 2 for x, y in [((0, 1), 1), ((1, 0), -1)])
        pair.zero_grad()
        loss.backward()
        pair.step(0.1)
    assert loss.data < 1e-6
    twin = copy.deepcopy(pair)
    assert numbers(twin) == numbers(pair)
    twin.step(1)
    assert twin([0, 1]).data != pair([0, 1]).data


@pytest.mark.parametrize("copied", COPIES)
def test_a_net_with_an_attribute_that_refers_to_itself_can_be_copied(copied, net):
    net.itself = net
    twin = COPIES[copied](net)
    assert numbers(twin) == numbers(net)
    assert twin.itself is (net if copied == "copy" else twin)


def test_a_net_and_its_graph_are_freed_with_their_last_references():
    gc.collect()
    gc.disable()
    try:
        net = Net(2, [3, 1])
        neuron, y, Y = net.layers[0].neurons[0], net([1, Value(2)]) ** 2, net(BATCH).sum()
        y.backward()
        Y.backward()
        alive = [weakref.ref(o) for o in (net, net.layers[0], net.params()[0], y, Y)]
        del net, y, Y
        assert [ref() is None for ref in alive] == [True, True, False, True, True]
        del neuron
        assert alive[2]() is None
    finally:
        gc.enable()


def test_a_parameter_copied_with_its_net_belongs_to_the_copy(net):
    net.params()[0].m = 0.5
    twin, first, result = copy.deepcopy((net, net.params()[0], net.params()[0] * 2))
    assert first is twin.params()[0]
    assert first.m == 0.5
    (3 * result).backward()
    assert (twin.params()[0].grad, net.params()[0].grad) == (6, 0)
    assert pickle.loads(pickle.dumps(net)).params()[0].m == 0.5


def test_assigning_to_an_item_of_layers_or_neurons_is_refused(net):
    with pytest.raises(TypeError, match="does not support item assignment"):
        net.layers[0] = Layer(2, 3)
    with pytest.raises(TypeError, match="does not support item assignment"):
        net.layers[0].neurons[0] = Neuron(2)


@pytest.mark.parametrize("function", [Value.tanh, lambda v: v if v > 0 else 0 * v])
def test_an_activation_written_for_single_values_is_an_error_that_says_what_it_gets(function):
    net = Net(2, [3], function)
    with pytest.raises(UnsupportedError, match="an activation is given a Tensor"):
        net([1, 2])


def test_error_messages_say_1_input_in_the_singular():
    for module, kind in [(net := Net(1, [1]), "Net"), (net.layers[0], "Layer")]:
        for x in ([1, 2], [[1, 2]]):
            with pytest.raises(ShapeError, match=f"^{kind} of 1 input wants"):
                module(x)


def test_predict_on_a_flat_sample_is_an_error_that_says_how_to_give_one_row(net):
    with pytest.raises(
        ShapeError, match=r"^predict\(\) wants X of shape \(rows, 2\), got \(2,\); for one row, \[x\]$"
    ):
        net.predict([1, 2])
    with pytest.raises(ShapeError, match=r"got \(3,\)$"):
        net.predict([1, 2, 3])


def test_predict_takes_finite_numbers_only(net):
    for x, message in (
        (["1", "2"], "got '1'"),
        ([None, 2], "got None"),
        ([np.nan, 2], "got nan in X at row 0"),
    ):
        with pytest.raises(DataError, match=message):
            net.predict([x])
    single = Net(2, [1], dtype="float32")
    with pytest.raises(DataError, match="too large for float32"):
        single.predict([[1e300, 0]])


def test_a_shallow_copy_of_a_parameter_is_an_independent_value(net):
    p = net.params()[0]
    p.grad = 2
    kept = copy.copy(p)
    before = p.data
    p.data = 123
    assert (kept.data, kept.grad) == (before, 2)


def test_an_init_that_returns_one_number_is_refused():
    with pytest.raises(ShapeError, match=r"init\(3, 2\) must give weights of that shape, got \(\)"):
        Layer(2, 3, init=lambda n_out, n_in: 0.5)


@pytest.mark.parametrize("change", [lambda t: t.data.fill(7), lambda t: setattr(t, "data", 0 * t.data)])
def test_a_table_changed_after_the_call_of_a_net_does_not_change_the_gradient(change):
    net = Net(2, [3, 1], "tanh")
    X = Tensor([[0.5, -1.0], [2.0, 0.25]])
    (3 * net(X)).sum().backward()
    expected = net.grads.copy()
    net.zero_grad()
    out = net(X)
    change(X)
    (3 * out).sum().backward()
    np.testing.assert_array_equal(net.grads, expected)


def test_a_net_subclass_without_a_call_of_init_is_an_error_that_says_so():
    class Mine(Net):
        def __init__(self):
            pass

    with pytest.raises((UnsupportedError, AttributeError), match=r"super|_samples"):
        Mine()([1.0])
