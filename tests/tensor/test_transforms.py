"""Transforms: grad, jacobian, hessian, products with vectors, nested to any depth, and recorded."""

import inspect
import math
import re
import warnings
from collections import namedtuple

import mpmath
import numpy as np
import pytest
from scipy.optimize import rosen_der, rosen_hess, rosen_hess_prod

import autograd
from autograd import Net, Tensor, Value, losses, no_grad, record
from autograd.errors import (
    GradientError,
    GradientWarning,
    NotANumberError,
    OptionError,
    OutputError,
    ShapeError,
    UnsupportedError,
)
from autograd.tensor import (
    checkpoint,
    deriv,
    elementwise_grad,
    grad,
    grad_and_aux,
    grad_named,
    gradients,
    hessian,
    hessian_tensor_product,
    hessian_vector_product,
    jacobian,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_jvp_reversemode,
    make_vjp,
    multigrad_dict,
    tensor_jacobian_product,
    value_and_grad,
    vector_jacobian_product,
)
from autograd.tensor.core import ROWS
from autograd.tensor.primitive import Primitive, apply


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def mixed(x, y):
    """A function of two vectors with three results, which has no symmetry."""
    return np.stack([np.sum(np.sin(x) * y[0]), x[0] * y[1] ** 3, np.exp(x[1] * y[0])])


@pytest.fixture
def x(rng):
    return rng.normal(size=6)


@pytest.fixture
def v(rng):
    return rng.normal(size=6)


# Against closed forms and SciPy -------------------------------------------------------------------


@pytest.mark.parametrize("transform", [grad, deriv, elementwise_grad, jacobian])
@pytest.mark.parametrize("order", [1, 2, 3, 4, 5, 6])
def test_derivatives_of_tanh_of_any_order_agree_with_50_digits(transform, order):
    f = np.tanh
    for _ in range(order):
        f = transform(f)
    with mpmath.workdps(50):
        expected = float(mpmath.diff(mpmath.tanh, mpmath.mpf(0.3), order))
    assert f(0.3) == pytest.approx(expected, rel=1e-13)


def test_forward_and_reverse_mode_may_be_nested_in_any_order():
    for modes in ((grad, deriv), (deriv, grad), (grad, deriv, grad), (deriv, deriv, grad)):
        f = lambda t: np.exp(3 * t)
        for mode in modes:
            f = mode(f)
        assert f(0.5) == pytest.approx(3 ** len(modes) * np.exp(1.5), rel=1e-14)


def test_the_derivatives_of_rosenbrocks_function_are_those_of_scipy(x, v):
    close = {"rtol": 1e-12, "atol": 1e-10}
    value, gradient = value_and_grad(rosenbrock)(x)
    assert value == rosenbrock(x)
    times, again = make_hvp(rosenbrock)(x)
    pushed = make_jvp(grad(rosenbrock))(x)(v)
    for found in (gradient, again, grad(rosenbrock)(x), elementwise_grad(rosenbrock)(x), pushed[0]):
        np.testing.assert_allclose(found, rosen_der(x), **close)
    np.testing.assert_allclose(hessian(rosenbrock)(x), rosen_hess(x), **close)
    for found in (
        times(v),
        pushed[1],
        hessian_vector_product(rosenbrock)(x, v),
        hessian_tensor_product(rosenbrock)(x, v),
        make_jvp_reversemode(grad(rosenbrock))(x)(v),
        vector_jacobian_product(grad(rosenbrock))(x, v),
    ):
        np.testing.assert_allclose(found, rosen_hess_prod(x, v), **close)


@pytest.mark.parametrize("argnum", [0, 1, -1])
def test_products_with_the_jacobian_agree_with_the_jacobian_and_with_differences(argnum, rng):
    args = [rng.normal(size=2), rng.normal(size=2)]
    whole = jacobian(mixed, argnum)(*args)
    for k in range(2):
        step = np.zeros(2)
        step[k] = 1e-6
        ahead, behind = (
            [a + s * step if i == argnum % 2 else a for i, a in enumerate(args)] for s in (1, -1)
        )
        np.testing.assert_allclose(whole[:, k], (mixed(*ahead) - mixed(*behind)) / 2e-6, rtol=1e-7, atol=1e-8)
    v, c = rng.normal(size=2), rng.normal(size=3)
    value, change = make_jvp(mixed, argnum)(*args)(v)
    pull, again = make_vjp(mixed, argnum)(*args)
    assert value.tolist() == again.tolist() == mixed(*args).tolist()
    np.testing.assert_allclose(change, whole @ v, rtol=1e-13)
    np.testing.assert_allclose(make_jvp_reversemode(mixed, argnum)(*args)(v), whole @ v, rtol=1e-13)
    np.testing.assert_allclose(pull(c), c @ whole, rtol=1e-13)
    np.testing.assert_allclose(tensor_jacobian_product(mixed, argnum)(*args, c), c @ whole, rtol=1e-13)


