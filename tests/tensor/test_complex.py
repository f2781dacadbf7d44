"""Complex numbers: what a real number changes by is the real part of its gradient times the change."""

import numpy as np
import pytest

from autograd import (
    Tensor,
    deriv,
    elementwise_grad,
    grad,
    hessian,
    holomorphic_grad,
    jacobian,
    make_hvp,
    make_jvp,
    make_vjp,
    record,
    value_and_grad,
)
from autograd.errors import GradientError, NotANumberError, OutputError
from autograd.tensor import check_grads, flatten

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(3, 4)) + 1j * RNG.normal(size=(3, 4))
SQUARE = RNG.normal(size=(2, 3, 3)) + 1j * RNG.normal(size=(2, 3, 3))


def hermitian(a):
    return a @ np.conj(np.swapaxes(a, -1, -2)) + 3 * np.eye(3)


def from_eigenvectors(a):
    w, v = np.linalg.eigh(hermitian(a))
    return (v * np.exp(w / 9)[..., None, :]) @ np.conj(np.swapaxes(v, -1, -2))


def from_singular_vectors(a):
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    return (u * s[..., None, :] ** 2) @ vt


def rebuilt_by_qr(a):
    q, r = np.linalg.qr(a)
    return q @ np.tanh(r)


HOLOMORPHIC = """negative positive square reciprocal exp expm1 exp2 log log1p log2 log10 sqrt sin cos tan
arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh sinc""".split()  # noqa: SIM905
# fmt: off
FUNCTIONS = {
    **{name: getattr(np, name) for name in HOLOMORPHIC},
    **{name: getattr(np, name) for name in ("absolute", "sign", "conjugate", "real", "imag", "angle")},
    **{name: getattr(np, name) for name in ("sum", "mean", "prod", "var", "std", "max", "sort")},
    **{name: getattr(np, name) for name in ("cumsum", "cumprod")},
    **{name: getattr(np.fft, name) for name in ("fft", "ifft", "irfft", "hfft", "fftn", "irfft2")},
    "power": lambda z: z**3.5 + 2.0**z + (-2.0) ** z,
    "power of both": lambda z: z**z,
    "quotient": lambda z: z / (z * z + 1j) + 1 / z,
    "nan_to_num": lambda z: np.nan_to_num(z * 2),
    "norm": np.linalg.norm,
    "norm of order 3": lambda z: np.linalg.norm(z, 3, axis=1),
    "vdot": lambda z: np.vdot(z, z[::-1] ** 2),
    "cov": np.cov,
    "product": lambda z: z @ np.conj(z.T),
    "einsum": lambda z: np.einsum("ij,kj->ik", z, np.conj(z)),
    "where": lambda z: np.where(z.real > 0, z * z, np.conj(z)),
}
MATRICES = {
    "inv": np.linalg.inv,
    "det": np.linalg.det,
    "solve": lambda a: np.linalg.solve(a, a[..., 0:1] ** 2 + 1),
    "matrix_power": lambda a: np.linalg.matrix_power(a, 3),
    "slogdet, sign": lambda a: np.linalg.slogdet(a)[0],
    "slogdet, logarithm": lambda a: np.linalg.slogdet(a)[1],
    "pinv": lambda a: np.linalg.pinv(a[:, :2]),
    "cholesky": lambda a: np.linalg.cholesky(hermitian(a)),
    "eigvalsh": lambda a: np.linalg.eigvalsh(hermitian(a)),
    "eigh": from_eigenvectors,
    "svdvals": np.linalg.svdvals,
    "svd": from_singular_vectors,
    "svd, wide": lambda a: from_singular_vectors(a[:, :2]),
    "svd, tall": lambda a: from_singular_vectors(a[:, :, :2]),
    "qr": rebuilt_by_qr,
    "qr, tall": lambda a: rebuilt_by_qr(a[:, :, :2]),
    "eigvals": np.linalg.eigvals,
    "eig": lambda a: np.linalg.eig(a)[1],
    "nuclear norm": lambda a: np.linalg.norm(a, "nuc", axis=(-2, -1)),
}
# fmt: on


@pytest.mark.parametrize("name", FUNCTIONS)
def test_both_modes_to_second_order_are_right_at_complex_numbers(name):
    check_grads(FUNCTIONS[name])(Z)


