"""NumPy's functions of Tensors at the edges: whole numbers, nothing, nan, batches, equal eigenvalues."""

import mpmath
import numpy as np
import pytest
import scipy.special as special
import scipy.stats

import autograd.numpy as anp
import autograd.scipy.special as own_special
from autograd import Tensor, checkpoint, grad, grad_and_aux, hessian, jacobian, record
from autograd.builtins import isinstance as known_isinstance
from autograd.errors import ShapeError, UnsupportedError
from autograd.extend import defvjp, primitive
from autograd.nn import Net
from autograd.scipy import stats
from autograd.test_util import check_grads

WHOLE = np.array([[3, 1], [1, 2]])
NAN, INF = np.nan, np.inf


@pytest.mark.parametrize(
    "call",
    [
        np.linalg.eigvalsh,
        np.linalg.inv,
        np.linalg.det,
        np.linalg.pinv,
        np.linalg.cholesky,
        lambda x: np.linalg.slogdet(x)[1],
        lambda x: np.linalg.svd(x, compute_uv=False),
        lambda x: np.abs(np.linalg.qr(x)[0]),
        lambda x: np.linalg.solve(x, x[0]),
        lambda x: np.linalg.matrix_power(x, -1),
        lambda x: np.gradient(x, axis=1),
        lambda x: np.quantile(x, 0.3),
        lambda x: np.linspace(x, 5, 3),
        np.round,
        np.nan_to_num,
        np.nansum,
        np.tril,
        lambda x: np.pad(x, 1),
        lambda x: np.diag(x[0]),
    ],
)
def test_whole_numbers_give_the_numbers_and_dtypes_of_numpy(call):
    found, expected = call(Tensor(WHOLE)), call(WHOLE)
    np.testing.assert_allclose(found.data, expected, rtol=1e-12)
    assert found.dtype == expected.dtype


