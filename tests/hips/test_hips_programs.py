"""Short programs as they are written for HIPS/autograd, with its imports alone, each with a known result."""

from itertools import pairwise

import numpy as plain_numpy
import pytest
from scipy.optimize import minimize, rosen_der, rosen_hess

import autograd.numpy as np
import autograd.numpy.random as npr
import autograd.scipy.stats as stats
import autograd.scipy.stats.norm as norm
from autograd import (
    checkpoint,
    deriv,
    elementwise_grad,
    grad,
    hessian,
    hessian_vector_product,
    jacobian,
    make_jvp,
    make_vjp,
    multigrad_dict,
    value_and_grad,
)
from autograd.builtins import isinstance, list, tuple  # noqa: A004
from autograd.extend import defjvp, defvjp, primitive
from autograd.misc import flatten
from autograd.misc.fixed_points import fixed_point
from autograd.misc.optimizers import adam, rmsprop, sgd
from autograd.numpy.linalg import solve
from autograd.scipy.special import gammaln, logsumexp
from autograd.test_util import check_equivalent, check_grads, combo_check, scalar_close


def random(seed=0):
    return plain_numpy.random.RandomState(seed)


def test_logistic_regression_reaches_the_maximum_of_its_likelihood():
    def sigmoid(x):
        return 0.5 * (np.tanh(x / 2.0) + 1)

    inputs = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
    targets = np.array([True, True, False, True])

    def training_loss(weights):
        preds = sigmoid(np.dot(inputs, weights))
        label_probabilities = preds * targets + (1 - preds) * (1 - targets)
        return -np.sum(np.log(label_probabilities))

    training_gradient = grad(training_loss)
    weights = np.array([0.0, 0.0, 0.0])
    assert training_loss(weights) == pytest.approx(4 * np.log(2))
    for _ in range(100):
        weights -= training_gradient(weights) * 0.01
    expected = inputs.T @ (1 / (1 + np.exp(-inputs @ weights)) - targets)  # the gradient in closed form
    np.testing.assert_allclose(training_gradient(weights), expected, rtol=1e-12)
    assert training_loss(weights) < 2.5


