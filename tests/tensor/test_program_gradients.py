"""Gradients in Programs: a replay leaves the gradients that the recorded function leaves."""

import copy

import numpy as np
import pytest
from tensors import leaf, same, step_of

import autograd
from autograd import Module, Net, Tensor, losses, no_grad, optim
from autograd.errors import (
    UnsupportedError,
)
from autograd.tensor import (
    append_ones,
    record,
)

pytestmark = pytest.mark.usefixtures("seeded_and_nothing_recorded_afterwards")

# The function itself is called with leaves: it would copy constants to transpose them, and BLAS may
# then round differently


def train(net, opt, step, sets):
    """Parameters and gradients after each of several steps."""
    seen = []
    for arrays in sets:
        step(*arrays)
        opt.step()
        seen.append((net.values.copy(), net.grads.copy()))
    return seen


OPTIMISERS = {
    "SGD": lambda net: optim.SGD(net, lr=0.1, momentum=0.9),
    "Adam": lambda net: optim.Adam(net, lr=0.05),
    "RMSprop": lambda net: optim.RMSprop(net, lr=0.01),
}


# Nets ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "gelu"])
@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_training_with_a_program_gives_the_bits_of_training_with_its_function(
    optimiser, activation, dtype, rng
):
    net = Net(3, [20, 16, 2], activation, "linear", dtype=dtype)
    twin = copy.deepcopy(net)
    sets = [[np.asarray(rng.normal(size=(17, n)), dtype) for n in (3, 2)] for _ in range(6)]
    program = record(step_of(net), *sets[-1])
    found = train(net, OPTIMISERS[optimiser](net), program, sets)
    step = step_of(twin)
    expected = train(twin, OPTIMISERS[optimiser](twin), lambda X, y: step(leaf(X), y), sets)
    for one, other in zip(found, expected, strict=True):
        same(one[0], other[0])
        same(one[1], other[1])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy", "hinge", "huber", "mae"])
def test_every_loss_can_be_recorded_with_its_gradient(name, dtype, rng):
    net = Net(3, [5, 4], "tanh", "linear", dtype=dtype)
    X = np.asarray(rng.normal(size=(9, 3)), dtype)
    draw = {
        "cross_entropy": lambda: rng.integers(0, 4, 9),
        "binary_cross_entropy": lambda: np.asarray(rng.integers(0, 2, (9, 4)), dtype),
        "hinge": lambda: np.asarray(rng.choice([-1, 1], (9, 4)), dtype),
    }.get(name, lambda: np.asarray(rng.normal(size=(9, 4)), dtype))
    step = step_of(net, getattr(losses, name))
    program = record(step, X, draw())
    for _ in range(3):
        X, y = 2 * X, draw()
        loss, gradient = program(X, y), net.grads.copy()
        same(loss, step(leaf(X), y).data)
        same(gradient, net.grads)


def test_a_recorded_loss_takes_the_sample_weights_and_balanced_classes_of_each_call(rng):
    net = Net(3, [4], "linear")

    def step(X, y, weight):
        net.zero_grad()
        loss = losses.cross_entropy(net(X), y, sample_weight=weight, class_weight="balanced")
        loss.backward()
        return loss

    program = record(step, np.ones((5, 3)), np.arange(5) % 4, np.ones(5))
    for _ in range(3):
        arrays = rng.normal(size=(5, 3)), rng.integers(0, 4, 5), rng.uniform(1, 2, 5)
        loss, gradient = program(*arrays), net.grads.copy()
        same(loss, step(leaf(arrays[0]), *arrays[1:]).data)
        same(gradient, net.grads)


@pytest.mark.parametrize("weights", [{0: 2.0, 3: 5.0}, [1.0, 2.0, 3.0, 4.0]], ids=["dict", "list"])
def test_a_recorded_cross_entropy_takes_class_weights(weights, rng):
    def loss(x, y):
        return losses.cross_entropy(x, y, class_weight=weights)

    program = record(loss, np.zeros((5, 4)), np.arange(5) % 4)
    x, y = rng.normal(size=(5, 4)), rng.integers(0, 4, 5)
    same(program(x, y), loss(Tensor(x), y).data)


def change_by_hand(net):
    net.params()[3].data = 7.5


def change_through_a_layer(net):
    net.layers[0].neurons[1].w = [1, 2, 3]
    net.layers[1].neurons[0].b = -3.0