@pytest.mark.parametrize("call", [np.flip, np.tril, lambda x: np.repeat(x, 2), lambda x: np.roll(x, 1)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nothing_stays_a_tensor_of_its_dtype(call, dtype):
    x = np.zeros((0, 2), dtype)
    found = call(Tensor(x, requires_grad=True))
    assert isinstance(found, Tensor)
    assert (found.shape, found.dtype) == (call(x).shape, dtype)
    assert np.pad(Tensor(np.zeros(0)), 1).tolist() == [0, 0]


@pytest.mark.parametrize(
    "call",
    [
        np.median,
        lambda x: np.median(x, axis=0),
        lambda x: np.quantile(x, [0.2, 0.8]),
        lambda x: np.percentile(x, 30.0),
        np.nanmean,
        np.nanstd,
    ],
)
def test_nan_goes_where_numpy_has_it_go(call):
    x = np.array([1.0, NAN, 3.0])
    np.testing.assert_array_equal(call(Tensor(x)).data, call(x))


@pytest.mark.parametrize("call", [np.linalg.eigvalsh, lambda a: np.linalg.eigh(a)[0], np.linalg.svdvals])
def test_sums_of_equal_eigenvalues_have_a_slope(call):
    assert grad(lambda a: np.sum(call(a)))(np.eye(2)).tolist() == [[1, 0], [0, 1]]


def test_vectors_of_equal_eigenvalues_have_no_slope():
    slope = grad(lambda a: np.sum(np.linalg.eigh(a)[1][0] * [1.0, 2.0]))(np.eye(2))
    assert np.isnan(slope).any()


@pytest.mark.parametrize("triangle", ["L", "U"])
def test_the_gradient_of_eigenvalues_is_in_the_triangle_that_is_read(triangle):
    A = np.array([[2.0, 1.0], [1.0, 3.0]])
    g = grad(lambda a: np.sum(np.linalg.eigvalsh(a, triangle) ** 3))(A)
    expected = [[15, 0], [30, 30]] if triangle == "L" else [[15, 30], [0, 30]]
    np.testing.assert_allclose(g, expected, rtol=1e-12, atol=1e-12)
    check_grads(lambda a: np.linalg.eigvalsh(a, triangle))(A)


def test_one_vector_is_solved_for_in_a_batch_of_matrices():
    a = np.stack([2 * np.eye(2), [[1.0, 2.0], [3.0, 4.0]], np.diag([1.0, 5.0])])
    check_grads(np.linalg.solve, (0, 1))(a, np.array([1.0, 2.0]))


def test_checkpoint_refuses_what_it_would_lose():
    with pytest.raises(
        UnsupportedError, match="besides them, whose gradient would be lost; make it an argument"
    ):
        grad(lambda w: checkpoint(lambda x: x * w)(w * 1.0))(2.0)
    with pytest.raises(UnsupportedError, match="a parameter of a net"):
        checkpoint(Net(2, [1]))(Tensor([[1.0, 2.0]], requires_grad=True))
    with pytest.raises(UnsupportedError, match="make it an argument"):
        grad(lambda w: checkpoint(lambda x, w: x * w)(w, w=w))(2.0)
    assert record(grad(checkpoint(np.tanh)), 0.5)(0.5) == pytest.approx(1 - np.tanh(0.5) ** 2)


def test_none_as_what_else_a_function_returns_stays_none():
    assert grad_and_aux(lambda x: (x**2, None))(3.0) == (6, None)


def test_isinstance_of_hips_knows_a_tensor_as_an_array_or_a_float():
    f = lambda x: np.sum(x) if known_isinstance(x, np.ndarray) else np.sum(x**2)
    assert grad(f)(3 * np.ones(2)).tolist() == [1, 1]
    assert grad(f)(3.0) == 6
    assert not known_isinstance(Tensor(1.0), (list, dict))


def test_logsumexp_leaves_out_what_has_no_weight():
    a, b = np.array([1000.0, 0.0]), np.array([0.0, 1.0])
    assert own_special.logsumexp(Tensor(a), b=b).item() == special.logsumexp(a, b=b) == 0
    assert own_special.logsumexp(Tensor([-INF, -INF]), b=np.ones(2)).item() == -INF
    assert grad(lambda a: own_special.logsumexp(a, b=b))(a).tolist() == [0, 1]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("name", "function", "args"),
    [
        ("chi2", "logpdf", (-1.0, 2.0)),
        ("chi2", "cdf", (-1.0, 2.0)),
        ("gamma", "logpdf", (-1.0, 2.0)),
        ("gamma", "cdf", (-1.0, 2.0)),
        ("beta", "logpdf", (2.0, 2.0, 3.0)),
        ("beta", "cdf", (2.0, 2.0, 3.0)),
        ("beta", "cdf", (-2.0, 2.0, 3.0)),
        ("poisson", "logpmf", (1.5, 2.0)),
        ("poisson", "logpmf", (-1.0, 2.0)),
        ("norm", "cdf", (0.3, 0.0, -1.0)),
        ("norm", "logpdf", (0.3, 0.0, -1.0)),
        ("dirichlet", "logpdf", (np.array([0.2]), np.array([2.0, 3.0]))),
    ],
)
def test_densities_are_those_of_scipy_outside_their_support_too(name, function, args):
    own = getattr(getattr(stats, name), function)(*args)
    np.testing.assert_allclose(own, getattr(getattr(scipy.stats, name), function)(*args), rtol=1e-12)


def test_arrays_of_tensors_refuse_options_that_they_would_drop():
    with pytest.raises(UnsupportedError, match=r"array\(\) of Tensors takes dtype and copy, and got ndmin"):
        anp.array(Tensor([1.0, 2.0]), ndmin=3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: np.diff(x, axis=3), ValueError, "axis 3 is out of bounds"),
        (lambda x: np.cumprod(x, axis=3), ValueError, "axis 3 is out of bounds"),
        (lambda x: np.diff(x, -1), ShapeError, "n to be 0 or more, got -1"),
        (lambda x: np.take_along_axis(x, np.array([0, 1]), 0), ShapeError, "indices with 2 axes"),
        (lambda x: np.median(x, axis=(0, 1)), UnsupportedError, r"wants one axis or None, got \(0, 1\)"),
        (lambda x: np.average(x, weights=np.ones(4)), ShapeError, "wants an axis for weights"),
        (lambda x: np.gradient(np.arange(3.0), x[0, 0]), UnsupportedError, "by the spacing"),
    ],
)
def test_bad_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(Tensor(np.ones((3, 4)), requires_grad=True))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of one observation
def test_tensors_may_stand_where_numpy_wants_whole_numbers_and_at_keywords():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    assert np.delete(x, Tensor(np.array(1))).tolist() == [1, 3]
    assert np.choose(Tensor(np.array([0, 1])), [[1.0, 2.0], x[:2]]).tolist() == [1, 2]
    assert np.tile(A=x, reps=2).tolist() == [1, 2, 3] * 2
    assert np.flip(m=x).tolist() == [3, 2, 1]
    assert (x % 2.0).tolist() == [1, 0, 1]
    assert (5.0 % x).tolist() == [0, 1, 2]
    assert grad(lambda x: x % 2.0)(5.5) == 1
    assert np.cov(Tensor(np.ones((1, 3))), rowvar=False).shape == (3, 3)
    assert np.average(Tensor([INF, 1.0]), weights=[1.0, 2.0]).item() == INF


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(special.psi(x)),
        lambda x: np.interp(x[0], [0.0, 1.0, 3.0], [0.0, 5.0, 2.0]),
        lambda x: np.sum(np.take(x**2, np.argsort(x)) * [1.0, 2.0]),
    ],
)
def test_functions_with_other_arguments_are_recorded(f):
    at = np.array([0.5, 1.5])
    program = record(grad(f), at + 0.25)
    np.testing.assert_allclose(program(at), grad(f)(at), rtol=1e-13)