def test_derivatives_of_tanh_one_after_the_other():
    x = np.linspace(-2, 2, 50)
    first = elementwise_grad(np.tanh)
    second, third = elementwise_grad(first), elementwise_grad(elementwise_grad(first))
    t = np.tanh(x)
    np.testing.assert_allclose(first(x), 1 - t**2, rtol=1e-12)
    np.testing.assert_allclose(second(x), -2 * t * (1 - t**2), rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(third(x), (1 - t**2) * (6 * t**2 - 2), rtol=1e-10, atol=1e-13)


def test_tanh_written_by_hand_and_a_taylor_series_of_the_sine():
    def tanh(x):
        return (1.0 - np.exp(-2 * x)) / (1.0 + np.exp(-2 * x))

    def fun(x):
        currterm = ans = x
        for i in range(1000):
            currterm = -currterm * x**2 / ((2 * i + 3) * (2 * i + 2))
            ans = ans + currterm
            if np.abs(currterm) < 0.2e-15:
                break
        return ans

    assert grad(tanh)(1.0) == pytest.approx(1 - np.tanh(1) ** 2, rel=1e-13)
    assert grad(fun)(np.pi / 3) == pytest.approx(0.5, rel=1e-12)
    assert grad(grad(fun))(np.pi / 3) == pytest.approx(-np.sqrt(3) / 2, rel=1e-12)


def test_a_neural_net_with_a_list_of_layers_is_trained_by_adam():
    def init_random_params(scale, layer_sizes, rs):
        return [(scale * rs.randn(m, n), scale * rs.randn(n)) for m, n in pairwise(layer_sizes)]

    def neural_net_predict(params, inputs):
        for W, b in params:
            outputs = np.dot(inputs, W) + b
            inputs = np.tanh(outputs)
        return outputs - logsumexp(outputs, axis=1, keepdims=True)

    def l2_norm(params):
        flattened, _ = flatten(params)
        return np.dot(flattened, flattened)

    rs = random()
    X = rs.randn(60, 2)
    labels = (X[:, 0] * X[:, 1] > 0).astype(int)
    T = np.eye(2)[labels]

    def objective(params, i=0):
        return -np.sum(neural_net_predict(params, X) * T) / len(X) + 1e-4 * l2_norm(params)

    params = init_random_params(0.5, [2, 16, 2], rs)
    check_grads(objective)(params)
    seen = []
    best = adam(
        grad(objective), params, step_size=0.05, num_iters=150, callback=lambda p, i, g: seen.append(i)
    )
    accuracy = np.mean(np.argmax(neural_net_predict(best, X), axis=1) == labels)
    assert accuracy > 0.95
    assert isinstance(best, list)
    assert isinstance(best[0], tuple)
    assert seen == list(range(150))


def test_a_gaussian_mixture_gets_a_higher_likelihood_by_newtons_method():
    rs = random(1)
    data = np.concatenate([rs.randn(40, 2) * 0.3 + 2, rs.randn(40, 2) * 0.3 - 2])

    def unpack(params):
        normalized_log_proportions = params["log proportions"] - logsumexp(params["log proportions"])
        return normalized_log_proportions, params["means"], params["lower triangles"]

    def log_likelihood(params):
        cluster_lls = []
        for log_proportion, mean, cov_sqrt in zip(*unpack(params), strict=True):
            cov = np.dot(cov_sqrt.T, cov_sqrt)
            cluster_lls.append(log_proportion + stats.multivariate_normal.logpdf(data, mean, cov))
        return np.sum(logsumexp(np.vstack(cluster_lls), axis=0))

    start = {
        "log proportions": np.zeros(2),
        "means": np.array([[1.0, 0.5], [-1.0, -0.5]]),
        "lower triangles": np.stack([np.eye(2), np.eye(2)]),
    }
    flat, unflatten = flatten(start)
    objective = lambda vector: -log_likelihood(unflatten(vector))
    check_grads(objective, order=1)(flat)
    found = minimize(value_and_grad(objective), flat, jac=True, method="BFGS")
    means = unflatten(found.x)["means"]
    np.testing.assert_allclose(sorted(means[:, 0]), [-2, 2], atol=0.15)


@pytest.mark.parametrize("method", ["BFGS", "Newton-CG", "trust-ncg", "trust-exact", "L-BFGS-B"])
def test_rosenbrocks_function_is_minimised_by_methods_of_scipy(method):
    def rosenbrock(x):
        return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2

    x0 = np.array([0.0, 0.0])
    options = {}
    if method in ("Newton-CG", "trust-ncg"):
        options["hessp"] = hessian_vector_product(rosenbrock)
    if method == "trust-exact":
        options["hess"] = hessian(rosenbrock)
    found = minimize(value_and_grad(rosenbrock), x0, jac=True, method=method, tol=1e-8, **options)
    np.testing.assert_allclose(found.x, [1, 1], atol=1e-5)
    np.testing.assert_allclose(grad(rosenbrock)(x0), rosen_der(x0))
    np.testing.assert_allclose(hessian(rosenbrock)(x0), rosen_hess(x0))


def test_a_gaussian_process_finds_the_length_scale_of_its_data():
    def rbf_covariance(kernel_params, x, xp):
        output_scale = np.exp(kernel_params[0])
        lengthscales = np.exp(kernel_params[1:])
        diffs = np.expand_dims(x / lengthscales, 1) - np.expand_dims(xp / lengthscales, 0)
        return output_scale * np.exp(-0.5 * np.sum(diffs**2, axis=2))

    rs = random(2)
    X = np.linspace(-3, 3, 30)[:, None]
    y = np.sin(2 * X[:, 0]) + 0.05 * rs.randn(30)

    def log_marginal_likelihood(params):
        cov = rbf_covariance(params[1:], X, X) + np.exp(params[0]) * np.eye(len(X))
        return stats.multivariate_normal.logpdf(y, np.zeros(len(X)), cov)

    start = np.array([-1.0, 0.0, 0.5])
    check_grads(log_marginal_likelihood, order=1)(start)
    objective = value_and_grad(lambda p: -log_marginal_likelihood(p))
    found = minimize(objective, start, jac=True, method="CG")
    cov = rbf_covariance(found.x[1:], X, X)
    mean = np.dot(cov, solve(cov + np.exp(found.x[0]) * np.eye(30), y))
    assert np.abs(mean - np.sin(2 * X[:, 0])).max() < 0.15
    assert found.fun < -log_marginal_likelihood(start) - 10


def test_black_box_variational_inference_finds_a_normal_posterior():
    D, num_samples = 2, 200
    target_mean, target_log_std = np.array([1.0, -0.5]), np.array([-0.5, 0.2])

    def log_density(x):
        return np.sum(norm.logpdf(x, target_mean, np.exp(target_log_std)), axis=-1)

    rs = npr.RandomState(0)

    def variational_objective(params, t):
        mean, log_std = params[:D], params[D:]
        samples = rs.randn(num_samples, D) * np.exp(log_std) + mean
        entropy = 0.5 * D * (1.0 + np.log(2 * np.pi)) + np.sum(log_std)
        return -(entropy + np.mean(log_density(samples)))

    gradient = grad(variational_objective)
    found = adam(gradient, np.zeros(2 * D), step_size=0.1, num_iters=300)
    np.testing.assert_allclose(found[:D], target_mean, atol=0.1)
    np.testing.assert_allclose(found[D:], target_log_std, atol=0.1)


def test_a_fluid_that_conserves_its_mass_is_differentiated_through_its_steps():
    def diffuse(f, rate):
        neighbours = np.roll(f, 1, 0) + np.roll(f, -1, 0) + np.roll(f, 1, 1) + np.roll(f, -1, 1)
        return (1 - 4 * rate) * f + rate * neighbours

    def simulate(f, rate):
        for _ in range(5):
            f = diffuse(f, rate)
        return f

    f = random().rand(6, 7)
    np.testing.assert_allclose(grad(lambda f: np.sum(simulate(f, 0.1)))(f), np.ones((6, 7)), rtol=1e-12)
    target = simulate(f, 0.15)
    mismatch = lambda rate: np.mean((simulate(f, rate) - target) ** 2)
    check_grads(mismatch)(0.1)
    found = minimize(value_and_grad(lambda r: mismatch(r[0])), np.array([0.05]), jac=True, tol=1e-12)
    assert found.x[0] == pytest.approx(0.15, abs=1e-3)


def test_an_ode_by_runge_kutta_is_fitted_to_its_path():
    def step(y, rate, dt=0.05):
        f = lambda y: np.array([y[1], -rate * y[0]])
        k1 = f(y)
        k2 = f(y + dt / 2 * k1)
        k3 = f(y + dt / 2 * k2)
        k4 = f(y + dt * k3)
        return y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    def path(rate):
        y, found = np.array([1.0, 0.0]), []
        for _ in range(40):
            y = step(y, rate)
            found.append(y[0])
        return np.array(found)

    t = 0.05 * np.arange(1, 41)
    np.testing.assert_allclose(path(4.0), np.cos(2 * t), atol=1e-5)
    np.testing.assert_allclose(jacobian(path)(4.0), -np.sin(2 * t) * t / 4, atol=1e-5)
    loss = lambda rate: np.mean((path(rate) - np.cos(2 * t)) ** 2)
    rate = 3.0
    for _ in range(20):  # Newton's method
        rate = rate - grad(loss)(rate) / grad(grad(loss))(rate)
    assert rate == pytest.approx(4.0, abs=1e-4)


def test_a_recurrent_net_is_differentiated_through_time():
    rs = random(3)
    params = {"change": rs.randn(5, 4) * 0.5, "predict": rs.randn(5, 1) * 0.5, "init": rs.randn(1, 4) * 0.1}

    def concat_and_multiply(weights, *args):
        cat_state = np.hstack(args + (np.ones((args[0].shape[0], 1)),))
        return np.dot(cat_state, weights)

    def outputs(params, inputs):
        hiddens, found = np.repeat(params["init"], inputs.shape[1], axis=0), []
        for x in inputs:
            hiddens = np.tanh(np.dot(np.hstack((x, hiddens)), params["change"]))
            found.append(concat_and_multiply(params["predict"], hiddens))
        return found

    inputs = rs.randn(4, 3, 1)
    loss = lambda params: sum(
        np.sum((out - x) ** 2) for out, x in zip(outputs(params, inputs), inputs, strict=True)
    )
    check_grads(loss, order=1)(params)
    assert loss(rmsprop(lambda p, i: grad(loss)(p), params, num_iters=100, step_size=0.02)) < 0.2 * loss(
        params
    )


def test_a_convolution_by_slices_learns_a_filter():
    def convolved(image, kernel):
        rows, columns = kernel.shape
        h, w = image.shape[0] - rows + 1, image.shape[1] - columns + 1
        return sum(kernel[i, j] * image[i : i + h, j : j + w] for i in range(rows) for j in range(columns))

    rs = random(4)
    image, kernel = rs.randn(12, 12), rs.randn(3, 3)
    target = convolved(image, kernel)
    loss = lambda k: np.mean((convolved(image, k) - target) ** 2)
    found = sgd(lambda k, i: grad(loss)(k), np.zeros((3, 3)), num_iters=400, step_size=0.5)
    np.testing.assert_allclose(found, kernel, atol=1e-3)


def test_a_primitive_with_a_derivative_of_its_own():
    @primitive
    def logsumexp_(x):
        max_x = np.max(x)
        return max_x + np.log(np.sum(np.exp(x - max_x)))

    def logsumexp_vjp(ans, x):
        x_shape = x.shape
        return lambda g: np.full(x_shape, g) * np.exp(x - np.full(x_shape, ans))

    defvjp(logsumexp_, logsumexp_vjp)
    x = random(5).randn(4)
    check_grads(lambda x: np.sum(logsumexp_(x) * x), modes=["fwd", "rev"], order=2)(x)
    np.testing.assert_allclose(grad(logsumexp_)(x), np.exp(x) / np.sum(np.exp(x)))


def test_a_primitive_of_several_arguments_forward_alone():
    @primitive
    def product(x, y, scale=1.0):
        return scale * x * y

    defjvp(
        product, lambda g, ans, x, y, scale=1.0: scale * g * y, lambda g, ans, x, y, scale=1.0: scale * x * g
    )
    value, change = make_jvp(product, (0, 1))(2.0, 3.0)((1.0, 10.0))
    assert (value, change) == (6, 23)
    assert deriv(lambda x: product(x, 5.0, scale=2.0))(1.0) == 10
    with pytest.raises(
        TypeError, match=r"product\(\) has no derivative backward, by argument 0; give it one by defvjp"
    ):
        grad(product)(2.0, 3.0)


def test_a_fixed_point_is_differentiated_by_the_implicit_function_theorem():
    def newton_sqrt_iter(a):
        return lambda x: 0.5 * (x + a / x)

    def grad_descent_sqrt_iter(a):
        return lambda x: x - 0.05 * (x**2 - a)

    def sqrt(a, guess=10.0):
        return fixed_point(newton_sqrt_iter, a, guess, distance, 1e-12)

    def sqrt2(a, guess=3.0):
        return fixed_point(grad_descent_sqrt_iter, a, guess, distance, 1e-12)

    def distance(x, y):
        return np.abs(x - y)

    for f in (sqrt, sqrt2):
        assert f(2.0) == pytest.approx(np.sqrt(2), rel=1e-9)
        assert grad(f)(2.0) == pytest.approx(0.5 / np.sqrt(2), rel=1e-8)
        assert grad(grad(f))(2.0) == pytest.approx(-0.25 * 2**-1.5, rel=1e-6)
    A, b = np.array([[0.2, 0.1], [0.0, 0.3]]), np.array([1.0, 2.0])
    linear = lambda p: lambda x: np.dot(p["A"], x) + p["b"]
    far = lambda x, y: np.max(np.abs(x - y))
    fixed = lambda p: fixed_point(linear, p, np.zeros(2), far, 1e-13)
    exact = lambda p: np.linalg.solve(np.eye(2) - p["A"], p["b"])
    own, expected = jacobian(fixed)({"A": A, "b": b}), jacobian(exact)({"A": A, "b": b})
    for name in "Ab":
        np.testing.assert_allclose(own[name], expected[name], rtol=1e-9)


def test_hessians_of_quadratic_forms_and_products_with_them():
    A = random(6).randn(4, 4)
    f = lambda x: np.dot(np.dot(x, A), x) / 2
    x, v = np.arange(4.0), np.ones(4)
    np.testing.assert_allclose(hessian(f)(x), (A + A.T) / 2, atol=1e-12)
    np.testing.assert_allclose(hessian_vector_product(f)(x, v), (A + A.T) @ v / 2, atol=1e-12)
    vjp, gradient = make_vjp(grad(f))(x)
    np.testing.assert_allclose(gradient, (A + A.T) @ x / 2, atol=1e-12)
    np.testing.assert_allclose(vjp(v), (A + A.T) @ v / 2, atol=1e-12)


def test_a_mixture_of_likelihoods_of_counts_has_the_mean_as_its_best_rate():
    counts = np.array([3, 0, 2, 5, 1])
    loglik = lambda rate: np.sum(stats.poisson.logpmf(counts, rate))
    assert grad(loglik)(np.mean(counts)) == pytest.approx(0, abs=1e-12)
    gamma_loglik = lambda a: np.sum(stats.gamma.logpdf(np.array([0.5, 1.5, 2.5]), a))
    assert grad(gamma_loglik)(2.0) == pytest.approx(
        np.sum(np.log([0.5, 1.5, 2.5])) - 3 * grad(gammaln)(2.0), rel=1e-12
    )


def test_checkpoints_and_gradients_by_name():
    @checkpoint
    def layer(x, w):
        return np.tanh(np.dot(x, w))

    x, w = random(7).randn(3), random(8).randn(3, 3)
    deep = lambda w: np.sum(layer(layer(x, w), w))
    plain = lambda w: np.sum(np.tanh(np.dot(np.tanh(np.dot(x, w)), w)))
    np.testing.assert_allclose(grad(deep)(w), grad(plain)(w), rtol=1e-12)
    energy = lambda mass=1.0, speed=1.0: 0.5 * mass * speed**2
    assert multigrad_dict(energy)(mass=2.0, speed=3.0) == {"mass": 4.5, "speed": 6.0}


def test_the_checks_of_hips_find_wrong_formulas_and_accept_right_ones():
    combo_check(np.sum, [0])([random().randn(3, 4)], axis=[None, 0, 1], keepdims=[True, False])
    combo_check(np.dot, [0, 1])([np.ones((2, 3)), np.ones(3)], [np.ones((3, 2)), np.ones((3, 1))])
    check_grads(lambda a, b: {"s": a * b, "t": [a]}, (0, 1))(2.0, np.ones(2))
    check_equivalent([1.0, np.ones(2)], [1.0, np.ones(2)])
    assert scalar_close(1.0, 1.0 + 1e-8)
    with pytest.raises(AssertionError):
        check_equivalent(np.ones(2), np.ones(3))
    for maker in (lambda ans, x: lambda g: g * np.sin(x), lambda ans, x: lambda g: -g * np.cos(x)):
        wrong = primitive(np.sin)
        defvjp(wrong, maker)
        for modes in (["fwd"], ["rev"], ["fwd", "rev"]):
            with pytest.raises(AssertionError, match=r"by the formula, .* by differences"):
                check_grads(wrong, modes=modes, order=1)(random().randn(3))

    @primitive
    def right_first(x):
        return x**3

    defvjp(right_first, lambda ans, x: lambda g: g * 3 * plain_numpy.square(_detached(x)))
    check_grads(right_first, modes=["rev"], order=1)(1.5)
    with pytest.raises(AssertionError, match="order 2"):
        check_grads(right_first, modes=["rev"], order=2)(1.5)


def _detached(x):
    return x.detach() if hasattr(x, "detach") else x


def test_arrays_are_made_of_numbers_that_are_differentiated():
    def f(x):
        a = np.array([x, 2 * x, 3.0])
        b = np.array([[a[0], 1.0], [x**2, a[1]]])
        return np.sum(b * np.full((2, 2), x)) + np.sum(np.concatenate([a, np.ravel(b)]))

    check_grads(f)(1.5)
    assert np.array([1, 2]).dtype == plain_numpy.array([1, 2]).dtype
    assert np.asarray([1.0]).tolist() == [1]
    assert np.full(2, 3.0).tolist() == [3, 3]
    assert np.newaxis is None
    assert np.float64 is plain_numpy.float64
    assert np.linalg.solve is plain_numpy.linalg.solve
    assert np.random.randn is plain_numpy.random.randn
    namespace = {}
    exec("from autograd.numpy import *", namespace)
    assert namespace["array"] is np.array
    assert set(plain_numpy.__all__) <= set(namespace)


def test_parts_are_joined_by_r_and_c():
    def rows(x):
        return np.r_[x, 5.0, x[0] ** 2, 0:2]

    assert rows(np.array([3.0, 4.0])).tolist() == [3, 4, 5, 9, 0, 1]
    check_grads(rows)(np.array([3.0, 4.0]))
    check_grads(lambda x: np.c_[x, x**2, np.ones(2)])(np.array([3.0, 4.0]))
    assert jacobian(lambda x: np.c_[x, x**2])(np.array([3.0, 4.0]))[:, 1].tolist() == [[6, 0], [0, 8]]
    assert np.c_[[1, 2], [3, 4]].tolist() == [[1, 3], [2, 4]]