@pytest.mark.parametrize("name", MATRICES)
def test_both_modes_to_second_order_are_right_at_complex_matrices(name):
    check_grads(MATRICES[name])(SQUARE / 2)


@pytest.mark.parametrize("name", [*FUNCTIONS, "matrices"])
def test_a_recorded_function_of_complex_numbers_gives_what_it_gives(name):
    f = FUNCTIONS.get(name, lambda z: np.linalg.solve(z[:, :3] + 9j, z))
    expected, pull = f(Z), make_vjp(f)(Z)[0]
    seed = np.ones_like(expected) * 3
    program = record(lambda z: (f(z), make_vjp(f)(z)[0](seed)), Z[::-1].copy())
    value, gradient = program(Z)
    np.testing.assert_allclose(value.data, expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(gradient.data, pull(seed), rtol=1e-12, atol=1e-13)


def test_check_grads_finds_a_wrong_sign_of_an_imaginary_part():
    from autograd.extend import defvjp, primitive

    @primitive
    def conj(z):
        return np.conj(z)

    defvjp(conj, lambda ans, z: lambda g: g)
    with pytest.raises(AssertionError, match="backward, order 1"):
        check_grads(conj, modes=["rev"])(1 + 2j)


@pytest.mark.parametrize("name", [n for n in HOLOMORPHIC if n != "sinc"])
def test_holomorphic_grad_is_the_limit_of_quotients_in_every_direction(name):
    f, z = getattr(np, name), 0.7 + 0.4j
    for step in (1e-6, 1e-6j):
        quotient = (f(z + step) - f(z - step)) / (2 * step)
        assert holomorphic_grad(lambda z: 3 * f(z))(z) == pytest.approx(3 * quotient, rel=1e-8)


def test_the_gradient_of_a_real_number_has_the_real_slope_less_i_times_the_imaginary_one():
    def f(z):
        return np.abs(z) ** 2 * 3 + np.real(z) * np.imag(z)

    z = 2.0 + 5.0j
    by_x, by_y = 6 * z.real + z.imag, 6 * z.imag + z.real
    assert grad(f)(z) == pytest.approx(by_x - 1j * by_y, rel=1e-14)
    value, gradient = value_and_grad(f)(z)
    assert value == pytest.approx(97)
    assert gradient == grad(f)(z)
    assert elementwise_grad(f)(np.array([z, 1j])).dtype == complex


def test_a_real_argument_has_a_real_gradient_on_its_way_through_complex_numbers():
    x = np.linspace(0.1, 1.0, 8)
    gradient = grad(lambda x: np.sum(np.abs(np.fft.fft(x * np.exp(1j * x))) ** 2) * 3)(x)
    assert gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, 6 * 8 * x, rtol=1e-12)  # by Parseval's theorem
    single = grad(lambda x: np.sum(np.abs(np.fft.fft(x)) ** 2))(x.astype("float32"))
    assert single.dtype == np.float32


def test_jacobians_of_complex_results_and_by_complex_arguments():
    def wave(t):
        return np.stack([np.exp(1j * t[0]), t[0] * t[1] * 1j])

    expected = [[1j * np.exp(2j), 0], [3j, 2j]]
    np.testing.assert_allclose(jacobian(wave)(np.array([2.0, 3.0])), expected, rtol=1e-14)
    assert deriv(lambda t: np.exp(1j * t))(0.0) == 1j
    z = np.array([1 + 2j, 3 - 1j])
    squares = jacobian(lambda z: np.abs(z) ** 2)(z)
    np.testing.assert_allclose(squares, np.diag(2 * np.conj(z)), rtol=1e-14)
    with pytest.raises(
        OutputError, match=r"^jacobian\(\) wants real .* <lambda>, and both are complex; take"
    ):
        jacobian(lambda z: z * 2)(z)
    energy = hessian(lambda x: np.sum(np.abs(np.fft.rfft(x)) ** 2))(np.arange(4.0))
    assert energy.dtype == np.float64


