"""The backward pass of Tensors: what it adds to, its order, no_grad, and random expressions."""

import gc
import threading
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensors import leaf

from autograd import Tensor, no_grad
from autograd.errors import GradientError, ShapeError
from autograd.tensor import gradients

# Gradients ----------------------------------------------------------------------------------------


def test_a_second_backward_through_a_graph_of_tensors_doubles_the_gradients_of_leaves_only():
    x = leaf([1.0, 2.0])
    y = (x**3).sum()
    for times in (1, 2, 3):
        y.backward()
        np.testing.assert_allclose(x.grad, times * 3 * x.data**2, rtol=1e-15)


def test_gradients_of_several_losses_add_up_and_grad_can_be_cleared():
    x = leaf([1.0, 2.0])
    (2 * x).sum().backward()
    (5 * x).sum().backward()
    assert x.grad.tolist() == [7, 7]
    x.grad = None
    (3 * x).sum().backward()
    assert x.grad.tolist() == [3, 3]


def test_the_gradient_of_a_leaf_shares_no_memory_with_other_arrays():
    x, y = leaf([1.0, 2.0]), leaf([1.0, 2.0])
    seed = np.array([1.0, 1.0])
    total = x + y
    total.backward(seed)
    x.grad += 1
    seed += 5
    assert (x.grad.tolist(), y.grad.tolist()) == ([2, 2], [1, 1])
    z = leaf(np.ones((2, 3)))
    z.sum().backward()
    z.grad[0] = 7  # not a read-only broadcast
    assert z.grad.tolist() == [[7] * 3, [1] * 3]


def test_backward_from_a_leaf_adds_the_given_gradient_to_it():
    x = leaf([[1.0, 2.0]])
    x.backward([[3, 4]])
    x.backward(Tensor([[3.0, 4.0]]))
    assert x.grad.tolist() == [[6, 8]]
    one = leaf([5.0])
    one.backward()
    assert one.grad.tolist() == [1]


def test_backward_of_tensors_names_bad_arguments_in_its_errors():
    x = leaf([1.0, 2.0])
    with pytest.raises(
        GradientError, match=r"^backward\(\) from a Tensor of shape \(2,\) has no single slope; reduce"
    ):
        (2 * x).backward()
    with pytest.raises(ShapeError, match=r"^backward\(\) from shape \(2,\) got a gradient of shape \(2, 1\)"):
        (2 * x).backward([[1], [2]])
    for constant in (Tensor(1.0), Tensor([1.0, 2.0]).sum(), x.detach().sum(), (x > 0).sum() * Tensor(1.0)):
        with pytest.raises(GradientError, match="depends on none with requires_grad=True"):
            constant.backward()
    assert x.grad is None


def test_the_function_gradients_changes_no_grad_and_reaches_intermediate_results():
    x = leaf([2.0])
    y = x**2
    z = 5 * y
    of_x, of_y = gradients(z, [x, y])
    assert (of_x.tolist(), of_y.tolist(), x.grad, y.grad) == ([20], [5], None, None)
    assert gradients(z, [z])[0].tolist() == [1]
    assert [g.tolist() for g in gradients(z, [x, leaf([[1.0, 2.0]])])] == [[20], [[0, 0]]]
    with pytest.raises(
        GradientError, match=r"^gradients\(\) wants Tensors with a gradient, and inputs\[1\] is"
    ):
        gradients(z, [x, Tensor([1.0])])


def test_gradients_of_gradients_give_third_derivatives():
    x = leaf([0.5, -1.0])
    slope = np.tanh(x)
    for _ in range(3):
        (slope,) = gradients(slope, [x], [1.0, 1.0], create_graph=True)
    t = np.tanh(x.data)
    np.testing.assert_allclose(slope.data, (1 - t**2) * (6 * t**2 - 2), rtol=1e-14)


# Shared results and long chains ----------------------------------------------------------------


def test_a_shared_tensor_collects_the_gradients_of_all_its_uses_before_it_passes_them_on():
    x = leaf(1.1)
    y = x
    for _ in range(50):  # 2**50 paths, 50 nodes
        y = y + y
    y.backward()
    assert x.grad == 2.0**50


def test_a_tensor_used_over_paths_of_different_lengths_has_the_right_gradient():
    x = leaf(0.7)
    y = np.exp(x)
    z = y * np.sin(y) + x * y + y
    z.backward()
    h = 1e-30
    w = np.exp(0.7 + 1j * h)
    assert x.grad == pytest.approx((w * np.sin(w) + (0.7 + 1j * h) * w + w).imag / h, rel=1e-14)


def test_a_chain_of_100_000_tensor_operations_is_computed_differentiated_and_freed():
    x = leaf(0.5)
    y = x
    for _ in range(50_000):
        y = y * 0.99999 + 1e-5
    y.backward()
    assert x.grad == pytest.approx(0.99999**50_000, rel=1e-9)
    del y