def test_a_jacobian_is_the_same_by_forward_and_by_reverse_mode(rng):
    wide, tall = rng.normal(size=(2, 3)), rng.normal(size=(4, 5, 2, 3))
    f = lambda x: np.sum(np.tanh(x) * tall, axis=(2, 3))  # 6 numbers to 20: forward
    expected = tall * (1 - np.tanh(wide) ** 2)
    np.testing.assert_allclose(jacobian(f)(wide), expected, rtol=1e-13)
    g = lambda x: np.sum(np.tanh(x) * tall[0, 0], axis=1)  # 6 to 2: reverse
    expected = np.zeros((2, 2, 3))
    for row in range(2):
        expected[row, row] = tall[0, 0, row] * (1 - np.tanh(wide[row]) ** 2)
    np.testing.assert_allclose(jacobian(g)(wide), expected, rtol=1e-13)
    assert jacobian(lambda x: x)(np.zeros(0)).shape == (0, 0)
    assert jacobian(lambda x: x.sum())(np.zeros(0)).shape == (0,)


def test_the_gauss_newton_product_is_that_of_its_factors(x, v):
    f = lambda x: np.stack([x[0] * x[1], np.sin(x[2]), x[3] ** 2 * x[4]])
    g = lambda y: np.sum(np.exp(y))
    J = jacobian(f)(x)
    np.testing.assert_allclose(make_ggnvp(f)(x)(v), J.T @ (J @ v), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(make_ggnvp(f, g)(x)(v), J.T @ (np.exp(f(x)) * (J @ v)), rtol=1e-12, atol=1e-14)


# Nesting ------------------------------------------------------------------------------------------


def test_the_variables_of_nested_transforms_are_not_confused():
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1  # Siskind and Pearlmutter 2005
    assert grad(lambda x: x * grad(lambda y: x * y)(x))(2.0) == 4
    assert grad(lambda x: grad(lambda y: x * y * y)(x))(3.0) == 12
    assert grad(lambda x: deriv(lambda y: x * y * y)(x))(3.0) == 12
    assert deriv(lambda x: grad(lambda y: x * y * y)(x))(3.0) == 12
    assert deriv(lambda x: x * deriv(lambda y: x * y)(x))(2.0) == 4
    inner = lambda x: grad(lambda y: y**2 * x)(1.0)  # the inner argument is a number of its own
    assert grad(inner)(5.0) == 2


def test_a_derivative_by_an_argument_that_an_outer_one_does_not_depend_on_is_an_array():
    seen = []

    def f(x):
        seen.append(grad(np.sin)(0.0))
        return x * seen[-1]

    assert grad(f)(2.0) == 1
    assert isinstance(seen[0], np.float64)


def test_tensors_give_tensors_whose_gradients_flow_on():
    t = Tensor([1.0, 2.0], requires_grad=True)
    g = grad(lambda x: np.sum(x**3))(t)
    (3 * g).sum().backward()
    assert g.tolist() == [3, 12]
    assert t.grad.tolist() == [18, 36]
    constant = grad(lambda x: np.sum(x**3))(Tensor([1.0, 2.0]))
    assert isinstance(constant, Tensor)
    assert not constant.requires_grad
    value, change = make_jvp(lambda x: x**3)(t)(Tensor([1.0, 10.0], requires_grad=True))
    assert (value.requires_grad, change.tolist()) == (True, [3, 120])


def test_parameters_of_nets_are_constants_of_a_transform_and_their_gradients_stay():
    net = Net(2, [3, 1], "tanh", "linear")
    net.grads[:] = 7
    X = np.array([[0.5, -0.25]])
    slope = grad(lambda x: net(x).sum())(X)
    (expected,) = gradients(net(t := Tensor(X, requires_grad=True)).sum(), [t])
    assert slope.tolist() == expected.tolist()
    assert isinstance(slope, np.ndarray)
    assert (net.grads == 7).all()


def test_transforms_work_within_no_grad_and_no_grad_within_them():
    with no_grad():
        assert grad(np.sin)(0.0) == 1
        assert deriv(grad(np.sin))(0.0) == 0

    def half(x):
        with no_grad():
            constant = x * 1
        return constant * x

    assert grad(half)(3.0) == 3


# Arguments and results ----------------------------------------------------------------------------


def test_argnum_may_be_one_number_or_several():
    f = lambda a, b, c=2.0: a * b**2 * c
    assert grad(f)(3.0, 5.0) == 50
    assert grad(f, 1)(3.0, 5.0, c=1.0) == 30
    assert grad(f, -1)(3.0, 5.0) == 60
    assert grad(f, (0, 1))(3.0, 5.0) == (50, 60)
    assert grad(f, [1])(3.0, 5.0) == (60,)
    assert grad(f, argnum=2)(3.0, 5.0, 7.0) == 75
    assert grad_named(f, "b")(3.0, 5.0) == 60
    assert multigrad_dict(f)(3.0, b=5.0) == {"a": 50, "b": 60, "c": 75}


def test_arguments_and_results_may_be_nested_lists_tuples_and_dicts(rng):
    Pair = namedtuple("Pair", "a b")
    p = {"w": [rng.normal(size=2), rng.normal(size=(2, 2))], "pair": Pair(1.5, (2.5,))}
    f = lambda p: np.sum(p["w"][1] @ p["w"][0]) * p["pair"].a + p["pair"].b[0] ** 2
    g = grad(f)(p)
    np.testing.assert_allclose(g["w"][0], 1.5 * p["w"][1].sum(0))
    np.testing.assert_allclose(g["w"][1], 1.5 * np.broadcast_to(p["w"][0], (2, 2)))
    assert type(g["pair"]) is Pair
    assert g["pair"].b == (5.0,)
    several = lambda x: {"twice": 2 * x, "list": [x[0] ** 2, 5.0]}
    pull, value = make_vjp(several)(np.array([3.0, 4.0]))
    assert value["twice"].tolist() == [6, 8]
    assert pull({"twice": np.array([1.0, 0.0]), "list": [10.0, 1.0]}).tolist() == [62, 0]
    _, change = make_jvp(several)(np.array([3.0, 4.0]))(np.array([1.0, 1.0]))
    assert (change["twice"].tolist(), change["list"]) == ([2, 2], [6, 0])
    both = jacobian(lambda x: {"twice": 2 * x, "sum": np.sum(x)})(np.ones(2))
    assert (both["twice"].tolist(), both["sum"].tolist()) == ([[2, 0], [0, 2]], [1, 1])
    parts = jacobian(lambda x: (x, np.stack([x, 3 * x])))(1.0)  # forward
    assert (parts[0], parts[1].tolist()) == (1, [1, 3])
    blocks = hessian(lambda a, b: a**2 * np.sum(b), (0, 1))(3.0, np.ones(2))
    assert [[np.array(block).tolist() for block in row] for row in blocks] == [
        [4, [6, 6]],
        [[6, 6], [[0, 0], [0, 0]]],
    ]
    whole = jacobian(lambda p: p["w"][1] @ p["w"][0])({"w": p["w"]})
    np.testing.assert_allclose(whole["w"][0], p["w"][1])
    assert whole["w"][1].shape == (2, 2, 2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_derivatives_have_the_dtype_and_shape_of_the_argument_and_are_own_arrays(dtype):
    at = np.array([[1.0], [2.0]], dtype)
    for f in (np.sum, lambda x: (x * at).sum(), lambda x: x[0, 0] * 2):
        g = grad(f)(at)
        assert (g.dtype, g.shape, g.flags.writeable) == (dtype, (2, 1), True)
        g += 1
        assert at.tolist() == [[1], [2]]
    pull, _ = make_vjp(lambda x: x + x)(at)
    assert pull(np.ones((2, 1))).dtype == dtype
    assert make_jvp(lambda x: x + x)(at)(np.ones((2, 1)))[1].dtype == dtype


def test_the_function_is_called_once_and_an_array_that_it_changes_later_does_not_matter():
    at, calls = np.array([1.0, 2.0]), []

    def f(x):
        calls.append(1)
        return x**2

    pull, value = make_vjp(f)(at)
    push = make_jvp(f)(at)
    at[:] = 100
    value[:] = 100
    for _ in range(3):
        assert pull(np.ones(2)).tolist() == [2, 4]
        assert [part.tolist() for part in push(np.ones(2))] == [[1, 4], [2, 4]]
    assert len(calls) == 2


def test_grad_and_aux_returns_what_else_the_function_computed():
    slope, aux = grad_and_aux(lambda x: (x**2, {"third": x**3, "name": "cube"}))(2.0)
    assert (slope, aux) == (4, {"third": 8, "name": "cube"})
    assert grad(lambda x: grad_and_aux(lambda y: (y**2, 3 * y))(x)[1] ** 2)(2.0) == 36


def test_a_transformed_function_has_a_name_and_the_signature_of_the_function():
    for transform in (grad, jacobian, make_vjp, hessian, hessian_vector_product):
        made = transform(mixed)
        assert made.__name__ == f"{transform.__name__.replace('vector', 'tensor')}_of_mixed"
        assert str(inspect.signature(made)) == "(x, y)"


def test_the_names_of_hips_lead_to_the_same_functions():
    assert autograd.grad is grad
    assert autograd.vjp is make_vjp
    assert autograd.jvp is make_jvp
    assert autograd.hvp is hessian_vector_product
    assert autograd.egrad is elementwise_grad


# Checkpoints --------------------------------------------------------------------------------------


def test_a_checkpoint_computes_again_instead_of_keeping_and_gives_the_same_derivatives():
    calls = []

    def deep(x, y, times=3):
        calls.append(1)
        for _ in range(times):
            x = np.sin(x * y)
        return x

    kept = checkpoint(deep)
    for argnum in (0, 1):
        for transform in (grad, lambda f, n: grad(grad(f, n), n), lambda f, n: deriv(f, n)):
            expected = transform(deep, argnum)(0.3, 0.7)
            assert transform(kept, argnum)(0.3, 0.7) == pytest.approx(expected, rel=1e-14)
    assert kept(0.3, 0.7) == deep(0.3, 0.7)
    assert kept(Tensor(0.3), 0.7, times=1).item() == np.sin(0.3 * 0.7)
    calls.clear()
    pull, _ = make_vjp(kept)(0.3, 0.7)
    assert len(calls) == 1
    pull(1.0)
    assert len(calls) == 2


# Recorded -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "transform", [grad, value_and_grad, elementwise_grad, jacobian, hessian], ids=lambda f: f.__name__
)
def test_a_recorded_transform_gives_what_it_gives_on_other_numbers(transform, x, rng):
    f = transform(rosenbrock)
    program = record(f, x)
    for _ in range(3):
        at = rng.normal(size=6)
        found, expected = program(at), f(at)
        pairs = zip(found, expected, strict=True) if isinstance(expected, tuple) else [(found, expected)]
        for a, b in pairs:
            np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-12)