def test_a_primitive_whose_gradient_is_no_formula_of_numpy_is_differentiated_backward():
    @primitive
    def cubes(x):
        return np.array([x, x**2, x**3])

    def back(ans, x):
        def pulled(g):
            weights = np.zeros(3)
            weights[:] = 1, 2 * x, 3 * x**2
            return float(np.dot(g, weights))

        return pulled

    defvjp(cubes, back)
    assert jacobian(cubes)(2.0).tolist() == [1, 4, 12]


def test_a_hessian_by_several_arguments_is_made_of_blocks():
    ((aa, ab), (ba, bb)) = hessian(lambda a, b: a**2 * b, (0, 1))(3.0, 5.0)
    assert (aa, ab, ba, bb) == (10, 6, 6, 0)


METHODS = {
    "flatten": (),
    "squeeze": (),
    "cumsum": (1,),
    "cumprod": (),
    "trace": (1,),
    "diagonal": (-1,),
    "repeat": (2, 0),
    "take": ([0, 5],),
    "round": (1,),
    "copy": (),
    "any": (0,),
    "all": (),
    "argsort": (0,),
    "nonzero": (),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods_of_arrays_are_methods_of_tensors(name):
    x = np.random.default_rng(1).normal(size=(3, 4))
    found = getattr(Tensor(x, requires_grad=True), name)(*METHODS[name])
    expected = getattr(x, name)(*METHODS[name])
    np.testing.assert_array_equal(found.data if isinstance(found, Tensor) else found, expected)
    assert name in ("any", "all", "argsort", "nonzero") or found.requires_grad


@pytest.mark.parametrize(
    "f",
    [
        lambda x: anp.sum([x[0], 2 * x[1]]),
        lambda x: anp.mean([[x[0], 1.0], [x[1], x[0]]], axis=0)[0],
        lambda x: anp.sum(anp.concatenate([[x[0]], anp.ones(1), x])),
        lambda x: anp.sum(anp.vstack([[x[0], x[1]], x]) ** 2),
        lambda x: anp.dot(x, [x[0], 3.0]),
        lambda x: anp.sum(anp.append(x, [x[0], x[0]])),
    ],
)
def test_autograd_numpy_takes_lists_of_what_is_varied(f):
    check_grads(f)(np.array([0.5, -1.5]))


def test_names_of_hips_are_at_the_top():
    import autograd
    from autograd.extend import primitive as own

    assert autograd.primitive is own
    assert autograd.isinstance is known_isinstance
    assert (autograd.list, autograd.tuple, autograd.dict) == (list, tuple, dict)
    with pytest.raises(AttributeError, match="has no attribute 'set'"):
        getattr(autograd, "set")  # noqa: B009


@pytest.mark.parametrize("x", [0.0, 1e-9, 0.1, 0.3, 0.45, 0.7, 2.5])
def test_derivatives_of_sinc_are_right_at_0_and_near_it(x):
    f = np.sinc
    for order in range(1, 5):
        f = grad(f)
        with mpmath.workdps(50):
            # the derivative of the integral of cos(πxt) over t from 0 to 1, which is sinc
            slope = lambda t, k=order: (
                (mpmath.pi * t) ** k * mpmath.cos(mpmath.pi * x * t + k * mpmath.pi / 2)
            )
            expected = float(mpmath.quad(slope, [0, 1]))
        assert f(x) == pytest.approx(expected, rel=1e-11, abs=1e-12)