def change_by_loading(net):
    net.load_state_dict({name: 2 * array + 1 for name, array in net.state_dict().items()})


def change_by_step(net):
    net.step(0.3)


def change_the_vector(net):
    net.values[...] = 0.25
    net.mark_changed()


@pytest.mark.parametrize(
    "change",
    [change_by_hand, change_through_a_layer, change_by_loading, change_by_step, change_the_vector],
    ids=lambda f: f.__name__,
)
def test_a_replay_reads_parameters_that_were_changed_in_any_way(change, rng):
    net = Net(3, [4, 2], "tanh")
    X, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    step = step_of(net)
    program = record(step, X, y)
    before = program(X, y)
    change(net)
    loss, gradient = program(X, y), net.grads.copy()
    assert loss != before
    same(loss, step(leaf(X), y).data)
    same(gradient, net.grads)


def test_gradients_of_replays_add_up_without_zero_grad(rng):
    net = Net(3, [4, 1], "tanh")
    X = rng.normal(size=(5, 3))
    program = record(lambda X: net(X).sum().backward(), X)
    assert not net.grads.any()  # recording leaves them unchanged
    net.grads[...] = 1
    program(X)
    once = net.grads - 1
    program(X)
    np.testing.assert_allclose(net.grads, 1 + 2 * once, rtol=1e-12)
    net.zero_grad()
    net(X).sum().backward()
    np.testing.assert_allclose(once, net.grads, rtol=1e-12, atol=1e-14)


def test_gradients_that_a_recorded_function_zeroes_at_its_end_are_0_after_a_replay(rng):
    net = Net(3, [2], "tanh")
    weights = net.matrices[0].tensor

    def step(X):
        net(X).sum().backward()
        gradient = weights.grad
        net.zero_grad()
        return gradient

    net.grads[...] = 1
    program = record(step, np.zeros((5, 3)))
    net.grads[...] = 1
    X = rng.normal(size=(5, 3))
    found = program(X)
    assert not net.grads.any()
    net(X).sum().backward()
    np.testing.assert_allclose(found, 1 + net.grads.reshape(2, 4), rtol=1e-12)


def test_a_layer_and_a_single_neuron_can_be_recorded(rng):
    X = rng.normal(size=(5, 3))
    for module in (autograd.Layer(3, 2, "tanh"), autograd.Neuron(3, "tanh")):
        step = step_of(module)
        program = record(step, np.ones((5, 3)), np.ones((5, module.n_out)))
        y = rng.normal(size=(5, module.n_out))
        loss, gradient = program(X, y), module.grads.copy()
        same(loss, step(leaf(X), y).data)
        same(gradient, module.grads)


def test_recording_zero_grad_of_a_neuron_in_a_layer_is_refused():
    net = Net(3, [2], "tanh")
    neuron = net.layers[0].neurons[1]
    with pytest.raises(UnsupportedError, match=r"zero_grad\(\) of a Neuron cannot be recorded; call it on"):
        record(step_of(neuron), np.ones((5, 3)), np.ones((5, 1)))


def test_a_replay_adds_the_gradients_of_all_uses_of_a_net(rng):
    net = Net(2, [3, 2], "tanh")

    def step(X):
        net.zero_grad()
        loss = ((net(net(X)) - net(-X)) ** 2).mean()
        loss.backward()
        return loss

    program = record(step, np.ones((4, 2)))
    X = rng.normal(size=(4, 2))
    loss, gradient = program(X), net.grads.copy()
    same(loss, step(leaf(X)).data)
    same(gradient, net.grads)


def test_a_replay_gives_each_of_two_nets_its_gradient(rng):
    one, other = Net(3, [4, 2], "relu", "linear"), Net(2, [3, 3], "tanh", dtype="float32")

    def step(X):
        one.zero_grad()
        other.zero_grad()
        loss = ((other(one(X)) - X.astype("float32")) ** 2).mean()
        loss.backward()
        return loss

    program = record(step, np.ones((5, 3)))
    for _ in range(3):
        X = rng.normal(size=(5, 3))
        loss, found = program(X), (one.grads.copy(), other.grads.copy())
        same(loss, step(leaf(X)).data)
        same(found[0], one.grads)
        same(found[1], other.grads)
        one.step(0.1)
        other.step(0.1)