def test_a_recorded_product_with_a_vector_takes_both_as_arguments(x, v):
    program = record(hessian_vector_product(rosenbrock), x, v)
    np.testing.assert_allclose(program(2 * x, -v), rosen_hess_prod(2 * x, -v), rtol=1e-12)
    program = record(lambda x, v: make_jvp(rosenbrock)(x)(v), x, v)
    value, change = program(2 * x, -v)
    assert value == rosenbrock(2 * x)
    assert change == pytest.approx(-rosen_der(2 * x) @ v, rel=1e-12)


def test_a_recorded_gradient_makes_no_calls_but_those_it_needs(x):
    assert len(record(grad(rosenbrock), x)) <= 14


# The size of graphs -------------------------------------------------------------------------------


@pytest.mark.parametrize("transform", [grad, deriv, lambda f: grad(grad(f))])
def test_a_graph_of_diamonds_takes_time_in_proportion_to_its_nodes(transform, monkeypatch):
    counts = []
    for n in (20, 40):
        calls = []
        double = Primitive(
            lambda x, y: x + y,
            [lambda g, out, x, y, calls=calls: calls.append(1) or g] * 2,
            None,
            "double",
        )
        double.elementwise = True

        def f(x, n=n, double=double):
            for _ in range(n):
                x = apply(double, (x, x), {})
            return np.sin(x / 2**n)

        transform(f)(0.5)
        counts.append(len(calls))
    assert counts[0] >= 20
    assert counts[1] <= 2 * counts[0] + 2


