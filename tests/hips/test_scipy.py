"""`autograd.scipy` has SciPy's functions of matrices, signals and equations in time, with derivatives."""

import numpy as np
import pytest
from scipy import integrate, linalg, signal

import autograd.scipy.linalg
import autograd.scipy.signal
from autograd import Tensor, grad, jacobian, record
from autograd.errors import GradientError, OptionError, ShapeError, UnsupportedError
from autograd.scipy.integrate import odeint
from autograd.scipy.signal import convolve
from autograd.test_util import check_grads

own = autograd.scipy.linalg
RNG = np.random.default_rng(0)
A = RNG.normal(size=(3, 3)) / 2 + 3 * np.eye(3)
B = RNG.normal(size=(3, 2))
ROW = RNG.normal(size=3)
POSITIVE = A @ A.T


@pytest.mark.parametrize("name", ["expm", "logm", "sqrtm"])
def test_functions_of_a_matrix_have_derivatives_of_second_order(name):
    np.testing.assert_array_equal(getattr(own, name)(POSITIVE), getattr(linalg, name)(POSITIVE))
    check_grads(getattr(own, name))(POSITIVE / 4)


def test_the_gradient_of_expm_is_the_frechet_derivative_of_scipy():
    change = linalg.expm_frechet(A, np.outer(ROW, ROW), compute_expm=False)
    found = autograd.make_jvp(own.expm)(A)(np.outer(ROW, ROW))[1]
    np.testing.assert_allclose(found, change, rtol=1e-10)


def test_a_recorded_function_of_a_matrix_calls_scipy_again():
    def f(a):
        return np.sum(own.sqrtm(a) ** 2 * np.arange(9).reshape(3, 3))

    program = record(lambda a: (f(a), grad(f)(a)), POSITIVE)
    value, gradient = program(POSITIVE + np.eye(3))
    assert value == f(POSITIVE + np.eye(3))
    np.testing.assert_array_equal(gradient.data, grad(f)(POSITIVE + np.eye(3)))


def test_sylvesters_equation():
    x = own.solve_sylvester(A, A[:2, :2], B)
    np.testing.assert_allclose(A @ x + x @ A[:2, :2], B, rtol=1e-12)
    check_grads(own.solve_sylvester, (0, 1, 2))(A, A[:2, :2], B)


@pytest.mark.parametrize("trans", [0, 1, "N", "T"])
@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("unit_diagonal", [False, True])
@pytest.mark.parametrize("b", [ROW, B], ids=["vector", "matrix"])
def test_triangular_systems(trans, lower, unit_diagonal, b):
    options = {"trans": trans, "lower": lower, "unit_diagonal": unit_diagonal}
    np.testing.assert_array_equal(
        own.solve_triangular(A, b, **options), linalg.solve_triangular(A, b, **options)
    )
    check_grads(own.solve_triangular, (0, 1))(A, b, **options)


@pytest.mark.parametrize(("below", "above"), [(2, 1), (0, 3), (3, 0), (1, 1), (0, 0)])
@pytest.mark.parametrize("shape", [(5,), (5, 2)])
def test_systems_with_a_band(below, above, shape):
    ab = RNG.normal(size=(below + above + 1, 5))
    ab[above] += 4
    b = RNG.normal(size=shape)
    np.testing.assert_array_equal(
        own.solve_banded((below, above), ab, b), linalg.solve_banded((below, above), ab, b)
    )
    check_grads(lambda ab, b: own.solve_banded((below, above), ab, b), (0, 1))(ab, b)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("inv", ()), ("det", ()), ("norm", ()), ("svdvals", ()), ("eigvals", ()), ("pinv", ()),
        ("solve", (B,)), ("eigvalsh", ()), ("cholesky", ()), ("cholesky", (True,)),
    ],
)  # fmt: skip
def test_functions_that_numpy_has_too_take_tensors(name, args):
    scipys = getattr(linalg, name)(POSITIVE, *args)
    np.testing.assert_array_equal(getattr(own, name)(POSITIVE, *args), scipys)
    found = getattr(own, name)(Tensor(POSITIVE), *args).data
    np.testing.assert_allclose(np.sort(found, axis=None), np.sort(np.real(scipys), axis=None), rtol=1e-10)
    check_grads(lambda a: getattr(own, name)(a @ a.T, *args))(A)