def test_a_replay_reads_a_net_recorded_in_no_grad_again_and_gives_it_no_gradient(rng):
    net = Net(3, [2], "tanh")

    def step(X):
        with no_grad():
            return net(X)

    program = record(step, np.ones((5, 3)))
    net.values *= 2
    net.mark_changed()
    X = rng.normal(size=(5, 3))
    same(program(X), net(leaf(X)).data)
    assert not net.grads.any()


def test_a_recorded_zero_grad_zeroes_the_gradients_of_a_net_that_is_not_used(rng):
    used, other = Net(2, [1], "tanh"), Net(2, [1], "tanh")

    def step(X):
        used.zero_grad()
        other.zero_grad()
        used(X).sum().backward()

    program = record(step, np.ones((3, 2)))
    other.grads[...] = 5
    program(np.ones((3, 2)))
    assert not other.grads.any()


def test_a_replay_of_a_function_that_replaces_gradients_replaces_them():
    def step(net, X, y):
        net.zero_grad()
        loss = ((net(X) - y) ** 2).sum()
        loss.backward()
        for m in net.matrices:
            m.tensor.grad = m.tensor.grad * 0.5
        return loss

    X, y = np.linspace(-1, 1, 6)[:, None], np.ones((6, 1))
    ours, recorded, reference = (copy.deepcopy(net) for net in [Net(1, [5, 1], "tanh", "linear")] * 3)
    step(ours, X, y)
    ((reference(X) - y) ** 2).sum().backward()
    assert ours.grads.any()
    np.testing.assert_array_equal(ours.grads, reference.grads * 0.5)
    program = record(lambda X, y: step(recorded, X, y), X, y)
    for _ in range(2):
        recorded.grads.fill(7)
        program(X, y)
        np.testing.assert_array_equal(recorded.grads, ours.grads)
    assert ours.params()[0].grad == ours.grads[0]
    ours.matrices[0].tensor.grad = None
    assert not ours.layers[0].grads.any()
    assert ours.layers[1].grads.any()


# Modules of Tensors ----------------------------------------------------------------------------


class Cubic(Module):
    """A module of Tensors instead of Values."""

    def __init__(self):
        self.w, self.b = leaf([1.0, -2.0, 0.5]), leaf(0.25)

    def params(self):
        return [self.w, self.b]

    def __call__(self, x):
        return self.w[0] * x + self.w[1] * x**2 + self.w[2] * x**3 + self.b

    def zero_grad(self):
        for p in self.params():
            p.grad = np.zeros(p.shape)


def test_a_replay_trains_a_module_of_tensors_whose_grad_is_none_at_first(rng):
    cubic, twin = Cubic(), Cubic()
    X = rng.normal(size=9)
    program = record(lambda x: (cubic(x) ** 2).mean().backward(), np.ones(9))
    for times in (1, 2):
        program(X)
        (twin(Tensor(X)) ** 2).mean().backward()
        same(cubic.w.grad, twin.w.grad)
        same(cubic.b.grad, twin.b.grad)
        for p in (*cubic.params(), *twin.params()):
            p.data -= 0.1 * times


def test_a_replay_trains_a_module_of_tensors_that_zeroes_its_gradients(rng):
    cubic, twin = Cubic(), Cubic()

    def step(module, x):
        loss = (module(x) ** 2).mean()
        module.zero_grad()
        loss.backward()
        return loss

    program = record(lambda x: step(cubic, x), np.ones(9))
    for _ in range(3):
        X = rng.normal(size=9)
        same(program(X), step(twin, Tensor(X)).data)
        for p, q in zip(cubic.params(), twin.params(), strict=True):
            same(p.grad, q.grad)
            p.data -= 0.1 * p.grad
            q.data -= 0.1 * q.grad


# Gradients that the function reads and sets ----------------------------------------------------


def test_gradients_can_be_read_and_assigned_within_a_recorded_function(rng):
    w, v = leaf(rng.normal(size=3)), leaf(rng.normal(size=3))

    def step(x):
        w.grad, v.grad = np.ones(3), 2 * np.ones(3)
        (w * v * x).sum().backward()
        length = np.sqrt((w.grad**2).sum() + (v.grad**2).sum())
        w.grad = w.grad / length
        w.grad, v.grad = v.grad, w.grad
        return length, w.grad, v.grad

    w.grad, v.grad = np.zeros(3), np.zeros(3)
    program = record(step, np.zeros(3))
    for _ in range(2):
        x = rng.normal(size=3)
        found = program(x)
        same(w.grad, found[1])
        same(v.grad, found[2])
        a, b = 1 + v.data * x, 2 + w.data * x
        length = np.sqrt((a * a).sum() + (b * b).sum())
        np.testing.assert_allclose(found[0], length, rtol=1e-14)
        np.testing.assert_allclose(found[1], b, rtol=1e-14)
        np.testing.assert_allclose(found[2], a / length, rtol=1e-14)


