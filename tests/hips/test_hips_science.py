"""More short programs for HIPS/autograd, of science and engineering, each with a known result."""

import numpy as plain_numpy
import pytest
from scipy.optimize import minimize

import autograd.numpy as np
import autograd.numpy.fft as fft
import autograd.numpy.linalg as npla
import autograd.scipy.linalg as spla
from autograd import (
    elementwise_grad,
    grad,
    hessian,
    holomorphic_grad,
    jacobian,
    make_ggnvp,
    make_jvp,
    value_and_grad,
)
from autograd.misc.flatten import flatten
from autograd.misc.optimizers import adam, unflatten_optimizer
from autograd.scipy.integrate import odeint
from autograd.scipy.signal import convolve
from autograd.scipy.stats import multivariate_normal as mvn
from autograd.scipy.stats import norm
from autograd.test_util import check_grads


def random(seed=0):
    return plain_numpy.random.RandomState(seed)


def test_the_matrix_of_a_spiral_is_found_from_its_path():
    true_A = np.array([[-0.1, 2.0], [-2.0, -0.1]])
    start, times = np.array([2.0, 0.0]), np.linspace(0.0, 3.0, 20)

    def func(y, t, A):
        return np.dot(A, y)

    true_y = odeint(func, start, times, (true_A,))

    def loss(A_flat):
        A = np.reshape(A_flat, (2, 2))
        return np.mean((odeint(func, start, times, (A,)) - true_y) ** 2)

    guess = np.array([-0.2, 1.8, -1.8, 0.0])
    result = minimize(value_and_grad(loss), guess, jac=True, method="BFGS", options={"gtol": 1e-7})
    assert result.fun < 1e-9
    np.testing.assert_allclose(result.x.reshape(2, 2), true_A, atol=1e-3)