def test_decompositions_and_blocks():
    assert [x.shape for x in own.svd(Tensor(POSITIVE))] == [(3, 3), (3,), (3, 3)]
    assert own.eigh(Tensor(POSITIVE))[0].tolist() == np.linalg.eigh(POSITIVE)[0].tolist()
    assert len(own.eig(Tensor(POSITIVE))) == 2
    blocks = own.block_diag(Tensor(A), B, 2.0)
    np.testing.assert_array_equal(blocks.data, linalg.block_diag(A, B, 2.0))
    check_grads(lambda a: own.block_diag(a, a[:1], 2.0) ** 2)(A)
    assert own.block_diag([[1.0]], 2.0).tolist() == [[1, 0], [0, 2]]
    assert own.toeplitz is linalg.toeplitz


def test_what_has_no_derivative_is_said():
    with pytest.raises(
        UnsupportedError, match=r"^solve_triangular\(trans='C'\) has no derivative here; it has for"
    ):
        grad(lambda a: np.sum(own.solve_triangular(a, ROW, trans="C")))(A)
    with pytest.raises(GradientError, match="would cut the gradient off"):
        grad(lambda a: np.sum(own.toeplitz(a)))(ROW)
    for call in (
        lambda: own.eigvalsh(Tensor(POSITIVE), POSITIVE),
        lambda: own.solve(Tensor(A), B, assume_a="pos"),
        lambda: own.eig(Tensor(A), A),
    ):
        with pytest.raises(UnsupportedError, match=r"^scipy.linalg.\w+\(\) of a Tensor: "):
            call()


def test_options_of_speed_and_arguments_by_name_are_taken():
    assert (
        own.solve_triangular(A, ROW, check_finite=False).tolist() == linalg.solve_triangular(A, ROW).tolist()
    )
    np.testing.assert_allclose(own.inv(Tensor(A), check_finite=False).data, linalg.inv(A), rtol=1e-12)
    np.testing.assert_allclose(own.solve(A, b=Tensor(B)).data, linalg.solve(A, B), rtol=1e-12)
    lower = [[2.0, 0.0], [1.0, 3.0]]
    np.testing.assert_array_equal(own.cholesky(Tensor(lower)).data, linalg.cholesky(lower))


# Convolutions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["full", "valid", "same"])
@pytest.mark.parametrize("shapes", [((5,), (3,)), ((3,), (5,)), ((4, 5), (2, 3)), ((2, 3), (4, 5))], ids=str)
def test_convolutions_are_those_of_scipy(shapes, mode):
    a, b = map(RNG.normal, (0, 0), (1, 1), shapes)
    np.testing.assert_allclose(convolve(a, b, mode=mode), signal.convolve(a, b, mode), rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(convolve(a, b, mode), convolve(a, b, mode=mode))
    check_grads(convolve, (0, 1))(a, b, mode=mode)


def test_a_convolution_of_images_sums_over_channels():
    images, filters = RNG.normal(size=(2, 3, 6, 5)), RNG.normal(size=(4, 3, 2, 3))
    over = {"axes": ([2, 3], [2, 3]), "dot_axes": ([1], [1])}
    expected = [
        [
            sum(signal.convolve(x, y, "valid") for x, y in zip(image, kernel, strict=True))
            for kernel in filters
        ]
        for image in images
    ]
    np.testing.assert_allclose(convolve(images, filters, **over, mode="valid"), expected, rtol=1e-10)
    swapped = convolve(filters, images, **over, mode="valid")
    np.testing.assert_allclose(np.swapaxes(swapped, 0, 1), expected, rtol=1e-10)
    check_grads(lambda x, y: convolve(x, y, **over, mode="valid"), (0, 1))(images, filters)
    assert convolve(images[0], filters[0], axes=([1], [2])).shape == (3, 5, 3, 2, 8)
    program = record(grad(lambda k: np.sum(convolve(images, k, **over) ** 2)), filters)
    again = grad(lambda k: np.sum(convolve(images, k, **over) ** 2))(2 * filters)
    np.testing.assert_allclose(program(2 * filters).data, again, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: convolve(ROW, ROW, mode="some"), OptionError, "modes full, valid, same, got 'some'"),
        (lambda: convolve(A, ROW), ShapeError, r"of shapes \(3, 3\) and \(3,\) cannot pair the axes None"),
        (lambda: convolve(A, B, ([0], [0]), ([1], [1])), ShapeError, r"cannot pair the axes \(\[0\], "),
        (lambda: convolve(A[:2], B, mode="valid"), ShapeError, r"longer one along all axes, got \(2, 3\)"),
    ],
)  # fmt: skip
def test_convolve_says_what_it_wants(call, error, message):
    with pytest.raises(error, match=message):
        call()