def test_graphs_of_tensors_are_freed_by_reference_counting_alone():
    gc.collect()
    gc.disable()
    try:
        x = leaf(np.ones((3, 3)))
        y = np.tanh(x @ x.T)[..., 0].sum()
        handle = weakref.ref(y)
        parent = weakref.ref(x)
        y.backward()
        gradients(y, [x])
        del x, y
        assert (handle(), parent()) == (None, None)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_backward_pass_with_create_graph_makes_no_reference_cycles():
    gc.collect()
    gc.disable()
    try:
        x = leaf([1.0, 2.0])
        (slope,) = gradients(np.exp(x).sum() * x.prod(), [x], create_graph=True)
        (slope**2).sum().backward()
        del x, slope
        assert gc.collect() == 0
    finally:
        gc.enable()


# no_grad ---------------------------------------------------------------------------------------


def test_no_grad_records_nothing_and_ends_with_its_block():
    x = leaf([1.0])
    with no_grad():
        inside = 2 * x
        with no_grad():
            pass
        still = 2 * x
    after = 2 * x
    assert [t.requires_grad for t in (inside, still, after)] == [False, False, True]


def test_no_grad_ends_with_an_exception():
    x = leaf([1.0])
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert (2 * x).requires_grad


def test_no_grad_holds_for_its_own_thread_only():
    x, seen = leaf([1.0]), []
    with no_grad():
        thread = threading.Thread(target=lambda: seen.append((2 * x).requires_grad))
        thread.start()
        thread.join()
        assert not (2 * x).requires_grad
    assert seen == [True]


def test_backward_from_a_result_of_no_grad_is_an_error():
    x = leaf([1.0])
    with no_grad():
        y = 2 * x
    with pytest.raises(GradientError, match=r"computed in no_grad\(\)"):
        y.backward()


# Random expressions against the complex step ---------------------------------------------------


# A program is a list of steps. Each step makes a 3x3 matrix of two earlier ones, with functions that NumPy
# has for complex numbers too: the imaginary part of a step of 1e-30 is the derivative, without cancellation.

STEPS = [
    lambda a, b: a + b,
    lambda a, b: a - 2 * b,
    lambda a, b: a * b,
    lambda a, b: a / (3 + b * b),
    lambda a, b: a @ b / 3,
    lambda a, b: np.tanh(a) * b.T,
    lambda a, b: np.sin(a)[::-1],
    lambda a, b: np.exp(np.tanh(b)),
    lambda a, b: a[[0, 0, 2]] + b[:, 1:2],
    lambda a, b: a.sum(axis=0) * b.mean(axis=1, keepdims=True),
    lambda a, b: np.einsum("ij,kj->ik", a, np.cos(b)) / 3,
    lambda a, b: np.concatenate([a[:1], b[1:]]),
    lambda a, b: np.stack([a[0], b[1], a[:, 2]], axis=-1),
    lambda a, b: np.where(np.eye(3, dtype=bool), a, b),
    lambda a, b: np.reshape(np.transpose(a), (9,)).reshape(3, 3) - b[1],
    lambda a, b: (2 + np.sin(a)) ** 2.5 * 0.1,
    lambda a, b: np.log(4 + np.sin(b)) + np.sqrt(4 + np.cos(a)),
]

programs = st.lists(
    st.tuples(st.sampled_from(range(len(STEPS))), st.integers(0, 99), st.integers(0, 99)),
    min_size=1,
    max_size=12,
)


def run(program, *matrices):
    made = list(matrices)
    for step, i, j in program:
        made.append(np.tanh(STEPS[step](made[i % len(made)], made[j % len(made)])))
    return made[-1]


@given(program=programs, seed=st.integers(0, 2**32 - 1))
def test_random_expressions_have_the_gradient_of_the_complex_step(program, seed):
    rng = np.random.default_rng(seed)
    x, y, c = rng.normal(size=(3, 3, 3))
    a, b = leaf(x), leaf(y)
    # both are used at least once, so that both have a gradient
    (run(program, a, b) + a * b).backward(c)
    for k, found in enumerate((a.grad, b.grad)):
        for place in np.ndindex(3, 3):
            points = [x.astype(complex), y.astype(complex)]
            points[k][place] += 1e-30j
            out = run(program, *points) + points[0] * points[1]
            assert found[place] == pytest.approx((c * out).sum().imag / 1e-30, rel=1e-10, abs=1e-12)


@given(program=programs, seed=st.integers(0, 2**32 - 1))
def test_random_expressions_have_symmetric_second_derivatives(program, seed):
    rng = np.random.default_rng(seed)
    x, u, v, c = rng.normal(size=(4, 3, 3))
    a = leaf(x)
    (first,) = gradients(run(program, a, a * a) + a**3, [a], c, create_graph=True)
    (along_u,) = gradients((first * u).sum(), [a])
    (along_v,) = gradients((first * v).sum(), [a])
    assert (along_u.data * v).sum() == pytest.approx((along_v.data * u).sum(), rel=1e-9, abs=1e-9)
