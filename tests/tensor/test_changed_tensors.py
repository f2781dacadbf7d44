"""Tensors changed between the forward and the backward pass: the right gradient, or GradientError."""

import numpy as np
import pytest
from tensors import leaf

from autograd import Tensor
from autograd.errors import GradientError
from autograd.tensor import logsumexp, sigmoid, softmax

# Leaves, operands and views -----------------------------------------------------------------------


def test_a_leaf_tensor_changed_between_the_forward_and_backward_pass_is_an_error():
    w = leaf([2.0])
    y = w * w
    w.data -= 0.5
    message = r"^backward\(\) through multiply\(\) needs an array of shape \(1,\) as it was then"
    with pytest.raises(GradientError, match=message):
        y.backward()
    assert w.grad is None
    (w * w).backward()
    assert w.grad.tolist() == [3]


def test_assigning_new_data_to_a_leaf_leaves_its_older_graphs_unchanged():
    w = leaf([2.0])
    y = w * w
    w.data = [10.0]
    y.backward()
    assert w.grad.tolist() == [4]


def test_changing_a_leaf_between_the_backward_and_the_next_forward_pass_is_no_error():
    w = leaf([2.0])
    for _ in range(3):
        w.grad = None
        (w * w).sum().backward()
        w.data -= 0.25 * w.grad
    assert w.tolist() == [0.25]


@pytest.mark.parametrize(
    "operand",
    [
        lambda: np.array([3.0, 3.0]),
        lambda: Tensor([3.0, 3.0]),
        lambda: 3 * leaf([1.0, 1.0]),
    ],
    ids=["array", "constant", "result"],
)
def test_backward_never_uses_the_new_numbers_of_an_operand_changed_in_place(operand):
    x, factor = leaf([1.0, 2.0]), operand()
    y = x * factor
    try:
        if isinstance(factor, Tensor):
            factor.data -= 100
        else:
            factor -= 100
        y.sum().backward()
    except GradientError:
        assert x.grad is None
    else:
        assert x.grad.tolist() == [3, 3]


def test_a_backward_pass_of_tensors_that_fails_leaves_all_gradients_unchanged():
    x, w = leaf([1.0]), leaf([2.0])
    y = (5 * x) + w * w
    x.grad = [7.0]
    w.data -= 1
    with pytest.raises(GradientError):
        y.backward()
    assert (x.grad.tolist(), w.grad) == ([7], None)


@pytest.mark.parametrize("view", [lambda t: t[:], lambda t: t.T, lambda t: t.reshape(2, 1)[:, 0]])
def test_a_view_changed_in_place_makes_backward_through_its_base_an_error(view):
    x = leaf([1.0, 2.0])
    squares, changed, sibling = (x * x).sum(), view(x), (x[:] ** 3).sum()
    changed.data -= 1
    for result in (squares, sibling, (changed * 2).sum()):
        with pytest.raises(GradientError, match="has been changed since"):
            result.backward()
    assert x.grad is None


# Results ---------------------------------------------------------------------------------------


def grown(steps):
    """A chain of ``steps`` results, each computed from the one before by another function."""
    x = Tensor(np.array([0.3, 0.7]), requires_grad=True)
    functions = [
        np.exp,
        np.tanh,
        np.sqrt,
        lambda t: t * x,
        lambda t: 1 / t,
        lambda t: t[::-1],
        lambda t: t + 1,
    ]
    results = [x]
    for i in range(steps):
        results.append(functions[i % len(functions)](results[-1]))
    return x, results[1:]


def multiply(t):
    t.data *= 10


def replace(t):
    t.data = 10 * t.data


@pytest.mark.parametrize("change", [multiply, replace])
@pytest.mark.parametrize("at", range(14))
@pytest.mark.parametrize("later", [0, 5])
def test_backward_through_a_result_that_was_changed_is_an_error(change, at, later):
    """`later` is how many steps were computed from it before it was changed."""
    x, results = grown(14)
    end = results[min(at + later, 13)]
    change(results[at])
    total = (end * 3).sum()
    with pytest.raises(GradientError, match="changed"):
        total.backward()
    assert x.grad is None


USERS = [
    np.exp,
    np.tanh,
    sigmoid,
    np.sqrt,
    np.reciprocal,
    np.cbrt,
    np.expm1,
    np.exp2,
    np.tan,
    softmax,
    logsumexp,
    np.prod,
    np.max,
    np.min,
    np.std,
    np.sum,
    np.mean,
    lambda t: t / (t + 1),
    lambda t: np.hypot(t, 1.0),
    lambda t: t.relu(),
    lambda t: t**1.5,
    lambda t: t @ t,
    lambda t: np.linalg.norm(t),
    lambda t: t.reshape(2, 1),
]


@pytest.mark.parametrize("function", USERS)
@pytest.mark.parametrize("change", [multiply, replace])
def test_backward_through_a_changed_result_of_any_function_is_an_error(function, change):
    x = Tensor([0.5, 2.0], requires_grad=True)
    y = function(x)
    change(y)
    with pytest.raises(GradientError, match=r"has been changed since.*write y = y \* 2"):
        y.sum().backward()
    assert x.grad is None
    z = function(x) * 10
    z.sum().backward()
    assert np.isfinite(x.grad).all()
