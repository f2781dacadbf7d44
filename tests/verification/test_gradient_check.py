"""`check_grads` passes right gradients, names the worst wrong one, and only warns of kinks."""

import random
import warnings

import numpy as np
import pytest

from autograd import Net, Tensor, Value, check_grads, losses, no_grad
from autograd.errors import DerivativeError, GradientWarning, UnsupportedError
from autograd.extend import defvjp, primitive
from autograd.nn import Layer, Module, Neuron

X = np.array([[0.3, -0.7], [0.1, 0.9], [-0.4, 0.2]])
Y = np.array([[0.5], [-0.5], [1.0]])


class Scaled(Module):
    def __init__(self):
        self.layer, self.scale = Layer(2, 1, "tanh"), Tensor([1.5], requires_grad=True)

    def __call__(self, X):
        return self.layer(X) * self.scale

    def params(self):
        return [*self.layer.params(), self.scale]


def net_loss(net, X):
    return losses.mse(net(X), Y)


def samples_loss(net):
    return sum((net(x) - y) ** 2 for x, (y,) in zip(X.tolist(), Y.tolist(), strict=True))


random.seed(1)
SINGLE_NET = Net(2, [4, 1], "tanh", dtype="float32")
RIGHT = {
    "Values": (lambda a, b: (a * b).tanh() + a.exp() / b, Value(0.5), Value(-2.0)),
    "a list of Values": (lambda xs: sum(x**2 for x in xs) * xs[0], [Value(0.5), Value(2.0), Value(-1.0)]),
    "Values returned in a dict": (lambda a: {"s": a.sigmoid(), "l": [a.exp(), 3.0]}, Value(0.5)),
    "Tensors": (lambda a, b: np.tanh(a @ b).sum(), Tensor(X), Tensor(X.T)),
    "arrays": (lambda a, b: np.exp(a) * np.sin(b), X, X + 1),
    "a float": (lambda x: np.tanh(x) ** 2, 0.3),
    "a dict": (lambda p: np.tanh(p["w"] @ p["x"]) * p["b"], {"w": X, "x": X[0], "b": 0.5}),
    "not varied": (lambda x, n, name: x**n, Value(1.5), 3, "cube"),
    "a net on rows": (net_loss, Net(2, [4, 1], "tanh", "linear"), X),
    "a net on samples": (samples_loss, Net(2, [3, 1], "sigmoid", "linear")),
    "a neuron": (lambda neuron, x: neuron([x, 2.0]), Neuron(2, "tanh"), Value(0.1)),
    "a module": (net_loss, Scaled(), X),
    "float32": (net_loss, Net(2, [4, 1], "tanh", "linear", dtype="float32"), X.astype(np.float32)),
    "complex functions": (lambda x: np.real(np.fft.fft(x * (1 + 2j))) ** 2, X[0]),
    "many numbers": (lambda x: (x**3).sum(), np.linspace(-1, 1, 5000)),
    "not analytic": (lambda x: np.mean(np.abs(x)), np.random.default_rng(1).normal(size=20_000)),
    "not analytic in part": (lambda x: np.sum(x**2) + 1e-5 * np.sum(np.abs(x)), np.array([0.5, -2.0])),
    "methods of Tensors": (lambda x: x.tanh().sum() + x.relu().sum(), X),
    "float32 within": (lambda net, X: (net(X) ** 2).sum(), Net(2, [4, 1], "tanh", dtype="float32"), X),
    "float32 outside": (lambda X: (SINGLE_NET(X) ** 2).sum(), X),
    "fast": (lambda x: np.sin(x), 1e4),
    "fast, of a Value": (lambda x: x.sin(), Value(1e4)),
    "near a pole": (lambda x: 1 / x, Value(1e-3)),
    "near an edge": (lambda x: x.log() + x**0.5, Value(1e-6)),
    "near an edge, of NumPy": (lambda x: np.log(x), 1e-6),
    "steep": (lambda x: (x * 1e4).tanh(), Value(1e-5)),
    "None in the result": (lambda x: (x**2, None, "text"), Tensor(X)),
    "0-d": (lambda x: x**2, np.array(2.0)),
    "large and small": (lambda x: np.sum(x**2), np.array([1e-8, 1.0, 1e8])),
}


SAME_NET = Net(2, [3, 1], "tanh")
SCALED = Scaled()
RIGHT["the same net twice"] = (lambda a, b: (a(X) * b(X)).sum(), SAME_NET, SAME_NET)
RIGHT["a module and its part"] = (lambda m, layer: (m(X) * layer(X)).sum(), SCALED, SCALED.layer)