def test_a_chain_of_many_calls_needs_no_recursion():
    def f(x):
        for _ in range(20_000):
            x = x * 1.0
        return x

    assert grad(f)(2.0) == deriv(f)(2.0) == 1


# Bad input ----------------------------------------------------------------------------------------

ONES = np.ones(3)
with no_grad():
    CUT = Tensor([1.0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: grad(np.sum)(np.arange(3)), NotANumberError, "an array of dtype int64; write 1.0 for 1,"),
        (lambda: grad(np.sum)(3), NotANumberError, "got int 3; write 1.0 for 1"),
        (lambda: grad(np.sum)(True), NotANumberError, "got bool True"),
        (lambda: grad(np.sum)("text"), NotANumberError, r"got str 'text'$"),
        (lambda: grad(np.sum)(Tensor([1])), NotANumberError, "got a Tensor of dtype int64"),
        (lambda: grad(np.sum)(np.ones(2, "float16")), NotANumberError, "complex64, got float16"),
        (lambda: grad(np.sum)(Value(2.0)), NotANumberError, r"got Value Value\(2.0.*; call its backward\(\)"),
        (lambda: grad(np.sum)([1.0, None]), NotANumberError, "got NoneType None"),
        (lambda: jacobian(np.sum)({"a": [1]}), NotANumberError, r"^jacobian\(\) .* got int 1"),
        (lambda: grad(np.sin)(ONES), OutputError, r"sin returned shape \(3,\); sum it, or use el"),
        (lambda: grad(lambda x: [x])(1.0), OutputError, "<lambda> returned list"),
        (lambda: grad(lambda x: None)(1.0), OutputError, "<lambda> returned NoneType"),
        (lambda: grad(lambda x: "a")(1.0), OutputError, "returned str"),
        (lambda: grad(lambda x: Value(2.0))(1.0), OutputError, "returned Value"),
        (lambda: jacobian(lambda x: (x, "a"))(1.0), OutputError, r"^jacobian\(\) .* returned str"),
        (lambda: grad_and_aux(np.sin)(1.0), OutputError, "a pair, .* returned Tensor"),
        (lambda: grad(np.sin, 1)(1.0), OptionError, r"argnum=1, and .* called with 1 argument,"),
        (lambda: grad(np.sin, -2)(1.0), OptionError, "argnum=-2"),
        (lambda: grad(mixed, (0, 2))(ONES, ONES), OptionError, r"argnum=\(0, 2\), .* with 2 arguments"),
        (lambda: grad(np.sin, "x")(1.0), OptionError, "the number of an argument, .* got 'x'"),
        (lambda: grad_named(mixed, "z"), OptionError, "one of x, y, got 'z'"),
        (lambda: make_vjp(np.sin)(ONES)[0](np.ones(2)), ShapeError, r"the result's shape \(3,\), got \(2,\)"),
        (lambda: make_vjp(np.sin)(ONES)[0]([ONES, ONES]), ShapeError, "each of 1 results, got 2"),
        (lambda: make_jvp(np.sin)(ONES)(1.0), ShapeError, r"the argument's shape \(3,\), got \(\)"),
        (lambda: make_jvp(np.sin)(ONES)((ONES, ONES)), ShapeError, "each of 1 arguments, got 2"),
        (lambda: grad(lambda x: np.unique(x))(ONES), UnsupportedError, r"numpy.unique\(\) has no deriv"),
        (lambda: checkpoint(lambda x: 1.0)(Tensor(1.0, requires_grad=True)), OutputError, "one Tensor"),
        (lambda: gradients(CUT * 2, [CUT]), GradientError, r"inputs\[0\] is a constant; make it with"),
    ],
)  # fmt: skip
def test_transforms_say_what_they_cannot_differentiate(call, error, message):
    with pytest.raises(error, match=message):
        call()