# Differential equations ----------------------------------------------------------------------------

START, TIMES = np.array([1.0, 0.5]), np.array([0.0, 0.4, 1.0])
TIGHT = {"rtol": 1e-11, "atol": 1e-11}


def driven(y, t, damping, others):
    return -np.array([1.0, 0.3]) * y * damping + np.sin(t) * np.roll(y, 1) * others["coupling"]


def path(y0, times, damping, coupling):
    return odeint(driven, y0, times, (damping, {"coupling": coupling, "name": "a text"}), **TIGHT)


def test_a_solution_is_that_of_scipy():
    arguments = (1.3, {"coupling": 0.5})
    expected = integrate.odeint(driven, START, TIMES, arguments, **TIGHT)
    np.testing.assert_array_equal(odeint(driven, START, TIMES, arguments, **TIGHT), expected)
    found = odeint(driven, Tensor(START), TIMES, arguments, **TIGHT).data
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_a_solution_is_differentiated_by_its_start_its_times_and_its_parameters():
    check_grads(path, (0, 1, 2, 3))(START, TIMES, 1.3, np.array([0.5, -0.2]))


def test_a_solution_in_closed_form_has_its_derivatives():
    def decayed(rate, start, time):
        return odeint(
            lambda t, y, rate: [-rate * y[0]], start, np.stack([0.0, time]), (rate,), tfirst=True, **TIGHT
        )

    found = jacobian(decayed, (0, 1, 2))(0.7, np.array([2.0]), 1.5)
    e = np.exp(-0.7 * 1.5)
    for derivative, expected in zip(found, (-1.5 * 2 * e, e, -0.7 * 2 * e), strict=True):
        assert np.ravel(derivative)[-1] == pytest.approx(expected, rel=1e-8)


def test_a_recorded_solution_is_integrated_anew():
    final = lambda damping: path(START, TIMES, damping, 0.5)[-1, 0]
    program = record(lambda damping: (final(damping), grad(final)(damping)), 0.5)
    value, slope = program(1.3)
    assert (value.item(), slope.item()) == (final(1.3), grad(final)(1.3))


def test_what_func_returns_may_be_a_number_and_args_one_argument():
    slope = grad(lambda k: odeint(lambda y, t, k: -k, [2.0], TIMES, k)[-1, 0])(1.0)
    assert slope == pytest.approx(-1.0, rel=1e-8)


def test_odeint_says_what_would_lose_a_gradient_or_is_not_there():
    with pytest.raises(
        GradientError, match=r"^odeint\(\): func uses a Tensor whose gradient .* give it to func by"
    ):
        grad(lambda a: odeint(lambda y, t, b: -a * b * y, START, TIMES, (a,))[-1, 0])(1.0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'rto'"):
        grad(lambda a: odeint(lambda y, t, b: y, START, TIMES, (a,), rto=1)[-1, 0])(1.0)
    with pytest.raises(OptionError, match="wants one axis of y0, and a number as rtol and atol"):
        grad(lambda a: odeint(lambda y, t, b: y, START, TIMES, (a,), atol=[1e-9, 1e-9])[-1, 0])(1.0)
    with pytest.raises(OptionError, match="does not take Dfun, full_output="):
        grad(lambda a: odeint(lambda y, t, b: y, START, TIMES, (a,), full_output=True, Dfun=None))(1.0)