def test_a_filter_is_learned_from_images_by_convolution():
    rs = random()
    images, edges = rs.randn(4, 1, 8, 8), np.array([[[[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]]])
    axes = {"axes": ([2, 3], [2, 3]), "dot_axes": ([1], [1]), "mode": "valid"}
    targets = convolve(images, edges, **axes)

    def loss(weights):
        return np.sum((convolve(images, np.reshape(weights, edges.shape), **axes) - targets) ** 2)

    curvature = hessian(loss)(np.zeros(9))  # the loss is quadratic, so one step of Newton's method solves it
    learned = -npla.solve(curvature, grad(loss)(np.zeros(9)))
    np.testing.assert_allclose(learned.reshape(edges.shape), edges, atol=1e-10)


def test_a_signal_is_given_the_spectrum_that_it_should_have():
    target = np.abs(fft.fft(np.sin(np.linspace(0, 6, 16)) + 0.5))

    def loss(x):
        return np.sum((np.abs(fft.fft(x)) - target) ** 2)

    result = minimize(value_and_grad(loss), random(1).randn(16), jac=True, method="BFGS")
    assert result.fun < 1e-8
    check_grads(loss)(random(2).randn(16))


def test_a_wave_is_moved_by_the_phases_of_its_spectrum():
    n = 32
    x = np.arange(n) * 2 * np.pi / n
    k = fft.fftfreq(n, 1 / n)

    def moved(distance):
        return np.real(fft.ifft(fft.fft(np.exp(np.sin(x))) * np.exp(-1j * k * distance)))

    np.testing.assert_allclose(moved(0.3), np.exp(np.sin(x - 0.3)), atol=1e-10)
    slope = jacobian(moved)(0.3)
    np.testing.assert_allclose(slope, -np.cos(x - 0.3) * np.exp(np.sin(x - 0.3)), atol=1e-9)
    misfit = lambda distance: np.sum((moved(distance) - np.exp(np.sin(x - 0.5))) ** 2)
    assert minimize(value_and_grad(misfit), 0.3, jac=True).x == pytest.approx(0.5, abs=1e-5)


def test_a_kalman_filter_has_the_gradient_of_the_joint_density_of_all_observations():
    y = random().randn(6)

    def by_filtering(params):
        a, q, r = params[0], np.exp(params[1]), np.exp(params[2])
        mean, var, total = 0.0, 1.0, 0.0
        for value in y:
            mean, var = a * mean, a**2 * var + q
            total = total + norm.logpdf(value, mean, np.sqrt(var + r))
            gain = var / (var + r)
            mean, var = mean + gain * (value - mean), (1 - gain) * var
        return total

    def jointly(params):
        a, q, r = params[0], np.exp(params[1]), np.exp(params[2])
        variances = [a**2 + q]
        for _ in y[1:]:
            variances.append(a**2 * variances[-1] + q)
        steps = range(len(y))
        rows = [[a ** abs(i - j) * variances[min(i, j)] for j in steps] for i in steps]
        return mvn.logpdf(y, np.zeros(len(y)), np.array(rows) + r * np.eye(len(y)))

    params = np.array([0.8, -0.5, -1.0])
    assert by_filtering(params) == pytest.approx(jointly(params), rel=1e-10)
    np.testing.assert_allclose(grad(by_filtering)(params), grad(jointly)(params), rtol=1e-8)
    np.testing.assert_allclose(hessian(by_filtering)(params), hessian(jointly)(params), rtol=1e-7, atol=1e-9)


def test_the_rates_of_a_markov_chain_are_found_from_its_transitions():
    def generator(logs):
        rates = np.exp(logs)
        return np.array([[-rates[0], rates[0]], [rates[1], -rates[1]]])

    seen = spla.expm(generator(np.log(np.array([0.3, 0.7]))) * 2.0)

    def loss(logs):
        return np.sum((spla.expm(generator(logs) * 2.0) - seen) ** 2)

    found = minimize(value_and_grad(loss), np.zeros(2), jac=True, options={"gtol": 1e-9}).x
    np.testing.assert_allclose(np.exp(found), [0.3, 0.7], rtol=1e-4)


def test_the_laplace_approximation_of_a_linear_model_is_its_posterior():
    rs = random()
    X, noise, prior = rs.randn(20, 3), 0.5, 2.0
    y = np.dot(X, np.array([1.0, -2.0, 0.5])) + noise * rs.randn(20)

    def log_joint(w):
        return np.sum(norm.logpdf(y, np.dot(X, w), noise)) + np.sum(norm.logpdf(w, 0.0, prior))

    precision = -hessian(log_joint)(np.zeros(3))
    np.testing.assert_allclose(precision, X.T @ X / noise**2 + np.eye(3) / prior**2, rtol=1e-10)
    mode = npla.solve(precision, grad(log_joint)(np.zeros(3)))
    np.testing.assert_allclose(grad(log_joint)(mode), 0, atol=1e-9)


def test_a_step_of_gauss_and_newton_solves_a_linear_problem():
    rs = random()
    X, y = rs.randn(10, 4), rs.randn(10)
    residuals = lambda w: np.dot(X, w) - y
    product = make_ggnvp(residuals)(np.zeros(4))
    matrix = plain_numpy.stack([product(unit) for unit in plain_numpy.eye(4)])
    w = npla.solve(matrix, -np.dot(X.T, residuals(np.zeros(4))))
    np.testing.assert_allclose(w, npla.lstsq(X, y, rcond=None)[0], rtol=1e-9)


def test_a_normal_distribution_with_correlations_is_fitted_by_black_box_inference():
    mean, covariance = np.array([1.0, -1.0]), np.array([[2.0, 0.8], [0.8, 1.0]])
    noise = random().randn(400, 2)
    noise = npla.solve(npla.cholesky(plain_numpy.cov(noise.T)), (noise - noise.mean(axis=0)).T).T

    def objective(params, t):
        L = np.array([[np.exp(params["log_d"][0]), 0.0], [params["off"], np.exp(params["log_d"][1])]])
        samples = params["mean"] + np.dot(noise, L.T)
        entropy = np.sum(params["log_d"])
        return -(entropy + np.mean(mvn.logpdf(samples, mean, covariance)))

    start = {"mean": np.zeros(2), "log_d": np.zeros(2), "off": 0.0}
    found = adam(grad(objective), start, num_iters=600, step_size=0.05)
    np.testing.assert_allclose(found["mean"], mean, atol=0.02)
    L = np.array([[np.exp(found["log_d"][0]), 0.0], [found["off"], np.exp(found["log_d"][1])]])
    np.testing.assert_allclose(L @ L.T, covariance, atol=0.05)


def test_the_slope_of_an_energy_is_the_expectation_in_its_state():
    """The theorem of Hellmann and Feynman, with real and with complex states."""
    rs = random()
    H0, V = rs.randn(4, 4), rs.randn(4, 4) + 1j * rs.randn(4, 4)
    H0, V = H0 + H0.T, V + V.conj().T

    for perturbation in (np.real(V), V):

        def ground_energy(strength, perturbation=perturbation):
            return npla.eigh(H0 + strength * perturbation)[0][0]

        state = npla.eigh(H0 + 0.3 * perturbation)[1][:, 0]
        expected = np.real(np.vdot(state, np.dot(perturbation, state)))
        assert grad(ground_energy)(0.3) == pytest.approx(expected, rel=1e-10)


def test_steps_of_a_pendulum_keep_areas():
    def leapfrog(state):
        q, p = state[0], state[1]
        for _ in range(20):
            p = p - 0.05 * np.sin(q)
            q = q + 0.1 * p
            p = p - 0.05 * np.sin(q)
        return np.array([q, p])

    steps = jacobian(leapfrog)(np.array([1.0, 0.5]))
    assert npla.det(steps) == pytest.approx(1.0, abs=1e-12)
    along = make_jvp(leapfrog)(np.array([1.0, 0.5]))(np.array([1.0, 0.0]))[1]
    np.testing.assert_allclose(along, steps[:, 0], rtol=1e-12)


def test_newtons_method_finds_a_complex_root():
    f = lambda z: z**3 - 2 * z + 2
    z = -0.5 + 1.0j
    for _ in range(30):
        z = z - f(z) / holomorphic_grad(f)(z)
    assert abs(f(z)) < 1e-12
    assert z.imag != 0
    potential = lambda z: np.log(np.abs(f(z)))  # is harmonic: its gradient is f'/f, by Cauchy and Riemann
    at = 0.3 + 0.2j
    assert grad(potential)(at) == pytest.approx(holomorphic_grad(f)(at) / f(at), rel=1e-12)


def test_an_optimiser_of_ones_own_works_on_nested_parameters():
    @unflatten_optimizer
    def momentum(grad, x, callback=None, num_iters=300):
        velocity = np.zeros(len(x))
        for i in range(num_iters):
            velocity = 0.9 * velocity - 0.02 * grad(x, i)
            x = x + velocity
        return x

    loss = lambda p, i: (p["a"] - 3) ** 2 + np.sum((p["b"][0] + 1) ** 2)
    found = momentum(grad(loss), {"a": 0.0, "b": [np.zeros(2)]})
    assert found["a"] == pytest.approx(3, abs=1e-4)
    np.testing.assert_allclose(flatten(found)[0], [3, -1, -1], atol=1e-4)
    np.testing.assert_allclose(elementwise_grad(np.real_if_close)(np.ones(2)), 1)