def test_a_recorded_function_may_exchange_the_gradients_of_two_tensors(rng):
    w, v = leaf(np.ones(3)), leaf(np.ones(3))

    def step(x):
        y = (w * v * x).sum()
        w.grad, v.grad = v.grad, w.grad
        return y

    w.grad, v.grad = [1, 2, 3], [4, 5, 6]
    program = record(step, np.ones(3))
    for first, second in (([4, 5, 6], [1, 2, 3]), ([1, 2, 3], [4, 5, 6])):
        program(np.ones(3))
        assert (w.grad.tolist(), v.grad.tolist()) == (first, second)


def test_a_replay_gives_two_tensors_with_equal_gradients_separate_arrays(rng):
    w, v = leaf(np.ones(3)), leaf(np.ones(3))
    program = record(lambda x: ((w + v) * x).sum().backward(), np.zeros(3))
    program([1.0, 2.0, 3.0])
    assert w.grad.tolist() == v.grad.tolist() == [1, 2, 3]
    w.grad[0] = 7
    assert v.grad.tolist() == [1, 2, 3]

    def step(x):
        w.grad = v.grad = None
        ((w + v) * x).sum().backward()

    program = record(step, np.zeros(3))
    program([1.0, 2.0, 3.0])
    assert w.grad.tolist() == v.grad.tolist() == [1, 2, 3]


def test_a_recorded_function_may_return_a_gradient():
    w = leaf(np.ones(3))

    def step(x):
        w.grad = None
        (w * x).sum().backward()
        return append_ones(w.grad * 1), np.concatenate([w.grad, x]), w.grad

    program = record(lambda x: step(x), np.zeros(3))
    for numbers in ([1, 2, 3], [4, 5, 6]):
        with_one, joined, gradient = program(numbers)
        assert w.grad.tolist() == gradient.tolist() == numbers
        assert (with_one.tolist(), joined.tolist()) == ([*numbers, 1], numbers * 2)


def test_a_gradient_read_before_backward_in_a_recorded_function_keeps_its_number_of_then():
    w = leaf(np.ones(3))

    def step(x):
        y = (w * x).sum()
        before = w.grad
        y.backward()
        return before, before[::-1], w.grad

    program = record(step, np.zeros(3))
    w.grad[...] = 1, 2, 3
    before, backwards, after = program([10.0, 10.0, 10.0])
    assert (before.tolist(), backwards.tolist(), after.tolist()) == ([1, 2, 3], [3, 2, 1], [11, 12, 13])


@pytest.mark.parametrize("nothing", [lambda: None, lambda: np.zeros(3)], ids=["None", "zeros"])
def test_a_recorded_function_may_clear_a_gradient_that_was_none(nothing):
    w = leaf(np.ones(3))

    def step(x):
        w.grad = nothing()
        (w * x).sum().backward()

    program = record(step, np.zeros(3))
    for _ in range(2):
        program([1.0, 2.0, 3.0])
        assert w.grad.tolist() == [1, 2, 3]


def test_parameters_that_a_program_returns_twice_are_those_of_the_call():
    w = leaf([1.0, 2.0])
    program = record(lambda x: (w, w, w.T), 0.0)
    for number in (5.0, 6.0):
        w.data[0] = number
        assert [x.tolist() for x in program(0.0)] == [[number, 2]] * 3


def test_a_replay_reads_a_detached_parameter_again():
    w = leaf([1.0, 2.0])
    program = record(lambda x: x * w.detach() + w.numpy(), [1.0, 1.0])
    w.data[0] = 5
    assert program([1.0, 2.0]).tolist() == [10, 6]


@pytest.mark.parametrize("axis", [None, ()], ids=str)
def test_a_recorded_sum_over_no_axis_or_of_a_scalar_is_replayed(axis):
    shape = () if axis is None else (3,)
    w = leaf(np.ones(shape))
    program = record(lambda x: (w * x).sum(axis=axis).exp().sum().backward(), np.ones(shape))
    program(np.zeros(shape))
    program(np.ones(shape))
    np.testing.assert_allclose(w.grad, 0 + np.exp(1))