def assigned(x):
    y = np.zeros(2)
    y[0] = x[0] * 2
    return y


def flat_assigned(x):
    y = np.zeros((2, 2))
    y.flat[1] = x[0]
    return y


def filled(x):
    y = np.zeros(2)
    y[:] = x[:2]
    return y


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (assigned, "an array element cannot hold a Tensor .* join Tensors by np.stack"),
        (flat_assigned, "Error setting single item"),  # by NumPy, without the cause
        (filled, "to an array would cut the gradient off"),
        (lambda x: np.array([x[0], x[1]]), "to an array .* join Tensors by np.stack"),
        (lambda x: np.asarray([1.0, x[1]], float), "to an array"),
        (lambda x: np.full(2, x[0]), "to an array"),
    ],
)
def test_a_tensor_never_loses_its_gradient_in_an_array_without_an_error(function, message):
    for call in (lambda: jacobian(function)(ONES), lambda: function(Tensor(ONES, requires_grad=True))):
        with pytest.raises((GradientError, ValueError)) as told:
            call()
        error = told.value.__cause__ or told.value  # an error of NumPy may have ours as its cause
        assert re.search(message, str(error))
    assert np.shape(function(Tensor(ONES)))  # a constant may become an element


@pytest.mark.parametrize("function", [math.exp, float])
def test_a_number_taken_out_within_a_transform_is_an_error_and_item_is_the_way(function):
    with pytest.raises(GradientError, match=r"np.exp for math.exp, or write t.item\(\)"):
        grad(lambda x: x * function(x))(1.0)
    function(Tensor(1.0, requires_grad=True))  # elsewhere it is how losses are printed
    assert grad(lambda x: x * x.item())(3.0) == 3