def test_products_with_a_hessian_by_complex_numbers():
    times, gradient = make_hvp(lambda z: np.sum(np.abs(z) ** 4))(Z)
    np.testing.assert_allclose(gradient, 4 * np.abs(Z) ** 2 * np.conj(Z), rtol=1e-12)
    step = 1e-6 * (1 + 2j)
    slope = grad(lambda z: np.sum(np.abs(z) ** 4))
    numerical = (np.real(slope(Z + step) - slope(Z - step)) / 2e-6, times(np.full_like(Z, 1.0)).real)
    assert numerical[0].shape == numerical[1].shape
    np.testing.assert_allclose(make_jvp(slope)(Z)(np.full_like(Z, 1 + 2j))[1].real, numerical[0], rtol=1e-5)


@pytest.mark.parametrize("transform", [grad, value_and_grad, elementwise_grad])
def test_a_complex_result_asks_for_holomorphic_grad(transform):
    with pytest.raises(
        OutputError, match=r"returned complex ones; take np.real .* or call holomorphic_grad\(\)"
    ):
        transform(lambda z: z * z)(1 + 1j)


def assigned(x):
    array = np.zeros(2, complex)
    array[0] = x
    return array


def test_what_cannot_be_done_with_complex_numbers_is_said():
    with pytest.raises(
        OutputError, match=r"^holomorphic_grad\(\) wants .* one number, and <lambda> returned shape"
    ):
        holomorphic_grad(lambda z: z * 2)(Z)
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(GradientError, match=r"^backward\(\) from complex numbers: take a real one, t.real"):
        (x * 1j).sum().backward()
    (x * 1j * (1 + 2j)).real.sum().backward()
    assert x.grad.tolist() == [-2, -2]
    pull, _ = make_vjp(lambda x: x * 2)(np.ones(2))
    with pytest.raises(NotANumberError, match="wants real numbers for those of float64, got complex128"):
        pull(np.array([1j, 2]))
    with pytest.raises(NotANumberError, match="wants real numbers for those of float64, got complex128"):
        make_jvp(lambda x: x * 2)(np.ones(2))(np.array([1j, 2]))
    with pytest.raises(GradientError, match=r"^complex\(\) of a Tensor, which functions of math call too"):
        grad(lambda x: complex(x).real)(1.0)
    with pytest.raises(GradientError, match="an array element cannot hold a Tensor with a gradient"):
        grad(assigned)(1.0)
    with pytest.raises(
        NotANumberError, match=r"complex numbers, complex128; convert them: x\.real or x\.imag"
    ):
        Tensor([1j])


def test_upper_factors_and_signs_of_determinants_of_any_size_are_those_of_numpy():
    h = hermitian(SQUARE[0])
    np.testing.assert_allclose(
        np.linalg.cholesky(constant(h), upper=True).data, np.linalg.cholesky(h, upper=True)
    )
    check_grads(lambda a: np.linalg.cholesky(hermitian(a), upper=True))(SQUARE)
    for scale in (1e-3, 10):
        large = scale * (RNG.normal(size=(200, 200)) + 1j * RNG.normal(size=(200, 200)))
        found, expected = np.linalg.slogdet(constant(large)), np.linalg.slogdet(large)
        assert found.sign.item() == pytest.approx(expected.sign)
    assert grad(np.nanvar)(np.array([1 + 1j, 2.0, np.nan])).tolist()[2] == 0


def constant(z):
    return Tensor(z.real) + 1j * z.imag


def test_a_part_of_a_constant_has_memory_of_its_own():
    t = Tensor([1.0, 2.0])
    part = np.real(t)
    t.data[0] = 9
    assert part.tolist() == [1, 2]


def test_a_complex_tensor_without_a_gradient_is_a_python_number():
    assert complex(Tensor(2.0) * 1j) == 2j
    assert (Tensor(2.0) * 1j).item() == 2j


def test_flatten_gives_complex_and_real_numbers_back_as_they_were():
    vector, unflatten = flatten({"z": Z, "x": np.ones(2), "n": 3.0})
    assert vector.dtype == complex
    again = unflatten(vector)
    assert again["z"].tolist() == Z.tolist()
    assert again["x"].dtype == np.float64
    assert again["n"] == 3.0
    assert grad(lambda p: np.sum(np.abs(flatten(p)[0]) ** 2))({"z": 1j, "x": 2.0})["x"] == 4
