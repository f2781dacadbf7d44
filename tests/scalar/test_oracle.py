"""The contract of both scalar engines, compared with mathematics (mpmath) and closed forms.

The oracle has to be right by itself, since everything else is held against it; the facade keeps the
same promises, so each test here runs on both.
"""

import gc
import math
import operator
import random
import weakref
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
import scipy.differentiate

import autograd.engine
import autograd.nn
import autograd.scalar.engine
import autograd.scalar.nn

ENGINES = {
    "oracle": SimpleNamespace(Value=autograd.scalar.engine.Value, nn=autograd.scalar.nn),
    "facade": SimpleNamespace(Value=autograd.engine.Value, nn=autograd.nn),
}


@pytest.fixture(params=ENGINES)
def engine(request):
    return ENGINES[request.param]


@pytest.fixture
def Value(engine):
    return engine.Value


@pytest.fixture
def nn(engine):
    return engine.nn


@pytest.fixture
def no_collector():
    """Disables the garbage collector, so that objects are freed by reference counting only."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# Functions and operators ----------------------------------------------------------------------

MATHEMATICS = {
    "exp": lambda x: mpmath.mpf(math.e) ** x,  # not e: the contract is math.e ** x
    "log": mpmath.log,
    "sqrt": mpmath.sqrt,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tanh": mpmath.tanh,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "relu": lambda x: max(x, mpmath.mpf(0)),
    "leaky_relu": lambda x: x if x > 0 else x * mpmath.mpf(0.01),
    "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)),
    "gelu": lambda x: x * mpmath.ncdf(x),
    "__neg__": operator.neg,
    "__pos__": operator.pos,
    "__abs__": abs,
}
POINTS = [-7.5, -2.0, -1.3, -0.2, -1e-3, 1e-3, 0.3, 1.0, 2.7, 9.25]


@pytest.mark.parametrize("name", MATHEMATICS)
def test_functions_have_the_values_and_slopes_of_mathematics(name, Value):
    f = MATHEMATICS[name]
    with mpmath.workdps(40):
        for x in POINTS if name not in ("log", "sqrt") else [x for x in POINTS if x > 0]:
            v = Value(x)
            y = getattr(v, name)()
            (3 * y).backward()
            value = f(mpmath.mpf(x))
            # the left tails of softplus and gelu are differences of larger numbers
            assert abs(y.data - value) <= 4 * math.ulp(float(value)) + 1e-19, (name, x)
            assert v.grad == pytest.approx(float(3 * mpmath.diff(f, x)), rel=1e-12, abs=1e-15), (name, x)


def composed(x):
    return (
        (x * x + 2).tanh() * x.sigmoid() / (x.exp() + 1) + (x - 3) ** 3 * x.sin() - abs(x).sqrt().softplus()
    )


@pytest.mark.parametrize("at", [-2.5, -0.75, 0.3, 1.25, 4.0])
def test_a_long_expression_of_the_oracle_has_the_slope_of_scipys_finite_differences(Value, at):
    x = Value(at)
    (3 * composed(x)).backward()
    values = np.vectorize(lambda t: 3 * composed(Value(float(t))).data)
    found = scipy.differentiate.derivative(values, at, tolerances={"atol": 1e-12, "rtol": 1e-12})
    assert x.grad == pytest.approx(float(found.df), rel=1e-8)


OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]


@pytest.mark.parametrize(("x", "y"), [(1.7, 2.3), (0.25, -1.5), (2.0, 1.0), (1.0, 0.0), (3.0, -4.0)])
@pytest.mark.parametrize("op", OPERATORS)
def test_operators_have_the_values_and_slopes_of_mathematics_for_values_and_numbers(op, x, y, Value):
    if op is operator.truediv and y == 0:
        y = 0.5
    a, b, c, d = Value(x), Value(y), Value(x), Value(y)
    results = [op(a, b), op(c, y), op(x, d)]
    sum(3 * r for r in results).backward()
    with mpmath.workdps(40):
        value = float(op(mpmath.mpf(x), mpmath.mpf(y)))
        slopes = [float(3 * mpmath.diff(op, (x, y), n)) for n in [(1, 0), (0, 1)]]
    assert [r.data for r in results] == pytest.approx([value] * 3, rel=4e-16)
    assert [a.grad, b.grad, c.grad, d.grad] == pytest.approx(slopes * 2, rel=1e-12, abs=1e-15)


def test_exp_of_the_oracle_is_math_e_to_the_power_x_as_in_the_original_library(Value):
    assert str(Value(2).exp()) == "Value(7.3890560989306495, grad=0.0)"
    for x in POINTS:
        assert Value(x).exp().data == math.e**x


@pytest.mark.parametrize(
    ("call", "slope"),
    [
        ("v.relu()", 0.0),
        ("v.leaky_relu()", 0.01),
        ("abs(v)", 0.0),
        ("v.sqrt()", math.inf),
        ("v**0.5", math.inf),
        ("v**0", 0.0),
        ("v**1", 1.0),
        ("v**2", 0.0),
        ("0.0**(v + 1)", 0.0),
    ],
)
def test_slopes_of_the_oracle_at_kinks_are_pinned(call, slope, Value):
    v = Value(0)
    (3 * eval(call, {"v": v})).backward()
    assert v.grad == 3 * slope


@pytest.mark.parametrize(("base", "k", "slope"), [(-2, 3, 12), (-2, -1, -0.25), (-0.5, 2, -1), (-2, 0, 0)])
def test_a_negative_base_takes_whole_exponents_and_has_no_slope_for_them(base, k, slope, Value):
    a, b = Value(base), Value(k)
    (3 * a**b).backward()
    assert a.grad == 3 * slope
    assert math.isnan(b.grad)


@pytest.mark.parametrize(
    ("name", "x", "value", "slope"),
    [
        ("sigmoid", 1000, 1, 0),
        ("sigmoid", -1000, 0, 0),
        ("softplus", 1000, 1000, 1),
        ("softplus", -1000, 0, 0),
        ("tanh", 1000, 1, 0),
        ("gelu", 1000, 1000, 1),
        ("gelu", -1000, 0, 0),
        ("exp", -1000, 0, 0),
    ],
)
def test_functions_of_the_oracle_take_their_limits_far_from_0(name, x, value, slope, Value):
    v = Value(x)
    y = getattr(v, name)()
    (3 * y).backward()
    assert (y.data, v.grad) == (value, 3 * slope)


@pytest.mark.parametrize("name", [n for n in MATHEMATICS if n not in ("__neg__", "__pos__", "__abs__")])
def test_functions_of_the_oracle_give_nan_for_nan(name, Value):
    assert math.isnan(getattr(Value(math.nan), name)().data)


def test_the_oracle_computes_with_infinity(Value):
    assert str(Value(-math.inf)) == "Value(-inf, grad=0.0)"
    assert (Value(-math.inf) + 1).data == -math.inf


# What is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("data", ["3", None, 1j, [1], np.array([1.0]), np.array("3"), np.complex128(1)])
def test_the_oracle_refuses_what_is_no_real_number(data, Value):
    with pytest.raises(TypeError, match="real number"):
        Value(data)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("V(0).log()", ValueError),
        ("V(-1).log()", ValueError),
        ("V(-1).sqrt()", ValueError),
        ("V(-8) ** 0.5", ValueError),
        ("V(-8) ** V(0.5)", ValueError),
        ("(-8) ** V(0.5)", ValueError),
        ("V(-1e300) ** 1.5", ValueError),
        ("V(-math.inf) ** 0.5", ValueError),
        ("V(math.inf).sin()", ValueError),
        ("V(2) / 0", ZeroDivisionError),
        ("V(2) / V(0)", ZeroDivisionError),
        ("2 / V(0)", ZeroDivisionError),
        ("V(0) / 0", ZeroDivisionError),
        ("V(0) ** -1", ZeroDivisionError),
        ("V(1000).exp()", OverflowError),
        ("V(1e200) ** 2", OverflowError),
        ("10 ** V(400)", OverflowError),
    ],
)
def test_an_operation_of_the_oracle_without_a_real_result_is_an_error_of_a_built_in_kind(call, error, Value):
    with pytest.raises(error):
        eval(call, {"V": Value, "math": math})


# The graph ------------------------------------------------------------------------------------


def test_a_value_used_several_times_gets_its_gradient_summed_over_all_paths(Value):
    x = Value(1)
    y = x
    for _ in range(60):  # 2**60 paths, too many to follow one by one
        y = y + y
    (3 * y).backward()
    assert x.grad == 3 * 2.0**60


def test_a_shared_result_collects_its_whole_gradient_before_it_passes_it_on(Value):
    x = Value(0.5)
    u = x * x
    y = u.sin() * (u + x) * u  # u reaches y over paths of different lengths
    (3 * y).backward()
    with mpmath.workdps(40):
        slope = mpmath.diff(lambda t: mpmath.sin(t * t) * (t * t + t) * t * t, 0.5)
        inner = mpmath.diff(lambda s: mpmath.sin(s) * (s + 0.5) * s, 0.25)
    assert x.grad == pytest.approx(float(3 * slope), rel=1e-14)
    assert u.grad == pytest.approx(float(3 * inner), rel=1e-14)


def test_a_second_backward_of_the_oracle_doubles_the_gradients_of_leaves_only(Value):
    x = Value(2)
    inner = x * x
    y = 3 * inner
    y.backward()
    assert (x.grad, inner.grad, y.grad) == (12, 3, 1)
    y.backward()
    assert (x.grad, inner.grad, y.grad) == (24, 3, 1)


def test_backward_from_two_results_of_one_graph_adds_up_in_the_leaves_only(Value):
    x = Value(2)
    inner = x * x
    (3 * inner).backward()
    (5 * inner).backward()
    assert (x.grad, inner.grad) == (32, 5)


def test_backward_from_a_leaf_adds_1_to_its_own_gradient(Value):
    x = Value(2)
    x.backward()
    x.backward()
    assert x.grad == 2


def test_zero_grad_of_the_oracle_sets_the_gradient_to_0(Value):
    x = Value(2)
    (3 * x).backward()
    x.zero_grad()
    assert (x.data, x.grad) == (2, 0)


def test_slopes_of_the_oracle_are_those_of_the_operation_after_data_is_assigned(Value):
    x, k = Value(2), Value(3)
    y = x**k * x.exp()
    x.data, k.data, y.data = 100, 200, 300
    (3 * y).backward()
    assert x.grad == pytest.approx(3 * (12 + 8) * math.e**2, rel=1e-15)
    assert k.grad == pytest.approx(3 * 8 * math.log(2) * math.e**2, rel=1e-15)


def test_gradients_of_the_oracle_have_the_same_bits_wherever_its_values_lie_in_memory(Value):
    def slope(ballast):
        x, spaced = Value(0.1), []
        terms = []
        for i in range(1, 40):
            spaced.append([object() for _ in range(i * ballast % 7)])
            terms.append((x * (0.1 * i)).sin() * x.exp() / i)
        (3 * sum(terms)).backward()
        return x.grad.hex()

    assert len({slope(ballast) for ballast in range(7)}) == 1


def test_the_oracle_computes_differentiates_and_frees_a_chain_of_a_million_operations(Value, no_collector):
    x = Value(0)
    y = x
    for _ in range(500_000):
        y = y + 1
        y = y * 1.0
    (3 * y).backward()
    assert (y.data, x.grad) == (500_000, 3)
    alive = weakref.ref(y)
    del y
    assert alive() is None


def test_a_graph_of_the_oracle_is_freed_with_its_last_reference(Value, no_collector):
    x = Value(2)
    inner = x * x
    y = (inner.tanh() + 1) ** x
    (3 * y).backward()
    alive = [weakref.ref(v) for v in (inner, y)]
    del inner
    assert alive[0]() is not None
    del y
    assert [ref() for ref in alive] == [None, None]


# As numbers -----------------------------------------------------------------------------------


def test_values_are_ordered_by_data_and_equal_only_to_themselves(Value):
    a, b, c = Value(1), Value(2), Value(2)
    assert a < b <= c >= b > a < 1.5 <= b
    assert np.float64(3) > b
    assert sorted([c, a]) == [a, c]
    assert (max(a, b), min(a, b)) == (b, a)
    assert b != c
    assert b != 2
    assert len({a, b, c, a}) == 3
    assert {b: "b", c: "c"}[c] == "c"
    with pytest.raises(TypeError, match="not supported"):
        _ = a < "b"


def test_values_convert_and_format_like_their_numbers(Value):
    v = Value(-2.71828)
    assert (float(v), int(v), round(v), round(v, 2)) == (-2.71828, -2, -3, -2.72)
    assert (f"{v:.2f}", f"{v:>8.1f}", f"{v:+.1e}") == ("-2.72", "    -2.7", "-2.7e+00")
    assert f"{v}" == str(v) == repr(v) == "Value(-2.71828, grad=0.0)"


# Nets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("init", "limit"),
    [
        ("uniform", lambda n_in, n_out: 1),
        ("xavier", lambda n_in, n_out: math.sqrt(6 / (n_in + n_out))),
        ("he", lambda n_in, n_out: math.sqrt(6 / n_in)),
    ],
)
def test_weights_are_what_random_draws_in_params_order_and_biases_are_0(init, limit, nn):
    random.seed(3)
    net = nn.Net(2, [3, 1], init=init)
    after = random.random()
    random.seed(3)
    expected = []
    for n_in, n_out in [(2, 3), (3, 1)]:
        for _ in range(n_out):
            expected += [limit(n_in, n_out) * random.uniform(-1, 1) for _ in range(n_in)] + [0.0]
    assert [p.data for p in net.params()] == expected
    assert after == random.random()


def test_a_custom_init_of_the_oracle_gives_rows_of_weights(nn):
    layer = nn.Layer(2, 3, init=lambda n_out, n_in: [[10 * i + j for j in range(n_in)] for i in range(n_out)])
    assert [p.data for p in layer.params()] == [0, 1, 0, 10, 11, 0, 20, 21, 0]


def test_modules_of_the_oracle_print_as_in_the_readme(nn):
    assert repr(nn.Neuron(10)) == "Neuron(10)"
    assert repr(nn.Layer(3, 10)) == "Layer(N_in=3, N_out=10)"
    net = nn.Net(3, [100, 200, 2])
    assert repr(net) == (
        "Net([3, 100, 200, 2]): ['Layer(N_in=3, N_out=100)', 'Layer(N_in=100, N_out=200)', "
        "'Layer(N_in=200, N_out=2)']]"
    )
    assert (nn.Neuron(10).nparams(), nn.Layer(3, 10).nparams(), net.nparams()) == (11, 40, 21002)


def test_a_net_of_the_oracle_computes_its_formula(nn):
    random.seed(5)
    net = nn.Net(2, [2, 1], activation="tanh", output_activation="linear")
    a, b, p, c, d, q, e, f, r = (v.data for v in net.params())
    x, y = 0.3, -0.7
    h, k = math.tanh(a * x + b * y + p), math.tanh(c * x + d * y + q)
    out = net([x, y])
    (3 * out).backward()
    assert out.data == pytest.approx(e * h + f * k + r, rel=1e-14)
    dh, dk = 3 * e * (1 - h * h), 3 * f * (1 - k * k)
    assert [v.grad for v in net.params()] == pytest.approx(
        [dh * x, dh * y, dh, dk * x, dk * y, dk, 3 * h, 3 * k, 3], rel=1e-13
    )


def test_the_default_activation_is_the_sigmoid_in_every_layer(nn):
    net = nn.Net(1, [1, 1], init=lambda *_: [[2.0]])
    sigmoid = lambda x: 1 / (1 + math.exp(-x))
    assert net([3]).data == pytest.approx(sigmoid(2 * sigmoid(2 * 3)), rel=1e-15)
    assert nn.Neuron(1, init=lambda *_: [[2.0]])([3]).data == pytest.approx(sigmoid(6), rel=1e-15)


def test_micrograds_mlp_has_relu_inside_and_is_linear_at_the_end(nn):
    net = nn.MLP(1, [1, 1], init=lambda *_: [[-2.0]])
    assert net([3]).data == 0
    assert net([-3]).data == -12
    assert nn.MLP(2, [16, 16, 1]).nparams() == 337


@pytest.mark.parametrize("overridden", ["params", "parameters"])
def test_a_custom_module_of_the_oracle_gives_its_parameters_by_params_and_parameters(overridden, nn, Value):
    class Line(nn.Module):
        def __init__(self):
            self.slope, self.height = Value(2), Value(1)

    setattr(Line, overridden, lambda self: [self.slope, self.height])
    line = Line()
    assert line.params() == line.parameters() == [line.slope, line.height]
    (3 * (line.slope * 5 + line.height)).backward()
    line.step(0.1)
    assert (line.nparams(), line.slope.data, line.height.data) == (2, 0.5, 1 - 0.1 * 3)
    line.zero_grad()
    assert [p.grad for p in line.params()] == [0, 0]


def test_a_module_of_the_oracle_without_parameters_gives_an_empty_list(nn):
    assert nn.Module().params() == nn.Module().parameters() == []
    assert nn.Module().nparams() == 0


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda nn: nn.Net(0, [3]), "N_in .* 1 or more, got 0"),
        (lambda nn: nn.Net(2, []), "N_outs"),
        (lambda nn: nn.Net(2, [3, -1]), "N_outs .* 1 or more, got -1"),
        (lambda nn: nn.Net(2.5, [3]), "N_in .* whole number .* got 2.5"),
        (lambda nn: nn.Net(True, [3]), "N_in .* whole number .* got True"),
        (lambda nn: nn.Layer(2, "3"), "N_out .* whole number .* got '3'"),
        (lambda nn: nn.Neuron(None), "N .* whole number .* got None"),
        (lambda nn: nn.Net(2, [3], "thanh"), "activation 'thanh': .* sigmoid, tanh, relu, leaky_relu"),
        (lambda nn: nn.Net(2, [3], "tanh", "lin"), "activation 'lin': .* softplus, gelu, linear"),
        (lambda nn: nn.Net(2, [3], init="hee"), "init 'hee': .* uniform, xavier, he"),
        (lambda nn: nn.Net(2, [3])([1, 2, 3]), "2 .*got 3"),
        (lambda nn: nn.Net(2, [3])([]), "2 .*got 0"),
    ],
)
def test_bad_sizes_of_a_net_and_samples_of_the_wrong_length_are_value_errors_of_the_oracle(
    build, message, nn
):
    with pytest.raises(ValueError, match=message):
        build(nn)