@pytest.mark.parametrize("error", [NotANumberError, OutputError, UnsupportedError])
def test_errors_of_types_are_type_errors_as_in_hips(error):
    assert issubclass(error, TypeError)


def test_a_function_that_does_not_depend_on_its_argument_gives_zeros_and_one_warning():
    with pytest.warns(GradientWarning, match=r"grad\(\): what <lambda> returned does not depend") as told:
        g = grad(lambda x: 3.0)(ONES)
    assert g.tolist() == [0, 0, 0]
    assert len(told) == 1
    assert told[0].filename == __file__
    with pytest.warns(GradientWarning):
        assert jacobian(lambda x: np.arange(2.0))(ONES).tolist() == [[0] * 3] * 2
    with pytest.warns(GradientWarning):
        assert grad(lambda x, y: y)(1.0, 2.0) == 0
    with pytest.warns(GradientWarning, match="make_vjp"):
        make_vjp(lambda x: 3.0)(1.0)[0](1.0)


def test_derivatives_that_are_constant_are_zero_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert hessian(lambda x: 3 * x.sum())(ONES).tolist() == [[0] * 3] * 3
        assert grad(grad(lambda x: 3 * x))(1.0) == 0
        assert grad(np.floor)(1.5) == 0
        assert grad(lambda x, y: x, (0, 1))(1.0, 2.0) == (1, 0)
        x = Tensor([1.0], requires_grad=True)
        (first,) = gradients(5 * x, [x], create_graph=True)
        assert gradients(first, [x])[0].tolist() == [0]


def test_an_error_in_the_function_leaves_everything_as_it_was():
    def broken(x):
        raise ZeroDivisionError

    for transform in (grad, jacobian, make_vjp, make_jvp, hessian):
        with pytest.raises(ZeroDivisionError):
            transform(broken)(1.0)
    x = Tensor([2.0], requires_grad=True)
    assert float((x * 3).sum()) == 6
    assert grad(np.sin)(0.0) == 1


def test_a_loss_of_a_net_is_differentiated_by_all_its_weights_at_once():
    net = Net(2, [3, 2], "tanh", "linear")
    X, y = np.array([[0.5, -0.25], [1.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])

    def loss(weights):
        hidden = np.tanh(X @ weights[0].T + weights[1])
        return losses.mse(hidden @ weights[2].T + weights[3], y)

    found = grad(loss)([array for layer in net.layers for array in (layer.weight, layer.bias)])
    losses.mse(net(X), y).backward()
    own = [np.column_stack(found[k : k + 2]).reshape(-1) for k in (0, 2)]
    np.testing.assert_allclose(np.concatenate(own), net.grads, rtol=1e-12)


def test_every_row_has_a_way_to_push_a_tangent():
    assert all(hasattr(row, "push") for row in ROWS.values())


VALUES_WITHIN = {
    "value_and_grad": lambda f: value_and_grad(f)(2.0)[0],
    "grad_and_aux": lambda f: grad_and_aux(lambda x: (x, f(x)))(2.0)[1],
    "make_vjp": lambda f: make_vjp(f)(2.0)[1],
    "make_jvp": lambda f: make_jvp(f)(2.0)(1.0)[0],
}


@pytest.mark.parametrize("name", VALUES_WITHIN)
def test_a_value_that_depends_on_the_variable_of_a_transform_outside_is_differentiated_by_it(name):
    assert grad(lambda w: VALUES_WITHIN[name](lambda x: 3 * x * w**2))(5.0) == 60


@pytest.mark.parametrize("name", VALUES_WITHIN)
def test_a_value_that_depends_on_no_variable_outside_is_a_number_within_a_transform(name):
    seen = []
    grad(lambda w: seen.append(VALUES_WITHIN[name](lambda x: 3 * x)) or w)(5.0)
    assert [(type(x), x) for x in seen] == [(np.float64, 6.0)]
