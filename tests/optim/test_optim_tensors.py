"""Optimisers over Tensors, mixtures of Tensors and Values, and modules of them."""

import numpy as np
import pytest
from optimisers import KINDS

from autograd import Tensor, record
from autograd.engine import Value
from autograd.errors import GradientError, NotANumberError
from autograd.nn import Layer, Module
from autograd.optim import LBFGS, SGD, Adam, clip_gradient


def mixture(numbers, split):
    """Values and Tensors that hold the numbers, and a function that sets their gradients."""
    parts = np.split(np.asarray(numbers), split)
    parameters = []
    for k, part in enumerate(parts):
        if k % 2:
            parameters.append(Tensor(part.reshape(2, -1) if part.size % 2 == 0 else part, requires_grad=True))
        else:
            parameters += [Value(x) for x in part.tolist()]

    def set_gradient(g):
        for k, (part, p) in enumerate(zip(np.split(g, split), iterate(parameters, parts), strict=True)):
            if k % 2:
                p.grad = part.reshape(p.shape)
            else:
                for v, x in zip(p, part.tolist(), strict=True):
                    v.grad = x

    def read():
        found = [[p.data] if isinstance(p, Value) else p.data.reshape(-1) for p in parameters]
        return np.concatenate(found)

    return parameters, set_gradient, read


def iterate(parameters, parts):
    """The Tensor, or the list of Values, that holds each of the parts."""
    rest = iter(parameters)
    return [next(rest) if k % 2 else [next(rest) for _ in part] for k, part in enumerate(parts)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("split", [[0, 12], [3, 7], [1, 5, 6, 11]], ids=str)
def test_an_optimiser_moves_tensors_and_mixtures_as_it_moves_values(kind, split):
    draw = np.random.default_rng(1)
    numbers = draw.normal(size=12)
    values = [Value(x) for x in numbers.tolist()]
    mixed, set_gradient, read = mixture(numbers, split)
    optimizers = KINDS[kind](values), KINDS[kind](mixed)
    for _ in range(5):
        g = draw.normal(size=12)
        set_gradient(g)
        for v, x in zip(values, g.tolist(), strict=True):
            v.grad = x
        for opt in optimizers:
            opt.step()
        np.testing.assert_array_equal(read(), [v.data for v in values])
    norms = clip_gradient(values, 0.1), clip_gradient(mixed, 0.1)
    assert norms[0] == norms[1] > 0.1
    optimizers[1].zero_grad()
    assert all(not np.any(p.grad) for p in mixed)


def test_lbfgs_minimises_a_function_of_tensors():
    A = np.array([[3.0, 1.0], [1.0, 2.0]])
    x, y = Tensor([0.0, 0.0], requires_grad=True), Value(1.0)
    opt = LBFGS([x, y])

    def closure():
        opt.zero_grad()
        loss = (x @ A @ x) / 2 - (x * [1.0, 4.0]).sum() + (y * y).data
        loss.backward()
        (y * y).backward()
        return loss.item()

    opt.step(closure)
    np.testing.assert_allclose(x.data, np.linalg.solve(A, [1.0, 4.0]), atol=1e-5)
    assert y.data == pytest.approx(0.0, abs=1e-5)


def test_a_step_of_tensors_keeps_their_dtype_memory_and_programs_and_is_known_to_older_graphs():
    w = Tensor(np.ones((2, 3), np.float32), requires_grad=True)
    memory = w.data
    program = record(lambda x: (x @ w).sum(), np.ones((1, 2), np.float32))
    loss = (w * w).sum()
    loss.backward()
    SGD([w], lr=0.25).step()
    assert w.data is memory
    assert w.dtype == np.float32
    np.testing.assert_array_equal(w.data, np.float32(0.5))
    assert program(np.ones((1, 2), np.float32)) == pytest.approx(3.0)
    with pytest.raises(GradientError, match="has been changed since"):
        loss.backward()


def test_a_tensor_without_a_gradient_stays_and_decays():
    w, u = (Tensor([2.0], requires_grad=True) for _ in range(2))
    (w * 3).sum().backward()
    SGD([w, u], lr=0.5).step()
    assert (w.item(), u.item(), u.grad) == (0.5, 2.0, None)
    SGD([u], lr=0.5, weight_decay=0.1).step()
    assert u.item() == pytest.approx(1.9)


def test_a_step_that_fails_half_way_leaves_tensors_and_values_as_before(monkeypatch):
    class Failing(Value):
        @property
        def data(self):
            return super().data

        @data.setter
        def data(self, x):
            if x != 3.0:
                raise MemoryError
            Value.data.__set__(self, x)

    w, v, last = Tensor([1.0, 2.0], requires_grad=True), Value(1.0), Failing(3.0)
    w.grad, v.grad, last.grad = [1.0, 1.0], 1.0, 1.0
    opt = SGD([w, v, last], lr=0.5, momentum=0.9)
    with pytest.raises(MemoryError):
        opt.step()
    assert (w.data.tolist(), v.data, last.data) == ([1.0, 2.0], 1.0, 3.0)
    assert not opt.state()["memory"].any()


class Affine(Module):
    """A module of a Tensor, a Value and a layer."""

    def __init__(self):
        self.W = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
        self.scale = Value(2.0)
        self.layer = Layer(2, 1, "linear", init=lambda n_out, n_in: [[1.0, -1.0]])

    def params(self):
        return [self.W, self.scale, *self.layer.params()]


def test_a_module_of_tensors_values_and_layers_steps_and_clears_all_of_them():
    module = Affine()
    assert module.nparams() == 8
    (module.layer(module.W.T.T).sum() * 3).backward()
    (module.scale * 5).backward()
    module.step(0.1)
    assert module.scale.data == 1.5
    np.testing.assert_allclose(module.W.data, [[0.7, 2.3], [2.7, 4.3]])
    np.testing.assert_allclose(module.layer.values, [1 - 0.1 * 3 * 4, -1 - 0.1 * 3 * 6, -0.1 * 3 * 2])
    Adam(module, lr=0.1).step()
    assert module.scale.data == pytest.approx(1.4)
    module.zero_grad()
    assert not module.W.grad.any()
    assert module.scale.grad == 0
    assert not module.layer.grads.any()
    with pytest.raises(NotANumberError, match=r"^step\(\) wants a real number"):
        module.step("fast")