@pytest.mark.parametrize("name", RIGHT)
def test_right_gradients_pass_and_the_worst_of_them_is_told(name):
    function, *args = RIGHT[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        worst = check_grads(function, *args)
    tolerance = 2e-2 if "float32" in name else 2e-6
    np.testing.assert_allclose(worst.gradient, worst.slope, rtol=tolerance, atol=tolerance)
    assert worst.place.startswith("argument ")


def test_functions_of_numpy_are_checked_by_complex_steps_to_rounding():
    worst = check_grads(lambda a, b: np.exp(a) * np.sin(b), X, X + 1)
    assert worst.method == "complex step"
    np.testing.assert_allclose(worst.gradient, worst.slope, rtol=1e-13)
    # abs() of a complex number is its length, which has no slope along the imaginary axis
    assert check_grads(lambda x: abs(x), np.array([0.5, -2.0])).method == "central differences"


def micrograd_style(slope):
    def function(x):
        out = Value(x.data**3, (x,), "cube")

        def _backward():
            x.grad += slope(x.data) * out.grad

        out._backward = _backward
        return out

    return function


def with_formula(formula):
    wrong = primitive(np.sin)
    defvjp(wrong, formula)
    return wrong


def wrong_in_one_place(g, x):
    out = g * np.cos(x)
    out[1] *= 1.01
    return out


def curved(x):
    return Value(1e6 * x.data**2, (x,), (2e6 * x.data + 0.3,))


SINGLE = np.array([1.3, 1.4], np.float32)
forgetful = primitive(lambda x: x**2 + 5e-5 * np.abs(x))
defvjp(forgetful, lambda ans, x: lambda g: g * 2 * x)
lengthened = primitive(lambda x: np.abs(x))
defvjp(lengthened, lambda ans, x: lambda g: 5 * g * np.sign(x))
shifted = primitive(lambda x: 3 * x + 1e6)
defvjp(shifted, lambda ans, x: lambda g: g * (3 + 1e-4))

WRONG = {
    "what is not analytic": (lengthened, [np.array([0.5, -2.0])], "by backward.. and 1.13.* by central"),
    "a term that is not analytic": (forgetful, [0.5], "0 is 1 by backward.. and 1.00005"),
    "beside a large number": (shifted, [5.1], "0 is 3.0001 by"),
    "float32, zero": (with_formula(lambda ans, x: lambda g: 0 * g * x), [Tensor(SINGLE)], "is 0 by"),
    "float32, a sign": (with_formula(lambda ans, x: lambda g: -g * np.cos(x)), [SINGLE], "is -0.3"),
    "float32, a factor": (with_formula(lambda ans, x: lambda g: 2 * g * np.cos(x)), [SINGLE], "is 0.6"),
    "near a pole": (
        lambda x: Value(1 / x.data, (x,), (1.1 / x.data**2,)),
        [Value(1e-3)],
        "is 1100000 .* and -(1000000|999999).* by",
    ),
    "very little": (micrograd_style(lambda x: 3.000006 * x**2), [Value(2.0)], "is 12.000024 by .* and 12"),
    "little beside the curvature": (curved, [Value(1e-3)], "is 2000.3 by .* and 2000"),
    "little of a large number": (
        micrograd_style(lambda x: 3.00001 * x**2),
        [Value(1e5)],
        "0 is 3.00001e.10 by",
    ),
    "a factor": (micrograd_style(lambda x: 3 * x), [Value(2.0)], "argument 0 is 6 by backward.* and 12 by c"),
    "a sign": (micrograd_style(lambda x: -3 * x**2), [Value(2.0)], "argument 0 is -12 .* and 12 by "),
    "a little": (micrograd_style(lambda x: 3.0001 * x**2), [Value(2.0)], "is 12.0004 by .* and 12 by "),
    "slopes": (
        lambda x, y: Value(x.data * y.data, (x, y), (y.data, 1.0)),
        [Value(2.0), Value(5.0)],
        "argument 1 is 1 ",
    ),
    "a primitive": (
        with_formula(lambda ans, x: lambda g: -g * np.cos(x)),
        [X],
        r"sin by argument 0, at \(2, 1\) is -",
    ),
    "one number": (
        with_formula(lambda ans, x: lambda g: wrong_in_one_place(g, x)),
        [X[:, 0]],
        "argument 0, number 1 is .* by backward.. and .* by complex step; 1 of 3 slopes are wrong",
    ),
    "detached": (lambda x: Tensor(x.data) ** 2 + x, [Tensor(X)], "by argument 0, "),
    "a net": (
        lambda net, X: (net(X) * 2).sum() - Tensor(net.values.copy()).sum(),
        [Net(2, [1], "linear"), X],
        "argument 0, ",
    ),
    "a part of a dict": (
        lambda p: p["a"] * 2 + float(p["b"]),
        [{"a": Value(1.0), "b": Value(2.0)}],
        "argument 0, part 1 is 0 by backward.. and 1 by",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_gradients_are_found_and_the_worst_is_named_with_both_numbers(name):
    function, args, text = WRONG[name]
    with pytest.raises(DerivativeError, match=rf"^check_grads\(\): the slope of \w*<?.*{text}"):
        check_grads(function, *args)


KINKS = {
    "relu": (lambda x: x.relu(), Value(0.0)),
    "a net": (lambda net: net([0.5]), Net(1, [1], "relu", init=lambda n_out, n_in: [[0.0]])),
    "where": (lambda x: np.where(x > 0, x, 3 * x).sum(), Tensor([0.0, 1.0])),
}


@pytest.mark.parametrize("name", KINKS)
def test_a_kink_is_warned_of_and_does_not_fail(name):
    function, *args = KINKS[name]
    with pytest.warns(GradientWarning, match=r"a kink at argument 0.*is not compared") as told:
        check_grads(function, *args)
    assert {w.filename for w in told} == {__file__}


def test_a_kink_whose_gradient_is_the_mean_of_both_sides_agrees():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_grads(lambda x: np.abs(x).sum(), np.array([1.0, 0.0, -2.0]))
        check_grads(lambda x, y: np.maximum(x, y), 1.0, 1.0)


def test_a_slope_beyond_both_sides_of_a_kink_is_wrong():
    def relu(x):
        return Value(max(x.data, 0.0), (x,), (1.5,))

    with pytest.raises(DerivativeError, match=r"argument 0 is 1\.5 by backward"):
        check_grads(relu, Value(0.0))


@pytest.mark.parametrize("distance", [1e-3, 1e-5, 4e-6])
def test_a_kink_beside_the_point_is_none(distance):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_grads(lambda x: x.relu() * 2, Value(distance))
        check_grads(lambda x: x.relu() * 2, Value(-distance))


@pytest.mark.parametrize("kind", [lambda: Net(2, [3, 1], "tanh"), Scaled])
def test_nets_get_their_parameters_and_gradients_back(kind):
    random.seed(1)
    net = kind()
    net_loss(net, X).backward()
    numbers, slopes = ([getattr(p, name) for p in net.params()] for name in ("data", "grad"))
    before = [np.array(a, copy=True) for a in (*numbers, *slopes)]

    def failing(net):
        raise LookupError

    check_grads(net_loss, net, X)
    with pytest.raises(LookupError):
        check_grads(failing, net)
    with pytest.raises(DerivativeError):
        check_grads(lambda net: (net(X) * 0).sum() + sum(np.sum(p.data) for p in net.params()), net)
    for old, p in zip(before, [p.data for p in net.params()] + [p.grad for p in net.params()], strict=True):
        np.testing.assert_array_equal(old, p)


def test_arguments_of_the_user_are_left_alone():
    a, t, x = Value(2.0), Tensor(X.copy(), requires_grad=True), X.copy()
    a.grad = 5.0
    check_grads(lambda a, t, x: [(t * x).sum(), a * 3], a, t, x)
    assert (a.data, a.grad, t.grad) == (2.0, 5.0, None)
    np.testing.assert_array_equal(t.data, X)
    np.testing.assert_array_equal(x, X)


def test_of_many_numbers_some_are_compared():
    calls = []

    def function(x):
        calls.append(1)
        return (x**2).sum()

    check_grads(function, Tensor(np.ones(10_000)))
    assert len(calls) == 2 + 2 * 200


def test_a_function_that_loses_the_graph_is_refused():
    with pytest.raises(UnsupportedError, match=r"a Value or a Tensor, got float: the gradient is lost"):
        check_grads(lambda x: float(x) * 2, Value(1.0))


@pytest.mark.parametrize(
    ("function", "args", "error", "text"),
    [
        (
            lambda n: Value(2.0) * n,
            (3, "a"),
            UnsupportedError,
            "to vary, got int, str",
        ),
        (lambda: Value(2.0), (), UnsupportedError, "to vary, got nothing"),
        (
            lambda x: x,
            (np.array([Value(1.0)]),),
            UnsupportedError,
            "an array of objects, .* in argument 0",
        ),
        (lambda x: x, (X * 1j,), UnsupportedError, "complex numbers, as it got in argument 0"),
        (lambda x: x[x.data > 0.3], (X[0],), UnsupportedError, "as many numbers each time, got 1 after 0"),
        (
            lambda x: x * random.random(),
            (Value(1.0),),
            UnsupportedError,
            "the same for the same arg",
        ),
        (lambda x: np.log(x), (np.array([-1.0, 2.0]),), DerivativeError, "value at the arguments is nan"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_what_cannot_be_checked_is_told(function, args, error, text):
    with pytest.raises(error, match=rf"^check_grads\(\).*{text}"):
        check_grads(function, *args)


def test_gradients_are_checked_within_no_grad_too():
    with no_grad():
        worst = check_grads(lambda a, net: (a**2).sum() + net(X).sum(), X, Net(2, [1], "tanh"))
    assert worst.gradient != 0


def test_parameters_without_a_gradient_have_none_afterwards():
    net = Scaled()
    check_grads(net_loss, net, X)
    assert net.scale.grad is None


def test_only_kinks_give_one_warning_and_no_comparison():
    with pytest.warns(GradientWarning, match=r"kink at argument 0, part 0 and at 2 more numbers") as told:
        assert check_grads(lambda xs: sum(x.relu() for x in xs), [Value(0.0)] * 3) is None
    assert len(told) == 1
